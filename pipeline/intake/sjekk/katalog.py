"""What the page is told: rules, texts, tables, code lists, limits and patterns, from the same sources as the intake itself.

Belongs here: turning the catalogue into plain data. Must not be here: a rule, a text or a limit of the page's own.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from pipeline import identity_shape
from pipeline.codes import joint_projects, municipalities, municipality_changes, oslo_districts, rules_by_year
from pipeline.intake import findings, senders
from pipeline.intake.judging import history, relations, rows
from pipeline.intake.reading import archive, cells, containers, identity, sheet, spelling, text, workbook
from pipeline.intake.reading.countries import country_codes
from pipeline.rules import LANGUAGES, SEVERITIES, Check, Rule, catalogue, checks, limits
from pipeline.rules.facts import consequence, severity_name
from pipeline.tables import DELIVERY_TABLES, Table
from pipeline.tables.deliveries import FILE_DESCRIPTION

TEXTS = Path(__file__).parent / "tekster.json"

# What one file in a browser cannot show, and why; the page lists these rules under that heading.
NOT_CHECKED: dict[str, tuple[str, ...]] = {
    "server": ("JS001", "JS002", "JS003", "JS012", "JS013", "JS014"),
    "history": (
        "JS215",
        "JS220",
        "JS271",
        "JS272",
        "JS273",
        "JS274",
        "JS275",
        "JS277",
        "JS280",
        "JS301",
        "JS302",
        "JS304",
        "JS307",
        "JS308",
        "JS320",
    ),
}
# Judged by this file alone; an earlier delivery may hold what is missing, so they decide nothing.
OPEN_CODES = ("JS209", "JS210", "JS216", "JS219")
# Raised while the file is opened and read (``containers.js``, ``zip.js``, ``text.js``, ``workbook.js``, ``sheet_xml.js``, ``sheet.js``).
FILE_CODES = (
    "JS004", "JS005", "JS006", "JS007", "JS008", "JS009", "JS010", "JS011", "JS020", "JS021", "JS022", "JS023", "JS024",
    "JS025", "JS026", "JS027", "JS028", "JS030", "JS031", "JS032", "JS033", "JS034", "JS035", "JS036",
)  # fmt: skip


def page_data(*, demo: bool) -> dict[str, Any]:
    """Everything the page's scripts read, JSON-ready; equal rules and code lists give equal data.

    Args:
        demo: the environment the page is for: whether real or synthetic identity numbers are refused.
    """
    return {
        "demo": demo,
        "file_description": FILE_DESCRIPTION,
        "languages": list(LANGUAGES),
        "texts": json.loads(TEXTS.read_text(encoding="utf-8")),
        "severities": list(SEVERITIES),
        "severity_names": {s: {language: severity_name(s, language) for language in LANGUAGES} for s in SEVERITIES},
        "rules": {r.code: _rule(r) for r in catalogue() if r.kind != "profile"},
        "not_checked": {why: list(codes) for why, codes in NOT_CHECKED.items()},
        "open_codes": list(OPEN_CODES),
        "file_codes": list(FILE_CODES),
        "limits": limits(),
        "first_rows": findings.FIRST_ROWS,
        "table_names": list(DELIVERY_TABLES),
        "tables": {name: _table(described) for name, described in DELIVERY_TABLES.items()},
        "checks": {name: [_check(c) for c in checks(name)] for name in DELIVERY_TABLES},
        **_reading(),
        **_code_lists(),
    }


def _rule(found: Rule) -> dict[str, Any]:
    told = {language: found.said(language) for language in LANGUAGES}
    return {
        "severity": found.severity,
        "kind": found.kind,
        "decision": found.decision,
        "texts": {language: {"message": t.message, "why": t.why, "fix": t.fix} for language, t in told.items()},
        "consequence": {language: consequence(found, language) for language in LANGUAGES},
    }


def _table(described: Table) -> dict[str, Any]:
    return {
        "folded": spelling.fold(described.name),
        "sheet": spelling.sheet_pattern(described.name),
        "header": dict(spelling.header_names(described.name)),
        "key": described.key,
        "required": described.required,
        "optional": described.optional,
        "columns": [
            {"name": c.name, "kind": c.kind, "codes": list(c.codes), "minimum": c.minimum, "maximum": c.maximum}
            for c in described.columns
        ],
    }


def _check(check: Check) -> dict[str, str]:
    return {"code": check.rule.code, "kind": check.rule.kind, "column": check.column.name, "pattern": check.pattern}


def _reading() -> dict[str, Any]:
    """How bytes, texts and cells are read: the intake's own constants."""
    return {
        "spelling": {"ignored": spelling.IGNORED, "letters": [list(pair) for pair in spelling.LETTERS]},
        "sheet": {"blanks": sheet.RAW_BLANKS, "totals": sorted(sheet.TOTALS)},
        "workbook": {"uncomputed": sheet.UNCOMPUTED, "error": workbook.ERROR_TEXT, "guides": sorted(workbook.GUIDES)},
        "bytes": {
            "archives": [_latin(mark) for mark in archive.ARCHIVES],
            "dtd": [_latin(word) for word in archive.DTD],
            "ole": _latin(containers.OLE),
            "encrypted": _latin("EncryptedPackage".encode("utf-16-le")),
            "other_forms": [_latin(form) for form in containers.OTHER_FORMS],
            "binary": _latin(containers.BINARY.pattern),
        },
        "encodings": {
            "marks": [{"bytes": list(mark), "name": name, "label": _label(mark)} for mark, name in text.BOMS],
            "control": text.CONTROL.pattern,
            "delimiters": list(text.DELIMITERS),
            "cp437": bytes(range(128, 256)).decode("cp437"),
            "cp1252_undefined": [b for b in range(256) if bytes([b]).decode("cp1252", errors="replace") == "\ufffd"],
        },
        "reading": {
            "iso": cells.ISO,
            "norwegian": cells.NORWEGIAN,
            "short_year": cells.SHORT_YEAR,
            "number": cells.NUMBER,
            "unclear_dot": cells.UNCLEAR_DOT,
            "exponent": cells.EXPONENT,
            "sheet_error": cells.SHEET_ERROR,
            "mojibake": cells.MOJIBAKE,
            "shaped": identity.SHAPED,
        },
        "short_by_one": cells.SHORT_BY_ONE,
        "whole_power": cells.WHOLE.bit_length() - 1,
        "identity": {
            "k1": list(identity_shape._K1),
            "k2": list(identity_shape._K2),
            "duf": list(identity_shape._DUF),
            "remainders": list(identity.K1_REMAINDERS),
            "last_day": [int(day) for day in identity.LAST_DAY],
            "person": identity_shape._PERSON.pattern,
            "hex_run": identity_shape._HEX_RUN,
        },
    }


def _code_lists() -> dict[str, Any]:
    spans: dict[str, list[list[str | None]]] = {number: [] for number in senders.municipality_numbers()}
    names: dict[str, str] = {}
    by_day = municipalities().sort("komm_nr", "gyldig_fra").select("komm_nr", "navn", "gyldig_fra", "gyldig_til")
    for number, name, first, last in by_day.rows():  # a number's last name is the one it is shown with
        if number in spans:
            spans[number].append([first.isoformat(), last.isoformat() if last else None])
            names[number] = name
    joint = joint_projects().select("avsender", "komm_nr", "prosjekt_id", "gyldig_fra", "gyldig_til").rows()
    scheme = rules_by_year().select("regel", "verdi", "gyldig_fra", "gyldig_til").rows()
    return {
        "municipalities": spans,
        "municipality_names": names,
        "districts": dict(oslo_districts().select("bydel_nr", "navn").rows()),
        "changes": [list(pair) for pair in municipality_changes().select("fra_komm_nr", "til_komm_nr").rows()],
        "joint": [
            {
                "sender": sender,
                "municipality": komm_nr,
                "project": project,
                "from": first.isoformat(),
                "to": last.isoformat() if last else None,
            }
            for sender, komm_nr, project, first, last in joint
        ],
        "central_register": senders.CENTRAL_REGISTER,
        "oslo": senders.OSLO,
        "countries": country_codes(),
        "days": {"earliest_birth": rows.EARLIEST_BIRTH.isoformat(), "first_year": rows.FIRST_YEAR.isoformat()},
        "days_before_start": relations.DAYS_BEFORE_START,
        "levels_fallen": history.LEVELS_FALLEN,
        "scheme": [
            {"name": name, "value": float(value), "from": first.isoformat(), "to": last.isoformat() if last else None}
            for name, value, first, last in scheme
        ],
    }


def _latin(data: bytes) -> str:
    """Bytes as one character each, as the page searches them."""
    return data.decode("latin-1")


def _label(mark: bytes) -> str:
    """The name that browsers give the encoding of a byte order mark."""
    return {b"\xef\xbb\xbf": "utf-8", b"\xff\xfe": "utf-16le", b"\xfe\xff": "utf-16be"}[mark]
