"""An engine with the registers in view, and the steps as SQL files.

Belongs here: what is shown, and which steps are run. Must not be here: what a step computes (its SQL file), or any engine's ways.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import polars as pl

from pipeline.engine import Engine, open_engine
from pipeline.settings import Settings
from pipeline.tables import INNDATA, KLARGJORT, REGISTERS

FOLDER = Path(__file__).parent
SPOKEN_OF = ("uttrekk_rekkevidde", "utenfor_uttrekk")
# What each step binds; every other number in the SQL files is part of a definition.
PARAMETERS: dict[str, dict[str, int | str]] = {"spenn": {"maaneder_foer": 12, "maaneder_etter": 60}}


@contextmanager
def linkage(settings: Settings, registers: Mapping[str, Path], frames: Mapping[str, pl.DataFrame]) -> Iterator[Engine]:
    """An engine in which every register is a view and every frame a table of its name.

    A register that is missing becomes an empty view: its columns come out null, no participation is lost. ``registers`` may also hold the files of
    ``uttrekk_rekkevidde`` (what an extract speaks of, also where no participant has a row) and ``utenfor_uttrekk`` (whom it was never asked about);
    without them the rows themselves tell, as far as the run's own day (``kjoring``): what is dated later has not happened.
    """
    with open_engine(settings) as engine:
        for name in REGISTERS:
            engine.show_parquet(name, registers.get(name), INNDATA[f"register_{name}"])
        for name in SPOKEN_OF:
            engine.show_parquet(name, registers.get(name), KLARGJORT[name])
        engine.show_frame("kjoring", pl.DataFrame({"dag": [settings.now.date()]}))
        for name, frame in frames.items():
            engine.show_frame(name, frame)
        yield engine


def run_steps(engine: Engine, names: Iterable[str]) -> None:
    """Run each ``<name>.sql`` in order and keep its result as the table ``name``.

    Raises:
        StepFailed: the engine refused; without its message.
    """
    for name in names:
        engine.run(name, (FOLDER / f"{name}.sql").read_text(encoding="utf-8"), PARAMETERS.get(name, {}))
