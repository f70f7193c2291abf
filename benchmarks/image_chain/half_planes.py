"""Level ground with a pattern that is known exactly: what captures are measured on."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from offnadir.imagery._grid import Grid
from offnadir.imagery._scene import GroundLight, Patch
from offnadir.imagery._terrain import LevelTerrain

Array = NDArray[np.float64]


def share_beyond(distance: Array, wide: float, other: float) -> Array:
    """Share of parallelograms on the far side of a line; their sides reach `wide` and `other` across it."""
    w, v = max(wide, other), max(min(wide, other), 1e-12)

    def ramp(x: Array) -> Array:
        return np.where(x > 0, x, 0.0) ** 2 / 2

    reach = (w + v) / 2
    d = distance + reach
    return np.clip((ramp(d) - ramp(d - v) - ramp(d - w) + ramp(d - w - v)) / (w * v), 0.0, 1.0)


@dataclass(frozen=True, kw_only=True)
class HalfPlanes:
    """Ground of `low` reflectance, and of `high` right of the way from `start` to `stop` (lat, lon [rad])."""

    start: tuple[float, float]
    stop: tuple[float, float]
    low: float = 0.1
    high: float = 0.5
    alt_m: float = 0.0
    is_synthetic: bool = True
    attribution: str = "half planes"

    @property
    def terrain(self) -> LevelTerrain:
        return LevelTerrain(alt_m=self.alt_m)

    surface = terrain

    def patch(self, grid: Grid, band: object) -> Patch:
        a, b, _, d, e, _ = grid.transform
        plane = Grid(crs=grid.crs, transform=(1.0, 0.0, -0.5, 0.0, 1.0, -0.5), shape=(1, 1))
        y, x = plane.of_lat_lon(*np.transpose([self.start, self.stop]))
        way = np.array([x[1] - x[0], y[1] - y[0]])
        normal = np.array([way[1], -way[0]]) / np.hypot(*way)
        rows, columns = np.arange(grid.shape[0])[:, None], np.arange(grid.shape[1])[None, :]
        px, py = grid.xy(rows, columns)
        distance = (px - x[0]) * normal[0] + (py - y[0]) * normal[1]
        share = share_beyond(
            distance, abs(a * normal[0] + d * normal[1]), abs(b * normal[0] + e * normal[1])
        )
        return Patch(reflectance=(self.low + (self.high - self.low) * share).astype(np.float32))

    def light(self, grid: Grid, sun_azimuth_rad: float, sun_elevation_rad: float) -> GroundLight:
        one = np.ones(grid.shape, np.float32)
        return GroundLight(direct=one, sky=one)
