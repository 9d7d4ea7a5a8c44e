"""The key commands, and those between project and a register's owner, as they are typed."""

from __future__ import annotations

import json
from datetime import datetime
from pathlib import Path

import polars as pl
import pyrage
import pytest

from jobbsjansen.cli import main
from jobbsjansen.rosters import write_roster
from pipeline.errors import HomeBusy, UserError
from pipeline.pseudonyms import new_key_file, owner_stamp
from pipeline.settings import OSLO, Home, Settings
from pipeline.store import PACKAGE, home_lock
from tests.intake.intake_case import Inbox, make_fnr, valid_tables, zip_of

OWNER = pyrage.x25519.Identity.generate()
KEY = str(OWNER.to_public())


@pytest.fixture
def run(tmp_path, capsys, monkeypatch):
    monkeypatch.delenv("JOBBSJANSEN_KEY_FILE", raising=False)

    def typed(*words: object) -> tuple[int, dict, str]:
        with pytest.raises(SystemExit) as ended:
            main([*map(str, words), "--home", str(tmp_path / "home"), "--json"])
        said = capsys.readouterr()
        return int(ended.value.code), json.loads(said.out) if said.out else {}, said.err

    return typed


def test_owner_and_project_compare_the_same_sixteen_digits(run, tmp_path):
    master, own = tmp_path / "master.json", tmp_path / "ytelse.json"
    code, made, _ = run("keys", "new", master, "--version", "K2")
    assert (code, made["version"], made["scope"]) == (0, "K2", "")
    code, derived, _ = run("keys", "new", own, "--register", "ytelse", "--key-file", master)
    assert (code, derived["version"], derived["scope"]) == (0, "K2", "register/ytelse")
    _, at_project, _ = run("keys", "show", "--key-file", master)
    _, at_owner, _ = run("keys", "show", "--key-file", own)
    assert at_project["check_value"] == made["check_value"]
    assert at_project["registers"]["ytelse"] == at_owner["check_value"] == derived["check_value"]
    assert len(set(at_project["registers"].values())) == 7
    assert at_owner["registers"] == {}
    assert "virksomhet" not in at_project["registers"]


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["--register", "virksomhet"], "no persons"),
        (["--register", "finnesikke"], "no such register"),
        (["--register", "ytelse", "--version", "K2"], "version of the master key"),
        (["--version", "DEMO"], "reserved"),
        (["--version", "K 2/.."], "plain name"),
    ],
)
def test_keys_that_cannot_be_made_are_refused(run, tmp_path, words, says):
    code, answer, _ = run("keys", "new", tmp_path / "ny.json", *words)
    assert code == 2
    assert says in answer["error"]["what"]
    assert not (tmp_path / "ny.json").exists()


@pytest.mark.parametrize("owner", [(), ("--register", "ytelse")])
@pytest.mark.parametrize("place", ["home/inne.json", "omvei/inne.json", "home/inbox/../inne.json", "program"])
def test_a_key_is_made_nowhere_it_could_not_be_read_from(run, tmp_path, owner, place):
    (tmp_path / "home/inbox").mkdir(parents=True)
    (tmp_path / "omvei").symlink_to(tmp_path / "home")
    run("keys", "new", tmp_path / "master.json")
    wanted = PACKAGE / "inne.json" if place == "program" else tmp_path / place
    code, answer, _ = run("keys", "new", wanted, *owner, "--key-file", tmp_path / "master.json")
    assert (code, "inside the home or the program's folder" in answer["error"]["what"]) == (2, True)
    assert not wanted.exists()


def test_an_owners_key_makes_no_other_owners_key(run, tmp_path):
    run("keys", "new", tmp_path / "master.json")
    run("keys", "new", tmp_path / "a.json", "--register", "ytelse", "--key-file", tmp_path / "master.json")
    code, answer, _ = run("keys", "new", tmp_path / "b.json", "--register", "utdanning", "--key-file", tmp_path / "a.json")
    assert (code, "register owner" in answer["error"]["what"]) == (2, True)


def test_pseudonymise_says_what_it_did(run, tmp_path):
    columns = {"person_id": [make_fnr(0)], "maaned": ["2024-01-01"], "ytelse": ["dagpenger"], "navn": ["X"], "Ola N.": ["X"]}
    pl.DataFrame(columns).write_parquet(tmp_path / "inn.parquet")
    run("keys", "new", tmp_path / "master.json", "--version", "K3")
    run("keys", "new", tmp_path / "eier.json", "--register", "ytelse", "--key-file", tmp_path / "master.json")
    words = ("pseudonymise", tmp_path / "inn.parquet", tmp_path / "ut.parquet", "--register", "ytelse", "--key-file")
    code, answer, _ = run(*words, tmp_path / "eier.json")
    assert (code, answer["rows"], answer["columns_left_out"], answer["key_version"]) == (0, 1, 2, "K3")
    assert answer["names_left_out"] == ["navn"]
    assert owner_stamp(tmp_path / "ut.parquet").check_value == answer["check_value"]
    code, answer, _ = run(*words, tmp_path / "eier.json")
    assert (code, "exists already" in answer["error"]["what"]) == (2, True)
    code, answer, _ = run("pseudonymise", tmp_path / "inn.parquet", tmp_path / "b.parquet", "--register", "virksomhet")
    assert (code, "no persons" in answer["error"]["what"]) == (2, True)


def test_columns_left_out_are_counted_and_named_in_one_line(run, tmp_path, capsys):
    pl.DataFrame({"person_id": [make_fnr(0)], "aar": [2023], "navn": ["X"], "Ola N.": ["X"]}).write_parquet(
        tmp_path / "inn.parquet"
    )
    with pytest.raises(SystemExit):
        main(["pseudonymise", str(tmp_path / "inn.parquet"), str(tmp_path / "ut.parquet"), "--register", "selvstendig"])
    said = capsys.readouterr().out
    assert "2 column(s) that the file description does not have were left out (1 of them without a plain name): navn." in said
    assert "Ola" not in said


def test_an_owner_who_forgets_the_key_is_told_which_one_to_give(run, tmp_path):
    source = pl.DataFrame({"person_id": ["01010012345"], "maaned": ["2024-01-01"], "ytelse": ["dagpenger"]})
    source.write_parquet(tmp_path / "inn.parquet")
    code, answer, said = run("pseudonymise", tmp_path / "inn.parquet", tmp_path / "ut.parquet", "--register", "ytelse")
    assert (code, "1 row(s)" in answer["error"]["what"], "--key-file" in answer["error"]["cure"]) == (2, True, True)
    assert "01010012345" not in said
    assert [path.name for path in tmp_path.iterdir()] == ["inn.parquet"]


@pytest.fixture
def home(tmp_path) -> Settings:
    settings = Settings(Home(tmp_path / "home"), "demo", datetime(2024, 6, 1, 2, 30, tzinfo=OSLO), min_age_seconds=0.0)
    Inbox(tmp_path, settings).deliver(zip_of(valid_tables(3)))
    return settings


def people() -> list[str]:
    return sorted(str(row["fnr"]) for row in valid_tables(3)["deltaker"])


def test_a_roster_lists_all_numbers_of_the_participants(home, run, tmp_path):
    earlier = make_fnr(700, day=41)
    history = home.home.registers / "identitet"
    history.mkdir(parents=True)
    (history / "a.csv").write_text(f"tidligere_id;person_id\n{earlier};{people()[0]}\n{make_fnr(800)};{make_fnr(900)}\n")
    code, answer, said = run("roster", "--register", "ytelse", "--recipient", KEY, "--now", "2024-06-01T02:30")
    assert (code, answer["persons"], answer["numbers"]) == (0, 3, 4), said
    out = Path(answer["out"])
    assert out.parent == home.home.exports / "rosters"
    assert pyrage.decrypt(out.read_bytes(), [OWNER]).decode().split() == ["person_id", *sorted([earlier, *people()])]
    assert not any(number in said + json.dumps(answer) for number in [earlier, *people()])


def test_rosters_refuse_what_is_missing_or_too_much(home, run, tmp_path):
    (tmp_path / "eier.txt").write_text(KEY)
    for words, says in (
        ((), "one recipient"),
        (("--recipient", KEY, "--recipient-file", tmp_path / "eier.txt"), "one recipient"),
        (("--whole-population",), "legal basis"),
        (("--whole-population", "--basis", "lov", "--recipient", KEY), "No list is written"),
    ):
        code, answer, _ = run("roster", "--register", "ytelse", *words)
        assert code == 2
        assert says in answer["error"]["what"]
    assert not (home.home.exports / "rosters").exists()


def test_a_whole_population_leaves_a_record_and_no_list(home, run):
    code, answer, _ = run("roster", "--register", "ytelse", "--whole-population", "--basis", "statistikkloven § 10; IMDi")
    assert (code, answer["basis"]) == (0, "statistikkloven § 10; IMDi")
    assert not (home.home.exports / "rosters").exists()
    code, answer, _ = run("roster", "--register", "ytelse", "--no-whole-population", "--basis", "avtalen er ute")
    assert (code, answer["whole_population"], answer["basis"]) == (0, False, "avtalen er ute")


def test_without_participants_or_with_the_home_held_nothing_is_written(home, run, tmp_path):
    empty = home.with_(home=Home(tmp_path / "tomt"))
    with pytest.raises(UserError, match="no participants") as refused:
        write_roster(empty, "ytelse", KEY, None, tmp_path / "ut", "")
    assert refused.value.exit_code == 2
    with home_lock(home.home), pytest.raises(HomeBusy):
        write_roster(home, "ytelse", KEY, None, tmp_path / "ut", "")
    assert not (tmp_path / "ut").exists()


def test_another_key_than_the_homes_makes_no_roster(home, run, tmp_path):
    assert run("roster", "--register", "ytelse", "--recipient", KEY)[0] == 0
    new_key_file(tmp_path / "annen.json")
    code, answer, _ = run("roster", "--register", "utdanning", "--recipient", KEY, "--key-file", tmp_path / "annen.json")
    assert (code, "another key" in answer["error"]["what"]) == (2, True)
