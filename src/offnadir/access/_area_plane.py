"""Equal-area maps of the WGS-84 ellipsoid: authalic latitude, and two planes in which areas are true.

The ellipsoid is first mapped on the sphere of the same surface by the authalic latitude; on that sphere the
plane is Lambert's, azimuthal or cylindrical. Both steps keep areas exactly. Equations: Snyder, Map
Projections - A Working Manual, USGS Professional Paper 1395 (1987).
"""

from __future__ import annotations

import math
from typing import Final

import numpy as np
from numpy.typing import NDArray

from offnadir.constants import WGS84_A_M, WGS84_E2

Array = NDArray[np.float64]

_E: Final = math.sqrt(WGS84_E2)
# Snyder 3-18: authalic to geodetic latitude; what is left out is below 1e-10 rad.
_BACK: Final = (
    WGS84_E2 / 3 + 31 * WGS84_E2**2 / 180 + 517 * WGS84_E2**3 / 5040,
    23 * WGS84_E2**2 / 360 + 251 * WGS84_E2**3 / 3780,
    761 * WGS84_E2**3 / 45360,
)


def _q(sin_lat: Array) -> Array:
    """Snyder 3-12."""
    inner = sin_lat / (1.0 - WGS84_E2 * sin_lat**2) + np.arctanh(_E * sin_lat) / _E
    return np.asarray((1.0 - WGS84_E2) * inner, np.float64)


_Q_POLE: Final = float(_q(np.array(1.0)))
#: Radius [m] of the sphere that has the ellipsoid's surface.
AUTHALIC_RADIUS_M: Final = WGS84_A_M * math.sqrt(_Q_POLE / 2.0)


def authalic_sine(lat_rad: Array) -> Array:
    """Sine of the authalic latitude of geodetic latitudes [rad]; the area south of it, in effect."""
    return np.clip(_q(np.sin(lat_rad)) / _Q_POLE, -1.0, 1.0)


def geodetic_latitude(authalic_rad: Array) -> Array:
    """Geodetic latitude [rad] of authalic latitudes [rad], good to 1e-10."""
    shift = sum(k * np.sin(2 * (i + 1) * authalic_rad) for i, k in enumerate(_BACK))
    return np.asarray(authalic_rad + shift, np.float64)


def to_sphere(lat_rad: Array, lon_rad: Array) -> Array:
    """Unit vectors, shape (..., 3), on the authalic sphere of geodetic latitudes and longitudes [rad]."""
    sine = authalic_sine(lat_rad)
    across = np.sqrt(1.0 - sine**2)  # good to 0.1 m at the pole itself
    return np.stack([across * np.cos(lon_rad), across * np.sin(lon_rad), sine], axis=-1)


def from_sphere(unit: Array) -> tuple[Array, Array]:
    """Geodetic latitude and longitude [rad] of unit vectors (..., 3) on the authalic sphere."""
    level = np.hypot(unit[..., 0], unit[..., 1])
    lat = geodetic_latitude(np.arctan2(unit[..., 2], level))
    return lat, np.arctan2(unit[..., 1], unit[..., 0])


def frame_at(centre: Array, heading_rad: float = 0.0) -> Array:
    """Axes (3, 3) at a unit vector: rows are ahead along the heading, left of it, and up."""
    east = np.array([-centre[1], centre[0], 0.0])
    length = float(np.hypot(centre[0], centre[1]))
    east = east / length if length > 1e-12 else np.array([0.0, 1.0, 0.0])
    north = np.cross(centre, east)
    ahead = math.sin(heading_rad) * east + math.cos(heading_rad) * north
    return np.stack([ahead, np.cross(centre, ahead), centre])


def azimuthal_m(unit: Array, frame: Array) -> Array:
    """Lambert's azimuthal equal-area plane [m] around the frame's third axis, shape (..., 2); Snyder 24-2."""
    ahead, left, up = np.moveaxis(unit @ frame.T, -1, 0)
    scale = AUTHALIC_RADIUS_M * np.sqrt(2.0 / np.maximum(1.0 + up, 1e-12))
    return np.stack([ahead * scale, left * scale], axis=-1)


def from_azimuthal(xy_m: Array, frame: Array) -> Array:
    """Unit vectors (..., 3) of points in Lambert's azimuthal plane; NaN outside its disc."""
    xy = xy_m / AUTHALIC_RADIUS_M
    square = np.sum(xy**2, axis=-1)
    with np.errstate(invalid="ignore"):
        scale = np.sqrt(np.where(square <= 4.0, 1.0 - square / 4.0, np.nan))
    local = np.stack([xy[..., 0] * scale, xy[..., 1] * scale, 1.0 - square / 2.0], axis=-1)
    return np.asarray(local @ frame, np.float64)


def cylindrical_m(unit: Array, frame: Array) -> Array:
    """Lambert's cylindrical equal-area plane [m] about the great circle ahead of the frame, shape (..., 2).

    x runs along that circle, y = R sin(distance left of it / R); lines of equal y are parallel to it.
    """
    ahead, left, up = np.moveaxis(unit @ frame.T, -1, 0)
    return AUTHALIC_RADIUS_M * np.stack([np.arctan2(ahead, up), left], axis=-1)


def from_cylindrical(xy_m: Array, frame: Array) -> Array:
    """Unit vectors (..., 3) of points in the cylindrical plane."""
    along, left = xy_m[..., 0] / AUTHALIC_RADIUS_M, xy_m[..., 1] / AUTHALIC_RADIUS_M
    level = np.sqrt(np.maximum(1.0 - left**2, 0.0))
    local = np.stack([level * np.sin(along), left, level * np.cos(along)], axis=-1)
    return np.asarray(local @ frame, np.float64)
