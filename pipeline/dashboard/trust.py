"""How far the method can be trusted with data like these: what it finds of planted effects, and the self-test.

Belongs here: the words and tables about proof and self-test. Must not be here: estimates from the data themselves.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

import polars as pl

from pipeline.dashboard import numbers
from pipeline.dashboard.estimates import arm_name, strategy_rank
from pipeline.dashboard.texts import Texts
from pipeline.dashboard.views import DataTable, Field, Row, shown_table
from pipeline.tables.etterproving import PROGRAMMES
from pipeline.tables.statistikk import ANALYSES

_KEY = ("analyse", "strategi", "sammenligning", "utfall", "horisont_uker", "variant")
_OF_KNOWN_SIZE = ("5_poeng", "10_poeng")
_FEW_PROGRAMMES = 100


@dataclass(frozen=True)
class Power:
    """What was found of planted effects by one analysis: its name, sentences and table."""

    name: str
    sentences: tuple[str, ...]
    table: DataTable


@dataclass(frozen=True)
class Proof:
    """The whole proof: how it was made, and ``Power`` by analysis. ``coarse`` warns where few programmes were simulated."""

    intro: str
    coarse: str
    powers: tuple[Power, ...]


@dataclass(frozen=True)
class SelfTest:
    """The self-test in one line; ``warns`` where it found something, or could not be made."""

    text: str
    warns: bool


def proof(tried: pl.DataFrame, t: Texts) -> Proof | None:
    """What ``etterproving`` says, by analysis; None where nobody has tried."""
    if tried.is_empty():
        return None
    first = tried.sort("beregnet").row(-1, named=True)
    values = {c: numbers.decimal(first[c]) for c in ("n_gjentak", "n_deltakelser", "n_kommuner")}
    few = first["n_gjentak"] < _FEW_PROGRAMMES
    names = sorted(
        set(tried["analyse"].to_list()), key=lambda a: (ANALYSES.index(a) if a in ANALYSES else len(ANALYSES), a)
    )  # fmt: skip
    return Proof(
        t("trust.intro", day=numbers.day(datetime.fromisoformat(first["beregnet"]).date()), **values),
        t("trust.coarse", **values) if few else "",
        tuple(_power(tried.filter(pl.col("analyse") == name), name, t) for name in names),
    )


def _power(rows: pl.DataFrame, analysis: str, t: Texts) -> Power:
    place = pl.col("program").replace_strict(
        {name: i for i, name in enumerate(PROGRAMMES)}, default=len(PROGRAMMES), return_dtype=pl.Int64
    )
    rows = rows.sort(strategy_rank(), "strategi", "horisont_uker", "variant", place, nulls_last=True)
    fields = (
        Field("strategi", t("col.strategy"), lambda r: arm_name(r, t), numeric=False),
        Field("program", t("col.program"), lambda r: t.label("program", r["program"]), numeric=False),
        Field("plantet", t("col.planted"), lambda r: numbers.points(r["plantet"], None, None)),
        Field("skjevhet", t("col.bias"), lambda r: numbers.points(r["skjevhet"], None, None)),
        Field("dekning", t("col.coverage"), lambda r: numbers.percent(r["dekning"])),
        Field("andel_funnet", t("col.power"), lambda r: numbers.percent(r["andel_funnet"])),
        Field("andel_vist", t("col.shown"), lambda r: numbers.percent(r["andel_vist"])),
    )
    name = t.label("analyse", analysis)
    first = rows.row(0, named=True)
    outcome = t("works.panel", outcome=t.label("utfall", first["utfall"]), weeks=first["horisont_uker"])
    table = shown_table(f"prov-{analysis}", t("trust.caption", analysis=name, outcome=outcome), rows, fields)
    return Power(name, tuple(dict.fromkeys(_sentences(rows))), table)


def _sentences(rows: pl.DataFrame) -> list[str]:
    return rows.filter(pl.col("program").is_in(_OF_KNOWN_SIZE))["setning"].to_list()


def power_of(tried: pl.DataFrame) -> Mapping[tuple[object, ...], tuple[str, ...]]:
    """Sentences on effects of known size by analysis, contrast, outcome, horizon and variant, to stand beside the estimate."""
    found: dict[tuple[object, ...], list[str]] = {}
    for row in tried.filter(pl.col("program").is_in(_OF_KNOWN_SIZE)).sort("plantet").iter_rows(named=True):
        found.setdefault(contrast_key(row), []).append(row["setning"])
    return {key: tuple(dict.fromkeys(sentences)) for key, sentences in found.items()}


def contrast_key(row: Row) -> tuple[object, ...]:
    """What ``effekt`` and ``etterproving`` have in common."""
    return tuple(row[c] for c in _KEY)


def self_test(tested: pl.DataFrame, t: Texts) -> SelfTest:
    """The self-test's answer; a test that is missing, hidden or impossible is said to be so and never counts as passed."""
    rows = tested.to_dicts()
    if not rows:
        return SelfTest(t("trust.self_test_absent"), warns=False)
    if any(row["status"] == numbers.SUPPRESSED for row in rows):
        return SelfTest(t("trust.self_test_hidden"), warns=False)
    if any(row["bestatt"] is None for row in rows):
        return SelfTest(t("trust.self_test_impossible"), warns=True)
    passed = all(row["bestatt"] for row in rows)
    draws = numbers.decimal(max(row["n_trekninger"] for row in rows))
    return SelfTest(t("trust.self_test_passed" if passed else "trust.self_test_failed", n=draws), warns=not passed)
