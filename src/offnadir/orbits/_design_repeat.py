"""Orbits whose ground track repeats: after so many revolutions in so many days."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from offnadir._table import Table
from offnadir.constants import WGS84_A_M
from offnadir.epoch import Epoch
from offnadir.errors import InputError
from offnadir.orbits._design_orbit import (
    LEAST_HEIGHT_M,
    Orbit,
    altitude_to_semi_major_m,
    check_angle,
    check_inclination,
    check_shape,
    secular_rates,
)
from offnadir.orbits._design_sun import (
    raan_at_local_time_rad,
    sidereal_time_rad,
    sun_synchronous_inclinations_rad,
)
from offnadir.orbits._secular import EARTH_TURN_RAD_S, GM_M3_S2, RADIUS_M, rates_rad_s
from offnadir.units import km

Array = NDArray[np.float64]
_STEPS: Final = 25
_MOST_DAYS: Final = 400


def revolutions_a_day(semi_major_m: Array, eccentricity: Array, cos_i: Array) -> Array:
    """Nodal revolutions for each turn of the Earth under the orbit."""
    n = np.sqrt(GM_M3_S2 / semi_major_m**3)
    anomaly, perigee, node = rates_rad_s(n, semi_major_m / RADIUS_M, eccentricity, cos_i)
    return np.asarray((anomaly + perigee) / (EARTH_TURN_RAD_S - node), np.float64)


def repeating(
    rate: Array, *, inclination_rad: float | None, eccentricity: float
) -> tuple[Array, Array]:
    """Semi-major axes [m] and inclinations [rad] of so many revolutions a day; None: Sun-synchronous.

    NaN where the Sun cannot be followed.
    """
    rate, e = np.asarray(rate, np.float64), np.float64(eccentricity)
    a = np.cbrt(GM_M3_S2 / (rate * EARTH_TURN_RAD_S) ** 2)
    for _ in range(_STEPS):
        if inclination_rad is None:
            inclination = sun_synchronous_inclinations_rad(a, e)
        else:
            inclination = np.full(a.shape, inclination_rad)
        nearer = (revolutions_a_day(a, np.asarray(e), np.cos(inclination)) / rate) ** (2.0 / 3.0)
        a = a * nearer
        if np.all(~(np.abs(nearer - 1.0) > 1e-14)):
            break
    return a, inclination


def repeat_ground_track(
    *,
    days: int,
    revolutions: int,
    epoch: Epoch,
    inclination_rad: float | None = None,
    local_time_of_node_h: float | None = None,
    descending: bool = False,
    raan_rad: float = 0.0,
    eccentricity: float = 0.0,
    arg_perigee_rad: float = 0.0,
    mean_anomaly_rad: float = 0.0,
    name: str = "repeat",
) -> Orbit:
    """The orbit that is over the same places after `revolutions` in `days` turns of the Earth under it.

    Without an inclination it is Sun-synchronous, and a turn is a day of 86400 s; else it is a nodal day,
    some minutes shorter in prograde orbits. `local_time_of_node_h` (MEAN solar time, ascending unless
    `descending`) takes the place of `raan_rad`. Vallado, 4th ed., section 11.4.2, with SGP4's secular
    rates. InputError for numbers with a common divisor, and for a cycle whose orbit would lie below 100 km.

    >>> landsat = repeat_ground_track(days=16, revolutions=233, epoch=Epoch.from_utc("2026-06-01"))
    >>> f"{landsat.perigee_height_m / km:.0f} km"
    '700 km'
    """
    _check_cycle(days, revolutions)
    if inclination_rad is not None:
        check_inclination(inclination_rad)
    semi_major_m, inclination = repeating(
        np.array([revolutions / days]), inclination_rad=inclination_rad, eccentricity=eccentricity
    )
    if math.isnan(inclination[0]):
        wish = "more a day: an orbit so high follows no Sun, give an inclination"
        raise InputError("revolutions", revolutions, wish)
    if semi_major_m[0] * (1.0 - eccentricity) < RADIUS_M + LEAST_HEIGHT_M:
        height_km = (float(semi_major_m[0]) * (1.0 - eccentricity) - RADIUS_M) / km
        wish = f"fewer: {revolutions} in {days} days need a perigee {height_km:.0f} km high"
        raise InputError("revolutions", revolutions, wish)
    if local_time_of_node_h is not None:
        raan_rad = raan_at_local_time_rad(epoch, local_time_of_node_h, descending=descending)
    return Orbit(
        name=name,
        epoch=epoch,
        semi_major_m=float(semi_major_m[0]),
        eccentricity=eccentricity,
        inclination_rad=float(inclination[0]),
        raan_rad=raan_rad,
        arg_perigee_rad=arg_perigee_rad,
        mean_anomaly_rad=mean_anomaly_rad,
    )


def through_longitude(orbit: Orbit, *, longitude_rad: float, descending: bool = False) -> Orbit:
    """The same orbit with its satellite moved along, so that a node of it lies over a longitude [rad].

    It is the first time from the epoch on that the plane's ascending (or descending) node passes over the
    longitude, within a day; the satellite is then there. An orbit whose track repeats comes back to it at
    the end of every cycle. East is positive.
    """
    check_angle("longitude_rad", longitude_rad)
    rates = secular_rates(orbit)
    # The node's longitude runs west as the Earth turns east under it.
    node_rad = orbit.raan_rad + (math.pi if descending else 0.0) - sidereal_time_rad(orbit.epoch)
    to_go_rad = (node_rad - longitude_rad) % (2.0 * math.pi)
    wait_s = to_go_rad / (EARTH_TURN_RAD_S - rates.raan_rad_s)
    # Where the satellite is then: at the node, whose true anomaly is less the argument of perigee.
    perigee_rad = orbit.arg_perigee_rad + rates.arg_perigee_rad_s * wait_s
    true_rad = (math.pi if descending else 0.0) - perigee_rad
    e = orbit.eccentricity
    half = (
        math.sqrt(1.0 - e) * math.sin(0.5 * true_rad),
        math.sqrt(1.0 + e) * math.cos(0.5 * true_rad),
    )
    eccentric_rad = 2.0 * math.atan2(*half)
    mean_rad = eccentric_rad - e * math.sin(eccentric_rad)
    at_epoch_rad = (mean_rad - rates.mean_anomaly_rad_s * wait_s) % (2.0 * math.pi)
    return replace(orbit, mean_anomaly_rad=at_epoch_rad)


def _check_cycle(days: int, revolutions: int) -> None:
    """Refuse numbers that are no cycle."""
    if not (days == int(days) and 1 <= days <= _MOST_DAYS):
        raise InputError("days", days, f"a whole number from 1 to {_MOST_DAYS}")
    if not (revolutions == int(revolutions) and revolutions >= 1):
        raise InputError("revolutions", revolutions, "a whole number above 0")
    common = math.gcd(int(days), int(revolutions))
    if common > 1:
        wish = "without a common divisor with days"
        hint = f"that is {revolutions // common} in {days // common}"
        raise InputError("revolutions", revolutions, wish, hint=hint)


def repeat_cycles(
    *,
    low_altitude_m: float,
    high_altitude_m: float,
    max_days: int = 30,
    inclination_rad: float | None = None,
) -> Table:
    """All circular orbits between two heights whose ground track repeats within `max_days`.

    A row a cycle, by days and then by height: `days`, `revolutions`, `altitude_m`, `inclination_rad`,
    `spacing_m` (between neighbouring tracks at the equator, once all are flown) and `step_m` (between two
    tracks one after the other). Without an inclination each is Sun-synchronous. InputError for heights that
    are no range, and for one that is not Sun-synchronous.
    """
    if not (max_days == int(max_days) and 1 <= max_days <= _MOST_DAYS):
        raise InputError("max_days", max_days, f"a whole number from 1 to {_MOST_DAYS}")
    if inclination_rad is not None:
        check_inclination(inclination_rad)
    low_m = altitude_to_semi_major_m(low_altitude_m, field="low_altitude_m")
    high_m = altitude_to_semi_major_m(high_altitude_m, field="high_altitude_m")
    if not low_m < high_m:
        wish = f"above low_altitude_m, {low_altitude_m:g}"
        raise InputError("high_altitude_m", high_altitude_m, wish)
    ends = np.array([high_m, low_m])
    if inclination_rad is None:
        inclinations = sun_synchronous_inclinations_rad(ends, 0.0)
        if np.isnan(inclinations).any():
            wish = "low enough to be Sun-synchronous, some 5,970 km"
            raise InputError("high_altitude_m", high_altitude_m, wish)
    else:
        inclinations = np.full(2, inclination_rad)
    least, most = revolutions_a_day(ends, np.zeros(2), np.cos(inclinations))
    cycles = [
        (days, revolutions)
        for days in range(1, int(max_days) + 1)
        for revolutions in range(math.floor(most * days), math.ceil(least * days) - 1, -1)
        if revolutions > 0 and math.gcd(days, revolutions) == 1
    ]
    table = np.array(cycles, np.int64).reshape(-1, 2)
    rate = table[:, 1] / table[:, 0]
    a, inclination = repeating(rate, inclination_rad=inclination_rad, eccentricity=0.0)
    around_m = 2.0 * math.pi * WGS84_A_M
    return Table(
        {
            "days": table[:, 0].copy(),
            "revolutions": table[:, 1].copy(),
            "altitude_m": a - RADIUS_M,
            "inclination_rad": inclination,
            "spacing_m": around_m / table[:, 1],
            "step_m": around_m / rate,
        }
    )


def check_perigee(semi_major_m: float, perigee_altitude_m: float) -> float:
    """Eccentricity of an orbit with a perigee of a height [m]; InputError if there is none."""
    eccentricity = 1.0 - (RADIUS_M + perigee_altitude_m) / semi_major_m
    if eccentricity < 0.0:
        wish = f"up to {(semi_major_m - RADIUS_M) / km:.0f} km, where the orbit is a circle"
        raise InputError("perigee_altitude_m", perigee_altitude_m, wish)
    check_shape(semi_major_m, eccentricity)
    return eccentricity
