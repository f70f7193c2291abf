"""What is counted: classes of sharpness and angle, daylight, stereo."""

from __future__ import annotations

import math
from dataclasses import dataclass

from offnadir.errors import InputError, UnitRangeError
from offnadir.units import deg

_FORGOT = "did you forget `* deg`?"


@dataclass(frozen=True, slots=True, kw_only=True)
class Stereo:
    """Which two lines of sight make a stereo pair: their angle at the place [rad], and the time between [s].

    By default 10 to 60 degrees, which the makers of NASA's Ames Stereo Pipeline call likely reasonable
    (its documentation, "Guidelines for selecting stereo pairs"), and a day, over which the ground and its
    shadows stay alike.
    """

    least_rad: float = 10 * deg
    most_rad: float = 60 * deg
    within_s: float = 86_400.0

    def __post_init__(self) -> None:
        if not 0 < self.least_rad < self.most_rad <= math.pi:
            angles = (self.least_rad, self.most_rad)
            raise UnitRangeError("stereo", angles, "two rising angles up to pi", hint=_FORGOT)
        if not self.within_s > 0:
            raise InputError("within_s", self.within_s, "above 0")


@dataclass(frozen=True, slots=True, kw_only=True)
class Wishes:
    """What looks count at all, and into which classes; the same names as in `cover`."""

    off_nadir_levels_rad: tuple[float, ...]
    gsd_levels_m: tuple[float, ...]
    niirs_levels: tuple[float, ...]
    max_gsd_m: float | None
    min_niirs: float | None
    daylight_rad: float
    max_cloud: float
    stereo: Stereo

    def __post_init__(self) -> None:
        for name in ("off_nadir_levels_rad", "gsd_levels_m", "niirs_levels"):
            levels = tuple(float(one) for one in getattr(self, name))
            if any(not math.isfinite(one) or one <= 0 for one in levels):
                raise InputError(name, levels, "numbers above 0")
            if list(levels) != sorted(set(levels)):
                raise InputError(name, levels, "rising, each once")
            object.__setattr__(self, name, levels)
        if any(one > math.pi / 2 for one in self.off_nadir_levels_rad):
            wish = "up to pi/2"
            raise UnitRangeError(
                "off_nadir_levels_rad", self.off_nadir_levels_rad, wish, hint=_FORGOT
            )
        if self.max_gsd_m is not None and not self.max_gsd_m > 0:
            raise InputError("max_gsd_m", self.max_gsd_m, "above 0")
        if self.min_niirs is not None and not 0 <= self.min_niirs <= 9:
            raise InputError("min_niirs", self.min_niirs, "from 0 to 9")
        if not -math.pi / 2 <= self.daylight_rad <= math.pi / 2:
            raise UnitRangeError("daylight_rad", self.daylight_rad, "within +-pi/2", hint=_FORGOT)
        if not 0 <= self.max_cloud <= 1:
            raise InputError("max_cloud", self.max_cloud, "from 0 to 1")
