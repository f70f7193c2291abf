"""Windows of satellites over sites and stations, exact to well under a millisecond."""

from __future__ import annotations

import copy
import itertools
import os
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from offnadir._table import Labels, Table
from offnadir.access._constraints import Constraint, HorizonMask, MinElevation
from offnadir.access._encode import encode, sun_between
from offnadir.access._station import Station
from offnadir.access._tracks import Track, sun_track
from offnadir.access._ways import choose
from offnadir.earth import EarthOrientation, Site, east_north_up
from offnadir.epoch import Span
from offnadir.errors import InputError
from offnadir.orbits import Ephemeris, timing_errors_s

Array = NDArray[np.float64]
Progress = Callable[[int, int], None]
Found = tuple[NDArray[np.int64], Table]  # whose rows they are, and the rows

_CELLS_RAD = (0.05, 0.13)  # how far a satellite moves in a cell of the search
_LOWEST_M = 100e3  # above the sites: lower satellites are searched the slow way
_ROWS = 8192  # of a table, at most
_SITES = 4096  # that one task searches
_TASK_ROWS, _MOST_TASK_ROWS = 4000, 16000  # that the first task is to find, and later ones
_TASK_SATELLITES = 32  # that one task searches at most
_AHEAD = 4  # tasks handed out per thread before their results are taken
_GIVE_WAY_S = 1e-5
_DOUBT_NODES = 9
_TIMES = ("start", "stop", "best")
_COLUMNS = (
    "satellite", "norad_id", "site", "site_index", "start", "stop", "best", "max_elevation_rad",
    "off_nadir_rad", "elevation_rad", "azimuth_rad", "range_m", "sun_elevation_rad",
    "sun_azimuth_rad", "cut_start", "cut_stop", "timing_sigma_s", "timing_90_s",
)  # fmt: skip


class Places:
    """A block of sites and their constraints as the kernel wants them; made once for many satellites.

    `names` are those of all sites, of which the block's begin at `first`.
    """

    def __init__(
        self,
        sites: Sequence[Site],
        wishes: list[list[Constraint]],
        names: NDArray[Any],
        first: int = 0,
    ) -> None:
        self.names, self.first = names, first
        r_m = np.array([site.r_itrf_m for site in sites]).reshape(-1, 3)
        enu = np.array([east_north_up(s.lat_rad, s.lon_rad) for s in sites]).reshape(-1, 3, 3)
        self._set(r_m, enu, encode(wishes))

    @classmethod
    def alike(cls, r_m: Array, enu: Array, constraints: Sequence[Constraint]) -> Places:
        """Nameless places (n, 3) [m] with their east, north and up (n, 3, 3), all under the same limits."""
        places = cls.__new__(cls)
        places.names, places.first = np.empty(0, dtype=object), 0
        places._set(r_m, enu, encode([list(constraints)]))
        places.group = np.zeros(len(r_m), np.int64)
        return places

    def moved(self, r_m: Array, enu: Array) -> Places:
        """As many other places under the same limits; `rho_m` stays what it was."""
        places = copy.copy(self)
        places.r_m, places.enu = r_m, enu
        return places

    def _set(self, r_m: Array, enu: Array, code: Any) -> None:
        self.r_m, self.enu = r_m, enu
        # Many sites share few sets of limits, and each set is thought through once.
        values, group = np.unique(code[1], axis=0, return_inverse=True)
        self.code = (code[0], values, *code[2:])
        self.group = group.reshape(-1).astype(np.int64)
        self.sun = sun_between(self.code)
        rho = np.linalg.norm(self.r_m, axis=1)
        self.rho_m = (float(rho.min()), float(rho.max()))


def find_windows(
    ephemerides: Ephemeris | Iterable[Ephemeris],
    sites: Site | Sequence[Site],
    constraints: Constraint | Sequence[Constraint] = (),
    *,
    site_constraints: Sequence[Sequence[Constraint]] = (),
    progress: Progress | None = None,
) -> Table:
    """Every stretch of time in which a satellite sees a site and all constraints hold.

    `constraints` hold for all sites, `site_constraints[i]` also for site i; its kinds must be the
    same for every site. A satellite below the horizon never sees a site, whatever the constraints.
    Windows of over 1 ms are never missed. Rows come in the order of the ephemerides, then of the
    sites, then of time.

    Columns: `satellite`, `norad_id`, `site`, `site_index`; `start`, `stop`, `best` (TAI ns; best is where
    off-nadir is least, to some ms); `max_elevation_rad` over the window; and at `best`: `off_nadir_rad`
    (from geodetic nadir, at the satellite), `elevation_rad`, `azimuth_rad` (from the site to the
    satellite, clockwise from north), `range_m`, `sun_elevation_rad`, `sun_azimuth_rad`; `cut_start`,
    `cut_stop`: the window runs on beyond the span; `timing_sigma_s`, `timing_90_s`: the error of the
    window's times to expect from the age of the element set, which 68 and 90 % of cases keep to (NaN
    for an ephemeris that comes from no element set). No refraction, no light time. Instants at which
    SGP4 fails are no part of a window. `progress(done, total)` is called after each satellite.
    """
    flock = [ephemerides] if isinstance(ephemerides, Ephemeris) else ephemerides
    tables = list(
        stream_windows(
            flock, sites, constraints, site_constraints=site_constraints, progress=progress
        )
    )
    return Table.concat(tables) if tables else _empty()


def stream_windows(
    ephemerides: Iterable[Ephemeris],
    sites: Site | Sequence[Site],
    constraints: Constraint | Sequence[Constraint] = (),
    *,
    site_constraints: Sequence[Sequence[Constraint]] = (),
    progress: Progress | None = None,
) -> Iterator[Table]:
    """The same windows in the same order as `find_windows`, as tables of at most 8192 rows.

    Ephemerides are taken one by one as the search goes on, so that a generator that propagates them
    keeps memory small whatever their number; `progress` hears a total only of a sequence, else 0.
    """
    places = [sites] if isinstance(sites, Site) else list(sites)
    if site_constraints and len(site_constraints) != len(places):
        raise InputError(
            "site_constraints", len(site_constraints), f"{len(places)} lists, one a site"
        )
    common = [constraints] if isinstance(constraints, Constraint) else constraints
    wishes = [[*common, *own] for own in site_constraints or [()] * len(places)]
    total = len(ephemerides) if isinstance(ephemerides, Sequence) else 0
    return (table for _, table in _stream(ephemerides, places, wishes, progress, total))


def stream_each(
    ephemerides: Iterable[Ephemeris],
    sites: Sequence[Site],
    constraints: Sequence[Constraint],
    progress: Progress | None,
) -> Iterator[tuple[int, Table]]:
    """The same, cut where satellites change: the ephemeris' number, and some or all of its windows."""
    total = len(ephemerides) if isinstance(ephemerides, Sequence) else 0
    for whose, table in _stream(
        ephemerides, list(sites), [list(constraints)] * len(sites), progress, total
    ):
        cuts = np.flatnonzero(np.diff(whose, prepend=-1, append=-1))
        for first, last in itertools.pairwise(cuts.tolist()):
            yield int(whose[first]), table.take(np.arange(first, last))


def find_contacts(
    ephemerides: Ephemeris | Sequence[Ephemeris], stations: Station | Sequence[Station]
) -> Table:
    """Windows in which a ground station sees a satellite, above its least elevation and its mask.

    Columns as in `find_windows`; order: stations, then satellites, then time.
    """
    flock = [ephemerides] if isinstance(ephemerides, Ephemeris) else list(ephemerides)
    tables = []
    for station in [stations] if isinstance(stations, Station) else stations:
        wishes: list[Constraint] = [MinElevation(station.min_elevation_rad)]
        if station.mask_azimuth_rad:
            wishes.append(HorizonMask(station.mask_azimuth_rad, station.mask_elevation_rad))
        tables.append(find_windows(flock, [station.site], wishes))
    return Table.concat(tables) if tables else _empty()


@dataclass(frozen=True, slots=True)
class _Flock:
    """Satellites that are searched together, over one span, in numbers for the kernels."""

    ephemerides: list[Ephemeris]
    span: Span
    tracks: tuple[Array, NDArray[np.int64], Array]
    doubt_s: Array  # (satellites, 2, nodes): what 68 and 90 % of cases keep to

    @classmethod
    def of(cls, ephemerides: list[Ephemeris]) -> _Flock:
        span = ephemerides[0].span
        pieces = [one.coefficients for one in ephemerides]
        begin = np.cumsum([0, *map(len, pieces)])
        clock = np.array([(one.first - span.start, one.step_s) for one in ephemerides])
        doubt_s = np.full((len(ephemerides), 2, _DOUBT_NODES), np.nan)
        known = [i for i, one in enumerate(ephemerides) if one.elements is not None]
        sets = [one.elements for one in ephemerides if one.elements is not None]
        at_ns = np.linspace(span.start.tai_ns, span.stop.tai_ns, _DOUBT_NODES).astype(np.int64)
        if sets:
            for k, share in enumerate((0.68, 0.9)):
                doubt_s[known, k] = timing_errors_s(sets, at_ns, share=share)
        return cls(ephemerides, span, (np.concatenate(pieces), begin, clock), doubt_s)


def _stream(
    ephemerides: Iterable[Ephemeris],
    sites: list[Site],
    wishes: list[list[Constraint]],
    progress: Progress | None,
    total: int,
) -> Iterator[tuple[NDArray[np.int64], Table]]:
    """Tables, and the number of each row's ephemeris."""
    if not sites:
        return
    names = np.array([site.name for site in sites], dtype=object)
    blocks = [
        Places(sites[first : first + _SITES], wishes[first : first + _SITES], names, first)
        for first in range(0, len(sites), _SITES)
    ]
    waiting: deque[tuple[int, Future[list[Found]]]] = deque()

    def task(several: list[Ephemeris], sun: Track) -> list[Found]:
        flock = _Flock.of(several)
        return [found for block in blocks for found in _search(flock, block, sun)]

    upcoming = _batches(ephemerides, len(sites), waiting)
    first = next(upcoming, [])
    results: Iterable[tuple[int, list[Found]]]
    if first and len(first) == total:  # one task: to start a thread for it takes longer than most
        results = [(total, task(first, _sun(first)))]
    else:
        results = _side_by_side(itertools.chain([first], upcoming), task, waiting)
    done = 0
    for count, tables in results:
        for whose, table in tables:
            yield whose + done, table
        for _ in range(count):
            done += 1
            if progress is not None:
                progress(done, total)


def _side_by_side(
    upcoming: Iterator[list[Ephemeris]],
    task: Callable[[list[Ephemeris], Track], list[Found]],
    waiting: deque[tuple[int, Future[list[Found]]]],
) -> Iterator[tuple[int, list[Found]]]:
    """Tasks done in threads, in order: of how many ephemerides each was, and what it found."""
    threads = os.cpu_count() or 1
    with ThreadPoolExecutor(max_workers=threads) as pool:
        try:
            while True:
                while len(waiting) < threads * _AHEAD:
                    several = next(upcoming, None)
                    if not several:
                        break
                    waiting.append((len(several), pool.submit(task, several, _sun(several))))
                if not waiting:
                    return
                count, future = waiting.popleft()
                yield count, future.result()
        finally:
            for _, future in waiting:
                future.cancel()


def _sun(several: Sequence[Ephemeris]) -> Track:
    return sun_track(several[0].span, several[0].orientation)


def _batches(
    ephemerides: Iterable[Ephemeris], sites: int, waiting: Iterable[tuple[int, Future[Any]]]
) -> Iterator[list[Ephemeris]]:
    """Satellites that follow each other and share a span, as many as make a task worth its while."""
    several: list[Ephemeris] = []
    wanted = _TASK_ROWS  # few at first, so that no thread waits long for work
    for one in ephemerides:
        if several and _world(one) != _world(several[0]):
            yield several
            several = []
        several.append(one)
        expected = len(several) * sites * one.span.duration_s / 20000.0
        if expected >= wanted or len(several) == _TASK_SATELLITES or sites > _SITES:
            yield several
            several, wanted = [], min(wanted + 1000, _MOST_TASK_ROWS)
        if any(not future.done() for _, future in waiting):
            # Propagation keeps the interpreter to itself; tasks need it for a moment between kernels.
            time.sleep(_GIVE_WAY_S)
    if several:
        yield several


def _world(one: Ephemeris) -> tuple[Span, EarthOrientation]:
    return one.span, one.orientation


def _search(flock: _Flock, places: Places, sun: Track) -> Iterator[Found]:
    """The windows of some satellites over a block of places, in tables of bounded size."""
    ways, left = prepare(flock, places.code, places.rho_m)
    for stretches, filled in _stretches(flock, ways, left, places, sun):
        yield _rows(flock, ways[0], places, sun, stretches, filled)


def prepare(
    flock: _Flock, code: Any, rho_m: tuple[float, float]
) -> tuple[tuple[Any, ...], NDArray[np.bool_]]:
    """How satellites are searched for places of these radii [m]: for `passes`, and what is left over."""
    from offnadir.access import _cells  # numba costs half a second: only when needed

    facts, *grid = _cells.survey(flock.tracks, flock.span.duration_s, code, *rho_m, *_CELLS_RAD)
    limits, left = choose(code, facts, rho_m, _LOWEST_M)
    return (facts, *grid, limits), left


def _rows(
    flock: _Flock, facts: Array, places: Places, sun: Track, stretches: Any, filled: int
) -> Found:
    """The first `filled` stretches as rows of the table."""
    times, angles, cuts, doubts = _figures(flock, facts, places, sun, stretches, filled)
    index, whose = stretches[1][:filled] + places.first, stretches[2][:filled].copy()
    return whose, _table(flock, whose, places.names, index, times, angles, cuts, doubts)


def _figures(
    flock: _Flock, facts: Array, places: Places, sun: Track, stretches: Any, filled: int
) -> tuple[NDArray[np.int64], Array, NDArray[np.bool_], Array]:
    """Times [TAI ns] (3, n), angles (7, n), cuts (2, n) and doubts [s] (2, n) of the stretches."""
    from offnadir.access import _rows as kernels

    here, known = (places.r_m, places.enu), np.full((2, filled), np.nan)
    if np.isnan(stretches[0][2, :filled]).any():
        from offnadir.access import _long

        _long.scan(filled, stretches, flock.tracks, facts, *here, known)
    times, cuts = np.empty((3, filled), np.int64), np.empty((2, filled), np.bool_)
    angles, doubts = np.empty((kernels.ANGLES, filled)), np.empty((2, filled))
    out = (times, angles, cuts, doubts, flock.span.start.tai_ns)
    kernels.rows(
        filled,
        flock.span.duration_s,
        stretches,
        flock.tracks,
        *here,
        sun,
        flock.doubt_s,
        known,
        out,
    )
    return times, angles, cuts, doubts


def _stretches(
    flock: _Flock, ways: tuple[Any, ...], left: NDArray[np.bool_], places: Places, sun: Track
) -> Iterator[tuple[Any, int]]:
    """Windows as (start, stop, culmination [s]; site; satellite), and how many there are.

    What does not fit gets more room.
    """
    from offnadir.access import _kernels  # numba costs half a second: only when needed

    here = (places.r_m, places.enu, places.group)
    expected = len(flock.ephemerides) * len(places.group) * (1 + flock.span.duration_s / 2700.0)
    room = most = min(_ROWS, 64 + int(expected))
    out, satellite, site = _room(room), 0, 0
    while satellite < len(flock.ephemerides):
        *at, filled = _kernels.passes(
            flock.span.duration_s,
            flock.tracks,
            ways,
            *here,
            sun,
            places.sun,
            (satellite, site),
            out,
        )
        if not filled and at == [satellite, site]:
            room *= 4
            out = _room(room)
        satellite, site = at
        if filled and not left.any():
            yield out, filled
            continue
        done, new_room = 0, most
        while done < filled:
            new = _room(new_room)
            then, found = _narrow(done, filled, out, flock, ways[0], places, left, sun, new)
            new_room *= 4 if then == done else 1
            done = then
            if found:
                yield new, found


def _narrow(
    done: int,
    filled: int,
    out: Any,
    flock: _Flock,
    facts: Array,
    places: Places,
    left: NDArray[np.bool_],
    sun: Track,
    new: Any,
) -> tuple[int, int]:
    """Fill `new` from stretches `done` to `filled`; returns where to go on, and how many were found."""
    from offnadir.access import _kernels

    here = (places.r_m, places.enu, places.group)
    if not is_narrowed(left, places.code[0]):
        at, found = _kernels.lit(done, filled, out, *here, sun, places.sun, new)
        return int(at), int(found)
    from offnadir.access import _march  # takes long to compile

    at, found = _march.narrow(
        done, filled, out, flock.tracks, facts, *here, places.code, left, sun, new
    )
    return int(at), int(found)


def is_narrowed(left: NDArray[np.bool_], kinds: NDArray[np.int64]) -> bool:
    """Whether more than the Sun is left over for `_march`."""
    from offnadir.access._margins import SUN, SUN_BELOW

    return bool((left & (kinds != SUN) & (kinds != SUN_BELOW)).any())


def _room(rows: int) -> tuple[Array, NDArray[np.int64], NDArray[np.int64]]:
    return np.empty((3, rows)), np.empty(rows, np.int64), np.empty(rows, np.int64)


def _table(
    flock: _Flock,
    whose: NDArray[np.int64],
    names: NDArray[Any],
    index: NDArray[np.int64],
    times: NDArray[np.int64],
    angles: Array,
    cuts: NDArray[np.bool_],
    doubts: Array,
) -> Table:
    """The kernel's rows as named columns."""
    satellites = [one.satellite for one in flock.ephemerides]
    numbers = np.array([one.norad_id for one in flock.ephemerides], np.int64)
    return Table(
        {
            "satellite": Labels(whose.astype(np.int32), satellites),
            "norad_id": numbers[whose],
            "site": Labels(index, names),
            "site_index": index,
            "start": times[0],
            "stop": times[1],
            "best": times[2],
            "max_elevation_rad": angles[0],
            "off_nadir_rad": angles[1],
            "elevation_rad": angles[2],
            "azimuth_rad": angles[3],
            "range_m": angles[4],
            "sun_elevation_rad": angles[5],
            "sun_azimuth_rad": angles[6],
            "cut_start": cuts[0],
            "cut_stop": cuts[1],
            "timing_sigma_s": doubts[0],
            "timing_90_s": doubts[1],
        },
        times=_TIMES,
    )


def _empty() -> Table:
    """No windows, with all the columns that some would have."""
    kinds: dict[str, NDArray[Any]] = {name: np.empty(0) for name in _COLUMNS}
    kinds |= {name: np.empty(0, np.int64) for name in ("norad_id", "site_index", *_TIMES)}
    kinds |= {name: np.empty(0, np.bool_) for name in ("cut_start", "cut_stop")}
    kinds |= {name: np.empty(0, dtype=object) for name in ("satellite", "site")}
    return Table(kinds, times=_TIMES)
