"""An orbit that somebody wishes for, in SGP4's terms, and the element set that makes it fly."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

import numpy as np

from offnadir.epoch import Epoch
from offnadir.errors import InputError, UnitRangeError
from offnadir.orbits._elements import ElementSet
from offnadir.orbits._repeat import local_time_of_node_h
from offnadir.orbits._secular import (
    GM_M3_S2,
    RADIUS_M,
    kozai_motion_rad_s,
    mean_orbit,
    rates_rad_s,
)
from offnadir.units import km

LEAST_HEIGHT_M: Final = 100 * km  # of the perigee: what is lower does not last one revolution
_MOST_SEMI_MAJOR_M: Final = 100_000 * km
_FIRST_ID: Final = 900_000_001  # catalogues have not come that far
_TURN: Final = 2.0 * math.pi


@dataclass(frozen=True, slots=True, kw_only=True)
class Orbit:
    """Brouwer mean elements in SGP4's terms (WGS-72), TEME of `epoch`: an orbit by design.

    Heights in this room are those of the mean orbit above a sphere of the equatorial radius, 6378.135 km;
    the ellipsoid is up to 21 km lower at the poles, and J2 lifts a polar satellite some 4.5 km over its mean
    orbit. An eccentricity of 0 is the frozen orbit: SGP4 adds
    what J3 does to it (docs/theory/orbit-design.md). Angles may be up to two turns of either sign.

    InputError where the perigee is less than 100 km high, where the orbit is not closed, or larger than
    100,000 km; UnitRangeError for angles that must be degrees.
    """

    name: str
    epoch: Epoch
    semi_major_m: float
    eccentricity: float = 0.0
    inclination_rad: float
    raan_rad: float = 0.0
    arg_perigee_rad: float = 0.0
    mean_anomaly_rad: float = 0.0

    def __post_init__(self) -> None:
        if not isinstance(self.epoch, Epoch):
            raise InputError("epoch", self.epoch, "an Epoch, such as Epoch.from_utc('2026-06-01')")
        check_shape(self.semi_major_m, self.eccentricity)
        check_inclination(self.inclination_rad)
        for field in ("raan_rad", "arg_perigee_rad", "mean_anomaly_rad"):
            check_angle(field, getattr(self, field))

    @property
    def perigee_height_m(self) -> float:
        """Height [m] of the mean orbit's perigee above the equatorial radius."""
        return self.semi_major_m * (1.0 - self.eccentricity) - RADIUS_M

    @property
    def apogee_height_m(self) -> float:
        """Height [m] of the mean orbit's apogee above the equatorial radius."""
        return self.semi_major_m * (1.0 + self.eccentricity) - RADIUS_M

    @property
    def mean_motion_rad_s(self) -> float:
        """Brouwer's mean motion [rad/s], from the semi-major axis."""
        return math.sqrt(GM_M3_S2 / self.semi_major_m**3)

    @property
    def local_time_of_node_h(self) -> float:
        """MEAN solar time [h, 0 to 24] at the ascending node, at the epoch."""
        hours = local_time_of_node_h(
            np.array([self.epoch.tai_ns], np.int64), np.array([self.raan_rad])
        )
        return float(hours[0])


@dataclass(frozen=True, slots=True, kw_only=True)
class SecularRates:
    """How fast the mean angles of an orbit turn [rad/s]."""

    mean_anomaly_rad_s: float
    arg_perigee_rad_s: float
    raan_rad_s: float

    @property
    def latitude_rad_s(self) -> float:
        """Of the mean argument of latitude: a turn is one nodal period."""
        return self.mean_anomaly_rad_s + self.arg_perigee_rad_s


def check_shape(semi_major_m: float, eccentricity: float) -> None:
    """Refuse what is no closed orbit clear of the ground."""
    if not 0.0 <= eccentricity < 1.0:
        wish = "from 0 to below 1: a closed orbit"
        raise InputError("eccentricity", eccentricity, wish)
    if not (math.isfinite(semi_major_m) and semi_major_m <= _MOST_SEMI_MAJOR_M):
        raise InputError("semi_major_m", semi_major_m, "a number up to 100,000 km in metres")
    perigee_m = semi_major_m * (1.0 - eccentricity) - RADIUS_M
    if perigee_m < LEAST_HEIGHT_M:
        wish = "an orbit whose perigee is at least 100 km high"
        field = "semi_major_m" if eccentricity == 0.0 else "semi_major_m, eccentricity"
        value: object = semi_major_m if eccentricity == 0.0 else (semi_major_m, eccentricity)
        raise InputError(field, value, wish, hint=f"it is {perigee_m / km:.1f} km")


def check_inclination(inclination_rad: float) -> None:
    """Refuse what is no inclination in radians."""
    if not 0.0 <= inclination_rad <= math.pi:
        raise UnitRangeError(
            "inclination_rad", inclination_rad, "from 0 to pi", hint="did you forget `* deg`?"
        )


def check_angle(field: str, angle_rad: float) -> None:
    """Refuse an angle that must be in degrees."""
    if not abs(angle_rad) <= 2.0 * _TURN:
        raise UnitRangeError(field, angle_rad, "within +-4 pi", hint="did you forget `* deg`?")


def altitude_to_semi_major_m(altitude_m: float, *, field: str = "altitude_m") -> float:
    """Semi-major axis [m] of a circular orbit of a height [m]; InputError below 100 km."""
    if not LEAST_HEIGHT_M <= altitude_m <= _MOST_SEMI_MAJOR_M - RADIUS_M:
        wish = "from 100 km to 93,000 km, in metres"
        hint = "did you forget `* km`?" if 100 <= altitude_m < 100_000 else ""
        raise InputError(field, altitude_m, wish, hint=hint)
    return RADIUS_M + altitude_m


def secular_rates(orbit: Orbit) -> SecularRates:
    """SGP4's secular rates of an orbit: J2, J2 squared and J4 (Spacetrack Report No. 3, section 6).

    Sun and Moon, which SGP4 adds for periods from 225 minutes on, are left out.
    """
    return rates_of(orbit.semi_major_m, orbit.eccentricity, orbit.inclination_rad)


def rates_of(semi_major_m: float, eccentricity: float, inclination_rad: float) -> SecularRates:
    """The same of three numbers."""
    n = math.sqrt(GM_M3_S2 / semi_major_m**3)
    anomaly, perigee, node = rates_rad_s(
        np.asarray(n),
        np.asarray(semi_major_m / RADIUS_M),
        np.asarray(eccentricity),
        np.asarray(math.cos(inclination_rad)),
    )
    return SecularRates(
        mean_anomaly_rad_s=float(anomaly),
        arg_perigee_rad_s=float(perigee),
        raan_rad_s=float(node),
    )


def nodal_period_s(orbit: Orbit) -> float:
    """Time [s] from ascending node to ascending node."""
    return _TURN / secular_rates(orbit).latitude_rad_s


def element_set_of(orbit: Orbit, *, norad_id: int = _FIRST_ID) -> ElementSet:
    """The element set that SGP4 flies the orbit by, without drag: B* is 0, as if it were kept up.

    Its mean motion is Kozai's, as in every element set; SGP4 makes Brouwer's of it, and with that the
    orbit's own semi-major axis again.
    """
    kozai = kozai_motion_rad_s(
        np.asarray(orbit.mean_motion_rad_s),
        np.asarray(orbit.eccentricity),
        np.asarray(math.cos(orbit.inclination_rad)),
    )
    return ElementSet(
        norad_id=norad_id,
        name=orbit.name,
        epoch=orbit.epoch,
        mean_motion_rad_s=float(kozai),
        eccentricity=orbit.eccentricity,
        inclination_rad=orbit.inclination_rad,
        raan_rad=orbit.raan_rad % _TURN,
        arg_perigee_rad=orbit.arg_perigee_rad % _TURN,
        mean_anomaly_rad=orbit.mean_anomaly_rad % _TURN,
        source="orbits.design",
    )


def orbit_of(elements: ElementSet) -> Orbit:
    """The mean orbit of an element set, its drag left out: the inverse of `element_set_of`.

    InputError where the set is of no orbit that could be designed, such as one about to decay.
    """
    mean = mean_orbit([elements])
    return Orbit(
        name=elements.name,
        epoch=elements.epoch,
        semi_major_m=float(mean.semi_major_m[0]),
        eccentricity=elements.eccentricity,
        inclination_rad=elements.inclination_rad,
        raan_rad=elements.raan_rad,
        arg_perigee_rad=elements.arg_perigee_rad,
        mean_anomaly_rad=elements.mean_anomaly_rad,
    )


def element_sets_of(
    orbits: Iterable[Orbit], *, first_norad_id: int = _FIRST_ID
) -> tuple[ElementSet, ...]:
    """Element sets of several orbits, numbered one after the other."""
    return tuple(
        element_set_of(orbit, norad_id=first_norad_id + k) for k, orbit in enumerate(orbits)
    )
