"""``jobbsjansen``: the commands. Each makes its settings, calls one function, says what came out.

Stages and orchestration are imported inside the commands, so that ``--help`` stays fast.
"""

import errno
import json
import sys
import traceback
from pathlib import Path
from typing import Annotated

import typer

from jobbsjansen import key_commands
from jobbsjansen.face import Face, command, not_yet
from pipeline.errors import Fault, UserError

# what the command-line library raises for wrong options; it exports only subclasses
UsageError: type[typer.BadParameter] = typer.BadParameter.__base__  # type: ignore[assignment]
USAGE_ERROR, REFUSED, OUR_FAULT = 64, 2, 3

app = typer.Typer(
    name="jobbsjansen",
    no_args_is_help=True,
    help="From efforts to outcomes: the Jobbsjansen outcome pipeline.",
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
)
export_app = typer.Typer(no_args_is_help=True, help="Data sets for other institutions.", rich_markup_mode=None)
key_commands.register(app)
app.add_typer(export_app, name="export")


@command(app, with_key=True)
def nightly(us: Face) -> None:
    """The whole run: everything that is new, from the inbox to the dashboard. Safe to repeat."""
    from jobbsjansen.nightly import run_nightly

    result = run_nightly(us.settings, us.progress())
    us.answer(result.as_dict(), result.text())


@command(app, with_key=True)
def check(
    us: Face,
    file: Annotated[Path, typer.Argument(help="The delivery to check.", show_default=False)],
    avsender: Annotated[str, typer.Option("--avsender", help="Sender: municipality (4 digits), Oslo district (6) or imdi.")],
    out: Annotated[
        Path | None, typer.Option("--out", help="Folder to write the receipt to; overwrites nothing.", show_default=False)
    ] = None,
    marked: Annotated[
        Path | None,
        typer.Option(
            "--marked", help="Write the delivery anew as .xlsx with the cells marked; holds identities.", show_default=False
        ),
    ] = None,
    language: Annotated[str, typer.Option("--language", help="Of the text: nb, nn or en.")] = "nb",
) -> None:
    """The receipt a delivery would get; takes nothing in. Exit code 0 accepted, 1 with remarks, 2 rejected or quarantined."""
    from jobbsjansen.checking import check_delivery

    receipt, text = check_delivery(file, avsender, us.settings, language=language, out=out, marked=marked)
    us.answer(receipt, text)
    raise typer.Exit({"accepted": 0, "accepted_with_remarks": 1}.get(str(receipt["state"]), 2))


@command(app)
def check_page(
    us: Face,
    out: Annotated[Path, typer.Option("--out", help="The page to write.")] = Path("sjekk.html"),
) -> None:
    """The page on which senders check a delivery in their own browser: one file, offline, for this environment."""
    from pipeline.intake.sjekk import write_check_page

    write_check_page(out, demo=us.settings.is_demo)
    us.answer({"out": str(out)}, f"Written to {out}. Open it in a browser, or give it to senders; it sends and stores nothing.")


@command(app)
def synth(
    us: Face,
    out: Annotated[Path, typer.Option("--out", help="Folder to write to; must not hold deliveries already.")],
    participants: Annotated[int, typer.Option("--participants", min=1)] = 1500,
    seed: Annotated[int, typer.Option("--seed")] = 20240501,
    preset: Annotated[
        str,
        typer.Option(
            "--preset", help="Programme: main, null, strong_confounding, cluster_confounding, unmeasured, no_placement."
        ),
    ] = "main",
    truth: Annotated[
        Path | None, typer.Option("--truth", help="Write the true effects here as JSON.", show_default=False)
    ] = None,
    population: Annotated[
        int | None,
        typer.Option("--population", min=1, help="Whole-population extracts: so many persons besides.", show_default=False),
    ] = None,
    months: Annotated[int, typer.Option("--months", min=1, max=600, help="Months a whole-population extract covers.")] = 36,
    sample: Annotated[
        bool, typer.Option("--sample", help="Make data/sample: senders, corrections and faulty deliveries.")
    ] = False,
) -> None:
    """Synthetic deliveries and extracts with known truth (birth month + 80: no living person can be hit)."""
    from pipeline.synthetic import make_sample, synthesise

    if sample and population is not None:
        raise UserError("The sample has participants' extracts.", "Leave out --population or --sample.")
    if sample:
        make_sample(out, seed, progress=us.progress())
    else:
        synthesise(participants, seed, out, truth, progress=us.progress(), programme=preset, population=population, months=months)
    us.answer({"out": str(out), "seed": seed}, f"Written to {out} (seed {seed}).")


@command(app)
def sample(us: Face) -> None:
    """Copy data/sample into a new home, with the deliveries' times, so that the main job has something to do."""
    from jobbsjansen.nightly import SAMPLE
    from pipeline.synthetic import load_sample

    load_sample(SAMPLE, us.settings.home.root)
    us.answer({"home": str(us.settings.home.root)}, f"The sample is in {us.settings.home.root}. Next: jobbsjansen nightly")


@command(app)
def release(
    us: Face,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what the gate would decide; write nothing.")] = False,
) -> None:
    """Make the next release from the last night's tables, whatever the calendar says."""
    from jobbsjansen.publishing import make_release

    result = make_release(us.settings, dry_run=dry_run)
    us.answer(result, f"{'Would be' if dry_run else 'Released'}: {result['release_id']}, {result['hidden']} values hidden.")


@command(app)
def disclose(
    us: Face,
    cube: Annotated[Path, typer.Argument(help="Inner cells as CSV.", show_default=False)],
    spec: Annotated[Path, typer.Option("--spec", help="What is to be released, JSON.")],
    out: Annotated[Path, typer.Option("--out", help="The protected tables, CSV.")],
    internal: Annotated[bool, typer.Option("--internal", help="Add the column 'primary' (never publish it).")] = False,
) -> None:
    """Protect linked frequency tables: primary rule, secondary suppression, independent audit."""
    from pipeline.disclosure import disclose_file

    disclose_file(cube, spec, out, internal)
    us.answer({"out": str(out)}, f"Written to {out}; no hidden cell is recoverable.")


@command(app)
def status(
    us: Face,
    senders: Annotated[
        bool, typer.Option("--senders", help="Per sender: due, received, state, remarks, errors, overdue.")
    ] = False,
    as_of: Annotated[
        str | None,
        typer.Option("--as-of", help="Instead: the rows that stood at a time or just after a receipt.", show_default=False),
    ] = None,
) -> None:
    """How the last night went. Exit code 1 when stale, failed or died."""
    from jobbsjansen.senders import state_as_of
    from jobbsjansen.status import read_status

    if as_of is not None:
        if senders:
            raise UserError("--senders and --as-of answer different questions.", "Ask for one of them at a time.")
        us.answer(*state_as_of(us.settings, as_of))
        return
    result, text, healthy = read_status(us.settings, senders=senders)
    us.answer(result, text)
    raise typer.Exit(0 if healthy else 1)


@command(app, with_key=True)
def erase(
    us: Face,
    person_file: Annotated[Path, typer.Option("--person-file", help="One identity number a line.")],
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what would be erased; write nothing.")] = False,
    lift: Annotated[
        bool, typer.Option("--lift", help="Undo: take in again what is delivered of them. Nothing erased comes back by itself.")
    ] = False,
) -> None:
    """Erase persons: stored rows and originals now, everything derived with the next night. Exit code 4 while a night runs."""
    from jobbsjansen.erasing import erase_persons, lift_erasure

    us.answer(*(lift_erasure if lift else erase_persons)(us.settings, person_file, dry_run=dry_run))


@command(app, with_key=True)
def doctor(us: Face) -> None:
    """Whether this machine and this home can run a night; says what to mend."""
    from jobbsjansen.doctor import examine

    findings = examine(us.settings)
    us.answer({"findings": [f.__dict__ for f in findings]}, "\n".join(f.line() for f in findings))
    raise typer.Exit(0 if all(f.ok for f in findings) else REFUSED)


@command(app)
def rule(
    us: Face,
    code: Annotated[str | None, typer.Argument(help="Rule code, like JS014; all rules without one.", show_default=False)] = None,
    language: Annotated[str, typer.Option("--language", help="Language of the texts: nb, nn or en.")] = "nb",
) -> None:
    """What a rule means, why it is there and how to mend a breach; or all rules."""
    from jobbsjansen.explaining import explain_rule, list_rules

    us.answer(*(list_rules(language) if code is None else explain_rule(code, language)))


@command(app)
def template(
    us: Face,
    out: Annotated[
        Path | None, typer.Option("--out", help="The workbook; never overwritten (default: named here).", show_default=False)
    ] = None,
    language: Annotated[str, typer.Option("--language", help="Language of the workbook: nb or nn.")] = "nb",
    avsender: Annotated[
        str | None, typer.Option("--avsender", help="Sender it is for: municipality, Oslo district or imdi.", show_default=False)
    ] = None,
) -> None:
    """The workbook a sender fills in: drop-downs, checks, help and an example."""
    from jobbsjansen.template import make_template

    path = make_template(out, language, avsender)
    us.answer({"out": str(path)}, f"Written to {path}. Next: fill it in, then jobbsjansen check {path} --avsender …")


@command(app)
def site(us: Face) -> None:
    """Build site/ again from the latest release and the status."""
    from jobbsjansen.publishing import rebuild_site

    index = rebuild_site(us.settings)
    us.answer({"index": str(index)}, f"Open {index}")


@command(app)
def notebook(
    us: Face,
    name: Annotated[str, typer.Argument(help="Which, like 00_first_look.")] = "00_first_look",
) -> None:
    """Run a starter notebook on this home's snapshot and print what it says."""
    from jobbsjansen.notebooks import run_notebook

    text = run_notebook(name, us.settings, captured=us.as_json or us.quiet)
    us.answer({"notebook": name, "text": text}, text)


@command(app)
def ui(
    us: Face,
    port: Annotated[int, typer.Option("--port")] = 3000,
) -> None:
    """Dagster's pages over this home, on this machine only."""
    from jobbsjansen.nightly import open_ui

    us.say(f"http://127.0.0.1:{port}  (Ctrl+C ends it)")
    raise typer.Exit(open_ui(us.settings, port))


@command(export_app, "ssb", with_key=True)
def export_ssb(us: Face) -> None:
    """The pseudonymised data set for Statistics Norway, from the last night's tables."""
    from jobbsjansen.publishing import write_ssb

    folder = write_ssb(us.settings)
    us.answer({"folder": str(folder)}, f"Written to {folder}. Next: jobbsjansen export verify {folder}")


@command(export_app, "verify")
def export_verify(
    us: Face,
    folder: Annotated[Path, typer.Argument(show_default=False)],
) -> None:
    """Whether a package is whole and as described."""
    from pipeline.export import verify_package

    faults = verify_package(folder)
    us.answer({"faults": faults}, "\n".join(faults) or "The package is whole.")
    raise typer.Exit(REFUSED if faults else 0)


@command(app)
def prove(
    us: Face,
    replicates: Annotated[int, typer.Option("--replicates", min=2, help="Simulated programmes per planted size.")] = 40,
    seed: Annotated[int, typer.Option("--seed")] = 20240501,
) -> None:
    """What would be found in data like this home's: effects of known size planted, estimated and counted. Takes minutes."""
    from jobbsjansen.proving import prove_home
    from pipeline.proof.prove import Trial

    us.answer(*prove_home(us.settings, Trial(replicates, us.settings.bootstraps, seed), us.progress()))


not_yet(app, "report")


def _told(problem: BaseException) -> str:
    """Kind and places in the code, without the error's own text: libraries put values from the data into it."""
    if _no_room(problem):
        return "The disk is full. Free room where the home and the temporary files lie, and run the command again."
    if isinstance(problem, Fault):
        return f"This is a fault of ours, not of the data or of you: {problem}" if problem.ours else str(problem)
    places = [f"  {Path(f.filename).name}:{f.lineno} in {f.name}" for f in traceback.extract_tb(problem.__traceback__)]
    return "\n".join(["This is a fault of ours, not of the data or of you.", *places, type(problem).__name__])


def _no_room(problem: BaseException) -> bool:
    """Whether it, or what it came of, is a disk without room: that is nobody's bug, and whoever is on duty can mend it."""
    at: BaseException | None = problem
    seen: set[int] = set()  # an error raised anew may come of itself
    while at is not None and id(at) not in seen:
        if isinstance(at, OSError) and at.errno in (errno.ENOSPC, errno.EDQUOT):
            return True
        seen.add(id(at))
        at = at.__cause__ or at.__context__
    return False


def main(arguments: list[str] | None = None) -> None:
    """Run the command line; exit codes as documented in the README."""
    try:
        code = app(args=arguments, standalone_mode=False)
    except UsageError as wrong:
        wrong.show()
        code = 0 if type(wrong).__name__ == "NoArgsIsHelpError" else USAGE_ERROR
    except (typer.Abort, KeyboardInterrupt):
        code = OUR_FAULT
    except UserError as refused:
        if "--json" in (sys.argv[1:] if arguments is None else arguments):
            print(json.dumps({"error": {"what": refused.what, "cure": refused.cure, "code": refused.code}}, ensure_ascii=False))
        print(str(refused), file=sys.stderr)
        code = refused.exit_code
    # Nothing of ours ends the process, and a library that does must not pass for success; nor may a panic show its text.
    except BaseException as problem:
        print(_told(problem), file=sys.stderr)
        code = OUR_FAULT
    sys.exit(code if isinstance(code, int) else 0)


if __name__ == "__main__":
    main()
