"""Descriptions before disclosure control: pathways, sequences, waits, employers and the projects' own answers.

Belongs here: tables that count what happened. Must not be here: any estimate of an effect. A sequence, a wait or an employer's
way of working is no cause of what came after it, and none of these tables says so.
"""

from __future__ import annotations

from pipeline.tables.base import Column as C
from pipeline.tables.base import Table
from pipeline.tables.deliveries import DELIVERY_TABLES, EMPLOYER_ANSWERS, MEASURES, UNLISTED

STATES_OF_A_MONTH = (
    "venter", "norskopplaering", "praksis", "spraakpraksis", "annet_tiltak", "arbeid", "utdanning", "annet", "flyttet_eller_utfaset",
)  # fmt: skip
NOT_COUNTED = ("kartlegging", "mentor")
"""Measures that run beside the others: they neither begin nor end a wait, and are no step of a sequence."""
SURVEY_QUESTIONS = DELIVERY_TABLES["undersokelse"]["sporsmal"].codes
TARGET_GROUP_QUESTION = "malgruppe"

FORLOP = Table(
    "forlop", "statistikk",
    "one month since start, breakdown and state; described only: the states of a month differ in who is left, and are no effect", (
        C("maaned", "int",
          "months since start; the state is that of the day start + 30.4375 x maaned, rounded down", required=True, key=True, unit="months"),
        C("dim", "text", "breakdown; alle = none", required=True, key=True, codes=("alle", "malgruppe")),
        C("dim_verdi", "text", "value of the breakdown; alle = none", required=True, key=True),
        C("tilstand", "text",
          "enrolled: of several measures at a time praksis (arbeidspraksis, lonnstilskudd) goes before spraakpraksis, norskopplaering and every "
          "other; kartlegging and mentor alone, or none = venter. After exit: what the project reported on leaving, not what is done on the day; "
          "annet = every other reason, grunnskole too", required=True, key=True, codes=STATES_OF_A_MONTH),
        C("n_fulgt", "int", "participations whose project data reach the day, ended or not", required=True, unit="participations"),
        C("n", "int", "of them in the state", required=True, unit="participations"),
        C("andel", "float", "n / n_fulgt; the states of a month add up to 1", required=True, unit="share"),
    ), "cohort",
)  # fmt: skip
SEKVENS = Table(
    "sekvens", "statistikk", "one order of measures; described only: an order of measures is no cause of how it ended", (
        C("sekvens", "text",
          "types of measure in the order they began, joined by >, repeats in a row as one, kartlegging and mentor left out; ingen = no measure; "
          "andre = every order that fewer than 10 participations have", required=True, key=True),
        C("n", "int", "participations, ended or not; of those still enrolled the order so far", required=True, unit="participations"),
        C("andel", "float", "share of all participations", required=True, unit="share"),
        C("n_avsluttede", "int", "of them ended, whatever the reason", required=True, unit="participations"),
        C("n_overgang", "int", "of the ended with direct transition to work or education", required=True, unit="participations"),
        C("andel_overgang", "float", "n_overgang / n_avsluttede; null when nobody has ended", unit="share"),
        C("varighet_maaneder_median", "float", "median time in the programme of the ended", unit="months"),
    ), "cohort",
)  # fmt: skip
OPPHOLD = Table(
    "opphold", "statistikk",
    "one type of measure after whose end a participant was without any; described only: a wait is no cause of what came after it", (
        C("tiltak_type", "text", "the measure that ended (of several on a day the first by the precedence of forlop); alle = any",
          required=True, key=True, codes=("alle", *(m for m in MEASURES if m not in NOT_COUNTED))),
        C("n", "int", "ends of a measure inside a participation after which no other ran", required=True, unit="waits"),
        C("n_fulgt", "int", "of them with another measure later in the participation", required=True, unit="waits"),
        C("dager_p25", "float", "lower quartile of the days without a measure before the next, of those followed by one", unit="days"),
        C("dager_median", "float", "median of the same", unit="days"),
        C("dager_p75", "float", "upper quartile of the same", unit="days"),
        C("n_kjent_4_uker", "int", "waits that ended, or whose project data reach 4 weeks after they began", required=True, unit="waits"),
        C("andel_over_4_uker", "float", "share of these that lasted more than 28 days, until the next measure or the exit", unit="share"),
        C("n_kjent_8_uker", "int", "waits that ended, or whose project data reach 8 weeks after they began", required=True, unit="waits"),
        C("andel_over_8_uker", "float", "share of these that lasted more than 56 days, until the next measure or the exit", unit="share"),
        C("n_avsluttede", "int", "waits in participations that have ended", required=True, unit="waits"),
        C("andel_aldri_fulgt", "float", "share of these that no other measure followed", unit="share"),
    ), "cohort",
)  # fmt: skip
PRAKSISUTFALL = Table(
    "praksisutfall", "statistikk", "one placement that has ended", (
        C("tiltak_id", "text", "spell", required=True, key=True, sensitivity="personal"),
        C("prosjekt_id", "text", "project", required=True, key=True),
        C("deltakelse_key", "text", "pseudonym of the participation", required=True, sensitivity="personal"),
        C("ansatt_hos_praksisgiver", "bool",
          "an ordinary job (not lonnstilskudd) with the placement's employer in any of the calendar months 0-12 after the placement's end; "
          "null unless the employer is known and the extract reaches all of them and speaks of the person in each"),
    ), "linkage",
)  # fmt: skip
ARBEIDSGIVER = Table(
    "arbeidsgiver", "statistikk",
    "one breakdown of the placements and how many ended in a job with the same employer; described only: no cause, no ranking", (
        C("dim", "text", "breakdown; alle = none", required=True, key=True,
          codes=("alle", "oppfolging", "fadder", "arbeidsgiver_sektor", "timer", "tiltak_type")),
        C("dim_verdi", "text",
          "value of the breakdown; ukjent = not reported. oppfolging: contacts with the employer during the placement, minst_maanedlig = one "
          "or more in every whole month from its first day (in one shorter than a month: any), ukjent = the project has "
          "delivered no contact with any employer", required=True, key=True),
        C("n", "int", "placements that have ended, or whose participation has", required=True, unit="placements"),
        C("n_kjent", "int",
          "of them with a known employer and an employment extract that reaches 12 months after the end and speaks of "
          "the person", required=True, unit="placements"),
        C("n_ansatt", "int",
          "of the known with an ordinary job at the same employer in the months 0-12 after the end", required=True, unit="placements"),
        C("andel", "float", "n_ansatt / n_kjent; null when none is known", unit="share"),
        C("krympet_andel", "float",
          "andel shrunk towards that of all placements, the more so the fewer are known; the same as andel for alle, for a "
          "value that is alone, and when all or none of the breakdown's known were hired", unit="share"),
        C("ki_nedre", "float", "lower end of the 95 % interval of the shrunken share; several placements of a person count as independent"),
        C("ki_ovre", "float", "upper end of the same interval"),
    ), "effects",
)  # fmt: skip
ARBEIDSGIVER_SVAR = Table(
    "arbeidsgiver_svar", "statistikk", "one question and category of the employers' own answers; described only", (
        C("sporsmal", "text", "question", required=True, key=True, codes=(*EMPLOYER_ANSWERS, UNLISTED)),
        C("kategori", "text", "category of the answer", required=True, key=True),
        C("n_svar", "int", "answers in the category", required=True, unit="answers"),
        C("n_sporsmal", "int", "answers to the question", required=True, unit="answers"),
        C("andel", "float", "n_svar / n_sporsmal", required=True, unit="share"),
        C("n_prosjekter", "int", "projects whose employers gave the answer", required=True, unit="projects"),
    ), "cohort",
)  # fmt: skip
UNDERSOKELSE = Table(
    "undersokelse", "statistikk", "one year, question and category of the project survey; described only", (
        C("aar", "int", "year of the survey; of target groups the grant year", required=True, key=True, unit="year"),
        C("sporsmal", "text",
          "question; malgruppe comes from the project rows", required=True, key=True, codes=(TARGET_GROUP_QUESTION, *SURVEY_QUESTIONS)),
        C("kategori", "text", "category; a project may name several", required=True, key=True),
        C("figur", "int", "figure of Rambøll's evaluation that shows the question; null = none of its figures 2-6"),
        C("n_prosjekter", "int", "projects in the category", required=True, unit="projects"),
        C("n_svarte", "int", "projects that answered the question that year", required=True, unit="projects"),
        C("n_med", "int", "projects that answered any question that year", required=True, unit="projects"),
        C("andel", "float", "n_prosjekter / n_svarte", required=True, unit="share"),
    ), "cohort",
)  # fmt: skip

DESCRIPTIONS = (FORLOP, SEKVENS, OPPHOLD, PRAKSISUTFALL, ARBEIDSGIVER, ARBEIDSGIVER_SVAR, UNDERSOKELSE)
