"""Deliveries with the tables that a sender may leave out, each with rows that pass and rows that do not."""

from __future__ import annotations

from datetime import date
from typing import Any

from tests.intake.corpus_case import Case, Counts, accepted, added, changed, counted, first_person, rejected, remarked
from tests.intake.intake_case import csv_bytes, zip_bytes

OPTIONAL = "optional tables"
STATED = "the table innsending"
FOLLOW_UP: dict[str, Any] = {"fnr": first_person(), "dato": date(2024, 3, 1), "hovedaktivitet": "lonnsarbeid"}
ADVISER: dict[str, Any] = {"veileder_id": "V1", "utdanning": "barnevernspedagog", "kurs_mi": "ja", "kurs_loft": "nei",
                           "stillingsprosent": "80"}  # fmt: skip
EMPLOYER: dict[str, Any] = {"svar_id": "S1", "orgnr": "974760673", "dato": date(2024, 2, 1), "sporsmal": "nytte_av_oppfolging",
                            "kategori": "stor", "svar": "Veldig nyttig; vi vil ha flere"}  # fmt: skip
SURVEY: dict[str, Any] = {"aar": 2023, "sporsmal": "malsetting", "kategori": "arbeid", "svar": "Å få folk i jobb"}


def two(table: str, first: dict[str, Any], **other: Any) -> Any:
    """A delivery with that table: a valid row and one with some cells differing."""
    rows = [{k: f'"{v}"' if ";" in str(v) else v for k, v in row.items()} for row in (first, first | other)]
    return changed(added(table, *rows))


def counts(table: str, kept: int, held_back: int = 0) -> Counts:
    """The valid delivery's counts with that table's rows."""
    return counted(**{table: (kept + held_back, kept, held_back, 0, 0)})


def alone(table: str, row: dict[str, Any], *left_out: str) -> bytes:
    """A zip with that table alone, without some of its columns."""
    return zip_bytes({f"{table}.csv": csv_bytes([{k: v for k, v in row.items() if k not in left_out}])})


FOLLOW_UPS = (
    accepted(OPTIONAL, "follow-up after exit", two("etteroppfolging", FOLLOW_UP, dato=date(2024, 4, 1)),
             tables=counts("etteroppfolging", 2)),
    remarked(OPTIONAL, "follow-up with an activity of its own", two("etteroppfolging", FOLLOW_UP, dato=date(2024, 4, 1), hovedaktivitet="ferie"),
             "JS102", tables=counts("etteroppfolging", 1, 1)),
    remarked(OPTIONAL, "follow-up in the future", two("etteroppfolging", FOLLOW_UP, dato=date(2025, 4, 1)), "JS202",
             tables=counts("etteroppfolging", 1, 1)),
    remarked(OPTIONAL, "follow-up of nobody", two("etteroppfolging", FOLLOW_UP, fnr="02819000007"), "JS120",
             tables=counts("etteroppfolging", 1, 1)),
    rejected(OPTIONAL, "follow-up without its day", lambda: alone("etteroppfolging", {"prosjekt_id": "P1"} | FOLLOW_UP, "dato"),
             "JS025"),
)  # fmt: skip
ADVISERS = (
    accepted(OPTIONAL, "advisers", two("veileder", ADVISER, veileder_id="V2"), tables=counts("veileder", 2)),
    remarked(OPTIONAL, "adviser with three positions", two("veileder", ADVISER, veileder_id="V2", stillingsprosent="300"), "JS103",
             tables=counts("veileder", 2)),
    remarked(OPTIONAL, "adviser with a course of a kind", two("veileder", ADVISER, veileder_id="V2", kurs_mi="delvis"), "JS102",
             tables=counts("veileder", 1, 1)),
    remarked(OPTIONAL, "adviser named by an identity number", two("veileder", ADVISER, veileder_id=first_person()), "JS127",
             tables=counts("veileder", 1, 1)),
    rejected(OPTIONAL, "advisers without their id", lambda: alone("veileder", {"prosjekt_id": "P1"} | ADVISER, "veileder_id"), "JS025"),
)  # fmt: skip
EMPLOYERS = (
    accepted(OPTIONAL, "employers' answers", two("arbeidsgiver_svar", EMPLOYER, svar_id="S2"), tables=counts("arbeidsgiver_svar", 2)),
    remarked(OPTIONAL, "employer without a number", two("arbeidsgiver_svar", EMPLOYER, svar_id="S2", orgnr="kommunen"), "JS113",
             tables=counts("arbeidsgiver_svar", 1, 1)),
    remarked(OPTIONAL, "answer in the future", two("arbeidsgiver_svar", EMPLOYER, svar_id="S2", dato=date(2025, 1, 1)), "JS202",
             tables=counts("arbeidsgiver_svar", 1, 1)),
    remarked(OPTIONAL, "answer that names a participant", two("arbeidsgiver_svar", EMPLOYER, svar_id="S2", svar=f"Ja til {first_person()}"),
             "JS128", tables=counts("arbeidsgiver_svar", 2)),
    remarked(OPTIONAL, "answer without its category", two("arbeidsgiver_svar", EMPLOYER, svar_id="S2", kategori=None), "JS101",
             tables=counts("arbeidsgiver_svar", 1, 1)),
)  # fmt: skip
SURVEYS = (
    accepted(OPTIONAL, "survey", two("undersokelse", SURVEY, kategori="utdanning"), tables=counts("undersokelse", 2)),
    remarked(OPTIONAL, "survey with a question of its own", two("undersokelse", SURVEY, sporsmal="annet"), "JS102",
             tables=counts("undersokelse", 1, 1)),
    remarked(OPTIONAL, "survey of the year 203", two("undersokelse", SURVEY, aar=203), "JS103", tables=counts("undersokelse", 2)),
    remarked(OPTIONAL, "survey with an identity number as category", two("undersokelse", SURVEY, kategori=first_person()), "JS127",
             tables=counts("undersokelse", 1, 1)),
    remarked(OPTIONAL, "survey's category longer than any", two("undersokelse", SURVEY, kategori="x" * 5000), "JS112",
             tables=counts("undersokelse", 1, 1)),
)  # fmt: skip
SUBMISSIONS = (
    accepted(STATED, "stated day and contact",
             changed(added("innsending", {"avsender": "4601", "statusdato": date(2024, 5, 31), "kontakt": "Post"})),
             tables=counted(innsending=(1, 1, 0, 0, 0))),
    remarked(STATED, "another sender's name", changed(added("innsending", {"avsender": "5001"})), "JS303",
             tables=counted(innsending=(1, 0, 1, 0, 0))),
    remarked(STATED, "withdrawal of a delivery that never was",
             changed(added("innsending", {"avsender": "4601", "trekker_tilbake": "0123456789ab"})), "JS304",
             tables=counted(innsending=(1, 0, 1, 0, 0))),
    rejected(STATED, "withdrawal alone of a delivery that never was",
             lambda: alone("innsending", {"avsender": "4601", "trekker_tilbake": "0123456789ab"}), "JS304",
             tables={"innsending": (1, 0, 1, 0, 0)}),
    remarked(STATED, "stated day in the future", changed(added("innsending", {"avsender": "4601", "statusdato": date(2025, 1, 1)})),
             "JS305", tables=counted(innsending=(1, 1, 0, 0, 0))),
    remarked(STATED, "two rows", changed(added("innsending", {"avsender": "4601"}, {"avsender": "4601", "kontakt": "Post"})), "JS306",
             tables=counted(innsending=(2, 0, 2, 0, 0))),
    remarked(STATED, "receipt number that is none", changed(added("innsending", {"avsender": "4601", "trekker_tilbake": "forrige"})),
             "JS113", "JS304", tables=counted(innsending=(1, 0, 1, 0, 0))),
)  # fmt: skip

OPTIONAL_CASES: tuple[Case, ...] = (*FOLLOW_UPS, *ADVISERS, *EMPLOYERS, *SURVEYS, *SUBMISSIONS)
