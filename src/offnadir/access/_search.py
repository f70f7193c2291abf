"""Windows of satellites over sites and stations, exact to well under a millisecond."""

from __future__ import annotations

import itertools
import math
import os
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

import numpy as np
from numpy.typing import NDArray

from offnadir._table import Labels, Table
from offnadir.access._constraints import Constraint, HorizonMask, MinElevation
from offnadir.access._encode import encode
from offnadir.access._station import Station
from offnadir.access._tracks import Track, fine_track, sun_track
from offnadir.constants import WGS84_E2
from offnadir.earth import Site, east_north_up
from offnadir.errors import InputError
from offnadir.orbits import Ephemeris, timing_error_s

Array = NDArray[np.float64]
Progress = Callable[[int, int], None]

_CELLS_RAD = (0.05, 0.13)  # how far a satellite moves in a cell of the search
_LONGEST_CELL_S = 1800.0
_LOWEST_M = 100e3  # above the sites: lower satellites are searched the slow way
_ROWS = 8192  # that the kernel fills at a time
_SITES = 4096  # that one task searches
_AHEAD = 4  # tasks handed out per thread before their results are taken
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
        self.r_m = np.array([site.r_itrf_m for site in sites]).reshape(-1, 3)
        self.enu = np.array([east_north_up(s.lat_rad, s.lon_rad) for s in sites]).reshape(-1, 3, 3)
        code: Any = encode(wishes)
        # Many sites share few sets of limits, and each set is thought through once.
        values, group = np.unique(code[1], axis=0, return_inverse=True)
        self.code = (code[0], values, *code[2:])
        self.group = group.reshape(-1).astype(np.int64)
        rho = np.linalg.norm(self.r_m, axis=1)
        self.rho_m = (float(rho.min()), float(rho.max()))


def find_windows(
    ephemerides: Ephemeris | Iterable[Ephemeris],
    sites: Site | Sequence[Site],
    constraints: Sequence[Constraint] = (),
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
    constraints: Sequence[Constraint] = (),
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
    wishes = [[*constraints, *own] for own in site_constraints or [()] * len(places)]
    total = len(ephemerides) if isinstance(ephemerides, Sequence) else 0
    return _stream(ephemerides, places, wishes, progress, total)


def find_contacts(ephemerides: Sequence[Ephemeris], stations: Sequence[Station]) -> Table:
    """Windows in which a ground station sees a satellite, above its least elevation and its mask.

    Columns as in `find_windows`; order: stations, then satellites, then time.
    """
    tables = []
    for station in stations:
        wishes: list[Constraint] = [MinElevation(station.min_elevation_rad)]
        if station.mask_azimuth_rad:
            wishes.append(HorizonMask(station.mask_azimuth_rad, station.mask_elevation_rad))
        tables.append(find_windows(list(ephemerides), [station.site], wishes))
    return Table.concat(tables) if tables else _empty()


def _stream(
    flock: Iterable[Ephemeris],
    sites: list[Site],
    wishes: list[list[Constraint]],
    progress: Progress | None,
    total: int,
) -> Iterator[Table]:
    if not sites:
        return
    names = np.array([site.name for site in sites], dtype=object)
    blocks = [
        Places(sites[first : first + _SITES], wishes[first : first + _SITES], names, first)
        for first in range(0, len(sites), _SITES)
    ]
    threads = os.cpu_count() or 1
    waiting: deque[Future[list[Table]]] = deque()

    def task(ephemeris: Ephemeris, sun: Track) -> list[Table]:
        return [table for block in blocks for table in _search(ephemeris, block, sun)]

    done = 0
    with ThreadPoolExecutor(max_workers=threads) as pool:
        try:
            upcoming = iter(flock)
            while True:
                for ephemeris in itertools.islice(upcoming, threads * _AHEAD - len(waiting)):
                    sun = sun_track(ephemeris.span, ephemeris.orientation)
                    waiting.append(pool.submit(task, ephemeris, sun))
                if not waiting:
                    return
                yield from waiting.popleft().result()
                done += 1
                if progress is not None:
                    progress(done, total)
        finally:
            for future in waiting:
                future.cancel()


def _prepare(ephemeris: Ephemeris, places: Places) -> tuple[Any, Any, Any, Any] | None:
    """The satellite's bounds, its cells and the way to search them; None if nothing is known of it."""
    from offnadir.access import _kernels as kernels  # numba costs half a second: only when needed

    stop_s = ephemeris.span.duration_s
    track = fine_track(ephemeris, ephemeris.span.start)
    v_max, r_low, r_high = kernels.rates(track, stop_s, max(ephemeris.step_s / 12, 20.0))
    if not v_max > 0.0:
        return None
    nadir_rad_s = v_max / r_low / (1.0 - WGS84_E2)
    # Cells of about the size of what a satellite reaches leave few sites in vain and are soon looked through.
    cosine = min(
        kernels.reach(places.code[0], row, *places.rho_m, r_low, r_high) for row in places.code[1]
    )
    reach_rad = math.acos(min(max(cosine, -1.0), 1.0))
    cell_rad = min(max(reach_rad, _CELLS_RAD[0]), _CELLS_RAD[1])
    cell_s = min(cell_rad * r_low / v_max, _LONGEST_CELL_S)
    count = max(math.ceil(stop_s / cell_s), 1)
    units, groups = np.empty((3, count), np.float32), len(places.code[1])
    low, high, turn = np.empty((3, count))
    kernels.cells(track, cell_s, units, low, high, turn)
    cosines = np.empty((groups, count), np.float32)
    kernels.thresholds(places.code, *places.rho_m, low, high, turn, cosines)
    bounds = (v_max, r_low, r_high)
    how, rest = _how(places, bounds, cosines, turn)
    return (track, v_max, nadir_rad_s), (cell_s, units, cosines), how, rest


def _how(places: Places, bounds: tuple[float, float, float], cosines: Any, turn: Array) -> Any:
    """Which of the kernel's ways to take, with its limits, and the wishes that it leaves over."""
    from offnadir.access import _kernels as kernels
    from offnadir.access._margins import ELEVATION, OFF_NADIR

    kinds, values = places.code[:2]
    v_max, r_low, r_high = bounds
    rho_low, rho_high = places.rho_m
    elevations, cones = kinds == ELEVATION, kinds == OFF_NADIR
    floor_rad = values[:, elevations].max(axis=1)
    cone_rad = values[:, cones].min(axis=1, initial=math.pi)
    if (cone_rad > math.asin(min(1.0, rho_high / r_low)) + kernels.PLUMB_RAD).all():
        # From up there the whole Earth lies within the cone.
        cones = cones & False
    left = ~elevations & ~(kinds == OFF_NADIR) | cones
    concave = np.empty(len(values), np.bool_)
    kernels.concave_rows(places.code, v_max, r_low, r_high, cosines, turn, concave)
    if r_low < rho_high + _LOWEST_M:
        mode, left, limits = kernels.MARCH, kinds >= 0, floor_rad
    elif cones.any():
        mode, limits = kernels.CONE, np.cos(cone_rad)
        # At the cone's rim the satellite stands lowest; both verticals are tilted against the radius.
        sine = np.sin(np.minimum(cone_rad + kernels.PLUMB_RAD, math.pi / 2)) * r_high / rho_low
        lowest_rad = np.arccos(np.minimum(sine, 1.0)) - kernels.PLUMB_RAD
        left = ~cones & (~elevations | bool((lowest_rad <= floor_rad).any()))
    else:
        mode, limits = kernels.CONCAVE if concave.all() else kernels.WALK, np.sin(floor_rad)
    bends = kernels.bends(mode, limits, *bounds, *places.rho_m)
    rest = (kinds[left], np.ascontiguousarray(values[:, left]), *places.code[2:])
    return (mode, limits, *bends), rest


def _search(ephemeris: Ephemeris, places: Places, sun: Track) -> Iterator[Table]:
    """The windows of one satellite over a block of places, in tables of bounded size."""
    from offnadir.access import _rows as kernels

    prepared = _prepare(ephemeris, places)
    if prepared is None:
        return
    orbit, grid, how, rest = prepared
    span, n = ephemeris.span, len(places.group)
    here = (places.r_m, places.enu)
    room = min(_ROWS, 64 + n * (1 + int(span.duration_s / 2700.0)))
    doubt = _Doubt(ephemeris)
    for spans, numbers in _stretches(span.duration_s, orbit, grid, how, places, rest, sun, room):
        rows = len(numbers)
        times, cuts = np.empty((3, rows), np.int64), np.empty((2, rows), np.bool_)
        angles, scratch = np.empty((kernels.ANGLES, rows)), np.empty((kernels.SCRATCH, rows))
        out = (times, angles, cuts, span.start.tai_ns)
        kernels.rows(
            span.duration_s, 0.5 * grid[0], spans, numbers, orbit, *here, sun, scratch, out
        )
        index = numbers + places.first
        yield _table(ephemeris, doubt, places.names, index, times, angles, cuts)


def _stretches(
    duration_s: float,
    orbit: Any,
    grid: Any,
    how: Any,
    places: Places,
    rest: Any,
    sun: Track,
    room: int,
) -> Iterator[tuple[Array, NDArray[np.int64]]]:
    """Windows as start, stop, culmination [s] and site; what does not fit gets more room."""
    from offnadir.access import _kernels as kernels  # numba costs half a second: only when needed

    here = (places.r_m, places.enu, places.group)
    site = 0
    spans, numbers = np.empty((3, room)), np.empty(room, np.int64)
    while site < len(places.group):
        at, filled = kernels.passes(
            duration_s, orbit[0], grid, how, *here, site, spans, numbers
        )  # fmt: skip
        if at == site:
            room *= 4
            spans, numbers = np.empty((3, room)), np.empty(room, np.int64)
        site, done = at, 0
        if filled and not len(rest[0]):
            yield spans[:, :filled], numbers[:filled].copy()
            continue
        while done < filled:
            new, new_numbers = np.empty((3, room)), np.empty(room, np.int64)
            at, found = kernels.narrow(
                done, filled, spans, numbers, orbit, *here, rest, sun, new, new_numbers
            )
            room *= 4 if at == done else 1
            done = at
            if found:
                yield new[:, :found], new_numbers[:found]


class _Doubt:
    """Expected timing errors over one ephemeris' span, by straight lines between a few instants."""

    def __init__(self, ephemeris: Ephemeris) -> None:
        span = ephemeris.span
        self.at = np.linspace(span.start.tai_ns, span.stop.tai_ns, _DOUBT_NODES)
        if ephemeris.elements is None:
            self.sigma_s = self.most_s = np.full(_DOUBT_NODES, np.nan)
        else:
            tai_ns = self.at.astype(np.int64)
            self.sigma_s = timing_error_s(ephemeris.elements, tai_ns, share=0.68)
            self.most_s = timing_error_s(ephemeris.elements, tai_ns, share=0.9)

    def columns(self, tai_ns: NDArray[np.int64]) -> tuple[Array, Array]:
        sigma_s, most_s = (np.interp(tai_ns, self.at, v) for v in (self.sigma_s, self.most_s))
        return sigma_s, most_s


def _table(
    ephemeris: Ephemeris,
    doubt: _Doubt,
    names: NDArray[Any],
    index: NDArray[np.int64],
    times: NDArray[np.int64],
    angles: Array,
    cuts: NDArray[np.bool_],
) -> Table:
    """The kernel's rows as named columns."""
    rows = len(index)
    sigma_s, most_s = doubt.columns(times[2])
    return Table(
        {
            "satellite": Labels(np.zeros(rows, np.int32), (ephemeris.satellite,)),
            "norad_id": np.full(rows, ephemeris.norad_id, np.int64),
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
            "timing_sigma_s": sigma_s,
            "timing_90_s": most_s,
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
