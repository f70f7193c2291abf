"""Pictures of the operation: from plan to delivery, each a row, each change of it in one transaction."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

from offnadir._database import sa
from offnadir.epoch import Epoch
from offnadir.operations._facts import count_up, tell
from offnadir.operations._tables import PICTURES


class Stage(StrEnum):
    """How far a picture is."""

    PLANNED = "planned"  # in the plan, and not yet told to the satellite
    ABOARD = "aboard"  # told to the satellite: it takes it, keeps it and sends it down
    RECEIVED = "received"  # down, whole
    MADE = "made"  # a product, in the archive
    DELIVERED = "delivered"
    DROPPED = "dropped"  # fell out of a plan before it was taken
    LOST = "lost"  # not taken, not received, or not fit


#: Stages of pictures that are still to come down.
TO_COME: Final = (Stage.PLANNED, Stage.ABOARD)
#: What is told of a picture on board that the next uplink takes back.
WITHDRAWN: Final = "to be withdrawn"
#: Stages of pictures on which work remains.
LIVE: Final = (Stage.PLANNED, Stage.ABOARD, Stage.RECEIVED, Stage.MADE)
_DAMAGES: Final = ("product", "level1")

#: Beside the entry of the plan: which version of its order a picture is for.
_VERSION: Final = "of"


@dataclass(frozen=True, slots=True, kw_only=True)
class Picture:
    """One picture. `collection` is its entry in plan `plan`; it comes `down` then, to `station`.

    `tries` counts what failed since the last change of stage, `due` is when it is tried again. `version` is
    that of the order that it was planned for; empty for one that no plan made, or of before they were kept.
    """

    id: str
    order_id: str
    satellite: str
    start: Epoch
    stop: Epoch
    down: Epoch | None
    station: str | None
    stage: Stage
    plan: int
    collection: Mapping[str, Any]
    tries: int = 0
    due: Epoch | None = None
    told: str = ""
    item: str | None = None
    version: str = ""


def read_pictures(
    connection: sa.Connection, stages: Iterable[Stage] = (), order_id: str | None = None
) -> list[Picture]:
    """Pictures of some stages (all without any), of one order or of all, by start."""
    query = sa.select(PICTURES).order_by(PICTURES.c.start_tai_ns, PICTURES.c.id)
    wanted = [str(stage) for stage in stages]
    if wanted:
        query = query.where(PICTURES.c.state.in_(wanted))
    if order_id is not None:
        query = query.where(PICTURES.c.order_id == order_id)
    return [_picture(row) for row in connection.execute(query)]


def due_pictures(connection: sa.Connection, stage: Stage, now: Epoch) -> list[Picture]:
    """Pictures of a stage that do not wait for a later time, nor for their contact if aboard, by start."""
    due = PICTURES.c.due_tai_ns
    query = sa.select(PICTURES).where(
        PICTURES.c.state == str(stage), due.is_(None) | (due <= now.tai_ns)
    )
    if stage == Stage.ABOARD:
        query = query.where(PICTURES.c.down_tai_ns <= now.tai_ns)
    query = query.order_by(PICTURES.c.start_tai_ns, PICTURES.c.id)
    return [_picture(row) for row in connection.execute(query)]


def waiting_until(connection: sa.Connection, stages: Iterable[Stage]) -> list[Epoch]:
    """When each picture of some stages may be worked on: its contact, or its next try if that is later."""
    query = sa.select(PICTURES.c.due_tai_ns, PICTURES.c.down_tai_ns)
    rows = connection.execute(query.where(PICTURES.c.state.in_([str(one) for one in stages])))
    found = [max((at for at in row if at is not None), default=None) for row in rows]
    return [Epoch(at) for at in found if at is not None]


def is_any(connection: sa.Connection, stages: Iterable[Stage]) -> bool:
    """Whether there is a picture of some stages."""
    query = sa.select(PICTURES.c.id).where(PICTURES.c.state.in_([str(one) for one in stages]))
    return connection.execute(query.limit(1)).first() is not None


def _picture(row: Any) -> Picture:
    def at(tai_ns: int | None) -> Epoch | None:
        return None if tai_ns is None else Epoch(tai_ns)

    collection = json.loads(row.collection)
    version = collection.pop(_VERSION, "")
    return Picture(
        id=row.id, order_id=row.order_id, satellite=row.satellite, start=Epoch(row.start_tai_ns),
        stop=Epoch(row.stop_tai_ns), down=at(row.down_tai_ns), station=row.station,
        stage=Stage(row.state), plan=row.plan, collection=collection, tries=row.tries,
        due=at(row.due_tai_ns), told=row.told, item=row.item, version=version,
    )  # fmt: skip


def add_picture(
    connection: sa.Connection, order_id: str, collection: Mapping[str, Any], plan: int, now: Epoch,
    version: str = "",
) -> str:  # fmt: skip
    """A new picture of a plan; returns its id, the order's with a number."""
    count = connection.execute(
        sa.select(sa.func.count()).where(PICTURES.c.order_id == order_id)
    ).scalar_one()
    name = f"{order_id}-{count + 1}"
    connection.execute(
        sa.insert(PICTURES).values(
            id=name, order_id=order_id, state=str(Stage.PLANNED), tries=0, told="",
            changed_tai_ns=now.tai_ns, **_of_plan(collection, plan, version),
        )
    )  # fmt: skip
    return name


def keep_picture(
    connection: sa.Connection,
    picture: Picture,
    collection: Mapping[str, Any],
    plan: int,
    version: str,
) -> None:
    """A picture stands in a newer plan: its entry there, and when it comes down now.

    One that is sent again, since it did not come down whole, keeps the contact that was found for that.
    """
    values = _of_plan(collection, plan, version)
    if picture.tries:
        values = {key: values[key] for key in ("plan", "collection")}
    elif picture.told == WITHDRAWN:
        values["told"] = ""
    connection.execute(sa.update(PICTURES).where(PICTURES.c.id == picture.id).values(**values))


def _of_plan(collection: Mapping[str, Any], plan: int, version: str) -> dict[str, Any]:
    down = collection.get("delivered")
    return {
        "satellite": collection["satellite"],
        "start_tai_ns": Epoch.from_utc(collection["start"]).tai_ns,
        "stop_tai_ns": Epoch.from_utc(collection["stop"]).tai_ns,
        "down_tai_ns": None if down is None else Epoch.from_utc(down).tai_ns,
        "station": collection.get("station"),
        "plan": plan,
        "collection": json.dumps({**collection, _VERSION: version}),
    }


def move_picture(
    connection: sa.Connection, picture: Picture, stage: Stage, now: Epoch, told: str = "",
    item: str | None = None,
) -> bool:  # fmt: skip
    """To another stage, with what there is to tell; False if another step was quicker."""
    values: dict[str, Any] = {
        "state": str(stage), "tries": 0, "due_tai_ns": None, "told": told, "changed_tai_ns": now.tai_ns,
    }  # fmt: skip
    if item is not None:
        values["item"] = item
    done = connection.execute(
        sa.update(PICTURES)
        .where(PICTURES.c.id == picture.id, PICTURES.c.state == str(picture.stage))
        .values(**values)
    )
    if stage not in LIVE:
        for what in _DAMAGES:
            tell(connection, f"damaged {what} {picture.id}", None)
    return done.rowcount == 1


def count_damage(connection: sa.Connection, picture: Picture, what: str) -> int:
    """How often a picture's "product" or "level1" data (`what`) were found damaged here, this time counted.

    Unlike `tries` it goes on from stage to stage, until the picture's end.
    """
    return count_up(connection, f"damaged {what} {picture.id}")


def set_stage(
    connection: sa.Connection, name: str, stage: Stage, now: Epoch, item: str | None = None
) -> None:
    """A picture that begins in the middle, such as one of the archive."""
    values = {"state": str(stage), "item": item, "changed_tai_ns": now.tai_ns}
    connection.execute(sa.update(PICTURES).where(PICTURES.c.id == name).values(**values))


def note(connection: sa.Connection, name: str, told: str) -> None:
    """Something about a picture that has to be known when it is looked at again."""
    connection.execute(sa.update(PICTURES).where(PICTURES.c.id == name).values(told=told))


def try_again(
    connection: sa.Connection, picture: Picture, due: Epoch, told: str, *,
    down: Epoch | None = None, station: str | None = None,
) -> None:  # fmt: skip
    """Something failed: count it, say what, and when to try again, perhaps at another contact."""
    values: dict[str, Any] = {"tries": picture.tries + 1, "due_tai_ns": due.tai_ns, "told": told}
    if down is not None:
        values |= {"down_tai_ns": down.tai_ns, "station": station}
    connection.execute(sa.update(PICTURES).where(PICTURES.c.id == picture.id).values(**values))
