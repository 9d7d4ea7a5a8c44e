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
from tests.linkage.linkage_cases import extracts, months_file, random_world

ALL = ("arbeidsforhold", "utdanning", "selvstendig", "arbeidssoker", "ytelse", "norskprove", "folkeregister")


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
    assert (links.filter(pl.col("avsender") == "alle")["n_deltakelser"] == deltakelse.height).all()
    for left, right in zip(first, second, strict=True):
        assert left.equals(right)


def reference(
    monthly: pl.DataFrame, deltakelse: pl.DataFrame, registers: dict[str, pl.DataFrame]
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Work per participation and month, and lasting work, written anew in polars."""
    jobs = registers["arbeidsforhold"]
    real = (pl.col("type") != "lonnstilskudd") & (pl.col("stillingsprosent") > 0)
    per_month = jobs.group_by("person_key", "maaned").agg(
        real.fill_null(False).any().alias("job"),
        pl.col("stillingsprosent").filter(pl.col("type") != "lonnstilskudd").sum().alias("position"),
    )
    owners = (
        registers["selvstendig"].group_by("person_key", aar="aar").agg((pl.col("naeringsinntekt_nok").sum() > 0).alias("own"))
    )
    reached = pl.col("maaned").is_between(jobs["maaned"].min(), jobs["maaned"].max())
    months = (
        monthly.select("deltakelse_key", "person_key", "maaned", "m_slutt")
        .join(per_month, on=["person_key", "maaned"], how="left")
        .with_columns(aar=pl.col("maaned").dt.year().cast(pl.Int64))
        .join(owners, on=["person_key", "aar"], how="left")
        .with_columns(
            i_arbeid=pl.when(reached).then(pl.col("job").fill_null(False) | pl.col("own").fill_null(False)),
            stillingsprosent=pl.when(reached).then(pl.col("position").fill_null(0.0).clip(upper_bound=100.0)),
        )
    )
    after = months.filter(pl.col("m_slutt").is_between(1, 12)).drop_nulls("i_arbeid").group_by("deltakelse_key")
    year = after.agg(
        varig_12m=pl.when(pl.len() == 12).then(pl.col("i_arbeid").all()),
        i_arbeid_12m=pl.col("i_arbeid").filter(pl.col("m_slutt") == 12).first(),
    )
    return months.select("deltakelse_key", "maaned", "i_arbeid", "stillingsprosent"), deltakelse.select("deltakelse_key").join(
        year, on="deltakelse_key", how="left"
    )


@pytest.mark.parametrize("seed", range(4))
def test_equals_the_polars_reference(tmp_path, settings, seed):
    deltakelse, tiltak, registers = random_world(seed, n=120)
    monthly, outcomes, _ = run(tmp_path, deltakelse, tiltak, registers, settings)
    months, year = reference(monthly, deltakelse, registers)
    assert_frame_equal(monthly.select(months.columns), months, check_row_order=False)
    assert_frame_equal(outcomes.select(year.columns), year, check_row_order=False)
    assert outcomes["varig_12m"].null_count() < outcomes.height


def test_november_status_equals_the_polars_reference(tmp_path, settings):
    deltakelse, tiltak, registers = random_world(7, n=150)
    monthly, outcomes, _ = run(tmp_path, deltakelse, tiltak, registers, settings)
    november = pl.date(pl.col("slutt_dato").dt.year() + 1, 11, 1)
    at = deltakelse.with_columns(maaned=november).join(monthly, on=["deltakelse_key", "maaned"], how="left")
    work, study, nav = pl.col("i_arbeid"), pl.col("under_utdanning"), pl.col("arbeidssoker_status")
    status = (
        pl.when(work.is_null() | study.is_null() | (pl.col("maaned") > registers["arbeidssoker"]["maaned"].max())).then(None)
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
