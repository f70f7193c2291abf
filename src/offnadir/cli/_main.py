"""The door of the command line: gathers the verbs, turns trouble into a message and an exit code."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer

from offnadir import __version__
from offnadir.cli import forget_interrupt
from offnadir.cli.archive import archive
from offnadir.cli.audit import audit
from offnadir.cli.capture import capture
from offnadir.cli.change import change
from offnadir.cli.check import check
from offnadir.cli.coverage import coverage
from offnadir.cli.customer import customer, user
from offnadir.cli.demo import demo
from offnadir.cli.design import design
from offnadir.cli.detect import detect
from offnadir.cli.elements import elements
from offnadir.cli.history import history
from offnadir.cli.identify import identify
from offnadir.cli.launch import launch
from offnadir.cli.look import look
from offnadir.cli.may import may
from offnadir.cli.measure import measure
from offnadir.cli.operate import operate
from offnadir.cli.order import order
from offnadir.cli.plan import plan
from offnadir.cli.process import process
from offnadir.cli.quality import quality
from offnadir.cli.screen import screen
from offnadir.cli.sensors import sensors
from offnadir.cli.serve import key, serve
from offnadir.errors import OffnadirError

_OURS, _THEIRS, _INTERRUPTED = 1, 2, 130

_MANY = (
    "--satellite", "--site", "--name", "--norad", "--group", "--orbit", "--area", "--elements", "--country",
    "--at", "--stations",
)  # fmt: skip

app = typer.Typer(
    name="offnadir",
    help="A reconnaissance satellite in software: from a list of places to a checked collection plan.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,  # Rich would take a third of the time that --help has
    context_settings={"help_option_names": ["-h", "--help"]},
    epilog="Start with: offnadir demo",
)
app.command(short_help="Which satellites see a place, when, at which angles.")(look)
app.command(short_help="Rank the satellites that could have taken a picture.")(identify)
app.command(short_help="How often, sharply and soon a region is seen: maps, figures.")(coverage)
app.command(short_help="An object's orbit, decay, repeat cycle and manoeuvres.")(history)
app.command(short_help="Choose, check and report the pictures of a mission.")(plan)
app.command(short_help="Does a plan keep every rule? Whoever made it.")(check)
app.command(short_help="How sharp a picture will be, and which term hurts most.")(quality)
app.command(short_help="Take a planned picture: raw counts with all that explains them.")(capture)
app.command(short_help="Make a map product of raw counts or a real image.")(process)
app.command(short_help="What changed between two pictures of a place.")(change)
app.command(short_help="Ships on water, and other bright compact objects.")(detect)
app.command(short_help="Which orbits, how many satellites, what telescope.")(design)
app.command(short_help="May a picture be had, by whom and when? Dated rules.")(may)
app.command(short_help="Is a customer on a list of sanctioned persons?")(screen)
app.command(short_help="Run the mission loop: orders in, pictures out.")(operate)
app.command(short_help="Serve an operation over HTTP: STAPI and STAC.")(serve)
app.command(short_help="Plan the bundled mission.")(demo)
app.add_typer(order, name="order")
app.add_typer(customer, name="customer")
app.add_typer(user, name="user")
app.add_typer(key, name="key")
app.add_typer(audit, name="audit")
app.add_typer(archive, name="archive")
app.add_typer(measure, name="measure")
app.add_typer(launch, name="launch")
app.add_typer(elements, name="elements")
app.add_typer(sensors, name="sensors")


def _version(wanted: bool) -> None:
    if wanted:
        print(f"offnadir {__version__}")
        raise typer.Exit


@app.callback()
def _root(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    """Gather what every verb understands."""


def main() -> None:
    """Run the command line; never shows a traceback unless OFFNADIR_DEBUG is set."""
    _open_closed()
    # What asks a process to end (`timeout`, service managers) is as good as Ctrl-C: files are tidied up.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        try:
            app(args=_spread(sys.argv[1:]), prog_name="offnadir", obj=sys.argv[1:])
        except SystemExit as stop:
            if not stop.code:
                sys.stdout.flush()  # so that trouble is met here, and not by the interpreter
            raise
    except OffnadirError as error:
        _fail(error.exit_code, str(error))
    except SystemExit as stop:
        if stop.code == _INTERRUPTED:
            _fail(_INTERRUPTED, "interrupted; no unfinished file was left behind")
        if isinstance(stop.__context__, BrokenPipeError):  # which Typer makes a failure
            _reader_gone()
        raise
    except BrokenPipeError:
        _reader_gone()
    except OSError as error:
        _fail(_THEIRS, f"{error.filename or 'output'}: {error.strerror or error}")
    except Exception as error:  # the last line of defence before a traceback
        if os.environ.get("OFFNADIR_DEBUG"):
            raise
        _fail(
            _OURS,
            f"internal error, please report it: {type(error).__name__}: {error}\n"
            "Set OFFNADIR_DEBUG=1 to see where it happened.",
        )


def _reader_gone() -> None:
    """End without a word (`| head`), and keep the interpreter from complaining."""
    sys.stdout = sys.__stdout__  # Typer wraps it
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
    sys.exit(0)


def _open_closed() -> None:
    """Lead a stream that was closed from outside (`>&-`) to nowhere: a file must not take its number."""
    for name in ("stdin", "stdout", "stderr"):
        if getattr(sys, name) is None:
            mode = "r" if name == "stdin" else "w"
            setattr(sys, name, Path(os.devnull).open(mode, encoding="utf-8"))  # noqa: SIM115


def _fail(code: int, message: str) -> None:
    lines = message.splitlines() or [""]
    for line in lines:
        print(f"offnadir: {line}", file=sys.stderr)
    if code == _INTERRUPTED:
        forget_interrupt()
    sys.exit(code)


def _spread(argv: Sequence[str]) -> list[str]:
    """Let `look --satellite A B` mean `--satellite A --satellite B`; the same for all lists, and `coverage`.

    And let `sensors NAME` mean `sensors show NAME`.
    """
    if len(argv) > 1 and argv[0] == "sensors" and argv[1] not in ("list", "show", "check"):
        return [argv[0], *([] if argv[1].startswith("-") else ["show"]), *argv[1:]]
    if not argv or argv[0] not in ("look", "coverage"):
        return list(argv)
    result: list[str] = []
    many, taken = "", False
    for word in argv:
        if word in _MANY:
            many, taken = word, False
        elif word.startswith("-") and not (many and (not taken or word[1:2].isdigit())):
            many = ""
        elif many and taken:
            result.append(many)
        elif many:
            taken = True
        result.append(word)
    return result
