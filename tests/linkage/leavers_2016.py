"""Made-up leavers of 2016 with registers that put each of them in a known cell of Statistics Norway's table.

Every status has several ways into it, ordinary and odd; ``n`` persons of a status are spread over its ways in turn.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import cycle, islice
from pathlib import Path
from typing import Any

import polars as pl

from pipeline.tables import INNDATA, KLARGJORT

NOVEMBER = date(2017, 11, 1)
OCTOBER, DECEMBER = date(2017, 10, 1), date(2017, 12, 1)
TABLE = Path(__file__).with_name("ssb_intro_leavers_2016.csv")
SEXES = {"menn": "mann", "kvinner": "kvinne"}
Row = dict[str, Any]
Rows = Mapping[str, list[Row]]


def job(share: float | None = 100.0, kind: str = "ordinaert", month: date = NOVEMBER, orgnr: str = "7") -> Row:
    return {"maaned": month, "orgnr": orgnr, "stillingsprosent": share, "lonn_nok": 1000.0, "type": kind}


def own(income: float, year: int = 2017) -> Row:
    return {"aar": year, "naeringsinntekt_nok": income}


def school(start: date, end: date | None, level: str = "videregaende") -> Row:
    return {"start_dato": start, "slutt_dato": end, "niva": level, "status": "fullfort" if end else "pagaende"}


def nav(status: str, month: date = NOVEMBER) -> Row:
    return {"maaned": month, "status": status}


def lives(status: str, since: date, until: date | None = None) -> Row:
    return {"status": status, "gyldig_fra": since, "gyldig_til": until, "komm_nr": "4601" if status == "bosatt" else None}


def gone(status: str, since: date) -> list[Row]:
    return [lives("bosatt", date(2012, 1, 1), since), lives(status, since)]


LONG = school(date(2016, 8, 15), None)
WAYS: dict[str, dict[str, Rows]] = {
    "sysselsatt": {
        "full_time": {"arbeidsforhold": [job()]},
        "a_few_hours": {"arbeidsforhold": [job(2.5)]},
        "two_small_jobs": {"arbeidsforhold": [job(20.0), job(15.0, orgnr="8")]},
        "freelance": {"arbeidsforhold": [job(40.0, "frilans")]},
        "at_sea": {"arbeidsforhold": [job(100.0, "maritimt")]},
        "self_employed_only": {"selvstendig": [own(90_000.0)]},
        "partly_unemployed": {"arbeidsforhold": [job(30.0)], "arbeidssoker": [nav("delvis_ledig")]},
        "works_and_is_registered": {"arbeidsforhold": [job(30.0)], "arbeidssoker": [nav("helt_ledig")]},
        "works_during_a_measure": {"arbeidsforhold": [job(30.0)], "arbeidssoker": [nav("paa_tiltak")]},
        "ordinary_beside_subsidised": {"arbeidsforhold": [job(50.0), job(50.0, "lonnstilskudd", orgnr="8")]},
        "school_over_in_october": {"arbeidsforhold": [job()], "utdanning": [school(date(2016, 8, 15), date(2017, 10, 31))]},
        "emigrated_the_month_after": {"arbeidsforhold": [job()], "folkeregister": gone("utvandret", DECEMBER)},
        "emigrated_but_still_employed": {"arbeidsforhold": [job()], "folkeregister": gone("utvandret", OCTOBER)},
    },
    "sysselsatt_og_under_utdanning": {
        "job_and_school": {"arbeidsforhold": [job(40.0)], "utdanning": [LONG]},
        "school_from_the_last_day": {"arbeidsforhold": [job(40.0)], "utdanning": [school(date(2017, 11, 30), None, "hoyere")]},
        "school_to_the_first_day": {"arbeidsforhold": [job()], "utdanning": [school(date(2016, 8, 1), NOVEMBER, "grunnskole")]},
        "own_business_and_school": {"selvstendig": [own(1.0)], "utdanning": [LONG]},
        "and_registered": {"arbeidsforhold": [job(10.0)], "utdanning": [LONG], "arbeidssoker": [nav("delvis_ledig")]},
    },
    "under_utdanning": {
        "school": {"utdanning": [LONG]},
        "compulsory_school_for_adults": {"utdanning": [school(date(2017, 1, 2), date(2018, 6, 20), "grunnskole")]},
        "subsidised_job": {"utdanning": [LONG], "arbeidsforhold": [job(80.0, "lonnstilskudd")]},
        "job_without_position": {"utdanning": [LONG], "arbeidsforhold": [job(0.0)]},
        "job_of_unknown_position": {"utdanning": [LONG], "arbeidsforhold": [job(None)]},
        "business_with_a_loss": {"utdanning": [LONG], "selvstendig": [own(-20_000.0)]},
        "registered_too": {"utdanning": [LONG], "arbeidssoker": [nav("helt_ledig")]},
    },
    "helt_ledig": {
        "registered": {"arbeidssoker": [nav("helt_ledig")]},
        "job_ended_in_october": {"arbeidssoker": [nav("helt_ledig")], "arbeidsforhold": [job(month=OCTOBER)]},
        "two_statuses_in_the_month": {"arbeidssoker": [nav("paa_tiltak"), nav("helt_ledig")]},
        "business_without_income": {"arbeidssoker": [nav("helt_ledig")], "selvstendig": [own(0.0), own(90_000.0, 2016)]},
    },
    "paa_tiltak": {
        "registered": {"arbeidssoker": [nav("paa_tiltak")]},
        "subsidised_job": {"arbeidssoker": [nav("paa_tiltak")], "arbeidsforhold": [job(80.0, "lonnstilskudd")]},
        "partly_unemployed_too": {"arbeidssoker": [nav("delvis_ledig"), nav("paa_tiltak")]},
    },
    "annet_eller_ukjent": {
        "in_no_register": {},
        "resident_without_anything": {"folkeregister": [lives("bosatt", date(2012, 1, 1))]},
        "partly_unemployed_without_a_job": {"arbeidssoker": [nav("delvis_ledig")]},
        "reduced_capacity": {"arbeidssoker": [nav("nedsatt_arbeidsevne")]},
        "subsidised_and_not_registered": {"arbeidsforhold": [job(80.0, "lonnstilskudd")]},
        "months_around_november": {
            "arbeidsforhold": [job(month=OCTOBER), job(month=DECEMBER)],
            "arbeidssoker": [nav("helt_ledig", OCTOBER), nav("helt_ledig", DECEMBER)],
        },
        "november_of_other_years": {"arbeidsforhold": [job(month=date(2016, 11, 1)), job(month=date(2018, 11, 1))]},
        "school_from_december": {"utdanning": [school(DECEMBER, None)]},
        "emigrated": {"folkeregister": gone("utvandret", date(2017, 6, 15))},
        "dead": {"folkeregister": gone("dod", date(2017, 6, 15))},
        "emigrated_from_a_school_that_does_not_know": {"folkeregister": gone("utvandret", OCTOBER), "utdanning": [LONG]},
        "dead_and_not_yet_struck_off": {"folkeregister": gone("dod", OCTOBER), "arbeidssoker": [nav("helt_ledig")]},
        "dead_in_the_year_of_a_business": {"folkeregister": gone("dod", OCTOBER), "selvstendig": [own(90_000.0)]},
    },
}  # fmt: skip


@dataclass(frozen=True)
class Leavers:
    """Participations, their registers, and the status each participation was made for (``deltakelse_key, way, status``)."""

    deltakelse: pl.DataFrame
    registers: dict[str, pl.DataFrame]
    made_for: pl.DataFrame


def cells() -> pl.DataFrame:
    """The published table, long: ``status, kjonn, n``."""
    wide = pl.read_csv(TABLE, separator=";").rename({"status_november_2017": "status"})
    long = wide.drop("alle").unpivot(index="status", variable_name="kjonn", value_name="n")
    return long.with_columns(pl.col("kjonn").replace_strict(SEXES))


def as_published() -> Leavers:
    """As many leavers of each sex and status as the table holds."""
    return _leavers(
        [
            (status, way, sex)
            for status, sex, n in cells().select("status", "kjonn", "n").iter_rows()
            for way in islice(cycle(WAYS[status]), n)
        ]
    )


def one_of_each() -> Leavers:
    """One leaver of each way into each status."""
    return _leavers([(status, way, "kvinne") for status, ways in WAYS.items() for way in ways])


def _leavers(persons: list[tuple[str, str, str]]) -> Leavers:
    everybody, made_for = [], []
    rows: dict[str, list[Row]] = {name: list(found) for name, found in _STRANGER.items()}
    for i, (status, way, sex) in enumerate(persons):
        key, exit_day = f"d{i:05d}", date(2016, 1, 1) + timedelta(days=(i * 37) % 366)
        everybody.append(
            {
                "deltakelse_key": key, "person_key": f"p{i:05d}", "avsender": "imdi", "kjonn": sex, "slutt_dato": exit_day,
                "start_dato": exit_day - timedelta(days=300 + i % 400), "overgang": i % 2 == 0,
            }
        )  # fmt: skip
        made_for.append({"deltakelse_key": key, "way": f"{status}/{way}", "status": status})
        for register, found in WAYS[status][way].items():
            rows[register] += [{"person_key": f"p{i:05d}", **row} for row in found]
    frames = {name: pl.DataFrame(found, schema=INNDATA[f"register_{name}"].schema, strict=False) for name, found in rows.items()}
    return Leavers(_participations(everybody), frames, pl.DataFrame(made_for))


def _participations(rows: list[Row]) -> pl.DataFrame:
    return KLARGJORT["deltakelse"].conform(pl.DataFrame(rows))


# Somebody else, so that every extract reaches from 2012 to the end of 2018.
_STRANGER: Rows = {
    "arbeidsforhold": [{"person_key": "x", **job(month=m)} for m in (date(2012, 1, 1), date(2018, 12, 1))],
    "selvstendig": [{"person_key": "x", **own(1.0, y)} for y in (2012, 2018)],
    "utdanning": [{"person_key": "x", **school(date(2012, 1, 1), date(2018, 12, 31))}],
    "arbeidssoker": [{"person_key": "x", **nav("helt_ledig", m)} for m in (date(2012, 1, 1), date(2018, 12, 1))],
    "folkeregister": [{"person_key": "x", **lives(s, d)} for s, d in (("bosatt", date(2010, 1, 1)), ("dod", date(2018, 12, 31)))],
}
