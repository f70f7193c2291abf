"""The clock that the loop runs by: the real one, or one that is set and runs as fast as the work allows."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from offnadir._database import Database, sa
from offnadir.epoch import Epoch
from offnadir.errors import InputError
from offnadir.operations._facts import instant_of, tell
from offnadir.tasking._audit import turn


class Clock(Protocol):
    """What time it is for the operation, and how it comes to be later."""

    is_real: bool

    def now(self) -> Epoch:
        """The present."""
        ...

    def wait(self, until: Epoch) -> None:
        """Return at `until` or before; whoever waits looks at the clock again."""
        ...

    def look(self) -> None:
        """See what time it is now: another may have set the clock since."""
        ...


@dataclass(slots=True)
class RealClock:
    """The clock of this machine; waits `step_s` at a time, so that new orders are seen."""

    step_s: float = 5.0
    is_real: bool = True

    def now(self) -> Epoch:
        """The present, by UTC of this machine."""
        return Epoch.from_utc_ns(time.time_ns())

    def wait(self, until: Epoch) -> None:
        """Sleep until then, but for `step_s` at most."""
        time.sleep(min(max(until - self.now(), 0.0), self.step_s))

    def look(self) -> None:
        """Nothing is remembered."""


@dataclass(slots=True)
class SetClock:
    """A clock kept in the database, so that a loop that was killed goes on at its own time.

    It stands while there is work. `speed` is how many times faster than the real clock it passes what lies
    between; None jumps. `hold` raises if whoever sets it may not any more.
    """

    database: Database
    start: Epoch
    speed: float | None = None
    is_real: bool = False
    hold: Callable[[sa.Connection], None] | None = None
    step_s: float = 5.0
    _set: Epoch | None = None

    def __post_init__(self) -> None:
        if self.speed is not None and not 0 < self.speed <= 1e9:
            raise InputError("speed", self.speed, "above 0, up to 1e9 times the real clock")

    def now(self) -> Epoch:
        """The time it was set to last; at first its start."""
        return self._set or self._read()

    def wait(self, until: Epoch) -> None:
        """Set it to then, after as much real time as its speed asks for; on the way there after `step_s`."""
        now = self.now()
        if until <= now:
            return
        if self.speed is not None:
            real_s = (until - now) / self.speed
            if real_s > self.step_s:  # whoever waits sees what came meanwhile
                real_s, until = self.step_s, now + self.step_s * self.speed
            time.sleep(real_s)
        with turn(self.database) as connection:
            if self.hold is not None:
                self.hold(connection)
            tell(connection, "clock", until.tai_ns)
        self._set = until

    def look(self) -> None:
        """Read it again, at once: whoever asks for the time next may be within a transaction."""
        self._read()

    def _read(self) -> Epoch:
        kept = instant_of(self.database, "clock")
        self._set = self.start if kept is None else Epoch(kept)
        return self._set
