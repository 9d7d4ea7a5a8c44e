from __future__ import annotations

import traceback
from datetime import date

import polars as pl
import pytest

from pipeline.errors import UserError
from pipeline.pseudonyms import Keys, admit_extract, new_key_file, new_register_key_file, person_keys, pseudonymise_file
from pipeline.tables import INNDATA
from tests.pseudonyms.synthetic_numbers import numbers

IN, ALSO, OUT = numbers(3)
IDS = pl.Series([IN, ALSO])


@pytest.fixture
def ours(keys):
    return person_keys(IDS, keys)


def jobs(**changes):
    base = {
        "person_id": [IN, IN, ALSO, OUT], "maaned": [date(2024, m, 1) for m in (1, 2, 1, 1)], "orgnr": ["974760673"] * 4,
        "stillingsprosent": [50.0, 100.0, 20.0, 100.0], "timer_per_uke": [18.75, 37.5, 7.5, 37.5], "lonn_nok": [2e4, 4e4, 8e3, 4e4],
        "type": ["ordinaert", "ordinaert", "lonnstilskudd", "ordinaert"],
    }  # fmt: skip
    return pl.DataFrame({**base, **changes})


def codes(admitted):
    return {(c, k): n for c, k, n in admitted.findings.select("column", "code", "n").iter_rows()}


def test_participants_only_and_keyed_by_our_pseudonym(tmp_path, keys, ours):
    jobs().write_parquet(tmp_path / "a.parquet")
    admitted = admit_extract([tmp_path], "arbeidsforhold", keys, ours)
    assert admitted.rows_read == 4
    assert admitted.frame.height == 3
    assert set(admitted.frame["person_key"]) == set(ours)
    assert admitted.frame.schema == pl.Schema(INNDATA["register_arbeidsforhold"].schema)
    assert admitted.findings.is_empty()
    assert admitted.frame.equals(admit_extract([tmp_path], "arbeidsforhold", keys, ours, IDS).frame)


def test_csv_parquet_and_hive_folders_give_the_same_rows(tmp_path, keys, ours):
    jobs().write_parquet(tmp_path / "a.parquet")
    text = jobs().with_columns(
        pl.col("maaned").dt.strftime("%d.%m.%Y"), pl.col("stillingsprosent").cast(pl.String).str.replace(".", ",", literal=True)
    )
    text.rename(str.upper).write_csv(tmp_path / "b.csv", separator=";", include_bom=True)
    for month in (1, 2):
        folder = tmp_path / "hive" / f"maaned=2024-0{month}-01"
        folder.mkdir(parents=True)
        jobs().filter(pl.col("maaned").dt.month() == month).drop("maaned").write_parquet(folder / "del.parquet")
    frames = [admit_extract([tmp_path / p], "arbeidsforhold", keys, ours).frame for p in ("a.parquet", "b.csv", "hive")]
    assert frames[0].equals(frames[1])
    assert frames[0].equals(frames[2])


def test_the_order_of_rows_and_files_leaves_no_trace(tmp_path, keys, ours):
    jobs().write_parquet(tmp_path / "hel.parquet")
    jobs()[2:].write_parquet(tmp_path / "x1.parquet")
    jobs()[:2].reverse().write_parquet(tmp_path / "x2.parquet")
    whole = admit_extract([tmp_path / "hel.parquet"], "arbeidsforhold", keys, ours).frame
    assert whole.equals(admit_extract([tmp_path / "x2.parquet", tmp_path / "x1.parquet"], "arbeidsforhold", keys, ours).frame)


def test_the_owners_pseudonyms_are_mapped_to_ours(tmp_path, keys, ours):
    jobs().write_parquet(tmp_path / "a.parquet")
    own = new_register_key_file(tmp_path / "nokkel.json", "arbeidsforhold", keys)
    target = tmp_path / "eier" / "b.parquet"
    assert pseudonymise_file(tmp_path / "a.parquet", target, "arbeidsforhold", own).rows == 4
    delivered = pl.read_parquet(target)
    assert "person_id" not in delivered.columns
    assert not set(delivered["person_key"]) & set(ours)
    direct = admit_extract([tmp_path / "a.parquet"], "arbeidsforhold", keys, ours).frame
    assert direct.equals(admit_extract([target], "arbeidsforhold", keys, ours, IDS).frame)
    with pytest.raises(UserError, match="pseudonyms"):
        admit_extract([target], "arbeidsforhold", keys, ours)


def test_another_key_version_is_refused_and_another_projects_key_matches_nobody(tmp_path, keys, ours):
    jobs().write_parquet(tmp_path / "a.parquet")
    foreign = new_key_file(tmp_path / "fremmed.json")
    pseudonymise_file(tmp_path / "a.parquet", tmp_path / "b.parquet", "arbeidsforhold", foreign)
    with pytest.raises(UserError, match="another key version in 4 row"):
        admit_extract([tmp_path / "b.parquet"], "arbeidsforhold", keys, ours, IDS)
    masked = Keys(keys.version, foreign.secret)
    pseudonymise_file(tmp_path / "a.parquet", tmp_path / "c.parquet", "arbeidsforhold", masked)
    assert admit_extract([tmp_path / "c.parquet"], "arbeidsforhold", keys, ours, IDS).frame.is_empty()


def test_doubtful_values_are_counted_not_shown(tmp_path, keys, ours):
    frame = jobs(
        person_id=[IN, IN, "123", None], maaned=[date(2024, 1, 15), date(2024, 2, 1), date(2024, 1, 1), date(2024, 1, 1)],
        type=["Ola Nordmann", "ukjent_type", "ordinaert", "ordinaert"],
    ).with_columns(hemmelig=pl.lit(IN))  # fmt: skip
    pl.concat([frame, frame[1:2]]).write_parquet(tmp_path / "a.parquet")
    admitted = admit_extract([tmp_path], "arbeidsforhold", keys, ours)
    assert codes(admitted) == {
        ("person_id", "ugyldig_person_id"): 2, ("maaned", "ikke_forste_dag"): 1, ("type", "uleselig_verdi"): 1,
        ("type", "utenfor_kodeliste"): 2, ("", "ukjent_kolonne"): 1, ("", "identisk_rad"): 1,
    }  # fmt: skip
    assert "Nordmann" not in admitted.frame.write_csv()


def test_optional_columns_may_be_missing(tmp_path, keys, ours):
    jobs().drop("lonn_nok").write_parquet(tmp_path / "a.parquet")
    admitted = admit_extract([tmp_path], "arbeidsforhold", keys, ours)
    assert codes(admitted) == {("lonn_nok", "mangler_kolonne"): 1}
    assert admitted.frame["lonn_nok"].null_count() == 3


def test_birth_dates_become_years(tmp_path, keys, ours):
    pl.DataFrame(
        {"person_id": [IN], "status": ["bosatt"], "fodselsdato": [date(1990, 1, 1)], "gyldig_fra": [date(2015, 1, 1)]}
    ).write_parquet(tmp_path / "f.parquet")
    frame = admit_extract([tmp_path], "folkeregister", keys, ours).frame
    assert frame["fodselsaar"].to_list() == [1990]
    assert "fodselsdato" not in frame.columns


def test_establishments_have_no_person(tmp_path, keys, ours):
    pl.DataFrame({"orgnr": ["974760673"], "naering": ["84.110"], "sektor": ["statlig"]}).write_csv(tmp_path / "v.csv")
    assert admit_extract([tmp_path], "virksomhet", keys, ours).frame["orgnr"].to_list() == ["974760673"]


UNUSABLE = {
    "no person": lambda: jobs().drop("person_id"),
    "missing required column": lambda: jobs().drop("maaned"),
    "number that ate zeros": lambda: jobs().with_columns(pl.col("person_id").cast(pl.Int64)),
    "month is no date": lambda: jobs(maaned=[f"{IN}"] * 4),
    "organisation as number": lambda: jobs(orgnr=[974760673] * 4),
    "identity in a text column": lambda: jobs(orgnr=[IN] * 4),
}


@pytest.mark.parametrize("case", UNUSABLE)
def test_an_unusable_extract_is_refused_without_a_value(tmp_path, keys, ours, case):
    UNUSABLE[case]().write_parquet(tmp_path / "a.parquet")
    with pytest.raises(UserError) as caught:
        admit_extract([tmp_path], "arbeidsforhold", keys, ours)
    assert IN not in "".join(traceback.format_exception(caught.value))


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.parquet", f"ikke parquet {IN}".encode()),
        ("a.csv", f"person_id;maaned;orgnr;type\n{IN};2024-01-01;1;ordinaert;{IN}\n".encode()),
        ("a.csv", b"person_id;maaned;orgnr;type\n\x81\x8d;;;\n"),
    ],
)
def test_broken_files_are_refused_without_a_value(tmp_path, keys, ours, name, content):
    (tmp_path / name).write_bytes(content)
    with pytest.raises(UserError) as caught:
        admit_extract([tmp_path], "arbeidsforhold", keys, ours)
    assert IN not in "".join(traceback.format_exception(caught.value))
    assert caught.value.__context__ is None


def test_links_and_half_written_files_are_not_taken(tmp_path, keys, ours):
    jobs().write_parquet(tmp_path / "ute.parquet")
    drop = tmp_path / "drop"
    drop.mkdir()
    (drop / "lenke.parquet").symlink_to(tmp_path / "ute.parquet")
    (drop / "a.parquet.part").write_bytes(b"PAR1")
    with pytest.raises(UserError, match="no Parquet or CSV"):
        admit_extract([drop], "arbeidsforhold", keys, ours)


def test_the_owner_is_told_of_malformed_numbers(tmp_path, keys):
    jobs(person_id=[IN, IN[1:], ALSO, OUT]).write_parquet(tmp_path / "a.parquet")
    with pytest.raises(UserError, match="in 1 row"):
        pseudonymise_file(tmp_path / "a.parquet", tmp_path / "b.parquet", "arbeidsforhold", keys)
    assert not (tmp_path / "b.parquet").exists()


def test_the_owners_file_may_hold_numbers_in_person_id_alone(tmp_path, keys):
    jobs(orgnr=[f"se {OUT}"] * 4).write_parquet(tmp_path / "a.parquet")
    with pytest.raises(UserError, match=r"arbeidsforhold\.orgnr") as caught:
        pseudonymise_file(tmp_path / "a.parquet", tmp_path / "b.parquet", "arbeidsforhold", keys)
    assert OUT not in str(caught.value)
    assert not (tmp_path / "b.parquet").exists()


@pytest.mark.parametrize(("encoding", "separator"), [("cp1252", ";"), ("utf-8", "\t"), ("utf-8-sig", ",")])
def test_csv_of_every_usual_kind(tmp_path, keys, ours, encoding, separator):
    lines = [
        ["person_id", "gyldig_fra", "status", "sivilstand"],
        [IN, "2015-01-01", "bosatt", "ugift, født i Bodø".replace(",", " og")],
    ]
    (tmp_path / "f.csv").write_bytes("\r\n".join(separator.join(line) for line in lines).encode(encoding))
    frame = admit_extract([tmp_path], "folkeregister", keys, ours).frame
    assert frame.select("status", "sivilstand", "gyldig_fra").row(0) == ("bosatt", "ugift og født i Bodø", date(2015, 1, 1))
