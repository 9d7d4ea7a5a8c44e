"""What stood when a delivery came: the ledger, the accepted rows and who owns each project, and how a turn moves it on."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

import polars as pl

from pipeline.errors import UserError
from pipeline.intake.erased import Refer, Tombstones, tombstones
from pipeline.intake.merge import full_history, merged_into, project_owners, rows_that_stand
from pipeline.intake.vault import Ledger, Received, Vault


@dataclass(frozen=True)
class Known:
    """What stood when a turn of deliveries came.

    Attributes:
        ledger: the deliveries until then.
        current: per delivery table the merged rows (``merge.current_rows``).
        owners: project to owner.
        history: per delivery table every accepted row of the deliveries that stand, those of a project in order of receipt.
        erased: whose rows are held back; null when nobody has been erased.
        fallen: as ``history``, of the deliveries that were taken in and have been withdrawn since: they stood once, and may again.
    """

    ledger: Ledger
    current: Mapping[str, pl.DataFrame]
    owners: Mapping[str, str]
    history: Mapping[str, pl.DataFrame] = field(default_factory=dict)
    erased: Tombstones | None = None
    fallen: Mapping[str, pl.DataFrame] = field(default_factory=dict)

    def after(self, received: Iterable[Received], rows: Mapping[str, Iterable[pl.DataFrame]]) -> Known:
        """What stands after these deliveries as well.

        Args:
            received: what was decided about them, in order of receipt.
            rows: per delivery table their accepted rows and withdrawals, with ``receipt_id``, ``sender`` and ``order``.
        """
        received = list(received)
        ledger = Ledger((*self.ledger.deliveries, *received), self.ledger.inbox)
        came = {name: [f.select(frame.columns) for f in rows.get(name, ())] for name, frame in self.history.items()}
        stand = [r.receipt_id for r in ledger.standing()]
        if stand == [r.receipt_id for r in (*self.ledger.standing(), *received) if r.taken_in]:
            return self._with(ledger, came)
        ever = {
            name: pl.concat([frame, self.fallen.get(name, frame.clear()), *came[name]]).sort("order", maintain_order=True)
            for name, frame in self.history.items()
        }
        stands = pl.col("receipt_id").is_in(stand)
        history, fallen = ({name: f.filter(on) for name, f in ever.items()} for on in (stands, ~stands))
        return _known(ledger, history, fallen, self.erased)

    def _with(self, ledger: Ledger, came: Mapping[str, list[pl.DataFrame]]) -> Known:
        """The same where nothing falls or comes back: only the projects that the new rows speak of are merged anew."""
        new = {
            name: pl.concat([self.history[name].clear(), *frames]).sort("order", maintain_order=True)
            for name, frames in came.items()
        }
        owners = project_owners(new) | dict(self.owners)
        history = {name: pl.concat([frame, new[name]]) for name, frame in self.history.items()}
        current = {
            name: merged_into(name, frame, history[name], new[name]["prosjekt_id"].unique(), owners)
            for name, frame in self.current.items()
        }
        return Known(ledger, current, owners, history, self.erased, self.fallen)


def known_of(vault: Vault, ledger: Ledger, refer: Refer | None) -> Known:
    """What stands in this home after the ledger's deliveries.

    Raises:
        UserError: somebody has been erased here, and nothing was given that knows them by.
    """
    erasures = vault.erasures()
    if erasures and refer is None:
        raise UserError("This home holds erasures, and no key to know the persons by.", "Give the home's key with --key-file.")
    erased = tombstones(erasures, refer) if refer and erasures else None
    standing = ledger.standing()
    stand = {r.receipt_id for r in standing}
    fallen = [r for r in ledger.deliveries if r.taken_in and r.receipt_id not in stand]
    return _known(ledger, full_history(vault, standing), full_history(vault, fallen), erased)


def _known(
    ledger: Ledger, history: Mapping[str, pl.DataFrame], fallen: Mapping[str, pl.DataFrame], erased: Tombstones | None
) -> Known:
    owners = project_owners(history)
    return Known(ledger, rows_that_stand(history, owners), owners, history, erased, fallen)
