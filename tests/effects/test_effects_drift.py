"""The drift alarm on hand-made histories: each kind, its reason, its note, and that nothing is said twice or lost."""

from __future__ import annotations

import re

import polars as pl
import pytest

from pipeline.effects.drift import changed_conclusions, drift, not_noted, with_earlier
from pipeline.tables import STATISTIKK

NIGHTS = [f"2025-03-0{day}T02:30:00+01:00" for day in range(1, 8)]


def _estimate(night: int, **changes: object) -> dict[str, object]:
    """One estimate as computed on a night, with that night's data; a positive difference unless told otherwise."""
    return {
        "analyse": "praksis_tidspunkt", "strategi": "innen_8u", "sammenligning": "ikke_innen_26u", "utfall": "arbeid",
        "horisont_uker": 52, "variant": "jevn", "maal": "risikodifferanse", "undergruppe": "alle", "folsomhet": "hoved",
        "estimat": 0.10, "ki_nedre": 0.02, "ki_ovre": 0.18, "se": 0.04, "n_personer": 471, "n_hendelser": 180, "metode": "m",
        "grad": "A", "funn": "positiv", "porter": "{}", "kan_si": f"Setningen fra natt {night}.", "protokoll_hash": "p1",
        "inndata_hash": f"data{night}", "kode_versjon": "k1", "beregnet": NIGHTS[night],
    } | changes  # fmt: skip


NEGATIVE = {"estimat": -0.10, "ki_nedre": -0.18, "ki_ovre": -0.02, "funn": "negativ"}
HIDDEN = {"estimat": None, "ki_nedre": None, "ki_ovre": None, "se": None, "grad": "C", "funn": None}


def _frame(*rows: dict[str, object], table: str = "effekt") -> pl.DataFrame:
    return STATISTIKK[table].conform(pl.DataFrame(list(rows), schema=STATISTIKK[table].schema))


def _drift(earlier: list[dict[str, object]], *latest: dict[str, object]) -> pl.DataFrame:
    return drift(_frame(*earlier, table="effekt_historikk"), _frame(*latest))


def _kinds(found: pl.DataFrame) -> list[str]:
    return sorted(found["slag"])


def test_the_first_estimate_and_a_small_move_are_no_drift() -> None:
    assert _drift([], _estimate(0)).is_empty()
    assert _drift([_estimate(0)], _estimate(1, estimat=0.12)).is_empty()
    assert _drift([], _estimate(0)).columns == STATISTIKK["effekt_avvik"].names


def test_a_sign_that_flips_is_told_with_what_was_said_and_what_is_said_now() -> None:
    found = _drift([_estimate(0)], _estimate(1, **NEGATIVE))
    assert _kinds(found) == ["fortegn", "funn", "sprang"]
    row = found.filter(pl.col("slag") == "fortegn").row(0, named=True)
    assert (row["foer"], row["naa"], row["estimat_foer"], row["estimat_naa"]) == ("over", "under", 0.10, -0.10)
    assert (row["grad_foer"], row["grad_naa"], row["aarsak"]) == ("A", "A", "nye_data")
    assert (row["inndata_hash_foer"], row["inndata_hash"]) == ("data0", "data1")
    assert (row["beregnet_foer"], row["beregnet"]) == (NIGHTS[0], NIGHTS[1])
    assert row["rettelse"] == (
        "Anslaget ligger nå på den andre siden av ingen forskjell. Før: «Setningen fra natt 0.» Nå: «Setningen fra natt 1.» "
        "Årsak: nye data."
    )


def test_a_ratio_flips_around_one_and_a_risk_has_no_sign() -> None:
    ratio = {"maal": "risikoratio", "se": 0.1}
    assert "fortegn" in _kinds(_drift([_estimate(0, estimat=1.1, **ratio)], _estimate(1, estimat=0.95, **ratio)))
    assert "fortegn" not in _kinds(_drift([_estimate(0, estimat=1.9, **ratio)], _estimate(1, estimat=1.1, **ratio)))
    risk = {"maal": "risiko", "sammenligning": None, "funn": None}
    assert _kinds(_drift([_estimate(0, estimat=0.5, **risk)], _estimate(1, estimat=0.3, **risk))) == ["sprang"]


@pytest.mark.parametrize(
    ("measure", "before", "now", "se", "jumps"),
    [
        ("risikodifferanse", 0.10, 0.179, 0.04, False),
        ("risikodifferanse", 0.10, 0.181, 0.04, True),
        ("risikodifferanse", 0.05, 0.07, 0.01, False),  # exactly two, whatever binary fractions make of it
        ("risikodifferanse", 0.10, 0.019, 0.04, True),
        ("risikoratio", 2.0, 2.4, 0.1, False),  # log 1.2 = 0.182
        ("risikoratio", 2.0, 2.5, 0.1, True),  # log 1.25 = 0.223
        ("risikoratio", 2.0, 1.6, 0.1, True),
    ],
)
def test_a_jump_is_more_than_two_standard_errors_of_the_earlier(measure, before, now, se, jumps) -> None:
    found = _drift([_estimate(0, maal=measure, estimat=before, se=se)], _estimate(1, maal=measure, estimat=now, se=9.0))
    assert _kinds(found) == (["sprang"] if jumps else [])


def test_a_changed_grade_and_a_number_that_went_away() -> None:
    found = _drift([_estimate(0)], _estimate(1, **HIDDEN))
    assert _kinds(found) == ["funn", "grad"]
    grade = found.filter(pl.col("slag") == "grad").row(0, named=True)
    assert (grade["foer"], grade["naa"], grade["estimat_foer"], grade["estimat_naa"]) == ("A", "C", 0.10, None)
    assert grade["rettelse"].startswith("Graden er endret fra A til C.")
    finding = found.filter(pl.col("slag") == "funn").row(0, named=True)
    assert (finding["foer"], finding["naa"]) == ("positiv", None)
    assert "fra positiv forskjell til ingen konklusjon" in finding["rettelse"]
    assert _kinds(_drift([_estimate(0)], _estimate(1, grad="B"))) == ["grad"]


def test_a_number_that_comes_back_is_compared_with_the_last_there_was() -> None:
    away = [_estimate(0, estimat=0.3), _estimate(1), _estimate(2, **HIDDEN), _estimate(3, **HIDDEN)]
    found = _drift(away, _estimate(4, **NEGATIVE))
    assert _kinds(found) == ["fortegn", "funn", "grad", "sprang"]
    seen = {r["slag"]: (r["estimat_foer"], r["grad_foer"], r["beregnet_foer"]) for r in found.iter_rows(named=True)}
    assert seen["fortegn"] == seen["sprang"] == (0.10, "A", NIGHTS[1])
    assert seen["funn"] == seen["grad"] == (None, "C", NIGHTS[3])
    assert "Før: «Setningen fra natt 1.»" in found.filter(pl.col("slag") == "fortegn")["rettelse"][0]
    assert _kinds(_drift(away, _estimate(4))) == ["funn", "grad"]


def test_a_number_that_comes_back_under_another_protocol_is_not_compared() -> None:
    earlier = [_estimate(0), _estimate(1, **HIDDEN, protokoll_hash="p2")]
    assert _kinds(_drift(earlier, _estimate(2, **NEGATIVE, protokoll_hash="p2"))) == ["funn", "grad"]


def test_a_changed_finding_counts_as_a_changed_conclusion() -> None:
    found = _drift([_estimate(0)], _estimate(1, estimat=0.06, funn="uavklart"), _estimate(1, strategi="innen_4u"))
    assert _kinds(found) == ["funn"]
    assert "fra positiv forskjell til uavklart" in found["rettelse"][0]
    assert changed_conclusions(found) == 1
    assert changed_conclusions(_drift([_estimate(0)], _estimate(1, grad="B"))) == 0


@pytest.mark.parametrize(
    ("changes", "cause", "words"),
    [
        ({}, "nye_data", "Årsak: nye data."),
        ({"inndata_hash": "data0", "kode_versjon": "k2"}, "ny_kode", "Årsak: ny versjon av beregningen."),
        ({"kode_versjon": "k2"}, "nye_data_og_kode", "Årsak: nye data og ny versjon av beregningen."),
    ],
)
def test_the_cause_is_read_from_the_stamps(changes, cause, words) -> None:
    found = _drift([_estimate(0)], _estimate(1, grad="B", **changes))
    assert found["aarsak"].to_list() == [cause]
    assert found["rettelse"][0].endswith(words)


def test_a_new_protocol_begins_a_new_series_without_alarm() -> None:
    found = _drift([_estimate(0), _estimate(1)], _estimate(2, **NEGATIVE, protokoll_hash="p2", kode_versjon="k2"))
    assert _kinds(found) == ["ny_serie"]
    row = found.row(0, named=True)
    assert (row["foer"], row["naa"], row["aarsak"], row["beregnet_foer"]) == ("p1", "p2", "ny_protokoll", NIGHTS[1])
    assert "kan ikke sammenlignes" in row["rettelse"]
    assert changed_conclusions(found) == 0


def test_within_the_new_series_the_alarm_works_again_and_an_old_protocol_takes_up_its_own_series() -> None:
    new = [_estimate(0), _estimate(1, **NEGATIVE, protokoll_hash="p2")]
    assert _kinds(_drift(new, _estimate(2, protokoll_hash="p2"))) == ["fortegn", "funn", "sprang"]
    assert _drift(new, _estimate(2)).is_empty()


def test_the_same_again_is_no_drift_whether_or_not_the_history_holds_it_already() -> None:
    again = _estimate(0, beregnet=NIGHTS[5])
    assert _drift([_estimate(0)], again).is_empty()
    known = [_estimate(0), _estimate(1, **NEGATIVE)]
    assert _drift(known, known[1]).equals(_drift(known[:1], known[1]))


def test_only_the_last_one_before_is_compared_with_by_time_and_not_by_the_order_of_rows() -> None:
    earlier = [_estimate(2, grad="B"), _estimate(0), _estimate(1, **NEGATIVE)]
    assert _drift(earlier, _estimate(3, grad="B")).is_empty()
    assert _kinds(_drift(earlier, _estimate(3))) == ["grad"]


def test_time_is_read_with_its_zone_when_the_clock_is_set_back() -> None:
    summer = _estimate(0, grad="B", beregnet="2025-10-26T02:40:00+02:00")
    winter = _estimate(1, beregnet="2025-10-26T02:10:00+01:00")
    assert _drift([winter, summer], _estimate(2, beregnet="2025-10-27T02:30:00+01:00")).is_empty()


def test_an_estimate_that_was_away_is_compared_with_the_last_before_it_went() -> None:
    history = _frame(_estimate(0), table="effekt_historikk")
    other = _frame(_estimate(1, strategi="innen_4u"))
    assert drift(history, other).is_empty()
    history = with_earlier("effekt_historikk", history, other)
    back = drift(history, _frame(_estimate(2, **NEGATIVE), _estimate(2, strategi="innen_4u")))
    assert set(back["strategi"]) == {"innen_8u"}
    assert set(back["beregnet_foer"]) == {NIGHTS[0]}


def _night(ledgers: tuple[pl.DataFrame, pl.DataFrame], *latest: dict[str, object]) -> tuple[pl.DataFrame, pl.DataFrame]:
    history, notes = ledgers
    effects = _frame(*latest)
    return with_earlier("effekt_historikk", history, effects), with_earlier("effekt_avvik", notes, drift(history, effects))


def test_notes_pile_up_over_nights_and_a_repeated_night_adds_nothing() -> None:
    ledgers = STATISTIKK["effekt_historikk"].empty(), STATISTIKK["effekt_avvik"].empty()
    ledgers = _night(ledgers, _estimate(0))
    ledgers = _night(ledgers, _estimate(1, **NEGATIVE))
    assert ledgers[1].height == 3
    repeated = _estimate(1, **NEGATIVE, beregnet=NIGHTS[4])
    again = _night(ledgers, repeated)
    assert not_noted(ledgers[1], drift(ledgers[0], _frame(repeated))).is_empty()
    assert not_noted(ledgers[1], drift(ledgers[0], _frame(_estimate(2)))).height == 3
    assert all(one.equals(other) for one, other in zip(again, ledgers, strict=True))
    ledgers = _night(ledgers, _estimate(2))
    assert ledgers[1].height == 6
    # back to the first night's data: another turn, so another note, though these estimates have stood before
    ledgers = _night(ledgers, _estimate(1, **NEGATIVE, beregnet=NIGHTS[6]))
    assert ledgers[1].height == 9
    key = STATISTIKK["effekt_avvik"].key
    assert not ledgers[1].select(key).is_duplicated().any()
    assert ledgers[0].height == 3


def test_a_ledger_from_before_a_column_came_is_kept() -> None:
    old = _frame(_estimate(0), table="effekt_historikk").drop("kan_si_en")
    kept = with_earlier("effekt_historikk", old, _frame(_estimate(1)))
    assert kept.columns == STATISTIKK["effekt_historikk"].names
    assert kept["beregnet"].to_list() == NIGHTS[:2]
    assert drift(old, _frame(_estimate(1, grad="B")))["slag"].to_list() == ["grad"]


def test_no_note_tells_a_count_of_persons_and_all_is_the_same_twice() -> None:
    earlier, latest = [_estimate(0, n_personer=9371)], _estimate(1, **NEGATIVE, grad="B", n_personer=9372)
    found = _drift(earlier, latest)
    assert found.height == 4
    assert not any(re.search(r"937[12]", note) for note in found["rettelse"])
    assert found.equals(_drift(earlier, latest))
    order = [_estimate(1, strategi="innen_4u", **NEGATIVE), latest]
    both = [*earlier, _estimate(0, strategi="innen_4u")]
    assert _drift(both, *order).equals(_drift(both[::-1], *order[::-1]))


def test_an_estimate_without_comparison_or_variant_is_found_again() -> None:
    alone = {"sammenligning": None, "variant": None, "maal": "risiko", "funn": None}
    assert _kinds(_drift([_estimate(0, **alone)], _estimate(1, **alone, grad="B"))) == ["grad"]
