"""Writes the site: pages, charts' tables as CSV, styles, scripts.

Belongs here: what goes where in the folder. Must not be here: what a page says or a figure shows.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import fields, is_dataclass
from datetime import date, datetime
from pathlib import Path
from types import MappingProxyType
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from pipeline.dashboard import figures, numbers
from pipeline.dashboard.about import about_page
from pipeline.dashboard.basis import declared
from pipeline.dashboard.compare import compare_page
from pipeline.dashboard.freshness import Freshness
from pipeline.dashboard.front import front_page
from pipeline.dashboard.hiding import released_frames
from pipeline.dashboard.origin import ESTIMATES, MUNICIPAL, NATIONAL, foot_notes, origins, page_note
from pipeline.dashboard.texts import Texts
from pipeline.dashboard.timing import timing_page
from pipeline.dashboard.views import DataTable, csv_bytes
from pipeline.dashboard.works import works_page
from pipeline.released import ReleasedTables
from pipeline.store import write_bytes, write_text

HERE = Path(__file__).parent
PAGES = ("index", "sammenlign", "virker", "tidspunkt", "om")
# The numbers that a page rests on, as the release carries them forward.
GROUP_OF = {"index": NATIONAL, "sammenlign": MUNICIPAL, "virker": ESTIMATES, "tidspunkt": ESTIMATES}
STALE_HOURS = 36
VENDOR_STYLES = ("theme", "base", "heading", "paragraph", "link", "list", "table", "tag", "card", "alert", "details", "skip_link")
# Plotly sets style attributes while it draws, hence 'unsafe-inline' for styles; scripts come from the folder alone.
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; "
    "connect-src 'none'; base-uri 'none'; form-action 'none'"
)


def build_site(
    released: ReleasedTables,
    out: Path,
    freshness: Freshness | None,
    *,
    demo: bool,
    protocols: Mapping[str, bytes] = MappingProxyType({}),
    check_page: str = "",
) -> None:
    """Write the whole site into ``out``; equal input gives equal bytes.

    Args:
        released: what the disclosure gate made; nothing else is shown.
        out: folder of the site, made when missing. Files of an earlier build with the same names are replaced.
        freshness: status of tonight's run for the nightly site; null for a release's own frozen site.
        demo: whether every page says that the data are synthetic.
        protocols: the declared analyses by their SHA-256; published where an estimate was made under them.
        check_page: name of the page for senders that stands beside these pages; empty when there is none.
    """
    t = Texts("nb")
    frames = released_frames(released.tables)
    computed = str(released.manifest.get("beregnet", ""))
    carried = origins(released.manifest, released.release_id)
    followed = declared({h: protocols[h] for h in sorted(set(frames["effekt"]["protokoll_hash"]) & set(protocols))})
    contents: dict[str, dict[str, Any]] = {
        "index": front_page(frames, t, computed[:4], carried),
        "sammenlign": compare_page(frames, t),
        "virker": works_page(frames, followed, t),
        "tidspunkt": timing_page(frames, followed, t),
        "om": about_page(frames, released.manifest, released.release_id, t),
    }
    shared = {
        "t": t, "lang": t.language, "pages": PAGES, "policy": POLICY, "demo": demo, "freshness": freshness, "release_id": released.release_id,
        "computed": _readable(computed), "stale_hours": STALE_HOURS, "number": numbers, "older": foot_notes(carried, t),
        "has_earlier": len(released.manifest.get("endringslogg", ())) > 1, "check_page": check_page,
    }  # fmt: skip
    environment = _environment()
    for page, content in contents.items():
        origin = page_note(carried, GROUP_OF[page], t) if page in GROUP_OF else ""
        html = environment.get_template(f"{page}.html").render(**shared, page=page, origin=origin, **content)
        write_text(out / f"{page}.html", html)
    for table in _tables(list(contents.values())):
        write_bytes(out / table.csv_name, csv_bytes(table.raw))
    for protocol in followed.values():
        write_bytes(out / protocol.link, protocol.text)
    for name, frame in frames.items():
        write_bytes(out / "data" / f"{name}.csv", csv_bytes(frame))
    _write_static(out / "static")


def _environment() -> Environment:
    """Autoescape is on for every template, whatever its name; an undefined name is an error."""
    return Environment(
        loader=FileSystemLoader(HERE / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )


def _readable(stamp: str) -> str:
    """The release's time as readers write it; as it stands when it is not ISO 8601."""
    try:
        return numbers.moment(datetime.fromisoformat(stamp)) if "T" in stamp else numbers.day(date.fromisoformat(stamp))
    except ValueError:
        return stamp


def _tables(value: object) -> Iterator[DataTable]:
    """Every table that any page shows, found by walking the pages' contents."""
    if isinstance(value, DataTable):
        yield value
    elif isinstance(value, Mapping):
        for item in value.values():
            yield from _tables(item)
    elif isinstance(value, list | tuple):
        for item in value:
            yield from _tables(item)
    elif is_dataclass(value) and not isinstance(value, type):
        for part in fields(value):
            yield from _tables(getattr(value, part.name))


def _write_static(folder: Path) -> None:
    vendor = [(HERE / "static" / "designsystemet" / f"{name}.css").read_text(encoding="utf-8") for name in VENDOR_STYLES]
    licence = (HERE / "static" / "designsystemet" / "LICENSE").read_text(encoding="utf-8")
    theme, *components = vendor
    layered = "\n".join(f"@layer ds.{'base' if place == 0 else 'components'}{{{css}}}" for place, css in enumerate(components))
    write_text(folder / "designsystemet.css", f"/*\n{licence}*/\n@layer ds.theme, ds.base, ds.components;\n{theme}\n{layered}\n")
    for name in ("site.css", "site.js"):
        write_text(folder / name, (HERE / "static" / name).read_text(encoding="utf-8"))
    write_text(
        folder / "settings.js",
        f"window.PLOTLYENV={{BASE_URL:'av:'}};window.FIGURE_CONFIG={json.dumps(figures.CONFIG, sort_keys=True)};\n",
    )
    write_bytes(folder / "plotly.min.js", figures.plotly_script())
