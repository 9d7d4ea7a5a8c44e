"""The receipt of one delivery: as JSON for machines and as one self-contained page for people. It holds no value."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterable, Mapping
from datetime import datetime
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import jinja2

from pipeline.intake.findings import Finding
from pipeline.intake.vault import Received
from pipeline.rules import SEVERITIES
from pipeline.settings import Home, Settings
from pipeline.store import code_hash, json_text, write_text
from pipeline.tables.deliveries import FILE_DESCRIPTION

FOLDER = Path(__file__).parent
DECISIONS = {
    "accepted": "Tatt inn",
    "accepted_with_remarks": "Tatt inn, med merknader",
    "rejected": "Avvist: ingenting er tatt inn",
    "quarantined": "Satt til side: filen er ikke åpnet videre",
}
EXPLANATIONS = {
    "accepted": "Alle rader er tatt inn.",
    "accepted_with_remarks": "Rader med feil er holdt tilbake én for én, resten er tatt inn. Se funnene nedenfor.",
    "rejected": "Ingen rader er tatt inn. Rett feilen, og lever hele filen på nytt.",
    "quarantined": "Filen er utrygg eller ikke hel. Ingenting er lest fra den.",
}
SEVERITY_NAMES = {"info": "Opplysning", "remark": "Merknad", "error": "Feil", "fatal": "Stoppende feil"}


def receipt_dict(
    received: Received,
    findings: Iterable[Finding],
    facts: Mapping[str, Any],
    changes: Mapping[str, Mapping[str, int]],
    settings: Settings,
) -> dict[str, Any]:
    """The receipt, JSON-ready: fields as the file description says, how the file was written and what it changed.

    Findings are sorted with the gravest first, then by table, code and column.
    """
    listed = sorted((f.as_json() for f in findings), key=_gravest_first)
    return {
        "receipt_id": received.receipt_id,
        "avsender": received.avsender,
        "sha256": received.sha256,
        "mottatt": received.mottatt,
        "state": received.state,
        "supersedes": received.supersedes,
        "rekkefolge": received.rekkefolge,
        "miljo": settings.environment,
        "tables": received.tables,
        "changes": changes,
        "findings": listed,
        "form": facts.get("form"),
        "encoding": facts.get("encoding", {}),
        "delimiter": facts.get("delimiter", {}),
        "header_row": facts.get("header_row", {}),
        "versions": _versions(),
    }


def receipt_html(receipt: Mapping[str, Any]) -> str:
    """The receipt as one page in bokmål: decision in the first line, everything escaped, nothing fetched, no script."""
    style = (FOLDER / "kvittering.css").read_text(encoding="utf-8")
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    return _template().render(
        receipt=receipt,
        findings=receipt["findings"],
        decision=DECISIONS[receipt["state"]],
        explanation=_explanation(receipt),
        received=datetime.fromisoformat(receipt["mottatt"]).strftime("%d.%m.%Y kl. %H.%M"),
        severity_names=SEVERITY_NAMES,
        style=style,
        style_hash=f"sha256-{digest}",
    )


def write_receipt(home: Home, receipt: Mapping[str, Any]) -> None:
    """Write ``receipts/<avsender>/<receipt_id>.json`` and ``.html``."""
    place = home.receipts / receipt["avsender"] / receipt["receipt_id"]
    write_text(place.with_name(f"{place.name}.html"), receipt_html(receipt))
    write_text(place.with_name(f"{place.name}.json"), json_text(receipt))


def _explanation(receipt: Mapping[str, Any]) -> str:
    held_back = sum(t["quarantined"] for t in receipt["tables"].values())
    if receipt["state"] == "accepted_with_remarks" and held_back == 0:
        return "Ingen rader er holdt tilbake. Se merknadene nedenfor."
    return EXPLANATIONS[receipt["state"]]


def _gravest_first(finding: Mapping[str, Any]) -> tuple[int, str, str, str]:
    gravity = -SEVERITIES.index(finding["severity"])
    return (gravity, finding["table"] or "", finding["code"], finding["column"] or "")


@cache
def _template() -> jinja2.Template:
    environment = jinja2.Environment(loader=jinja2.FileSystemLoader(FOLDER), autoescape=True, undefined=jinja2.StrictUndefined)
    return environment.get_template("kvittering.html")


@cache
def _versions() -> dict[str, str]:
    try:
        program = version("jobbsjansen")
    except PackageNotFoundError:
        program = "ukjent"
    return {"filbeskrivelse": FILE_DESCRIPTION, "program": program, "regler": code_hash("rules")[:12]}
