"""Who may deliver, and for which municipality: senders, their former and later numbers, joint projects."""

from __future__ import annotations

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


def same_sender(one: str, other: str) -> bool:
    """Whether two senders are the same municipality, before or after a change of number."""
    return one == other or other in successors(one) or one in successors(other)


def may_deliver_for(avsender: str, komm_nr: str | None, bydel_nr: str | None) -> bool:
    """Whether a sender may deliver a project of that municipality and district (null is judged by other rules)."""
    if avsender == CENTRAL_REGISTER or komm_nr is None:
        return True
    if len(avsender) == 6:
        return komm_nr == OSLO and bydel_nr in (None, avsender)
    return same_sender(avsender, komm_nr) or _joint(avsender, komm_nr)


@cache
def _joint(avsender: str, komm_nr: str) -> bool:
    rows = joint_projects().select("avsender", "komm_nr").rows()
    return any(same_sender(avsender, a) and same_sender(komm_nr, k) for a, k in rows)
