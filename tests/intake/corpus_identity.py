"""Deliveries that differ in the identity numbers they hold, and where they hold them.

Numbers that are not synthetic are of the kind issued from 2032: nobody has them.
"""

from __future__ import annotations

from tests.intake.corpus_case import (
    Case,
    accepted,
    cell,
    changed,
    first_person,
    future_number,
    one_held_back,
    person,
    remarked,
    synthetic_d_number,
)

IDENTITY = "identity: wrong control digit, D-number, synthetic, DUF, 10 digits, 2032 rules"
FREE_TEXT = "fnr inside free text"
ALL_OF_PERSON = one_held_back("deltaker", "tiltak", "oppfolging", "kartlegging")
VECTORS = ("02013299997", "30108299920", "30108299939")  # published examples of numbers after the rules of 2032
EVERYBODY = tuple(person(number, place) for place, number in enumerate(VECTORS))


def in_groups(number: str) -> str:
    """The number with a blank before its last five digits, as people write it."""
    return f"{number[:6]} {number[6:]}"


def wrong_at(number: str, place: int) -> str:
    """The number with one digit changed."""
    return number[:place] + str((int(number[place]) + 1) % 10) + number[place + 1 :]


IDENTITY_CASES: tuple[Case, ...] = (
    accepted(IDENTITY, "synthetic D-number", changed(person(synthetic_d_number()))),
    accepted(IDENTITY, "synthetic number of the kind issued from 2032", changed(person(future_number(month=81)))),
    accepted(IDENTITY, "numbers written with a blank", changed(person(in_groups(first_person())))),
    *(
        remarked(IDENTITY, name, changed(person(number)), code, tables=ALL_OF_PERSON)
        for name, number, code in (
            ("wrong first control digit", wrong_at(first_person(), 9), "JS120"),
            ("wrong second control digit", wrong_at(first_person(), 10), "JS120"),
            ("two digits swapped", first_person()[:4] + first_person()[5] + first_person()[4] + first_person()[6:], "JS120"),
            ("number with a day that no month has", "32819012345", "JS120"),
            ("letters for digits", first_person()[:10] + "O", "JS120"),
            ("number with a dash", f"{first_person()[:6]}-{first_person()[6:]}", "JS120"),
            ("ten digits", first_person()[1:], "JS121"),
            ("DUF number", "201512345609", "JS122"),
            ("DUF number with a wrong control", "201512345608", "JS120"),
            ("number of 2032 in the demo environment", VECTORS[0], "JS123"),
            ("D-number in the demo environment", future_number(day=42), "JS123"),
        )
    ),
    remarked(IDENTITY, "H-number in the demo environment", changed(person(future_number(month=41))), "JS123", "JS125",
             tables=ALL_OF_PERSON),
    # a participation is not missed of a number that is wrong itself, but it is of one that only the participant's row has wrong
    *(
        remarked(IDENTITY, f"measure: {name}", changed(cell("tiltak", "fnr", number)), code, tables=one_held_back("tiltak"))
        for name, number, code in (
            ("wrong control digit", wrong_at(first_person(), 10), "JS120"),
            ("ten digits", first_person()[1:], "JS121"),
            ("number with an exponent", "1,8190E+10", "JS109"),
            ("spreadsheet's error", "#REF!", "JS110"),
        )
    ),
    remarked(IDENTITY, "wrong number in the participant's row alone", changed(cell("deltaker", "fnr", wrong_at(first_person(), 10))),
             "JS120", "JS209", tables=one_held_back("deltaker")),
    remarked(IDENTITY, "measure of an H-number in production", changed(*EVERYBODY, cell("tiltak", "fnr", future_number(month=41))),
             "JS125", "JS209", environment="prod"),
    accepted(IDENTITY, "numbers of 2032 in production", changed(*EVERYBODY), environment="prod"),
    accepted(IDENTITY, "D-number in production", changed(*EVERYBODY, person(future_number(day=42))), environment="prod"),
    remarked(IDENTITY, "H-number in production", changed(*EVERYBODY, person(future_number(month=41))), "JS125", environment="prod"),
    remarked(IDENTITY, "one synthetic number in production", changed(*EVERYBODY, person(first_person(), 2)), "JS124",
             tables=ALL_OF_PERSON, environment="prod"),
    remarked(FREE_TEXT, "number in a project's name", changed(cell("prosjekt", "navn", f"Spør {first_person()} om mer")), "JS128"),
    remarked(FREE_TEXT, "number with a blank in a project's name",
             changed(cell("prosjekt", "navn", f"Spør {in_groups(first_person())}")), "JS128"),
    accepted(FREE_TEXT, "telephone and account numbers are no identities",
             changed(cell("prosjekt", "navn", "Ring 55 55 55 55, org.nr. 974 760 673"))),
    remarked(FREE_TEXT, "number inside an id that goes on", changed(cell("tiltak", "tiltak_id", f"T-{first_person()}")), "JS127",
             tables=one_held_back("tiltak")),
    remarked(FREE_TEXT, "number in a column of numbers", changed(cell("oppfolging", "minutter", first_person())), "JS127",
             tables=one_held_back("oppfolging")),
)  # fmt: skip
