"""Joins never multiply or lose participations, order leaves no trace, and a polars reference finds the same."""

from __future__ import annotations

import tempfile
from datetime import date
from pathlib import Path

import polars as pl
import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from pipeline.linkage import kobling, utfall
from pipeline.tables import KLARGJORT
from tests.linkage import reference
from tests.linkage.linkage_cases import extracts, months_file, random_world

ALL = ("arbeidsforhold", "utdanning", "selvstendig", "arbeidssoker", "ytelse", "norskprove", "folkeregister", "virksomhet")


def run(folder, deltakelse, tiltak, registers, settings):
    paths = extracts(folder, **registers)
    monthly = months_file(deltakelse, tiltak, paths, settings)
    outcomes = utfall(deltakelse, tiltak, monthly, paths, settings)
    return pl.read_parquet(monthly), outcomes, kobling(deltakelse, paths, settings)


@given(seed=st.integers(0, 10_000), present=st.sets(st.sampled_from(ALL)))
@hypothesis_settings(
    max_examples=12, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_no_participation_is_lost_or_doubled_and_order_leaves_no_trace(settings, seed, present):
    deltakelse, tiltak, registers = random_world(seed)
    registers = {name: registers[name] for name in sorted(present)}
    shuffled = {name: frame.sample(fraction=1, shuffle=True, seed=seed) for name, frame in registers.items()}
    with tempfile.TemporaryDirectory() as folder:
        first = run(Path(folder) / "a", deltakelse, tiltak, registers, settings)
        second = run(Path(folder) / "b", deltakelse.reverse(), tiltak.reverse(), shuffled, settings)
    monthly, outcomes, links = first
    assert outcomes["deltakelse_key"].to_list() == sorted(deltakelse["deltakelse_key"])
    assert not monthly.select("deltakelse_key", "maaned").is_duplicated().any()
    assert (monthly["m_start"] >= -12).all()
    assert (monthly["m_slutt"].drop_nulls() <= 60).all()
    dated = monthly.join(deltakelse.select("deltakelse_key", "start_dato", "slutt_dato"), on="deltakelse_key")
    for day, apart in (("start_dato", "m_start"), ("slutt_dato", "m_slutt")):
        months_apart = pl.format("{}mo", apart)
        on_its_month = pl.col(day).dt.truncate("1mo").dt.offset_by(months_apart).eq_missing(pl.col("maaned"))
        assert dated.filter(pl.col(apart).is_not_null()).select(on_its_month.all()).item()
    assert (links.filter(pl.col("avsender") == "alle")["n_deltakelser"] == deltakelse.height).all()
    lost = reference.unrecognised(registers)
    told = [c for c in monthly.columns if c not in ("deltakelse_key", "maaned", "person_key", "m_start", "m_slutt")]
    assert monthly.filter(lost).select(pl.col(told).null_count() == pl.len()).row(0) == (True,) * len(told)
    after = [c for c in outcomes.columns if c not in ("deltakelse_key", "person_key", "direkte_overgang", "november_status")]
    assert outcomes.filter(lost).select(pl.col(after).null_count() == pl.len()).row(0) == (True,) * len(after)
    for left, right in zip(first, second, strict=True):
        assert left.equals(right)


@pytest.mark.parametrize("seed", range(4))
def test_equals_the_polars_reference(tmp_path, settings, seed):
    deltakelse, tiltak, registers = random_world(seed, n=120)
    monthly, outcomes, _ = run(tmp_path, deltakelse, tiltak, registers, settings)
    months = reference.months_of_work(monthly, registers)
    compared = [
        "deltakelse_key",
        "maaned",
        "i_arbeid",
        "stillingsprosent",
        "bosatt_status",
        "borte",
        "bosted_komm_nr",
        "bosted_komm_nr_ref",
    ]
    assert_frame_equal(monthly.select(compared), months.select(compared), check_row_order=False)
    money = reference.amounts(monthly, registers, months)
    assert_frame_equal(monthly.select(money.columns), money, check_row_order=False)
    for name in money.columns[2:]:
        assert monthly.filter(monthly["i_arbeid"].is_not_null())[name].null_count() > 50, name
    assert monthly["borte"].sum() > 100
    assert monthly.filter(reference.unrecognised(registers))["person_key"].n_unique() == 5
    for expected in (
        reference.after_exit(months, deltakelse, registers["folkeregister"]),
        reference.from_start(months, deltakelse, registers["arbeidsforhold"]),
        reference.employers(deltakelse, registers["arbeidsforhold"], registers["virksomhet"]),
    ):
        assert_frame_equal(outcomes.select(expected.columns), expected, check_row_order=False)
        for name in expected.columns[1:]:
            assert 0 < outcomes[name].null_count() < outcomes.height, name


@pytest.mark.parametrize("seed", [8, 9])
def test_sums_of_a_year_equal_the_polars_reference(tmp_path, settings, seed):
    """Amounts are missing in few months here: in the other worlds hardly a year is known."""
    deltakelse, tiltak, registers = random_world(seed, n=120)
    for register, amount in (("arbeidsforhold", "lonn_nok"), ("ytelse", "belop_nok")):
        kept = pl.int_range(pl.len()) % 40 == 0
        registers[register] = registers[register].with_columns(
            pl.when(kept).then(amount).otherwise(pl.col(amount).fill_null(7.25))
        )
    monthly, outcomes, _ = run(tmp_path, deltakelse, tiltak, registers, settings)
    expected = reference.sums(monthly)
    assert_frame_equal(outcomes.select(expected.columns), expected, check_row_order=False)
    for name in expected.columns[1:]:
        assert 0 < outcomes[name].null_count() < outcomes.height, name


@pytest.mark.parametrize("seed", [3, 4])
def test_language_steps_are_the_difference_of_the_levels(tmp_path, settings, seed):
    deltakelse, tiltak, registers = random_world(seed, n=150)
    _, outcomes, _ = run(tmp_path, deltakelse, tiltak, registers, settings)
    before, after = (
        pl.col(f"norskprove_best_{when}").replace_strict(reference.LEVELS, return_dtype=pl.Int64) for when in ("for", "etter")
    )
    assert outcomes.select((after - before).alias("norskprove_trinn")).equals(outcomes.select("norskprove_trinn"))
    assert outcomes["norskprove_trinn"].drop_nulls().is_between(0, 5).all()
    assert outcomes["norskprove_trinn"].n_unique() > 2


@pytest.mark.parametrize("seed", [5, 6])
def test_in_the_months_of_the_gone_nothing_is_told_of_work_education_or_benefits(tmp_path, settings, seed):
    deltakelse, tiltak, registers = random_world(seed, n=120)
    with_all, _, _ = run(tmp_path / "a", deltakelse, tiltak, registers, settings)
    without = {name: frame for name, frame in registers.items() if name != "folkeregister"}
    before, _, _ = run(tmp_path / "b", deltakelse, tiltak, without, settings)
    residence = ["bosatt_status", "borte", "bosted_komm_nr", "bosted_komm_nr_ref"]
    told = [
        c for c in with_all.columns if c not in (*KLARGJORT["person_maaned"].key, "person_key", "m_start", "m_slutt", *residence)
    ]
    lost = with_all.select(reference.unrecognised(registers)).to_series()
    assert not before.filter(lost)["i_arbeid"].drop_nulls().is_empty()
    gone = with_all["borte"].fill_null(False) | lost
    assert with_all.filter(gone).select(pl.col(told).null_count() == pl.len()).row(0) == (True,) * len(told)
    assert with_all.filter(~gone).select(told).equals(before.filter(~gone).select(told))
    assert not before.filter(gone)["i_arbeid"].drop_nulls().is_empty()
    assert before.select(pl.col(residence).null_count() == pl.len()).row(0) == (True,) * len(residence)


def test_november_status_equals_the_polars_reference(tmp_path, settings):
    deltakelse, tiltak, registers = random_world(7, n=150)
    monthly, outcomes, _ = run(tmp_path, deltakelse, tiltak, registers, settings)
    november = pl.date(pl.col("slutt_dato").dt.year() + 1, 11, 1)
    at = deltakelse.with_columns(maaned=november).join(monthly, on=["deltakelse_key", "maaned"], how="left")
    work, study, nav = pl.col("i_arbeid"), pl.col("under_utdanning"), pl.col("arbeidssoker_status")
    gone, spells = pl.col("borte").fill_null(False), registers["utdanning"]
    ended = spells.filter(pl.col("status") != "pagaende")["slutt_dato"]
    reach = [
        reference.reaches(days)
        for days in (
            registers["arbeidsforhold"]["maaned"],
            registers["arbeidssoker"]["maaned"],
            pl.concat([spells["start_dato"], ended]),
        )
    ]
    reached = pl.col("maaned").is_between(max(first for first, _ in reach), min(last for _, last in reach))
    status = (
        pl.when(reached.fill_null(False).not_() | pl.col("m_slutt").is_null()).then(None)
        .when(gone | reference.unrecognised(registers)).then(pl.lit("annet_eller_ukjent"))
        .when(work & study).then(pl.lit("sysselsatt_og_under_utdanning"))
        .when(work).then(pl.lit("sysselsatt"))
        .when(study).then(pl.lit("under_utdanning"))
        .when(nav.is_in(["helt_ledig", "paa_tiltak"])).then(nav).otherwise(pl.lit("annet_eller_ukjent"))
    )  # fmt: skip
    expected = at.select("deltakelse_key", november_status=status)
    assert_frame_equal(outcomes.select("deltakelse_key", "november_status"), expected, check_row_order=False)
    assert outcomes["november_status"].drop_nulls().n_unique() >= 4


def test_months_begin_a_year_before_the_first_start(tmp_path, settings):
    deltakelse, tiltak, registers = random_world(1, n=1500)
    monthly, _, _ = run(tmp_path, deltakelse, tiltak, registers, settings)
    assert monthly["maaned"].min() >= date(2018, 6, 1)


def test_nothing_is_left_behind(tmp_path, settings):
    deltakelse, tiltak, registers = random_world(2)
    run(tmp_path / "x", deltakelse, tiltak, registers, settings)
    assert list(settings.home.root.rglob("*")) == [settings.home.warehouse]
    assert not list(settings.home.warehouse.iterdir())
