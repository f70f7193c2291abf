"""What the archive searches an item by, read from the STAC item and checked."""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import shapely

from offnadir.catalog._place import footprint_of
from offnadir.epoch import Epoch
from offnadir.errors import MISSING, InputError

_MOST_ID: Final = 1024
_MOST_BYTES: Final = 32 * 2**20
#: Numbers of an item: column, properties that tell it (the first that is there), least, greatest.
_NUMBERS: Final[tuple[tuple[str, tuple[str, ...], float, float], ...]] = (
    ("off_nadir_deg", ("view:off_nadir",), 0.0, 90.0),
    ("incidence_deg", ("view:incidence_angle",), 0.0, 90.0),
    ("azimuth_deg", ("view:azimuth",), 0.0, 360.0),
    ("gsd_m", ("gsd",), 0.0, math.inf),
    ("niirs", ("offnadir:niirs",), -10.0, 20.0),
    ("cloud_percent", ("eo:cloud_cover",), 0.0, 100.0),
    ("sun_elevation_deg", ("view:sun_elevation",), -90.0, 90.0),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """An item as the tables hold it: `columns` by their names, the document as canonical JSON."""

    id: str
    columns: Mapping[str, Any]
    geometry: Any
    document: str
    sha256: str


def canonical(item: Mapping[str, Any]) -> str:
    """JSON of an item in one way only: keys in order, no spaces. InputError for what JSON cannot hold."""
    try:
        text = json.dumps(
            item, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False
        )
        size = len(text.encode())
    except (TypeError, ValueError, RecursionError) as error:
        raise InputError(
            "item", str(item.get("id"))[:100], f"JSON of finite numbers and valid text ({error})"
        ) from None
    if size > _MOST_BYTES:
        raise InputError("item", f"{size} bytes", f"at most {_MOST_BYTES} bytes of JSON")
    return text


def row_of(item: Any) -> Row:
    """What the tables hold of a STAC item; InputError names what is wrong in it."""
    if not isinstance(item, Mapping):
        raise InputError("item", item, "a STAC item: an object")
    if item.get("type") != "Feature":
        raise InputError("type", item.get("type", MISSING), "Feature, as of a STAC item")
    version = item.get("stac_version")
    if not isinstance(version, str) or not version.startswith("1."):
        raise InputError("stac_version", MISSING if version is None else version, "1.0 or later")
    name = check_id(item.get("id", MISSING))
    properties = item.get("properties")
    if not isinstance(properties, Mapping):
        raise InputError("properties", properties, "an object", where=name)
    if not isinstance(item.get("assets"), Mapping):
        raise InputError("assets", item.get("assets", MISSING), "an object", where=name)
    try:
        geometry = None if item.get("geometry") is None else footprint_of(item["geometry"])
        start, stop = _times(properties)
        columns: dict[str, Any] = {
            "id": name,
            "collection": _text(item, "collection"),
            "start_tai_ns": start,
            "stop_tai_ns": stop,
            "platform": _text(properties, "platform"),
            "level": _text(properties, "processing:level"),
        }
        for column, keys, least, greatest in _NUMBERS:
            columns[column] = _number(properties, keys, least, greatest)
        if columns["niirs"] is None:
            columns["niirs"] = _predicted_niirs(properties)
        document = canonical(item)
    except InputError as error:
        if error.where:
            raise
        raise InputError(
            error.field, error.value, error.wish, hint=error.hint, where=name
        ) from None
    bounds = (None,) * 4 if geometry is None else shapely.bounds(geometry).tolist()
    columns |= dict(zip(("west_deg", "south_deg", "east_deg", "north_deg"), bounds, strict=True))
    digest = hashlib.sha256(document.encode()).hexdigest()
    return Row(id=name, columns=columns, geometry=geometry, document=document, sha256=digest)


def check_id(name: Any, *, field: str = "id") -> str:
    """A name that an item may have."""
    wish = f"text of 1 to {_MOST_ID} characters without control characters"
    if not isinstance(name, str) or not 1 <= len(name) <= _MOST_ID or not name.isprintable():
        raise InputError(field, name, wish)
    return name


def _text(holder: Mapping[str, Any], key: str) -> str | None:
    value = holder.get(key)
    if value is None or value == "":
        return None
    return check_id(value, field=key)


def _number(
    properties: Mapping[str, Any], keys: tuple[str, ...], least: float, greatest: float
) -> float | None:
    for key in keys:
        value = properties.get(key)
        if value is None:
            continue
        if (
            isinstance(value, bool)
            or not isinstance(value, int | float)
            or not least <= value <= greatest
        ):
            limits = (
                f"from {least:g} to {greatest:g}"
                if math.isfinite(greatest)
                else f"{least:g} or above"
            )
            raise InputError(key, value, limits)
        if not math.isfinite(value):
            raise InputError(key, value, "a finite number")
        return float(value)
    return None


def _predicted_niirs(properties: Mapping[str, Any]) -> float | None:
    """The best of what a capture predicted of its images."""
    predicted = properties.get("offnadir:predicted")
    if not isinstance(predicted, Mapping):
        return None
    found = [
        float(one["niirs"])
        for one in predicted.values()
        if isinstance(one, Mapping)
        and isinstance(one.get("niirs"), int | float)
        and math.isfinite(one["niirs"])
    ]
    return max(found, default=None)


def _times(properties: Mapping[str, Any]) -> tuple[int, int]:
    """When an item begins and ends [TAI ns]; one instant where it tells only that."""
    at = properties.get("datetime")
    first, last = properties.get("start_datetime"), properties.get("end_datetime")
    if (first is None) != (last is None):
        key = "start_datetime" if first is None else "end_datetime"
        raise InputError(key, MISSING, "given with the other end")
    if first is None:
        if at is None:
            raise InputError("datetime", at, "a time, or start_datetime and end_datetime")
        only = _tai_ns(at, "datetime")
        return only, only
    start, stop = _tai_ns(first, "start_datetime"), _tai_ns(last, "end_datetime")
    if stop < start:
        raise InputError("end_datetime", last, f"not before start_datetime {first}")
    return start, stop


def _tai_ns(text: Any, field: str) -> int:
    if not isinstance(text, str):
        raise InputError(field, text, "a time such as 2026-05-31T00:00:00Z")
    return Epoch.from_utc(text, field=field).tai_ns
