"""The page on which a sender checks a delivery before sending it: one file, offline, the same findings as ``check``.

The page is made from the rules and code lists of the intake, and reads files in the browser by the scripts in ``js/``. It stands
in the intake because it says what the intake would say; a test holds the two answers against each other.
Belongs here: the page, its texts, and the reading of deliveries in JavaScript. Must not be here: a rule of its own.
"""

from pipeline.intake.sjekk.side import check_page, write_check_page

__all__ = ["check_page", "write_check_page"]
