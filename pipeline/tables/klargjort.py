"""Cleaned, joined and derived person-level tables: what analysts and estimators start from."""

from __future__ import annotations

from pipeline.tables.base import Column as C
from pipeline.tables.base import Table
from pipeline.tables.deliveries import EXIT_REASONS, LANGUAGE, LIMITS, MEASURES, ORGANISATION, SECTORS, TARGET_GROUPS, YES_NO
from pipeline.tables.registers import REGISTERS
from pipeline.tables.uttrekk import REKKEVIDDE, UTENFOR_UTTREKK

DELTAKELSE_KEY = C("deltakelse_key", "text", "pseudonym of the participation", required=True, key=True, sensitivity="personal")
_CHILD_OF = C("deltakelse_key", "text", "pseudonym of the participation", required=True, sensitivity="personal")
PERSON_KEY = C("person_key", "text", "pseudonym of the person", required=True, sensitivity="personal")
PROSJEKT_ID = C("prosjekt_id", "text", "project", required=True)
RESIDENCE = REGISTERS["folkeregister"]["status"].codes

DELTAKELSE = Table(
    "deltakelse", "klargjort", "one participation", (
        DELTAKELSE_KEY, PERSON_KEY, PROSJEKT_ID,
        C("avsender", "text", "owner of the project", required=True),
        C("komm_nr", "text", "municipality as reported, valid at the start date", required=True),
        C("komm_nr_ref", "text", "municipality in the latest year of the code list", required=True),
        C("fylke_nr", "text", "county of komm_nr_ref", required=True),
        C("bydel_nr", "text", "Oslo district, six digits"),
        C("start_dato", "date", "first day in the programme", required=True),
        C("soknad_dato", "date", "application"),
        C("planlagt_slutt_dato", "date", "planned last day"),
        C("slutt_dato", "date", "last day; null = still enrolled at statusdato"),
        C("statusdato", "date", "the project's data are complete to this day", required=True),
        C("statusdato_oppgitt", "bool", "statusdato was stated by the sender", required=True),
        C("avslutning", "text", "main activity at exit; ukjent when not reported", codes=EXIT_REASONS, sensitivity="personal"),
        C("overgang", "bool", "direct transition to work or education; null only while enrolled"),
        C("utfaset", "bool", "phased out with the project (avslutning = faset_ut); null while enrolled"),
        C("stillingsprosent_slutt", "float", "position at exit", unit="percent"),
        C("norsk_slutt", "text", "Norwegian at exit", codes=LANGUAGE, sensitivity="personal"),
        C("forste_praksis_dato", "date", "first day of the first placement inside the participation"),
        C("uker_til_praksis", "int", "week of the first placement, 1 = days 0-6", unit="weeks"),
        C("praksis_foer_start", "bool", "a placement begun before the start still ran on day 0", required=True),
        C("varighet_maaneder", "float", "start to exit", unit="months"),
        C("kjonn", "text", "sex", required=True, codes=("kvinne", "mann"), sensitivity="personal"),
        C("fodselsaar", "int", "birth year", required=True, unit="year", sensitivity="personal"),
        C("alder_start", "int", "age in the year of start", unit="years", sensitivity="personal"),
        C("landbakgrunn", "text", "country background, ISO 3166 alpha-3", sensitivity="special"),
        C("landgruppe", "text", "country group", sensitivity="personal"),
        C("botid_aar", "float", "years since immigration at start", unit="years", sensitivity="personal"),
        C("inntektskilde_start", "text", "main income at start", sensitivity="personal"),
        C("utdanning_start", "text", "highest education at start", sensitivity="personal"),
        C("norsk_start", "text", "Norwegian at start", codes=LANGUAGE, sensitivity="personal"),
        C("arbeidserfaring_norge", "text", "worked in Norway before", codes=YES_NO, sensitivity="personal"),
        C("arbeidserfaring_utland", "text", "worked abroad before", codes=YES_NO, sensitivity="personal"),
        C("antall_barn", "int", "children", unit="persons", sensitivity="personal"),
        C("antall_barn_under_6", "int", "children under six", unit="persons", sensitivity="personal"),
        C("helse_start", "text", "health limits work", codes=LIMITS, sensitivity="special"),
        C("veileder_key", "text", "pseudonym of the adviser", sensitivity="personal"),
        C("malgruppe", "text", "target group of the project year", codes=TARGET_GROUPS),
        C("organisering", "text", "where the project is placed", codes=ORGANISATION),
        C("tilskuddsaar", "int", "grant year of the project row the participation takes", unit="year"),
        C("forste_tilskuddsaar", "int", "first grant year delivered for the project", unit="year"),
    ), "cohort",
)  # fmt: skip
TILTAK = Table(
    "tiltak", "klargjort", "one spell of a measure inside its participation", (
        C("tiltak_id", "text", "spell", required=True, key=True),
        C("prosjekt_id", "text", "project", required=True, key=True), _CHILD_OF, PERSON_KEY,
        C("tiltak_type", "text", "kind of measure", required=True, codes=MEASURES),
        C("er_praksis", "bool", "a placement: arbeidspraksis or lonnstilskudd", required=True),
        C("start_dato", "date", "first day", required=True),
        C("slutt_dato", "date", "last day; null = not reported or running"),
        C("timer_per_uke", "float", "hours a week", unit="hours"),
        C("arbeidsgiver_orgnr", "text", "employer"),
        C("arbeidsgiver_sektor", "text", "employer's sector", codes=SECTORS),
        C("fadder", "text", "a buddy at the workplace", codes=YES_NO),
        C("avbrutt", "text", "interrupted", codes=YES_NO),
    ), "cohort",
)  # fmt: skip
OPPFOLGING = Table(
    "oppfolging", "klargjort", "one contact inside its participation", (
        C("oppfolging_id", "text", "contact", required=True, key=True),
        C("prosjekt_id", "text", "project", required=True, key=True), _CHILD_OF, PERSON_KEY,
        C("dato", "date", "day of the contact", required=True),
        C("part", "text", "with whom", required=True),
        C("form", "text", "how"),
        C("minutter", "int", "length", unit="minutes"),
        C("metode", "text", "method"),
        C("tiltak_id", "text", "the spell it belongs to"),
    ), "cohort",
)  # fmt: skip
KARTLEGGING = Table(
    "kartlegging", "klargjort", "one assessment inside its participation", (
        C("kartlegging_id", "text", "assessment", required=True, key=True),
        C("prosjekt_id", "text", "project", required=True, key=True), _CHILD_OF, PERSON_KEY,
        C("dato", "date", "day of the assessment", required=True),
        C("norsk_niva", "text", "Norwegian", required=True, codes=LANGUAGE, sensitivity="personal"),
        C("arbeidsklar", "int", "readiness for work, 1 low to 5 high", required=True, sensitivity="personal"),
        C("helse", "text", "health limits work", codes=LIMITS, sensitivity="special"),
        C("omsorg", "text", "care limits work", codes=LIMITS, sensitivity="special"),
    ), "cohort",
)  # fmt: skip
PROSJEKT = Table(
    "prosjekt", "klargjort", "one project and grant year", (
        C("prosjekt_id", "text", "project", required=True, key=True),
        C("tilskuddsaar", "int", "grant year", required=True, key=True, unit="year"),
        C("avsender", "text", "owner of the project", required=True),
        C("komm_nr", "text", "municipality as reported", required=True),
        C("komm_nr_ref", "text", "municipality in the latest year of the code list", required=True),
        C("bydel_nr", "text", "Oslo district"),
        C("malgruppe", "text", "main target group", codes=TARGET_GROUPS),
        C("organisering", "text", "where the project is placed", codes=ORGANISATION),
        C("start_dato", "date", "first day of the project"),
        C("slutt_dato", "date", "last day of the project"),
        C("tilskudd_nok", "float", "grant", unit="nok"),
        C("plasser", "int", "places", unit="persons"),
        C("veileder_aarsverk", "float", "advisers", unit="full-time equivalents"),
    ), "cohort",
)  # fmt: skip
PERSON_MAANED = Table(
    "person_maaned", "klargjort", "one participation and calendar month, 12 months before start to 60 after exit (or the extracts' end)", (
        C("deltakelse_key", "text", "pseudonym of the participation", required=True, key=True, sensitivity="personal"),
        C("maaned", "date", "first day of the month", required=True, key=True),
        PERSON_KEY,
        C("m_start", "int", "months since the month of start", required=True, unit="months"),
        C("m_slutt", "int", "months since the month of exit; null while enrolled", unit="months"),
        C("i_arbeid", "bool", "employment (not lonnstilskudd, stillingsprosent > 0) or self-employed income; null where the extract does not "
          "reach, where borte, and where the person is recognised in no register (folkeregister has rows, but none of hers, and no other "
          "register has one), as every other column about work, education and benefits"),
        C("stillingsprosent", "float", "sum of jobs, at most 100", unit="percent"),
        C("timer_per_uke", "float", "sum of jobs", unit="hours"),
        C("lonn_nok", "float", "pay; 0 without a job, null where what one of her jobs paid is not told", unit="nok"),
        C("lonnstilskudd", "bool", "in a subsidised job"),
        C("selvstendig", "bool", "self-employed income in the year; null where her tax return does not tell it"),
        C("samme_arbeidsgiver", "bool", "an ordinary job at an employer of one of the participation's placements"),
        C("under_utdanning", "bool", "an education spell covers a day of the month"),
        C("utdanning_niva", "text", "highest level of those spells"),
        C("arbeidssoker_status", "text", "registered status at NAV"),
        C("ytelser_nok", "float", "all benefits; 0 without any, null where the amount of one of hers is not told", unit="nok", sensitivity="special"),
        C("sosialhjelp_nok", "float", "social assistance; 0 without it, null where an amount of it is not told", unit="nok", sensitivity="special"),
        C("selvforsorget", "bool", "in work or own income, no social assistance, overgangsstonad or kvp (a benefit without an amount is one); "
          "null where it hangs on pay or own income that is not told"),
        C("bosatt_status", "text", "residence on the last day of the month; null when folkeregister does not know the person then. Carried on "
          "after the last event the register has, also beyond what its extract speaks of, while utfall.bosatt_12m is null there",
          codes=RESIDENCE, sensitivity="personal"),
        C("borte", "bool", "dead or emigrated on the first and the last day of the month, and without employment (lonnstilskudd is none): "
          "nothing else is known of the month; null when folkeregister does not know the person", sensitivity="personal"),
        C("bosted_komm_nr", "text", "municipality of residence on the last day of the month, as registered then; null unless bosatt",
          sensitivity="personal"),
        C("bosted_komm_nr_ref", "text", "bosted_komm_nr in the latest year of the code list; 9999 = no number of the list",
          sensitivity="personal"),
    ), "linkage",
)  # fmt: skip

KLARGJORT: dict[str, Table] = {
    t.name: t for t in (DELTAKELSE, TILTAK, OPPFOLGING, KARTLEGGING, PROSJEKT, PERSON_MAANED, UTENFOR_UTTREKK, REKKEVIDDE)
}
