"""Where lines of sight first meet the ground: what stands in front hides what lies behind."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import ArrayLike, NDArray

from offnadir.imagery._ground import GroundModel, Terrain

Array = NDArray[np.float64]
_SIDE = 64  # points of a lattice that share one range of heights
_ROW = 4096
_CLOSE_M = 1e-4
_SPARE_M = 1.0
_LEAN_M = 100.0
_LOWEST_M, _HIGHEST_M = -500.0, 9000.0


def meet_terrain(
    model: GroundModel, terrain: Terrain, line: ArrayLike, column: ArrayLike
) -> tuple[Array, Array, Array]:
    """Latitude, longitude [rad] and height [m] of the ground that pixels see, to a millimetre in height.

    Of several meetings the first from above counts. The line of sight is followed down in steps of at most
    0.7 of the terrain's on the map, so that a wall thinner than that may be missed; between steps the
    ground is found by bisection and false position. NaN where a pixel looks past the Earth.
    Lines and columns broadcast; points that lie near each other in the arrays should on the ground.
    """
    lines, columns = np.broadcast_arrays(
        np.asarray(line, np.float64), np.asarray(column, np.float64)
    )
    out = np.empty((3, *lines.shape))
    for part in _parts(lines.shape):
        found = _block(model, terrain, lines[part].reshape(-1), columns[part].reshape(-1))
        out[(slice(None), *part)] = found.reshape(3, *lines[part].shape)
    return out[0], out[1], out[2]


def _block(model: GroundModel, terrain: Terrain, line: Array, column: Array) -> Array:
    low, high = _heights(model, terrain, line, column)
    if low == high:
        lat, lon = model.locate(line, column, low)
        return np.stack([lat, lon, np.where(np.isnan(lat), np.nan, low)])
    if math.isnan(low):
        return np.full((3, line.size), np.nan)
    way = _Ways(model, line, column, low, high)
    count = max(math.ceil(way.level_m / (0.7 * terrain.step_m)), 1)
    top, bottom = np.full(line.size, high), np.full(line.size, low)
    over, under = np.full(line.size, np.nan), np.full(line.size, np.nan)
    going = np.flatnonzero(np.isfinite(way.lat[0]))
    above = way.over(terrain, going, top[going])
    for step in range(1, count + 1):
        alt = high + (low - high) * (step / count)
        here = way.over(terrain, going, np.full(going.size, alt))
        met = here <= 0.0
        if step == count:
            met[:] = True  # the lowest ground is below the range only by rounding
        at = going[met]
        top[at], bottom[at] = high + (low - high) * ((step - 1) / count), alt
        over[at], under[at] = above[met], here[met]
        going, above = going[~met], here[~met]
        if not going.size:
            break
    height = _between(way, terrain, top, bottom, over, under)
    lat, lon = model.locate(line, column, height)
    return np.stack([lat, lon, height])


def _between(
    way: _Ways, terrain: Terrain, top: Array, bottom: Array, over: Array, under: Array
) -> Array:
    """Heights of the ground between bounds above and below it: the Illinois method, then as it is."""
    known = np.isfinite(over)
    top, over = np.where(known & (over <= 0), bottom, top), over
    alt = np.where(known, bottom, np.nan)
    going = np.flatnonzero(known & (over > 0) & (under < 0))
    side = np.zeros(top.size, np.int8)
    for _ in range(40):
        if not going.size:
            break
        g = going
        f_top, f_bottom = over[g], under[g]
        here = (bottom[g] * f_top - top[g] * f_bottom) / (f_top - f_bottom)
        f = way.over(terrain, g, here)
        alt[g] = here
        high = f > 0
        last = side[g]
        over[g] = np.where(high, f, np.where(last < 0, f_top / 2, f_top))
        under[g] = np.where(high, np.where(last > 0, f_bottom / 2, f_bottom), f)
        top[g], bottom[g] = np.where(high, here, top[g]), np.where(high, bottom[g], here)
        side[g] = np.where(high, 1, -1)
        going = g[(np.abs(f) > _CLOSE_M) & (top[g] - bottom[g] > _CLOSE_M)]
    return alt


class _Ways:
    """Lines of sight between two heights: latitude and longitude as parabolas in the height.

    Over some kilometres that leaves out less than a millimetre.
    """

    def __init__(
        self, model: GroundModel, line: Array, column: Array, low: float, high: float
    ) -> None:
        ends = [model.locate(line, column, alt) for alt in (low, (low + high) / 2, high)]
        self._low, self._per_m = low, 1.0 / (high - low)
        parts = []
        for n in (0, 1):
            a, b, c = (end[n] for end in ends)
            if n:
                b, c = a + _wrapped(b - a), a + _wrapped(c - a)
            parts.append((a, -3 * a + 4 * b - c, 2 * a - 4 * b + 2 * c))
        self.lat, self.lon = parts
        north = np.abs(self.lat[1] + self.lat[2])
        east = np.abs(self.lon[1] + self.lon[2]) * np.cos(self.lat[0])
        far = np.hypot(north, east)
        self.level_m = float(np.nanmax(far)) * 6.4e6 if np.isfinite(far).any() else 0.0

    def over(self, terrain: Terrain, at: NDArray[np.intp], alt: Array) -> Array:
        """How far lines of sight `at` are above the ground at heights."""
        u = (alt - self._low) * self._per_m
        lat, lon = (p[0][at] + u * (p[1][at] + u * p[2][at]) for p in (self.lat, self.lon))
        return alt - terrain.height_m(lat, _wrapped(lon))


def _heights(
    model: GroundModel, terrain: Terrain, line: Array, column: Array
) -> tuple[float, float]:
    """Lowest and highest ground that a block of pixels may see; NaN where they see none.

    Two heights near the ellipsoid tell which way the lines of sight lean: polynomials that stand for a
    camera may be of no use far from their own heights.
    """
    if math.isinf(terrain.step_m):
        return terrain.range_m((-math.pi / 2, -math.pi, math.pi / 2, math.pi))
    (lat, lon), (lat_up, lon_up) = (model.locate(line, column, alt) for alt in (0.0, _LEAN_M))
    seen = np.isfinite(lat) & np.isfinite(lat_up)
    if not seen.any():
        return math.nan, math.nan
    lat, lon = lat[seen], lon[seen]
    lon = lon[0] + _wrapped(lon - lon[0])
    per_m = (lat_up[seen] - lat) / _LEAN_M, _wrapped(lon_up[seen] - lon) / _LEAN_M
    low, high = _LOWEST_M, _HIGHEST_M
    for _ in range(3):
        spare = 3e-6 + 1e-3 * (high - low) * max(float(np.abs(one).max()) for one in per_m)
        ends = [
            [start + alt * lean for alt in (low, high)]
            for start, lean in zip((lat, lon), per_m, strict=True)
        ]
        (south, north), (west, east) = (
            (float(np.min(end)) - spare, float(np.max(end)) + spare) for end in ends
        )
        found = terrain.range_m((south, west, north, east))
        if found[0] == found[1]:
            return found
        before, (low, high) = high - low, (found[0] - _SPARE_M, found[1] + _SPARE_M)
        if high - low > 0.7 * before:
            break
    return low, high


def _wrapped(angle: Array) -> Array:
    """Angles within +-pi."""
    return np.asarray((angle + math.pi) % (2 * math.pi) - math.pi, np.float64)


def _parts(shape: tuple[int, ...]) -> list[tuple[slice, ...]]:
    """Blocks of points: squares of a lattice, stretches of a row."""
    if not shape:
        return [()]
    if len(shape) == 1:
        return [(slice(n, n + _ROW),) for n in range(0, shape[0], _ROW)]
    squares: list[tuple[slice, ...]] = [
        (slice(r, r + _SIDE), slice(c, c + _SIDE))
        for r in range(0, shape[-2], _SIDE)
        for c in range(0, shape[-1], _SIDE)
    ]
    if len(shape) == 2:
        return squares
    return [(*front, *square) for front in _parts(shape[:-2]) for square in squares]
