"""Homes as they are in the beginning: few persons, few tables, ids numbered per project."""

import io
import zipfile

import duckdb
import pytest

PROJECT = "prosjekt_id;tilskuddsaar;komm_nr;navn;malgruppe;organisering;start_dato"
PERSON = "fnr;prosjekt_id;start_dato;slutt_dato;deltakelse_id;kjonn;fodselsdato;landbakgrunn;avslutning"
MEASURE = "tiltak_id;prosjekt_id;fnr;tiltak_type;start_dato"
NUMBERS = ["01819010001", "01819010192", "01819010273", "01819010354"]


def _project(name: str) -> str:
    return f"{name};2023;4601;Prosjekt;hjemmevaerende_kvinner;nav;2023-01-01"


def _person(number: str, project: str, ident: str) -> str:
    return f"{number};{project};2023-02-01;2024-01-31;{ident};kvinne;1990-01-01;SOM;lonnsarbeid"


def _deliver(home, **tables: list[str]) -> None:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, lines in tables.items():
            archive.writestr(f"{name}.csv", "\n".join([*lines, ""]))
    folder = home / "inbox" / "4601"
    folder.mkdir(parents=True)
    (folder / "levering.zip").write_bytes(buffer.getvalue())


@pytest.fixture
def query(tmp_path):
    def ask(sql: str) -> list[tuple]:
        with duckdb.connect(tmp_path / "snapshot" / "jobbsjansen.duckdb", read_only=True) as connection:
            return connection.execute(sql).fetchall()

    return ask


def test_participants_without_any_measure_make_a_whole_night(tmp_path, jobbsjansen, query):
    _deliver(tmp_path, prosjekt=[PROJECT, _project("P1")], deltaker=[PERSON, _person(NUMBERS[0], "P1", "")])
    night = jobbsjansen("nightly", home=tmp_path)
    assert night.returncode == 0, night.stderr[-1000:]
    assert query("select count(*), sum(overgang::int) from klargjort.deltakelse") == [(1, 1)]
    assert not (tmp_path / "exports").exists()


def test_ids_numbered_within_each_project_are_different_participations(tmp_path, jobbsjansen, query):
    people = [_person(n, p, i) for n, p, i in zip(NUMBERS, ["P1", "P1", "P2", "P2"], "1212", strict=True)]
    spells = [
        f"T{k};{p};{n};arbeidspraksis;2023-03-01" for k, (n, p) in enumerate(zip(NUMBERS, ["P1", "P1", "P2", "P2"], strict=True))
    ]
    _deliver(tmp_path, prosjekt=[PROJECT, _project("P1"), _project("P2")], deltaker=[PERSON, *people], tiltak=[MEASURE, *spells])
    night = jobbsjansen("nightly", home=tmp_path)
    assert night.returncode == 0, night.stderr[-1000:]
    assert query(
        "select count(*), count(distinct deltakelse_key), count(distinct uker_til_praksis) from klargjort.deltakelse"
    ) == [(4, 4, 1)]
