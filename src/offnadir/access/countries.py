"""Countries by ISO 3166-1 code: their outlines (Natural Earth 1:50m), disputed parts counted to each side."""

from __future__ import annotations

import functools
import gzip
import json
from typing import Any

import numpy as np
import shapely

from offnadir.access._area_rings import figure
from offnadir.data import bundled_bytes

Figure = Any  # a shapely geometry

#: How far an outline drawn at 1:50m may be off [m]: its corners are up to some kilometres apart.
OUTLINE_DOUBT_M = 5_000.0


@functools.cache
def _topology() -> dict[str, Any]:
    content: dict[str, Any] = json.loads(gzip.decompress(bundled_bytes("countries.json.gz")))
    return content


@functools.cache
def country_names() -> dict[str, str]:
    """Names by code, of all that has an outline; codes that begin with X are parts without an own one."""
    return {code: entry["name"] for code, entry in _topology()["countries"].items()}


@functools.cache
def country_figure(code: str) -> Figure:
    """The outline of a country, longitude and latitude [deg], with every part that it holds or claims.

    Treat as read-only: it is kept. KeyError for a code that is not in `country_names`.
    """
    entry = _topology()["countries"][code]
    own = _drawn(code)
    claimed = [
        _drawn(other)
        for other, part in _topology()["countries"].items()
        if code in part["also"] and other != code
    ]
    if not claimed:
        return own
    return shapely.union_all([own, *claimed]) if "arcs" in entry else own


@functools.cache
def _drawn(code: str) -> Figure:
    """The outline as the source draws it."""
    entry = _topology()["countries"][code]
    if "box_deg" in entry:
        whole = _drawn(entry["part_of"])
        return shapely.intersection(whole, shapely.box(*entry["box_deg"]))
    polygons = [[_ring(arcs) for arcs in polygon] for polygon in entry["arcs"]]
    plain = shapely.MultiPolygon([shapely.Polygon(rings[0], rings[1:]) for rings in polygons])
    west, _, east, _ = plain.bounds
    return plain if plain.is_valid and west >= -180.0 and east <= 180.0 else figure(polygons)


def _ring(arcs: list[int]) -> np.ndarray[Any, np.dtype[np.float64]]:
    parts: list[Any] = []
    for number in arcs:
        line = _lines()[number if number >= 0 else ~number]
        line = line if number >= 0 else line[::-1]
        parts.append(line[1:] if parts else line)
    ring = np.concatenate(parts)
    steps = np.diff(ring[:, 0])
    turns = np.round(
        steps / 360.0
    )  # the source leaps at the antimeridian, by exactly 360 degrees in Fiji
    if turns.any() and turns.sum() == 0:
        ring[1:, 0] -= 360.0 * np.cumsum(turns)
    return ring


@functools.cache
def _lines() -> list[np.ndarray[Any, np.dtype[np.float64]]]:
    content = _topology()
    scale, shift = (
        np.array(content["transform"]["scale"]),
        np.array(content["transform"]["translate"]),
    )
    return [np.cumsum(np.array(arc), axis=0) * scale + shift for arc in content["arcs"]]


@functools.cache
def land_figures() -> tuple[Figure, ...]:
    """The countries as they are drawn, which together are all land. Treat as read-only: they are kept."""
    return tuple(_drawn(code) for code in country_names())


@functools.cache
def _land() -> tuple[Any, tuple[Figure, ...]]:
    """A tree of the countries as they are drawn, and their figures."""
    figures = land_figures()
    return shapely.STRtree(figures), figures


def on_land(target: Figure) -> bool:
    """Whether a place lies on the land of countries altogether."""
    tree, figures = _land()
    touched = [figures[number] for number in tree.query(target, predicate="intersects")]
    if not touched:
        return False
    if target.geom_type == "Point":
        return True
    return bool(shapely.union_all(touched).covers(target))
