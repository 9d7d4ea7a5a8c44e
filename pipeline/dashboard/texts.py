"""The one catalogue of what readers see, keyed by meaning and language.

A text that is missing in a language is an error, never a silent fall-back to another one. Codes of the data
(outcomes, strategies) are different: a code without a label is shown as it is, since data may hold new ones.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from pipeline.tables.register_names import register_figures, register_titles

CATALOGUE = Path(__file__).parent / "texts.json"


class MissingText(KeyError):
    """The catalogue has no text for this key in this language (a bug in the pages)."""


@cache
def _catalogue() -> dict[str, dict[str, str]]:
    pages: dict[str, dict[str, str]] = json.loads(CATALOGUE.read_text(encoding="utf-8"))
    registers = {"register": register_titles(), "register_tall": register_figures()}
    return pages | {f"{kind}.{name}": {"nb": said} for kind, words in registers.items() for name, said in words.items()}


@dataclass(frozen=True)
class Texts:
    """Texts of one language (``nb``, later ``nn`` and ``en``)."""

    language: str = "nb"

    def __call__(self, key: str, **values: object) -> str:
        """The text of ``key`` with its named places filled.

        Raises:
            MissingText: when the key or the language is not in the catalogue.
        """
        try:
            text = _catalogue()[key][self.language]
        except KeyError as absent:
            raise MissingText(f"{key} ({self.language})") from absent
        return text.format(**values) if values else text

    def has(self, key: str) -> bool:
        """Whether the catalogue has a text for the key, in any language."""
        return key in _catalogue()

    def label(self, kind: str, code: str | None) -> str:
        """The reader's word for a code of the data; the code itself where the catalogue has none, empty for null."""
        if code is None:
            return ""
        entry = _catalogue().get(f"{kind}.{code}")
        return self(f"{kind}.{code}") if entry else code
