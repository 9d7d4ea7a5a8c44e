"""Faulty deliveries of the kinds that senders and attackers really make; each must get a receipt and stop nothing.

Every number in them is of the synthetic series or carries a wrong control digit on top of it.

Belongs here: broken files. Must not be here: what a receiver should say about them.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

import polars as pl

from pipeline.synthetic.deliveries import Delivery, csv_bytes, pack, sender_tables, xlsx_bytes, zip_bytes
from pipeline.synthetic.world import World

_FIRST = datetime(2026, 1, 20, 9, 0)
_BOMB_BYTES = 40_000_000
Tables = dict[str, pl.DataFrame]


def _lines(tables: Tables, table: str, rows: int = 6) -> list[str]:
    return csv_bytes(table, tables[table].head(rows), "zip_utf8").decode("utf-8").splitlines()


def _joined(lines: list[str]) -> bytes:
    return ("\r\n".join(lines) + "\r\n").encode("utf-8")


def _swap(line: str, header: str, **values: str) -> str:
    names, cells = header.split(";"), line.split(";")
    for name, value in values.items():
        cells[names.index(name)] = value
    return ";".join(cells)


def _cell(line: str, header: str, name: str) -> str:
    return line.split(";")[header.split(";").index(name)]


def _wrong_control_digit(fnr: str) -> str:
    return fnr[:-1] + str((int(fnr[-1]) + 1) % 10)


def _missing_column(tables: Tables) -> bytes:
    frame = tables["deltaker"].head(6)
    header, *rows = csv_bytes("deltaker", frame, "zip_utf8").decode("utf-8").splitlines()
    place = header.split(";").index("start_dato")
    return _joined([";".join(c for k, c in enumerate(line.split(";")) if k != place) for line in (header, *rows)])


def _ragged(tables: Tables) -> bytes:
    lines = _lines(tables, "tiltak")
    lines[2] += ";uventet;celle"
    lines[4] = ";".join(lines[4].split(";")[:3])
    return _joined(lines)


def _undecodable(tables: Tables) -> bytes:
    # 0x81 and 0x9D are undefined in cp1252 and no UTF-8 either; the blank NULs rule out UTF-16 with a mark.
    return b"prosjekt_id;\x81navn\x9d\r\n" + b"\x00\x81\xff\xfe".join(
        line.encode("cp1252", "replace") for line in _lines(tables, "prosjekt")
    )


def _mojibake(tables: Tables) -> bytes:
    name = tables["prosjekt"].head(2).with_columns(navn=pl.lit("Jobbsjansen på Grønland, Økern og Årvoll"))
    return csv_bytes("prosjekt", name, "zip_utf8").decode("utf-8").encode("utf-8").decode("cp1252", "replace").encode("utf-8")


def _text_as_workbook(tables: Tables) -> bytes:
    return _joined(_lines(tables, "deltaker"))


def _truncated_zip(tables: Tables) -> bytes:
    whole = pack({"deltaker": tables["deltaker"], "tiltak": tables["tiltak"]}, "zip_utf8")[1]
    return whole[: len(whole) // 2]


def _path_traversal(tables: Tables) -> bytes:
    return zip_bytes({"../../../deltaker.csv": csv_bytes("deltaker", tables["deltaker"].head(3), "zip_utf8")})


def _zip_bomb(tables: Tables) -> bytes:
    header = _lines(tables, "deltaker")[0].encode("utf-8")
    return zip_bytes({"deltaker.csv": header + b"\r\n" + b"0" * _BOMB_BYTES})


def _bad_rows(tables: Tables) -> bytes:
    """Wrong control digit, a day that does not exist, a code that nobody knows; the other rows are as delivered before."""
    header, *rows = _lines(tables, "deltaker", 8)
    rows[0] = _swap(rows[0], header, fnr=_wrong_control_digit(_cell(rows[0], header, "fnr")))
    rows[1] = _swap(rows[1], header, start_dato="31.02.2024")
    rows[2] = _swap(rows[2], header, kjonn="ukjent kjønn")
    return _joined([header, *rows])


def _same_key_twice(tables: Tables) -> bytes:
    header, *rows = _lines(tables, "deltaker", 4)
    twin = _swap(rows[0], header, landbakgrunn="IRQ" if _cell(rows[0], header, "landbakgrunn") != "IRQ" else "SYR")
    return _joined([header, *rows, twin])


def _ten_digits(tables: Tables) -> bytes:
    frame = tables["kartlegging"].sort("fnr").head(5)
    header, *rows = csv_bytes("kartlegging", frame, "zip_utf8").decode("utf-8").splitlines()
    eaten = [_swap(row, header, fnr=_cell(row, header, "fnr").removeprefix("0")[-10:]) for row in rows]
    return _joined([header, *eaten])


def _fnr_in_free_text(tables: Tables) -> bytes:
    project, fnr = tables["prosjekt"]["prosjekt_id"][0], tables["deltaker"]["fnr"][0]
    return _joined([
        "prosjekt_id;svar_id;orgnr;dato;sporsmal;kategori;svar",
        f"{project};S1;310000000;2025-11-03;Hva fungerte?;oppfolging;Veileder kom hver uke",
        f"{project};S2;310000000;2025-11-04;Hva fungerte?;oppfolging;Gjelder {fnr}, som nå er ansatt",
    ])  # fmt: skip


def _injection(tables: Tables) -> bytes:
    names = pl.Series("navn", ['=HYPERLINK("http://example.invalid";"Jobbsjansen")', "<img src=x onerror=alert(1)>"])
    return xlsx_bytes({"prosjekt": tables["prosjekt"].head(2).with_columns(names[: tables["prosjekt"].head(2).height])})


def _unknown_table(tables: Tables) -> bytes:
    return _joined(["kolonne_a;kolonne_b", "1;2"])


def _missing_required_values(tables: Tables) -> bytes:
    header, *rows = _lines(tables, "tiltak", 5)
    rows[1] = _swap(rows[1], header, tiltak_type="")
    rows[3] = _swap(rows[3], header, start_dato="01.02.24")
    return _joined([header, *rows])


_FAULTS: tuple[tuple[str, Callable[[Tables], bytes]], ...] = (
    ("deltaker_2026_01.csv", _missing_column),
    ("tiltak_2026_01.csv", _ragged),
    ("prosjekt_2026.csv", _undecodable),
    ("prosjekt_2026_v2.csv", _mojibake),
    ("rapport.xlsx", _text_as_workbook),
    ("levering_avbrutt.zip", _truncated_zip),
    ("levering_sti.zip", _path_traversal),
    ("levering_stor.zip", _zip_bomb),
    ("deltaker_2026-01-20.csv", _bad_rows),
    ("deltaker (2).csv", _same_key_twice),
    ("kartlegging_2025.csv", _ten_digits),
    ("arbeidsgiver_svar_2025.csv", _fnr_in_free_text),
    ("prosjekt_2026.xlsx", _injection),
    ("budsjett.csv", _unknown_table),
    ("tiltak_2025.csv", _missing_required_values),
)


def _foreign_owner(mine: Tables, theirs: Tables) -> bytes:
    return csv_bytes("tiltak", pl.concat([mine["tiltak"].head(2), theirs["tiltak"].head(2)]), "zip_utf8")


def faulty_deliveries(world: World) -> list[Delivery]:
    """One delivery per fault, spread over the senders that still exist, from 20 January 2026 on, an hour apart."""
    alive = [k for k, e in enumerate(world.people.units.eras) if e.last_statusdato == world.params.statusdato]
    crowded = [k for k in alive if int((world.people.era == k).sum()) >= 8]
    out = []
    for number, (name, make) in enumerate(_FAULTS):
        era = crowded[number % len(crowded)]
        avsender = world.people.units.eras[era].avsender
        out.append(Delivery(avsender, name, make(sender_tables(world, era)), _FIRST + timedelta(hours=number)))
    mine, theirs = (sender_tables(world, era) for era in crowded[-2:])
    owner = world.people.units.eras[crowded[-2]].avsender
    out.append(Delivery(owner, "tiltak_01.csv", _foreign_owner(mine, theirs), _FIRST + timedelta(hours=len(_FAULTS))))
    return out
