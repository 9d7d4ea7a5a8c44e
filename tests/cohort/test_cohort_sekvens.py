"""Orders of measures and the waits between them: what is merged, what is left out, and what is not yet known."""

from __future__ import annotations

import polars as pl
import pytest

from pipeline.cohort import opphold, sekvenser
from tests.cohort.cohort_tables import drawn, shown, table

ENROLLED = "deltakelse_key start_dato slutt_dato statusdato overgang varighet_maaneder\n d1 2022-01-01 - 2022-12-31 - -"
LEFT = "deltakelse_key start_dato slutt_dato statusdato overgang varighet_maaneder\n d1 2022-01-01 2022-06-30 2022-12-31 true 6.0"


def _people(text: str) -> pl.DataFrame:
    return table("deltakelse", text, "klargjort")


def _spells(*lines: str) -> pl.DataFrame:
    return table("tiltak", "\n".join(["deltakelse_key tiltak_type start_dato slutt_dato", *lines]), "klargjort")


def _many(n: int, **columns: object) -> pl.DataFrame:
    one = _people(LEFT)
    return pl.concat([one.with_columns(deltakelse_key=pl.lit(f"d{i}")) for i in range(n)]).with_columns(
        pl.lit(v).alias(k) for k, v in columns.items()
    )


def test_repeats_are_one_and_companions_are_left_out():
    spells = _spells(
        "d1 kartlegging 2022-01-01 2022-01-10", "d1 norskopplaering 2022-01-01 2022-02-01", "d1 norskopplaering 2022-02-10 2022-03-01",
        "d1 mentor 2022-03-02 2022-06-01", "d1 arbeidspraksis 2022-03-05 2022-04-01", "d1 norskopplaering 2022-04-05 -",
        "d1 jobbklubb 2022-07-15 -",
    )  # fmt: skip
    everyone = pl.concat([spells.with_columns(deltakelse_key=pl.lit(f"d{i}")) for i in range(10)])
    made = sekvenser(_many(10), everyone)
    assert made["sekvens"].to_list() == ["norskopplaering > arbeidspraksis > norskopplaering"]
    assert made.select("n", "n_avsluttede", "n_overgang", "andel", "andel_overgang").row(0) == (10, 10, 10, 1.0, 1.0)


def test_rare_orders_are_pooled_and_the_enrolled_are_in_no_share_of_transition():
    people = pl.concat([_many(10), _many(3, slutt_dato=None, overgang=None, varighet_maaneder=None).with_columns(
        deltakelse_key=pl.col("deltakelse_key") + "x"), _people(LEFT).with_columns(deltakelse_key=pl.lit("y"), overgang=pl.lit(value=False))
    ], how="vertical_relaxed")  # fmt: skip
    spells = _spells("d0x norskopplaering 2022-01-05 -", "y jobbklubb 2022-01-05 -")
    made = sekvenser(people, spells)
    assert shown(made, "sekvens", "n", "n_avsluttede", "n_overgang", "andel_overgang") == drawn("""
        sekvens n n_avsluttede n_overgang andel_overgang
        andre 2 1 0 0.0
        ingen 12 10 10 1.0
    """)
    assert made["andel"].sum() == pytest.approx(1.0)
    only_enrolled = sekvenser(people.filter(pl.col("overgang").is_null()), spells)
    assert only_enrolled["andel_overgang"].to_list() == [None]
    assert only_enrolled["varighet_maaneder_median"].to_list() == [None]


def _wait(people: str, *spells: str, kind: str = "alle") -> dict:
    rows = opphold(_people(people), _spells(*spells)).filter(pl.col("tiltak_type") == kind)
    return rows.row(0, named=True) if rows.height else {}


def test_days_without_a_measure_are_those_between():
    # 1 February ends, 12 February begins: the 2nd to the 11th are ten days; the last measure ends with the exit, no wait
    row = _wait(LEFT, "d1 norskopplaering 2022-01-01 2022-02-01", "d1 arbeidspraksis 2022-02-12 2022-06-30")
    assert (row["n"], row["n_fulgt"], row["dager_median"], row["andel_over_4_uker"], row["andel_aldri_fulgt"]) == (
        1,
        1,
        10.0,
        0.0,
        0.0,
    )
    nothing_between = _wait(LEFT, "d1 norskopplaering 2022-01-01 2022-02-01", "d1 arbeidspraksis 2022-02-02 2022-06-30")
    assert nothing_between["dager_median"] == 0.0


def test_no_wait_while_another_measure_runs():
    assert _wait(LEFT, "d1 norskopplaering 2022-01-01 2022-02-01", "d1 arbeidspraksis 2022-01-15 2022-06-30") == {}
    assert _wait(LEFT, "d1 norskopplaering 2022-01-01 2022-02-01", "d1 helsetiltak 2022-01-15 -") == {}
    companion = _wait(LEFT, "d1 norskopplaering 2022-01-01 2022-02-01", "d1 mentor 2022-01-15 2022-06-30")
    assert companion["n"] == 1


def test_of_two_that_end_together_there_is_one_wait():
    spells = ("d1 norskopplaering 2022-01-01 2022-02-01", "d1 lonnstilskudd 2022-01-10 2022-02-01")
    assert _wait(LEFT, *spells)["n"] == 1
    assert _wait(LEFT, *spells, kind="lonnstilskudd")["n"] == 1
    assert _wait(LEFT, *spells, kind="norskopplaering") == {}


@pytest.mark.parametrize(
    ("ends", "four", "eight"),
    [
        # statusdato is 31 December: 28 days later than the 3rd, 56 days later than 5 November
        ("2022-12-03", (0, None), (0, None)),
        ("2022-12-02", (1, 1.0), (0, None)),
        ("2022-11-05", (1, 1.0), (0, None)),
        ("2022-11-04", (1, 1.0), (1, 1.0)),
    ],
)
def test_a_wait_that_still_lasts_is_known_to_be_long_only_when_it_is(ends, four, eight):
    row = _wait(ENROLLED, f"d1 norskopplaering 2022-01-01 {ends}")
    assert (row["n_kjent_4_uker"], row["andel_over_4_uker"]) == four
    assert (row["n_kjent_8_uker"], row["andel_over_8_uker"]) == eight
    assert (row["n"], row["n_fulgt"], row["n_avsluttede"], row["andel_aldri_fulgt"]) == (1, 0, 0, None)


@pytest.mark.parametrize(("ends", "over"), [("2022-06-02", 0.0), ("2022-06-01", 1.0)])
def test_a_wait_ends_with_the_exit(ends, over):
    # 30 June is the last day: 28 days after the 2nd, 29 after the 1st
    row = _wait(LEFT, f"d1 norskopplaering 2022-01-01 {ends}")
    assert (row["andel_over_4_uker"], row["andel_over_8_uker"], row["andel_aldri_fulgt"]) == (over, 0.0, 1.0)
    assert (row["dager_p25"], row["dager_median"], row["dager_p75"]) == (None, None, None)


def test_quartiles_are_between_the_observed_days():
    starts = ["2022-01-11", "2022-01-21", "2022-01-31", "2022-02-10"]  # 0, 10, 20 and 30 days after the 10th
    people = pl.concat([_people(LEFT).with_columns(deltakelse_key=pl.lit(f"d{i}")) for i in range(4)])
    spells = _spells(*(line for i, s in enumerate(starts)
                       for line in (f"d{i} norskopplaering 2022-01-01 2022-01-10", f"d{i} arbeidspraksis {s} -")))  # fmt: skip
    row = opphold(people, spells).filter(pl.col("tiltak_type") == "norskopplaering").row(0, named=True)
    assert (row["dager_p25"], row["dager_median"], row["dager_p75"], row["andel_over_4_uker"]) == (7.5, 15.0, 22.5, 0.25)


def test_no_spells_make_no_waits_and_one_order():
    assert opphold(_people(LEFT), _spells()).is_empty()
    assert sekvenser(_people("deltakelse_key"), _spells()).is_empty()
