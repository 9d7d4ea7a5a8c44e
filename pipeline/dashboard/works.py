"""What works: the programme theory, the forest of effects, what may be said, and how far the method can be trusted."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import polars as pl

from pipeline.dashboard import figures, numbers
from pipeline.dashboard.basis import Basis, Protocols, analyses, basis
from pipeline.dashboard.estimates import (
    OUTCOMES,
    about,
    arm_name,
    estimate_csv,
    estimate_fields,
    forest_row,
    main_rows,
    outcome_rank,
    saying,
    strategy_rank,
)
from pipeline.dashboard.later import later_note
from pipeline.dashboard.profiles import profile_panels
from pipeline.dashboard.texts import Texts
from pipeline.dashboard.theory import theory_drawing, theory_list, theory_table
from pipeline.dashboard.trust import contrast_key, power_of, proof, self_test
from pipeline.dashboard.versions import ALL, MAIN, sensitivity_tables, subgroup_chart
from pipeline.dashboard.views import Chart, DataTable, Field, Row, sentence_case, shown_table, slug

_MEDIATED = "aarsakskjede"


@dataclass(frozen=True)
class Sayings:
    """What may be said about the estimates of one analysis: cards where there is a number, the others in short."""

    name: str
    cards: tuple[Mapping[str, Any], ...]
    without: tuple[Mapping[str, Any], ...]


@dataclass(frozen=True)
class EffectPanel:
    """Everything about one outcome and horizon; ``ident`` is its deep link."""

    ident: str
    label: str
    chart: Chart
    naive: DataTable | None
    sensitivity: tuple[DataTable, ...]
    subgroups: Chart | None
    sayings: tuple[Sayings, ...]
    later: str
    basis: Basis


def works_page(frames: Mapping[str, pl.DataFrame], protocols: Protocols, t: Texts) -> dict[str, Any]:
    """What the page shows.

    ``chain`` (drawing), ``chain_list`` and ``chain_table`` (the same in words), ``panels`` (one per outcome and horizon), ``analyses``
    (what each asks of whom), ``self_test``, ``proof`` and ``profiles``.
    """
    effects, links = frames["effekt"], frames["aarsakskjede"]
    differences = main_rows(effects, "risikodifferanse")
    pairs = sorted(set(differences.select("utfall", "horisont_uker").iter_rows()), key=lambda p: (outcome_rank(p[0]), p[1]))
    return {
        "chain": theory_drawing(links, t),
        "chain_list": theory_list(links, t),
        "chain_table": theory_table(links, t),
        "panels": [
            _panel(frames, outcome, weeks, protocols, t) for outcome, weeks in pairs if _has_panel(differences, outcome, weeks)
        ],
        "analyses": analyses(effects, protocols, t),
        "self_test": self_test(frames["selvtest"], t),
        "proof": proof(frames["etterproving"], t),
        "profiles": profile_panels(effects, t),
    }


def _at(outcome: str, weeks: int) -> pl.Expr:
    return (pl.col("utfall") == outcome) & (pl.col("horisont_uker") == weeks)


def _has_panel(differences: pl.DataFrame, outcome: str, weeks: int) -> bool:
    """Outcomes from the registers come with the extracts: without a number there is nothing to show of them."""
    return outcome in OUTCOMES or differences.filter(_at(outcome, weeks))["estimat"].is_not_null().any()


def _panel(frames: Mapping[str, pl.DataFrame], outcome: str, weeks: int, protocols: Protocols, t: Texts) -> EffectPanel:
    effects = frames["effekt"].filter(_at(outcome, weeks))
    rows = main_rows(effects, "risikodifferanse")
    differences = effects.filter(pl.col("maal") == "risikodifferanse")
    ident = f"effekt-{slug(outcome)}-{weeks}"
    crude = frames["effekt_naiv"].filter(_at(outcome, weeks))
    among_all = differences.filter(pl.col("undergruppe") == ALL)
    return EffectPanel(
        ident=ident,
        label=_label(outcome, weeks, t),
        chart=_forest(ident, rows, crude, _label(outcome, weeks, t), t),
        naive=_naive_table(ident, crude, t) if crude.height else None,
        sensitivity=tuple(sensitivity_tables(among_all, ident, t)),
        subgroups=subgroup_chart(differences.filter(pl.col("folsomhet") == MAIN), ident, t),
        sayings=_sayings(rows, effects, frames["etterproving"], t),
        later=later_note(frames["effekt"], outcome, weeks, t),
        basis=basis(_attempted(rows), outcome, frames["nokkeltall"], protocols, t),
    )


def _label(outcome: str, weeks: int, t: Texts) -> str:
    name = t.label("utfall", outcome)
    return sentence_case(t("works.panel", outcome=name, weeks=weeks) if outcome in OUTCOMES else name)


def _forest(ident: str, rows: pl.DataFrame, crude: pl.DataFrame, label: str, t: Texts) -> Chart:
    drawn = _attempted(rows)
    return Chart(
        ident=ident,
        title=t("works.forest_title", panel=label[:1].lower() + label[1:]),
        description=_description(drawn, rows.height - drawn.height, crude.height > 0, t),
        figure=figures.forest_figure(
            _forest_frame(drawn, crude, t), {k: t(f"works.forest_{k}") for k in ("effect", "naive", "x")}
        ),
        table=shown_table(ident, t("works.forest_caption"), rows, estimate_fields(t), estimate_csv(rows)),
    )


def _attempted(rows: pl.DataFrame) -> pl.DataFrame:
    """Rows of the analyses that were computed at all; those that only wait their turn stand in the table alone."""
    computed = pl.col("n_personer").is_not_null() | pl.col("status").eq(numbers.SUPPRESSED) | (pl.col("grad") != "D")
    return rows.filter(computed.any().over("analyse"))


def _description(drawn: pl.DataFrame, waiting: int, crude: bool, t: Texts) -> str:
    numbered = drawn["estimat"].is_not_null().sum()
    parts = [t("works.forest_text", shown=numbered, rest=drawn.height - numbered)]
    parts += [t("works.forest_crosses")] if crude else []
    parts += [t("works.forest_waiting", n=waiting)] if waiting else []
    return " ".join(parts)


def _forest_frame(rows: pl.DataFrame, crude: pl.DataFrame, t: Texts) -> pl.DataFrame:
    """``FOREST`` grouped by analysis; the naive contrast stands with the uniform timing row only."""
    beside = dict(zip(crude["strategi"].to_list(), crude["estimat"].to_list(), strict=True))

    def drawn(row: Row) -> Row:
        timing = row["analyse"] == "praksis_tidspunkt" and row["variant"] == "jevn"
        group = t.label("analyse", row["analyse"])
        return forest_row(row, arm_name(row, t), group, t, beside.get(row["strategi"]) if timing else None)

    return pl.DataFrame([drawn(r) for r in rows.iter_rows(named=True)], schema=figures.FOREST)


def _sayings(rows: pl.DataFrame, effects: pl.DataFrame, tried: pl.DataFrame, t: Texts) -> tuple[Sayings, ...]:
    """By analysis, in the forest's order; a mediated share stands with the effects that it is a share of."""
    shares = main_rows(effects, "andel").filter(pl.col("analyse") == _MEDIATED)
    said = pl.concat([_attempted(rows), shares])
    powers = power_of(tried)
    groups = []
    for analysis in said["analyse"].unique(maintain_order=True).to_list():
        own = said.filter(pl.col("analyse") == analysis).to_dicts()
        every = [({**saying(r, t), "power": powers.get(contrast_key(r), ())}, r["estimat"] is not None) for r in own]
        cards, without = (tuple(said for said, shown in every if shown == wanted) for wanted in (True, False))
        groups.append(Sayings(t.label("analyse", analysis), cards, without))
    return tuple(groups)


def _naive_table(ident: str, crude: pl.DataFrame, t: Texts) -> DataTable:
    def sign(row: Row, shown: str) -> str:
        return shown if row["estimat"] is not None else (row["status"] or numbers.MISSING)

    fields = (
        Field("strategi", t("col.strategy"), lambda r: t.label("strategi", r["strategi"]), numeric=False),
        Field("andel_strategi", t("col.share_placed"), lambda r: sign(r, numbers.percent(r["andel_strategi"], 1))),
        Field("andel_sammenligning", t("col.share_others"), lambda r: sign(r, numbers.percent(r["andel_sammenligning"], 1))),
        Field("estimat", t("col.naive"), lambda r: sign(r, numbers.points(r["estimat"], r["ki_nedre"], r["ki_ovre"]))),
        Field("n_strategi", t("col.n"), lambda r: sign(r, about(r["n_strategi"]))),
    )
    return shown_table(
        f"naiv-{ident}",
        t("works.naive_caption"),
        crude.sort(strategy_rank(), "strategi").with_columns(enhet=pl.lit("andel")),
        fields,
    )
