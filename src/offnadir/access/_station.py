"""A ground station: a place, and how low it can see in each direction."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

from offnadir.earth import Site
from offnadir.errors import InputError, UnitRangeError
from offnadir.units import deg


@dataclass(frozen=True, slots=True, kw_only=True)
class Station:
    """A ground station with its least elevation [rad] and, if need be, a horizon mask.

    The mask gives the elevation of the skyline [rad] at rising azimuths [rad] in [0, 2 pi); between
    them it runs straight, also from the last over north to the first. A satellite must be above both.
    """

    site: Site
    min_elevation_rad: float = 5.0 * deg
    mask_azimuth_rad: tuple[float, ...] = ()
    mask_elevation_rad: tuple[float, ...] = ()

    def __post_init__(self) -> None:
        if not -5 * deg <= self.min_elevation_rad < 90 * deg:
            raise UnitRangeError(
                "min_elevation_rad",
                self.min_elevation_rad,
                "from -5 to 90 degrees",
                hint="did you forget `* deg`?",
            )
        azimuths, elevations = self.mask_azimuth_rad, self.mask_elevation_rad
        if len(azimuths) != len(elevations):
            raise InputError(
                "mask_elevation_rad", elevations, f"{len(azimuths)} values, as the azimuths"
            )
        if any(not 0 <= a < 360 * deg for a in azimuths):
            raise UnitRangeError("mask_azimuth_rad", azimuths, "within [0, 2 pi)")
        if any(b <= a for a, b in pairwise(azimuths)):
            raise InputError("mask_azimuth_rad", azimuths, "rising, each azimuth once")
        if any(not 0 <= e < 89 * deg for e in elevations):
            raise UnitRangeError("mask_elevation_rad", elevations, "from 0 to 89 degrees")
