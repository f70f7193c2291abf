"""What the archive searches an item by, read from the STAC item and checked."""

from __future__ import annotations

import hashlib
import json
import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import shapely

from offnadir.catalog._place import footprint_of, plain_rings
from offnadir.epoch import Epoch, utc_to_tai_ns
from offnadir.errors import MISSING, InputError, OffnadirError

_ENCODER: Final = json.JSONEncoder(
    sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False
)
_PLAIN_TIME: Final = re.compile(
    r"(?:19[0-9]{2}|20[0-9]{2}|21[0-8][0-9])-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-5][0-9](?:\.[0-9]{1,9})?Z"
)
_MOST_ID: Final = 1024
_MOST: Final = 1e12
_MOST_BYTES: Final = 32 * 2**20
#: Numbers of an item: column, property that tells it, least, greatest.
_NUMBERS: Final[tuple[tuple[str, str, float, float], ...]] = (
    ("off_nadir_deg", "view:off_nadir", 0.0, 90.0),
    ("incidence_deg", "view:incidence_angle", 0.0, 90.0),
    ("azimuth_deg", "view:azimuth", 0.0, 360.0),
    ("gsd_m", "gsd", 0.0, math.inf),
    ("niirs", "offnadir:niirs", -10.0, 20.0),
    ("cloud_percent", "eo:cloud_cover", 0.0, 100.0),
    ("sun_elevation_deg", "view:sun_elevation", -90.0, 90.0),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """An item as the tables hold it: `columns` by their names, the document as canonical JSON.

    `sha256` is the same for items that mean the same, such as one that went through stac-geoparquet.
    """

    id: str
    columns: Mapping[str, Any]
    geometry: Any
    document: str
    sha256: str


def canonical(item: Mapping[str, Any]) -> str:
    """JSON of an item in one way only: keys in order, no spaces. InputError for what JSON cannot hold."""
    try:
        text = _ENCODER.encode(item)
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
    (row,) = rows_of([item])
    if isinstance(row, OffnadirError):
        raise row
    return row


def rows_of(items: Sequence[Any]) -> list[Row | OffnadirError]:
    """The same of many at once, which is much faster; in the place of one that is wrong, what is wrong."""
    drafts: list[_Draft | OffnadirError] = []
    for item in items:
        try:
            drafts.append(_draft(item))
        except OffnadirError as error:
            drafts.append(error)
    good = [one for one in drafts if not isinstance(one, OffnadirError)]
    times = iter(_times_ns([one[1] for one in good]))
    shapes = iter(_shapes([one[0].get("geometry") for one in good]))
    return [
        draft if isinstance(draft, OffnadirError) else _finished(*draft, next(times), next(shapes))
        for draft in drafts
    ]


_Draft = tuple[Mapping[str, Any], tuple[str, str], dict[str, Any], str]


def _draft(item: Any) -> _Draft:
    """All that takes no mathematics: the item, its two times as text, its columns and its canonical JSON."""
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
        columns: dict[str, Any] = {
            "id": name,
            "collection": _text(item, "collection"),
            "platform": _text(properties, "platform"),
            "level": _text(properties, "processing:level"),
        }
        for column, key, least, greatest in _NUMBERS:
            value = properties.get(key)
            columns[column] = None if value is None else _number(key, value, least, greatest)
        if columns["niirs"] is None:
            columns["niirs"] = _predicted_niirs(properties)
        return item, _times(properties), columns, canonical(item)
    except InputError as error:
        raise _at(name, error) from None


def _finished(
    item: Mapping[str, Any],
    texts: tuple[str, str],
    columns: dict[str, Any],
    document: str,
    times: tuple[int, int] | InputError,
    shape: Any,
) -> Row | OffnadirError:
    name = columns["id"]
    for part in (times, shape):
        if isinstance(part, InputError):
            return _at(name, part)
    assert not isinstance(times, InputError)
    if times[1] < times[0]:
        wish = f"not before start_datetime {texts[0]}"
        return InputError("end_datetime", texts[1], wish, where=name)
    geometry, bounds = shape
    columns["start_tai_ns"], columns["stop_tai_ns"] = times
    columns["west_deg"], columns["south_deg"], columns["east_deg"], columns["north_deg"] = bounds
    digest = hashlib.sha256(_ENCODER.encode(_same(item)).encode()).hexdigest()
    return Row(id=name, columns=columns, geometry=geometry, document=document, sha256=digest)


def _same(value: Any) -> Any:
    """The same for what means the same: members that are null are left out, 10.0 is 10, times end alike."""
    kind = type(value)
    if kind is dict:
        return {key: _same(one) for key, one in value.items() if one is not None}
    if kind is list:
        return [_same(one) for one in value]
    if kind is float and value.is_integer():
        return int(value)
    if kind is str and value[-1:] == "Z" and "." in value and _PLAIN_TIME.fullmatch(value):
        return value[:-1].rstrip("0").rstrip(".") + "Z"
    return value


def _at(name: str, error: InputError) -> InputError:
    return InputError(error.field, error.value, error.wish, hint=error.hint, where=name)


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


def _number(key: str, value: Any, least: float, greatest: float) -> float:
    kind = type(value)
    if (kind is not float and kind is not int) or not least <= value <= greatest or value > _MOST:
        wish = (
            f"from {least:g} to {greatest:g}"
            if greatest < math.inf
            else f"{least:g} or above, and finite"
        )
        raise InputError(key, value, wish)
    return float(value)


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


def _times(properties: Mapping[str, Any]) -> tuple[str, str]:
    """When an item begins and ends; one instant where it tells only that."""
    at = properties.get("datetime")
    first, last = properties.get("start_datetime"), properties.get("end_datetime")
    if (first is None) != (last is None):
        key = "start_datetime" if first is None else "end_datetime"
        raise InputError(key, MISSING, "given with the other end")
    if first is None and at is None:
        raise InputError("datetime", at, "a time, or start_datetime and end_datetime")
    texts: tuple[Any, Any] = (at, at) if first is None else (first, last)
    for key, text in zip(("start_datetime", "end_datetime"), texts, strict=True):
        if not isinstance(text, str):
            key = "datetime" if first is None else key
            raise InputError(key, text, "a time such as 2026-05-31T00:00:00Z")
    return texts


def _times_ns(texts: Sequence[tuple[str, str]]) -> list[tuple[int, int] | InputError]:
    """Both times of each [TAI ns]."""
    flat = sorted({text for pair in texts for text in pair})
    plain = [text for text in flat if _PLAIN_TIME.fullmatch(text)]
    known: dict[str, int | InputError] = {}
    try:
        utc_ns = np.array([text[:-1] for text in plain], "datetime64[ns]").astype(np.int64)
        known = dict(zip(plain, utc_to_tai_ns(utc_ns).tolist(), strict=True))
    except ValueError:  # a day that does not exist: `Epoch` tells which
        known = {}
    for text in flat:
        if text not in known:
            try:
                known[text] = Epoch.from_utc(text, field="datetime").tai_ns
            except InputError as error:
                known[text] = error
    made: list[tuple[int, int] | InputError] = []
    for first, last in texts:
        start, stop = known[first], known[last]
        if isinstance(start, InputError):
            made.append(start)
        elif isinstance(stop, InputError):
            made.append(stop)
        else:
            made.append((start, stop))
    return made


def _shapes(geometries: Sequence[Any]) -> list[Any]:
    """Footprint and bounds of each, or what is wrong with it; plain polygons are made together."""
    rings = [plain_rings(one) for one in geometries]
    plain = [n for n, ring in enumerate(rings) if ring is not None]
    made: list[Any] = [None] * len(geometries)
    if plain:
        coordinates = np.array([one for n in plain for one in rings[n]])  # type: ignore[union-attr]
        indices = np.repeat(np.arange(len(plain)), [len(rings[n]) for n in plain])  # type: ignore[arg-type]
        polygons = shapely.polygons(shapely.linearrings(coordinates, indices=indices))
        valid = shapely.is_valid(polygons) & (shapely.area(polygons) > 0.0)
        for n, polygon, good in zip(plain, polygons, valid.tolist(), strict=True):
            made[n] = polygon if good else None
    for n, geometry in enumerate(geometries):
        if made[n] is None and geometry is not None:
            try:
                made[n] = footprint_of(geometry)
            except InputError as error:
                made[n] = error
    wrong = [isinstance(one, InputError) for one in made]
    bounds = shapely.bounds(
        [None if bad else one for one, bad in zip(made, wrong, strict=True)]
    ).tolist()
    return [
        one if bad else (one, (None,) * 4 if one is None else box)
        for one, bad, box in zip(made, wrong, bounds, strict=True)
    ]
