"""Intake: deliveries from municipalities, checked, received and merged. The only reader of ``inbox/``.

Belongs here: finding, opening, reading, judging and keeping deliveries in the identified zone, and what senders are told.
Must not be here: pseudonyms, linkage, anything that reads a later zone.
"""

from pipeline.intake.erased import Refer
from pipeline.intake.erasure import ErasurePlan, carry_out, complete_erasures, plan_erasure
from pipeline.intake.judging.delivery import Validate
from pipeline.intake.merge import current_rows, rows_ever
from pipeline.intake.night import Checked, IntakeNight, check_file, checked_file, run_intake
from pipeline.intake.receipts.linked import add_linkage

__all__ = [
    "Checked",
    "ErasurePlan",
    "IntakeNight",
    "Refer",
    "Validate",
    "add_linkage",
    "carry_out",
    "check_file",
    "checked_file",
    "complete_erasures",
    "current_rows",
    "plan_erasure",
    "rows_ever",
    "run_intake",
]
