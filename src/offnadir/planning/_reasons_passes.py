"""Requests that no pass can serve, whatever else is planned: the limit that was missed, and by how much."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np

from offnadir._table import Table
from offnadir.access import Constraint, MaxOffNadir, SunAbove, SunBelow, find_windows
from offnadir.earth import SunTable
from offnadir.orbits import Ephemeris
from offnadir.planning._build_windows import duration_ms
from offnadir.planning._reasons_words import Reason, above, below, clock, counted, each
from offnadir.planning.model import Mission, Request, Satellite
from offnadir.planning.opportunities import least_sun_rad, looks_of, may_take, view
from offnadir.units import deg

#: The Sun goes on a little from the best instant to the ends of the picture.
_SPARE_DEG = 0.02
#: Angles are told to a tenth, rounded up; one that is just a tenth is met by a rounding error less.
_HAIR_DEG = 1e-4


def no_opportunity(
    mission: Mission, ephemerides: Sequence[Ephemeris], sun: SunTable, request: Request
) -> Reason:
    """Loosen one limit after another until a pass appears: the last one that was loosened is why."""
    able = [may_take(request, one) for one in mission.satellites]
    if not all(able):  # the others might as well not be there
        ours = tuple(one for one, is_able in zip(mission.satellites, able, strict=True) if is_able)
        ephemerides = [one for one, is_able in zip(ephemerides, able, strict=True) if is_able]
        request = replace(request, after=None, after_within_s=None, satellites=())
        mission = replace(mission, satellites=ours, requests=(request,), choices=(), outages=())
    anywhen = find_windows(ephemerides, request.aim, [])
    anyhow = _in_window(anywhen, request)
    if not len(anyhow):
        return Reason(
            "no_pass",
            "No satellite rises above the place's horizon in its time window.",
            _another_time(mission, ephemerides, sun, request),
        )
    own = {s.name: s.max_off_nadir_rad for s in mission.satellites}
    limits = {name: min(request.max_off_nadir_rad, limit) for name, limit in own.items()}
    steep = _passes(ephemerides, request, limits)
    if not len(steep):
        k = int(np.argmin(anyhow["off_nadir_rad"]))
        name = str(anyhow["satellite"][k])
        whose = "that satellite" if own[name] < request.max_off_nadir_rad else "the request"
        return Reason(
            "no_pass",
            f"No pass is steep enough: the nearest is {name} at "
            f"{clock(anyhow['best'][k])} with {anyhow['off_nadir_rad'][k] / deg:.1f} deg off-nadir; "
            f"{whose} allows {limits[name] / deg:.1f} deg.",
            _wider(mission, ephemerides, sun, request, _passes(ephemerides, request, own))
            or _another_time(mission, ephemerides, sun, request),
        )
    aside = _sight_of(mission, request)
    if aside:
        steepest, steep = steep, _passes(ephemerides, request, limits, aside)
        if not len(steep):
            return _elsewhere(mission, ephemerides, sun, request, steepest)
    light, _ = sun.angles_rad(request.aim, steep["best"])
    lit = light >= least_sun_rad(request)
    if not np.any(lit):
        k = int(np.argmax(light))
        need = None
        if light[k] >= 0.0:
            need = f"a Sun limit of {below(light[k] / deg, 0.1)} deg"
        return Reason(
            "too_dark",
            f"{each(len(steep))} too dark: the highest Sun is "
            f"{light[k] / deg:.1f} deg ({steep['satellite'][k]}, {clock(steep['best'][k])}); the request "
            f"asks for {least_sun_rad(request) / deg:.1f} deg.",
            need or _another_time(mission, ephemerides, sun, request),
        )
    steep, light = steep.take(np.flatnonzero(lit)), light[lit]
    dim = light <= request.max_sun_elevation_rad
    if not np.any(dim):
        k = int(np.argmin(light))
        return Reason(
            "too_bright",
            f"{each(len(steep))} too bright: the lowest Sun is {light[k] / deg:.1f} deg "
            f"({steep['satellite'][k]}, {clock(steep['best'][k])}); the request allows "
            f"{request.max_sun_elevation_rad / deg:.1f} deg.",
            f"a max_sun_elevation_deg of {above_tenth(float(light[k]) / deg + _SPARE_DEG)}",
        )
    return _blurred(mission, ephemerides, sun, request, steep.take(np.flatnonzero(dim)))


def _sight_of(mission: Mission, request: Request) -> list[Constraint]:
    """The request's limits of incidence and azimuth."""
    looks = looks_of(request, mission.satellites[0])
    return [one for one in looks if not isinstance(one, MaxOffNadir | SunAbove | SunBelow)]


def _elsewhere(
    mission: Mission,
    ephemerides: Sequence[Ephemeris],
    sun: SunTable,
    request: Request,
    steep: Table,
) -> Reason:
    """Passes are steep enough, but none stands where the request wants it."""
    k = int(np.argmin(steep["off_nadir_rad"]))
    wants = []
    if request.azimuth_rad is not None:
        first, last = (one / deg for one in request.azimuth_rad)
        wants.append(f"azimuth {first:g} to {last:g} deg")
    if request.min_incidence_rad > 0.0 or request.max_incidence_rad < math.pi / 2:
        low, high = request.min_incidence_rad / deg, request.max_incidence_rad / deg
        wants.append(f"incidence {low:g} to {high:g} deg")
    incidence_deg = 90.0 - steep["elevation_rad"][k] / deg
    return Reason(
        "no_pass",
        f"No pass stands where it should, at {' and '.join(wants)}: the nearest is "
        f"{steep['satellite'][k]} at {clock(steep['best'][k])} with azimuth "
        f"{steep['azimuth_rad'][k] / deg:.0f} deg and incidence {incidence_deg:.1f} deg.",
        _another_time(mission, ephemerides, sun, request),
    )


def _wider(
    mission: Mission,
    ephemerides: Sequence[Ephemeris],
    sun: SunTable,
    request: Request,
    passes: Table,
) -> str | None:
    """The least off-nadir limit with which a lit picture can be taken; passes within the satellites' own."""
    number = {satellite.name: i for i, satellite in enumerate(mission.satellites)}
    looks = zip(passes["satellite"].tolist(), passes["best"].tolist(), strict=True)
    angle = np.array(
        [
            _throughout_rad(mission.satellites[i], ephemerides[i], sun, request, best_ns)
            for i, best_ns in ((number[name], best_ns) for name, best_ns in looks)
        ]
    )
    passes, angle = passes.take(np.flatnonzero(angle < math.inf)), angle[angle < math.inf] / deg
    if not len(passes):
        return None
    light, _ = sun.angles_rad(request.aim, passes["best"])
    lit = light >= least_sun_rad(request)
    if np.any(lit):
        return f"an off-nadir limit of {above_tenth(float(angle[lit].min()) + _HAIR_DEG)} deg"
    day = light >= 0.0
    if not np.any(day):
        return None
    k = int(np.flatnonzero(day)[np.argmin(angle[day])])
    return (
        f"an off-nadir limit of {above_tenth(float(angle[k]) + _HAIR_DEG)} deg and a Sun limit of "
        f"{below(float(light[k]) / deg, 0.1)} deg"
    )


def _throughout_rad(
    satellite: Satellite, ephemeris: Ephemeris, sun: SunTable, request: Request, best_ns: int
) -> float:
    """The off-nadir that a picture about a pass's best instant keeps to; infinite if the satellite may not.

    Beside the track a picture's ends are no steeper than its middle; below it they are by what the satellite
    flies meanwhile.
    """
    half_ns = duration_ms(ephemeris, satellite, (request.rings_rad, request.aim), best_ns) * 500_000
    ends = np.array([best_ns - half_ns, best_ns, best_ns + half_ns], np.int64)
    if ends[0] < ephemeris.span.start.tai_ns or ends[-1] > ephemeris.span.stop.tai_ns:
        return math.inf
    most = float(view(ephemeris, satellite, request, ends, sun).look.off_nadir_rad.max())
    return most if most <= satellite.max_off_nadir_rad else math.inf


def above_tenth(number: float) -> str:
    """A number rounded up to a tenth.

    >>> above_tenth(34.11)
    '34.2'
    """
    return f"{math.ceil(number * 10.0 - 1e-9) / 10.0:.1f}"


def _another_time(
    mission: Mission, ephemerides: Sequence[Ephemeris], sun: SunTable, request: Request
) -> str | None:
    """A lit pass within all angles outside of the request's window, the nearest to it."""
    limits = {
        s.name: min(request.max_off_nadir_rad, s.max_off_nadir_rad) for s in mission.satellites
    }
    wants = [*_widest(limits), *_sight_of(mission, request)]
    passes = _within(find_windows(ephemerides, request.aim, wants), limits)
    if not len(passes):
        return None
    light, _ = sun.angles_rad(request.aim, passes["best"])
    best = passes["best"]
    away = np.maximum(request.window.start.tai_ns - best, best - request.window.stop.tai_ns)
    lit = (light >= least_sun_rad(request)) & (light <= request.max_sun_elevation_rad)
    rows = np.flatnonzero(lit & (away > 0))
    if not len(rows):
        return None
    k = int(rows[np.argmin(away[rows])])
    return f"a time window with {clock(int(best[k]))} ({passes['satellite'][k]})"


def _blurred(
    mission: Mission,
    ephemerides: Sequence[Ephemeris],
    sun: SunTable,
    request: Request,
    lit: Table,
) -> Reason:
    best: tuple[float, float, str, int] | None = None
    number = {satellite.name: i for i, satellite in enumerate(mission.satellites)}
    for name, tai_ns in zip(lit["satellite"].tolist(), lit["best"].tolist(), strict=True):
        i = number[name]
        at = np.array([tai_ns], np.int64)
        quality = view(ephemerides[i], mission.satellites[i], request, at, sun).quality
        found = (float(quality.gsd_m[0]), float(quality.niirs[0]), name, tai_ns)
        if best is None or found[0] < best[0]:
            best = found
    if best is None or (request.max_gsd_m is None and request.min_niirs is None):
        return Reason("no_pass", "Every pass is shorter than the picture takes.")
    wishes, needs = [], []
    if request.max_gsd_m is not None:
        wishes.append(f"{request.max_gsd_m:g} m or finer")
        if best[0] > request.max_gsd_m:
            needs.append(f"a max_gsd_m of {above(best[0])}")
    if request.min_niirs is not None:
        wishes.append(f"NIIRS {request.min_niirs:g} or better")
        if best[1] < request.min_niirs:
            needs.append(f"a min_niirs of {below(best[1], 0.01)}")
    return Reason(
        "too_blurred",
        f"No lit pass is sharp enough: the sharpest is {best[2]} at {clock(best[3])} with "
        f"{best[0]:.2f} m and NIIRS {best[1]:.1f}; the request asks for {' and '.join(wishes)}.",
        " and ".join(needs) or None,
    )


def _widest(limits_rad: Mapping[str, float]) -> list[Constraint]:
    return [MaxOffNadir(max(limits_rad.values()))]


def _within(table: Table, limits_rad: Mapping[str, float]) -> Table:
    limits = np.array([limits_rad[name] for name in table["satellite"].tolist()])
    return table.take(np.flatnonzero(table["off_nadir_rad"] <= limits))


def _in_window(table: Table, request: Request) -> Table:
    window = request.window
    inside = (table["best"] >= window.start.tai_ns) & (table["best"] <= window.stop.tai_ns)
    return table.take(np.flatnonzero(inside))


def _passes(
    ephemerides: Sequence[Ephemeris],
    request: Request,
    limits_rad: Mapping[str, float],
    more: Sequence[Constraint] = (),
) -> Table:
    """Windows of one request in its time, with a limit of off-nadir for each satellite."""
    table = find_windows(ephemerides, request.aim, [*_widest(limits_rad), *more])
    return _in_window(_within(table, limits_rad), request)


def no_picture(
    mission: Mission,
    ephemerides: Sequence[Ephemeris],
    sun: SunTable,
    opportunities: Table,
    request: Request,
    r: int,
) -> Reason:
    """Why none of its opportunities holds a picture: before the uplink, blocked, too cloudy, or too short."""
    rows = np.flatnonzero(opportunities["request_index"] == r)
    passes = opportunities.take(rows)
    early, blocked = [], []
    for row in range(len(passes)):
        satellite = mission.satellites[int(passes["satellite_index"][row])]
        start, stop = int(passes["start"][row]), int(passes["stop"][row])
        uplink = satellite.next_uplink
        early.append(uplink is not None and stop <= uplink.tai_ns + 1_000_000_000)
        blocked.append(
            any(one.start.tai_ns < stop and start < one.stop.tai_ns for one in satellite.blocked)
        )
    count = counted(len(passes), "pass", "passes")
    if all(early):
        last = int(np.argmax(passes["stop"]))
        satellite = mission.satellites[int(passes["satellite_index"][last])]
        uplink_ns = satellite.next_uplink.tai_ns if satellite.next_uplink else 0
        return Reason(
            "uplink",
            f"Its {count} come before the satellite can be told: {satellite.name} hears at "
            f"{clock(uplink_ns)} again, its last pass ends at {clock(int(passes['stop'][last]))}.",
            f"an uplink to {satellite.name} before {clock(int(passes['start'][last]))}",
        )
    cloudy = _clouds(mission, passes, request)
    if cloudy is not None:
        return cloudy
    held = [b for b, e in zip(blocked, early, strict=True) if not e]
    if held and all(held):
        k = blocked.index(True)
        satellite = mission.satellites[int(passes["satellite_index"][k])]
        start, stop = int(passes["start"][k]), int(passes["stop"][k])
        one = next(b for b in satellite.blocked if b.start.tai_ns < stop and start < b.stop.tai_ns)
        why = f" ({one.why})" if one.why else ""
        return Reason(
            "blocked",
            f"In its {count} the satellite is blocked: {satellite.name} from "
            f"{clock(one.start.tai_ns)} to {clock(one.stop.tai_ns)}{why}, with the turns before and after.",
            f"{satellite.name} free at {clock(int(passes['best'][k]))}",
        )
    longest_s = float((passes["stop"] - passes["start"]).max()) / 1e9
    return Reason(
        "no_pass",
        f"{each(len(passes))} shorter than the picture takes; the longest lasts {longest_s:.1f} s.",
        _wider(mission, ephemerides, sun, request, passes),
    )


def _clouds(mission: Mission, passes: Table, request: Request) -> Reason | None:
    if mission.weather is None or mission.weather.min_clear <= 0.0:
        return None
    chance = mission.weather.clear_sky(request.aim, passes["best"])
    least = mission.weather.min_clear
    if np.any(chance >= least):
        return None
    k = int(np.argmax(chance))
    return Reason(
        "too_cloudy",
        f"{each(len(passes))} too cloudy: the best chance of a clear "
        f"sky is {100 * chance[k]:.0f} % ({passes['satellite'][k]}, {clock(int(passes['best'][k]))}); the "
        f"least is {100 * least:.0f} %.",
        f"a min_clear of {below(float(chance[k]), 0.01)}" if chance[k] >= 0.01 else None,
    )
