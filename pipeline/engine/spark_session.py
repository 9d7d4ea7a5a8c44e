"""A session of Spark: one of ours by its master URL, or the one that a platform has already started.

Belongs here: starting, configuring and stopping it. Must not be here: how a step is run.
"""

from __future__ import annotations

import os
import re
import shutil
import warnings
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pipeline.errors import UserError
from pipeline.settings import Settings, megabytes

LOGGING = Path(__file__).parent / "spark_logging.json"
# What keeps Spark's answers equal to DuckDB's: errors instead of nulls, no time zone of the machine, dates as they stand.
SAME_ANSWERS = {
    "spark.sql.ansi.enabled": "true",
    "spark.sql.session.timeZone": "UTC",
    "spark.sql.parquet.datetimeRebaseModeInRead": "CORRECTED",
    "spark.sql.parquet.datetimeRebaseModeInWrite": "CORRECTED",
}
LEAST_HEAP_MB = 1024  # below some 450 MB Spark refuses to start


@dataclass(frozen=True)
class Session:
    """A session with views of its own; ``started`` says whether its cluster connection is ours to stop."""

    spark: Any
    started: bool

    def close(self) -> None:
        if self.started:
            self.spark.stop()


def open_session(settings: Settings, spill: Path) -> Session:
    """A session for one engine, in which nothing is shown yet.

    Raises:
        UserError: pyspark or Java is missing, or no session can be had; without what Spark said.
    """
    sessions = _pyspark()
    _silence()
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # about versions of pandas, which is not used
            return _session(sessions, settings, spill)
    except UserError:
        raise
    except Exception as error:
        kind = type(error).__name__
    raise UserError(
        f"Spark gave no session ({kind}).",
        "See whether JOBBSJANSEN_SPARK_MASTER can be reached, and whether Java is 17 or newer.",
    )


def _pyspark() -> Any:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            from pyspark.sql import SparkSession
    except ImportError:
        raise UserError(
            "JOBBSJANSEN_ENGINE is spark, and pyspark is not installed.",
            "Run: pip install 'jobbsjansen[spark]'; a Java runtime of version 17 or newer is needed too.",
        ) from None
    return SparkSession


def _silence() -> None:
    """pyspark writes an error's text to standard error by itself, beside raising it; the text may hold a value."""
    from pyspark.logger import PySparkLogger

    for name in ("SQLQueryContextLogger", "DataFrameQueryContextLogger"):
        PySparkLogger.getLogger(name).disabled = True


def _session(sessions: Any, settings: Settings, spill: Path) -> Session:
    active = sessions.getActiveSession()
    if active is None and settings.spark_master:
        spark = _start(sessions, settings, spill)
        return Session(spark, started=True)
    # newSession: our views and settings are not the platform's, nor another run's
    spark = (active or sessions.builder.getOrCreate()).newSession()
    for key, value in SAME_ANSWERS.items():
        spark.conf.set(key, value)
    return Session(spark, started=False)


def _start(sessions: Any, settings: Settings, spill: Path) -> Any:
    if not (shutil.which("java") or Path(os.environ.get("JAVA_HOME", ""), "bin", "java").is_file()):
        raise UserError(
            "JOBBSJANSEN_ENGINE is spark, and no Java runtime was found.", "Install Java 17 or newer, or set JAVA_HOME."
        )
    builder = sessions.builder.appName("jobbsjansen").master(settings.spark_master)
    for key, value in _configuration(settings, spill).items():
        builder = builder.config(key, value)
    spark = builder.getOrCreate()
    spark.sparkContext.setLogLevel("OFF")
    return spark


def _configuration(settings: Settings, spill: Path) -> dict[str, str]:
    # Spark logs an error with the value that caused it: nothing is logged.
    quiet = f"-Dlog4j2.configurationFile=file://{LOGGING} -Djava.io.tmpdir={spill}"
    ours = SAME_ANSWERS | {
        "spark.ui.enabled": "false",
        "spark.ui.showConsoleProgress": "false",
        "spark.driver.memory": f"{max(LEAST_HEAP_MB, megabytes(settings.memory_limit))}m",
        "spark.driver.extraJavaOptions": quiet,
        "spark.sql.warehouse.dir": f"file://{spill}/spark-warehouse",
    }
    if settings.spark_master.startswith("local"):
        ours |= {"spark.local.dir": str(spill), "spark.sql.shuffle.partitions": str(2 * _local_threads(settings.spark_master))}
    return ours


def _local_threads(master: str) -> int:
    named = re.fullmatch(r"local\[(\d+)\]", master)
    if named:
        return int(named[1])
    return os.cpu_count() or 1 if "*" in master else 1
