"""Deliveries that are well written and say something that cannot be, or that does not fit together."""

from __future__ import annotations

from datetime import date

from tests.intake.corpus_case import (
    Case,
    Change,
    accepted,
    added,
    cell,
    changed,
    changed_tables,
    column,
    counted,
    one_held_back,
    quarantined,
    remarked,
    repeated,
    without,
)
from tests.intake.intake_case import csv_bytes, make_fnr, zip_bytes

TIME = "end before start, future dates, overlapping spells, outside the programme"
KEYS = "same key twice, identical or differing"
WITHDRAWAL = "withdrawal of a row, a person, a delivery"
CODES = "wrong codes, out of range, missing values"
ELIGIBILITY = "eligibility rules by start date"
PLACES = "municipalities, districts and owners"
HOSTILE = "<img onerror> as a name; SQL in a column name"
INJECTION = "formula injection"
PROJECT_HELD_BACK = counted(prosjekt=(1, 0, 1, 0, 0))
FUTURE = date(2024, 9, 1)


def moved(komm_nr: str, bydel_nr: str | None = None) -> tuple[Change, ...]:
    """The project in another municipality or district."""
    return cell("prosjekt", "komm_nr", komm_nr), cell("prosjekt", "bydel_nr", bydel_nr)


def with_heading(heading: str) -> bytes:
    """The table prosjekt with a column of the sender's own."""
    rows = [changed_tables()["prosjekt"][0] | {heading: "x"}]
    return zip_bytes({"prosjekt.csv": csv_bytes(rows)})


TIMES = (
    remarked(TIME, "spell that ends before it starts", changed(cell("tiltak", "slutt_dato", date(2023, 2, 1))), "JS201",
             tables=one_held_back("tiltak")),
    remarked(TIME, "participation that ends before it starts", changed(cell("deltaker", "slutt_dato", date(2023, 1, 1))), "JS201",
             "JS210", tables=one_held_back("deltaker")),
    remarked(TIME, "project that ends before it starts", changed(cell("prosjekt", "slutt_dato", date(2022, 1, 1))), "JS201",
             tables=PROJECT_HELD_BACK),
    accepted(TIME, "spell of one day", changed(cell("tiltak", "slutt_dato", date(2023, 3, 1)))),
    remarked(TIME, "contact tomorrow", changed(cell("oppfolging", "dato", date(2024, 6, 2)), cell("deltaker", "slutt_dato", None),
             cell("deltaker", "avslutning", None)), "JS202", tables=one_held_back("oppfolging")),
    accepted(TIME, "contact today", changed(cell("oppfolging", "dato", date(2024, 6, 1)), cell("deltaker", "slutt_dato", None),
             cell("deltaker", "avslutning", None))),
    remarked(TIME, "spell that starts in the future", changed(cell("tiltak", "start_dato", FUTURE), cell("tiltak", "slutt_dato", None),
             cell("deltaker", "slutt_dato", None), cell("deltaker", "avslutning", None)), "JS203"),
    remarked(TIME, "spell that ends in the future", changed(cell("tiltak", "slutt_dato", FUTURE)), "JS204"),
    remarked(TIME, "birth in 1850", changed(cell("deltaker", "fodselsdato", date(1850, 1, 1))), "JS205", "JS230",
             tables=one_held_back("deltaker")),
    remarked(TIME, "birth after start", changed(cell("deltaker", "fodselsdato", date(2023, 3, 1))), "JS205", "JS230",
             tables=one_held_back("deltaker")),
    remarked(TIME, "assessment before the scheme", changed(cell("kartlegging", "dato", date(1923, 2, 10))), "JS206", "JS210"),
    remarked(TIME, "participations that overlap", changed(repeated("deltaker", start_dato=date(2023, 5, 1))), "JS207",
             tables=counted(deltaker=(4, 4, 0, 0, 0))),
    accepted(TIME, "participation after the first has ended",
             changed(repeated("deltaker", start_dato=date(2024, 2, 1), slutt_dato=date(2024, 5, 1))),
             tables=counted(deltaker=(4, 4, 0, 0, 0))),
    remarked(TIME, "spells of a kind that overlap", changed(repeated("tiltak", tiltak_id="T9", start_dato=date(2023, 4, 1))), "JS208",
             tables=counted(tiltak=(4, 4, 0, 0, 0))),
    accepted(TIME, "spells of different kinds that overlap",
             changed(repeated("tiltak", tiltak_id="T9", tiltak_type="norskopplaering")), tables=counted(tiltak=(4, 4, 0, 0, 0))),
    remarked(TIME, "rows without a participation", changed(without("deltaker")), "JS209",
             tables={t: c for t, c in counted().items() if t != "deltaker"}),
    remarked(TIME, "contact long before the programme", changed(cell("oppfolging", "dato", date(2022, 1, 1))), "JS210"),
    remarked(TIME, "contact after the programme", changed(cell("oppfolging", "dato", date(2024, 1, 1))), "JS210"),
    accepted(TIME, "contact thirty days before the programme", changed(cell("oppfolging", "dato", date(2023, 1, 2)))),
    remarked(TIME, "participants without their project", changed(without("prosjekt")), "JS216",
             tables={t: c for t, c in counted().items() if t != "prosjekt"}),
    remarked(TIME, "person in two projects at once",
             changed(repeated("prosjekt", prosjekt_id="P2"), repeated("deltaker", prosjekt_id="P2")), "JS270",
             tables=counted(prosjekt=(2, 2, 0, 0, 0), deltaker=(4, 4, 0, 0, 0))),
    remarked(TIME, "Norwegian that falls by two levels",
             changed(cell("kartlegging", "norsk_niva", "b1"),
                     repeated("kartlegging", kartlegging_id="K9", dato=date(2023, 6, 1), norsk_niva="a1")), "JS276",
             tables=counted(kartlegging=(4, 4, 0, 0, 0))),
    accepted(TIME, "Norwegian that falls by one level",
             changed(cell("kartlegging", "norsk_niva", "a2"),
                     repeated("kartlegging", kartlegging_id="K9", dato=date(2023, 6, 1), norsk_niva="a1")),
             tables=counted(kartlegging=(4, 4, 0, 0, 0))),
    remarked(TIME, "exit without reason", changed(cell("deltaker", "avslutning", None)), "JS234"),
    remarked(TIME, "reason without exit", changed(cell("deltaker", "slutt_dato", None)), "JS235"),
    remarked(TIME, "application after start", changed(cell("deltaker", "soknad_dato", date(2023, 3, 1))), "JS237"),
)  # fmt: skip

REPEATED = (
    remarked(KEYS, "row twice", changed(repeated("oppfolging")), "JS217", tables=counted(oppfolging=(4, 3, 0, 0, 1))),
    remarked(KEYS, "key twice with different content", changed(repeated("oppfolging", minutter=5)), "JS218",
             tables=counted(oppfolging=(4, 2, 2, 0, 0))),
    remarked(KEYS, "participation twice with different content", changed(repeated("deltaker", kjonn="mann")), "JS218",
             tables=counted(deltaker=(4, 2, 2, 0, 0))),
    accepted(KEYS, "two grant years of a project", changed(repeated("prosjekt", tilskuddsaar=2024)),
             tables=counted(prosjekt=(2, 2, 0, 0, 0))),
    remarked(WITHDRAWAL, "row that was never there", changed(added("tiltak", {"tiltak_id": "finnes-ikke", "slettes": "ja"})), "JS219",
             tables=counted(tiltak=(4, 3, 0, 1, 0))),
    remarked(WITHDRAWAL, "person who was never there",
             changed(added("deltaker", {"fnr": make_fnr(700), "start_dato": date(2023, 2, 1), "slettes": "ja"})), "JS219",
             tables=counted(deltaker=(4, 3, 0, 1, 0))),
    remarked(WITHDRAWAL, "row written and withdrawn in one file",
             changed(repeated("tiltak", slettes="ja")), "JS218", tables=counted(tiltak=(4, 2, 2, 0, 0))),
    accepted(WITHDRAWAL, "slettes=nei withdraws nothing", changed(cell("tiltak", "slettes", "nei"))),
    remarked(WITHDRAWAL, "slettes with a word of its own", changed(cell("tiltak", "slettes", "kanskje")), "JS102",
             tables=one_held_back("tiltak")),
)  # fmt: skip

CONTENTS = (
    remarked(CODES, "required value missing", changed(cell("deltaker", "kjonn", None)), "JS101", tables=one_held_back("deltaker")),
    remarked(CODES, "required value of blanks", changed(cell("deltaker", "kjonn", "\u00a0 ")), "JS101",
             tables=one_held_back("deltaker")),
    remarked(CODES, "code that is in no list", changed(cell("deltaker", "avslutning", "pensjon")), "JS102",
             tables=one_held_back("deltaker")),
    accepted(CODES, "codes in capitals and with Norwegian letters",
             changed(column("deltaker", "avslutning", lambda _: "LØNNSARBEID"), cell("tiltak", "tiltak_type", "Norskopplæring"))),
    remarked(CODES, "readiness above its scale", changed(cell("kartlegging", "arbeidsklar", 6)), "JS103"),
    remarked(CODES, "negative minutes", changed(cell("oppfolging", "minutter", -5)), "JS103"),
    remarked(CODES, "position above the whole", changed(cell("deltaker", "stillingsprosent_slutt", "120")), "JS103"),
    remarked(CODES, "id with signs", changed(cell("tiltak", "tiltak_id", "A B$")), "JS113", tables=one_held_back("tiltak")),
    remarked(CODES, "organisation number with eight digits", changed(cell("tiltak", "arbeidsgiver_orgnr", "97476067")), "JS113",
             tables=one_held_back("tiltak")),
    accepted(CODES, "countries by name and by two letters",
             changed(cell("deltaker", "landbakgrunn", "Somalia"), cell("deltaker", "landbakgrunn", "er", 1))),
    remarked(CODES, "country that is none", changed(cell("deltaker", "landbakgrunn", "Atlantis")), "JS115",
             tables=one_held_back("deltaker")),
    remarked(CODES, "more small children than children",
             changed(cell("deltaker", "antall_barn", 1), cell("deltaker", "antall_barn_under_6", 2)), "JS236"),
    remarked(CODES, "error of a spreadsheet saved as text", changed(cell("tiltak", "tiltak_type", "#REF!")), "JS110",
             tables=one_held_back("tiltak")),
    remarked(CODES, "text beyond any column", changed(cell("prosjekt", "navn", "x" * 5000)), "JS112", tables=PROJECT_HELD_BACK),
    remarked(ELIGIBILITY, "older than the scheme allows", changed(cell("deltaker", "fodselsdato", date(1950, 1, 1))), "JS230"),
    remarked(ELIGIBILITY, "too soon after the introduction programme",
             changed(cell("deltaker", "intro_avsluttet_dato", date(2022, 6, 1))), "JS231"),
    remarked(ELIGIBILITY, "social assistance when the rules excluded it",
             changed(cell("deltaker", "inntektskilde_start", "sosialhjelp"), cell("deltaker", "start_dato", date(2019, 2, 1)),
                     cell("deltaker", "slutt_dato", date(2020, 2, 1))), "JS210", "JS232"),
    remarked(ELIGIBILITY, "longer than the scheme allows", changed(cell("deltaker", "start_dato", date(2015, 1, 1))), "JS233"),
)  # fmt: skip

OWNERS = (
    remarked(PLACES, "municipality that never was", changed(cell("deltaker", "komm_nr", "4600")), "JS211", "JS214",
             tables=one_held_back("deltaker")),
    remarked(PLACES, "municipality that was another's number then", changed(*moved("1201")), "JS212"),
    remarked(PLACES, "project of another municipality", changed(*moved("5001")), "JS214", tables=PROJECT_HELD_BACK),
    remarked(PLACES, "district that never was", changed(*moved("0301", "030199")), "JS213", "JS214", avsender="030101",
             tables=PROJECT_HELD_BACK),
    accepted(PLACES, "district of Oslo", changed(*moved("0301", "030101")), avsender="030101"),
    accepted(PLACES, "central register for a municipality", changed(), avsender="imdi"),
    accepted(PLACES, "municipality of a joint project", changed(*moved("1505"), cell("deltaker", "komm_nr", "1554")), avsender="1505"),
    accepted(PLACES, "municipality under its number of today", changed(*moved("4601")), avsender="1201"),
    quarantined(PLACES, "folder of no sender", changed(), "JS001", avsender="verden"),
)  # fmt: skip

HOSTILE_TEXTS = (
    accepted(HOSTILE, "markup as a project's name", changed(cell("prosjekt", "navn", "<img src=x onerror=alert(1)>"))),
    accepted(HOSTILE, "template and script as a project's name", changed(cell("prosjekt", "navn", "{{7*7}}</script><script>x()"))),
    remarked(HOSTILE, "markup as a municipality", changed(cell("deltaker", "komm_nr", "<img src=x onerror=alert(1)>")), "JS113",
             "JS211", "JS214", tables=one_held_back("deltaker")),
    accepted(HOSTILE, "SQL as a column's name", lambda: with_heading("x') DROP TABLE mottak --"), "JS031",
             tables={"prosjekt": (1, 1, 0, 0, 0)}),
    accepted(HOSTILE, "markup as a column's name", lambda: with_heading("<img src=x onerror=alert(1)>"), "JS031",
             tables={"prosjekt": (1, 1, 0, 0, 0)}),
    remarked(HOSTILE, "SQL as an id", changed(cell("tiltak", "tiltak_id", "T') DROP TABLE tiltak")), "JS113",
             tables=counted(tiltak=(3, 2, 1, 0, 0))),
    *(
        accepted(INJECTION, f"name that starts with {sign}", changed(cell("prosjekt", "navn", f"{start}1+1|cmd")))
        for sign, start in (("equals", "="), ("plus", "+"), ("minus", "-"), ("at", "@"))
    ),
    accepted(INJECTION, "name that starts with a tab", changed(cell("prosjekt", "navn", "\t=1+1"))),
    remarked(INJECTION, "formula as an id", changed(cell("tiltak", "tiltak_id", "=1+1")), "JS113", tables=one_held_back("tiltak")),
)  # fmt: skip

ROW_CASES: tuple[Case, ...] = (*TIMES, *REPEATED, *CONTENTS, *OWNERS, *HOSTILE_TEXTS)
