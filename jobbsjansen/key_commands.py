"""The commands about keys, and those of a register's owner: ``keys``, ``pseudonymise``.

As in ``cli``, stages are imported inside the commands.
"""

from pathlib import Path
from typing import Annotated

import typer

from jobbsjansen.face import Face, command, not_yet

keys_app = typer.Typer(no_args_is_help=True, help="The master key, and the keys of registers' owners.", rich_markup_mode=None)


def register(app: typer.Typer) -> None:
    """Add these commands to the command line."""
    app.add_typer(keys_app, name="keys")
    command(keys_app, "new", with_key=True)(keys_new)
    command(keys_app, "show", with_key=True)(keys_show)
    not_yet(keys_app, "rotate")
    command(app, with_key=True)(pseudonymise)


def keys_new(
    us: Face,
    path: Annotated[Path, typer.Argument(help="Where to put the key; outside home and project.", show_default=False)],
    version: Annotated[
        str | None, typer.Option("--version", help="Name of the key version (default K1).", show_default=False)
    ] = None,
    register: Annotated[
        str | None,
        typer.Option(
            "--register", help="Instead: this register's key for its owner, derived from the master key.", show_default=False
        ),
    ] = None,
) -> None:
    """Make a master key, or the key of one register for its owner. Never overwrites."""
    from jobbsjansen.keys import make_key

    us.answer(*make_key(us.settings, path, version, register))


def keys_show(us: Face) -> None:
    """Version, what it serves and check value of the key in use, and each register's check value; never a key."""
    from jobbsjansen.keys import describe_key

    us.answer(*describe_key(us.settings))


def pseudonymise(
    us: Face,
    source: Annotated[
        Path, typer.Argument(help="The owner's extract with person_id: a file, or a folder of files.", show_default=False)
    ],
    target: Annotated[
        Path, typer.Argument(help="The extract with person_key: a Parquet file, or a folder; must not exist.", show_default=False)
    ],
    register: Annotated[str, typer.Option("--register", help="Which register, like ytelse.")],
) -> None:
    """For a register's owner: replace the identity numbers by pseudonyms under that register's own key."""
    from jobbsjansen.keys import pseudonymise_extract

    us.answer(*pseudonymise_extract(us.settings, source, target, register, us.progress()))
