"""What every answer is made from: the rooms below, brought to life once for a process."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from offnadir.epoch import Epoch
from offnadir.service._settings import Settings

if TYPE_CHECKING:
    from offnadir._database import Database
    from offnadir.catalog import Archive
    from offnadir.operations import Context, Operation
    from offnadir.service._fleet import Fleet, Fleets
    from offnadir.tasking import Desk


@dataclass(frozen=True, slots=True, kw_only=True)
class Service:
    """An operation as the service sees it. It holds no lease and moves no clock: the loop does that."""

    settings: Settings
    here: Context
    fleets: Fleets

    @property
    def fleet(self) -> Fleet:
        """Satellites, stations, products, as their files have them now."""
        return self.fleets.now

    @property
    def operation(self) -> Operation:
        """The operation file."""
        return self.here.operation

    @property
    def database(self) -> Database:
        """Where everything stands."""
        return self.here.database

    @property
    def desk(self) -> Desk:
        """Orders, customers, decisions."""
        return self.here.desk

    @property
    def archive(self) -> Archive:
        """Pictures."""
        return self.here.archive

    @property
    def now(self) -> Callable[[], Epoch]:
        """The operation's clock."""
        return self.desk.clock
