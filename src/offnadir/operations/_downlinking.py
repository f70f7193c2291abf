"""Downlinks: what comes down is taken in, looked at, and asked for again if it is not whole."""

from __future__ import annotations

import hashlib
import json
import shutil
from dataclasses import replace
from pathlib import Path
from typing import Final

from offnadir._database import DatabaseGoneError, sa
from offnadir.epoch import Epoch
from offnadir.errors import FileError, InputError, OffnadirError
from offnadir.operations._context import Context
from offnadir.operations._orders import find_order, fits, lose, step_on
from offnadir.operations._pictures import (
    LIVE,
    TO_COME,
    WITHDRAWN,
    Picture,
    Stage,
    due_pictures,
    move_picture,
    note,
    read_pictures,
    try_again,
)
from offnadir.operations._plans import plan_document
from offnadir.operations._spacecraft import CLOUDY, NotYetError
from offnadir.units import hour, minute

#: How long after its contact a picture of a real operator may still come.
PATIENCE_S: Final = 6 * hour
RETRY_S: Final = 10 * minute


def downlink(here: Context, now: Epoch) -> bool:
    """Take in one picture that is due; whether there was one."""
    with here.database.read() as connection:
        due = due_pictures(connection, Stage.ABOARD, now)
    if not due:
        return False
    _one(here, min(due, key=lambda one: (one.due or one.down or now, one.id)), now)
    return True


def _one(here: Context, picture: Picture, now: Epoch) -> None:
    with here.begin() as connection:
        placed = find_order(here, connection, picture.order_id)
        if not placed.is_open:
            move_picture(connection, picture, Stage.DROPPED, now, "nobody wants it any more")
            return
        if not fits(placed, picture, picture.start):
            move_picture(connection, picture, Stage.DROPPED, now, "its order was amended")
            return
        others = read_pictures(connection, LIVE, picture.order_id)
        if picture.told == WITHDRAWN and any(one.id != picture.id for one in others):
            # The uplink that was to withdraw it was missed; another has its place already.
            move_picture(connection, picture, Stage.DROPPED, now, "another has its place")
            return
        order = picture.order_id
        corrupt = here.faults.strikes(
            connection, "corrupt_downlink", now, satellite=picture.satellite, order=order
        )
        silent = here.faults.strikes(connection, "station_down", now, station=picture.station)
        if corrupt or silent:
            why = "came down corrupt" if corrupt else f"{picture.station} was down"
            _again(here, connection, picture, now, why)
            return
        if picture.told != CLOUDY and here.faults.strikes(connection, "cloudy", now, order=order):
            note(
                connection, picture.id, CLOUDY
            )  # before it is taken: killed now, it will be cloudy, too
            picture = replace(picture, told=CLOUDY)
        plan = plan_document(connection, picture.plan)
    folder = here.work(picture.id)
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        here.spacecraft.receive(picture, plan, folder)
        check_whole(folder)
    except NotYetError as error:
        _wait(here, picture, now, str(error))
        return
    except CorruptError as error:
        shutil.rmtree(folder, ignore_errors=True)
        with here.begin() as connection:
            _again(here, connection, picture, now, str(error))
        return
    except (OffnadirError, OSError) as error:
        if isinstance(error, DatabaseGoneError):
            raise
        with here.begin() as connection:
            if isinstance(error, InputError) and picture.tries + 1 >= here.operation.most_tries:
                lose(here, connection, picture, now, f"it could not be taken: {error}")
            else:
                try_again(connection, picture, now + RETRY_S, str(error))
        here.say(now, f"{picture.id}: {error}; trying again in {RETRY_S / minute:.0f} min")
        return
    with here.begin() as connection:
        move_picture(connection, picture, Stage.RECEIVED, now)
        if not read_pictures(connection, TO_COME, picture.order_id):
            told = f"{picture.id} by {picture.station}"
            step_on(here, connection, picture, "processing", now, told)
    here.say(now, f"{picture.id} of {picture.satellite} came down at {picture.station}")


class CorruptError(OffnadirError):
    """Data that came down are not what was sent."""


def check_whole(folder: Path) -> None:
    """CorruptError unless every file is as the manifest says; data without one are taken as they are."""
    if not folder.is_dir():
        raise CorruptError("its data are not there")
    manifest = folder / "manifest.json"
    if not manifest.exists():
        return
    try:
        files = json.loads(manifest.read_text("utf-8"))["files"]
        for one in files:
            with (folder / str(one["file"])).open("rb") as stream:
                found = hashlib.file_digest(stream, "sha256").hexdigest()
            if found != one["sha256"]:
                raise CorruptError(f"{one['file']} came down corrupt")
    except FileNotFoundError as error:
        raise CorruptError(f"{Path(str(error.filename)).name} did not come down") from error
    except (ValueError, KeyError, TypeError) as error:
        raise CorruptError("the manifest came down corrupt") from error
    except OSError as error:
        raise FileError(folder, f"cannot be read: {error.strerror}") from error


def _wait(here: Context, picture: Picture, now: Epoch, why: str) -> None:
    """It may still come; after a while it will not."""
    with here.begin() as connection:
        if picture.down is not None and now - picture.down > PATIENCE_S:
            lose(here, connection, picture, now, f"nothing came down in {PATIENCE_S / hour:.0f} h")
        else:
            try_again(connection, picture, now + RETRY_S, why)


def _again(
    here: Context, connection: sa.Connection, picture: Picture, now: Epoch, why: str
) -> None:
    """At the satellite's next contact, as often as the operation allows; then the picture is lost."""
    if picture.tries + 1 >= here.operation.most_tries:
        lose(here, connection, picture, now, f"{why}, {picture.tries + 1} times")
        here.say(now, f"{picture.id} {why}, {picture.tries + 1} times: it is taken again")
        return
    later = next_contact(connection, picture, now)
    if later is None:
        lose(here, connection, picture, now, f"{why}, and no contact follows")
        here.say(now, f"{picture.id} {why}, and no contact follows: it is taken again")
        return
    at, station = later
    try_again(connection, picture, at, why, down=at, station=station)
    here.say(now, f"{picture.id} {why}: sent again at {at.utc(0)} by {station}")


def next_contact(
    connection: sa.Connection, picture: Picture, now: Epoch
) -> tuple[Epoch, str] | None:
    """The end of the satellite's next contact after now, and its station, by the newest plan."""
    document = plan_document(connection)
    for one in document.get("contacts", ()):
        stop = Epoch.from_utc(one["stop"])
        if one["satellite"] == picture.satellite and stop > now:
            return stop, str(one["station"])
    return None
