"""What readers call a register, and which figures rest on it: the words of ``registre.toml``.

Belongs here: looking them up. Must not be here: what a register's columns hold (``registers``).
"""

from __future__ import annotations

import tomllib
from functools import cache
from pathlib import Path

WORDS = Path(__file__).with_name("registre.toml")


def register_title(register: str) -> str:
    """The register's name in Norwegian; the code itself where it has none."""
    return _words().get(register, {}).get("tittel", register)


def register_titles() -> dict[str, str]:
    """Register to its name in Norwegian."""
    return {register: said["tittel"] for register, said in _words().items()}


def register_figures() -> dict[str, str]:
    """Register to the figures that rest on it, in Norwegian, to stand after "tall om"."""
    return {register: said["tall"] for register, said in _words().items()}


@cache
def _words() -> dict[str, dict[str, str]]:
    return tomllib.loads(WORDS.read_text(encoding="utf-8"))
