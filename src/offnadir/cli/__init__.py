"""The command line: `offnadir look | plan | sensors | demo`, one file a verb."""

from offnadir.cli._main import main

__all__ = ["main"]
