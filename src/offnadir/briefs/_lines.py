"""Lines on a map plane: broken where the plane is torn, cut to the frame, thinned."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np
import shapely
from numpy.typing import NDArray

from offnadir.briefs._html import coordinate
from offnadir.briefs._projection import Projection

Array = NDArray[np.float64]


def runs(xy: Array, longest: float) -> list[Array]:
    """The pieces of a line between points that are NaN or further apart than `longest`."""
    good = np.all(np.isfinite(xy), axis=1)
    joined = good[1:] & good[:-1] & (np.hypot(*np.diff(xy, axis=0).T) <= longest)
    cuts = np.flatnonzero(~joined) + 1
    return [piece for piece in np.split(xy, cuts) if len(piece) > 1]


def dense(lonlat: Sequence[tuple[float, float]], step_deg: float = 2.0) -> Array:
    """Points (n, 2) along a line, no further apart than `step_deg` in longitude or latitude."""
    points = np.array(lonlat, np.float64)
    if len(points) < 2:
        return points
    turn = (np.diff(points[:, 0]) + 180) % 360 - 180
    points[1:, 0] = points[0, 0] + np.cumsum(turn)  # no jump at the date line
    parts = np.ceil(np.abs(np.diff(points, axis=0)).max(axis=1) / step_deg)
    at = np.concatenate([[0.0], np.cumsum(np.maximum(parts, 1))])
    fine = np.arange(at[-1] + 1)
    return np.stack([np.interp(fine, at, points[:, k]) for k in (0, 1)], axis=-1)


def path(pieces: Iterable[Array], *, closed: bool = False, digits: int = 1) -> str:
    """An SVG path in relative steps, rounded to that many digits; steps of nothing are left out."""
    ticks = 10**digits
    parts = []
    for piece in pieces:
        whole = np.round(piece * ticks).astype(np.int64)
        keep = np.ones(len(whole), bool)
        keep[1:] = np.any(np.diff(whole, axis=0) != 0, axis=1)
        whole = whole[keep]
        if len(whole) < 2 and not closed:
            continue
        x, y = (coordinate(v / ticks, digits) for v in whole[0].tolist())
        steps = "".join(
            _step(dx / ticks, digits) + _step(dy / ticks, digits)
            for dx, dy in np.diff(whole, axis=0).tolist()
        )
        parts.append(f"M{x} {y}l{steps.strip()}" if steps else f"M{x} {y}h0")
        if closed:
            parts.append("z")
    return "".join(parts)


def _step(value: float, digits: int) -> str:
    text = coordinate(value, digits)
    return text if text[0] == "-" else " " + text


def backdrop(
    lines: Iterable[Sequence[tuple[float, float]]],
    projection: Projection,
    to_map: tuple[float, Array],
    size: tuple[float, float],
    most_characters: int,
) -> str:
    """Coastlines or borders inside the frame, thinned until they fit into that many characters."""
    scale, origin = to_map
    width, height = size
    longest = width / 3
    pieces: list[Array] = []
    for line in lines:
        points = np.array(line, np.float64)
        if len(points) < 2:
            continue
        xy = (projection(points[:, 0], points[:, 1]) - origin) * scale
        inside = np.all((xy > -longest) & (xy < np.array(size) + longest), axis=1)
        if inside.any():
            pieces += runs(np.where(inside[:, None], xy, np.nan), longest)
    if not pieces:
        return ""
    frame = shapely.box(-40, -40, width + 40, height + 40)
    cut = shapely.clip_by_rect(shapely.MultiLineString(pieces), *frame.bounds)
    text, tolerance = "", 0.08
    while True:
        thin = shapely.simplify(cut, tolerance, preserve_topology=False)
        parts = shapely.get_parts(thin)
        text = path(
            np.asarray(shapely.get_coordinates(part), np.float64)
            for part in parts
            if part.geom_type == "LineString"
        )
        if len(text) <= most_characters:
            return text
        tolerance *= 1.6
