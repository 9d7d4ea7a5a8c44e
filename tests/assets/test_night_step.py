"""Nothing new, nothing done; and what breaks is told without its text."""

import errno
from datetime import datetime

import polars as pl
import pytest

from assets.night import Night, StepFailed, value_free
from pipeline.errors import UserError
from pipeline.settings import OSLO, Home, Settings
from pipeline.tables import INNDATA, STATISTIKK

OUT = [("inndata", "statusdato")]


@pytest.fixture
def night(tmp_path):
    return Night(Settings(Home(tmp_path), "demo", datetime(2026, 1, 1, tzinfo=OSLO)))


def _empty():
    return {OUT[0]: INNDATA["statusdato"].empty()}


def test_a_step_is_built_once_for_the_same_inputs_and_code(night):
    assert night.build("x", "inputs", ["cohort"], OUT, _empty)
    assert not night.build("x", "inputs", ["cohort"], OUT, lambda: pytest.fail("built again"))
    assert night.build("x", "other inputs", ["cohort"], OUT, _empty)
    assert night.build("x", "other inputs", ["cohort", "linkage"], OUT, _empty)
    assert night.built == ["x", "x", "x"]


def test_a_missing_table_is_built_again(night):
    night.build("x", "inputs", ["cohort"], OUT, _empty)
    night.warehouse.path(*OUT[0]).unlink()
    assert night.build("x", "inputs", ["cohort"], OUT, _empty)


def test_a_failed_step_is_not_recorded(night):
    def broken():
        raise ValueError("secret")

    with pytest.raises(StepFailed):
        night.build("x", "inputs", ["cohort"], OUT, broken)
    assert night.build("x", "inputs", ["cohort"], OUT, _empty)


def test_an_unforeseen_error_loses_its_text_its_cause_and_its_context():
    def broken():
        try:
            int("secret")
        except ValueError as problem:
            raise KeyError("secret too") from problem

    with pytest.raises(StepFailed, match=r"step: KeyError at test_night_step\.py") as raised:
        value_free("step", broken)
    assert "secret" not in str(raised.value)
    assert raised.value.__cause__ is None
    assert raised.value.__context__ is None


def test_an_error_for_the_user_passes_but_drags_nothing_along():
    def refusing():
        try:
            int("secret")
        except ValueError as problem:
            raise UserError("The file is wrong.", "Send another.") from problem

    with pytest.raises(UserError, match="The file is wrong") as raised:
        value_free("step", refusing)
    assert raised.value.__cause__ is None
    assert raised.value.__context__ is None


def test_a_table_whose_key_names_two_rows_is_not_written(night):
    row = {name: None for name in STATISTIKK["kobling"].names} | {"register": "ytelse", "avsender": "alle"}
    doubled = STATISTIKK["kobling"].conform(pl.DataFrame([row, row], schema=STATISTIKK["kobling"].schema))
    with pytest.raises(StepFailed, match=r"statistikk\.kobling: 2 rows share their key"):
        night.build("x", "inputs", ["linkage"], [("statistikk", "kobling")], lambda: {("statistikk", "kobling"): doubled})
    assert not night.warehouse.path("statistikk", "kobling").exists()
    assert night.failure


def test_a_full_disk_is_told_as_one_and_the_file_is_not_named():
    def full():
        raise OSError(errno.ENOSPC, "No space", "/hjem/identified/01818012345.xlsx")

    with pytest.raises(StepFailed, match=r"step: OSError \(No space left on device\) at test_night_step\.py") as raised:
        value_free("step", full)
    assert "01818012345" not in str(raised.value)
