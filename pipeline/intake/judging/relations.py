"""Rules across tables, deliveries and code lists, as flag columns (true = broken)."""

from __future__ import annotations

from collections.abc import Mapping

import polars as pl

from pipeline.codes import municipalities, oslo_districts
from pipeline.intake.judging.history import owner_of_rows, standing
from pipeline.intake.judging.known import Known
from pipeline.intake.judging.rows import ENDLESS, flag_rows
from pipeline.intake.merge import claims, with_entity
from pipeline.intake.senders import CENTRAL_REGISTER, may_deliver_for, municipality_numbers, same_sender
from pipeline.rules import flag_name
from pipeline.tables import DELIVERY_TABLES

DAYS_BEFORE_START = 30
DISTRICT_DIGITS = 6


def relation_flags(table: str, batches: Mapping[str, pl.DataFrame], known: Known) -> pl.DataFrame:
    """One table's batch with the flags of rules that look beyond the row.

    Args:
        table: delivery table.
        batches: tonight's typed rows of every table.
        known: what stood before this night.
    """
    frame = _withdrawals(table, batches[table], known)
    if "prosjekt_id" in DELIVERY_TABLES[table]:
        frame = frame.with_columns(
            foreign(table, frame, known.owners).alias(flag_name("JS215")), _unsettled(frame, known).alias(flag_name("JS220"))
        )
    if "fnr" in DELIVERY_TABLES[table]:
        frame = frame.with_columns(_held_back(frame, known).alias(flag_name("JS280")))
    if table == "prosjekt":
        frame = _project_place(frame)
    if table in ("prosjekt", "deltaker"):
        frame = _municipality(table, frame)
    if table == "deltaker":
        frame = frame.with_columns(_participants_place(frame, owner_of_rows(batches, known)))
        here = standing("prosjekt", batches, known)["prosjekt_id"].drop_nulls().unique()
        frame = frame.with_columns((~pl.col("prosjekt_id").is_in(here.implode())).fill_null(False).alias(flag_name("JS216")))
    if table in ("kartlegging", "tiltak", "oppfolging", "etteroppfolging"):
        frame = _parents(table, frame, _participations(batches, known))
    return frame


def foreign(table: str, frame: pl.DataFrame, owners: Mapping[str, str]) -> pl.Series:
    """True for rows whose project belongs to someone else than the row says; rows of unknown projects are free."""
    said = frame.with_row_index("_at").with_columns(pl.col("_at").cast(pl.Int64).alias("order"))
    owner = claims(table, said).select(pl.col("order").alias("_at"), "owner")
    joined = said.select(pl.col("_at").cast(pl.Int64), "prosjekt_id").join(owner, on="_at", how="left", maintain_order="left")
    pairs = joined.select("prosjekt_id", "owner")
    wrong = [(p, o) for p, o in pairs.drop_nulls().unique().rows() if p in owners and not same_sender(owners[p], o)]
    odd = pl.DataFrame(wrong, schema=pairs.schema, orient="row").with_columns(pl.lit(True).alias("foreign"))
    return pairs.join(odd, on=pairs.columns, how="left", maintain_order="left")["foreign"].fill_null(False)


def _unsettled(frame: pl.DataFrame, known: Known) -> pl.Series:
    """True for rows about a project of which only the central register has spoken, and not said whose it is.

    A municipality that named it would own it, and be told what is known of its participants. It may when all of those that have a place
    live in it (a district never: no row says which one); else the register has to deliver the project first. Whatever the register has
    spoken of (a survey, participants, wherever they live) the answer is one and the same, and says no more than that.
    """
    central = pl.col("sender") == CENTRAL_REGISTER
    told = [
        rows.filter(central)["prosjekt_id"].unique() for n, rows in known.history.items() if "prosjekt_id" in DELIVERY_TABLES[n]
    ]
    spoken = {p for projects in told for p in projects.drop_nulls() if p not in known.owners}
    spoken &= set(frame["prosjekt_id"].unique())
    places: dict[str, set[str]] = {}
    if spoken:
        people = known.history["deltaker"].filter(pl.col("prosjekt_id").is_in(list(spoken)))
        for p, komm_nr in people.select("prosjekt_id", "komm_nr").drop_nulls().unique().rows():
            places.setdefault(p, set()).add(komm_nr)

    def unsettled(project: str, sender: str) -> bool:
        live = places.get(project, set())
        own = len(sender) != DISTRICT_DIGITS and all(may_deliver_for(sender, komm_nr, None, project) for komm_nr in live)
        return sender != CENTRAL_REGISTER and not (live and own)

    if not spoken:
        return pl.repeat(False, frame.height, dtype=pl.Boolean, eager=True).alias("foreign")
    odd = [p in spoken and unsettled(p, sender) for p, sender in frame.select("prosjekt_id", "sender").rows()]
    return pl.Series("foreign", odd, dtype=pl.Boolean)


def _held_back(frame: pl.DataFrame, known: Known) -> pl.Series:
    """True for rows of a person that has been erased."""
    if known.erased is None:
        return pl.Series([False] * frame.height, dtype=pl.Boolean)
    return known.erased.held_back(frame, known.owners)


def _withdrawals(table: str, frame: pl.DataFrame, known: Known) -> pl.DataFrame:
    if table == "innsending":
        ids: dict[str, set[str]] = {}
        for r in known.ledger.deliveries:
            if r.taken_in:
                ids.setdefault(r.avsender, set()).add(r.receipt_id)
        unknown = [
            t is not None and t not in ids.get(sender, set()) for sender, t in frame.select("sender", "trekker_tilbake").rows()
        ]
        return frame.with_columns(pl.Series(flag_name("JS304"), unknown, dtype=pl.Boolean))
    before = known.current[table].with_columns(pl.lit(None, dtype=pl.String).alias("slettes"))
    shared = DELIVERY_TABLES[table].names
    here = pl.concat([before.select(shared), frame.select(shared)])
    keyed = with_entity(table, here).with_row_index("_at")
    there = keyed.filter(pl.col("slettes").fill_null("nei") != "ja")["_entity"].drop_nulls().unique()
    lost = keyed.slice(before.height).select(
        ((pl.col("slettes") == "ja") & ~pl.col("_entity").is_in(there.implode())).fill_null(False).alias(flag_name("JS219"))
    )
    return pl.concat([frame, lost], how="horizontal")


def _project_place(frame: pl.DataFrame) -> pl.DataFrame:
    places = frame.select("sender", "komm_nr", "bydel_nr", "prosjekt_id", "start_dato").rows()
    allowed = [may_deliver_for(*place) for place in places]
    districts = oslo_districts()["bydel_nr"]
    return frame.with_columns(
        pl.Series(flag_name("JS214"), [not a for a in allowed], dtype=pl.Boolean),
        (~pl.col("bydel_nr").is_in(districts.implode())).fill_null(False).alias(flag_name("JS213")),
    )


def _municipality(table: str, frame: pl.DataFrame) -> pl.DataFrame:
    """JS211 never a municipality; JS212 not one at any time from the first to the last day that the row concerns."""
    numbers = pl.Series(municipality_numbers())
    year = pl.col("tilskuddsaar").cast(pl.Int32, strict=False) if table == "prosjekt" else pl.col("start_dato").dt.year()
    first = pl.date(year, 1, 1) if table == "prosjekt" else pl.col("start_dato")
    last = pl.date(year, 12, 31) if table == "prosjekt" else pl.col("start_dato")
    dated = frame.select("receipt_id", "row_no", "komm_nr", first.alias("_first"), last.alias("_last")).drop_nulls()
    spans = municipalities().select("komm_nr", "gyldig_fra", pl.col("gyldig_til").fill_null(ENDLESS))
    valid = dated.join(spans, on="komm_nr").filter(
        (pl.col("gyldig_fra") <= pl.col("_last")) & (pl.col("gyldig_til") > pl.col("_first"))
    )
    late = dated.filter(pl.col("komm_nr").is_in(numbers.implode())).join(valid, on=["receipt_id", "row_no"], how="anti")
    frame = frame.with_columns((~pl.col("komm_nr").is_in(numbers.implode())).fill_null(False).alias(flag_name("JS211")))
    return flag_rows(frame, late, "JS212")


def _participants_place(frame: pl.DataFrame, owners: Mapping[str, str]) -> pl.Series:
    """JS214 for participants: the municipality is neither the project's owner's nor one that the project is joint with."""
    places = frame.select("sender", "prosjekt_id", "komm_nr", "start_dato").rows()
    wrong = [not may_deliver_for(owners.get(p, sender), komm, None, p, day) for sender, p, komm, day in places]
    return pl.Series(flag_name("JS214"), wrong, dtype=pl.Boolean)


def _participations(batches: Mapping[str, pl.DataFrame], known: Known) -> pl.DataFrame:
    columns = ["fnr", "prosjekt_id", "start_dato", "slutt_dato"]
    return standing("deltaker", batches, known).select(columns).drop_nulls(columns[:3]).unique()


def _parents(table: str, frame: pl.DataFrame, participations: pl.DataFrame) -> pl.DataFrame:
    """JS209 no participation of that person in that project; JS210 none that the row's day belongs to."""
    day = "start_dato" if table == "tiltak" else "dato"
    rows = frame.filter(pl.col("slettes").fill_null("nei") != "ja").select(
        "receipt_id", "row_no", "fnr", "prosjekt_id", pl.col(day).alias("_day")
    )
    rows = rows.drop_nulls()
    met = rows.join(participations, on=["fnr", "prosjekt_id"])
    frame = flag_rows(frame, rows.join(met, on=["receipt_id", "row_no"], how="anti"), "JS209")
    if table == "etteroppfolging":
        return frame
    early = pl.col("start_dato").dt.offset_by(f"-{DAYS_BEFORE_START}d")
    inside = met.filter((pl.col("_day") >= early) & (pl.col("_day") <= pl.col("slutt_dato").fill_null(ENDLESS)))
    return flag_rows(frame, met.join(inside, on=["receipt_id", "row_no"], how="anti"), "JS210")
