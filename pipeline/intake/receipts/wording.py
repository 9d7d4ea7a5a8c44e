"""The receipt's own words in each language, and how days and numbers are written in it."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from datetime import date, datetime
from functools import cache
from pathlib import Path
from typing import Any

from babel.dates import format_date

from pipeline.rules.said import LANGUAGES

FILE = Path(__file__).with_name("kvittering.toml")
_LOCALES = {"nb": "nb_NO", "nn": "nn_NO", "en": "en_GB"}


@dataclass(frozen=True)
class Words:
    """The words of one language: ``words("rows_in")``, with fields filled in by name."""

    language: str
    texts: dict[str, str]

    def __call__(self, name: str, /, **fields: Any) -> str:
        return self.texts[name].format(**fields)

    def day(self, iso: str) -> str:
        """``2024-06-01`` (or a time of that day) as the language writes a day in running text."""
        return format_date(date.fromisoformat(iso[:10]), "long", locale=_LOCALES[self.language])

    def moment(self, iso: str) -> str:
        """A time with its day."""
        return f"{self.day(iso)} {self('clock')} {datetime.fromisoformat(iso).strftime('%H.%M')}"

    def percent(self, share: int) -> str:
        """A whole number of per cent."""
        return f"{share}%" if self.language == "en" else f"{share} %"


@cache
def words(language: str) -> Words:
    """The words of one of ``LANGUAGES``.

    Raises:
        ValueError: a text is missing or empty in some language (a fault of the program's own file).
    """
    entries = tomllib.loads(FILE.read_text(encoding="utf-8"))
    for name, entry in entries.items():
        if set(entry) != set(LANGUAGES) or not all(text.strip() for text in entry.values()):
            raise ValueError(f"The receipt's text '{name}' must stand in {', '.join(LANGUAGES)}, and in nothing else.")
    return Words(language, {name: entry[language] for name, entry in entries.items()})
