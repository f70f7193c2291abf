"""Delivery: may it go out now, a copy for the customer with a brief, and the order done."""

from __future__ import annotations

import hashlib
import json
import math
import os
import shutil
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from offnadir._database import DatabaseGoneError, sa
from offnadir.catalog import DamagedError
from offnadir.epoch import Epoch
from offnadir.errors import FileError, InputError, OffnadirError
from offnadir.operations._context import Context, want_plan
from offnadir.operations._coverage import Coverage, coverage_of, largest_left
from offnadir.operations._damage import make_again
from offnadir.operations._degrading import coarsen
from offnadir.operations._downlinking import RETRY_S
from offnadir.operations._facts import instant, tell
from offnadir.operations._orders import advance, find_order, step_on
from offnadir.operations._pictures import (
    LIVE,
    TO_COME,
    Picture,
    Stage,
    due_pictures,
    move_picture,
    read_pictures,
    try_again,
)
from offnadir.operations._telling import to_tell
from offnadir.operations._wishes import over_at
from offnadir.tasking import Product, State
from offnadir.tasking.states import PART
from offnadir.units import day, hour

if TYPE_CHECKING:
    from offnadir.tasking._release import Release

#: How often an order that waits for a person is looked at again.
LOOK_AGAIN_S: Final = hour


def deliver(here: Context, now: Epoch) -> bool:
    """Deliver one picture that is due; whether there was one."""
    with here.database.read() as connection:
        whole = (
            one
            for one in due_pictures(connection, Stage.MADE, now)
            if not read_pictures(connection, TO_COME, one.order_id)
        )
        first = next(whole, None)
    if first is None:
        return False
    _one(here, first, now)
    return True


def _one(here: Context, picture: Picture, now: Epoch) -> None:
    try:
        item = here.archive.get(str(picture.item)).item
    except InputError as error:
        make_again(here, picture, now, str(error))
        return
    if not _is_waited_for(here, picture, now):
        return
    release = here.desk.release(picture.order_id, product_of(picture, item), by=here.operation.user)
    if not release.may_go and release.status != "delivered":
        _not_released(here, picture, now, release)
        return
    folder = here.operation.deliveries / picture.order_id / picture.id
    try:
        if not folder.exists():
            _copied(here, picture, item, folder, release.gsd_m)
    except DatabaseGoneError:
        raise
    except DamagedError as error:
        make_again(here, picture, now, str(error))
        return
    except (OffnadirError, OSError) as error:
        with here.begin() as connection:
            try_again(connection, picture, now + RETRY_S, str(error))
        here.say(now, f"{picture.id}: {error}; trying again in {RETRY_S / 60:.0f} min")
        return
    coverage = coverage_of(here.database, picture.order_id, also=(picture.id,))
    with here.begin() as connection:
        here.desk.mark_delivered(
            picture.order_id, picture.id, by=here.operation.user, within=connection
        )
        _let_read(here, connection, picture, folder, item)
        if move_picture(connection, picture, Stage.DELIVERED, now, told=str(folder)):
            _done(here, connection, picture, now, coverage)
    _forget_data(here, picture)
    here.say(now, f"{picture.id} delivered to {folder}")


def _is_waited_for(here: Context, picture: Picture, now: Epoch) -> bool:
    """Whether the order of a picture takes it now."""
    with here.begin() as connection:
        placed = find_order(here, connection, picture.order_id)
        if placed.is_open:
            if placed.state is State.HELD and placed.held_from is not State.PROCESSING:
                try_again(connection, picture, now + LOOK_AGAIN_S, "its order is held")
                return False
            told = f"{picture.id} is in the archive"
            step_on(here, connection, picture, "processing", now, told)
            return True
        move_picture(connection, picture, Stage.DROPPED, now, f"the order is {placed.state}")
    _forget_data(here, picture)
    return False


def _not_released(here: Context, picture: Picture, now: Epoch, release: Release) -> None:
    """Asked again when a delay ends, or now and then; never, if it was denied."""
    why = " ".join(release.told) or release.status
    with here.begin() as connection:
        if release.status == "denied":
            move_picture(connection, picture, Stage.DROPPED, now, why)
            to_tell(connection, find_order(here, connection, picture.order_id))
        else:
            due = release.until or now + LOOK_AGAIN_S
            try_again(connection, picture, max(due, now + 1.0), why)
    if release.status == "denied":
        _forget_data(here, picture)
    if why != picture.told:  # said once, however often it is asked again
        here.say(now, f"{picture.id} is not released ({release.status}): {why}")


def _forget_data(here: Context, picture: Picture) -> None:
    """Level 1 data go once nothing has to be made of them again."""
    shutil.rmtree(here.work(picture.id), ignore_errors=True)


def _let_read(
    here: Context,
    connection: sa.Connection,
    picture: Picture,
    folder: Path,
    item: Mapping[str, Any],
) -> None:
    """From now on its customer, or everybody if he wants it so, finds the picture in the archive."""
    if not _went_whole(folder, item):
        return
    placed = find_order(here, connection, picture.order_id)
    everybody = ("*",) if placed.order.release == "public" else ()
    with suppress(InputError):  # somebody took it out of the archive meanwhile
        for reader in (placed.customer_id, *everybody):
            here.archive.let_read(str(item["id"]), reader, within=connection)


def _gsd_of(picture: Picture, item: Mapping[str, Any]) -> float:
    """The finest pixel of a product [m]; 0, as fine as can be, if nothing tells it."""
    found = product_of(picture, item).facts.get("gsd_m")
    return 0.0 if found is None else float(found)


def product_of(picture: Picture, item: Mapping[str, Any]) -> Product:
    """A product as restrictions ask about it."""
    told, entry = item["properties"], picture.collection
    gsd_m = told.get("gsd")
    if gsd_m is None and "gsd_along_m" in entry:
        gsd_m = math.sqrt(entry["gsd_along_m"] * entry["gsd_across_m"])
    facts = {
        "sensor": told.get("offnadir:sensor"),
        "kind": "optical",
        "gsd_m": gsd_m,
        "imaged_at": Epoch.from_utc(told["datetime"]) if told.get("datetime") else picture.start,
    }
    known = {key: value for key, value in facts.items() if value is not None}
    return Product(id=picture.id, facts=known, place=item["geometry"])


def _copied(
    here: Context, picture: Picture, item: Mapping[str, Any], folder: Path, gsd_m: float | None
) -> None:
    """The files, verified against the archive, under the folder's name all at once; no finer than `gsd_m`.

    Two loops, of which one was thought dead and wakes up, work in folders of their own, and only the one that
    has the lease gives its folder the name.
    """
    mine = hashlib.sha256(here.lease.holder.encode()).hexdigest()[:8]
    part = folder.with_name(f".{folder.name}.{mine}.part")
    shutil.rmtree(part, ignore_errors=True)
    part.mkdir(parents=True)
    try:
        for key, asset in item["assets"].items():
            here.archive.copy_asset(str(item["id"]), key, part / Path(str(asset["href"])).name)
        (part / f"{item['id']}.json").write_text(
            json.dumps(item, indent=1, ensure_ascii=False) + "\n", "utf-8"
        )
        if gsd_m is not None and gsd_m > _gsd_of(picture, item) * (1.0 + 1e-9):
            item = coarsen(item, part, gsd_m)
        if here.brief is not None:
            with here.database.read() as connection:
                placed = find_order(here, connection, picture.order_id)
            here.brief({"id": placed.id, **placed.order.document()}, item, part)
        _to_disk(part)
        with here.begin():
            part.rename(folder)
        _to_disk(folder.parent)
    except OSError as error:
        raise FileError(folder, f"cannot be written: {error.strerror or error}") from error
    finally:
        shutil.rmtree(part, ignore_errors=True)


def _went_whole(folder: Path, item: Mapping[str, Any]) -> bool:
    """Whether the customer got what the archive has; after a coarser copy the archive is not for his eyes."""
    try:
        told = json.loads((folder / f"{item['id']}.json").read_text("utf-8"))
        return "offnadir:coarsened_to_m" not in told["properties"]
    except (OSError, ValueError, KeyError, TypeError):
        return False


def _to_disk(folder: Path) -> None:
    """A power cut does not undo what is in a folder from now on."""
    for path in (*(one for one in folder.iterdir() if one.is_file()), folder):
        number = os.open(path, os.O_RDONLY)
        try:
            os.fsync(number)
        finally:
            os.close(number)


def _done(
    here: Context, connection: sa.Connection, picture: Picture, now: Epoch,
    coverage: Coverage | None,
) -> None:  # fmt: skip
    """The order is done, or waits for its next picture or the rest of its area; the customer is told."""
    placed = find_order(here, connection, picture.order_id)
    order = placed.order
    to_tell(connection, placed, picture.id)
    if read_pictures(connection, LIVE, picture.order_id):
        return
    count = (
        instant(connection, f"rounds {placed.id}") or 0
    ) + 1  # an area may take several pictures
    tell(connection, f"rounds {placed.id}", count)
    if order.every_days is not None and count < order.count:
        tell(connection, f"not_before {placed.id}", (picture.start + order.every_days * day).tai_ns)
        advance(here, connection, placed.id, "accepted", "next", key=f"{picture.id} next",
            detail=f"{count} of {order.count}",
        )  # fmt: skip
        want_plan(connection, f"{placed.id}: the next picture of {order.count}")
        return
    if order.every_days is not None or coverage is None or coverage.is_enough:
        step_on(here, connection, picture, "completed", now, picture.id)
    elif (last := over_at(order)) is not None and last <= now:
        advance(here, connection, placed.id, "expired", PART, key=f"{picture.id} part",
            detail=coverage.words,
        )  # fmt: skip
    else:
        tell(connection, f"rest {placed.id}", json.dumps(largest_left(coverage)))
        advance(here, connection, placed.id, "accepted", "rest", key=f"{picture.id} rest",
            detail=coverage.words,
        )  # fmt: skip
        want_plan(connection, f"{placed.id}: the rest of its area")
        return
    for key in ("not_before", "rounds", "rest"):
        tell(connection, f"{key} {placed.id}", None)
