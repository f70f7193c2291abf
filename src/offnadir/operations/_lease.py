"""One loop at a time: the right to run it, held in the database and renewed as it runs."""

from __future__ import annotations

import os
import secrets
import socket
import time
from dataclasses import dataclass, field
from typing import Final

from offnadir._database import Database, sa
from offnadir.errors import OffnadirError
from offnadir.operations._facts import fact, tell
from offnadir.tasking._audit import turn

_KEY: Final = "lease"


class LeaseError(OffnadirError):
    """Another loop runs this operation, or took over while this one stood still."""


def _me() -> str:
    return f"{socket.gethostname()}:{os.getpid()}:{secrets.token_hex(4)}"


@dataclass(slots=True)
class Lease:
    """The right to run the loop, for `lasts_s` of the real clock at a time.

    Every transaction of the loop calls `hold`, so a loop that was thought dead writes nothing more once
    another has taken over. Clocks of machines that share a database may differ by some seconds.
    """

    database: Database
    lasts_s: float = 60.0
    holder: str = field(default_factory=_me)

    def take(self, *, patience_s: float = 0.0) -> None:
        """Take it; LeaseError if another still holds it after `patience_s`.

        A right that nobody renews for `lasts_s` while it is watched is over, too, whatever the clock says: it
        may have been set back since.
        """
        begun_s = time.monotonic()
        end_s, seen, seen_s = begun_s + patience_s, ("", 0.0), begun_s
        while True:
            with turn(self.database) as connection:
                other, until_s = found = _read(connection)
                if found != seen:
                    seen, seen_s = found, time.monotonic()
                is_dead = time.monotonic() - seen_s > self.lasts_s
                if other in ("", self.holder) or until_s <= time.time() or is_dead:
                    self._write(connection)
                    return
            if time.monotonic() >= end_s:
                left_s = min(max(until_s - time.time(), 0.0), self.lasts_s)
                raise LeaseError(
                    f"another loop runs this operation ({other.rpartition(':')[0]}); if it is dead, its "
                    f"right ends in {left_s:.0f} s"
                )
            time.sleep(min(max(until_s - time.time(), 0.05), 1.0))

    def hold(self, connection: sa.Connection) -> None:
        """Renew it within a transaction; LeaseError if another has it now."""
        other, _ = _read(connection)
        if other != self.holder:
            raise LeaseError(f"another loop took over: {other.rpartition(':')[0] or 'nobody'}")
        self._write(connection)

    def give_back(self) -> None:
        """Let another run at once."""
        with turn(self.database) as connection:
            if _read(connection)[0] == self.holder:
                tell(connection, _KEY, None)

    def _write(self, connection: sa.Connection) -> None:
        tell(connection, _KEY, f"{self.holder} {time.time() + self.lasts_s:.3f}")


def _read(connection: sa.Connection) -> tuple[str, float]:
    holder, _, until = (fact(connection, _KEY) or " 0").rpartition(" ")
    return holder, float(until)
