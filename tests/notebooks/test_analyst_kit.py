"""The analyst's kit on a small snapshot: what is hidden, what is said, and that the first notebook runs."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import duckdb
import polars as pl
import pytest

from jobbsjansen.analyst import figur, open_snapshot, tabell
from pipeline.errors import UserError
from pipeline.tables import KLARGJORT

ROOT = Path(__file__).parents[2]
GROUPS = {"ungdom": 12, "sosialhjelp": 9, "annet": 3}
"""Participations per target group; 2 of 3 are women, every other one has exited, half of those to work."""


def participations() -> pl.DataFrame:
    rows = []
    for group, size in GROUPS.items():
        for i in range(size * 2):
            exited = i % 2 == 0
            rows.append({
                "deltakelse_key": f"{group}{i}", "person_key": f"{group}{i}", "prosjekt_id": "A", "malgruppe": group,
                "kjonn": "mann" if i % 3 == 0 else "kvinne", "start_dato": date(2020 + i % 3, 1, 1),
                "slutt_dato": date(2022, 1, 1) if exited else None,
                "overgang": i % 4 == 0 if exited else None, "utfaset": i == 2 if exited else None,
            })  # fmt: skip
    kept = [r for r in rows if r["malgruppe"] != "annet" or str(r["deltakelse_key"])[-1] in "012"]
    return KLARGJORT["deltakelse"].conform(pl.DataFrame(kept, infer_schema_length=None))


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("home")
    (root / "snapshot").mkdir()
    with duckdb.connect(str(root / "snapshot" / "jobbsjansen.duckdb")) as con:
        con.execute("CREATE SCHEMA klargjort")
        con.register("frame", participations().to_arrow())
        con.execute("CREATE TABLE klargjort.deltakelse AS SELECT * FROM frame")
        con.execute("CREATE TABLE klargjort.tiltak AS SELECT 1 AS tiltak_id")
    return root


@pytest.fixture
def con(home: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    with open_snapshot(home) as connection:
        yield connection


def test_small_cells_are_hidden_with_what_reveals_them(
    con: duckdb.DuckDBPyConnection, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tabell(con, "klargjort.deltakelse", by="malgruppe")
    said = capsys.readouterr().out
    assert out.filter(pl.col("malgruppe") == "annet")["n"].to_list() == [None]
    assert out.filter(pl.col("malgruppe") == "I alt")["n"].to_list() == [45]
    # 45 - 24 - 18 would give the hidden 3: one more is hidden
    assert out["n"].null_count() == 2
    assert "Skjult: 2 av 4 tall. 1 fordi de er for små til å vises (terskel 5), 1 for at" in said


def test_nothing_small_nothing_hidden(con: duckdb.DuckDBPyConnection, capsys: pytest.CaptureFixture[str]) -> None:
    out = tabell(con, "klargjort.deltakelse", by="kjonn")
    assert out.rows() == [("I alt", 45, ""), ("kvinne", 30, ""), ("mann", 15, "")]
    assert "Ingen av 3 tall er skjult (terskel 5)." in capsys.readouterr().out


def test_a_lower_threshold_shows_more(con: duckdb.DuckDBPyConnection) -> None:
    assert tabell(con, "klargjort.deltakelse", by="malgruppe", terskel=3)["n"].null_count() == 0


def test_dates_are_counted_by_year_and_missing_values_by_name(con: duckdb.DuckDBPyConnection) -> None:
    out = tabell(con, "klargjort.deltakelse", by="slutt_dato")
    assert out["slutt_dato"].to_list() == ["I alt", "(mangler)", "2022"]


def test_outcome_counts_only_the_known_and_gives_whole_percent(
    con: duckdb.DuckDBPyConnection, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tabell(con, "klargjort.deltakelse", by="slutt_dato", utfall="overgang")
    total = out.filter(pl.col("slutt_dato") == "I alt").row(0, named=True)
    exits = participations().drop_nulls("overgang")
    assert (total["n"], total["k"]) == (exits.height, exits["overgang"].sum())
    assert total["andel"] == round(total["k"] / total["n"], 2)
    assert f"Utelatt: {45 - exits.height} deltakelser" in capsys.readouterr().out


def test_a_group_where_everybody_is_alike_has_no_rate(con: duckdb.DuckDBPyConnection) -> None:
    out = tabell(con, "klargjort.deltakelse", by="slutt_dato", utfall="utfaset", hvor={"overgang": True})
    assert out["k"].null_count() == out.height
    assert out["andel"].null_count() == out.height
    assert set(out["status"]) == {":"}


@pytest.mark.parametrize(
    "arguments",
    [
        {"table": "klargjort.tiltak", "by": "tiltak_id"},
        {"table": "klargjort.deltakelse; DROP TABLE x", "by": "kjonn"},
        {"table": "klargjort.deltakelse", "by": "kjonn, person_key"},
        {"table": "klargjort.deltakelse", "by": []},
        {"table": "klargjort.deltakelse", "by": "kjonn", "utfall": "malgruppe"},
        {"table": "klargjort.deltakelse", "by": "kjonn", "hvor": {"1=1 OR kjonn": "x"}},
        {"table": "klargjort.deltakelse", "by": "kjonn", "hvor": {"malgruppe": "finnes ikke"}},
    ],
)
def test_refusals(con: duckdb.DuckDBPyConnection, arguments: dict[str, object]) -> None:
    with pytest.raises(UserError):
        tabell(con, **arguments)  # type: ignore[arg-type]


def test_a_home_without_snapshot(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="no snapshot"):
        open_snapshot(tmp_path)


def test_the_snapshot_cannot_be_written_to_and_sees_no_python_variables(con: duckdb.DuckDBPyConnection) -> None:
    frame = pl.DataFrame({"a": [1]})
    with pytest.raises(duckdb.Error):
        con.execute("CREATE TABLE x (a INT)")
    with pytest.raises(duckdb.Error):
        con.sql("SELECT * FROM frame").fetchall()
    assert frame.height == 1


def test_a_figure_has_no_bar_for_a_hidden_cell_and_no_share_button(con: duckdb.DuckDBPyConnection) -> None:
    frame = tabell(con, "klargjort.deltakelse", by="malgruppe")
    drawn = figur(frame, x="malgruppe", tittel="Målgrupper")
    bundle = drawn._repr_mimebundle_()["application/vnd.plotly.v1+json"]
    assert len(bundle["data"][0]["y"]) == 1
    assert "annet" not in str(bundle["data"])
    assert bundle["config"]["displayModeBar"] is False
    assert "1 søyler, 2 skjult" in repr(drawn)


def test_a_figure_takes_only_frames_that_came_through_tabell() -> None:
    with pytest.raises(UserError):
        figur(pl.DataFrame({"a": ["x"], "n": [1]}), x="a")


def test_the_first_notebook_runs_and_ends_with_what_may_be_said(home: Path) -> None:
    file = ROOT / "notebooks" / "00_first_look.py"
    text = file.read_text(encoding="utf-8")
    assert text.splitlines()[0].endswith("?")
    imports = [line for line in text.splitlines() if line.startswith(("import ", "from "))]
    assert imports == ["import polars as pl", "from jobbsjansen.analyst import figur, open_snapshot, tabell"]
    done = subprocess.run(
        [sys.executable, str(file)],
        env=os.environ | {"JOBBSJANSEN_HOME": str(home), "PYTHONPATH": str(ROOT), "PYTHONUTF8": "1"},
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert "Du kan si: " in done.stdout
    assert done.stdout.rstrip().splitlines()[-1].startswith("Du kan ikke")


def test_the_first_notebook_is_a_jupytext_notebook() -> None:
    jupytext = pytest.importorskip("jupytext")
    notebook = jupytext.read(ROOT / "notebooks" / "00_first_look.py")
    assert sum(cell.cell_type == "code" for cell in notebook.cells) >= 6
