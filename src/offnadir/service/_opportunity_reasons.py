"""Why there is no opportunity: which limit stands in the way, by how much, and what would pass."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from offnadir.epoch import Epoch, Span
from offnadir.planning.model import Satellite
from offnadir.service._datetimes import interval_text
from offnadir.service._ephemerides import Ephemerides
from offnadir.service._opportunity_place import Place
from offnadir.service._opportunity_search import Flock, Seen, Windows, find_starts
from offnadir.service._problems import Reason
from offnadir.tasking._order import Looks
from offnadir.units import day, deg

Array = NDArray[np.float64]
_MS_NS: Final = 1_000_000
_LATER_S: Final = 14 * day  # how far beyond the span the next opportunity is looked for
_COARSE, _FINE, _ROUNDS = 17, 33, 4
_CANDIDATES: Final = 4
_INSIDE: Final = 5  # instants of an exposure that are looked at
_TRIES: Final = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class _Limit:
    """One limit of `Looks`: what it bounds, from which side, and how it is told."""

    name: str
    fields: tuple[str, ...]
    what: str
    value: Callable[[Seen], Array]
    upper: bool
    unit: str
    scale: float
    digits: int
    usual: float  # a miss that hurts as much as any other's usual one

    def given(self, looks: Looks) -> bool:
        """Whether the looks have it."""
        return getattr(looks, self.fields[0]) is not None

    def without(self, looks: Looks) -> Looks:
        """The looks without it."""
        none: Any = dict.fromkeys(self.fields)
        return replace(looks, **none)

    def misses(self, seen: Seen, looks: Looks) -> Array:
        """How far beyond the limit, in its own unit; at most 0 where it is met."""
        found, wanted = self.value(seen), getattr(looks, self.fields[0])
        return np.asarray(found - wanted if self.upper else wanted - found, np.float64)


def _incidence(seen: Seen) -> Array:
    return np.asarray(math.pi / 2 - seen.elevation_rad, np.float64)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Sector(_Limit):
    """The azimuth: how far outside of its sector."""

    def misses(self, seen: Seen, looks: Looks) -> Array:
        """Angle [rad] to the nearer end."""
        after, before, inside = _beyond(seen.azimuth_rad, looks)
        return np.where(inside, 0.0, np.minimum(after, before))


def _beyond(azimuth_rad: Array, looks: Looks) -> tuple[Array, Array, NDArray[np.bool_]]:
    first, last = looks.azimuth_from_rad, looks.azimuth_to_rad
    assert first is not None
    assert last is not None
    turn = 2 * math.pi
    inside = (azimuth_rad - first) % turn <= (last - first) % turn
    return (azimuth_rad - last) % turn, (first - azimuth_rad) % turn, inside


def _angle(
    name: str, what: str, value: Callable[[Seen], Array], *, upper: bool, usual_deg: float = 10.0
) -> _Limit:
    return _Limit(
        name=name, fields=(f"{name}_rad",), what=what, value=value, upper=upper, unit="deg",
        scale=deg, digits=2, usual=usual_deg * deg,
    )  # fmt: skip


LIMITS: Final = (
    _angle("max_off_nadir", "off-nadir", lambda seen: seen.off_nadir_rad, upper=True),
    _angle("max_incidence", "incidence", _incidence, upper=True),
    _angle("min_incidence", "incidence", _incidence, upper=False),
    _Sector(
        name="azimuth", fields=("azimuth_from_rad", "azimuth_to_rad"), what="azimuth",
        value=lambda seen: seen.azimuth_rad, upper=True, unit="deg", scale=deg, digits=2,
        usual=30 * deg,
    ),
    _angle("min_sun_elevation", "Sun", lambda seen: seen.sun_elevation_rad, upper=False),
    _angle("max_sun_elevation", "Sun", lambda seen: seen.sun_elevation_rad, upper=True),
    _Limit(
        name="max_gsd", fields=("max_gsd_m",), what="sample distance",
        value=lambda seen: seen.gsd_m, upper=True, unit="m", scale=1.0, digits=3, usual=0.2,
    ),
    _Limit(
        name="min_niirs", fields=("min_niirs",), what="NIIRS",
        value=lambda seen: seen.niirs, upper=False, unit="", scale=1.0, digits=2, usual=0.5,
    ),
)  # fmt: skip


def why_not(
    satellites: Sequence[Satellite], place: Place, span: Span, looks: Looks, kept: Ephemerides
) -> list[Reason]:
    """Reasons for a search that found nothing.

    First the limits that alone stand in the way, each with the value with which the same search would
    find something; then the next opportunity after the span as `datetime`. If neither helps: the limits
    that must all give way at the pass that misses them by the least, or what the satellites and the Sun
    do not allow, whatever is asked for.
    """
    case = _Case(Flock.over(satellites, span, kept), place, looks)
    reasons = [one for limit in LIMITS if limit.given(looks) and (one := _alone(case, limit))]
    later = _later(satellites, place, span, looks, kept)
    reasons += [later] if later else []
    return reasons or _together(case) or _beyond_us(case)


@dataclass(frozen=True, slots=True)
class _Case:
    flock: Flock
    place: Place
    looks: Looks

    def starts(self, looks: Looks, **allowed: bool) -> Windows:
        """As the search finds them."""
        return find_starts(self.flock, self.place, looks, **allowed)

    def worst(
        self, limit: _Limit, looks: Looks, who: NDArray[np.int64], start: NDArray[np.int64]
    ) -> Array:
        """The greatest miss of a limit during the shortest exposures that start then."""
        lasts = np.array([one.sensor.min_duration_s for one in self.flock.satellites])[who]
        steps = np.linspace(0.0, 1.0, _INSIDE)
        at = start[:, None] + np.round(lasts[:, None] * 1e9 * steps).astype(np.int64)
        rate = limit.unit in ("m", "")
        seen = self.flock.see(self.place, who.repeat(_INSIDE), at.ravel(), rate=rate)
        misses = limit.misses(seen, looks).reshape(-1, _INSIDE)
        return np.asarray(np.where(np.isnan(misses), math.inf, misses).max(axis=1), np.float64)


def _nodes(windows: Windows, count: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Instants of windows at even steps, both ends and the best among them, and whose they are."""
    steps = np.arange(count) / (count - 1)
    length = (windows.stop - windows.start)[:, None]
    at = windows.start[:, None] + np.round(length * steps).astype(np.int64)
    at = np.sort(np.column_stack([at, windows.best]), axis=1)
    return windows.who.repeat(count + 1), at.ravel()


def _alone(case: _Case, limit: _Limit) -> Reason | None:
    """The reason if this limit is the only one in the way."""
    found = case.starts(limit.without(case.looks))
    if not len(found):
        return None
    who, at = _nodes(found, _COARSE)
    misses = case.worst(limit, case.looks, who, at).reshape(len(found), -1)
    rows = np.argsort(misses.min(axis=1), kind="stable")[:_CANDIDATES]
    best: tuple[float, int, int] = (math.inf, 0, 0)
    for row in rows.tolist():
        at_row = at.reshape(len(found), -1)[row]
        miss, when = _refined(case, limit, found, row, at_row, misses[row])
        if miss < best[0]:
            best = (miss, int(found.who[row]), when)
    if not math.isfinite(best[0]):
        return None
    return _passing(case, limit, best)


def _refined(
    case: _Case, limit: _Limit, found: Windows, row: int, at: NDArray[np.int64], misses: Array
) -> tuple[float, int]:
    """The least miss in one window, and when: looked at ever closer around the best so far."""
    for _ in range(_ROUNDS):
        k = int(np.argmin(misses))
        low, high = int(at[max(k - 1, 0)]), int(at[min(k + 1, len(at) - 1)])
        if high <= low:
            break
        at = np.unique(np.append(np.linspace(low, high, _FINE).astype(np.int64), at[k]))
        misses = case.worst(limit, case.looks, np.full(len(at), found.who[row]), at)
    k = int(np.argmin(misses))
    return float(misses[k]), int(at[k])


def _passing(case: _Case, limit: _Limit, best: tuple[float, int, int]) -> Reason | None:
    """The reason with a value that passes, seen to pass by the search itself."""
    miss, who, when = best
    step = 10.0**-limit.digits * limit.scale
    for extra in range(_TRIES):
        changed = _changed(case, limit, miss + extra * step, who, when)
        try:
            looks = replace(case.looks, **changed)
        except ValueError:
            return None
        if len(case.starts(looks)):
            return _reason(case, limit, looks, max(miss, 0.0), (who, when))
    return None


def _changed(case: _Case, limit: _Limit, miss: float, who: int, when: int) -> dict[str, Any]:
    """The limit's fields moved by the miss, then outwards to the digits that are told."""
    if isinstance(limit, _Sector):
        seen = case.flock.see(case.place, np.array([who]), np.array([when]), rate=False)
        after, before, _ = _beyond(seen.azimuth_rad, case.looks)
        name, turned = ("azimuth_to_rad", 1) if after[0] <= before[0] else ("azimuth_from_rad", -1)
        wanted = getattr(case.looks, name)
        told = _outwards((wanted + turned * miss) / deg, limit.digits, upper=turned > 0)
        return {name: told % 360.0 * deg}
    (name,) = limit.fields
    wanted = getattr(case.looks, name)
    value = wanted + miss if limit.upper else wanted - miss
    return {name: _outwards(value / limit.scale, limit.digits, upper=limit.upper) * limit.scale}


def _outwards(value: float, digits: int, *, upper: bool) -> float:
    scale = 10.0**digits
    whole = math.ceil(value * scale - 1e-6) if upper else math.floor(value * scale + 1e-6)
    return whole / scale


def _reason(
    case: _Case,
    limit: _Limit,
    looks: Looks,
    miss: float,
    at: tuple[int, int],
    others: Sequence[str] = (),
) -> Reason:
    """In words: "off-nadir 33.2 deg at best, 30 wanted: 3.2 deg over; 33.3 would pass"."""
    wanted, passing = (_shown(limit, one) for one in (case.looks, looks))
    by = miss / limit.scale
    if isinstance(limit, _Sector):
        who, when = (np.array([one]) for one in at)
        seen = case.flock.see(case.place, who, when, rate=False)
        found = float(seen.azimuth_rad[0]) / deg
        side = "outside"
    else:
        found = wanted + by if limit.upper else wanted - by
        side = "over" if limit.upper else "short"
    unit = f" {limit.unit}" if limit.unit else ""
    digits = limit.digits
    more = f" together with {' and '.join(others)}" if others else ""
    words = (
        f"{limit.what} {found:.{digits}f}{unit} at best, {_written(wanted)} wanted: "
        f"{by:.{digits}f}{unit} {side}; {limit.name} {_written(passing)} would pass{more}"
    )
    return Reason(
        constraint=limit.name,
        words=words,
        wanted=wanted,
        found=round(found, digits + 2),
        by=round(by, digits + 2),
        unit=limit.unit or None,
        would_pass=passing,
        together_with=list(others) or None,
    )


def _shown(limit: _Limit, looks: Looks) -> Any:
    values = [round(getattr(looks, name) / limit.scale, 6) for name in limit.fields]
    return values if len(values) > 1 else values[0]


def _written(value: Any) -> str:
    if isinstance(value, list):
        return " to ".join(f"{one:g}" for one in value)
    return f"{value:g}"


def _later(
    satellites: Sequence[Satellite], place: Place, span: Span, looks: Looks, kept: Ephemerides
) -> Reason | None:
    """When the next opportunity comes, if that is within two weeks after the span."""
    after = Span(span.stop, span.stop + _LATER_S)
    found = find_starts(Flock.over(satellites, after, kept), place, looks)
    if not len(found):
        return None
    row = int(np.argmin(found.start))
    start, stop = Epoch(int(found.start[row])), Epoch(int(found.stop[row]))
    taker = satellites[int(found.who[row])]
    over = stop + taker.sensor.min_duration_s  # the last exposure ends within it, too
    days = (start - span.stop) / day
    words = f"the next opportunity is {taker.name} at {start.utc(0)}, {days:.2f} d after the interval's end"
    return Reason(
        constraint="datetime",
        words=words,
        wanted=interval_text(span.start.tai_ns, span.stop.tai_ns),
        found=interval_text(start.tai_ns, stop.tai_ns),
        by=round(days, 4),
        unit="d",
        would_pass=interval_text(span.start.tai_ns, over.tai_ns + _MS_NS),
    )


def _together(case: _Case) -> list[Reason]:
    """Limits that must all give way, at the pass and instant where they are missed by the least."""
    limits = [limit for limit in LIMITS if limit.given(case.looks)]
    loose = case.looks
    for limit in limits:
        loose = limit.without(loose)
    found = case.starts(loose)
    if not limits or not len(found):
        return []
    who, at = _nodes(found, 2 * _COARSE)
    misses = np.array([case.worst(limit, case.looks, who, at) for limit in limits])
    weighed = sum(
        np.maximum(one, 0.0) / limit.usual for one, limit in zip(misses, limits, strict=True)
    )
    best = int(np.argmin(weighed))
    missed = [
        (limit, float(miss))
        for limit, miss in zip(limits, misses[:, best], strict=True)
        if miss > 0.0
    ]
    spot = (int(who[best]), int(at[best]))
    if not all(math.isfinite(miss) for _, miss in missed):
        return []
    for extra in range(_TRIES):
        looks = case.looks
        try:
            for limit, miss in missed:
                step = 10.0**-limit.digits * limit.scale
                looks = replace(looks, **_changed(case, limit, miss + extra * step, *spot))
        except ValueError:
            return []
        if len(case.starts(looks)):
            names = [limit.name for limit, _ in missed]
            return [
                _reason(case, limit, looks, miss, spot, [one for one in names if one != limit.name])
                for limit, miss in missed
            ]
    return []


def _beyond_us(case: _Case) -> list[Reason]:
    """What no wish can change: the satellites' own limits, the night, the orbits."""
    loose = case.looks
    for limit in LIMITS:
        loose = limit.without(loose)
    found = case.starts(loose, own=False)
    if len(found):
        seen = case.flock.see(case.place, found.who, found.best, rate=False)
        own = np.array([one.max_off_nadir_rad for one in case.flock.satellites])[found.who]
        row = int(np.argmin(seen.off_nadir_rad - own))
        reached, most = float(seen.off_nadir_rad[row]) / deg, float(own[row]) / deg
        name = case.flock.satellites[int(found.who[row])].name
        words = (
            f"off-nadir {reached:.1f} deg at best, and {name} turns to {most:g} deg at most: "
            "no satellite reaches the place in daylight within the interval"
        )
        return [
            Reason(
                constraint="satellite_off_nadir",
                words=words,
                wanted=round(most, 4),
                found=round(reached, 4),
                by=round(reached - most, 4),
                unit="deg",
            )
        ]
    if len(dark := case.starts(loose, day=False)):
        seen = case.flock.see(case.place, dark.who, dark.best, rate=False)
        highest = float(seen.sun_elevation_rad.max()) / deg
        words = f"satellites pass at night only: the Sun stands {highest:.1f} deg high at best"
        return [
            Reason(
                constraint="daylight", words=words, wanted=0.0, found=round(highest, 4),
                by=round(-highest, 4), unit="deg",
            )
        ]  # fmt: skip
    words = "no satellite comes above the place's horizon in daylight within the interval"
    return [Reason(constraint="orbit", words=words)]
