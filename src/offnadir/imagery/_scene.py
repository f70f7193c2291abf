"""What a camera looks at: reflectance, heights and light of the ground, on any map grid."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from offnadir.constants import EARTH_MEAN_RADIUS_M
from offnadir.errors import InputError
from offnadir.imagery._grid import Grid
from offnadir.imagery._ground import Terrain
from offnadir.sensors import Band

Pixels = NDArray[np.float32]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Patch:
    """Reflectance of the ground in one band, float32 of the grid's shape: the mean over each pixel's square.

    The mean over a square of side `step` is part of what a picture of the patch is blurred by: a factor
    sinc(f step) along each axis of the grid. `valid` is None where the scene knows all of it, else False
    where it knows nothing; there reflectance is 0.
    """

    reflectance: Pixels
    valid: NDArray[np.bool_] | None = None


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class GroundLight:
    """What of the light over level, open ground arrives at each pixel; float32 of the grid's shape.

    `direct` times the Sun's beam on level ground: 0 in shadow, else cos(incidence on the facet) over
    cos(Sun's zenith distance). `sky` times the light of the sky: 1 on open ground, less on a slope.
    """

    direct: Pixels
    sky: Pixels


class Scene(Protocol):
    """Ground to look at. Patches of one scene agree where they overlap."""

    @property
    def terrain(self) -> Terrain:
        """Heights of the bare ground."""

    @property
    def surface(self) -> Terrain:
        """Heights of what is seen from above: the ground with buildings on it."""

    @property
    def is_synthetic(self) -> bool:
        """Whether it is made up; pictures of it are marked."""

    @property
    def attribution(self) -> str:
        """Where it comes from, for the metadata of pictures."""

    def patch(self, grid: Grid, band: Band) -> Patch:
        """Reflectance in a band, averaged over the band's response and over each pixel's square."""

    def light(self, grid: Grid, sun_azimuth_rad: float, sun_elevation_rad: float) -> GroundLight:
        """Light on the ground under a Sun that many radians clockwise from north, and above the horizon."""


def ground_step_m(grid: Grid) -> tuple[float, float]:
    """Steps on the ground [m] at the middle of a grid: from row to row, and from column to column."""
    (e_r, n_r), (e_c, n_c) = ground_axes_m(grid)
    return math.hypot(e_r, n_r), math.hypot(e_c, n_c)


def ground_axes_m(grid: Grid) -> tuple[tuple[float, float], tuple[float, float]]:
    """(east, north) [m] of one step of a row and of one of a column, at the middle of a grid."""
    row, column = (grid.shape[0] - 1) / 2, (grid.shape[1] - 1) / 2
    lat, lon = grid.lat_lon(
        np.array([row - 0.5, row + 0.5, row, row]),
        np.array([column, column, column - 0.5, column + 0.5]),
    )
    if not np.isfinite(lat).all():
        raise InputError("grid", grid.transform, "on the Earth")
    # radii of curvature of the ellipsoid differ from the mean radius by up to 0.7 %
    a, e2 = 6_378_137.0, 0.006_694_379_990_141_3
    w = 1 - e2 * math.sin(lat[2]) ** 2
    north, east = a * (1 - e2) / w**1.5, a / math.sqrt(w) * math.cos(lat[2])
    turn = (np.diff(lon)[::2] + math.pi) % (2 * math.pi) - math.pi
    d_lat = np.diff(lat)[::2]
    assert abs(north - EARTH_MEAN_RADIUS_M) < 0.01 * EARTH_MEAN_RADIUS_M
    return (
        (float(turn[0] * east), float(d_lat[0] * north)),
        (float(turn[1] * east), float(d_lat[1] * north)),
    )


def spread(nodes: NDArray[np.float64], step: int, shape: tuple[int, int]) -> Pixels:
    """Values of nodes at every `step`th row and column, up to past the last, and straight between."""
    from offnadir.imagery._scene_kernels import spread_nodes

    out = np.empty(shape, np.float32)
    spread_nodes(np.asarray(nodes, np.float32), step, out)
    return out
