"""The declared analyses as a page in docs/, made from the protocol files; ``--check`` fails when it is out of date.

Belongs here: a reader's view of ``pipeline/effects/protocols``. Must not be here: anything that the files do not say.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from jobbsjansen.made_pages import write_or_check
from pipeline.effects.protocol import FOLDER, TARGET, declaration

PAGE = Path(__file__).parents[1] / "docs" / "protocols.md"
HEAD = """# Protocols: what is asked, of whom, from when

Made by `make docs` from `pipeline/effects/protocols/*.toml`; do not edit by hand. A protocol file is the pre-registration of its
analyses. Its hash stands with every estimate (`protokoll_hash`); a changed file starts a new series, in which nothing is compared
with what stood before. Causal analyses are declared as target trials in the items of the TARGET reporting guideline (2025): what
would be done in the trial, and how it is emulated with registered data. The others describe.
"""


def _trial(target: Mapping[str, Mapping[str, str]]) -> list[str]:
    lines = ["| item | in the target trial | as emulated |", "|---|---|---|"]
    lines += [f"| {item.replace('_', ' ')} | {target[item]['specification']} | {target[item]['emulation']} |" for item in TARGET]
    return lines


def _protocol(name: str, declared: Mapping[str, Any], digest: str) -> list[str]:
    lines = [f"## {name}", "", f"Version {declared['versjon']}, hash `{digest[:12]}…`, file `protocols/{name}.toml`.", ""]
    for label, key in (("Question", "sporsmaal"), ("Estimand", "estimand"), ("Time zero", "tidspunkt_null")):
        if key in declared:
            lines.append(f"- **{label}.** {declared[key]}")
    rules = declared.get("utvalg", {}).get("regler", [])
    lines += [f"- **Who.** {'; '.join(rules)}."] if rules else []
    weeks = declared.get("utfall", {}).get("horisonter_uker")
    lines += [f"- **Horizons (weeks).** {', '.join(map(str, weeks))}"] if weeks else []
    lines.append("")
    return [*lines, *_trial(declared["target"]), ""] if "target" in declared else lines


def page() -> str:
    """Every protocol file with its question, time zero, population and, where it is causal, its target trial."""
    lines = [HEAD]
    for file in sorted(FOLDER.glob("*.toml")):
        lines += _protocol(file.stem, *declaration(file.stem))
    return "\n".join(lines)


if __name__ == "__main__":
    sys.exit(write_or_check(PAGE, page()))
