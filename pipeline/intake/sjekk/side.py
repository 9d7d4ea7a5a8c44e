"""The page as one HTML file: scripts, styles and data put together, with a policy that allows these and nothing else."""

from __future__ import annotations

import base64
import hashlib
import json
from pathlib import Path

import jinja2

from pipeline.intake.sjekk.katalog import page_data
from pipeline.store import code_hash, write_text

FOLDER = Path(__file__).parent
SCRIPTS = (
    "findings", "spelling", "calendar", "zip", "xml", "sheet", "text", "workbook", "book", "sheet_xml", "containers", "identity", "cells",
    "rows", "relations", "decide", "answer", "page",
)  # fmt: skip


def check_page(*, demo: bool) -> str:
    """The page; equal rules, code lists and environment give equal bytes.

    Args:
        demo: the environment it is for: demo refuses real identity numbers and says SYNTETISKE DATA, the other refuses synthetic ones.
    """
    data = page_data(demo=demo) | {"rules_version": code_hash("rules")[:12]}
    style = (FOLDER / "side.css").read_text(encoding="utf-8")
    script = _script()
    return _template().render(
        texts=data["texts"]["nb"],
        demo=demo,
        style=style,
        style_hash=_hash(style),
        script=script,
        script_hash=_hash(script),
        # a script's end tag inside the data would end it
        data=json.dumps(data, ensure_ascii=False, sort_keys=True, separators=(",", ":")).replace("<", "\\u003c"),
    )


def write_check_page(path: Path, *, demo: bool) -> None:
    """Write ``check_page`` to ``path``."""
    write_text(path, check_page(demo=demo))


def _script() -> str:
    parts = [(FOLDER / "js" / f"{name}.js").read_text(encoding="utf-8") for name in SCRIPTS]
    data = 'const DATA = JSON.parse(document.getElementById("katalog").textContent);\n'
    return '(function () {\n"use strict";\n' + data + "\n".join(parts) + "})();\n"


def _hash(text: str) -> str:
    return f"sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}"


def _template() -> jinja2.Template:
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(FOLDER), autoescape=True, undefined=jinja2.StrictUndefined, keep_trailing_newline=True
    )
    return environment.get_template("side.html")
