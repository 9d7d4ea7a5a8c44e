from __future__ import annotations

import hashlib
import os
import traceback
from datetime import date

import polars as pl
import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from pipeline.errors import UserError
from pipeline.pseudonyms import Keys, new_key_file, new_register_key_file, person_keys, pseudonymise_file
from pipeline.tables import INNDATA
from tests.pseudonyms.extracts.extract_case import admitted
from tests.pseudonyms.synthetic_numbers import numbers

IN, ALSO, OUT = numbers(3)
IDS = pl.Series([IN, ALSO])


def jobs(**changes):
    base = {
        "person_id": [IN, IN, ALSO, OUT], "maaned": [date(2024, m, 1) for m in (1, 2, 1, 1)], "orgnr": ["974760673"] * 4,
        "stillingsprosent": [50.0, 100.0, 20.0, 100.0], "timer_per_uke": [18.75, 37.5, 7.5, 37.5], "lonn_nok": [2e4, 4e4, 8e3, 4e4],
        "type": ["ordinaert", "ordinaert", "lonnstilskudd", "ordinaert"],
    }  # fmt: skip
    return pl.DataFrame({**base, **changes})


@pytest.fixture
def drop(tmp_path):
    folder = tmp_path / "drop"
    folder.mkdir()
    return folder


def test_participants_only_and_keyed_by_our_pseudonym(drop, tmp_path, keys):
    jobs().write_parquet(drop / "a.parquet")
    seen = admitted([drop], "arbeidsforhold", keys, IDS, tmp_path)
    assert (seen.profile.rows, seen.frame.height, seen.repeated) == (4, 3, 0)
    assert set(seen.frame["person_key"]) == set(person_keys(IDS, keys))
    assert seen.frame.schema == pl.Schema(INNDATA["register_arbeidsforhold"].schema)
    assert (seen.profile.first, seen.profile.last) == (date(2024, 1, 1), date(2024, 2, 1))


def test_a_register_of_nobody_known_is_empty(drop, tmp_path, keys):
    jobs().write_parquet(drop / "a.parquet")
    for nobody in (pl.Series([], dtype=pl.String), pl.Series(numbers(5)[4:])):
        seen = admitted([drop], "arbeidsforhold", keys, nobody, tmp_path)
        assert seen.frame.schema == pl.Schema(INNDATA["register_arbeidsforhold"].schema)
        assert seen.frame.is_empty()


def test_csv_parquet_and_hive_folders_give_the_same_rows(drop, tmp_path, keys):
    jobs().write_parquet(drop / "a.parquet")
    text = jobs().with_columns(
        pl.col("maaned").dt.strftime("%d.%m.%Y"), pl.col("stillingsprosent").cast(pl.String).str.replace(".", ",", literal=True)
    )
    text.rename(str.upper).write_csv(drop / "b.csv", separator=";", include_bom=True)
    for month in (1, 2):
        folder = drop / "hive" / f"maaned=2024-0{month}-01"
        folder.mkdir(parents=True)
        jobs().filter(pl.col("maaned").dt.month() == month).drop("maaned").write_parquet(folder / "del.parquet")
    frames = [admitted([drop / p], "arbeidsforhold", keys, IDS, tmp_path).frame for p in ("a.parquet", "b.csv", "hive")]
    assert frames[0].equals(frames[1])
    assert frames[0].equals(frames[2])
    mixed = admitted([drop], "arbeidsforhold", keys, IDS, tmp_path)
    assert frames[0].equals(mixed.frame)
    assert mixed.repeated == 6


@given(seed=st.integers(0, 10_000), parts=st.integers(1, 4))
@hypothesis_settings(
    max_examples=15, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_the_order_of_rows_and_files_leaves_no_trace(tmp_path_factory, keys, seed, parts):
    folder = tmp_path_factory.mktemp("order")
    people = numbers(60)
    known = pl.Series(people[:40])
    rows = pl.DataFrame(
        {
            "person_id": [people[(seed + 7 * i) % 60] for i in range(400)], "maaned": [date(2023, 1 + i % 12, 1) for i in range(400)],
            "orgnr": [f"310{i:06d}" for i in range(400)], "stillingsprosent": [float(i % 7) * 10 for i in range(400)],
            "type": ["frilans" if i % 9 == 0 else "ordinaert" for i in range(400)],
        }
    )  # fmt: skip
    rows.write_parquet(folder / "hel.parquet", row_group_size=50 + seed % 100)
    shuffled = rows.sample(fraction=1, shuffle=True, seed=seed)
    size = -(-400 // parts)
    for i in range(parts):
        path = folder / "deler" / f"{(i * 31 + seed) % 97}.parquet"
        path.parent.mkdir(exist_ok=True)
        shuffled[i * size : (i + 1) * size].write_parquet(path)
        os.utime(path, (1_700_000_000, 1_700_000_000))
    digests = []
    for place in ("hel.parquet", "deler"):
        seen = admitted([folder / place], "arbeidsforhold", keys, known, folder)
        digests.append(hashlib.sha256((folder / "admitted.parquet").read_bytes()).hexdigest())
        assert seen.frame.equals(seen.frame.sort(seen.frame.columns))
    assert digests[0] == digests[1]
    assert seen.frame.height == rows.filter(pl.col("person_id").is_in(known.implode())).unique().height


def test_of_files_with_the_same_key_the_last_one_counts(drop, tmp_path, keys):
    jobs().write_parquet(drop / "gammel.parquet")
    jobs(stillingsprosent=[60.0, 100.0, 20.0, 100.0])[:1].write_parquet(drop / "anny.parquet")
    os.utime(drop / "gammel.parquet", (1_700_000_000, 1_700_000_000))
    os.utime(drop / "anny.parquet", (1_700_000_100, 1_700_000_100))
    frame = admitted([drop], "arbeidsforhold", keys, IDS, tmp_path).frame
    january = frame.filter((pl.col("person_key") == person_keys(IDS, keys)[0]) & (pl.col("maaned") == date(2024, 1, 1)))
    assert january["stillingsprosent"].to_list() == [60.0]
    assert frame.height == 3


@pytest.mark.parametrize("corrected", [1, 10, 19])
def test_a_correction_that_came_with_what_it_corrects_takes_its_place_also_where_the_employer_changed(
    drop, tmp_path, keys, corrected
):
    people = numbers(20)
    first = pl.DataFrame({"person_id": people, "maaned": [date(2024, 1, 1)] * 20, "orgnr": ["310196303"] * 20})
    first = first.with_columns(stillingsprosent=pl.lit(50.0), type=pl.lit("ordinaert"))
    right = first.with_columns(orgnr=pl.when(pl.int_range(20) < corrected).then(pl.lit("310196281")).otherwise("orgnr"))
    for name, rows, came in (("jan", first, 0), ("jan_v2", right, 100), ("feb", first.with_columns(maaned=date(2024, 2, 1)), 50)):
        rows.write_parquet(drop / f"{name}.parquet")
        os.utime(drop / f"{name}.parquet", (1_700_000_000 + came, 1_700_000_000 + came))
    seen = admitted([drop], "arbeidsforhold", keys, pl.Series(people), tmp_path).frame
    january = seen.filter(maaned=date(2024, 1, 1))
    # a correction with fewer than half of the keys cannot be told from a part of the same extract
    assert january.height == (20 if corrected <= 10 else 39)
    assert seen.filter(maaned=date(2024, 2, 1)).height == 20
    assert january.filter(orgnr="310196281").height == corrected


def test_spells_that_were_corrected_the_same_night_stand_once(drop, tmp_path, keys):
    spells = pl.DataFrame(
        {"person_id": [IN, IN], "status": ["bosatt", "utflyttet"], "gyldig_fra": [date(2020, 1, 1), date(2022, 1, 1)]}
    )
    for came, rows in enumerate((spells, spells.with_columns(gyldig_fra=pl.Series([date(2020, 1, 1), date(2023, 1, 1)])))):
        rows.write_parquet(drop / f"{came}.parquet")
        os.utime(drop / f"{came}.parquet", (1_700_000_000 + came, 1_700_000_000 + came))
    frame = admitted([drop], "folkeregister", keys, IDS, tmp_path).frame
    assert frame["gyldig_fra"].to_list() == [date(2020, 1, 1), date(2023, 1, 1)]


def test_parts_of_one_write_came_at_once_and_a_later_write_corrects_them(drop, tmp_path, keys):
    writes = ("1f0c2d3e-0000-4a4a-8b8b-0123456789ab", "2f0c2d3e-0000-4a4a-8b8b-0123456789ab")
    parts = [
        (0, 0, 50.0),
        (0, 1, 20.0),
        (1, 0, 60.0),
        (1, 1, 10.0),
    ]  # of which write, which part, a position with the same employer
    for came, (write, part, position) in enumerate(parts):
        path = drop / f"part-0000{part}-{writes[write]}-c000.snappy.parquet"
        jobs(person_id=[IN] * 4, maaned=[date(2024, 1, 1)] * 4, stillingsprosent=[position] * 4)[:1].write_parquet(path)
        os.utime(path, (1_700_000_000 + came, 1_700_000_000 + came))
        if (write, part) == (0, 1):
            first = admitted([drop], "arbeidsforhold", keys, IDS, tmp_path).frame
    assert first["stillingsprosent"].to_list() == [20.0, 50.0]
    assert admitted([drop], "arbeidsforhold", keys, IDS, tmp_path).frame["stillingsprosent"].to_list() == [10.0, 60.0]


def test_two_jobs_with_one_employer_are_two(drop, tmp_path, keys):
    jobs(person_id=[IN] * 4, maaned=[date(2024, 1, 1)] * 4, stillingsprosent=[50.0, 20.0, 20.0, 30.0]).with_columns(
        timer_per_uke=pl.lit(1.0), lonn_nok=pl.lit(1.0), type=pl.lit("ordinaert")
    ).write_parquet(drop / "a.parquet")
    seen = admitted([drop], "arbeidsforhold", keys, IDS, tmp_path)
    assert (seen.frame["stillingsprosent"].to_list(), seen.repeated) == ([20.0, 30.0, 50.0], 1)


def test_the_owners_pseudonyms_are_mapped_to_ours(drop, tmp_path, keys):
    jobs().write_parquet(drop / "a.parquet")
    own = new_register_key_file(tmp_path / "nokkel.json", "arbeidsforhold", keys)
    target = tmp_path / "eier.parquet"
    pseudonymise_file(drop / "a.parquet", target, "arbeidsforhold", own)
    delivered = pl.read_parquet(target)
    assert "person_id" not in delivered.columns
    assert not set(delivered["person_key"]) & set(person_keys(IDS, keys))
    direct = admitted([drop], "arbeidsforhold", keys, IDS, tmp_path).frame
    assert direct.equals(admitted([target], "arbeidsforhold", keys, IDS, tmp_path).frame)


def test_another_key_version_is_refused_and_another_projects_key_matches_nobody(drop, tmp_path, keys):
    jobs().write_parquet(drop / "a.parquet")
    foreign = new_key_file(tmp_path / "fremmed.json")
    for name, key in (("b", foreign), ("c", Keys(keys.version, foreign.secret))):
        pseudonymise_file(drop / "a.parquet", tmp_path / f"{name}.parquet", "arbeidsforhold", key)
        with pytest.raises(UserError, match=r"another key in 1 of its file"):
            admitted([tmp_path / f"{name}.parquet"], "arbeidsforhold", keys, IDS, tmp_path)
        pl.read_parquet(tmp_path / f"{name}.parquet").write_parquet(tmp_path / f"{name}2.parquet")  # without the stamp
    with pytest.raises(UserError, match="another key version than DEMO in 4 row"):
        admitted([tmp_path / "b2.parquet"], "arbeidsforhold", keys, IDS, tmp_path)
    assert admitted([tmp_path / "c2.parquet"], "arbeidsforhold", keys, IDS, tmp_path).frame.is_empty()


def test_every_number_of_a_person_leads_to_her_one_pseudonym(drop, tmp_path, keys):
    jobs(person_id=[IN, ALSO, OUT, OUT]).write_parquet(drop / "a.parquet")
    one = pl.DataFrame({"person_id": [IN, ALSO], "person_key": [person_keys(IDS, keys)[0]] * 2})
    from pipeline.pseudonyms import admit, at_the_border, open_checked

    with at_the_border(tmp_path / "s", "300MB") as connection:
        source = open_checked(connection, [drop], "arbeidsforhold", keys, tmp_path / "s")
        result = admit(connection, source, "arbeidsforhold", keys, one, tmp_path / "ut.parquet")
    assert (result.rows, result.participants) == (2, 1)


def test_doubtful_values_are_counted_not_shown(drop, tmp_path, keys):
    frame = jobs(
        person_id=[IN, IN, "123", None], maaned=[date(2024, 1, 15), date(2024, 2, 1), date(2024, 1, 1), date(2024, 1, 1)],
        type=["Ola Nordmann", "ukjent_type", "ordinaert", "ordinaert"],
    ).with_columns(hemmelig=pl.lit(IN))  # fmt: skip
    pl.concat([frame, frame[1:2]]).write_parquet(drop / "a.parquet")
    seen = admitted([drop], "arbeidsforhold", keys, IDS, tmp_path)
    assert (seen.profile.malformed, seen.repeated) == (2, 1)
    kind = seen.column("type")
    assert (kind["n_uleselig"], kind["n_null"], kind["n_utenfor_kodeliste"]) == (1, 1, 2)
    assert seen.frame["maaned"].to_list() == [date(2024, 1, 1), date(2024, 2, 1)]
    assert "Nordmann" not in seen.frame.write_csv()
    assert "Nordmann" not in seen.profile.values.write_csv() + seen.profile.columns.write_csv()


@pytest.mark.parametrize(
    ("column", "text", "read"),
    [
        ("maaned", ["2024-02-01", "15.02.2024", "31.02.2024", "01.02.24"], [date(2024, 2, 1), date(2024, 2, 1), None, None]),
        ("stillingsprosent", ["50,5", " 20 ", "nan", "1e999"], [50.5, 20.0, None, None]),
        ("lonn_nok", ["12", "", "abc", "-3"], [12.0, None, None, None]),
        ("stillingsprosent", ["201", "200", "0", "1e11"], [None, 200.0, 0.0, None]),
    ],
)
def test_texts_are_read_as_described_or_not_at_all(drop, tmp_path, keys, column, text, read):
    rows = jobs(person_id=[IN] * 4, orgnr=["310196301", "310196302", "310196303", "310196304"]).with_columns(
        pl.Series(column, text)
    )
    rows.select(pl.all().cast(pl.String)).write_csv(drop / "a.csv", separator=";")
    seen = admitted([drop], "arbeidsforhold", keys, IDS, tmp_path)
    assert seen.frame.sort("orgnr")[column].to_list() == read
    assert seen.column(column)["n_uleselig"] == sum(r is None and t.strip() != "" for r, t in zip(read, text, strict=True))


def test_whole_numbers_are_not_rounded(drop, tmp_path, keys):
    (drop / "s.csv").write_text(f"person_id;aar;naeringsinntekt_nok\n{IN};2023;1\n{IN};2022.5;1\n{IN};2.0e3;1\n")
    assert admitted([drop], "selvstendig", keys, IDS, tmp_path).frame["aar"].to_list() == [2023, None]


def test_optional_columns_may_be_missing(drop, tmp_path, keys):
    jobs().drop("lonn_nok").write_parquet(drop / "a.parquet")
    seen = admitted([drop], "arbeidsforhold", keys, IDS, tmp_path)
    assert seen.column("lonn_nok")["n_null"] == 4
    assert seen.frame["lonn_nok"].null_count() == 3


def test_birth_dates_become_years(drop, tmp_path, keys):
    pl.DataFrame(
        {"person_id": [IN], "status": ["bosatt"], "fodselsdato": [date(1990, 1, 1)], "gyldig_fra": [date(2015, 1, 1)]}
    ).write_parquet(drop / "f.parquet")
    frame = admitted([drop], "folkeregister", keys, IDS, tmp_path).frame
    assert frame["fodselsaar"].to_list() == [1990]
    assert "fodselsdato" not in frame.columns


def test_establishments_have_no_person(drop, tmp_path, keys):
    pl.DataFrame({"orgnr": ["974760673"], "naering": ["84.110"], "sektor": ["statlig"]}).write_csv(drop / "v.csv")
    assert admitted([drop], "virksomhet", keys, IDS, tmp_path).frame["orgnr"].to_list() == ["974760673"]


UNUSABLE = {
    "no person": lambda: jobs().drop("person_id"),
    "two ways of naming": lambda: jobs().with_columns(person_key=pl.lit("x"), key_version=pl.lit("DEMO")),
    "pseudonyms without a version": lambda: jobs().rename({"person_id": "person_key"}),
    "missing required column": lambda: jobs().drop("maaned"),
    "number that ate zeros": lambda: jobs().with_columns(pl.col("person_id").cast(pl.Int64)),
    "month is no date": lambda: jobs(maaned=[f"{IN}"] * 4),
    "organisation as number": lambda: jobs(orgnr=[974760673] * 4),
    "identity in a text column": lambda: jobs(orgnr=[IN] * 4),
    "two columns of one name": lambda: jobs().with_columns(pl.lit("x").alias(" Type ")),
}


@pytest.mark.parametrize("case", UNUSABLE)
def test_an_unusable_extract_is_refused_without_a_value(drop, tmp_path, keys, case):
    UNUSABLE[case]().write_parquet(drop / "a.parquet")
    with pytest.raises(UserError) as caught:
        admitted([drop], "arbeidsforhold", keys, IDS, tmp_path)
    assert IN not in "".join(traceback.format_exception(caught.value))
    assert not (tmp_path / "admitted.parquet").exists()
    assert not (tmp_path / "scratch").exists()


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.parquet", f"ikke parquet {IN}".encode()),
        ("a.csv", f"person_id;maaned;orgnr;type\n{IN};2024-01-01;1;ordinaert;{IN}\n".encode()),
        ("a.csv", f"person_id;maaned;orgnr;type\n{IN};2024-01-01\n".encode()),
        ("a.csv", b"person_id;maaned;orgnr;type\n\x81\x8d;;;\n"),
    ],
)
def test_broken_files_are_refused_without_a_value(drop, tmp_path, keys, name, content):
    (drop / name).write_bytes(content)
    with pytest.raises(UserError) as caught:
        admitted([drop], "arbeidsforhold", keys, IDS, tmp_path)
    assert IN not in "".join(traceback.format_exception(caught.value))
    assert caught.value.__context__ is None


@pytest.mark.parametrize("keep", [0.3, 0.6, 0.98])
def test_a_half_written_file_is_refused(drop, tmp_path, keys, keep):
    jobs().write_parquet(tmp_path / "hel.parquet")
    whole = (tmp_path / "hel.parquet").read_bytes()
    (drop / "a.parquet").write_bytes(whole[: int(len(whole) * keep)])
    with pytest.raises(UserError, match="damaged or half written"):
        admitted([drop], "arbeidsforhold", keys, IDS, tmp_path)


def test_links_and_unfinished_files_are_not_taken(drop, tmp_path, keys):
    jobs().write_parquet(tmp_path / "ute.parquet")
    (drop / "lenke.parquet").symlink_to(tmp_path / "ute.parquet")
    (drop / "a.parquet.part").write_bytes(b"PAR1")
    with pytest.raises(UserError, match="no Parquet or CSV"):
        admitted([drop], "arbeidsforhold", keys, IDS, tmp_path)


def test_a_path_is_never_a_statement(tmp_path, keys):
    drop = tmp_path / "o'drop; DROP TABLE persons --"
    drop.mkdir()
    jobs().write_parquet(drop / "a'.parquet")
    assert admitted([drop], "arbeidsforhold", keys, IDS, tmp_path).frame.height == 3


def test_a_column_name_is_never_a_statement(drop, tmp_path, keys):
    jobs().with_columns(pl.lit(1).alias('"; DROP TABLE persons; --')).write_parquet(drop / "a.parquet")
    assert admitted([drop], "arbeidsforhold", keys, IDS, tmp_path).frame.height == 3


@pytest.mark.parametrize(("encoding", "separator"), [("cp1252", ";"), ("utf-8", "\t"), ("utf-8-sig", ",")])
def test_csv_of_every_usual_kind(drop, tmp_path, keys, encoding, separator):
    lines = [
        ["person_id", "gyldig_fra", "status", "sivilstand", "fødested"],
        [IN, "2015-01-01", "bosatt", "enke/enkemann", "Bodø"],
    ]
    (drop / "f.csv").write_bytes("\r\n".join(separator.join(line) for line in lines).encode(encoding))
    frame = admitted([drop], "folkeregister", keys, IDS, tmp_path).frame
    assert frame.select("status", "sivilstand", "gyldig_fra").row(0) == ("bosatt", "enke/enkemann", date(2015, 1, 1))
