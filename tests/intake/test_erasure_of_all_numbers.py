"""Erasing a person erases what is known under all her numbers, and holds all of them back, whichever number was listed."""

from __future__ import annotations

from typing import Any

import polars as pl
import pytest

from jobbsjansen.erasing import erase_persons, lift_erasure, references
from pipeline.intake import current_rows, run_intake
from pipeline.pseudonyms import home_history, last_good_copy, load_keys, person_keys, recipient_keys
from tests.intake.intake_case import Inbox, codes, make_fnr, reference_validate, valid_tables, zip_of
from tests.intake.test_one_person_over_time import EARLIER, NOW, under

THIRD = make_fnr(700, day=3)


def night(inbox: Inbox) -> None:
    run_intake(inbox.settings, reference_validate, lambda _: None, references(inbox.settings))


def listed(inbox: Inbox, *numbers: str) -> Any:
    path = inbox.root / "persons.txt"
    path.write_text("\n".join(numbers) + "\n", encoding="utf-8")
    return path


def erase(inbox: Inbox, *numbers: str) -> dict[str, Any]:
    return erase_persons(inbox.settings, listed(inbox, *numbers), dry_run=False)[0]


def links(inbox: Inbox, *pairs: tuple[str, str]) -> None:
    folder = inbox.settings.home.registers / "identitet"
    folder.mkdir(parents=True, exist_ok=True)
    frame = pl.DataFrame(pairs, schema={"tidligere_id": pl.String, "person_id": pl.String}, orient="row")
    frame.write_csv(folder / "lenker.csv")
    history = home_history(inbox.settings)
    history.keep(last_good_copy(inbox.settings), pl.Series([n for pair in pairs for n in pair]))


@pytest.mark.parametrize("asked", [EARLIER, NOW])
def test_all_numbers_go_and_none_comes_back(inbox: Inbox, asked: str) -> None:
    inbox.deliver(under(EARLIER), "a.zip")
    inbox.deliver(under(NOW, norsk_start="b1"), "b.zip")
    links(inbox, (EARLIER, NOW))
    told = erase(inbox, asked)
    assert told["rows"]["deltaker"] == 2
    assert (told["persons_asked_for"], told["persons_with_rows"], told["numbers_beside_those_asked_for"]) == (1, 1, 1)
    assert current_rows(inbox.settings)["deltaker"].is_empty()
    assert pl.read_parquet(last_good_copy(inbox.settings)).is_empty()
    keys = load_keys(inbox.settings)
    both = recipient_keys(person_keys(pl.Series([EARLIER, NOW]), keys), keys, "ssb")
    (path,) = (inbox.settings.home.exports / "ssb").glob("sletteliste_*.csv")
    assert set(both) <= {line.split(";")[1] for line in path.read_text().splitlines()}
    # the owner's file is gone, and with it what says that the two are one: both are held back all the same
    (inbox.settings.home.registers / "identitet" / "lenker.csv").unlink()
    last_good_copy(inbox.settings).unlink()
    for name, number in (("c.zip", EARLIER), ("d.zip", NOW)):
        inbox.drop("4601", name, under(number, norsk_start="a2"))
        night(inbox)
        assert "JS280" in codes(inbox.receipts()[-1], "error")
    assert current_rows(inbox.settings)["deltaker"].is_empty()


def test_number_that_is_known_later_only_is_held_back_too(inbox: Inbox) -> None:
    inbox.deliver(under(EARLIER), "a.zip")
    erase(inbox, EARLIER)
    links(inbox, (EARLIER, NOW), (NOW, THIRD))
    inbox.drop("4601", "b.zip", under(THIRD, norsk_start="a2"))
    night(inbox)
    assert "JS280" in codes(inbox.receipts()[-1], "error")


def test_lifting_counts_the_person_once_and_lets_every_number_in(inbox: Inbox) -> None:
    inbox.deliver(under(EARLIER), "a.zip")
    links(inbox, (EARLIER, NOW))
    erase(inbox, NOW)
    told = lift_erasure(inbox.settings, listed(inbox, EARLIER), dry_run=False)[0]
    assert (told["persons_asked_for"], told["persons_lifted"]) == (1, 1)
    for name, number in (("c.zip", EARLIER), ("d.zip", NOW)):
        inbox.drop("4601", name, under(number, norsk_start="a2"))
        night(inbox)
        assert codes(inbox.receipts()[-1], "error") == set()
    assert current_rows(inbox.settings, resolve=home_history(inbox.settings).current)["deltaker"].height == 1


def test_others_are_left_alone(inbox: Inbox) -> None:
    inbox.deliver(zip_of(valid_tables(3)))
    links(inbox, (EARLIER, NOW))
    before = current_rows(inbox.settings)["deltaker"]
    told = erase(inbox, NOW)
    assert told["rows"]["deltaker"] == int((before["fnr"] == EARLIER).sum()) == 1
    assert current_rows(inbox.settings)["deltaker"].height == 2
