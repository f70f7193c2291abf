"""`offnadir audit`: who did what, when and why; and whether that record is whole."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from offnadir.cli import _say
from offnadir.cli._desk import DEFAULT_DB, As, Db, Json, OperationFile, open_desk

audit = typer.Typer(
    help="The record of everything that was done: list, verify, export.",
    no_args_is_help=True,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
)


@audit.command("list")
def list_entries(
    subject: Annotated[
        str | None,
        typer.Argument(metavar="ID", help="Only entries about this order, customer or user."),
    ] = None,
    last: Annotated[
        int | None,
        typer.Option(metavar="N", min=1, help="Only the last N. [default: 20; with ID all]"),
    ] = None,
    after: Annotated[
        int | None, typer.Option(metavar="SEQ", min=0, help="All after this number instead.")
    ] = None,
    db: Db = DEFAULT_DB,
    operation: OperationFile = None,
    user: As = None,
    json: Json = False,
) -> None:
    """List entries, the oldest first."""
    if last is None and after is None and subject is None:
        last = 20
    with open_desk(db, user, operation=operation, is_there=True) as (desk, by):
        found = desk.read_log(by=by, subject=subject, after=after or 0, last=last)
    if json:
        _say.print_json([one.document() for one in found])
    for one in [] if json else found:
        content = one.content
        body = ", ".join(f"{key}={value}" for key, value in content["body"].items() if value)
        about = f" {content['subject']}" if content["subject"] else ""
        print(
            f"{content['seq']:>6} {content['at'][:19]}Z {content['by']}: {content['action']}{about} {body}"
        )
    if not found:
        raise typer.Exit(1)


@audit.command("verify")
def verify(
    head: Annotated[
        list[str] | None,
        typer.Option(
            metavar="SEQ:HASH",
            help="A head that was printed earlier and kept elsewhere: finds what was cut off or sealed "
            "anew since. Repeatable.",
        ),
    ] = None,
    db: Db = DEFAULT_DB,
    operation: OperationFile = None,
    user: As = None,
    json: Json = False,
) -> None:
    """Check every entry against its seal and its place; exit code 1 names the first that is wrong.

    Keep the head that it prints outside of the database: only against that can the end of the log be proved.
    """
    from offnadir.tasking._audit_verify import read_head

    kept = [read_head(one, "--head") for one in head or ()]
    with open_desk(db, user, operation=operation, is_there=True) as (desk, by):
        report = desk.verify_log(by=by, kept=kept)
    if json:
        _say.print_json(report.document())
    elif report.is_whole:
        print(f"whole: {_say.count(report.entries, 'entry').replace('entrys', 'entries')}")
        print(f"head {report.head}")
        if not kept:
            _say.note("Keep the head elsewhere and give it next time as --head: see the guide.")
    else:
        print(f"NOT WHOLE: {report.trouble}")
    if not report.is_whole:
        raise typer.Exit(1)


@audit.command("export")
def export(
    output: Annotated[str, typer.Argument(metavar="FILE", help="Where to; - is standard output.")],
    db: Db = DEFAULT_DB,
    operation: OperationFile = None,
    user: As = None,
    json: Json = False,
) -> None:
    """Write the log as JSON Lines, which anybody can check with a script of thirty lines (see the guide)."""
    with open_desk(db, user, operation=operation, is_there=True) as (desk, by):
        to = sys.stdout if output == "-" else Path(output)
        written = desk.export_log(to, by=by)
    if output == "-":
        _say.note(f"head {written}")
    elif json:
        _say.print_json({"file": output, "entries": written.seq, "head": str(written)})
    else:
        print(f"{output}: {written.seq} entries")
        print(f"head {written}")
