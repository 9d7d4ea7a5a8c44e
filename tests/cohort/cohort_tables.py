"""Tables as text for the specifications of the cohort: blanks between cells, '-' = null."""

from __future__ import annotations

import polars as pl

from pipeline.tables import INNDATA, STATES

DELTAKER_DEFAULTS = {
    "person_key": "p1", "prosjekt_id": "A", "start_dato": "2022-01-03", "kjonn": "kvinne", "fodselsaar": "1985",
    "landbakgrunn": "SYR", "avsender": "4601", "receipt_id": "r1",
}  # fmt: skip
PROSJEKT_DEFAULTS = {
    "prosjekt_id": "A", "tilskuddsaar": "2022", "komm_nr": "4601", "malgruppe": "ungdom", "organisering": "nav",
    "start_dato": "2020-01-01", "avsender": "4601", "receipt_id": "r1",
}  # fmt: skip
DEFAULTS = {
    "deltaker": DELTAKER_DEFAULTS,
    "prosjekt": PROSJEKT_DEFAULTS,
    "statusdato": {"prosjekt_id": "A", "statusdato": "2025-12-31", "oppgitt": "true"},
    "tiltak": {"prosjekt_id": "A", "person_key": "p1", "tiltak_type": "arbeidspraksis", "avsender": "4601", "receipt_id": "r1"},
    "oppfolging": {"prosjekt_id": "A", "person_key": "p1", "part": "deltaker", "avsender": "4601", "receipt_id": "r1"},
    "kartlegging": {
        "prosjekt_id": "A", "person_key": "p1", "norsk_niva": "a2", "arbeidsklar": "3", "avsender": "4601", "receipt_id": "r1",
    },
}  # fmt: skip


def table(name: str, text: str = "", state: str = "inndata") -> pl.DataFrame:
    """The frame that ``text`` draws: first line the columns, then one line per row; other columns from the defaults."""
    described = STATES[state][name]
    lines = [line.split() for line in text.strip().splitlines()] or [[]]
    header, rows = lines[0], lines[1:]
    defaults = DEFAULTS.get(name, {}) if state == "inndata" else {}
    full = [{**defaults, **dict(zip(header, row, strict=True))} for row in rows]
    columns = {c.name: [None if r.get(c.name, "-") == "-" else r[c.name] for r in full] for c in described.columns}
    raw = pl.DataFrame(columns, schema={c.name: pl.String for c in described.columns})
    return raw.select(_typed(c.name, c.kind) for c in described.columns)


def _typed(name: str, kind: str) -> pl.Expr:
    column = pl.col(name)
    if kind == "date":
        return column.str.to_date("%Y-%m-%d")
    if kind == "bool":
        return column.replace_strict({"true": True, "false": False}, return_dtype=pl.Boolean)
    return {"int": column.cast(pl.Int64), "float": column.cast(pl.Float64)}.get(kind, column)


def inndata(**texts: str) -> dict[str, pl.DataFrame]:
    """All tables of the state, drawn by ``texts``; one default project and its status date when none is drawn."""
    texts = {"prosjekt": "tilskuddsaar\n2022", "statusdato": "prosjekt_id\nA", **texts}
    return {name: table(name, texts.get(name, "")) for name in INNDATA if not name.startswith("register_")}


def shown(frame: pl.DataFrame, *columns: str) -> str:
    """The frame as text again, to be compared with an expected drawing."""
    lines = [" ".join(columns)]
    lines += [" ".join("-" if v is None else str(v).lower() if isinstance(v, bool) else str(v) for v in row)
              for row in frame.select(columns).iter_rows()]  # fmt: skip
    return "\n".join(lines)


def drawn(text: str) -> str:
    """An expected drawing with its blanks normalised."""
    return "\n".join(" ".join(line.split()) for line in text.strip().splitlines())
