"""Making: of what came down a product, looked at and put into the archive."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

from offnadir._database import DatabaseGoneError
from offnadir.epoch import Epoch
from offnadir.errors import FileError, InputError, OffnadirError
from offnadir.operations._context import Context
from offnadir.operations._damage import ask_again
from offnadir.operations._downlinking import RETRY_S, CorruptError, check_whole
from offnadir.operations._orders import find_order, is_wanted, lose
from offnadir.operations._pictures import (
    Picture,
    Stage,
    due_pictures,
    move_picture,
    try_again,
)
from offnadir.units import minute

#: Share of cloud that an order takes that says nothing of it.
MOST_CLOUD = 0.5


def make(here: Context, now: Epoch) -> bool:
    """Make one product that is due; whether there was one."""
    with here.database.read() as connection:
        due = due_pictures(connection, Stage.RECEIVED, now)
    if not due:
        return False
    _one(here, due[0], now)
    return True


def _one(here: Context, picture: Picture, now: Epoch) -> None:
    with here.begin() as connection:
        if not is_wanted(here, connection, picture):
            move_picture(connection, picture, Stage.DROPPED, now, "nobody wants it any more")
            wanted = False
        else:
            wanted = True
        order = find_order(here, connection, picture.order_id).order
    folder = here.product(picture.order_id, picture.id)
    if not wanted:
        shutil.rmtree(here.work(picture.id), ignore_errors=True)
        return
    try:
        item = _made(here, picture, folder, order.level)
        cloud = item["properties"].get("eo:cloud_cover")
        most = MOST_CLOUD if order.looks.max_cloud is None else order.looks.max_cloud
        if cloud is not None and cloud > 100.0 * most + 1e-9:
            why = f"{cloud:.0f} % cloud, at most {100.0 * most:.0f} % wanted"
            shutil.rmtree(folder, ignore_errors=True)
            with here.begin() as connection:
                lose(here, connection, picture, now, why)
            shutil.rmtree(here.work(picture.id), ignore_errors=True)
            here.say(now, f"{picture.id}: {why}: it is taken again")
            return
        with here.begin():
            pass  # whoever runs the loop no longer puts nothing into the archive either
        here.archive.add(item, folder=folder, replace=True)  # one that was damaged is made again
    except DatabaseGoneError:
        raise
    except (CorruptError, _UnreadableError) as error:
        if isinstance(error, CorruptError) or picture.tries + 1 >= here.operation.most_tries:
            ask_again(here, picture, now, str(error))
        else:
            _failed(here, picture, now, error)
        return
    except (OffnadirError, OSError) as error:
        _failed(here, picture, now, error)
        return
    with here.begin() as connection:
        move_picture(connection, picture, Stage.MADE, now, item=str(item["id"]))
    here.say(now, f"{picture.id}: product {item['id']} in the archive")


class _UnreadableError(FileError):
    """Level 1 data of a picture cannot be read now."""


def _failed(here: Context, picture: Picture, now: Epoch, error: Exception) -> None:
    """Data that nothing can be made of are lost; what the machine lacks may be there later."""
    with here.begin() as connection:
        if isinstance(error, InputError) and picture.tries + 1 >= here.operation.most_tries:
            lose(here, connection, picture, now, f"no product could be made: {error}")
        else:
            try_again(connection, picture, now + RETRY_S, str(error))
    here.say(now, f"{picture.id}: {error}; trying again in {RETRY_S / minute:.0f} min")


def _made(here: Context, picture: Picture, folder: Path, level: str) -> dict[str, Any]:
    """The STAC item of the product, which is made unless a run before has finished it."""
    from offnadir.imagery import LevelTerrain, ProcessOptions, RasterTerrain, process_level1
    from offnadir.imagery._own_dem import OWN_DEM
    from offnadir.imagery._product import WORK

    done = _finished(folder)
    if done is not None:
        shutil.rmtree(
            folder / WORK, ignore_errors=True
        )  # killed between the item and its last step
        return done
    raw, making = here.work(picture.id), here.operation.making
    try:
        check_whole(raw)
    except FileError as error:
        raise _UnreadableError(raw, str(error).removeprefix(f"{raw}: ")) from error
    dem = raw / OWN_DEM
    terrain = RasterTerrain(dem, outside="edge") if dem.exists() else LevelTerrain(alt_m=0.0)
    folder.mkdir(parents=True, exist_ok=True)
    options = ProcessOptions(
        terrain=terrain, level="basic" if level == "basic" else "ortho", mtfc=making.mtfc,
        pansharpen=making.pansharpen if level == "ortho" else None, crs=making.crs,  # type: ignore[arg-type]
    )  # fmt: skip
    try:
        product = process_level1(raw, folder, options, name=picture.id, report=here.report)
    except InputError as error:
        if error.field != "pansharpen":  # a picture of one band, or of bands that are all as sharp
            raise
        plain = replace(options, pansharpen=None)
        product = process_level1(raw, folder, plain, name=picture.id, report=here.report)
    item: dict[str, Any] = json.loads(product.item.read_text("utf-8"))
    return item


def _finished(folder: Path) -> dict[str, Any] | None:
    """The item of a product that is there; it is written last."""
    for path in sorted(folder.glob("*.json")):
        try:
            item = json.loads(path.read_text("utf-8"))
        except (ValueError, OSError):
            continue
        if isinstance(item, dict) and item.get("type") == "Feature":
            return item
    return None
