"""Battery and temperature, simulated from event to event: every piece in between is solved exactly.

Sunlight: the centre of the Sun is not hidden behind a sphere with the Earth's equatorial radius.
What each rule says stands in `checker.RULES`; why its tolerance is what it is, in the reference.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from offnadir.constants import WGS84_A_M
from offnadir.earth import EarthOrientation, rot_itrf_teme, sun_itrf_m
from offnadir.orbits import ElementSet, propagate
from offnadir.planning._checker_facts import (
    START,
    STOP,
    Facts,
    Finding,
    NotChecked,
    Picture,
    unless,
    utc,
)
from offnadir.planning._checker_model import Battery, Curve, Satellite, Thermal
from offnadir.planning._checker_slew import NADIR, joined, turn_s, unchecked_law

Array = NDArray[np.float64]
Times = NDArray[np.int64]

BATTERY_REL_TOL = 2e-4  # of the capacity
RISE_REL_TOL, RISE_TOL_K = 1e-4, 1e-3
_NS = 1_000_000_000
_WS_PER_WH = 3600.0
_STEP_S = 20.0  # the Sun's margin changes by less than 0.02 rad in that time
_MOST_STEPS = 500_000  # four months; a longer span must not fill the memory
_NEAR_RAD = 0.1  # lows of the margin under this are looked at closely


def battery(facts: Facts) -> Iterator[Finding]:
    for satellite in facts.plan.satellites:
        cell = satellite.battery
        if cell is None:
            continue
        found = _battery_level(facts, satellite, cell)
        if isinstance(found, NotChecked):
            yield found
            continue
        t_ns, level = found
        tolerance = BATTERY_REL_TOL * cell.capacity_wh
        worst = int(np.argmin(level))
        yield unless(
            level[worst] >= cell.least_wh - tolerance,
            f"{satellite.name}: {level[worst]:.3f} Wh in the battery at {utc(int(t_ns[worst]))}, "
            f"{cell.least_wh - level[worst]:.3f} Wh below the least, {cell.least_wh:.3f} Wh "
            f"(depth of discharge {cell.max_depth_of_discharge:g} of {cell.capacity_wh:g} Wh)",
        )

        def at(wanted_ns: Times, t_ns: Times = t_ns, level: Array = level) -> Array:
            return _straight(wanted_ns, t_ns, level)

        stated = facts.plan.battery
        yield from _curves(satellite, stated, "battery", at, tolerance, t_ns)
    yield from _strangers(facts, facts.plan.battery, "battery")


def _battery_level(
    facts: Facts, satellite: Satellite, cell: Battery
) -> tuple[Times, Array] | NotChecked:
    """Times (n,) and level [Wh] (n,): straight in between; with every corner, also where it is full."""
    plan = facts.plan
    light = sunlit(satellite.elements, plan.start_ns, plan.stop_ns, facts.orientation)
    if light is None:
        return NotChecked(f"{satellite.name}: its sunlight: no position throughout the span")
    turning = _slews(facts, satellite) if cell.slew_w > 0.0 else []
    if turning is None:
        return unchecked_law(satellite)
    loads = (
        (light, cell.charge_w),
        (_imaging(facts, satellite), -cell.imaging_w),
        (turning, -cell.slew_w),
        (
            [(c.stated.start_ns, c.stated.stop_ns) for c in facts.downlinks_of(satellite)],
            -cell.downlink_w,
        ),
    )
    corners = [np.array(stretches, np.int64).ravel() for stretches, _ in loads]
    t_ns = np.unique(np.concatenate([[plan.start_ns, plan.stop_ns], *corners]))
    t_ns = t_ns[(t_ns >= plan.start_ns) & (t_ns <= plan.stop_ns)]
    power = np.full(len(t_ns) - 1, -cell.idle_w)
    for stretches, watt in loads:
        power += watt * _inside(t_ns, stretches)
    times, levels = [int(t_ns[0])], [cell.initial_wh]
    for i, watt in enumerate(power.tolist()):
        start, stop, now = int(t_ns[i]), int(t_ns[i + 1]), levels[-1]
        then = now + watt * (stop - start) / _NS / _WS_PER_WH
        if then > cell.capacity_wh and now < cell.capacity_wh:
            full_s = (cell.capacity_wh - now) * _WS_PER_WH / watt
            times.append(min(start + round(full_s * _NS), stop))
            levels.append(cell.capacity_wh)
        times.append(stop)
        levels.append(min(then, cell.capacity_wh))
    return np.array(times, np.int64), np.array(levels)


def _inside(t_ns: Times, stretches: Sequence[tuple[int, int]]) -> Array:
    """1 for each piece between times (n,) that lies in any of the stretches, else 0; shape (n - 1,)."""
    depth = np.zeros(len(t_ns) + 1, np.int64)
    for start, stop in stretches:
        if stop > start:
            depth[np.searchsorted(t_ns, start)] += 1
            depth[np.searchsorted(t_ns, stop)] -= 1
    return (np.cumsum(depth)[: len(t_ns) - 1] > 0).astype(np.float64)


def _imaging(facts: Facts, satellite: Satellite) -> list[tuple[int, int]]:
    return [(p.stated.start_ns, p.stated.stop_ns) for p in facts.pictures_of(satellite)]


def _slews(facts: Facts, satellite: Satellite) -> list[tuple[int, int]] | None:
    """When the satellite turns towards its pictures: it has settled as each starts. None: not known."""
    found: list[tuple[int, int]] = []
    before: Picture | None = None
    blocked = joined(satellite.blocked)
    for p in facts.pictures_of(satellite):
        if not p.view.known:
            continue
        los_from = NADIR
        if before is not None and not any(
            before.stated.stop_ns <= block.start_ns < p.stated.start_ns for block in blocked
        ):
            los_from = before.view.los_orbit[STOP]
        turning_s = turn_s(satellite.slew, los_from, p.view.los_orbit[START])
        if math.isnan(turning_s):
            return None
        stop = p.stated.start_ns - round(satellite.slew.settling_s * _NS)
        found.append((stop - round(turning_s * _NS), stop))
        before = p
    return found


def sunlit(
    elements: ElementSet, start_ns: int, stop_ns: int, orientation: EarthOrientation
) -> list[tuple[int, int]] | None:
    """Stretches in which a satellite is in sunlight, to the microsecond; None if it has no position."""
    steps = math.ceil((stop_ns - start_ns) / _NS / _STEP_S) + 1
    if steps > _MOST_STEPS:
        return None
    # Against the stars the Sun moves so evenly that half an hour is a straight line to 2e-8 rad.
    knots_ns = np.linspace(start_ns, stop_ns, math.ceil(steps / 90) + 1).astype(np.int64)
    rot = rot_itrf_teme(knots_ns, orientation)
    sun_m = np.einsum("nij,ni->nj", rot, sun_itrf_m(knots_ns, orientation))
    knots_s = (knots_ns - start_ns) / _NS

    def margin(t_ns: Times) -> Array:
        r_m, _, _ = propagate(elements, t_ns)
        t_s = (t_ns - start_ns) / _NS
        sun = np.stack([np.interp(t_s, knots_s, sun_m[:, axis]) for axis in range(3)], axis=1)
        to_sun = sun - r_m
        aside = np.linalg.norm(np.cross(r_m, to_sun), axis=1)
        apart = np.arctan2(aside, -np.sum(r_m * to_sun, axis=1))
        limb = np.arcsin(np.minimum(WGS84_A_M / np.linalg.norm(r_m, axis=1), 1.0))
        return np.asarray(apart - limb, np.float64)

    t_ns = np.unique(np.linspace(start_ns, stop_ns, steps + 1).astype(np.int64))
    t_ns[0], t_ns[-1] = start_ns, stop_ns
    found = margin(t_ns)
    if not np.all(np.isfinite(found)):
        return None
    extra = np.concatenate([_turns(margin, t_ns, found, sign) for sign in (1.0, -1.0)])
    t_ns = np.union1d(t_ns, extra)
    up = margin(t_ns) > 0.0
    edges = _crossings(margin, t_ns, up)
    ends = [*([start_ns] if up[0] else []), *edges.tolist(), *([stop_ns] if up[-1] else [])]
    return list(zip(ends[::2], ends[1::2], strict=True))


def _turns(margin: Callable[[Times], Array], t_ns: Times, found: Array, sign: float) -> Times:
    """Where the margin is least (sign 1) or greatest (-1) between samples of the other side, by thirds."""
    m = sign * found
    low = np.flatnonzero(
        (m[1:-1] <= m[:-2]) & (m[1:-1] <= m[2:]) & (m[1:-1] > 0.0) & (m[1:-1] < _NEAR_RAD)
    )
    left, right = t_ns[low], t_ns[low + 2]
    while len(left) and np.max(right - left) > 1_000_000:
        third = (right - left) // 3
        a, b = left + third, right - third
        nearer = sign * margin(a) < sign * margin(b)
        left, right = np.where(nearer, left, a), np.where(nearer, b, right)
    return np.asarray((left + right) // 2, np.int64)


def _crossings(margin: Callable[[Times], Array], t_ns: Times, up: NDArray[np.bool_]) -> Times:
    at = np.flatnonzero(up[1:] != up[:-1])
    left, right, rises = t_ns[at], t_ns[at + 1], up[at + 1]
    while len(left) and np.max(right - left) > 1_000:
        middle = (left + right) // 2
        after = (margin(middle) > 0.0) == rises
        left, right = np.where(after, left, middle), np.where(after, middle, right)
    return np.asarray(right, np.int64)


def thermal(facts: Facts) -> Iterator[Finding]:
    for satellite in facts.plan.satellites:
        camera = satellite.thermal
        if camera is None:
            continue
        t_ns, heated = _heated(facts, satellite)
        rise = _rise_k(camera, t_ns, heated)
        tolerance = RISE_TOL_K + RISE_REL_TOL * camera.max_rise_k
        worst = int(np.argmax(rise))
        yield unless(
            rise[worst] <= camera.max_rise_k + tolerance,
            f"{satellite.name}: {rise[worst]:.4f} K warmer than at rest at {utc(int(t_ns[worst]))}, "
            f"{rise[worst] - camera.max_rise_k:.4f} K above the most, {camera.max_rise_k:.4f} K",
        )

        def at(
            wanted_ns: Times,
            camera: Thermal = camera,
            t_ns: Times = t_ns,
            heated: Array = heated,
            rise: Array = rise,
        ) -> Array:
            piece = np.clip(np.searchsorted(t_ns, wanted_ns, side="right") - 1, 0, len(heated) - 1)
            on = (np.clip(wanted_ns, t_ns[0], t_ns[-1]) - t_ns[piece]) / _NS
            return _relaxed(camera, rise[piece], heated[piece], on)

        # Between its points a stated curve is a drawing only: the true one is bent.
        yield from _curves(satellite, facts.plan.thermal, "thermal", at, tolerance, None)
    yield from _strangers(facts, facts.plan.thermal, "thermal")


def _heated(facts: Facts, satellite: Satellite) -> tuple[Times, Array]:
    """Corners of the span and of the pictures in it (n,), and 1 for the pieces (n - 1,) with a picture."""
    start, stop = facts.plan.start_ns, facts.plan.stop_ns
    pictures = _imaging(facts, satellite)
    t_ns = np.unique(np.array([start, stop, *(t for p in pictures for t in p)], np.int64))
    t_ns = t_ns[(t_ns >= start) & (t_ns <= stop)]
    return t_ns, _inside(t_ns, pictures)


def _rise_k(camera: Thermal, t_ns: Times, heated: Array) -> Array:
    rise = [camera.initial_rise_k]
    for on, step_ns in zip(heated.tolist(), np.diff(t_ns).tolist(), strict=True):
        rise.append(float(_relaxed(camera, rise[-1], on, step_ns / _NS)))
    return np.array(rise)


def _relaxed(
    camera: Thermal, rise: Array | float, heated: Array | float, s: Array | float
) -> Array:
    """Rise [K] some seconds later: it nears heating x time constant in a picture, and 0 otherwise."""
    end = camera.heating_k_s * camera.time_constant_s * heated
    return np.asarray(end + (rise - end) * np.exp(-s / camera.time_constant_s), np.float64)


def _straight(wanted_ns: Times, t_ns: Times, level: Array) -> Array:
    zero = t_ns[0]
    level_then = np.interp((wanted_ns - zero) / _NS, (t_ns - zero) / _NS, level)
    return np.asarray(level_then, np.float64)


def _curves(
    satellite: Satellite,
    stated: tuple[Curve, ...] | None,
    what: str,
    at: Callable[[Times], Array],
    tolerance: float,
    corners_ns: Times | None,
) -> Iterator[Finding]:
    """A stated curve, if there are any, is that of the simulation: at its points, and at our corners."""
    if stated is None:
        return
    mine = [c for c in stated if c.satellite == satellite.name]
    yield unless(len(mine) == 1, f"{satellite.name}: {len(mine)} {what} curves, must be one")
    for curve in mine[:1]:
        if not len(curve.t_ns) or np.any(np.diff(curve.t_ns) < 0):
            yield f"{satellite.name}: the {what} curve has no points, or their times do not rise"
            continue
        t_ns = curve.t_ns if corners_ns is None else np.union1d(corners_ns, curve.t_ns)
        said = curve.level if corners_ns is None else _straight(t_ns, curve.t_ns, curve.level)
        apart = np.abs(said - at(t_ns))
        worst = int(np.argmax(apart))
        yield unless(
            apart[worst] <= tolerance,
            f"{satellite.name}: {what} curve at {utc(int(t_ns[worst]))} is {said[worst]:.4f}, "
            f"recomputed {at(t_ns)[worst]:.4f}",
        )


def _strangers(facts: Facts, stated: tuple[Curve, ...] | None, what: str) -> Iterator[Finding]:
    names = {s.name for s in facts.plan.satellites}
    for curve in stated or ():
        if curve.satellite not in names:
            yield f"a {what} curve of {curve.satellite!r}, not in the plan"
