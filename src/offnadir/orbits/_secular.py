"""What mean elements say without SGP4's periodic terms: Brouwer size, secular rates, decay, repeat cycles.

All in SGP4's own terms (WGS-72, J2, J2 squared and J4), so that what is told of an element set is what
SGP4 makes of it. Source of every formula: Hoots and Roehrich, Spacetrack Report No. 3 (1980), section 6;
the same as code in Vallado et al., AIAA 2006-6753, `sgp4init`. J2 alone is Vallado, Fundamentals of
Astrodynamics, 4th ed., equations 9-38 (node), 9-40 (perigee) and 9-41 (mean anomaly).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from offnadir.orbits._elements import ElementSet
from offnadir.units import day, km

Array = NDArray[np.float64]

# WGS-72, as element sets demand; AIAA 2006-6753, `getgravconst`.
RADIUS_M: Final = 6_378_135.0
GM_M3_S2: Final = 398_600.8e9
J2: Final = 0.001082616
_J4: Final = -0.00000165597
# SGP4's atmosphere: density falls with the fourth power of the height over 78 km, scaled at 120 km.
_S_M: Final = 78 * km
_Q_M: Final = 120 * km

# Earth's turn against the mean equinox of date: 2 pi times 1.00273790935 turns a day of UT1 (Vallado, 3-40).
EARTH_TURN_RAD_S: Final = 2.0 * np.pi * 1.002_737_909_35 / day


@dataclass(frozen=True, slots=True, kw_only=True)
class MeanOrbit:
    """Mean elements and their secular rates, one entry an element set, shape (n,) each.

    `semi_major_m` and `mean_motion_rad_s` are Brouwer's (published mean motions are Kozai's: taken for
    Brouwer's they put a low orbit up to 7 km wrong). `decay_m_s` is the rate of `semi_major_m` from B*.
    Angles are TEME of epoch and unwrapped in no way.
    """

    tai_ns: NDArray[np.int64]
    semi_major_m: Array
    mean_motion_rad_s: Array
    eccentricity: Array
    inclination_rad: Array
    raan_rad: Array
    arg_perigee_rad: Array
    mean_anomaly_rad: Array
    mean_anomaly_rate_rad_s: Array
    arg_perigee_rate_rad_s: Array
    raan_rate_rad_s: Array
    decay_m_s: Array

    @property
    def latitude_rate_rad_s(self) -> Array:
        """Rate [rad/s] of the mean argument of latitude: a turn is one nodal period."""
        return self.mean_anomaly_rate_rad_s + self.arg_perigee_rate_rad_s

    @property
    def nodal_period_s(self) -> Array:
        """Time [s] from ascending node to ascending node."""
        return np.asarray(2.0 * np.pi / self.latitude_rate_rad_s, np.float64)


def mean_orbit(elements: Sequence[ElementSet]) -> MeanOrbit:
    """Mean elements and rates of element sets; impossible values give NaN."""

    def column(name: str) -> Array:
        return np.array([getattr(one, name) for one in elements], np.float64)

    e, i = column("eccentricity"), column("inclination_rad")
    cos_i = np.cos(i)
    with np.errstate(invalid="ignore", divide="ignore"):
        n = _brouwer_motion_rad_s(column("mean_motion_rad_s"), e, cos_i)
        a = np.cbrt(GM_M3_S2 / n**2)
        anomaly, perigee, node = rates_rad_s(n, a / RADIUS_M, e, cos_i)
        decay = _decay_m_s(column("bstar"), n, a, e, cos_i)
    return MeanOrbit(
        tai_ns=np.array([one.epoch.tai_ns for one in elements], np.int64),
        semi_major_m=a,
        mean_motion_rad_s=n,
        eccentricity=e,
        inclination_rad=i,
        raan_rad=column("raan_rad"),
        arg_perigee_rad=column("arg_perigee_rad"),
        mean_anomaly_rad=column("mean_anomaly_rad"),
        mean_anomaly_rate_rad_s=anomaly,
        arg_perigee_rate_rad_s=perigee,
        raan_rate_rad_s=node,
        decay_m_s=decay,
    )


def _brouwer_motion_rad_s(kozai_rad_s: Array, e: Array, cos_i: Array) -> Array:
    """Brouwer's mean motion from Kozai's, as SGP4 recovers it."""
    a = np.cbrt(GM_M3_S2 / kozai_rad_s**2) / RADIUS_M
    d1 = 0.75 * J2 * (3.0 * cos_i**2 - 1.0) / (1.0 - e**2) ** 1.5
    delta = d1 / a**2
    a = a * (1.0 - delta * (1.0 / 3.0 + delta * (1.0 + 134.0 / 81.0 * delta)))
    return np.asarray(kozai_rad_s / (1.0 + d1 / a**2), np.float64)


def kozai_motion_rad_s(brouwer_rad_s: Array, e: Array, cos_i: Array) -> Array:
    """Kozai's mean motion, as element sets have it, from Brouwer's: the inverse of the above."""
    kozai = np.asarray(brouwer_rad_s, np.float64)
    for _ in range(8):  # each step is nearer by a factor of J2
        kozai = kozai * (brouwer_rad_s / _brouwer_motion_rad_s(kozai, e, cos_i))
    return np.asarray(kozai, np.float64)


def rates_rad_s(n: Array, a_radii: Array, e: Array, cos_i: Array) -> tuple[Array, Array, Array]:
    """Secular rates [rad/s] of mean anomaly, argument of perigee and node."""
    c2, c4 = cos_i**2, cos_i**4
    root = np.sqrt(1.0 - e**2)
    p2 = (a_radii * root**2) ** -2
    one = 1.5 * J2 * p2 * n
    two = 0.5 * one * J2 * p2
    four = -0.46875 * _J4 * p2**2 * n
    anomaly = n + 0.5 * one * root * (3.0 * c2 - 1.0)
    anomaly += 0.0625 * two * root * (13.0 - 78.0 * c2 + 137.0 * c4)
    perigee = 0.5 * one * (5.0 * c2 - 1.0) + 0.0625 * two * (7.0 - 114.0 * c2 + 395.0 * c4)
    perigee += four * (3.0 - 36.0 * c2 + 49.0 * c4)
    node = -one + 0.5 * two * (4.0 - 19.0 * c2) + 2.0 * four * (3.0 - 7.0 * c2)
    return anomaly, perigee, node * cos_i


def _decay_m_s(bstar: Array, n: Array, a_m: Array, e: Array, cos_i: Array) -> Array:
    """Rate of the semi-major axis [m/s] that B* (per Earth radius) stands for: -2 a C1."""
    a = a_m / RADIUS_M
    height_m = (a * (1.0 - e) - 1.0) * RADIUS_M
    s_m = np.clip(height_m - _S_M, 20 * km, _S_M)  # below 156 km SGP4 lowers its atmosphere
    xi = 1.0 / (a - 1.0 - s_m / RADIUS_M)
    eta = a * e * xi
    eta2, e_eta = eta**2, e * eta
    psi2 = np.abs(1.0 - eta2)
    c2 = a * (1.0 + 1.5 * eta2 + e_eta * (4.0 + eta2))
    c2 += 0.375 * J2 * xi / psi2 * (3.0 * cos_i**2 - 1.0) * (8.0 + 3.0 * eta2 * (8.0 + eta2))
    c2 *= ((_Q_M - s_m) / RADIUS_M) ** 4 * xi**4 / psi2**3.5 * n
    return np.asarray(-2.0 * a_m * bstar * c2, np.float64)
