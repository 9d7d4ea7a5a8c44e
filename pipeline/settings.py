"""One frozen settings object, made once by the face and passed in; nothing reads the environment at import."""

from __future__ import annotations

import os
import shlex
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from pathlib import Path
from typing import Literal
from zoneinfo import ZoneInfo

from pipeline.errors import RefusedStart

OSLO = ZoneInfo("Europe/Oslo")
Environment = Literal["demo", "prod"]


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
        memory_limit: DuckDB's memory limit, e.g. ``2GB``.
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
        RefusedStart: when ``JOBBSJANSEN_MILJO`` is neither demo nor prod.
    """
    env = dict(os.environ) if environ is None else environ
    environment = env.get("JOBBSJANSEN_MILJO", "demo")
    if environment not in ("demo", "prod"):
        raise RefusedStart("JOBBSJANSEN_MILJO is neither demo nor prod.", "Set it to one of them.")
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
        threshold=int(env.get("JOBBSJANSEN_THRESHOLD", "5")),
        memory_limit=env.get("JOBBSJANSEN_MEMORY_LIMIT", "1500MB"),
    )


def _words(env: dict[str, str], name: str) -> tuple[str, ...]:
    """A command line as its words, as a shell would split it; no shell runs it."""
    words: tuple[str, ...] | None = None
    try:
        words = tuple(shlex.split(env.get(name, "")))
    except ValueError:
        pass
    if words is None:  # raised outside the handler: the command line may hold a token
        raise RefusedStart(f"{name} has an open quotation mark.", "Write it as you would at a prompt, without pipes.")
    return words
