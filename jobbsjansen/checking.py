"""``check``: what a sender asks before delivering."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from pipeline.errors import UserError
from pipeline.settings import Settings

SHOWN_ROWS = 5


def check_delivery(file: Path, avsender: str, settings: Settings) -> tuple[dict[str, Any], str]:
    """The receipt the delivery would get, as dict and as text for a terminal.

    Raises:
        UserError: there is no such file.
    """
    from expectations import validate
    from pipeline.intake import check_file

    if not file.exists():
        raise UserError("There is no such file.", "Give the path of one delivery: .xlsx, .zip, .csv or .parquet.")
    receipt = check_file(file, avsender, settings, validate)
    return receipt, _receipt_text(receipt)


def _receipt_text(receipt: dict[str, Any]) -> str:
    lines = [f"{receipt['state']}: " + "; ".join(_rows(name, rows) for name, rows in sorted(receipt["tables"].items()))]
    for finding in receipt["findings"]:
        place = "/".join(str(finding[k]) for k in ("table", "column") if finding.get(k))
        rows = ", ".join(str(r) for r in finding["rows"][:SHOWN_ROWS])
        lines.append(
            f"{finding['severity']:<7}{finding['code']} {place} ({finding['count']}): {finding['message']} {finding['fix']}"
        )
        if rows:
            lines.append(f"       rows {rows}{' …' if finding['count'] > SHOWN_ROWS else ''}")
    return "\n".join(lines)


def _rows(name: str, rows: dict[str, int]) -> str:
    return f"{name} {rows['accepted']} of {rows['rows_in']} rows accepted"
