"""Made-up ground for any place on Earth: the same coast, fields and towns from the same seed and place."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from offnadir.errors import InputError
from offnadir.imagery._grid import Grid
from offnadir.imagery._scene import GroundLight, Patch
from offnadir.imagery._sunlight import LOWEST_SUN_RAD, terrain_light
from offnadir.imagery._synthetic_spectra import band_reflectance
from offnadir.imagery._synthetic_targets import APRON_PX, Target, placed_targets, target_table
from offnadir.imagery._synthetic_world import (
    STRIDE,
    TALLEST_M,
    Frame,
    SyntheticTerrain,
    World,
    frame_of,
    places_m,
)
from offnadir.sensors import Band

Array = NDArray[np.float64]
_TREES_TO_M: Final = 4.0  # wider pixels show no shadows of single trees
_WIDEST_TREE_M: Final = 5.0
_SHIP_CELL_M: Final = 1500.0
_LONGEST_WAKE_M: Final = 1100.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Block:
    """An upright box that is put on made-up ground: a new building, a vehicle, a bright patch (height 0).

    `azimuth_rad` is the way of `length_m`, clockwise from grid north of the scene. Its top has one
    `reflectance` at all wavelengths.
    """

    lat_rad: float
    lon_rad: float
    azimuth_rad: float = 0.0
    length_m: float
    width_m: float
    height_m: float = 0.0
    reflectance: float = 0.4

    def __post_init__(self) -> None:
        for name in ("length_m", "width_m"):
            if not 0.0 < getattr(self, name) <= 2000.0:
                raise InputError(name, getattr(self, name), "above 0, up to 2000")
        if not 0.0 <= self.height_m <= 500.0:
            raise InputError("height_m", self.height_m, "from 0 to 500")
        if not 0.0 <= self.reflectance <= 1.0:
            raise InputError("reflectance", self.reflectance, "from 0 to 1")


@dataclass(frozen=True, slots=True, kw_only=True)
class Ship:
    """A ship of a made-up scene: place of its middle, way of its bow clockwise from grid north."""

    lat_rad: float
    lon_rad: float
    azimuth_rad: float
    length_m: float
    beam_m: float
    speed_m_s: float


@dataclass(frozen=True, slots=True, kw_only=True)
class SyntheticScene:
    """Ground that never was: a function of place, seed and these numbers alone, at any step.

    `relief_m` is how high hills are, `town_m` how far the town at the middle reaches (0: none there),
    `sea_level_m` the height of the sea above the ellipsoid, `wind_m_s` what roughens the sea. Targets for
    measuring stand in the middle, made for pictures of `target_gsd_m` (0: none), their rows along
    `target_azimuth_rad`. A ship is in each 1.5 km square of water with probability `ship_odds`, another set
    of ships at each `moment`. `blocks` stand on the ground beside what grew there. Coasts within 120 km of
    the middle are Natural Earth's, with windings made up; a middle within 12 km of land is put ashore.
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
    ship_odds: float = 0.3
    moment: int = 0
    blocks: tuple[Block, ...] = ()

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
        if not 0.0 <= self.ship_odds <= 1.0:
            raise InputError("ship_odds", self.ship_odds, "from 0 to 1")
        if not 0 <= self.moment < 1 << 20:
            raise InputError("moment", self.moment, "a whole number from 0 to a million")
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
        return self.world.crs

    @property
    def world(self) -> World:
        """What its ground depends on."""
        return World(
            lat_rad=self.lat_rad, lon_rad=self.lon_rad, seed=self.seed, relief_m=self.relief_m,
            town_m=self.town_m, sea_level_m=self.sea_level_m, apron_m=APRON_PX * self.target_gsd_m,
        )  # fmt: skip

    @property
    def terrain(self) -> SyntheticTerrain:
        """The bare ground."""
        return SyntheticTerrain(world=self.world, has_buildings=False)

    @property
    def surface(self) -> SyntheticTerrain:
        """The ground with buildings and blocks on it."""
        blocks = tuple(tuple(map(float, row)) for row in self._block_rows())
        return SyntheticTerrain(world=self.world, has_buildings=True, boxes=blocks)

    def patch(self, grid: Grid, band: Band) -> Patch:
        """Reflectance in a band, from 0.35 to 2.5 um; all of it is valid."""
        from offnadir.imagery import _synthetic_object_kernels as objects
        from offnadir.imagery._synthetic_cover_kernels import FOREST
        from offnadir.imagery._synthetic_paint_kernels import TREES_TO_M, paint_ground
        from offnadir.imagery._synthetic_tree_kernels import paint_trees

        world = self.world
        frame = frame_of(world, grid)
        refl = band_reflectance(band)
        out = np.empty(grid.shape, np.float32)
        paint_ground(
            frame.nodes_x, frame.nodes_y, STRIDE, frame.shore, frame.height, frame.wood, frame.mx, frame.my,
            frame.mstep, *frame.grain(self.seed), frame.width, tuple(refl), *world.coast, self.town_m,
            self.wind_m_s, self.seed, out,
        )  # fmt: skip
        pixel = (frame.to_pixel, frame.jacobian)
        if frame.width < TREES_TO_M:
            trees = world.trees(frame, _WIDEST_TREE_M)
            paint_trees(trees, *pixel, frame.width, 1.1 * refl[FOREST], out)
        objects.paint_ships(self._ship_rows(frame), *pixel, frame.width, refl, out)
        objects.paint_buildings(self._box_rows(frame, 60.0), *pixel, frame.width, refl, out)
        targets = target_table(placed_targets(self.target_gsd_m, self.target_azimuth_rad))
        objects.paint_targets(targets, *pixel, refl[-1], out)
        return Patch(reflectance=out)

    def light(self, grid: Grid, sun_azimuth_rad: float, sun_elevation_rad: float) -> GroundLight:
        """Light with the shadows of hills and, exact to the pixel, of buildings; roofs are level."""
        from offnadir.imagery._sunlight_kernels import cast_shadows, raise_roofs
        from offnadir.imagery._synthetic_tree_kernels import shade_trees

        world = self.world

        def heights(rows: Array, columns: Array) -> Array:
            return world.heights_m(*places_m(world, grid, rows, columns))

        light = terrain_light(
            grid, self.terrain, sun_azimuth_rad, sun_elevation_rad, heights_m=heights
        )
        if sun_elevation_rad <= LOWEST_SUN_RAD:
            return light
        frame = frame_of(world, grid)
        tan_sun = math.tan(sun_elevation_rad)
        boxes = self._box_rows(frame, min(TALLEST_M / tan_sun + 60.0, 3000.0))
        # the way to the Sun in the scene's axes
        turn = sun_azimuth_rad + frame.north_rad
        sun = (math.sin(turn), math.cos(turn), tan_sun)
        pixel = (frame.to_pixel, frame.jacobian)
        if frame.width < _TREES_TO_M:
            trees = world.trees(frame, _WIDEST_TREE_M + 5.0 / tan_sun)
            shade_trees(trees, *pixel, frame.width, *sun, light.direct)
        if not len(boxes):
            return light
        tops = world.ground_on(grid, frame)
        lowest = float(tops.min())
        roofs = world.heights_m(boxes[:, 0].copy(), boxes[:, 1].copy()) + boxes[:, 6]
        raise_roofs(boxes, roofs, *pixel, tops, light.direct, light.sky)
        cast_shadows(boxes, roofs, *pixel, frame.width, *sun, lowest, tops, light.direct)
        return light

    def targets(self) -> tuple[Target, ...]:
        """The targets in the middle of the scene, each with its place on Earth."""
        found = []
        for one in placed_targets(self.target_gsd_m, self.target_azimuth_rad):
            lat, lon = self.world.lat_lon(one.x_m, one.y_m)
            fields = {
                name: getattr(one, name) for name in one.__slots__ if name not in ("x_m", "y_m")
            }
            alt_m = float(self.terrain.height_m(lat, lon))
            found.append(Target(lat_rad=float(lat), lon_rad=float(lon), alt_m=alt_m, **fields))
        return tuple(found)

    def ships(self, grid: Grid) -> tuple[Ship, ...]:
        """Ships whose middle lies on a grid, each with its place on Earth."""
        table = self._ship_rows(frame_of(self.world, grid))
        lat, lon = self.world.lat_lon(table[:, 0], table[:, 1])
        row, column = grid.of_lat_lon(lat, lon)
        inside = (np.abs(row - (grid.shape[0] - 1) / 2) <= grid.shape[0] / 2) & (
            np.abs(column - (grid.shape[1] - 1) / 2) <= grid.shape[1] / 2
        )
        return tuple(
            Ship(
                lat_rad=float(lat[n]),
                lon_rad=float(lon[n]),
                azimuth_rad=float(math.atan2(table[n, 2], table[n, 3]) % (2 * math.pi)),
                length_m=2 * float(table[n, 4]),
                beam_m=2 * float(table[n, 5]),
                speed_m_s=float(table[n, 6]),
            )
            for n in np.flatnonzero(inside)
        )

    def _box_rows(self, frame: Frame, margin_m: float) -> Array:
        """Buildings and blocks in and around a grid, as the kernels take them."""
        return np.concatenate([self.world.buildings(frame, margin_m), self._block_rows()])

    def _block_rows(self) -> Array:
        """Blocks as the kernels take boxes: u is across their azimuth, v along it."""
        rows = [
            (
                float(x), float(y), math.cos(one.azimuth_rad), -math.sin(one.azimuth_rad), one.width_m / 2,
                one.length_m / 2, one.height_m, one.reflectance, -1.0,
            )
            for one in self.blocks
            for x, y in [self.world.local_m(one.lat_rad, one.lon_rad)]
        ]  # fmt: skip
        return np.array(rows, np.float64).reshape(-1, 9)

    def _ship_rows(self, frame: Frame) -> Array:
        """Ships in and around a grid, with room for their wakes."""
        from offnadir.imagery._synthetic_ship_kernels import SHIP_COLUMNS, list_ships

        coast, step, _, apron = self.world.coast
        rest = (_SHIP_CELL_M, self.ship_odds, coast, step, apron, self.seed + 1000 * self.moment)
        out = np.empty((1024, SHIP_COLUMNS))
        found = list_ships(*frame.box(_LONGEST_WAKE_M), *rest, out)
        if found > len(out):
            out = np.empty((found, SHIP_COLUMNS))
            list_ships(*frame.box(_LONGEST_WAKE_M), *rest, out)
        return out[:found]
