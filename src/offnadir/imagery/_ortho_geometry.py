"""Where each pixel of a map lies in an image, given the camera and the ground: a tile at a time.

What is smooth is evaluated on a lattice: from map to terrain cells, and from map and height to image, the
latter at three heights. What is not smooth, the ground, is looked up for each pixel. So the lattice may be
coarse however rough the ground is; docs/theory/orthorectification.md has the errors.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from offnadir.imagery._grid import Grid, pixel_m
from offnadir.imagery._ground import GroundModel, Terrain
from offnadir.imagery._raster import Box
from offnadir.imagery._terrain import Cells, LevelTerrain, RasterTerrain

Array = NDArray[np.float64]
Image = NDArray[np.float32]
_STEPS = (64, 32, 16, 8, 4, 2, 1)
#: Error in the place among the terrain's cells, in pixels of the map, for one pixel in the image: ground of
#: 1 in 2 seen 45 deg off nadir.
_SLOPE = 0.5


@dataclass(frozen=True, slots=True, kw_only=True)
class Positions:
    """Line and column of each pixel of a tile, less `base`, as float32; `limits` is the image in that count.

    `bounds` are first and last line and column of pixels within the image, `scales` how many lines and
    columns a pixel of the map is wide, `error_px` what the lattice is off by at the points of its check.
    """

    line: Image
    column: Image
    base: tuple[int, int]
    limits: tuple[float, float, float, float]
    bounds: tuple[float, float, float, float]
    scales: tuple[float, float]
    within: int
    hidden: int
    error_px: float


class _Ground(Protocol):
    """Heights around a tile, as cells, and where places of the tile lie among them."""

    cells: Cells

    def place(self, row: Array, column: Array, lat: Array, lon: Array) -> tuple[Array, Array]: ...

    def extent(self) -> tuple[float, float, float, float]: ...

    def widened(self, margin: int) -> _Ground: ...


class _Cells:
    """Of an elevation model: its own cells."""

    def __init__(self, terrain: RasterTerrain, box: Box) -> None:
        self.terrain, self.box = terrain, box
        cells = terrain.cells(box)
        # two of each at least
        self.cells: Cells = np.pad(cells, [(0, max(0, 2 - n)) for n in cells.shape], mode="edge")

    def place(self, row: Array, column: Array, lat: Array, lon: Array) -> tuple[Array, Array]:
        u, v = self.terrain.row_column(lat, lon)
        return u - self.box[0], v - self.box[2]

    def extent(self) -> tuple[float, float, float, float]:
        (rows, columns), (top, _, left, _) = self.terrain.grid.shape, self.box
        return -1.0 - top, float(rows - top), -1.0 - left, float(columns - left)

    def widened(self, margin: int) -> _Cells:
        rows, columns = self.terrain.grid.shape
        top, bottom, left, right = self.box
        return _Cells(
            self.terrain,
            (
                max(top - margin, 0),
                min(bottom + margin, rows),
                max(left - margin, 0),
                min(right + margin, columns),
            ),
        )


class _Samples:
    """Of any other terrain: heights at every `stride`-th pixel, from `margin` pixels outside the tile on."""

    def __init__(
        self, terrain: Terrain, grid: Grid, box: Box, stride: int, margin: int = 0
    ) -> None:
        self.terrain, self.grid, self.box, self.stride, self.margin = (
            terrain,
            grid,
            box,
            stride,
            margin,
        )
        top, bottom, left, right = box
        rows, columns = (
            np.arange(-margin, last - first + margin + 2 * stride, stride) + first
            for first, last in ((top, bottom), (left, right))
        )
        self.cells: Cells = self.heights(rows.astype(np.float64), columns.astype(np.float64))

    def heights(self, rows: Array, columns: Array) -> Cells:
        lat, lon = self.grid.lat_lon(rows[:, None], columns[None, :])
        return np.asarray(self.terrain.height_m(lat, lon), np.float32)

    def place(self, row: Array, column: Array, lat: Array, lon: Array) -> tuple[Array, Array]:
        top, _, left, _ = self.box
        return (row - top + self.margin) / self.stride, (column - left + self.margin) / self.stride

    def extent(self) -> tuple[float, float, float, float]:
        return -math.inf, math.inf, -math.inf, math.inf

    def widened(self, margin: int) -> _Samples:
        return _Samples(self.terrain, self.grid, self.box, self.stride, margin * self.stride)

    def error_m(self) -> float:
        """How far heights half-way between the samples are off, at most, along rows and columns."""
        top, bottom, left, right = self.box
        half = self.stride / 2.0
        rows = np.arange(top, bottom, self.stride, dtype=np.float64)
        columns = np.arange(left, right, self.stride, dtype=np.float64)
        between = self.heights(rows + half, columns + half)
        c = self.cells[: len(rows) + 1, : len(columns) + 1]
        mean = (c[:-1, :-1] + c[1:, :-1] + c[:-1, 1:] + c[1:, 1:]) / 4.0
        return float(np.abs(between - mean).max())


def tile_positions(
    model: GroundModel, terrain: Terrain, grid: Grid, box: Box, *, tolerance_px: float, hide: bool
) -> Positions | None:
    """Positions of a tile's pixels in the image; None if none lies within it.

    FileError if the elevation model ends within the image and is not told to go on with its edge.
    """
    from offnadir.imagery import _ortho_kernels as kernels

    ground = _ground(model, terrain, grid, box, tolerance_px)
    low, high = float(ground.cells.min()), float(ground.cells.max())
    mid, half = (low + high) / 2.0, max((high - low) / 2.0, 0.5)
    for step in _STEPS:
        lattice, error_px = _lattice(model, ground, grid, box, step, mid, half)
        if not error_px > tolerance_px:
            break
    if not np.isfinite(lattice[2]).any():
        return None
    base = (int(np.nanmean(lattice[2])), int(np.nanmean(lattice[5])))
    lattice[2] -= base[0]
    lattice[5] -= base[1]
    lattice[:2][~np.isfinite(lattice[:2])] = 0.0  # where the map ends, so does the image
    lines, columns = model.shape
    limits = (-0.5 - base[0], lines - 0.5 - base[0], -0.5 - base[1], columns - 0.5 - base[1])
    if _misses(lattice, limits):
        return None
    shape = (box[1] - box[0], box[3] - box[2])
    line, column = np.empty(shape, np.float32), np.empty(shape, np.float32)
    bounds = np.empty(4)
    kernels.positions(lattice, step, ground.cells, mid, half, line, column)
    within = kernels.within(line, column, limits, bounds)
    if isinstance(terrain, RasterTerrain) and terrain.outside == "error":
        _refuse(terrain, grid, box, ground.extent(), lattice, step, line, column, limits)
    if within == 0:
        return None
    hidden = 0
    if hide and not isinstance(terrain, LevelTerrain):
        hidden = _hide(ground, lattice, step, mid, half, line, column)
    return Positions(
        line=line,
        column=column,
        base=base,
        limits=limits,
        bounds=(bounds[0], bounds[1], bounds[2], bounds[3]),
        scales=(_width(lattice[2], step), _width(lattice[5], step)),
        within=within,
        hidden=hidden,
        error_px=error_px,
    )


def _refuse(
    terrain: RasterTerrain,
    grid: Grid,
    box: Box,
    extent: tuple[float, float, float, float],
    lattice: Array,
    step: int,
    line: Image,
    column: Image,
    limits: tuple[float, float, float, float],
) -> None:
    """Raise an error if any pixel within the image lies beyond the elevation model."""
    from offnadir.imagery import _ortho_kernels as kernels

    (u, v) = lattice[:2]
    if (
        u.min() >= extent[0]
        and u.max() <= extent[1]
        and v.min() >= extent[2]
        and v.max() <= extent[3]
    ):
        return
    count, first = kernels.beyond(lattice, step, extent, line, column, limits)
    if count:
        r, c = divmod(first, line.shape[1])
        lat, lon = grid.lat_lon(box[0] + r, box[2] + c)
        terrain.refuse(float(lat), float(lon), count)


def _ground(
    model: GroundModel, terrain: Terrain, grid: Grid, box: Box, tolerance_px: float
) -> _Ground:
    top, bottom, left, right = box
    if isinstance(terrain, RasterTerrain):
        every = max(1, min(bottom - top, right - left, _STEPS[0]))
        rows, columns = np.arange(top, bottom + every, every), np.arange(left, right + every, every)
        lat, lon = grid.lat_lon(rows[:, None], columns[None, :])
        return _Cells(terrain, terrain.window(*terrain.row_column(lat, lon)))
    middle = ((top + bottom) / 2.0, (left + right) / 2.0)
    gsd = pixel_m(grid, *middle)
    stride = _STEPS[0]
    while stride > 1 and stride * gsd * 2.0 > terrain.step_m:
        stride //= 2
    samples = _Samples(terrain, grid, box, stride)
    if math.isinf(terrain.step_m):
        return samples
    lat, lon = grid.lat_lon(*middle)
    height = float(samples.cells.mean())
    at, above = (np.array(model.project(lat, lon, height + more)) for more in (0.0, 1.0))
    pixels_per_m = float(np.hypot(*(above - at)))
    while samples.stride > 1 and not samples.error_m() * pixels_per_m <= tolerance_px:
        samples = _Samples(terrain, grid, box, samples.stride // 2)
    return samples


def _lattice(
    model: GroundModel, ground: _Ground, grid: Grid, box: Box, step: int, mid: float, half: float
) -> tuple[Array, float]:
    """The lattice of `_ortho_kernels`, and its largest error [px] at points within its cells."""
    top, bottom, left, right = box
    rows = top + step * np.arange((bottom - top - 1) // step + 2, dtype=np.float64)
    columns = left + step * np.arange((right - left - 1) // step + 2, dtype=np.float64)
    r, c = np.meshgrid(rows, columns, indexing="ij")
    lattice = np.empty((8, *r.shape))
    lat, lon = grid.lat_lon(r, c)
    lattice[:2] = ground.place(r, c, lat, lon)
    heights = mid + half * np.array([-1.0, 0.0, 1.0])[:, None, None]
    for first, (low, middle, high) in zip((2, 5), model.project(lat, lon, heights), strict=True):
        lattice[first] = middle
        lattice[first + 1] = (high - low) / 2.0
        lattice[first + 2] = (high + low) / 2.0 - middle
    _extend(lattice)
    if step == 1:
        return lattice, 0.0
    # points that no period of the lattice keeps step with
    k = np.arange((r.shape[0] - 1) * (r.shape[1] - 1)).reshape(r.shape[0] - 1, r.shape[1] - 1)
    down, across = (
        0.3 + 0.4 * np.remainder(k * 0.618034, 1.0),
        0.3 + 0.4 * np.remainder(k * 0.754878, 1.0),
    )
    t = np.where(k % 2, 0.6, -0.6)
    a, b = lattice[:, :-1], lattice[:, 1:]
    above, below = (
        a[..., :-1] * (1 - across) + a[..., 1:] * across,
        b[..., :-1] * (1 - across) + b[..., 1:] * across,
    )
    said = above * (1 - down) + below * down
    r, c = r[:-1, :-1] + step * down, c[:-1, :-1] + step * across
    lat, lon = grid.lat_lon(r, c)
    u, v = ground.place(r, c, lat, lon)
    line, column = model.project(lat, lon, mid + half * t)
    off = np.hypot(
        said[2] + t * (said[3] + t * said[4]) - line, said[5] + t * (said[6] + t * said[7]) - column
    )
    cells = max(_width(lattice[0], step), _width(lattice[1], step))
    astray = np.hypot(said[0] - u, said[1] - v) / cells * _SLOPE
    errors = [float(e[np.isfinite(e)].max(initial=0.0)) for e in (off, astray)]
    return lattice, max(errors)


def _extend(lattice: Array) -> None:
    """Go on straight by one node where the model no longer sees: pixels up to its last count on it."""
    for field in lattice[2:]:
        for along in (field, field.T):
            if len(along) < 3 or not np.isnan(along).any():
                continue
            before = along.copy()
            for here, near, far in (
                (slice(2, None), slice(1, -1), slice(None, -2)),
                (slice(None, -2), slice(1, -1), slice(2, None)),
            ):
                blind = np.isnan(along[here])
                along[here][blind] = (2.0 * before[near] - before[far])[blind]


def _width(field: Array, step: int) -> float:
    """How much a field changes over a pixel, both ways put together: median over the lattice."""
    down, across = np.diff(field, axis=0)[:, :-1], np.diff(field, axis=1)[:-1]
    change = np.hypot(down, across)
    return (
        float(np.median(change[np.isfinite(change)])) / step if np.isfinite(change).any() else 1.0
    )


def _misses(lattice: Array, limits: tuple[float, float, float, float]) -> bool:
    """Whether the image surely lies elsewhere: corners of cells at all heights, and a tenth more, miss it."""
    for first, (low, high) in zip((2, 5), (limits[:2], limits[2:]), strict=True):
        spread = np.abs(lattice[first + 1]) + np.abs(lattice[first + 2])
        lowest = float(np.nanmin(lattice[first] - spread))
        highest = float(np.nanmax(lattice[first] + spread))
        margin = 0.1 * (highest - lowest) + 2.0
        if highest + margin < low or lowest - margin > high:
            return True
    return False


def _hide(
    ground: _Ground, lattice: Array, step: int, mid: float, half: float, line: Image, column: Image
) -> int:
    """Blank out pixels that other ground hides, with terrain as far around as can hide any."""
    from offnadir.imagery import _ortho_kernels as kernels

    reach = _cells_per_m(lattice, step, half)
    low = mid - half
    wide = ground
    for _ in range(4):  # higher ground farther out can hide from farther
        margin = math.ceil(reach * (float(wide.cells.max()) - low)) + 2
        wider = ground.widened(margin)
        if wider.cells.max() <= wide.cells.max():
            wide = wider
            break
        wide = wider
    moved = lattice.copy()
    shift = _moved(ground, wide)
    moved[0] += shift[0]
    moved[1] += shift[1]
    return int(
        kernels.hide(moved, step, wide.cells, mid, half, float(wide.cells.max()), line, column)
    )


def _moved(ground: _Ground, wide: _Ground) -> tuple[float, float]:
    """How far positions among the cells move when these are widened."""
    if isinstance(ground, _Cells) and isinstance(wide, _Cells):
        return float(ground.box[0] - wide.box[0]), float(ground.box[2] - wide.box[2])
    assert isinstance(wide, _Samples)
    more = wide.margin / wide.stride
    return more, more


def _cells_per_m(lattice: Array, step: int, half: float) -> float:
    """Cells that the line of sight passes for each metre that it climbs, at most."""
    slopes = [np.gradient(lattice[k], step) for k in (0, 1, 2, 5)]
    (u_dn, u_by), (v_dn, v_by), (l_dn, l_by), (c_dn, c_by) = slopes
    l_up, c_up = lattice[3] / half, lattice[6] / half
    det = l_dn * c_by - l_by * c_dn
    dn, by = -(l_up * c_by - l_by * c_up) / det, -(l_dn * c_up - l_up * c_dn) / det
    reach = np.maximum(np.abs(dn * u_dn + by * u_by), np.abs(dn * v_dn + by * v_by))
    return float(reach[np.isfinite(reach)].max(initial=0.0))
