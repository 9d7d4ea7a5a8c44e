"""Where a run's key comes from: the published one (demo), a file, or a command that asks a key service.

Belongs here: choosing the provider, and refusing a key that does not fit the environment or the work.
Must not be here: what a key document looks like (``key_files``), or derivation (``keys``).
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from pipeline.errors import RefusedStart
from pipeline.pseudonyms.key_command import output_of
from pipeline.pseudonyms.key_files import MAX_DOCUMENT, no_place_for_keys, parse_key, read_private, refuse_place
from pipeline.pseudonyms.keys import DEMO_SECRET, DEMO_VERSION, Keys
from pipeline.settings import Settings

COMMAND_SECONDS = 30.0


class KeyProvider(Protocol):
    """Where a key comes from."""

    def load(self) -> Keys:
        """The key version in use."""


@dataclass(frozen=True)
class DemoKey:
    """The fixed, published key of the demo environment."""

    def load(self) -> Keys:
        """The demo key, version ``DEMO``."""
        return Keys(DEMO_VERSION, DEMO_SECRET)


@dataclass(frozen=True)
class KeyFile:
    """A key in a file that only this user can read.

    Attributes:
        path: the file; regular, owned by the process, mode 0600, not a symbolic link.
        forbidden: folders the file may not lie in (the home with its data, the program's own folder).
    """

    path: Path
    forbidden: tuple[Path, ...] = ()

    def load(self) -> Keys:
        """The key in the file.

        Raises:
            RefusedStart: the file is missing, unsafe, misplaced or not a key file.
        """
        refuse_place(self.path, self.forbidden)
        return parse_key(read_private(self.path))


@dataclass(frozen=True)
class KeyCommand:
    """A key from a key service, by a command that writes the key document to its standard output and ends with 0.

    Attributes:
        words: the program and its arguments; no shell reads them.
        seconds: how long it may take.
    """

    words: tuple[str, ...]
    seconds: float = COMMAND_SECONDS

    def load(self) -> Keys:
        """The key the command gives; it is kept in memory only.

        Raises:
            RefusedStart: the command cannot be run, fails, takes too long, or gives something else than one key document.
        """
        return parse_key(output_of(self.words, self.seconds, MAX_DOCUMENT), "The key command's output")


def provider_for(settings: Settings) -> KeyProvider:
    """The provider the settings call for: key file or key command where one is given, else (demo only) the published key.

    Raises:
        RefusedStart: both a file and a command, or production without either.
    """
    if settings.key_file is not None and settings.key_command:
        raise RefusedStart("Both a key file and a key command are given.", "Keep one: --key-file, or JOBBSJANSEN_KEY_COMMAND.")
    if settings.key_file is not None:
        return KeyFile(settings.key_file, no_place_for_keys(settings.home))
    if settings.key_command:
        return KeyCommand(settings.key_command)
    if not settings.is_demo:
        raise RefusedStart(
            "Production needs a key file or a key command.", "Make one with `jobbsjansen keys new` and give it with --key-file."
        )
    return DemoKey()


def load_keys(settings: Settings, purpose: str = "") -> Keys:
    """The master key of this run; with a ``purpose`` (``register/ytelse``) it may also be the one made for that.

    Raises:
        RefusedStart: no key in production, the demo key in production, another purpose's key, or an unsafe file.
    """
    keys = load_any_key(settings)
    if keys.scope not in ("", purpose):
        raise RefusedStart("The key file is a register owner's key.", "Give the key file that was made for this work.")
    return keys


def load_any_key(settings: Settings) -> Keys:
    """The key in use, whatever it serves: for telling which one it is.

    Raises:
        RefusedStart: as ``load_keys``, but for another purpose's key.
    """
    keys = provider_for(settings).load()
    if not settings.is_demo and keys.is_published:
        raise RefusedStart("Production refuses the published demo key.", "Make a key with `jobbsjansen keys new`.")
    return keys
