"""Where land is around a place, from the bundled coastlines (Natural Earth 1:50m, public domain)."""

from __future__ import annotations

import functools
import math
from typing import Final

import numpy as np
from numpy.typing import NDArray

from offnadir.data import natural_earth_lines
from offnadir.imagery._grid import Grid
from offnadir.units import deg

Array = NDArray[np.float64]
#: Step [m] of the table, and how far it reaches from the middle; beyond, its edge goes on.
STEP_M: Final = 1000.0
REACH_M: Final = 120_000.0
#: How far inland the middle of a scene is at least, if land is near at all.
INLAND_M: Final = 1500.0
_SECTOR_DEG: Final = 5.0


def is_land(lat_rad: Array, lon_rad: Array) -> NDArray[np.bool_]:
    """Whether places lie on land: a meridian from there to the north pole, at sea, crosses coasts oddly.

    Arrays of one shape. The lines are true to about 1 km; lakes other than the Caspian Sea are land.
    """
    from offnadir.imagery._synthetic_ground_kernels import crossings_are_odd

    lat, lon = np.ravel(lat_rad) / deg, (np.ravel(lon_rad) / deg + 180.0) % 360.0 - 180.0
    lon = lon + 1e-7  # a hair beside the lines' hundredths, so that no meridian meets a vertex
    x0, y0, x1, y1 = ends = _all_segments()
    odd = np.zeros(lat.shape, bool)
    sector = np.floor(lon / _SECTOR_DEG)
    for one in np.unique(sector):
        here = np.flatnonzero(sector == one)
        west, east = one * _SECTOR_DEG, (one + 1) * _SECTOR_DEG
        wanted = (np.maximum(y0, y1) > lat[here].min()) & (x0 != x1)
        wanted &= (np.maximum(x0, x1) >= west) & (np.minimum(x0, x1) <= east)
        pieces = (np.ascontiguousarray(end[wanted]) for end in ends)
        odd[here] = crossings_are_odd(lat[here], lon[here], *pieces)
    return odd.reshape(np.shape(lat_rad))


@functools.cache
def _all_segments() -> tuple[Array, Array, Array, Array]:
    """Longitude and latitude [deg] of both ends of each piece of coast on Earth."""
    lines = [np.asarray(line) for line in natural_earth_lines("coastline")]
    starts, ends = (
        np.concatenate([line[part] for line in lines]) for part in (slice(-1), slice(1, None))
    )
    return starts[:, 0].copy(), starts[:, 1].copy(), ends[:, 0].copy(), ends[:, 1].copy()


def coast_map(local: Grid, lat_rad: float, lon_rad: float) -> Array:
    """Signed distance [m] to the coast on a square of nodes around a place, above 0 on land; rows go north.

    `local` is a grid whose (column, row) are metres east and north of the place.
    """
    from offnadir.imagery._synthetic_ground_kernels import coast_table

    half = round(REACH_M / STEP_M)
    ax, ay, bx, by = _segments(local, lat_rad, lon_rad)
    distance = np.empty((2 * half + 1, 2 * half + 1))
    coast_table(half, STEP_M, ax, ay, bx, by, 2 * REACH_M, distance)
    at = (np.arange(2 * half + 1) - half) * STEP_M
    lat, lon = local.lat_lon(*np.meshgrid(at, at, indexing="ij"))
    return np.where(is_land(lat, lon), distance, -distance)


def with_land(table: Array) -> Array:
    """The map with its coast pushed out so far that the middle is ashore, if it is within 12 km of land.

    The lines are true to a kilometre or two, and harbours lie on them.
    """
    half = len(table) // 2
    wanted = INLAND_M - float(table[half, half])
    if not 0.0 < wanted < 12_000.0:
        return table
    at = (np.arange(len(table)) - half) * STEP_M
    square = (at[:, None] ** 2 + at[None, :] ** 2) / (2.0 * (4000.0 + 1.5 * wanted) ** 2)
    return table + wanted * np.exp(-square)


def _segments(local: Grid, lat_rad: float, lon_rad: float) -> tuple[Array, Array, Array, Array]:
    """Ends [m] of the pieces of coast that the map may need."""
    x0, y0, x1, y1 = _all_segments()
    reach_deg = 2.0 * REACH_M / 111_000.0
    widest_deg = min(reach_deg / max(math.cos(abs(lat_rad) + reach_deg * deg / 2), 0.02), 180.0)

    def near(lon: Array, lat: Array) -> NDArray[np.bool_]:
        turn = np.abs((lon - lon_rad / deg + 180.0) % 360.0 - 180.0)
        return (np.abs(lat - lat_rad / deg) < reach_deg) & (turn < widest_deg)

    wanted = near(x0, y0) | near(x1, y1)
    ay, ax = local.of_lat_lon(y0[wanted] * deg, x0[wanted] * deg)
    by, bx = local.of_lat_lon(y1[wanted] * deg, x1[wanted] * deg)
    return ax, ay, bx, by
