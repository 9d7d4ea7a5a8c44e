"""The tables of a delivery, as senders write them: file description 2026-1.

``fnr`` and the other ``identity`` and ``free_text`` columns live in the identified zone only; ``inndata.py`` derives what
comes after pseudonymisation from these same descriptions.
"""

from __future__ import annotations

from pipeline.tables.base import Column as C
from pipeline.tables.base import Table

FILE_DESCRIPTION = "2026-1"

YES_NO = ("ja", "nei")
LANGUAGE = ("under_a1", "a1", "a2", "b1", "b2", "c1")
LIMITS = ("ingen", "noe", "vesentlig")
EXIT_REASONS = (
    "lonnsarbeid", "selvstendig", "grunnskole", "videregaende", "fagbrev_laerling", "hoyere_utdanning", "annet_tiltak",
    "kvp", "sosialhjelp", "flyttet", "permisjon", "helse", "avbrutt", "dod", "faset_ut", "ukjent",
)  # fmt: skip
MEASURES = (
    "kartlegging", "norskopplaering", "spraakpraksis", "arbeidspraksis", "lonnstilskudd", "bransjekurs", "grunnskole",
    "videregaende_moduler", "jobbklubb", "mestringskurs", "mentor", "egenetablering", "helsetiltak", "annet",
)  # fmt: skip
PLACEMENTS = ("arbeidspraksis", "lonnstilskudd")
DIRECT_WORK = ("lonnsarbeid", "selvstendig")
DIRECT_EDUCATION = ("videregaende", "fagbrev_laerling", "hoyere_utdanning")
DIRECT_TRANSITION = DIRECT_WORK + DIRECT_EDUCATION
TARGET_GROUPS = ("hjemmevaerende_kvinner", "familiegjenforent", "ungdom", "sosialhjelp", "overgangsstonad", "annet")
ORGANISATION = ("nav", "voksenopplaering", "flyktningtjeneste", "bydel", "annet")
SECTORS = ("privat", "kommunal", "statlig", "frivillig")
# Employers' questions and categories are open text. Only these words leave the identified zone, any other becomes UNLISTED.
EMPLOYER_ANSWERS: dict[str, tuple[str, ...]] = {
    "oppfolging": ("ukentlig", "hver_fjortende_dag", "maanedlig", "sjeldnere", "ingen"),
    "nytte_av_oppfolging": ("stor", "noe", "liten"),
    "kompetanse": ("norsk", "fag", "arbeidsvaner", "digital", "ingen_mangel"),
    "utfordring": ("tid_og_ressurser", "sprak", "darlige_erfaringer", "tidspress", "konkurranse_om_plasser", "ingen"),
    "ansettelse": ("ansatt", "ville_ansatt_uten_ledig_stilling", "ikke_aktuelt"),
    "ny_praksisplass": ("ja", "kanskje", "nei"),
}
UNLISTED = "annet"
_LISTED = "; ".join(f"{question} {', '.join(categories)}" for question, categories in EMPLOYER_ANSWERS.items())

GUIDE_SHEETS = {"nb": ("Hjelp", "Eksempel", "Kodelister"), "nn": ("Hjelp", "Døme", "Kodelister")}
"""Locked sheets of the template workbook, by language: help, example, code lists. They are no tables and are left unread."""

WITHDRAW = C("slettes", "text", "ja = withdraw the row with this key", codes=YES_NO)

INNSENDING = Table(
    "innsending", "kildedata", "one delivery", (
        C("avsender", "text", "sender: komm_nr, bydel_nr or imdi"),
        C("statusdato", "date", "the data are complete to and including this day"),
        C("kontakt", "text", "contact at the sender", sensitivity="free_text"),
        C("trekker_tilbake", "text", "receipt id of a whole delivery to withdraw"),
        WITHDRAW,
    ), "sender", optional=True,
)  # fmt: skip
PROSJEKT = Table(
    "prosjekt", "kildedata", "one project and grant year", (
        C("prosjekt_id", "text", "project", required=True, key=True, aliases=("prosjektnr", "prosjektnummer")),
        C("tilskuddsaar", "int", "grant year", required=True, key=True, unit="year", minimum=2005, maximum=2100),
        C("komm_nr", "text", "municipality number, four digits", required=True, aliases=("kommunenr", "kommunenummer")),
        C("bydel_nr", "text", "Oslo district, six digits", aliases=("bydelsnr", "bydelsnummer")),
        C("navn", "text", "name of the project", required=True, sensitivity="free_text", aliases=("prosjektnavn",)),
        C("malgruppe", "text", "main target group", required=True, codes=TARGET_GROUPS),
        C("organisering", "text", "where the project is placed", required=True, codes=ORGANISATION),
        C("start_dato", "date", "first day of the project", required=True, aliases=("startdato",)),
        C("slutt_dato", "date", "last day of the project", aliases=("sluttdato",)),
        C("tilskudd_nok", "float", "grant", unit="nok", minimum=0, maximum=100_000_000, aliases=("tilskudd",)),
        C("plasser", "int", "places", unit="persons", minimum=0, maximum=1000),
        C("veileder_aarsverk", "float", "advisers", unit="full-time equivalents", minimum=0, maximum=200),
        WITHDRAW,
    ), "sender",
)  # fmt: skip
DELTAKER = Table(
    "deltaker", "kildedata", "one participation", (
        C("fnr", "text", "national identity number", required=True, key=True, sensitivity="identity",
          aliases=("fodselsnummer", "personnummer", "fodselsnr")),
        C("prosjekt_id", "text", "project", required=True, key=True, aliases=("prosjektnr", "prosjektnummer")),
        C("start_dato", "date", "first day in the programme", required=True, key=True, aliases=("startdato",)),
        C("deltakelse_id", "text", "the sender's id of the participation; the key when present"),
        C("komm_nr", "text", "municipality of the participant in joint projects", aliases=("kommunenr", "kommunenummer")),
        C("soknad_dato", "date", "application", aliases=("soknadsdato",)),
        C("planlagt_slutt_dato", "date", "planned last day"),
        C("slutt_dato", "date", "last day in the programme", aliases=("sluttdato",)),
        C("kjonn", "text", "sex", required=True, codes=("kvinne", "mann"), sensitivity="personal"),
        C("fodselsdato", "date", "birth date", required=True, sensitivity="identity", aliases=("fodt",)),
        C("landbakgrunn", "text", "country background, ISO 3166 alpha-3", required=True, sensitivity="special"),
        C("innvandret_dato", "date", "immigrated", sensitivity="personal"),
        C("inntektskilde_start", "text", "main income at start", sensitivity="personal",
          codes=("forsorget", "overgangsstonad", "sosialhjelp", "annet")),
        C("utdanning_start", "text", "highest education at start", sensitivity="personal",
          codes=("ingen", "grunnskole", "videregaende", "fagbrev", "hoyere")),
        C("norsk_start", "text", "Norwegian at start", codes=LANGUAGE, sensitivity="personal"),
        C("arbeidserfaring_norge", "text", "worked in Norway before", codes=YES_NO, sensitivity="personal"),
        C("arbeidserfaring_utland", "text", "worked abroad before", codes=YES_NO, sensitivity="personal"),
        C("antall_barn", "int", "children", unit="persons", minimum=0, maximum=20, sensitivity="personal"),
        C("antall_barn_under_6", "int", "children under six", unit="persons", minimum=0, maximum=12, sensitivity="personal"),
        C("helse_start", "text", "health limits work", codes=LIMITS, sensitivity="special"),
        C("intro_avsluttet_dato", "date", "left the introduction programme", sensitivity="personal"),
        C("veileder_id", "text", "adviser", sensitivity="personal"),
        C("timer_per_uke", "float", "agreed hours a week (37.5)", unit="hours", minimum=0, maximum=60),
        C("avslutning", "text", "main activity at exit", codes=EXIT_REASONS, sensitivity="personal"),
        C("stillingsprosent_slutt", "float", "position at exit", unit="percent", minimum=0, maximum=100),
        C("norsk_slutt", "text", "Norwegian at exit", codes=LANGUAGE, sensitivity="personal"),
        WITHDRAW,
    ), "sender",
)  # fmt: skip
KARTLEGGING = Table(
    "kartlegging", "kildedata", "one assessment", (
        C("kartlegging_id", "text", "assessment", required=True, key=True),
        C("prosjekt_id", "text", "project", required=True, key=True, aliases=("prosjektnr", "prosjektnummer")),
        C("fnr", "text", "national identity number", required=True, sensitivity="identity",
          aliases=("fodselsnummer", "personnummer", "fodselsnr")),
        C("dato", "date", "day of the assessment", required=True),
        C("norsk_niva", "text", "Norwegian", required=True, codes=LANGUAGE, sensitivity="personal"),
        C("arbeidsklar", "int", "readiness for work, 1 low to 5 high", required=True, minimum=1, maximum=5, sensitivity="personal"),
        C("helse", "text", "health limits work", codes=LIMITS, sensitivity="special"),
        C("omsorg", "text", "care limits work", codes=LIMITS, sensitivity="special"),
        WITHDRAW,
    ), "sender",
)  # fmt: skip
TILTAK = Table(
    "tiltak", "kildedata", "one spell of a measure", (
        C("tiltak_id", "text", "spell", required=True, key=True),
        C("prosjekt_id", "text", "project", required=True, key=True, aliases=("prosjektnr", "prosjektnummer")),
        C("fnr", "text", "national identity number", required=True, sensitivity="identity",
          aliases=("fodselsnummer", "personnummer", "fodselsnr")),
        C("tiltak_type", "text", "kind of measure", required=True, codes=MEASURES, aliases=("type",)),
        C("start_dato", "date", "first day", required=True, aliases=("startdato",)),
        C("slutt_dato", "date", "last day", aliases=("sluttdato",)),
        C("timer_per_uke", "float", "hours a week", unit="hours", minimum=0, maximum=60),
        C("arbeidsgiver_orgnr", "text", "employer", aliases=("orgnr",)),
        C("arbeidsgiver_sektor", "text", "employer's sector", codes=SECTORS),
        C("fadder", "text", "a buddy at the workplace", codes=YES_NO),
        C("avbrutt", "text", "interrupted", codes=YES_NO),
        WITHDRAW,
    ), "sender",
)  # fmt: skip
OPPFOLGING = Table(
    "oppfolging", "kildedata", "one contact", (
        C("oppfolging_id", "text", "contact", required=True, key=True),
        C("prosjekt_id", "text", "project", required=True, key=True, aliases=("prosjektnr", "prosjektnummer")),
        C("fnr", "text", "national identity number", required=True, sensitivity="identity",
          aliases=("fodselsnummer", "personnummer", "fodselsnr")),
        C("dato", "date", "day of the contact", required=True),
        C("part", "text", "with whom", required=True, codes=("deltaker", "arbeidsgiver", "skole", "nav", "annet")),
        C("form", "text", "how", codes=("mote", "arbeidsplassbesok", "telefon", "digital")),
        C("minutter", "int", "length", unit="minutes", minimum=0, maximum=1440),
        C("metode", "text", "method", codes=("mi", "loft", "ai", "annet")),
        C("tiltak_id", "text", "the spell it belongs to"),
        WITHDRAW,
    ), "sender",
)  # fmt: skip
ETTEROPPFOLGING = Table(
    "etteroppfolging", "kildedata", "one follow-up after exit", (
        C("prosjekt_id", "text", "project", required=True, key=True, aliases=("prosjektnr", "prosjektnummer")),
        C("fnr", "text", "national identity number", required=True, key=True, sensitivity="identity",
          aliases=("fodselsnummer", "personnummer", "fodselsnr")),
        C("dato", "date", "day of the follow-up", required=True, key=True),
        C("hovedaktivitet", "text", "main activity", required=True, codes=EXIT_REASONS, sensitivity="personal"),
        WITHDRAW,
    ), "sender", optional=True,
)  # fmt: skip
VEILEDER = Table(
    "veileder", "kildedata", "one adviser in a project", (
        C("prosjekt_id", "text", "project", required=True, key=True, aliases=("prosjektnr", "prosjektnummer")),
        C("veileder_id", "text", "adviser", required=True, key=True, sensitivity="personal"),
        C("utdanning", "text", "education", sensitivity="free_text"),
        C("kurs_mi", "text", "trained in motivational interviewing", codes=YES_NO),
        C("kurs_loft", "text", "trained in solution-focused work", codes=YES_NO),
        C("stillingsprosent", "float", "position", unit="percent", minimum=0, maximum=100),
        WITHDRAW,
    ), "sender", optional=True,
)  # fmt: skip
ARBEIDSGIVER_SVAR = Table(
    "arbeidsgiver_svar", "kildedata", "one employer's answer to one question", (
        C("prosjekt_id", "text", "project", required=True, key=True, aliases=("prosjektnr", "prosjektnummer")),
        C("svar_id", "text", "answer", required=True, key=True),
        C("orgnr", "text", "employer"),
        C("dato", "date", "day of the answer", required=True),
        C("sporsmal", "text", f"question: {', '.join(EMPLOYER_ANSWERS)}, or own words", required=True, sensitivity="free_text"),
        C("kategori", "text", f"category of the answer, per question: {_LISTED}; or own words", required=True, sensitivity="free_text"),
        C("svar", "text", "answer in the employer's words", sensitivity="free_text"),
        WITHDRAW,
    ), "sender", optional=True,
)  # fmt: skip
UNDERSOKELSE = Table(
    "undersokelse", "kildedata", "one project's answer in one category of one question and year", (
        C("prosjekt_id", "text", "project", required=True, key=True, aliases=("prosjektnr", "prosjektnummer")),
        C("aar", "int", "year of the survey", required=True, key=True, unit="year", minimum=2005, maximum=2100),
        C("sporsmal", "text", "question", required=True, key=True,
          codes=("malsetting", "arbeidsretting", "suksess_arbeidsgiver", "barriere_arbeidsgiver", "suksess_tjenester", "barriere_tjenester")),
        C("kategori", "text", "category of the answer", required=True, key=True),
        C("svar", "text", "answer in the project's words", sensitivity="free_text"),
        WITHDRAW,
    ), "sender", optional=True,
)  # fmt: skip

DELIVERY_TABLES: dict[str, Table] = {
    t.name: t
    for t in (
        INNSENDING, PROSJEKT, DELTAKER, KARTLEGGING, TILTAK, OPPFOLGING,
        ETTEROPPFOLGING, VEILEDER, ARBEIDSGIVER_SVAR, UNDERSOKELSE,
    )
}  # fmt: skip
