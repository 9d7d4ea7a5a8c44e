"""The whole graph on data/sample: what must be there, and what a second night must leave alone."""

import hashlib
import json
import shutil
import stat
from pathlib import Path

import duckdb
import polars as pl
import pytest

from pipeline.tables import STATES

FILLED = [
    ("inndata", "mottak"),
    ("klargjort", "deltakelse"),
    ("klargjort", "tiltak"),
    ("klargjort", "oppfolging"),
    ("klargjort", "kartlegging"),
    ("klargjort", "prosjekt"),
    ("klargjort", "person_maaned"),
    ("statistikk", "utfall"),
    ("statistikk", "nokkeltall"),
    ("statistikk", "effekt"),
    ("statistikk", "effekt_naiv"),
    ("statistikk", "effekt_historikk"),
    ("statistikk", "aarsakskjede"),
    ("statistikk", "kommune"),
    ("statistikk", "forlop"),
    ("statistikk", "sekvens"),
    ("statistikk", "opphold"),
    ("statistikk", "praksisutfall"),
    ("statistikk", "arbeidsgiver"),
    ("statistikk", "arbeidsgiver_svar"),
    ("statistikk", "undersokelse"),
    ("utdata", "nokkeltall"),
    ("utdata", "effekt"),
]


def _bytes_of(folder: Path) -> dict[str, str]:
    files = (p for p in sorted(folder.rglob("*")) if p.is_file() and not p.is_symlink())
    return {str(p.relative_to(folder)): hashlib.sha256(p.read_bytes()).hexdigest() for p in files}


@pytest.fixture(scope="module")
def snapshot(sample_home):
    with duckdb.connect(sample_home / "snapshot" / "jobbsjansen.duckdb", read_only=True) as connection:
        yield connection


@pytest.mark.parametrize(("state", "table"), FILLED)
def test_the_tables_readers_rely_on_are_there_and_filled(snapshot, state, table):
    columns = [row[0] for row in snapshot.execute(f"describe {state}.{table}").fetchall()]
    assert columns == STATES[state][table].names
    assert snapshot.execute(f"select count(*) from {state}.{table}").fetchone()[0] > 0


def test_size_and_calibration_of_the_sample(snapshot):
    n, transition, months = snapshot.execute(
        "select count(*), avg(overgang::int), avg(varighet_maaneder) filter (slutt_dato is not null) from klargjort.deltakelse"
    ).fetchone()
    assert 1350 <= n <= 1500
    assert 0.68 <= transition <= 0.80
    assert 13 <= months <= 19


def test_overgang_is_null_only_while_enrolled(snapshot):
    assert snapshot.execute(
        "select count(*) from klargjort.deltakelse where (overgang is null) <> (slutt_dato is null)"
    ).fetchone() == (0,)


def test_every_participation_has_one_outcome_row(snapshot):
    assert snapshot.execute(
        "select count(*) from klargjort.deltakelse d full join statistikk.utfall u using (deltakelse_key) "
        "where d.deltakelse_key is null or u.deltakelse_key is null"
    ).fetchone() == (0,)


def test_faulty_deliveries_were_answered_and_did_not_stop_the_night(sample_home, snapshot):
    states = dict(snapshot.execute("select state, count(*) from inndata.mottak group by state").fetchall())
    assert states.get("rejected", 0) + states.get("quarantined", 0) >= 4
    assert states["accepted"] + states["accepted_with_remarks"] >= 40
    for receipt_id, avsender in snapshot.execute(
        "select receipt_id, avsender from inndata.mottak where state <> 'duplicate'"
    ).fetchall():
        folder = sample_home / "receipts" / avsender
        assert (folder / f"{receipt_id}.json").is_file()
        assert (folder / f"{receipt_id}.html").is_file()


def test_every_receipt_balances(sample_home):
    seen = 0
    for path in (sample_home / "receipts").rglob("*.json"):
        for rows in json.loads(path.read_text(encoding="utf-8"))["tables"].values():
            assert rows["rows_in"] == rows["accepted"] + rows["quarantined"] + rows["withdrawn"] + rows["duplicates"]
            seen += 1
    assert seen > 100


def test_effects_hold_every_declared_placement_combination(snapshot):
    rows = snapshot.execute(
        "select strategi, horisont_uker, utfall, variant from statistikk.effekt where \"analyse\" = 'praksis_tidspunkt' "
        "and maal = 'risikodifferanse' and folsomhet = 'hoved' and undergruppe = 'alle'"
    ).fetchall()
    wanted = {
        (f"innen_{g}u", tau, outcome, variant)
        for g in (2, 4, 8, 13, 26)
        for tau in (52, 78, 104)
        for outcome in ("arbeid", "utdanning", "arbeid_eller_utdanning")
        for variant in ("jevn", "naturlig")
    }
    assert wanted <= set(rows)
    assert len(rows) == len(set(rows))


def test_no_number_without_a_grade_that_carries_it(snapshot):
    assert snapshot.execute(
        "select count(*) from statistikk.effekt where grad in ('C', 'D') and estimat is not null"
    ).fetchone() == (0,)
    assert snapshot.execute("select count(*) from statistikk.effekt where kan_si is null and grad in ('A', 'B')").fetchone() == (
        0,
    )


def test_hidden_values_are_null_with_their_sign(snapshot):
    hidden = snapshot.execute("select count(*), count(verdi), count(teller) from utdata.nokkeltall where status = ':'").fetchone()
    assert hidden[0] > 0
    assert hidden[1:] == (0, 0)
    assert snapshot.execute(
        "select count(*) from utdata.nokkeltall where teller between 1 and 4 or nevner between 1 and 4"
    ).fetchone() == (0,)


def test_every_released_indicator_is_one_of_the_statistics(snapshot):
    same = "kpi, nivaa, omraade, periode, dim, dim_verdi, nevnerregel"
    left = f"select {same} from utdata.nokkeltall where not starts_with(omraade, 'andre-')"
    assert snapshot.execute(f"select count(*) from ({left} except select {same} from statistikk.nokkeltall)").fetchone() == (0,)
    assert snapshot.execute("select count(*) > 300 from utdata.nokkeltall").fetchone() == (True,)


def test_the_identified_zone_is_closed(sample_home):
    assert stat.S_IMODE((sample_home / "identified").stat().st_mode) == 0o700


def test_status_and_its_exit_code(sample_home, jobbsjansen):
    assert json.loads((sample_home / "status.json").read_text(encoding="utf-8"))["state"] == "completed"
    assert jobbsjansen("status", "--senders", home=sample_home).returncode == 0
    assert jobbsjansen("status", home=sample_home, now="2026-02-04T08:00:00+01:00").returncode == 1


def test_a_second_night_changes_nothing_that_stays(sample_home, tmp_path, jobbsjansen):
    home = tmp_path / "home"
    shutil.copytree(sample_home, home, symlinks=True)
    before = {part: _bytes_of(home / part) for part in ("warehouse", "releases", "receipts", "identified", "exports")}
    night = jobbsjansen("nightly", "--json", home=home, now="2026-02-02T02:30:00+01:00")
    assert night.returncode == 0, night.stderr[-2000:]
    assert json.loads(night.stdout)["built"] == []
    assert {part: _bytes_of(home / part) for part in before} == before


def test_another_home_with_the_same_clock_has_the_same_bytes(sample_home, tmp_path, jobbsjansen):
    home = tmp_path / "elsewhere" / "home"
    assert jobbsjansen("sample", home=home).returncode == 0
    assert jobbsjansen("nightly", home=home).returncode == 0
    for part in ("warehouse", "releases"):
        assert _bytes_of(home / part) == _bytes_of(sample_home / part)


def test_nothing_below_inndata_holds_an_identity_number(sample_home):
    from pipeline.identity_shape import holds_identity_number

    for path in sorted((sample_home / "warehouse").rglob("*.parquet")):
        frame = pl.read_parquet(path)
        for name in frame.columns:
            if frame[name].dtype == pl.String:
                assert not holds_identity_number(frame[name]).any(), f"{path.name}: {name}"


def test_the_package_for_ssb_verifies(sample_home, jobbsjansen):
    packages = list((sample_home / "exports" / "ssb").iterdir())
    assert [p.name for p in packages] == ["jobbsjansen_data"]
    assert jobbsjansen("export", "verify", str(packages[0]), home=sample_home).returncode == 0


def test_the_night_holds_the_home(sample_home, jobbsjansen):
    from pipeline.settings import Home
    from pipeline.store import home_lock

    with home_lock(Home(sample_home)):
        assert jobbsjansen("nightly", home=sample_home).returncode == 4
