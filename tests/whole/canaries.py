"""Unique synthetic identities and names, planted in every field that a sender or a register fills, and the search for them."""

from __future__ import annotations

import base64
import gzip
import io
import itertools
import re
import zipfile
from collections.abc import Iterable
from datetime import datetime
from pathlib import Path

import duckdb
import polars as pl
import xlsxwriter

from pipeline.tables import DELIVERY_TABLES, REGISTERS

SENDER = "4601"
OPEN_ZONES = ("inbox", "registers", "identified")
VALID = {
    "avsender": "4601", "statusdato": "2025-12-31", "kontakt": "Kontakt", "trekker_tilbake": "", "prosjekt_id": "P1",
    "tilskuddsaar": "2024", "komm_nr": "4601", "bydel_nr": "", "navn": "Prosjekt",
    "malgruppe": "hjemmevaerende_kvinner", "organisering": "nav", "start_dato": "2024-03-01",
    "slutt_dato": "2024-12-01", "tilskudd_nok": "1000000", "plasser": "20", "veileder_aarsverk": "2",
    "deltakelse_id": "", "soknad_dato": "2024-02-01", "planlagt_slutt_dato": "", "kjonn": "kvinne",
    "fodselsdato": "1990-05-05", "landbakgrunn": "SOM", "innvandret_dato": "2018-01-01",
    "inntektskilde_start": "forsorget", "utdanning_start": "grunnskole", "norsk_start": "a1",
    "arbeidserfaring_norge": "nei", "arbeidserfaring_utland": "ja", "antall_barn": "2", "antall_barn_under_6": "1",
    "helse_start": "ingen", "intro_avsluttet_dato": "", "veileder_id": "V1", "timer_per_uke": "37,5",
    "avslutning": "lonnsarbeid", "stillingsprosent_slutt": "80", "norsk_slutt": "b1", "dato": "2024-04-01",
    "norsk_niva": "a2", "arbeidsklar": "3", "helse": "ingen", "omsorg": "noe", "tiltak_type": "arbeidspraksis",
    "arbeidsgiver_orgnr": "974760673", "arbeidsgiver_sektor": "kommunal", "fadder": "ja", "avbrutt": "nei",
    "part": "deltaker", "form": "mote", "minutter": "30", "metode": "mi", "tiltak_id": "T0",
    "hovedaktivitet": "lonnsarbeid", "utdanning": "barnevernspedagog", "kurs_mi": "ja", "kurs_loft": "nei",
    "stillingsprosent": "100", "svar_id": "S1", "orgnr": "974760673", "sporsmal": "malsetting", "kategori": "arbeid",
    "svar": "svar", "aar": "2024", "slettes": "",
}  # fmt: skip
MEASURED = {"start_dato": "2024-04-01", "slutt_dato": "2024-06-01"}
_BETWEEN_DIGITS = re.compile(r"(?<=\d)[ \u00a0.\-_/](?=\d)")
_DIGITS = re.compile(r"\d{10,}")
_NAME = re.compile(r"Kanarifugl\d{5}")
_BASE64 = re.compile(rb"base64,([A-Za-z0-9+/]{16,})")


def _control(digits: str, weights: tuple[int, ...]) -> str:
    return str(-sum(int(d) * w for d, w in zip(digits, weights, strict=True)) % 11)


def synthetic_number(serial: int) -> str:
    """The serial-th valid number with birth month + 80."""
    day, rest = 1 + serial % 28, serial // 28
    for individual in range(100 + rest * 10, 1000):
        nine = f"{day:02d}{81 + rest % 12:02d}90{individual:03d}"
        ten = nine + _control(nine, (3, 7, 6, 1, 8, 9, 4, 5, 2))
        if len(ten) == 10 and len(whole := ten + _control(ten, (5, 4, 3, 2, 7, 6, 5, 4, 3, 2))) == 11:
            return whole
    raise AssertionError("no number left")


def in_groups(number: str) -> str:
    """The number as people write it."""
    return f"{number[:6]} {number[6:]}"


class Canaries:
    """Hands out identities and names that stand nowhere else."""

    def __init__(self) -> None:
        self._serials = itertools.count()
        self.planted: list[str] = []

    def found_in(self, text: str) -> list[str]:
        """The planted values that the text holds: as they are, in groups of digits, or without their leading zero."""
        joined = _BETWEEN_DIGITS.sub("", text)
        runs = {run for content in (text, joined) for run in _DIGITS.findall(content)}
        windows = {run[i : i + width] for run in runs for width in (10, 11) for i in range(len(run) - width + 1)}
        seen = windows | set(_NAME.findall(text))
        return [v for v in self.planted if v in seen or (v[0] == "0" and v[1:] in seen)]

    def number(self) -> str:
        self.planted.append(synthetic_number(next(self._serials)))
        return self.planted[-1]

    def name(self) -> str:
        self.planted.append(f"Kanarifugl{len(self.planted):05d}")
        return self.planted[-1]


def _csv(table: str, rows: list[dict[str, str]], extra: str = "") -> bytes:
    names = [*DELIVERY_TABLES[table].names, *([extra] if extra else [])]
    return "\r\n".join([";".join(names), *(";".join(r.get(n, "") for n in names) for r in rows), ""]).encode()


def _row(table: str, number: str, serial: int) -> dict[str, str]:
    row = {c.name: VALID.get(c.name, "") for c in DELIVERY_TABLES[table].columns} | {"fnr": number}
    if table in ("tiltak",):
        row |= MEASURED
    if f"{table}_id" in row and table != "prosjekt":
        row[f"{table}_id"] = f"{table[:2]}{serial}"
    return row


def _zip(files: dict[str, bytes], comment: str = "") -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.comment = comment.encode()
        for name, data in files.items():
            archive.writestr(name, data)
    return buffer.getvalue()


def plant(root: Path, canaries: Canaries) -> None:
    """A valid delivery, one with an identity in every field of every table, broken ones, and extracts with identities in every field."""
    folder = root / "inbox" / SENDER
    folder.mkdir(parents=True)
    people = [canaries.number() for _ in range(30)]
    good = {
        t: [_row(t, person, i) for i, person in enumerate(people)] for t in DELIVERY_TABLES if t not in ("innsending", "prosjekt")
    }
    good["prosjekt"] = [_row("prosjekt", "", 0)]
    (folder / "a.zip").write_bytes(_zip({f"{t}.csv": _csv(t, rows) for t, rows in good.items()}))
    planted = {}
    for name, table in DELIVERY_TABLES.items():
        rows = []
        for i, column in enumerate(table.columns):
            # a project's id and the heading of an answer about the project are kept as they are; numbers are refused there too
            kept = column.name == "prosjekt_id" or (name, column.name) == ("undersokelse", "kategori")
            for value in [canaries.number()] if kept else [canaries.number(), canaries.name()]:
                rows.append(_row(name, people[i % 30], 1000 + len(rows)) | {column.name: value})
        planted[f"{name}.csv"] = _csv(name, rows, extra=canaries.name())
    (folder / f"{canaries.number()} {canaries.name()}.zip").write_bytes(_zip(planted))
    _plant_forms(folder, people, canaries)
    ragged = _csv("deltaker", [_row("deltaker", canaries.number(), 1)]) + f";;{canaries.number()};{';' * 60}\r\n".encode()
    (folder / "deltaker ragged.csv").write_bytes(ragged)
    (folder / "deltaker undecodable.csv").write_bytes(canaries.name().encode() + b"\xff\xfe\x81\x8d\x00")
    (folder / "deltaker mojibake.csv").write_bytes(
        _csv("deltaker", [_row("deltaker", canaries.number(), 2) | {"norsk_start": "SÃ¸rlandet"}])
    )
    (folder / "unknown.zip").write_bytes(
        _zip({f"{canaries.name()}.csv": canaries.number().encode(), f"../{canaries.name()}.csv": b"x"})
    )
    (folder / "broken.xlsx").write_bytes(b"PK\x03\x04" + canaries.number().encode())
    stranger = root / "inbox" / canaries.name()
    stranger.mkdir()
    (stranger / f"{canaries.name()}.csv").write_bytes(_csv("deltaker", [_row("deltaker", canaries.number(), 3)]))
    for name, register in REGISTERS.items():
        _plant_register(root / "registers" / name, register, people, canaries)


def _plant_forms(folder: Path, people: list[str], canaries: Canaries) -> None:
    """Identities where only one form of file has a place: sheet names, notes, titles, members' names, columns of one's own."""
    rows = [_row("deltaker", person, 0) | {canaries.number(): canaries.number()} for person in people[:3]]
    (folder / f"{canaries.number()}.xlsx").write_bytes(_workbook(canaries, rows))
    free = _row("prosjekt", "", 0) | {"navn": f"Spør {in_groups(canaries.number())}", "tilskuddsaar": "2025"}
    members = {
        f"{canaries.name()}/prosjekt {canaries.number()}.csv": _csv("prosjekt", [free]),
        f"{canaries.name()} {canaries.number()}.csv": canaries.number().encode("utf-16"),
    }
    stated = _row("innsending", "", 0) | {"kontakt": f"{canaries.name()}, født {in_groups(canaries.number())}"}
    members[f"innsending {canaries.number()}.csv"] = f"Utskrift for {canaries.number()}\r\n".encode() + _csv(
        "innsending", [stated]
    )
    (folder / "members.zip").write_bytes(_zip(members, comment=canaries.number()))
    wide = _csv("deltaker", [_row("deltaker", canaries.number(), 5)]).decode().encode("utf-16")
    (folder / f"deltaker {in_groups(canaries.number())}.csv").write_bytes(wide)
    typed = {c: [v or None] for c, v in _row("tiltak", canaries.number(), 6).items()}
    pl.DataFrame(typed | {canaries.number(): [canaries.name()]}).write_parquet(folder / f"tiltak {canaries.name()}.parquet")


def _workbook(canaries: Canaries, rows: list[dict[str, str]]) -> bytes:
    """A workbook with an identity in its properties, names of sheets, title, headings, notes, hidden rows and every kind of cell."""
    buffer = io.BytesIO()
    book = xlsxwriter.Workbook(buffer, {"in_memory": True})
    book.set_properties({"title": canaries.number(), "author": canaries.name(), "comments": canaries.number()})
    book.define_name(f"_{canaries.name()}", "=1")
    sheet = book.add_worksheet(f"deltaker {canaries.number()}")
    sheet.write(0, 0, f"Liste over {canaries.name()} {in_groups(canaries.number())}")
    for place, name in enumerate(rows[0]):
        sheet.write_string(2, place, name)
        sheet.write_comment(2, place, canaries.number(), {"author": canaries.name()})
    cells: list[str | float] = [canaries.number(), in_groups(canaries.number()), float(canaries.number()), canaries.name()]
    at = 3
    for row, column, cell in itertools.product(rows[:1], rows[0], cells):
        for place, (name, value) in enumerate(row.items()):
            sheet.write(at, place, cell if name == column and name != "prosjekt_id" else value)
        at += 1
    sheet.set_row(4, None, None, {"hidden": True})
    sheet.write_formula(at, 3, f'="{canaries.number()}"', None, canaries.number())
    book.add_worksheet(f"{canaries.name()} {canaries.number()}").write(0, 0, canaries.number())
    book.close()
    return buffer.getvalue()


def _plant_register(folder: Path, register, people: list[str], canaries: Canaries) -> None:
    folder.mkdir(parents=True)
    n = len(people)
    columns: dict[str, list[object]] = {} if register.name == "virksomhet" else {"person_id": list(people)}
    for c in (c for c in register.columns if c.name != "person_key"):
        if c.kind == "text":
            columns[c.name] = [
                *(c.codes[i % len(c.codes)] if c.codes else f"x{i}" for i in range(n - 2)),
                canaries.number(),
                canaries.name(),
            ]
        elif c.kind == "date":
            columns[c.name] = [datetime(2024, 1 + i % 12, 1).date() for i in range(n)]
        elif c.kind == "int":
            columns[c.name] = [2024] * n
        else:
            columns[c.name] = [50.0] * n
    pl.DataFrame(columns).write_parquet(folder / "extract.parquet")


def readable(path: Path) -> str:
    """Everything a reader of the file could see, compressed and encoded parts opened."""
    parts = list(_opened(path.read_bytes()))
    if path.suffix == ".duckdb":
        with duckdb.connect(path, read_only=True) as connection:
            names = connection.execute("select table_schema || '.' || table_name from information_schema.tables").fetchall()
            parts += [str(connection.execute(f"select * from {name}").fetchall()) for (name,) in names]
            comments = "select comment from duckdb_columns() union all select comment from duckdb_tables()"
            parts.append(str(connection.execute(comments).fetchall()))
    return "\n".join(parts)


def leaks(root: Path, canaries: Canaries, spoken: str) -> list[str]:
    """Where, outside the zones that may hold them, a planted value stands: in a file, in its name, or in what was said."""
    found = [f"output: canary {canaries.planted.index(value)}" for value in canaries.found_in(spoken)]
    for path in searched(root):
        content = readable(path) + str(path.relative_to(root))
        found += [f"{path.relative_to(root)}: canary {canaries.planted.index(value)}" for value in canaries.found_in(content)]
    return found


def searched(root: Path) -> list[Path]:
    """Every file outside the zones that may hold identities."""
    files = (p for p in sorted(root.rglob("*")) if p.is_file() and not p.is_symlink())
    return [p for p in files if p.relative_to(root).parts[0] not in OPEN_ZONES]


def _opened(raw: bytes) -> Iterable[str]:
    """The bytes as text, also as UTF-16, and what is packed in them, at any depth."""
    yield raw.decode("latin-1")
    if b"\0" in raw:
        yield raw.replace(b"\0", b"").decode("latin-1")
    if raw.startswith(b"PAR1"):
        frame = pl.read_parquet(io.BytesIO(raw))
        yield str(frame.rows())
        yield str(frame.schema)
    elif raw.startswith(b"\x1f\x8b"):
        yield from _opened(gzip.decompress(raw))
    elif zipfile.is_zipfile(io.BytesIO(raw)):
        with zipfile.ZipFile(io.BytesIO(raw)) as archive:
            yield archive.comment.decode("latin-1")
            for name in archive.namelist():
                yield name
                yield from _opened(archive.read(name))
    for packed in _BASE64.findall(raw):
        yield base64.b64decode(packed[: len(packed) // 4 * 4]).decode("latin-1")
