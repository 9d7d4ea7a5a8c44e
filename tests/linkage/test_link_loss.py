"""Link loss by group: counted once per participation, against the whole of the lost, and only where there is an extract."""

from __future__ import annotations

import math

import polars as pl
import pytest

from pipeline.linkage import kobling
from pipeline.linkage.link_loss import koblingstap
from pipeline.tables import STATISTIKK
from tests.linkage.linkage_cases import extracts, participations, random_world

PEOPLE = """deltakelse_key | person_key | avsender | kjonn | alder_start | landgruppe | malgruppe | start_dato | fylke_nr
    d1 | p1 | 4601 | kvinne | 24 | asia | ungdom | 2021-01-04 | 46
    d2 | p2 | 4601 | kvinne | 25 | asia | - | 2021-05-04 | 46
    d3 | p3 | 1103 | mann | 44 | - | ungdom | 2022-01-04 | 11
    d4 | p4 | 1103 | kvinne | 45 | afrika | ungdom | 2022-01-04 | 11
    d5 | p1 | 1103 | kvinne | - | asia | ungdom | 2023-01-04 | 11"""
KNOWN = """person_key | status | gyldig_fra
    p1 | bosatt | 2010-01-01
    p1 | utvandret | 2024-01-01
    p2 | bosatt | 2010-01-01
    fremmed | bosatt | 2010-01-01"""
GROUPS = {"kjonn", "aldersgruppe", "landgruppe", "malgruppe", "startaar", "fylke_nr", "avsender"}


@pytest.fixture
def made(tmp_path, settings) -> pl.DataFrame:
    return koblingstap(participations(PEOPLE), extracts(tmp_path / "u", folkeregister=KNOWN), settings)


def _row(made: pl.DataFrame, dim: str, value: str) -> dict[str, object]:
    return made.filter(dim=dim, dim_verdi=value).row(0, named=True)


def test_only_registers_with_an_extract_have_rows(made):
    assert made["register"].unique().to_list() == ["folkeregister"]
    assert set(made["dim"]) == {"alle", *GROUPS}
    assert made.schema == pl.Schema(STATISTIKK["koblingstap"].schema)


def test_a_participation_is_matched_once_however_many_rows_its_person_has(made):
    row = _row(made, "alle", "alle")
    assert [row[c] for c in ("n_deltakelser", "n_koblet", "n_ikke_koblet", "andel_koblet")] == [5, 3, 2, 0.6]
    assert row["standardisert_differanse"] is None  # everybody belongs to the group on both sides


@pytest.mark.parametrize(
    ("dim", "value", "counts"),
    [
        ("kjonn", "kvinne", [4, 3, 1]),
        ("kjonn", "mann", [1, 0, 1]),
        ("aldersgruppe", "under_25", [1, 1, 0]),
        ("aldersgruppe", "25_34", [1, 1, 0]),
        ("aldersgruppe", "35_44", [1, 0, 1]),
        ("aldersgruppe", "45_og_over", [1, 0, 1]),
        ("aldersgruppe", "ukjent", [1, 1, 0]),
        ("landgruppe", "ukjent", [1, 0, 1]),
        ("malgruppe", "ukjent", [1, 1, 0]),
        ("startaar", "2021", [2, 2, 0]),
        ("fylke_nr", "11", [3, 1, 2]),
        ("avsender", "4601", [2, 2, 0]),
    ],
)
def test_groups(made, dim, value, counts):
    row = _row(made, dim, value)
    assert [row[c] for c in ("n_deltakelser", "n_koblet", "n_ikke_koblet")] == counts


def test_the_difference_is_that_of_shares_in_standard_deviations(made):
    row = _row(made, "fylke_nr", "11")
    lost, matched = 2 / 2, 1 / 3
    spread = math.sqrt((lost * (1 - lost) + matched * (1 - matched)) / 2)
    assert row["andel_av_tapte"] == pytest.approx(lost)
    assert row["andel_av_koblede"] == pytest.approx(matched)
    assert row["standardisert_differanse"] == pytest.approx((lost - matched) / spread)


def test_what_no_row_means_stands_with_the_register(tmp_path, settings):
    benefits = "person_key | maaned | ytelse | belop_nok\n p1 | 2021-01-01 | kvp | 1"
    made = koblingstap(participations(PEOPLE), extracts(tmp_path / "u", folkeregister=KNOWN, ytelse=benefits), settings)
    assert dict(made.select("register", "betydning").unique().rows()) == {
        "folkeregister": "ukjent_i_registeret",
        "ytelse": "ingen_hendelse",
    }


def test_where_nobody_is_lost_there_is_nothing_to_compare(tmp_path, settings):
    everybody = "person_key | status | gyldig_fra\n" + "\n".join(f"p{i} | bosatt | 2010-01-01" for i in range(1, 5))
    made = koblingstap(participations(PEOPLE), extracts(tmp_path / "u", folkeregister=everybody), settings)
    assert made["n_ikke_koblet"].sum() == 0
    assert made["andel_av_tapte"].null_count() == made["standardisert_differanse"].null_count() == made.height


def test_nobody_takes_part(tmp_path, settings):
    nobody = participations(PEOPLE).clear()
    assert koblingstap(nobody, extracts(tmp_path / "u", folkeregister=KNOWN), settings).is_empty()
    assert koblingstap(participations(PEOPLE), {}, settings).is_empty()


@pytest.mark.parametrize("seed", [1, 2])
def test_every_grouping_holds_every_participation_and_agrees_with_the_link_counts(tmp_path, settings, seed):
    deltakelse, _, registers = random_world(seed)
    rng = pl.Series([f"{i % 3}" for i in range(deltakelse.height)])
    deltakelse = deltakelse.with_columns(
        kjonn=pl.Series(["kvinne", "mann"] * (deltakelse.height // 2)), fylke_nr=rng, landgruppe=rng, malgruppe=pl.lit("ungdom"),
        alder_start=pl.int_range(20, 20 + deltakelse.height),
    )  # fmt: skip
    paths = extracts(tmp_path / "u", **registers)
    made = koblingstap(deltakelse, paths, settings)
    sums = made.group_by("register", "dim").agg(pl.col("n_deltakelser", "n_koblet", "n_ikke_koblet").sum())
    known = kobling(deltakelse, paths, settings).filter(avsender="alle").select("register", _n="n_deltakelser", _k="n_koblet")
    assert sums.height == len(registers.keys() - {"virksomhet"}) * (len(GROUPS) + 1)
    both = sums.join(known, on="register")
    assert both.filter((pl.col("n_deltakelser") != pl.col("_n")) | (pl.col("n_koblet") != pl.col("_k"))).is_empty()
    shares = made.group_by("register", "dim").agg(pl.col("andel_av_tapte", "andel_av_koblede").sum())
    assert shares.select(((pl.col("andel_av_tapte") - 1).abs() < 1e-9).all()).item()
    assert made.equals(koblingstap(deltakelse.reverse(), paths, settings))
