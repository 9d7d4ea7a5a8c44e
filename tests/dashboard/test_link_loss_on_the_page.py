"""What the page about the numbers says of lost links: shares, what an absence means, and no hidden share."""

from __future__ import annotations

import re
from pathlib import Path

import polars as pl

from pipeline.dashboard import build_site
from pipeline.dashboard.hiding import released_frames
from pipeline.dashboard.link_loss import link_loss
from pipeline.dashboard.texts import Texts
from pipeline.released import ReleasedTables
from pipeline.tables.utdata import UTDATA
from tests.dashboard.dash_release import HOSTILE, small_release

NB = Texts("nb")


def _frame() -> pl.DataFrame:
    return released_frames(small_release().tables)["koblingstap"]


def test_every_register_has_its_share_and_what_not_found_means() -> None:
    found = link_loss(_frame(), NB)
    assert found is not None
    rows = {row[0]: (row[1].replace("\u00a0", " "), row[2]) for row in found.registers.rows}
    assert rows.keys() == {"Folkeregisteret", "Ytelser"}
    assert [share for share, _ in rows.values()] == ["98 %", "83 %"]
    assert rows["Folkeregisteret"][1].startswith("Registeret skulle hatt alle")
    assert rows["Ytelser"][1].startswith("Som regel")


def test_groups_stand_in_the_readers_order_with_a_column_per_register() -> None:
    groups = link_loss(_frame(), NB).groups  # type: ignore[union-attr]
    assert groups is not None
    assert [heading for heading, _ in groups.headings] == ["Inndeling", "Gruppe", "Folkeregisteret", "Ytelser"]
    plain = [tuple(cell.replace("\u00a0", " ") for cell in row) for row in groups.rows]
    assert plain == [
        ("Kjønn", "kvinner", "98 %", ":"),
        ("Alder ved start", "25–34 år", ":", ":"),
        ("Målgruppe", HOSTILE, "90 %", ":"),
    ]


def test_a_hidden_share_keeps_what_its_absence_means() -> None:
    hidden = _frame().filter(pl.col("status") == ":")
    assert hidden["andel_koblet"].null_count() == hidden.height == 2
    assert hidden["betydning"].null_count() == 0


def test_a_release_without_the_table_says_so(tmp_path: Path) -> None:
    released = small_release()
    older = {name: frame for name, frame in released.tables.items() if name != "koblingstap"}
    build_site(ReleasedTables(released.release_id, older, released.manifest), tmp_path, None, demo=True)
    section = re.search(r'<section id="kobling">.*?</section>', (tmp_path / "om.html").read_text(encoding="utf-8"), re.S)
    assert section is not None
    assert "Denne utgivelsen sier ikke" in section[0]
    assert "<table" not in section[0]
    assert link_loss(UTDATA["koblingstap"].empty(), NB) is None


def test_only_totals_are_no_table_of_groups() -> None:
    found = link_loss(_frame().filter(dim="alle"), NB)
    assert found is not None
    assert found.groups is None
