"""Pages in docs/ that are made from the code: written, or with ``--check`` compared with what stands there.

Belongs here: that one choice. Must not be here: what a page says.
"""

from __future__ import annotations

import sys
from pathlib import Path


def write_or_check(page: Path, text: str) -> int:
    """Write the page, or with ``--check`` on the command line say whether it is current; returns the exit code."""
    if "--check" not in sys.argv[1:]:
        page.write_text(text, encoding="utf-8")
        return 0
    current = page.is_file() and page.read_text(encoding="utf-8") == text
    print(f"docs/{page.name} is {'current.' if current else 'out of date: run make docs.'}")
    return 0 if current else 1
