"""The WGS-84 ellipsoid: places on it, and the local directions there."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from offnadir.constants import WGS84_A_M, WGS84_B_M, WGS84_E2
from offnadir.errors import InputError, UnitRangeError
from offnadir.units import deg, km

Array = NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """A place: geodetic latitude and east longitude [rad] on WGS-84, height above the ellipsoid [m].

    Longitude may run from -360 to 360 degrees, so that both customs (0 to 360 and -180 to 180) work.

    >>> Site(name="Seoul", lat_rad=37.57 * deg, lon_rad=126.98 * deg, alt_m=38.0).name
    'Seoul'
    """

    name: str
    lat_rad: float
    lon_rad: float
    alt_m: float = 0.0

    def __post_init__(self) -> None:
        forgot = "did you forget `* deg`?"
        if not abs(self.lat_rad) <= 90 * deg + 1e-12:
            raise UnitRangeError("lat_rad", self.lat_rad, "within +-pi/2", hint=forgot)
        if not abs(self.lon_rad) <= 360 * deg + 1e-12:
            raise UnitRangeError("lon_rad", self.lon_rad, "within +-2 pi", hint=forgot)
        if not -12 * km <= self.alt_m <= 100 * km:
            raise InputError("alt_m", self.alt_m, "from -12000 to 100000 m")

    @property
    def r_itrf_m(self) -> Array:
        """Position in ITRF, shape (3,), m."""
        return geodetic_to_itrf_m(self.lat_rad, self.lon_rad, self.alt_m)


def geodetic_to_itrf_m(lat_rad: ArrayLike, lon_rad: ArrayLike, alt_m: ArrayLike) -> Array:
    """ITRF position [m], shape (..., 3), of geodetic latitude, longitude [rad] and height [m]."""
    lat, lon, alt = np.broadcast_arrays(
        *(np.asarray(x, np.float64) for x in (lat_rad, lon_rad, alt_m))
    )
    prime_m = WGS84_A_M / np.sqrt(1.0 - WGS84_E2 * np.sin(lat) ** 2)
    across = (prime_m + alt) * np.cos(lat)
    return np.stack(
        [
            across * np.cos(lon),
            across * np.sin(lon),
            (prime_m * (1.0 - WGS84_E2) + alt) * np.sin(lat),
        ],
        axis=-1,
    )


def itrf_to_geodetic(r_itrf_m: ArrayLike) -> tuple[Array, Array, Array]:
    """Geodetic latitude, longitude [rad] and height [m] of ITRF positions of shape (..., 3).

    Fukushima's start and four fixed-point steps of Bowring (1976): under 1e-9 m from the centre of the
    Earth's crust to beyond the Moon. NaN gives NaN. At the poles longitude is that of atan2(0, 0) = 0.
    """
    r = np.asarray(r_itrf_m, np.float64)
    x, y, z = r[..., 0], r[..., 1], r[..., 2]
    across = np.hypot(x, y)
    ep2 = WGS84_E2 / (1.0 - WGS84_E2)
    theta = np.arctan2(z * WGS84_A_M, across * WGS84_B_M)
    lat = theta
    for _ in range(4):
        lat = np.arctan2(
            z + ep2 * WGS84_B_M * np.sin(theta) ** 3,
            across - WGS84_E2 * WGS84_A_M * np.cos(theta) ** 3,
        )
        theta = np.arctan2(WGS84_B_M * np.sin(lat), WGS84_A_M * np.cos(lat))
    sin_lat, cos_lat = np.sin(lat), np.cos(lat)
    prime_m = WGS84_A_M / np.sqrt(1.0 - WGS84_E2 * sin_lat**2)
    alt = across * cos_lat + z * sin_lat - WGS84_A_M**2 / prime_m
    return lat, np.arctan2(y, x), alt


def up(lat_rad: ArrayLike, lon_rad: ArrayLike) -> Array:
    """Outward ellipsoid normal (geodetic zenith) in ITRF, shape (..., 3)."""
    lat, lon = np.broadcast_arrays(np.asarray(lat_rad, np.float64), np.asarray(lon_rad, np.float64))
    return np.stack([np.cos(lat) * np.cos(lon), np.cos(lat) * np.sin(lon), np.sin(lat)], axis=-1)


def east_north_up(lat_rad: ArrayLike, lon_rad: ArrayLike) -> Array:
    """Rotation from ITRF to local east, north, up; shape (..., 3, 3), rows are the axes."""
    lat, lon = np.broadcast_arrays(np.asarray(lat_rad, np.float64), np.asarray(lon_rad, np.float64))
    zero = np.zeros_like(lat)
    east = np.stack([-np.sin(lon), np.cos(lon), zero], axis=-1)
    north = np.stack([-np.sin(lat) * np.cos(lon), -np.sin(lat) * np.sin(lon), np.cos(lat)], axis=-1)
    return np.stack([east, north, up(lat, lon)], axis=-2)
