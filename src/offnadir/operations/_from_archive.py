"""Orders that a picture in the archive serves already."""

from __future__ import annotations

import math
from typing import Any, Final

import shapely

from offnadir.catalog import ArchiveQuery
from offnadir.catalog._tables import EVERYBODY
from offnadir.epoch import Epoch
from offnadir.operations._context import Context
from offnadir.operations._facts import facts_of, tell
from offnadir.operations._orders import advance, find_order, open_orders, version_of
from offnadir.operations._pictures import Stage, add_picture, set_stage
from offnadir.operations._telling import to_tell
from offnadir.tasking import Placed, State

_LOOKED: Final = "archive "
#: Processing levels of the archive that serve each level of an order.
_LEVELS: Final = {"ortho": ("L1C", "L3"), "basic": ("L1B",)}
_COVERS: Final = 0.99  # of an area's surface, in degrees, inside the footprint


def from_archive(here: Context, now: Epoch) -> bool:
    """Serve one order that waits from the archive, if that was not tried; whether there was one."""
    waiting = open_orders(here, ("accepted",))
    if here.book.has_seen(_LOOKED):
        return False
    book = here.book
    fresh = [one for one in waiting if one.id not in book.no_archive]
    with here.database.read() as connection:
        looked = facts_of(connection, [_key(one) for one in fresh])
    for placed in fresh:
        key, order = _key(placed), placed.order
        if key in looked or order.source == "new" or order.every_days is not None:
            book.no_archive.add(placed.id)
            continue
        item = best_of_archive(here, placed)
        _settle(here, placed, item, key, now)
        return True
    book.note_seen(_LOOKED)
    return False


def _key(placed: Placed) -> str:
    """What is noted of an order as it is now: amended, it is looked for anew."""
    return f"{_LOOKED}{placed.id} {version_of(placed)}"


def _settle(
    here: Context, placed: Placed, item: dict[str, Any] | None, key: str, now: Epoch
) -> None:
    """Note that it was looked for, and what follows: it is delivered, taken anew, or cannot be had."""
    with here.begin() as connection:
        if find_order(here, connection, placed.id).state is not State.ACCEPTED:
            return
        tell(connection, key, "none" if item is None else str(item["id"]))
        if item is None:
            if placed.order.source == "archive":
                why = "the archive has no picture that fits"
                advance(
                    here, connection, placed.id, "failed", "no_opportunity", key=key, detail=why
                )
                to_tell(connection, placed)
            return
        told = item["properties"]
        at = told["datetime"]
        entry = {
            "id": item["id"], "satellite": str(told.get("platform", "archive")), "start": at, "stop": at,
            "delivered": now.utc(6), "station": "archive",
        }  # fmt: skip
        name = add_picture(connection, placed.id, entry, 0, now)
        set_stage(connection, name, Stage.MADE, now, str(item["id"]))
        taken = Epoch.from_utc(at).utc(0)
        advance(
            here, connection, placed.id, "processing", "archived", key=key, detail=f"of {taken}"
        )
    here.say(now, f"order {placed.id}: {item['id']} in the archive fits")


def best_of_archive(here: Context, placed: Placed) -> dict[str, Any] | None:
    """The latest item that shows the whole place as the order wishes; None if there is none.

    Looked at are the items that its customer finds in the archive: his own, and those of everybody.
    """
    order, readers = placed.order, (placed.customer_id, EVERYBODY)
    looks, place = order.looks, shapely.geometry.shape(order.place)
    azimuth = (looks.azimuth_from_rad, looks.azimuth_to_rad)
    for window in order.windows or (None,):
        query = ArchiveQuery(
            geometry=order.place,
            start=None if window is None else window.start,
            stop=None if window is None else window.stop,
            max_off_nadir_rad=looks.max_off_nadir_rad,
            min_incidence_rad=looks.min_incidence_rad,
            max_incidence_rad=looks.max_incidence_rad,
            azimuth_rad=None
            if azimuth[0] is None or azimuth[1] is None
            else (azimuth[0], azimuth[1]),
            max_gsd_m=looks.max_gsd_m,
            min_niirs=looks.min_niirs,
            max_cloud=looks.max_cloud,
            min_sun_elevation_rad=looks.min_sun_elevation_rad,
            max_sun_elevation_rad=looks.max_sun_elevation_rad,
            levels=_LEVELS[order.level],
            readers=None if here.operation.service.get("public_archive") is True else readers,
        )
        for found in here.archive.search(query).items:
            seen = shapely.geometry.shape(found.item["geometry"])
            share = 1.0
            if place.area > 0:
                share = seen.intersection(place).area / place.area
            elif place.length > 0:
                share = seen.intersection(place).length / place.length
            if math.isclose(share, 1.0) or share >= _COVERS:
                return dict(found.item)
    return None
