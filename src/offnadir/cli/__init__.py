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
        sys.exit(130)
    run()
