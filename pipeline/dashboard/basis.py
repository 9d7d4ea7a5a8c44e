"""What stands behind an estimate: the question, of whom, over which years, against what, when computed, by which protocol.

Belongs here: facts that the release holds, and the words of each analysis. Must not be here: what the estimate says.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

import polars as pl

from pipeline import codes
from pipeline.dashboard import numbers
from pipeline.dashboard.texts import Texts
from pipeline.dashboard.views import slug
from pipeline.tables.statistikk import ANALYSES

_SHORT = 12


@dataclass(frozen=True)
class Declared:
    """A protocol file that is published with the pages."""

    ident: str
    version: str
    question: str
    link: str
    text: bytes


Protocols = Mapping[str, Declared]


@dataclass(frozen=True)
class AnalysisBasis:
    """One analysis under one protocol. ``anchor`` is where the page describes it; ``link`` is empty where no text is published."""

    anchor: str
    name: str
    question: str
    people: str
    contrast: str
    protocol: str
    link: str


@dataclass(frozen=True)
class Basis:
    """Behind the numbers of one panel: facts as (term, text), and the analyses among them."""

    facts: tuple[tuple[str, str], ...]
    analyses: tuple[AnalysisBasis, ...]


def declared(files: Mapping[str, bytes]) -> Protocols:
    """The protocol files by their SHA-256, which stands as ``protokoll_hash`` with every estimate made under them."""
    return {digest: _declared(digest, text) for digest, text in files.items()}


def _declared(digest: str, text: bytes) -> Declared:
    file = tomllib.loads(text.decode("utf-8"))
    ident = str(file.get("id", ""))
    return Declared(
        ident, str(file["versjon"]), str(file.get("sporsmaal", "")), f"data/protokoll-{slug(ident)}-{digest[:_SHORT]}.toml", text
    )


def start_years(keys: pl.DataFrame, computed: str) -> str:
    """``2019–2025``: the years of start that the release has key figures of, up to the year of the estimates; empty without any."""
    by_start = codes.indicators().filter(pl.col("tidfesting") == "start")["kpi"].unique().to_list()
    own = pl.col("kpi").is_in(by_start) & (pl.col("nivaa") == "land") & pl.col("verdi").is_not_null()
    whole_years = pl.col("periode").str.contains(r"^\d{4}$") & (pl.col("periode") <= computed[:4])
    years = keys.filter(own & whole_years)["periode"].unique().sort().to_list()
    return "" if not years else years[0] if len(years) == 1 else f"{years[0]}–{years[-1]}"


def basis(rows: pl.DataFrame, outcome: str, keys: pl.DataFrame, protocols: Protocols, t: Texts) -> Basis:
    """What stands behind ``rows``, which are rows of ``effekt`` on one outcome.

    Args:
        rows: of one panel.
        outcome: code of the outcome.
        keys: ``nokkeltall``, which tells the years of start.
        protocols: ``declared``.
        t: texts.
    """
    computed = str(rows["beregnet"].max() or "")
    weeks = _listed(sorted(rows["horisont_uker"].drop_nulls().unique().to_list()), t)
    years = start_years(keys, computed)
    facts = [
        (t("basis.outcome"), t("basis.outcome_text", outcome=t.label("utfall", outcome))),
        *([(t("basis.horizon"), t("basis.weeks", weeks=weeks))] if weeks else []),
        (t("basis.measure"), t("basis.measure_text")),
        *([(t("basis.period"), t("basis.period_text", years=years))] if years else []),
        *([(t("basis.computed"), t("basis.computed_text", moment=_day(computed)))] if computed else []),
    ]
    return Basis(tuple(facts), analyses(rows, protocols, t))


def analyses(rows: pl.DataFrame, protocols: Protocols, t: Texts) -> tuple[AnalysisBasis, ...]:
    """The analyses in ``rows``, each protocol of an analysis for itself."""
    pairs = set(rows.select("analyse", "protokoll_hash").drop_nulls("analyse").iter_rows())
    return tuple(_analysis(name, digest or "", protocols, t) for name, digest in sorted(pairs, key=_place))


def _place(pair: tuple[str, str | None]) -> tuple[int, str, str]:
    name, digest = pair
    return (ANALYSES.index(name) if name in ANALYSES else len(ANALYSES), name, digest or "")


def _analysis(name: str, digest: str, protocols: Protocols, t: Texts) -> AnalysisBasis:
    file = protocols.get(digest)
    # An analysis may rest on several protocols; one of them has people of its own.
    own = file.ident if file and t.has(f"hvem.{file.ident}") and file.ident not in ANALYSES else name
    short = digest[:_SHORT]
    known = t("basis.protocol_known", id=file.ident, version=file.version, hash=short) if file else ""
    return AnalysisBasis(
        anchor=f"beregning-{slug(name)}-{slug(short)}",
        name=t.label("analyse", name) + (t("basis.of_employers") if own != name else ""),
        question=file.question if file else "",
        people=t(f"hvem.{own}") if t.has(f"hvem.{own}") else "",
        contrast=t(f"hva.{own}") if t.has(f"hva.{own}") else "",
        protocol=known or (t("basis.protocol_unknown", hash=short) if short else ""),
        link=file.link if file else "",
    )


def _listed(weeks: list[int], t: Texts) -> str:
    *first, last = [str(week) for week in weeks] or [""]
    return t("basis.and", first=", ".join(first), last=last) if first else last


def _day(stamp: str) -> str:
    try:
        return numbers.day(datetime.fromisoformat(stamp).date())
    except ValueError:
        return stamp
