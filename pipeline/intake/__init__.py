"""Intake: deliveries from municipalities, checked, received and merged. The only reader of ``inbox/``.

Belongs here: finding, opening, reading, judging and keeping deliveries in the identified zone, and what senders are told.
Must not be here: pseudonyms, linkage, anything that reads a later zone.
"""

from pipeline.intake.delivery import Validate
from pipeline.intake.merge import current_rows
from pipeline.intake.night import Checked, IntakeNight, check_file, checked_file, run_intake

__all__ = ["Checked", "IntakeNight", "Validate", "check_file", "checked_file", "current_rows", "run_intake"]
