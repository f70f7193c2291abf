"""Where a made-up scene lies: its own metres, its coast, its heights, and the frame of a grid in it."""

from __future__ import annotations

import functools
import math
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import ArrayLike, NDArray

from offnadir.errors import InputError
from offnadir.imagery._grid import Grid
from offnadir.imagery._scene import ground_step_m, spread
from offnadir.imagery._synthetic_coast import STEP_M, coast_map, with_land
from offnadir.units import deg

Array = NDArray[np.float64]
#: Pixels from node to node of a frame; between them places lie evenly, to a thousandth of a pixel.
STRIDE: Final = 16
#: No building is higher [m].
TALLEST_M: Final = 48.0
_GRAIN_STEP_M: Final = 0.5  # its shortest waves have cells of 2.9 m
_FARTHEST_M: Final = 2_000_000.0


@dataclass(frozen=True, slots=True, kw_only=True)
class World:
    """What made-up ground depends on; `apron_m` is the radius of the level place in the middle."""

    lat_rad: float
    lon_rad: float
    seed: int
    relief_m: float
    town_m: float
    sea_level_m: float
    apron_m: float

    @property
    def crs(self) -> str:
        """A transverse Mercator projection of scale 1 about the middle: x and y are metres east and north."""
        lat, lon = self.lat_rad / deg, self.lon_rad / deg
        return f"+proj=tmerc +lat_0={lat!r} +lon_0={lon!r} +k=1 +x_0=0 +y_0=0 +datum=WGS84 +units=m +no_defs"

    def local_m(self, lat_rad: ArrayLike, lon_rad: ArrayLike) -> tuple[Array, Array]:
        """Metres east and north of the middle."""
        row, column = _local(self.crs).of_lat_lon(lat_rad, lon_rad)
        return column, row

    def lat_lon(self, x_m: ArrayLike, y_m: ArrayLike) -> tuple[Array, Array]:
        """Latitude and longitude [rad] of places in metres."""
        return _local(self.crs).lat_lon(y_m, x_m)

    @property
    def coast(self) -> tuple[Array, float, float, float]:
        """What kernels are told: table of the coast, its step, relief, radius of the apron."""
        return _coast(self.lat_rad, self.lon_rad, self.crs), STEP_M, self.relief_m, self.apron_m

    def heights_m(self, x_m: Array, y_m: Array) -> Array:
        """Heights of the bare ground above the sea [m] at places."""
        from offnadir.imagery._synthetic_ground_kernels import heights

        flat = heights(np.ravel(x_m), np.ravel(y_m), *self.coast, self.seed)
        return np.asarray(flat.reshape(np.shape(x_m)))

    def buildings(self, frame: Frame, margin_m: float) -> Array:
        """Buildings in and around a grid, as the kernels take them."""
        from offnadir.imagery._synthetic_town_kernels import count_or_list

        rest = (0.0, *self.coast, self.town_m, self.seed)
        out = np.empty((4096, 9))
        found = count_or_list(*frame.box(margin_m), *rest, out)
        if found > len(out):
            out = np.empty((found, 9))
            count_or_list(*frame.box(margin_m), *rest, out)
        return out[:found]

    def trees(self, frame: Frame, margin_m: float) -> Array:
        """Single trees of towns in and around a grid, as the kernels take them."""
        from offnadir.imagery._synthetic_tree_kernels import list_trees

        rest = (*self.coast, self.town_m, self.seed)
        out = np.empty((4096, 3))
        found = list_trees(*frame.box(margin_m), *rest, out)
        if found > len(out):
            out = np.empty((found, 3))
            list_trees(*frame.box(margin_m), *rest, out)
        return out[:found]

    def ground_on(self, grid: Grid, frame: Frame) -> NDArray[np.float32]:
        """Heights of the bare ground [m] at the pixels of a grid, from the frame's table: for shadows."""
        from offnadir.imagery._synthetic_paint_kernels import look_up

        step = max(int(frame.mstep / frame.width), 1)
        rows, columns = (np.arange(-(-side // step) + 2.0) * step for side in grid.shape)
        x, y = places_m(self, grid, rows, columns)
        return spread(
            look_up(frame.height, x, y, frame.mx, frame.my, frame.mstep), step, grid.shape
        )


@functools.lru_cache(maxsize=8)
def _local(crs: str) -> Grid:
    """The grid whose columns and rows are metres east and north of the middle."""
    return Grid(crs=crs, transform=(1.0, 0.0, -0.5, 0.0, 1.0, -0.5), shape=(1, 1))


@functools.lru_cache(maxsize=8)
def _coast(lat_rad: float, lon_rad: float, crs: str) -> Array:
    return with_land(coast_map(_local(crs), lat_rad, lon_rad))


@dataclass(frozen=True, slots=True, kw_only=True)
class SyntheticTerrain:
    """Heights of made-up ground above the ellipsoid; `boxes` stand on it beside its own buildings."""

    world: World
    has_buildings: bool
    boxes: tuple[tuple[float, ...], ...] = ()

    @property
    def step_m(self) -> float:
        """Hills have no windings under 40 m; walls are upright."""
        return 0.5 if self.has_buildings else 20.0

    def height_m(self, lat_rad: ArrayLike, lon_rad: ArrayLike) -> Array:
        """Heights [m]; arrays broadcast, NaN gives NaN."""
        from offnadir.imagery._synthetic_town_kernels import building_tops

        world = self.world
        lat, lon = np.broadcast_arrays(
            np.asarray(lat_rad, np.float64), np.asarray(lon_rad, np.float64)
        )
        x, y = (np.nan_to_num(v, nan=1e9, posinf=1e9, neginf=1e9) for v in world.local_m(lat, lon))
        unknown = np.isnan(lat) | np.isnan(lon)
        if not self.has_buildings:
            return np.where(unknown, np.nan, world.heights_m(x, y) + world.sea_level_m)
        x, y = x.ravel(), y.ravel()
        above = building_tops(x, y, *world.coast, world.town_m, world.seed)
        for bx, by, cos, sin, half_u, half_v, high, *_ in self.boxes:
            u, v = (x - bx) * cos + (y - by) * sin, (y - by) * cos - (x - bx) * sin
            top = float(world.heights_m(np.array([bx]), np.array([by]))[0]) + high
            above = np.where((abs(u) <= half_u) & (abs(v) <= half_v), np.maximum(above, top), above)
        return np.where(unknown, np.nan, above.reshape(lat.shape) + world.sea_level_m)

    def heights_on(self, grid: Grid) -> NDArray[np.float32]:
        """Heights [m] at the pixels of a grid: those of `height_m`, all at once and many times as fast.

        The ground is taken at every fifth metre and straight between (2 cm); each roof is drawn.
        """
        from offnadir.imagery._sunlight_kernels import raise_roofs

        world = self.world
        step = max(int(5.0 / max(ground_step_m(grid))), 1)
        rows, columns = (np.arange(-(-side // step) + 2.0) * step for side in grid.shape)
        tops = spread(world.heights_m(*places_m(world, grid, rows, columns)), step, grid.shape)
        if self.has_buildings:
            frame = frame_of(world, grid)
            boxes = np.concatenate([world.buildings(frame, 60.0), np.reshape(self.boxes, (-1, 9))])
            roofs = world.heights_m(boxes[:, 0].copy(), boxes[:, 1].copy()) + boxes[:, 6]
            unlit = np.empty(grid.shape, np.float32)
            raise_roofs(boxes, roofs, frame.to_pixel, frame.jacobian, tops, unlit, unlit)
        return tops + np.float32(world.sea_level_m)

    def range_m(self, bounds_rad: tuple[float, float, float, float]) -> tuple[float, float]:
        """Lowest and highest within (south, west, north, east) [rad]: by samples, with a margin."""
        south, west, north, east = bounds_rad
        high_m = (north - south) * 6.37e6
        wide_m = (east - west) * 6.37e6 * math.cos(min(abs(south), abs(north)))
        spacing = max(high_m, wide_m) / 200
        spacing = max(spacing, 150.0)
        at = [np.linspace(a, b, max(round(m / spacing), 1) + 2) for a, b, m in
              ((south, north, high_m), (west, east, wide_m))]  # fmt: skip
        lat, lon = np.meshgrid(*at, indexing="ij")
        world = self.world
        ground = world.heights_m(*world.local_m(lat, lon))
        # slopes do not pass 0.3 where hills are 250 m high
        more = 2.0 + 0.15 * spacing * world.relief_m / 250.0
        tallest = max([TALLEST_M, *(box[6] for box in self.boxes)]) if self.has_buildings else 0.0
        low = max(float(ground.min()) - more, 0.0)
        return low + world.sea_level_m, float(ground.max()) + more + tallest + world.sea_level_m


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Frame:
    """A grid in a scene's metres, with tables of coast, heights and woods there.

    `nodes_x`, `nodes_y`: places of every 16th pixel. `jacobian`: x and y of a step of a row, and of a column.
    `to_pixel` turns x, y, 1 into row and column. `width`: side of a square of a pixel's area. `north_rad`:
    where north is, clockwise from y. The tables have a step of `mstep` from (mx, my).
    """

    nodes_x: Array
    nodes_y: Array
    jacobian: Array
    to_pixel: Array
    width: float
    north_rad: float
    shore: Array
    height: Array
    wood: Array
    mx: float
    my: float
    mstep: float

    def box(self, margin_m: float) -> tuple[float, float, float, float]:
        """Least and greatest x, least and greatest y, and a margin around."""
        x, y = self.nodes_x, self.nodes_y
        ends = (x.min() - margin_m, x.max() + margin_m, y.min() - margin_m, y.max() + margin_m)
        return (float(ends[0]), float(ends[1]), float(ends[2]), float(ends[3]))

    def grain(self, seed: int) -> tuple[NDArray[np.float32], float, float, float]:
        """Texture of soft ground at every half metre, west and south end and step; empty for wider pixels."""
        from offnadir.imagery._synthetic_ground_kernels import grain_table

        if self.width >= _GRAIN_STEP_M:
            return np.empty((0, 0), np.float32), 0.0, 0.0, _GRAIN_STEP_M
        x0, x1, y0, y1 = self.box(2 * _GRAIN_STEP_M)
        step = _GRAIN_STEP_M
        gx, gy = math.floor(x0 / step) * step, math.floor(y0 / step) * step
        rows, columns = int((y1 - gy) / step) + 1, int((x1 - gx) / step) + 1
        table = grain_table(gx, gy, step, rows, columns, 2 * self.width, seed + 31)
        return table, gx, gy, step


def places_m(world: World, grid: Grid, rows: Array, columns: Array) -> tuple[Array, Array]:
    """Places of the pixels at evenly spaced rows and columns: exact at some, with planes between."""
    few_r, few_c = _few(rows), _few(columns)
    at = np.meshgrid(few_r, few_c, indexing="ij")
    found = []
    for few in world.local_m(*grid.lat_lon(*at)):
        by_column = np.stack([np.interp(columns, few_c, line) for line in few])
        found.append(np.stack([np.interp(rows, few_r, line) for line in by_column.T]).T)
    return np.ascontiguousarray(found[0]), np.ascontiguousarray(found[1])


def _few(values: Array) -> Array:
    return np.linspace(values[0], values[-1], max(len(values) // 8, 2))


@functools.lru_cache(maxsize=4)
def frame_of(world: World, grid: Grid) -> Frame:
    """The frame of a grid in a world; the last few are kept: light and heights want the same."""
    from offnadir.imagery._synthetic_ground_kernels import macro

    rows, columns = grid.shape
    at_row = np.arange(0.0, rows + STRIDE, STRIDE)
    at_column = np.arange(0.0, columns + STRIDE, STRIDE)
    x, y = world.local_m(*grid.lat_lon(*np.meshgrid(at_row, at_column, indexing="ij")))
    if not (np.abs(x) < _FARTHEST_M).all() or not (np.abs(y) < _FARTHEST_M).all():
        raise InputError("grid", grid.transform, "within 2000 km of the scene's middle")
    middle = np.array([(rows - 1) / 2, (columns - 1) / 2])
    lat, lon = grid.lat_lon(
        middle[0] + np.array([0, -0.5, 0.5, 0, 0]), middle[1] + np.array([0, 0, 0, -0.5, 0.5])
    )
    px, py = world.local_m(lat, lon)
    jacobian = np.array([[px[2] - px[1], py[2] - py[1]], [px[4] - px[3], py[4] - py[3]]])
    inverse = np.linalg.inv(jacobian.T)
    shift = middle - inverse @ np.array([px[0], py[0]])
    width = math.sqrt(abs(float(np.linalg.det(jacobian))))
    nx, ny = world.local_m(lat[:1] + 1e-6, lon[:1])
    tables: dict[str, Any] = {}
    # finer than the ground's own windings would be in vain, coarser than a pixel too little
    mstep = 2.0 ** math.ceil(math.log2(max(width, min(4 * width, 8.0), 2.0)))
    mx, my = (math.floor(float(v.min()) / mstep - 1) * mstep for v in (x, y))
    m_rows, m_columns = (int((float(v.max()) - o) / mstep) + 3 for v, o in ((y, my), (x, mx)))
    tables["shore"], tables["height"], tables["wood"] = macro(
        mx, my, mstep, m_rows, m_columns, 4 * mstep, *world.coast, world.seed
    )
    return Frame(
        nodes_x=x, nodes_y=y, jacobian=jacobian, to_pixel=np.column_stack([inverse, shift]), width=width,
        north_rad=math.atan2(float(nx[0] - px[0]), float(ny[0] - py[0])), mx=mx, my=my, mstep=mstep, **tables,
    )  # fmt: skip
