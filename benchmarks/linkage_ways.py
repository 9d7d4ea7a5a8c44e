"""The ways that the linkage benchmark compares, each from the files to one sorted table: work per participation and month.

    python -m benchmarks.linkage_ways WAY FOLDER OUT MEMORY_LIMIT

All of them write the same table: for every participation, from 12 months before start to 60 after exit or to the end of the extract, whether there
was work, position, hours, pay and subsidised work. Prints seconds (imports not counted) and the process's peak memory in MB.
"""

from __future__ import annotations

import resource
import shutil
import sys
import time
from datetime import datetime
from pathlib import Path

COLUMNS = ["deltakelse_key", "maaned", "i_arbeid", "stillingsprosent", "timer_per_uke", "lonn_nok", "lonnstilskudd"]


def ours(folder: Path, out: Path, memory: str) -> None:
    """What a night does after the extract has been judged: cut at the border, one file of participants' rows, months, one file."""
    import polars as pl

    from pipeline.linkage import person_maaned
    from pipeline.pseudonyms import admit, at_the_border, load_keys
    from pipeline.pseudonyms.extract_files import extract_files
    from pipeline.pseudonyms.extracts.source import open_extract
    from pipeline.settings import OSLO, Home, Settings

    settings = Settings(Home(out.parent / "home"), "demo", datetime(2026, 7, 1, tzinfo=OSLO), memory_limit=memory)
    admitted, scratch = out.parent / "register_arbeidsforhold.parquet", out.parent / "grense"
    with at_the_border(scratch, memory) as connection:
        source = open_extract(connection, extract_files([folder / "registers" / "arbeidsforhold"]), scratch, "maaned")
        persons = pl.read_parquet(folder / "personer.parquet")
        admit(connection, source, "arbeidsforhold", load_keys(settings), persons, admitted)
    settings.home.warehouse.mkdir(parents=True, exist_ok=True)
    tables = [pl.read_parquet(folder / f"{name}.parquet") for name in ("deltakelse", "tiltak")]
    person_maaned(*tables, {"arbeidsforhold": admitted}, settings, out)


def judged(folder: Path, out: Path, memory: str) -> None:
    """What comes before: the profile of all rows and its judgement."""
    from expectations import judge_extract
    from pipeline.pseudonyms import at_the_border, load_keys, look_at, open_checked
    from pipeline.pseudonyms.extracts.change import Standing, measures
    from pipeline.settings import load_settings
    from pipeline.tables.uttrekk import UTTREKKSFORDELING, UTTREKKSPROFIL

    with at_the_border(out.parent / "grense", memory) as connection:
        place = folder / "registers" / "arbeidsforhold"
        keys = load_keys(load_settings(environ={}))
        source = open_checked(connection, [place], "arbeidsforhold", keys, out.parent / "grense")
        seen = look_at(connection, source, "arbeidsforhold", keys, "x")
    nothing = Standing(UTTREKKSPROFIL.empty(), UTTREKKSFORDELING.empty(), UTTREKKSFORDELING.empty().select("verdi", "n_rader"), 0)
    found = measures("arbeidsforhold", seen, nothing, found=1, asked_for=1, whole_population=True, has_basis=True)
    assert judge_extract("arbeidsforhold", found) == []


BY_HAND = """
    WITH d AS (
        SELECT deltakelse_key, person_id, CAST(date_trunc('month', start_dato) - INTERVAL 12 MONTH AS DATE) AS fra,
               CAST(coalesce(least(date_trunc('month', slutt_dato) + INTERVAL 60 MONTH, DATE '2026-06-01'), DATE '2026-06-01') AS DATE) AS til
        FROM deltakelse
    ),
    p AS (SELECT person_id, min(fra) AS fra, max(til) AS til FROM d GROUP BY person_id),
    g AS (SELECT deltakelse_key, person_id, unnest(generate_series(fra, til, INTERVAL 1 MONTH)) AS dag FROM d),
    j AS (
        SELECT a.person_id, a.maaned, coalesce(bool_or(type <> 'lonnstilskudd' AND stillingsprosent > 0), false) AS i_jobb,
               bool_or(type = 'lonnstilskudd') AS lonnstilskudd,
               sum(stillingsprosent) FILTER (WHERE type <> 'lonnstilskudd') AS stillingsprosent,
               sum(timer_per_uke) FILTER (WHERE type <> 'lonnstilskudd') AS timer_per_uke, sum(lonn_nok) AS lonn_nok
        FROM arbeidsforhold AS a
        JOIN p ON a.person_id = p.person_id AND a.maaned BETWEEN p.fra AND p.til
        GROUP BY a.person_id, a.maaned
    ),
    k AS (SELECT deltakelse_key, person_id, CAST(dag AS DATE) AS maaned, CAST(dag AS DATE) >= DATE '2018-07-01' AS dekket FROM g)
    SELECT deltakelse_key, k.maaned, CASE WHEN dekket THEN coalesce(i_jobb, false) END AS i_arbeid,
           CASE WHEN dekket THEN least(coalesce(stillingsprosent, 0), 100) END AS stillingsprosent,
           CASE WHEN dekket THEN coalesce(timer_per_uke, 0) END AS timer_per_uke, CASE WHEN dekket THEN coalesce(lonn_nok, 0) END AS lonn_nok,
           CASE WHEN dekket THEN coalesce(lonnstilskudd, false) END AS lonnstilskudd
    FROM k LEFT JOIN j ON k.person_id = j.person_id AND k.maaned = j.maaned
    ORDER BY deltakelse_key, maaned
"""


def by_hand(folder: Path, out: Path, memory: str) -> None:
    """The best single DuckDB statement we could write: joined with the months looked at before anything is added up."""
    import duckdb

    settings = {"memory_limit": memory, "temp_directory": str(out.parent / "spill"), "preserve_insertion_order": False}
    connection = duckdb.connect(config=settings)
    connection.execute(f"CREATE VIEW deltakelse AS FROM read_parquet('{folder}/deltakelse.parquet')")
    jobs = f"read_parquet('{folder}/registers/arbeidsforhold/**/*.parquet', hive_partitioning = true)"
    connection.execute(f"CREATE VIEW arbeidsforhold AS FROM {jobs}")
    connection.execute(f"COPY ({BY_HAND}) TO '{out}' (FORMAT parquet, COMPRESSION zstd)")


def spark(folder: Path, out: Path, memory: str) -> None:
    """The same statement, transpiled, on Spark in this machine's two cores; the session's start is counted."""
    import sqlglot
    from pyspark.sql import SparkSession

    builder = SparkSession.builder.master("local[2]").config("spark.ui.enabled", "false").config("spark.driver.memory", "4g")
    session = builder.config("spark.sql.shuffle.partitions", "8").getOrCreate()
    session.read.parquet(str(folder / "deltakelse.parquet")).createOrReplaceTempView("deltakelse")
    session.read.parquet(str(folder / "registers" / "arbeidsforhold" / "befolkning")).createOrReplaceTempView("arbeidsforhold")
    session.sql(sqlglot.transpile(BY_HAND, read="duckdb", write="spark")[0]).coalesce(1).write.mode("overwrite").parquet(str(out))
    session.stop()


def polars_streaming(folder: Path, out: Path, memory: str) -> None:
    """The same in polars' streaming engine."""
    import polars as pl

    d = pl.scan_parquet(folder / "deltakelse.parquet").select(
        "deltakelse_key", "person_id", fra=pl.col("start_dato").dt.truncate("1mo").dt.offset_by("-12mo"),
        til=pl.min_horizontal(pl.col("slutt_dato").dt.truncate("1mo").dt.offset_by("60mo"), pl.date(2026, 6, 1)).fill_null(pl.date(2026, 6, 1)),
    )  # fmt: skip
    p = d.group_by("person_id").agg(pl.col("fra").min(), pl.col("til").max())
    work = pl.col("type") != "lonnstilskudd"
    j = (
        pl.scan_parquet(folder / "registers" / "arbeidsforhold", hive_partitioning=True, try_parse_hive_dates=True)
        .join(p, on="person_id")
        .filter(pl.col("maaned").is_between("fra", "til"))
        .group_by("person_id", "maaned")
        .agg(
            i_jobb=(work & (pl.col("stillingsprosent") > 0)).any(), lonnstilskudd=(~work).any(),
            stillingsprosent=pl.col("stillingsprosent").filter(work).sum(), timer_per_uke=pl.col("timer_per_uke").filter(work).sum(),
            lonn_nok=pl.col("lonn_nok").sum(),
        )
    )  # fmt: skip
    covered = pl.col("maaned") >= pl.date(2018, 7, 1)
    g = d.with_columns(maaned=pl.date_ranges("fra", "til", "1mo")).explode("maaned").drop("fra", "til")
    g.join(j, on=["person_id", "maaned"], how="left").select(
        "deltakelse_key", "maaned", i_arbeid=pl.when(covered).then(pl.col("i_jobb").fill_null(False)),
        stillingsprosent=pl.when(covered).then(pl.col("stillingsprosent").fill_null(0.0).clip(upper_bound=100.0)),
        timer_per_uke=pl.when(covered).then(pl.col("timer_per_uke").fill_null(0.0)),
        lonn_nok=pl.when(covered).then(pl.col("lonn_nok").fill_null(0.0)),
        lonnstilskudd=pl.when(covered).then(pl.col("lonnstilskudd").fill_null(False)),
    ).sort("deltakelse_key", "maaned").sink_parquet(out, engine="streaming")  # fmt: skip


def pandas_by_year(folder: Path, out: Path, memory: str) -> None:
    """The same in pandas, a year of the register at a time: what an analyst would write."""
    import pandas as pd

    d = pd.read_parquet(folder / "deltakelse.parquet", columns=["deltakelse_key", "person_id", "start_dato", "slutt_dato"])
    last = pd.Period("2026-06", "M")
    d["fra"] = pd.PeriodIndex(pd.to_datetime(d["start_dato"]), freq="M") - 12
    ends = pd.Series(pd.PeriodIndex(pd.to_datetime(d["slutt_dato"]), freq="M"), index=d.index)
    d["til"] = [last if pd.isna(e) else min(e + 60, last) for e in ends]
    months = [pd.period_range(a, b, freq="M") for a, b in zip(d["fra"], d["til"], strict=True)]
    g = d.loc[d.index.repeat([len(m) for m in months]), ["deltakelse_key", "person_id"]]
    g["maaned"] = pd.PeriodIndex([m for one in months for m in one], freq="M").to_timestamp()
    parts = []
    for year in range(2018, 2027):
        files = sorted((folder / "registers" / "arbeidsforhold").glob(f"*/maaned={year}-*/*.parquet"))
        frames = [pd.read_parquet(f, partitioning=None).assign(maaned=pd.Timestamp(f.parent.name.split("=")[1])) for f in files]
        a = pd.concat(frames, ignore_index=True)
        a = a[a["person_id"].isin(d["person_id"])]
        work = a["type"] != "lonnstilskudd"
        a = a.assign(
            i_jobb=work & (a["stillingsprosent"] > 0), lonnstilskudd=~work, stillingsprosent=a["stillingsprosent"].where(work),
            timer_per_uke=a["timer_per_uke"].where(work),
        )  # fmt: skip
        sums = {"i_jobb": "max", "lonnstilskudd": "max", "stillingsprosent": "sum", "timer_per_uke": "sum", "lonn_nok": "sum"}
        parts.append(a.groupby(["person_id", "maaned"], as_index=False).agg(sums))
    m = g.merge(pd.concat(parts), on=["person_id", "maaned"], how="left")
    covered = m["maaned"] >= pd.Timestamp("2018-07-01")
    m["i_arbeid"] = m.pop("i_jobb").astype("boolean").fillna(False).where(covered)
    m["lonnstilskudd"] = m["lonnstilskudd"].astype("boolean").fillna(False).where(covered)
    for name in ("stillingsprosent", "timer_per_uke", "lonn_nok"):
        m[name] = m[name].fillna(0.0).where(covered)
    m["stillingsprosent"] = m["stillingsprosent"].clip(upper=100)
    m[COLUMNS].sort_values(["deltakelse_key", "maaned"]).to_parquet(out, index=False)


WAYS = {"ours": ours, "judged": judged, "by_hand": by_hand, "polars": polars_streaming, "pandas": pandas_by_year, "spark": spark}


def main() -> None:
    """Run one way once."""
    way, folder, out, memory = sys.argv[1], Path(sys.argv[2]), Path(sys.argv[3]), sys.argv[4]
    out.parent.mkdir(parents=True, exist_ok=True)
    import duckdb  # noqa: F401
    import pandas  # noqa: F401  # imports are not what is measured
    import polars  # noqa: F401

    started = time.perf_counter()
    WAYS[way](folder, out, memory)
    seconds = time.perf_counter() - started
    shutil.rmtree(out.parent / "spill", ignore_errors=True)
    print(f"{seconds:.3f} {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:.0f}")


if __name__ == "__main__":
    main()
