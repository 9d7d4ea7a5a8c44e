"""A small programme's statistics, made from persons, for the tests of the gate."""

from __future__ import annotations

import random
from datetime import date, datetime
from pathlib import Path

import polars as pl

from pipeline.settings import OSLO, Home, Settings
from pipeline.tables import KLARGJORT, STATISTIKK


def settings(root: Path, day: date = date(2025, 3, 3)) -> Settings:
    return Settings(home=Home(root), environment="demo", now=datetime(day.year, day.month, day.day, 2, 30, tzinfo=OSLO))


def participants(n: int = 420, seed: int = 1) -> pl.DataFrame:
    """Leavers of six municipalities in two counties, 2022-2024, one of them tiny."""
    rng = random.Random(seed)
    rows = []
    for i in range(n):
        area = rng.choices(["4601", "4602", "4603", "1101", "1102", "1103"], [30, 20, 1, 25, 20, 15])[0]
        rows.append(
            {
                "deltakelse_key": f"d{i:04d}", "person_key": f"p{i:04d}", "komm_nr_ref": area, "komm_nr": area, "fylke_nr": area[:2],
                "slutt_dato": date(2022 + rng.randrange(3), 5, 1), "kjonn": rng.choice(["kvinne", "kvinne", "mann"]),
                "malgruppe": rng.choice(["hjemmevaerende_kvinner", "ungdom"]), "utfaset": rng.random() < 0.15,
                "overgang": rng.random() < 0.65,
            }
        )  # fmt: skip
    return KLARGJORT["deltakelse"].conform(pl.DataFrame(rows))


def indicator(kpi: str, year: int, rule: str, k: float, n: float, dim: str = "alle", value: str = "alle") -> dict[str, object]:
    return {
        "kpi": kpi, "nivaa": "land", "omraade": "0", "periode": str(year), "dim": dim, "dim_verdi": value, "nevnerregel": rule,
        "teller": float(k), "nevner": float(n), "verdi": k / n, "enhet": "andel",
    }  # fmt: skip


def statistics(rows: list[dict[str, object]], people: pl.DataFrame | None = None) -> dict[str, pl.DataFrame]:
    tables = {name: table.empty() for name, table in STATISTIKK.items()}
    tables["nokkeltall"] = STATISTIKK["nokkeltall"].conform(pl.DataFrame(rows)) if rows else tables["nokkeltall"]
    if people is not None:
        tables["kommune"] = STATISTIKK["kommune"].conform(
            people.group_by(komm_nr=pl.col("komm_nr_ref"))
            .agg(n=pl.len(), observert=pl.col("overgang").sum())
            .with_columns(
                utfall=pl.lit("direkte_overgang"), periode=pl.lit("2022-2024"), forventet=pl.col("n") * 0.65,
                andel=pl.col("observert") / pl.col("n"), utenfor_95=pl.lit(False),
            )
        )  # fmt: skip
    return tables


def effect(strategy: str, n: int | None, events: int | None, grade: str = "A", **more: object) -> dict[str, object]:
    return {
        "analyse": "praksis_tidspunkt", "strategi": strategy, "sammenligning": None, "utfall": "arbeid", "horisont_uker": 52,
        "variant": None if strategy == "ikke_innen_26u" else "jevn", "maal": "risiko", "undergruppe": "alle", "folsomhet": "hoved",
        "estimat": 0.4, "ki_nedre": 0.3, "ki_ovre": 0.5, "se": 0.05, "n_personer": n, "n_hendelser": events, "n_klynger": 22,
        "metode": "m", "grad": grade, "porter": '{"startere": {"verdi": 3.0, "farge": "rod"}, "ess": {"verdi": 120.5}}',
        "protokoll_hash": "p", "inndata_hash": "i", "kode_versjon": "k", "beregnet": "2025-03-03T02:30:00+01:00", **more,
    }  # fmt: skip
