from __future__ import annotations

from datetime import date

import polars as pl
import pytest

from pipeline.errors import UserError
from pipeline.pseudonyms import IdentityHistory, person_keys, to_inndata
from pipeline.tables import DELIVERY_TABLES, INNDATA
from tests.pseudonyms.synthetic_numbers import numbers

A, B = numbers(2)


def participants(**changes):
    base = {
        "fnr": [A, B, A], "prosjekt_id": ["P1", "P1", "P2"], "start_dato": [date(2023, 1, 9), date(2023, 2, 6), date(2024, 1, 8)],
        "deltakelse_id": ["D1", None, None], "kjonn": ["kvinne"] * 3, "fodselsdato": [date(1990, 1, 1)] * 3,
        "landbakgrunn": ["SYR"] * 3, "veileder_id": ["V1", "V1", "V1"], "avsender": ["4601", "4601", "1103"], "receipt_id": ["r1"] * 3,
    }  # fmt: skip
    return pl.DataFrame({**base, **changes})


def test_every_table_has_its_described_columns_and_no_identity(keys):
    project = pl.DataFrame({"prosjekt_id": ["P1"], "tilskuddsaar": [2023], "navn": [f"Prosjekt {A}"], "avsender": ["4601"]})
    made = to_inndata({"deltaker": participants(), "prosjekt": project}, keys)
    assert set(made) == {n for n in INNDATA if n not in ("mottak", "ompseudonymisering") and not n.startswith("register_")}
    for name, frame in made.items():
        assert frame.schema == pl.Schema(INNDATA[name].schema)
        assert A not in frame.write_csv()
    assert made["deltaker"]["fodselsaar"].to_list() == [1990] * 3
    assert made["tiltak"].is_empty()
    assert "navn" not in made["prosjekt"].columns
    assert "innsending" in DELIVERY_TABLES
    assert "innsending" not in made


def test_a_person_is_one_across_tables_and_an_adviser_is_the_owners(keys):
    spell = pl.DataFrame({"tiltak_id": ["T1"], "prosjekt_id": ["P1"], "fnr": [A], "avsender": ["4601"]})
    adviser = pl.DataFrame({"prosjekt_id": ["P1"], "veileder_id": ["V1"], "avsender": ["4601"]})
    made = to_inndata({"deltaker": participants(), "tiltak": spell, "veileder": adviser}, keys)
    assert made["tiltak"]["person_key"][0] == person_keys(pl.Series([A]), keys)[0]
    by_owner = (
        made["deltaker"].group_by("avsender").agg(pl.col("veileder_key").n_unique(), pl.col("veileder_key").first().alias("k"))
    )
    assert by_owner["veileder_key"].to_list() == [1, 1]
    assert by_owner["k"].n_unique() == 2
    assert made["veileder"]["veileder_key"][0] in made["deltaker"]["veileder_key"]


def test_the_senders_id_outlives_a_corrected_date(keys):
    before = to_inndata({"deltaker": participants()}, keys)["deltaker"]
    moved = participants(start_dato=[date(2023, 1, 16), date(2023, 2, 13), date(2024, 1, 8)])
    after = to_inndata({"deltaker": moved}, keys)["deltaker"]
    kept = set(before["deltakelse_key"]) & set(after["deltakelse_key"])
    assert len(kept) == 2
    assert before["deltakelse_key"].n_unique() == 3


def test_the_same_id_at_two_owners_is_two_participations(keys):
    rows = participants(deltakelse_id=["D1", "D2", "D1"])
    assert to_inndata({"deltaker": rows}, keys)["deltaker"]["deltakelse_key"].n_unique() == 3


def test_the_same_id_in_two_projects_is_two_participations(keys):
    rows = participants(deltakelse_id=["D1", "D1", "D1"], avsender=["4601"] * 3, prosjekt_id=["P1", "P2", "P3"])
    assert to_inndata({"deltaker": rows}, keys)["deltaker"]["deltakelse_key"].n_unique() == 3


def test_the_order_of_rows_leaves_no_trace(keys):
    rows = participants()
    assert to_inndata({"deltaker": rows}, keys)["deltaker"].equals(to_inndata({"deltaker": rows.reverse()}, keys)["deltaker"])


@pytest.mark.parametrize("text", [A, f"{A[:6]} {A[6:]}", f"tiltak for {A}, uke 3"])
def test_an_identity_left_in_a_text_column_stops_everything_without_being_shown(keys, text):
    spell = pl.DataFrame({"tiltak_id": ["T1"], "prosjekt_id": [text], "fnr": [A], "avsender": ["4601"]})
    with pytest.raises(UserError, match=r"tiltak\.prosjekt_id") as caught:
        to_inndata({"tiltak": spell}, keys)
    assert A not in str(caught.value)
    assert A[6:] not in str(caught.value)


def test_an_employers_own_words_stay_behind_and_listed_ones_pass(keys):
    answers = pl.DataFrame({
        "prosjekt_id": ["P1"] * 6, "svar_id": list("abcdef"), "dato": [date(2024, 1, 1)] * 6, "avsender": ["4601"] * 6,
        "sporsmal": ["Ny praksisplass", "oppfolging", "oppfolging", "Hva mener Kari Nordmann?", None, " UTFORDRING"],
        "kategori": [" Kanskje", "ja", "Kari Nordmann", "ukentlig", "ja", "tid-og ressurser"],
        "svar": ["Kari Nordmann"] * 6,
    })  # fmt: skip
    made = to_inndata({"arbeidsgiver_svar": answers}, keys)["arbeidsgiver_svar"]
    assert sorted(made.select("sporsmal", "kategori").rows()) == [
        ("annet", "annet"), ("annet", "annet"), ("ny_praksisplass", "kanskje"), ("oppfolging", "annet"), ("oppfolging", "annet"),
        ("utfordring", "tid_og_ressurser"),
    ]  # fmt: skip
    assert "Nordmann" not in made.write_csv()


def test_rows_under_an_earlier_number_are_the_same_persons(keys):
    known = IdentityHistory(ends=pl.DataFrame({"tidligere_id": [A], "gjeldende_id": [B]}))
    spell = pl.DataFrame({"tiltak_id": ["T1"], "prosjekt_id": ["P1"], "fnr": [A], "avsender": ["4601"]})
    rows = {"deltaker": participants(fnr=[B, B, B]), "tiltak": spell}
    made = to_inndata(rows, keys, known)
    assert set(made["tiltak"]["person_key"]) == set(made["deltaker"]["person_key"]) == set(person_keys(pl.Series([B]), keys))
    under_the_earlier = to_inndata({"deltaker": participants(fnr=[A, B, A])}, keys, known)["deltaker"]
    assert under_the_earlier.equals(made["deltaker"])
