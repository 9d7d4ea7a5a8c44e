"""What the key commands answer: making a key, telling which one it is, an owner's pseudonyms; a key itself is never shown."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any

from pipeline.errors import UserError
from pipeline.settings import Settings
from pipeline.tables import REGISTERS

PERSON_REGISTERS = tuple(name for name, table in REGISTERS.items() if "person_key" in table)


def known_register(register: str) -> str:
    """The register, when it is one with persons.

    Raises:
        UserError: no such register, or one without persons.
    """
    if register not in PERSON_REGISTERS:
        what = "That register has no persons." if register in REGISTERS else "There is no such register."
        raise UserError(what, f"Choose one of: {', '.join(PERSON_REGISTERS)}.")
    return register


def make_key(settings: Settings, path: Path, version: str | None, register: str | None) -> tuple[dict[str, Any], str]:
    """Write a new master key, or the key of one register, to ``path``; what to compare by telephone as dict and as text.

    Raises:
        UserError: the file exists, no such register, or a version for a derived key.
        RefusedStart: the place is inside the home or the program's folder, or there is no master key to derive from.
    """
    from pipeline.pseudonyms import load_keys, new_key_file, new_register_key_file
    from pipeline.pseudonyms.key_files import no_place_for_keys, refuse_place

    refuse_place(path, no_place_for_keys(settings.home))
    if register is None:
        keys = new_key_file(path, version or "K1")
    elif version is not None:
        raise UserError("An owner's key has the version of the master key.", "Leave out --version.")
    else:
        keys = new_register_key_file(path, known_register(register), load_keys(settings))
    result = {"path": str(path), "version": keys.version, "scope": keys.scope, "check_value": keys.check_value}
    serves = f" for {register}" if register else ""
    return result, f"{path}: key{serves}, version {keys.version}, check value {keys.check_value}"


def describe_key(settings: Settings) -> tuple[dict[str, Any], str]:
    """Which key is in use: version, scope, check value, and with a master key the check value of each register's key.

    The owner of a register and whoever holds the master key see the same check value for the same register's key.

    Raises:
        RefusedStart: as ``load_keys``, but for the key of a register.
    """
    from pipeline.pseudonyms import load_any_key

    keys = load_any_key(settings)
    registers = {name: keys.of_register(name).check_value for name in PERSON_REGISTERS if not keys.scope}
    result = {"version": keys.version, "scope": keys.scope, "check_value": keys.check_value, "registers": registers}
    serves = f", serves {keys.scope} only" if keys.scope else ""
    lines = [f"Version {keys.version}, check value {keys.check_value}{serves}"]
    return result, "\n".join([*lines, *(f"  {name}: {value}" for name, value in registers.items())])


def pseudonymise_extract(
    settings: Settings, source: Path, target: Path, register: str, progress: Callable[[str], None]
) -> tuple[dict[str, Any], str]:
    """The owner's extract with the register's pseudonyms; what was done as dict and as text.

    Raises:
        UserError: as ``pseudonymise_file``.
        RefusedStart: no key, or another register's.
    """
    from pipeline.pseudonyms import load_keys, pseudonymise_file

    keys = load_keys(settings, f"register/{known_register(register)}")
    done = pseudonymise_file(source, target, register, keys, progress)
    result = {"out": str(target), "key_version": keys.version, **asdict(done)}
    lines = [
        f"Written to {target}: {done.rows} rows in {done.files} file(s), key version {keys.version}, check value {done.check_value}.",
        "The project sees the same check value with: jobbsjansen keys show",
    ]
    if done.columns_left_out:
        lines.append(_columns_left_out(done.columns_left_out, done.names_left_out))
    if done.files_left_out:
        lines.append(f"{done.files_left_out} file(s) of other kinds were left out.")
    return result, "\n".join(lines)


def _columns_left_out(count: int, names: tuple[str, ...]) -> str:
    """How many columns were left out, and what they are called where the names are plain."""
    named = f": {', '.join(names)}" if names else ""
    others = f" ({count - len(names)} of them without a plain name)" if count > len(names) else ""
    return f"{count} column(s) that the file description does not have were left out{others}{named}."
