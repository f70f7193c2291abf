"""Orthorectification: an image put on a map, every pixel where the ground that it shows lies."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from concurrent.futures import Executor
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from offnadir._threads import in_order
from offnadir.errors import FileError, InputError
from offnadir.imagery._grid import Grid, pixel_m, utm_crs
from offnadir.imagery._ground import GroundModel, Terrain
from offnadir.imagery._ortho_geometry import Positions, tile_positions
from offnadir.imagery._raster import (
    TILE,
    Box,
    SharedRaster,
    boxes,
    opened,
    rasterio,
    window_of,
    writing,
)
from offnadir.imagery._terrain import RasterTerrain

Kernel = Literal["nearest", "bilinear", "cubic"]
KERNELS = ("nearest", "bilinear", "cubic")
#: Beyond so many pixels of the image to a pixel of the map, the kernel is widened.
_WIDEN = 1.25
#: Cells of terrain, and pixels of the image, that a tile may take: 64 MB as float32.
_CELLS = 16e6
#: What GDAL may keep of rasters [bytes]; else it takes a twentieth of the machine's memory.
_CACHE = 256 * 2**20


@dataclass(frozen=True, slots=True, kw_only=True)
class OrthoReport:
    """What became of the pixels of a map: how many show the image, how many are hidden by other ground.

    `lattice_error_px` is the most that an interpolated position was off at any point that was checked, in
    pixels of the image.
    """

    within: int
    hidden: int
    lattice_error_px: float


@dataclass(frozen=True, slots=True, kw_only=True)
class _Job:
    """What all tiles have in common; called with a box it makes that tile, in any process."""

    source: SharedRaster
    size: tuple[int, int]
    dtype: str
    model: GroundModel
    terrain: Terrain
    grid: Grid
    kernel: Kernel
    bands: tuple[int, ...]
    absent: float | None
    nodata: float
    hide: bool
    tolerance_px: float

    def __call__(self, box: Box) -> tuple[NDArray[Any], OrthoReport]:
        return _tile(self, box)


def ortho_grid(
    model: GroundModel, terrain: Terrain, *, step: float | None = None, crs: str | None = None
) -> Grid:
    """The map that just holds an image on its ground: north up, pixels at whole multiples of `step`.

    `crs` defaults to the UTM zone of the image's middle and `step`, in units of `crs`, to the size of its
    pixels there. InputError if the model sees no ground.
    """
    lines, columns = model.shape
    share = np.linspace(0.0, 1.0, 33)
    r, c = np.meshgrid(share * lines - 0.5, share * columns - 0.5, indexing="ij")
    r, c = np.clip(r, 0.0, lines - 1.0), np.clip(c, 0.0, columns - 1.0)
    lat, lon = on_ground(model, terrain, r, c)
    seen = np.isfinite(lat) & np.isfinite(lon)
    if not seen.any():
        raise InputError("model", model.shape, "one that sees the ground")
    k = int(np.flatnonzero(seen)[np.argmin((np.hypot(r - lines / 2, c - columns / 2))[seen])])
    middle = (float(lat.ravel()[k]), float(lon.ravel()[k]))
    crs = crs or utm_crs(*middle)
    unit = Grid(crs=crs, transform=(1.0, 0.0, 0.0, 0.0, 1.0, 0.0), shape=(1, 1))
    v, u = unit.of_lat_lon(lat, lon)
    v, u = np.where(seen, v, np.nan), np.where(seen, u, np.nan)
    if step is None and min(lines, columns) < 33:
        step = _pixel_size(model, terrain, unit)
    if step is None:
        down = np.hypot(np.diff(v, axis=0), np.diff(u, axis=0)) / (lines / 32.0)
        across = np.hypot(np.diff(v, axis=1), np.diff(u, axis=1)) / (columns / 32.0)
        found = np.sqrt(np.nanmedian(down) * np.nanmedian(across))
        step = float(f"{found:.3g}") if np.isfinite(found) else 1.0
    if not (math.isfinite(step) and step > 0.0):
        raise InputError("step", step, "above 0, in units of the map's projection")
    # a pixel more: the outer centres are what was followed, and the border between points bends
    west, east = np.nanmin(u) + 0.5 - 2 * step, np.nanmax(u) + 0.5 + 2 * step
    south, north = np.nanmin(v) + 0.5 - 2 * step, np.nanmax(v) + 0.5 + 2 * step
    left, top = math.floor(west / step), math.ceil(north / step)
    shape = (top - math.floor(south / step), math.ceil(east / step) - left)
    return Grid(crs=crs, transform=(step, 0.0, left * step, 0.0, -step, top * step), shape=shape)


def _pixel_size(model: GroundModel, terrain: Terrain, unit: Grid) -> float:
    """The same of an image too small for points amid it: its length from edge to edge, and its width."""
    lines, columns = model.shape
    middle = (lines - 1) / 2.0, (columns - 1) / 2.0
    line = np.array([-0.5, lines - 0.5, middle[0], middle[0]])
    column = np.array([middle[1], middle[1], -0.5, columns - 0.5])
    v, u = unit.of_lat_lon(*on_ground(model, terrain, line, column))
    found = np.hypot(v[1::2] - v[::2], u[1::2] - u[::2]) / (lines, columns)
    area = float(found[0] * found[1])
    return float(f"{math.sqrt(area):.3g}") if math.isfinite(area) and area > 0.0 else 1.0


def on_ground(
    model: GroundModel, terrain: Terrain, line: NDArray[Any], column: NDArray[Any]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Latitude and longitude [rad] where pixels meet the ground, by going back and forth a dozen times.

    Good to the pixel for maps' outlines; where mountains hide others it may find either.
    """
    alt = np.zeros(np.broadcast(line, column).shape)
    # guesses may lie beyond an elevation model that holds all of the image
    look = terrain.edge_height_m if isinstance(terrain, RasterTerrain) else terrain.height_m
    for _ in range(12):
        lat, lon = model.locate(line, column, alt)
        seen = np.isfinite(lat) & np.isfinite(lon)
        if not seen.any():
            break
        alt[seen] = look(lat[seen], lon[seen])
    return lat, lon


def orthorectify(
    source: Path,
    model: GroundModel,
    terrain: Terrain,
    grid: Grid,
    out: Path,
    *,
    kernel: Kernel = "cubic",
    bands: tuple[int, ...] | None = None,
    absent: float | None = None,
    nodata: float | None = None,
    hide: bool = False,
    tolerance_px: float = 0.02,
    compress: str = "deflate",
    tags: Mapping[str, str] | None = None,
    threads: int = 2,
    executor: Executor | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> OrthoReport:
    """Put an image on a map: a tiled GeoTIFF of the image's type, which appears whole or not at all.

    Each pixel of `grid` takes its height from `terrain`, its line and column from `model` and its value from
    the image by `kernel`: cubic is Keys' with a = -1/2, as GDAL's. Where a pixel of the map is more than 1.25
    pixels of the image, the kernel is widened so that nothing folds. `absent` is the value that stands for
    none in the image (its own nodata unless given), `nodata` that of the map: the image's, else 0, or NaN
    for floats; a value that comes out as that by chance becomes its neighbour. Values pass through float32.
    Positions are interpolated to within `tolerance_px`, which is checked. `hide` blanks out what higher
    ground hides from the camera: for surface models, as without it a building's roof shows twice.

    Tiles are made by `threads`, or by an `executor` with the `submit` of concurrent.futures (threads,
    processes, a cluster); then so many tiles and one more are in work at a time. Its workers open the image
    and the elevation model by their paths, the file is written here. Whoever makes the tiles, the file is
    the same to the last byte. Memory grows with tiles and threads, not with the image. FileError if the
    image is damaged, the elevation model too small, the disk full; OffnadirError if the workers die.
    """
    with rasterio().Env(GDAL_CACHEMAX=_CACHE), opened(source) as dataset:
        if dataset.shape != model.shape:
            raise FileError(
                source, f"has {dataset.shape} lines and columns, its model {model.shape}"
            )
        job = _job(dataset, model, terrain, grid, kernel, bands, absent, nodata, hide, tolerance_px)
        names = tuple(dataset.descriptions[k - 1] or "" for k in job.bands)
    side = _side(job)
    total = -(-grid.shape[0] // side) * -(-grid.shape[1] // side)
    within = hidden = done = 0
    error_px = 0.0
    with (
        rasterio().Env(GDAL_CACHEMAX=_CACHE),
        job.source,
        writing(
            out, grid.shape, len(job.bands), job.dtype, grid=grid, nodata=job.nodata, tags=tags, names=names,
            compress=compress,
        ) as target,
    ):  # fmt: skip
        for box, (block, told) in in_order(job, boxes(grid.shape, side), threads, executor):
            target.write(block, window=window_of(box))
            within += told.within
            hidden += told.hidden
            error_px = max(error_px, told.lattice_error_px)
            done += 1
            if progress is not None:
                progress(done, total)
    return OrthoReport(within=within, hidden=hidden, lattice_error_px=error_px)


def ortho_box(
    source: Path,
    model: GroundModel,
    terrain: Terrain,
    grid: Grid,
    box: Box,
    *,
    kernel: Kernel = "cubic",
    bands: tuple[int, ...] | None = None,
    absent: float | None = None,
    nodata: float | None = None,
    hide: bool = False,
    tolerance_px: float = 0.02,
) -> NDArray[Any]:
    """(bands, rows, columns) of a box of the map, as `orthorectify` makes it.

    The box may be up to a few thousand pixels long and wide.
    """
    with opened(source) as dataset:
        job = _job(dataset, model, terrain, grid, kernel, bands, absent, nodata, hide, tolerance_px)
    with job.source:
        return _tile(job, box)[0]


def _job(
    dataset: Any,
    model: GroundModel,
    terrain: Terrain,
    grid: Grid,
    kernel: Kernel,
    bands: tuple[int, ...] | None,
    absent: float | None,
    nodata: float | None,
    hide: bool,
    tolerance_px: float,
) -> _Job:
    if kernel not in KERNELS:
        raise InputError("kernel", kernel, f"one of {', '.join(KERNELS)}")
    if not tolerance_px > 0.0:
        raise InputError("tolerance_px", tolerance_px, "above 0")
    bands = tuple(range(1, dataset.count + 1)) if bands is None else bands
    if not bands or min(bands) < 1 or max(bands) > dataset.count:
        raise InputError("bands", bands, f"numbers from 1 to {dataset.count}")
    dtype = np.dtype(dataset.dtypes[bands[0] - 1])
    if dtype.kind not in "uif":
        raise FileError(dataset.name, f"holds {dtype}, which is no grey value")
    own = dataset.nodatavals[bands[0] - 1]
    absent = own if absent is None else absent
    if nodata is None:
        nodata = absent if absent is not None else (math.nan if dtype.kind == "f" else 0.0)
    if dtype.kind != "f" and not (np.iinfo(dtype).min <= nodata <= np.iinfo(dtype).max):
        raise InputError("nodata", nodata, f"a value that {dtype} can hold")
    return _Job(
        source=SharedRaster(Path(dataset.name)), size=dataset.shape, dtype=dtype.name, model=model,
        terrain=terrain, grid=grid, kernel=kernel, bands=bands, absent=absent, nodata=nodata, hide=hide,
        tolerance_px=tolerance_px,
    )  # fmt: skip


def _side(job: _Job) -> int:
    """Side of the tiles, such that neither terrain nor image takes too much memory."""
    rows, columns = job.grid.shape
    middle = (rows / 2.0, columns / 2.0)
    gsd = pixel_m(job.grid, *middle)
    lat, lon = job.grid.lat_lon(
        np.array([middle[0], middle[0] + 1.0, middle[0]]),
        np.array([middle[1], middle[1], middle[1] + 1.0]),
    )
    alt = 0.0
    if isinstance(job.terrain.step_m, float) and math.isfinite(job.terrain.step_m):
        alt = (
            sum(
                job.terrain.range_m(
                    (float(lat.min()), float(lon.min()), float(lat.max()), float(lon.max()))
                )
            )
            / 2
        )
    line, column = job.model.project(lat, lon, alt)
    pixels = float(np.hypot(line[1:] - line[0], column[1:] - column[0]).max())
    finer = max(gsd / job.terrain.step_m, pixels if math.isfinite(pixels) else 1.0)
    side = 2 * TILE
    while side > 64 and (side * finer) ** 2 > _CELLS:
        side //= 2
    return side


def _tile(job: _Job, box: Box) -> tuple[NDArray[Any], OrthoReport]:
    shape = (len(job.bands), box[1] - box[0], box[3] - box[2])
    positions = tile_positions(
        job.model, job.terrain, job.grid, box, tolerance_px=job.tolerance_px, hide=job.hide
    )
    if positions is None:
        nothing = OrthoReport(within=0, hidden=0, lattice_error_px=0.0)
        return np.full(shape, job.nodata, job.dtype), nothing
    scales = tuple(width if width > _WIDEN else 1.0 for width in positions.scales)
    margin = math.ceil(2.0 * max(scales)) + 1
    first_line, last_line, first_column, last_column = positions.bounds
    top = max(math.floor(first_line) + positions.base[0] - margin, 0)
    left = max(math.floor(first_column) + positions.base[1] - margin, 0)
    bottom = min(math.ceil(last_line) + positions.base[0] + margin + 1, job.size[0])
    right = min(math.ceil(last_column) + positions.base[1] + margin + 1, job.size[1])
    block = np.empty(shape, job.dtype)
    for k, band in enumerate(job.bands):
        (pixels,) = job.source.read((band,), (top, bottom, left, right))
        _resample(job, positions, pixels, (top, left), scales, block[k])
    return block, OrthoReport(
        within=positions.within, hidden=positions.hidden, lattice_error_px=positions.error_px
    )


def _resample(
    job: _Job,
    positions: Positions,
    pixels: NDArray[Any],
    corner: tuple[int, int],
    scales: tuple[float, ...],
    out: Any,
) -> None:
    from offnadir.imagery import _ortho_kernels as kernels

    start = (float(corner[0] - positions.base[0]), float(corner[1] - positions.base[1]))
    masked = job.absent is not None and not math.isnan(job.absent)
    absent = (masked, float(job.absent or 0.0) if masked else 0.0)
    whole = out.dtype.kind != "f"
    ends = np.iinfo(out.dtype) if whole else np.finfo(out.dtype)
    kind = (whole, float(ends.min), float(ends.max), float(job.nodata))
    where = (positions.line, positions.column, positions.limits)
    cubic = job.kernel == "cubic"
    if job.kernel == "nearest":
        kernels.nearest(pixels, start, absent, *where, kind, out)
        return
    values = pixels.astype(np.float32)
    absent = (masked, float(np.float32(absent[1])))
    if max(scales) > 1.0:
        kernels.resample_wide(values, start, absent, cubic, scales, *where, kind, out)
    else:
        kernels.resample(values, start, absent, cubic, *where, kind, out)
