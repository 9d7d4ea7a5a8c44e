"""Names of data files on Dapla: ``<description>_p<from>[_p<to>]_v<n>.parquet``, and which version comes next."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from pipeline.errors import UserError

PRODUCT = "jobbsjansen_data"
STATE_FOLDER = "klargjorte-data"
_PERIOD = r"\d{4}(?:-(?:H[12]|Q[1-4]|B[1-6]|T[1-3]|W\d{2}|\d{2}(?:-\d{2})?))?"
_NAME = re.compile(
    rf"(?P<description>[a-z][a-z0-9]*(?:-[a-z0-9]+)*)_p(?P<start>{_PERIOD})(?:_p(?P<end>{_PERIOD}))?_v(?P<version>\d+)"
)
_VARIABLE = re.compile(r"[a-z][a-z0-9_]{1,31}")


@dataclass(frozen=True)
class DataFileName:
    """The parts of a data file's name.

    Attributes:
        description: what the file holds, a–z, 0–9 and hyphens.
        start, end: first and last period, for example ``2019``; ``end`` is None when there is only one.
        version: 1, 2, …
    """

    description: str
    start: str
    end: str | None
    version: int

    @property
    def stem(self) -> str:
        periods = f"p{self.start}" if self.end is None else f"p{self.start}_p{self.end}"
        return f"{self.description}_{periods}_v{self.version}"

    @property
    def series(self) -> tuple[str, str, str | None]:
        """What versions are counted within."""
        return (self.description, self.start, self.end)


def parse_name(stem: str) -> DataFileName | None:
    """The parts of a file name without its ending, None when it breaks the rules.

    Source: Statistics Norway's naming standard for Dapla.
    """
    found = _NAME.fullmatch(stem)
    if found is None or found["version"].startswith("0"):
        return None
    return DataFileName(found["description"], found["start"], found["end"], int(found["version"]))


def first_name(table: str, first_year: int, last_year: int) -> DataFileName:
    """Version 1 of the file for ``table`` and the years it spans.

    Raises:
        UserError: the table's name cannot be made into a file name.
    """
    end = None if first_year == last_year else str(last_year)
    name = DataFileName(table.replace("_", "-"), str(first_year), end, 1)
    if parse_name(name.stem) != name:
        raise UserError("A table's name cannot be made into a file name.", "Use a–z, 0–9 and underscores only.")
    return name


def latest_version(folder: Path, name: DataFileName) -> DataFileName | None:
    """The newest version of the same file in ``folder``, None when there is none."""
    held = [found for path in folder.glob("*.parquet") if (found := parse_name(path.stem)) and found.series == name.series]
    return max(held, key=lambda found: found.version, default=None)


def is_variable_name(name: str) -> bool:
    """Whether a variable's name follows the rules: a–z, 0–9 and _, 2 to 32 characters, a letter first."""
    return _VARIABLE.fullmatch(name) is not None
