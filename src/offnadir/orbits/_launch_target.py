"""The orbit that a launch is for: its inclination, its height, and how its plane turns."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

import numpy as np

from offnadir.epoch import Epoch
from offnadir.errors import InputError, UnitRangeError
from offnadir.orbits._design_orbit import Orbit, element_set_of
from offnadir.orbits._design_sun import sun_synchronous_inclinations_rad
from offnadir.orbits._elements import ElementSet
from offnadir.orbits._repeat import local_time_of_node_h
from offnadir.orbits._secular import GM_M3_S2, RADIUS_M, MeanOrbit, mean_orbit
from offnadir.units import deg, km

_LOWEST_M, _HIGHEST_M = 120 * km, 50_000 * km
_HOUR_RAD: Final = 15.0 * deg


@dataclass(frozen=True, slots=True, kw_only=True)
class TargetOrbit:
    """A circular orbit to be reached: height, inclination, and its plane, if that is not free.

    `height_m` is the mean semi-major axis less 6378.135 km. `raan_rad` is the right ascension of the
    ascending node (TEME) at `epoch`, from where it goes on by `raan_rate_rad_s`; NaN if any plane will do.
    """

    name: str
    height_m: float
    inclination_rad: float
    epoch: Epoch
    raan_rad: float = math.nan
    raan_rate_rad_s: float = 0.0

    def __post_init__(self) -> None:
        if not _LOWEST_M <= self.height_m <= _HIGHEST_M:
            raise InputError("height_m", self.height_m, "from 120 to 50000 km", hint="in metres")
        if not 0.0 <= self.inclination_rad <= 180 * deg:
            hint = "did you forget `* deg`?"
            raise UnitRangeError(
                "inclination_rad", self.inclination_rad, "within [0, pi]", hint=hint
            )

    @property
    def plane_is_free(self) -> bool:
        """Whether any plane of this inclination will do."""
        return math.isnan(self.raan_rad)

    @property
    def speed_m_s(self) -> float:
        """Speed [m/s] on the circular orbit, against the stars."""
        return math.sqrt(GM_M3_S2 / (RADIUS_M + self.height_m))

    @property
    def pace_rad_s(self) -> float:
        """Mean rate [rad/s] of the argument of latitude, with SGP4's secular terms."""
        return float(_mean(self.height_m, self.inclination_rad).latitude_rate_rad_s[0])

    def raan_at(self, time: Epoch) -> float:
        """The node [rad] at another time, in [0, 2 pi); NaN if the plane is free."""
        return (self.raan_rad + self.raan_rate_rad_s * (time - self.epoch)) % (2.0 * math.pi)


def node_local_time_h(time: Epoch, raan_rad: float) -> float:
    """Mean solar time [h, 0 to 24] at the ascending node; the descending one has 12 hours more."""
    return float(local_time_of_node_h(np.array([time.tai_ns]), np.array([raan_rad]))[0])


def circular_elements(
    *,
    name: str,
    epoch: Epoch,
    height_m: float,
    inclination_rad: float,
    raan_rad: float = 0.0,
    argument_of_latitude_rad: float = 0.0,
    norad_id: int = 0,
) -> ElementSet:
    """Elements of a circular orbit whose Brouwer semi-major axis is `height_m` over 6378.135 km; no drag."""
    orbit = Orbit(
        name=name,
        epoch=epoch,
        semi_major_m=RADIUS_M + height_m,
        eccentricity=1e-6,
        inclination_rad=inclination_rad,
        raan_rad=raan_rad % (2.0 * math.pi),
        mean_anomaly_rad=argument_of_latitude_rad % (2.0 * math.pi),
    )
    return element_set_of(orbit, norad_id=norad_id)


def _mean(height_m: float, inclination_rad: float) -> MeanOrbit:
    return mean_orbit(
        [
            circular_elements(
                name="", epoch=Epoch(0), height_m=height_m, inclination_rad=inclination_rad
            )
        ]
    )


def sun_synchronous_inclination_rad(height_m: float) -> float:
    """The inclination [rad] at which a circular orbit's node keeps pace with the mean Sun.

    With SGP4's secular rates (J2, J2 squared, J4); J2 alone is Vallado, 4th ed., equation 11-13. Raises
    InputError for a height at which no inclination does (from 5970 km up).
    """
    found = math.nan
    if _LOWEST_M <= height_m <= _HIGHEST_M:
        found = float(sun_synchronous_inclinations_rad(RADIUS_M + height_m, 0.0))
    if math.isnan(found):
        wish = "from 120 to 5970 km for a Sun-synchronous orbit"
        raise InputError("height_m", height_m, wish, hint="in metres")
    return found


def sun_synchronous_target(
    height_m: float, local_time_h: float, epoch: Epoch, *, node: str = "descending"
) -> TargetOrbit:
    """A Sun-synchronous orbit with that mean local time [h] at its ascending or descending node.

    `epoch` may be any instant near the launch. Raises InputError for heights and times that cannot be.
    """
    if node not in ("ascending", "descending"):
        raise InputError("node", node, "ascending or descending")
    if not 0.0 <= local_time_h <= 24.0:
        raise InputError("local_time_h", local_time_h, "from 0 to 24 hours")
    inclination_rad = sun_synchronous_inclination_rad(height_m)
    ascending_h = local_time_h - (12.0 if node == "descending" else 0.0)
    raan_rad = (ascending_h - node_local_time_h(epoch, 0.0)) * _HOUR_RAD
    minutes = round(local_time_h * 60.0) % 1440
    kind = "LTDN" if node == "descending" else "LTAN"
    return TargetOrbit(
        name=f"Sun-synchronous, {kind} {minutes // 60:02d}:{minutes % 60:02d}",
        height_m=height_m,
        inclination_rad=inclination_rad,
        epoch=epoch,
        raan_rad=raan_rad % (2.0 * math.pi),
        raan_rate_rad_s=float(_mean(height_m, inclination_rad).raan_rate_rad_s[0]),
    )


def inclined_target(
    height_m: float, inclination_rad: float, epoch: Epoch, *, raan_rad: float = math.nan
) -> TargetOrbit:
    """An orbit of that inclination, in any plane or in the one whose node [rad, TEME] is given at `epoch`."""
    free = TargetOrbit(
        name=f"inclination {inclination_rad / deg:.2f} deg",
        height_m=height_m,
        inclination_rad=inclination_rad,
        epoch=epoch,
        raan_rad=raan_rad,
    )
    if free.plane_is_free:
        return free
    return TargetOrbit(
        name=f"{free.name}, node {raan_rad / deg:.2f} deg",
        height_m=height_m,
        inclination_rad=inclination_rad,
        epoch=epoch,
        raan_rad=raan_rad % (2.0 * math.pi),
        raan_rate_rad_s=float(_mean(height_m, inclination_rad).raan_rate_rad_s[0]),
    )


def target_of_elements(elements: ElementSet) -> TargetOrbit:
    """The plane and mean height of a satellite's element set, carried on by its secular rates.

    Away from the set's epoch the node is good to some 0.01 deg a month, as long as nobody manoeuvres. A
    eccentric orbit is taken for a circular one of the same mean height.
    """
    mean = mean_orbit([elements])
    return TargetOrbit(
        name=elements.name or str(elements.norad_id),
        height_m=float(mean.semi_major_m[0]) - RADIUS_M,
        inclination_rad=elements.inclination_rad,
        epoch=elements.epoch,
        raan_rad=elements.raan_rad,
        raan_rate_rad_s=float(mean.raan_rate_rad_s[0]),
    )
