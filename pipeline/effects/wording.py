"""Readers' words in three languages: one catalogue each, the same keys in all, numbers written as the language writes them.

Belongs here: looking words up. Must not be here: which words a claim gets (``sentences``).
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).parent / "texts"
LANGUAGES = ("nb", "nn", "en")
BOKMAAL = "nb"
_SECTION = {"praksis_tidspunkt": "praksis", "praksis_tempo": "praksis"}
_SURVEY = "undersokelse_"
SHARE_VIA = "_andel_via_norsk"


class MissingText(KeyError):
    """The catalogue has no such text: a new code needs its words in all three languages; there is never a fall-back."""


@cache
def catalogue(language: str) -> dict[str, str]:
    """Every text of the language by its dotted key (``pipeline/effects/texts``)."""
    return dict(_flat(tomllib.loads((FOLDER / f"{language}.toml").read_text(encoding="utf-8"))))


def _flat(tree: Mapping[str, Any], path: str = "") -> Iterator[tuple[str, str]]:
    for name, value in tree.items():
        if isinstance(value, str):
            yield path + name, value
        else:
            yield from _flat(value, f"{path}{name}.")


@dataclass(frozen=True)
class Words:
    """The words of one language (``nb``, ``nn`` or ``en``)."""

    language: str = BOKMAAL

    def __call__(self, key: str, **values: object) -> str:
        """The text of ``key`` with its named places filled.

        Raises:
            MissingText: the catalogue of this language does not have the key.
        """
        try:
            text = catalogue(self.language)[key]
        except KeyError:
            raise MissingText(f"{key} ({self.language}): add it to pipeline/effects/texts") from None
        return text.format(**values)

    def number(self, value: float, decimals: int = 0) -> str:
        """A number with the language's decimal mark and a true minus sign; never minus zero."""
        plain = f"{abs(value):.{decimals}f}"
        text = plain.replace(".", self("tall.desimaltegn"))
        return f"−{text}" if value < 0 and float(plain) > 0 else text

    def strategy(self, analysis: str, name: str) -> str:
        """A strategy or comparison as a subordinate clause; of a project profile, whom it describes."""
        if name.startswith(_SURVEY):
            return self._answer(name.removeprefix(_SURVEY))
        key, n = pattern(name.removesuffix(SHARE_VIA))
        return self(f"strategi.{_SECTION.get(analysis, analysis)}.{key}", n=n)

    def comparison(self, analysis: str, strategy: str, name: str) -> str:
        """What the strategy is compared with; a part of an effect may have a comparison of its own."""
        key, n = pattern(strategy)
        own = f"mot.{key}"
        return self(own, n=n) if own in catalogue(self.language) else self.strategy(analysis, name)

    def _answer(self, name: str) -> str:
        """A survey's answer; a category without a text is shown as the projects wrote it."""
        questions = [k.removeprefix("sporsmal.") for k in catalogue(self.language) if k.startswith("sporsmal.")]
        question = next((q for q in questions if name.startswith(f"{q}_")), "")
        code = name.removeprefix(f"{question}_")
        category = catalogue(self.language).get(f"kategori.{code}", code.replace("_", " "))
        return self("strategi.prosjektprofil.undersokelse", kategori=category, sporsmal=self(f"sporsmal.{question}"))


def pattern(name: str) -> tuple[str, str]:
    """(key, number) of a strategy: ``innen_8u`` gives ``innen_Nu`` and 8."""
    found = re.search(r"\d+", name)
    return re.sub(r"\d+", "N", name), found.group() if found else ""
