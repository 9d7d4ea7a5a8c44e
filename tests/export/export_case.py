"""A small approved data set for the package's tests."""

from __future__ import annotations

from datetime import date, datetime
from pathlib import Path

import polars as pl

from pipeline.export import prepare_ssb_tables
from pipeline.released import ApprovedMicrodata
from pipeline.settings import OSLO, Home, Settings
from pipeline.tables import KLARGJORT, STATISTIKK

KEY = "ssb/v1"


def settings(home: Path, now: datetime | None = None, environment: str = "demo") -> Settings:
    return Settings(Home(home), environment, now or datetime(2026, 5, 1, 2, 30, tzinfo=OSLO))  # type: ignore[arg-type]


def tables(n: int = 6) -> dict[str, pl.DataFrame]:
    """What ``prepare_ssb_tables`` makes of ``n`` participations from 2019 on, one year each, two spells each."""
    deltakelse = pl.DataFrame(
        {
            "deltakelse_key": [f"d{i:031d}" for i in range(n)], "person_key": [f"p{i:031d}" for i in range(n)],
            "prosjekt_id": ["A"] * n, "avsender": ["4601"] * n, "komm_nr": ["1201"] * n, "komm_nr_ref": ["4601"] * n,
            "start_dato": [date(2019 + i, 2, 1) for i in range(n)], "slutt_dato": [date(2020 + i, 2, 1) for i in range(n)],
            "overgang": [i % 2 == 0 for i in range(n)], "kjonn": ["kvinne"] * n, "fodselsaar": [1985] * n,
            "landbakgrunn": ["SYR"] * n, "landgruppe": ["asia"] * n, "helse_start": ["vesentlig"] * n, "veileder_key": ["v"] * n,
        }
    )  # fmt: skip
    utfall = deltakelse.select("deltakelse_key", "person_key", i_arbeid_12m=True, ytelser_nok_etter=1000.0).head(n - 1)
    spells = pl.concat([deltakelse.select("deltakelse_key", "person_key", "prosjekt_id", "start_dato")] * 2).with_columns(
        tiltak_id=pl.int_range(pl.len()).cast(pl.String), tiltak_type=pl.lit("arbeidspraksis"), er_praksis=True,
        arbeidsgiver_orgnr=pl.lit("974760673"),
    )  # fmt: skip
    return prepare_ssb_tables(
        KLARGJORT["deltakelse"].conform(deltakelse), STATISTIKK["utfall"].conform(utfall), KLARGJORT["tiltak"].conform(spells)
    )


def approved(frames: dict[str, pl.DataFrame] | None = None) -> ApprovedMicrodata:
    uniqueness = pl.DataFrame({"tabell": ["deltaker_utfall"], "variabler": ["komm_nr_ref, kjonn"], "minste_gruppe": [6]})
    return ApprovedMicrodata(frames or tables(), uniqueness, KEY)
