"""Stretches of starts, one a pass and aim, and what a picture would be at each of their starts."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields

import numpy as np
from numpy.typing import NDArray

from offnadir._table import Table
from offnadir.access import find_windows
from offnadir.earth import Site, SunTable
from offnadir.geometry import (
    covered_share,
    footprints_rad,
    ground_length_m,
    ground_speed_m_s,
    look_angles,
)
from offnadir.orbits import Ephemeris
from offnadir.planning._strips import Strip
from offnadir.planning.model import Mission, Request, Satellite
from offnadir.planning.opportunities import looks_of, sharpness, sun_angles_rad
from offnadir.planning.slew import NADIR, slew_time_s
from offnadir.units import deg

Array = NDArray[np.float64]
IntArray = NDArray[np.int64]
Flags = NDArray[np.bool_]
Strips = Mapping[int, tuple[Strip, ...]]

MS = 1_000_000
#: Added to every slew [ms]: whoever computes the geometry in another way arrives at some microseconds more.
MARGIN_MS = 2
#: Above this elevation both ends of a swath meet the Earth, if the camera sees no more than a tenth of it.
_STEEP_RAD = 10 * deg


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Stretches:
    """Starts at even steps, int64 columns of shape (w,).

    `view` tells copies of one stretch apart: the first, second, third picture of a stereo set. `old` is the
    picture of the plan before that has exactly this start, -1 for none.
    """

    satellite: IntArray
    request: IntArray
    opportunity: IntArray
    strip: IntArray
    view: IntArray
    old: IntArray
    first_ms: IntArray
    step_ms: IntArray
    count: IntArray
    duration_ms: IntArray

    def __len__(self) -> int:
        return len(self.satellite)

    @property
    def block(self) -> IntArray:
        """Where the starts of each begin among those of all, with one more at the end."""
        return np.concatenate([[0], np.cumsum(self.count)]).astype(np.int64)

    def take(self, rows: IntArray) -> Stretches:
        """Some of them."""
        return Stretches(**{c.name: getattr(self, c.name)[rows] for c in fields(self)})

    @staticmethod
    def of(rows: Sequence[tuple[int, ...]]) -> Stretches:
        """From rows of whole numbers."""
        table = np.array(rows, np.int64).reshape(-1, len(fields(Stretches)))
        return Stretches(**{c.name: table[:, i] for i, c in enumerate(fields(Stretches))})

    @staticmethod
    def joined(parts: Sequence[Stretches]) -> Stretches:
        """Those of all parts, one after another."""
        return Stretches(
            **{
                c.name: np.concatenate([getattr(part, c.name) for part in parts])
                for c in fields(Stretches)
            }
        )


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Looks:
    """What pictures would be, one a start; unit lines of sight in the orbit frame, shape (s, 3).

    `good` is whether the request and the satellite accept it; `quality` holds coverage and clear sky.
    """

    start_ms: IntArray
    good: Flags
    quality: Array
    coverage: Array
    clear_sky: Array
    off_nadir_rad: Array
    los_start: Array
    los_stop: Array

    def take(self, rows: IntArray) -> Looks:
        """Some of them."""
        return Looks(**{c.name: getattr(self, c.name)[rows] for c in fields(self)})


#: (satellite, request, opportunity, strip) and (start, stop, best) [TAI ns].
Pass = tuple[tuple[int, int, int, int], tuple[int, int, int]]


def passes_of(
    mission: Mission, ephemerides: Sequence[Ephemeris], opportunities: Table, strips: Strips
) -> list[Pass]:
    """Every opportunity, or for areas in strips every pass of each strip."""
    columns = [
        opportunities[name].tolist()
        for name in ("satellite_index", "request_index", "start", "stop", "best")
    ]
    found: list[Pass] = []
    for row, (s, r, start, stop, best) in enumerate(zip(*columns, strict=True)):
        if r not in strips:
            found.append(((s, r, row, -1), (start, stop, best)))
    for r, cut in strips.items():
        found += _strip_passes(mission, ephemerides, opportunities, r, cut)
    return found


def stretches_of(
    mission: Mission,
    ephemerides: Sequence[Ephemeris],
    passes: Sequence[Pass],
    strips: Strips,
    step_ms: int,
) -> Stretches:
    """Starts in every pass, the best instant among them.

    A picture lies within its pass from start to stop. A pass that is shorter than its picture gives none.
    """
    rows: list[tuple[int, ...]] = []
    for place, times_ns in passes:
        rows += _stretch(mission, ephemerides, strips, place, times_ns, step_ms)
    return Stretches.of(rows)


def _strip_passes(
    mission: Mission,
    ephemerides: Sequence[Ephemeris],
    opportunities: Table,
    r: int,
    cut: Sequence[Strip],
) -> list[Pass]:
    """Every pass of each strip of one request; its opportunity is the request's nearest in time."""
    request, found = mission.requests[r], list[Pass]()
    mine = np.flatnonzero(opportunities["request_index"] == r)
    for s in np.unique(opportunities["satellite_index"][mine]).tolist():
        satellite = mission.satellites[s]
        rows = mine[opportunities["satellite_index"][mine] == s]
        limits = looks_of(request, satellite)
        passes = find_windows(ephemerides[s], [one.aim for one in cut], limits)
        start = np.maximum(passes["start"], request.window.start.tai_ns)
        stop = np.minimum(passes["stop"], request.window.stop.tai_ns)
        best = np.clip(passes["best"], start, stop)
        for i in np.flatnonzero(stop > start).tolist():
            near = rows[np.argmin(np.abs(opportunities["best"][rows] - best[i]))]
            place = (s, r, int(near), int(passes["site_index"][i]))
            found.append((place, (int(start[i]), int(stop[i]), int(best[i]))))
    return found


def _stretch(
    mission: Mission,
    ephemerides: Sequence[Ephemeris],
    strips: Strips,
    place: tuple[int, int, int, int],
    times_ns: tuple[int, int, int],
    step_ms: int,
) -> list[tuple[int, ...]]:
    """Rows of Stretches for one pass: one, one for each view of a stereo set, or none."""
    s, r, _, strip = place
    satellite, request = mission.satellites[s], mission.requests[r]
    zero = mission.span.start.tai_ns
    start_ns, stop_ns, best_ns = times_ns
    shape = _shape(request, strips, r, strip)
    long_ms = duration_ms(ephemerides[s], satellite, shape, best_ns)
    first_ms = -((zero - start_ns) // MS)
    last_ms = (stop_ns - zero) // MS - long_ms
    if last_ms < first_ms:
        return []
    at_best = min(max(round((best_ns - zero) / MS) - long_ms // 2, first_ms), last_ms)
    first_ms = at_best - (at_best - first_ms) // step_ms * step_ms
    count = (last_ms - first_ms) // step_ms + 1
    views = 1 if request.stereo is None else request.stereo.views
    return [(*place, v, -1, first_ms, step_ms, count, long_ms) for v in range(views)]


Shape = tuple[tuple[Array, ...], Site]


def _shape(request: Request, strips: Strips, r: int, strip: int) -> Shape:
    """Rings and aim of what a picture is of: empty rings for a point."""
    if strip < 0:
        return request.rings_rad, request.aim
    return (strips[r][strip].ring_rad,), strips[r][strip].aim


def duration_ms(ephemeris: Ephemeris, satellite: Satellite, shape: Shape, best_ns: int) -> int:
    """How long a picture takes, even so that its middle is a whole millisecond.

    As long as the sensor's shortest or as what it is of needs, at most the satellite's longest.
    """
    rings_rad, aim = shape
    seconds = satellite.sensor.min_duration_s
    if rings_rad:
        at = np.array([best_ns], np.int64)
        r_sat, v_sat = ephemeris.position_itrf_m(at), ephemeris.velocity_itrf_m_s(at)
        need_s = ground_length_m(rings_rad, aim, v_sat[0]) / float(
            ground_speed_m_s(r_sat, v_sat)[0]
        )
        seconds = max(seconds, min(need_s, satellite.longest_picture_s))
    return 2 * math.ceil(seconds * 500)


def look(
    mission: Mission,
    ephemerides: Sequence[Ephemeris],
    sun: SunTable,
    strips: Strips,
    stretches: Stretches,
) -> Looks:
    """Every start of some stretches, evaluated exactly; blocked times are not looked at here."""
    block = stretches.block
    n = int(block[-1])
    within = np.arange(n) - np.repeat(block[:-1], stretches.count)
    owner = np.repeat(np.arange(len(stretches)), stretches.count)
    start_ms = stretches.first_ms[owner] + within * stretches.step_ms[owner]
    made = Looks(
        start_ms=start_ms, good=np.ones(n, np.bool_), quality=np.empty(n), coverage=np.ones(n),
        clear_sky=np.ones(n), off_nadir_rad=np.empty(n), los_start=np.empty((n, 3)),
        los_stop=np.empty((n, 3)),
    )  # fmt: skip
    aims = _Aims.of(mission, strips, stretches)
    for s in np.unique(stretches.satellite).tolist():
        rows = np.flatnonzero(stretches.satellite[owner] == s)
        _look_from(mission, s, ephemerides[s], sun, strips, stretches, owner, rows, aims, made)
    return made


@dataclass(frozen=True, slots=True)
class _Aims:
    """Aims of stretches: ITRF [m] (w, 3), latitude, longitude [rad] and height [m] (w,)."""

    r_m: Array
    lat_rad: Array
    lon_rad: Array
    alt_m: Array

    @classmethod
    def of(cls, mission: Mission, strips: Strips, stretches: Stretches) -> _Aims:
        sites: dict[tuple[int, int], Site] = {}
        keys = list(zip(stretches.request.tolist(), stretches.strip.tolist(), strict=True))
        for key in dict.fromkeys(keys):
            sites[key] = _shape(mission.requests[key[0]], strips, *key)[1]
        number = {key: i for i, key in enumerate(sites)}
        rows = np.array([number[key] for key in keys], np.int64)
        table = np.array(
            [[*one.r_itrf_m, one.lat_rad, one.lon_rad, one.alt_m] for one in sites.values()]
        ).reshape(-1, 6)[rows]
        return cls(table[:, :3], table[:, 3], table[:, 4], table[:, 5])


def _look_from(
    mission: Mission,
    s: int,
    ephemeris: Ephemeris,
    sun: SunTable,
    strips: Strips,
    stretches: Stretches,
    owner: IntArray,
    rows: IntArray,
    aims: _Aims,
    made: Looks,
) -> None:
    """Fill in the rows of one satellite."""
    satellite, zero = mission.satellites[s], mission.span.start.tai_ns
    w = owner[rows]
    start, long = made.start_ms[rows], stretches.duration_ms[w]
    aim_m, lat, lon, alt = aims.r_m[w], aims.lat_rad[w], aims.lon_rad[w], aims.alt_m[w]
    for at, los in ((start, made.los_start), (start + long, made.los_stop)):
        tai_ns = zero + at * MS
        r, v = ephemeris.position_itrf_m(tai_ns), ephemeris.velocity_itrf_m_s(tai_ns)
        los[rows] = look_angles(r, v, aim_m, lat, lon).los_orbit
    mid_ns = zero + (start + long // 2) * MS
    r, v = ephemeris.position_itrf_m(mid_ns), ephemeris.velocity_itrf_m_s(mid_ns)
    seen = look_angles(r, v, aim_m, lat, lon)
    light = sun_angles_rad(lat, lon, sun.position_itrf_m(mid_ns) - aim_m)
    _, _, gsd_m, niirs = sharpness(satellite, seen, light, alt)
    most_gsd = np.array(
        [math.inf if one.max_gsd_m is None else one.max_gsd_m for one in mission.requests]
    )
    least_niirs = np.array(
        [-1.0 if one.min_niirs is None else one.min_niirs for one in mission.requests]
    )
    request = stretches.request[w]
    good = np.isfinite(niirs) & (gsd_m <= most_gsd[request]) & (niirs >= least_niirs[request])
    good &= seen.elevation_rad > 0.0
    made.off_nadir_rad[rows] = seen.off_nadir_rad
    flat = _STEEP_RAD + satellite.sensor.fov_rad
    edges = np.flatnonzero(np.concatenate([[True], np.diff(w) != 0])) if len(w) else w[:0]
    for a, b in zip(edges.tolist(), [*edges[1:].tolist(), len(w)], strict=True):
        i = int(w[a])
        rings, aim = _shape(
            mission.requests[int(stretches.request[i])],
            strips,
            int(stretches.request[i]),
            int(stretches.strip[i]),
        )
        if not rings and float(seen.elevation_rad[a:b].min()) > flat:
            continue
        corners = _corners(satellite, aim, r[a:b], v[a:b], int(stretches.duration_ms[i]))
        good[a:b] &= np.all(np.isfinite(corners), axis=(1, 2))
        if rings:
            share = covered_share(corners, rings, aim)
            made.coverage[rows[a:b]] = share
            good[a:b] &= share > 0.0
    if mission.weather is not None:
        chance = mission.weather.cube.clear_chance(lat, lon, mid_ns)
        chance = np.where(np.isnan(chance), 1.0, chance)
        made.clear_sky[rows] = chance
        good &= chance >= mission.weather.min_clear
    made.good[rows] = good
    base = np.clip(np.nan_to_num(niirs) / 9.0, 0.01, 1.0)
    made.quality[rows] = base * made.coverage[rows] * made.clear_sky[rows]


def _corners(satellite: Satellite, aim: Site, r: Array, v: Array, long_ms: int) -> Array:
    length_m = float(ground_speed_m_s(r[:1], v[:1])[0]) * long_ms / 1e3
    return footprints_rad(r, v, aim, satellite.sensor.fov_rad / 2, length_m)


def corners_rad(
    mission: Mission,
    ephemerides: Sequence[Ephemeris],
    strips: Strips,
    stretches: Stretches,
) -> Array:
    """Footprints of the first start of each stretch, shape (w, 4, 2)."""
    out = np.empty((len(stretches), 4, 2))
    zero = mission.span.start.tai_ns
    for i in range(len(stretches)):
        s, r = int(stretches.satellite[i]), int(stretches.request[i])
        long_ms = int(stretches.duration_ms[i])
        at = np.array([zero + (int(stretches.first_ms[i]) + long_ms // 2) * MS], np.int64)
        aim = _shape(mission.requests[r], strips, r, int(stretches.strip[i]))[1]
        eph = ephemerides[s]
        out[i] = _corners(
            mission.satellites[s], aim, eph.position_itrf_m(at), eph.velocity_itrf_m_s(at), long_ms
        )[0]
    return out


def clear_of_blocked(mission: Mission, stretches: Stretches, looks: Looks) -> Flags:
    """Whether pictures leave time before and after blocked times to turn to nadir and back, shape (s,)."""
    owner = np.repeat(np.arange(len(stretches)), stretches.count)
    free = np.ones(len(owner), np.bool_)
    zero, nadir = mission.span.start.tai_ns, np.array([NADIR])
    for s, satellite in enumerate(mission.satellites):
        if not satellite.blocked:
            continue
        rows = np.flatnonzero(stretches.satellite[owner] == s)
        start = looks.start_ms[rows]
        stop = start + stretches.duration_ms[owner[rows]]
        back_ms = 1e3 * slew_time_s(satellite.slew_law, looks.los_stop[rows], nadir) + MARGIN_MS
        out_ms = 1e3 * slew_time_s(satellite.slew_law, nadir, looks.los_start[rows]) + MARGIN_MS
        for one in satellite.blocked:
            first = (one.start.tai_ns - zero) / MS
            last = (one.stop.tai_ns - zero) / MS
            free[rows] &= (first - stop >= back_ms) | (start - last >= out_ms)
    return free


def after_uplink(mission: Mission, stretches: Stretches, looks: Looks) -> Flags:
    """Whether pictures start when the satellite can know of them, or are those of the plan before."""
    owner = np.repeat(np.arange(len(stretches)), stretches.count)
    zero = mission.span.start.tai_ns
    never = -(2**62)
    uplink_ms = np.array(
        [
            never if one.next_uplink is None else -((zero - one.next_uplink.tai_ns) // MS)
            for one in mission.satellites
        ],
        np.int64,
    )
    late = looks.start_ms >= uplink_ms[stretches.satellite[owner]]
    return np.asarray(late | (stretches.old[owner] >= 0), np.bool_)


def trimmed(stretches: Stretches, looks: Looks) -> tuple[Stretches, Looks]:
    """Without starts before the first good one and after the last, and without stretches that have none."""
    block = stretches.block
    n = int(block[-1])
    if not n:
        return stretches, looks
    owner = np.repeat(np.arange(len(stretches)), stretches.count)
    good = np.flatnonzero(looks.good)
    first = np.full(len(stretches), n, np.int64)
    last = np.full(len(stretches), -1, np.int64)
    np.minimum.at(first, owner[good], good)
    np.maximum.at(last, owner[good], good)
    keep = np.flatnonzero(last >= 0)
    row = np.arange(n)
    inside = (row >= first[owner]) & (row <= last[owner])
    table = {c.name: getattr(stretches, c.name)[keep] for c in fields(Stretches)}
    table["first_ms"] = (
        stretches.first_ms[keep] + (first - block[:-1])[keep] * stretches.step_ms[keep]
    )
    table["count"] = (last - first + 1)[keep]
    return Stretches(**table), looks.take(np.flatnonzero(inside))


def reordered(stretches: Stretches, looks: Looks, order: IntArray) -> tuple[Stretches, Looks]:
    """Stretches in another order, their starts with them."""
    block = stretches.block
    count = stretches.count[order]
    begin = np.cumsum(count) - count
    rows = np.arange(int(count.sum())) + np.repeat(block[:-1][order] - begin, count)
    return stretches.take(order), looks.take(rows)
