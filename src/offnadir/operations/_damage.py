"""Damage: what lies here is no longer as it was, and is made again, asked for again, or taken anew."""

from __future__ import annotations

import shutil
from dataclasses import replace

from offnadir._database import sa
from offnadir.epoch import Epoch
from offnadir.operations._context import Context
from offnadir.operations._downlinking import RETRY_S, next_contact
from offnadir.operations._orders import advance, find_order, lose
from offnadir.operations._pictures import Picture, Stage, count_damage, move_picture, try_again
from offnadir.tasking import State


def ask_again(here: Context, picture: Picture, now: Epoch, why: str) -> None:
    """Data that had come down are damaged here: they are sent again, or, after some times, taken anew.

    What is left of them goes first: a capture that goes on where it stopped would keep what is damaged.
    """
    shutil.rmtree(here.work(picture.id), ignore_errors=True)
    with here.begin() as connection:
        count = count_damage(connection, picture, "level1")
        later = next_contact(connection, picture, now)
        if count >= here.operation.most_tries or later is None:
            lose(here, connection, picture, now, f"{why}, {count} times")
            told = "it is taken again"
        else:
            at, station = later
            move_picture(connection, picture, Stage.ABOARD, now)
            try_again(connection, replace(picture, tries=0), at, why, down=at, station=station)
            placed = find_order(here, connection, picture.order_id)
            if placed.state is State.PROCESSING:
                advance(here, connection, placed.id, "tasked", "resent", detail=f"{picture.id}: {why}",
                    key=f"{picture.id} resent {count}",
                )  # fmt: skip
            told = f"sent again at {at.utc(0)} by {station}"
    here.say(now, f"{picture.id}: {why}: {told}")


def make_again(here: Context, picture: Picture, now: Epoch, why: str) -> None:
    """The archive has no longer the product as it was: looked at again, then made again, then taken anew.

    Made again after `most_tries`, and taken anew when that was of no use so many times. What another order
    had put into the archive cannot be made again here.
    """
    most = here.operation.most_tries
    with here.begin() as connection:
        count = count_damage(connection, picture, "product")
        if count % most:
            try_again(connection, picture, now + RETRY_S, why)
            told = f"looked at again in {RETRY_S / 60:.0f} min"
        elif picture.plan == 0:
            told = _give_up(here, connection, picture, now, why)
        elif count >= most * most:
            lose(here, connection, picture, now, f"{why}, {count} times")
            told = "it is taken again"
        else:
            # Before the picture moves: what is left would pass for a product that is finished.
            shutil.rmtree(here.product(picture.order_id, picture.id), ignore_errors=True)
            move_picture(connection, picture, Stage.RECEIVED, now, why)
            told = "made again"
    here.say(now, f"{picture.id}: {why}: {told}")


def _give_up(
    here: Context, connection: sa.Connection, picture: Picture, now: Epoch, why: str
) -> str:
    """A picture of the archive is of no use; whoever wants no other gets none."""
    placed = find_order(here, connection, picture.order_id)
    if placed.order.source != "archive" or placed.state is not State.PROCESSING:
        lose(here, connection, picture, now, why)
        return "a new one is taken"
    move_picture(connection, picture, Stage.LOST, now, why)
    advance(here, connection, placed.id, "failed", "no_product", detail="the archive's is damaged",
        key=f"{picture.id} damaged",
    )  # fmt: skip
    return "the order fails"
