"""The engine's settings: what the environment says, and that nonsense is refused before anything starts."""

from __future__ import annotations

from pathlib import Path

import pytest

from pipeline import settings as settings_module
from pipeline.errors import RefusedStart
from pipeline.settings import load_settings, megabytes


def loaded(tmp_path: Path, **environment: str):
    return load_settings(home=tmp_path, environ={f"JOBBSJANSEN_{key}": value for key, value in environment.items()})


def test_duckdb_in_this_process_is_the_default(tmp_path):
    made = loaded(tmp_path)
    assert (made.engine, made.memory_limit, made.spill_folder) == ("duckdb", "1500MB", None)


def test_what_the_environment_says_is_taken(tmp_path):
    made = loaded(tmp_path, ENGINE="spark", SPARK_MASTER="spark://vert:7077", MEMORY_LIMIT="2.5 GiB", SPILL=str(tmp_path))
    assert (made.engine, made.spark_master, made.memory_limit) == ("spark", "spark://vert:7077", "2.5 GiB")
    assert made.spill_folder == tmp_path


@pytest.mark.parametrize(
    "master", ["", "local", "local[2]", "local[*]", "spark://a:7077,b:7077", "yarn", "k8s://https://vert:443"]
)
def test_masters_that_can_be_meant(tmp_path, master):
    assert loaded(tmp_path, SPARK_MASTER=master).spark_master == master


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("ENGINE", "Spark"), ("ENGINE", "polars"), ("ENGINE", ""), ("SPARK_MASTER", "http://vert:7077"), ("SPARK_MASTER", "local[x]"),
        ("SPARK_MASTER", "spark://vert"), ("MEMORY_LIMIT", "mye"), ("MEMORY_LIMIT", "-1GB"), ("MEMORY_LIMIT", "2"), ("MEMORY_LIMIT", ""),
        ("SPILL", "/finnes/ikke"), ("SPILL", "/proc/version"), ("THRESHOLD", "fem"), ("THRESHOLD", "-1"),
    ],
)  # fmt: skip
def test_nonsense_is_refused(tmp_path, name, value):
    with pytest.raises(RefusedStart, match=f"JOBBSJANSEN_{name}"):
        loaded(tmp_path, **{name: value})


@pytest.mark.parametrize("size", ["1KB", "0GB", "99MB", "0.09 GB"])
def test_less_memory_than_any_step_can_work_with_is_refused(tmp_path, size):
    with pytest.raises(RefusedStart, match="JOBBSJANSEN_MEMORY_LIMIT is less than 100MB"):
        loaded(tmp_path, MEMORY_LIMIT=size)
    assert loaded(tmp_path, MEMORY_LIMIT="100MB").memory_limit == "100MB"


def test_more_memory_than_the_machine_has_is_refused(tmp_path, monkeypatch):
    with pytest.raises(RefusedStart, match=r"more than this machine's memory \(\d+MB\)"):
        loaded(tmp_path, MEMORY_LIMIT="99999TB")
    monkeypatch.setattr(settings_module, "_machine_megabytes", lambda: 1000)
    assert loaded(tmp_path).memory_limit == "1500MB", "the default holds on a small machine too"


@pytest.mark.parametrize(
    ("size", "expected"), [("1500MB", 1500), ("2GB", 2000), ("1.5 GiB", 1500), ("1TB", 1_000_000), ("999kb", 0)]
)
def test_sizes_as_whole_megabytes(size, expected):
    assert megabytes(size) == expected
