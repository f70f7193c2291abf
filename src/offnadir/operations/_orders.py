"""Orders as the loop moves them: on as their pictures come on, back when one is lost."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from functools import lru_cache
from typing import TYPE_CHECKING, Final

from offnadir._database import sa
from offnadir.epoch import Epoch
from offnadir.operations._context import Context, want_plan
from offnadir.operations._pictures import LIVE, Picture, Stage, move_picture, read_pictures
from offnadir.operations._wishes import is_so, is_then, is_there
from offnadir.tasking._moves import SHORT

if TYPE_CHECKING:
    from offnadir.tasking import Placed

#: States in the order in which a picture takes its order through them, with the code of the step to each.
_WAY: Final = {
    "accepted": "",
    "scheduled": "planned",
    "tasked": "uplinked",
    "processing": "downlinked",
    "completed": "delivered",
}
_STATES: Final = tuple(_WAY)
#: States in which an order stands in the plan.
PLANNED_STATES: Final = ("accepted", "scheduled", "tasked")
_BACK: Final = {"scheduled": "unplanned", "tasked": "missed", "processing": "retake"}


def version_of(placed: Placed) -> str:
    """Tells an order from what it was before it was amended: place, looks, times, and the whole."""
    return (_version if len(placed.document) <= SHORT else _version.__wrapped__)(placed.document)


@lru_cache(4096)
def _version(document: str) -> str:
    told = json.loads(document)
    times = [told.get("windows"), told.get("deadline")]
    parts = (told.get("place"), told.get("looks"), times, told)
    texts = (json.dumps(part, sort_keys=True).encode() for part in parts)
    return "-".join(hashlib.sha256(text).hexdigest()[:8] for text in texts)


def fits(placed: Placed, picture: Picture, now: Epoch, sensor: str | None = None) -> bool:
    """Whether a picture serves its order as that is now; of what was amended only what is sure counts.

    `sensor` is its satellite's camera, if it is known.
    """
    ours, its, order = version_of(placed), picture.version, placed.order
    if ours == its:
        return True
    if not its or order.source == "archive":
        return not its and placed.state != "accepted"
    (place, looks, times, _), (its_place, its_looks, its_times, _) = ours.split("-"), its.split("-")
    return (
        (place == its_place or is_there(order, picture.collection))
        and (looks == its_looks or is_so(order, picture.collection, sensor))
        and (times == its_times or is_then(order, picture.collection, now))
    )


def find_order(here: Context, connection: sa.Connection, order_id: str) -> Placed:
    """An order as it stands."""
    return here.desk.find(order_id, within=connection)


def may_go_up(here: Context, connection: sa.Connection, picture: Picture) -> bool:
    """Whether a satellite may be told of a picture: its order is still planned, and served by it as it is."""
    placed = find_order(here, connection, picture.order_id)
    return placed.state in PLANNED_STATES and fits(placed, picture, here.clock.now())


def drop_unwanted(
    connection: sa.Connection, picture: Picture, at: Epoch, stage: Stage = Stage.DROPPED, told: str = ""
) -> None:  # fmt: skip
    """A picture that may not go up is left out, or went up already; a new plan is wanted."""
    move_picture(connection, picture, stage, at, told or "its order is held, withdrawn or amended")
    want_plan(connection, f"{picture.id} is not wanted as it was planned")


def open_orders(here: Context, states: Sequence[str]) -> Sequence[Placed]:
    """Orders in some states, in the order in which they were placed."""
    here.book.follow(here.desk)
    return here.book.in_states(states)


def advance(
    here: Context, connection: sa.Connection, order_id: str, to: str, code: str, *, key: str,
    detail: str = "",
) -> None:  # fmt: skip
    """One step of an order, once for each key."""
    here.desk.advance(
        order_id, to, code, by=here.operation.user, detail=detail, key=key, within=connection
    )


def step_on(
    here: Context, connection: sa.Connection, picture: Picture, after: str, at: Epoch, detail: str = ""
) -> None:  # fmt: skip
    """The order of a picture goes on to a state, unless it is there, beyond it, held or ended."""
    placed = find_order(here, connection, picture.order_id)
    state = placed.state
    if state not in _WAY:
        return
    # An order that was held and let go takes the same steps again: the key tells one time from another.
    for step in _STATES[_STATES.index(state) + 1 : _STATES.index(after) + 1]:
        advance(here, connection, picture.order_id, step, _WAY[step],
            key=f"{picture.id} {step} {placed.changes}", detail=detail if step == after else "",
        )  # fmt: skip


def step_back(
    here: Context, connection: sa.Connection, picture: Picture, at: Epoch, detail: str
) -> None:
    """The order of a picture that is gone waits again, unless another of its pictures is on its way."""
    placed = find_order(here, connection, picture.order_id)
    state = placed.state
    others = read_pictures(connection, LIVE, picture.order_id)
    if state not in _BACK or any(one.id != picture.id for one in others):
        return
    advance(here, connection, picture.order_id, "accepted", _BACK[state], detail=detail,
        key=f"{picture.id} back {placed.changes}",
    )  # fmt: skip


def is_wanted(here: Context, connection: sa.Connection, picture: Picture) -> bool:
    """Whether the order of a picture still goes on."""
    return find_order(here, connection, picture.order_id).is_open


def lose(here: Context, connection: sa.Connection, picture: Picture, at: Epoch, why: str) -> None:
    """A picture is no use: its order waits for another."""
    move_picture(connection, picture, Stage.LOST, at, why)
    step_back(here, connection, picture, at, why)
    want_plan(connection, f"{picture.id}: {why}")
