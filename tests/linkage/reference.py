"""What linkage derives of residence, work and employers, written anew in polars from the tables' descriptions."""

from __future__ import annotations

from datetime import date

import polars as pl

from pipeline.cohort.kommuner import harmonise

RANK = {"bosatt": 1, "utvandret": 2, "dod": 3}
LEVELS = {"under_a1": 1, "a1": 2, "a2": 3, "b1": 4, "b2": 5, "c1": 6}


def residence(months: pl.DataFrame, folkeregister: pl.DataFrame) -> pl.DataFrame:
    """``person_key, maaned, bosatt_status, bosted_komm_nr, away`` of the months in which a spell holds the last day."""
    asked = months.select("person_key", "maaned").unique()
    last = _held(asked, folkeregister, pl.col("maaned").dt.month_end())
    first = _held(asked, folkeregister, pl.col("maaned")).select("person_key", "maaned", _first="status")
    gone = ["utvandret", "dod"]
    return last.join(first, on=["person_key", "maaned"], how="left").select(
        "person_key", "maaned", bosatt_status="status", bosted_komm_nr=pl.when(pl.col("status") == "bosatt").then("komm_nr"),
        away=pl.col("status").is_in(gone).fill_null(False) & pl.col("_first").is_in(gone).fill_null(False),
    )  # fmt: skip


def _held(asked: pl.DataFrame, spells: pl.DataFrame, day: pl.Expr) -> pl.DataFrame:
    rank = pl.col("status").replace_strict(RANK, default=0, return_dtype=pl.Int64)
    holding = asked.join(spells, on="person_key").filter(
        pl.col("gyldig_fra") <= day, pl.col("gyldig_til").is_null() | (pl.col("gyldig_til") > day)
    )
    latest = holding.with_columns(_rank=rank, _place=pl.col("komm_nr").fill_null("")).sort(
        "gyldig_fra", "_rank", "_place", descending=True
    )
    known = pl.when(pl.col("status").is_in(list(RANK))).then("status").alias("status")
    return latest.unique(["person_key", "maaned"], keep="first", maintain_order=True).with_columns(known)


def unrecognised(registers: dict[str, pl.DataFrame]) -> pl.Expr:
    """Whose person no register has a row of, where there is a national register that should have had everybody."""
    if registers.get("folkeregister", pl.DataFrame()).is_empty():
        return pl.lit(False)
    known = pl.concat([frame["person_key"] for name, frame in registers.items() if name != "virksomhet"])
    return ~pl.col("person_key").is_in(known.unique().implode())


def reaches(dates: pl.Series) -> tuple[date, date]:
    """First and last month of an extract."""
    known = dates.drop_nulls().dt.truncate("1mo")
    return known.min(), known.max()


def months_of_work(monthly: pl.DataFrame, registers: dict[str, pl.DataFrame]) -> pl.DataFrame:
    """Per participation and month: what is known of residence and work."""
    jobs = registers["arbeidsforhold"]
    real = (pl.col("type") != "lonnstilskudd") & (pl.col("stillingsprosent") > 0)
    per_month = jobs.group_by("person_key", "maaned").agg(
        real.fill_null(False).any().alias("job"),
        pl.col("stillingsprosent").filter(pl.col("type") != "lonnstilskudd").sum().alias("position"),
    )
    owners = (
        registers["selvstendig"].group_by("person_key", aar="aar").agg((pl.col("naeringsinntekt_nok").sum() > 0).alias("own"))
    )
    keys = monthly.select("deltakelse_key", "person_key", "maaned", "m_start", "m_slutt")
    known = (
        keys.join(per_month, on=["person_key", "maaned"], how="left")
        .join(residence(keys, registers["folkeregister"]), on=["person_key", "maaned"], how="left")
        .with_columns(aar=pl.col("maaned").dt.year().cast(pl.Int64), job=pl.col("job").fill_null(False))
        .join(owners, on=["person_key", "aar"], how="left")
        .with_columns(gone=pl.col("away").fill_null(False) & ~pl.col("job"))
    )
    told = pl.col("maaned").is_between(jobs["maaned"].min(), jobs["maaned"].max()) & ~pl.col("gone") & ~unrecognised(registers)
    return known.with_columns(
        i_arbeid=pl.when(told).then(pl.col("job") | pl.col("own").fill_null(False)),
        stillingsprosent=pl.when(told).then(pl.col("position").fill_null(0.0).clip(upper_bound=100.0)),
        borte=pl.when(pl.col("away").is_not_null()).then("gone"),
        bosted_komm_nr_ref=pl.col("bosted_komm_nr").replace_strict(_refs(known["bosted_komm_nr"]), return_dtype=pl.String),
    )


def amounts(monthly: pl.DataFrame, registers: dict[str, pl.DataFrame], gone: pl.DataFrame) -> pl.DataFrame:
    """Per participation and month: pay, benefits and self-support; null where one of the amounts is not told.

    ``gone`` is what ``months_of_work`` makes of the same months.
    """
    jobs, benefits, basic = registers["arbeidsforhold"], registers["ytelse"], ["sosialhjelp", "overgangsstonad", "kvp"]
    whole = lambda amount: pl.when(amount.null_count() == 0).then(amount.sum().round(2))  # noqa: E731
    paid = jobs.group_by("person_key", "maaned").agg(
        lonn_nok=whole(pl.col("lonn_nok")),
        _pay=pl.when((pl.col("lonn_nok") > 0).any()).then(True).when(pl.col("lonn_nok").null_count() == 0).then(False),
    )
    assisted = pl.col("belop_nok").filter(pl.col("ytelse") == "sosialhjelp")
    received = benefits.group_by("person_key", "maaned").agg(
        ytelser_nok=whole(pl.col("belop_nok")), sosialhjelp_nok=whole(assisted),
        _basic=(pl.col("ytelse").is_in(basic) & (pl.col("belop_nok").fill_null(1) > 0)).any(),
    )  # fmt: skip
    owners = (
        registers["selvstendig"]
        .group_by("person_key", "aar")
        .agg(_own=pl.when(pl.col("naeringsinntekt_nok").null_count() == 0).then(pl.col("naeringsinntekt_nok").sum() > 0))
    )
    rows = gone.select("deltakelse_key", "person_key", "maaned", "job", "gone", aar=pl.col("maaned").dt.year().cast(pl.Int64))
    for frame, by in ((paid, "maaned"), (received, "maaned"), (owners, "aar")):
        rows = rows.join(frame.with_columns(_has=True), on=["person_key", by], how="left").rename(
            {"_has": f"_has_{frame.columns[-1]}"}
        )
    told = ~pl.col("gone") & ~unrecognised(registers)
    reached = {
        n: told & pl.col("maaned").is_between(f["maaned"].min(), f["maaned"].max())
        for n, f in (("work", jobs), ("benefit", benefits))
    }
    or_none = lambda name, has, none: pl.when(pl.col(has).is_null()).then(none).otherwise(pl.col(name))  # noqa: E731
    income = pl.col("job") | or_none("_pay", "_has__pay", False) | or_none("_own", "_has__own", False)
    return rows.select(
        "deltakelse_key", "maaned",
        lonn_nok=pl.when(reached["work"]).then(or_none("lonn_nok", "_has__pay", 0.0)),
        ytelser_nok=pl.when(reached["benefit"]).then(or_none("ytelser_nok", "_has__basic", 0.0)),
        sosialhjelp_nok=pl.when(reached["benefit"]).then(or_none("sosialhjelp_nok", "_has__basic", 0.0)),
        selvforsorget=pl.when(reached["work"] & reached["benefit"]).then(income & ~pl.col("_basic").fill_null(False)),
    )  # fmt: skip


def sums(months: pl.DataFrame) -> pl.DataFrame:
    """Pay and benefits of the twelve months before the start and after the exit; null where one of them is not known."""
    windows = {"foer": pl.col("m_start").is_between(-12, -1), "etter": pl.col("m_slutt").is_between(1, 12)}
    return months.group_by("deltakelse_key").agg(
        pl.when(pl.col(name).filter(window).count() == 12)
        .then(pl.col(name).filter(window).sum().round(2))
        .alias(f"{name}_{when}")
        for name in ("ytelser_nok", "lonn_nok")
        for when, window in windows.items()
    )


def after_exit(months: pl.DataFrame, deltakelse: pl.DataFrame, folkeregister: pl.DataFrame) -> pl.DataFrame:
    """Work and residence after exit, one row per participation."""
    first, last = reaches(pl.concat([folkeregister["gyldig_fra"], folkeregister["gyldig_til"]]))
    rows = months.join(deltakelse.select("deltakelse_key", "slutt_dato"), on="deltakelse_key")
    work = rows.filter(pl.col("m_slutt").is_between(1, 12)).drop_nulls("i_arbeid").group_by("deltakelse_key")
    year = work.agg(
        varig_12m=pl.when(pl.len() == 12).then(pl.col("i_arbeid").all()),
        i_arbeid_12m=pl.col("i_arbeid").filter(pl.col("m_slutt") == 12).first(),
    )
    seen = rows.filter(pl.col("maaned").is_between(first, last)).with_columns(
        _place=pl.when(pl.col("bosted_komm_nr_ref") != "9999").then("bosted_komm_nr_ref")
    )
    at = lambda m, name: pl.col(name).filter(pl.col("m_slutt") == m).first()  # noqa: E731
    november = pl.col("maaned") == pl.date(pl.col("slutt_dato").dt.year() + 1, 11, 1)
    lived = seen.group_by("deltakelse_key").agg(
        bosatt_12m=at(12, "bosatt_status"), bosatt_november=pl.col("bosatt_status").filter(november).first(), _after=at(12, "_place"),
    )  # fmt: skip
    leaving = deltakelse.drop_nulls("slutt_dato").select("deltakelse_key", "person_key", "slutt_dato", maaned="slutt_dato")
    home = _held(leaving, folkeregister, pl.col("slutt_dato")).filter(pl.col("status") == "bosatt")
    known = home.select("person_key", "slutt_dato", _then=pl.col("komm_nr").replace_strict(_refs(home["komm_nr"]), default=None))
    return (
        deltakelse.select("deltakelse_key", "person_key", "slutt_dato")
        .join(year, on="deltakelse_key", how="left")
        .join(lived, on="deltakelse_key", how="left")
        .join(known.unique(["person_key", "slutt_dato"]), on=["person_key", "slutt_dato"], how="left")
        .select(
            "deltakelse_key", "varig_12m", "i_arbeid_12m", "bosatt_12m", "bosatt_november",
            flyttet_12m=pl.col("_after") != pl.when(pl.col("_then") != "9999").then("_then"),
        )
    )  # fmt: skip


def _refs(numbers: pl.Series) -> dict[str, str]:
    return {number: harmonise(number, None) for number in numbers.unique().drop_nulls()}


def from_start(months: pl.DataFrame, deltakelse: pl.DataFrame, jobs: pl.DataFrame) -> pl.DataFrame:
    """Work in the month of week 104 and in the year after it: the dead are not in work."""
    aim = (pl.col("start_dato") + pl.duration(days=728)).dt.truncate("1mo")
    rows = months.join(deltakelse.select("deltakelse_key", _aim=aim), on="deltakelse_key")
    reached = pl.col("maaned").is_between(jobs["maaned"].min(), jobs["maaned"].max())
    works = pl.coalesce("i_arbeid", pl.when(reached & (pl.col("bosatt_status") == "dod")).then(False))
    year = rows.with_columns(_works=works).filter(
        pl.col("maaned").is_between(pl.col("_aim"), pl.col("_aim").dt.offset_by("12mo"))
    )
    after = pl.col("_works").filter(pl.col("maaned") > pl.col("_aim"))
    made = year.group_by("deltakelse_key").agg(
        i_arbeid_uke_104=pl.col("_works").filter(pl.col("maaned") == pl.col("_aim")).first(),
        varig_arbeid=pl.when(after.count() == 12).then(after.sum() >= 6),
    )
    return deltakelse.select("deltakelse_key").join(made, on="deltakelse_key", how="left")


def employers(deltakelse: pl.DataFrame, jobs: pl.DataFrame, virksomhet: pl.DataFrame) -> pl.DataFrame:
    """Sector and industry of the largest ordinary job's employer in the month of exit + 12."""
    month = pl.col("slutt_dato").dt.truncate("1mo").dt.offset_by("12mo")
    held = (
        deltakelse.select("deltakelse_key", "person_key", maaned=month)
        .join(jobs.filter(pl.col("type") != "lonnstilskudd", pl.col("stillingsprosent") > 0), on=["person_key", "maaned"])
        .sort(pl.col("stillingsprosent"), "orgnr", descending=[True, False])
        .unique("deltakelse_key", keep="first", maintain_order=True)
        .join(virksomhet, on="orgnr")
    )
    digits = pl.col("naering").str.extract(r"^(\d\d)")
    named = held.select("deltakelse_key", sektor_12m="sektor", naering_12m=digits)
    return deltakelse.select("deltakelse_key").join(named, on="deltakelse_key", how="left")
