"""The parts of an effect in words: what does not add up is said, and an uncertain whole is not divided as if it were certain."""

from __future__ import annotations

import polars as pl
import pytest

from pipeline.effects.mediation_rows import mediation_rows
from pipeline.effects.wording import LANGUAGES, catalogue
from pipeline.tables import STATISTIKK
from tests.effects.effects_worlds import cohort_of, synthetic

KEY = ["hel", "utfall", "horisont_uker"]


@pytest.fixture(scope="module")
def parts() -> pl.DataFrame:
    """Differences of the parts that hold a number, beside whether the interval of their whole leaves out 0."""
    tables = synthetic("main", 4, 1500, 40)
    names = STATISTIKK["effekt"].names
    found = mediation_rows(cohort_of(tables), tables, seed=1, bootstraps=30)
    rows = pl.DataFrame([{c: r.get(c) for c in names} for r in found], schema=STATISTIKK["effekt"].schema)
    of = pl.col("strategi").str.replace("_(direkte|via_norsk)$", "").alias("hel")
    rows = rows.filter(pl.col("maal") == "risikodifferanse").with_columns(of)
    certain = pl.col("estimat").is_not_null() & ((pl.col("ki_nedre") > 0) | (pl.col("ki_ovre") < 0))
    whole = rows.filter(pl.col("hel") == pl.col("strategi")).select(*KEY, sikker=certain.fill_null(value=False))
    divided = rows.filter(pl.col("hel") != pl.col("strategi"), pl.col("estimat").is_not_null())
    return divided.join(whole, on=KEY)


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_parts_of_an_uncertain_whole_say_so_and_every_part_is_rounded_by_itself(parts, language):
    text, words = f"kan_si{'' if language == 'nb' else f'_{language}'}", catalogue(language)
    uncertain, rounded = (
        pl.col(text).str.contains(words[f"merknad.{m}"], literal=True) for m in ("usikker_helhet", "avrundede_deler")
    )
    assert set(parts["sikker"]) == {True, False}
    assert parts.filter(uncertain == pl.col("sikker")).is_empty()
    assert parts.filter(~rounded).is_empty()
