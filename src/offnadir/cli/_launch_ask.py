"""What was asked on the command line of `offnadir launch`: sites, orbits, ascents, days."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from offnadir.errors import MISSING, InputError

if TYPE_CHECKING:
    from offnadir.epoch import Epoch, Span
    from offnadir.orbits import ElementSet
    from offnadir.orbits.launch import Ascent, Spaceport, TargetOrbit

_CLOCK = re.compile(r"\s*(\d{1,2})(?::([0-5]\d))?\s*")
_PLACE = re.compile(r"\s*[-+]?[\d.]+\s*,")
NODES = ("descending", "ascending")


def spaceport(text: str | None) -> Spaceport:
    """The launch site of `--from`: one of the library, or LAT,LON."""
    from offnadir.access import read_sites
    from offnadir.orbits.launch import Spaceport, find_spaceport, spaceports

    if text is None:
        known = ", ".join(one.key for one in spaceports())
        wish = "given: a launch site, or LAT,LON"
        raise InputError("--from", MISSING, wish, hint=f"there are {known}")
    if _PLACE.match(text):
        (site,) = read_sites(text, field="--from")
        return Spaceport(key=text, site=site)
    return find_spaceport(text, field="--from")


@dataclass(frozen=True, slots=True, kw_only=True)
class Orbit:
    """What was written about the orbit."""

    sso: str | None = None
    node: str = "descending"
    inclination: float | None = None
    raan: float | None = None
    to: str | None = None
    altitude: float | None = None

    @property
    def given(self) -> bool:
        """Whether an orbit was named at all."""
        return any(one is not None for one in (self.sso, self.inclination, self.to))

    def target(self, near: Epoch) -> TargetOrbit:
        """The target orbit; InputError that names the option."""
        from offnadir.orbits.launch import (
            inclined_target,
            sun_synchronous_target,
            target_of_elements,
        )
        from offnadir.units import deg, km

        ways = {"--sso": self.sso, "--inclination": self.inclination, "--to": self.to}
        named = [option for option, value in ways.items() if value is not None]
        if len(named) != 1:
            value = MISSING if not named else " ".join(named)
            raise InputError("orbit", value, "one of --sso, --inclination, --to")
        if self.node not in NODES:
            raise InputError("--node", self.node, "descending or ascending")
        if self.raan is not None and (self.inclination is None or not -360 <= self.raan <= 360):
            raise InputError("--raan", self.raan, "from -360 to 360 degrees, with --inclination")
        if self.to is not None and self.altitude is not None:
            raise InputError(
                "--altitude", self.altitude, "left out with --to, which brings its own"
            )
        if self.to is not None:
            return target_of_elements(one_set(self.to, near))
        altitude = 500.0 if self.altitude is None else self.altitude
        if not 120.0 <= altitude <= 50_000.0:
            raise InputError("--altitude", altitude, "from 120 to 50000 km")
        if self.sso is not None:
            if altitude > 5970.0:
                wish = "from 120 to 5970 km for a Sun-synchronous orbit"
                raise InputError("--altitude", altitude, wish)
            return sun_synchronous_target(
                altitude * km, clock(self.sso, "--sso"), near, node=self.node
            )
        assert self.inclination is not None
        if not 0.0 <= self.inclination <= 180.0:
            raise InputError("--inclination", self.inclination, "from 0 to 180 degrees")
        raan_rad = math.nan if self.raan is None else self.raan * deg
        return inclined_target(altitude * km, self.inclination * deg, near, raan_rad=raan_rad)


def refuse_without_orbit(asked: Mapping[str, object]) -> None:
    """InputError for options that mean nothing to --reach: better than to pass them over in silence."""
    for option, value in asked.items():
        wish = "given with an orbit: --sso, --inclination or --to, and without --reach"
        raise InputError(option, str(value), wish)


def clock(text: str, option: str) -> float:
    """Hours of a local time such as 10:30."""
    match = _CLOCK.fullmatch(text)
    hours = float(match[1]) + float(match[2] or 0) / 60.0 if match else math.nan
    if not 0.0 <= hours < 24.0:
        raise InputError(option, text, "a local time such as 10:30")
    return hours


def one_set(text: str, near: Epoch) -> ElementSet:
    """The set nearest in time of the object that FILE[:SAT] means."""
    found = element_sets(text)
    return min(found, key=lambda one: abs(one.epoch - near))


def element_sets(text: str, *, option: str = "--to") -> list[ElementSet]:
    """All sets of the object that FILE[:SAT] means."""
    from offnadir.cli._look_satellites import read_sets
    from offnadir.orbits import select_satellites

    path, name = Path(text), ""
    if not path.exists() and ":" in text:
        before, _, name = text.rpartition(":")
        path = Path(before)
    sets = read_sets([path], near=None)
    if name:
        chosen = {one.norad_id for one in select_satellites(sets, name, field=option)}
    else:
        chosen = {one.norad_id for one in sets}
    if len(chosen) != 1:
        wish = "FILE:SAT, one object of the file by number or name"
        raise InputError(option, text, wish, hint=f"{len(chosen)} objects are meant")
    return [one for one in sets if one.norad_id in chosen]


def ascent(
    duration_min: float, downrange_deg: float, first_azimuth: float | None, first_leg_km: float
) -> Ascent:
    """The ascent, from minutes, degrees and kilometres; InputError that names the option."""
    from offnadir.constants import EARTH_MEAN_RADIUS_M
    from offnadir.orbits.launch import Ascent
    from offnadir.units import deg, km, minute

    leg_rad = first_leg_km * km / EARTH_MEAN_RADIUS_M
    if not 0.0 <= duration_min <= 120.0:
        raise InputError("--ascent", duration_min, "from 0 to 120 minutes")
    if not 0.0 <= downrange_deg <= 180.0:
        raise InputError("--downrange", downrange_deg, "from 0 to 180 degrees")
    if first_azimuth is not None and not 0.0 <= first_azimuth <= 360.0:
        raise InputError("--first-azimuth", first_azimuth, "from 0 to 360 degrees")
    if first_azimuth is not None and not 0.0 <= leg_rad <= downrange_deg * deg:
        most = downrange_deg * deg * EARTH_MEAN_RADIUS_M / km
        raise InputError(
            "--first-leg", first_leg_km, f"from 0 to {most:.0f} km, the whole downrange"
        )
    return Ascent(
        duration_s=duration_min * minute,
        downrange_rad=downrange_deg * deg,
        first_azimuth_rad=None if first_azimuth is None else first_azimuth * deg,
        first_leg_rad=leg_rad,
    )


def days(on: str | None, count: int) -> Span:
    """The days asked for, from 0 h UTC; today if none is named."""
    from datetime import UTC, datetime

    from offnadir.epoch import Epoch, Span

    if not 1 <= count <= 366:
        raise InputError("--days", count, "from 1 to 366")
    text = on or datetime.now(UTC).strftime("%Y-%m-%d")
    if re.fullmatch(r"\d{4}-\d{2}-\d{2}", text.strip()) is None:
        raise InputError("--on", text, "a day such as 2023-11-21")
    start = Epoch.from_utc(text, field="--on")
    return Span(start, start + 86400.0 * count)
