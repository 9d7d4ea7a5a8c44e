"""The receipt of one delivery: as JSON for machines, as a page for people, as a workbook for who mends it. It holds no value."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import polars as pl

from pipeline.codes import deadlines, next_deadline
from pipeline.intake.findings import Finding
from pipeline.intake.judging.delivery import Delivery
from pipeline.intake.receipts.marked import marked_workbook, worth_marking
from pipeline.intake.receipts.quality import compared, trend
from pipeline.intake.receipts.receipt_page import receipt_html
from pipeline.intake.vault import Ledger, Received
from pipeline.rules import SEVERITIES
from pipeline.settings import Home, Settings
from pipeline.store import code_hash, json_text, write_bytes, write_text
from pipeline.tables.deliveries import FILE_DESCRIPTION


def receipt_dict(
    received: Received,
    findings: Iterable[Finding],
    facts: Mapping[str, Any],
    changes: Mapping[str, Mapping[str, int]],
    figures: Iterable[Mapping[str, Any]],
    ledger: Ledger,
    settings: Settings,
) -> dict[str, Any]:
    """The receipt, JSON-ready: fields as the file description says, how the file was written and what it changed.

    Args:
        received: what the ledger will say about the delivery.
        findings: everything found; listed with the gravest first, then by table, code and column.
        facts: how the file was written.
        changes: per table new, changed, unchanged and absent rows.
        figures: the sender's own key figures as they may be shown.
        ledger: the deliveries before this one.
        settings: environment and clock.
    """
    return {
        "receipt_id": received.receipt_id,
        "avsender": received.avsender,
        "sha256": received.sha256,
        "mottatt": received.mottatt,
        "state": received.state,
        "supersedes": received.supersedes,
        "rekkefolge": received.rekkefolge,
        "miljo": settings.environment,
        "deadline": _deadline(received.day),
        "tables": received.tables,
        "changes": changes,
        "findings": sorted((f.as_json() for f in findings), key=_gravest_first),
        "compared": compared(received, ledger),
        "trend": trend(received, ledger),
        "key_figures": list(figures),
        "linkage": [],
        "form": facts.get("form"),
        "encoding": facts.get("encoding", {}),
        "delimiter": facts.get("delimiter", {}),
        "header_row": facts.get("header_row", {}),
        "versions": _versions(),
    }


def receipt_place(home: Home, avsender: str, receipt_id: str) -> Path:
    """Where the receipt's JSON lies; its other forms lie beside it under the same name."""
    return home.receipts / avsender / f"{receipt_id}.json"


def receipt_files(receipt: Mapping[str, Any], delivery: Delivery) -> dict[str, bytes]:
    """File name to content: the page, the workbook where it tells more than the page, and last the JSON. None of them holds a value."""
    name = receipt["receipt_id"]
    marked = {f"{name}.xlsx": marked_workbook(receipt, delivery, with_values=False)} if worth_marking(receipt) else {}
    page = receipt_html(receipt, marked=next(iter(marked), None))
    return {f"{name}.html": page.encode(), **marked, f"{name}.json": json_text(receipt).encode()}


def write_receipt(home: Home, receipt: Mapping[str, Any], delivery: Delivery) -> None:
    """Write ``receipts/<avsender>/<receipt_id>`` as ``.html``, ``.xlsx`` (where it tells more) and ``.json``."""
    folder = receipt_place(home, receipt["avsender"], receipt["receipt_id"]).parent
    for name, content in receipt_files(receipt, delivery).items():
        write_bytes(folder / name, content)


def rewrite_receipt(place: Path, receipt: Mapping[str, Any]) -> None:
    """Write a receipt that has been added to; its workbook, which the addition does not touch, stays."""
    marked = place.with_suffix(".xlsx")
    write_text(place.with_suffix(".html"), receipt_html(receipt, marked=marked.name if marked.is_file() else None))
    write_text(place, json_text(receipt))


def _deadline(day: date) -> dict[str, Any] | None:
    """The next deadline, the day the data are to be complete to then, and whether it is only assumed."""
    found = next_deadline(day)
    if found is None:
        return None
    rules = deadlines().filter(_valid_on(found.day))
    assumed = any(source.startswith("Assumed") for source in rules["kilde"])
    return {"day": found.day.isoformat(), "complete_to": found.complete_to.isoformat(), "assumed": assumed}


def _valid_on(day: date) -> pl.Expr:
    return (pl.col("gyldig_fra") <= day) & (pl.col("gyldig_til").is_null() | (pl.col("gyldig_til") > day))


def _gravest_first(finding: Mapping[str, Any]) -> tuple[int, str, str, str]:
    gravity = -SEVERITIES.index(finding["severity"])
    return (gravity, finding["table"] or "", finding["code"], finding["column"] or "")


@cache
def _versions() -> dict[str, str]:
    try:
        program = version("jobbsjansen")
    except PackageNotFoundError:
        program = "ukjent"
    return {"filbeskrivelse": FILE_DESCRIPTION, "program": program, "regler": code_hash("rules")[:12]}
