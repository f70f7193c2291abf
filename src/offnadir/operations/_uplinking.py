"""Uplinks: at a contact a satellite is told what to do from then on."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import replace
from typing import Final

from offnadir._database import DatabaseGoneError, sa
from offnadir.epoch import Epoch
from offnadir.errors import OffnadirError
from offnadir.operations._context import Context, want_plan
from offnadir.operations._facts import tell
from offnadir.operations._handing import hand_over, read_handed
from offnadir.operations._horizon import Contact
from offnadir.operations._orders import drop_unwanted, may_go_up, step_back, step_on
from offnadir.operations._pictures import (
    TO_COME,
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
    """Hand over what is due, and note what went up; whether there was anything."""
    handed = hand_over(here, now)
    with here.database.read() as connection:
        due = connection.execute(
            sa.select(UPLINKS)
            .where(UPLINKS.c.state.in_(("due", "handed")), UPLINKS.c.at_tai_ns <= now.tai_ns)
            .order_by(UPLINKS.c.at_tai_ns, UPLINKS.c.satellite)
        ).all()
    for row in due:
        work = _ahead if here.spacecraft.hands_ahead else _one
        work(here, row.satellite, Epoch(row.at_tai_ns), row.station, now)
    return handed or bool(due)


def _one(here: Context, satellite: str, at: Epoch, station: str, now: Epoch) -> None:
    with here.begin() as connection:
        mine = _to_come(connection, satellite, at)
        for one in [one for one in mine if one.stage == Stage.PLANNED]:
            if not may_go_up(here, connection, one):
                drop_unwanted(connection, one, now)
                mine.remove(one)
        late = now - at > LATE_S
        if late or _strikes(here, connection, satellite, at, station):
            _missed(here, connection, satellite, at, station, mine, now)
            return
    load = [one for one in mine if one.told != WITHDRAWN]
    if not _handed_over(here, satellite, at, station, load, now):
        with here.begin() as connection:
            _missed(here, connection, satellite, at, station, mine, now)
        return
    with here.begin() as connection:
        _told(here, connection, satellite, at, station, mine, [one.id for one in load], now)
    here.say(now, f"uplink to {satellite} by {station}: {len(load)} pictures")


def _ahead(here: Context, satellite: str, at: Epoch, station: str, now: Epoch) -> None:
    """The contact begins: what was handed over last goes up; if nothing was, it is missed."""
    with here.begin() as connection:
        mine = _to_come(connection, satellite, at)
        found = [
            one for one in read_handed(connection) if (one.satellite, one.at) == (satellite, at)
        ]
        load = found[0].pictures if found else ()
        missed = not found or found[0].files == 0
        if missed or _strikes(here, connection, satellite, at, station):
            known = {*load, *(found[0].wanted or () if found else ())}
            lost = [one for one in mine if not found or one.id in known]
            _missed(here, connection, satellite, at, station, lost, now)
        else:
            _told(here, connection, satellite, at, station, mine, load, now)
            here.say(now, f"uplink to {satellite} by {station}: {len(load)} pictures")
        for one in found:
            tell(connection, one.key, None)


def _to_come(connection: sa.Connection, satellite: str, at: Epoch) -> list[Picture]:
    return [
        one
        for one in read_pictures(connection, TO_COME)
        if one.satellite == satellite and one.start >= at
    ]


def _strikes(
    here: Context, connection: sa.Connection, satellite: str, at: Epoch, station: str
) -> bool:
    """Whether an uplink is missed on purpose."""
    return here.faults.strikes(
        connection, "missed_uplink", at, satellite=satellite, station=station
    ) or here.faults.strikes(connection, "station_down", at, station=station)


def _told(
    here: Context, connection: sa.Connection, satellite: str, at: Epoch, station: str,
    pictures: Sequence[Picture], load: Collection[str], now: Epoch,
) -> None:  # fmt: skip
    """The satellite has its commands: what is in `load`, and nothing else from then on."""
    for one in pictures:
        if one.id not in load:
            if one.told == WITHDRAWN:  # told before, and not wanted any more
                move_picture(connection, one, Stage.DROPPED, now, "withdrawn by a later uplink")
                step_back(here, connection, one, now, "the plan changed")
        elif one.stage == Stage.PLANNED and not may_go_up(here, connection, one):
            # amended, held or withdrawn while it went up: it is on board, and not wanted there
            drop_unwanted(connection, one, now, Stage.ABOARD, WITHDRAWN)
        elif one.stage == Stage.PLANNED:
            move_picture(connection, one, Stage.ABOARD, now, one.told)
            told = f"{satellite} has its commands, by {station}"
            step_on(here, connection, one, "tasked", now, told)
    _close(connection, satellite, at, "done")


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


def booked(connection: sa.Connection, before: Epoch) -> list[Contact]:
    """Uplinks that are near or handed over already: too late for their load to change."""
    rows = connection.execute(
        sa.select(UPLINKS)
        .where(
            sa.or_(
                UPLINKS.c.state == "handed",
                sa.and_(UPLINKS.c.state == "due", UPLINKS.c.at_tai_ns < before.tai_ns),
            )
        )
        .order_by(UPLINKS.c.at_tai_ns, UPLINKS.c.satellite)
    )
    return [
        Contact(
            satellite=row.satellite, station=row.station, start=Epoch(row.at_tai_ns),
            stop=Epoch(row.at_tai_ns) + LATE_S,
        )
        for row in rows
    ]  # fmt: skip


def settled(
    connection: sa.Connection, near: Iterable[Contact], pictures: Iterable[Picture]
) -> frozenset[str]:
    """Ids of planned pictures that these uplinks bring up."""
    handed = {(one.satellite, one.at): one for one in read_handed(connection)}
    found = set[str]()
    for uplink in near:
        key = (uplink.satellite, uplink.start)
        if key in handed:
            found |= {*handed[key].pictures, *(handed[key].wanted or ())}
            continue
        found |= {
            one.id
            for one in pictures
            if one.satellite == uplink.satellite and one.start >= uplink.start
        }
    return frozenset(one.id for one in pictures if one.stage == Stage.PLANNED and one.id in found)


def as_aboard(pictures: Iterable[Picture], settled: Collection[str]) -> list[Picture]:
    """Pictures as the planner sees them: what an uplink that is near brings up cannot be changed either."""
    return [replace(one, stage=Stage.ABOARD) if one.id in settled else one for one in pictures]
