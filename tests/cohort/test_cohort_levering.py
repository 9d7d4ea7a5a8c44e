"""``levering``: who is due has delivered when it, or another for it, has an accepted delivery that year."""

from __future__ import annotations

from datetime import date

import polars as pl
import pytest

from pipeline.cohort.kpi_drift import deliveries
from pipeline.tables import STATES


def counted(*ledger: dict[str, object]) -> dict[str, float]:
    """Sum above the line per part of the breakdown, for Kinn (4601) and Gamle Oslo (030101), both due in 2024."""
    rows = [
        {"receipt_id": f"r{i}", "sha256": "h", "mottatt": f"2024-0{i}-05T02:30:00+01:00", "rekkefolge": i, "n_error": 0} | row
        for i, row in enumerate(ledger, start=1)
    ]
    mottak = STATES["inndata"]["mottak"].conform(pl.DataFrame(rows))
    prosjekt = pl.DataFrame({"avsender": ["4601", "030101"], "tilskuddsaar": [2024, 2024]})
    schema = {"avsender": pl.String(), "start_dato": pl.Date(), "slutt_dato": pl.Date()}
    parts = pl.concat(list(deliveries(mottak, prosjekt, pl.DataFrame(schema=schema), date(2024, 12, 31))))
    split = parts.filter(pl.col("dim") == "levering").group_by("dim_verdi").agg(pl.col("teller").sum())
    return dict(split.rows())


@pytest.mark.parametrize(
    ("delivery", "received", "faulty"),
    [
        ({"avsender": "4601", "state": "accepted", "eiere": "4601"}, 1, 0),
        ({"avsender": "imdi", "state": "accepted", "eiere": "030101 4601"}, 2, 0),
        ({"avsender": "imdi", "state": "accepted_with_remarks", "eiere": "030101", "n_error": 2}, 1, 1),
        ({"avsender": "imdi", "state": "rejected", "eiere": ""}, 0, 0),
        ({"avsender": "4601", "state": "rejected", "eiere": ""}, 0, 1),
    ],
)
def test_delivery_counts_for_its_sender_and_for_the_owners_of_its_rows(
    delivery: dict[str, object], received: int, faulty: int
) -> None:
    assert counted(delivery) == {"forfalt": 2, "mottatt": received, "med_feil": faulty}
