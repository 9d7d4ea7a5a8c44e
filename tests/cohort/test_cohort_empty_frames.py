"""A frame without columns has no rows, and stays so when it is made into a table."""

import polars as pl

from pipeline.tables import KLARGJORT


def test_nothing_conforms_to_no_rows() -> None:
    out = KLARGJORT["deltakelse"].conform(pl.DataFrame())
    assert out.height == 0
    assert out.schema == KLARGJORT["deltakelse"].schema
