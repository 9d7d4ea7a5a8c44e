from __future__ import annotations

import json
from pathlib import Path

import polars as pl
import pyrage
import pytest

from pipeline.errors import UserError
from pipeline.pseudonyms.roster import (
    end_whole_population,
    make_roster,
    read_recipient,
    record_whole_population,
    rosters,
    whole_population_basis,
)
from tests.pseudonyms.synthetic_numbers import numbers

OWNER, STRANGER = pyrage.x25519.Identity.generate(), pyrage.x25519.Identity.generate()
KEY = str(OWNER.to_public())
PERSONS = numbers(5)
DUF = "201512345678"


@pytest.fixture
def made(settings, keys, tmp_path):
    identities = pl.Series([PERSONS[3], PERSONS[0], None, PERSONS[3], DUF, PERSONS[1]])
    return make_roster(settings, keys, "ytelse", KEY, identities, 2, tmp_path / "ut", "introduksjonsloven § 50")


def every_byte(folder: Path) -> bytes:
    return b"".join(str(p).encode() + (p.read_bytes() if p.is_file() else b"") for p in sorted(folder.rglob("*")))


def test_only_the_owner_reads_the_list_and_it_holds_numbers_only(made):
    path, entry = made
    assert pyrage.decrypt(path.read_bytes(), [OWNER]).decode() == "\n".join(
        ["person_id", *sorted([PERSONS[0], PERSONS[1], PERSONS[3]]), ""]
    )
    with pytest.raises(pyrage.DecryptError):
        pyrage.decrypt(path.read_bytes(), [STRANGER])
    assert path.name == f"roster_ytelse_{entry.roster_id}.csv.age"
    assert path.stat().st_mode & 0o777 == 0o600


def test_no_number_is_anywhere_in_plain_text(made, tmp_path, capsys, caplog):
    written = every_byte(tmp_path) + capsys.readouterr().out.encode() + caplog.text.encode() + repr(made).encode()
    assert not any(number.encode() in written for number in [*PERSONS, DUF])


def test_the_record_says_who_was_asked_about_how_many_and_why(made, settings, keys, tmp_path):
    _path, entry = made
    (line,) = json.loads((settings.home.identified / "rosters.json").read_text())
    assert line == {
        "kind": "roster",
        "roster_id": entry.roster_id,
        "register": "ytelse",
        "time": "2024-05-01T02:30:00+02:00",
        "persons": 2,
        "numbers": 3,
        "content": entry.content,
        "recipient": KEY,
        "basis": "introduksjonsloven § 50",
    }
    assert (settings.home.identified / "rosters.json").stat().st_mode & 0o777 == 0o600
    _, same = make_roster(settings, keys, "utdanning", KEY, pl.Series([PERSONS[1], PERSONS[0], PERSONS[3]]), 2, tmp_path / "ut")
    _, other = make_roster(settings, keys, "utdanning", KEY, pl.Series(PERSONS[:1]), 1, tmp_path / "ut")
    assert same.content == entry.content != other.content
    assert [e.roster_id for e in rosters(settings.home)] == [entry.roster_id, same.roster_id, other.roster_id]


def test_a_list_is_never_overwritten(made, settings, keys, tmp_path):
    path, _ = made
    before = path.read_bytes()
    again = pl.Series([PERSONS[3], PERSONS[0], PERSONS[1]])
    with pytest.raises(UserError, match="exists already"):
        make_roster(settings, keys, "ytelse", KEY, again, 2, tmp_path / "ut")
    with pytest.raises(UserError, match="exists already"):
        make_roster(settings, keys, "ytelse", KEY, again, 2, path)
    assert path.read_bytes() == before
    assert sorted(p.name for p in (tmp_path / "ut").iterdir()) == [path.name]


def test_a_run_that_dies_at_the_record_leaves_no_list(settings, keys, tmp_path):
    settings.home.identified.mkdir(parents=True)
    (settings.home.identified / "rosters.json").write_text("[{]")
    with pytest.raises(UserError, match="damaged"):
        make_roster(settings, keys, "ytelse", KEY, pl.Series(PERSONS), 5, tmp_path / "ut")
    assert list((tmp_path / "ut").iterdir()) == []
    with pytest.raises(UserError, match="damaged"):
        whole_population_basis(settings.home, "ytelse")


@pytest.mark.parametrize(
    "recipient",
    ["", "age1abc", str(STRANGER), "ssh-ed25519 AAAA", "passord"],
    ids=["nothing", "half a key", "a secret key", "an ssh key", "a word"],
)
def test_only_a_public_key_is_encrypted_to(settings, keys, tmp_path, recipient):
    with pytest.raises(UserError, match="no public key") as refused:
        make_roster(settings, keys, "ytelse", recipient, pl.Series(PERSONS), 5, tmp_path / "ut.age")
    assert refused.value.__context__ is None
    assert not recipient or recipient not in str(refused.value)
    assert not (tmp_path / "ut.age").exists()
    assert rosters(settings.home) == []


@pytest.mark.parametrize("identities", [[], [None], [DUF]])
def test_without_participants_there_is_nothing_to_ask(settings, keys, tmp_path, identities):
    with pytest.raises(UserError, match="no participants"):
        make_roster(settings, keys, "ytelse", KEY, pl.Series(identities, dtype=pl.String), 0, tmp_path / "ut")


@pytest.mark.parametrize(("register", "says"), [("virksomhet", "no persons"), ("finnesikke", "no such register")])
def test_only_registers_of_persons(settings, keys, tmp_path, register, says):
    with pytest.raises(UserError, match=says):
        make_roster(settings, keys, register, KEY, pl.Series(PERSONS), 5, tmp_path / "ut")
    with pytest.raises(UserError, match=says):
        record_whole_population(settings, keys, register, "lov")


def test_a_whole_population_is_a_recorded_decision(settings, keys, made):
    assert whole_population_basis(settings.home, "ytelse") is None
    record_whole_population(settings, keys, "ytelse", "  statistikkloven § 10, vedtak IMDi 2024-04-01 ")
    record_whole_population(settings, keys, "utdanning", "annet")
    later = record_whole_population(settings, keys, "ytelse", "nytt vedtak")
    assert whole_population_basis(settings.home, "ytelse") == "nytt vedtak"
    assert whole_population_basis(settings.home, "arbeidsforhold") is None
    assert (later.kind, later.persons, later.content) == ("whole_population", 0, "")
    assert len(rosters(settings.home)) == 4


def test_a_decision_to_take_everybody_can_be_ended(settings, keys):
    with pytest.raises(UserError, match="no decision"):
        end_whole_population(settings, keys, "ytelse", "avtalen er ute")
    record_whole_population(settings, keys, "ytelse", "vedtak")
    record_whole_population(settings, keys, "utdanning", "annet")
    with pytest.raises(UserError, match="reason"):
        end_whole_population(settings, keys, "ytelse", " ")
    ended = end_whole_population(settings, keys, "ytelse", "avtalen er ute")
    assert (ended.kind, ended.basis) == ("whole_population_ended", "avtalen er ute")
    assert whole_population_basis(settings.home, "ytelse") is None
    assert whole_population_basis(settings.home, "utdanning") == "annet"
    record_whole_population(settings, keys, "ytelse", "ny avtale")
    assert whole_population_basis(settings.home, "ytelse") == "ny avtale"


@pytest.mark.parametrize("basis", ["", "  ", f"vedtatt av {PERSONS[0]}"])
def test_a_basis_is_said_and_names_nobody(settings, keys, basis):
    with pytest.raises(UserError) as refused:
        record_whole_population(settings, keys, "ytelse", basis)
    assert PERSONS[0] not in str(refused.value)
    assert rosters(settings.home) == []


def test_the_recipient_may_stand_in_a_file(tmp_path):
    path = tmp_path / "eier.txt"
    path.write_text(f"# NAV\n\n{KEY}\n")
    assert read_recipient(path) == KEY
    for content, says in (
        ("", "one public key"),
        (f"{KEY}\n{KEY}\n", "one public key"),
        (f"# public key: {KEY}\n{OWNER}", "private"),
    ):
        path.write_text(content)
        with pytest.raises(UserError, match=says):
            read_recipient(path)
    path.write_bytes(b"\xff\xfe")
    for unreadable in (path, tmp_path, tmp_path / "mangler"):
        with pytest.raises(UserError, match="one public key"):
            read_recipient(unreadable)
