"""The record of processing (GDPR Art. 30) in docs/behandlingsprotokoll.md, and the facts in docs/dpia.md, made from ``pipeline/tables``.

Belongs here: putting what is declared into pages, in bokmål. Must not be here: the declarations (``formaal.toml``), or any text
that settles a question of law. ``--check`` fails when a page is out of date or a column lacks its purpose.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Iterable
from pathlib import Path

from jobbsjansen.made_pages import write_or_check
from jobbsjansen.record_texts import CONTROLLER, HEAD, MEASURES, RECIPIENTS, RETENTION, TRANSFERS
from jobbsjansen.unused_columns import disagreements, unused_columns
from pipeline.export.variables import table_names, variables
from pipeline.tables.base import Table
from pipeline.tables.purposes import (
    Processing,
    about_nobody,
    about_persons,
    bases,
    described_tables,
    gaps,
    personal_files,
    persons_of,
    purpose_of,
    purposes,
    retentions,
    unused_declared,
)

DOCS = Path(__file__).parents[1] / "docs"
RECORD, ASSESSMENT = DOCS / "behandlingsprotokoll.md", DOCS / "dpia.md"
UNSETTLED = "forslag, må avklares av behandlingsansvarlig"
_YES_NO = {"ja": "ja", "naer": "nær", "nei": "nei"}
_ZONES = {
    "identifisert": ("kildedata", "register"),
    "pseudonymisert": ("inndata", "klargjort", "statistikk"),
}
_FACTS = re.compile(r"(<!-- fakta: (\w+) -->\n).*?(<!-- slutt -->)", re.S)


def record() -> str:
    """The whole record of processing as Markdown."""
    parts = [
        HEAD, _heading("1. Behandlingsansvarlig", CONTROLLER), _heading("2. Formål", purposes_table()),
        _heading("3. Behandlingsgrunnlag", bases_table()), _heading("4. Registrerte og opplysninger, sone for sone", zones()),
        _heading("5. Mottakere", RECIPIENTS), _heading("6. Overføring til tredjeland", TRANSFERS),
        _heading("7. Lagring og sletting", f"{RETENTION}\n\n{retention_table()}"), _heading("8. Sikkerhetstiltak", MEASURES),
        _heading("9. Minimering: registerkolonner som ingenting regner med", unused_table()),
        _heading("10. Det behandlingsansvarlig må avklare", unsettled()), _heading("Vedlegg: kolonne for kolonne", appendix()),
    ]  # fmt: skip
    return "\n\n".join(parts) + "\n"


def with_facts(page: str) -> str:
    """The page with everything between ``<!-- fakta: name -->`` and ``<!-- slutt -->`` made anew.

    Raises:
        KeyError: a marker names no fact.
    """
    return _FACTS.sub(lambda found: f"{found[1]}{FACTS[found[2]]()}\n{found[3]}", page)


def purposes_table() -> str:
    """Every purpose, what it says and where the program or its documents say so."""
    rows = ((f"{p.title} (`{p.id}`)", p.text, f"`{p.source}`") for p in purposes().values())
    return _table(("formål", "hva det brukes til", "hvor det står"), rows)


def bases_table() -> str:
    """Every legal basis with its source and whether it is settled."""
    rows = ((f"`{b.id}`", b.text, b.source, "ja" if b.settled else UNSETTLED) for b in bases().values())
    return _table(("grunnlag", "bestemmelse", "kilde", "avklart"), rows)


def retention_table() -> str:
    """Every class of retention and whether it is settled."""
    rows = ((f"`{r.id}`", r.text, "ja" if r.settled else UNSETTLED) for r in retentions().values())
    return _table(("klasse", "hvor lenge", "avklart"), rows)


def zones() -> str:
    """Per zone the tables about persons: whom, how many columns, which of them Art. 9, how long; then files and the rest."""
    lines: list[str] = []
    for zone, states in _ZONES.items():
        tables = [t for t in _personal() if t.state in states]
        lines += [f"### {zone.capitalize()} sone", "", _table(_ZONE_HEAD, map(_zone_row, tables)), ""]
    files = (
        (f.place, f.text, "; ".join(f.persons), f"`{f.purpose.id}`", _codes(b.id for b in f.bases), f"`{f.retention.id}`")
        for f in personal_files()
    )
    lines += ["### Filer i hjemmet utenom tabellene", ""]
    lines += [_table(("sted", "innhold", "registrerte", "formål", "grunnlag", "lagring"), files), ""]
    lines += ["### Tabeller som ikke handler om enkeltpersoner", ""]
    lines += [f"- {reason}: {_codes(names)}" for reason, names in about_nobody().values()]
    return "\n".join(lines)


_ZONE_HEAD = ("tabell", "registrerte", "kolonner", "art. 9: ja", "art. 9: nær", "lagring")


def _zone_row(table: Table) -> tuple[str, ...]:
    said = _said(table)
    listed = {flag: _codes(name for name, p in said.items() if p.article9 == flag) for flag in ("ja", "naer")}
    retention = next(iter(said.values())).retention
    name = f"`{table.state}.{table.name}`"
    return name, "; ".join(persons_of(table)), str(len(said)), listed["ja"], listed["naer"], f"`{retention.id}`"


def unused_table() -> str:
    """The registers' columns that no query uses, with the reason why the file description has them."""
    reasons = unused_declared()
    table = _table(
        ("kolonne", "hvorfor den likevel står i filbeskrivelsen"), ((f"`{c}`", reasons.get(c, "")) for c in unused_columns())
    )
    return (
        "Lest ut av spørringene i `pipeline/linkage/`. Registereieren kan utelate disse kolonnene uten at noe tall endres; "
        f"behandlingsansvarlig bør be om det.\n\n{table}"
    )


def unsettled() -> str:
    """What the controller still has to decide, as a list."""
    points = [f"Grunnlaget `{b.id}`: {b.text}." for b in bases().values() if not b.settled]
    points += [f"Lagringstiden `{r.id}`: {r.text}." for r in retentions().values() if not r.settled]
    points += ["Om registerkolonnene i punkt 9 skal hentes inn."]
    return "\n".join(f"- {point}" for point in points)


def appendix() -> str:
    """One table per table about persons: every column's purpose, Art. 9, bases and whether Statistics Norway gets it."""
    exported = {(v.source, v.name) for name in table_names() for v in variables(name)}
    lines: list[str] = []
    for table in _personal():
        name = f"{table.state}.{table.name}"
        rows = (
            (
                f"`{column}`",
                f"`{p.purpose.id}`",
                _YES_NO[p.article9],
                _codes(b.id for b in p.bases),
                "SSB" if (name, column) in exported else "",
            )
            for column, p in _said(table).items()
        )
        lines += [f"### {name}", "", _table(("kolonne", "formål", "art. 9", "grunnlag", "utleveres"), rows), ""]
    return "\n".join(lines).rstrip()


def extent() -> str:
    """How much there is: tables and columns about persons per zone, and how many of them Art. 9."""
    rows = []
    for zone, states in _ZONES.items():
        tables = [t for t in _personal() if t.state in states]
        flags = [p.article9 for t in tables for p in _said(t).values()]
        rows.append((zone, str(len(tables)), str(len(flags)), str(flags.count("ja")), str(flags.count("naer"))))
    return _table(("sone", "tabeller om personer", "kolonner", "art. 9: ja", "art. 9: nær"), rows)


def special() -> str:
    """Every column of Art. 9 or near it, once by its name, with the tables that hold it."""
    found: dict[tuple[str, str], list[str]] = {}
    for table in _personal():
        for column, p in _said(table).items():
            if p.article9 != "nei":
                found.setdefault((p.article9, column), []).append(f"{table.state}.{table.name}")
    rows = ((f"`{column}`", _YES_NO[flag], _codes(tables)) for (flag, column), tables in sorted(found.items()))
    return _table(("kolonne", "art. 9", "tabeller"), rows)


FACTS: dict[str, Callable[[], str]] = {
    "omfang": extent, "saerlige": special, "grunnlag": bases_table, "ubrukt": unused_table, "avklares": unsettled, "lagring": retention_table,
}  # fmt: skip


def _personal() -> list[Table]:
    return [t for t in described_tables() if about_persons(t)]


def _said(table: Table) -> dict[str, Processing]:
    return {c.name: purpose_of(table, c) for c in table.columns}


def _heading(title: str, text: str) -> str:
    return f"## {title}\n\n{text.strip()}"


def _codes(names: Iterable[str]) -> str:
    return ", ".join(f"`{name}`" for name in names)


def _table(head: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> str:
    lines = [f"| {' | '.join(head)} |", "|" + "---|" * len(head)]
    return "\n".join([*lines, *(f"| {' | '.join(row)} |" for row in rows)])


def main() -> int:
    """Write or check both pages; the exit code is 1 when a page is out of date or something lacks its declaration."""
    wrong = [*gaps(), *disagreements()]
    for sentence in wrong:
        print(sentence)
    if wrong:
        return 1
    return max(write_or_check(RECORD, record()), write_or_check(ASSESSMENT, with_facts(ASSESSMENT.read_text(encoding="utf-8"))))


if __name__ == "__main__":
    sys.exit(main())
