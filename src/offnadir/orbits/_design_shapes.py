"""Frozen orbits, and ellipses that keep their perigee where it is."""

from __future__ import annotations

import math
from typing import Final

import numpy as np

from offnadir.epoch import Epoch
from offnadir.errors import InputError
from offnadir.orbits._design_orbit import (
    Orbit,
    altitude_to_semi_major_m,
    check_angle,
    check_inclination,
    check_shape,
    rates_of,
)
from offnadir.orbits._design_repeat import check_perigee, repeating
from offnadir.orbits._design_sun import sidereal_time_rad
from offnadir.orbits._secular import J2, RADIUS_M
from offnadir.units import deg, km

# WGS-72; AIAA 2006-6753, `getgravconst`.
_J3: Final = -0.00000253881


def frozen_eccentricity(semi_major_m: float, inclination_rad: float) -> float:
    """Eccentricity of the frozen orbit with its perigee at 90 deg: -J3 / (2 J2) R / a sin(i).

    This is the eccentricity that radar altimeters and other propagators see, as in "frozen at 0.001". Do NOT
    put it into an `Orbit`: SGP4's mean elements leave out what J3 does and its propagation adds it, so
    that in these terms the frozen orbit has an eccentricity of 0 (that is why Landsat's element sets
    say 0.0001). Vallado, 4th ed., chapter 11, first order; J5 and beyond make some 10 % of it.
    """
    check_shape(semi_major_m, 0.0)
    check_inclination(inclination_rad)
    return -_J3 / (2.0 * J2) * RADIUS_M / semi_major_m * math.sin(inclination_rad)


def critical_inclination_rad(
    semi_major_m: float, eccentricity: float = 0.0, *, retrograde: bool = False
) -> float:
    """Inclination [rad] at which the perigee stands still: 63.4 deg, or 116.6 deg.

    By SGP4's secular rate; J2 alone has 5 cos(i)^2 = 1, from which J2 squared and J4 move it by less than
    0.1 deg.
    """
    check_shape(semi_major_m, eccentricity)
    sign = -1.0 if retrograde else 1.0

    def rate(cosine: float) -> float:
        return rates_of(semi_major_m, eccentricity, math.acos(sign * cosine)).arg_perigee_rad_s

    one, two = math.sqrt(0.2), math.sqrt(0.2) + 1e-4
    at_one, at_two = rate(one), rate(two)
    while abs(two - one) > 1e-12 and at_two != at_one:
        one, two, at_one = two, two - at_two * (two - one) / (at_two - at_one), at_two
        at_two = rate(two)
    return math.acos(sign * two)


def elliptical(
    *,
    perigee_altitude_m: float,
    apogee_altitude_m: float,
    inclination_rad: float,
    arg_perigee_rad: float,
    raan_rad: float = 0.0,
    mean_anomaly_rad: float = 0.0,
    epoch: Epoch,
    name: str = "ellipse",
) -> Orbit:
    """An orbit by the heights [m] of its perigee and apogee above the equatorial radius."""
    low_m = altitude_to_semi_major_m(perigee_altitude_m, field="perigee_altitude_m")
    high_m = altitude_to_semi_major_m(apogee_altitude_m, field="apogee_altitude_m")
    if high_m < low_m:
        wish = f"at least that of the perigee, {perigee_altitude_m:g}"
        raise InputError("apogee_altitude_m", apogee_altitude_m, wish)
    return Orbit(
        name=name,
        epoch=epoch,
        semi_major_m=0.5 * (low_m + high_m),
        eccentricity=(high_m - low_m) / (high_m + low_m),
        inclination_rad=inclination_rad,
        raan_rad=raan_rad,
        arg_perigee_rad=arg_perigee_rad,
        mean_anomaly_rad=mean_anomaly_rad,
    )


def molniya(
    *,
    apogee_longitude_rad: float,
    epoch: Epoch,
    perigee_altitude_m: float = 600 * km,
    revolutions_a_day: int = 2,
    southern: bool = False,
    name: str = "Molniya",
) -> Orbit:
    """An ellipse at the critical inclination that hangs over one longitude, at its apogee at the epoch.

    So many revolutions in one turn of the Earth: 2 is Molniya (12 hours), 3 and 4 are lower. `southern`
    puts the apogee south of the equator. Sun and Moon, which SGP4 knows, move the perigee in months.
    """
    check_angle("apogee_longitude_rad", apogee_longitude_rad)
    if revolutions_a_day not in range(1, 9):
        raise InputError("revolutions_a_day", revolutions_a_day, "a whole number from 1 to 8")
    eccentricity, inclination = 0.5, math.acos(math.sqrt(0.2))
    for _ in range(8):  # size, shape and inclination depend on one another, weakly
        a, _ = repeating(
            np.array([float(revolutions_a_day)]),
            inclination_rad=inclination,
            eccentricity=eccentricity,
        )
        eccentricity = check_perigee(float(a[0]), perigee_altitude_m)
        inclination = critical_inclination_rad(float(a[0]), eccentricity)
    # At the northern apogee the argument of latitude is 90 deg, which is 90 deg east of the node.
    apogee_rad = sidereal_time_rad(epoch) + apogee_longitude_rad
    quarter = 90.0 * deg
    return Orbit(
        name=name,
        epoch=epoch,
        semi_major_m=float(a[0]),
        eccentricity=eccentricity,
        inclination_rad=inclination,
        raan_rad=(apogee_rad + (quarter if southern else -quarter)) % (2.0 * math.pi),
        arg_perigee_rad=quarter if southern else 3.0 * quarter,
        mean_anomaly_rad=math.pi,
    )
