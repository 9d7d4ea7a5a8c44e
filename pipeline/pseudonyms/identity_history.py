"""One person over time: which identity numbers are the same person's (DUF number, D-number, national identity number).

Belongs here: reading the link table, resolving it, and what it says about numbers; all of it in the identified zone.
Must not be here: rows about persons, or a guess. A row that contradicts another is left out and counted.
"""

from __future__ import annotations

import hmac
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from graphlib import TopologicalSorter
from pathlib import Path

import polars as pl

from pipeline.errors import UserError
from pipeline.pseudonyms.csv_dialect import csv_batches, csv_dialect
from pipeline.pseudonyms.extract_files import (
    NotRead,
    UnfitFile,
    described_names,
    extract_files,
    file_places,
    is_csv,
    refuse_other_kind,
    unreadable,
    value_free,
)
from pipeline.pseudonyms.extracts.drop_zone import drop_zones
from pipeline.pseudonyms.keys import Keys
from pipeline.pseudonyms.number_kinds import number_kinds
from pipeline.pseudonyms.person_keys import person_keys
from pipeline.settings import Settings
from pipeline.store import parquet_bytes, write_bytes
from pipeline.tables.identity import IDENTITET

FOLDER, LAST_GOOD = "identitet", "identity_history.parquet"
_LINK = ["tidligere_id", "person_id"]
_MALFORMED = ("ugyldig_tidligere_id", "ugyldig_person_id")
_UNFINISHED = "Files in registers/identitet are still being written; the last good ones stay in use."
_STANDS = "The last good one stays in use."
_AGAIN = "Have Folkeregisteret deliver it again as the file description says."
_CURE = f"{_AGAIN} {_STANDS}"
Graph = Mapping[str, set[str]]


@dataclass(frozen=True)
class IdentityHistory:
    """Earlier identity numbers and where they lead. Never printed; nothing of it enters the warehouse.

    Attributes:
        links: ``tidligere_id``, ``person_id``: the rows that contradict no other, each once, sorted.
        ends: ``tidligere_id``, ``gjeldende_id``: where each earlier number leads in the end.
        findings: rows left out, per reason: ``ugyldig_tidligere_id``, ``ugyldig_person_id``, ``ikke_syntetisk`` (demo), ``syntetisk``
            (production), ``sirkel``, ``flere_personer``; and those that say nothing new: ``identisk_rad``, ``til_seg_selv``.
        files: how many files it was read from; 0 when it is the last good copy.
        refused: why the files could not be used, without a value; empty when they could.
    """

    links: pl.DataFrame = field(repr=False, default_factory=lambda: pl.DataFrame(schema=dict.fromkeys(_LINK, pl.String)))
    ends: pl.DataFrame = field(
        repr=False, default_factory=lambda: pl.DataFrame(schema=dict.fromkeys(("tidligere_id", "gjeldende_id"), pl.String))
    )
    findings: Mapping[str, int] = field(default_factory=dict)
    files: int = 0
    refused: str = ""

    def current(self, identities: pl.Series) -> pl.Series:
        """The number each person has now, in the same order; a number that nothing is known about stays itself, null stays null."""
        asked = pl.DataFrame({"tidligere_id": identities.cast(pl.String)})
        found = asked.join(self.ends, on="tidligere_id", how="left", maintain_order="left")
        return found.select(pl.coalesce("gjeldende_id", "tidligere_id"))["gjeldende_id"].alias(identities.name)

    def numbers_of(self, identities: pl.Series) -> pl.DataFrame:
        """``person_id`` (every number these persons are known by, each once, sorted) and ``gjeldende_id`` (the one they have now)."""
        persons = self.current(identities).drop_nulls().unique().alias("gjeldende_id").to_frame()
        earlier = self.ends.join(persons, on="gjeldende_id", how="semi").rename({"tidligere_id": "person_id"})
        own = persons.select(pl.col("gjeldende_id").alias("person_id"), "gjeldende_id")
        return pl.concat([own, earlier.select(own.columns)]).sort("person_id")

    def all_numbers_of(self, identities: pl.Series) -> pl.Series:
        """Every number these persons are known by, each once, sorted; DUF numbers (12 digits) too."""
        return self.numbers_of(identities)["person_id"]

    def fingerprint(self, keys: Keys) -> str:
        """Tells whether the links are the same as before; keyed, so that no guess at them can be tried out."""
        return hmac.digest(keys.derive("log"), self.links.write_csv().encode("ascii"), "sha256").hex()

    def keep(self, path: Path, identities: pl.Series) -> None:
        """Write the last good copy (0600): the links of these persons and of nobody else."""
        kept = self.links.filter(self.current(self.links["tidligere_id"]).is_in(self.current(identities).unique().implode()))
        if kept.height or path.is_file():
            write_bytes(path, parquet_bytes(kept), mode=0o600)

    @property
    def facts(self) -> dict[str, object]:
        """Counts for the status; no value."""
        told = {"refused": self.refused} if self.refused else {}
        return {"files": self.files, "links": self.links.height, "findings": dict(self.findings), **told}


def read_identity_history(places: Iterable[Path], last_good: Path, *, demo: bool) -> IdentityHistory:
    """The history in these files or folders; without any, or where they cannot be used, the last good copy.

    All files together are the history: a link that is in none of them is known no more. The order of files and rows leaves no trace.

    Args:
        places: files or folders with ``.csv`` and ``.parquet`` (``IDENTITET``).
        last_good: copy that ``IdentityHistory.keep`` wrote; may be missing.
        demo: whether only synthetic numbers (birth month + 80) are taken, or only real ones; DUF numbers carry no such mark.

    Raises:
        UserError: the last good copy was needed and is damaged.
    """
    files = extract_files(places)
    stands = IdentityHistory()
    try:
        if files:
            rows = [_rows(path, f"f{place[1:]}") for path, place in file_places(files).items()]
            return _history(pl.concat(rows), demo=demo, files=len(files))
    except UserError as damaged:
        stands = IdentityHistory(refused=str(damaged))
    if not last_good.is_file():
        return stands
    return replace(_history(_rows(last_good), demo=demo, files=0), refused=stands.refused)


def home_history(settings: Settings) -> IdentityHistory:
    """The history of a home: its drop zone; while that is empty, damaged, closed in part or still being written to, the last good copy."""
    zone = drop_zones(settings.home.registers, [FOLDER], settings.min_age_seconds)[FOLDER]
    kept_out = zone.problem or (_UNFINISHED if zone.waiting else "")
    files = [] if kept_out else zone.files  # half a history would part persons who are one
    history = read_identity_history(files, last_good_copy(settings), demo=settings.is_demo)
    return replace(history, refused=kept_out) if kept_out else history


def last_good_copy(settings: Settings) -> Path:
    """Where the home keeps the last good copy."""
    return settings.home.identified / LAST_GOOD


def forget(settings: Settings, identities: pl.Series) -> None:
    """Take these persons out of the last good copy; the drop zone is its owner's and is left as it is."""
    path = last_good_copy(settings)
    copy = read_identity_history([], path, demo=settings.is_demo)
    gone = copy.current(identities).unique()
    copy.keep(path, copy.ends["gjeldende_id"].filter(~copy.ends["gjeldende_id"].is_in(gone.implode())))


def person_table(identities: pl.Series, history: IdentityHistory, keys: Keys) -> pl.DataFrame:
    """``person_id``, ``person_key``: one row per number that any of these persons is known by, all of one person with her one pseudonym."""
    numbers = history.numbers_of(identities)
    return numbers.select("person_id", person_keys(numbers["gjeldende_id"], keys).alias("person_key"))


def _rows(path: Path, place: str = "the last good copy") -> pl.DataFrame:
    what = f"The identity history: {place}"
    try:
        return value_free(lambda: _links(path), what)
    except UnfitFile as unfit:
        found = unfit
    except NotRead:
        found = unreadable(path, _AGAIN)
    raise UnfitFile(f"{what} {found.what}", f"{found.cure} {_STANDS}")


def _links(path: Path) -> pl.DataFrame:
    """The two columns of a file, as text without blanks around."""
    if is_csv(path):
        dialect = csv_dialect(path)
        places = _places(dialect.names)
        batches = [pl.DataFrame(pl.from_arrow(batch)) for batch in csv_batches(path, dialect, places)]
        rows = pl.concat([pl.DataFrame(schema=dict.fromkeys(places, pl.String)), *batches])
    else:
        refuse_other_kind(path)
        scanned = pl.scan_parquet(path, hive_partitioning=False, glob=False)
        schema = scanned.collect_schema()
        places = _places(schema.names())
        if any(schema[schema.names()[place]] != pl.String for place in places.values()):
            raise UnfitFile("has an identity number that is no text: leading zeros are lost.", _AGAIN)
        rows = scanned.select(pl.nth(place).alias(name) for name, place in places.items()).collect()
    return rows.select(pl.col(name).str.strip_chars() for name in _LINK)


def _places(found: Sequence[str]) -> dict[str, int]:
    places = described_names(found, _LINK)
    missing = [name for name in IDENTITET.required if name not in places]
    if missing:
        raise UnfitFile(f"lacks the column(s) {', '.join(missing)}.", _AGAIN)
    return places


def _history(rows: pl.DataFrame, *, demo: bool, files: int) -> IdentityHistory:
    once = rows.unique().sort(_LINK)
    sound, findings = _sound(once, demo=demo)
    if once.height and sum(findings.get(code, 0) for code in _MALFORMED) == once.height:
        raise UserError("No row of the identity history holds two identity numbers.", _CURE)
    plain, targets = _parted(sound)
    circles = _in_circles(targets)
    ends, several = _ends({n: t for n, t in targets.items() if n not in circles}, plain)
    findings |= {"identisk_rad": rows.height - once.height, "sirkel": sum(len(targets[n]) for n in circles)}
    findings |= {"flere_personer": sum(len(targets[n]) for n in several)}
    table = pl.DataFrame(
        {"tidligere_id": list(ends), "gjeldende_id": list(ends.values())},
        schema={"tidligere_id": pl.String(), "gjeldende_id": pl.String()},
    ).sort("tidligere_id")
    links = sound.filter(pl.col("tidligere_id").is_in(table["tidligere_id"].implode())).sort(_LINK)
    return IdentityHistory(links, table, {code: n for code, n in sorted(findings.items()) if n}, files)


def _sound(rows: pl.DataFrame, *, demo: bool) -> tuple[pl.DataFrame, dict[str, int]]:
    """The rows that hold two identity numbers of the kind this environment takes, and how many do not, each row counted once."""
    kinds = number_kinds(pl.concat([rows[name].alias("number") for name in _LINK]))
    judged = rows.join(kinds.rename({"number": "tidligere_id", "kind": "_from"}), on="tidligere_id", how="left")
    judged = judged.join(kinds.rename({"number": "person_id", "kind": "_to"}), on="person_id", how="left")
    right, wrong = ("synthetic", "ikke_syntetisk") if demo else ("real", "syntetisk")
    reason = (
        pl.when(pl.col("_from").is_null())
        .then(pl.lit("ugyldig_tidligere_id"))
        .when((pl.col("_to") == "duf") | pl.col("_to").is_null())
        .then(pl.lit("ugyldig_person_id"))
        .when((pl.col("_to") != right) | ~pl.col("_from").is_in([right, "duf"]))
        .then(pl.lit(wrong))
        .when(pl.col("tidligere_id") == pl.col("person_id"))
        .then(pl.lit("til_seg_selv"))
    )
    judged = judged.with_columns(reason.alias("_reason"))
    counts = dict(judged.drop_nulls("_reason").group_by("_reason").len().iter_rows())
    return judged.filter(pl.col("_reason").is_null()).select(_LINK), counts


def _parted(links: pl.DataFrame) -> tuple[dict[str, str], dict[str, set[str]]]:
    """Earlier numbers with one way to a number that leads no further (nearly all), and all the ways of the others."""
    one_way = ~pl.col("tidligere_id").is_duplicated()
    at_its_end = ~pl.col("person_id").is_in(links["tidligere_id"].unique().implode())
    others: dict[str, set[str]] = {}
    for earlier, later in links.filter(~(one_way & at_its_end)).rows():
        others.setdefault(earlier, set()).add(later)
    return dict(links.filter(one_way & at_its_end).rows()), others


def _in_circles(targets: Graph) -> set[str]:
    """Earlier numbers on a circle, or between two: what is left when all that lead out, then all that nothing leads to, are taken off."""
    sources: dict[str, set[str]] = {}
    for earlier, later in _pairs(targets):
        sources.setdefault(later, set()).add(earlier)
    left = set(targets)
    for ahead, behind in ((targets, sources), (sources, targets)):
        open_ways = {n: sum(t in left for t in ahead.get(n, ())) for n in left}
        free = [n for n, ways in open_ways.items() if not ways]
        while free:
            number = free.pop()
            left.discard(number)
            for other in behind.get(number, set()) & left:
                open_ways[other] -= 1
                if not open_ways[other]:
                    free.append(other)
    return left


def _pairs(graph: Graph) -> Iterator[tuple[str, str]]:
    return ((n, t) for n, ts in graph.items() for t in ts)


def _ends(targets: Graph, plain: Mapping[str, str]) -> tuple[dict[str, str], set[str]]:
    """Where each earlier number leads in the end, and those that lead to two persons: of these nothing is believed."""
    ends = dict(plain)
    several: set[str] = set()
    for number in (n for n in TopologicalSorter(targets).static_order() if n in targets):  # what it leads to comes first
        found = {ends.get(t, t) for t in targets[number]}
        if len(found) == 1:
            ends[number] = found.pop()
        else:
            several.add(number)
    return ends, several
