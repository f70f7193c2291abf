"""The ground's heights: level, or from an elevation model of any size in any projection."""

from __future__ import annotations

import itertools
import math
import threading
from collections import OrderedDict
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from offnadir.errors import FileError, InputError
from offnadir.imagery._grid import height_unit_m, pixel_m
from offnadir.imagery._ground import Terrain
from offnadir.imagery._raster import opened, raster_info, read_box

Array = NDArray[np.float64]
Cells = NDArray[np.float32]
Bounds = tuple[float, float, float, float]
#: Cells along the side of a page, and beyond it that holes in it are filled from.
PAGE, _MARGIN = 512, 128
_PAGES = 64  # held at once: 67 MB
#: Units of height by the words that GDAL's formats have for them.
_UNITS_M = {
    **dict.fromkeys(("m", "metre", "metres", "meter", "meters"), 1.0),
    **dict.fromkeys(("ft", "foot", "feet", "international foot"), 0.3048),
    **dict.fromkeys(("us ft", "ft us", "ftus", "us survey foot", "us survey feet"), 1200 / 3937),
    "km": 1000.0, "dm": 0.1, "cm": 0.01, "mm": 0.001,
}  # fmt: skip
_EXTREME_M = 9990.0  # what lies deeper or higher is no ground but a hole that nobody declared


@dataclass(frozen=True, slots=True, kw_only=True)
class LevelTerrain:
    """Ground of one height above the ellipsoid."""

    alt_m: float

    def __post_init__(self) -> None:
        if not math.isfinite(self.alt_m):
            raise InputError("alt_m", self.alt_m, "a number")

    def height_m(self, lat_rad: ArrayLike, lon_rad: ArrayLike) -> Array:
        """The height [m] at each place; NaN gives NaN."""
        where = np.asarray(lat_rad, np.float64) + np.asarray(lon_rad, np.float64)
        return np.where(np.isnan(where), np.nan, self.alt_m)

    def range_m(self, bounds_rad: Bounds) -> tuple[float, float]:
        """The height, twice."""
        return self.alt_m, self.alt_m

    @property
    def step_m(self) -> float:
        """Infinity: it is level everywhere."""
        return math.inf


class RasterTerrain:
    """An elevation model in a raster, read by pages when they are asked for; bilinear between the cells.

    Most elevation models count from the geoid: `geoid_m` is its height above the ellipsoid [m], one number or
    a Terrain that has it everywhere; 30 m of geoid move a pixel seen 30 deg off nadir by 17 m. Holes (the
    raster's nodata, NaN, and values beyond 9990 m of which none is ground) take the height `holes` if that is
    given, else they are filled smoothly from their edges, or with the geoid where nothing but hole lies
    within 128 cells of a page. `holes_filled` counts the cells in what has been read. Places beyond the
    raster by more than half a cell are an error (`outside="error"`), or take the height of its edge
    (`outside="edge"`). Can be pickled, and used by several threads at once.
    """

    def __init__(
        self,
        path: Path,
        *,
        geoid_m: float | Terrain = 0.0,
        holes: float | None = None,
        outside: Literal["error", "edge"] = "error",
    ) -> None:
        info = raster_info(path)
        if info.grid is None:
            raise FileError(
                path, "is no elevation model: it is on no map (no projection or no transform)"
            )
        if outside not in ("error", "edge"):
            raise InputError("outside", outside, "error or edge")
        if isinstance(geoid_m, float | int) and not math.isfinite(geoid_m):
            raise InputError("geoid_m", geoid_m, "a number")
        self.path, self.grid, self.outside = path, info.grid, outside
        self._arguments = {"geoid_m": geoid_m, "holes": holes, "outside": outside}
        self._unit_m = _unit_m(path)
        self._geoid_m, self._holes, self._nodata = geoid_m, holes, info.nodata
        self._pages: OrderedDict[tuple[int, int], Cells] = OrderedDict()
        self._extremes: dict[tuple[int, int], tuple[float, float, int]] = {}
        self._lock = threading.Lock()

    def __reduce__(self) -> tuple[Any, ...]:
        return _unpickled, (self.path.absolute(), self._arguments)

    @property
    def holes_filled(self) -> int:
        """Cells that were holes, in all pages read so far."""
        return sum(count for _, _, count in self._extremes.values())

    @property
    def step_m(self) -> float:
        """How far cells lie apart on the ground, in the middle of the raster: root of a cell's area."""
        rows, columns = self.grid.shape
        return pixel_m(self.grid, rows / 2.0, columns / 2.0)

    def height_m(self, lat_rad: ArrayLike, lon_rad: ArrayLike) -> Array:
        """Heights above the ellipsoid [m]; arrays broadcast, NaN gives NaN."""
        lat, lon = np.broadcast_arrays(
            np.asarray(lat_rad, np.float64), np.asarray(lon_rad, np.float64)
        )
        row, column = self.row_column(lat, lon)
        rows, columns = self.grid.shape
        off = (row < -1.0) | (row > rows) | (column < -1.0) | (column > columns)
        if self.outside == "error" and off.any():
            self.refuse(float(lat[off][0]), float(lon[off][0]), int(off.sum()))
        return self._heights(row, column)

    def edge_height_m(self, lat_rad: ArrayLike, lon_rad: ArrayLike) -> Array:
        """The same with the heights of the edge beyond it, for guesses on the way to a place."""
        lat, lon = np.broadcast_arrays(
            np.asarray(lat_rad, np.float64), np.asarray(lon_rad, np.float64)
        )
        return self._heights(*self.row_column(lat, lon))

    def _heights(self, row: Array, column: Array) -> Array:
        from offnadir.imagery._terrain_kernels import sample

        shape, (rows, columns) = row.shape, self.grid.shape
        row, column = row.ravel(), column.ravel()
        known = np.isfinite(row) & np.isfinite(column)
        row, column = np.clip(row, 0.0, rows - 1.0), np.clip(column, 0.0, columns - 1.0)
        out = np.full(row.shape, np.nan)
        at = np.flatnonzero(known)
        across = -(-columns // PAGE)
        page = row[at].astype(np.int64) // PAGE * across + column[at].astype(np.int64) // PAGE
        order = np.argsort(page, kind="stable")
        at, page = at[order], page[order]
        cuts = [*np.flatnonzero(np.diff(page, prepend=-1)), len(page)]
        for first, last in itertools.pairwise(cuts):
            i, j = divmod(int(page[first]), across)
            here = at[first:last]
            heights = np.empty(len(here))
            sample(self._page(i, j), row[here] - i * PAGE, column[here] - j * PAGE, heights)
            out[here] = heights
        return out.reshape(shape)

    def range_m(self, bounds_rad: Bounds) -> tuple[float, float]:
        """Lowest and highest cell within (south, west, north, east) [rad]; of whole pages if many."""
        south, west, north, east = bounds_rad
        if east < west:
            east += 2.0 * np.pi
        share = np.linspace(0.0, 1.0, 17)
        lat, lon = np.meshgrid(
            south + share * (north - south), west + share * (east - west), indexing="ij"
        )
        top, bottom, left, right = self.window(*self.row_column(lat, lon))
        first, last = (top // PAGE, left // PAGE), ((bottom - 1) // PAGE, (right - 1) // PAGE)
        spots = [(i, j) for i in range(first[0], last[0] + 1) for j in range(first[1], last[1] + 1)]
        if len(spots) <= 16:
            cells = self.cells((top, bottom, left, right))
            return float(cells.min()), float(cells.max())
        for spot in spots:
            if spot not in self._extremes:
                self._page(*spot)
        found = [self._extremes[spot] for spot in spots]
        return min(low for low, _, _ in found), max(high for _, high, _ in found)

    def row_column(self, lat_rad: ArrayLike, lon_rad: ArrayLike) -> tuple[Array, Array]:
        """Positions of places among the cells; longitudes are turned by full circles onto the raster."""
        return self.grid.near_lat_lon(lat_rad, lon_rad)

    def window(self, row: Array, column: Array) -> tuple[int, int, int, int]:
        """The box of cells that heights at positions rest on, and two more around; 2 by 2 at least."""
        box: list[int] = []
        for position, size in zip((row, column), self.grid.shape, strict=True):
            position = position[np.isfinite(position)]
            low, high = (position.min(), position.max()) if position.size else (0.0, 0.0)
            first = int(np.clip(math.floor(low) - 2, 0, max(size - 2, 0)))
            box += [first, int(np.clip(math.ceil(high) + 3, min(first + 2, size), size))]
        return box[0], box[1], box[2], box[3]

    def cells(self, box: tuple[int, int, int, int]) -> Cells:
        """Heights above the ellipsoid [m] of the cells in a box within the raster, holes filled."""
        top, bottom, left, right = box
        out = np.empty((bottom - top, right - left), np.float32)
        for i in range(top // PAGE, (bottom - 1) // PAGE + 1):
            for j in range(left // PAGE, (right - 1) // PAGE + 1):
                r0, r1 = max(top, i * PAGE), min(bottom, (i + 1) * PAGE)
                c0, c1 = max(left, j * PAGE), min(right, (j + 1) * PAGE)
                page = self._page(i, j)[
                    r0 - i * PAGE : r1 - i * PAGE, c0 - j * PAGE : c1 - j * PAGE
                ]
                out[r0 - top : r1 - top, c0 - left : c1 - left] = page
        return out

    def refuse(self, lat_rad: float, lon_rad: float, count: int) -> None:
        """Raise the error that this elevation model is too small."""
        where = f"{math.degrees(lat_rad):.5f} deg, {math.degrees(lon_rad):.5f} deg"
        trouble = f"ends before {where}, where a height is wanted ({count} places in all)"
        wish = 'take a larger one, or go on with its edge (outside="edge"; --dem-edge)'
        raise FileError(self.path, f"{trouble}; {wish}")

    def _page(self, i: int, j: int) -> Cells:
        """Cells of a page and one more row and column, so that bilinear heights need no other page."""
        with self._lock:
            if (i, j) in self._pages:
                self._pages.move_to_end((i, j))
                return self._pages[i, j]
        page, count = self._read(i, j)
        with self._lock:
            inner = page[:PAGE, :PAGE]
            self._extremes[i, j] = (float(page.min()), float(page.max()), count(inner.shape))
            self._pages[i, j] = page
            while len(self._pages) > _PAGES:
                self._pages.popitem(last=False)
        return page

    def _read(self, i: int, j: int) -> tuple[Cells, Any]:
        rows, columns = self.grid.shape
        top, left = i * PAGE, j * PAGE
        # one more than the page, and where the raster ends its last cells again: two of each at least
        bottom, right = min(top + PAGE + 1, rows), min(left + PAGE + 1, columns)
        y0, x0 = max(top - _MARGIN, 0), max(left - _MARGIN, 0)
        y1, x1 = min(bottom + _MARGIN, rows), min(right + _MARGIN, columns)
        with opened(self.path) as dataset:
            raw = read_box(dataset, 1, (y0, y1, x0, x1))
            scale, offset = float(dataset.scales[0]), float(dataset.offsets[0])
        heights = raw.astype(np.float32)
        hole = ~np.isfinite(heights)
        if self._nodata is not None and not math.isnan(self._nodata):
            hole |= raw == self._nodata
        if (scale, offset) != (1.0, 0.0):
            heights = heights * np.float32(scale) + np.float32(offset)
        if self._unit_m != 1.0:
            heights = heights * np.float32(self._unit_m)
        hole |= ~(np.abs(heights) <= _EXTREME_M)
        if hole.any():
            if self._holes is not None:
                heights[hole] = self._holes
            else:
                heights = fill_holes(heights, hole)
        core = (slice(top - y0, bottom - y0), slice(left - x0, right - x0))
        page = heights[core] + self._geoid(top, left, (bottom - top, right - left))
        short = [(0, max(0, 2 - n)) for n in page.shape]
        page = np.ascontiguousarray(np.pad(page, short, mode="edge"), np.float32)
        page.flags.writeable = False
        inside = hole[core]
        return page, lambda shape: int(inside[: shape[0], : shape[1]].sum())

    def _geoid(self, top: int, left: int, shape: tuple[int, int]) -> Any:
        """Height of the geoid at the cells of a page: from every 32nd, which lie a kilometre or so apart."""
        if isinstance(self._geoid_m, float | int):
            return np.float32(self._geoid_m)
        from offnadir.imagery._terrain_kernels import sample

        every = 32
        down, right = (np.arange(n // every + 2) * every for n in shape)
        r, c = np.meshgrid(top + down, left + right, indexing="ij")
        coarse = np.asarray(self._geoid_m.height_m(*self.grid.lat_lon(r, c)), np.float64)
        y, x = np.meshgrid(np.arange(shape[0]) / every, np.arange(shape[1]) / every, indexing="ij")
        out = np.empty(y.size)
        sample(coarse, y.ravel(), x.ravel(), out)
        return out.reshape(shape).astype(np.float32)


def fill_holes(heights: Cells, hole: NDArray[np.bool_]) -> Cells:
    """Heights with the holes filled smoothly from their edges; 0 if there is nothing else.

    Means over squares twice as large each time until no square is empty; back down, empty ones take what
    lies between the larger ones (Gortler et al., The Lumigraph, 1996, section 3.4.3: pull and push).
    """
    weight = np.where(hole, 0.0, 1.0)
    value = np.where(hole, 0.0, heights).astype(np.float64)
    levels = [(value, weight)]
    while (weight == 0.0).any() and max(weight.shape) > 1:
        pads = [(0, n % 2) for n in weight.shape]
        summed, count = np.pad(value * weight, pads), np.pad(weight, pads)
        for axis in (0, 1):
            first, second = (
                (slice(None),) * axis + (slice(0, None, 2),),
                (slice(None),) * axis + (slice(1, None, 2),),
            )
            summed, count = summed[first] + summed[second], count[first] + count[second]
        value = np.divide(summed, count, out=np.zeros_like(summed), where=count > 0.0)
        weight = np.minimum(count, 1.0)
        levels.append((value, weight))
    full = levels[-1][0]
    for value, weight in reversed(levels[:-1]):
        full = np.where(weight == 0.0, _finer(full, value.shape), value)
    return full.astype(np.float32)


def _finer(coarse: Array, shape: tuple[int, ...]) -> Array:
    """Twice as many rows and columns, straight between the centres of the coarse ones."""
    for axis, size in enumerate(shape):
        at = np.clip((np.arange(size) - 0.5) / 2.0, 0.0, coarse.shape[axis] - 1.0)
        low = at.astype(np.int64)
        high = np.minimum(low + 1, coarse.shape[axis] - 1)
        share = at - low
        share = share[:, None] if axis == 0 else share
        coarse = np.take(coarse, low, axis) * (1.0 - share) + np.take(coarse, high, axis) * share
    return coarse


def _unit_m(path: Path) -> float:
    """Metres in a raster's unit of height: as its band says, else its projection, else 1."""
    with opened(path) as dataset:
        word = (dataset.units[0] or "").strip().lower().replace("_", " ").replace("-", " ")
        crs = dataset.crs
    if word in _UNITS_M:
        return _UNITS_M[word]
    if word:
        raise FileError(path, f"counts heights in {word!r}; wanted are metres or feet")
    return 1.0 if crs is None else height_unit_m(crs.to_string())


def _unpickled(path: Path, arguments: dict[str, Any]) -> RasterTerrain:
    return RasterTerrain(path, **arguments)
