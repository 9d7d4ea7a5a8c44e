"""Who may deliver, and for which municipality: senders, their former and later numbers, joint projects."""

from __future__ import annotations

from datetime import date
from functools import cache

from pipeline.codes import joint_projects, municipalities, municipality_changes, oslo_districts

CENTRAL_REGISTER = "imdi"
UNKNOWN = "ukjent"
OSLO = "0301"
UNSTATED = "9999"  # in the code list, but nobody's number


@cache
def senders() -> frozenset[str]:
    """Every name that an inbox folder may have: municipality numbers of all years, Oslo districts and the central register."""
    districts = oslo_districts()["bydel_nr"].to_list()
    return frozenset([*municipality_numbers(), *districts, CENTRAL_REGISTER])


@cache
def municipality_numbers() -> tuple[str, ...]:
    """Every number that has been a municipality's."""
    return tuple(sorted(set(municipalities()["komm_nr"].to_list()) - {UNSTATED}))


@cache
def successors(komm_nr: str) -> frozenset[str]:
    """The number itself and every number it later became, over any number of changes."""
    later: dict[str, set[str]] = {}
    for change in municipality_changes().iter_rows(named=True):
        later.setdefault(change["fra_komm_nr"], set()).add(change["til_komm_nr"])
    reached, frontier = {komm_nr}, {komm_nr}
    while frontier:
        frontier = {t for f in frontier for t in later.get(f, set())} - reached
        reached |= frontier
    return frozenset(reached)


@cache
def family(avsender: str) -> frozenset[str]:
    """Every sender that is the same municipality as this one, before or after a change of number, itself included."""
    return frozenset({avsender, *(s for s in senders() if same_sender(avsender, s))})


def same_sender(one: str, other: str) -> bool:
    """Whether two senders are the same municipality, before or after a change of number."""
    return one == other or other in successors(one) or one in successors(other)


def may_deliver_for(
    avsender: str, komm_nr: str | None, bydel_nr: str | None, prosjekt_id: str | None = None, day: date | None = None
) -> bool:
    """Whether a sender may deliver a project, or a project's participant, of that municipality and district.

    Args:
        avsender: the sender, or the project's owner.
        komm_nr: the municipality; null is judged by other rules.
        bydel_nr: the Oslo district, if any.
        prosjekt_id: the project; a joint one may be registered by name. Left out, any joint project counts.
        day: when it starts; a joint project counts from and to its dates. Left out, at any time.
    """
    if avsender == CENTRAL_REGISTER or komm_nr is None:
        return True
    if len(avsender) == 6:
        return komm_nr == OSLO and bydel_nr in (None, avsender)
    return same_sender(avsender, komm_nr) or _joint(avsender, komm_nr, prosjekt_id, day)


@cache
def _joint(avsender: str, komm_nr: str, prosjekt_id: str | None, day: date | None) -> bool:
    return any(
        same_sender(avsender, joint["avsender"])
        and same_sender(komm_nr, joint["komm_nr"])
        and (prosjekt_id is None or joint["prosjekt_id"] in (None, prosjekt_id))
        and (day is None or (joint["gyldig_fra"] <= day and (joint["gyldig_til"] is None or day < joint["gyldig_til"])))
        for joint in joint_projects().iter_rows(named=True)
    )
