"""``prove``: what the engine would find in data of this home's size and shape, for effects of known size."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import polars as pl

from pipeline import __version__
from pipeline.errors import UserError
from pipeline.proof.prove import Trial, prove
from pipeline.settings import Settings
from pipeline.store import Warehouse, code_hash, digest, home_lock
from pipeline.tables.etterproving import PROGRAMMES

_NEEDED = ("deltakelse", "tiltak")


def _stamps(settings: Settings, warehouse: Warehouse) -> dict[str, str]:
    hashes = [f"klargjort/{table}:{warehouse.hash('klargjort', table)}" for table in _NEEDED]
    code = code_hash("effects", "proof", "synthetic")[:12]
    return {"inndata_hash": digest(hashes), "kode_versjon": f"{__version__}+{code}", "beregnet": settings.now.isoformat()}


def _percent(share: float | None) -> str:
    return "–" if share is None else f"{100 * share:.0f}"


def _points(share: float | None) -> str:
    return "–" if share is None else f"{100 * share:+.1f}"


_WORDS = ("program", "analyse", "strategi")
_HEAD = (*_WORDS, "planted", "bias", "mean se", "sd", "coverage %", "found %", "shown %")


def _cells(row: dict[str, Any]) -> tuple[str, ...]:
    points = [_points(row[c]) for c in ("plantet", "skjevhet", "middel_se", "sd")]
    return (*(row[c] for c in _WORDS), *points, *(_percent(row[c]) for c in ("dekning", "andel_funnet", "andel_vist")))


def _columns(lines: list[tuple[str, ...]]) -> list[str]:
    """Words to the left, numbers to the right, each column as wide as its widest cell."""
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    aligned = [
        [cell.ljust(w) if i < len(_WORDS) else cell.rjust(w) for i, (cell, w) in enumerate(zip(line, widths, strict=True))]
        for line in lines
    ]
    return ["  ".join(line).rstrip() for line in aligned]


def _text(proof: pl.DataFrame) -> str:
    """The proof as columns: points for effects, percent for shares; then the sentences."""
    rows = sorted(proof.to_dicts(), key=lambda row: PROGRAMMES.index(row["program"]))
    first = rows[0]
    size = (
        f"Points for effects. Each line: {first['n_gjentak']} simulated programmes of about {first['n_deltakelser']} persons in "
        f"{first['n_kommuner']} municipalities."
    )
    return "\n".join([*_columns([_HEAD, *map(_cells, rows)]), "", size, "", *(row["setning"] for row in rows)])


def prove_home(settings: Settings, trial: Trial, progress: Callable[[str], None]) -> tuple[dict[str, Any], str]:
    """Make ``statistikk.etterproving`` and the analyst file anew; the proof as dict and text.

    The home is held for reading and for writing only, so that a night may begin meanwhile.

    Raises:
        UserError: no night has built this home's tables yet, or so few are followed that nothing could be estimated.
    """
    from assets.night import Night
    from assets.publish import publish_snapshot

    warehouse = Warehouse(settings.home)
    if not all(warehouse.path("klargjort", table).is_file() for table in _NEEDED):
        raise UserError("This home has no participations yet: no night has ended here.", "Run 'jobbsjansen nightly' first.")
    with home_lock(settings.home):
        deltakelse, tiltak = (warehouse.read("klargjort", table) for table in _NEEDED)
        stamps = _stamps(settings, warehouse)
    proof = prove(deltakelse, tiltak, trial, stamps, progress)
    with home_lock(settings.home):
        proof = warehouse.write("statistikk", "etterproving", proof)
        publish_snapshot(Night(settings))
    return {"rows": proof.to_dicts(), "replicates": trial.replicates, "seed": trial.seed}, _text(proof)
