"""Troubles that are made on purpose: each strikes as often as its entry says, across restarts."""

from __future__ import annotations

from collections.abc import Sequence

from offnadir._database import sa
from offnadir.epoch import Epoch
from offnadir.operations._config import Fault
from offnadir.operations._facts import instant, tell


class Faults:
    """The faults of an operation file; how often each has struck stands in the database."""

    def __init__(self, faults: Sequence[Fault]) -> None:
        self.faults = tuple(faults)

    def strikes(
        self,
        connection: sa.Connection,
        kind: str,
        now: Epoch,
        *,
        satellite: str | None = None,
        station: str | None = None,
        order: str | None = None,
    ) -> bool:
        """Whether a fault strikes here and now; counted in the transaction of what it does."""
        for number, one in enumerate(self.faults):
            if one.kind != kind or not _meets(one, now, satellite, station, order):
                continue
            if kind == "station_down":
                return True  # as long as it lasts
            key = f"fault {number}"
            struck = instant(connection, key) or 0
            if struck < one.times:
                tell(connection, key, struck + 1)
                return True
        return False


def _meets(
    fault: Fault, now: Epoch, satellite: str | None, station: str | None, order: str | None
) -> bool:
    if fault.after is not None and now < fault.after:
        return False
    if fault.until is not None and now >= fault.until:
        return False
    return all(
        wish is None or wish == given
        for wish, given in (
            (fault.satellite, satellite), (fault.station, station), (fault.order, order),
        )
    )  # fmt: skip
