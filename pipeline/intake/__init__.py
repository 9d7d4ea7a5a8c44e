"""Intake: deliveries from municipalities, checked, received and merged. The only reader of ``inbox/``.

Belongs here: finding, opening, reading, judging and keeping deliveries in the identified zone, and what senders are told.
Must not be here: pseudonyms, linkage, anything that reads a later zone.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pipeline.intake.check import Checked, check_file, checked_file
    from pipeline.intake.erased import Refer
    from pipeline.intake.erasure import (
        ErasurePlan,
        carry_out,
        complete_erasures,
        erased_references,
        lift_tombstones,
        plan_erasure,
    )
    from pipeline.intake.judging.delivery import Validate
    from pipeline.intake.merge import Resolve, current_rows, rows_ever
    from pipeline.intake.night import IntakeNight, run_intake
    from pipeline.intake.receipts.linked import add_linkage

__all__ = [
    "Checked",
    "ErasurePlan",
    "IntakeNight",
    "Refer",
    "Resolve",
    "Validate",
    "add_linkage",
    "carry_out",
    "check_file",
    "checked_file",
    "complete_erasures",
    "current_rows",
    "erased_references",
    "lift_tombstones",
    "plan_erasure",
    "rows_ever",
    "run_intake",
]

_PLACES = {
    "check": ("Checked", "check_file", "checked_file"),
    "erased": ("Refer",),
    "erasure": ("ErasurePlan", "carry_out", "complete_erasures", "erased_references", "lift_tombstones", "plan_erasure"),
    "judging.delivery": ("Validate",),
    "merge": ("Resolve", "current_rows", "rows_ever"),
    "night": ("IntakeNight", "run_intake"),
    "receipts.linked": ("add_linkage",),
}


def __getattr__(name: str) -> Any:
    """Import a name when it is asked for: the reading process is started often and needs none of them."""
    place = next((place for place, names in _PLACES.items() if name in names), None)
    if place is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{place}"), name)
