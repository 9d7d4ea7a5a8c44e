"""Run a starter notebook (percent format) as a script on a home's snapshot."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from pipeline.errors import UserError
from pipeline.settings import Settings

FOLDER = Path(__file__).parents[1] / "notebooks"


def run_notebook(name: str, settings: Settings, *, captured: bool) -> str:
    """Run ``notebooks/<name>.py`` with the home's snapshot.

    Args:
        name: which notebook.
        settings: names the home.
        captured: return what it prints instead of letting it print to the terminal (then an empty text is returned).

    Raises:
        UserError: no such notebook, or no snapshot yet, or the notebook ended with an error.
    """
    file = FOLDER / f"{name.removesuffix('.py')}.py"
    if file.parent != FOLDER or not file.is_file():
        raise UserError(
            "There is no such notebook.", f"Choose one of: {', '.join(sorted(p.stem for p in FOLDER.glob('[0-9]*.py')))}."
        )
    if not settings.home.snapshot.is_file():
        raise UserError("This home has no snapshot yet.", "Run 'jobbsjansen nightly' first.")
    environment = os.environ | {"JOBBSJANSEN_HOME": str(settings.home.root)}
    pipe = subprocess.PIPE if captured else None
    command = [sys.executable, str(file)]
    done = subprocess.run(command, env=environment, cwd=FOLDER.parent, check=False, stdout=pipe, text=True)  # noqa: S603
    if done.returncode:
        raise UserError("The notebook ended with an error.", "See above where.")
    return done.stdout or ""
