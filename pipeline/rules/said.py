"""What a rule says to people, in each language: bokmål in the rule itself, the others in ``texts/<its file>.<language>.toml``.

Belongs here: reading the texts and seeing that none is missing. Must not be here: which rules there are.
"""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from pipeline.tables.meanings import LANGUAGES as LANGUAGES


@dataclass(frozen=True)
class Said:
    """A rule's texts in one language: what is wrong, why it matters, how to mend it. They hold no value from the data."""

    message: str
    why: str
    fix: str


@cache
def translations(folder: Path, language: str) -> dict[str, Said]:
    """Rule code to its texts in a language other than bokmål, for all rules of the folder.

    Raises:
        ValueError: a text is missing, empty or of another name, or a file of texts names a code or a file that has no rule.
    """
    ruled = {path.stem: _codes(path) for path in sorted(folder.glob("*.toml"))}
    files = {path.name.removesuffix(f".{language}.toml"): path for path in sorted((folder / "texts").glob(f"*.{language}.toml"))}
    texts = {stem: tomllib.loads(path.read_text(encoding="utf-8")) for stem, path in files.items()}
    for stem in sorted({*ruled, *texts}):
        lacking = sorted(ruled.get(stem, set()) - set(texts.get(stem, {})))
        unknown = sorted(set(texts.get(stem, {})) - ruled.get(stem, set()))
        if lacking or unknown:
            told = [*(f"{code} has no text" for code in lacking), *(f"{code} is no rule there" for code in unknown)]
            raise ValueError(f"Rule texts {stem}.{language}.toml: {', '.join(told)}.")
    return {code: _said(code, language, entry) for entries in texts.values() for code, entry in entries.items()}


def _codes(path: Path) -> set[str]:
    return {entry["code"] for entry in tomllib.loads(path.read_text(encoding="utf-8")).get("rule", [])}


def _said(code: str, language: str, entry: dict[str, str]) -> Said:
    if set(entry) != {"message", "why", "fix"} or not all(text.strip() for text in entry.values()):
        raise ValueError(f"Rule text {code} in {language} must have message, why and fix, and nothing else.")
    return Said(**entry)
