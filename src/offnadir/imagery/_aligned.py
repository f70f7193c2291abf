"""A raster read on the pixels of a map grid that need not be its own."""

from __future__ import annotations

import math
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from offnadir.errors import FileError, InputError
from offnadir.imagery._grid import Array, Grid, geodesic_m
from offnadir.imagery._raster import Box, RasterInfo, opened, raster_info, read_floats

#: (rows, columns) of the grid to what must be added to them, in its pixels: a registration.
Offset = Callable[[Array, Array], tuple[Array, Array]]

_STEP = 32  # pixels between places whose position is computed; between them it is linear
_REACH = 4  # pixels that resampling takes beside a place


def map_info(path: Path) -> RasterInfo:
    """What a raster says of itself, if it lies on a map."""
    info = raster_info(path)
    if info.grid is None:
        raise FileError(
            path, "lies on no map (no projection); make a map product of it first: offnadir process"
        )
    return info


def on_map(info: RasterInfo) -> Grid:
    """The grid of what `map_info` told."""
    assert info.grid is not None
    return info.grid


def coarsened(grid: Grid, factor: int) -> Grid:
    """A grid whose pixels are blocks of factor x factor of another's; a broken last block is left out."""
    a, b, c, d, e, f = grid.transform
    rows, columns = grid.shape[0] // factor, grid.shape[1] // factor
    if min(rows, columns) < 1:
        raise InputError("grid", grid.shape, f"of {factor} x {factor} pixels at least")
    k = float(factor)
    return Grid(crs=grid.crs, transform=(a * k, b * k, c, d * k, e * k, f), shape=(rows, columns))


def metres_of(grid: Grid, row: float, column: float) -> Array:
    """East and north [m] of one step down and one to the right at a pixel: [[e_row, e_col], [n_row,
    n_col]].
    """
    rows = np.array([row - 0.5, row, row + 0.5, row])
    columns = np.array([column, column - 0.5, column, column + 0.5])
    lat, lon = grid.lat_lon(rows, columns)
    distance_m, azimuth_rad = geodesic_m(lat[:2], lon[:2], lat[2:], lon[2:])
    return np.array([distance_m * np.sin(azimuth_rad), distance_m * np.cos(azimuth_rad)])


def step_m(grid: Grid) -> float:
    """Side [m] of a pixel in the middle of a grid: the root of its area."""
    middle = metres_of(grid, (grid.shape[0] - 1) / 2, (grid.shape[1] - 1) / 2)
    return float(np.sqrt(abs(np.linalg.det(middle))))


def overlap(grid: Grid, other: Grid) -> Box:
    """The box of a grid in which another's pixels lie, as far as its edges tell; InputError if there is
    none.
    """
    rows, columns = (np.linspace(-0.5, n - 0.5, 33) for n in other.shape)
    edge_rows = np.concatenate([rows, rows, np.full(33, rows[0]), np.full(33, rows[-1])])
    edge_columns = np.concatenate(
        [np.full(33, columns[0]), np.full(33, columns[-1]), columns, columns]
    )
    r, c = to_pixels(other, grid, edge_rows, edge_columns)
    good = np.isfinite(r) & np.isfinite(c)
    if good.any():
        top, left = max(int(np.floor(r[good].min())), 0), max(int(np.floor(c[good].min())), 0)
        bottom = min(int(np.ceil(r[good].max())) + 1, grid.shape[0])
        right = min(int(np.ceil(c[good].max())) + 1, grid.shape[1])
        if bottom > top and right > left:
            return top, bottom, left, right
    raise InputError(
        "images", f"around {_middle(grid)} and {_middle(other)}", "of places that overlap"
    )


def _middle(grid: Grid) -> str:
    lat, lon = grid.lat_lon((grid.shape[0] - 1) / 2, (grid.shape[1] - 1) / 2)
    return f"{math.degrees(float(lat)):.4f},{math.degrees(float(lon)):.4f}"


def to_pixels(grid: Grid, other: Grid, row: Array, column: Array) -> tuple[Array, Array]:
    """Pixel positions of a grid as pixel positions of another."""
    if grid.crs == other.crs:
        return other.row_column(*grid.xy(row, column))
    return other.of_lat_lon(*grid.lat_lon(row, column))


def sinc_weights(steps: int = 512) -> Array:
    """Weights of the eight neighbours of a place at 0, 1/steps ... 1 beyond the fourth: Lanczos (1979), a
    = 4.

    Cubic weights would shift fine detail by up to 0.05 px, which registration would then find.
    """
    t = np.arange(steps + 1)[:, None] / steps + _REACH - 1 - np.arange(2 * _REACH)[None]
    weights = np.sinc(t) * np.sinc(t / _REACH)
    normed: Array = weights / weights.sum(axis=1, keepdims=True)
    return normed


class Aligned:
    """One raster as if it lay on `grid`: `read(box)` gives its bands there, float32, NaN where there is
    nothing.

    Where its own pixels are finer by a whole factor they are averaged first, so that nothing folds.
    Threads may share it: they take turns in reading.
    """

    def __init__(
        self, dataset: Any, own: Grid, grid: Grid, bands: tuple[int, ...], offset: Offset | None
    ) -> None:
        self.grid, self.bands = grid, bands
        self._dataset, self._own, self._offset = dataset, own, offset
        self._lock = threading.Lock()
        middle = (np.array([grid.shape[0] / 2.0]), np.array([grid.shape[1] / 2.0]))
        r0, c0 = to_pixels(grid, own, *middle)
        r1, c1 = to_pixels(grid, own, middle[0] + 1.0, middle[1])
        r2, c2 = to_pixels(grid, own, middle[0], middle[1] + 1.0)
        ratio = np.sqrt(np.abs((r1 - r0) * (c2 - c0) - (r2 - r0) * (c1 - c0)))[0]
        self._factor = max(int(ratio + 0.25), 1) if np.isfinite(ratio) else 1

    def read(self, box: Box) -> NDArray[np.float32]:
        """Bands, rows, columns of a box, which may reach beyond."""
        top, bottom, left, right = box
        rows = top + _STEP * np.arange((bottom - top - 1) // _STEP + 2.0)
        columns = left + _STEP * np.arange((right - left - 1) // _STEP + 2.0)
        r, c = (np.ascontiguousarray(x) for x in np.meshgrid(rows, columns, indexing="ij"))
        if self._offset is not None:
            dr, dc = self._offset(r, c)
            r, c = r + dr, c + dc
        r, c = to_pixels(self.grid, self._own, r, c)
        if self._factor > 1:
            r, c = ((x + 0.5) / self._factor - 0.5 for x in (r, c))
        good = np.isfinite(r) & np.isfinite(c)
        out = np.full((len(self.bands), bottom - top, right - left), np.nan, np.float32)
        if not good.any():
            return out
        first_row, first_column = round(float(r[0, 0])), round(float(c[0, 0]))
        straight = (
            np.abs(r - rows[:, None] + top - first_row).max(initial=0.0, where=good) < 1e-4
            and np.abs(c - columns[None] + left - first_column).max(initial=0.0, where=good) < 1e-4
        )
        if straight and good.all():
            height, width = bottom - top, right - left
            return self._pixels((first_row, first_row + height, first_column, first_column + width))
        limits = [self._dataset.height // self._factor, self._dataset.width // self._factor]
        low = [int(np.floor(x[good].min())) - _REACH for x in (r, c)]
        high = [int(np.ceil(x[good].max())) + _REACH + 1 for x in (r, c)]
        low = [max(x, -_REACH) for x in low]
        high = [min(x, limit + _REACH) for x, limit in zip(high, limits, strict=True)]
        if high[0] <= low[0] or high[1] <= low[1]:
            return out
        from offnadir.imagery._exploit_kernels import resample

        source = self._pixels((low[0], high[0], low[1], high[1]))
        weights = sinc_weights()
        for k in range(len(self.bands)):
            resample(source[k], r - low[0], c - low[1], _STEP, weights, out[k])
        return out

    def _pixels(self, box: Box) -> NDArray[np.float32]:
        with self._lock:
            return read_floats(self._dataset, self.bands, box, self._factor)


@contextmanager
def aligned(
    path: Path, grid: Grid, bands: Sequence[int], offset: Offset | None = None
) -> Iterator[Aligned]:
    """Open a map product to be read on a grid."""
    own = on_map(map_info(path))
    with opened(path) as dataset:
        yield Aligned(dataset, own, grid, tuple(bands), offset)


def colour_bands(path: Path) -> tuple[int, ...]:
    """Numbers of the bands that show something: all but one for transparency."""
    with opened(path) as dataset:
        kinds = [kind.name for kind in dataset.colorinterp]
    return tuple(k for k, name in enumerate(kinds, 1) if name != "alpha")


def common_bands(a: RasterInfo, b: RasterInfo) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """Bands (from 1) of two rasters that show the same: by their names if they have common ones, else in
    order.
    """
    a_bands, b_bands = colour_bands(a.path), colour_bands(b.path)
    names = [
        {
            (info.band_names[k - 1] or "").lower(): k
            for k in reversed(bands)
            if info.band_names[k - 1]
        }
        for info, bands in ((a, a_bands), (b, b_bands))
    ]
    both = [name for name in sorted(names[0], key=lambda n: names[0][n]) if name in names[1]]
    if both:
        return tuple(names[0][n] for n in both), tuple(names[1][n] for n in both)
    if len(a_bands) != len(b_bands):
        raise InputError(
            "bands", f"{len(a_bands)} and {len(b_bands)}",
            "as many in both images, or with common names; or say which: --bands",
        )  # fmt: skip
    return a_bands, b_bands
