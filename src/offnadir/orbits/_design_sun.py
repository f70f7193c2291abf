"""Orbits whose plane follows the mean Sun, and where they cross the equator at what time."""

from __future__ import annotations

import math
from typing import Final

import numpy as np
from numpy.typing import ArrayLike, NDArray

from offnadir.epoch import Epoch
from offnadir.errors import InputError
from offnadir.orbits._design_orbit import (
    LEAST_HEIGHT_M,
    Orbit,
    altitude_to_semi_major_m,
    check_inclination,
    check_shape,
)
from offnadir.orbits._repeat import MEAN_SUN_RAD_S, mean_sun_rad
from offnadir.orbits._secular import GM_M3_S2, RADIUS_M, rates_rad_s
from offnadir.units import deg, km

Array = NDArray[np.float64]
_DAY_NS: Final = 86_400_000_000_000
_STEPS: Final = 60  # each is nearer by a factor of J2; few are needed


def node_rate_rad_s(semi_major_m: Array, eccentricity: Array, cos_i: Array) -> Array:
    """Rate of the node [rad/s] of arrays."""
    n = np.sqrt(GM_M3_S2 / semi_major_m**3)
    return rates_rad_s(n, semi_major_m / RADIUS_M, eccentricity, cos_i)[2]


def sun_synchronous_inclinations_rad(semi_major_m: ArrayLike, eccentricity: ArrayLike) -> Array:
    """Inclinations [rad] at which the node follows the mean Sun; NaN where there is none."""
    a, e = np.broadcast_arrays(
        np.asarray(semi_major_m, np.float64), np.asarray(eccentricity, np.float64)
    )
    cos_i = np.full(a.shape, -0.1)
    for _ in range(_STEPS):
        last = cos_i
        cos_i = np.clip(cos_i * MEAN_SUN_RAD_S / node_rate_rad_s(a, e, cos_i), -1.0, -1e-4)
        if np.all(np.abs(cos_i - last) < 1e-14):
            break
    off = np.abs(node_rate_rad_s(a, e, cos_i) / MEAN_SUN_RAD_S - 1.0)
    return np.asarray(np.arccos(np.where(off < 1e-9, cos_i, np.nan)), np.float64)


def sun_synchronous_inclination_rad(semi_major_m: float, eccentricity: float = 0.0) -> float:
    """Inclination [rad] at which the node of an orbit turns with the mean Sun, 0.9856 deg a day.

    By SGP4's secular rate: J2 squared and J4 move it by some 0.02 deg from that of J2 alone. InputError where
    the orbit is too large: a circular one of more than 12,350 km has none.

    >>> f"{sun_synchronous_inclination_rad(6378.135e3 + 705e3) / deg:.2f}"
    '98.23'
    """
    check_shape(semi_major_m, eccentricity)
    found = float(sun_synchronous_inclinations_rad(semi_major_m, eccentricity))
    if math.isnan(found):
        wish = "small enough to be Sun-synchronous, 12,350 km if circular"
        raise InputError("semi_major_m", semi_major_m, wish)
    return found


def sun_synchronous_altitude_m(inclination_rad: float, eccentricity: float = 0.0) -> float:
    """Height [m] of the semi-major axis at which an inclination is Sun-synchronous; the inverse.

    InputError for an inclination of up to 90 deg, and for one whose orbit would be less than 100 km high.
    """
    check_inclination(inclination_rad)
    wish = "above 95.7 deg: at 100 km and more nothing less is Sun-synchronous"
    if not math.cos(inclination_rad) < 0.0:
        raise InputError("inclination_rad", inclination_rad, wish)
    e, cos_i = np.asarray(eccentricity), np.asarray(math.cos(inclination_rad))
    a = np.asarray(RADIUS_M + 700 * km)
    for _ in range(_STEPS):
        a = np.asarray(a * (node_rate_rad_s(a, e, cos_i) / MEAN_SUN_RAD_S) ** (2.0 / 7.0))
    if a * (1.0 - eccentricity) < RADIUS_M + LEAST_HEIGHT_M:
        raise InputError("inclination_rad", inclination_rad, wish)
    return float(a) - RADIUS_M


def raan_at_local_time_rad(
    epoch: Epoch, local_time_of_node_h: float, *, descending: bool = False
) -> float:
    """Right ascension [rad] of the ascending node for a MEAN local solar time of a node [h].

    `descending` says that the time is that of the descending node. Apparent (sundial) time differs by the
    equation of time, up to 16 minutes in November: a plane that turns evenly cannot follow the true Sun.
    InputError for a time outside of 0 to 24 h.
    """
    if not 0.0 <= local_time_of_node_h <= 24.0:
        raise InputError("local_time_of_node_h", local_time_of_node_h, "from 0 to 24 h")
    sun_rad = float(mean_sun_rad(np.array([epoch.tai_ns], np.int64))[0])
    hours = local_time_of_node_h + (12.0 if descending else 0.0)
    return (sun_rad + (hours - 12.0) * 15.0 * deg) % (2.0 * math.pi)


def sun_synchronous(
    *,
    altitude_m: float,
    local_time_of_node_h: float,
    descending: bool = False,
    epoch: Epoch,
    mean_anomaly_rad: float = 0.0,
    name: str = "SSO",
) -> Orbit:
    """A circular Sun-synchronous orbit that crosses the equator at a MEAN local solar time [h].

    The time is that of the ascending node, or of the descending one: "10:30" of Sentinel-2 is
    `local_time_of_node_h=10.5, descending=True`. It is kept within seconds as long as nothing but J2 and
    J4 acts; Sun and Moon turn a real plane by minutes in a year, which an operator corrects.

    >>> made = sun_synchronous(altitude_m=705 * km, local_time_of_node_h=10.5, descending=True,
    ...                        epoch=Epoch.from_utc("2026-06-01"))
    >>> f"{made.inclination_rad / deg:.2f} deg, ascending at {made.local_time_of_node_h:.1f} h"
    '98.23 deg, ascending at 22.5 h'
    """
    semi_major_m = altitude_to_semi_major_m(altitude_m)
    return Orbit(
        name=name,
        epoch=epoch,
        semi_major_m=semi_major_m,
        inclination_rad=sun_synchronous_inclination_rad(semi_major_m),
        raan_rad=raan_at_local_time_rad(epoch, local_time_of_node_h, descending=descending),
        mean_anomaly_rad=mean_anomaly_rad,
    )


def sidereal_time_rad(epoch: Epoch) -> float:
    """Greenwich mean sidereal time [rad], UT1 taken for UTC: 0.9 s, 0.004 deg, at most."""
    sun_rad = float(mean_sun_rad(np.array([epoch.tai_ns], np.int64))[0])
    of_the_day = epoch.utc_ns % _DAY_NS / _DAY_NS
    return (sun_rad + (of_the_day - 0.5) * 2.0 * math.pi) % (2.0 * math.pi)
