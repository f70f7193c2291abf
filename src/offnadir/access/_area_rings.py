"""Rings of longitudes and latitudes made one plane figure, across the antimeridian and around a pole."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely.validation import explain_validity

from offnadir.access._area_plane import authalic_sine
from offnadir.errors import InputError
from offnadir.units import deg

Array = NDArray[np.float64]
Figure = Any  # a shapely geometry

_EDGE_DEG = 180.0
_SPARE_DEG = 1e-9
_WORDS = {
    "Self-intersection": "its boundary crosses itself there",
    "Ring Self-intersection": "its boundary touches itself there",
    "Hole lies outside shell": "a hole lies outside its outer ring",
    "Holes are nested": "a hole lies within another",
    "Interior is disconnected": "holes cut it in two",
    "Too few points in geometry component": "it has too few corners",
}


def figure(polygons_deg: Sequence[Sequence[Array]]) -> Figure:
    """One valid figure, longitude -180 to 180 and latitude [deg], of polygons given by their rings.

    Each ring has shape (n, 2), longitude first; the first ring of a polygon is its outline, the others
    are holes, wound as they may be. An edge is straight in longitude and latitude and goes the short way
    round; one of exactly 360 degrees is taken as written. A ring around the Earth holds the pole on its
    smaller side. Raises InputError whose field names polygon and ring.
    """
    parts = []
    for number, rings in enumerate(polygons_deg, 1):
        name = f"polygon {number}, " if len(polygons_deg) > 1 else ""
        parts.append(_polygon(rings, name))
    return _polygons_only(shapely.union_all(parts))


def _polygon(rings: Sequence[Array], name: str) -> Figure:
    """The figure of one polygon: its outline less its holes."""
    if not rings:
        raise InputError(f"{name}ring 1".strip(), [], "a ring of corners")
    outline = _ring(rings[0], f"{name}ring 1")
    holes: list[Figure] = []
    for number, ring in enumerate(rings[1:], 2):
        where = f"{name}ring {number} (a hole)"
        hole = _ring(ring, where)
        if shapely.difference(hole, outline).area > 1e-9 * hole.area:
            raise InputError(where, _first(ring), "inside the polygon's outer ring, ring 1")
        for earlier, other in enumerate(holes, 2):
            if shapely.intersection(hole, other).area > 1e-9 * hole.area:
                raise InputError(where, _first(ring), f"clear of the hole in ring {earlier}")
        holes.append(hole)
    if not holes:
        return outline
    rest = _polygons_only(shapely.difference(outline, shapely.union_all(holes)))
    if rest.is_empty:
        raise InputError(f"{name}ring 2 (a hole)", _first(rings[1]), "smaller than ring 1")
    return rest


def _ring(ring: Array, where: str) -> Figure:
    """What a ring encloses, longitude -180 to 180."""
    corners = np.asarray(ring, np.float64)
    if np.any(corners[0] != corners[-1]):
        corners = np.vstack([corners, corners[:1]])
    moved = np.any(np.diff(corners, axis=0) != 0, axis=1)
    corners = corners[np.append(True, moved)]
    if len(corners) < 4:
        raise InputError(where, ring.tolist(), "a ring of at least 3 different corners")
    outline = _around(_unwrapped(corners, whole=True))
    if not _sound(outline):
        outline = _around(_unwrapped(corners, whole=False))
    if outline is None:
        raise InputError(where, _first(ring), "a ring that goes round the Earth at most once")
    if not _sound(outline):
        raise _trouble(outline, where)
    return _wrapped(outline)


def _unwrapped(corners: Array, *, whole: bool) -> Array:
    """The ring with its longitudes running on instead of leaping; `whole` keeps steps of 360 degrees."""
    steps = np.diff(corners[:, 0])
    short = steps - 360.0 * np.round(steps / 360.0)
    if whole:
        short = np.where(np.abs(np.abs(steps) - 360.0) < _SPARE_DEG, steps, short)
    lon = corners[0, 0] + np.concatenate([[0.0], np.cumsum(short)])
    return np.column_stack([lon, corners[:, 1]])


def _around(ring: Array) -> Figure | None:
    """The polygon of an unwrapped ring, led over a pole if it goes round the Earth; None for more."""
    turn = ring[-1, 0] - ring[0, 0]
    if abs(turn) < _SPARE_DEG:
        ring[-1, 0] = ring[0, 0]
        return shapely.Polygon(ring) if np.ptp(ring[:, 0]) <= 360.0 + _SPARE_DEG else None
    if abs(abs(turn) - 360.0) > _SPARE_DEG:
        return None
    height = authalic_sine(ring[:, 1] * deg)
    mean = float(np.sum((height[1:] + height[:-1]) / 2 * np.diff(ring[:, 0]))) / turn
    # On the equator itself the interior lies to the left, as GeoJSON has it.
    pole = 90.0 if mean > 1e-12 or (abs(mean) <= 1e-12 and turn > 0) else -90.0
    # Where the ring comes nearest to the pole, the way there along the meridian crosses none of it.
    nearest = int(np.argmax(ring[:-1, 1] * pole))
    turned = np.vstack([ring[nearest:-1], ring[: nearest + 1] + np.array([turn, 0.0])])
    return shapely.Polygon([*turned, (turned[-1, 0], pole), (turned[0, 0], pole)])


def _sound(outline: Figure | None) -> bool:
    return outline is not None and bool(outline.is_valid) and outline.area > 0.0


def _wrapped(outline: Figure) -> Figure:
    """The same figure cut at the antimeridian, its pieces brought to -180 to 180."""
    west, _, east, _ = outline.bounds
    if west >= -_EDGE_DEG and east <= _EDGE_DEG:
        return outline
    pieces = []
    first = int(np.floor((west + 180.0) / 360.0))
    last = int(np.ceil((east + 180.0) / 360.0))
    for turn in range(first, last):
        shift = 360.0 * turn
        cut = shapely.intersection(outline, shapely.box(shift - 180.0, -90.0, shift + 180.0, 90.0))
        pieces.append(shapely.transform(cut, _Shift(shift)))
    return _polygons_only(shapely.union_all(pieces))


class _Shift:
    """Longitudes less so many degrees, within -180 to 180."""

    def __init__(self, shift: float) -> None:
        self.shift = shift

    def __call__(self, xy: Array) -> Array:
        return np.column_stack([np.clip(xy[:, 0] - self.shift, -180.0, 180.0), xy[:, 1]])


def _polygons_only(shape: Figure) -> Figure:
    """A figure without the points and lines that touching borders leave behind."""
    if shape.geom_type in ("Polygon", "MultiPolygon"):
        return shape
    parts = [one for one in shapely.get_parts(shape) if one.geom_type == "Polygon" and one.area > 0]
    return shapely.MultiPolygon(parts) if parts else shapely.Polygon()


def _trouble(outline: Figure, where: str) -> InputError:
    """What is wrong with a ring, in words, with the place."""
    if not outline.area > 0.0 and outline.convex_hull.area == 0.0:
        return InputError(where, _first(np.asarray(outline.exterior.coords)), "an area, not a line")
    reason = explain_validity(outline)
    kind, _, place = reason.partition("[")
    numbers = re.findall(r"-?[\d.]+(?:e-?\d+)?", place)
    value: object = reason
    if len(numbers) == 2:
        lon = (float(numbers[0]) + 180.0) % 360.0 - 180.0
        value = [round(lon, 8), round(float(numbers[1]), 8)]
    words = _WORDS.get(kind.strip(), kind.strip().lower())
    return InputError(where, value, f"a simple ring: {words}")


def _first(ring: Array) -> list[float]:
    return [float(value) for value in ring[0]]
