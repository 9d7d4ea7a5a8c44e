"""The ledgers of estimates and corrections from night to night, and what the status says of them."""

from datetime import datetime, timedelta

import polars as pl
import pytest

from assets.home import write_status
from assets.night import Night
from assets.statistikk import LEDGERS, ledgers
from jobbsjansen.status import read_status
from pipeline.settings import OSLO, Home, Settings
from pipeline.tables import STATISTIKK

FIRST = datetime(2026, 1, 1, 2, 30, tzinfo=OSLO)


def _effects(night: int, finding: str) -> pl.DataFrame:
    row = {
        "analyse": "praksis_tidspunkt", "strategi": "innen_8u", "sammenligning": "ikke_innen_26u", "utfall": "arbeid",
        "horisont_uker": 52, "variant": "jevn", "maal": "risikodifferanse", "undergruppe": "alle", "folsomhet": "hoved",
        "estimat": 0.06, "se": 0.03, "metode": "m", "grad": "A", "funn": finding, "porter": "{}", "kan_si": f"Sagt natt {night}.",
        "protokoll_hash": "p", "inndata_hash": str(night), "kode_versjon": "k", "beregnet": (FIRST + timedelta(night)).isoformat(),
    }  # fmt: skip
    return STATISTIKK["effekt"].conform(pl.DataFrame([row]))


@pytest.fixture
def run(tmp_path):
    """One night over the same home: its ledgers are written and its status too."""

    def one(night: int, finding: str) -> tuple[Night, dict[str, pl.DataFrame]]:
        here = Night(Settings(Home(tmp_path), "demo", FIRST + timedelta(night)))
        made = {table: frame for (_, table), frame in ledgers(here, _effects(night, finding)).items()}
        for name in LEDGERS:
            here.warehouse.write("statistikk", name, made[name])
        here.completed = True
        write_status(here)
        return here, made

    return one


def test_a_changed_conclusion_is_noted_kept_and_told_in_the_status(run):
    run(0, "positiv")
    night, made = run(1, "uavklart")
    assert night.facts["estimates"] == {"changed_conclusion": 1}
    assert made["effekt_avvik"]["slag"].to_list() == ["funn"]
    assert "Før: «Sagt natt 0.» Nå: «Sagt natt 1.»" in made["effekt_avvik"]["rettelse"][0]
    document, text, healthy = read_status(night.settings)
    assert document["estimates"] == {"changed_conclusion": 1}
    assert "estimates that changed conclusion since the last run: 1, see statistikk.effekt_avvik" in text
    assert healthy
    night, later = run(2, "uavklart")
    assert night.facts["estimates"] == {"changed_conclusion": 0}
    assert later["effekt_avvik"].equals(made["effekt_avvik"])
    assert read_status(night.settings)[1].endswith("estimates that changed conclusion since the last run: 0")
    assert later["effekt_historikk"].height == 3


def test_the_same_run_again_changes_no_byte(run, tmp_path):
    run(0, "positiv")
    night, _ = run(1, "uavklart")
    before = {name: night.warehouse.hash("statistikk", name) for name in LEDGERS}
    again, _ = run(1, "uavklart")
    assert {name: again.warehouse.hash("statistikk", name) for name in LEDGERS} == before
    assert again.facts["estimates"] == {"changed_conclusion": 0}
