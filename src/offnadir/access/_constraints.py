"""What a look must satisfy. Each constraint is a number with a unit; all given ones must hold."""

from __future__ import annotations

from dataclasses import dataclass

from offnadir.errors import InputError, UnitRangeError
from offnadir.units import deg

_FORGOT = "did you forget `* deg`?"


@dataclass(frozen=True, slots=True)
class MinElevation:
    """The satellite stands at least this high [rad] above the ellipsoid's horizon at the site."""

    elevation_rad: float = 0.0

    def __post_init__(self) -> None:
        if not -10 * deg <= self.elevation_rad < 90 * deg:
            raise UnitRangeError(
                "elevation_rad", self.elevation_rad, "from -10 to 90 degrees", hint=_FORGOT
            )


@dataclass(frozen=True, slots=True)
class MaxOffNadir:
    """The line of sight leaves geodetic nadir by at most this angle [rad], measured at the satellite.

    Alone this would also be met by a satellite on the far side that looks through the Earth, so the
    search never accepts a look from below the horizon.
    """

    off_nadir_rad: float

    def __post_init__(self) -> None:
        if not 0 < self.off_nadir_rad <= 90 * deg:
            raise UnitRangeError(
                "off_nadir_rad", self.off_nadir_rad, "above 0, up to 90 degrees", hint=_FORGOT
            )


@dataclass(frozen=True, slots=True)
class SunAbove:
    """The Sun's centre stands at least this high [rad] at the site, refraction left out."""

    elevation_rad: float

    def __post_init__(self) -> None:
        if not -90 * deg <= self.elevation_rad <= 90 * deg:
            raise UnitRangeError(
                "elevation_rad", self.elevation_rad, "within +-90 degrees", hint=_FORGOT
            )


@dataclass(frozen=True, slots=True)
class MaxRange:
    """The satellite is at most this far [m] from the site."""

    range_m: float

    def __post_init__(self) -> None:
        if not self.range_m > 0:
            raise InputError("range_m", self.range_m, "above 0")


@dataclass(frozen=True, slots=True)
class HorizonMask:
    """The satellite stands above a skyline: elevations [rad] at rising azimuths [rad] in [0, 2 pi)."""

    azimuth_rad: tuple[float, ...]
    elevation_rad: tuple[float, ...]


Constraint = MinElevation | MaxOffNadir | SunAbove | MaxRange | HorizonMask
