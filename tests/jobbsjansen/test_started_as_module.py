"""``python -m jobbsjansen`` is ``jobbsjansen``: where the script's folder is not on the path."""

from __future__ import annotations

import subprocess
import sys

import pytest


@pytest.mark.parametrize(("words", "code", "told"), [(["--help"], 0, "nightly"), (["no-such-command"], 64, "No such command")])
def test_module_answers_as_the_script_does(words, code, told):
    answer = subprocess.run([sys.executable, "-m", "jobbsjansen", *words], capture_output=True, text=True, check=False)
    assert answer.returncode == code
    assert told in answer.stdout + answer.stderr
