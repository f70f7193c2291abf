"""What every step of the loop needs, and how a step writes: in one transaction, under the lease."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from offnadir._database import Database, sa
from offnadir.epoch import Epoch
from offnadir.operations._book import Book
from offnadir.operations._clock import Clock
from offnadir.operations._config import Operation
from offnadir.operations._facts import tell
from offnadir.operations._faults import Faults
from offnadir.operations._lease import Lease
from offnadir.operations._spacecraft import Spacecraft

if TYPE_CHECKING:
    from offnadir.catalog import Archive
    from offnadir.tasking import Desk

#: Called with an instant of the operation's clock and what happened then.
Say = Callable[[Epoch, str], None]
#: Writes what comes with a picture that is delivered: the order, the STAC item, the folder.
Brief = Callable[[Mapping[str, Any], Mapping[str, Any], Path], None]


def _silent(at: Epoch, text: str) -> None:
    pass


@dataclass(slots=True, kw_only=True)
class Context:
    """The operation at work."""

    operation: Operation
    database: Database
    desk: Desk
    archive: Archive
    clock: Clock
    spacecraft: Spacecraft
    lease: Lease
    faults: Faults
    book: Book = field(default_factory=Book)
    say: Say = _silent
    brief: Brief | None = None
    list_stamps: tuple[tuple[int, int] | None, ...] = ()
    report: Callable[[str, int, int], None] | None = None
    pause: Callable[[float], None] = (
        time.sleep
    )  # [s] of the real clock, while something is waited for

    def warn(self, text: str) -> None:
        """Say what went wrong now."""
        self.say(self.clock.now(), text)

    @contextmanager
    def begin(self) -> Iterator[sa.Connection]:
        """One transaction; whoever runs the loop no longer writes nothing."""
        with self.desk.begin() as connection:
            self.lease.hold(connection)
            yield connection

    def work(self, picture: str) -> Path:
        """Where raw data of a picture lie."""
        return self.operation.work / picture

    def product(self, order: str, picture: str) -> Path:
        """Where a picture's product lies."""
        return self.operation.products / order / picture


def want_plan(connection: sa.Connection, why: str) -> None:
    """A new plan is needed, as soon as the steps before it are done."""
    tell(connection, "plan_wanted", why)
