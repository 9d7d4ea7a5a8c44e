"""Data for the effect tests: synthetic programmes from the generator, and tiny hand-made ones."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import polars as pl

from pipeline.effects.eligibility import Cohort, select_cohort
from pipeline.effects.protocol import placement_protocol
from pipeline.effects.study import Tables
from pipeline.synthetic.klargjort import as_klargjort
from pipeline.synthetic.params import preset
from pipeline.synthetic.world import simulate
from pipeline.tables import KLARGJORT, STATISTIKK

PROTOCOL = placement_protocol()
START, STATUS = date(2020, 1, 6), date(2024, 12, 31)


def synthetic(name: str, seed: int, participants: int = 2500, municipalities: int = 60, **changes: Any) -> Tables:
    """The tables of one simulated programme; no registry extracts, so the negative control is work experience abroad."""
    world = simulate(preset(name, participants=participants, municipalities=municipalities, **changes), seed)
    made = as_klargjort(world)
    return Tables(made["deltakelse"], made["tiltak"], made["kartlegging"], made["oppfolging"], STATISTIKK["utfall"].empty())


def cohort_of(tables: Tables) -> Cohort:
    return select_cohort(tables.deltakelse, PROTOCOL)


def person(i: int, **changes: Any) -> dict[str, Any]:
    """One ordinary participation in municipality 3101, still enrolled; ``changes`` replace columns."""
    row = {
        "deltakelse_key": f"d{i:04d}", "person_key": f"p{i:04d}", "prosjekt_id": "P1", "avsender": "3101", "komm_nr": "3101",
        "komm_nr_ref": "3101", "fylke_nr": "31", "start_dato": START, "slutt_dato": None, "statusdato": STATUS,
        "statusdato_oppgitt": True, "avslutning": None, "overgang": None, "praksis_foer_start": False, "kjonn": "kvinne",
        "fodselsaar": 1985, "alder_start": 35, "forste_tilskuddsaar": 2018, "tilskuddsaar": 2020, "malgruppe": "annet",
    }  # fmt: skip
    return row | changes


def left(week: int, reason: str = "lonnsarbeid", start: date = START, day: int = 4) -> dict[str, Any]:
    """The columns of an exit on a day of a programme week (day 0 = the week's first)."""
    direct = reason in ("lonnsarbeid", "selvstendig", "videregaende", "fagbrev_laerling", "hoyere_utdanning")
    return {"slutt_dato": start + timedelta(7 * (week - 1) + day), "avslutning": reason, "overgang": direct}


def placement(i: int, week: int, start: date = START, day: int = 0, kind: str = "arbeidspraksis") -> dict[str, Any]:
    """A placement spell beginning in a programme week of participation ``i``."""
    begins = start + timedelta(7 * (week - 1) + day)
    return {
        "tiltak_id": f"t{i:04d}_{week}_{kind}", "prosjekt_id": "P1", "deltakelse_key": f"d{i:04d}", "person_key": f"p{i:04d}",
        "tiltak_type": kind, "er_praksis": kind in ("arbeidspraksis", "lonnstilskudd"), "start_dato": begins,
        "slutt_dato": begins + timedelta(55),
    }  # fmt: skip


def assessment(i: int, day: int, norsk: str, ready: int, start: date = START) -> dict[str, Any]:
    return {
        "kartlegging_id": f"k{i:04d}_{day}", "prosjekt_id": "P1", "deltakelse_key": f"d{i:04d}", "person_key": f"p{i:04d}",
        "dato": start + timedelta(day), "norsk_niva": norsk, "arbeidsklar": ready,
    }  # fmt: skip


def frame(table: str, rows: list[dict[str, Any]]) -> pl.DataFrame:
    described = KLARGJORT[table]
    return described.conform(pl.DataFrame([{c: r.get(c) for c in described.names} for r in rows], schema=described.schema))


def tables(persons: list[dict[str, Any]], spells: list[dict[str, Any]], assessed: list[dict[str, Any]] | None = None) -> Tables:
    return Tables(
        frame("deltakelse", persons), frame("tiltak", spells), frame("kartlegging", assessed or []), frame("oppfolging", []),
        STATISTIKK["utfall"].empty(),
    )  # fmt: skip
