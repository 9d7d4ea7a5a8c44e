"""After ``erase`` and a night nothing but the sender's own inbox holds the person: neither the number nor the internal pseudonym."""

import io
import zipfile
from pathlib import Path

import duckdb
import polars as pl

from pipeline.pseudonyms import load_keys, person_keys
from pipeline.settings import load_settings

PROJECT = "prosjekt_id;tilskuddsaar;komm_nr;navn;malgruppe;organisering;start_dato"
PERSON = "fnr;prosjekt_id;start_dato;slutt_dato;kjonn;fodselsdato;landbakgrunn;avslutning"
MEASURE = "tiltak_id;prosjekt_id;fnr;tiltak_type;start_dato"
NUMBERS = ["01819010001", "01819010192", "01819010273", "01819010354"]
GONE = NUMBERS[0]


def _deliver(home: Path) -> None:
    people = [f"{n};P1;2023-02-01;2024-01-31;kvinne;1990-01-01;SOM;lonnsarbeid" for n in NUMBERS]
    spells = [f"T{i};P1;{n};arbeidspraksis;2023-03-01" for i, n in enumerate(NUMBERS)]
    project = "P1;2023;4601;Prosjekt;hjemmevaerende_kvinner;nav;2023-01-01"
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, lines in {"prosjekt": [PROJECT, project], "deltaker": [PERSON, *people], "tiltak": [MEASURE, *spells]}.items():
            archive.writestr(f"{name}.csv", "\n".join([*lines, ""]))
    folder = home / "inbox" / "4601"
    folder.mkdir(parents=True)
    (folder / "levering.zip").write_bytes(buffer.getvalue())


def _extract(home: Path) -> Path:
    folder = home / "registers" / "selvstendig"
    folder.mkdir(parents=True)
    rows = {"person_id": NUMBERS, "aar": [2025] * 4, "naeringsinntekt_nok": [0.0] * 4}
    pl.DataFrame(rows).write_parquet(folder / "uttrekk.parquet")
    return folder / "uttrekk.parquet"


def _found(home: Path, words: list[str]) -> list[str]:
    """Files outside the senders' and owners' own folders and the recipients' lists that hold one of the words."""
    hits = []
    for path in sorted(
        p for f in ("identified", "warehouse", "snapshot", "receipts", "dagster", "site") for p in (home / f).rglob("*")
    ):
        if path.is_file():
            text = path.read_bytes().decode("latin-1")
            if path.suffix == ".parquet":
                text += pl.read_parquet(path).select(pl.all().cast(pl.String, strict=False)).write_csv()
            if path.suffix == ".duckdb":
                text += _all_cells(path)
            hits += [str(path.relative_to(home)) for word in words if word in text]
    return hits


def _all_cells(path: Path) -> str:
    with duckdb.connect(path, read_only=True) as connection:
        names = connection.execute("select table_schema, table_name from information_schema.tables").fetchall()
        return "\n".join(str(connection.execute(f'select * from "{s}"."{t}"').fetchall()) for s, t in names)


def test_person_is_gone_from_everything_the_next_night(tmp_path, jobbsjansen):
    _deliver(tmp_path)
    extract = _extract(tmp_path)
    assert jobbsjansen("nightly", home=tmp_path).returncode == 0
    key = person_keys(pl.Series([GONE]), load_keys(load_settings(tmp_path)))[0]
    before = set(_found(tmp_path, [GONE, key]))
    assert {"warehouse/inndata/register_selvstendig.parquet", "snapshot/jobbsjansen.duckdb"} <= before
    extract.unlink()  # the owner's extract is not there any more: the standing one loses the person all the same

    listed = tmp_path / "persons.txt"
    listed.write_text(f"{GONE}\n", encoding="utf-8")
    done = jobbsjansen("erase", "--person-file", str(listed), home=tmp_path)
    assert done.returncode == 0, done.stderr[-1000:]
    assert GONE not in done.stdout
    listed.unlink()
    (tmp_path / "inbox" / "4601" / "levering.zip").unlink()
    night = jobbsjansen("nightly", home=tmp_path)
    assert night.returncode == 0, night.stderr[-1000:]

    assert _found(tmp_path, [GONE, key]) == []
    with duckdb.connect(tmp_path / "snapshot" / "jobbsjansen.duckdb", read_only=True) as connection:
        assert connection.execute("select count(*) from klargjort.deltakelse").fetchone() == (3,)
        assert connection.execute("select rows_accepted, rows_erased from inndata.mottak").fetchall() == [(9, 2)]
    (written,) = (tmp_path / "exports" / "ssb").glob("sletteliste_*.csv")
    assert key not in written.read_text(encoding="utf-8")
