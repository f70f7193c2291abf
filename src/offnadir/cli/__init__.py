"""The command line: `offnadir look | plan | check | sensors | demo`, one file a verb."""

from __future__ import annotations

import sys

__all__ = ["main"]


def main() -> None:
    """Run the command line; Ctrl-C while it is still being loaded shows no traceback either."""
    try:
        from offnadir.cli._main import main as run
    except KeyboardInterrupt:
        print("offnadir: interrupted", file=sys.stderr)
        forget_interrupt()
        sys.exit(130)
    run()


def forget_interrupt() -> None:
    """Let the exit code count: CPython 3.11 remembers a Ctrl-C that met a text in `exec`, as dataclasses are
    made of, and `python -m` would end itself by that signal, whatever was said. The next text forgets it.
    """
    eval("0")  # noqa: S307
