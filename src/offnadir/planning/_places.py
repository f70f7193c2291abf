"""Places in a mission file: points, and polygons put in order or refused with the reason."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely.validation import explain_validity

from offnadir.access.geojson import place_trouble, read_position
from offnadir.earth import Site, geodetic_to_itrf_m
from offnadir.errors import InputError
from offnadir.planning._fields import Number
from offnadir.planning._problems import Place
from offnadir.units import deg, km

Array = NDArray[np.float64]

LATITUDE: Final = Number(said="a latitude from -90 to 90 degrees")
LONGITUDE: Final = Number(said="a longitude from -180 to 180 degrees (0 to 360 will do)")
HEIGHT: Final = Number(said="a height from -12000 to 100000 m")
#: The most corners of a polygon, holes included.
MOST_CORNERS = 10_000
#: How far from its centre a polygon may reach [m]; beyond, flat geometry on the ground fails.
FARTHEST_CORNER_M = 1000 * km
_LEAST_AREA_M2 = 1.0
_DEGREE_M = 111_195.0  # on the mean sphere, along the meridian
_SPLIT = "split it there into two requests"
_RING = "a ring of corners [[lon, lat], ...] in degrees, longitude first as in GeoJSON"


def read_point(values: Mapping[str, float], name: str, place: Place) -> Site | None:
    """A site of lat_deg, lon_deg and alt_m, None (and a complaint) if they are no place on Earth."""
    lat, lon, alt = values["lat_deg"], values["lon_deg"], values.get("alt_m", 0.0)
    trouble = place_trouble(lat, lon, alt)
    if trouble is not None:
        key, wish, hint = trouble
        place.key(key).complain(values[key], wish, hint)
        return None
    return Site(name=name, lat_rad=lat * deg, lon_rad=_turn(lon) * deg, alt_m=alt)


def read_geojson_point(coordinates: object, name: str, place: Place) -> Site | None:
    """A site of a GeoJSON position, None (and a complaint) if it is none."""
    try:
        lon, lat, alt = read_position(coordinates)
    except InputError as error:
        place.pass_on(error)
        return None
    return Site(name=name, lat_rad=lat * deg, lon_rad=_turn(lon) * deg, alt_m=alt)


def read_polygon(
    value: object, name: str, alt_m: float, place: Place
) -> tuple[Site, tuple[Array, ...]] | None:
    """Centre and rings [rad] of a polygon of longitudes and latitudes [deg]; None with a complaint.

    `value` is one ring, or a list of rings, the outer one first, as in GeoJSON; heights in it are left
    out. Rings are closed, and turned so that the outer one runs counter-clockwise and holes clockwise.
    The result has shape (n, 2) for each ring: latitude, longitude. The centre is that of the area.
    """
    if not isinstance(value, list) or not value:
        place.complain(value, _RING)
        return None
    nested = isinstance(value[0], list) and bool(value[0]) and isinstance(value[0][0], list)
    rings = value if nested else [value]
    if sum(len(ring) for ring in rings if isinstance(ring, list)) > MOST_CORNERS:
        count = sum(len(ring) for ring in rings if isinstance(ring, list))
        place.complain(f"{count} corners", f"a polygon of at most {MOST_CORNERS} corners")
        return None
    read = [_read_ring(ring, place.item(i) if nested else place) for i, ring in enumerate(rings, 1)]
    sound = [ring for ring in read if ring is not None]
    if len(sound) < len(read) or not _is_sound(sound, place):
        return None
    outline = shapely.Polygon(sound[0], sound[1:])
    centre = outline.centroid
    aim = Site(name=name, lat_rad=centre.y * deg, lon_rad=centre.x * deg, alt_m=alt_m)
    reach_m = _reach_m(sound[0], aim)
    if reach_m > FARTHEST_CORNER_M:
        wish = f"a polygon that reaches at most {FARTHEST_CORNER_M / km:.0f} km from its centre"
        place.complain(f"{reach_m / km:.0f} km", wish, "split it into several requests")
        return None
    turned = [_turned(ring, clockwise=i > 0) for i, ring in enumerate(sound)]
    rings_rad = tuple(np.ascontiguousarray(ring[:, ::-1]) * deg for ring in turned)
    for ring in rings_rad:
        ring.flags.writeable = False
    return aim, rings_rad


def extent_m(rings_rad: tuple[Array, ...], aim: Site) -> tuple[float, float]:
    """Long and short side [m] of the narrowest rectangle, turned at will, around a polygon."""
    scale = np.array([np.cos(aim.lat_rad), 1.0]) / deg * _DEGREE_M
    flat = shapely.Polygon((rings_rad[0][:, ::-1] - [aim.lon_rad, aim.lat_rad]) * scale)
    x, y = shapely.minimum_rotated_rectangle(flat).exterior.coords.xy
    sides = [float(np.hypot(x[i + 1] - x[i], y[i + 1] - y[i])) for i in (0, 1)]
    return max(sides), min(sides)


def _turn(lon_deg: float) -> float:
    """The same longitude in -180 to 180 degrees."""
    return lon_deg - 360 if lon_deg > 180 else lon_deg


def _read_ring(value: object, place: Place) -> Array | None:
    """One closed ring of shape (n, 2), longitude and latitude [deg], without repeated corners."""
    if not isinstance(value, list):
        place.complain(value, _RING)
        return None
    corners = []
    for number, one in enumerate(value, 1):
        try:
            lon, lat, _ = read_position(one)
        except InputError as error:
            place.item(number).pass_on(error)
            continue
        if lon > 180:
            wish = "a longitude from -180 to 180 degrees"
            place.item(number).complain(one, wish, f"across the antimeridian, {_SPLIT}")
            continue
        if abs(lat) == 90:
            place.item(number).complain(one, "away from the poles")
            continue
        corners.append((lon, lat))
    if len(corners) < len(value):
        return None
    if len(set(corners)) < 3:
        place.complain(value, "a ring of at least 3 different corners")
        return None
    ring = np.array([*corners, corners[0]])
    moved = np.any(np.diff(ring, axis=0) != 0, axis=1)
    return np.asarray(ring[np.append(True, moved)])


def _is_sound(rings: list[Array], place: Place) -> bool:
    """Whether rings bound an area that a flat map can hold; complains if not."""
    for ring in rings:
        steps = np.diff(ring[:, 0])
        if np.any(np.abs(steps) >= 180):
            at = int(np.argmax(np.abs(steps)))
            around = abs(float(np.sum((steps + 180) % 360 - 180))) > 180
            wish = "a polygon that holds no pole" if around else "clear of the antimeridian"
            hint = "" if around else _SPLIT
            leap = f"{_corner(ring[at])} to {_corner(ring[at + 1])}"
            place.complain(leap, wish, hint or "a polygon around a pole cannot be drawn here")
            return False
    outline = shapely.Polygon(rings[0], rings[1:])
    hull = outline.convex_hull  # of a ring that crosses itself the area may cancel out
    area_m2 = hull.area * _DEGREE_M**2 * float(np.cos(hull.centroid.y * deg))
    if area_m2 < _LEAST_AREA_M2:
        flat = f"{len(rings[0]) - 1} corners on {area_m2:.2g} m2"
        place.complain(flat, f"a polygon of at least {_LEAST_AREA_M2:g} m2, not a line")
        return False
    if not outline.is_valid:
        reason = explain_validity(outline)
        place.complain(_where(reason), f"a simple polygon: {_in_words(reason)}")
        return False
    return True


def _corner(lon_lat: Array) -> str:
    return f"[{lon_lat[0]:.10g}, {lon_lat[1]:.10g}]"


def _where(reason: str) -> str:
    """The corner in a message of GEOS such as "Self-intersection[127.1 37.2]"."""
    match = re.search(r"\[([^ \]]+) ([^ \]]+)", reason)
    return f"[{float(match[1]):.8g}, {float(match[2]):.8g}]" if match else reason


def _in_words(reason: str) -> str:
    kind = reason.partition("[")[0].strip()
    words = {
        "Self-intersection": "its boundary crosses itself there",
        "Ring Self-intersection": "its boundary touches itself there",
        "Hole lies outside shell": "a hole lies outside its outer ring",
        "Holes are nested": "a hole lies within another",
        "Interior is disconnected": "holes cut it in two",
    }
    return words.get(kind, kind.lower())


def _turned(ring: Array, *, clockwise: bool) -> Array:
    return ring[::-1] if shapely.LinearRing(ring).is_ccw == clockwise else ring


def _reach_m(ring: Array, aim: Site) -> float:
    """The farthest corner's distance [m] from the centre, straight through the ground."""
    corners = geodetic_to_itrf_m(ring[:, 1] * deg, ring[:, 0] * deg, 0.0)
    centre = geodetic_to_itrf_m(aim.lat_rad, aim.lon_rad, 0.0)
    return float(np.max(np.linalg.norm(corners - centre, axis=1)))
