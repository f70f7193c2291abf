"""A surface model from two pictures of one place, by semi-global matching over heights."""

from __future__ import annotations

import math
import threading
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from offnadir._threads import in_order
from offnadir.errors import FileError, InputError
from offnadir.imagery._aligned import metres_of, sinc_weights, step_m
from offnadir.imagery._grid import Array, Grid, utm_crs
from offnadir.imagery._ground import GroundModel
from offnadir.imagery._raster import (
    TILE,
    Box,
    boxes,
    opened,
    raster_info,
    read_floats,
    window_of,
    writing,
)

_MARGIN_PX = 32  # paths of the matching settle within
_LATTICE_PX = 32
_MOST_LEVELS = 400
_SMALL, _LARGE = 6, 40  # of 62 comparisons: a step of one level, and a jump
_MOST_UNLIKE = 24
_UNIQUENESS = 1.02
_MOST_WINDOW_PX = 6000


@dataclass(frozen=True, slots=True, kw_only=True)
class SurfaceReport:
    """What a surface model rests on.

    `base_to_height` is the parallax [m on the ground] of a metre of height; heights are tried every
    `level_m`. `known` is the share of pixels of the grid that have a height.
    """

    base_to_height: float
    level_m: float
    levels: int
    known: float


def make_surface(
    images: tuple[Path, Path],
    models: tuple[GroundModel, GroundModel],
    grid: Grid,
    range_m: tuple[float, float],
    out: Path,
    *,
    band: int = 1,
    progress: Callable[[int, int], None] | None = None,
) -> SurfaceReport:
    """Heights [m above the ellipsoid] of a grid from two images, into a GeoTIFF: height, and share that
    agrees.

    For each height of the range both images are laid onto the grid as if all ground were that high, and
    compared by the census of 7 x 9 pixels; semi-global matching chooses the heights. The images need no
    epipolar geometry, so any two models do. NaN where images are not known, where the best is not clear,
    or at an end of the range. What one image hides is not found out: it gets a height from around it, or
    none.

    Errors: InputError where lines of sight are too alike, or the range takes more than 400 heights.
    """
    low, high = range_m
    if not -1000.0 <= low < high <= 10_000.0:
        raise InputError("range_m", range_m, "two heights from -1000 to 10000 m, the lower first")
    for path, model in zip(images, models, strict=True):
        info = raster_info(path)
        if info.shape != model.shape:
            raise FileError(path, f"has {info.shape} pixels, but its model is for {model.shape}")
        if not 1 <= band <= info.bands:
            raise InputError("band", band, f"from 1 to {info.bands}: {path} has no more")
    step = step_m(grid)
    ratio = _base_to_height(models, grid, 0.5 * (low + high))
    if not ratio > 0.02:
        raise InputError(
            "models", round(ratio, 4), "lines of sight that differ: parallax of 0.02 m a metre"
        )
    level_m = step / ratio
    levels = math.ceil((high - low) / level_m) + 3  # the ends are never chosen
    if levels > _MOST_LEVELS:
        raise InputError(
            "range_m", range_m, f"at most {_MOST_LEVELS * level_m:.0f} m apart for this grid; narrow it or "
            "take a coarser grid",
        )  # fmt: skip
    heights: Array = low + level_m * np.arange(-1.0, levels - 1.0)
    every = list(boxes(grid.shape, TILE))
    known = 0
    with opened(images[0]) as first, opened(images[1]) as second:
        sides = [
            _Side(dataset, model, band, grid, 0.5 * (low + high))
            for dataset, model in zip((first, second), models, strict=True)
        ]

        def work(box: Box) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
            return _matched(sides, grid, box, heights)

        names = ("height [m above the WGS-84 ellipsoid]", "share that agrees")
        with writing(
            out, grid.shape, 2, "float32", grid=grid, nodata=math.nan, names=names
        ) as written:
            for done, (box, (height, quality)) in enumerate(in_order(work, every, 2), 1):
                written.write(height, 1, window=window_of(box))
                written.write(quality, 2, window=window_of(box))
                known += int(np.isfinite(height).sum())
                if progress is not None:
                    progress(done, len(every))
    return SurfaceReport(
        base_to_height=ratio, level_m=level_m, levels=levels - 2,
        known=known / (grid.shape[0] * grid.shape[1]),
    )  # fmt: skip


class _Side:
    """One image, laid onto the grid at heights."""

    def __init__(
        self, dataset: Any, model: GroundModel, band: int, grid: Grid, alt_m: float
    ) -> None:
        self._dataset, self._model, self._band = dataset, model, band
        self._lock = threading.Lock()
        rows, columns = (0.5 * (n - 1) + np.array([0.0, 1.0, 0.0]) for n in grid.shape)
        columns = columns[[0, 2, 1]]
        line, column = model.project(*grid.lat_lon(rows, columns), alt_m)
        area = abs(
            (line[1] - line[0]) * (column[2] - column[0])
            - (line[2] - line[0]) * (column[1] - column[0])
        )
        self._factor = max(1, int(math.sqrt(area) + 0.25)) if np.isfinite(area) else 1

    def lattice(self, grid: Grid, box: Box, alt_m: float) -> tuple[Array, Array]:
        """Where lattice places of a box at a height lie in the image as it is read."""
        rows = box[0] + _LATTICE_PX * np.arange((box[1] - box[0] - 1) // _LATTICE_PX + 2.0)
        columns = box[2] + _LATTICE_PX * np.arange((box[3] - box[2] - 1) // _LATTICE_PX + 2.0)
        lat, lon = grid.lat_lon(*np.meshgrid(rows, columns, indexing="ij"))
        line, column = self._model.project(lat, lon, np.full(lat.shape, alt_m))
        return tuple((x + 0.5) / self._factor - 0.5 for x in (line, column))  # type: ignore[return-value]

    def window(
        self, lattices: list[tuple[Array, Array]]
    ) -> tuple[NDArray[np.float32], int, int] | None:
        """The image where any of them lies, and its first line and column."""
        line, column = (np.stack([x[k] for x in lattices]) for k in (0, 1))
        good = np.isfinite(line) & np.isfinite(column)
        if not good.any():
            return None
        size = (self._dataset.height // self._factor, self._dataset.width // self._factor)
        top, left = (max(int(x[good].min()) - 5, -5) for x in (line, column))
        bottom, right = (
            min(int(x[good].max()) + 6, n + 5) for x, n in zip((line, column), size, strict=True)
        )
        if bottom <= top or right <= left or max(bottom - top, right - left) > _MOST_WINDOW_PX:
            return None
        with self._lock:
            pixels = read_floats(
                self._dataset, (self._band,), (top, bottom, left, right), self._factor
            )
        return pixels[0], top, left


def _matched(
    sides: list[_Side], grid: Grid, box: Box, heights: Array
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    from offnadir.imagery._exploit_kernels import resample
    from offnadir.imagery._surface_kernels import aggregate, census, unlike, winners

    m = _MARGIN_PX
    wide = (box[0] - m, box[1] + m, box[2] - m, box[3] + m)
    shape = (wide[1] - wide[0], wide[3] - wide[2])
    nothing = np.full((box[1] - box[0], box[3] - box[2]), np.nan, np.float32)
    # Between few heights the position is a straight line in height, to far less than a pixel in each piece.
    knots = np.linspace(heights[0], heights[-1], min(len(heights), 9))
    lattices = [[side.lattice(grid, wide, float(h)) for h in knots] for side in sides]
    windows = [side.window(lattice) for side, lattice in zip(sides, lattices, strict=True)]
    if windows[0] is None or windows[1] is None:
        return nothing, np.zeros_like(nothing)
    cost = np.empty((*shape, len(heights)), np.uint8)
    weights = sinc_weights()
    signatures = [np.empty(shape, np.uint64) for _ in sides]
    laid = np.empty(shape, np.float32)
    for level, height in enumerate(heights):
        at = (height - knots[0]) / (knots[-1] - knots[0]) * (len(knots) - 1)
        k = min(int(at), len(knots) - 2)
        share = at - k
        for lattice, window, signature in zip(lattices, windows, signatures, strict=True):
            assert window is not None
            pixels, top, left = window
            line, column = ((1 - share) * lattice[k][x] + share * lattice[k + 1][x] for x in (0, 1))
            resample(pixels, line - top, column - left, _LATTICE_PX, weights, laid)
            census(laid, signature)
        unlike(signatures[0], signatures[1], level, cost)
    total = np.empty(cost.shape, np.uint16)
    aggregate(cost, _SMALL, _LARGE, total)
    level_of = np.empty(shape, np.float32)
    quality = np.empty(shape, np.float32)
    winners(total, cost, _MOST_UNLIKE, _UNIQUENESS, level_of, quality)
    inner = (slice(m, -m), slice(m, -m))
    step = heights[1] - heights[0]
    return (heights[0] + step * level_of[inner]).astype(np.float32), quality[inner]


def _base_to_height(models: tuple[GroundModel, GroundModel], grid: Grid, alt_m: float) -> float:
    """Metres on the ground by which the images of a point part when it rises by a metre."""
    row, column = (grid.shape[0] - 1) / 2, (grid.shape[1] - 1) / 2
    lat, lon = grid.lat_lon(row, column)
    metres = metres_of(grid, row, column)
    places = []
    for model in models:
        line, sample = model.project(lat, lon, alt_m + 50.0)
        places.append(grid.of_lat_lon(*model.locate(line, sample, alt_m - 50.0)))
    apart = metres @ np.array([float(a - b) for a, b in zip(*places, strict=True)])
    return float(np.hypot(*apart)) / 100.0


def surface_grid(
    model: GroundModel,
    alt_m: float,
    *,
    step_m: float | None = None,
    middle: tuple[float, float] | None = None,
    size_m: float | None = None,
) -> Grid:
    """A grid in UTM over what an image shows at a height, or over a square of it; north up.

    The step is the root of a pixel's area in the image's middle, unless said; `middle` is latitude and
    longitude [rad].
    """
    lines, columns = model.shape
    line, column = (lines - 1) / 2, (columns - 1) / 2
    centre = tuple(float(x) for x in model.locate(line, column, alt_m))
    if not all(map(math.isfinite, centre)):
        raise InputError(
            "models", model.shape, "a model that sees the ground in the middle of its image"
        )
    zone = Grid(
        crs=utm_crs(*(middle or centre)), transform=(1.0, 0.0, 0.0, 0.0, -1.0, 0.0), shape=(1, 1)
    )

    def xy(lat: Any, lon: Any) -> tuple[Array, Array]:
        return zone.xy(*zone.of_lat_lon(lat, lon))

    near = xy(
        *model.locate(line + np.array([0.0, 1.0, 0.0]), column + np.array([0.0, 0.0, 1.0]), alt_m)
    )
    (x0, x1, x2), (y0, y1, y2) = near
    step = step_m or math.sqrt(abs((x1 - x0) * (y2 - y0) - (x2 - x0) * (y1 - y0)))
    if size_m is not None or middle is not None:
        x, y = (float(v) for v in xy(*(middle or centre)))
        half = 0.5 * (size_m if size_m is not None else 1000.0)
        left, right, bottom, top = x - half, x + half, y - half, y + half
    else:
        corners = np.array([[0, 0, lines - 1, lines - 1], [0, columns - 1, 0, columns - 1]])
        x_all, y_all = xy(*model.locate(corners[0], corners[1], alt_m))
        if not np.isfinite(x_all).all():
            raise InputError("models", model.shape, "a model that sees the ground at all corners")
        left, right, bottom, top = x_all.min(), x_all.max(), y_all.min(), y_all.max()
    left, top = math.floor(left / step) * step, math.ceil(top / step) * step
    shape = (max(1, math.ceil((top - bottom) / step)), max(1, math.ceil((right - left) / step)))
    return Grid(crs=zone.crs, transform=(step, 0.0, left, 0.0, -step, top), shape=shape)
