"""Estimates behind the gate: no number where an arm has too few persons or events, no curve step of too few.

Belongs here: hiding in ``effekt``, ``effekt_naiv``, ``kurver``, ``aarsakskjede`` and ``kommune``. Must not be here: tables of counts.
"""

from __future__ import annotations

import json
from typing import Any

import polars as pl

from pipeline.disclosure.parameters import HIDDEN, MISSING
from pipeline.disclosure.transitions import KPI
from pipeline.tables import UTDATA

_NO_NUMBER = ("C", "D")
_ESTIMATES = ("estimat", "ki_nedre", "ki_ovre", "se", "e_verdi")
_COUNTS = ("n_personer", "n_hendelser", "n_klynger", "ess")
_ARM = ["analyse", "utfall", "horisont_uker", "undergruppe", "folsomhet"]


def _few(*columns: str, threshold: int) -> pl.Expr:
    return pl.any_horizontal([pl.col(c).is_null() | (pl.col(c) < threshold) for c in columns])


def _emptied(frame: pl.DataFrame, hidden: pl.Expr, columns: tuple[str, ...]) -> pl.DataFrame:
    return frame.with_columns(pl.when(~hidden).then(pl.col(c)).alias(c) for c in columns if c in frame.columns)


def _signed(table: str, frame: pl.DataFrame) -> pl.DataFrame:
    """With ``status``: ``..`` where there was no number to hide (not computed, or not good enough), ``:`` where one is hidden."""
    if "_absent" not in frame.columns:
        frame = frame.with_columns(_absent=pl.lit(False))
    sign = pl.when(pl.col("_absent")).then(pl.lit(MISSING)).when(pl.col("_hidden")).then(pl.lit(HIDDEN)).otherwise(pl.lit(""))
    return UTDATA[table].conform(frame.with_columns(sign.alias("status")))


def effects(frame: pl.DataFrame, threshold: int) -> pl.DataFrame:
    """``UTDATA["effekt"]``: hidden where this row or an arm of its comparison has too few persons, events or non-events.

    Grades C and D keep their counts and carry no estimate. Counts below the threshold inside ``porter`` become null.
    """
    events, persons = pl.col("n_hendelser"), pl.col("n_personer")
    too_few = _few("n_personer", "n_hendelser", threshold=threshold)
    risk = (pl.col("maal") == "risiko").fill_null(False) & (persons - events < threshold)
    absent = persons.is_null() & pl.col("estimat").is_null()
    rows = frame.with_columns(_own=(too_few | risk).fill_null(True), _absent=absent)
    arms = rows.filter((pl.col("maal") == "risiko") & pl.col("_own")).select(*_ARM, "strategi", "variant").unique()
    rows = _mark_arm(_mark_arm(rows, arms, "strategi"), arms, "sammenligning")
    rows = rows.with_columns(_hidden=pl.any_horizontal("_own", "_strategi_few", "_sammenligning_few"))
    rows = _emptied(rows, pl.col("_hidden") | pl.col("grad").is_in(_NO_NUMBER), (*_ESTIMATES, "funn"))
    rows = _emptied(rows, pl.col("_hidden"), (*_COUNTS, "kan_si"))
    gates = [_masked_gates(text, hidden, threshold) for text, hidden in rows.select("porter", "_hidden").iter_rows()]
    return _signed("effekt", rows.with_columns(porter=pl.Series(gates, dtype=pl.String)))


def _mark_arm(rows: pl.DataFrame, arms: pl.DataFrame, role: str) -> pl.DataFrame:
    """Flags rows one of whose arms is hidden; an arm without variant (no placement) counts in every variant."""
    few = set(arms.select(*_ARM, "strategi", "variant").iter_rows())
    flags = [
        (*key, arm, variant) in few or (*key, arm, None) in few
        for *key, arm, variant in rows.select(*_ARM, role, "variant").iter_rows()
    ]
    return rows.with_columns(pl.Series(f"_{role}_few", flags, dtype=pl.Boolean))


def _masked_gates(text: str, hidden: bool, threshold: int) -> str:
    try:
        gates = json.loads(text)
    except ValueError:
        return "{}"
    return json.dumps({} if hidden else _masked(gates, threshold), ensure_ascii=False, sort_keys=True)


def _masked(value: Any, threshold: int) -> Any:
    if isinstance(value, dict):
        return {key: _masked(inner, threshold) for key, inner in value.items()}
    if isinstance(value, list):
        return [_masked(inner, threshold) for inner in value]
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    return None if is_number and float(value).is_integer() and 0 < value < threshold else value


def naive(frame: pl.DataFrame, threshold: int) -> pl.DataFrame:
    """``UTDATA["effekt_naiv"]``: hidden where a group has too few persons, too few with or too few without the outcome."""
    few = []
    for side in ("strategi", "sammenligning"):
        n, k = pl.col(f"n_{side}"), (pl.col(f"andel_{side}") * pl.col(f"n_{side}")).round(0)
        few.append((n < threshold) | (k < threshold) | (n - k < threshold))
    rows = frame.with_columns(_hidden=pl.any_horizontal(few).fill_null(True))
    columns = ("andel_strategi", "andel_sammenligning", "estimat", "ki_nedre", "ki_ovre", "n_strategi", "n_sammenligning")
    return _signed("effekt_naiv", _emptied(rows, pl.col("_hidden"), columns))


def curves(frame: pl.DataFrame, threshold: int) -> pl.DataFrame:
    """``UTDATA["kurver"]``: a step is shown when, since the last shown step, nobody or at least ``threshold`` had the event,
    and as many left the risk set; hidden too while there are too few events or persons at risk, and for grades C and D."""
    rows = frame.sort("strategi", "variant", "utfall", "uke", nulls_last=True)
    hidden: list[bool] = []
    absent: list[bool] = []
    previous: tuple[Any, ...] = ()
    events = at_risk = 0
    for *arm, n_events, n_risk, grade in rows.select(
        "strategi", "variant", "utfall", "n_hendelser", "n_under_risiko", "grad"
    ).iter_rows():
        if tuple(arm) != previous:
            previous, events, at_risk = tuple(arm), 0, -1
        small = n_events is None or n_risk is None or n_risk < threshold or 0 < n_events < threshold
        small = small or 0 < abs(n_events - events) < threshold or (at_risk >= 0 and 0 < abs(at_risk - n_risk) < threshold)
        absent.append(grade in _NO_NUMBER)
        hidden.append(small or grade in _NO_NUMBER)
        if not hidden[-1]:
            events, at_risk = n_events, n_risk
    rows = rows.with_columns(pl.Series("_hidden", hidden, dtype=pl.Boolean), pl.Series("_absent", absent, dtype=pl.Boolean))
    return _signed(
        "kurver", _emptied(rows, pl.col("_hidden"), ("risiko", "ki_nedre", "ki_ovre", "n_hendelser", "n_under_risiko"))
    )


def chain(frame: pl.DataFrame, threshold: int) -> pl.DataFrame:
    """``UTDATA["aarsakskjede"]``: hidden where the link has too few persons or events; ungraded, C and D carry no estimate."""
    estimated = pl.col("n").is_not_null() | pl.col("estimat").is_not_null()
    small = (pl.col("n") < threshold) | (pl.col("n_hendelser") < threshold) | pl.col("n").is_null()
    rows = frame.with_columns(_hidden=(estimated & small).fill_null(True), _absent=~estimated)
    rows = _emptied(rows, pl.col("_hidden") | pl.col("grad").is_null() | pl.col("grad").is_in(_NO_NUMBER), (*_ESTIMATES, "funn"))
    return _signed("aarsakskjede", _emptied(rows, pl.col("_hidden"), ("n", "n_hendelser")))


def municipalities(frame: pl.DataFrame, released: pl.DataFrame) -> pl.DataFrame:
    """``UTDATA["kommune"]``: numbers only where the released tables show the same municipality, window, leavers and successes."""
    cells = released.filter(
        (pl.col("kpi") == KPI)
        & (pl.col("nivaa") == "kommune")
        & (pl.col("dim") == "alle")
        & (pl.col("nevnerregel") == "alle_avsluttede")
    ).select(komm_nr="omraade", periode="periode", n="nevner", observert="teller", _seen=pl.lit(True))
    rows = frame.join(cells, on=["komm_nr", "periode", "n", "observert"], how="left", maintain_order="left")
    rows = rows.with_columns(_hidden=~(pl.col("_seen").fill_null(False) & (pl.col("utfall") == "direkte_overgang")))
    numbers = ("n", "observert", "forventet", "andel", "krympet_andel", "ki_nedre", "ki_ovre", "utenfor_95", "utenfor_998")
    return _signed("kommune", _emptied(rows, pl.col("_hidden"), numbers))
