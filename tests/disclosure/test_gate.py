"""The gate: what is hidden in each table, what makes it refuse, and that releases fit together."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from pathlib import Path

import polars as pl
import pytest
from release_case import effect, indicator, participants, settings, statistics

from pipeline.disclosure import (
    build_release,
    indicators,
    latest_release,
    load_release,
    previous_releases,
    release_due,
    transitions,
    write_release,
)
from pipeline.disclosure.problem import Pattern
from pipeline.errors import ReleaseRefused, UserError
from pipeline.released import ReleasedTables
from pipeline.tables import STATISTIKK, UTDATA

_CELL = ["kpi", "nivaa", "omraade", "periode", "dim", "dim_verdi", "nevnerregel"]


def _site(released: ReleasedTables, out: Path) -> None:
    out.mkdir(parents=True)
    (out / "index.html").write_text(released.release_id)


def _build(
    tmp_path: Path, people: pl.DataFrame, rows: list[dict[str, object]] | None = None, **tables: pl.DataFrame
) -> ReleasedTables:
    case = {**statistics(rows or [], people), **tables}
    return build_release(case, people, case["utfall"], [], settings(tmp_path))


def test_first_release_has_every_table_and_counts_that_are_true(tmp_path: Path) -> None:
    people = participants()
    released = _build(tmp_path, people)
    assert list(released.tables) == list(UTDATA)
    numbers = released.tables["nokkeltall"]
    country = numbers.filter(
        (pl.col("nivaa") == "land") & (pl.col("dim") == "alle") & (pl.col("nevnerregel") == "alle_avsluttede")
    )
    for year in (2022, 2023, 2024):
        own = people.filter(pl.col("slutt_dato").dt.year() == year)
        row = country.filter(pl.col("periode") == str(year)).row(0, named=True)
        assert (row["nevner"], row["teller"]) == (own.height, own["overgang"].sum())
        assert row["verdi"] == round(row["teller"] / row["nevner"], 2 if row["nevner"] < 100 else 3)
        assert row["ki_nedre"] < row["verdi"] < row["ki_ovre"]
    assert country["maaltall"].drop_nulls().len() > 0
    assert released.manifest["revisjon"]["overgang_direkte"]["bestatt"] is True


def test_nothing_small_is_shown_and_both_denominators_do_not_tell_the_phased_out(tmp_path: Path) -> None:
    numbers = _build(tmp_path, participants()).tables["nokkeltall"]
    shown = numbers.filter(pl.col("status") != ":")
    assert shown.filter((pl.col("teller") < 5) | (pl.col("nevner") - pl.col("teller") < 5)).is_empty()
    key = [c for c in _CELL if c != "nevnerregel"]
    both = shown.filter(pl.col("nevnerregel") == "alle_avsluttede").join(
        shown.filter(pl.col("nevnerregel") == "uten_utfasede"), on=key, suffix="_u"
    )
    assert both.height > 0
    for a, b in (("nevner", "nevner_u"), ("teller", "teller_u")):
        gap = both[a] - both[b]
        assert ((gap == 0) | (gap >= 5)).all()
    assert numbers.filter(pl.col("status") == ":")["verdi"].null_count() == numbers.filter(pl.col("status") == ":").height


def test_small_municipality_is_shown_under_others_only(tmp_path: Path) -> None:
    released = _build(tmp_path, participants())
    areas = released.tables["nokkeltall"].filter(pl.col("nivaa") == "kommune")["omraade"].unique().to_list()
    assert "4603" not in areas
    assert "andre-46" in areas


def test_funnel_shows_a_municipality_only_with_the_same_persons_as_the_tables(tmp_path: Path) -> None:
    people = participants()
    local = _build(tmp_path, people).tables["kommune"]
    assert local.filter(pl.col("status") == "")["n"].min() >= 5
    tiny = local.filter(pl.col("komm_nr") == "4603").row(0, named=True)
    assert tiny["status"] == ":"
    assert tiny["n"] is None
    other = statistics([], people)["kommune"].with_columns(periode=pl.lit("2021-2023"))
    assert _build(tmp_path, people, kommune=other).tables["kommune"]["status"].unique().to_list() == [":"]


def test_planted_pattern_makes_the_gate_refuse(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    people = participants()
    case = statistics([], people)

    def primary_only(problem: object, _: object) -> Pattern:
        return Pattern(tuple(m.printed and not m.primary for m in problem.measures))  # type: ignore[attr-defined]

    monkeypatch.setattr(transitions, "suppress", primary_only)
    with pytest.raises(ReleaseRefused, match="can be computed"):
        build_release(case, people, case["utfall"], [], settings(tmp_path))


def test_planted_small_cell_makes_the_gate_refuse(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    people = participants()
    case = statistics([], people)
    monkeypatch.setattr(transitions, "suppress", lambda problem, _: Pattern(tuple(m.printed for m in problem.measures)))
    with pytest.raises(ReleaseRefused):
        build_release(case, people, case["utfall"], [], settings(tmp_path))


def test_shares_hide_small_alike_and_nested_differences(tmp_path: Path) -> None:
    rows = [
        indicator("i_arbeid_12m", 2022, "alle_avsluttede", 50, 100), indicator("i_arbeid_12m", 2022, "uten_utfasede", 47, 90),
        indicator("i_arbeid_12m", 2023, "alle_avsluttede", 50, 100), indicator("i_arbeid_12m", 2023, "uten_utfasede", 42, 80),
        indicator("varig_12m", 2022, "alle_avsluttede", 48, 100), indicator("varig_12m", 2023, "alle_avsluttede", 40, 100),
        indicator("varig_6m", 2022, "alle_avsluttede", 3, 100), indicator("varig_6m", 2023, "alle_avsluttede", 100, 100),
    ]  # fmt: skip
    numbers = _build(tmp_path, participants(), rows).tables["nokkeltall"]
    status = {
        (r["kpi"], r["periode"], r["nevnerregel"]): r["status"]
        for r in numbers.filter(pl.col("kpi") != "overgang_direkte").to_dicts()
    }
    assert status["i_arbeid_12m", "2022", "alle_avsluttede"] == ""
    assert status["i_arbeid_12m", "2022", "uten_utfasede"] == ":"
    assert status["i_arbeid_12m", "2023", "uten_utfasede"] == ""
    assert status["varig_12m", "2022", "alle_avsluttede"] == ":"
    assert status["varig_12m", "2023", "alle_avsluttede"] == ""
    assert status["varig_6m", "2022", "alle_avsluttede"] == ":"
    assert status["varig_6m", "2023", "alle_avsluttede"] == ":"


@pytest.mark.parametrize("whole", ["overgang_direkte", "november_status"])
@pytest.mark.parametrize(("n", "sign"), [(100, ""), (99, ":"), (96, ":"), (95, ""), (60, "")])
def test_a_few_who_died_or_emigrated_do_not_follow_from_two_denominators(whole: str, n: int, sign: str) -> None:
    """Work is known of living residents, transition and status in November of all leavers: the difference counts the gone."""
    rows = [indicator(whole, 2022, "alle_avsluttede", 70, 100)]
    rows += [
        indicator(kpi, 2022, "alle_avsluttede", k, n) for kpi, k in (("i_arbeid_12m", 50), ("varig_6m", 40), ("varig_12m", 30))
    ]
    shown = indicators.shares(STATISTIKK["nokkeltall"].conform(pl.DataFrame(rows)), 5)
    assert dict(shown.select("kpi", "status").iter_rows()) == dict.fromkeys(("i_arbeid_12m", "varig_6m", "varig_12m"), sign)


@pytest.mark.parametrize(("twelve", "six", "signs"), [(99, 100, (":", "")), (93, 95, ("", ":")), (90, 95, ("", ""))])
def test_two_shares_of_living_residents_are_compared_while_both_are_told(twelve: int, six: int, signs: tuple[str, str]) -> None:
    rows = [indicator(kpi, 2022, "alle_avsluttede", k, n) for kpi, k, n in (
        ("overgang_direkte", 70, 100), ("i_arbeid_12m", 50, twelve), ("varig_6m", 40, six),
    )]  # fmt: skip
    shown = indicators.shares(STATISTIKK["nokkeltall"].conform(pl.DataFrame(rows)), 5)
    assert dict(shown.select("kpi", "status").iter_rows()) == dict(zip(("i_arbeid_12m", "varig_6m"), signs, strict=True))


@pytest.mark.parametrize(
    ("k", "n", "sign"),
    [(89, 115, ":"), (87, 115, ""), (92, 115, ""), (82, 115, ""), (100, 241, ":"), (60, 210, ":"), (60, 212, "")],
)
def test_every_pair_of_denominators_is_compared(tmp_path: Path, k: int, n: int, sign: str) -> None:
    rows = [
        indicator("etteroppfolging_12m", 2023, "alle_avsluttede", 87, 239),
        indicator("etteroppfolging_12m", 2023, "fulgt_opp", k, n),
    ]
    numbers = _build(tmp_path, participants(), rows).tables["nokkeltall"].filter(pl.col("kpi") == "etteroppfolging_12m")
    assert dict(numbers.select("nevnerregel", "status").iter_rows()) == {"alle_avsluttede": "", "fulgt_opp": sign}
    assert (
        numbers.filter(pl.col("status") == ":").select("teller", "nevner", "verdi").null_count().row(0) == (int(sign == ":"),) * 3
    )


def test_a_pair_of_denominators_that_is_too_close_makes_the_gate_refuse(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pair = (("alle_avsluttede", 87, 239), ("fulgt_opp", 89, 115))
    rows = [indicator("etteroppfolging_12m", 2023, rule, k, n) for rule, k, n in pair]
    careful = indicators.shares
    monkeypatch.setattr(indicators, "shares", lambda national, _: careful(national, 1))
    with pytest.raises(ReleaseRefused, match="nokkeltall"):
        _build(tmp_path, participants(), rows)


def test_a_row_that_stands_is_hidden_when_its_other_denominator_comes_close(tmp_path: Path) -> None:
    people, signs = participants(), []
    for day, every, followed in ((date(2025, 3, 3), 80, 92), (date(2025, 4, 1), 88, 93)):
        pair = (("alle_avsluttede", every, 239), ("fulgt_opp", followed, 115))
        case = statistics([indicator("etteroppfolging_12m", 2023, rule, k, n) for rule, k, n in pair], people)
        run = settings(tmp_path, day)
        released = build_release(case, people, case["utfall"], previous_releases(run.home), run)
        write_release(released, run.home, _site)
        shown = released.tables["nokkeltall"].filter(pl.col("kpi") == "etteroppfolging_12m").sort("nevnerregel")
        signs.append(shown["status"].to_list())
    assert signs == [["", ""], ["", ":"]]  # 93 stands as 92, four from 88


def test_november_status_is_protected_as_one_table(tmp_path: Path) -> None:
    counts = {
        "sysselsatt": 40,
        "sysselsatt_og_under_utdanning": 3,
        "under_utdanning": 12,
        "helt_ledig": 20,
        "annet_eller_ukjent": 25,
    }
    rows = [indicator("november_status", 2023, "alle_avsluttede", k, 100, "november_status", s) for s, k in counts.items()]
    rows += [indicator("november_status", 2024, "alle_avsluttede", k + 20, 200, "november_status", s) for s, k in counts.items()]
    numbers = _build(tmp_path, participants(), rows).tables["nokkeltall"].filter(pl.col("kpi") == "november_status")
    hidden = numbers.filter((pl.col("status") == ":") & (pl.col("periode") == "2023"))["dim_verdi"].to_list()
    assert "sysselsatt_og_under_utdanning" in hidden
    assert len(hidden) >= 2


def test_effects_hide_small_arms_and_what_compares_with_them(tmp_path: Path) -> None:
    rows = [
        effect("innen_2u", 400, 60), effect("innen_4u", 400, 3), effect("ikke_innen_26u", 400, 90), effect("innen_8u", 400, 70, "C"),
        effect("innen_2u", 400, 60, sammenligning="ikke_innen_26u", maal="risikodifferanse"),
        effect("innen_4u", 400, 60, sammenligning="ikke_innen_26u", maal="risikodifferanse"),
    ]  # fmt: skip
    frame = STATISTIKK["effekt"].conform(pl.DataFrame(rows))
    out = _build(tmp_path, participants(), effekt=frame).tables["effekt"]
    status = {(r["strategi"], r["maal"]): r for r in out.to_dicts()}
    assert status["innen_2u", "risikodifferanse"]["estimat"] == 0.405  # steps of 1.5 points: the fewest half points with 5 of 400
    for key in (("innen_4u", "risiko"), ("innen_4u", "risikodifferanse")):
        assert status[key]["status"] == ":"
        assert status[key]["estimat"] is None
        assert status[key]["n_hendelser"] is None
        assert status[key]["porter"] == "{}"
    assert status["innen_8u", "risiko"]["estimat"] is None
    assert status["innen_8u", "risiko"]["n_personer"] == 400
    assert status["innen_8u", "risiko"]["n_hendelser"] is None
    assert "3.0" not in status["innen_2u", "risiko"]["porter"]
    assert "120.0" in status["innen_2u", "risiko"]["porter"]


def test_same_bytes_whatever_the_order_of_the_rows(tmp_path: Path) -> None:
    people = participants()
    one, two = _build(tmp_path, people), _build(tmp_path, people.sample(fraction=1.0, shuffle=True, seed=3))
    for name in UTDATA:
        assert one.tables[name].equals(two.tables[name]), name


def test_no_leavers_no_release(tmp_path: Path) -> None:
    with pytest.raises(ReleaseRefused):
        _build(tmp_path, participants().clear())


def test_releases_on_disk_are_whole_numbered_and_immutable(tmp_path: Path) -> None:
    released = _build(tmp_path, participants())
    home = settings(tmp_path).home
    assert latest_release(home) is None
    folder = write_release(released, home, _site)
    assert sorted(p.name for p in folder.iterdir()) == ["manifest.json", "site", "tables"]
    assert (home.releases / "latest").readlink() == Path("r0001")
    again = latest_release(home)
    assert again is not None
    assert all(again.tables[n].equals(released.tables[n]) for n in UTDATA)
    assert not any("person_key" in f.columns or "deltakelse_key" in f.columns for f in again.tables.values())
    with pytest.raises(UserError, match="exists already"):
        write_release(released, home, _site)
    with pytest.raises(UserError, match="not a whole release"):
        load_release(tmp_path)


def test_calendar(tmp_path: Path) -> None:
    released = _build(tmp_path, participants())
    assert release_due([], date(2025, 3, 3))
    assert not release_due([released], date(2025, 3, 31))
    assert release_due([released], date(2025, 4, 1))


def _next(tmp_path: Path, people: pl.DataFrame, day: date) -> ReleasedTables:
    run = settings(tmp_path, day)
    case = statistics([], people)
    return build_release(case, people, case["utfall"], previous_releases(run.home), run)


def _transition(released: ReleasedTables, *levels: str) -> pl.DataFrame:
    return released.tables["nokkeltall"].filter((pl.col("kpi") == "overgang_direkte") & pl.col("nivaa").is_in(levels))


def test_one_new_leaver_is_not_told_by_the_next_release(tmp_path: Path) -> None:
    people = participants()
    first = _build(tmp_path, people)
    write_release(first, settings(tmp_path).home, _site)
    joined = people.head(1).with_columns(deltakelse_key=pl.lit("ny"), person_key=pl.lit("ny"))
    second = _next(tmp_path, pl.concat([people, joined]), date(2025, 9, 1))
    assert second.manifest["videreført"] == ["land_og_fylke", "kommune"]
    assert _transition(second, "land", "fylke", "kommune").equals(_transition(first, "land", "fylke", "kommune"))
    assert second.tables["kommune"].equals(first.tables["kommune"])


def test_many_changed_replace_the_country_at_once_and_municipalities_by_half_year(tmp_path: Path) -> None:
    people = participants()
    write_release(_build(tmp_path, people), settings(tmp_path).home, _site)
    more = participants(2000, seed=9).with_columns(
        deltakelse_key=pl.lit("n") + pl.col("deltakelse_key"), person_key=pl.lit("n") + pl.col("person_key")
    ).filter(pl.col("komm_nr_ref") != "4603")  # fmt: skip
    grown = pl.concat([people, more])
    april = _next(tmp_path, grown, date(2025, 4, 1))
    assert april.manifest["videreført"] == ["kommune"]
    july = _next(tmp_path, grown, date(2025, 7, 1))
    assert july.manifest["videreført"] == []
    first = previous_releases(settings(tmp_path).home)[0]
    hidden = _transition(first, "land", "fylke", "kommune").filter(pl.col("status") == ":").select(_CELL)
    still = _transition(july, "land", "fylke", "kommune").join(hidden, on=_CELL)
    assert still.height > 0
    assert still["status"].unique().to_list() == [":"]


def test_without_the_members_behind_the_last_release_everything_stands(tmp_path: Path) -> None:
    people = participants()
    first = _build(tmp_path, people)
    write_release(replace(ReleasedTables(first.release_id, first.tables, first.manifest)), settings(tmp_path).home, _site)
    second = _next(tmp_path, participants(900, seed=5), date(2025, 9, 1))
    assert _transition(second, "land", "fylke", "kommune").equals(_transition(first, "land", "fylke", "kommune"))
