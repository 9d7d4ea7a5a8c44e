"""Who owns a project when the central register delivers it, and what a project's statusdato may be."""

from datetime import date

import polars as pl
import pytest

from pipeline.intake import current_rows
from pipeline.intake.judging.relations import foreign
from pipeline.intake.merge import claims, project_owners
from pipeline.tables import DELIVERY_TABLES
from tests.intake.intake_case import Inbox, codes, make_fnr, valid_tables, zip_of


def _rows(table: str, *rows: dict[str, object]) -> pl.DataFrame:
    described = DELIVERY_TABLES[table]
    schema = described.schema | {"receipt_id": pl.String(), "sender": pl.String(), "order": pl.Int64(), "row_no": pl.Int64()}
    return pl.DataFrame([{"sender": "imdi", "order": 1, "row_no": 2, "prosjekt_id": "P1", **row} for row in rows], schema=schema)


def test_a_participants_municipality_claims_no_project():
    history = {
        "prosjekt": _rows("prosjekt", {"komm_nr": "0301", "bydel_nr": "030105", "order": 2}),
        "deltaker": _rows("deltaker", {"komm_nr": "0301", "order": 1}),
    }
    assert project_owners(history) == {"P1": "030105"}
    assert claims("deltaker", history["deltaker"]).is_empty()


def test_participants_of_a_joint_project_from_the_central_register_are_nobody_elses():
    rows = _rows("deltaker", {"komm_nr": "1505"}, {"komm_nr": "1554"})
    assert foreign("deltaker", rows, {"P1": "1505"}).to_list() == [False, False]


def test_another_senders_row_is_foreign():
    rows = _rows("deltaker", {"sender": "4601", "start_dato": date(2024, 1, 1)})
    assert foreign("deltaker", rows, {"P1": "5001"}).to_list() == [True]


def test_a_district_owns_only_what_lies_in_oslo():
    history = {"prosjekt": _rows("prosjekt", {"komm_nr": "4601", "bydel_nr": "030105"})}
    assert project_owners(history) == {"P1": "4601"}


@pytest.mark.parametrize("lives", [None, "4601", "1103"])
@pytest.mark.parametrize("known", [True, False])
def test_what_the_central_register_alone_has_delivered_is_not_for_anybody_to_ask_about(
    inbox: Inbox, lives: str | None, known: bool
) -> None:
    """Participants came without their project: a municipality gets no answer, and no project, unless they are said to be its own.

    Wherever they live it is told the same: that the register's own row of the project has to come first.
    """
    tables = valid_tables(6)
    people = [row | {"komm_nr": lives} for row in tables["deltaker"]]
    inbox.deliver(zip_of({"deltaker": people}), "a.zip", "imdi")
    theirs = valid_tables(1, komm_nr="1103")
    if not known:
        theirs["deltaker"][0]["fnr"] = theirs["tiltak"][0]["fnr"] = make_fnr(900, day=28)
    receipt = inbox.deliver(zip_of(theirs), "b.zip", "1103")
    assert ("JS220" in codes(receipt)) is (lives != "1103")
    if lives != "1103":
        assert codes(receipt) == {"JS220"}
        assert (receipt["changes"], receipt["key_figures"]) == ({}, [])
    inbox.deliver(zip_of(tables), "c.zip", "imdi")
    assert set(current_rows(inbox.settings)["deltaker"]["avsender"]) == {"1103" if lives == "1103" else "4601"}


SURVEYS = {
    "undersokelse": [{"prosjekt_id": "P1", "aar": 2023, "sporsmal": "malsetting", "kategori": "arbeid"}],
    "arbeidsgiver_svar": [
        {"prosjekt_id": "P1", "svar_id": "S1", "dato": date(2023, 5, 1), "sporsmal": "tilrettelegging", "kategori": "nei"}
    ],
}


@pytest.mark.parametrize("table", list(SURVEYS))
def test_survey_that_came_before_its_project_is_told_as_that_and_mended_by_the_registers_project(
    inbox: Inbox, table: str
) -> None:
    """Nothing is wrong with the id: the words send the municipality to the central register, whose project row lets its rows in."""
    inbox.deliver(zip_of({table: SURVEYS[table]}), "a.zip", "imdi")
    theirs = valid_tables(2, komm_nr="4601")
    receipt = inbox.deliver(zip_of(theirs), "b.zip", "4601")
    assert (receipt["state"], codes(receipt)) == ("rejected", {"JS220"})
    assert (receipt["changes"], receipt["key_figures"]) == ({}, [])
    told = next(f for f in receipt["findings"] if f["code"] == "JS220")
    assert "IMDi" in told["fix"]
    assert not any(word in told["fix"] for word in ("Rett ", "Kontroller"))
    inbox.deliver(zip_of({"prosjekt": theirs["prosjekt"]}), "c.zip", "imdi")
    assert "JS220" not in codes(inbox.deliver(zip_of(theirs), "again.zip", "4601"))
    assert set(current_rows(inbox.settings)["deltaker"]["avsender"]) == {"4601"}


def test_survey_without_its_project_leaves_nobody_a_claim_and_tells_nothing_of_itself(inbox: Inbox) -> None:
    """Rows of the survey itself are answered alike whether they repeat what the register delivered or not; a district and another too."""
    inbox.deliver(zip_of(SURVEYS), "a.zip", "imdi")
    said = []
    for number, (sender, kategori) in enumerate([("1103", "arbeid"), ("1103", "helse"), ("030101", "arbeid")]):
        guess = {"undersokelse": [SURVEYS["undersokelse"][0] | {"kategori": kategori}]}
        receipt = inbox.deliver(zip_of(guess), f"g{number}.zip", sender)
        said.append((receipt["state"], codes(receipt), receipt["changes"]))
    assert said == [("rejected", {"JS220"}, {})] * 3
    inbox.deliver(zip_of({"prosjekt": valid_tables(1, komm_nr="4601")["prosjekt"]}), "p.zip", "imdi")
    inbox.drop("1103", "o.zip", zip_of(valid_tables(1, komm_nr="1103")))
    inbox.run()
    assert [codes(r) for r in inbox.receipts()[-4:]] == [
        {"JS215"}
    ] * 4  # it is the project's owner's now, for those that asked before too


def test_where_every_date_lies_ahead_the_day_of_receipt_is_the_statusdato(tmp_path):
    from datetime import datetime

    from expectations import validate
    from pipeline.intake import run_intake
    from pipeline.settings import OSLO, Home, Settings

    settings = Settings(Home(tmp_path), "demo", datetime(2024, 6, 1, 2, 30, tzinfo=OSLO), min_age_seconds=0.0)
    folder = tmp_path / "inbox" / "4601"
    folder.mkdir(parents=True)
    header = "fnr;prosjekt_id;start_dato;slutt_dato;kjonn;fodselsdato;landbakgrunn;avslutning"
    row = "01819010001;P9;2024-06-20;2024-09-01;kvinne;1990-01-01;SOM;lonnsarbeid"
    (folder / "deltaker.csv").write_text(f"{header}\n{row}\n", encoding="utf-8")
    run_intake(settings, validate, lambda _text: None)
    assert current_rows(settings)["statusdato"].rows() == [("P9", date(2024, 6, 1), False)]
