"""What leaves the pseudonymised zone: releases through the one gate, the site, the package for Statistics Norway, the analyst file."""

import shutil
from datetime import date, datetime
from pathlib import Path

import polars as pl

from assets.night import Night
from pipeline.dashboard import Freshness, build_site
from pipeline.disclosure import (
    approve_microdata,
    build_release,
    is_news,
    latest_release,
    point_to_newest,
    previous_releases,
    release_due,
    write_release,
)
from pipeline.effects.protocol import FOLDER as PROTOCOLS
from pipeline.errors import UserError
from pipeline.export import prepare_ssb_tables, write_ssb_package
from pipeline.intake.sjekk import write_check_page
from pipeline.pseudonyms import recipient_keys
from pipeline.released import ReleasedTables
from pipeline.snapshot import build_snapshot
from pipeline.store import sha256_bytes
from pipeline.tables import STATISTIKK

RECIPIENT = "ssb"
CHECK_PAGE = "sjekk.html"


def candidate_release(night: Night) -> ReleasedTables:
    """The next release as the gate would make it from the last night's tables.

    Raises:
        ReleaseRefused: a hidden value could be recovered, or a shown one is under the threshold.
        UserError: no participation has come in yet.
    """
    deltakelse = night.warehouse.read("klargjort", "deltakelse")
    if deltakelse.is_empty():
        raise UserError("There is no participation to release figures about.", "Take in deliveries first: jobbsjansen nightly.")
    statistics = night.tables("statistikk", STATISTIKK)
    return build_release(statistics, deltakelse, statistics["utfall"], previous_releases(night.settings.home), night.settings)


def declared_protocols() -> dict[str, bytes]:
    """The protocol files by their SHA-256, which stands with every estimate made under them."""
    return {sha256_bytes(text): text for text in (path.read_bytes() for path in sorted(PROTOCOLS.glob("*.toml")))}


def write_candidate(night: Night, released: ReleasedTables) -> None:
    """Write the release with its own frozen site; it is never changed afterwards."""

    def frozen_site(release: ReleasedTables, out: Path) -> None:
        build_site(release, out, None, demo=night.settings.is_demo, protocols=declared_protocols())

    write_release(released, night.settings.home, frozen_site)


def publish_when_due(night: Night) -> bool:
    """Write the next release if the calendar asks for one and the figures behind the last have changed; whether one was written.

    Raises:
        ReleaseRefused: the gate keeps the last release.
    """
    point_to_newest(night.settings.home)
    if not is_due(night):
        return False
    candidate = candidate_release(night)
    if not is_news(candidate, night.settings.home):
        return False
    write_candidate(night, candidate)
    return True


def is_due(night: Night) -> bool:
    """Whether the calendar asks for a release tonight, and there is anything to release."""
    has_leavers = night.warehouse.read("klargjort", "deltakelse")["slutt_dato"].is_not_null().any()
    return has_leavers and release_due(previous_releases(night.settings.home), night.settings.today)


def _freshness(night: Night, released: ReleasedTables) -> Freshness:
    accepted = night.warehouse.read("inndata", "mottak").filter(pl.col("state").str.starts_with("accepted")).sort("rekkefolge")
    latest = accepted.group_by("avsender").agg(pl.col("state").last())
    due = night.warehouse.read("klargjort", "prosjekt")["avsender"].unique()
    reach = night.warehouse.read("statistikk", "kobling").filter(pl.col("avsender") == "alle")
    return Freshness(
        built=night.settings.now,
        received=latest["avsender"].is_in(due.implode()).sum(),
        due=due.len(),
        with_remarks=latest.filter(pl.col("state") == "accepted_with_remarks").height,
        release_id=released.release_id,
        release_date=datetime.fromisoformat(str(released.manifest["beregnet"])).date(),
        extracts=dict(reach.sort("register").select("register", "siste_maaned").iter_rows()),
        refused=_refused(night),
    )


def _refused(night: Night) -> dict[str, date | None]:
    """Registers whose last extract may not be used, and when the newest one that is used instead came."""
    received = night.warehouse.read("statistikk", "uttrekk")
    used = received.filter(pl.col("tilstand").is_in(["i_bruk", "delvis_erstattet"]))
    came = dict(used.group_by("register").agg(pl.col("mottatt").max().str.head(10).str.to_date()).iter_rows())
    return {register: came.get(register) for register in sorted(night.facts.get("extracts_refused", {}))}


def rebuild_site(night: Night) -> Path | None:
    """``site/`` anew from the latest release and tonight's value-free status, with the page for senders; None while there is no release.

    Built beside and swapped in, so that a reader never meets half a site.
    """
    released = latest_release(night.settings.home)
    if released is None:
        return None
    site = night.settings.home.site
    fresh, old = site.with_name(".site.new"), site.with_name(".site.old")
    for leftover in (fresh, old):
        shutil.rmtree(leftover, ignore_errors=True)
    freshness = _freshness(night, released)
    demo = night.settings.is_demo
    build_site(released, fresh, freshness, demo=demo, protocols=declared_protocols(), check_page=CHECK_PAGE)
    write_check_page(fresh / CHECK_PAGE, demo=demo)
    if site.exists():
        site.rename(old)
    fresh.rename(site)
    shutil.rmtree(old, ignore_errors=True)
    return site / "index.html"


def has_package(night: Night) -> bool:
    """Whether there is anything to send: participations and measures (a package never holds an empty table)."""
    return not any(night.warehouse.read("klargjort", name).is_empty() for name in ("deltakelse", "tiltak"))


def export_ssb(night: Night) -> Path:
    """The package for Statistics Norway under the recipient's own pseudonyms; nothing new, nothing written.

    Raises:
        UserError: something shaped like an identity number was found, or there is nothing to send.
    """

    def own(frame: pl.DataFrame) -> pl.DataFrame:
        keys = [name for name in ("person_key", "deltakelse_key") if name in frame.columns]
        return frame.with_columns(recipient_keys(frame[name], night.keys, RECIPIENT).alias(name) for name in keys)

    read = night.warehouse.read
    tables = prepare_ssb_tables(
        own(read("klargjort", "deltakelse")), own(read("statistikk", "utfall")), own(read("klargjort", "tiltak"))
    )
    approved = approve_microdata(tables, f"{RECIPIENT}:{night.keys.version}", night.settings)
    return write_ssb_package(approved, night.settings.home.exports / "ssb", night.settings)


def publish_snapshot(night: Night) -> Path:
    """The analysts' file anew: the warehouse, and of utdata only what the latest release holds."""
    released = latest_release(night.settings.home)
    return build_snapshot(night.settings.home, released.tables if released else {}, night.settings.memory_limit)
