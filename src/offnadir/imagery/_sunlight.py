"""Sunlight on ground of any heights: slopes and the shadows of hills."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Final

import numpy as np
from numpy.typing import NDArray

from offnadir.errors import FileError, InputError
from offnadir.imagery._grid import Grid
from offnadir.imagery._ground import Terrain
from offnadir.imagery._scene import GroundLight, ground_axes_m, spread
from offnadir.units import deg

Array = NDArray[np.float64]
#: Hills farther away than this cast no shadow here, and a Sun lower than this gives no direct light.
FARTHEST_M: Final = 20_000.0
LOWEST_SUN_RAD: Final = 0.5 * deg
_PER_NODE: Final = 8  # straight lines of light from node to node


def terrain_light(
    grid: Grid,
    terrain: Terrain,
    sun_azimuth_rad: float,
    sun_elevation_rad: float,
    *,
    heights_m: Callable[[Array, Array], Array] | None = None,
) -> GroundLight:
    """Light on bare ground. Facets are as large as the terrain's step, or the grid's where that is wider.

    A facet's light is by cosines; a hill hides the Sun's disc (radius 0.27 deg) bit by bit, up to 20 km away.
    `heights_m` gives the terrain's heights at rows and columns of the grid (1-D), if that is quicker.
    The sky is taken as evenly bright: (1 + cos slope) / 2 of it, as if hills hid none.
    """
    from offnadir.imagery._sunlight_kernels import facets, open_to_sun

    rows, columns = grid.shape
    if not math.isfinite(terrain.step_m):
        direct = np.full(grid.shape, sun_elevation_rad > LOWEST_SUN_RAD, np.float32)
        return GroundLight(direct=direct, sky=np.ones(grid.shape, np.float32))
    (e_r, n_r), (e_c, n_c) = ground_axes_m(grid)
    det = e_r * n_c - e_c * n_r
    side = math.sqrt(abs(det))
    stride = max(int(terrain.step_m / side), 1)
    if stride > _PER_NODE:
        stride -= stride % _PER_NODE
    sun = max(sun_elevation_rad, LOWEST_SUN_RAD)
    tan_sun = math.tan(sun)
    east, north = math.sin(sun_azimuth_rad), math.cos(sun_azimuth_rad)
    # nodes that one step of a node's width towards the Sun passes
    to_row, to_column = (
        (east * n_c - north * e_c) / det / stride,
        (north * e_r - east * n_r) / det / stride,
    )
    n_rows, n_columns = -(-(rows - 1) // stride) + 2, -(-(columns - 1) // stride) + 2
    low, high = _range(grid, terrain, 0.0)
    reach_m = min(FARTHEST_M, (high - low) / tan_sun + side * stride)
    low, high = _range(grid, terrain, reach_m)
    reach_m = min(FARTHEST_M, (high - low) / tan_sun + side * stride)
    above, below = _margins(reach_m * to_row)
    before, after = _margins(reach_m * to_column)
    at_row = (np.arange(-above, n_rows + below) * stride).astype(np.float64)
    at_column = (np.arange(-before, n_columns + after) * stride).astype(np.float64)
    if heights_m is None:
        try:
            heights = _heights(grid, terrain, at_row, at_column)
        except (InputError, FileError):
            # an elevation model that ends beside the grid: its edge goes on
            inside_r, inside_c = np.clip(at_row, 0, rows - 1), np.clip(at_column, 0, columns - 1)
            heights = _heights(grid, terrain, inside_r, inside_c)
    else:
        heights = heights_m(at_row, at_column)
    free = np.empty((n_rows, n_columns))
    length = side * stride
    open_to_sun(
        heights, above, before, n_rows, n_columns,
        length * to_row, length * to_column, length, tan_sun, float(heights.max()), free,
    )  # fmt: skip
    by_row = np.asarray(np.gradient(heights, axis=0)) / stride
    by_column = np.asarray(np.gradient(heights, axis=1)) / stride
    # heights change by (slope_e, slope_n) . (e, n): solved for the slopes
    slope_e, slope_n = (
        (by_row * n_c - by_column * n_r) / det,
        (by_column * e_r - by_row * e_c) / det,
    )
    here = (slice(above, above + n_rows), slice(before, before + n_columns))
    # light bends little between nodes: a few straight lines from one to the next
    per = min(stride, _PER_NODE)
    fine = stride // per
    shape = (-(-(rows - 1) // fine) + 2, -(-(columns - 1) // fine) + 2)
    light = facets(
        np.ascontiguousarray(slope_e[here]), np.ascontiguousarray(slope_n[here]), free, per, *shape,
        east * math.cos(sun), north * math.cos(sun), math.sin(sun),
    )  # fmt: skip
    direct, sky = (spread(one, fine, grid.shape) for one in light)
    if sun_elevation_rad <= LOWEST_SUN_RAD:
        direct[:] = 0.0
    return GroundLight(direct=direct, sky=sky)


def _heights(grid: Grid, terrain: Terrain, rows: Array, columns: Array) -> Array:
    at = np.meshgrid(rows, columns, indexing="ij")
    return np.ascontiguousarray(terrain.height_m(*grid.lat_lon(*at)))


def _margins(nodes: float) -> tuple[int, int]:
    """Nodes to add before and after, towards the Sun; slopes need one on either side."""
    more = math.ceil(abs(nodes)) + 1
    return (more, 1) if nodes < 0 else (1, more)


def _range(grid: Grid, terrain: Terrain, margin_m: float) -> tuple[float, float]:
    rows, columns = grid.shape
    at_row, at_column = np.meshgrid(
        [0.0, rows / 2, rows], [0.0, columns / 2, columns], indexing="ij"
    )
    lat, lon = grid.lat_lon(at_row, at_column)
    first = float(lon[0, 0])
    lon = first + (lon - first + math.pi) % (2 * math.pi) - math.pi
    d_lat = margin_m / 6.35e6
    d_lon = d_lat / max(float(np.cos(lat).min()), 0.01)
    return terrain.range_m(
        (
            float(lat.min()) - d_lat,
            float(lon.min()) - d_lon,
            float(lat.max()) + d_lat,
            float(lon.max()) + d_lon,
        )
    )
