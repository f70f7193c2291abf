"""Satellites over one span, made ready to be asked about one place after another."""

from __future__ import annotations

import math
import threading
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from offnadir.access._constraints import Constraint
from offnadir.access._search import Places, _figures, _Flock, _stretches, is_narrowed, prepare
from offnadir.access._tracks import sun_track
from offnadir.constants import WGS84_A_M, WGS84_B_M, WGS84_E2
from offnadir.earth import Site, SunTable
from offnadir.orbits import Ephemeris

Array = NDArray[np.float64]
Times = NDArray[np.int64]
#: Satellites, by their numbers, under the limits that hold for them.
Groups = Mapping[tuple[Constraint, ...], Sequence[int]]
_MOST_PLANS: Final = 8
_Key = tuple[float, tuple[tuple[tuple[Constraint, ...], tuple[int, ...]], ...]]


@dataclass(frozen=True, slots=True)
class _Part:
    """Satellites that are searched in one go, and all of it that the place does not change."""

    numbers: NDArray[np.int64]
    flock: _Flock
    ways: tuple[Any, ...]
    left: NDArray[np.bool_]
    limits: Places

    @property
    def nbytes(self) -> int:
        """Of what it keeps."""
        return int(self.flock.tracks[0].nbytes + sum(one.nbytes for one in self.ways))


class Lookout:
    """What of a search depends on the satellites and the span alone is kept; so are the last sets of limits.

    `ephemerides` share their span and orientation; `sun` holds the span. The windows are those of
    `find_windows`, to its accuracy. Threads may ask at once.
    """

    def __init__(self, ephemerides: Sequence[Ephemeris], sun: SunTable) -> None:
        self._ephemerides = list(ephemerides)
        self._whole = _Flock.of(self._ephemerides)
        self._sun = sun_track(ephemerides[0].span, ephemerides[0].orientation)
        self._sun_table = (sun.r_itrf_m, sun.first.tai_ns, sun.step_s)
        self._plans: OrderedDict[_Key, tuple[_Part, ...]] = OrderedDict()
        self._lock = threading.Lock()

    @property
    def nbytes(self) -> int:
        """Of what is kept, about."""
        with self._lock:
            parts = [part for plan in self._plans.values() for part in plan]
        return self._whole.tracks[0].nbytes + sum(part.nbytes for part in parts)

    def windows(self, site: Site, groups: Groups) -> tuple[NDArray[np.int64], Times, Array]:
        """Every stretch of time in which a satellite sees the place and its limits hold.

        Returns the satellites' numbers (n,), times (3, n) TAI ns: start, stop, and the instant of least
        off-nadir, and the error of the times [s] (n,) that 90 % of cases keep to. Rows come satellite by
        satellite, then by time.
        """
        who, times, doubts = [np.empty(0, np.int64)], [np.empty((3, 0), np.int64)], [np.empty(0)]
        r_m, enu = _axes(site)
        plan = self._plan(site.alt_m, groups)
        for part in plan:
            here = part.limits.moved(r_m, enu)
            for found, filled in _stretches(part.flock, part.ways, part.left, here, self._sun):
                at, _, _, doubt_s = _figures(
                    part.flock, part.ways[0], here, self._sun, found, filled
                )
                who.append(part.numbers[found[2][:filled]])
                times.append(at)
                doubts.append(doubt_s[1])
        if len(who) == 2:
            return who[1], times[1], doubts[1]
        numbers = np.concatenate(who)
        order = np.argsort(numbers, kind="stable")
        return (
            numbers[order],
            np.concatenate(times, axis=1)[:, order],
            np.concatenate(doubts)[order],
        )

    def looks(self, site: Site, who: NDArray[np.int64], tai_ns: Times) -> Array:
        """Off-nadir, elevation, azimuth [rad], range [m], the Sun's elevation and azimuth [rad]: (6, n).

        As `geometry.look_angles` and `SunTable.angles_rad` tell them; NaN where nothing is known.
        """
        from offnadir.access import _look_kernels  # numba costs half a second: only when needed

        out = np.empty((6, len(who)))
        r_m, enu = _axes(site)
        _look_kernels.looks(
            who, tai_ns, self._whole.span.start.tai_ns, self._whole.tracks, r_m[0], enu[0],
            self._sun_table, out,
        )  # fmt: skip
        return out

    def _plan(self, alt_m: float, groups: Groups) -> tuple[_Part, ...]:
        key = (alt_m, tuple((limits, tuple(numbers)) for limits, numbers in groups.items()))
        with self._lock:
            found = self._plans.get(key)
            if found is not None:
                self._plans.move_to_end(key)
                return found
        parts = [self._part(alt_m, limits, numbers) for limits, numbers in key[1]]
        if len(parts) > 1 and _alike(parts):
            parts = [self._joined(parts)]
        with self._lock:
            self._plans[key] = tuple(parts)
            while len(self._plans) > _MOST_PLANS:
                self._plans.popitem(last=False)
        return tuple(parts)

    def _of(self, numbers: Sequence[int]) -> _Flock:
        if list(numbers) == list(range(len(self._ephemerides))):
            return self._whole
        return _Flock.of([self._ephemerides[number] for number in numbers])

    def _part(self, alt_m: float, limits: Sequence[Constraint], numbers: Sequence[int]) -> _Part:
        flock = self._of(numbers)
        # Whatever the latitude: where a place lies decides too little to think it all through again.
        places = Places.alike(np.zeros((1, 3)), np.zeros((1, 3, 3)), limits)
        rho_m = (WGS84_B_M + alt_m, WGS84_A_M + alt_m)
        ways, left = prepare(flock, places.code, rho_m)
        return _Part(np.array(numbers, np.int64), flock, ways, left, places)

    def _joined(self, parts: Sequence[_Part]) -> _Part:
        """Several parts as one, satellite by satellite; they must be alike."""
        numbers = np.concatenate([part.numbers for part in parts])
        order = np.argsort(numbers, kind="stable")
        facts, limits = (np.concatenate([part.ways[k] for part in parts])[order] for k in (0, 4))
        cells = [
            (part.ways[2][:, a:b], part.ways[3][:, a:b])
            for part in parts
            for a, b in zip(part.ways[1][:-1], part.ways[1][1:], strict=True)
        ]
        units, cosines = (np.concatenate([cells[row][k] for row in order], axis=1) for k in (0, 1))
        begin = np.cumsum([0, *(cells[row][0].shape[1] for row in order)])
        left = np.concatenate([part.left for part in parts])[order]
        ways = (facts, begin, units, cosines, limits)
        return _Part(numbers[order], self._of(numbers[order].tolist()), ways, left, parts[0].limits)


def _alike(parts: Sequence[_Part]) -> bool:
    """Whether nothing but the Sun, under the same limits, is looked at after the passes."""
    kinds, sun = parts[0].limits.code[0], parts[0].limits.sun
    return all(
        np.array_equal(part.limits.code[0], kinds)
        and np.array_equal(part.limits.sun, sun)
        and not is_narrowed(part.left, kinds)
        for part in parts
    )


def _axes(site: Site) -> tuple[Array, Array]:
    """ITRF position [m] (1, 3) of a place, and its east, north and up (1, 3, 3)."""
    sin_lat, cos_lat = math.sin(site.lat_rad), math.cos(site.lat_rad)
    sin_lon, cos_lon = math.sin(site.lon_rad), math.cos(site.lon_rad)
    prime_m = WGS84_A_M / math.sqrt(1.0 - WGS84_E2 * sin_lat**2)
    across = (prime_m + site.alt_m) * cos_lat
    polar = (prime_m * (1.0 - WGS84_E2) + site.alt_m) * sin_lat
    enu = (
        (-sin_lon, cos_lon, 0.0),
        (-sin_lat * cos_lon, -sin_lat * sin_lon, cos_lat),
        (cos_lat * cos_lon, cos_lat * sin_lon, sin_lat),
    )
    return np.array([(across * cos_lon, across * sin_lon, polar)]), np.array([enu])
