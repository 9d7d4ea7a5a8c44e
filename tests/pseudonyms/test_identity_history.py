"""One person over time: chains are resolved, what contradicts is left out and counted, and nothing is guessed."""

from __future__ import annotations

import os
import random
import stat
from itertools import pairwise
from pathlib import Path

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.identity_shape import is_duf_number, is_person_number
from pipeline.pseudonyms import person_keys
from pipeline.pseudonyms.identity_history import (
    IdentityHistory,
    home_history,
    last_good_copy,
    person_table,
    read_identity_history,
)
from pipeline.pseudonyms.number_kinds import number_kinds
from tests.pseudonyms.synthetic_numbers import numbers

N = numbers(9)
A, B, C, D, E, F, G, H, X = N
DUF = next(
    n for i in range(100_000_000, 200_000_000, 37) if is_duf_number(n := f"2015{i % 1_000_000:06d}{i // 1_000_000 % 100:02d}")
)


def history(tmp_path: Path, *pairs: tuple[str | None, str | None], demo: bool = True) -> IdentityHistory:
    path = tmp_path / "identitet.csv"
    path.write_text("\n".join(["tidligere_id;person_id", *(f"{a or ''};{b or ''}" for a, b in pairs), ""]), encoding="utf-8")
    return read_identity_history([path], tmp_path / "none.parquet", demo=demo)


def now(known: IdentityHistory, *asked: str | None) -> list[str | None]:
    return known.current(pl.Series("fnr", asked, dtype=pl.String)).to_list()


def test_chain_is_resolved_and_the_unknown_stays_itself(tmp_path):
    known = history(tmp_path, (DUF, A), (A, B), (C, B))
    assert now(known, DUF, A, B, C, D, None) == [B, B, B, B, D, None]
    assert known.all_numbers_of(pl.Series([C])).to_list() == sorted([DUF, A, B, C])
    assert known.all_numbers_of(pl.Series([D, D])).to_list() == [D]
    assert known.findings == {}
    assert A not in repr(known)


def test_link_delivered_in_steps_and_in_one_is_one_person(tmp_path):
    known = history(tmp_path, (DUF, A), (A, B), (DUF, B))
    assert now(known, DUF) == [B]
    assert known.findings == {}


def test_number_that_leads_to_two_persons_leads_nowhere(tmp_path):
    known = history(tmp_path, (X, A), (A, B), (A, C), (D, C))
    assert now(known, X, A, D) == [A, A, C]
    assert known.findings == {"flere_personer": 2}


def test_circle_is_left_out_and_the_rest_stands(tmp_path):
    known = history(tmp_path, (X, A), (A, B), (B, C), (C, A), (C, G), (D, E), (F, F))
    assert now(known, X, A, B, C, D, F) == [A, A, B, C, E, F]
    assert known.findings == {"sirkel": 4, "til_seg_selv": 1}


def test_way_between_two_circles_is_no_way(tmp_path):
    known = history(tmp_path, (A, B), (B, A), (B, X), (X, C), (C, D), (D, C), (E, X))
    assert now(known, A, X, C, E) == [A, X, C, X]
    assert known.findings == {"sirkel": 6}


def test_long_chain_ends_where_it_ends(tmp_path):
    many = numbers(400)
    known = history(tmp_path, *pairwise(many))
    assert now(known, many[0], many[200]) == [many[-1]] * 2


def test_malformed_and_foreign_rows_are_counted(tmp_path):
    real = _real()
    rows = [(A, B), (A, B), ("123", B), (None, B), (A[:-1], B), (C, DUF), (D, None), (real, E), (F, real)]
    demo = history(tmp_path, *rows)
    assert now(demo, A, C, D, real) == [B, C, D, real]
    assert demo.findings == {"identisk_rad": 1, "ugyldig_tidligere_id": 3, "ugyldig_person_id": 2, "ikke_syntetisk": 2}
    prod = history(tmp_path, *rows, demo=False)
    assert prod.links.is_empty()
    assert prod.findings["syntetisk"] == 3


def _real() -> str:
    """A number with the control digits of a living person's, made here so that no file holds it."""
    return next(n for i in range(10**5) if is_person_number(n := f"010190{i:05d}"))


def test_order_of_rows_and_files_leaves_no_trace(tmp_path):
    pairs = [(DUF, A), (A, B), (C, B), (D, E), (E, D), (F, G), (F, H)]
    whole = history(tmp_path, *pairs)
    random.Random(1).shuffle(pairs)
    folder = tmp_path / "identitet"
    folder.mkdir()
    for i, part in enumerate((pairs[:3], pairs[3:])):
        frame = pl.DataFrame(part, schema=["person_id", "tidligere_id"], orient="row")
        frame.rename({"person_id": "tidligere_id", "tidligere_id": "person_id"}).write_parquet(folder / f"{9 - i}.parquet")
    parted = read_identity_history([folder], tmp_path / "none", demo=True)
    assert parted.links.equals(whole.links)
    assert parted.ends.equals(whole.ends)
    assert parted.findings == whole.findings == {"sirkel": 2, "flere_personer": 2}


@given(st.lists(st.tuples(st.sampled_from(N), st.sampled_from(N)), max_size=14), st.randoms(use_true_random=False))
def test_every_way_ends_and_no_order_matters(pairs, chance):
    from tempfile import TemporaryDirectory

    with TemporaryDirectory() as folder:
        known = history(Path(folder), (H, X), *pairs)
        chance.shuffle(pairs)
        again = history(Path(folder), *pairs, (H, X))
    assert known.ends.equals(again.ends)
    assert known.links.equals(again.links)
    ends = known.ends["gjeldende_id"]
    assert known.current(ends).equals(ends, check_names=False)  # nobody is moved twice
    assert not known.ends["tidligere_id"].is_in(ends.implode()).any()
    once = len(set(pairs) | {(H, X)})
    left_out = sum(n for code, n in known.findings.items() if code != "identisk_rad")
    assert known.links.height + left_out == once


@pytest.mark.parametrize(
    "spoiled",
    [b"tidligere_id;person_id\n1;2;3\n", b"fra;til\n1;2\n", b"", b"tidligere_id;person_id\n123;456\n", b"\x00\xff\xfe" * 40],
)
def test_damaged_file_leaves_the_last_good_copy_in_use_and_says_so(tmp_path, spoiled):
    copy = tmp_path / "copy.parquet"
    history(tmp_path, (A, B), (C, D)).keep(copy, pl.Series([A, C]))
    (tmp_path / "identitet.csv").write_bytes(spoiled)
    stands = read_identity_history([tmp_path / "identitet.csv"], copy, demo=True)
    assert now(stands, A, C) == [B, D]
    assert "identity history" in stands.refused
    assert stands.facts["refused"] == stands.refused
    assert stands.files == 0


def test_numbers_that_lost_their_zeros_are_refused(tmp_path):
    path = tmp_path / "x.parquet"
    pl.DataFrame({"tidligere_id": [int(A)], "person_id": [B]}).write_parquet(path)
    stands = read_identity_history([path], tmp_path / "none", demo=True)
    assert "leading zeros" in stands.refused
    assert stands.links.is_empty()


def test_copy_holds_the_persons_in_use_only_and_nobody_else_can_read_it(tmp_path):
    copy = tmp_path / "copy.parquet"
    known = history(tmp_path, (DUF, A), (A, B), (C, D), (E, F))
    known.keep(copy, pl.Series([B, D, G]))
    assert stat.S_IMODE(copy.stat().st_mode) == 0o600
    kept = pl.read_parquet(copy)
    assert set(kept["tidligere_id"]) == {DUF, A, C}
    read_identity_history([], copy, demo=True).keep(copy, pl.Series([D]))  # B has been erased
    assert set(pl.read_parquet(copy)["tidligere_id"]) == {C}


def test_home_without_any_history_has_an_empty_one(settings):
    known = home_history(settings)
    assert known.facts == {"files": 0, "links": 0, "findings": {}}
    known.keep(settings.home.root / "copy.parquet", pl.Series([A]))
    assert not (settings.home.root / "copy.parquet").exists()


def test_every_number_of_a_person_has_her_one_pseudonym(tmp_path, keys):
    table = person_table(pl.Series([A, C]), history(tmp_path, (DUF, A), (A, B)), keys)
    expected = person_keys(pl.Series([B, B, B, C]), keys).to_list()
    assert table.sort("person_id")["person_id"].to_list() == sorted([DUF, A, B, C])
    assert dict(table.rows()) == dict(zip([DUF, A, B, C], expected, strict=True))


def test_fingerprint_changes_with_the_links_alone(tmp_path, keys):
    one, same, other = history(tmp_path, (A, B), (C, D)), history(tmp_path, (C, D), (A, B), ("1", B)), history(tmp_path, (A, B))
    assert one.fingerprint(keys) == same.fingerprint(keys) != other.fingerprint(keys)


def test_history_that_is_still_being_written_is_left_for_the_next_night(settings):
    folder = settings.home.registers / "identitet"
    folder.mkdir(parents=True)
    (folder / "a.csv").write_text(f"tidligere_id;person_id\n{A};{B}\n")
    known = home_history(settings.with_(min_age_seconds=0))
    assert now(known, A) == [B]
    known.keep(last_good_copy(settings), pl.Series([A]))
    (folder / "a.csv").write_text("tidligere_id;person_id\n")
    (folder / "b.csv.part").write_text("tidligere_id;per")
    unfinished = home_history(settings.with_(min_age_seconds=0))
    assert now(unfinished, A) == [B]
    assert "being written" in unfinished.refused


def test_history_that_is_closed_in_part_is_not_taken_for_the_whole(settings, monkeypatch):
    folder = settings.home.registers / "identitet"
    (folder / "mer").mkdir(parents=True)
    (folder / "mer" / "a.csv").write_text(f"tidligere_id;person_id\n{A};{B}\n")
    home_history(settings.with_(min_age_seconds=0)).keep(last_good_copy(settings), pl.Series([A]))
    (folder / "b.csv").write_text("tidligere_id;person_id\n")
    look = os.scandir

    def closed(path="."):
        if str(path) == str(folder / "mer"):
            raise PermissionError(13, "Permission denied", str(path))
        return look(path)

    monkeypatch.setattr("os.scandir", closed)
    half = home_history(settings.with_(min_age_seconds=0))
    assert now(half, A) == [B]
    assert "may not be read" in half.refused


@given(
    st.lists(st.one_of(st.text(max_size=13), st.from_regex(r"[0-7][0-9][0-9]{9,10}", fullmatch=True), st.sampled_from([*N, DUF])))
)
def test_whole_columns_say_what_single_numbers_do(texts):
    found = dict(number_kinds(pl.Series(texts, dtype=pl.String)).rows())
    expected = {t: "synthetic" if int(t[2:4]) > 80 else "real" for t in texts if is_person_number(t)}
    assert found == expected | {t: "duf" for t in texts if is_duf_number(t)}


def test_all_control_digits_are_judged_alike():
    texts = [
        f"{stem}{i:02d}"
        for stem in ("010190123", "410190123", "014190123", "418190123", "720190123", "019390123")
        for i in range(100)
    ]
    texts += [f"2015{i:06d}{j:02d}" for i in range(0, 300, 7) for j in range(100)]
    found = dict(number_kinds(pl.Series(texts)).rows())
    assert set(found) == {t for t in texts if is_person_number(t) or is_duf_number(t)}
    assert set(found.values()) == {"real", "synthetic", "duf"}
