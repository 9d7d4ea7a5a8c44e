"""The errors that a user is meant to read; everything else is a bug and keeps its traceback.

A message says where, which rule, how many and how to mend it. It never holds a value from the data.
"""

from __future__ import annotations


class UserError(Exception):
    """Something the user can mend. Shown as one plain message, ends the command with exit code 2.

    Args:
        what: what is wrong and where, without any value from the data.
        cure: what the reader should do about it.
        code: rule code (``JS014``) when a rule of the catalogue was broken, else ``None``.
    """

    exit_code = 2

    def __init__(self, what: str, cure: str, code: str | None = None) -> None:
        self.what, self.cure, self.code = what, cure, code
        prefix = f"{code}: " if code else ""
        super().__init__(f"{prefix}{what} {cure}".strip())


class RefusedStart(UserError):
    """The run may not start: wrong key, wrong environment, unreadable home."""


class ReleaseRefused(UserError):
    """The disclosure gate found a cell that could be recovered; nothing was released."""


class HomeBusy(UserError):
    """Another run holds the home (exit code 4)."""

    exit_code = 4


class Fault(Exception):
    """A fault of ours, told without any value from the data (exit code 3).

    Args:
        text: what failed.
        ours: whether it is a bug. Want of memory or disk is none: the text then says how to mend it.
    """

    def __init__(self, text: str, *, ours: bool = True) -> None:
        self.ours = ours
        super().__init__(text)
