"""Where a picture was taken from, as far as its geometry tells."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import ArrayLike, NDArray

from offnadir.earth import geodetic_to_itrf_m, itrf_to_geodetic
from offnadir.imagery._ground import GroundModel
from offnadir.imagery._radiance import sight

Array = NDArray[np.float64]
_LOWEST_M, _HIGHEST_M = 150e3, 2000e3
#: Between the heights that tell a line of sight, and lines of sight of one line of the image.
_RISE_M: Final = 400.0
_RAYS: Final = 17
#: Least angle [rad] between the outermost lines of sight by which their meeting can be told: cubics fitted to
#: narrower ones were 5 % off and more.
_LEAST_FAN_RAD: Final = 0.02
#: What lines of sight may turn from the first line to the last, as a share of that: more of it is seen where
#: an image was turned onto a map before (an IKONOS "Geo" image: 0.36; SPOT 6 as it was taken: 0.26).
_MOST_TURN: Final = 0.3


@dataclass(frozen=True, slots=True, kw_only=True)
class SightAngles:
    """Angles [rad] of the middle of a picture; azimuths clockwise from north, at the ground.

    `incidence_rad` is from the vertical at the ground, `azimuth_rad` points from there to the satellite.
    `off_nadir_rad` at the satellite needs the latter's height, which None says is not known.
    """

    lat_rad: float
    lon_rad: float
    incidence_rad: float
    azimuth_rad: float
    off_nadir_rad: float | None
    altitude_m: float | None


def sight_angles(model: GroundModel, alt_m: float) -> SightAngles:
    """How a model looks at ground of a height, in the middle of its picture.

    The lines of sight of one line of a push-broom meet where the camera was: their nearest point, by least
    squares, tells its height and with it the angle at the satellite. Models of what was put on a map
    before tell no such point.
    """
    line, column = (model.shape[0] - 1) / 2.0, (model.shape[1] - 1) / 2.0
    lat, lon, incidence, azimuth = (float(one) for one in sight(model, line, column, alt_m))
    altitude_m = _altitude_m(model, alt_m)
    off_nadir = None
    if altitude_m is not None:
        off_nadir = math.asin(
            math.sin(incidence) * (_radius_m(lat) + alt_m) / (_radius_m(lat) + altitude_m)
        )
    return SightAngles(
        lat_rad=lat, lon_rad=lon, incidence_rad=incidence, azimuth_rad=azimuth % (2 * math.pi),
        off_nadir_rad=off_nadir, altitude_m=altitude_m,
    )  # fmt: skip


def _altitude_m(model: GroundModel, alt_m: float) -> float | None:
    """Height of the point nearest to the lines of sight of the middle line."""
    lines, columns = model.shape
    middle = (lines - 1) / 2.0, (columns - 1) / 2.0
    start, way = _rays(model, middle[0], np.linspace(0.0, columns - 1.0, _RAYS), alt_m)
    _, along = _rays(model, np.array([0.0, lines - 1.0]), middle[1], alt_m)
    fan, turn = (float(np.linalg.norm(np.cross(w[0], w[-1]))) for w in (way, along))
    if not (fan >= _LEAST_FAN_RAD and turn <= _MOST_TURN * fan):  # NaN too
        return None
    across = np.eye(3) - way[:, :, None] * way[:, None, :]
    point = np.linalg.solve(across.sum(axis=0), (across @ start[:, :, None]).sum(axis=0)[:, 0])
    _, _, height = itrf_to_geodetic(point)
    return float(height) if _LOWEST_M < height < _HIGHEST_M else None


def _rays(
    model: GroundModel, line: ArrayLike, column: ArrayLike, alt_m: float
) -> tuple[Array, Array]:
    """Points on the ground, and unit vectors up from there along lines of sight, both (n, 3) in ITRF."""
    low, high = (
        geodetic_to_itrf_m(*model.locate(line, column, alt_m + more), alt_m + more)
        for more in (0.0, _RISE_M)
    )
    way = high - low
    return low, way / np.linalg.norm(way, axis=1, keepdims=True)


def _radius_m(lat_rad: float) -> float:
    """Distance of the ellipsoid's surface from the centre of the Earth."""
    a, b = 6_378_137.0, 6_356_752.3142
    c, s = math.cos(lat_rad), math.sin(lat_rad)
    return math.hypot(a * a * c, b * b * s) / math.hypot(a * c, b * s)
