"""Which files an owner has delivered, whether they are what their names say, and how a file is spoken of; no error holds a value.

Belongs here: finding files, kinds of files, errors. Must not be here: what CSV looks like inside (``csv_dialect``), rows, pseudonyms.
"""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import TypeVar

import duckdb
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq

from pipeline.errors import UserError
from pipeline.identity_shape import holds_identity_number, is_duf_number, is_person_number
from pipeline.tables import REGISTERS
from pipeline.tables.identity import IDENTITET

T = TypeVar("T")
SUFFIXES = (".parquet", ".csv")
CURE = "Have the register's owner deliver it again as the file description says."
_DAMAGED = "is damaged or half written."
_WHOLE = "It must be delivered again, whole."
_PLAINLY = "It must be delivered without encryption inside the file."
_AS_NAMED = "It must be saved as what its name says, or named as what it is."
# Slashes, points and the like in a path; of what else an owner writes, words that are nobody's name.
_PLAIN = re.compile(r"[A-Za-z0-9._=/-]{1,120}")
# Words of data files with or without a number behind, months among them.
_COMMON = re.compile(
    r"(?:parquet|csv|snappy|gz|gzip|zstd|zst|lz4|brotli|parts?|del|deler|data|fil|filer|tid|files?|uttrekk|extract|export|eksport|leveranse"
    r"|levering|delivery|befolkning|registre|registers?|identitet|population|hive|default|partition|nye?|new|gammel|old|til|fra|og|from|to|and"
    r"|jan|januar|january|feb|februar|february|mar|mars|march|apr|april|mai|juni?|juli?|july|aug|august|sept?|september|okt|oktober|oct|october"
    r"|nov|november|des|desember|dec|december)?[0-9]*"
)
_DESCRIBED = sorted({name for register, table in REGISTERS.items() for name in (register, *table.names)} | set(IDENTITET.names))
# Whole, and the longest first: a word of a column's name may be a person's (timer_per_uke).
_OURS = re.compile(rf"(?<![a-z0-9])(?:{'|'.join(sorted(_DESCRIBED, key=len, reverse=True))})(?![a-z0-9])")
_UUID = re.compile(r"(?<![a-z0-9])[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}(?![a-z0-9])")
# What programs number their files by; three letters together may be the beginning of a name.
_HEX = re.compile(r"(?=.*[0-9])(?!.*[a-f]{3})[0-9a-f]+")
_KINDS = (
    (b"PAR1", "Parquet"),
    (b"PARE", "encrypted Parquet"),
    (b"PK\x03\x04", "a zip archive or an Excel workbook"),
    (b"\xd0\xcf\x11\xe0", "an old Excel workbook"),
    (b"\x1f\x8b", "a gzip archive"),
    (b"BZh91AY&SY", "a bzip2 archive"),
    (b"\x28\xb5\x2f\xfd", "a zstd archive"),
    (b"7z\xbc\xaf", "a 7-zip archive"),
    (b"ARROW1", "Arrow (Feather)"),
    (b"Obj\x01", "Avro"),
    (b"age-encryption.org/", "a file encrypted with age"),
)


class UnfitFile(UserError):
    """A file that nobody can read as it is, whoever asks and whenever: only another file mends it."""


class NotRead(UserError):
    """Reading stopped, and what stopped it would have quoted a value: which file it was is yet to be found out."""


class OutOfRoom(UserError):
    """Reading stopped for want of memory or disk: no fault of the file."""


def extract_files(places: Iterable[Path]) -> list[Path]:
    """The extract's files in fixed order: files as given, folders searched for ``.parquet`` and ``.csv``; no links followed.

    Raises:
        UserError: a folder may not be opened; nobody knows what lies there.
    """
    found, closed = files_and_closed_folders(places)
    if closed:
        raise UserError(
            f"{len(closed)} folder(s) may not be opened by this user.",
            "Give this user permission to read and enter every folder.",
        )
    return found


def files_and_closed_folders(places: Iterable[Path]) -> tuple[list[Path], list[Path]]:
    """The extract's files as ``extract_files`` has them, and the folders that may not be opened, in fixed order too."""
    found: set[Path] = set()
    closed: set[Path] = set()
    for place in places:
        candidates = _walk(place, closed) if place.is_dir() and not place.is_symlink() else iter((place,))
        for path in candidates:
            try:
                if _is_extract(path):
                    found.add(path)
            except PermissionError:  # its folder tells names and nothing else
                closed.add(path.parent)
    return sorted(found), sorted(closed)


def is_csv(path: Path) -> bool:
    """Whether a file's name says CSV; else it says Parquet."""
    return path.suffix.lower() == ".csv"


def file_places(files: Sequence[Path], root: Path | None = None) -> dict[Path, str]:
    """How each file is spoken of: ``File 17 of 96 (befolkning/maaned=2024-05-01/del-0.parquet)``.

    A name is the owner's text, and may be somebody's. It is repeated when all its words are numbers or words that we know, and nothing in it
    is like an identity number; else the number in order of name has to do.

    Args:
        files: all files of the extract.
        root: the folder that names are told from; without one ``…/registers/<register>``, else the folder that holds all of them.
    """
    told_from = root or _drop_zone(files)
    names = {path: path.relative_to(told_from).as_posix() for path in sorted(files)}
    harmless = _harmless(names.values())
    return {
        path: f"File {number} of {len(names)} " + (f"({name})" if name in harmless else "in order of name")
        for number, (path, name) in enumerate(names.items(), 1)
    }


def at_place(place: str, step: Callable[[], T]) -> T:
    """The step's result; where the file is unfit, the message begins with its place.

    Raises:
        UnfitFile: the file is unfit.
    """
    try:
        return step()
    except UnfitFile as found:
        told = found
    raise UnfitFile(f"{place} {told.what}", told.cure)


def refuse_other_kind(path: Path) -> None:
    """Raise where a file is not what its name says: by its first and last bytes, no more is read.

    Raises:
        UnfitFile: empty, of another kind, encrypted, or cut off. Without the file's name.
    """
    head, tail = value_free(lambda: _ends(path), "A file could not be opened.", "Look at the disk and the file's permissions.")
    if not head:
        raise UnfitFile("is empty (0 bytes).", _WHOLE)
    kind = next((text for start, text in _KINDS if head.startswith(start)), "")
    if is_csv(path):
        if kind:
            raise UnfitFile(f"is named .csv, but starts like {kind}.", _AS_NAMED)
        return
    if kind == "encrypted Parquet" or (kind == "Parquet" and tail == b"PARE"):
        raise UnfitFile("is encrypted Parquet.", _PLAINLY)
    if kind != "Parquet":
        looks = (
            f"starts like {kind}" if kind else "holds text, as CSV does" if _is_text(head) else "does not start as Parquet does"
        )
        raise UnfitFile(f"is named .parquet, but {looks}.", _AS_NAMED)
    if tail != b"PAR1":
        raise UnfitFile(_DAMAGED, _WHOLE)


def unreadable(path: Path, cure: str) -> UnfitFile:
    """What to say of a file that could be opened and not be read, whatever its kind; ``cure`` where it is CSV. Without the file's name."""
    return UnfitFile("cannot be read as CSV.", cure) if is_csv(path) else unreadable_parquet(path)


def unreadable_parquet(path: Path) -> UnfitFile:
    """What to say of a Parquet file that starts and ends as one and cannot be read all the same. Without the file's name."""
    try:
        with pq.ParquetFile(path) as file:
            next(file.iter_batches(batch_size=1), None)
    except (pa.ArrowException, OSError, ValueError) as problem:
        if "crypt" in str(problem).lower():
            return UnfitFile("is encrypted Parquet.", _PLAINLY)
    return UnfitFile(_DAMAGED, _WHOLE)


def value_free(step: Callable[[], T], what: str, cure: str = CURE) -> T:
    """The step's result; what libraries or the system say on failure is thrown away, because it quotes the offending value.

    Raises:
        NotRead: the step failed.
        OutOfRoom: the step failed for want of memory or disk.
    """
    short = False
    try:
        return step()
    except (
        duckdb.Error,
        pl.exceptions.PolarsError,
        pa.ArrowException,
        OSError,
        ValueError,
        pl.exceptions.PanicException,
    ) as problem:
        short = isinstance(problem, (duckdb.OutOfMemoryException, pa.ArrowMemoryError)) or "No space left" in str(problem)
    # Raised outside the handler, so that no context with the value hangs on to it.
    if short:
        raise OutOfRoom(
            "Reading stopped for want of memory or disk; the files may be sound.",
            "Raise JOBBSJANSEN_MEMORY_LIMIT or make room on the disk; it is tried again next night.",
        )
    raise NotRead(what, cure)


def described_names(found: Sequence[str], wanted: Iterable[str]) -> dict[str, int]:
    """Which of a file's columns are the wanted ones: name as described (lower case, no blanks around) to place in the file.

    Raises:
        UnfitFile: two columns have one wanted name. Columns that nobody asked for may be called anything.
    """
    stripped = [name.strip().lower() for name in found]
    for name in sorted(wanted):
        if stripped.count(name) > 1:
            raise UnfitFile(f"has two columns of one name: {name}.", "Each column must have a name of its own.")
    return {name: stripped.index(name) for name in sorted(wanted) if name in stripped}


def nothing_described(*, csv: bool) -> UnfitFile:
    """What to say of a file that has none of the described columns. Without the file's name or its columns'."""
    separators = "Columns in CSV must be separated by semicolon, comma or tab. " if csv else ""
    return UnfitFile(
        "has none of the described columns.", f"{separators}Look at the file description: columns must be called as it says."
    )


def _walk(folder: Path, closed: set[Path]) -> Iterator[Path]:
    """Every file below a folder; folders that may not be opened are added to ``closed``."""

    def remember(problem: OSError) -> None:
        if not isinstance(problem, FileNotFoundError):  # gone between two looks
            closed.add(Path(problem.filename or folder))

    for root, folders, names in os.walk(folder, onerror=remember, followlinks=False):
        folders.sort()
        yield from (Path(root) / name for name in sorted(names))


def _is_extract(path: Path) -> bool:
    name = path.name.lower()
    return name.endswith(SUFFIXES) and not name.startswith((".", "_", "~$")) and stat.S_ISREG(path.lstat().st_mode)


def _drop_zone(files: Sequence[Path]) -> Path:
    parts = files[0].parts
    at = max((i for i, part in enumerate(parts[:-2]) if part == "registers"), default=None)
    return Path(os.path.commonpath([path.parent for path in files])) if at is None else Path(*parts[: at + 2])


def _harmless(names: Iterable[str]) -> set[str]:
    """The names that may be repeated."""
    plain = pl.Series([name for name in names if _PLAIN.fullmatch(name)], dtype=pl.String)
    return {name for name in plain.filter(~holds_identity_number(plain)) if _is_nobodys(name) and not _hides_number(name)}


def _is_nobodys(name: str) -> bool:
    """Whether every word of a file's name is a number or a word that we know; of letters that stand alone one, as two may be initials."""
    words = re.findall(r"[a-z0-9]+", _OURS.sub(" ", _UUID.sub(" ", name.lower())))
    letters = [word for word in words if len(word) == 1 and word.isalpha()]
    known = (word in letters or _COMMON.fullmatch(word) or _HEX.fullmatch(word) for word in words)
    return len(letters) <= 1 and all(known)


def _hides_number(name: str) -> bool:
    """Whether eleven (or twelve) digits in a row are an identity number once all between letters and digits is taken out."""
    for digits in re.findall(r"\d+", re.sub(r"[^A-Za-z0-9]", "", name)):
        run = f"0{digits}"  # a spreadsheet may have eaten it
        if any(is_person_number(run[i : i + 11]) or is_duf_number(run[i : i + 12]) for i in range(len(run) - 10)):
            return True
    return False


def _ends(path: Path) -> tuple[bytes, bytes]:
    with path.open("rb") as handle:
        head = handle.read(64)
        handle.seek(max(0, handle.seek(0, os.SEEK_END) - 4))
        return head, handle.read(4)


def _is_text(head: bytes) -> bool:
    return all(byte >= 32 or byte in b"\t\r\n" for byte in head)
