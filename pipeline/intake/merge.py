"""What is true now: the accepted deliveries merged by key in order of receipt, owners of projects, and statusdato."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime

import polars as pl

from pipeline.intake.senders import CENTRAL_REGISTER, OSLO
from pipeline.intake.vault import Received, Vault
from pipeline.settings import Settings
from pipeline.tables import DELIVERY_TABLES, INNDATA

_SEPARATOR = "\x1f"
_LABELS = {"receipt_id": pl.String(), "sender": pl.String(), "order": pl.Int64()}
Resolve = Callable[[pl.Series], pl.Series]
"""Identity numbers to the numbers the same persons have now, in the same order; null stays null."""


def current_rows(
    settings: Settings, as_of: datetime | str | None = None, resolve: Resolve | None = None
) -> dict[str, pl.DataFrame]:
    """The rows that stand after all deliveries, per delivery table, and ``statusdato`` per project.

    Args:
        settings: the home.
        as_of: the rows as they stood then: a time (deliveries received until then) or a receipt id (until and with that one). What
            has been erased since stays erased; a delivery withdrawn later stood then, and does here.
        resolve: keys are compared on the number a person has now, so that a row under an earlier number and one under the number
            that replaced it are about the same thing; the rows keep the number that was delivered.

    Returns:
        Per delivery table but ``innsending``: one row per key, the table's columns without ``slettes``, ``avsender`` (owner of
        the project) and ``receipt_id`` (delivery the row was last taken from), sorted by key. ``statusdato`` as described in
        ``INNDATA``; a project without any date is not in it. Holds identities.

    Raises:
        UserError: no delivery has that receipt id.
    """
    vault = Vault(settings.home)
    ledger = vault.ledger()
    standing = (ledger if as_of is None else ledger.until(as_of)).standing()
    return merged(standing, full_history(vault, standing), resolve)


def rows_ever(settings: Settings, table: str) -> pl.DataFrame:
    """Every row of a table that was ever accepted and is still stored, with its owner as ``avsender`` and its ``receipt_id``."""
    vault = Vault(settings.home)
    history = full_history(vault, [r for r in vault.ledger().deliveries if r.taken_in])
    owner = pl.col("prosjekt_id").replace_strict(project_owners(history), default=pl.col("sender"), return_dtype=pl.String)
    return history[table].with_columns(owner.alias("avsender"))


def full_history(vault: Vault, standing: list[Received]) -> dict[str, pl.DataFrame]:
    """``history_of`` every table but ``innsending``."""
    return {name: history_of(vault, standing, name) for name in DELIVERY_TABLES if name != "innsending"}


def merged(
    standing: list[Received], history: Mapping[str, pl.DataFrame], resolve: Resolve | None = None
) -> dict[str, pl.DataFrame]:
    """``current_rows`` of the deliveries that stand."""
    owners = project_owners(history)
    current = rows_that_stand(history, owners, resolve)
    return current | {"statusdato": _statusdato(standing, history, current, owners)}


def rows_that_stand(
    history: Mapping[str, pl.DataFrame], owners: Mapping[str, str], resolve: Resolve | None = None
) -> dict[str, pl.DataFrame]:
    """Per delivery table the rows of ``current_rows``."""
    return {name: _current(name, frame, owners, resolve) for name, frame in history.items()}


def merged_into(
    table: str, current: pl.DataFrame, history: pl.DataFrame, projects: pl.Series, owners: Mapping[str, str]
) -> pl.DataFrame:
    """A table's rows that stand, where only rows of those projects have come to its history: a row's key holds its project."""
    touched = pl.col("prosjekt_id").is_in(projects.implode())
    anew = _current(table, history.filter(touched), owners)
    return pl.concat([current.filter(~touched), anew]).sort(DELIVERY_TABLES[table].key)


def history_of(vault: Vault, deliveries: list[Received], table: str) -> pl.DataFrame:
    """Every accepted row ever delivered to a table, in order of receipt, withdrawals included."""
    schema = DELIVERY_TABLES[table].schema | _LABELS
    frames = [f.select(pl.col(n).cast(t) for n, t in schema.items()) for f in vault.rows(deliveries, table)]
    return pl.concat([pl.DataFrame(schema=schema), *frames]).sort("order", maintain_order=True)


def with_entity(table: str, frame: pl.DataFrame, scope: str | None = None, resolve: Resolve | None = None) -> pl.DataFrame:
    """Add ``_entity`` (which thing a row is about; null when its key is not whole) and ``_natural`` (its key as text).

    A participation is known by ``deltakelse_id`` when it has one, so that its dates can be corrected; rows without the id
    find the participation that another row has named with the same key. ``scope`` keeps entities apart by that column,
    ``resolve`` takes persons as known by the number they have now.
    """
    prefix = [pl.col(scope)] if scope else []
    key = [pl.col(k).cast(pl.String) for k in DELIVERY_TABLES[table].key] or [pl.lit("")]
    if resolve is not None and "fnr" in DELIVERY_TABLES[table].key:
        person = pl.lit(resolve(frame["fnr"]))
        key = [person if k == "fnr" else part for k, part in zip(DELIVERY_TABLES[table].key, key, strict=True)]
    frame = frame.with_columns(pl.concat_str([*prefix, pl.lit("k"), *key], separator=_SEPARATOR).alias("_natural"))
    if table != "deltaker":
        return frame.with_columns(pl.col("_natural").alias("_entity"))
    named = pl.concat_str([*prefix, pl.lit("i"), "prosjekt_id", "deltakelse_id"], separator=_SEPARATOR)
    frame = frame.with_columns(named.alias("_named"))
    known = frame.filter(pl.col("_named").is_not_null() & pl.col("_natural").is_not_null())
    known = known.unique("_natural", keep="last", maintain_order=True).select("_natural", pl.col("_named").alias("_known"))
    joined = frame.join(known, on="_natural", how="left", maintain_order="left")
    return joined.with_columns(pl.coalesce("_named", "_known", "_natural").alias("_entity")).drop("_named", "_known")


def claims(table: str, frame: pl.DataFrame) -> pl.DataFrame:
    """Who each row says owns its project: ``order``, ``prosjekt_id``, ``owner``; rows that say nothing are left out.

    A sender claims its own rows. Of the central register's rows only the projects' own say whose they are: in Oslo the district's, else the
    municipality's; a participant's municipality only tells which of several joint ones.
    """
    district = pl.when(pl.col("komm_nr").fill_null(OSLO) == OSLO).then("bydel_nr") if table == "prosjekt" else pl.lit(None)
    place = pl.coalesce(district, "komm_nr") if table == "prosjekt" else pl.lit(None, dtype=pl.String)
    owner = pl.when(pl.col("sender") == CENTRAL_REGISTER).then(place).otherwise(pl.col("sender"))
    kept = frame.select("order", "prosjekt_id", owner.alias("owner"))
    return kept.filter(pl.col("owner").is_not_null() & pl.col("prosjekt_id").is_not_null())


def project_owners(history: Mapping[str, pl.DataFrame]) -> dict[str, str]:
    """Project to owner: whoever its first accepted row belongs to (within a delivery the project's own row comes first)."""
    said = [claims(name, frame) for name, frame in history.items() if "prosjekt_id" in DELIVERY_TABLES[name]]
    first = pl.concat(said).sort("order", maintain_order=True).unique("prosjekt_id", keep="first", maintain_order=True)
    return dict(first.select("prosjekt_id", "owner").rows())


def owners_of(fates: Mapping[str, pl.DataFrame], owners: Mapping[str, str]) -> list[str]:
    """Whose projects a judged delivery's accepted rows and withdrawals belong to, sorted.

    Args:
        fates: per table the delivery's rows with ``_fate``.
        owners: project to owner, as it stood when the delivery came.
    """
    taken = {
        name: fates[name].filter(pl.col("_fate").is_in(["accepted", "withdrawn"]))
        for name in DELIVERY_TABLES
        if name in fates and "prosjekt_id" in DELIVERY_TABLES[name]
    }
    if not taken:
        return []
    projects = pl.concat([f.select("prosjekt_id", "sender") for f in taken.values()]).drop_nulls().unique().rows()
    own = project_owners(taken) if any(sender == CENTRAL_REGISTER for _, sender in projects) else {}
    return sorted({owners.get(project) or own.get(project, sender) for project, sender in projects})


def _current(table: str, history: pl.DataFrame, owners: Mapping[str, str], resolve: Resolve | None = None) -> pl.DataFrame:
    described = DELIVERY_TABLES[table]
    latest = with_entity(table, history, resolve=resolve).unique("_entity", keep="last", maintain_order=True)
    standing = latest.filter(pl.col("slettes").fill_null("nei") != "ja").unique("_natural", keep="last", maintain_order=True)
    owner = pl.col("prosjekt_id").replace_strict(owners, default=pl.col("sender"), return_dtype=pl.String)
    columns = [c for c in described.names if c != "slettes"]
    return standing.select(*columns, owner.alias("avsender"), "receipt_id").sort(described.key)


def _statusdato(
    standing: list[Received], history: Mapping[str, pl.DataFrame], current: Mapping[str, pl.DataFrame], owners: Mapping[str, str]
) -> pl.DataFrame:
    stated = {p: day for r in standing if r.statusdato for p in _projects_of(r, history, owners) for day in [r.statusdato]}
    days = pl.DataFrame(
        {"receipt_id": [r.receipt_id for r in standing], "dag": [r.day for r in standing]},
        schema={"receipt_id": pl.String(), "dag": pl.Date()},
    )
    dated = current["deltaker"].select("prosjekt_id", "receipt_id", "start_dato", "slutt_dato").join(days, on="receipt_id")
    spoken = dated.unpivot(["start_dato", "slutt_dato"], index=["prosjekt_id", "dag"], value_name="statusdato")
    told = pl.when(pl.col("statusdato") <= pl.col("dag")).then(pl.col("statusdato"))
    # where every date lies ahead nothing is known beyond the day of receipt
    derived = spoken.group_by("prosjekt_id").agg(pl.coalesce(told.max(), pl.col("dag").max()).alias("statusdato"))
    said = pl.DataFrame(
        {"prosjekt_id": list(stated), "statusdato": list(stated.values())},
        schema={"prosjekt_id": pl.String(), "statusdato": pl.String()},
    )
    said = said.with_columns(pl.col("statusdato").str.to_date("%Y-%m-%d"), pl.lit(True).alias("oppgitt"))
    rest = derived.join(said, on="prosjekt_id", how="anti").with_columns(pl.lit(False).alias("oppgitt"))
    return INNDATA["statusdato"].conform(pl.concat([said, rest.select(said.columns)]))


def _projects_of(delivery: Received, history: Mapping[str, pl.DataFrame], owners: Mapping[str, str]) -> list[str]:
    """The projects a stated day covers: those the delivery speaks of, else (a delivery of that day alone) all of the sender's."""
    named: set[str] = set()
    own: set[str] = set()
    for rows in (frame for table, frame in history.items() if "prosjekt_id" in DELIVERY_TABLES[table]):
        named |= set(rows.filter(pl.col("receipt_id") == delivery.receipt_id)["prosjekt_id"].drop_nulls().to_list())
        own |= set(rows.filter(pl.col("sender") == delivery.avsender)["prosjekt_id"].drop_nulls().to_list())
    return sorted(named or own | {p for p, owner in owners.items() if owner == delivery.avsender})
