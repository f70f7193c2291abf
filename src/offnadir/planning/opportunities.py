"""Who can take which picture, when, and how good it would be: opportunities and candidate pictures."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from offnadir._table import Table
from offnadir.access import (
    AzimuthWithin,
    Constraint,
    IncidenceWithin,
    MaxOffNadir,
    SunAbove,
    SunBelow,
    find_windows,
)
from offnadir.earth import SunTable, east_north_up
from offnadir.geometry import (
    Look,
    look_angles,
)
from offnadir.orbits import Ephemeris
from offnadir.planning.model import Mission, Request, Satellite
from offnadir.quality import Quality, predict
from offnadir.units import deg

Array = NDArray[np.float64]
Times = NDArray[np.int64]

_MS = 1_000_000
_NS = 1_000_000_000
_EDGE_STEPS = 24


@dataclass(frozen=True, slots=True, kw_only=True)
class View:
    """What a satellite's camera would make of a place at given instants, arrays of shape (n,)."""

    look: Look
    quality: Quality
    r_sat_itrf_m: Array
    v_sat_itrf_m_s: Array
    sun_elevation_rad: Array
    sun_azimuth_rad: Array


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Pictures:
    """The pictures of a plan, by start and then satellite, as columns of shape (n,).

    Times are ms after the span's start. `strip` is the number within the request's strips, -1 without;
    `turn` that within a repeat, else 0. `opportunity` is a row of the opportunities table. `quality` is
    NIIRS / 9, from 0.01 to 1, times `coverage` times `clear_sky`. `option` and `window` are rows of the
    problem's; pictures of one stereo set have the option in common. `los_start`, `los_stop` are unit lines of
    sight in the orbit frame, shape (n, 3); `corners_rad` has shape (n, 4, 2).
    """

    satellite: Times
    request: Times
    opportunity: Times
    strip: Times
    turn: Times
    start_ms: Times
    stop_ms: Times
    coverage: Array
    quality: Array
    clear_sky: Array
    frozen: NDArray[np.bool_]
    los_start: Array
    los_stop: Array
    corners_rad: Array
    option: Times
    window: Times

    def __len__(self) -> int:
        return len(self.start_ms)


def view(
    ephemeris: Ephemeris, satellite: Satellite, request: Request, tai_ns: Times, sun: SunTable
) -> View:
    """Angles, sharpness and light of a request as seen by a satellite at instants of shape (n,)."""
    r_sat = ephemeris.position_itrf_m(tai_ns)
    v_sat = ephemeris.velocity_itrf_m_s(tai_ns)
    aim = request.aim
    look = look_angles(r_sat, v_sat, aim.r_itrf_m, aim.lat_rad, aim.lon_rad)
    sun_elevation, sun_azimuth = sun.angles_rad(request.aim, tai_ns)
    quality = predict(
        satellite.sensor,
        range_m=look.range_m,
        incidence_rad=math.pi / 2 - look.elevation_rad,
        sun_elevation_rad=sun_elevation,
        relative_azimuth_rad=look.azimuth_rad - sun_azimuth,
        ground_alt_m=aim.alt_m,
    )
    return View(
        look=look,
        quality=quality,
        r_sat_itrf_m=r_sat,
        v_sat_itrf_m_s=v_sat,
        sun_elevation_rad=sun_elevation,
        sun_azimuth_rad=sun_azimuth,
    )


def least_sun_rad(request: Request) -> float:
    """Least elevation of the Sun [rad]: the request's, and above the horizon for a visible camera."""
    return max(request.min_sun_elevation_rad, 0.0)


def looks_of(request: Request, satellite: Satellite) -> list[Constraint]:
    """What a look of a satellite at a place of the request must satisfy: angles, and the Sun's height."""
    limits: list[Constraint] = [
        MaxOffNadir(min(request.max_off_nadir_rad, satellite.max_off_nadir_rad)),
        SunAbove(least_sun_rad(request)),
    ]
    if request.max_sun_elevation_rad < math.pi / 2:
        limits.append(SunBelow(request.max_sun_elevation_rad))
    if request.min_incidence_rad > 0.0 or request.max_incidence_rad < math.pi / 2:
        limits.append(IncidenceWithin(request.min_incidence_rad, request.max_incidence_rad))
    if request.azimuth_rad is not None:
        limits.append(AzimuthWithin((request.azimuth_rad,)))
    return limits


def good_enough(request: Request, quality: Quality) -> NDArray[np.bool_]:
    """Whether predicted pictures meet the request's limits on ground sample distance and NIIRS."""
    good = np.isfinite(quality.niirs)
    if request.max_gsd_m is not None:
        good &= quality.gsd_m <= request.max_gsd_m
    if request.min_niirs is not None:
        good &= quality.niirs >= request.min_niirs
    return good


def may_take(request: Request, satellite: Satellite) -> bool:
    """Whether the request lets this satellite take its picture."""
    return not request.satellites or satellite.name in request.satellites


def find_opportunities(
    mission: Mission,
    ephemerides: Sequence[Ephemeris],
    sun: SunTable,
    *,
    progress: Callable[[int, int], None] | None = None,
) -> Table:
    """Every stretch of time in which a satellite can take a picture that a request accepts.

    All limits hold throughout: off-nadir (the request's and the satellite's), incidence, azimuth, Sun, the
    request's window, ground sample distance and NIIRS. Columns: `request`, `satellite`, `norad_id`, `start`,
    `stop`, `best` (TAI ns; best is where off-nadir is least), and at `best`: `off_nadir_deg`, `azimuth_deg`,
    `range_km`, `elevation_deg`, `sun_elevation_deg`, `sun_azimuth_deg`, `gsd_along_m`, `gsd_across_m`,
    `gsd_m`, `niirs`; `request_index` and `satellite_index` count in the mission's order.
    """
    tables = []
    for index, (satellite, ephemeris) in enumerate(
        zip(mission.satellites, ephemerides, strict=True)
    ):
        tables.append(_one_satellite(mission, index, satellite, ephemeris, sun))
        if progress is not None:
            progress(index + 1, len(mission.satellites))
    return Table.concat(tables)


def _one_satellite(
    mission: Mission, index: int, satellite: Satellite, ephemeris: Ephemeris, sun: SunTable
) -> Table:
    windows, number = _windows(mission, satellite, ephemeris)
    first = np.array([request.window.start.tai_ns for request in mission.requests], np.int64)
    last = np.array([request.window.stop.tai_ns for request in mission.requests], np.int64)
    start = np.maximum(windows["start"], first[number])
    stop = np.minimum(windows["stop"], last[number])
    best = np.clip(windows["best"], start, stop)
    keep = stop > start
    keep &= np.array([may_take(one, satellite) for one in mission.requests], bool)[number]
    for r, request in enumerate(mission.requests):
        if request.max_gsd_m is None and request.min_niirs is None:
            continue
        rows = np.flatnonzero(keep & (number == r))
        found = _trim(ephemeris, satellite, request, start[rows], stop[rows], best[rows], sun)
        start[rows], stop[rows], keep[rows] = found
    number, start, stop, best = (column[keep] for column in (number, start, stop, best))
    table = _rows(mission, index, ephemeris, number, start, stop, best, sun)
    return table.take(np.argsort(table["start"], kind="stable"))


def _windows(mission: Mission, satellite: Satellite, ephemeris: Ephemeris) -> tuple[Table, Times]:
    """Windows of all requests, and the number of each one's request."""
    limits = [looks_of(request, satellite) for request in mission.requests]
    # One search takes limits of the same kinds for all its places, and one sector of azimuths.
    groups: dict[tuple[object, ...], list[int]] = {}
    for r, request in enumerate(mission.requests):
        kinds = tuple(type(one) for one in limits[r])
        groups.setdefault((request.azimuth_rad, *kinds), []).append(r)
    found = []
    for rows in groups.values():
        aims = [mission.requests[r].aim for r in rows]
        part = find_windows(ephemeris, aims, site_constraints=[limits[r] for r in rows])
        found.append((part, np.array(rows, np.int64)[part["site_index"].astype(np.int64)]))
    number = np.concatenate([one for _, one in found])
    return Table.concat([part for part, _ in found]), number


def _trim(
    ephemeris: Ephemeris,
    satellite: Satellite,
    request: Request,
    start: Times,
    stop: Times,
    best: Times,
    sun: SunTable,
) -> tuple[Times, Times, NDArray[np.bool_]]:
    """Windows cut back to where the picture is good enough, and whether that leaves anything.

    Sharpness falls from the best instant outwards, so each end is bisected between it and the best.
    """

    def good(tai_ns: Times) -> NDArray[np.bool_]:
        return good_enough(request, view(ephemeris, satellite, request, tai_ns, sun).quality)

    usable = good(best)
    ends = []
    for end in (start, stop):
        inner, outer = best.copy(), end.copy()
        done = good(outer)
        for _ in range(_EDGE_STEPS):
            middle = (inner + outer) // 2
            is_good = good(middle)
            inner = np.where(is_good, middle, inner)
            outer = np.where(is_good, outer, middle)
        ends.append(np.where(done, end, inner))
    return ends[0], ends[1], usable & (ends[1] > ends[0])


def sun_angles_rad(lat_rad: Array, lon_rad: Array, to_sun_m: Array) -> tuple[Array, Array]:
    """Elevation and azimuth [rad] of the Sun at places (n,), by the ITRF vectors to it, shape (n, 3)."""
    east, north, high = np.einsum("nij,nj->in", east_north_up(lat_rad, lon_rad), to_sun_m)
    return np.arctan2(high, np.hypot(east, north)), np.arctan2(east, north) % (2 * np.pi)


def sharpness(
    satellite: Satellite, look: Look, sun_rad: tuple[Array, Array], alt_m: Array
) -> Array:
    """Sample distances along, across and in the mean [m], and NIIRS: shape (4, n), of looks at places.

    `sun_rad` is its elevation and azimuth at each, `alt_m` the places' height.
    """
    elevation, azimuth = sun_rad
    found = np.empty((4, len(alt_m)))
    for height in np.unique(alt_m).tolist():
        part = np.flatnonzero(alt_m == height)
        quality = predict(
            satellite.sensor,
            range_m=look.range_m[part],
            incidence_rad=math.pi / 2 - look.elevation_rad[part],
            sun_elevation_rad=elevation[part],
            relative_azimuth_rad=look.azimuth_rad[part] - azimuth[part],
            ground_alt_m=height,
        )
        found[:, part] = quality.gsd_along_m, quality.gsd_across_m, quality.gsd_m, quality.niirs
    return found


def _rows(
    mission: Mission,
    index: int,
    ephemeris: Ephemeris,
    number: Times,
    start: Times,
    stop: Times,
    best: Times,
    sun: SunTable,
) -> Table:
    """The table of one satellite's opportunities, looked at in the best instants of all at once."""
    n, satellite = len(start), mission.satellites[index]
    aims = [request.aim for request in mission.requests]
    place = np.array([[*a.r_itrf_m, a.lat_rad, a.lon_rad, a.alt_m] for a in aims])[number]
    aim_m, lat, lon, alt = place[:, :3], place[:, 3], place[:, 4], place[:, 5]
    r_m, v_m_s = ephemeris.position_itrf_m(best), ephemeris.velocity_itrf_m_s(best)
    look = look_angles(r_m, v_m_s, aim_m, lat, lon)
    light = sun_angles_rad(lat, lon, sun.position_itrf_m(best) - aim_m)
    elevation, azimuth = light
    along, across, mean, niirs = sharpness(satellite, look, light, alt)
    names = np.array([request.name for request in mission.requests], dtype=object)
    return Table(
        {
            "request": names[number],
            "satellite": np.full(n, satellite.name, dtype=object),
            "norad_id": np.full(n, satellite.elements.norad_id, np.int64),
            "start": start,
            "stop": stop,
            "best": best,
            "off_nadir_deg": look.off_nadir_rad / deg,
            "azimuth_deg": look.azimuth_rad / deg,
            "range_km": look.range_m / 1e3,
            "elevation_deg": look.elevation_rad / deg,
            "sun_elevation_deg": elevation / deg,
            "sun_azimuth_deg": azimuth / deg,
            "gsd_along_m": along,
            "gsd_across_m": across,
            "gsd_m": mean,
            "niirs": niirs,
            "request_index": number,
            "satellite_index": np.full(n, index, np.int64),
        },
        times=("start", "stop", "best"),
    )


def convergence_rad(r_sat_a_m: Array, r_sat_b_m: Array, r_site_m: Array) -> Array:
    """Angle [rad] at a place between the lines of sight to two satellite positions, shapes (n, 3)."""
    a, b = r_sat_a_m - r_site_m, r_sat_b_m - r_site_m
    cross = np.linalg.norm(np.cross(a, b), axis=-1)
    angle: Array = np.arctan2(cross, np.sum(a * b, axis=-1))
    return angle
