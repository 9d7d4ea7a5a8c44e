"""What every command shares: options, the settings they make, output as text or JSON, progress, exit codes."""

from __future__ import annotations

import functools
import inspect
import json
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any

import typer

from pipeline.errors import UserError
from pipeline.settings import Settings, load_settings

HomeOption = Annotated[
    Path | None, typer.Option("--home", help="The home folder (default: JOBBSJANSEN_HOME or ./home).", show_default=False)
]
NowOption = Annotated[str | None, typer.Option("--now", help="The run clock, ISO 8601 (default: real time).", show_default=False)]
JsonOption = Annotated[bool, typer.Option("--json", help="Answer as JSON on standard output.")]
QuietOption = Annotated[bool, typer.Option("--quiet", help="Say only what went wrong.")]
KeyFileOption = Annotated[Path | None, typer.Option("--key-file", help="Master key made by 'keys new'.", show_default=False)]


@dataclass(frozen=True)
class Face:
    """How one command speaks: ``say`` for people, ``answer`` for the result, ``progress`` on a terminal only."""

    settings: Settings
    as_json: bool
    quiet: bool

    def say(self, text: str) -> None:
        if not (self.quiet or self.as_json):
            print(text)

    def answer(self, result: dict[str, Any], text: str) -> None:
        """The command's result: ``result`` with ``--json``, else ``text``."""
        if self.as_json:
            print(json.dumps(result, ensure_ascii=False, indent=2, sort_keys=True, default=str))
        else:
            self.say(text)

    def progress(self) -> Callable[[str], None]:
        """Writes each step with the seconds so far; silent when nobody looks."""
        if self.quiet or self.as_json or not sys.stderr.isatty():
            return lambda _text: None
        started = time.monotonic()
        return lambda text: print(f"{time.monotonic() - started:6.1f} s  {text}", file=sys.stderr, flush=True)


def face(home: Path | None, now: str | None, as_json: bool, quiet: bool, key_file: Path | None = None) -> Face:
    """The face of one command.

    Raises:
        UserError: ``--now`` is no ISO 8601 time.
    """
    moment: datetime | None = None
    if now is not None:
        try:
            moment = datetime.fromisoformat(now)
        except ValueError:
            raise UserError("--now is not a time in ISO 8601.", "Write it like 2026-01-15T02:30.") from None
    return Face(load_settings(home, moment, key_file), as_json, quiet)


_EVERYWHERE = {"home": HomeOption, "now": NowOption, "json": JsonOption, "quiet": QuietOption}


def _option(name: str, annotation: object) -> inspect.Parameter:
    default = False if name in ("json", "quiet") else None
    return inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, default=default, annotation=annotation)


def command(
    group: typer.Typer, name: str | None = None, *, with_key: bool = False
) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Register ``function(us, …)`` as a command that takes the options all commands take, and gets its ``Face`` as ``us``.

    Args:
        group: where the command belongs.
        name: its name when the function's name is not.
        with_key: whether it takes ``--key-file``.
    """
    common = {**_EVERYWHERE, **({"key_file": KeyFileOption} if with_key else {})}

    def register(function: Callable[..., None]) -> Callable[..., None]:
        @functools.wraps(function)
        def run(**given: Any) -> None:
            options = {option: given.pop(option) for option in common}
            function(face(options["home"], options["now"], options["json"], options["quiet"], options.get("key_file")), **given)

        own = [p.replace(kind=inspect.Parameter.KEYWORD_ONLY) for p in list(inspect.signature(function).parameters.values())[1:]]
        parameters = [*own, *(_option(option, annotation) for option, annotation in common.items())]
        run.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]
        run.__annotations__ = {p.name: p.annotation for p in parameters}
        del run.__wrapped__  # type: ignore[attr-defined]
        group.command(name)(run)
        return function

    return register


def not_yet(group: typer.Typer, name: str) -> None:
    """Register a command that only says that it is not in this version."""

    def refuse(context: typer.Context) -> None:
        raise UserError(f"'{name}' is not in this version.", "See docs/assumptions.md for what is left out and why.")

    refuse.__doc__ = "Not in this version: refuses."
    group.command(name, context_settings={"allow_extra_args": True, "ignore_unknown_options": True})(refuse)
