"""The identified zone on disk: originals by content hash, accepted rows per delivery, and the ledger.

The ledger is written once per night, after every row and receipt of that night: a delivery that is in the ledger is whole,
one that is not will be taken in again and reach the same bytes.
"""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from datetime import date, datetime
from pathlib import Path
from typing import Any

import polars as pl

from pipeline.errors import UserError
from pipeline.intake.erased import Erasure
from pipeline.settings import Home
from pipeline.store import json_text, parquet_bytes, write_bytes, write_text
from pipeline.tables import INNDATA

_PASSING = "passing-"
TAKEN_IN = ("accepted", "accepted_with_remarks")


@dataclass(frozen=True)
class Received:
    """One delivery in the ledger.

    ``tables`` is rows per table as in the receipt; ``statusdato`` what the sender stated (at most the day received) and
    ``withdraws`` the receipt of a whole delivery that this one withdraws. ``codes`` are the rules it broke.
    ``owners`` are whose projects its accepted rows belong to, ``erased`` accepted rows per table that were erased since.
    ``name_hash`` says under which name it lay, ``circumstances`` what a refusal rested on beside the file (``again``).
    ``lifted``: an erasure that may have touched it was lifted since, and the same bytes say something new.
    ``said`` are the receipt's findings (``quality``), ``figures`` the key figures it showed (``shown_figures``): what the next is held against.
    """

    receipt_id: str
    avsender: str
    sha256: str
    mottatt: str
    state: str
    supersedes: str | None
    rekkefolge: int
    tables: dict[str, dict[str, int]]
    n_fatal: int = 0
    n_error: int = 0
    n_remark: int = 0
    statusdato: str | None = None
    withdraws: str | None = None
    codes: list[str] = field(default_factory=list)
    name_hash: str = ""
    circumstances: str = ""
    owners: list[str] = field(default_factory=list)
    erased: dict[str, int] = field(default_factory=dict)
    said: list[list[Any]] = field(default_factory=list)
    figures: dict[str, int] = field(default_factory=dict)
    lifted: bool = False

    @property
    def taken_in(self) -> bool:
        return self.state in TAKEN_IN

    @property
    def day(self) -> date:
        return datetime.fromisoformat(self.mottatt).date()


@dataclass(frozen=True)
class Ledger:
    """All deliveries in order of receipt, and which names in the inbox held which bytes when we last looked.

    ``inbox`` maps sender to (hash of file name → content hash): file names may hold names of people.
    """

    deliveries: tuple[Received, ...] = ()
    inbox: Mapping[str, Mapping[str, str]] = field(default_factory=dict)

    def latest_taken_in(self, avsender: str) -> Received | None:
        """The sender's latest accepted delivery."""
        return next((r for r in reversed(self.deliveries) if r.avsender == avsender and r.taken_in), None)

    def with_bytes(self, avsender: str, sha256: str) -> list[Received]:
        """The sender's deliveries of exactly these bytes, oldest first."""
        return [r for r in self.deliveries if r.avsender == avsender and r.sha256 == sha256]

    def until(self, moment: datetime | str) -> Ledger:
        """The ledger as it was at that time, or just after the delivery with that receipt id.

        Raises:
            UserError: no delivery has that receipt id.
        """
        if isinstance(moment, datetime):
            return Ledger(tuple(r for r in self.deliveries if datetime.fromisoformat(r.mottatt) <= moment), self.inbox)
        at = next((i for i, r in enumerate(self.deliveries, start=1) if r.receipt_id == moment), None)
        if at is None:
            raise UserError("No delivery has this receipt id.", "Use the id of a receipt of this home, or a time.")
        return Ledger(self.deliveries[:at], self.inbox)

    def standing(self) -> list[Received]:
        """Accepted deliveries that no delivery of the same sender withdraws, oldest first.

        A withdrawal counts as long as the delivery that asks for it stands: withdrawing that one lets the first stand again.
        """
        withdrawn: set[tuple[str, str]] = set()
        stand = []
        for r in reversed(self.deliveries):
            if r.taken_in and (r.avsender, r.receipt_id) not in withdrawn:
                stand.append(r)
                withdrawn |= {(r.avsender, r.withdraws)} if r.withdraws else set()
        return stand[::-1]

    def frame(self) -> pl.DataFrame:
        """The ledger as the table ``inndata.mottak``."""
        rows = [_ledger_row(r) for r in self.deliveries]
        return INNDATA["mottak"].conform(
            pl.DataFrame(rows, schema_overrides={"supersedes": pl.String}) if rows else pl.DataFrame()
        )


class Vault:
    """Reads and writes ``identified/`` (0700; files 0600)."""

    def __init__(self, home: Home) -> None:
        self._root = home.identified

    @property
    def scratch(self) -> Path:
        return self._root / "scratch"

    def open(self) -> None:
        """Make the folders with their rights, without what a run left that died before its ledger."""
        self._root.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._root.chmod(0o700)
        self.clear_unfinished()

    def ledger(self) -> Ledger:
        """The ledger as last written; an empty one before the first night."""
        path = self._root / "ledger.json"
        if not path.is_file():
            return Ledger()
        stored = json.loads(path.read_text(encoding="utf-8"))
        return Ledger(tuple(Received(**r) for r in stored["deliveries"]), stored["inbox"])

    def write_ledger(self, ledger: Ledger) -> None:
        """Replace the ledger: the last step of a night."""
        content = {"deliveries": [asdict(r) for r in ledger.deliveries], "inbox": ledger.inbox}
        write_text(self._root / "ledger.json", json_text(content), mode=0o600)

    def original(self, sha256: str) -> Path:
        return self._root / "originals" / sha256

    def originals(self) -> dict[str, Path]:
        """Content hash to file of every stored original."""
        folder = self._root / "originals"
        return {p.name: p for p in sorted(folder.iterdir()) if p.is_file()} if folder.is_dir() else {}

    def keep_original(self, data: bytes) -> str:
        """Store a file by its content hash and return the hash; what an erasure deleted is only laid out for this night."""
        sha256 = hashlib.sha256(data).hexdigest()
        place = self._passing(sha256) if sha256 in self.forgotten() else self.original(sha256)
        write_bytes(place, data, mode=0o600)
        return sha256

    def readable(self, sha256: str) -> Path:
        """Where the bytes lie tonight: the original, or the passing copy of one that an erasure deleted."""
        return self._passing(sha256) if sha256 in self.forgotten() else self.original(sha256)

    def forgotten(self) -> frozenset[str]:
        """Content hashes of originals that are not kept: they hold an erased person."""
        return frozenset(self._held["forgotten"]) | {sha for e in self.erasures() for sha in e.originals}

    def forget(self, originals: Iterable[str]) -> None:
        """Keep these originals no longer."""
        gone = sorted(set(originals) - self.forgotten())
        if gone:
            self._write_held({**self._held, "forgotten": sorted({*self._held["forgotten"], *gone})})
        for sha256 in gone:
            self.original(sha256).unlink(missing_ok=True)

    def clear_unfinished(self) -> None:
        """Remove rows that no accepted delivery of the ledger brought: a run that died wrote them, and the next may judge otherwise."""
        known = {r.receipt_id for r in self.ledger().deliveries if r.taken_in}
        for folder in (self._root / "rows").glob("*"):
            if folder.name not in known:
                shutil.rmtree(folder)

    def clear_passing(self) -> None:
        """Remove the passing copies of this night."""
        for path in self.scratch.glob(f"{_PASSING}*"):
            path.unlink()

    def _passing(self, sha256: str) -> Path:
        return self.scratch / f"{_PASSING}{sha256}"

    def erasures(self) -> list[Erasure]:
        """Every erasure of this home, oldest first."""
        return [Erasure(**e) for e in self._held["erasures"]]

    def write_erasures(self, erasures: Iterable[Erasure]) -> None:
        """Replace the list of erasures."""
        self._write_held({**self._held, "erasures": [asdict(e) for e in erasures]})

    @property
    def _held(self) -> dict[str, Any]:
        path = self._root / "erasures.json"
        return dict(json.loads(path.read_text(encoding="utf-8"))) if path.is_file() else {"erasures": [], "forgotten": []}

    def _write_held(self, content: Mapping[str, Any]) -> None:
        write_text(self._root / "erasures.json", json_text(content), mode=0o600)

    def write_rows(self, receipt_id: str, table: str, rows: pl.DataFrame) -> None:
        """Store the rows that one delivery brought into one table (withdrawals included)."""
        write_bytes(self._rows(receipt_id, table), parquet_bytes(rows), mode=0o600)

    def stored_rows(self, receipt_id: str, table: str) -> pl.DataFrame | None:
        """The rows that one delivery brought into one table, as stored; null when it brought none."""
        path = self._rows(receipt_id, table)
        return pl.read_parquet(path) if path.is_file() else None

    def rows(self, deliveries: Iterable[Received], table: str) -> list[pl.DataFrame]:
        """The table's rows of each delivery that has any, with ``receipt_id``, ``sender`` and ``order``."""
        labelled = []
        for r in deliveries:
            path = self._rows(r.receipt_id, table)
            if path.is_file():
                labels = {"receipt_id": r.receipt_id, "sender": r.avsender}
                order = pl.lit(r.rekkefolge, dtype=pl.Int64).alias("order")
                labelled.append(pl.read_parquet(path).with_columns(order, *(pl.lit(v).alias(k) for k, v in labels.items())))
        return labelled

    def _rows(self, receipt_id: str, table: str) -> Path:
        return self._root / "rows" / receipt_id / f"{table}.parquet"


def receipt_number(avsender: str, sha256: str, earlier: int) -> str:
    """The receipt id: twelve hex digits of sender, content and how often the sender has delivered these bytes before."""
    return hashlib.sha256(f"{avsender}:{sha256}:{earlier}".encode()).hexdigest()[:12]


def _ledger_row(r: Received) -> dict[str, Any]:
    sums = {k: sum(t[k] for t in r.tables.values()) for k in ("rows_in", "accepted", "quarantined", "withdrawn", "duplicates")}
    names = {"rows_in": "rows_in"} | {k: f"rows_{k}" for k in ("accepted", "quarantined", "withdrawn", "duplicates")}
    plain = {k: getattr(r, k) for k in ("receipt_id", "avsender", "sha256", "mottatt", "state", "supersedes", "rekkefolge")}
    counts = {k: getattr(r, k) for k in ("n_fatal", "n_error", "n_remark")}
    tables = json.dumps(r.tables, sort_keys=True, ensure_ascii=False)
    plain |= {"eiere": " ".join(r.owners), "rows_erased": sum(r.erased.values())}
    return plain | counts | {names[k]: v for k, v in sums.items()} | {"tables": tables}
