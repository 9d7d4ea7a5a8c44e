"""The commands about keys, and those between project and a register's owner: ``keys``, ``pseudonymise``, ``roster``.

As in ``cli``, stages are imported inside the commands.
"""

from pathlib import Path
from typing import Annotated

import typer

from jobbsjansen.face import Face, command
from pipeline.errors import UserError

keys_app = typer.Typer(no_args_is_help=True, help="The master key, and the keys of registers' owners.", rich_markup_mode=None)


def register(app: typer.Typer) -> None:
    """Add these commands to the command line."""
    app.add_typer(keys_app, name="keys")
    command(keys_app, "new", with_key=True)(keys_new)
    command(keys_app, "show", with_key=True)(keys_show)
    command(keys_app, "rotate", with_key=True)(keys_rotate)
    command(app, with_key=True)(pseudonymise)
    command(app, with_key=True)(roster)


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


def keys_rotate(
    us: Face,
    new_file: Annotated[Path, typer.Argument(help="Where to put the new key; outside home and project.", show_default=False)],
    version: Annotated[
        str | None, typer.Option("--version", help="Name of the new version (default: the next, like K2).", show_default=False)
    ] = None,
) -> None:
    """Give the home a new master key in place of the one given with --key-file. Repeating the command completes an interrupted one."""
    from jobbsjansen.rotating import rotate_key

    us.answer(*rotate_key(us.settings, new_file, version, us.progress()))


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


def roster(
    us: Face,
    register: Annotated[str, typer.Option("--register", help="Which register, like ytelse.")],
    recipient: Annotated[
        str | None, typer.Option("--recipient", help="The owner's public key of age, age1….", show_default=False)
    ] = None,
    recipient_file: Annotated[
        Path | None, typer.Option("--recipient-file", help="Instead: a file with that key.", show_default=False)
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option(
            "--out", help="Folder, or a file ending with .age; never overwritten (default: exports/rosters).", show_default=False
        ),
    ] = None,
    basis: Annotated[str, typer.Option("--basis", help="Legal basis and who decided; goes on record.")] = "",
    whole_population: Annotated[
        bool | None,
        typer.Option(
            "--whole-population/--no-whole-population",
            help="Write no list: record that everybody may be delivered, or no longer; needs --basis.",
            show_default=False,
        ),
    ] = None,
) -> None:
    """The participants' numbers for a register's owner, encrypted to the owner's key and to nobody else."""
    from jobbsjansen.rosters import decide_whole_population, write_roster

    if whole_population is not None:
        if recipient is not None or recipient_file is not None or out is not None:
            raise UserError("No list is written of a whole population.", "Leave out --recipient, --recipient-file and --out.")
        us.answer(*decide_whole_population(us.settings, register, basis, allowed=whole_population))
        return
    us.answer(*write_roster(us.settings, register, recipient, recipient_file, out, basis))
