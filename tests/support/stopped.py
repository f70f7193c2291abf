"""A loop that stops itself (SIGSTOP) at a point: `python -m support.stopped PATH LEVEL1 POINT`.

Halfway through receiving, making or delivering a picture, with half a second of its lease left. Never
within a transaction: that would keep an SQLite locked for all others, for as long as it is stopped.
"""

from __future__ import annotations

import os
import signal
import sys
from pathlib import Path
from typing import Any

from offnadir.operations import open_operation, run
from support.faults import NOON
from support.operation import Tape


def main(path: Path, level1: Path, point: str) -> None:
    """Run the operation; ends as the loop does."""
    stopped = []

    def at(now: str) -> None:
        if now == point and not stopped:
            stopped.append(now)
            here.lease.lasts_s = 0.5
            with here.begin():  # renews it
                pass
            os.kill(os.getpid(), signal.SIGSTOP)

    class Stopping(Tape):
        def receive(self, picture: Any, plan: Any, folder: Path) -> None:
            super().receive(picture, plan, folder)
            at("receiving")

    with open_operation(
        path, spacecraft=Stopping(level1), brief=lambda *words: at("delivering")
    ) as here:
        here.report = lambda *words: at("making")
        here.lease.lasts_s = 1000.0  # and nothing beats meanwhile
        here.lease.take()
        run(here, until=NOON)


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[3])
