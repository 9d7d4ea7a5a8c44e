"""``jobbsjansen prove`` on a home: what it writes, what it says, when it refuses."""

from __future__ import annotations

import json
from datetime import date, datetime

import duckdb
import polars as pl
import pytest

from jobbsjansen.cli import main
from jobbsjansen.proving import prove_home
from pipeline.proof.programme import Programme
from pipeline.proof.prove import Trial, prove
from pipeline.proof.proved import PROVED
from pipeline.settings import OSLO, Home, Settings
from pipeline.store import Warehouse
from pipeline.synthetic.params import preset
from pipeline.tables import STATISTIKK

TRIAL = Trial(2, 10, 3, people=1_200)


@pytest.fixture(scope="module")
def settings(tmp_path_factory):
    """A home with the participations of a small simulated programme."""
    params = preset("main", participants=360, municipalities=12, first_year=2020, years=4, statusdato=date(2024, 6, 30))
    made = Programme(params, 11, 20).tables
    settings = Settings(Home(tmp_path_factory.mktemp("home")), "demo", datetime(2026, 2, 1, 2, 30, tzinfo=OSLO))
    for name in ("deltakelse", "tiltak"):
        Warehouse(settings.home).write("klargjort", name, getattr(made, name))
    return settings


@pytest.fixture(scope="module")
def answer(settings):
    return prove_home(settings, TRIAL, lambda _: None)


@pytest.fixture(scope="module")
def proof(settings, answer):
    return Warehouse(settings.home).read("statistikk", "etterproving")


def test_the_proof_has_a_row_per_size_and_analysis(proof):
    table = STATISTIKK["etterproving"]
    assert proof.schema == pl.Schema(table.schema)
    assert proof.height == 4 * len(PROVED)
    assert not proof.select(table.key).is_duplicated().any()
    assert set(proof["n_gjentak"]) == {2}
    assert proof["andel_funnet"].is_between(0, 1).all()
    assert set(proof["beregnet"]) == {"2026-02-01T02:30:00+01:00"}


def test_the_proof_plants_what_it_says(proof):
    planted = {(p, s): x for p, s, x in proof.select("program", "strategi", "plantet").iter_rows()}
    assert planted["uten_virkning", "innen_8u"] == planted["uten_virkning", "dobbelt_tempo"] == 0
    assert planted["5_poeng", "innen_8u"] == pytest.approx(0.05, abs=0.004)
    assert planted["10_poeng", "innen_8u"] == pytest.approx(0.10, abs=0.004)
    assert planted["antatt", "innen_8u"] > 0.05


def test_the_proof_holds_no_exact_count(proof):
    assert {str(n)[2:].strip("0") for n in proof["n_deltakelser"]} == {""}


@pytest.mark.long
def test_the_proof_is_the_same_again(settings, proof):
    stamps = proof.select("inndata_hash", "kode_versjon", "beregnet").row(0, named=True)
    tables = (Warehouse(settings.home).read("klargjort", name) for name in ("deltakelse", "tiltak"))
    assert prove(*tables, TRIAL, stamps, lambda _: None).equals(proof)


def test_the_answer_says_what_the_table_holds(answer, proof):
    result, text = answer
    assert result["rows"] == proof.to_dicts()
    assert json.loads(json.dumps(result)) == result
    assert all(sentence in text for sentence in proof["setning"])
    assert text.index("uten_virkning") < text.index("5_poeng") < text.index("10_poeng") < text.index("antatt")
    assert "2 simulated programmes of about 3" in text


def test_analysts_find_it_in_their_file(settings, proof):
    with duckdb.connect(str(settings.home.snapshot), read_only=True) as connection:
        shown = connection.execute("SELECT setning FROM statistikk.etterproving ORDER BY ALL").fetchall()
    assert [row[0] for row in shown] == sorted(proof["setning"])


def test_a_home_without_a_night_is_refused_and_left_alone(tmp_path, capsys):
    with pytest.raises(SystemExit) as ended:
        main(["prove", "--home", str(tmp_path / "home"), "--json"])
    assert ended.value.code == 2
    assert "jobbsjansen nightly" in capsys.readouterr().out
    assert not (tmp_path / "home").exists()


@pytest.mark.parametrize("wrong", [["--replicates", "1"], ["--replicates", "many"], ["--size"]])
def test_wrong_use_is_told_as_such(tmp_path, wrong, capsys):
    with pytest.raises(SystemExit) as ended:
        main(["prove", "--home", str(tmp_path), *wrong])
    assert ended.value.code == 64
    assert wrong[0] in capsys.readouterr().err
