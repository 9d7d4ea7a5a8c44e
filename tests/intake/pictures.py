"""``python -m tests.intake.pictures``: the pictures of docs/levere.md made again from a delivery that is broken, checked and mended.

The content is the same each time: invented participants, a fixed clock, no time of the machine in any picture.
"""

from __future__ import annotations

import base64
import io
import tempfile
from datetime import datetime
from pathlib import Path
from typing import Any

from PIL import Image

from pipeline.intake.sjekk.side import write_check_page
from pipeline.settings import OSLO, Home, Settings
from tests.dashboard.dash_browser import Browser, browser
from tests.intake.adviser import SENDER, broken, filled, withdrawing, workbook
from tests.intake.drawn_sheet import sheet_page
from tests.intake.intake_case import Inbox

FOLDER = Path(__file__).parents[2] / "docs" / "pictures"
PARTICIPANTS, WIDTH, COLOURS = 26, 900, 64
RECEIVED = (datetime(2026, 2, 10, 2, 30, tzinfo=OSLO), datetime(2026, 2, 12, 2, 30, tzinfo=OSLO))
SHOWN = ["fnr", "prosjekt_id", "start_dato", "deltakelse_id", "slutt_dato", "kjonn", "fodselsdato", "landbakgrunn"]
MARKED = ["tiltak_id", "prosjekt_id", "fnr", "tiltak_type", "start_dato", "slutt_dato", "Status", "Funn i raden"]
CONTACT = ["oppfolging_id", "prosjekt_id", "fnr", "dato", "part", "slettes"]


def make(folder: Path) -> list[Path]:
    """Write all pictures into the folder; returns their paths."""
    with tempfile.TemporaryDirectory() as name:
        root = Path(name)
        spoiled, mended = workbook(broken(PARTICIPANTS)), workbook(filled(PARTICIPANTS))
        first, second, marked = _receipts(root, spoiled, mended)
        write_check_page(root / "sjekk.html", demo=True)
        (root / "leveranse.xlsx").write_bytes(spoiled)
        with browser(root / "profile") as tab:
            return [
                _sheet(tab, root, folder / "levere-1-mal.png", mended, "deltaker", columns=SHOWN, rows=7, note="C1"),
                *_checks(tab, root, folder),
                _part(tab, first, folder / "levere-4-kvittering.png", ".said-nb h1", ".said-nb .finding:nth-of-type(2)"),
                _sheet(tab, root, folder / "levere-5-merket.png", marked, "tiltak", columns=MARKED, rows=7, note="D4"),
                _part(tab, second, folder / "levere-6-lost.png", "#nb-compared", ".said-nb table.compared"),
                _part(tab, second, folder / "levere-7-nokkeltall.png", "#nb-figures", ".said-nb .trend-picture"),
                _sheet(tab, root, folder / "levere-8-trekke.png", withdrawing(), "oppfolging", columns=CONTACT, rows=4),
            ]


def _receipts(root: Path, spoiled: bytes, mended: bytes) -> tuple[Path, Path, bytes]:
    """The receipts of both deliveries as pages, and the first one's marked workbook."""
    said = []
    inbox = Inbox(root, Settings(Home(root / "home"), "demo", RECEIVED[0], min_age_seconds=0.0))
    for number, (data, now) in enumerate(zip((spoiled, mended), RECEIVED, strict=True)):
        said.append(inbox.deliver(data, f"{number}.xlsx", SENDER, now=now)["receipt_id"])
    folder = inbox.settings.home.receipts / SENDER
    first, second = (folder / f"{receipt}.html" for receipt in said)
    return first, second, first.with_suffix(".xlsx").read_bytes()


def _checks(tab: Browser, root: Path, folder: Path) -> list[Path]:
    """The page for senders before and after the delivery was chosen, on a fixed day."""
    clock = f"Date = class extends Date {{ constructor(...said) {{ super(...(said.length ? said : [{RECEIVED[0].timestamp() * 1000}])); }} }}"
    tab.send("Page.addScriptToEvaluateOnNewDocument", source=clock)
    tab.open((root / "sjekk.html").as_uri(), width=WIDTH)
    _evaluate(
        tab,
        "document.getElementById('sender').value = '4601'; document.getElementById('sender').dispatchEvent(new Event('input'))",
    )
    empty = _cut(tab, folder / "levere-2-sjekk.png", "body > header", "#drop")
    document = tab.send("DOM.getDocument")["root"]["nodeId"]
    node = tab.send("DOM.querySelector", nodeId=document, selector="#file")["nodeId"]
    tab.send("DOM.setFileInputFiles", files=[str(root / "leveranse.xlsx")], nodeId=node)
    tab.wait_for("document.querySelector('.finding') !== null")
    return [empty, _cut(tab, folder / "levere-3-funn.png", "#decision", "#result .finding:nth-of-type(3)")]


def _part(tab: Browser, page: Path, target: Path, first: str, last: str) -> Path:
    tab.open(page.as_uri(), width=WIDTH)
    return _cut(tab, target, first, last)


def _sheet(tab: Browser, root: Path, target: Path, data: bytes, name: str, **shown: Any) -> Path:
    (root / "sheet.html").write_text(sheet_page(data, name, **shown), encoding="utf-8")
    tab.open((root / "sheet.html").as_uri(), width=1400)
    size = "document.querySelector('figure').getBoundingClientRect()"
    note = "(document.querySelector('.note') || document.querySelector('figure')).getBoundingClientRect()"
    right, bottom = (tab.evaluate(f"Math.max({size}.{side}, {note}.{side})") for side in ("right", "bottom"))
    return _written(tab, target, 0, 0, right + 8, bottom + 8)


def _cut(tab: Browser, target: Path, first: str, last: str) -> Path:
    """What lies between the tops of two elements' boxes, the last one with its foot, over the whole width."""
    top = tab.evaluate(f"document.querySelector('{first}').getBoundingClientRect().top + scrollY")
    bottom = tab.evaluate(f"document.querySelector('{last}').getBoundingClientRect().bottom + scrollY")
    return _written(tab, target, 0, max(0, top - 12), WIDTH, bottom - max(0, top - 12) + 12)


def _written(tab: Browser, target: Path, x: float, y: float, width: float, height: float) -> Path:
    """The rectangle as PNG of few colours, small enough for a page of help."""
    clip = {"x": x, "y": y, "width": width, "height": height, "scale": 1}
    answer = tab.send("Page.captureScreenshot", format="png", captureBeyondViewport=True, clip=clip)
    picture = Image.open(io.BytesIO(base64.b64decode(answer["data"]))).convert("RGB")
    target.parent.mkdir(parents=True, exist_ok=True)
    picture.quantize(COLOURS, dither=Image.Dither.NONE).save(target, optimize=True)
    return target


def _evaluate(tab: Browser, script: str) -> None:
    tab.evaluate(f"(() => {{ {script} }})()")


if __name__ == "__main__":
    for path in make(FOLDER):
        print(f"{path.relative_to(FOLDER.parents[1])}: {path.stat().st_size // 1000} kB")
