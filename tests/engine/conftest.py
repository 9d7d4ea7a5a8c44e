from __future__ import annotations

import os
import shutil
import warnings
from collections.abc import Iterator
from datetime import datetime
from importlib.util import find_spec
from pathlib import Path

import pytest

from pipeline.settings import OSLO, Home, Settings

# What costs seconds on tables of some thousand rows: plans that are made anew on the way, and code that is compiled for each step.
SMALL_AND_FAST = {
    "spark.ui.enabled": "false",
    "spark.ui.showConsoleProgress": "false",
    "spark.driver.memory": "1g",
    "spark.driver.extraJavaOptions": "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC",
    "spark.sql.shuffle.partitions": "2",
    "spark.sql.adaptive.enabled": "false",
    "spark.sql.codegen.wholeStage": "false",
    "spark.sql.codegen.factoryMode": "NO_CODEGEN",
}


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(Home(tmp_path / "home"), "demo", datetime(2024, 5, 1, 2, 30, tzinfo=OSLO), memory_limit="500MB")


@pytest.fixture(scope="session")
def spark_and_java() -> None:
    """Spark's tests need a Java runtime: without one they fail in CI, and are skipped elsewhere."""
    if find_spec("pyspark") and shutil.which("java"):
        return
    reason = "SPARK IS NOT TESTED: pyspark or a Java runtime is missing (sh deploy/system-packages.sh)"
    if os.environ.get("CI"):
        pytest.fail(reason)
    pytest.skip(reason)


@pytest.fixture(scope="session")
def spark_platform(spark_and_java: None, tmp_path_factory) -> Iterator[None]:
    """A session that is already active, as on a platform: started once, for every test that takes an engine on Spark."""
    from pyspark.sql import SparkSession

    folder = tmp_path_factory.mktemp("spark")
    builder = SparkSession.builder.master("local[2]").config("spark.local.dir", str(folder))
    for key, value in SMALL_AND_FAST.items():
        builder = builder.config(key, value)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        session = builder.getOrCreate()
    session.sparkContext.setLogLevel("OFF")
    yield
    session.stop()


@pytest.fixture
def on_spark(settings: Settings, spark_platform: None) -> Settings:
    return settings.with_(engine="spark", spark_master="")
