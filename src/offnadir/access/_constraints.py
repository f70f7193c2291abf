"""What a look must satisfy. Each constraint is a number with a unit; all given ones must hold."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

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
    """The satellite stands above a skyline: elevations [rad] at rising azimuths [rad] in [0, 2 pi).

    Between the azimuths it runs straight, also from the last over north to the first.
    """

    azimuth_rad: tuple[float, ...]
    elevation_rad: tuple[float, ...]

    def __post_init__(self) -> None:
        azimuths, elevations = (
            tuple(map(float, v)) for v in (self.azimuth_rad, self.elevation_rad)
        )
        if not azimuths:
            raise InputError("azimuth_rad", azimuths, "one azimuth or more")
        if len(elevations) != len(azimuths):
            raise InputError(
                "elevation_rad", elevations, f"{len(azimuths)} values, as the azimuths"
            )
        if any(not 0 <= one < 360 * deg for one in azimuths):
            raise UnitRangeError("azimuth_rad", azimuths, "within [0, 2 pi)", hint=_FORGOT)
        if any(after <= before for before, after in pairwise(azimuths)):
            raise InputError("azimuth_rad", azimuths, "rising, each azimuth once")
        if any(not -90 * deg <= one < 89 * deg for one in elevations):
            wish = "from -90 to below 89 degrees"
            raise UnitRangeError("elevation_rad", elevations, wish, hint=_FORGOT)
        object.__setattr__(self, "azimuth_rad", azimuths)
        object.__setattr__(self, "elevation_rad", elevations)


@dataclass(frozen=True, slots=True)
class MinOffNadir:
    """The line of sight leaves geodetic nadir by at least this angle [rad]."""

    off_nadir_rad: float

    def __post_init__(self) -> None:
        _within("off_nadir_rad", self.off_nadir_rad, 0, 90)


@dataclass(frozen=True, slots=True)
class MinRange:
    """The satellite is at least this far [m] from the site."""

    range_m: float

    def __post_init__(self) -> None:
        if not self.range_m > 0:
            raise InputError("range_m", self.range_m, "above 0")


@dataclass(frozen=True, slots=True)
class IncidenceWithin:
    """Incidence at the site, from the vertical to the satellite [rad], lies between these.

    As radars state it: 90 degrees less elevation, larger than off-nadir by the angle at the Earth's centre.
    """

    least_rad: float
    most_rad: float

    def __post_init__(self) -> None:
        _rising("incidence", self.least_rad, self.most_rad, 0, 90)


@dataclass(frozen=True, slots=True)
class RollWithin:
    """Roll in the orbit frame [rad]: positive to the right of flight; see `geometry.orbit_frame`."""

    least_rad: float
    most_rad: float

    def __post_init__(self) -> None:
        _rising("roll", self.least_rad, self.most_rad, -90, 90)


@dataclass(frozen=True, slots=True)
class PitchWithin:
    """Pitch in the orbit frame [rad]: positive ahead."""

    least_rad: float
    most_rad: float

    def __post_init__(self) -> None:
        _rising("pitch", self.least_rad, self.most_rad, -90, 90)


@dataclass(frozen=True, slots=True)
class LookSide:
    """The site lies on this side of the flight, "left" or "right", as a radar antenna looks."""

    side: str

    def __post_init__(self) -> None:
        if self.side not in ("left", "right"):
            raise InputError("side", self.side, '"left" or "right"')


@dataclass(frozen=True, slots=True)
class SunBelow:
    """The Sun's centre stands at most this high [rad] at the site: darkness, for thermal pictures."""

    elevation_rad: float

    def __post_init__(self) -> None:
        _within("elevation_rad", self.elevation_rad, -90, 90)


@dataclass(frozen=True, slots=True)
class MinSunGlint:
    """The satellite keeps this angle [rad] from the Sun's mirror image in level water at the site.

    Below the horizon the Sun has a mirror image too, which rises above it as the Sun sets: add a limit of the
    Sun's elevation.
    """

    angle_rad: float

    def __post_init__(self) -> None:
        _within("angle_rad", self.angle_rad, 0, 180)


@dataclass(frozen=True, slots=True)
class SatelliteSunlit:
    """The whole disc of the Sun is seen from the satellite; no atmosphere."""


@dataclass(frozen=True, slots=True)
class AzimuthWithin:
    """Azimuth from the site to the satellite [rad, clockwise from north] lies in one of these sectors.

    Each sector runs clockwise from its first to its second azimuth, over north if need be.
    """

    sectors_rad: tuple[tuple[float, float], ...]

    def __post_init__(self) -> None:
        sectors = tuple((float(first), float(last)) for first, last in self.sectors_rad)
        if not sectors:
            raise InputError("sectors_rad", sectors, "one sector or more")
        for first, last in sectors:
            for azimuth in (first, last):
                _within("sectors_rad", azimuth, -360, 360)
            if first == last:
                raise InputError("sectors_rad", (first, last), "two azimuths that differ")
        object.__setattr__(self, "sectors_rad", sectors)


def _within(name: str, value: float, low_deg: float, high_deg: float) -> None:
    if not low_deg * deg <= value <= high_deg * deg:
        wish = f"from {low_deg:g} to {high_deg:g} degrees"
        raise UnitRangeError(name, value, wish, hint=_FORGOT)


def _rising(name: str, least: float, most: float, low_deg: float, high_deg: float) -> None:
    _within("least_rad", least, low_deg, high_deg)
    _within("most_rad", most, low_deg, high_deg)
    if not least < most:
        raise InputError("most_rad", most, f"above the least {name} {least}")


Constraint = (
    MinElevation
    | MaxOffNadir
    | MinOffNadir
    | SunAbove
    | SunBelow
    | MaxRange
    | MinRange
    | HorizonMask
    | AzimuthWithin
    | IncidenceWithin
    | RollWithin
    | PitchWithin
    | LookSide
    | MinSunGlint
    | SatelliteSunlit
)
