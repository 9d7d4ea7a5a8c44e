"""A change of key: all that stands follows, the old key is refused, and a run that is stopped anywhere can be repeated."""

from __future__ import annotations

import json
import secrets
import shutil
import stat
from datetime import datetime
from pathlib import Path

import polars as pl
import pytest

from jobbsjansen.erasing import erase_persons, references
from jobbsjansen.rotating import rotate_key
from pipeline.disclosure.carry import changed_persons
from pipeline.disclosure.transitions import MEMBER
from pipeline.errors import RefusedStart, UserError
from pipeline.intake import current_rows, run_intake
from pipeline.pseudonyms import check_home_key, home_history, load_keys, new_key_file, person_keys, recipient_keys, to_inndata
from pipeline.settings import OSLO, Home, Settings
from pipeline.store import Warehouse, parquet_bytes, write_bytes
from tests.intake.intake_case import make_fnr, reference_validate, valid_tables, zip_of

PEOPLE = [make_fnr(10 * i, day=1 + i) for i in range(4)]
GONE = PEOPLE[3]


@pytest.fixture
def settings(template: Path, tmp_path: Path) -> Settings:
    """A home after a night under K1, with an extract, a release's members, and one person erased."""
    shutil.copytree(template, tmp_path, dirs_exist_ok=True)
    return settings_of(tmp_path)


def settings_of(folder: Path) -> Settings:
    now = datetime(2026, 2, 1, 2, 30, tzinfo=OSLO)
    return Settings(Home(folder / "home"), "demo", now, key_file=folder / "k1.json", min_age_seconds=0)


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What ``settings`` starts from."""
    folder = tmp_path_factory.mktemp("home_under_k1")
    new_key_file(folder / "k1.json")
    made = settings_of(folder)
    deliver(made, "a.zip", zip_of(valid_tables(4)))
    check_home_key(made.home, load_keys(made))
    (folder / "persons.txt").write_text(GONE, encoding="utf-8")
    erase_persons(made, folder / "persons.txt", dry_run=False)
    pseudonymised(made)
    return folder


def deliver(settings: Settings, name: str, data: bytes) -> None:
    path = settings.home.inbox / "4601" / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)
    run_intake(settings, reference_validate, lambda _: None, references(settings))


def pseudonymised(settings: Settings) -> None:
    """What a night leaves, as far as a rotation looks at it."""
    warehouse = Warehouse(settings.home)
    frames = to_inndata(current_rows(settings), load_keys(settings), home_history(settings))
    for name, frame in frames.items():
        warehouse.write("inndata", name, frame)
    people = frames["deltaker"]
    extract = people.select("person_key", aar=pl.lit(2024), naeringsinntekt_nok=pl.lit(1.0))
    for place in ("inndata/register_selvstendig", "uttrekk/selvstendig/abc"):
        write_bytes(settings.home.warehouse / f"{place}.parquet", parquet_bytes(extract))
    members = people.select("deltakelse_key", "person_key", *(pl.lit("x").alias(n) for n in MEMBER if not n.endswith("_key")))
    write_bytes(settings.home.warehouse / "release_members" / "r0001.parquet", parquet_bytes(members), mode=0o600)


def contents(home: Home) -> dict[str, bytes]:
    return {str(p.relative_to(home.root)): p.read_bytes() for p in sorted(home.root.rglob("*")) if p.is_file()}


def text_of(home: Home, *folders: str) -> str:
    files = [p for f in folders for p in (home.root / f).rglob("*.parquet") if p.stem != "ompseudonymisering"]
    assert files
    return "\n".join(pl.read_parquet(p).write_csv() for p in files)


def fixed_secret(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(secrets, "token_bytes", lambda n: bytes(range(n)))


def rotate(settings: Settings, progress=lambda _text: None) -> dict:
    return rotate_key(settings, settings.home.root.parent / "k2.json", None, progress)[0]


def under_k2(settings: Settings) -> Settings:
    return settings.with_(key_file=settings.home.root.parent / "k2.json")


def test_everything_that_stands_is_under_the_new_key_and_the_old_one_is_refused(settings):
    old = load_keys(settings)
    before = pl.read_parquet(settings.home.warehouse / "release_members" / "r0001.parquet")
    told = rotate(settings)
    assert (told["from"], told["version"], told["persons"], told["participations"]) == ("K1", "K2", 3, 3)
    new = load_keys(under_k2(settings))
    assert stat.S_IMODE((settings.home.root.parent / "k2.json").stat().st_mode) == 0o600
    text = text_of(settings.home, "warehouse")
    living = pl.Series([n for n in PEOPLE if n != GONE])
    assert not any(key in text for key in person_keys(pl.Series(PEOPLE), old))
    assert all(key in text for key in person_keys(living, new))
    for place in ("inndata/register_selvstendig", "uttrekk/selvstendig/abc"):
        frame = pl.read_parquet(settings.home.warehouse / f"{place}.parquet")
        assert frame["person_key"].to_list() == sorted(person_keys(living, new))
    check_home_key(settings.home, new)
    with pytest.raises(RefusedStart, match="rotated to version K2"):
        check_home_key(settings.home, old)
    record = json.loads((settings.home.identified / "key_check.json").read_text())
    assert [(e["version"], e["check_value"]) for e in record["history"]] == [
        ("K1", old.check_value), ("K2", new.check_value),
    ]  # fmt: skip
    after = pl.read_parquet(settings.home.warehouse / "release_members" / "r0001.parquet")
    assert after.drop("person_key", "deltakelse_key").equals(before.drop("person_key", "deltakelse_key"))
    pseudonymised(under_k2(settings))  # the next night
    night = pl.read_parquet(settings.home.warehouse / "release_members" / "r0001.parquet")
    assert changed_persons(after, night).is_empty()


def test_recipient_and_analysts_learn_what_replaced_what(settings):
    old = load_keys(settings)
    rotate(settings)
    new, people = load_keys(under_k2(settings)), pl.Series([n for n in PEOPLE if n != GONE])
    (path,) = (settings.home.exports / "ssb").glob("ompseudonymisering_*.csv")
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    listed = pl.read_csv(path, separator=";")
    assert listed.columns == ["slag", "gammelt", "nytt"]
    pairs = dict(listed.filter(pl.col("slag") == "person_key").select("gammelt", "nytt").rows())
    own = [recipient_keys(person_keys(people, keys), keys, "ssb").to_list() for keys in (old, new)]
    assert pairs == dict(zip(*own, strict=True))
    table = Warehouse(settings.home).read("inndata", "ompseudonymisering")
    assert set(table["grunn"]) == {"noekkelbytte"}
    assert dict(table.filter(pl.col("slag") == "person").select("gammel_key", "person_key").rows()) == dict(
        zip(person_keys(people, old), person_keys(people, new), strict=True)
    )


def test_erased_person_is_still_held_back_and_the_new_key_cannot_make_her_old_pseudonym(settings):
    old = load_keys(settings)
    rotate(settings)
    after = under_k2(settings)
    deliver(after, "b.zip", zip_of(valid_tables(5)))
    assert set(current_rows(after)["deltaker"]["fnr"]) == {*PEOPLE, make_fnr(40, day=5)} - {GONE}
    document = json.loads((settings.home.root.parent / "k2.json").read_text())
    assert [entry["version"] for entry in document["retired"]] == ["K1"]
    assert old.secret not in (after.key_file or Path()).read_bytes()
    assert old.derive("person") != load_keys(after).retired[0].log_key == old.derive("log")


def test_second_rotation_keeps_all_references_and_leads_in_one_step(settings):
    first = load_keys(settings)
    rotate(settings)
    third_file = settings.home.root.parent / "k3.json"
    rotate_key(under_k2(settings), third_file, None, lambda _: None)
    third = load_keys(settings.with_(key_file=third_file))
    assert (third.version, [r.version for r in third.retired]) == ("K3", ["K1", "K2"])
    deliver(settings.with_(key_file=third_file), "b.zip", zip_of(valid_tables(5)))
    assert GONE not in set(current_rows(settings)["deltaker"]["fnr"])
    table = Warehouse(settings.home).read("inndata", "ompseudonymisering")
    pairs = dict(table.filter(pl.col("slag") == "person").select("gammel_key", "person_key").rows())
    one = pl.Series(PEOPLE[:1])
    assert pairs[person_keys(one, first)[0]] == person_keys(one, third)[0]


class Stopped(Exception):
    """The run dies here."""


def test_run_stopped_at_any_step_is_completed_by_the_same_command(tmp_path, settings, monkeypatch):
    fixed_secret(monkeypatch)
    start = tmp_path / "start"
    shutil.copytree(settings.home.root, start)
    steps: list[str] = []
    rotate(settings, steps.append)
    expected = contents(settings.home)
    assert len(steps) >= 8
    files = len(steps) - 4  # between the lists and the last two steps: stopped before the first, in the middle, before the last
    for stop in (0, 1, 2, 2 + files // 2, 1 + files, 2 + files, 3 + files):
        shutil.rmtree(settings.home.root)
        shutil.copytree(start, settings.home.root)
        (tmp_path / "k2.json").unlink()
        seen = iter(range(len(steps)))

        def die(_text: str, seen=seen, stop=stop) -> None:
            if next(seen) == stop:
                raise Stopped

        with pytest.raises(Stopped):
            rotate(settings, die)
        for keys in (load_keys(settings), load_keys(under_k2(settings))):
            with pytest.raises(RefusedStart, match="interrupted"):
                check_home_key(settings.home, keys)
        rotate(settings.with_(now=datetime(2026, 2, 2, 9, 0, tzinfo=OSLO)))
        assert contents(settings.home) == expected, steps[stop]
    assert rotate(settings)["completed_earlier"]
    assert contents(settings.home) == expected


def test_crash_between_key_file_and_journal_leaves_the_old_key_in_use(settings, monkeypatch):
    from pipeline.pseudonyms import home_key

    monkeypatch.setattr(home_key, "write_text", lambda *_args, **_kwargs: (_ for _ in ()).throw(Stopped()))
    with pytest.raises(Stopped):
        rotate(settings)
    monkeypatch.undo()
    check_home_key(settings.home, load_keys(settings))
    assert rotate(settings)["version"] == "K2"


def test_crash_between_record_and_journals_end_leaves_the_new_key_in_use(settings, monkeypatch):
    unlink = Path.unlink
    monkeypatch.setattr(
        Path,
        "unlink",
        lambda self, *a, **k: (_ for _ in ()).throw(Stopped()) if self.name == "rotation.json" else unlink(self, *a, **k),
    )
    with pytest.raises(Stopped):
        rotate(settings)
    monkeypatch.undo()
    check_home_key(settings.home, load_keys(under_k2(settings)))
    assert rotate(settings)["completed_earlier"]
    assert not (settings.home.identified / "rotation.json").exists()


def test_lost_new_key_of_an_interrupted_rotation_is_never_made_anew(settings):
    def die(text: str) -> None:
        if text == "release_members":
            raise Stopped

    with pytest.raises(Stopped):
        rotate(settings, die)
    (settings.home.root.parent / "k2.json").unlink()
    with pytest.raises(RefusedStart, match="is not there"):
        rotate(settings)


def test_what_a_rotation_refuses(settings, tmp_path):
    other = tmp_path / "other.json"
    new_key_file(other, "K9")
    before = contents(settings.home)
    with pytest.raises(RefusedStart, match="another key"):
        rotate_key(settings.with_(key_file=other), tmp_path / "x.json", None, lambda _: None)
    with pytest.raises(UserError, match="exists already"):
        rotate_key(settings, other, None, lambda _: None)
    with pytest.raises(UserError, match="of that version before"):
        rotate_key(settings, tmp_path / "x.json", "K1", lambda _: None)
    with pytest.raises(RefusedStart, match="inside the home"):
        rotate_key(settings, settings.home.root / "x.json", None, lambda _: None)
    with pytest.raises(UserError, match="not been read"):
        rotate_key(settings.with_(home=Home(tmp_path / "new")), tmp_path / "x.json", None, lambda _: None)
    assert not (tmp_path / "x.json").exists()
    after = contents(settings.home)
    assert {name: data for name, data in after.items() if name != ".lock"} == {n: d for n, d in before.items() if n != ".lock"}


def test_home_under_the_published_key_can_get_one_of_its_own(tmp_path):
    demo = Settings(Home(tmp_path / "home"), "demo", datetime(2026, 2, 1, 2, 30, tzinfo=OSLO), min_age_seconds=0)
    deliver(demo, "a.zip", zip_of(valid_tables(2)))
    check_home_key(demo.home, load_keys(demo))
    pseudonymised(demo)
    assert rotate(demo)["from"] == "DEMO"
    with pytest.raises(RefusedStart, match="rotated to version K2"):
        check_home_key(demo.home, load_keys(demo))


def test_lines_in_messages_hold_no_pseudonym(settings, capsys):
    old = load_keys(settings)
    result, text = rotate_key(settings, settings.home.root.parent / "k2.json", "K7", lambda _: None)
    said = text + json.dumps(result, default=str) + capsys.readouterr().out
    assert "K7" in said
    assert not any(key in said for key in person_keys(pl.Series(PEOPLE), old))


def test_no_release_is_made_while_a_rotation_is_under_way(settings):
    from jobbsjansen.publishing import make_release

    def die(text: str) -> None:
        if text == "release_members":
            raise Stopped

    with pytest.raises(Stopped):
        rotate(settings, die)
    for dry_run in (True, False):
        with pytest.raises(RefusedStart, match="interrupted"):
            make_release(settings, dry_run=dry_run)
