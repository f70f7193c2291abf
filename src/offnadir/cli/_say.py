"""Talking to people: warnings and progress on stderr, tables on stdout."""

from __future__ import annotations

import json
import shlex
import sys
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

    import typer

_SHOWN = 5


def note(text: str) -> None:
    """Print a line of information on stderr, out of the way of data on stdout."""
    print(text, file=sys.stderr)


def warn(texts: Iterable[str]) -> None:
    """Print warnings on stderr."""
    for text in texts:
        print(f"warning: {text}", file=sys.stderr)


def print_json(content: Any) -> None:
    """JSON on stdout, for scripts."""
    json.dump(content, sys.stdout, indent=1, ensure_ascii=False)
    print()


def command(context: typer.Context) -> str:
    """The command that is being run, as one would type it again; nothing if a program runs it."""
    words = context.find_root().obj
    return shlex.join(["offnadir", *words]) if words else ""


def some(items: Sequence[str], shown: int = _SHOWN) -> Iterator[str]:
    """The first few items, then how many more there are."""
    yield from items[:shown]
    if len(items) > shown:
        yield f"... and {len(items) - shown} more"


def first_use(what: str) -> None:
    """Say why a first use takes longer, at the moment when something has to be compiled."""
    from offnadir._jit import on_compiling

    on_compiling(lambda: note(f"First use: compiling {what}, once ..."))


def first_search(what: str = "the search, up to half a minute") -> None:
    """The same for the access search; a second process compiles a part of it."""
    from offnadir._jit import compile_beside, is_compiled

    first_use(what)
    if not is_compiled("_rows.rows"):
        compile_beside("offnadir.access._warm")


def first_plan() -> None:
    """The same for the planner."""
    from offnadir._jit import compile_beside, is_compiled

    first_search("the search and the planner, up to a minute and a half")
    if not is_compiled("_search_kernels.search"):
        compile_beside("offnadir.planning._warm")


def images_follow() -> None:
    """The same for images that are to be taken later: nothing is said, another process compiles."""
    from offnadir._jit import compile_beside, is_compiled

    if not is_compiled("_sampling_kernels.look_down"):
        compile_beside("offnadir.imagery._warm")


@contextmanager
def progress(quiet: bool, *, left: bool = False) -> Iterator[Callable[[str, int, int], None]]:
    """A progress bar on stderr when a person watches it; `report(stage, done, total)` moves it on.

    What follows a colon in `stage` is told beside the bar and may change. `left` tells how much time is
    left instead of how much has passed.
    """
    if quiet or not sys.stderr.isatty():
        yield lambda stage, done, total: None
        return
    from rich.console import Console
    from rich.progress import (
        BarColumn,
        Progress,
        TextColumn,
        TimeElapsedColumn,
        TimeRemainingColumn,
    )

    clock = TimeRemainingColumn() if left else TimeElapsedColumn()
    columns = (TextColumn("{task.description:<34}"), BarColumn(), clock)
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        tasks: dict[str, int] = {}

        def report(stage: str, done: int, total: int) -> None:
            name = stage.partition(":")[0]
            if name not in tasks:
                tasks[name] = bar.add_task(stage, total=total or None)
            bar.update(tasks[name], description=stage, completed=done, total=total or None)  # type: ignore[arg-type]

        yield report


def count(number: int, noun: str) -> str:
    """A number with its noun: "1 window", "2 windows"."""
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def columns(header: Sequence[str], rows: Sequence[Sequence[str]], right: Sequence[bool]) -> str:
    """A plain table: columns as wide as their longest cell, numbers to the right."""
    widths = [
        max(len(header[i]), max((len(row[i]) for row in rows), default=0))
        for i in range(len(header))
    ]
    lines = []
    for row in [header, *rows]:
        cells = [
            cell.rjust(width) if is_right else cell.ljust(width)
            for cell, width, is_right in zip(row, widths, right, strict=True)
        ]
        lines.append("  ".join(cells).rstrip())
    return "\n".join(lines)
