"""A register from night to night: what replaces what, what is refused, and what stands then."""

from __future__ import annotations

import os
from datetime import date

import polars as pl
import pytest

from pipeline.pseudonyms import Keys, drop_zones, pseudonymise_file
from tests.pseudonyms.extracts.extract_case import persons
from tests.pseudonyms.extracts.register_nights import APR, FEB, JAN, KNOWN, MAR, PEOPLE, Nights, jobs, states
from tests.pseudonyms.synthetic_numbers import numbers


@pytest.fixture
def home(tmp_path, keys):
    return Nights(tmp_path, keys)


def test_a_new_extract_replaces_the_months_it_holds_and_extends_by_the_others(home):
    home.drop("a.parquet", jobs([JAN, FEB]))
    assert states(home.night()) == ["i_bruk"]
    home.drop("b.parquet", jobs([FEB, MAR], position=80.0))
    assert states(home.night()) == ["delvis_erstattet", "i_bruk"]
    assert home.months() == {date(2024, 1, 1): 50.0, date(2024, 2, 1): 80.0, date(2024, 3, 1): 80.0}
    assert home.rows().height == 3 * 40
    home.drop("c.parquet", jobs([JAN, FEB, MAR], position=30.0))
    assert states(home.night()) == ["erstattet", "erstattet", "i_bruk"]
    assert set(home.months().values()) == {30.0}


def test_nothing_new_nothing_written(home):
    home.drop("a.parquet", jobs([JAN, FEB]))
    assert home.night().changed
    before = home.table.stat().st_mtime_ns
    again = home.night()
    assert (again.changed, again.refused, home.table.stat().st_mtime_ns) == (False, "", before)
    (home.folder / "a.parquet").rename(home.folder / "annet navn.parquet")
    assert not home.night().changed


def test_two_homes_that_lived_the_same_nights_have_the_same_bytes(tmp_path, keys):
    made = []
    for name in ("x", "y"):
        home = Nights(tmp_path / name, keys)
        for file, months in (("a", [JAN, FEB]), ("b", [MAR])):
            home.drop(f"{file}{name}.parquet", jobs(months))
            home.night()
        warehouse = home.settings.home.warehouse
        made.append({p.relative_to(warehouse).as_posix(): p.read_bytes() for p in sorted(warehouse.rglob("*")) if p.is_file()})
    assert made[0] == made[1]
    assert len(made[0]) == 8


def test_an_extract_without_a_month_between_is_refused_and_the_last_good_one_stays(home):
    home.drop("a.parquet", jobs([JAN, FEB]))
    home.night()
    home.drop("b.parquet", jobs([JAN, MAR, APR], position=80.0).filter(pl.col("maaned") != date(2024, 3, 1)))
    stands = home.night()
    assert "uttrekk_hull" in stands.refused
    assert states(stands) == ["i_bruk", "avvist"]
    assert set(home.months().values()) == {50.0}
    assert "uttrekk_hull" in home.night().refused  # told every night until a better one comes
    home.drop("c.parquet", jobs([JAN, FEB, MAR, APR], position=80.0))
    better = home.night()
    assert (better.refused, states(better)) == ("", ["erstattet", "avvist", "i_bruk"])
    assert set(home.months().values()) == {80.0}


def test_a_month_skipped_between_two_extracts_is_a_gap_too(home):
    home.drop("a.parquet", jobs([JAN, FEB]))
    home.night()
    home.drop("b.parquet", jobs([APR]))
    assert "uttrekk_hull" in home.night().refused
    assert list(home.months()) == [date(2024, 1, 1), date(2024, 2, 1)]


def test_the_first_extract_with_a_gap_leaves_the_register_without_rows(home):
    home.drop("a.parquet", jobs([JAN, MAR]))
    assert "uttrekk_hull" in home.night().refused
    assert not home.table.exists()


def test_a_half_written_extract_is_refused_and_read_when_it_is_whole(home, tmp_path):
    home.drop("a.parquet", jobs([JAN]))
    home.night()
    jobs([JAN, FEB], position=90.0).write_parquet(tmp_path / "hel.parquet")
    whole = (tmp_path / "hel.parquet").read_bytes()
    (home.folder / "b.parquet").write_bytes(whole[:-20])
    assert "damaged or half written" in home.night().refused
    assert home.months() == {date(2024, 1, 1): 50.0}
    (home.folder / "b.parquet").write_bytes(whole)
    assert home.night().refused == ""
    assert set(home.months().values()) == {90.0}


def test_an_extract_of_another_projects_key_is_refused(home, tmp_path, keys):
    home.drop("a.parquet", jobs([JAN]))
    home.night()
    jobs([JAN, FEB]).write_parquet(tmp_path / "raa.parquet")
    other = Keys(keys.version, b"y" * 32)
    pseudonymise_file(tmp_path / "raa.parquet", home.folder / "b.parquet", "arbeidsforhold", other)
    refused = home.night().refused
    assert "made with another key in 1 of its file(s)" in refused
    assert other.of_register("arbeidsforhold").check_value in refused
    assert home.rows().height == 40


def test_without_the_stamp_another_projects_key_is_known_by_matching_nobody(home, tmp_path, keys):
    jobs([JAN, FEB]).write_parquet(tmp_path / "raa.parquet")
    pseudonymise_file(tmp_path / "raa.parquet", tmp_path / "b.parquet", "arbeidsforhold", Keys(keys.version, b"y" * 32))
    home.drop("b.parquet", pl.read_parquet(tmp_path / "b.parquet"))
    assert "uttrekk_treffer_ingen" in home.night().refused
    assert not home.table.exists()


def test_another_registers_key_is_refused(home, tmp_path, keys):
    jobs([JAN]).write_parquet(tmp_path / "raa.parquet")
    pseudonymise_file(tmp_path / "raa.parquet", tmp_path / "b.parquet", "arbeidsforhold", keys)
    pl.read_parquet(tmp_path / "b.parquet").write_parquet(home.folder / "b.parquet")
    assert home.night().refused == ""
    foreign = Keys(keys.version, keys.of_register("ytelse").secret, "register/arbeidsforhold")
    pseudonymise_file(tmp_path / "raa.parquet", home.folder / "c.parquet", "arbeidsforhold", foreign)
    assert "made with another key" in home.night().refused


def test_an_extract_under_a_rotated_key_is_refused_by_name_of_the_version(home, tmp_path, keys):
    jobs([JAN]).write_parquet(tmp_path / "raa.parquet")
    pseudonymise_file(tmp_path / "raa.parquet", tmp_path / "b.parquet", "arbeidsforhold", Keys("K0", b"y" * 32))
    home.drop("b.parquet", pl.read_parquet(tmp_path / "b.parquet"))
    refused = home.night().refused
    assert "another key version than DEMO in 60 row(s)" in refused
    assert "keys new FILE --register arbeidsforhold" in refused


def test_admitted_rows_stay_when_the_owner_takes_the_file_away(home):
    home.drop("a.parquet", jobs([JAN, FEB]))
    home.night()
    (home.folder / "a.parquet").unlink()
    assert not home.night().changed
    assert home.rows().height == 80
    home.known = KNOWN[:10]  # thirty have withdrawn
    assert home.night().changed
    assert home.rows()["person_key"].n_unique() == 10
    assert pl.read_parquet(next((home.settings.home.warehouse / "uttrekk" / "arbeidsforhold").glob("*.parquet"))).height == 20


def test_new_participants_rows_are_fetched_from_a_file_that_still_lies_there(home):
    home.known = KNOWN[:10]
    home.drop("a.parquet", jobs([JAN]))
    home.night()
    home.known = KNOWN
    assert home.night().changed
    assert home.rows().height == 40


@pytest.mark.parametrize("beside_it", [False, True], ids=["disk away", "file away"])
def test_who_joined_while_a_file_was_away_gets_their_rows_when_it_is_back(home, beside_it):
    place = home.drop("a.parquet", jobs([JAN]))
    home.night()
    if beside_it:
        home.drop("b.parquet", jobs([FEB]))
        home.night()
    content = place.read_bytes()
    place.unlink()
    home.known = pl.Series(PEOPLE[:45])
    taken = home.night()
    joined = persons(pl.Series(PEOPLE[40:45]), home.keys)["person_key"]
    assert (taken.unseen, set(taken.outside["person_key"])) == (5, set(joined))
    assert taken.outside.select("fra", "til").unique().rows() == [(date(2024, 1, 1), date(2024, 1, 1))]
    assert not home.night().changed
    place.write_bytes(content)
    assert home.night().changed
    assert home.rows().filter(maaned=date(2024, 1, 1)).height == 45
    taken = home.night()
    assert (taken.changed, taken.unseen, taken.outside.height) == (False, 0, 0)


def test_who_left_and_came_back_while_the_file_was_away_is_unknown_not_without_rows(home):
    home.drop("a.parquet", jobs([JAN]))
    home.night()
    (home.folder / "a.parquet").unlink()
    home.known = KNOWN[:30]
    assert home.night().outside.is_empty()
    home.known = KNOWN
    taken = home.night()
    assert (home.rows().height, taken.unseen, taken.outside["person_key"].n_unique()) == (30, 10, 10)


def test_a_refused_extract_whose_disk_was_away_is_judged_anew_when_it_is_back(home):
    place = home.drop("a.parquet", jobs([JAN], people=PEOPLE[40:]))
    assert "uttrekk_treffer_ingen" in home.night().refused
    content = place.read_bytes()
    place.unlink()
    home.known = pl.Series(PEOPLE)
    assert "uttrekk_treffer_ingen" in home.night().refused
    place.write_bytes(content)
    assert home.night().refused == ""
    assert home.rows().height == 20


def test_the_missing_month_completes_an_extract_that_was_refused_for_it(home):
    for name, month in (("jan", JAN), ("mar", MAR)):
        home.drop(f"{name}.parquet", jobs([month]))
    assert "uttrekk_hull" in home.night().refused
    home.drop("feb.parquet", jobs([FEB]))
    taken = home.night()
    assert (taken.refused, states(taken)) == ("", ["avvist", "i_bruk"])
    assert list(home.months()) == [date(2024, m, 1) for m in (1, 2, 3)]


def test_what_was_refused_for_its_values_is_not_let_in_by_the_next_good_extract(home):
    first = jobs([JAN]).with_columns(stillingsprosent=pl.Series(["mange", *["50"] * 59]))
    home.drop("jan.parquet", first)
    assert "uttrekk_uleselig" in home.night().refused
    home.drop("feb.parquet", jobs([FEB], position=80.0).with_columns(pl.col("stillingsprosent").cast(pl.String)))
    taken = home.night()
    assert (taken.refused, states(taken)) == ("", ["avvist", "i_bruk"])
    assert home.months() == {date(2024, 2, 1): 80.0}


def test_the_other_half_of_the_persons_does_not_replace_the_first(home):
    home.drop("a.parquet", jobs([JAN], people=PEOPLE[:20]))
    home.night()
    home.drop("b.parquet", jobs([JAN], people=PEOPLE[20:40]))
    taken = home.night()
    assert taken.extracts[-1].reasons == ["uttrekk_mister_deltakere"]
    assert "all files of one extract in one night" in taken.refused
    assert set(home.rows()["person_key"]) == set(persons(KNOWN[:20], home.keys)["person_key"])


def test_earlier_years_are_compared_where_they_meet_what_is_in_use(home):
    home.drop("a.parquet", jobs([MAR, APR], people=PEOPLE[:25]))
    home.night()
    older = pl.concat([jobs([JAN], people=PEOPLE[30:]), jobs([FEB], people=PEOPLE[:25])])
    home.drop("b.parquet", older)
    assert home.night().refused == ""
    assert home.rows()["person_key"].n_unique() == 35


def test_a_gap_and_another_fault_is_not_mended_by_the_missing_month(home):
    home.drop("a.parquet", jobs([JAN, MAR]).with_columns(stillingsprosent=pl.Series(["mange"] * 4 + ["50"] * 116)))
    assert home.night().extracts[-1].reasons == ["uttrekk_hull", "uttrekk_uleselig"]
    home.drop("feb.parquet", jobs([FEB], position=80.0).with_columns(pl.col("stillingsprosent").cast(pl.String)))
    home.night()
    assert home.months() == {date(2024, 2, 1): 80.0}


def test_the_missing_month_must_be_sound_itself(home):
    home.drop("a.parquet", jobs([JAN, MAR]).with_columns(pl.col("stillingsprosent").cast(pl.String)))
    assert "uttrekk_hull" in home.night().refused
    home.drop("feb.parquet", jobs([FEB]).with_columns(stillingsprosent=pl.Series(["mange", *["50"] * 59])))
    assert "uttrekk_uleselig" in home.night().refused
    assert not home.table.exists()


def test_a_corrected_extract_takes_nothing_from_the_refused_one(home):
    home.drop("a.parquet", jobs([JAN, MAR], people=PEOPLE[:50]))
    home.night()
    home.drop("b.parquet", jobs([JAN, FEB, MAR], people=PEOPLE[30:], position=90.0))
    assert home.night().refused == ""
    assert home.rows().height == 3 * 10
    assert set(home.months().values()) == {90.0}


def test_rows_admitted_under_a_replaced_key_stay_in_use(home, tmp_path, keys):
    jobs([JAN]).write_parquet(tmp_path / "raa.parquet")
    for name in ("med", "uten"):
        pseudonymise_file(tmp_path / "raa.parquet", tmp_path / f"{name}.parquet", "arbeidsforhold", keys)
    (home.folder / "a.parquet").write_bytes((tmp_path / "med.parquet").read_bytes())
    home.night()
    home.keys = Keys(keys.version, b"z" * 32)
    stored = home.settings.home.warehouse / "uttrekk" / "arbeidsforhold"
    ours = dict(zip(persons(KNOWN, keys)["person_key"], persons(KNOWN, home.keys)["person_key"], strict=True))
    for path in stored.glob("*.parquet"):  # what a rotation does to the admitted rows
        pl.read_parquet(path).with_columns(pl.col("person_key").replace_strict(ours)).sort("person_key").write_parquet(path)
    taken = home.night()
    assert "made with another key" in taken.refused
    assert states(taken) == ["i_bruk"]
    assert set(home.rows()["person_key"]) == set(ours.values())


def test_files_that_came_in_the_same_night_are_one_extract(home):
    home.drop("a.parquet", jobs([JAN, FEB], people=PEOPLE[:30]))
    home.drop("b.parquet", jobs([JAN, FEB], people=PEOPLE[30:]))
    taken = home.night()
    assert (states(taken), home.rows().height) == (["i_bruk"], 80)


@pytest.mark.parametrize(
    ("folders", "later"),
    [
        (("maaned=2024-01-01", "maaned=2024-01-01 00%3A00%3A00"), "parquet"),
        (("maaned=2024-01-01", "maaned=2024-01-15"), "parquet"),
        (("maaned=2024-01-01", "maaned=2024%2D01%2D01"), "parquet"),
        (("maaned=2024-01-01", "maaned=2024-02-01"), "csv"),  # in CSV the month is a column
    ],
)
def test_a_month_whose_folder_is_written_in_two_ways_is_one_month(home, folders, later):
    for place, (name, position) in enumerate(zip(folders, (50.0, 80.0), strict=True)):
        (home.folder / name).mkdir()
        path = home.folder / name / f"del-{place}.{later if place else 'parquet'}"
        if path.suffix == ".csv":
            jobs([JAN], position=position).write_csv(path)
        else:
            jobs([JAN], position=position).drop("maaned").write_parquet(path)
        os.utime(path, (1_700_000_000 + place, 1_700_000_000 + place))
    assert home.night().refused == ""
    assert home.months() == {date(2024, 1, 1): 80.0}
    assert home.rows().height == 40


def test_registers_of_spells_are_replaced_whole(tmp_path, keys):
    home = Nights(tmp_path, keys, register="utdanning")
    spell = pl.DataFrame({"person_id": PEOPLE, "niva": "hoyere", "status": "pagaende"})
    home.drop("a.parquet", spell.with_columns(start_dato=date(2020, 1, 1)))
    home.night()
    home.drop("b.parquet", spell.with_columns(start_dato=date(2021, 1, 1)))
    home.night()
    assert set(home.rows()["start_dato"]) == {date(2021, 1, 1)}


@pytest.mark.parametrize(
    ("change", "code"),
    [
        (lambda f: f.sample(fraction=0.5, seed=1), "uttrekk_krymper uttrekk_maaned_krymper"),
        (lambda f: pl.concat([f, f.with_columns(orgnr=pl.lit("310196304"))]), "uttrekk_vokser"),
        (lambda f: f.with_columns(lonn_nok=pl.when(pl.col("maaned") > date(2024, 1, 1)).then("lonn_nok")), "uttrekk_flere_tomme"),
        (lambda f: f.with_columns(type=pl.lit("frilans")), "uttrekk_annen_fordeling"),
        (
            lambda f: f.filter(pl.col("person_id").is_in(PEOPLE[35:])),
            "uttrekk_krymper uttrekk_maaned_krymper uttrekk_mister_deltakere",
        ),
    ],
)
def test_an_extract_far_from_the_last_one_is_refused(tmp_path, keys, change, code):
    people = numbers(400)
    home = Nights(tmp_path, keys, known=pl.Series(people[:150]))
    good = jobs([JAN, FEB, MAR], people=people)
    home.drop("a.parquet", good)
    assert home.night().refused == ""
    home.drop("b.parquet", change(good))
    taken = home.night()
    assert " ".join(taken.extracts[-1].reasons or []) == code
    assert home.rows().height == 450


def test_a_whole_population_needs_a_recorded_basis(tmp_path, keys):
    home = Nights(tmp_path, keys)
    home.drop("a.parquet", jobs([JAN], people=numbers(1500)))
    assert "uttrekk_uten_grunnlag" in home.night(has_basis=False).refused
    other = Nights(tmp_path / "b", keys)
    other.drop("a.parquet", jobs([JAN], people=numbers(1500)))
    taken = other.night(has_basis=True)
    assert (taken.refused, taken.extracts[0].whole_population) == ("", True)


def test_a_night_that_dies_leaves_nothing_half_done(home, monkeypatch):
    from pipeline.pseudonyms.extracts import night as registers_night

    home.drop("a.parquet", jobs([JAN, FEB]))
    monkeypatch.setattr(registers_night, "combine", lambda *a, **k: (_ for _ in ()).throw(KeyboardInterrupt))
    with pytest.raises(KeyboardInterrupt):
        home.night()
    monkeypatch.undo()
    assert home.night().changed
    assert home.rows().height == 80
    assert not list(home.settings.home.root.rglob(".*.tmp"))


def test_what_is_still_being_written_waits(home):
    home.drop("a.parquet", jobs([JAN]))
    (home.folder / "b.parquet.part").write_bytes(b"PAR1")
    folder = home.folder / "hive"
    (folder / "_temporary").mkdir(parents=True)
    jobs([FEB]).write_parquet(folder / "del.parquet")
    zone = drop_zones(home.settings.home.registers, ["arbeidsforhold"], 0.0)["arbeidsforhold"]
    assert ([p.name for p in zone.files], zone.waiting) == (["a.parquet"], 2)


def test_a_file_that_grows_between_two_looks_waits(home):
    path = home.drop("a.parquet", jobs([JAN]))
    grown = drop_zones(home.settings.home.registers, ["arbeidsforhold"], 5.0, wait=lambda _: path.write_bytes(b"PAR1 more"))
    assert grown["arbeidsforhold"].files == []
    assert drop_zones(home.settings.home.registers, ["arbeidsforhold"], 5.0, wait=lambda _: None)["arbeidsforhold"].files == [
        path
    ]


def asked(home, roster_id, people):
    """A roster on record: what `jobbsjansen roster` leaves behind."""
    import json
    from dataclasses import asdict

    from pipeline.pseudonyms import remember_asked
    from pipeline.pseudonyms.roster import RECORD, RosterEntry, rosters

    entry = RosterEntry("roster", roster_id, "arbeidsforhold", "2024-05-01", len(people), len(people), "", "age1x", "")
    record = [asdict(e) for e in [*rosters(home.settings.home), entry]]
    (home.settings.home.identified / RECORD).write_text(json.dumps(record))
    remember_asked(home.settings.home, "arbeidsforhold", roster_id, persons(people, home.keys)["person_key"])


def test_who_was_not_on_the_roster_is_outside_the_extract(home):
    asked(home, "r1", KNOWN[:30])
    home.drop("a.parquet", jobs([JAN, FEB], people=PEOPLE[:20]))
    outside = home.night().outside
    assert outside.select("fra", "til").unique().rows() == [(date(2024, 1, 1), date(2024, 2, 1))]
    assert set(outside["person_key"]) == set(persons(KNOWN[30:], home.keys)["person_key"])
    asked(home, "r2", KNOWN)
    home.drop("b.parquet", jobs([FEB, MAR], people=PEOPLE[:20]))
    assert home.night().outside.select("fra", "til").unique().rows() == [(date(2024, 1, 1), date(2024, 1, 1))]
    home.known = KNOWN[:35]
    assert home.night().outside["person_key"].n_unique() == 5
    left = [pl.read_parquet(p).height for p in sorted((home.settings.home.warehouse / "uttrekk/arbeidsforhold/spurt").glob("*"))]
    assert left == [30, 35]


def test_an_older_extract_in_use_that_cannot_be_read_for_tonights_participants_is_told_too(home, tmp_path, keys):
    jobs([JAN]).write_parquet(tmp_path / "raa.parquet")
    pseudonymise_file(tmp_path / "raa.parquet", home.folder / "a.parquet", "arbeidsforhold", keys)
    home.night()
    home.keys = Keys(keys.version, b"z" * 32)
    jobs([FEB]).write_parquet(tmp_path / "feb.parquet")
    pseudonymise_file(tmp_path / "feb.parquet", home.folder / "b.parquet", "arbeidsforhold", home.keys)
    taken = home.night()
    assert states(taken) == ["i_bruk", "i_bruk"]
    assert "made with another key" in taken.refused


def test_a_row_of_hers_or_no_roster_at_all_means_that_she_is_inside(home):
    home.drop("a.parquet", jobs([JAN], people=PEOPLE[:20]))
    assert home.night().outside.is_empty()
    asked(home, "r1", KNOWN[:10])
    home.drop("b.parquet", jobs([JAN, FEB], people=PEOPLE[:20]))
    assert home.night().outside["person_key"].n_unique() == 20
