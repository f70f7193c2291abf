"""Where an operation stands: its clock, plan, uplinks, pictures and messages."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import Any

from offnadir._database import sa
from offnadir.epoch import Epoch
from offnadir.operations._context import Context
from offnadir.operations._facts import fact
from offnadir.operations._pictures import Picture, read_pictures
from offnadir.operations._plans import newest_plan
from offnadir.operations._tables import MESSAGES, UPLINKS
from offnadir.operations.loop import next_due


@dataclass(frozen=True, slots=True, kw_only=True)
class Status:
    """An operation at one instant. `next_due` is when something is to be done next; `runs` who runs it.

    `uplinks` are those to come: satellite, station, begin, and "due" or "handed" (over to the operator).
    """

    now: Epoch
    runs: str
    plan: int
    next_due: Epoch | None
    pictures: tuple[Picture, ...]
    uplinks: tuple[tuple[str, str, Epoch, str], ...]
    messages: dict[str, int]

    def document(self) -> dict[str, Any]:
        """For JSON."""
        return {
            "now": self.now.utc(3),
            "runs": self.runs,
            "plan": self.plan,
            "next_due": None if self.next_due is None else self.next_due.utc(3),
            "stages": dict(Counter(str(one.stage) for one in self.pictures)),
            "pictures": [
                {
                    "id": one.id,
                    "order": one.order_id,
                    "satellite": one.satellite,
                    "start": one.start.utc(3),
                    "down": None if one.down is None else one.down.utc(3),
                    "station": one.station,
                    "stage": str(one.stage),
                    "told": one.told,
                    "item": one.item,
                }
                for one in self.pictures
            ],
            "uplinks": [
                {"satellite": satellite, "station": station, "at": at.utc(3), "state": state}
                for satellite, station, at, state in self.uplinks
            ],
            "messages": self.messages,
        }


def status_of(here: Context) -> Status:
    """Where it stands now; nothing is changed, and no lease is needed."""
    now = here.clock.now()
    with here.database.read() as connection:
        uplinks = connection.execute(
            sa.select(UPLINKS)
            .where(UPLINKS.c.state.in_(("due", "handed")))
            .order_by(UPLINKS.c.at_tai_ns)
        ).all()
        messages = connection.execute(
            sa.select(MESSAGES.c.state, sa.func.count()).group_by(MESSAGES.c.state)
        ).all()
        pictures = read_pictures(connection)
        plan = newest_plan(connection)
        runs = (fact(connection, "lease") or "").partition(" ")[0].rpartition(":")[0]
    return Status(
        now=now,
        runs=runs,
        plan=plan,
        next_due=next_due(here, now),
        pictures=tuple(pictures),
        uplinks=tuple(
            (one.satellite, one.station, Epoch(one.at_tai_ns), one.state) for one in uplinks
        ),
        messages={str(row[0]): int(row[1]) for row in messages},
    )
