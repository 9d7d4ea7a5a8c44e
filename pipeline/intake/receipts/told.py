"""A receipt in words of one language: what the page, the terminal and the workbook's first sheet all say.

Belongs here: choosing and ordering what is said. Must not be here: how it looks.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import groupby
from typing import Any, TypeVar

from pipeline.intake.receipts.wording import Words, words
from pipeline.rules import SEVERITIES, rule
from pipeline.tables import DELIVERY_TABLES

ROW_FATES = ("accepted", "quarantined", "withdrawn", "duplicates")
CHANGES = ("new", "changed", "unchanged", "gone")
Cells = tuple[str, ...]
T = TypeVar("T")


@dataclass(frozen=True)
class Listing:
    """A table of the receipt: heading, what to know about it, column names, rows (first cell names the row)."""

    name: str
    heading: str
    intro: str
    columns: Cells
    rows: tuple[Cells, ...]


@dataclass(frozen=True)
class Group:
    """All findings of one rule: its texts, and where it was broken."""

    code: str
    severity: str
    severity_name: str
    message: str
    why: str
    fix: str
    places: Cells


@dataclass(frozen=True)
class Told:
    """The whole receipt in one language.

    ``headline`` is the decision with the next deadline; ``facts`` are pairs of name and value; ``groups`` come with the gravest first.
    """

    words: Words
    state: str
    headline: str
    synthetic: str
    explanation: str
    facts: tuple[tuple[str, str], ...]
    summary: str
    groups: tuple[Group, ...]
    rows: Listing | None
    listings: tuple[Listing, ...]
    trend: Listing
    shares: tuple[int | None, ...]
    footer: str


def in_order(tables: Mapping[str, T]) -> dict[str, T]:
    """Tables in the order in which the template has them: as they are described, the optional ones last."""
    described = sorted(DELIVERY_TABLES.values(), key=lambda t: t.optional)
    return {t.name: tables[t.name] for t in described if t.name in tables}


def told(receipt: Mapping[str, Any], language: str) -> Told:
    """The receipt in one of ``rules.said.LANGUAGES``."""
    w = words(language)
    groups = _groups(receipt, w)
    listings = (_compared(receipt, w), _changes(receipt, w), _figures(receipt, w), _linkage(receipt, w))
    return Told(
        words=w,
        state=receipt["state"],
        headline=f"{_decision(receipt, w)} · {_deadline(receipt, w)}",
        synthetic=w("synthetic") if receipt["miljo"] == "demo" else "",
        explanation=_explanation(receipt, w),
        facts=tuple(_facts(receipt, w)),
        summary=_summary(receipt, w),
        groups=groups,
        rows=_rows(receipt, w),
        listings=tuple(found for found in listings if found),
        trend=_trend(receipt, w),
        shares=tuple(_share(point) for point in receipt["trend"]),
        footer=w(
            "versions",
            description=receipt["versions"]["filbeskrivelse"],
            program=receipt["versions"]["program"],
            rules=receipt["versions"]["regler"],
        ),
    )


def _decision(receipt: Mapping[str, Any], w: Words) -> str:
    """The decision in words; rows that were held back are said in it, since its name alone sounds as if all was taken in."""
    held, rows = (sum(t[n] for t in receipt["tables"].values()) for n in ("quarantined", "rows_in"))
    if receipt["state"] == "accepted_with_remarks" and held:
        return w("state_partly", held=held, rows=rows)
    return w("state_" + receipt["state"])


def _deadline(receipt: Mapping[str, Any], w: Words) -> str:
    if receipt["deadline"] is None:
        return w("deadline_none")
    to_mend = receipt["state"] in ("rejected", "quarantined") or any(t["quarantined"] for t in receipt["tables"].values())
    return w("deadline_mend" if to_mend else "deadline_next", day=w.day(receipt["deadline"]["day"]))


def _explanation(receipt: Mapping[str, Any], w: Words) -> str:
    held_back = sum(t["quarantined"] for t in receipt["tables"].values())
    only_remarks = receipt["state"] == "accepted_with_remarks" and held_back == 0
    lines = [w("explain_only_remarks" if only_remarks else f"explain_{receipt['state']}")]
    if receipt["deadline"]:
        lines.append(w("deadline_data", day=w.day(receipt["deadline"]["complete_to"])))
        lines += [w("deadline_assumed")] if receipt["deadline"]["assumed"] else []
    return " ".join(lines)


def _facts(receipt: Mapping[str, Any], w: Words) -> list[tuple[str, str]]:
    known = [
        ("fact_receipt", receipt["receipt_id"]),
        ("fact_sender", receipt["avsender"]),
        ("fact_received", w.moment(receipt["mottatt"])),
        ("fact_number", receipt["rekkefolge"]),
        ("fact_supersedes", receipt["supersedes"]),
        ("fact_form", receipt["form"]),
        ("fact_hash", receipt["sha256"]),
    ]
    return [(w(name), str(value)) for name, value in known if value]


def _rows(receipt: Mapping[str, Any], w: Words) -> Listing | None:
    tables = receipt["tables"]
    if not tables:
        return None
    names = ("rows_in", *ROW_FATES)
    signs = ("", "=\u00a0", "+\u00a0", "+\u00a0", "+\u00a0")
    columns = (w("table"), *(sign + w(n if n == "rows_in" else f"rows_{n}") for sign, n in zip(signs, names, strict=True)))
    extra = {"header_row": receipt["header_row"], "encoding": receipt["encoding"]}
    shown = [name for name, values in extra.items() if values]
    rows = [
        (name, *(str(t[n]) for n in names), *(str(extra[x].get(name, "–")) for x in shown))
        for name, t in in_order(tables).items()
    ]
    total = (w("total"), *(str(sum(t[n] for t in tables.values())) for n in names), *("" for _ in shown))
    return Listing("rows", w("rows_heading"), w("rows_intro"), (*columns, *(w(x) for x in shown)), (*rows, total))


def _groups(receipt: Mapping[str, Any], w: Words) -> tuple[Group, ...]:
    """Findings by rule; they come sorted by gravity, table, code, column, so that equal codes may lie apart."""
    found = sorted(receipt["findings"], key=lambda f: (-SEVERITIES.index(f["severity"]), f["code"]))
    return tuple(_group(code, list(items), w) for code, items in groupby(found, key=lambda f: f["code"]))


def _group(code: str, findings: list[Mapping[str, Any]], w: Words) -> Group:
    said, severity = rule(code).said(w.language), findings[0]["severity"]
    places = tuple(_place(f, w) for f in findings)
    return Group(code, severity, w(f"severity_{severity}"), said.message, said.why, said.fix, places)


def place_of(finding: Mapping[str, Any], w: Words) -> str:
    """``deltaker, kolonne start_dato``; the file when the finding is about no table."""
    column = f"{w('finding_column')} {finding['column']}" if finding["table"] and finding["column"] else finding["column"]
    return ", ".join(part for part in (finding["table"], column) if part) or w("file")


def _place(f: Mapping[str, Any], w: Words) -> str:
    where = [place_of(f, w)]
    if f["rows"]:
        where.append(w("finding_rows", rows=", ".join(str(r) for r in f["rows"])))
        more = f["count"] - len(f["rows"])
        where += [w("finding_more", n=more)] if more > 0 else []
    elif f["count"] > 1:
        where.append(w("finding_count", n=f["count"]))
    return " ".join([f"{where[0]}:", *where[1:]]) if len(where) > 1 else where[0]


def _summary(receipt: Mapping[str, Any], w: Words) -> str:
    counts = [(s, sum(f["count"] for f in receipt["findings"] if f["severity"] == s)) for s in reversed(SEVERITIES)]
    return " · ".join(f"{w('severity_' + s)}: {n}" for s, n in counts if n) or w("findings_none")


def _changes(receipt: Mapping[str, Any], w: Words) -> Listing | None:
    if not receipt["changes"]:
        return None
    columns = (w("table"), *(w(f"changes_{n}") for n in CHANGES))
    met = {name: c for name, c in receipt["changes"].items() if any(c[n] for n in CHANGES)}
    rows = tuple((name, *(str(c[n]) for n in CHANGES)) for name, c in in_order(met).items())
    if not rows:
        return None
    return Listing("changes", w("changes_heading"), w("changes_intro"), columns, rows)


def _compared(receipt: Mapping[str, Any], w: Words) -> Listing | None:
    before = receipt["compared"]
    if before is None or not before["findings"]:
        return None
    columns = tuple(w(f"compared_{n}") for n in ("outcome", "rule", "place", "before", "now"))
    rows = tuple(_compared_row(f, w) for f in before["findings"])
    intro = w("compared_intro", receipt=before["receipt_id"], day=w.day(before["mottatt"]))
    return Listing("compared", w("compared_heading"), intro, columns, rows)


def _compared_row(f: Mapping[str, Any], w: Words) -> Cells:
    now = "–" if f["outcome"] == "not_checked" else str(f["now"])
    said = f"{f['code']} {rule(f['code']).said(w.language).message}"
    return w(f"compared_{f['outcome']}"), said, place_of(f, w), str(f["before"]), now


def _figures(receipt: Mapping[str, Any], w: Words) -> Listing | None:
    figures = receipt["key_figures"]
    if not figures:
        return None
    columns = tuple(w(f"figures_{n}") for n in ("figure", "before", "after"))
    return Listing("figures", w("figures_heading"), w("figures_intro"), columns, tuple(_figure(f, w) for f in figures))


def _figure(f: Mapping[str, Any], w: Words) -> Cells:
    this = int(f["day"][:4])
    year = this - 1 if f["figure"] == "avsluttet_ifjor" else this

    def value(v: int | str | None) -> str:
        return "–" if v is None else w.percent(v) if isinstance(v, int) and f["unit"] == "percent" else str(v)

    before = value(f["before"]) + (f" ({w.day(f['before_day'])})" if f["before"] is not None else "")
    return w(f"figure_{f['figure']}", year=year, first=f["first_year"], last=this), before, value(f["after"])


def _linkage(receipt: Mapping[str, Any], w: Words) -> Listing | None:
    found = receipt["linkage"]
    if not found:
        return None
    columns = tuple(w(f"linkage_{n}") for n in ("register", "share", "month"))
    rows = tuple(
        (x["register"], w.percent(x["share"]) if isinstance(x["share"], int) else str(x["share"]), x["last_month"][:7])
        for x in found
    )
    return Listing("linkage", w("linkage_heading"), w("linkage_intro"), columns, rows)


def _trend(receipt: Mapping[str, Any], w: Words) -> Listing:
    columns = tuple(w(f"trend_{n}") for n in ("day", "state", "rows", "share", "errors", "remarks"))
    rows = []
    for point in receipt["trend"]:
        share = _share(point)
        partly = point["state"] == "accepted_with_remarks" and point["rows_taken"] < point["rows_in"]
        said = w("state_partly" if partly else f"state_{point['state']}", held="", rows="").split(":")[0]
        counts = (str(point["rows_in"]), "–" if share is None else w.percent(share), str(point["errors"]), str(point["remarks"]))
        rows.append((w.day(point["mottatt"]), said, *counts))
    return Listing("trend", w("trend_heading"), "", columns, tuple(rows))


def _share(point: Mapping[str, Any]) -> int | None:
    """Whole per cent of rows taken in, rounded down: 100 only when every row was; None for a file of which no row was read."""
    return 100 * int(point["rows_taken"]) // int(point["rows_in"]) if point["rows_in"] else None
