"""Light in the focal plane: a tile of the camera's samples, from the patch of ground that they see."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np
from numpy.typing import NDArray

from offnadir.errors import InputError
from offnadir.imagery._grid import Grid, utm_crs
from offnadir.imagery._ground import GroundModel, Terrain
from offnadir.imagery._scene import Scene, ground_step_m

if TYPE_CHECKING:
    from offnadir.sensors import Band

Array = NDArray[np.float64]
Pixels = NDArray[np.float32]
#: Pixels between the nodes at which the camera's model is asked: attitude may tremble from line to line.
LINE_STEP: Final = 4
COLUMN_STEP: Final = 32
_BLOCK: Final = 8  # pixels of the patch that share one range of heights
_BLOCKS: Final = 8  # blocks each way that share one
_STEEP: Final = 2.5  # slope from which ground is a wall
_WALL: Final = 0.8  # reflectance of walls over that of their roof
_BOUNCED: Final = 0.08  # of the Sun's light on level ground, that comes to walls by way of it
_RIM: Final = 3  # samples of patch around what is seen, for cubics
_LARGEST: Final = 120_000_000  # samples of a patch


@dataclass(frozen=True, slots=True, kw_only=True)
class Sunlight:
    """The Sun over a scene, and how much of its light comes straight; the rest comes from the sky."""

    azimuth_rad: float
    elevation_rad: float
    direct_share: float


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Seen:
    """Samples of one tile: effective reflectance, float32, and heights [m] where they were asked for.

    Effective is: times the light that arrives there over that on level, open ground.
    """

    light: Pixels
    alt_m: Pixels | None


def see(
    scene: Scene,
    band: Band,
    model: GroundModel,
    first: tuple[int, int],
    shape: tuple[int, int],
    samples: int,
    sun: Sunlight,
    *,
    alt_m: float = 0.0,
    heights: bool = False,
) -> Seen:
    """The samples of pixels (lines, columns) from `first` on, `samples` each way per pixel.

    A grid on the map is laid along the samples as well as an affine map can, the scene is asked for it, and
    each sample's ray is followed down to the first ground or roof that it meets. `alt_m` is about where the
    ground lies: heights are asked for where a level ground there would be seen, and near that.
    """
    from offnadir.imagery._sampling_kernels import block_ranges, coarse_ranges, look_down

    nodes = _nodes(first, shape, samples)
    low_m, high_m, places = _range(scene.surface, model, nodes, alt_m)
    out = np.zeros((shape[0] * samples, shape[1] * samples), np.float32)
    met = np.empty(out.shape if heights else (0, 0), np.float32)
    if places is None:
        return Seen(light=out, alt_m=np.full(out.shape, np.nan, np.float32) if heights else None)
    grid, (row_lo, col_lo), (row_hi, col_hi) = _lay(places, samples)
    light = _light(scene, grid, band, sun)
    moves = max(_most(row_hi - row_lo), _most(col_hi - col_lo))
    if moves < 0.02:
        surface, finer = np.full((2, 2), 0.5, np.float32), 1
    else:
        surface, finer = _surface(scene.surface, grid, samples)
        surface -= np.float32(low_m)
        surface *= np.float32(1.0 / (high_m - low_m))
        np.clip(surface, 0.0, 1.0, out=surface)
    block = max(_BLOCK // finer, 1)
    blocks = block_ranges(surface, block)
    look_down(
        light, surface, float(finer), blocks, float(block * finer),
        coarse_ranges(blocks, _BLOCKS), float(block * finer * _BLOCKS),
        _walls(grid, finer, high_m - low_m, sun), row_lo, col_lo, row_hi, col_hi,
        LINE_STEP * samples, COLUMN_STEP * samples, out, met,
    )  # fmt: skip
    return Seen(light=out, alt_m=low_m + (high_m - low_m) * met if heights else None)


def _nodes(first: tuple[int, int], shape: tuple[int, int], samples: int) -> tuple[Array, Array]:
    """Lines (n, 1) and columns (1, m) of nodes; the first one is the first sample."""
    steps = (LINE_STEP, COLUMN_STEP)
    start = [at - 0.5 + 0.5 / samples for at in first]
    line, column = (
        begin + step * np.arange(-(-side // step) + 1)
        for begin, step, side in zip(start, steps, shape, strict=True)
    )
    return np.asarray(line[:, None], np.float64), np.asarray(column[None, :], np.float64)


def _range(
    surface: Terrain, model: GroundModel, nodes: tuple[Array, Array], alt_m: float
) -> tuple[float, float, tuple[Array, Array, Array, Array] | None]:
    """Lowest and highest ground that nodes can see, and places (lat, lon) on both; None past the Earth."""
    low_m = high_m = alt_m
    for attempt in range(5):
        lat_lo, lon_lo = model.locate(*nodes, low_m)
        lat_hi, lon_hi = (lat_lo, lon_lo) if high_m == low_m else model.locate(*nodes, high_m)
        if not np.isfinite(lat_lo).any():
            return low_m, high_m, None
        # The date line: longitudes of one tile lie within half a turn of each other.
        middle = float(lon_lo[np.isfinite(lon_lo)][0])
        lon_lo, lon_hi = (
            middle + (one - middle + np.pi) % (2 * np.pi) - np.pi for one in (lon_lo, lon_hi)
        )
        lats, lons = np.stack([lat_lo, lat_hi]), np.stack([lon_lo, lon_hi])
        bounds = (
            float(np.nanmin(lats)),
            float(np.nanmin(lons)),
            float(np.nanmax(lats)),
            float(np.nanmax(lons)),
        )
        least, most = surface.range_m(bounds)
        if attempt and least >= low_m - 1e-6 and most <= high_m + 1e-6:
            break
        low_m, high_m = (least, most) if not attempt else (min(least, low_m), max(most, high_m))
    return low_m, high_m, (lat_lo, lon_lo, lat_hi, lon_hi)


def _lay(
    places: tuple[Array, Array, Array, Array], samples: int
) -> tuple[Grid, tuple[Array, Array], tuple[Array, Array]]:
    """A grid along the samples that holds all places, and rows and columns of the nodes in it."""
    lat_lo, lon_lo, lat_hi, lon_hi = places
    good = np.isfinite(lat_lo) & np.isfinite(lat_hi)
    crs = utm_crs(float(lat_lo[good].mean()), _wrapped(float(lon_lo[good].mean())))
    plane = Grid(crs=crs, transform=(1.0, 0.0, -0.5, 0.0, 1.0, -0.5), shape=(1, 1))
    y_lo, x_lo = plane.of_lat_lon(lat_lo, lon_lo)
    y_hi, x_hi = (y_lo, x_lo) if lat_hi is lat_lo else plane.of_lat_lon(lat_hi, lon_hi)
    i, j = np.meshgrid(
        np.arange(lat_lo.shape[0]) * float(LINE_STEP * samples),
        np.arange(lat_lo.shape[1]) * float(COLUMN_STEP * samples),
        indexing="ij",
    )
    # u columns and v rows from the corner of the first sample, as in Grid.
    design = np.stack([j[good] + 0.5, i[good] + 0.5, np.ones(int(good.sum()))], axis=1)
    east, *_ = np.linalg.lstsq(design, (x_lo[good] + x_hi[good]) / 2, rcond=None)
    north, *_ = np.linalg.lstsq(design, (y_lo[good] + y_hi[good]) / 2, rcond=None)
    base = Grid(crs=crs, transform=(*east.tolist(), *north.tolist()), shape=(1, 1))
    (row_lo, col_lo), (row_hi, col_hi) = base.row_column(x_lo, y_lo), base.row_column(x_hi, y_hi)
    rows, columns = np.stack([row_lo, row_hi]), np.stack([col_lo, col_hi])
    top, left = math.floor(np.nanmin(rows)) - _RIM, math.floor(np.nanmin(columns)) - _RIM
    shape = (
        math.ceil(np.nanmax(rows)) + _RIM + 1 - top,
        math.ceil(np.nanmax(columns)) + _RIM + 1 - left,
    )
    if shape[0] * shape[1] > _LARGEST:
        wish = f"such that a tile sees at most {_LARGEST} samples of ground"
        raise InputError(
            "acquisition", shape, wish, hint="too slanted a look, or heights that are wrong"
        )
    grid = base.part((top, top + shape[0], left, left + shape[1]))
    return grid, (row_lo - top, col_lo - left), (row_hi - top, col_hi - left)


def _walls(grid: Grid, finer: int, range_m: float, sun: Sunlight) -> tuple[float, ...]:
    """What the kernel wants to know of walls: see `wall_light`."""
    a, b, _, d, e, _ = grid.transform
    # x = a column + b row and y = d column + e row, so slopes along (x, y) follow from those along both.
    det = a * e - b * d
    steep = _STEEP * finer * max(ground_step_m(grid)) / max(range_m, 1e-3)
    direct = _WALL * sun.direct_share / math.tan(max(sun.elevation_rad, 0.02))
    return (
        steep, -d / det, e / det, a / det, -b / det,
        math.sin(sun.azimuth_rad), math.cos(sun.azimuth_rad), direct,
        _WALL * 0.5 * (1.0 - sun.direct_share) + _WALL * _BOUNCED * sun.direct_share,
    )  # fmt: skip


def _light(scene: Scene, grid: Grid, band: Band, sun: Sunlight) -> Pixels:
    """Effective reflectance on a grid."""
    patch = scene.patch(grid, band)
    light = scene.light(grid, sun.azimuth_rad, sun.elevation_rad)
    total = np.multiply(light.direct, np.float32(sun.direct_share))
    total += np.float32(1.0 - sun.direct_share) * light.sky
    total *= patch.reflectance
    return total


def _surface(surface: Terrain, grid: Grid, samples: int) -> tuple[NDArray[np.float32], int]:
    """Heights [m] at every nth pixel of a grid, and n: from pixel to pixel, or half a step of the heights.

    Surfaces that know their heights on a whole grid (`heights_on`) are asked for all of them.
    """
    on_grid = getattr(surface, "heights_on", None)
    if on_grid is not None:
        return np.asarray(on_grid(grid), np.float32), 1
    step_m = surface.step_m
    finer = 64
    if math.isfinite(step_m):
        finer = max(samples, min(int(step_m / 2 / max(ground_step_m(grid))), 64))
    rows, columns = (np.arange(-(-side // finer) + 1.0) * finer for side in grid.shape)
    # PROJ takes long: every kilometre is enough, where a straight line is 0.02 m off.
    apart = max(int(1000.0 / max(ground_step_m(grid)) / finer), 1)
    at = [np.arange(-(-(len(one) - 1) // apart) + 1.0) * apart * finer for one in (rows, columns)]
    lat, lon = grid.lat_lon(at[0][:, None], at[1][None, :])
    shape = len(rows), len(columns)
    return np.asarray(
        surface.height_m(_fill(lat, apart, shape), _fill(lon, apart, shape)), np.float32
    ), finer


def _fill(nodes: Array, step: int, shape: tuple[int, int]) -> Array:
    """Straight lines between nodes, to the last bit that angles need."""
    if step == 1:
        return nodes[: shape[0], : shape[1]]
    for axis in (0, 1):
        place = np.arange(shape[axis]) / step
        below = np.minimum(place.astype(np.intp), nodes.shape[axis] - 2)
        share = place - below
        low, high = np.take(nodes, below, axis), np.take(nodes, below + 1, axis)
        nodes = low + (high - low) * (share[:, None] if axis == 0 else share)
    return nodes


def _most(values: Array) -> float:
    return float(np.nanmax(np.abs(values)))


def _wrapped(lon_rad: float) -> float:
    return (lon_rad + math.pi) % (2 * math.pi) - math.pi
