"""The command ``disclose``: shape of the output, hierarchy, outcome, and what it refuses."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from pipeline.disclosure import cube_file, disclose_file
from pipeline.disclosure.problem import Pattern
from pipeline.errors import ReleaseRefused, UserError

_CUBE = """kommune,fylke,kjonn,n,k
k1,f1,kvinne,20,8
k1,f1,mann,3,1
k2,f1,kvinne,30,12
k2,f1,mann,25,11
k3,f2,kvinne,12,12
k3,f2,mann,40,20
k4,f2,kvinne,50,21
k4,f2,mann,9,0
k5,f2,kvinne,33,15
k5,f2,mann,31,14
"""
_SPEC: dict[str, Any] = {
    "dims": ["kommune", "kjonn"], "hierarchy": {"kommune": "fylke"}, "count": "n", "outcome": None, "threshold": 5,
    "profile": "exact", "tables": [["kommune", "kjonn"]],
}  # fmt: skip


def _run(tmp_path: Path, cube: str = _CUBE, internal: bool = False, **changes: Any) -> pl.DataFrame:
    (tmp_path / "cube.csv").write_text(cube, encoding="utf-8")
    (tmp_path / "spec.json").write_text(json.dumps({**_SPEC, **changes}), encoding="utf-8")
    (tmp_path / "out.csv").unlink(missing_ok=True)
    disclose_file(tmp_path / "cube.csv", tmp_path / "spec.json", tmp_path / "out.csv", internal)
    return pl.read_csv(tmp_path / "out.csv", infer_schema=False)


def test_full_product_with_parents_in_the_childs_column(tmp_path: Path) -> None:
    out = _run(tmp_path)
    assert out.columns == ["kommune", "kjonn", "value", "suppressed"]
    assert out.height == (5 + 2 + 1) * 3
    assert set(out["kommune"]) == {"k1", "k2", "k3", "k4", "k5", "f1", "f2", "Total"}
    cells = {(a, b): (v, s) for a, b, v, s in out.iter_rows()}
    assert cells["k1", "mann"] == (None, "True")
    assert cells["Total", "Total"] == ("253", "False")
    assert cells["f1", "Total"] == ("78", "False")
    # k1 mann alone would follow from its margins: at least its row partner and a column partner are hidden too
    assert sum(s == "True" for _, s in cells.values()) >= 4


def test_primary_only_with_internal(tmp_path: Path) -> None:
    out = _run(tmp_path, internal=True)
    assert out.filter(pl.col("primary") == "True").select("kommune", "kjonn").rows() == [("k1", "mann")]


def test_missing_combination_is_zero_and_shown(tmp_path: Path) -> None:
    out = _run(tmp_path, cube=_CUBE + "k6,f2,kvinne,14,6\n")
    assert out.filter((pl.col("kommune") == "k6") & (pl.col("kjonn") == "mann")).select("value", "suppressed").row(0) == (
        "0",
        "False",
    )


def test_outcome_is_protected_with_the_count(tmp_path: Path) -> None:
    out = _run(tmp_path, internal=True, outcome="k")
    assert out.columns[2:] == ["value", "suppressed", "value_outcome", "suppressed_outcome", "primary", "primary_outcome"]
    cells = {(r["kommune"], r["kjonn"]): r for r in out.to_dicts()}
    everybody, nobody = cells["k3", "kvinne"], cells["k4", "mann"]
    for row in (everybody, nobody):
        assert row["suppressed_outcome"] == "True"
        assert row["value_outcome"] is None
        assert row["primary_outcome"] == "True"
    shown = out.filter((pl.col("suppressed") == "False") & (pl.col("suppressed_outcome") == "False"))
    n, k = shown["value"].cast(pl.Int64), shown["value_outcome"].cast(pl.Int64)
    assert ((k >= 5) & (n - k >= 5)).all()
    assert shown.height > 5


def test_two_tables_share_one_protection(tmp_path: Path) -> None:
    cube = "kommune,kjonn,alder,n\n" + "".join(
        f"k{i},{s},{a},{(i * 5 + len(s) * 3 + int(a)) % 9}\n" for i in range(6) for s in ("kvinne", "mann") for a in "123"
    )
    out = _run(
        tmp_path, cube=cube, dims=["kommune", "kjonn", "alder"], hierarchy={}, tables=[["kommune", "kjonn"], ["kommune", "alder"]]
    )
    assert out.filter((pl.col("kjonn") != "Total") & (pl.col("alder") != "Total")).is_empty()
    assert out.height == 7 * (3 + 4) - 7


def test_same_bytes_whatever_the_order_of_the_rows(tmp_path: Path) -> None:
    lines = _CUBE.splitlines()
    first = _run(tmp_path)
    assert first.equals(_run(tmp_path, cube="\n".join([lines[0], *reversed(lines[1:])]) + "\n"))


def test_a_pattern_that_fails_the_audit_leaves_no_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        cube_file, "suppress", lambda problem: Pattern(tuple(m.printed and not m.primary for m in problem.measures))
    )
    with pytest.raises(ReleaseRefused):
        _run(tmp_path)
    assert not (tmp_path / "out.csv").exists()


@pytest.mark.parametrize(
    ("cube", "changes", "message"),
    [
        (_CUBE.replace("kjonn", "sex"), {}, "lacks the columns kjonn"),
        (_CUBE.replace("k1,f1,mann,3,1", "k1,f1,mann,-3,1"), {}, "1 rows of the column n"),
        (_CUBE.replace("k1,f1,mann,3,1", "k1,f1,mann,3.5,1"), {}, "1 rows of the column n"),
        (_CUBE.replace("k1,f1,mann,3,1", "k1,f1,mann,,1"), {}, "1 rows of the column n"),
        (_CUBE.replace("k1,f1,mann", "k1,f2,mann"), {}, "under two codes of fylke"),
        (_CUBE + "k1,f1,mann,4,1\n", {}, "more than once"),
        (_CUBE.replace("k1,f1,mann,3,1", "k1,f1,mann,3,4"), {"outcome": "k"}, "More persons with the outcome"),
        (_CUBE.replace("kvinne", "Total"), {}, "two levels of kjonn"),
        (_CUBE.replace("k1,f1,mann,3,1", ",f1,mann,3,1"), {}, "Empty codes in the column kommune"),
        (_CUBE, {"tables": [["ukjent"]]}, "do not exist"),
        (_CUBE, {"tables": []}, "no table given"),
        (_CUBE, {"tables": "kommune"}, "expected shape"),
        (_CUBE, {"hierarchy": {"ukjent": "fylke"}}, "expected shape"),
        (_CUBE, {"threshold": "fem"}, "expected shape"),
        (_CUBE, {"profile": "interval"}, "not built"),
        (_CUBE, {"profile": "round"}, "not built"),
        (_CUBE, {"profile": "annet"}, "profile is unknown"),
        ("kommune,fylke,kjonn,n,k\n", {}, "no rows"),
    ],
)
def test_what_cannot_be_used_is_refused_without_telling_a_value(
    tmp_path: Path, cube: str, changes: dict[str, Any], message: str
) -> None:
    with pytest.raises(UserError, match=message):
        _run(tmp_path, cube=cube, **changes)
    assert not (tmp_path / "out.csv").exists()


def _inputs(tmp_path: Path) -> tuple[Path, Path]:
    cube, spec = tmp_path / "cube.csv", tmp_path / "spec.json"
    cube.write_text(_CUBE, encoding="utf-8")
    spec.write_text(json.dumps(_SPEC), encoding="utf-8")
    return cube, spec


@pytest.mark.parametrize("out", ["cube.csv", "spec.json", "sub/../cube.csv", "link.csv", "hard.csv"])
def test_the_inputs_are_never_overwritten(tmp_path: Path, out: str) -> None:
    cube, spec = _inputs(tmp_path)
    (tmp_path / "sub").mkdir()
    (tmp_path / "link.csv").symlink_to(cube)
    (tmp_path / "hard.csv").hardlink_to(spec)
    before = cube.read_bytes(), spec.read_bytes()
    with pytest.raises(UserError, match=r"is the (cube|specification) itself"):
        disclose_file(cube, spec, tmp_path / out)
    assert (cube.read_bytes(), spec.read_bytes()) == before


def test_an_existing_file_is_never_overwritten(tmp_path: Path) -> None:
    cube, spec = _inputs(tmp_path)
    out = tmp_path / "out.csv"
    out.write_text("kept", encoding="utf-8")
    with pytest.raises(UserError, match="exists already"):
        disclose_file(cube, spec, out)
    assert out.read_text(encoding="utf-8") == "kept"
    (tmp_path / "gone.csv").symlink_to(tmp_path / "nowhere.csv")
    with pytest.raises(UserError, match="exists already"):
        disclose_file(cube, spec, tmp_path / "gone.csv")
    assert not (tmp_path / "nowhere.csv").exists()
