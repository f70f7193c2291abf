"""Handing over: a real operator gets commands some time before the contact that brings them up.

What was handed over is kept as a fact beside its uplink, so that a killed loop writes each file once.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from offnadir._database import DatabaseGoneError, sa
from offnadir.epoch import Epoch
from offnadir.errors import OffnadirError
from offnadir.operations._context import Context
from offnadir.operations._facts import fact, tell
from offnadir.operations._orders import drop_unwanted, may_go_up
from offnadir.operations._pictures import (
    TO_COME,
    WITHDRAWN,
    Stage,
    read_pictures,
)
from offnadir.operations._tables import UPLINKS
from offnadir.units import minute

#: How long after a file that could not be written it is tried again.
_AGAIN_S: Final = minute


@dataclass(frozen=True, slots=True, kw_only=True)
class Handed:
    """The commands of one uplink: so many files were written for it, the last with `pictures`.

    `wanted` are the pictures of the next file, None if none is to be written; not before `again`.
    """

    satellite: str
    station: str
    at: Epoch
    files: int = 0
    pictures: tuple[str, ...] = ()
    wanted: tuple[str, ...] | None = None
    again: Epoch | None = None

    @property
    def key(self) -> str:
        """The fact in which it is kept."""
        return f"handed {self.at.tai_ns} {self.satellite}"

    def keep(self, connection: sa.Connection) -> None:
        """Write it down."""
        document = {
            "files": self.files,
            "pictures": self.pictures,
            "wanted": self.wanted,
            "again": None if self.again is None else self.again.tai_ns,
        }
        tell(connection, self.key, json.dumps(document))


def read_handed(connection: sa.Connection) -> list[Handed]:
    """What is handed over, or about to be, for contacts that are not closed yet."""
    rows = connection.execute(
        sa.select(UPLINKS)
        .where(UPLINKS.c.state == "handed")
        .order_by(UPLINKS.c.at_tai_ns, UPLINKS.c.satellite)
    )
    return [_read(connection, row) for row in rows]


def _read(connection: sa.Connection, row: Any) -> Handed:
    plain = Handed(satellite=row.satellite, station=row.station, at=Epoch(row.at_tai_ns))
    kept = json.loads(fact(connection, plain.key) or "{}")
    wanted, again = kept.get("wanted"), kept.get("again")
    return replace(
        plain,
        files=kept.get("files", 0),
        pictures=tuple(kept.get("pictures", ())),
        wanted=None if wanted is None else tuple(wanted),
        again=None if again is None else Epoch(again),
    )


def hand_over(here: Context, now: Epoch) -> bool:
    """Write the command files that are due, and those that take the place of one; whether there were any."""
    if not here.spacecraft.hands_ahead:
        return False
    lead_s = here.operation.horizon.uplink_lead_s
    with here.database.read() as connection:
        due = connection.execute(
            sa.select(UPLINKS)
            .where(
                UPLINKS.c.state == "due",
                UPLINKS.c.at_tai_ns > now.tai_ns,
                UPLINKS.c.at_tai_ns <= (now + lead_s).tai_ns,
            )
            .order_by(UPLINKS.c.at_tai_ns, UPLINKS.c.satellite)
        ).all()
        handed = [one for one in read_handed(connection) if one.at > now]
        changed = [one for one in handed if one.wanted is None and _gone(here, connection, one)]
    for row in due:
        _begin(here, row, now)
    for one in changed:
        _begin_again(here, one, now)
    waiting = [one for one in handed if one.wanted is not None]
    ready = [one for one in waiting if one.again is None or one.again <= now]
    for one in ready:
        _write(here, one, now)
    return bool(due or changed or ready)


def _begin(here: Context, row: Any, now: Epoch) -> None:
    """What goes up at this contact is settled; the file is written next."""
    plain = Handed(satellite=row.satellite, station=row.station, at=Epoch(row.at_tai_ns))
    with here.begin() as connection:
        load = []
        for one in read_pictures(connection, TO_COME):
            if one.satellite != plain.satellite or one.start < plain.at or one.told == WITHDRAWN:
                continue
            if one.stage == Stage.PLANNED and not may_go_up(here, connection, one):
                drop_unwanted(connection, one, now)
                continue
            load.append(one.id)
        replace(plain, wanted=tuple(load)).keep(connection)
        connection.execute(
            sa.update(UPLINKS)
            .where(UPLINKS.c.satellite == row.satellite, UPLINKS.c.at_tai_ns == row.at_tai_ns)
            .values(state="handed")
        )


def _begin_again(here: Context, handed: Handed, now: Epoch) -> None:
    """Some of what was handed over must not be taken: a file without it is written next."""
    with here.begin() as connection:
        gone = set(_gone(here, connection, handed))
        for one in read_pictures(connection, (Stage.PLANNED,)):
            if one.id in gone:
                why = (
                    "taken back from what was handed over: its order is held, withdrawn or amended"
                )
                drop_unwanted(connection, one, now, told=why)
        rest = tuple(one for one in handed.pictures if one not in gone)
        replace(handed, wanted=rest).keep(connection)


def _write(here: Context, handed: Handed, now: Epoch) -> None:
    wanted = handed.wanted or ()
    with here.database.read() as connection:
        load = [one for one in read_pictures(connection, TO_COME) if one.id in wanted]
    number = handed.files + 1
    try:
        here.spacecraft.command(handed.satellite, handed.at, handed.station, load, number=number)
    except DatabaseGoneError:
        raise
    except (OffnadirError, OSError) as error:
        with here.begin() as connection:
            replace(handed, again=now + _AGAIN_S).keep(connection)
        here.say(now, f"commands for {handed.satellite}: {error}; trying again in 1 min")
        return
    with here.begin() as connection:
        done = replace(handed, files=number, pictures=wanted, wanted=None, again=None)
        done.keep(connection)
    again = "" if number == 1 else f", file {number}, which takes the place of those before"
    here.say(
        now,
        f"commands for {handed.satellite} handed over for {handed.at.utc(0)} by {handed.station}: "
        f"{len(load)} pictures{again}",
    )


def _gone(here: Context, connection: sa.Connection, handed: Handed) -> Sequence[str]:
    """Pictures of the last file that must not be taken; that a newer plan has others is no reason."""
    there = {one.id: one for one in read_pictures(connection, TO_COME)}
    return [
        name
        for name in handed.pictures
        if name not in there or not may_go_up(here, connection, there[name])
    ]


def next_handing(here: Context, connection: sa.Connection) -> list[Epoch]:
    """Instants at which something is to be handed over, or a contact begins for which it was."""
    found = []
    for one in read_handed(connection):
        found.append(one.at)
        if one.wanted is not None and one.again is not None:
            found.append(one.again)
    first = connection.execute(
        sa.select(sa.func.min(UPLINKS.c.at_tai_ns)).where(UPLINKS.c.state == "due")
    ).scalar()
    if first is not None:
        lead_s = here.operation.horizon.uplink_lead_s if here.spacecraft.hands_ahead else 0.0
        found.append(Epoch(first) + -lead_s)
    return found
