"""Zip containers (workbooks and archives of CSV): everything is measured before anything is parsed."""

from __future__ import annotations

import io
import stat
import zipfile
import zlib
from pathlib import PurePosixPath

from pipeline.intake.findings import refuse
from pipeline.rules import limits

_CHUNK = 1 << 20
ARCHIVES = (b"PK\x03\x04", b"\x1f\x8b", b"7z\xbc\xaf", b"Rar!", b"BZh", b"\xfd7zXZ", b"\xd0\xcf\x11\xe0")
DTD = tuple(word.encode(encoding) for word in ("<!DOCTYPE", "<!ENTITY") for encoding in ("ascii", "utf-16-le", "utf-16-be"))


def open_archive(data: bytes) -> zipfile.ZipFile:
    """The archive, after the limits on names, number, sizes and ratio have been checked against its directory.

    Raises:
        Refused: JS005, JS007, JS009, JS010.
    """
    try:
        archive = zipfile.ZipFile(io.BytesIO(data))
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError, UnicodeError):
        raise refuse("JS009") from None
    entries = archive.infolist()
    for entry in entries:
        _refuse_unsafe_name(entry)
        if entry.flag_bits & 0x1:
            raise refuse("JS010")
    total, packed = sum(e.file_size for e in entries), max(1, len(data))
    bomb = total > limits()["archive_ratio_from_bytes"] and total / packed > limits()["archive_ratio"]
    if len(entries) > limits()["archive_entries"] or total > limits()["unpacked_bytes"] or bomb:
        raise refuse("JS005")
    return archive


def unpack(archive: zipfile.ZipFile) -> dict[str, bytes]:
    """Every file of the archive by its name; sizes are counted while unpacking, since a directory can lie.

    Raises:
        Refused: JS005 too large, JS009 damaged, JS027 the same name twice.
    """
    out: dict[str, bytes] = {}
    left = limits()["unpacked_bytes"]
    for entry in archive.infolist():
        if entry.is_dir():
            continue
        if entry.filename in out:
            raise refuse("JS027")
        out[entry.filename] = _unpack_one(archive, entry, left)
        left -= len(out[entry.filename])
    return out


def refuse_nested(files: dict[str, bytes]) -> None:
    """Refuse archives and workbooks inside an archive (JS006)."""
    if any(content.startswith(ARCHIVES) for content in files.values()):
        raise refuse("JS006")


def refuse_dtd(files: dict[str, bytes]) -> None:
    """Refuse a workbook with a document type declaration in any part (JS008)."""
    for name, content in files.items():
        if name.lower().endswith((".xml", ".rels", ".vml")) and b"!" in content and any(word in content for word in DTD):
            raise refuse("JS008")


def _unpack_one(archive: zipfile.ZipFile, entry: zipfile.ZipInfo, left: int) -> bytes:
    parts: list[bytes] = []
    size = 0
    try:
        with archive.open(entry) as handle:
            while chunk := handle.read(_CHUNK):
                size += len(chunk)
                if size > left:
                    raise refuse("JS005")
                parts.append(chunk)
    except (zipfile.BadZipFile, zlib.error, EOFError, OSError, NotImplementedError, ValueError, RuntimeError):
        raise refuse("JS009") from None
    return b"".join(parts)


def _refuse_unsafe_name(entry: zipfile.ZipInfo) -> None:
    # orig_filename keeps what zipfile cuts off at a NUL
    name = entry.orig_filename.replace("\\", "/")
    path = PurePosixPath(name)
    mode = entry.external_attr >> 16
    drive = len(name) > 1 and name[1] == ":"
    if path.is_absolute() or ".." in path.parts or "\x00" in name or drive or stat.S_ISLNK(mode):
        raise refuse("JS007")
