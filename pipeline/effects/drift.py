"""The drift alarm: what tonight's estimates say otherwise than the last time, and the correction note that readers are owed.

Belongs here: comparing estimates with their history. Must not be here: any estimate, and what is released.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from datetime import datetime
from typing import Any

import polars as pl

from pipeline.effects.wording import Words
from pipeline.tables import STATISTIKK

_TABLE = STATISTIKK["effekt_avvik"]
_KEY = STATISTIKK["effekt"].key
_VERSION = ("protokoll_hash", "inndata_hash", "kode_versjon")
_SAID = ("estimat", "se", "grad", "funn", "kan_si", "beregnet")
_JUMP = 2.0  # standard errors of the earlier estimate
_CAUSE = {
    "nye_data": "nye data",
    "ny_kode": "ny versjon av beregningen",
    "nye_data_og_kode": "nye data og ny versjon av beregningen",
    "ny_protokoll": "ny protokoll, som begynner en ny serie",
}
_FINDING = {
    "positiv": "positiv forskjell", "negativ": "negativ forskjell", "ingen_forskjell": "ingen forskjell av betydning",
    "uavklart": "uavklart", None: "ingen konklusjon",
}  # fmt: skip
Row = dict[str, Any]
Change = tuple[str, str | None, str | None, str]  # kind, before, now, sentence


def drift(history: pl.DataFrame, latest: pl.DataFrame) -> pl.DataFrame:
    """What has changed in the latest estimates since each was last computed.

    An estimate is compared with the latest computed one (``beregnet``) of the same key and protocol that is not itself, that is, has
    other inputs or other code; its number with the latest of them that had a number, however long ago. Where the key has earlier
    estimates under other protocols only, a new series begins: noted, never an alarm. A move in steps that are each too small for
    an alarm gives none, however far it leads: the history tells.

    Args:
        history: ``STATISTIKK["effekt_historikk"]``, with or without the latest estimates.
        latest: ``STATISTIKK["effekt"]``.

    Returns:
        ``STATISTIKK["effekt_avvik"]``: one row per estimate and kind of drift. ``fortegn``: estimate on the other side of no
        difference; ``grad``; ``funn``; ``sprang``: moved by more than two standard errors of the earlier (logs for a ratio);
        ``ny_serie``. Empty when nothing changed; the same inputs give the same rows.
    """
    pairs = _pairs(history, latest)
    rows = [_row(pair, *change) for pair in pairs.iter_rows(named=True) for change in _said_otherwise(pair)]
    numbered = _pairs(history.filter(pl.col("estimat").is_not_null()), latest).filter("_serie")
    rows += [_row(pair, *change) for pair in numbered.iter_rows(named=True) for change in _moved(pair)]
    return _TABLE.conform(pl.DataFrame(rows, schema=_TABLE.schema))


def _pairs(history: pl.DataFrame, latest: pl.DataFrame) -> pl.DataFrame:
    """Each latest estimate with an earlier one beside it (``…_foer``); those without are left out."""
    now, before = (STATISTIKK["effekt"].conform(frame).select(*_KEY, *_VERSION, *_SAID) for frame in (latest, history))
    both = now.join(before, on=_KEY, suffix="_foer", nulls_equal=True, maintain_order="left_right")
    same = pl.all_horizontal(pl.col(c) == pl.col(f"{c}_foer") for c in _VERSION)
    both = both.filter(~same).with_columns(
        _serie=pl.col("protokoll_hash") == pl.col("protokoll_hash_foer"),
        _when=pl.col("beregnet_foer").replace_strict(_instants(history["beregnet"]), return_dtype=pl.Float64),
    )
    return (
        both.sort("_serie", "_when", maintain_order=True).group_by(_KEY, maintain_order=True).last().sort(_KEY, nulls_last=True)
    )


def _instants(stamps: pl.Series) -> dict[str, float]:
    """Stamp to seconds, so that stamps from both sides of a clock change stand in order."""
    return {stamp: datetime.fromisoformat(stamp).timestamp() for stamp in stamps.unique().sort()}


def _said_otherwise(pair: Row) -> Iterator[Change]:
    """A new series, or a changed grade or finding."""
    if not pair["_serie"]:
        text = "Protokollen er endret, og tallene kan ikke sammenlignes med de tidligere."
        yield "ny_serie", pair["protokoll_hash_foer"], pair["protokoll_hash"], text
        return
    if pair["grad_foer"] != pair["grad"]:
        yield "grad", pair["grad_foer"], pair["grad"], f"Graden er endret fra {pair['grad_foer']} til {pair['grad']}."
    if pair["funn_foer"] != pair["funn"]:
        text = f"Konklusjonen er endret fra {_FINDING[pair['funn_foer']]} til {_FINDING[pair['funn']]}."
        yield "funn", pair["funn_foer"], pair["funn"], text


def _moved(pair: Row) -> Iterator[Change]:
    """A number on the other side of no difference, or more than two standard errors away."""
    before, now = _distance(pair, "_foer"), _distance(pair, "")
    if before is None or now is None:
        return
    if before * now < 0:
        yield "fortegn", _side(before), _side(now), "Anslaget ligger nå på den andre siden av ingen forskjell."
    if pair["se_foer"] is not None and _exceeds(abs(now - before), _JUMP * pair["se_foer"]):
        text = "Anslaget har flyttet seg mer enn to standardfeil."
        yield "sprang", _shown(pair, "_foer"), _shown(pair, ""), text


def _exceeds(move: float, limit: float) -> bool:
    """More than the limit by more than binary fractions are wrong."""
    return move > limit and not math.isclose(move, limit, rel_tol=1e-9)


def _distance(pair: Row, suffix: str) -> float | None:
    """How far the estimate lies from no difference, on the scale of its standard error; None without a number."""
    value: float | None = pair[f"estimat{suffix}"]
    if value is None or pair["maal"] != "risikoratio":
        return value
    return math.log(value) if value > 0 else None


def _side(distance: float) -> str:
    return "over" if distance > 0 else "under"


def _shown(pair: Row, suffix: str) -> str:
    return Words().number(pair[f"estimat{suffix}"], 4)


def _row(pair: Row, kind: str, before: str | None, now: str | None, text: str) -> Row:
    cause = _cause(pair)
    versions = {f"{c}{side}": pair[f"{c}{side}"] for c in (*_VERSION, "beregnet") for side in ("", "_foer")}
    return {name: pair[name] for name in _KEY} | versions | {
        "slag": kind,
        "foer": before,
        "naa": now,
        "estimat_foer": pair["estimat_foer"],
        "estimat_naa": pair["estimat"],
        "grad_foer": pair["grad_foer"],
        "grad_naa": pair["grad"],
        "aarsak": cause,
        "rettelse": f"{text} Før: {_quoted(pair['kan_si_foer'])} Nå: {_quoted(pair['kan_si'])} Årsak: {_CAUSE[cause]}.",
    }  # fmt: skip


def _cause(pair: Row) -> str:
    if not pair["_serie"]:
        return "ny_protokoll"
    data, code = (pair[c] != pair[f"{c}_foer"] for c in ("inndata_hash", "kode_versjon"))
    return "nye_data_og_kode" if data and code else "ny_kode" if code else "nye_data"


def _quoted(sentence: str | None) -> str:
    return f"«{sentence}»" if sentence else "ingenting."


def with_earlier(table: str, earlier: pl.DataFrame, new: pl.DataFrame) -> pl.DataFrame:
    """A ledger of ``STATISTIKK`` with the new rows added once; what already stands is never changed.

    Args:
        table: ``effekt_historikk`` or ``effekt_avvik``.
        earlier: the ledger as it stands; columns that came later are null.
        new: tonight's rows.
    """
    described = STATISTIKK[table]
    both = pl.concat([described.conform(earlier), described.conform(new)])
    return described.conform(both.unique(described.key, keep="first", maintain_order=True))


def not_noted(notes: pl.DataFrame, found: pl.DataFrame) -> pl.DataFrame:
    """The rows of :func:`drift` that the ledger of notes does not hold yet."""
    return found.join(_TABLE.conform(notes), on=_TABLE.key, how="anti", nulls_equal=True, maintain_order="left")


def changed_conclusions(avvik: pl.DataFrame) -> int:
    """How many estimates have another finding than the last time."""
    return avvik.filter(pl.col("slag") == "funn").select(_KEY).n_unique()
