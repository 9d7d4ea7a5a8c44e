"""One home from two numbers of one person to a change of key: outcomes stay the same, and nobody is taken for another."""

from __future__ import annotations

import csv
import io
import zipfile
from datetime import datetime
from pathlib import Path
from types import SimpleNamespace

import duckdb
import polars as pl
import pytest

from jobbsjansen.nightly import run_nightly
from jobbsjansen.rotating import rotate_key
from pipeline.disclosure.carry import changed_persons
from pipeline.disclosure.transitions import members
from pipeline.errors import RefusedStart
from pipeline.pseudonyms import load_keys, new_key_file, new_register_key_file, person_keys, pseudonymise_file, recipient_keys
from pipeline.settings import OSLO, Home, Settings
from pipeline.store import Warehouse
from tests.pseudonyms.synthetic_numbers import numbers

*PEOPLE, EARLIER, NOW = numbers(14)
REPLACED = "ompseudonymisering"
COMPARED = [("klargjort", "deltakelse"), ("klargjort", "tiltak"), ("klargjort", "person_maaned"), ("statistikk", "utfall")]


def _zipped(tables: dict[str, list[dict[str, object]]]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, rows in tables.items():
            text = io.StringIO()
            writer = csv.DictWriter(text, list(rows[0]), delimiter=";")
            writer.writeheader()
            writer.writerows(rows)
            archive.writestr(f"{name}.csv", text.getvalue())
    return buffer.getvalue()


def _delivery(people: list[str], project: str, komm_nr: str) -> bytes:
    same = {"prosjekt_id": project}
    return _zipped({
        "prosjekt": [same | {"tilskuddsaar": 2023, "komm_nr": komm_nr, "navn": "Prosjekt", "malgruppe": "ungdom",
                             "organisering": "nav", "start_dato": "2023-01-01"}],
        "deltaker": [same | {"fnr": n, "start_dato": "2023-02-01", "slutt_dato": "2024-01-31", "kjonn": ("kvinne", "mann")[i % 2],
                             "fodselsdato": "1990-01-01", "landbakgrunn": "SOM", "veileder_id": "V1",
                             "avslutning": ("lonnsarbeid", "annet_tiltak")[i % 2]} for i, n in enumerate(people)],
        "tiltak": [same | {"tiltak_id": f"{project}T{i}", "fnr": n, "tiltak_type": "arbeidspraksis", "start_dato": "2023-03-01"}
                   for i, n in enumerate(people)],
    })  # fmt: skip


def _fill(home: Home, owner_key: Path) -> None:
    for sender, people in (("4601", [*PEOPLE, EARLIER]), ("1103", [NOW, PEOPLE[0]])):
        path = home.inbox / sender / "levering.zip"
        path.parent.mkdir(parents=True)
        path.write_bytes(_delivery(people, f"P{sender}", sender))
    own = pl.DataFrame(
        {"person_id": [*PEOPLE[:4], EARLIER, NOW], "aar": [2025] * 6, "naeringsinntekt_nok": [float(i) for i in range(6)]}
    )
    own.write_parquet(home.root.parent / "selvstendig.parquet")
    (home.registers / "selvstendig").mkdir(parents=True)
    owner = load_keys(Settings(home, "demo", datetime.now(OSLO), key_file=owner_key), "register/selvstendig")
    pseudonymise_file(
        home.root.parent / "selvstendig.parquet", home.registers / "selvstendig" / "u.parquet", "selvstendig", owner
    )
    months = [f"2025-{m:02d}-01" for m in range(1, 13)]
    jobs = pl.DataFrame({"person_id": [*PEOPLE, EARLIER] * 12, "maaned": [m for m in months for _ in range(len(PEOPLE) + 1)]})
    (home.registers / "arbeidsforhold").mkdir(parents=True)
    jobs.with_columns(
        pl.col("maaned").str.to_date(), orgnr=pl.lit("310000001"), stillingsprosent=pl.lit(80.0), timer_per_uke=pl.lit(30.0),
        lonn_nok=pl.lit(30000.0), type=pl.lit("ordinaert"),
    ).write_parquet(home.registers / "arbeidsforhold" / "u.parquet")  # fmt: skip


def _tables(home: Home) -> dict[tuple[str, str], pl.DataFrame]:
    return {name: Warehouse(home).read(*name) for name in COMPARED}


@pytest.fixture(scope="module")
def story(tmp_path_factory) -> SimpleNamespace:
    """Two nights under K1 (in between the link comes), the change of key, and the next night; what each left."""
    root = tmp_path_factory.mktemp("rotation")
    new_key_file(root / "k1.json")
    home = Home(root / "home")
    first = Settings(
        home, "demo", datetime(2026, 1, 20, 2, 30, tzinfo=OSLO), key_file=root / "k1.json", bootstraps=2, min_age_seconds=0
    )
    new_register_key_file(root / "owner.json", "selvstendig", load_keys(first))
    _fill(home, root / "owner.json")
    run_nightly(first, lambda _: None)
    apart = _tables(home)
    (home.registers / "identitet").mkdir()
    (home.registers / "identitet" / "lenker.csv").write_text(f"tidligere_id;person_id\n{EARLIER};{NOW}\n{EARLIER};{NOW}\n")
    second = first.with_(now=datetime(2026, 1, 21, 2, 30, tzinfo=OSLO))
    merged = run_nightly(second, lambda _: None)
    listed = sorted((home.exports / "ssb").glob("ompseudonymisering_*.csv"))
    as_one, replaced = _tables(home), Warehouse(home).read("inndata", REPLACED)
    guard = pl.read_parquet(home.warehouse / "release_members" / "r0001.parquet")
    rotated = rotate_key(second, root / "k2.json", None, lambda _: None)[0]
    between = pl.read_parquet(home.warehouse / "release_members" / "r0001.parquet")
    third = first.with_(now=datetime(2026, 1, 22, 2, 30, tzinfo=OSLO), key_file=root / "k2.json")
    after = run_nightly(third, lambda _: None)
    return SimpleNamespace(**locals())


def test_two_numbers_become_one_person_and_everybody_who_holds_pseudonyms_is_told(story):
    keys = load_keys(story.first)
    old, new = person_keys(pl.Series([EARLIER, NOW]), keys).to_list()
    assert story.merged.facts["identity_history"] == {"files": 1, "links": 1, "findings": {"identisk_rad": 1}}
    assert story.merged.facts["pseudonyms_replaced"] == {"persons": 1, "participations": 1, "lists": 1}
    apart, as_one = (t[("klargjort", "deltakelse")] for t in (story.apart, story.as_one))
    assert apart["person_key"].n_unique() == as_one["person_key"].n_unique() + 1 == len(PEOPLE) + 2
    assert apart.height == as_one.height == len(PEOPLE) + 3
    assert (story.as_one[("klargjort", "tiltak")]["person_key"] == new).sum() == 2
    rows = story.replaced.select("slag", "gammel_key", "person_key", "grunn", "dato").rows()
    day = story.second.today
    assert ("person", old, new, "sammenslaaing", day) in rows
    assert len(rows) == 2
    (path,) = story.listed
    pairs = [recipient_keys(pl.Series([key]), keys, "ssb")[0] for key in (old, new)]
    assert f"person_key;{pairs[0]};{pairs[1]}" in path.read_text().splitlines()
    assert not any(number in path.read_text() for number in (EARLIER, NOW))


def test_guard_between_releases_sees_nobody_come_or_go(story):
    for known, tables in ((story.guard, story.as_one), (story.between, _tables(story.home))):
        country = known.filter(pl.col("nivaa") == "land_og_fylke")
        assert country.height == len(PEOPLE) + 3
        assert changed_persons(country, members(tables[("klargjort", "deltakelse")], 2025)).is_empty()


def test_outcomes_are_the_same_under_other_pseudonyms(story):
    listed = Warehouse(story.home).read("inndata", REPLACED).filter(pl.col("grunn") == "noekkelbytte")
    now = dict(listed.select("gammel_key", pl.coalesce("deltakelse_key", "person_key")).iter_rows())
    assert len(set(now.values())) == len(now) > len(PEOPLE)
    own_ids = ["veileder_key", "tiltak_id"]  # made with the key too, and in nobody's list
    for name, frame in _tables(story.home).items():
        before = story.as_one[name].with_columns(
            pl.col(c).replace_strict(now) for c in ("person_key", "deltakelse_key") if c in frame.columns
        )
        compared = [c for c in frame.columns if c not in own_ids]
        assert before.select(compared).sort(compared).equals(frame.select(compared).sort(compared)), name
        assert frame.height


def test_no_old_pseudonym_is_left_but_in_the_lists(story):
    keys = load_keys(story.first)
    before = [
        f[c]
        for f in story.as_one.values()
        for c in ("person_key", "deltakelse_key", "veileder_key", "tiltak_id")
        if c in f.columns
    ]
    gone = {*pl.concat([c.alias("key") for c in before]).drop_nulls(), *person_keys(pl.Series([*PEOPLE, EARLIER, NOW]), keys)}
    assert len(gone) > 30
    texts = [
        (str(p), pl.read_parquet(p).write_csv())
        for p in story.home.root.rglob("*.parquet")
        if p.stem != REPLACED and "registers" not in p.parts
    ]
    with duckdb.connect(story.home.snapshot, read_only=True) as connection:
        names = connection.execute("select table_schema, table_name from information_schema.tables").fetchall()
        texts += [(t, str(connection.execute(f'select * from "{s}"."{t}"').fetchall())) for s, t in names if t != REPLACED]
    others = [
        p for f in ("exports", "receipts", "dagster", "site", "releases", "identified") for p in (story.home.root / f).rglob("*")
    ]
    texts += [(str(p), p.read_bytes().decode("latin-1")) for p in others if p.is_file() and p.suffix != ".parquet"]
    assert len(texts) > 40
    assert [name for name, text in texts if any(key in text for key in gone)] == []


def test_owners_extract_under_the_old_key_is_refused_and_its_rows_stay(story):
    refused = story.after.facts["extracts_refused"]
    assert set(refused) == {"selvstendig"}
    assert "K1" in refused["selvstendig"]
    assert "K2" in refused["selvstendig"]
    rows = Warehouse(story.home).read("inndata", "register_selvstendig")
    expected = person_keys(pl.Series([*PEOPLE[:4], NOW, NOW]), load_keys(story.third))
    assert sorted(rows["person_key"]) == sorted(expected)


def test_nights_after_it_have_nothing_new_and_the_old_key_is_refused(story):
    before = {p: p.read_bytes() for f in ("warehouse", "exports") for p in (story.home.root / f).rglob("*") if p.is_file()}
    again = run_nightly(story.third, lambda _: None)
    assert again.built == []
    assert "pseudonyms_replaced" not in again.facts
    assert {
        p: p.read_bytes() for f in ("warehouse", "exports") for p in (story.home.root / f).rglob("*") if p.is_file()
    } == before
    with pytest.raises(RefusedStart, match="rotated to version K2"):
        run_nightly(story.second, lambda _: None)


def test_no_identity_number_leaves_the_identified_zone(story):
    folders = ("warehouse", "snapshot", "exports", "receipts", "dagster", "site", "releases")
    found = [
        str(path)
        for folder in folders
        for path in (story.home.root / folder).rglob("*")
        if path.is_file() and any(number.encode() in path.read_bytes() for number in (*PEOPLE, EARLIER, NOW))
    ]
    tables = [
        p for p in story.home.warehouse.rglob("*.parquet") if any(n in pl.read_parquet(p).write_csv() for n in (EARLIER, NOW))
    ]
    assert found == tables == []
    assert not any(number in story.home.status.read_text() for number in (*PEOPLE, EARLIER, NOW))
    copy = story.home.identified / "identity_history.parquet"
    assert pl.read_parquet(copy).rows() == [(EARLIER, NOW)]
