"""Spark's own ways: errors without values, missing parts told plainly, a session of one's own that leaves nothing behind."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import polars as pl
import pytest

from pipeline.engine import StepFailed, open_engine
from pipeline.engine.spark import in_spark, location
from pipeline.errors import UserError
from pipeline.linkage.connection import FOLDER
from tests.engine.test_duck import ROWS, TABLE, run_failing

OWN_SESSION = """
import sys
from datetime import datetime
from pathlib import Path
import polars as pl
from pipeline.engine import StepFailed, open_engine
from pipeline.settings import OSLO, Home, Settings
from pipeline.tables import INNDATA
home, master = Path(sys.argv[1]), sys.argv[2]
settings = Settings(Home(home), "demo", datetime(2024, 5, 1, tzinfo=OSLO), engine="spark", spark_master=master)
table = INNDATA["register_ytelse"]
rows = table.conform(pl.DataFrame({"person_key": ["hemmelig"], "belop_nok": [1e30]}))
try:
    with open_engine(settings) as engine:
        engine.show_frame("rader", rows)
        print(engine.fetch("rader", table).equals(rows))
        print(sorted(p.name[:5] for p in (home / "warehouse" / ".spill").iterdir()) != [])
        try:
            engine.run("ukjent", "SELECT hemmelig FROM rader", {})
        except StepFailed as told:
            print(told)
        engine.run("feiler", "SELECT CAST(belop_nok AS BIGINT) AS n FROM rader", {})
except StepFailed as told:
    print(told)
print(list((home / "warehouse").iterdir()))
"""


def test_a_frame_comes_back_as_it_was_and_no_row_is_a_table_too(tmp_path, on_spark):
    with open_engine(on_spark) as engine:
        engine.show_frame("rader", ROWS)
        engine.show_parquet("uten", None, TABLE)
        assert engine.fetch("rader", TABLE).equals(TABLE.conform(ROWS))
        assert engine.fetch("uten", TABLE).equals(TABLE.empty())
        engine.run("noen", "SELECT * FROM rader WHERE n = $n", {"n": 1})
        engine.write("noen", TABLE, tmp_path / "ut.parquet")
    assert pl.read_parquet(tmp_path / "ut.parquet").equals(TABLE.conform(ROWS.filter(n=1)))
    assert list(on_spark.home.warehouse.iterdir()) == []


def test_two_engines_on_one_platform_do_not_see_each_other(on_spark):
    with open_engine(on_spark) as one, open_engine(on_spark) as two:
        one.show_frame("rader", ROWS)
        with pytest.raises(StepFailed):
            two.run("kopi", "SELECT * FROM rader", {})


@pytest.mark.parametrize(
    ("sql", "kind"),
    [
        ("SELECT CAST(tekst AS INTEGER) AS n FROM rader", "CAST_INVALID_INPUT"),
        ("SELECT CAST(belop AS BIGINT) AS n FROM rader", "CAST_OVERFLOW"),
        ("SELECT borte FROM rader", "UNRESOLVED_COLUMN.WITH_SUGGESTION"),
        ("SELECT FROM WHERE 'hemmelig'", "ParseError"),
    ],
)
def test_an_error_names_the_step_and_its_kind_and_no_value(on_spark, capfd, sql, kind):
    with pytest.raises(StepFailed) as caught:
        run_failing(on_spark, sql)
    assert str(caught.value) == f"The step feiler failed ({kind})."
    assert caught.value.__cause__ is None
    assert caught.value.__context__ is None
    written = "".join(capfd.readouterr())
    assert "hemmelig" not in written
    assert "E300" not in written
    assert list(on_spark.home.warehouse.iterdir()) == []


def test_a_session_of_ones_own_logs_no_value_and_leaves_nothing(tmp_path, spark_and_java):
    done = subprocess.run(
        [sys.executable, "-c", OWN_SESSION, str(tmp_path / "home"), "local[1]"],
        cwd=Path(__file__).parents[2], capture_output=True, text=True, check=False,
    )  # fmt: skip
    told = ["The step ukjent failed (UNRESOLVED_COLUMN.WITH_SUGGESTION).", "The step feiler failed (CAST_OVERFLOW)."]
    assert done.stdout.splitlines() == ["True", "True", *told, "[]"], done.stderr[-2000:]
    assert "hemmelig" not in done.stderr
    assert "E30" not in done.stderr
    # the Java runtime itself has one line to say, which no setting takes away
    assert [line for line in done.stderr.splitlines() if "incubator modules" not in line] == []


def test_without_java_the_cure_is_told(settings, monkeypatch, spark_and_java):
    monkeypatch.setenv("PATH", "")
    monkeypatch.setenv("JAVA_HOME", "")
    monkeypatch.setattr("pyspark.sql.SparkSession.getActiveSession", lambda: None)
    asked = settings.with_(engine="spark", spark_master="local[1]")
    with pytest.raises(UserError, match="Java 17"), open_engine(asked):
        pass
    assert not any(settings.home.warehouse.iterdir())


def test_without_pyspark_the_cure_is_told(settings, monkeypatch):
    monkeypatch.setitem(sys.modules, "pyspark.sql", None)
    with pytest.raises(UserError, match=r"pip install 'jobbsjansen\[spark\]'"), open_engine(settings.with_(engine="spark")):
        pass


def test_every_step_is_one_statement_that_spark_reads():
    steps = sorted(FOLDER.glob("*.sql"))
    assert len(steps) > 15
    for step in steps:
        text = in_spark(step.read_text(encoding="utf-8"))
        assert "$" not in text, step.name
        assert "SELECT" in text


@pytest.mark.parametrize(
    ("path", "place"),
    [
        ("/srv/hjem/æ b.parquet", "file:///srv/hjem/æ b.parquet"), ("/Volumes/a/b", "/Volumes/a/b"),
        ("/dbfs/mnt/hjem", "dbfs:/mnt/hjem"), ("/dbfsx/a", "file:///dbfsx/a"),
    ],
)  # fmt: skip
def test_paths_as_spark_finds_them(path, place):
    assert location(Path(path)) == place
