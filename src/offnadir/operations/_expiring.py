"""Expiring: an order whose time is over ends, unless a picture of it is on its way."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from offnadir._database import sa
from offnadir.epoch import Epoch
from offnadir.operations._context import Context
from offnadir.operations._coverage import coverage_of
from offnadir.operations._facts import tell
from offnadir.operations._orders import advance, find_order, version_of
from offnadir.operations._pictures import Stage, move_picture, read_pictures
from offnadir.operations._reasons import reason_in_words, reason_within
from offnadir.operations._telling import to_tell
from offnadir.tasking import State
from offnadir.tasking.states import PART

if TYPE_CHECKING:
    from offnadir.tasking import Placed

#: Stages of pictures that an order is kept for, though its time is over.
_ON_ITS_WAY: Final = (Stage.ABOARD, Stage.RECEIVED, Stage.MADE)
#: States of orders that end with their time.
_MAY_EXPIRE: Final = ("accepted", "scheduled", "held")


def expire(here: Context, now: Epoch) -> bool:
    """End orders whose time is over and of which nothing is on its way; whether there were any."""
    here.book.follow(here.desk)
    over = [one for one in here.book.over(now) if _may_expire(one)]
    if not over:
        return False
    with here.database.read() as connection:
        busy = {one.order_id for one in read_pictures(connection, _ON_ITS_WAY)}
    some = False
    for placed in over:
        if placed.id in busy:
            continue
        coverage = coverage_of(here.database, placed.id)
        part = coverage is not None and bool(coverage.pictures)
        with here.begin() as connection:
            if not _may_expire(find_order(here, connection, placed.id)):
                continue
            told = coverage if part else None
            detail = _why_not(connection, placed) if told is None else told.words
            for one in read_pictures(connection, (Stage.PLANNED,), placed.id):
                move_picture(connection, one, Stage.DROPPED, now, "its time is over")
            advance(
                here, connection, placed.id, "expired", PART if part else "deadline",
                key="expired", detail=detail,
            )  # fmt: skip
            tell(connection, f"rest {placed.id}", None)
            to_tell(connection, placed)
            some = True
        here.say(now, f"order {placed.id} expired")
    return some


def _why_not(connection: sa.Connection, placed: Placed) -> str:
    """What became of the last picture that was taken, or why none was planned."""
    lost = read_pictures(connection, (Stage.LOST,), placed.id)
    lost = [one for one in lost if one.version in ("", version_of(placed))]
    if lost:
        last = max(lost, key=lambda one: one.start)
        return f"the picture of {last.start.utc(0)} was no use: {last.told}"
    return reason_in_words(reason_within(connection, placed))


def _may_expire(placed: Placed) -> bool:
    return placed.state in _MAY_EXPIRE and placed.held_from is not State.PROCESSING
