"""Whatever a delivery holds, its rows add up, and only rows without an error are taken in."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import polars as pl
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.intake.judging.decide import COUNTS, counts
from pipeline.intake.judging.delivery import Delivery, judge, share
from pipeline.intake.judging.known import Known
from pipeline.intake.merge import full_history, merged
from pipeline.intake.reading.containers import read_delivery
from pipeline.intake.vault import Ledger, Vault
from pipeline.rules import rule
from pipeline.settings import OSLO, Home, Settings
from tests.intake.intake_case import csv_bytes, make_fnr, reference_validate

SETTINGS = Settings(Home(Path("/nonexistent")), "demo", datetime(2024, 6, 1, tzinfo=OSLO))
ROW = st.fixed_dictionaries(
    {
        "tiltak_id": st.sampled_from(["T1", "T2", "T 3", ""]),
        "prosjekt_id": st.sampled_from(["P1", "P2"]),
        "fnr": st.sampled_from([make_fnr(10), make_fnr(20, month=1), "x"]),
        "tiltak_type": st.sampled_from(["mentor", "annet", "dans"]),
        "start_dato": st.sampled_from(["2023-03-01", "31.02.2023", "01.04.2023"]),
        "slutt_dato": st.sampled_from(["", "2023-03-15"]),
        "slettes": st.sampled_from(["", "", "", "ja"]),
    }
)


def nothing_known() -> Known:
    return Known(Ledger(), merged([], full_history(Vault(SETTINGS.home), [])), {})


@given(st.lists(ROW, min_size=1, max_size=8))
@settings(max_examples=60, deadline=None)
def test_rows_add_up_and_errors_stay_out(rows: list[dict[str, str]]) -> None:
    d = Delivery("r", "4601", "0", 1, read_delivery(csv_bytes(rows), "tiltak"))
    share(judge([d], nothing_known(), reference_validate, SETTINGS), [d])
    told = counts(d.fates["tiltak"])
    assert told["rows_in"] == len(rows) == sum(told[c] for c in COUNTS[1:])
    wrong = {n for n, code in d.found.select("row_no", "code").rows() if rule(code).severity == "error"}
    fates = dict(d.fates["tiltak"].select("row_no", "_fate").rows())
    assert {n for n, fate in fates.items() if fate == "quarantined"} == wrong
    kept = d.fates["tiltak"].filter(pl.col("_fate").is_in(["accepted", "withdrawn"]))
    assert kept.select("tiltak_id", "prosjekt_id").is_unique().all()
    assert kept["start_dato"].null_count() <= kept.filter(pl.col("slettes") == "ja").height
