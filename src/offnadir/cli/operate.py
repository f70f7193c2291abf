"""`offnadir operate`: the mission loop."""

from __future__ import annotations

import signal
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from offnadir.cli import _say
from offnadir.errors import InputError

#: How often a loop that stays looks for new orders.
_STAY_S = 1.0

if TYPE_CHECKING:
    from offnadir.epoch import Epoch
    from offnadir.operations import Context, Status


def operate(
    operation: Annotated[
        Path,
        typer.Argument(
            metavar="OPERATION.toml", envvar="OFFNADIR_OPERATION", help="The operation file."
        ),
    ],
    until: Annotated[
        str | None,
        typer.Option(metavar="UTC", help="Stop at this time. [default: run until stopped]"),
    ] = None,
    status: Annotated[
        bool, typer.Option("--status", help="Do nothing, say where the operation stands.")
    ] = False,
    stay: Annotated[
        bool,
        typer.Option(
            "--stay", help="On a set clock, wait for new orders when nothing is left to happen."
        ),
    ] = False,
    user: Annotated[
        str | None,
        typer.Option(
            "--as",
            metavar="NAME",
            envvar="OFFNADIR_USER",
            help="Who starts it. [default: your name on this machine]",
        ),
    ] = None,
    json: Annotated[bool, typer.Option("--json", help="Print where it stands as JSON.")] = False,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="Do not say what happens.")] = False,
) -> None:
    """Run an operation: plan its orders, take, process, release and deliver their pictures.

    It goes on where it was stopped, whatever stopped it: everything stands in the database. One loop at a
    time runs an operation. Ctrl-C ends it after what it is at.
    """
    from offnadir.cli._desk import acting_name
    from offnadir.epoch import Epoch
    from offnadir.operations import admit_loop, open_operation, run, status_of

    end = None if until is None else Epoch.from_utc(until, field="--until")

    def say(at: Epoch, text: str) -> None:
        if not quiet:
            _say.note(f"{at.utc(0)}  {text}")

    with open_operation(operation, say=say, brief=write_brief) as here:
        if not status:
            if end is not None and end <= here.clock.now():
                wish = f"later than the operation's clock, {here.clock.now().utc(0)}"
                raise InputError("--until", until, wish)
            admit_loop(here, acting_name(user))
            if not quiet:
                _say.first_plan()  # before the first order wants it
                if here.operation.camera.kind == "simulated":
                    _say.images_follow()
            _run(here, end, run, stay=stay)
        found = status_of(here)
    if json:
        _say.print_json(found.document())
    elif status or not quiet:
        print(told(found))


def _run(here: Context, end: Epoch | None, run: Any, *, stay: bool) -> None:
    if not here.operation.lists:
        _say.warn(
            ["no list of sanctioned persons: every order is held (`lists` in the operation file)"]
        )
    here.lease.take(patience_s=here.lease.lasts_s + 5.0)
    try:
        with _ended_by_hand() as stops:
            run(here, until=end, stops=stops)
            while stay and not stops():
                time.sleep(_STAY_S)
                run(here, until=end, stops=stops)
    finally:
        here.lease.give_back()


@contextmanager
def _ended_by_hand() -> Iterator[Any]:
    """The first Ctrl-C, or SIGTERM, ends the loop after its step; the second ends the program."""
    pressed: list[int] = []

    def on_signal(number: int, frame: Any) -> None:
        if pressed:
            raise KeyboardInterrupt
        pressed.append(number)
        _say.note("Stopping after this step; again to stop at once. Nothing is lost either way.")

    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    if before[signal.SIGINT] is not signal.default_int_handler:  # ignored, or someone else's
        yield lambda: False
        return
    for number in before:
        signal.signal(number, on_signal)
    try:
        yield lambda: bool(pressed)
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def write_brief(order: Mapping[str, Any], item: Mapping[str, Any], folder: Path) -> None:
    """The brief that goes with a picture, in English and Korean."""
    from offnadir.briefs import delivery_brief

    for language in ("en", "ko"):
        text = delivery_brief(order, item, folder, language)
        (folder / f"brief.{language}.html").write_text(text, "utf-8")


def told(found: Status) -> str:
    """Where it stands, for people."""
    lines = [
        f"{found.now.utc(0)}, plan {found.plan}" + (f", run by {found.runs}" if found.runs else "")
    ]
    rows = [
        (
            one.id,
            str(one.stage),
            one.satellite,
            one.start.utc(0),
            "-" if one.down is None else one.down.utc(0),
            one.told,
        )
        for one in found.pictures
    ]
    if rows:
        head = ("picture", "stage", "satellite", "taken", "down", "")
        lines.append(_say.columns(head, rows, (False,) * 6))
    for satellite, station, at, state in found.uplinks:
        handed = ", commands handed over" if state == "handed" else ""
        lines.append(f"next uplink to {satellite}: {at.utc(0)} by {station}{handed}")
    waiting = {state: n for state, n in found.messages.items() if state != "sent"}
    if waiting:
        lines.append("messages: " + ", ".join(f"{n} {state}" for state, n in waiting.items()))
    if found.next_due is not None:
        lines.append(f"next: {found.next_due.utc(0)}")
    return "\n".join(lines)
