"""About the numbers: definitions, denominators, signs, what was hidden, what registers know, change log, downloads."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import polars as pl

from pipeline import codes
from pipeline.dashboard import numbers
from pipeline.dashboard.link_loss import link_loss
from pipeline.dashboard.origin import change_text
from pipeline.dashboard.texts import Texts
from pipeline.dashboard.views import DataTable, Field, shown_table

DEFINITIONS = (
    "overgang_direkte", "alle_avsluttede", "uten_utfasede", "strategi", "risikodifferanse", "grad", "ki",
)  # fmt: skip
SIGNS = (":", ".", "..", "-")
_LONGEST_VALUE = 120


def about_page(frames: Mapping[str, pl.DataFrame], manifest: Mapping[str, Any], release_id: str, t: Texts) -> dict[str, Any]:
    """What the page shows: ``definitions``, ``indicators``, ``signs``, ``hidden``, ``links``, ``parameters``, ``changes`` and ``downloads``.

    Counts of hidden rows are made from the released tables themselves; the manifest's own facts follow as they stand.
    """
    return {
        "definitions": [(t(f"def.{k}.term"), t(f"def.{k}")) for k in DEFINITIONS],
        "indicators": _indicators(t),
        "signs": [(sign, t(f"sign.{sign}")) for sign in SIGNS],
        "hidden": _hidden(frames, t),
        "links": link_loss(frames["koblingstap"], t),
        "parameters": _parameters(manifest, t),
        "changes": _changes(manifest, release_id, t),
        "downloads": [(t(f"tabell.{n}"), f"data/{n}.csv", numbers.decimal(f.height)) for n, f in frames.items()],
    }


def _indicators(t: Texts) -> DataTable:
    """The code list of indicators: name, denominator rule, definition."""
    fields = (
        Field("navn", t("col.indicator"), lambda r: r["navn"], numeric=False),
        Field("nevnerregel", t("col.rule"), lambda r: t.label("nevnerregel", r["nevnerregel"]), numeric=False),
        Field("definisjon", t("col.definition"), lambda r: r["definisjon"], numeric=False),
        Field("enhet", t("col.unit"), lambda r: r["enhet"], numeric=False),
    )
    return shown_table("nokkeltall-definisjoner", t("about.indicators_caption"), codes.indicators(), fields)


def _hidden(frames: Mapping[str, pl.DataFrame], t: Texts) -> DataTable:
    counts = pl.DataFrame(
        [(t(f"tabell.{n}"), f.height, int((f["status"] == ":").fill_null(False).sum())) for n, f in frames.items()],
        schema={"tabell": pl.String, "rader": pl.Int64, "skjult": pl.Int64},
        orient="row",
    )
    fields = (
        Field("tabell", t("col.table"), lambda r: r["tabell"], numeric=False),
        Field("rader", t("col.rows"), lambda r: numbers.decimal(r["rader"])),
        Field("skjult", t("col.hidden"), lambda r: numbers.decimal(r["skjult"])),
    )
    return shown_table("skjult", t("about.hidden_caption"), counts, fields)


def _parameters(manifest: Mapping[str, Any], t: Texts) -> DataTable:
    rows = [(path, value) for path, value in _flat(manifest) if not path.startswith("endringslogg")]
    frame = pl.DataFrame(rows, schema={"felt": pl.String, "verdi": pl.String}, orient="row").sort("felt", maintain_order=True)
    fields = (
        Field("felt", t("col.field"), lambda r: r["felt"], numeric=False),
        Field("verdi", t("col.value"), lambda r: r["verdi"], numeric=False),
    )
    return shown_table("manifest", t("about.parameters_caption"), frame, fields)


def _flat(value: Any, path: str = "") -> Iterator[tuple[str, str]]:
    """Every leaf of the manifest with its path; lists of plain values as one line."""
    if isinstance(value, Mapping):
        for key in sorted(value, key=str):
            yield from _flat(value[key], f"{path}.{key}" if path else str(key))
    elif isinstance(value, list | tuple) and any(isinstance(v, Mapping | list | tuple) for v in value):
        for place, item in enumerate(value):
            yield from _flat(item, f"{path}.{place + 1}")
    else:
        text = ", ".join(_leaf(v) for v in value) if isinstance(value, list | tuple) else _leaf(value)
        yield path, text if len(text) <= _LONGEST_VALUE else text[: _LONGEST_VALUE - 1] + "…"


def _leaf(value: object) -> str:
    if value is None:
        return numbers.MISSING
    if isinstance(value, bool):
        return "ja" if value else "nei"
    if isinstance(value, float):
        return numbers.decimal(value, 4).rstrip("0").rstrip(",") or "0"
    return str(value)


def _changes(manifest: Mapping[str, Any], release_id: str, t: Texts) -> DataTable:
    """The change log that the manifest carries (``endringslogg``: release_id, dato, endring), else this release alone."""
    log = manifest.get("endringslogg") or [
        {"release_id": release_id, "dato": str(manifest.get("beregnet", ""))[:10], "endring": t("about.change_this")}
    ]
    rows = [tuple(str(entry.get(k, "")) for k in ("release_id", "dato", "endring")) for entry in log]
    frame = pl.DataFrame(rows, schema={"release_id": pl.String, "dato": pl.String, "endring": pl.String}, orient="row")
    fields = (
        Field("release_id", t("col.release"), lambda r: r["release_id"], numeric=False),
        Field("dato", t("col.date"), lambda r: r["dato"], numeric=False),
        Field("endring", t("col.change"), lambda r: change_text(r["endring"], t), numeric=False),
    )
    return shown_table("endringslogg", t("about.changes_caption"), frame, fields)
