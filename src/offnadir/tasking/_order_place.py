"""The place of an order: a GeoJSON geometry, checked."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import numpy as np

from offnadir.access.areas import Area
from offnadir.errors import InputError
from offnadir.tasking._fields import Reader
from offnadir.units import deg, km

MOST_POSITIONS: Final = 10_000
LARGEST_AREA_M2: Final = 10e6 * km**2  # larger than any country but four
_KINDS: Final = ("Point", "LineString", "Polygon")
_WISH: Final = "a GeoJSON Point, LineString or Polygon"
#: No coordinate, in whatever unit; a whole number of JSON may be too large for a float.
_BEYOND: Final = 1e300


def read_place(value: object, reader: Reader) -> tuple[dict[str, Any], float]:
    """The geometry as it is stored, and its surface [m2]; complaints go to `reader`.

    A Feature will do, and a FeatureCollection of one. A third number of a position, its height, is left out.
    """
    geometry = _bare(value)
    if not isinstance(geometry, Mapping) or geometry.get("type") not in _KINDS:
        kind = geometry.get("type") if isinstance(geometry, Mapping) else value
        reader.wrong("place", kind, _WISH)
        return {}, 0.0
    for key in geometry:
        if key not in ("type", "coordinates", "bbox"):
            reader.wrong(f"place.{key}", geometry[key], "a key that is known here")
    kind, coordinates = geometry["type"], geometry.get("coordinates")
    before = len(reader.problems)
    if kind == "Point":
        found: Any = _position(coordinates, "place.coordinates", reader)
    elif kind == "LineString":
        found = _positions(coordinates, "place.coordinates", (2, 2), reader)
    else:
        found = _rings(coordinates, reader)
    place = {"type": kind, "coordinates": found}
    if len(reader.problems) > before:
        return place, 0.0
    return place, _surface_m2(found, reader) if kind == "Polygon" else 0.0


def _bare(value: object) -> object:
    if isinstance(value, Mapping) and value.get("type") == "FeatureCollection":
        features = value.get("features")
        value = features[0] if isinstance(features, list) and len(features) == 1 else value
    if isinstance(value, Mapping) and value.get("type") == "Feature":
        return value.get("geometry")
    return value


def _position(value: object, field: str, reader: Reader) -> list[float]:
    if (
        not isinstance(value, list | tuple)
        or len(value) not in (2, 3)
        or any(isinstance(one, bool) or not isinstance(one, int | float) for one in value)
        or not all(abs(one) < _BEYOND for one in value)
    ):
        reader.wrong(field, value, "longitude and latitude in degrees")
        return [0.0, 0.0]
    lon, lat = float(value[0]), float(value[1])
    if not abs(lat) <= 90:
        hint = "longitude comes first" if abs(lon) <= 90 and abs(lat) <= 180 else ""
        reader.wrong(field, list(value), "a latitude from -90 to 90 degrees", hint)
    elif not -180 <= lon <= 360:
        reader.wrong(field, list(value), "a longitude from -180 to 180 degrees (0 to 360 will do)")
    return [lon, lat]


def _positions(
    value: object, field: str, least: tuple[int, int], reader: Reader
) -> list[list[float]]:
    """Positions: at least so many, of which so many differ."""
    if not isinstance(value, list | tuple) or not least[0] <= len(value) <= MOST_POSITIONS:
        reader.wrong(field, value, f"a list of {least[0]} to {MOST_POSITIONS} positions")
        return []
    found = [_position(one, f"{field}[{i}]", reader) for i, one in enumerate(value, 1)]
    if len({tuple(one) for one in found}) < least[1]:
        reader.wrong(field, value, f"of at least {least[1]} positions that differ")
    return found


def _rings(value: object, reader: Reader) -> list[list[list[float]]]:
    if not isinstance(value, list | tuple) or not 1 <= len(value) <= 100:
        reader.wrong("place.coordinates", value, "a list of rings, the outline first")
        return []
    total = sum(len(ring) for ring in value if isinstance(ring, list | tuple))
    if total > MOST_POSITIONS:  # 0.3 s of a processor to read, judge and keep
        reader.wrong(
            "place.coordinates", f"{total} positions", f"rings of at most {MOST_POSITIONS} in all"
        )
        return []
    rings = []
    for i, ring in enumerate(value, 1):
        field = f"place.coordinates[{i}]"
        found = _positions(ring, field, (4, 3), reader)
        if found and found[0] != found[-1]:
            hint = "the last position repeats the first"
            reader.wrong(f"{field}[{len(found)}]", found[-1], f"{found[0]}", hint)
        rings.append(found)
    return rings


def _surface_m2(rings: list[list[list[float]]], reader: Reader) -> float:
    import shapely

    flat = shapely.Polygon(rings[0], rings[1:])
    if not flat.is_valid:
        reader.wrong("place", shapely.is_valid_reason(flat), "a polygon that does not cross itself")
        return 0.0
    try:
        turned = tuple(np.array(ring)[:, ::-1] * deg for ring in rings)
        surface = Area(name="place", polygons_rad=(turned,)).area_m2
    except InputError as error:
        reader.wrong("place", error.value, error.wish, error.hint)
        return 0.0
    if surface > LARGEST_AREA_M2:
        wish = f"of at most {LARGEST_AREA_M2 / km**2:,.0f} km2"
        hint = "an area on the other side of the 180th meridian? write longitudes beyond 180"
        reader.wrong("place", f"{surface / km**2:,.0f} km2", wish, hint)
    return float(surface)
