"""Crosslinks: when two satellites see each other past the Earth."""

from __future__ import annotations

import math
import os
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from offnadir._table import Labels, Table
from offnadir.access._tracks import Flight, common_runs, flight
from offnadir.constants import WGS84_A_M, WGS84_B_M
from offnadir.epoch import Epoch
from offnadir.errors import InputError
from offnadir.orbits import Ephemeris
from offnadir.units import km

Array = NDArray[np.float64]
Pairs = NDArray[np.int64]
Progress = Callable[[int, int], None]

_NS = 1_000_000_000
_LOOK_RAD = 0.1  # of the faster satellite's motion, between looks for the least range
_PAIRS = 64  # that one task searches
_FIELDS = 7
_TIMES = ("start", "stop", "best")


def find_crosslinks(
    ephemerides: Sequence[Ephemeris],
    pairs: Sequence[tuple[int, int]] | None = None,
    *,
    clearance_m: float = 100 * km,
    max_range_m: float | None = None,
    progress: Progress | None = None,
) -> Table:
    """Every stretch of time in which the straight line between two satellites clears the Earth.

    The line, both satellites included, must stay above the WGS-84 ellipsoid with both axes longer by
    `clearance_m` (by default 100 km: over the air that bends and absorbs it), and may be at most
    `max_range_m` long. `pairs` are positions in `ephemerides`, by default every two of them. A pair is
    searched where the spans of both meet, and no stretch of over 1 ms is missed. Rows are in the order
    of the pairs, then of time.

    Columns: `satellite_a`, `norad_id_a`, `satellite_b`, `norad_id_b`, `index_a`, `index_b` (positions in
    `ephemerides`); `start`, `stop`, `best` (TAI ns; best is where they are nearest); `range_m` at best;
    `cut_start`, `cut_stop` (the stretch runs on where the spans end or the positions do), `duration_s`. No
    light time, no refraction, no pointing limits. `progress(done, total)` is called after some pairs.
    """
    flock = list(ephemerides)
    if not -WGS84_B_M / 2 < clearance_m < math.inf:
        raise InputError("clearance_m", clearance_m, "a height above the ellipsoid [m]")
    if max_range_m is not None and not max_range_m > 0:
        raise InputError("max_range_m", max_range_m, "above 0")
    chosen = _pairs(pairs, len(flock))
    since = min((ephemeris.span.start for ephemeris in flock), default=Epoch(0))
    wanted = set(chosen.ravel().tolist())
    flights = [flight(e, since) if i in wanted else None for i, e in enumerate(flock)]
    reach_m = math.inf if max_range_m is None else max_range_m
    found = [np.empty((0, _FIELDS))]

    def task(first: int) -> Array:
        return _search(flights, chosen, range(first, min(first + _PAIRS, len(chosen))),
                       clearance_m, reach_m)  # fmt: skip

    done = 0
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        for rows in pool.map(task, range(0, len(chosen), _PAIRS)):
            found.append(rows)
            done = min(done + _PAIRS, len(chosen))
            if progress is not None:
                progress(done, len(chosen))
    return _table(flock, chosen, np.concatenate(found), since)


def _pairs(pairs: Sequence[tuple[int, int]] | None, count: int) -> Pairs:
    """The pairs as an array (n, 2), checked."""
    if pairs is None:
        return np.array(list(combinations(range(count), 2)), np.int64).reshape(-1, 2)
    for number, pair in enumerate(pairs):
        if len(pair) != 2 or pair[0] == pair[1] or not all(one in range(count) for one in pair):
            wish = f"two different numbers from 0 to {count - 1}"
            raise InputError(f"pairs[{number}]", tuple(pair), wish)
    return np.array(list(pairs), np.int64).reshape(-1, 2)


def _search(
    flights: Sequence[Flight | None],
    pairs: Pairs,
    numbers: range,
    clearance_m: float,
    reach_m: float,
) -> Array:
    """Rows of some pairs: number of the pair, start, stop, best [s], range [m], two cuts."""
    from offnadir.access import _between as kernels  # numba costs half a second: only when needed

    axes_m = (WGS84_A_M + clearance_m, WGS84_B_M + clearance_m)
    parts = [np.empty((0, _FIELDS))]
    for number in numbers:
        one, two = (flights[i] for i in pairs[number].tolist())
        if one is None or two is None or min(one.high_m, two.high_m) < axes_m[1]:
            continue
        speeds = (max(one.speed_m_s, two.speed_m_s), one.speed_m_s + two.speed_m_s)
        limits = (*axes_m, reach_m, *speeds)
        look_s = _LOOK_RAD * min(one.low_m / one.speed_m_s, two.low_m / two.speed_m_s)
        for start_s, stop_s in common_runs(one.runs, two.runs):
            found = kernels.links(start_s, stop_s, one.track, two.track, limits, look_s)
            rows = np.empty((len(found), _FIELDS))
            rows[:, 0], rows[:, 1:5] = number, found
            rows[:, 5], rows[:, 6] = found[:, 0] <= start_s, found[:, 1] >= stop_s
            parts.append(rows)
    return np.concatenate(parts)


def _table(flock: Sequence[Ephemeris], pairs: Pairs, rows: Array, since: Epoch) -> Table:
    names = np.array([e.satellite for e in flock], dtype=object)
    norad_ids = np.array([e.norad_id for e in flock], np.int64)
    a, b = pairs[rows[:, 0].astype(np.int64)].T
    start, stop, best = since.tai_ns + np.rint(rows[:, 1:4].T * _NS).astype(np.int64)
    return Table(
        {
            "satellite_a": Labels(a, names),
            "norad_id_a": norad_ids[a],
            "satellite_b": Labels(b, names),
            "norad_id_b": norad_ids[b],
            "index_a": a.copy(),
            "index_b": b.copy(),
            "start": start.copy(),
            "stop": stop.copy(),
            "best": best.copy(),
            "range_m": rows[:, 4].copy(),
            "cut_start": rows[:, 5] > 0,
            "cut_stop": rows[:, 6] > 0,
            "duration_s": (stop - start) / _NS,
        },
        times=_TIMES,
    )
