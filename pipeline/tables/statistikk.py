"""Outcomes, indicators and estimates before disclosure control: never shown outside the pseudonymised zone."""

from __future__ import annotations

from dataclasses import replace

from pipeline.tables.base import Column as C
from pipeline.tables.base import Table
from pipeline.tables.deliveries import SECTORS
from pipeline.tables.etterproving import ETTERPROVING
from pipeline.tables.klargjort import RESIDENCE
from pipeline.tables.selvtest import SELVTEST
from pipeline.tables.statistikk_beskrivelse import DESCRIPTIONS
from pipeline.tables.uttrekk import UTTREKK, UTTREKKSFORDELING, UTTREKKSPROFIL

NOVEMBER_STATUS = (
    "sysselsatt", "sysselsatt_og_under_utdanning", "under_utdanning", "helt_ledig", "paa_tiltak", "annet_eller_ukjent",
)  # fmt: skip
GRADES = ("A", "B", "C", "D")
FINDINGS = ("positiv", "negativ", "ingen_forskjell", "uavklart")
ANALYSES = (
    "praksis_tidspunkt", "praksis_tempo", "kombinasjonslop", "oppfolging_deltaker", "oppfolging_arbeidsgiver",
    "tiltakskjede", "aarsakskjede", "prosjektprofil",
)  # fmt: skip
STRATEGY_WEEKS = (2, 4, 8, 13, 26)
HORIZONS = (52, 78, 104)

UTFALL = Table(
    "utfall", "statistikk", "one participation", (
        C("deltakelse_key", "text", "pseudonym of the participation", required=True, key=True, sensitivity="personal"),
        C("person_key", "text", "pseudonym of the person", required=True, sensitivity="personal"),
        C("direkte_overgang", "bool", "direct transition at exit; null while enrolled"),
        C("november_status", "text", "first match, November of the year after exit; null where the extracts do not reach; who is gone or "
          "recognised in no register is annet_eller_ukjent", codes=NOVEMBER_STATUS),
        C("i_arbeid_12m", "bool", "work in calendar month exit + 12"),
        C("varig_6m", "bool", "work in all of months 1-6 after exit"),
        C("varig_12m", "bool", "work in all of months 1-12 after exit"),
        C("stillingsprosent_12m", "float", "sum of jobs in month 12, at most 100", unit="percent"),
        C("sektor_12m", "text", "sector of the employer of the largest ordinary job in month 12 (same size: lowest number); null without "
          "one, or when virksomhet does not know it", codes=SECTORS),
        C("naering_12m", "text", "that employer's industry: two-digit division, SN2007"),
        C("samme_arbeidsgiver_12m", "bool", "an ordinary job at a placement employer in months 0-12 after exit"),
        C("i_arbeid_uke_104", "bool", "in work in the month of start + 104 weeks; the dead are not, the emigrated are unknown"),
        C("varig_arbeid", "bool", "in work in at least 6 of the 12 months after that month; null unless all are reached; the dead are not"),
        C("selvforsorget_foer", "float", "share of the 12 months before start self-supported", unit="share"),
        C("selvforsorget_etter", "float", "share of months 1-12 after exit self-supported", unit="share"),
        C("ytelser_nok_foer", "float", "benefits in the 12 months before start; null unless all twelve are known", unit="nok", sensitivity="special"),
        C("ytelser_nok_etter", "float", "benefits in months 1-12 after exit; null unless all twelve are known", unit="nok", sensitivity="special"),
        C("lonn_nok_foer", "float", "pay in the 12 months before start; null unless all twelve are known", unit="nok"),
        C("lonn_nok_etter", "float", "pay in months 1-12 after exit; null unless all twelve are known", unit="nok"),
        C("maaneder_i_arbeid_foer", "int", "months in work among the 12 before start (negative control)", unit="months"),
        C("norskprove_best_for", "text", "best level of all four part tests before start"),
        C("norskprove_best_etter", "text", "best level of all four part tests by exit + 12 months"),
        C("norskprove_trinn", "int", "levels from norskprove_best_for to norskprove_best_etter; null when either is unknown. A level once "
          "reached is kept, so never below 0", unit="levels", minimum=-5, maximum=5),
        C("bosatt_12m", "text", "residence on the last day of month 12; null where folkeregister does not reach or does not know the person",
          codes=RESIDENCE, sensitivity="personal"),
        C("bosatt_november", "text", "residence on the last day of November of the year after exit; null likewise", codes=RESIDENCE,
          sensitivity="personal"),
        C("flyttet_12m", "bool", "lives in another municipality on the last day of month 12 than on the day of exit, both in the latest year of "
          "the code list; null unless resident in a known one on both days", sensitivity="personal"),
    ), "linkage",
)  # fmt: skip
NOKKELTALL = Table(
    "nokkeltall", "statistikk", "one indicator, level, area, period, breakdown and denominator rule", (
        C("kpi", "text", "indicator", required=True, key=True),
        C("nivaa", "text", "level", required=True, key=True, codes=("land", "fylke", "kommune", "bydel", "prosjekt")),
        C("omraade", "text", "area code; 0 for the country", required=True, key=True),
        C("periode", "text", "year (2024) or pool (2022-2024)", required=True, key=True),
        C("dim", "text", "breakdown; alle = none", required=True, key=True),
        C("dim_verdi", "text", "value of the breakdown; alle = none", required=True, key=True),
        C("nevnerregel", "text", "denominator rule", required=True, key=True),
        C("teller", "float", "numerator"),
        C("nevner", "float", "denominator", unit="persons"),
        C("verdi", "float", "value"),
        C("enhet", "text", "unit of the value", required=True),
        C("maaltall", "float", "the year's target, in the unit of the value"),
    ), "cohort",
)  # fmt: skip
_EFFEKT_KEY = (
    C("analyse", "text", "analysis", required=True, key=True, codes=ANALYSES),
    C("strategi", "text", "strategy", required=True, key=True),
    C("sammenligning", "text", "comparison; null in risk rows", key=True),
    C("utfall", "text", "outcome", required=True, key=True),
    C("horisont_uker", "int", "horizon from time zero", required=True, key=True, unit="weeks"),
    C("variant", "text", "rule inside the grace period", key=True, codes=("jevn", "naturlig")),
    C("maal", "text", "measure", required=True, key=True, codes=("risiko", "risikodifferanse", "risikoratio", "andel")),
    C("undergruppe", "text", "subgroup", required=True, key=True),
    C("folsomhet", "text", "sensitivity analysis; hoved = main", required=True, key=True),
)  # fmt: skip
_EFFEKT_VALUES = (
    C("estimat", "float", "estimate (share, difference of shares or ratio); null for grades C and D"),
    C("ki_nedre", "float", "lower end of the 95 % interval"),
    C("ki_ovre", "float", "upper end of the 95 % interval"),
    C("se", "float", "standard error"),
    C("n_personer", "int", "persons", unit="persons"),
    C("n_klynger", "int", "municipalities", unit="clusters"),
    C("ess", "float", "effective sample size of the arm"),
    C("n_hendelser", "int", "events with weight in the arm", unit="events"),
    C("metode", "text", "estimator", required=True),
    C("grad", "text", "grade of the design", required=True, codes=GRADES),
    C("funn", "text", "finding from the interval", codes=FINDINGS),
    C("e_verdi", "float", "E-value of the point estimate"),
    C("porter", "text", "JSON: each gate's value and colour", required=True),
    C("kan_si", "text", "what may be said, bokmål"),
    C("kan_ikke_si", "text", "what may not be said, bokmål"),
    C("kan_si_nn", "text", "what may be said, nynorsk"),
    C("kan_ikke_si_nn", "text", "what may not be said, nynorsk"),
    C("kan_si_en", "text", "what may be said, English"),
    C("kan_ikke_si_en", "text", "what may not be said, English"),
    C("protokoll_hash", "text", "hash of the protocol", required=True),
    C("inndata_hash", "text", "hash of the input tables", required=True),
    C("kode_versjon", "text", "version and hash of the code", required=True),
    C("beregnet", "text", "time of first computation, ISO 8601", required=True),
)  # fmt: skip
EFFEKT = Table("effekt", "statistikk", "one declared estimate, latest run", _EFFEKT_KEY + _EFFEKT_VALUES, "effects")
_VERSION = ("protokoll_hash", "inndata_hash", "kode_versjon")
EFFEKT_HISTORIKK = Table(
    "effekt_historikk",
    "statistikk",
    "one estimate as once computed",
    tuple(replace(c, key=True) if c.name in _VERSION else c for c in _EFFEKT_KEY + _EFFEKT_VALUES),
    "effects",
)
EFFEKT_AVVIK = Table(
    "effekt_avvik", "statistikk", "one estimate and one way in which it says otherwise than the last time; a note is never removed", (
        *_EFFEKT_KEY,
        C("slag", "text", "kind: side of no difference, grade, finding, jump of more than two standard errors, or a new series",
          required=True, key=True, codes=("fortegn", "grad", "funn", "sprang", "ny_serie")),
        C("foer", "text", "before; null = none"),
        C("naa", "text", "now; null = none"),
        C("estimat_foer", "float", "estimate before"),
        C("estimat_naa", "float", "estimate now"),
        C("grad_foer", "text", "grade before", required=True, codes=GRADES),
        C("grad_naa", "text", "grade now", required=True, codes=GRADES),
        C("aarsak", "text", "why", required=True, codes=("nye_data", "ny_kode", "ny_protokoll", "nye_data_og_kode")),
        C("rettelse", "text", "correction note, bokmål: what was said, what is said now, and why", required=True),
        C("protokoll_hash_foer", "text", "hash of the protocol before", required=True, key=True),
        C("inndata_hash_foer", "text", "hash of the input tables before", required=True, key=True),
        C("kode_versjon_foer", "text", "version and hash of the code before", required=True, key=True),
        C("protokoll_hash", "text", "hash of the protocol now", required=True, key=True),
        C("inndata_hash", "text", "hash of the input tables now", required=True, key=True),
        C("kode_versjon", "text", "version and hash of the code now", required=True, key=True),
        C("beregnet_foer", "text", "time of first computation before, ISO 8601", required=True),
        C("beregnet", "text", "time of first computation now, ISO 8601", required=True),
    ), "effects",
)  # fmt: skip
EFFEKT_NAIV = Table(
    "effekt_naiv", "statistikk", "one naive contrast, shown to show its bias", (
        C("strategi", "text", "strategy", required=True, key=True),
        C("sammenligning", "text", "comparison", required=True, key=True),
        C("utfall", "text", "outcome", required=True, key=True),
        C("horisont_uker", "int", "horizon", required=True, key=True, unit="weeks"),
        C("andel_strategi", "float", "share with the outcome among those placed by g", unit="share"),
        C("andel_sammenligning", "float", "share with the outcome among those placed after 26 or never", unit="share"),
        C("estimat", "float", "difference", unit="share"),
        C("ki_nedre", "float", "lower end of the 95 % interval"),
        C("ki_ovre", "float", "upper end of the 95 % interval"),
        C("n_strategi", "int", "persons", unit="persons"),
        C("n_sammenligning", "int", "persons", unit="persons"),
        C("beregnet", "text", "time of first computation", required=True),
    ), "effects",
)  # fmt: skip
KURVER = Table(
    "kurver", "statistikk", "one strategy, outcome and four-week step of the cumulative incidence", (
        C("strategi", "text", "strategy", required=True, key=True),
        C("variant", "text", "rule inside the grace period", key=True),
        C("utfall", "text", "outcome", required=True, key=True),
        C("uke", "int", "week since programme start", required=True, key=True, unit="weeks"),
        C("risiko", "float", "cumulative incidence", unit="share"),
        C("ki_nedre", "float", "lower end of the 95 % interval"),
        C("ki_ovre", "float", "upper end of the 95 % interval"),
        C("n_hendelser", "int", "events with weight up to the week", unit="events"),
        C("n_under_risiko", "int", "persons at risk with weight in the week", unit="persons"),
        C("grad", "text", "grade of the arm", required=True),
    ), "effects",
)  # fmt: skip
AARSAKSKJEDE = Table(
    "aarsakskjede", "statistikk", "one link of the programme theory", (
        C("fra", "text", "cause", required=True, key=True),
        C("til", "text", "effect", required=True, key=True),
        C("estimat", "float", "estimate; null when not estimated or graded C or D"),
        C("ki_nedre", "float", "lower end of the 95 % interval"),
        C("ki_ovre", "float", "upper end of the 95 % interval"),
        C("enhet", "text", "unit of the estimate", required=True),
        C("grad", "text", "grade of the design; null = not estimated"),
        C("funn", "text", "finding"),
        C("n", "int", "persons", unit="persons"),
        C("n_hendelser", "int", "events", unit="events"),
        C("metode", "text", "estimator"),
        C("justert_for", "text", "adjustment set"),
        C("begrunnelse", "text", "why not estimated, or the main reservation"),
        C("protokoll_hash", "text", "hash of the programme theory's file"),
        C("inndata_hash", "text", "hash of the input tables"),
        C("kode_versjon", "text", "version and hash of the code"),
        C("beregnet", "text", "time of first computation", required=True),
    ), "effects",
)  # fmt: skip
KOMMUNE = Table(
    "kommune", "statistikk", "one municipality and outcome, three-year window", (
        C("komm_nr", "text", "municipality in the latest year of the code list", required=True, key=True),
        C("utfall", "text", "outcome", required=True, key=True),
        C("periode", "text", "window of exits", required=True, key=True),
        C("n", "int", "leavers", unit="persons"),
        C("observert", "int", "leavers with the outcome", unit="persons"),
        C("forventet", "float", "expected from the mix of participants", unit="persons"),
        C("andel", "float", "observed share", unit="share"),
        C("krympet_andel", "float", "share shrunk towards the expected", unit="share"),
        C("ki_nedre", "float", "lower end of the 95 % interval of the shrunken share"),
        C("ki_ovre", "float", "upper end of the 95 % interval of the shrunken share"),
        C("utenfor_95", "bool", "outside the 95 % funnel limits; null when too small to say"),
        C("utenfor_998", "bool", "outside the 99.8 % funnel limits; null when too small to say"),
        C("protokoll_hash", "text", "hash of the protocol"),
    ), "effects",
)  # fmt: skip
KOBLING = Table(
    "kobling", "statistikk", "one register: how many participations were matched", (
        C("register", "text", "register", required=True, key=True),
        C("avsender", "text", "owner of the project; alle = all", required=True, key=True),
        C("n_deltakelser", "int", "participations", unit="participations"),
        C("n_koblet", "int", "participations with at least one row in the register", unit="participations"),
        C("siste_maaned", "date", "last month the extract reaches"),
    ), "linkage",
)  # fmt: skip
LOSS_MEANINGS = ("ukjent_i_registeret", "ingen_hendelse")
KOBLINGSTAP = Table(
    "koblingstap", "statistikk", "one register with an extract, group variable and group: how many participations it knows", (
        C("register", "text", "register", required=True, key=True),
        C("dim", "text", "group variable at the start of the participation; alle = none", required=True, key=True,
          codes=("alle", "kjonn", "aldersgruppe", "landgruppe", "malgruppe", "startaar", "fylke_nr", "avsender")),
        C("dim_verdi", "text", "group; alle = everybody, ukjent = not known", required=True, key=True),
        C("betydning", "text", "what no row means: the register does not know a person it should, or nothing of its kind has happened",
          required=True, codes=LOSS_MEANINGS),
        C("n_deltakelser", "int", "participations", required=True, unit="participations"),
        C("n_koblet", "int", "of them with at least one row in the register", required=True, unit="participations"),
        C("n_ikke_koblet", "int", "of them without", required=True, unit="participations"),
        C("andel_koblet", "float", "n_koblet / n_deltakelser", required=True, unit="share"),
        C("andel_av_tapte", "float", "share of all without a row that belong to the group; null when nobody lacks one", unit="share"),
        C("andel_av_koblede", "float", "share of all with a row that belong to the group; null when nobody has one", unit="share"),
        C("standardisert_differanse", "float",
          "andel_av_tapte - andel_av_koblede in standard deviations (over the root of the mean of both variances): beyond 0.1 the lost are "
          "usually taken to be others than the matched; with few lost it varies much by chance"),
    ), "linkage",
)  # fmt: skip
KOBLINGSKVALITET = Table(
    "koblingskvalitet", "statistikk", "one field that both the project and folkeregister know, among participations matched in folkeregister", (
        C("felt", "text", "field", required=True, key=True, codes=("kjonn", "fodselsaar", "landbakgrunn", "innvandret_dato")),
        C("n_koblet", "int", "participations whose person has a row in folkeregister", required=True, unit="participations"),
        C("n_sammenlignet", "int", "of them with a value from the project and in the spell that holds on the first day", required=True,
          unit="participations"),
        C("n_like", "int", "of those with the same value (innvandret_dato: the same day)", required=True, unit="participations"),
        C("andel_like", "float", "n_like / n_sammenlignet; null when nothing could be compared. Low agreement on what does not change is a sign of "
          "false links", unit="share"),
    ), "linkage",
)  # fmt: skip

STATISTIKK: dict[str, Table] = {
    t.name: t
    for t in (
        UTFALL, NOKKELTALL, EFFEKT, EFFEKT_NAIV, EFFEKT_HISTORIKK, EFFEKT_AVVIK, KURVER, AARSAKSKJEDE, KOMMUNE, KOBLING, KOBLINGSTAP,
        KOBLINGSKVALITET, UTTREKK, UTTREKKSPROFIL, UTTREKKSFORDELING, ETTERPROVING, SELVTEST, *DESCRIPTIONS,
    )
}  # fmt: skip
