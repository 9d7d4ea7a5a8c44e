"""The ways that the linkage benchmark compares, each from a whole population's files to one sorted table: work per participant and month.

    python -m benchmarks.linkage_ways WAY FOLDER OUT MEMORY_LIMIT

All of them write the same: for every participant and every month from 12 months before start to 60 after exit with an employment, whether there was
work, subsidised work, position, hours and pay. Prints seconds by the clock and of processors (imports not counted), and the peak memory in MB.
"""

from __future__ import annotations

import importlib
import shutil
import sys
import time
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

from benchmarks.measure import own_peak_mb

REGISTER = "arbeidsforhold"
_JOBS = ("kjent", "dekning", "spenn", "person_vindu", "jobb_maaned")


def ours(folder: Path, out: Path, memory: str) -> None:
    """What a night does with an extract that has been judged: participants' rows to a file of their own, and from it the step ``jobb_maaned``."""
    admitted = out.parent / "register.parquet"
    _cut(folder, admitted, memory)
    _months(folder, admitted, out, memory, _JOBS)


def again(folder: Path, out: Path, memory: str) -> None:
    """The same on a night on which deliveries have changed but nobody has come or gone: from the participants' rows of an earlier night."""
    _months(folder, cut_earlier(folder, memory), out, memory, _JOBS)


def whole(folder: Path, out: Path, memory: str) -> None:
    """All that a night does: judged, cut, and every month of every participation with all its columns (``person_maaned``)."""
    from pipeline.linkage.person_months import STEPS

    judged(folder, out, memory)
    admitted = out.parent / "register.parquet"
    _cut(folder, admitted, memory)
    _months(folder, admitted, out, memory, STEPS)


def cut_earlier(folder: Path, memory: str) -> Path:
    """The participants' rows as an earlier night left them; made when they are not there."""
    admitted = folder / "tidligere" / "register.parquet"
    if not admitted.is_file():
        _cut(folder, admitted, memory)
    return admitted


def _cut(folder: Path, admitted: Path, memory: str) -> None:
    import polars as pl

    from pipeline.pseudonyms import admit, at_the_border, load_keys, open_checked
    from pipeline.settings import load_settings

    keys, scratch = load_keys(load_settings(environ={})), admitted.parent / "grense"
    with at_the_border(scratch, memory) as connection:
        source = open_checked(connection, [folder / "registers" / REGISTER], REGISTER, keys, scratch)
        admit(connection, source, REGISTER, keys, pl.read_parquet(folder / "personer.parquet"), admitted)


def _months(folder: Path, admitted: Path, out: Path, memory: str, steps: tuple[str, ...]) -> None:
    import polars as pl

    from pipeline.codes.harmonise import successors
    from pipeline.linkage.connection import linkage, run_steps
    from pipeline.linkage.person_months import DELTAKELSE, TILTAK
    from pipeline.settings import OSLO, Home, Settings
    from pipeline.tables import KLARGJORT, Column, Table

    settings = Settings(Home(out.parent / "home"), "demo", datetime(2026, 7, 1, tzinfo=OSLO), memory_limit=memory)
    settings.home.warehouse.mkdir(parents=True, exist_ok=True)
    frames = {
        "deltakelse": pl.read_parquet(folder / "deltakelse.parquet", columns=DELTAKELSE),
        "tiltak": pl.read_parquet(folder / "tiltak.parquet", columns=TILTAK),
        "kommune_ref": successors(),
    }
    jobs = Table(
        "jobb_maaned", "klargjort", "one person and month with an employment", (
            Column("person_key", "text", "pseudonym", key=True), Column("maaned", "date", "month", key=True),
            Column("i_jobb", "bool", "work"), Column("lonnstilskudd", "bool", "subsidised"), Column("stillingsprosent", "float", "position"),
            Column("timer_per_uke", "float", "hours"), Column("lonn_nok", "float", "pay"),
        ),
    )  # fmt: skip
    with linkage(settings, {REGISTER: admitted}, frames) as engine:
        run_steps(engine, steps)
        engine.write(steps[-1], jobs if steps[-1] == "jobb_maaned" else KLARGJORT["person_maaned"], out)


def judged(folder: Path, out: Path, memory: str) -> None:
    """What comes before: the profile of all rows and its judgement."""
    from expectations import judge_extract
    from pipeline.pseudonyms import at_the_border, load_keys, look_at, open_checked
    from pipeline.pseudonyms.extracts.change import Standing, measures
    from pipeline.settings import load_settings
    from pipeline.tables.uttrekk import UTTREKKSFORDELING, UTTREKKSPROFIL

    keys, scratch = load_keys(load_settings(environ={})), out.parent / "grense"
    with at_the_border(scratch, memory) as connection:
        source = open_checked(connection, [folder / "registers" / REGISTER], REGISTER, keys, scratch)
        seen = look_at(connection, source, REGISTER, keys, "x")
    none = UTTREKKSFORDELING.empty()
    nothing = Standing(UTTREKKSPROFIL.empty(), none, none.select("verdi", "n_rader"), none.select("verdi", "n_rader"), 0)
    found = measures(
        REGISTER, seen, nothing, found=1, found_there=1, found_again=1, asked_for=1, whole_population=True, has_basis=True, sharing=0, distinct=1
    )  # fmt: skip
    if reasons := judge_extract(REGISTER, found):
        raise SystemExit(f"The inputs would be refused: {reasons}.")


BY_HAND = """
    WITH d AS (
        SELECT person_id, CAST(date_trunc('month', start_dato) - INTERVAL 12 MONTH AS DATE) AS fra,
               CAST(coalesce(date_trunc('month', slutt_dato) + INTERVAL 60 MONTH, DATE '2026-06-01') AS DATE) AS til
        FROM deltakelse
    ),
    p AS (SELECT person_id, min(fra) AS fra, max(til) AS til FROM d GROUP BY person_id)
    SELECT a.person_id, a.maaned, coalesce(bool_or(type <> 'lonnstilskudd' AND stillingsprosent > 0), false) AS i_jobb,
           bool_or(type = 'lonnstilskudd') AS lonnstilskudd,
           sum(stillingsprosent) FILTER (WHERE type <> 'lonnstilskudd') AS stillingsprosent,
           sum(timer_per_uke) FILTER (WHERE type <> 'lonnstilskudd') AS timer_per_uke, sum(lonn_nok) AS lonn_nok{more}
    FROM arbeidsforhold AS a
    JOIN p ON a.person_id = p.person_id AND a.maaned BETWEEN p.fra AND p.til
    GROUP BY a.person_id, a.maaned
    ORDER BY a.person_id, a.maaned
"""


def by_hand(folder: Path, out: Path, memory: str, more: str = "") -> None:
    """The best single DuckDB statement we could write: joined with the months looked at before anything is added up."""
    import duckdb

    settings = {"memory_limit": memory, "temp_directory": str(out.parent / "spill"), "preserve_insertion_order": False}
    connection = duckdb.connect(config=settings)
    connection.execute(f"CREATE VIEW deltakelse AS FROM read_parquet('{folder}/deltakelse.parquet')")
    jobs = f"read_parquet('{folder}/registers/{REGISTER}/**/*.parquet', hive_partitioning = true)"
    connection.execute(f"CREATE VIEW arbeidsforhold AS FROM {jobs}")
    connection.execute(f"COPY ({BY_HAND.format(more=more)}) TO '{out}' (FORMAT parquet, COMPRESSION zstd)")


def by_hand_employer(folder: Path, out: Path, memory: str) -> None:
    """The same statement with the employer's number read too, which the steps after this one cannot do without: reading alone, no use of it."""
    by_hand(folder, out, memory, ", max(orgnr) AS orgnr")


def spark(folder: Path, out: Path, memory: str) -> None:
    """The same statement, transpiled, on Spark in this machine's two cores; the session's start is counted."""
    import sqlglot
    from pyspark.sql import SparkSession

    builder = SparkSession.builder.master("local[2]").config("spark.ui.enabled", "false").config("spark.driver.memory", "4g")
    session = builder.config("spark.sql.shuffle.partitions", "8").getOrCreate()
    session.read.parquet(str(folder / "deltakelse.parquet")).createOrReplaceTempView("deltakelse")
    session.read.parquet(str(folder / "registers" / REGISTER / "befolkning")).createOrReplaceTempView("arbeidsforhold")
    session.sql(sqlglot.transpile(BY_HAND.format(more=""), read="duckdb", write="spark")[0]).coalesce(1).write.mode(
        "overwrite"
    ).parquet(str(out))
    session.stop()


def polars_streaming(folder: Path, out: Path, memory: str) -> None:
    """The same in polars' streaming engine."""
    import polars as pl

    p = (
        pl.scan_parquet(folder / "deltakelse.parquet")
        .select(
            "person_id", fra=pl.col("start_dato").dt.truncate("1mo").dt.offset_by("-12mo"),
            til=pl.col("slutt_dato").dt.truncate("1mo").dt.offset_by("60mo").fill_null(pl.date(2026, 6, 1)),
        ).group_by("person_id").agg(pl.col("fra").min(), pl.col("til").max())
    )  # fmt: skip
    work = pl.col("type") != "lonnstilskudd"
    pl.scan_parquet(folder / "registers" / REGISTER, hive_partitioning=True, try_parse_hive_dates=True).join(p, on="person_id").filter(
        pl.col("maaned").is_between("fra", "til")
    ).group_by("person_id", "maaned").agg(
        i_jobb=(work & (pl.col("stillingsprosent") > 0)).any(), lonnstilskudd=(~work).any(),
        stillingsprosent=pl.col("stillingsprosent").filter(work).sum(), timer_per_uke=pl.col("timer_per_uke").filter(work).sum(),
        lonn_nok=pl.col("lonn_nok").sum(),
    ).sort("person_id", "maaned").sink_parquet(out, engine="streaming")  # fmt: skip


def pandas_by_year(folder: Path, out: Path, memory: str) -> None:
    """The same in pandas, a year of the register at a time: what an analyst would write."""
    import pandas as pd

    d = pd.read_parquet(folder / "deltakelse.parquet", columns=["person_id", "start_dato", "slutt_dato"])
    month = {name: pd.to_datetime(d[name]).dt.to_period("M").dt.to_timestamp() for name in ("start_dato", "slutt_dato")}
    d["fra"] = month["start_dato"] - pd.DateOffset(months=12)
    d["til"] = (month["slutt_dato"] + pd.DateOffset(months=60)).fillna(pd.Timestamp("2026-06-01"))
    p = d.groupby("person_id", as_index=False).agg({"fra": "min", "til": "max"})
    parts = []
    for year in range(2018, 2027):
        files = sorted((folder / "registers" / REGISTER).glob(f"*/maaned={year}-*/*.parquet"))
        frames = [pd.read_parquet(f, partitioning=None).assign(maaned=pd.Timestamp(f.parent.name.split("=")[1])) for f in files]
        a = pd.concat(frames, ignore_index=True).merge(p, on="person_id")
        a = a[a["maaned"].between(a["fra"], a["til"])]
        work = a["type"] != "lonnstilskudd"
        a = a.assign(
            i_jobb=work & (a["stillingsprosent"] > 0), lonnstilskudd=~work, stillingsprosent=a["stillingsprosent"].where(work),
            timer_per_uke=a["timer_per_uke"].where(work),
        )  # fmt: skip
        sums = {"i_jobb": "max", "lonnstilskudd": "max", "stillingsprosent": "sum", "timer_per_uke": "sum", "lonn_nok": "sum"}
        parts.append(a.groupby(["person_id", "maaned"], as_index=False).agg(sums))
    pd.concat(parts).sort_values(["person_id", "maaned"]).to_parquet(out, index=False)


WAYS: dict[str, Callable[[Path, Path, str], None]] = {
    "ours": ours, "again": again, "by_hand": by_hand, "by_hand_employer": by_hand_employer, "polars": polars_streaming,
    "pandas": pandas_by_year, "spark": spark, "judged": judged, "whole": whole,
}  # fmt: skip


def main() -> None:
    """Run one way once."""
    way, folder, out, memory = sys.argv[1], Path(sys.argv[2]), Path(sys.argv[3]), sys.argv[4]
    out.parent.mkdir(parents=True, exist_ok=True)
    for module in ("duckdb", "pandas", "polars", "pipeline.pseudonyms", "pipeline.linkage", "expectations"):
        importlib.import_module(module)  # imports are not what is measured

    started, worked = time.perf_counter(), time.process_time()
    WAYS[way](folder, out, memory)
    seconds, work = time.perf_counter() - started, time.process_time() - worked
    shutil.rmtree(out.parent / "spill", ignore_errors=True)
    print(f"{seconds:.3f} {work:.3f} {own_peak_mb()}")


if __name__ == "__main__":
    main()
