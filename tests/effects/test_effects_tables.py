"""The whole stage: every declared row, tiny and degenerate data, the naive contrast, the same answer twice."""

from __future__ import annotations

import json
import re
from datetime import timedelta

import numpy as np
import polars as pl
import pytest

from pipeline.effects import Effects, Stamps, estimate
from pipeline.effects.protocol import declared_theory, placement_protocol
from pipeline.effects.study import Tables
from pipeline.tables import STATISTIKK
from pipeline.tables.statistikk import ANALYSES, HORIZONS, STRATEGY_WEEKS
from tests.effects.effects_worlds import START, left, person, placement, synthetic, tables

OUTCOMES = ["arbeid", "arbeid_eller_utdanning", "utdanning"]
EVERYBODY = (pl.col("undergruppe") == "alle") & pl.col("utfall").is_in(OUTCOMES)
STAMPS = Stamps("hash-of-inputs", "0.1.0+abc", "2026-01-02T02:30:00+01:00")
NUMBERS = ["estimat", "ki_nedre", "ki_ovre", "se", "funn", "e_verdi"]


def _estimate(t: Tables, bootstraps: int = 40) -> Effects:
    return estimate(
        t.deltakelse,
        t.tiltak,
        t.kartlegging,
        t.oppfolging,
        t.utfall,
        seed=7,
        bootstraps=bootstraps,
        stamps=STAMPS,
        progress=lambda _: None,
    )


@pytest.fixture(scope="module")
def whole() -> Effects:
    """1 500 participants in 40 municipalities, their months in work before the start known and of no meaning."""
    t = synthetic("main", 21, 1500, 40)
    months = pl.Series(np.random.default_rng(1).integers(0, 13, t.deltakelse.height))
    utfall = STATISTIKK["utfall"].conform(
        t.deltakelse.select("deltakelse_key", "person_key").with_columns(maaneder_i_arbeid_foer=months)
    )
    return _estimate(Tables(t.deltakelse, t.tiltak, t.kartlegging, t.oppfolging, utfall))


def test_every_declared_combination_has_one_row(whole):
    effekt = whole.effekt
    key = STATISTIKK["effekt"].key
    assert effekt.select(key).is_duplicated().sum() == 0
    timing = effekt.filter(EVERYBODY, pl.col("analyse") == "praksis_tidspunkt", pl.col("folsomhet") == "hoved")
    wanted = {
        (f"innen_{g}u", "ikke_innen_26u" if m != "risiko" else None, o, h, v, m)
        for g in STRATEGY_WEEKS for o in OUTCOMES for h in HORIZONS for v in ("jevn", "naturlig")
        for m in ("risiko", "risikodifferanse", "risikoratio")
    } | {("ikke_innen_26u", None, o, h, None, "risiko") for o in OUTCOMES for h in HORIZONS}  # fmt: skip
    assert set(timing.select("strategi", "sammenligning", "utfall", "horisont_uker", "variant", "maal").iter_rows()) == wanted
    tempo = effekt.filter((pl.col("analyse") == "praksis_tempo") & (pl.col("maal") == "risikodifferanse"))
    assert set(tempo.select("strategi", "sammenligning").iter_rows()) == {
        ("dobbelt_tempo", "naturlig"),
        ("halvt_tempo", "naturlig"),
    }
    beside = effekt.filter(pl.col("folsomhet") != "hoved", pl.col("analyse") == "praksis_tidspunkt").select(
        "folsomhet", *key[:-1]
    )
    assert set(beside.drop("analyse", "undergruppe").iter_rows()) == {
        (name, *row)
        for row in wanted if row[4] != "naturlig" and row[5] != "risikoratio"
        for name in ("spraakpraksis_som_praksis", "etterslep_4u", "avkortede_vekter")
    }  # fmt: skip


def test_subgroups_and_register_outcomes_have_their_declared_rows(whole):
    timing = whole.effekt.filter(pl.col("analyse") == "praksis_tidspunkt", pl.col("folsomhet") == "hoved")
    groups = timing.filter(pl.col("undergruppe") != "alle")
    declared = placement_protocol().declared["undergrupper"]
    names = {name for division in declared["inndeling"].values() for name in division}
    assert set(groups["undergruppe"]) == names
    assert groups.height == len(names) * 3 * len(declared["utfall"]) * len(declared["horisonter_uker"])
    later = timing.filter(~pl.col("utfall").is_in(OUTCOMES))
    assert set(later.select("utfall", "horisont_uker").iter_rows()) == {("i_arbeid_uke_104", 104), ("varig_arbeid", 156)}
    assert set(later["strategi"]) == {"ikke_innen_26u", *(f"innen_{g}u" for g in STRATEGY_WEEKS)}


def test_capped_weights_move_the_estimate_and_keep_the_standard_error(whole):
    keys = ["strategi", "utfall", "horisont_uker"]
    rows = whole.effekt.filter(EVERYBODY, pl.col("maal") == "risikodifferanse", pl.col("variant") == "jevn")
    rows = rows.filter(pl.col("estimat").is_not_null(), pl.col("analyse") == "praksis_tidspunkt")
    both = rows.filter(pl.col("folsomhet") == "hoved").join(rows.filter(pl.col("folsomhet") == "avkortede_vekter"), on=keys)
    assert both.height >= 10
    assert both.filter(pl.col("estimat") == pl.col("estimat_right")).is_empty()
    assert both["se"].to_list() == pytest.approx(both["se_right"].to_list())


def test_both_arms_of_every_comparison_have_a_risk_row_of_the_same_analysis(whole):
    """Disclosure control judges a comparison by the persons and events of its two arms, which only risk rows hold.

    What is made of other arms (an interaction, a part of an effect) is judged by all arms of its analysis.
    """
    computed = whole.effekt
    same = ["analyse", "utfall", "horisont_uker", "folsomhet", "undergruppe"]
    risks = computed.filter(pl.col("maal") == "risiko")
    made_of_others = (pl.col("strategi") == "samspill") | pl.col("strategi").str.contains("_direkte$|_via_norsk$")
    compared = computed.filter(pl.col("maal").is_in(["risikodifferanse", "risikoratio"]), ~made_of_others)
    own = compared.join(risks, on=[*same, "strategi", "variant"], how="anti", nulls_equal=True)
    others = compared.join(risks, left_on=[*same, "sammenligning"], right_on=[*same, "strategi"], how="anti")
    assert compared.height > 200
    assert (own.height, others.height) == (0, 0)


def test_required_values_and_stamps_stand_in_every_row(whole):
    for name in ("effekt", "effekt_naiv", "kurver", "aarsakskjede"):
        frame, table = getattr(whole, name), STATISTIKK[name]
        assert frame.schema == pl.Schema(table.schema)
        assert frame.height > 0
        for column in table.required:
            if not (name == "effekt" and column == "sammenligning"):
                assert frame[column].null_count() == 0, (name, column)
    assert set(whole.effekt["inndata_hash"]) == {STAMPS.inndata_hash}
    assert set(whole.effekt["beregnet"]) == {STAMPS.beregnet}


def test_numbers_stand_with_grades_a_and_b_only(whole):
    shown = whole.effekt.filter(pl.col("grad").is_in(["A", "B"]))
    assert shown.height > 20
    assert shown.select("estimat", "ki_nedre", "ki_ovre", "se").null_count().row(0) == (0, 0, 0, 0)
    assert shown.filter(~pl.col("maal").is_in(["risiko", "andel"]))["funn"].null_count() == 0
    assert shown.filter((pl.col("ki_nedre") > pl.col("estimat")) | (pl.col("ki_ovre") < pl.col("estimat"))).is_empty()
    hidden = whole.effekt.filter(pl.col("grad").is_in(["C", "D"]))
    assert hidden.height > 0
    assert hidden.select(NUMBERS).null_count().row(0) == (hidden.height,) * len(NUMBERS)


def test_persons_and_events_are_those_of_the_arm(whole):
    """Non-events of an arm are its persons minus its events: disclosure control counts on it."""
    rows = whole.effekt.filter(EVERYBODY, pl.col("analyse") == "praksis_tidspunkt", pl.col("n_personer").is_not_null())
    assert rows.height > 200
    assert rows.filter(pl.col("n_hendelser") > pl.col("n_personer")).is_empty()
    arms = rows.group_by("folsomhet", "strategi", "variant").agg(
        pl.col("n_personer").n_unique(), pl.col("ess").max(), antall=pl.col("n_personer").max()
    )
    assert set(arms["n_personer"]) == {1}
    assert arms.filter(pl.col("ess") > pl.col("antall") + 1e-6).is_empty()
    assert arms["antall"].n_unique() > 5


def test_data_without_a_stated_status_day_are_flagged():
    t = synthetic("main", 9, 300, 8)
    half = pl.int_range(pl.len()) % 2 == 0
    told = _estimate(
        Tables(t.deltakelse.with_columns(statusdato_oppgitt=half), t.tiltak, t.kartlegging, t.oppfolging, t.utfall), 10
    )
    gates = told.effekt.filter(pl.col("analyse") == "praksis_tempo")["porter"]
    assert {json.loads(g)["andel_uten_oppgitt_statusdato"] for g in gates} == {0.5}


def test_language_practice_as_placement_is_graded_and_said_beside_the_main_rows(whole):
    key = ["strategi", "utfall", "horisont_uker"]
    rows = whole.effekt.filter(pl.col("folsomhet") == "spraakpraksis_som_praksis", pl.col("maal") == "risikodifferanse")
    main = whole.effekt.filter(
        EVERYBODY, pl.col("folsomhet") == "hoved", pl.col("maal") == "risikodifferanse", pl.col("variant") == "jevn",
        pl.col("analyse") == "praksis_tidspunkt",
    )  # fmt: skip
    both = main.join(rows, on=key, suffix="_2").filter(pl.col("estimat").is_not_null() & pl.col("estimat_2").is_not_null())
    assert both.height >= 10
    assert both.filter(pl.col("estimat") == pl.col("estimat_2")).is_empty()
    assert both.filter(pl.col("n_personer") == pl.col("n_personer_2")).is_empty()
    assert rows.filter(~pl.col("kan_si").str.ends_with(" Her regnes også språkpraksis som praksis.")).is_empty()
    assert main.filter(pl.col("kan_si").str.contains("språkpraksis")).is_empty()
    assert {frozenset(json.loads(p)) - {"begrunnelse", "ess_horisont"} for p in rows["porter"]} <= {
        frozenset(json.loads(p)) - {"begrunnelse", "ess_horisont"} for p in main["porter"]
    }


def test_without_language_practice_the_sensitivity_rows_are_the_main_rows():
    t = synthetic("main", 5, 400, 10)
    spells = t.tiltak.filter(pl.col("tiltak_type") != "spraakpraksis")
    effekt = _estimate(Tables(t.deltakelse, spells, t.kartlegging, t.oppfolging, t.utfall), 10).effekt
    values = [*NUMBERS, "n_personer", "n_hendelser", "ess", "grad", "porter", "strategi", "utfall", "horisont_uker", "maal"]
    rows = effekt.filter(pl.col("folsomhet") == "spraakpraksis_som_praksis").select(values)
    keep = (pl.col("folsomhet") == "hoved") & (pl.col("maal") != "risikoratio") & (pl.col("variant").fill_null("jevn") == "jevn")
    keep = keep & EVERYBODY & (pl.col("analyse") == "praksis_tidspunkt")
    assert rows.height == 99
    assert rows["n_personer"].null_count() == 0
    assert rows.equals(effekt.filter(keep).select(values))


def test_every_analysis_has_rows_and_counts(whole):
    assert set(whole.effekt["analyse"]) == set(ANALYSES)
    assert set(whole.effekt.filter(pl.col("n_personer") > 0)["analyse"]) == set(ANALYSES)


SIDES = {"risikodifferanse": 0.0, "risikoratio": 1.0}
WORDS = {
    "risikodifferanse": {"positiv": r"^Anslagsvis .* flere ", "negativ": r"^Anslagsvis .* færre ", "ingen_forskjell": r"^Forskjeller over "},
    "risikoratio": {"positiv": r"å være større: ", "negativ": r"å være mindre: ", "ingen_forskjell": r"^Forskjeller på over "},
}  # fmt: skip


@pytest.mark.parametrize("measure", SIDES)
def test_finding_interval_and_sentence_of_a_comparison_say_the_same(whole, measure):
    shown = whole.effekt.filter(pl.col("maal") == measure, pl.col("estimat").is_not_null())
    assert shown["funn"].n_unique() > 1
    for row in shown.iter_rows(named=True):
        above, below = row["ki_nedre"] > SIDES[measure], row["ki_ovre"] < SIDES[measure]
        assert (row["funn"] == "positiv", row["funn"] == "negativ") == (above, below)
        for found, words in (WORDS[measure] | {"uavklart": "^Dataene avgjør ikke "}).items():
            assert bool(re.search(words, row["kan_si"])) == (row["funn"] == found), row["kan_si"]
        assert ("betyr ikke at virkningen er null" in row["kan_ikke_si"]) == (row["funn"] == "uavklart")


def test_a_risk_is_described_and_finds_nothing(whole):
    shown = whole.effekt.filter(pl.col("maal") == "risiko", pl.col("estimat").is_not_null())
    assert shown.height > 50
    assert shown["funn"].null_count() == shown.height
    assert shown.filter(~pl.col("kan_si").str.contains(r"^Anslagsvis [0-9,]+ prosent ville gått til ")).is_empty()
    assert shown.filter(~pl.col("kan_ikke_si").str.contains("beskriver én tenkt strategi")).is_empty()


def test_both_sentences_stand_in_every_row(whole):
    assert whole.effekt.filter(pl.col("kan_si").str.len_chars() < 20).is_empty()
    effects = whole.effekt.filter(pl.col("analyse") != "prosjektprofil")
    assert effects.filter(~pl.col("kan_ikke_si").str.contains("umålt årsak")).is_empty()


def test_curves_rise_on_a_four_week_grid_and_meet_the_risks(whole):
    curves = whole.kurver
    assert curves["uke"].unique().sort().to_list() == list(range(0, 105, 4))
    key = ["strategi", "variant", "utfall"]
    steps = curves.sort(*key, "uke").with_columns(step=pl.col("risiko").diff().over(key))
    assert steps.filter(pl.col("step") < 0).is_empty()
    at_52 = curves.filter((pl.col("uke") == 52) & pl.col("risiko").is_not_null())
    risks = whole.effekt.filter(
        EVERYBODY, pl.col("maal") == "risiko", pl.col("horisont_uker") == 52, pl.col("folsomhet") == "hoved"
    )
    both = at_52.join(risks.filter(pl.col("estimat").is_not_null()), on=key, nulls_equal=True)
    assert both.height >= 6
    assert both["risiko"].to_list() == pytest.approx(both["estimat"].to_list())
    weak = curves.filter(~pl.col("grad").is_in(["A", "B"]))
    assert weak["risiko"].null_count() == weak.height


def test_the_risk_difference_is_the_difference_of_the_risks(whole):
    rows = whole.effekt.filter(
        EVERYBODY
        & (pl.col("analyse") == "praksis_tidspunkt")
        & (pl.col("utfall") == "arbeid")
        & (pl.col("horisont_uker") == 52)
        & (pl.col("folsomhet") == "hoved")
    )

    def value(strategy: str, measure: str) -> float:
        found = rows.filter(
            (pl.col("strategi") == strategy) & (pl.col("maal") == measure) & (pl.col("variant").fill_null("jevn") == "jevn")
        )
        return float(found["estimat"].item())

    risks = value("innen_13u", "risiko"), value("ikke_innen_26u", "risiko")
    assert value("innen_13u", "risikodifferanse") == pytest.approx(risks[0] - risks[1])
    assert value("innen_13u", "risikoratio") == pytest.approx(risks[0] / risks[1])


def test_the_placement_link_of_the_chain_is_the_row_of_the_placement_analysis(whole):
    chain = whole.aarsakskjede
    assert chain.height == len(declared_theory()[0]["lenke"])
    assert chain.filter(pl.col("grad").is_null() & pl.col("estimat").is_not_null()).is_empty()
    assert chain.select("begrunnelse", "protokoll_hash", "inndata_hash", "kode_versjon").null_count().row(0) == (0, 0, 0, 0)
    link = chain.filter(pl.col("fra") == "praksis", pl.col("til") == "arbeid_eller_utdanning").row(0, named=True)
    row = whole.effekt.filter(
        pl.col("strategi") == "innen_8u", pl.col("variant") == "jevn", pl.col("utfall") == "arbeid_eller_utdanning", EVERYBODY,
        pl.col("horisont_uker") == 52, pl.col("maal") == "risikodifferanse", pl.col("folsomhet") == "hoved",
    ).row(0, named=True)  # fmt: skip
    assert all(link[c] == row[c] for c in ("estimat", "ki_nedre", "ki_ovre", "grad", "funn"))


def test_the_naive_contrast_by_hand():
    rows = [person(i, komm_nr_ref=f"31{i % 2:02d}", **left(20)) for i in range(4)] + [person(4, **left(60)), person(5)]
    found = _estimate(tables(rows, [placement(0, 1), placement(1, 2), placement(2, 9), placement(5, 30)])).effekt_naiv
    row = found.filter(pl.col("strategi") == "innen_2u", pl.col("utfall") == "arbeid", pl.col("horisont_uker") == 52).row(
        0, named=True
    )
    assert (row["n_strategi"], row["n_sammenligning"]) == (2, 3)
    assert (row["andel_strategi"], row["andel_sammenligning"]) == pytest.approx((1.0, 1 / 3))
    assert row["estimat"] == pytest.approx(2 / 3)


def _spread(i: int) -> dict:
    return {"komm_nr_ref": f"{3100 + i % 25}"}


def _crowd(n: int) -> list[dict]:
    return [person(i, start_dato=START + timedelta(i % 300), **_spread(i)) for i in range(n)]


DEGENERATE = {
    "nobody": ([], []),
    "one": ([person(1)], []),
    "twelve": (
        [person(i, **_spread(i), **(left(10 + i) if i % 2 else {})) for i in range(12)],
        [placement(i, 1 + i) for i in range(0, 12, 3)],
    ),
    "one municipality": (
        [person(i, **(left(20 + i % 40) if i % 3 else {})) for i in range(200)],
        [placement(i, 1 + i % 26) for i in range(0, 200, 2)],
    ),
    "no placements": (_crowd(200), []),
    "all placed in week 1": (_crowd(200), [placement(i, 1, start=START + timedelta(i % 300)) for i in range(200)]),
    "nobody left": (_crowd(200), [placement(i, 1 + i % 40, start=START + timedelta(i % 300)) for i in range(0, 200, 2)]),
    "all left in week 1": ([person(i, **_spread(i), **left(1)) for i in range(120)], [placement(i, 1) for i in range(0, 120, 2)]),
    "all excluded": ([person(i, praksis_foer_start=True) for i in range(30)], []),
    "all moved": (
        [person(i, **_spread(i), **left(8, "flyttet")) for i in range(120)],
        [placement(i, 1 + i % 8) for i in range(0, 120, 2)],
    ),
}


@pytest.mark.parametrize("case", DEGENERATE)
def test_degenerate_data_end_in_a_reason_not_in_a_crash(case, whole):
    """Warnings are errors in this test run; every row keeps its place."""
    effects = _estimate(tables(*DEGENERATE[case]), bootstraps=20)
    key = STATISTIKK["effekt"].key
    assert effects.effekt.select(key).sort(key, nulls_last=True).equals(whole.effekt.select(key).sort(key, nulls_last=True))
    assert effects.kurver.height == 891
    assert effects.aarsakskjede.height == len(declared_theory()[0]["lenke"])
    shown = effects.effekt.filter(pl.col("estimat").is_not_null())
    if case not in ("nobody left",):
        assert shown.is_empty()
        assert set(effects.effekt["grad"]) <= {"C", "D"}
    assert all(json.loads(r["porter"])["begrunnelse"] for r in effects.effekt.iter_rows(named=True) if r["grad"] in "CD")
    assert effects.effekt.select(pl.col(pl.Float64).is_nan().any()).row(0) == (False,) * 6


def test_where_nobody_left_no_effect_is_found():
    effects = _estimate(tables(*DEGENERATE["nobody left"]), bootstraps=20)
    found = effects.effekt.filter(pl.col("maal") == "risikodifferanse", pl.col("estimat").is_not_null())
    assert set(found["funn"]) <= {"ingen_forskjell", "uavklart"}
    ratios = effects.effekt.filter(pl.col("maal") == "risikoratio")
    assert set(ratios["grad"]) <= {"C", "D"}


def test_the_same_inputs_give_the_same_tables():
    t = synthetic("main", 8, 300, 8)
    first, second = _estimate(t, 10), _estimate(t, 10)
    for name in ("effekt", "effekt_naiv", "kurver", "aarsakskjede"):
        assert getattr(first, name).equals(getattr(second, name))


def test_the_protocol_file_is_the_tables_declaration():
    protocol = placement_protocol()
    assert protocol.weeks == STRATEGY_WEEKS
    assert protocol.horizons == HORIZONS
    assert len(protocol.hash) == 64
