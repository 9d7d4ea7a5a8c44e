"""One person over time: the link table of earlier identity numbers, and the list of pseudonyms that have been replaced.

Belongs here: descriptions only. The link table is of the identified zone; it is no register and no state of the warehouse.
"""

from __future__ import annotations

from pipeline.tables.base import Column as C
from pipeline.tables.base import Table

REASONS = ("sammenslaaing", "noekkelbytte")

IDENTITET = Table(
    "identitet", "kildedata", "one earlier identity number and the number that replaced it", (
        C("tidligere_id", "text", "earlier number: DUF (12 digits), D-number or national identity number (11)", required=True,
          key=True, sensitivity="identity"),
        C("person_id", "text", "the number that replaced it (11 digits)", required=True, key=True, sensitivity="identity"),
        C("gyldig_fra", "date", "from when; not read, since both numbers are the same person's whenever", sensitivity="identity"),
    ), "Folkeregisteret", optional=True,
)  # fmt: skip

OMPSEUDONYMISERING = Table(
    "ompseudonymisering", "inndata", "one pseudonym that is no longer used, with the one in its place", (
        C("gammel_key", "text", "pseudonym that was used before", required=True, key=True, sensitivity="personal"),
        C("slag", "text", "what it stood for", required=True, codes=("person", "deltakelse")),
        C("person_key", "text", "pseudonym of the person now", required=True, sensitivity="personal"),
        C("deltakelse_key", "text", "pseudonym of the participation now; empty for a person", sensitivity="personal"),
        C("grunn", "text", "two persons were found to be one, or the key was changed", required=True, codes=REASONS),
        C("dato", "date", "day of the run that replaced it", required=True),
    ), "pseudonyms",
)  # fmt: skip
