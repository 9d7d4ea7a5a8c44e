"""The pseudonymised zone's first state: the accepted rows of all deliveries, merged by key, and the ledger.

Derived from the delivery descriptions: ``identity`` and ``free_text`` columns fall away, ``fnr`` becomes ``person_key``,
``fodselsdato`` becomes ``fodselsaar``, ``veileder_id`` becomes ``veileder_key``, an employer's question and category pass as the
words listed for them; each row names its owner and delivery.
"""

from __future__ import annotations

from dataclasses import replace

from pipeline.tables.base import Column as C
from pipeline.tables.base import Table
from pipeline.tables.deliveries import DELIVERY_TABLES, EMPLOYER_ANSWERS, UNLISTED
from pipeline.tables.identity import OMPSEUDONYMISERING
from pipeline.tables.registers import REGISTERS

OWNER = C("avsender", "text", "owner of the project: the sender of its first accepted row")
RECEIPT = C("receipt_id", "text", "receipt of the delivery the row was last taken from")


# a sender's own id of a spell, contact, assessment or answer leads back to the person in the sender's case system
ROW_IDS = ("tiltak_id", "kartlegging_id", "oppfolging_id", "svar_id")
LISTED = (
    C("sporsmal", "text", "question; annet = not one of the listed", required=True, codes=(*EMPLOYER_ANSWERS, UNLISTED)),
    C("kategori", "text", "category of the answer; annet = not listed for the question", required=True),
)


def _pseudonymised(column: C) -> C | None:
    if column.name == "fnr":
        return C("person_key", "text", "pseudonym of the person", column.required, column.key, sensitivity="personal")
    if column.name == "fodselsdato":
        return C("fodselsaar", "int", "birth year", column.required, unit="year", sensitivity="personal")
    if column.name == "veileder_id":
        return C("veileder_key", "text", "pseudonym of the adviser", column.required, column.key, sensitivity="personal")
    if column.name in ROW_IDS:
        return replace(column, meaning=f"pseudonym of the sender's id: {column.meaning}", sensitivity="personal")
    if column.sensitivity in ("identity", "free_text") or column.name in ("slettes", "deltakelse_id"):
        return None
    return column


def _derive(table: Table) -> Table:
    columns = [c for c in map(_pseudonymised, table.columns) if c is not None]
    if table.name == "deltaker":
        columns.insert(0, C("deltakelse_key", "text", "pseudonym of the participation", required=True, sensitivity="personal"))
    if table.name == "arbeidsgiver_svar":
        columns += LISTED
    return Table(table.name, "inndata", table.grain, (*columns, OWNER, RECEIPT), "accepted deliveries", table.optional)


MOTTAK = Table(
    "mottak", "inndata", "one delivery received (the ledger)", (
        C("receipt_id", "text", "receipt", required=True, key=True),
        C("avsender", "text", "sender", required=True),
        C("sha256", "text", "content hash", required=True),
        C("mottatt", "text", "run clock when taken in, ISO 8601", required=True),
        C("state", "text", "decision", required=True,
          codes=("quarantined", "rejected", "accepted_with_remarks", "accepted", "duplicate")),
        C("supersedes", "text", "receipt of the same sender's latest accepted delivery before this one"),
        C("rekkefolge", "int", "order of receipt, 1, 2, …", required=True),
        C("rows_in", "int", "rows in", unit="rows"),
        C("rows_accepted", "int", "rows accepted", unit="rows"),
        C("rows_quarantined", "int", "rows quarantined", unit="rows"),
        C("rows_withdrawn", "int", "rows that withdraw a row", unit="rows"),
        C("rows_duplicates", "int", "identical rows of the same key", unit="rows"),
        C("rows_erased", "int", "accepted rows that were erased since (a person's right to erasure)", unit="rows"),
        C("eiere", "text", "senders who own the projects of its accepted rows, separated by blanks"),
        C("tables", "text", "JSON: rows per table as in the receipt"),
        C("n_fatal", "int", "findings of severity fatal", unit="findings"),
        C("n_error", "int", "findings of severity error", unit="findings"),
        C("n_remark", "int", "findings of severity remark", unit="findings"),
    ), "intake",
)  # fmt: skip

STATUSDATO = Table(
    "statusdato", "inndata", "one project: the day its data are complete to", (
        C("prosjekt_id", "text", "project", required=True, key=True),
        C("statusdato", "date", "complete to and including this day", required=True),
        C("oppgitt", "bool", "stated by the sender (else derived from the latest start or exit)", required=True),
    ), "intake",
)  # fmt: skip

INNDATA: dict[str, Table] = {
    **{name: _derive(t) for name, t in DELIVERY_TABLES.items() if name != "innsending"},
    "mottak": MOTTAK,
    "statusdato": STATUSDATO,
    "ompseudonymisering": OMPSEUDONYMISERING,
}


def _admitted(table: Table) -> Table:
    columns = tuple(
        C("fodselsaar", "int", "birth year", unit="year", sensitivity="personal") if c.name == "fodselsdato" else c
        for c in table.columns
    )
    return Table(f"register_{table.name}", "inndata", table.grain, columns, table.source, several=table.several)


INNDATA |= {t.name: t for t in map(_admitted, REGISTERS.values())}
