"""Uplinks: at a contact a satellite is told what to do from then on."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Final

from offnadir._database import DatabaseGoneError, sa
from offnadir.epoch import Epoch
from offnadir.errors import OffnadirError
from offnadir.operations._context import Context, want_plan
from offnadir.operations._horizon import Contact
from offnadir.operations._orders import PLANNED_STATES, find_order, step_back, step_on
from offnadir.operations._pictures import (
    WITHDRAWN,
    Picture,
    Stage,
    move_picture,
    read_pictures,
)
from offnadir.operations._tables import UPLINKS
from offnadir.units import minute

#: An uplink that is found due so long after its contact began was slept through.
LATE_S: Final = 5 * minute
#: How long is waited between tries to hand over commands; a contact does not last much longer.
_PAUSES_S: Final = (1.0, 2.0, 5.0)


def uplink(here: Context, now: Epoch) -> bool:
    """Hand over what is due; whether anything was."""
    with here.database.read() as connection:
        due = connection.execute(
            sa.select(UPLINKS)
            .where(UPLINKS.c.state == "due", UPLINKS.c.at_tai_ns <= now.tai_ns)
            .order_by(UPLINKS.c.at_tai_ns, UPLINKS.c.satellite)
        ).all()
    for row in due:
        _one(here, row.satellite, Epoch(row.at_tai_ns), row.station, now)
    return bool(due)


def _one(here: Context, satellite: str, at: Epoch, station: str, now: Epoch) -> None:
    with here.begin() as connection:
        mine = [
            one
            for one in read_pictures(connection, (Stage.PLANNED, Stage.ABOARD))
            if one.satellite == satellite and one.start >= at
        ]
        for one in [one for one in mine if one.stage == Stage.PLANNED]:
            if find_order(here, connection, one.order_id).state not in PLANNED_STATES:
                move_picture(connection, one, Stage.DROPPED, now, "its order is held or withdrawn")
                mine.remove(one)
        late = now - at > LATE_S
        missed = (
            late
            or here.faults.strikes(
                connection, "missed_uplink", at, satellite=satellite, station=station
            )
            or here.faults.strikes(connection, "station_down", at, station=station)
        )
        if missed:
            _missed(here, connection, satellite, at, station, mine, now)
            return
    load = [one for one in mine if one.told != WITHDRAWN]
    if not _handed_over(here, satellite, at, station, load, now):
        with here.begin() as connection:
            _missed(here, connection, satellite, at, station, mine, now)
        return
    with here.begin() as connection:
        for one in mine:
            if one.told == WITHDRAWN:  # told before, and not wanted any more
                move_picture(connection, one, Stage.DROPPED, now, "withdrawn by a later uplink")
                step_back(here, connection, one, now, "the plan changed")
            elif one.stage == Stage.PLANNED:
                move_picture(connection, one, Stage.ABOARD, now)
                told = f"{satellite} has its commands, by {station}"
                step_on(here, connection, one, "tasked", now, told)
        _close(connection, satellite, at, "done")
    here.say(now, f"uplink to {satellite} by {station}: {len(load)} pictures")


def _handed_over(
    here: Context, satellite: str, at: Epoch, station: str, load: list[Picture], now: Epoch
) -> bool:
    """Whether the satellite could be told what to do, tried some times: a full disk may not stay so."""
    for pause_s in (*_PAUSES_S, None):
        try:
            here.spacecraft.command(satellite, at, station, load)
        except DatabaseGoneError:
            raise
        except (OffnadirError, OSError) as error:
            here.say(now, f"uplink to {satellite} by {station}: {error}")
            if pause_s is not None:
                here.pause(pause_s)
        else:
            return True
    return False


def _missed(
    here: Context,
    connection: sa.Connection,
    satellite: str,
    at: Epoch,
    station: str,
    pictures: list[Picture],
    now: Epoch,
) -> None:
    """What was to be told is not on board; what was told before still is."""
    for one in pictures:
        if one.stage == Stage.PLANNED:
            move_picture(connection, one, Stage.DROPPED, now, f"uplink by {station} missed")
            step_back(here, connection, one, now, f"the uplink by {station} was missed")
    _close(connection, satellite, at, "missed")
    want_plan(connection, f"uplink to {satellite} by {station} missed")
    here.say(now, f"uplink to {satellite} by {station} MISSED")


def _close(connection: sa.Connection, satellite: str, at: Epoch, state: str) -> None:
    connection.execute(
        sa.update(UPLINKS)
        .where(UPLINKS.c.satellite == satellite, UPLINKS.c.at_tai_ns == at.tai_ns)
        .values(state=state)
    )


def book_uplinks(
    connection: sa.Connection, contacts: Iterable[Contact], plan: int, before: Epoch
) -> None:
    """These contacts, and none but these and those that begin before `before`, bring up plan `plan`."""
    connection.execute(
        sa.delete(UPLINKS).where(UPLINKS.c.state == "due", UPLINKS.c.at_tai_ns >= before.tai_ns)
    )
    for one in contacts:
        key = (UPLINKS.c.satellite == one.satellite) & (UPLINKS.c.at_tai_ns == one.start.tai_ns)
        if connection.execute(sa.select(UPLINKS.c.state).where(key)).first() is None:
            connection.execute(
                sa.insert(UPLINKS).values(
                    satellite=one.satellite, at_tai_ns=one.start.tai_ns, station=one.station,
                    state="due", plan=plan,
                )
            )  # fmt: skip
        else:
            connection.execute(sa.update(UPLINKS).where(key).values(plan=plan, state="due"))


def booked(connection: sa.Connection, before: Epoch) -> dict[str, Epoch]:
    """Uplinks that are due before an instant, by satellite: too near for their load to change."""
    rows = connection.execute(
        sa.select(UPLINKS.c.satellite, UPLINKS.c.at_tai_ns).where(
            UPLINKS.c.state == "due", UPLINKS.c.at_tai_ns < before.tai_ns
        )
    )
    return {row.satellite: Epoch(row.at_tai_ns) for row in rows}


def as_aboard(pictures: Iterable[Picture], near: dict[str, Epoch]) -> list[Picture]:
    """Pictures as the planner sees them: what an uplink that is near brings up cannot be changed either."""
    return [
        replace(one, stage=Stage.ABOARD)
        if one.stage == Stage.PLANNED and one.satellite in near and one.start >= near[one.satellite]
        else one
        for one in pictures
    ]
