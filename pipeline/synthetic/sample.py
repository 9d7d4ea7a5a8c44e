"""The maker of ``data/sample`` and of any synthetic inbox, and the way of putting a sample into a home.

Belongs here: which files there are and when they were received. Must not be here: how files or rows are made.
"""

from __future__ import annotations

import csv
import io
import os
import shutil
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import polars as pl

from pipeline.errors import UserError
from pipeline.settings import Home
from pipeline.store import json_text, sha256_bytes, sha256_file, write_bytes, write_text
from pipeline.synthetic.deliveries import Delivery, deliveries, pack, sender_tables
from pipeline.synthetic.extracts import extracts, write_extracts
from pipeline.synthetic.faults import faulty_deliveries
from pipeline.synthetic.params import PRESETS, SyntheticParams, preset
from pipeline.synthetic.population import months_until, write_population
from pipeline.synthetic.surveys import survey_delivery
from pipeline.synthetic.truth import truth
from pipeline.synthetic.world import World, simulate

SAMPLE_SEED = 20240501
SAMPLE_PARAMS = SyntheticParams(participants=1500, municipalities=30, old_codes=True, returning_share=0.02)
EXTRACTS_UNTIL = date(2026, 6, 30)
_EXTRACTED = datetime(2026, 7, 5, 6, 0)
_CORRECTED = datetime(2026, 2, 3, 10, 0)
_AGAIN = datetime(2026, 3, 2, 7, 30)

_README = """# Syntetisk prøvesett

Alt her er laget av generatoren i `pipeline/synthetic/` og gjelder ingen levende personer: alle fødselsnumre er syntetiske
(måned + 80), alle organisasjonsnumre er fra en testserie.

- Frø: `{seed}`. Deltakelser: {participants}. Avsendere: {senders}. Leveranser: {deliveries}, av dem {faulty} med feil.
- Data er komplette til {statusdato}; registeruttrekkene går til {until}.
- `inbox/<avsender>/` er leveranser slik en avsender legger dem, `registers/<register>/` er uttrekk med `person_id`.
- `manifest.csv` (`path;sha256;mtime_utc`) sier når hver fil kom inn: rekkefølgen er tidspunkt, så hash.
- Kommunenumrene er de som gjaldt da avsenderen leverte. Et nummer som er avviklet, leverte sist for året før det opphørte.

Lages på nytt, byte for byte, med

```
make sample
```
"""


def _corrected(world: World, number: int) -> dict[str, pl.DataFrame]:
    """Three participations with new values under the same key, and one contact withdrawn."""
    tables = sender_tables(world, number)
    ended = tables["deltaker"].filter(pl.col("slutt_dato").is_not_null()).head(3)
    changed = ended.with_columns(pl.col("slutt_dato") + pl.duration(days=3), stillingsprosent_slutt=pl.lit(50.0))
    tables["oppfolging"] = tables["oppfolging"].head(1).with_columns(slettes=pl.lit("ja"))
    return {"deltaker": changed, "oppfolging": tables["oppfolging"]}


def _later_deliveries(world: World, first: list[Delivery]) -> list[Delivery]:
    """Corrections from three senders, and one sender's file once more."""
    eras = world.people.units.eras
    alive = [
        k for k, e in enumerate(eras) if e.last_statusdato == world.params.statusdato and int((world.people.era == k).sum()) >= 20
    ]
    out = []
    for step, (number, form) in enumerate(zip(alive[-4:-1], ("xlsx", "zip_cp1252", "zip_utf8"), strict=True)):
        suffix, data = pack(_corrected(world, number), form)  # type: ignore[arg-type]
        out.append(Delivery(eras[number].avsender, f"retting{suffix}", data, _CORRECTED + timedelta(days=step)))
    again = first[0 if eras[0].last_statusdato == world.params.statusdato else alive[0]]
    out.append(Delivery(again.avsender, f"kopi av {again.name}", again.data, _AGAIN))
    return out


def _stamp(path: Path, moment: datetime) -> None:
    nanoseconds = int(moment.replace(tzinfo=UTC).timestamp()) * 1_000_000_000
    os.utime(path, ns=(nanoseconds, nanoseconds))


def _manifest(rows: list[tuple[str, str, datetime]]) -> str:
    lines = [f"{path};{digest};{moment:%Y-%m-%dT%H:%M:%SZ}" for path, digest, moment in sorted(rows)]
    return "\n".join(["path;sha256;mtime_utc", *lines]) + "\n"


def _write_inbox(files: list[Delivery], out: Path) -> list[tuple[str, str, datetime]]:
    rows = []
    for delivery in files:
        path = out / "inbox" / delivery.avsender / delivery.name
        write_bytes(path, delivery.data)
        _stamp(path, delivery.mtime)
        rows.append((path.relative_to(out).as_posix(), sha256_bytes(delivery.data), delivery.mtime))
    return rows


def _write_registers(world: World, out: Path, until: date, moment: datetime) -> list[tuple[str, str, datetime]]:
    return _received(write_extracts(world, out / "registers", until), out, moment)


def _received(paths: list[Path], out: Path, moment: datetime) -> list[tuple[str, str, datetime]]:
    rows = []
    for path in paths:
        _stamp(path, moment)
        rows.append((path.relative_to(out).as_posix(), sha256_file(path), moment))
    return rows


def _silent(_: str) -> None:
    return None


def make_sample(out: Path, seed: int = SAMPLE_SEED, progress: Callable[[str], None] = _silent) -> None:
    """Write the sample: inbox, register extracts, ``manifest.csv`` and ``README.md``; same seed, same bytes.

    Args:
        out: folder to write into; files of the same name are replaced, others are left.
        seed: everything random comes from it.
        progress: told at each step that may take seconds.
    """
    progress("Lager leveranser")
    world = simulate(SAMPLE_PARAMS, seed)
    first, faulty = deliveries(world), faulty_deliveries(world)
    files = [*first, *faulty, survey_delivery(world), *_later_deliveries(world, first)]
    progress("Lager registeruttrekk")
    rows = _write_inbox(files, out) + _write_registers(world, out, EXTRACTS_UNTIL, _EXTRACTED)
    write_text(out / "manifest.csv", _manifest(rows))
    write_text(out / "README.md", _README.format(
        seed=seed, participants=SAMPLE_PARAMS.participants, senders=len({d.avsender for d in files}), deliveries=len(files),
        faulty=len(faulty), statusdato=SAMPLE_PARAMS.statusdato, until=EXTRACTS_UNTIL,
    ))  # fmt: skip


def synthesise(
    participants: int,
    seed: int,
    out: Path,
    truth_file: Path | None = None,
    progress: Callable[[str], None] = _silent,
    programme: str = "main",
    population: int | None = None,
    months: int = 36,
) -> None:
    """Write ``inbox/``, ``registers/`` and ``manifest.csv`` of a programme of that size, and its truth as JSON when asked.

    Args:
        participants: number of participations, at least 50.
        seed: everything random comes from it.
        out: folder to write into.
        truth_file: where the true risks go; None = not computed (it takes half a minute).
        progress: told at each step that may take seconds.
        programme: name of a ``preset``.
        population: so many persons besides the participants in every register, as whole-population extracts; None = participants alone.
        months: how many months (the last ones) whole-population extracts cover.

    Raises:
        UserError: no such programme, too few participations, or deliveries in the folder already.
    """
    if participants < 50:
        raise UserError("A synthetic programme needs at least 50 participations.", "Ask for more.")
    if (out / "inbox").exists():
        raise UserError("The folder holds deliveries already.", "Give --out a new or empty folder.")
    try:
        params = preset(programme, participants=participants, old_codes=True, returning_share=0.02)
    except KeyError:
        raise UserError("There is no such synthetic programme.", f"Choose one of: {', '.join(PRESETS)}.") from None
    progress("Lager leveranser og registeruttrekk")
    world = simulate(params, seed)
    rows = _write_inbox([*deliveries(world), survey_delivery(world)], out)
    if population is None:
        rows += _write_registers(world, out, EXTRACTS_UNTIL, _EXTRACTED)
    else:
        covered = months_until(EXTRACTS_UNTIL, months)
        paths = write_population(extracts(world, EXTRACTS_UNTIL), out / "registers", population, covered, seed, progress)
        rows += _received(paths, out, _EXTRACTED)
    write_text(out / "manifest.csv", _manifest(rows))
    if truth_file is not None:
        progress("Beregner sannheten ved å tvinge oppstartene")
        write_text(truth_file, json_text(truth(params, seed)))


def _checked_manifest(sample: Path) -> list[tuple[str, datetime]]:
    rows = []
    for row in csv.DictReader(io.StringIO((sample / "manifest.csv").read_text(encoding="utf-8")), delimiter=";"):
        path = sample / row["path"]
        if not path.is_file() or sha256_file(path) != row["sha256"]:
            raise UserError("A file of the sample is missing or not as its manifest says.", "Make the sample anew.")
        rows.append((row["path"], datetime.strptime(row["mtime_utc"], "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC)))
    return rows


def load_sample(sample: Path, home_root: Path) -> None:
    """Copy the sample's inbox and registers into a home, with the times of receipt of its manifest.

    Everything is copied beside first and moved in at the end, so that a stopped copy leaves no half inbox.

    Raises:
        UserError: the home has an inbox already, or a file is not as the manifest says.
    """
    home = Home(home_root)
    if home.inbox.exists():
        raise UserError("The home has an inbox already.", "Use an empty home, or remove its inbox first.")
    rows = _checked_manifest(sample)
    staging = home_root / f".sample.{os.getpid()}.tmp"
    try:
        for name, moment in rows:
            target = staging / name
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(sample / name, target)
            _stamp(target, moment.replace(tzinfo=None))
        if not home.registers.exists():
            os.replace(staging / "registers", home.registers)
        os.replace(staging / "inbox", home.inbox)
    finally:
        shutil.rmtree(staging, ignore_errors=True)
