"""When any of an area, or all of it, can be imaged."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from offnadir._table import Labels, Table
from offnadir.access._area_evidence import ALL, ANY, Evidence, Place, Spots, Windows
from offnadir.access._area_points import Raster, make_sites, outline, raster
from offnadir.access._area_polish import polish
from offnadir.access._area_shape import Area
from offnadir.access._constraints import Constraint
from offnadir.access._search import stream_each
from offnadir.earth import Site, east_north_up, geodetic_to_itrf_m, itrf_to_geodetic, sun_itrf_m
from offnadir.errors import InputError
from offnadir.geometry import look_angles
from offnadir.orbits import Ephemeris, timing_error_s
from offnadir.units import km

Array = NDArray[np.float64]
Progress = Callable[[int, int], None]

_OUTLINE_M = 5 * km
_INSIDE_M = 25 * km
_MOST_INSIDE = 400
_APART_NS = 1_200_000_000_000  # windows that far apart are made exact on their own
_STRETCH_NS = 86_400_000_000_000
_SPARE_NS = 600_000_000_000
_BELOW = 32  # instants of a window at which it is looked whether the satellite stands over the area
_TIMES = ("start", "stop", "best")


def find_area_windows(
    ephemerides: Ephemeris | Iterable[Ephemeris],
    areas: Area | Sequence[Area],
    constraints: Sequence[Constraint] = (),
    *,
    mode: str = "any",
    tolerance_s: float = 0.01,
    progress: Progress | None = None,
) -> Table:
    """Every stretch of time in which any of an area, or all of it, can be imaged.

    With `mode` "any" it is enough that some point of the area meets all constraints, not always the same
    point; with "all" every point must at once. Starts and stops are good to `tolerance_s`: those of points
    every 5 km along the outline and on a raster inside, then of more points around each edge until it
    stays. What may still be missed is told in docs/theory/areas.md. Rows come in the order of the
    ephemerides, then of the areas, then of time.

    Columns as in `find_windows`, with `area` and `area_index` for the site. `best` is the instant at which
    a point of the area is seen at the least off-nadir angle; `best_lat_rad` and `best_lon_rad` tell that
    point, and the angles belong to it. `max_elevation_rad` is the greatest over points and window.
    """
    if mode not in (ANY, ALL):
        raise InputError("mode", mode, 'one of "any" and "all"')
    if not 0.0001 <= tolerance_s <= 60.0:
        raise InputError("tolerance_s", tolerance_s, "from 0.0001 to 60 s")
    flock = [ephemerides] if isinstance(ephemerides, Ephemeris) else ephemerides
    fields = [areas] if isinstance(areas, Area) else list(areas)
    spots = [spots_of(area) for area in fields]
    tables = [
        window_table(case, exact, number)
        for case, number, _, exact in area_passes(
            flock, fields, spots, constraints, mode=mode, tolerance_s=tolerance_s, progress=progress
        )
    ]
    return Table.concat(tables) if tables else empty_table()


def area_passes(
    flock: Iterable[Ephemeris],
    areas: Sequence[Area],
    spots: Sequence[Spots],
    constraints: Sequence[Constraint],
    *,
    mode: str,
    tolerance_s: float,
    progress: Progress | None,
) -> Iterator[tuple[Case, int, Windows, Exact]]:
    """For each satellite and area: the area's number, its points' windows, and its own."""
    for ephemeris, number, windows in seen_points(flock, spots, constraints, progress):
        case = Case(ephemeris, areas[number], spots[number], tuple(constraints), mode, tolerance_s)
        exact = _exact(case, windows)
        if len(exact.start):
            yield case, number, windows, exact


def spots_of(area: Area, inside: Raster | None = None) -> Spots:
    """The points with which a search begins: the outline, and a raster inside."""
    if inside is None:
        cells = min(max(int(area.area_m2 / _INSIDE_M**2), 1), _MOST_INSIDE)
        inside = raster(area, cells)
    return Spots.of(outline(area, _OUTLINE_M), inside, area.alt_m)


def seen_points(
    flock: Iterable[Ephemeris],
    spots: Sequence[Spots],
    constraints: Sequence[Constraint],
    progress: Progress | None,
) -> Iterator[tuple[Ephemeris, int, Windows]]:
    """Windows of all points, for each ephemeris and each area that it sees anything of."""
    first = np.cumsum([0, *(len(one) for one in spots)])
    sites: list[Site] = []
    for one in spots:
        sites.extend(make_sites(one.lat_rad, one.lon_rad, one.alt_m))
    for ephemeris, table in by_satellite(flock, sites, constraints, progress):
        windows = Windows.of(table)
        area = np.searchsorted(first, windows.point, side="right") - 1
        for number in np.unique(area).tolist():
            mine = windows.take(area == number)
            yield ephemeris, number, mine.renumbered(-int(first[number]))


def by_satellite(
    flock: Iterable[Ephemeris],
    sites: Sequence[Site],
    constraints: Sequence[Constraint],
    progress: Progress | None,
) -> Iterator[tuple[Ephemeris, Table]]:
    """The windows of `stream_windows`, gathered for each ephemeris that has any."""
    taken: list[Ephemeris] = []
    total = len(flock) if isinstance(flock, Sequence) else 0

    def keep() -> Iterator[Ephemeris]:
        for one in flock:
            taken.append(one)
            yield one

    def count(done: int, _: int) -> None:
        if progress is not None:
            progress(done, total)

    each = stream_each(keep(), sites, constraints, count)
    for owner, parts in itertools.groupby(each, key=lambda found: found[0]):
        yield taken[owner], Table.concat([table for _, table in parts])


@dataclass(frozen=True, slots=True)
class Case:
    """One satellite and one area."""

    ephemeris: Ephemeris
    area: Area
    spots: Spots
    constraints: tuple[Constraint, ...]
    mode: str
    tolerance_s: float


@dataclass(frozen=True, slots=True)
class Exact:
    """Windows of an area: TAI ns, and the place [rad] that is best seen; all of shape (n,)."""

    start: NDArray[np.int64]
    stop: NDArray[np.int64]
    best: NDArray[np.int64]
    lat_rad: Array
    lon_rad: Array
    max_elevation_rad: Array


def _exact(case: Case, windows: Windows) -> Exact:
    """The area's windows from those of its points, stretch by stretch of time."""
    starts, stops = windows.sweep(1 if case.mode == ANY else len(case.spots))
    span = (case.ephemeris.span.start.tai_ns, case.ephemeris.span.stop.tai_ns)
    found: list[list[tuple[Any, ...]]] = []
    for stretch in _stretches(windows.start[starts], windows.stop[stops], span):
        rows = _polished(case, windows, stretch)
        if any(
            (row[0] == stretch[0] > span[0]) or (row[1] == stretch[1] < span[1]) for row in rows
        ):  # a window has grown beyond the time that was looked at
            found = [_polished(case, windows, span)]
            break
        found.append(rows)
    columns = list(zip(*(row for rows in found for row in rows), strict=True)) or [()] * 6
    kinds = (np.int64, np.int64, np.int64, np.float64, np.float64, np.float64)
    arrays: list[Any] = [np.array(c, kind) for c, kind in zip(columns, kinds, strict=True)]
    return Exact(*arrays)


def _stretches(
    start: NDArray[np.int64], stop: NDArray[np.int64], span: tuple[int, int]
) -> list[tuple[int, int]]:
    """Times to look at, of about a day, which hold all windows and end far from any."""
    result: list[tuple[int, int]] = []
    for a, b in zip(start.tolist(), stop.tolist(), strict=True):
        begin, end = max(a - _SPARE_NS, span[0]), min(b + _SPARE_NS, span[1])
        apart = not result or a - (result[-1][1] - _SPARE_NS) > _APART_NS
        if apart and (not result or end - result[-1][0] > _STRETCH_NS):
            result.append((begin, end))
        else:
            result[-1] = (result[-1][0], end)
    return result


def _polished(case: Case, windows: Windows, stretch: tuple[int, int]) -> list[tuple[Any, ...]]:
    """Start, stop, best, its place and the greatest elevation of each window in a stretch."""
    evidence = Evidence(case.ephemeris, case.constraints, case.spots, windows, stretch, case.mode)
    if case.mode == ANY:
        evidence.add(_below(case, evidence))
    polish(evidence, case.area, case.tolerance_s)
    starts, stops = evidence.edges()
    seen = evidence.windows
    rows = []
    for start, stop in zip(seen.start[starts].tolist(), seen.stop[stops].tolist(), strict=True):
        if stop > start:
            near = np.flatnonzero((seen.start <= stop) & (seen.stop >= start))
            rows.append((start, stop, *_best(case, evidence, near, start, stop)))
    return rows


def _below(case: Case, evidence: Evidence) -> list[Place]:
    """Places of the area that the satellite passes over in its windows."""
    starts, stops = evidence.edges()
    places: list[Any] = []
    for start, stop in zip(
        evidence.windows.start[starts].tolist(), evidence.windows.stop[stops].tolist(), strict=True
    ):
        tai_ns = np.linspace(start, stop, _BELOW).astype(np.int64)
        lat, lon, _ = itrf_to_geodetic(case.ephemeris.position_itrf_m(tai_ns))
        over = np.flatnonzero(case.area.contains(lat, lon))
        some = over[:: max(len(over) // 4, 1)].tolist()
        places.extend(Place(float(lat[i]), float(lon[i])) for i in some)
    return places


def _best(
    case: Case, evidence: Evidence, near: NDArray[np.int64], start: int, stop: int
) -> tuple[int, float, float, float]:
    """Instant and place [rad] of least off-nadir in a window, and the greatest elevation in it."""
    seen = evidence.windows.take(near)
    lat = np.array([evidence.lat[i] for i in seen.point.tolist()])
    lon = np.array([evidence.lon[i] for i in seen.point.tolist()])
    if case.mode == ANY:
        tai_ns, angle, highest = seen.best, seen.off_nadir_rad, seen.max_elevation_rad
    else:
        # A point's own window is longer: the least angle lies where it comes nearest to its best.
        tai_ns = np.clip(seen.best, start, stop)
        look = _look(case, tai_ns, lat, lon)
        angle = look.off_nadir_rad
        highest = np.where(tai_ns == seen.best, seen.max_elevation_rad, look.elevation_rad)
    row = int(np.argmin(angle))
    return int(tai_ns[row]), float(lat[row]), float(lon[row]), float(highest.max())


def _look(case: Case, tai_ns: NDArray[np.int64], lat: Array, lon: Array) -> Any:
    r_sat_m = case.ephemeris.position_itrf_m(tai_ns)
    v_sat_m_s = case.ephemeris.velocity_itrf_m_s(tai_ns)
    place = geodetic_to_itrf_m(lat, lon, case.area.alt_m)
    return look_angles(r_sat_m, v_sat_m_s, place, lat, lon)


def window_table(case: Case, exact: Exact, number: int) -> Table:
    """The windows of one satellite over one area, with the angles at their best."""
    ephemeris, area, count = case.ephemeris, case.area, len(exact.start)
    look = _look(case, exact.best, exact.lat_rad, exact.lon_rad)
    place = geodetic_to_itrf_m(exact.lat_rad, exact.lon_rad, area.alt_m)
    to_sun = sun_itrf_m(exact.best, ephemeris.orientation) - place
    local = np.einsum("nij,nj->ni", east_north_up(exact.lat_rad, exact.lon_rad), to_sun)
    sigma_s = most_s = np.full(count, np.nan)
    if ephemeris.elements is not None:
        sigma_s = timing_error_s(ephemeris.elements, exact.best, share=0.68)
        most_s = timing_error_s(ephemeris.elements, exact.best, share=0.9)
    zeros = np.zeros(count, np.int32)
    return Table(
        {
            "satellite": Labels(zeros, (ephemeris.satellite,)),
            "norad_id": np.full(count, ephemeris.norad_id, np.int64),
            "area": Labels(zeros.copy(), (area.name,)),
            "area_index": np.full(count, number, np.int64),
            "start": exact.start,
            "stop": exact.stop,
            "best": exact.best,
            "best_lat_rad": exact.lat_rad,
            "best_lon_rad": exact.lon_rad,
            "max_elevation_rad": np.maximum(exact.max_elevation_rad, look.elevation_rad),
            "off_nadir_rad": look.off_nadir_rad,
            "elevation_rad": look.elevation_rad,
            "azimuth_rad": look.azimuth_rad,
            "range_m": look.range_m,
            "sun_elevation_rad": np.arctan2(local[:, 2], np.hypot(local[:, 0], local[:, 1])),
            "sun_azimuth_rad": np.arctan2(local[:, 0], local[:, 1]) % (2 * np.pi),
            "cut_start": exact.start == ephemeris.span.start.tai_ns,
            "cut_stop": exact.stop == ephemeris.span.stop.tai_ns,
            "timing_sigma_s": np.array(sigma_s, np.float64),
            "timing_90_s": np.array(most_s, np.float64),
        },
        times=_TIMES,
    )


def empty_table() -> Table:
    """No windows, with all the columns that some would have."""
    texts, numbers = ("satellite", "area"), ("norad_id", "area_index", *_TIMES)
    order = (
        "satellite", "norad_id", "area", "area_index", *_TIMES, "best_lat_rad", "best_lon_rad",
        "max_elevation_rad", "off_nadir_rad", "elevation_rad", "azimuth_rad", "range_m",
        "sun_elevation_rad", "sun_azimuth_rad", "cut_start", "cut_stop", "timing_sigma_s",
        "timing_90_s",
    )  # fmt: skip
    kinds: dict[str, Any] = dict.fromkeys(order, np.float64)
    kinds |= dict.fromkeys(texts, object) | dict.fromkeys(numbers, np.int64)
    kinds |= dict.fromkeys(("cut_start", "cut_stop"), np.bool_)
    return Table({name: np.empty(0, kind) for name, kind in kinds.items()}, times=_TIMES)
