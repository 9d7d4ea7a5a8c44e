"""The corpus: deliveries as people really make them, each with the receipt that it must get from an empty home.

Every row of the catalogue of bad input that one file alone can show is here; what needs an inbox, several nights or a fault
of the machine is in ``test_inbox_hazards.py`` and ``test_night.py``.
"""

from __future__ import annotations

from tests.intake.corpus_archive import ARCHIVE_CASES
from tests.intake.corpus_case import Case
from tests.intake.corpus_identity import IDENTITY_CASES
from tests.intake.corpus_optional import OPTIONAL_CASES
from tests.intake.corpus_rows import ROW_CASES
from tests.intake.corpus_text import TEXT_CASES
from tests.intake.corpus_workbook import WORKBOOK_CASES

CASES: tuple[Case, ...] = (
    *TEXT_CASES,
    *WORKBOOK_CASES,
    *ARCHIVE_CASES,
    *IDENTITY_CASES,
    *ROW_CASES,
    *OPTIONAL_CASES,
)

__all__ = ["CASES", "Case"]
