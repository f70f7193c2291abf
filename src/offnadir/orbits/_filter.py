"""Choosing among many objects: by name pattern, number, kind of orbit, height, inclination and age."""

from __future__ import annotations

import fnmatch
import math
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Final

from offnadir.constants import GM_EARTH_M3_S2, WGS84_A_M
from offnadir.epoch import Epoch
from offnadir.errors import InputError
from offnadir.orbits._elements import ElementSet
from offnadir.orbits._select import nearest_sets
from offnadir.units import day, deg, km

ORBIT_KINDS: Final = ("leo", "meo", "geo", "heo", "sso")

_J2: Final = 1.082_616e-3  # WGS-72, which element sets are made with; Hoots and Roehrich 1980
_SUN_RAD_S: Final = 360 * deg / (365.242_190 * day)  # the mean Sun, once around in a tropical year
# The local time of the node then drifts by 2.4 h a year at most: so do those that have sunk a little.
_SSO_SLACK_RAD_S: Final = 0.1 * deg / day
_LEO_M: Final = 2000 * km
_GEO_REV_DAY: Final = (0.99, 1.01)
_HEO_ECCENTRICITY: Final = 0.25


@dataclass(frozen=True, slots=True, kw_only=True)
class ElementFilter:
    """Which objects of many are wanted; all that is given must hold.

    `names` are patterns with * ? [], any of which matches any name that the object bears in the element
    sets, case aside. `norad_ranges` are inclusive. `orbits` are of `ORBIT_KINDS`, one of which must fit
    (see `orbit_kinds`). The whole orbit, by its mean elements, must lie within `altitude_m`, heights above
    the equatorial radius. `max_age_s` bounds the distance of the chosen set's epoch from `near`.
    """

    names: tuple[str, ...] = ()
    norad_ranges: tuple[tuple[int, int], ...] = ()
    norad_ids: frozenset[int] | None = None
    orbits: tuple[str, ...] = ()
    inclination_rad: tuple[float, float] = (0.0, math.pi)
    altitude_m: tuple[float, float] = (-math.inf, math.inf)
    max_age_s: float = math.inf

    def __post_init__(self) -> None:
        for kind in self.orbits:
            if kind not in ORBIT_KINDS:
                raise InputError("orbits", kind, "one of " + ", ".join(ORBIT_KINDS))
        for field in ("inclination_rad", "altitude_m"):
            low, high = getattr(self, field)
            if not low <= high:
                raise InputError(field, (low, high), "two numbers, the lower one first")
        for low, high in self.norad_ranges:
            if not 0 <= low <= high:
                raise InputError("norad_ranges", (low, high), "two numbers, the lower one first")
        if not self.max_age_s >= 0:
            raise InputError("max_age_s", self.max_age_s, "0 or above")


@dataclass(frozen=True, slots=True, kw_only=True)
class Filtered:
    """One set an object that passed, and how many objects were left after each criterion that was given.

    `left` begins with ("", number of objects before any criterion).
    """

    elements: tuple[ElementSet, ...]
    left: tuple[tuple[str, int], ...]


def filter_elements(
    elements: Iterable[ElementSet], wanted: ElementFilter, *, near: Epoch | None = None
) -> Filtered:
    """The objects that pass, each with its set nearest to `near` (the youngest if that is None).

    Objects keep the order in which they first appear. The age is only bounded if `near` is given.
    """
    sets = tuple(elements)
    named = {one.norad_id for one in sets if _is_named(one.name, wanted.names)}
    chosen = nearest_sets(sets, near=near)
    left = [("", len(chosen))]
    for field, passes in _criteria(wanted, named, near):
        chosen = tuple(one for one in chosen if passes(one))
        left.append((field, len(chosen)))
    return Filtered(elements=chosen, left=tuple(left))


def _criteria(
    wanted: ElementFilter, named: set[int], near: Epoch | None
) -> Iterator[tuple[str, Callable[[ElementSet], bool]]]:
    """Each criterion that was given, by the name of its field."""
    if wanted.names:
        yield "names", lambda one: one.norad_id in named
    if wanted.norad_ranges:
        ranges = wanted.norad_ranges
        yield "norad_ranges", lambda one: any(a <= one.norad_id <= b for a, b in ranges)
    if wanted.norad_ids is not None:
        ids = wanted.norad_ids
        yield "norad_ids", lambda one: one.norad_id in ids
    if wanted.orbits:
        kinds = set(wanted.orbits)
        yield "orbits", lambda one: not kinds.isdisjoint(orbit_kinds(one))
    low_rad, high_rad = wanted.inclination_rad
    if (low_rad, high_rad) != (0.0, math.pi):
        yield "inclination_rad", lambda one: low_rad <= one.inclination_rad <= high_rad
    low_m, high_m = wanted.altitude_m
    if (low_m, high_m) != (-math.inf, math.inf):
        yield "altitude_m", lambda one: low_m <= heights_m(one)[0] and heights_m(one)[1] <= high_m
    if near is not None and wanted.max_age_s < math.inf:
        yield "max_age_s", lambda one: abs(near - one.epoch) <= wanted.max_age_s


def _is_named(name: str, patterns: tuple[str, ...]) -> bool:
    folded = name.casefold()
    return any(fnmatch.fnmatchcase(folded, pattern.casefold()) for pattern in patterns)


def heights_m(elements: ElementSet) -> tuple[float, float]:
    """Perigee and apogee [m] above the equatorial radius, by the mean elements (good to some 10 km)."""
    axis_m = math.cbrt(GM_EARTH_M3_S2 / elements.mean_motion_rad_s**2)
    e = elements.eccentricity
    return axis_m * (1 - e) - WGS84_A_M, axis_m * (1 + e) - WGS84_A_M


def node_rate_rad_s(elements: ElementSet) -> float:
    """Mean rate [rad/s] at which J2 turns the orbit's node eastward; Vallado, 4th ed., equation 9-37."""
    axis_m = math.cbrt(GM_EARTH_M3_S2 / elements.mean_motion_rad_s**2)
    p_m = axis_m * (1 - elements.eccentricity**2)
    flattening = _J2 * (WGS84_A_M / p_m) ** 2
    return -1.5 * elements.mean_motion_rad_s * flattening * math.cos(elements.inclination_rad)


def orbit_kinds(elements: ElementSet) -> frozenset[str]:
    """The kinds of orbit that an element set belongs to, of `ORBIT_KINDS`.

    `heo`: eccentricity of 0.25 or more. The others are rounder: `leo`: mean height below 2000 km; `geo`:
    0.99 to 1.01 revolutions a day, at any inclination; `meo`: between the two. `sso`: a `leo` whose
    node keeps up with the mean Sun within 0.1 degrees a day. Slower than `geo` and round is none.
    """
    if elements.eccentricity >= _HEO_ECCENTRICITY:
        return frozenset({"heo"})
    perigee_m, apogee_m = heights_m(elements)
    if (perigee_m + apogee_m) / 2 < _LEO_M:
        drift_rad_s = node_rate_rad_s(elements) - _SUN_RAD_S
        return frozenset({"leo", "sso"} if abs(drift_rad_s) <= _SSO_SLACK_RAD_S else {"leo"})
    rev_day = elements.mean_motion_rad_s * day / (2 * math.pi)
    if rev_day > _GEO_REV_DAY[1]:
        return frozenset({"meo"})
    return frozenset({"geo"} if rev_day >= _GEO_REV_DAY[0] else ())
