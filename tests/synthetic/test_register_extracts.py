"""Register extracts agree with the simulated exits and stand in the schemas of the registers."""

from datetime import date

import polars as pl
import pytest

from pipeline.synthetic import preset, simulate, write_extracts
from pipeline.synthetic.extracts import extracts
from pipeline.tables import REGISTERS

UNTIL = date(2026, 6, 30)


@pytest.fixture(scope="module")
def world():
    return simulate(preset("main", old_codes=True), 31)


@pytest.fixture(scope="module")
def registers(world):
    return extracts(world, UNTIL)


@pytest.fixture(scope="module")
def exits(world, registers):
    """Exits of persons whom the registers know and who neither left the country nor died."""
    known = registers["folkeregister"].group_by("person_id").agg((pl.col("status") == "bosatt").all().alias("stayed"))
    rows = world.true_exits.with_columns(person_id=world.fnr).join(known.filter("stayed"), on="person_id", maintain_order="left")
    return rows.filter(pl.col("slutt_dato") < date(2025, 1, 1))


def _months_in_work(registers):
    jobs = registers["arbeidsforhold"].filter((pl.col("type") != "lonnstilskudd") & (pl.col("stillingsprosent") > 0))
    return jobs.select("person_id", "maaned").unique().with_columns(job=pl.lit(True))


def _share_in_work(exits, registers, reason, month):
    rows = exits.filter(pl.col("avslutning") == reason).with_columns(
        maaned=pl.col("slutt_dato").dt.truncate("1mo").dt.offset_by(f"{month}mo")
    )
    return rows.join(_months_in_work(registers), on=["person_id", "maaned"], how="left")["job"].fill_null(False).mean()


def test_all_registers_in_their_schemas_with_unique_keys(registers):
    assert set(registers) == set(REGISTERS)
    for name, frame in registers.items():
        described = REGISTERS[name]
        assert frame.columns == [c.replace("person_key", "person_id") for c in described.names]
        keys = [k.replace("person_key", "person_id") for k in described.key]
        assert frame.select(keys).is_duplicated().sum() == 0, name
        assert frame.height > 0, name
        for column in described.columns:
            values = frame[column.name.replace("person_key", "person_id")].drop_nulls()
            assert not column.codes or set(values) <= set(column.codes), (name, column.name)
            assert not column.required or values.len() == frame.height, (name, column.name)


def test_a_job_follows_leaving_to_work_and_some_jobs_end(exits, registers):
    assert _share_in_work(exits, registers, "lonnsarbeid", 1) == 1.0
    assert 0.75 < _share_in_work(exits, registers, "lonnsarbeid", 12) < 0.95
    assert _share_in_work(exits, registers, "sosialhjelp", 3) < 0.2


def test_many_jobs_are_with_the_employer_of_the_placement(world, exits, registers):
    placements = world.measures.filter(pl.col("arbeidsgiver_orgnr").is_not_null()).select(
        person_id="fnr", orgnr="arbeidsgiver_orgnr"
    )
    first = exits.filter(pl.col("avslutning") == "lonnsarbeid").with_columns(
        maaned=pl.col("slutt_dato").dt.truncate("1mo").dt.offset_by("1mo")
    )
    placed = first.join(placements.select("person_id").unique(), on="person_id", how="semi")
    jobs = placed.join(registers["arbeidsforhold"], on=["person_id", "maaned"])
    same = jobs.join(placements.unique(), on=["person_id", "orgnr"], how="semi")["person_id"].n_unique()
    assert 0.40 < same / placed.height < 0.75


def test_education_follows_educational_exits_at_the_right_level(exits, registers):
    for reason, level in (("videregaende", "videregaende"), ("hoyere_utdanning", "hoyere"), ("grunnskole", "grunnskole")):
        left = exits.filter(pl.col("avslutning") == reason)
        spells = left.join(registers["utdanning"], on="person_id", suffix="_spell")
        assert spells["person_id"].n_unique() == left.height
        assert (spells["niva"] == level).all()
        assert (spells["start_dato"] >= spells["slutt_dato"]).all()
    running = registers["utdanning"].filter(pl.col("slutt_dato").is_null())
    assert (running["status"] == "pagaende").all()


def test_self_employed_have_income_from_the_year_of_exit(exits, registers):
    left = exits.filter(pl.col("avslutning") == "selvstendig").with_columns(aar=pl.col("slutt_dato").dt.year().cast(pl.Int64))
    assert left.join(registers["selvstendig"], on=["person_id", "aar"], how="anti").is_empty()


def test_benefits_fit_income_at_start_and_exit(world, exits, registers):
    paid = registers["ytelse"]
    before = world.participants.filter(pl.col("inntektskilde_start") == "sosialhjelp").select(
        person_id="fnr", maaned=pl.col("start_dato").dt.truncate("1mo").dt.offset_by("-2mo")
    )
    got = before.join(paid.filter(pl.col("ytelse") == "sosialhjelp"), on=["person_id", "maaned"], how="semi")
    assert got.height / before.height > 0.95
    kvp = exits.filter(pl.col("avslutning") == "kvp")
    assert kvp.join(paid.filter(pl.col("ytelse") == "kvp"), on="person_id", how="semi").height / kvp.height > 0.9


def test_a_few_are_missing_emigrate_or_die(world, registers):
    people = registers["folkeregister"]
    missing = 1 - people["person_id"].n_unique() / len(world.people)
    assert 0 < missing < 0.03
    assert {"bosatt", "utvandret"} <= set(people["status"])
    gone = people.filter(pl.col("status") != "bosatt").select("person_id", "gyldig_fra")
    after = gone.join(registers["arbeidsforhold"], on="person_id").filter(pl.col("maaned") > pl.col("gyldig_fra"))
    assert after.is_empty()


def test_residence_spells_do_not_overlap(registers):
    spells = registers["folkeregister"].sort("person_id", "gyldig_fra")
    following = spells["gyldig_fra"].shift(-1)
    same = spells["person_id"] == spells["person_id"].shift(-1)
    assert (spells.filter(same.fill_null(False))["gyldig_til"] == following.filter(same.fill_null(False))).all()


def test_language_tests_follow_latent_language(world, registers):
    order = {level: n for n, level in enumerate(("under_a1", "a1", "a2", "b1", "b2"))}
    tests = registers["norskprove"].group_by("person_id").agg(pl.col("niva").replace_strict(order, return_dtype=pl.Int64).mean())
    latent = pl.DataFrame({"person_id": world.fnr, "latent": world.course.language_end})
    both = tests.join(latent, on="person_id")
    assert both.select(pl.corr("niva", "latent")).item() > 0.8


def test_nothing_lies_after_the_end_of_the_extract(registers):
    for name, column in (
        ("arbeidsforhold", "maaned"),
        ("ytelse", "maaned"),
        ("arbeidssoker", "maaned"),
        ("norskprove", "prove_dato"),
    ):
        assert registers[name][column].max() <= UNTIL


def test_files_are_the_same_bytes_again(world, tmp_path):
    one, two = (write_extracts(world, tmp_path / name, UNTIL) for name in ("one", "two"))
    assert [p.name for p in one] == [f"{name}_2026-06.parquet" for name in sorted(REGISTERS)]
    assert [p.read_bytes() for p in one] == [p.read_bytes() for p in two]
