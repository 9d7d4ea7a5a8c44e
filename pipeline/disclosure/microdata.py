"""Person-level tables for a recipient: refused when anything looks like an identity, approved with a report on uniqueness.

Belongs here: the search and the report. Must not be here: pseudonyms, file formats.
"""

from __future__ import annotations

from collections.abc import Mapping

import polars as pl

from pipeline.disclosure.parameters import declared
from pipeline.errors import UserError
from pipeline.identity_shape import holds_identity_number
from pipeline.released import ApprovedMicrodata
from pipeline.settings import Settings

_REPORT = {
    "tabell": pl.String, "kvasi_identifikatorer": pl.String, "n_personer": pl.Int64, "n_grupper": pl.Int64,
    "minste_gruppe": pl.Int64, "n_unike": pl.Int64, "n_under_terskel": pl.Int64,
}  # fmt: skip


def approve_microdata(tables: Mapping[str, pl.DataFrame], recipient_key_reference: str, settings: Settings) -> ApprovedMicrodata:
    """The tables unchanged, with their uniqueness report.

    Args:
        tables: table name to frame, under the recipient's own pseudonyms.
        recipient_key_reference: name and version of the recipient's key, never the key.
        settings: the threshold is the k of the report.

    Raises:
        UserError: a column holds something shaped like an identity number, or is named as one. No value is told.
    """
    for name, frame in sorted(tables.items()):
        for column in frame.columns:
            if column.lower() in ("fnr", "fodselsnummer", "person_id", "duf"):
                raise UserError(f"The table {name} has a column of identities ({column}).", "Leave the column out.")
            found = int(holds_identity_number(frame[column]).sum())
            if found:
                raise UserError(
                    f"{found} rows of {name}.{column} hold something shaped like an identity number.", "Remove it at its source."
                )
    return ApprovedMicrodata(dict(tables), _uniqueness(tables, settings.threshold), recipient_key_reference)


def _uniqueness(tables: Mapping[str, pl.DataFrame], k: int) -> pl.DataFrame:
    """One row per table with persons and declared set of quasi-identifiers that it holds in full; counts only."""
    rows = []
    for name, frame in sorted(tables.items()):
        for names in declared()["kvasi_identifikatorer"]:
            if "person_key" in frame.columns and set(names) <= set(frame.columns) and frame.height:
                sizes = frame.group_by(names).agg(pl.col("person_key").n_unique().alias("n"))["n"].sort()
                small = sizes.filter(sizes < k)
                rows.append(
                    (
                        name,
                        " ".join(names),
                        frame["person_key"].n_unique(),
                        len(sizes),
                        sizes[0],
                        int((sizes == 1).sum()),
                        int(small.sum()),
                    )
                )
    return pl.DataFrame(rows, schema=_REPORT, orient="row")
