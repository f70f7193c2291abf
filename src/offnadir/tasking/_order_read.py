"""Reading an order from a document: everything that is wrong is told at once."""

from __future__ import annotations

import json
import re
import tomllib
import urllib.parse
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from offnadir.access.geojson import read_bytes, utf8_text
from offnadir.epoch import Epoch
from offnadir.errors import MISSING, InputError
from offnadir.tasking._fields import LONGEST_NOTE, Reader
from offnadir.tasking._order import (
    LEVELS,
    LOWEST_PRIORITY,
    RELEASES,
    SENSOR_KINDS,
    SOURCES,
    Looks,
    Order,
    Window,
)
from offnadir.tasking._order_place import read_place
from offnadir.tasking._parties import Named, read_named
from offnadir.units import deg

ORDER_KEYS: Final = (
    "title", "place", "windows", "looks", "priority", "deadline", "source", "level", "delivery",
    "recurrence", "end_user", "beneficiaries", "purpose", "notes",
    "release",
)  # fmt: skip
#: Key of [looks]: least and greatest value, and unit.
LOOK_KEYS: Final[dict[str, tuple[float, float, str]]] = {
    "max_off_nadir_deg": (0, 90, "degrees"),
    "min_incidence_deg": (0, 90, "degrees"),
    "max_incidence_deg": (0, 90, "degrees"),
    "min_sun_elevation_deg": (-90, 90, "degrees"),
    "max_sun_elevation_deg": (-90, 90, "degrees"),
    "min_niirs": (0, 9, ""),
    "max_gsd_m": (0.01, 1000, "metres"),
    "max_cloud": (0, 1, "as a share"),
}
MOST_WINDOWS: Final = 100
MOST_PICTURES: Final = 1000
#: Characters of all names of an order, which are screened before it is answered.
MOST_NAMES: Final = 10_000
_HOST = re.compile(r"[\w.:\[\]-]+")


def read_order(document: object, *, where: str = "", now: Epoch | None = None) -> Order:
    """An order from a table as in TOML or JSON.

    `now` is the time that windows and deadline must not lie wholly before. Raises InputError, or
    InputProblems with all that is wrong.
    """
    reader = Reader(where)
    table = reader.table(document, "", ORDER_KEYS)
    if "place" in table:
        place, area_m2 = read_place(table["place"], reader)
    else:
        reader.note(InputError("place", MISSING, "a GeoJSON Point, LineString or Polygon"))
        place, area_m2 = {}, 0.0
    source = reader.choice(table, "source", "", SOURCES, "either")
    windows = _windows(table, reader)
    deadline = reader.time(table, "deadline", "")
    _look_ahead(windows, deadline, source, now, reader)
    every_days, count = _recurrence(table, reader)
    if count > 1 and source == "archive":
        reader.wrong("recurrence", count, "left out for a picture of the archive")
    end_user = None
    if table.get("end_user") is not None:
        end_user = read_named(table["end_user"], "end_user", reader)
    parts: dict[str, Any] = {
        "title": reader.text(table, "title", ""),
        "looks": _looks(table.get("looks", {}), reader),
        "priority": reader.whole(table, "priority", "", 1, LOWEST_PRIORITY) or 2,
        "level": reader.choice(table, "level", "", LEVELS, "ortho"),
        "delivery": _delivery(table.get("delivery", {}), reader),
        "beneficiaries": _beneficiaries(table.get("beneficiaries", []), reader),
        "purpose": reader.text(table, "purpose", ""),
        "notes": reader.text(table, "notes", "", longest=LONGEST_NOTE, lines=True),
        "release": reader.choice(table, "release", "", RELEASES, "private"),
    }
    _few_names(end_user, parts["beneficiaries"], reader)
    reader.finish()
    return Order(
        place=place,
        area_m2=area_m2,
        windows=windows,
        deadline=deadline,
        source=source,
        every_days=every_days,
        count=count,
        end_user=end_user,
        **parts,
    )


def _few_names(end_user: Named | None, beneficiaries: tuple[Named, ...], reader: Reader) -> None:
    """Complain of more names than can be screened while somebody waits."""
    named = [one for one in (*beneficiaries, end_user) if one is not None]
    length = sum(len(name) for one in named for name in (one.name, *one.aliases))
    if length > MOST_NAMES:
        wish = f"names and aliases of at most {MOST_NAMES:,} characters in all"
        reader.wrong("beneficiaries", f"{length:,} characters of names", wish)


def check_now(order: Order, now: Epoch) -> None:
    """Raise InputError or InputProblems for an order that could never be carried out any more."""
    reader = Reader()
    _look_ahead(order.windows, order.deadline, order.source, now, reader)
    reader.finish()


def read_order_file(path: str | Path) -> dict[str, Any]:
    """The table in a TOML or JSON file, or of a GeoJSON file that is the place alone; not checked yet.

    Raises FileError for a file that cannot be read, InputError for one that is no TOML, no JSON.
    """
    path = Path(path)
    text = utf8_text(read_bytes(path), path)
    try:
        if text.lstrip().startswith("{"):
            document = json.loads(text, parse_constant=_no_number, object_pairs_hook=_once)
        else:
            document = tomllib.loads(text)
    except (tomllib.TOMLDecodeError, ValueError, RecursionError) as error:
        raise InputError(
            "file", path.name, "TOML or JSON", hint=str(error), where=str(path)
        ) from error
    if document.get("type") in ("Feature", "FeatureCollection", "Point", "LineString", "Polygon"):
        return {"place": document}
    return dict(document)


def _no_number(text: str) -> float:
    raise ValueError(f"{text} is no number in JSON")


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """A table whose keys are all different: which of two would count is anybody's guess."""
    found = dict(pairs)
    if len(found) < len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise ValueError(f"the key {twice!r} stands there twice")
    return found


def _windows(table: Mapping[str, Any], reader: Reader) -> tuple[Window, ...]:
    value = table.get("windows", [])
    if isinstance(value, Mapping):
        value = [value]
    if not isinstance(value, list) or len(value) > MOST_WINDOWS:
        reader.wrong("windows", value, f"a list of at most {MOST_WINDOWS} tables, [[windows]]")
        return ()
    found = []
    for i, one in enumerate(value, 1):
        field = f"windows[{i}]"
        ends = reader.table(one, field, ("start", "stop"))
        start, stop = (reader.time(ends, key, field) for key in ("start", "stop"))
        try:
            found.append(Window(start=start, stop=stop))
        except InputError as error:
            reader.wrong(f"{field}.{error.field}", error.value, error.wish)
    return tuple(found)


def _look_ahead(
    windows: tuple[Window, ...],
    deadline: Epoch | None,
    source: str,
    now: Epoch | None,
    reader: Reader,
) -> None:
    """Complain of what is over already, or would begin only after the deadline."""
    if deadline is not None:
        if now is not None and deadline <= now:
            reader.wrong("deadline", deadline.utc(0), f"later than now, {now.utc(0)}")
        late = [w.start for w in windows if w.start is not None and w.start >= deadline]
        if windows and len(late) == len(windows):
            wish = f"later than the first window begins, {min(late).utc(0)}"
            reader.wrong("deadline", deadline.utc(0), wish)
    if now is None or source == "archive":
        return
    over = [one.stop is not None and one.stop <= now for one in windows]
    if source == "either" and not all(over):  # a window of the past may be served by the archive
        return
    for i, (window, is_over) in enumerate(zip(windows, over, strict=True), 1):
        if is_over and window.stop is not None:
            wish = f"later than now, {now.utc(0)}"
            hint = "pictures of the past come from the archive alone: source = archive"
            reader.wrong(f"windows[{i}].stop", window.stop.utc(0), wish, hint)


def _looks(value: object, reader: Reader) -> Looks:
    table = reader.table(value, "looks", ("kind", "sensors", "azimuth_deg", *LOOK_KEYS))
    values: dict[str, Any] = {
        "kind": reader.choice(table, "kind", "looks", SENSOR_KINDS, "optical"),
        "sensors": reader.texts(table, "sensors", "looks"),
    }
    for key, (low, high, unit) in LOOK_KEYS.items():
        number = reader.number(table, key, "looks", low, high, unit)
        if number is not None and key.endswith("_deg"):
            values[key.removesuffix("_deg") + "_rad"] = number * deg
        elif number is not None:
            values[key] = number
    azimuth = table.get("azimuth_deg")
    if azimuth is not None:
        if isinstance(azimuth, list) and len(azimuth) == 2:
            for name, one in zip(("from", "to"), azimuth, strict=True):
                number = reader.number(
                    {"azimuth_deg": one}, "azimuth_deg", "looks", 0, 360, "degrees"
                )
                values[f"azimuth_{name}_rad"] = None if number is None else number * deg
        else:
            reader.wrong("looks.azimuth_deg", azimuth, "two angles, from and to, such as [90, 270]")
    if values["kind"] == "sar":
        for key in ("max_cloud", "min_sun_elevation_deg", "max_sun_elevation_deg", "min_niirs"):
            if key in table:
                reader.wrong(f"looks.{key}", table[key], "left out for radar, which needs no light")
    try:
        return Looks(**values)
    except InputError as error:
        if not any(one.field.startswith("looks.") for one in reader.problems):
            name = error.field.replace("_rad", "_deg")
            shown = table.get(name, error.value)
            reader.wrong(
                f"looks.{name}", shown, error.wish.partition(" = ")[0].replace("_rad", "_deg")
            )
        return Looks()


def _delivery(value: object, reader: Reader) -> dict[str, str]:
    table = reader.table(value, "delivery", ("folder", "webhook"))
    found = {key: reader.text(table, key, "delivery", longest=2000) for key in table}
    webhook = found.get("webhook", "")
    if webhook:
        wish = "an http or https URL without user and password"
        try:
            url = urllib.parse.urlsplit(webhook)
            _ = url.port
            fair = url.scheme in ("http", "https") and bool(url.hostname) and "@" not in url.netloc
            fair = fair and _HOST.fullmatch(url.netloc) is not None and " " not in webhook
        except ValueError:
            fair = False
        if not fair:
            shown = re.sub(r"//[^/@]*@", "//***@", webhook)
            reader.wrong("delivery.webhook", shown, wish)
    return {key: text for key, text in found.items() if text}


def _recurrence(table: Mapping[str, Any], reader: Reader) -> tuple[float | None, int]:
    value = table.get("recurrence")
    if value is None:
        return None, 1
    parts = reader.table(value, "recurrence", ("every_days", "count"))
    every_days = reader.number(parts, "every_days", "recurrence", 0.01, 3660, "days")
    count = reader.whole(parts, "count", "recurrence", 1, MOST_PICTURES)
    for key in ("every_days", "count"):
        if isinstance(value, Mapping) and parts.get(key) is None:
            reader.wrong(f"recurrence.{key}", MISSING, "given")
    return every_days, count or 1


def _beneficiaries(value: object, reader: Reader) -> tuple[Any, ...]:
    if not isinstance(value, list) or len(value) > 100:
        reader.wrong("beneficiaries", value, "a list of at most 100 tables, [[beneficiaries]]")
        return ()
    return tuple(read_named(one, f"beneficiaries[{i}]", reader) for i, one in enumerate(value, 1))
