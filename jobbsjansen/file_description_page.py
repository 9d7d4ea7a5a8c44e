"""The file description as a page in bokmål.

Belongs here: headings, tables and the words around them. Must not be here: any fact about a table or a rule.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from babel.dates import format_date
from babel.numbers import format_decimal

GROUPS = {
    "JS0": "Filen",
    "JS1": "Én celle",
    "JS2": "Rader og tabeller",
    "JS3": "Leveransen blant avsenderens andre",
    "JS4": "Andre regler",
}
_OPENING = """\
Laget av `make docs` fra `pipeline/tables/` og `pipeline/rules/`. Rettes ikke for hånd. Det samme for programmer, også på nynorsk
og engelsk: `docs/filbeskrivelse.json`. En utfyllbar arbeidsbok lages med `jobbsjansen template`, og en regel forklares med
`jobbsjansen rule JS014`.

## Slik leveres det

- Én leveranse er én arbeidsbok (.xlsx) med ett ark per tabell, ett zip-arkiv med én CSV-fil per tabell, én CSV-fil eller én
  Parquet-fil. Arket eller filen har tabellens navn.
- Overskriften står i første rad. Navnene kjennes uten hensyn til store og små bokstaver, mellomrom, punktum, bindestrek,
  understrek og stjerne, og æ, ø, å kan skrives ae, o eller oe, a eller aa. Noen kolonner kjennes også under andre navn.
- Datoer skrives 2024-02-01 eller 01.02.2024, eller er datoer i Excel. Tall skrives med desimalkomma og uten enhet.
- Id-er har bokstaver, sifre og . _ / - (høyst 64 tegn). De skal ikke være laget av fødselsnummer eller navn.
- Nummer med foranstilte nuller (fødselsnummer, kommunenummer) skrives med alle sifre, i kolonner formatert som tekst.
- Rader kjennes på nøkkelen. Leveres en rad på nytt, gjelder den siste. `slettes` = ja trekker raden tilbake.
- Kolonner og ark som ikke står her, blir ikke lest. Kolonner som ikke er påkrevd, kan mangle.
"""


def page(found: Mapping[str, Any]) -> str:
    """The whole page as Markdown, from ``jobbsjansen.file_description.description``."""
    lines = [f"# Filbeskrivelse {found['version']}", "", f"Gjelder fra {_day(found['valid_from'])}.", "", _OPENING]
    for heading, optional in (("Tabeller", False), ("Valgfrie tabeller", True)):
        lines += [f"## {heading}", ""]
        for table in (t for t in found["tables"] if t["optional"] == optional):
            lines += _table(table)
    lines += ["## Kodelister", ""]
    for name, codes in found["code_lists"].items():
        lines += [f"### Kodeliste {name}", "", *_rows(("Kode", "Betyr"), [(f"`{c['code']}`", c["meaning"]["nb"]) for c in codes])]
    lines += ["### Faste spørsmål og svar fra arbeidsgivere", ""]
    answers = [(f"`{q}`", ", ".join(f"`{c}`" for c in categories)) for q, categories in found["listed_answers"].items()]
    lines += _rows(("`sporsmal`", "`kategori`"), answers)
    lines += _rules(found)
    lines += ["## Endringer mellom versjoner", ""]
    changed = [(c["version"], _day(c["date"]), f"{c['table']}.{c['column']}".strip("."), c["nb"]) for c in found["changes"]]
    return "\n".join([*lines, *_rows(("Versjon", "Dato", "Gjelder", "Endring"), changed)])


def _table(table: Mapping[str, Any]) -> list[str]:
    heads = ("Kolonne", "Type", "Krav", "Betydning", "Verdier", "Kjennes også som")
    rows = [
        (f"`{c['name']}`", c["kind_name"]["nb"], _demand(c), c["meaning"]["nb"], _values(c), ", ".join(c["aliases"]))
        for c in table["columns"]
    ]
    return [f"### {table['name']}", "", f"Én rad er {table['meaning']['nb']}.", "", *_rows(heads, rows)]


def _demand(column: Mapping[str, Any]) -> str:
    return "påkrevd, del av nøkkelen" if column["key"] else "påkrevd" if column["required"] else ""


def _values(column: Mapping[str, Any]) -> str:
    if column["codes"]:
        return f"[{column['code_list']}](#kodeliste-{column['code_list']})"
    unit = column["unit_name"]["nb"] if column["unit_name"] else ""
    if column["minimum"] is None:
        return unit
    ends = (str(int(column[end])) if column["unit"] == "year" else _number(column[end]) for end in ("minimum", "maximum"))
    return f"{'–'.join(ends)} {unit}".strip()


def _rules(found: Mapping[str, Any]) -> list[str]:
    lines = ["## Regler", "", "Følgen av et brudd:", ""]
    consequences = {(r["texts"]["nb"]["severity"], r["texts"]["nb"]["consequence"]): None for r in found["rules"]}
    lines += [f"- **{severity}**: {consequence}" for severity, consequence in consequences]
    lines.append("")
    for group, heading in GROUPS.items():
        rows = [_rule(r) for r in found["rules"] if r["code"].startswith(group)]
        if rows:
            lines += [f"### {heading}", "", *_rows(("Kode", "Følge", "Gjelder", "Regel", "Slik rettes det"), rows)]
    return lines


def _rule(rule: Mapping[str, Any]) -> tuple[str, ...]:
    said = rule["texts"]["nb"]
    tables = list(rule["where"])
    places = "filen eller leveransen" if not tables else "flere tabeller" if len(tables) > 3 else ", ".join(tables)
    valid = f" Gjelder til og med {_day(rule['valid_to'])}." if rule["valid_to"] else ""
    return rule["code"], said["severity"], places, f"{said['message']} {said['why']}{valid}", said["fix"]


def _rows(heads: tuple[str, ...], rows: list[tuple[str, ...]]) -> list[str]:
    told = [f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in row)} |" for row in (heads, *rows)]
    return [told[0], "|" + "---|" * len(heads), *told[1:], ""]


def _day(day: str) -> str:
    return format_date(date.fromisoformat(day), format="long", locale="nb")


def _number(value: float) -> str:
    return format_decimal(value, locale="nb")
