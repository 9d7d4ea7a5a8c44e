"""What is told of lost links: nothing under the threshold in one release, and nothing by the difference of two."""

from __future__ import annotations

import random
from datetime import date
from pathlib import Path

import polars as pl
import pytest
from release_case import participants, settings, statistics

from pipeline.disclosure import build_release, gate, link_losses, previous_releases, write_release
from pipeline.disclosure.link_losses import unsafe_link_losses
from pipeline.errors import ReleaseRefused
from pipeline.released import ReleasedTables
from pipeline.tables import STATISTIKK, UTDATA

K = 5
SEX = {"kvinne": (300, 30), "mann": (100, 12)}


def _rows(register: str, **dims: dict[str, tuple[int, int]]) -> pl.DataFrame:
    """``STATISTIKK["koblingstap"]`` from (matched, lost) by group; the total is that of the first group variable."""
    first = next(iter(dims.values()))
    groups = {"alle": {"alle": (sum(m for m, _ in first.values()), sum(n for _, n in first.values()))}, **dims}
    return STATISTIKK["koblingstap"].conform(
        pl.DataFrame(
            [
                {
                    "register": register, "dim": dim, "dim_verdi": value, "n_deltakelser": matched + lost, "n_koblet": matched,
                    "betydning": "ukjent_i_registeret" if register == "folkeregister" else "ingen_hendelse", "n_ikke_koblet": lost,
                    "andel_koblet": matched / (matched + lost),
                }
                for dim, values in groups.items()
                for value, (matched, lost) in values.items()
            ]
        )
    )  # fmt: skip


def _one(rows: pl.DataFrame, last: pl.DataFrame | None = None, told: pl.DataFrame | None = None):
    return link_losses.link_losses(rows, last, told, K)


def _shares(frame: pl.DataFrame) -> dict[str, float | None]:
    return dict(frame.select("dim_verdi", "andel_koblet").rows())


def _release(root: Path, losses: pl.DataFrame, day: date = date(2025, 3, 3)) -> gate.ReleaseCandidate:
    people, run = participants(), settings(root, day)
    case = statistics([], people) | {"koblingstap": losses}
    made = build_release(case, people, case["utfall"], previous_releases(run.home), run)
    write_release(made, run.home, lambda _, out: out.mkdir(parents=True))
    return made


def test_shares_are_told_in_steps_that_cover_the_threshold():
    told, _, standing = _one(_rows("ytelse", kjonn=SEX))
    # 442 participations: steps of 2 percent; 330: 2; 112: 5
    assert _shares(told) == {"alle": 0.9, "kvinne": 0.9, "mann": 0.9}
    assert told["status"].to_list() == ["", "", ""]
    assert standing == []
    assert told.columns == UTDATA["koblingstap"].names  # no count of anybody


@pytest.mark.parametrize(("matched", "lost"), [(400, 4), (4, 400), (400, 0), (0, 400)])
def test_few_lost_or_few_matched_hide_the_register(matched, lost):
    told, kept, _ = _one(_rows("ytelse", kjonn={"kvinne": (matched, lost)}))
    assert set(_shares(told).values()) == {None}
    assert set(told["status"]) == {":"}
    assert kept.is_empty()


def test_that_the_register_of_everybody_knows_everybody_may_be_told():
    told, _, _ = _one(_rows("folkeregister", kjonn={"kvinne": (300, 0), "mann": (2, 0)}))
    assert _shares(told) == {"alle": 1.0, "kvinne": 1.0, "mann": 1.0}
    few, _, _ = _one(_rows("folkeregister", kjonn={"kvinne": (300, 3), "mann": (20, 0)}))
    assert set(_shares(few).values()) == {None}


def test_a_small_group_takes_another_with_it():
    # 30 lost in all: were the women's 27 told beside them, the men's 3 would be too
    told, _, _ = _one(_rows("ytelse", kjonn={"kvinne": (300, 27), "mann": (100, 3)}))
    assert _shares(told) == {"alle": 0.94, "kvinne": None, "mann": None}


def test_a_register_without_rows_has_none_and_landgruppe_is_never_told():
    rows = _rows("ytelse", kjonn=SEX, landgruppe={"asia": (300, 30), "afrika": (100, 12)}, avsender={"4601": (400, 42)})
    told, kept, _ = _one(rows)
    assert set(told["dim"]) == {"alle", "kjonn"}
    assert set(kept["celle"].str.split("|").list.get(1)) == {"alle", "kjonn"}
    nothing, _, _ = _one(rows.clear())
    assert nothing.is_empty()


def test_nothing_that_is_told_comes_of_fewer_than_the_threshold():
    """Random programmes: each shown group has the threshold on both sides, and what a shown total leaves to hidden groups has too."""
    rng = random.Random(7)
    n_hidden = 0
    for _ in range(150):
        groups = {f"g{i}": (rng.choice([0, 1, 3, 6, 40, 200]), rng.choice([0, 1, 2, 5, 9, 30])) for i in range(rng.randint(1, 6))}
        groups = {name: pair for name, pair in groups.items() if sum(pair)}
        if not groups:
            continue
        rows = _rows("ytelse", malgruppe=groups)
        told, _, _ = _one(rows)
        assert unsafe_link_losses(told) == 0
        shown = rows.join(told.filter(pl.col("status") == ""), on=["register", "dim", "dim_verdi"], how="semi")
        assert shown.select((pl.min_horizontal("n_koblet", "n_ikke_koblet") >= K).all()).item() in (True, None)
        if shown.filter(dim="alle").height:
            for column in ("n_koblet", "n_ikke_koblet", "n_deltakelser"):
                rest = shown.filter(dim="alle")[column].item() - shown.filter(dim="malgruppe")[column].sum()
                n_hidden += rest > 0
                assert rest == 0 or rest >= K
    assert n_hidden > 20


@pytest.mark.parametrize(
    ("now", "replaced"),
    [
        (SEX, True),
        ({"kvinne": (301, 30), "mann": (100, 12)}, False),  # one joined
        ({"kvinne": (299, 31), "mann": (100, 12)}, False),  # one was found lost
        ({"kvinne": (320, 34), "mann": (100, 12)}, False),  # 4 more lost
        ({"kvinne": (306, 25), "mann": (100, 12)}, False),  # six and five, but one in all
        ({"kvinne": (320, 35), "mann": (100, 12)}, True),
    ],
)
def test_shares_move_only_when_enough_moved(now, replaced):
    first, kept, _ = _one(_rows("ytelse", kjonn=SEX))
    later, _, standing = _one(_rows("ytelse", kjonn=now), first, kept)
    assert standing == ([] if replaced else ["koblingstap:ytelse"])
    if not replaced:
        assert later.equals(first)


def test_what_was_ever_told_counts_not_only_the_last():
    first, kept, _ = _one(_rows("ytelse", kjonn=SEX))
    second, kept, standing = _one(_rows("ytelse", kjonn={"kvinne": (400, 60), "mann": (100, 12)}), first, kept)
    assert standing == []
    third, kept, standing = _one(_rows("ytelse", kjonn={"kvinne": (301, 30), "mann": (100, 12)}), second, kept)
    assert standing == ["koblingstap:ytelse"]  # wide from the second, one from the first
    assert third.equals(second)
    assert kept.height == 2 * 2 * 3  # two versions of three cells, two counts each


def test_no_two_releases_ever_differ_by_a_few():
    """A programme that grows in odd steps, 60 releases: of all values told, no two are one to four apart in any count."""
    rng = random.Random(3)
    groups = {"ungdom": [40, 12], "sosialhjelp": [90, 30], "annet": [9, 7]}
    last, kept, told = None, None, []
    for _ in range(60):
        for counts in groups.values():
            counts[0] = max(0, counts[0] + rng.choice([-1, 0, 0, 1, 2, 6, 15]))
            counts[1] = max(0, counts[1] + rng.choice([-1, 0, 0, 1, 5]))
        rows = _rows("ytelse", malgruppe={name: (matched, lost) for name, (matched, lost) in groups.items()})
        last, kept, standing = _one(rows, last, kept)
        if not standing:
            told.append(rows.join(last.filter(pl.col("status") == ""), on=["dim", "dim_verdi"], how="semi"))
    assert 3 < len(told) < 60
    for i, one in enumerate(told):
        for other in told[:i]:
            pairs = one.join(other, on=["dim", "dim_verdi"], suffix="_b")
            for column in ("n_deltakelser", "n_koblet", "n_ikke_koblet"):
                gaps = (pairs[column] - pairs[f"{column}_b"]).abs()
                assert gaps.is_between(1, K - 1).sum() == 0


def test_one_register_waits_and_another_moves():
    both = pl.concat([_rows("ytelse", kjonn=SEX), _rows("utdanning", kjonn=SEX)])
    first, kept, _ = _one(both)
    moved = pl.concat(
        [
            _rows("ytelse", kjonn={"kvinne": (301, 30), "mann": (100, 12)}),
            _rows("utdanning", kjonn={"kvinne": (200, 130), "mann": (50, 62)}),
        ]
    )
    later, _, standing = _one(moved, first, kept)
    assert standing == ["koblingstap:ytelse"]
    assert later.filter(register="ytelse").equals(first.filter(register="ytelse"))
    assert _shares(later.filter(register="utdanning"))["kvinne"] == 0.6


def test_where_the_counts_behind_are_gone_what_was_told_stands():
    first, _, _ = _one(_rows("ytelse", kjonn=SEX))
    later, kept, standing = _one(_rows("ytelse", kjonn={"kvinne": (900, 90), "mann": (100, 12)}), first, None)
    assert later.equals(first)
    assert (kept.is_empty(), standing) == (True, ["koblingstap:ytelse"])


def test_through_the_gate_the_counts_behind_are_kept_outside_the_release(tmp_path):
    first = _release(tmp_path, _rows("ytelse", kjonn=SEX))
    assert _shares(first.tables["koblingstap"])["alle"] == 0.9
    stored = pl.read_parquet(gate.counts_path(settings(tmp_path).home, "r0001"))
    assert stored.filter(tabell="koblingstap").height == 6
    later = _release(tmp_path, _rows("ytelse", kjonn={"kvinne": (301, 30), "mann": (100, 12)}), date(2025, 4, 1))
    assert "koblingstap:ytelse" in later.manifest["videreført"]
    assert later.tables["koblingstap"].equals(first.tables["koblingstap"])
    assert pl.read_parquet(gate.counts_path(settings(tmp_path).home, "r0002")).filter(tabell="koblingstap").height == 6
    third = _release(tmp_path, _rows("ytelse", kjonn={"kvinne": (330, 60), "mann": (100, 12)}), date(2025, 5, 2))
    assert third.manifest["endringslogg"][-1]["endring"].startswith("Nye tall: hva registrene kjenner til.")


def test_a_release_older_than_the_table_is_followed_by_one_that_has_it(tmp_path):
    first = _release(tmp_path / "a", _rows("ytelse", kjonn=SEX).clear())
    older = {name: frame for name, frame in first.tables.items() if name != "koblingstap"}
    home = settings(tmp_path / "b").home
    write_release(ReleasedTables("r0001", older, first.manifest), home, lambda _, out: out.mkdir(parents=True))
    later = _release(tmp_path / "b", _rows("ytelse", kjonn=SEX), date(2025, 4, 1))
    assert later.tables["koblingstap"].height == 3


@pytest.mark.parametrize(
    "worse",
    [
        {"andel_koblet": 0.905}, {"andel_koblet": 1.0}, {"andel_koblet": 0.0}, {"andel_koblet": 1.2}, {"andel_koblet": None}, {"status": ":"},
        {"dim": "kjonn", "dim_verdi": "mann"},
    ],
)  # fmt: skip
def test_a_row_that_tells_too_much_makes_the_gate_refuse(tmp_path, monkeypatch, worse):
    row = {
        "register": "ytelse",
        "dim": "alle",
        "dim_verdi": "alle",
        "betydning": "ingen_hendelse",
        "andel_koblet": 0.9,
        "status": "",
    }
    frames = [UTDATA["koblingstap"].conform(pl.DataFrame([each])) for each in (row, row | worse)]
    assert [bool(unsafe_link_losses(frame)) for frame in frames] == [False, True]
    monkeypatch.setattr(link_losses, "link_losses", lambda *_: (frames[1], pl.DataFrame(schema=link_losses.COUNT), []))
    with pytest.raises(ReleaseRefused, match="koblingstap"):
        _release(tmp_path, STATISTIKK["koblingstap"].empty())


def test_a_failed_audit_refuses(monkeypatch):
    class Failed:
        passed = False

    monkeypatch.setattr(link_losses, "audit", lambda *_: Failed())
    with pytest.raises(ReleaseRefused, match="koblingstap"):
        _one(_rows("ytelse", kjonn=SEX))
