"""Limits of a look on the command line, in degrees and kilometres, turned into constraints."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from offnadir.errors import InputError

if TYPE_CHECKING:
    from offnadir.access import Constraint


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What was written; None is no limit."""

    max_off_nadir: float | None = None
    min_elevation: float | None = None
    max_incidence: float | None = None
    max_range: float | None = None
    min_incidence: float | None = None
    max_roll: float | None = None
    max_pitch: float | None = None
    look_side: str | None = None
    max_sun: float | None = None
    min_glint: float | None = None
    sunlit: bool = False
    min_sun: float | None = None

    def constraints(self) -> list[Constraint]:
        """The constraints; raises InputError that names the option."""
        return [*self._constraints(), *self._rarer()]

    def _constraints(self) -> Iterator[Constraint]:
        from offnadir.access import MaxOffNadir, MaxRange, MinElevation, SunAbove
        from offnadir.units import deg, km

        if (value := self.max_off_nadir) is not None:
            if not 0 < value <= 90:
                raise InputError("--max-off-nadir", value, "above 0, up to 90 degrees")
            yield MaxOffNadir(value * deg)
        if (value := self.min_elevation) is not None:
            if not 0 <= value < 90:
                raise InputError("--min-elevation", value, "from 0 to below 90 degrees")
            yield MinElevation(value * deg)
        if (value := self.max_incidence) is not None:
            if not 0 < value <= 90:
                raise InputError("--max-incidence", value, "above 0, up to 90 degrees")
            yield MinElevation((90 - value) * deg)
        if (value := self.max_range) is not None:
            if not 0 < value <= 1e6:
                raise InputError("--max-range", value, "above 0, up to 1000000 km")
            yield MaxRange(value * km)
        if (value := self.min_sun) is not None:
            if not -90 <= value <= 90:
                raise InputError("--min-sun", value, "from -90 to 90 degrees")
            yield SunAbove(value * deg)

    def _rarer(self) -> Iterator[Constraint]:
        from offnadir.access import LookSide, MinSunGlint, SatelliteSunlit, SunBelow
        from offnadir.units import deg

        yield from self._turns()
        if self.look_side is not None:
            if self.look_side not in ("left", "right"):
                raise InputError("--look-side", self.look_side, "left or right")
            yield LookSide(self.look_side)
        if (value := self.max_sun) is not None:
            if not -90 <= value <= 90:
                raise InputError("--max-sun", value, "from -90 to 90 degrees")
            if self.min_sun is not None and value < self.min_sun:
                raise InputError("--max-sun", value, f"at least --min-sun {self.min_sun:g}")
            yield SunBelow(value * deg)
        if (value := self.min_glint) is not None:
            if not 0 < value <= 180:
                raise InputError("--min-glint", value, "above 0, up to 180 degrees")
            yield MinSunGlint(value * deg)
        if self.sunlit:
            yield SatelliteSunlit()

    def _turns(self) -> Iterator[Constraint]:
        from offnadir.access import IncidenceWithin, PitchWithin, RollWithin
        from offnadir.units import deg

        if (value := self.min_incidence) is not None:
            most = 90.0 if self.max_incidence is None else self.max_incidence
            most = min(most, 90.0 - (self.min_elevation or 0.0))
            if not 0 <= value < most:
                raise InputError("--min-incidence", value, f"from 0 to below {most:g} degrees")
            yield IncidenceWithin(value * deg, most * deg)
        for name, kind in (("max_roll", RollWithin), ("max_pitch", PitchWithin)):
            if (value := getattr(self, name)) is not None:
                if not 0 < value <= 90:
                    option = "--" + name.replace("_", "-")
                    raise InputError(option, value, "above 0, up to 90 degrees")
                yield kind(-value * deg, value * deg)
