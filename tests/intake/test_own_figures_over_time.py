"""Receipts laid side by side: no two values of a figure, whichever way they came about, tell about one to four persons."""

from __future__ import annotations

import shutil
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from datetime import date, timedelta
from itertools import combinations
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given
from hypothesis import settings as trying
from hypothesis import strategies as st

from pipeline.intake.findings import Reading
from pipeline.intake.reading.containers import read_delivery
from pipeline.intake.receipts.own_figures import key_of
from pipeline.intake.receipts.shown_figures import percent
from tests.intake.intake_case import Inbox, make_fnr, zip_of
from tests.intake.test_erasure import erase, lift, night
from tests.intake.test_own_figures import figures, people

K = 3  # a threshold that few persons reach, so that short histories come to it
PEOPLE = [make_fnr(10 * i, day=1 + i) for i in range(9)]
START, END_2023, END_2024 = date(2023, 2, 1), date(2023, 12, 1), date(2024, 3, 1)
GONE = "gone"
STATES: list[Any] = [
    (START, None, None),
    (START, END_2023, "lonnsarbeid"),
    (START, END_2023, "avbrutt"),
    (START, END_2024, "lonnsarbeid"),
    (START, END_2024, "avbrutt"),
    (date(2024, 2, 1), None, None),
    GONE,
]
GROUP = st.tuples(st.integers(0, 8), st.integers(1, 9), st.sampled_from(STATES))
DELIVERY = st.fixed_dictionaries(
    {
        "sender": st.sampled_from(["1507", "1507", "1508"]),  # one municipality before and after its change of number
        "project": st.sampled_from(["P1", "P1", "P2"]),
        "groups": st.lists(GROUP, min_size=1, max_size=3),
        "statusdato": st.sampled_from([date(2023, 12, 31), date(2024, 5, 31), date(2024, 5, 31)]),
        "withdraws": st.none() | st.integers(0, 3),
        "days": st.sampled_from([0, 0, 20, 260]),  # passed since the delivery before; none: the same night
    }
)


def _rows(groups: Iterable[tuple[int, int, Any]]) -> dict[str, Any]:
    """Person to state: each group is so many persons in a row."""
    return {PEOPLE[i % len(PEOPLE)]: state for first, n, state in groups for i in range(first, first + n)}


def _file(number: int, plan: Mapping[str, Any]) -> bytes:
    project = {"prosjekt_id": plan["project"], "tilskuddsaar": 2023, "komm_nr": "1507", "navn": f"Veien {number}",
               "malgruppe": "ungdom", "organisering": "nav", "start_dato": date(2023, 1, 1)}  # fmt: skip
    rows = []
    for fnr, state in _rows(plan["groups"]).items():
        start, end, reason = STATES[0] if state == GONE else state
        rows.append(
            {"prosjekt_id": plan["project"], "deltakelse_id": fnr[:6] + "D", "fnr": fnr, "start_dato": start, "slutt_dato": end,
             "avslutning": reason, "kjonn": "kvinne", "fodselsdato": date(1990, 1, 1), "landbakgrunn": "SOM",
             "slettes": "ja" if state == GONE else None}
        )  # fmt: skip
    said = {"avsender": plan["sender"], "statusdato": plan["statusdato"]}
    return zip_of({"prosjekt": [project], "deltaker": rows, "innsending": [said]})


def _about(deliveries: Iterable[Mapping[str, Any]], day: date, status: date) -> dict[str, tuple[Counter[str], Counter[str]]]:
    """What is true: per figure the persons that reached it and those that did not."""
    stood: dict[tuple[str, str], Any] = {}
    for plan in deliveries:
        stood |= {(plan["project"], fnr): state for fnr, state in _rows(plan["groups"]).items()}
    found: dict[str, tuple[Counter[str], Counter[str]]] = {}
    for (_, fnr), state in stood.items():
        if state == GONE or state[0] > status:
            continue
        _, end, reason = state
        ended = end is not None and end <= min(status, day)
        keys = [(f"avsluttet_{end.year}", True), ("overgang", reason == "lonnsarbeid")] if ended else [("i_programmet", True)]
        for key, reached in keys:
            found.setdefault(key, (Counter(), Counter()))[0 if reached else 1][fnr] += 1
    return found


def _differ(one: Counter[str], other: Counter[str]) -> int:
    return sum(one[fnr] != other[fnr] for fnr in one.keys() | other.keys())


class _Here:
    """Reads in this process: a night of the tests' own small files needs no child."""

    def __init__(self, _: Path) -> None: ...

    def __enter__(self) -> _Here:
        return self

    def __exit__(self, *_: object) -> None: ...

    def all(self, works: Iterable[Callable[[Any], Reading | None]]) -> list[Reading | None]:
        return [work(self) for work in works]

    def read(self, path: Path, table: str | None) -> Reading:
        return read_delivery(path.read_bytes(), table)


@pytest.fixture
def here(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pipeline.intake.night.Readers", _Here)


def _taken(inbox: Inbox, plans: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """The plans, delivered, with their receipts, and which delivery withdrew them."""
    shutil.rmtree(inbox.settings.home.root, ignore_errors=True)
    now = inbox.settings.now
    taken: list[dict[str, Any]] = []
    waiting: list[dict[str, Any]] = []

    def run() -> None:
        if waiting:
            inbox.run(threshold=K, now=now)
        for plan, receipt in zip(waiting, inbox.receipts()[len(taken) :], strict=True):
            assert receipt["state"] in ("accepted", "accepted_with_remarks")
            taken.append(plan | {"receipt": receipt})
        waiting.clear()

    for number, plan in enumerate(plans):
        if plan["days"] or plan["withdraws"] is not None:
            run()
            now += timedelta(days=plan["days"])
        own = [t for t in taken if t["sender"] == plan["sender"] and "withdrawn" not in t and t["groups"]]
        if plan["withdraws"] is not None and own:
            gone = own[-1 - plan["withdraws"] % len(own)]
            gone["withdrawn"] = len(taken)
            said = {"avsender": plan["sender"], "trekker_tilbake": gone["receipt"]["receipt_id"]}
            inbox.drop(plan["sender"], f"{number}w.zip", zip_of({"innsending": [said]}))
            waiting.append(plan | {"groups": []})
        inbox.drop(plan["sender"], f"{number}.zip", _file(number, plan))
        waiting.append(dict(plan))
    run()
    return taken


def _shown(taken: list[dict[str, Any]]) -> dict[str, list[tuple[int, Counter[str], Counter[str]]]]:
    """Figure to every value that was shown, with the persons it was about."""
    shown: dict[str, list[tuple[int, Counter[str], Counter[str]]]] = {}
    for at, t in enumerate(taken):
        day = date.fromisoformat(t["receipt"]["mottatt"][:10])
        stood = [d for d in taken[: at + 1] if d.get("withdrawn", len(taken)) > at]
        true = _about(stood, day, t["statusdato"])
        for f in (f for f in t["receipt"]["key_figures"] if f["figure"] != "praksis_13u" and f["after"] != ":"):
            key = key_of(f["figure"], day.year)
            shown.setdefault(key, []).append((f["after"], *true.get(key, (Counter(), Counter()))))
    return shown


@pytest.mark.usefixtures("here")
@trying(
    max_examples=8,
    deadline=None,
    phases=[Phase.explicit, Phase.generate],
    derandomize=True,
    database=None,
    suppress_health_check=list(HealthCheck),
)
@given(plans=st.lists(DELIVERY, min_size=6, max_size=8))
def test_no_two_receipts_tell_about_few(inbox: Inbox, plans: list[dict[str, Any]]) -> None:
    for key, values in _shown(_taken(inbox, plans)).items():
        for value, yes, no in values:
            n, whole = yes.total(), yes.total() + no.total()
            assert value == (percent(n, whole) if key == "overgang" else n)
            assert not any(0 < len(group) < K for group in (yes, no))
        for (_, yes, no), (_, more, less) in combinations(values, 2):
            assert not 0 < _differ(yes, more) < K, key
            assert not 0 < _differ(no, less) < K, key


def exits(n: int) -> bytes:
    return zip_of(people(n, direct=n // 2))


def withdrawing(receipt: Mapping[str, Any]) -> bytes:
    return zip_of({"innsending": [{"avsender": receipt["avsender"], "trekker_tilbake": receipt["receipt_id"]}]})


@pytest.mark.usefixtures("here")
def test_a_way_back_over_many_does_not_lead_to_one_more_than_first(inbox: Inbox) -> None:
    """20, then six go, then seven come: each step is wide, and the first beside the last tells about one."""
    everybody = people(21, direct=10)
    first, rest = people(20, direct=10), people(21, direct=10)
    assert figures(inbox.deliver(zip_of(first), "a.zip"))["avsluttet_ifjor"] == (None, 20)
    rest["deltaker"] = [row | {"slettes": "ja"} for row in everybody["deltaker"][14:20]]
    assert figures(inbox.deliver(zip_of({"deltaker": rest["deltaker"]}), "b.zip"))["avsluttet_ifjor"] == (20, 14)
    assert figures(inbox.deliver(zip_of(everybody), "c.zip"))["avsluttet_ifjor"] == (14, ":")


@pytest.mark.usefixtures("here")
@pytest.mark.parametrize("nights", [1, 3])
def test_a_whole_delivery_withdrawn_and_sent_anew_with_one_more(inbox: Inbox, nights: int) -> None:
    """The rows behind the first number no longer stand, but the number is known: it is held against them as they stood."""
    first = inbox.deliver(exits(20), "a.zip")
    for name, data in (("w.zip", withdrawing(first)), ("b.zip", exits(21))):
        inbox.drop("4601", name, data)
        if nights == 3:
            inbox.run()
    inbox.run()
    assert figures(inbox.receipts()[-1])["avsluttet_ifjor"] == (20, ":")


@pytest.mark.usefixtures("here")
def test_the_municipalitys_other_number_is_no_second_memory(inbox: Inbox) -> None:
    tables = {n: people(n, direct=10) for n in (20, 21)}
    for t in tables.values():
        t["prosjekt"][0] |= {"komm_nr": "1507"}
    assert figures(inbox.deliver(zip_of(tables[20]), "a.zip", "1507"))["avsluttet_ifjor"] == (None, 20)
    assert figures(inbox.deliver(zip_of(tables[21]), "b.zip", "1508"))["avsluttet_ifjor"] == (None, ":")


@pytest.mark.usefixtures("here")
def test_two_numbers_of_a_municipality_in_one_night_see_each_other(inbox: Inbox) -> None:
    one, other = people(20, direct=10), people(21, direct=10)
    other = {name: [row | {"prosjekt_id": "P2"} for row in rows[20:] or rows] for name, rows in other.items()}
    for t in (one, other):
        t["prosjekt"][0] |= {"komm_nr": "1507"}
    inbox.drop("1507", "a.zip", zip_of(one))
    inbox.drop("1508", "b.zip", zip_of(other))
    inbox.run()
    assert [figures(r)["avsluttet_ifjor"] for r in inbox.receipts()] == [(None, 20), (None, ":")]


@pytest.mark.usefixtures("here")
def test_erased_by_mistake_and_delivered_again_they_are_not_new(inbox: Inbox) -> None:
    tables, more = people(20, direct=10), people(21, direct=10)
    inbox.drop("4601", "a.zip", zip_of(tables))
    night(inbox)
    numbers = [row["fnr"] for row in tables["deltaker"][:6]]
    erase(inbox, *numbers)
    lift(inbox, *numbers)
    inbox.drop("4601", "b.zip", zip_of(more))
    night(inbox)
    assert [figures(r)["avsluttet_ifjor"] for r in inbox.receipts()] == [(None, 20), (20, ":")]
    assert figures(inbox.receipts()[-1])["overgang"] == (50, ":")
