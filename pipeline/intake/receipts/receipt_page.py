"""The receipt as one self-contained page in every language: nothing fetched, no script, everything escaped."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

import jinja2

from pipeline.intake.receipts.told import Told, told
from pipeline.rules.said import LANGUAGES

FOLDER = Path(__file__).parent
BAR_STEP, BAR_TOP, BAR_HEIGHT = 44, 6, 54


def receipt_html(receipt: Mapping[str, Any], marked: str | None = None) -> str:
    """The page: decision and deadline in the first line of each language; bokmål is shown first.

    Args:
        receipt: ``receipts.receipt_dict``.
        marked: name of the workbook beside it, when there is one.
    """
    style, style_hash = _style()
    versions = [told(receipt, language) for language in LANGUAGES]
    return _template().render(
        receipt_id=receipt["receipt_id"],
        versions=versions,
        pictures={t.words.language: _picture(t) for t in versions},
        marked=marked,
        style=style,
        style_hash=style_hash,
    )


def _picture(t: Told) -> dict[str, Any]:
    """The trend's bars: share of rows taken in per delivery, the file of which no row was read left out."""
    shares = [share for share in t.shares if share is not None]
    heights = [share * BAR_HEIGHT / 100 for share in shares]
    bars = [
        {"x": 8 + at * BAR_STEP, "y": round(BAR_TOP + BAR_HEIGHT - h, 1), "height": round(h, 1), "text": t.words.percent(share)}
        for at, (share, h) in enumerate(zip(shares, heights, strict=True))
    ]
    label = t.words("trend_picture", shares=", ".join(t.words.percent(share) for share in shares))
    return {"bars": bars, "label": label, "width": 8 + max(1, len(bars)) * BAR_STEP}


@cache
def _style() -> tuple[str, str]:
    style = (FOLDER / "kvittering.css").read_text(encoding="utf-8")
    return style, f"sha256-{base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()}"


@cache
def _template() -> jinja2.Template:
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(FOLDER),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    return environment.get_template("kvittering.html")
