"""Windows of satellites over sites and stations, exact to well under a millisecond."""

from __future__ import annotations

import math
import os
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor

import numpy as np
from numpy.typing import NDArray

from offnadir._table import Table
from offnadir.access._constraints import (
    Constraint,
    HorizonMask,
    MaxOffNadir,
    MaxRange,
    MinElevation,
    SunAbove,
)
from offnadir.access._station import Station
from offnadir.constants import WGS84_E2
from offnadir.earth import Site, SunTable, east_north_up
from offnadir.epoch import Span
from offnadir.errors import InputError
from offnadir.orbits import Ephemeris

Array = NDArray[np.float64]

_Code = tuple[NDArray[np.int64], Array, Array, Array, float, float]

_NS = 1_000_000_000


def find_windows(
    ephemerides: Ephemeris | Sequence[Ephemeris],
    sites: Site | Sequence[Site],
    constraints: Sequence[Constraint] = (),
    *,
    site_constraints: Sequence[Sequence[Constraint]] = (),
    progress: Callable[[int, int], None] | None = None,
) -> Table:
    """Every stretch of time in which a satellite sees a site and all constraints hold.

    `constraints` hold for all sites, `site_constraints[i]` also for site i; its kinds must be the
    same for every site. A satellite below the horizon never sees a site, whatever the constraints.
    Windows of over 1 ms are never missed. Rows come in the order of the ephemerides, then of the
    sites, then of time.

    Columns: `satellite`, `norad_id`, `site`, `site_index`; `start`, `stop`, `best` (TAI ns; best is where
    off-nadir is least); `max_elevation_rad` over the window; and at `best`: `off_nadir_rad` (from
    geodetic nadir, at the satellite), `elevation_rad`, `azimuth_rad` (from the site to the satellite,
    clockwise from north), `range_m`, `sun_elevation_rad`, `sun_azimuth_rad`; `cut_start`, `cut_stop`: the
    window runs on beyond the span. No refraction, no light time. Instants at which SGP4 fails are no
    part of a window. `progress(done, total)` is called after each satellite.
    """
    flock = [ephemerides] if isinstance(ephemerides, Ephemeris) else list(ephemerides)
    places = [sites] if isinstance(sites, Site) else list(sites)
    if site_constraints and len(site_constraints) != len(places):
        raise InputError(
            "site_constraints", len(site_constraints), f"{len(places)} lists, one a site"
        )
    wishes = [[*constraints, *own] for own in site_constraints or [()] * len(places)]
    tables = _per_satellite(flock, places, wishes, progress)
    return (
        Table.concat(tables) if tables else _table([], [], np.empty((0, 10)), np.empty(0, np.int64))
    )


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
    return Table.concat(tables) if tables else find_windows([], [])


def _per_satellite(
    flock: list[Ephemeris],
    places: list[Site],
    wishes: list[list[Constraint]],
    progress: Callable[[int, int], None] | None,
) -> list[Table]:
    if not flock or not places:
        return []
    code = _encode(wishes)
    r_sites = np.array([place.r_itrf_m for place in places]).reshape(-1, 3)
    enus = np.array([east_north_up(p.lat_rad, p.lon_rad) for p in places]).reshape(-1, 3, 3)
    suns: dict[tuple[Span, int], SunTable] = {}
    for ephemeris in flock:
        key = (ephemeris.span, id(ephemeris.orientation))
        if key not in suns:
            suns[key] = SunTable.over(ephemeris.span, ephemeris.orientation)

    def one(ephemeris: Ephemeris) -> Table:
        sun = suns[(ephemeris.span, id(ephemeris.orientation))]
        rows, row_site = _run(ephemeris, r_sites, enus, code, sun)
        return _table([ephemeris], places, rows, row_site)

    tables: list[Table] = []
    with ThreadPoolExecutor(max_workers=os.cpu_count() or 1) as pool:
        for done, table in enumerate(pool.map(one, flock), 1):
            tables.append(table)
            if progress is not None:
                progress(done, len(flock))
    return tables


def _encode(wishes: list[list[Constraint]]) -> _Code:
    """Numbers for the kernel: kinds, a row of values a site, and one mask with its top and slope."""
    from offnadir.access import _kernels as kernels  # numba costs half a second: only when needed

    number = {
        MinElevation: kernels.ELEVATION,
        MaxOffNadir: kernels.OFF_NADIR,
        SunAbove: kernels.SUN,
        MaxRange: kernels.RANGE,
        HorizonMask: kernels.MASK,
    }
    shapes = {tuple(type(wish) for wish in row) for row in wishes}
    if len(shapes) != 1:
        raise InputError(
            "site_constraints", sorted(map(str, shapes)), "of the same kinds for every site"
        )
    kinds = [number[kind] for kind in shapes.pop()]
    masks = {wish for row in wishes for wish in row if isinstance(wish, HorizonMask)}
    if len(masks) > 1 or kinds.count(kernels.MASK) > 1:
        raise InputError("constraints", "several horizon masks", "at most one horizon mask")
    mask = masks.pop() if masks else HorizonMask((0.0,), (0.0,))
    mask_az, mask_el = np.array(mask.azimuth_rad), np.array(mask.elevation_rad)
    top = float(mask_el.max())
    steps = np.diff(mask_az, append=mask_az[0] + 2 * math.pi)
    slope = float(np.max(np.abs(np.diff(mask_el, append=mask_el[0])) / steps))
    # A sight line turned by x changes elevation by x at most, and azimuth by pi/2 x / cos(top).
    factor = 1.0 + slope * math.pi / 2 / math.cos(top)
    # The horizon comes first: a look from below it is none.
    values = np.array([[0.0, *(_value(wish) for wish in row)] for row in wishes])
    return np.array([kernels.ELEVATION, *kinds]), values, mask_az, mask_el, top, factor


def _value(wish: Constraint) -> float:
    match wish:
        case MinElevation(value) | MaxOffNadir(value) | SunAbove(value) | MaxRange(value):
            return value
        case HorizonMask():
            return 0.0


def _run(
    ephemeris: Ephemeris,
    r_sites: Array,
    enus: Array,
    code: _Code,
    sun_table: SunTable,
) -> tuple[Array, NDArray[np.int64]]:
    """Call the kernel, with more room if the first guess at the number of windows was too small."""
    from offnadir.access import _kernels as kernels

    r = ephemeris.r_itrf_m
    speeds = np.linalg.norm(np.diff(r, axis=0), axis=1) / ephemeris.step_s
    if not np.any(np.isfinite(speeds)):
        return np.empty((0, 10)), np.empty(0, np.int64)
    # A chord is shorter than its arc: 2 % covers 60 s steps of any orbit that clears the ground.
    v_max = 1.02 * float(np.nanmax(speeds))
    n_max = v_max / float(np.nanmin(np.linalg.norm(r, axis=1))) / (1.0 - WGS84_E2)
    capacity = 64 + 8 * len(r_sites)
    first_s = ephemeris.first - ephemeris.span.start
    orbit = (r, first_s, ephemeris.step_s, v_max, n_max)
    sun = (sun_table.r_itrf_m, sun_table.first - ephemeris.span.start, sun_table.step_s)
    while True:
        rows = np.empty((capacity, 10))
        row_site = np.empty(capacity, np.int64)
        found = kernels.search(
            ephemeris.span.duration_s, orbit, r_sites, enus, code, sun, rows, row_site
        )
        if found <= capacity:
            return rows[:found], row_site[:found]
        capacity = found


def _table(
    flock: list[Ephemeris], places: list[Site], rows: Array, row_site: NDArray[np.int64]
) -> Table:
    """The kernel's rows of one satellite, as named columns."""
    n = len(rows)
    start_ns = flock[0].span.start.tai_ns if flock else 0
    duration_s = flock[0].span.duration_s if flock else 0.0
    names = np.array([place.name for place in places], dtype=object)
    times = start_ns + np.rint(rows[:, :3] * _NS).astype(np.int64)
    return Table(
        {
            "satellite": np.full(n, flock[0].satellite if flock else "", dtype=object),
            "norad_id": np.full(n, flock[0].norad_id if flock else 0, np.int64),
            "site": names[row_site] if n else np.empty(0, dtype=object),
            "site_index": row_site,
            "start": times[:, 0],
            "stop": times[:, 1],
            "best": times[:, 2],
            "max_elevation_rad": rows[:, 3],
            "off_nadir_rad": rows[:, 4],
            "elevation_rad": rows[:, 5],
            "azimuth_rad": rows[:, 6],
            "range_m": rows[:, 7],
            "sun_elevation_rad": rows[:, 8],
            "sun_azimuth_rad": rows[:, 9],
            "cut_start": rows[:, 0] <= 0.0,
            "cut_stop": rows[:, 1] >= duration_s,
        },
        times=("start", "stop", "best"),
    )
