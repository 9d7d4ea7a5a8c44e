"""``check``: what a sender asks before delivering, and the files it may leave on the sender's own machine."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from jobbsjansen.receipt_text import receipt_text
from pipeline.errors import UserError
from pipeline.settings import Settings


def check_delivery(
    file: Path, avsender: str, settings: Settings, *, language: str = "nb", out: Path | None = None, marked: Path | None = None
) -> tuple[dict[str, Any], str]:
    """The receipt the delivery would get, as dict and as text for a terminal.

    Args:
        file: the delivery.
        avsender: who would deliver it.
        settings: home, environment and clock.
        language: of the text and the marked workbook: nb, nn or en.
        out: folder to write the receipt to (JSON, HTML and, where there is something to mend, XLSX without values).
        marked: where to write the workbook with the delivered values in it and the cells marked.

    Raises:
        UserError: there is no such file or language, something would be overwritten, or values would be written into the home.
    """
    from expectations import prepare, validate
    from jobbsjansen.erasing import references
    from pipeline.intake import checked_file
    from pipeline.intake.receipts.marked import marked_workbook
    from pipeline.intake.receipts.receipt import receipt_files
    from pipeline.rules.said import LANGUAGES

    if not file.exists():
        raise UserError("There is no such file.", "Give the path of one delivery: .xlsx, .zip, .csv or .parquet.")
    if language not in LANGUAGES:
        raise UserError("There are no texts in this language.", f"Use one of {', '.join(LANGUAGES)}.")
    if marked is not None:
        _refuse_marked(marked, settings)
    prepare()  # while the file is read in a process of its own
    checked = checked_file(file, avsender, settings, validate, references(settings))
    receipt, text = checked.receipt, receipt_text(checked.receipt, language)
    written: list[Path] = []
    if out is not None:
        written += _write_new({out / name: data for name, data in receipt_files(receipt, checked.delivery).items()}, mode=0o644)
    if marked is not None:
        if receipt["state"] == "quarantined":
            raise UserError("The file was not opened, so there is nothing to mark.", "See the receipt for why.")
        content = marked_workbook(receipt, checked.delivery, with_values=True, language=language)
        written += _write_new({marked: content}, mode=0o600)
    return receipt, "\n".join([text, *(f"\nWritten: {path}" for path in written)])


def _refuse_marked(marked: Path, settings: Settings) -> None:
    if marked.suffix.lower() != ".xlsx":
        raise UserError("The marked workbook must be an .xlsx file.", "Give --marked a name that ends in .xlsx.")
    if marked.resolve().is_relative_to(settings.home.root):
        raise UserError("The marked workbook holds what was delivered and may not lie in the home.", "Give a place outside it.")


def _write_new(files: dict[Path, bytes], mode: int) -> list[Path]:
    """Write all of the files, or none when one of them is there already with another content."""
    from pipeline.store import write_bytes

    taken = [path for path in files if path.exists() and not (path.is_file() and path.read_bytes() == files[path])]
    if taken:
        raise UserError(f"{taken[0].name} is there already.", "Give another place; nothing is overwritten.")
    for path, data in files.items():
        write_bytes(path, data, mode)
    return list(files)
