"""Registry extracts as their owners deliver them: keyed by ``person_id`` or by ``person_key`` + ``key_version``.

The person column is added by the linkage border; here are the payload columns of each register.
"""

from __future__ import annotations

from pipeline.tables.base import Column as C
from pipeline.tables.base import Table
from pipeline.tables.deliveries import LANGUAGE, SECTORS

# Forms of text without a code list: enough for every value the register has, nothing that could name a person.
MUNICIPALITY, ORGNR = "[0-9]{4}", "[1-9][0-9]{8}"  # no number in the Enhetsregister begins with 0
COUNTRY, INDUSTRY = "[A-Z]{3}", "[0-9]{2}([.][0-9]{1,3})?"
MARITAL = (
    "(?i:[1-9]|uoppgitt|ugift|gift|samboer|skilt|separert|enke|enkemann|enke[ /_]?(eller)?[ _]?enkemann"
    "|(registrert|separert|skilt|gjenlevende)[ _]?partner)"
)

PERSON = C("person_key", "text", "pseudonym of the person", required=True, key=True, sensitivity="personal")


def _register(name: str, grain: str, columns: tuple[C, ...], *, source: str, person: bool = True, several: bool = False) -> Table:
    return Table(name, "register", grain, (PERSON, *columns) if person else columns, source, several=several)


REGISTERS: dict[str, Table] = {
    t.name: t
    for t in (
        _register("folkeregister", "one person and spell of unchanged facts", (
            C("kjonn", "text", "sex", codes=("kvinne", "mann"), sensitivity="personal"),
            C("fodselsdato", "date", "birth date (year only after the border)", sensitivity="identity"),
            C("landbakgrunn", "text", "country background, ISO 3166 alpha-3", sensitivity="special", form=COUNTRY),
            C("innvandret_dato", "date", "immigrated", sensitivity="personal"),
            C("komm_nr", "text", "municipality of residence, four digits", form=MUNICIPALITY),
            C("sivilstand", "text", "marital status, the Folkeregister's word or digit", sensitivity="personal", form=MARITAL),
            C("status", "text", "residence", required=True, codes=("bosatt", "utvandret", "dod")),
            C("gyldig_fra", "date", "first day of the spell", required=True, key=True),
            C("gyldig_til", "date", "first day after the spell; null = open"),
        ), source="Folkeregisteret"),
        _register("norskprove", "one person and part test", (
            C("prove_dato", "date", "day of the test", required=True, key=True),
            C("delprove", "text", "part test", required=True, key=True, codes=("lese", "lytte", "skrive", "muntlig")),
            C("niva", "text", "level", required=True, codes=LANGUAGE),
        ), source="HK-dir"),
        # Two jobs of one kind with one employer are two rows of one key. No other register has different rows of one key.
        _register("arbeidsforhold", "one person, employment and month; two jobs of one kind with one employer are two rows of one key", (
            C("maaned", "date", "first day of the month", required=True, key=True),
            C("orgnr", "text", "employer, nine digits", required=True, key=True, form=ORGNR),
            C("stillingsprosent", "float", "position", unit="percent", minimum=0, maximum=200, decisive=True),
            C("timer_per_uke", "float", "hours a week", unit="hours", minimum=0, maximum=100),
            C("lonn_nok", "float", "pay in the month", unit="nok", minimum=0, maximum=100_000_000),
            C("type", "text", "kind of employment", required=True, key=True,
              codes=("ordinaert", "frilans", "maritimt", "lonnstilskudd")),
        ), source="A-ordningen", several=True),
        _register("selvstendig", "one person and year", (
            C("aar", "int", "income year", required=True, key=True, unit="year"),
            C(
                "naeringsinntekt_nok", "float", "income from own business", unit="nok", minimum=-1_000_000_000, maximum=1_000_000_000,
                decisive=True,
            ),
        ), source="Skatteetaten"),
        _register("utdanning", "one person and spell of education", (
            C("start_dato", "date", "first day", required=True, key=True),
            C("slutt_dato", "date", "last day; null = ongoing"),
            C("niva", "text", "level", required=True, key=True, codes=("grunnskole", "videregaende", "fagskole", "hoyere")),
            C("status", "text", "status", required=True, codes=("pagaende", "fullfort", "avbrutt")),
        ), source="NUDB"),
        _register("arbeidssoker", "one person and month", (
            C("maaned", "date", "first day of the month", required=True, key=True),
            C("status", "text", "status", required=True, codes=("helt_ledig", "delvis_ledig", "paa_tiltak", "nedsatt_arbeidsevne")),
        ), source="NAV"),
        _register("ytelse", "one person, benefit and month", (
            C("maaned", "date", "first day of the month", required=True, key=True),
            C("ytelse", "text", "benefit", required=True, key=True, sensitivity="special",
              codes=("sosialhjelp", "overgangsstonad", "kvp", "dagpenger", "aap", "introduksjonsstonad", "tiltakspenger", "foreldrepenger")),
            C("belop_nok", "float", "amount", unit="nok", minimum=0, maximum=100_000_000),
        ), source="NAV"),
        _register("virksomhet", "one establishment", (
            C("orgnr", "text", "establishment, nine digits", required=True, key=True, form=ORGNR),
            C("naering", "text", "industry, SN2007: 85, 85.1, 85.10 or 85.100", form=INDUSTRY),
            C("sektor", "text", "sector", codes=SECTORS),
            C("antall_ansatte", "int", "employees", unit="persons", minimum=0, maximum=1_000_000),
        ), source="Enhetsregisteret", person=False),
    )
}  # fmt: skip
