"""Made-up ground for any place on Earth: the same coast, hills, fields, towns from the same seed and place."""

from __future__ import annotations

import functools
import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from offnadir.errors import InputError
from offnadir.imagery._grid import Grid
from offnadir.imagery._scene import GroundLight, Patch, ground_step_m, spread
from offnadir.imagery._sunlight import LOWEST_SUN_RAD, terrain_light
from offnadir.imagery._synthetic_coast import STEP_M, coast_map, with_land
from offnadir.imagery._synthetic_spectra import band_reflectance
from offnadir.imagery._synthetic_targets import APRON_PX, Target, placed_targets, target_table
from offnadir.sensors import Band
from offnadir.units import deg

Array = NDArray[np.float64]
_STRIDE = 16


@dataclass(frozen=True, slots=True, kw_only=True)
class SyntheticScene:
    """Ground that never was: a function of place, seed and these numbers alone, at any step.

    `relief_m` is how high hills are, `town_m` how far the town at the middle reaches (0: none there),
    `sea_level_m` the height of the sea above the ellipsoid, `wind_m_s` what roughens the sea. Targets for
    measuring stand in the middle, made for pictures of `target_gsd_m` (0: none), their rows along
    `target_azimuth_rad`. Coasts within 120 km of the middle are Natural Earth's, with windings made up.
    """

    lat_rad: float
    lon_rad: float
    seed: int = 0
    relief_m: float = 250.0
    town_m: float = 2200.0
    sea_level_m: float = 0.0
    wind_m_s: float = 5.0
    target_gsd_m: float = 0.5
    target_azimuth_rad: float = 0.0

    def __post_init__(self) -> None:
        if not abs(self.lat_rad) <= math.pi / 2:
            raise InputError("lat_rad", self.lat_rad, "within +-pi/2")
        if not math.isfinite(self.lon_rad):
            raise InputError("lon_rad", self.lon_rad, "a number")
        if not 0 <= self.seed < 1 << 32:
            raise InputError("seed", self.seed, "a whole number from 0 to 2^32 - 1")
        for name, most in (
            ("relief_m", 5000.0), ("town_m", 20_000.0), ("wind_m_s", 30.0), ("target_gsd_m", 100.0),
        ):  # fmt: skip
            if not 0.0 <= getattr(self, name) <= most:
                raise InputError(name, getattr(self, name), f"from 0 to {most:g}")
        if not abs(self.sea_level_m) <= 500.0:
            raise InputError("sea_level_m", self.sea_level_m, "within 500 m of the ellipsoid")

    @property
    def is_synthetic(self) -> bool:
        """True."""
        return True

    @property
    def attribution(self) -> str:
        """What is made up, and what is not."""
        coast = "coast after Natural Earth 1:50m (public domain)"
        return f"SYNTHETIC ground, seed {self.seed}, made by offnadir; {coast}"

    @property
    def crs(self) -> str:
        """A transverse Mercator projection of scale 1 about the middle: x and y are metres east and north."""
        lat, lon = self.lat_rad / deg, self.lon_rad / deg
        return f"+proj=tmerc +lat_0={lat!r} +lon_0={lon!r} +k=1 +x_0=0 +y_0=0 +datum=WGS84 +units=m +no_defs"

    @property
    def terrain(self) -> SyntheticTerrain:
        """The bare ground."""
        return SyntheticTerrain(scene=self, has_buildings=False)

    @property
    def surface(self) -> SyntheticTerrain:
        """The ground with buildings on it."""
        return SyntheticTerrain(scene=self, has_buildings=True)

    def local_m(self, lat_rad: ArrayLike, lon_rad: ArrayLike) -> tuple[Array, Array]:
        """Metres east and north of the middle."""
        row, column = _local(self).of_lat_lon(lat_rad, lon_rad)
        return column, row

    def patch(self, grid: Grid, band: Band) -> Patch:
        """Reflectance in a band, from 0.35 to 2.5 um; all of it is valid."""
        from offnadir.imagery._synthetic_paint_kernels import (
            paint_buildings,
            paint_ground,
            paint_targets,
        )

        frame = _frame(self, grid)
        refl = band_reflectance(band)
        out = np.empty(grid.shape, np.float32)
        paint_ground(
            frame.nodes_x, frame.nodes_y, _STRIDE, frame.shore, frame.height, frame.wood, frame.mx, frame.my,
            frame.mstep, frame.width, refl, *_world(self), self.town_m, self.wind_m_s, self.seed, out,
        )  # fmt: skip
        boxes = _buildings(self, frame, 30.0, 0.0)
        paint_buildings(boxes, frame.to_pixel, frame.jacobian, frame.width, refl, out)
        targets = target_table(placed_targets(self.target_gsd_m, self.target_azimuth_rad))
        paint_targets(targets, frame.to_pixel, frame.jacobian, refl[-1], out)
        return Patch(reflectance=out)

    def targets(self) -> tuple[Target, ...]:
        """The targets in the middle of the scene, each with its place on Earth."""
        placed = placed_targets(self.target_gsd_m, self.target_azimuth_rad)
        found = []
        for one in placed:
            lat, lon = _local(self).lat_lon(one.y_m, one.x_m)
            fields = {
                name: getattr(one, name) for name in one.__slots__ if name not in ("x_m", "y_m")
            }
            found.append(
                Target(
                    lat_rad=float(lat),
                    lon_rad=float(lon),
                    alt_m=float(self.terrain.height_m(lat, lon)),
                    **fields,
                )
            )
        return tuple(found)

    def light(self, grid: Grid, sun_azimuth_rad: float, sun_elevation_rad: float) -> GroundLight:
        """Light with the shadows of hills and, exact to the pixel, of buildings; roofs are level."""
        from offnadir.imagery._sunlight_kernels import cast_shadows, raise_roofs
        from offnadir.imagery._synthetic_paint_kernels import fill_tops

        light = terrain_light(grid, self.terrain, sun_azimuth_rad, sun_elevation_rad)
        if sun_elevation_rad <= LOWEST_SUN_RAD:
            return light
        frame = _frame(self, grid)
        tan_sun = math.tan(sun_elevation_rad)
        boxes = _buildings(self, frame, min(100.0 / tan_sun + 30.0, 3000.0), 0.0)
        if not len(boxes):
            return light
        tops = np.empty(grid.shape, np.float32)
        fill_tops(
            frame.nodes_x,
            frame.nodes_y,
            _STRIDE,
            frame.height,
            frame.mx,
            frame.my,
            frame.mstep,
            tops,
        )
        lat_lon = _local(self).lat_lon(boxes[:, 1], boxes[:, 0])
        roofs = self.terrain.height_m(*lat_lon) - self.sea_level_m + boxes[:, 6]
        raise_roofs(boxes, roofs, frame.to_pixel, frame.jacobian, tops, light.direct, light.sky)
        # the map's north at the middle of the grid, in the scene's axes
        turn = sun_azimuth_rad - frame.north_rad
        cast_shadows(
            boxes, roofs, frame.to_pixel, frame.jacobian, frame.width,
            math.sin(turn), math.cos(turn), tan_sun, tops, light.direct,
        )  # fmt: skip
        return light


@dataclass(frozen=True, slots=True, kw_only=True)
class SyntheticTerrain:
    """Heights of made-up ground above the ellipsoid."""

    scene: SyntheticScene
    has_buildings: bool

    @property
    def step_m(self) -> float:
        """Hills have no windings under 40 m; walls are upright."""
        return 0.5 if self.has_buildings else 20.0

    def height_m(self, lat_rad: ArrayLike, lon_rad: ArrayLike) -> Array:
        """Heights [m]; arrays broadcast, NaN gives sea level."""
        from offnadir.imagery._synthetic_ground_kernels import heights
        from offnadir.imagery._synthetic_town_kernels import building_tops

        lat, lon = np.broadcast_arrays(
            np.asarray(lat_rad, np.float64), np.asarray(lon_rad, np.float64)
        )
        x, y = self.scene.local_m(lat, lon)
        x, y = (np.nan_to_num(v.ravel(), nan=1e9, posinf=1e9, neginf=1e9) for v in (x, y))
        scene = self.scene
        if self.has_buildings:
            above = building_tops(x, y, *_world(scene), scene.town_m, scene.seed)
        else:
            above = heights(x, y, *_world(scene), scene.seed)
        return np.asarray(above.reshape(lat.shape) + scene.sea_level_m)

    def heights_on(self, grid: Grid) -> NDArray[np.float32]:
        """Heights [m] at the pixels of a grid: those of `height_m`, all at once and many times as fast.

        The ground is taken at every tenth metre and straight between (1 cm); each roof is drawn.
        """
        from offnadir.imagery._sunlight_kernels import raise_roofs

        scene = self.scene
        bare = SyntheticTerrain(scene=scene, has_buildings=False)
        step = max(int(10.0 / max(ground_step_m(grid))), 1)
        rows, columns = (np.arange(-(-side // step) + 1) * step for side in grid.shape)
        nodes = bare.height_m(*grid.lat_lon(rows[:, None], columns[None, :]))
        tops = spread(nodes, step, grid.shape)
        if not self.has_buildings:
            return tops
        frame = _frame(scene, grid)
        boxes = _buildings(scene, frame, 60.0, 0.0)
        if len(boxes):
            lat_lon = _local(scene).lat_lon(boxes[:, 1], boxes[:, 0])
            roofs = bare.height_m(*lat_lon) + boxes[:, 6]
            unlit = np.empty(grid.shape, np.float32)
            raise_roofs(boxes, roofs, frame.to_pixel, frame.jacobian, tops, unlit, unlit)
        return tops

    def range_m(self, bounds_rad: tuple[float, float, float, float]) -> tuple[float, float]:
        """Lowest and highest within (south, west, north, east) [rad]: by samples, with a margin."""
        south, west, north, east = bounds_rad
        lat, lon = np.meshgrid(
            np.linspace(south, north, 24), np.linspace(west, east, 24), indexing="ij"
        )
        ground = SyntheticTerrain(scene=self.scene, has_buildings=False).height_m(lat, lon)
        low, high = float(ground.min()), float(ground.max())
        more = 0.25 * (high - low) + 2.0
        return max(low - more, self.scene.sea_level_m), high + more + (
            50.0 if self.has_buildings else 0.0
        )


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Frame:
    """A grid in the scene's metres."""

    nodes_x: Array
    nodes_y: Array
    jacobian: Array  # x and y of a step of a row, and of a column
    to_pixel: Array
    width: float
    north_rad: float
    shore: Array
    height: Array
    wood: Array
    mx: float
    my: float
    mstep: float


def _frame(scene: SyntheticScene, grid: Grid) -> _Frame:
    from offnadir.imagery._synthetic_ground_kernels import macro

    rows, columns = grid.shape
    at = np.meshgrid(
        np.arange(0.0, rows + _STRIDE, _STRIDE),
        np.arange(0.0, columns + _STRIDE, _STRIDE),
        indexing="ij",
    )
    x, y = scene.local_m(*grid.lat_lon(*at))
    if not (np.isfinite(x).all() and np.isfinite(y).all()):
        raise InputError(
            "grid", grid.transform, "within the quarter of the Earth about the scene's middle"
        )
    middle = ((rows - 1) / 2, (columns - 1) / 2)
    probe_r = np.array([middle[0], middle[0] - 0.5, middle[0] + 0.5, middle[0], middle[0]])
    probe_c = np.array([middle[1], middle[1], middle[1], middle[1] - 0.5, middle[1] + 0.5])
    lat, lon = grid.lat_lon(probe_r, probe_c)
    px, py = scene.local_m(lat, lon)
    jacobian = np.array([[px[2] - px[1], py[2] - py[1]], [px[4] - px[3], py[4] - py[3]]])
    inverse = np.linalg.inv(jacobian.T)
    shift = np.array(middle) - inverse @ np.array([px[0], py[0]])
    width = math.sqrt(abs(float(np.linalg.det(jacobian))))
    nx, ny = scene.local_m(lat[:1] + 1e-6, lon[:1])
    mstep = 2.0 ** math.ceil(math.log2(max(width, min(4 * width, 8.0), 2.0)))
    mx, my = (math.floor(float(v.min()) / mstep - 1) * mstep for v in (x, y))
    m_rows, m_columns = (int((float(v.max()) - o) / mstep) + 3 for v, o in ((y, my), (x, mx)))
    shore, height, wood = macro(
        mx, my, mstep, m_rows, m_columns, 4 * mstep, *_world(scene), scene.seed
    )
    return _Frame(
        nodes_x=x, nodes_y=y, jacobian=jacobian, to_pixel=np.column_stack([inverse, shift]), width=width,
        north_rad=-math.atan2(float(nx[0] - px[0]), float(ny[0] - py[0])),
        shore=shore, height=height, wood=wood, mx=mx, my=my, mstep=mstep,
    )  # fmt: skip


def _buildings(scene: SyntheticScene, frame: _Frame, margin_m: float, tallest_m: float) -> Array:
    """Buildings in and around a grid."""
    from offnadir.imagery._synthetic_town_kernels import count_or_list

    x, y = frame.nodes_x, frame.nodes_y
    box = (x.min() - margin_m, x.max() + margin_m, y.min() - margin_m, y.max() + margin_m)
    rest = (tallest_m, *_world(scene), scene.town_m, scene.seed)
    out = np.empty((4096, 9))
    found = count_or_list(*box, *rest, out)
    if found > len(out):
        out = np.empty((found, 9))
        count_or_list(*box, *rest, out)
    return out[:found]


@functools.lru_cache(maxsize=8)
def _local(scene: SyntheticScene) -> Grid:
    """The grid whose columns and rows are metres east and north of the middle."""
    return Grid(crs=scene.crs, transform=(1.0, 0.0, -0.5, 0.0, 1.0, -0.5), shape=(1, 1))


@functools.lru_cache(maxsize=8)
def _coast(lat_rad: float, lon_rad: float, crs: str) -> Array:
    grid = Grid(crs=crs, transform=(1.0, 0.0, -0.5, 0.0, 1.0, -0.5), shape=(1, 1))
    return with_land(coast_map(grid, lat_rad, lon_rad))


def _world(scene: SyntheticScene) -> tuple[Array, float, float, float]:
    """What kernels are told of a scene: coast, its step, relief, radius of the test range."""
    pad = APRON_PX * scene.target_gsd_m
    return _coast(scene.lat_rad, scene.lon_rad, scene.crs), STEP_M, scene.relief_m, pad
