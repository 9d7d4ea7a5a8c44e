"""Microdata: refused with an identity anywhere, approved with its uniqueness."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest
from release_case import settings

from pipeline.disclosure import approve_microdata
from pipeline.errors import UserError

_PERSONS = pl.DataFrame(
    {
        "person_key": [f"{i:064x}" for i in range(12)], "kjonn": ["kvinne"] * 11 + ["mann"], "fodselsaar": [1990] * 12,
        "komm_nr_ref": ["4601"] * 12, "fylke_nr": ["46"] * 12,
    }
)  # fmt: skip


def test_uniqueness_is_counted(tmp_path: Path) -> None:
    approved = approve_microdata({"deltaker": _PERSONS}, "ssb:DEMO", settings(tmp_path))
    row = approved.uniqueness.filter(pl.col("kvasi_identifikatorer") == "kjonn fodselsaar komm_nr_ref").row(0, named=True)
    assert (row["n_personer"], row["n_grupper"], row["minste_gruppe"], row["n_unike"], row["n_under_terskel"]) == (12, 2, 1, 1, 1)
    assert approved.tables["deltaker"].equals(_PERSONS)
    assert approved.key_reference == "ssb:DEMO"


@pytest.mark.parametrize("value", ["02013299997", "se 020132 99997", "201512345609"])
def test_identity_in_any_text_is_refused_without_telling_it(tmp_path: Path, value: str) -> None:
    with pytest.raises(UserError, match=r"deltaker\.merknad") as refused:
        approve_microdata({"deltaker": _PERSONS.with_columns(merknad=pl.lit(value))}, "ssb:DEMO", settings(tmp_path))
    assert value not in str(refused.value)


def test_identity_as_integer_and_by_name_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="nummer"):
        approve_microdata({"deltaker": _PERSONS.with_columns(nummer=pl.lit(2013299997))}, "ssb:DEMO", settings(tmp_path))
    with pytest.raises(UserError, match="column of identities"):
        approve_microdata({"deltaker": _PERSONS.with_columns(fnr=pl.lit("x"))}, "ssb:DEMO", settings(tmp_path))
