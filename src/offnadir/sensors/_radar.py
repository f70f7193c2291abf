"""What an imaging radar and its satellite are."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from offnadir.constants import SPEED_OF_LIGHT_M_S
from offnadir.errors import MISSING, InputError
from offnadir.sensors._model import Agility, Duty, positive, within


@dataclass(frozen=True, slots=True, kw_only=True)
class RadarMode:
    """A way in which a radar takes pictures.

    Incidence is at the place, from the vertical. `slant_resolution_m` is along the line of sight. Where
    `ground_range_resolution_m` is given, the mode holds that on the ground at any angle by changing its
    bandwidth, and `slant_resolution_m` is that in the middle of its incidences. `swath_m` lies across the
    flight on the ground and `length_m` along it where the mode limits it. `nesz` is the noise-equivalent
    sigma zero as a ratio, not in dB; None: not published.
    """

    name: str
    kind: Literal["spotlight", "stripmap", "scansar"]
    slant_resolution_m: float
    azimuth_resolution_m: float
    swath_m: float
    min_incidence_rad: float
    max_incidence_rad: float
    ground_range_resolution_m: float | None = None
    bandwidth_hz: float | None = None
    length_m: float | None = None
    nesz: float | None = None
    looks: float = 1.0
    polarisations: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        positive(
            slant_resolution_m=self.slant_resolution_m,
            azimuth_resolution_m=self.azimuth_resolution_m,
            swath_m=self.swath_m,
            looks=self.looks,
        )
        for name in ("ground_range_resolution_m", "bandwidth_hz", "length_m", "nesz"):
            value = getattr(self, name)
            if value is not None:
                positive(**{name: value})
        if not 0.0 < self.min_incidence_rad < self.max_incidence_rad < math.pi / 2:
            angles = (self.min_incidence_rad, self.max_incidence_rad)
            wish = "two rising angles between 0 and pi/2: a radar cannot look straight down"
            raise InputError("incidence", angles, wish)

    def looks_at(self, incidence_rad: ArrayLike) -> NDArray[np.bool_]:
        """Whether the mode takes pictures at incidences [rad]; not at NaN."""
        incidence = np.asarray(incidence_rad, np.float64)
        return (incidence >= self.min_incidence_rad) & (incidence <= self.max_incidence_rad)

    @property
    def cell_m2(self) -> float:
        """Area [m2] of a resolution cell, slant range by azimuth."""
        return self.slant_resolution_m * self.azimuth_resolution_m

    def slant_at(self, incidence_rad: ArrayLike) -> NDArray[np.float64]:
        """Slant resolution [m] at incidences [rad]: the mode's own, or what holds it on the ground."""
        incidence = np.asarray(incidence_rad, np.float64)
        if self.ground_range_resolution_m is None:
            return np.full(incidence.shape, self.slant_resolution_m)
        return np.asarray(self.ground_range_resolution_m * np.sin(incidence), np.float64)


@dataclass(frozen=True, slots=True, kw_only=True)
class Radar:
    """An imaging radar on its satellite: modes, the sides that it looks to, agility, limits and rates.

    `look_sides` are those of the flight, the usual one first; `max_squint_rad` is how far ahead or
    behind of broadside its beam takes pictures.
    """

    name: str
    title: str
    norad_ids: tuple[int, ...] = ()
    frequency_hz: float
    modes: tuple[RadarMode, ...]
    look_sides: tuple[Literal["left", "right"], ...]
    max_squint_rad: float = 0.0
    agility: Agility
    duty: Duty = field(default_factory=Duty)
    reference_altitude_m: float
    data_rate_bit_s: float
    min_duration_s: float

    def __post_init__(self) -> None:
        positive(
            frequency_hz=self.frequency_hz,
            reference_altitude_m=self.reference_altitude_m,
            data_rate_bit_s=self.data_rate_bit_s,
            min_duration_s=self.min_duration_s,
        )
        within("max_squint_rad", self.max_squint_rad, 0.0, math.pi / 3)
        if not self.modes:
            raise InputError("mode", MISSING, "one mode at least")
        names = [mode.name for mode in self.modes]
        if len(set(names)) < len(names):
            raise InputError("mode", names, "modes with names of their own")
        if not self.look_sides or set(self.look_sides) - {"left", "right"}:
            raise InputError("look_sides", self.look_sides, '"left", "right" or both')

    @property
    def wavelength_m(self) -> float:
        """Wavelength [m] of the carrier."""
        return SPEED_OF_LIGHT_M_S / self.frequency_hz

    @property
    def finest(self) -> RadarMode:
        """The mode with the least area of a resolution cell, slant range by azimuth."""
        return min(self.modes, key=lambda mode: mode.cell_m2)

    def mode(self, name: str) -> RadarMode:
        """A mode by its name; InputError that lists them if there is none."""
        for one in self.modes:
            if one.name == name.lower():
                return one
        raise InputError("mode", name, "one of " + ", ".join(one.name for one in self.modes))
