"""One frozen settings object, made once by the face and passed in; nothing reads the environment at import."""

from __future__ import annotations

import os
import re
import shlex
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from pathlib import Path
from typing import Literal
from zoneinfo import ZoneInfo

from pipeline.errors import RefusedStart

OSLO = ZoneInfo("Europe/Oslo")
Environment = Literal["demo", "prod"]
EngineName = Literal["duckdb", "spark"]
_SIZE = re.compile(r"\d+(\.\d+)? ?([KMGT]i?)?B", re.IGNORECASE)
_MEGABYTES = {"": 1e-6, "k": 1e-3, "m": 1, "g": 1e3, "t": 1e6}
# An empty home's smallest step needs 8 MB, and 200 000 rows can be sorted with 100: docs/engines.md.
LEAST_MEMORY_MB = 100
# Empty: the session that the platform has already started.
_SPARK_MASTER = re.compile(r"|local(\[(\d+|\*)\])?|spark://[\w.\-]+:\d+(,[\w.\-]+:\d+)*|yarn|k8s://\S+")


@dataclass(frozen=True)
class Home:
    """The folders of one home; every path is derived here and nowhere else."""

    root: Path

    @property
    def inbox(self) -> Path:
        return self.root / "inbox"

    @property
    def registers(self) -> Path:
        return self.root / "registers"

    @property
    def identified(self) -> Path:
        return self.root / "identified"

    @property
    def warehouse(self) -> Path:
        return self.root / "warehouse"

    @property
    def snapshot(self) -> Path:
        return self.root / "snapshot" / "jobbsjansen.duckdb"

    @property
    def receipts(self) -> Path:
        return self.root / "receipts"

    @property
    def releases(self) -> Path:
        return self.root / "releases"

    @property
    def site(self) -> Path:
        return self.root / "site"

    @property
    def exports(self) -> Path:
        return self.root / "exports"

    @property
    def status(self) -> Path:
        return self.root / "status.json"

    @property
    def begun(self) -> Path:
        """Says when a night began; gone when its end has been written."""
        return self.root / ".begun"

    @property
    def dagster(self) -> Path:
        return self.root / "dagster"

    @property
    def lock(self) -> Path:
        return self.root / ".lock"


@dataclass(frozen=True)
class Settings:
    """Everything a run may depend on beside its inputs.

    Attributes:
        home: the folders.
        environment: ``demo`` takes synthetic persons only; ``prod`` refuses them.
        now: the run clock, time zone aware (Europe/Oslo); every time that is written comes from it.
        key_file: master key; ``None`` means the published demo key (demo only).
        key_command: instead of a key file: program and arguments that write the key document to standard output (a key service).
        threshold: smallest count that may be shown (disclosure control).
        memory_limit: what the engine may hold in memory (DuckDB; the driver of Spark), e.g. ``2GB``.
        engine: what joins participations with registers: ``duckdb`` in this process, or ``spark``.
        spark_master: where Spark runs, by its master URL; empty means the session that the platform has started.
        spill_folder: where an engine puts what does not fit in memory; ``None`` means inside the home's warehouse.
        bootstraps: municipality bootstrap draws of the estimators.
        seed: seed of everything random.
        min_age_seconds: a file in the inbox is stable when nothing about it changed for so long.
    """

    home: Home
    environment: Environment
    now: datetime
    key_file: Path | None = None
    key_command: tuple[str, ...] = field(default=(), repr=False)
    threshold: int = 5
    memory_limit: str = "1500MB"
    engine: EngineName = "duckdb"
    spark_master: str = "local[*]"
    spill_folder: Path | None = None
    bootstraps: int = 200
    seed: int = 20240501
    min_age_seconds: float = 2.0

    @property
    def today(self) -> date:
        return self.now.date()

    @property
    def is_demo(self) -> bool:
        return self.environment == "demo"

    def with_(self, **changes: object) -> Settings:
        return replace(self, **changes)  # type: ignore[arg-type]


def load_settings(
    home: Path | None = None, now: datetime | None = None, key_file: Path | None = None, environ: dict[str, str] | None = None
) -> Settings:
    """Settings from arguments first, then from ``JOBBSJANSEN_*`` in the environment, then the defaults.

    Raises:
        RefusedStart: a variable holds something that it cannot mean.
    """
    env = dict(os.environ) if environ is None else environ
    environment = env.get("JOBBSJANSEN_MILJO", "demo")
    if environment not in ("demo", "prod"):
        raise RefusedStart("JOBBSJANSEN_MILJO is neither demo nor prod.", "Set it to one of them.")
    engine = env.get("JOBBSJANSEN_ENGINE", "duckdb")
    if engine not in ("duckdb", "spark"):
        raise RefusedStart("JOBBSJANSEN_ENGINE is neither duckdb nor spark.", "Set it to one of them.")
    key = key_file or (Path(env["JOBBSJANSEN_KEY_FILE"]) if env.get("JOBBSJANSEN_KEY_FILE") else None)
    moment = now or datetime.now(OSLO)
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=OSLO)
    return Settings(
        home=Home((home or Path(env.get("JOBBSJANSEN_HOME", "home"))).resolve()),
        environment=environment,  # type: ignore[arg-type]
        now=moment.astimezone(OSLO).replace(microsecond=0),
        key_file=key,
        key_command=_words(env, "JOBBSJANSEN_KEY_COMMAND"),
        threshold=_threshold(env),
        memory_limit=_memory_limit(env),
        engine=engine,  # type: ignore[arg-type]
        spark_master=_matching(
            env,
            "JOBBSJANSEN_SPARK_MASTER",
            Settings.spark_master,
            _SPARK_MASTER,
            "no master URL of Spark",
            "Write it as local[2] or spark://host:7077, or leave it empty for the platform's own session.",
        ),
        spill_folder=_spill_folder(env),
    )


def _matching(env: dict[str, str], name: str, default: str, shape: re.Pattern[str], wrong: str, cure: str) -> str:
    value = env.get(name, default).strip()
    if not shape.fullmatch(value):
        raise RefusedStart(f"{name} is {wrong}.", cure)
    return value


def _memory_limit(env: dict[str, str]) -> str:
    name, cure = "JOBBSJANSEN_MEMORY_LIMIT", "Write it as 1500MB or 2GB."
    text = _matching(env, name, Settings.memory_limit, _SIZE, "no size", cure)
    if megabytes(text) < LEAST_MEMORY_MB:
        raise RefusedStart(f"{name} is less than {LEAST_MEMORY_MB}MB, with which no night can work.", cure)
    if name in env and megabytes(text) > (most := _machine_megabytes()):
        raise RefusedStart(f"{name} is more than this machine's memory ({most}MB).", "Write what the run may hold of it.")
    return text


def megabytes(size: str) -> int:
    """Whole megabytes of a size as the settings write it (``1500MB``, ``2GB``)."""
    found = re.fullmatch(r"([\d.]+) ?([kmgt]?)i?b", size.strip().lower())
    return int(float(found[1]) * _MEGABYTES[found[2]]) if found else 0


def _machine_megabytes() -> int:
    return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") // 1_000_000


def _threshold(env: dict[str, str]) -> int:
    text = env.get("JOBBSJANSEN_THRESHOLD", "5").strip()
    if not text.isdecimal():
        raise RefusedStart("JOBBSJANSEN_THRESHOLD is no whole number.", "Write it as 5.")
    return int(text)


def _spill_folder(env: dict[str, str]) -> Path | None:
    text = env.get("JOBBSJANSEN_SPILL", "")
    if not text:
        return None
    if not Path(text).is_dir() or not os.access(text, os.W_OK):
        raise RefusedStart("JOBBSJANSEN_SPILL is no folder that can be written.", "Make the folder, or leave the variable out.")
    return Path(text).resolve()


def _words(env: dict[str, str], name: str) -> tuple[str, ...]:
    """A command line as its words, as a shell would split it; no shell runs it."""
    words: tuple[str, ...] | None = None
    with suppress(ValueError):
        words = tuple(shlex.split(env.get(name, "")))
    if words is None:  # raised outside the handler: the command line may hold a token
        raise RefusedStart(f"{name} has an open quotation mark.", "Write it as you would at a prompt, without pipes.")
    return words
