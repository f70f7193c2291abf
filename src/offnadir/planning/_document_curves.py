"""Levels over time as plan.json states them: memory, battery, warmth of the camera."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from offnadir.planning.model import Battery, Satellite, Thermal
from offnadir.planning.slew import NADIR, Slew, slew_time_s

Array = NDArray[np.float64]
IntArray = NDArray[np.int64]
#: A stretch of time, ms after the start of the span.
Stretch = tuple[float, float]

_MS_PER_H = 3_600_000.0
#: Points of a curve that cools: at these parts of the time constant after a picture.
_COOLING = (0.1, 0.25, 0.5, 1.0, 1.5, 2.0, 3.0, 5.0)


def memory_points(moves: Sequence[tuple[float, float, int]]) -> list[tuple[float, float]]:
    """Corners (time, level) of a memory: `moves` are (start, stop, change), even in between.

    Times are ms, levels kilobits. The level is 0 before the first.
    """
    if not moves:
        return []
    start, stop, change = (np.array(column, np.float64) for column in zip(*moves, strict=True))
    times = np.unique(np.concatenate([start, stop]))
    order = np.argsort(start, kind="stable")
    start, stop, change = start[order], stop[order], change[order]
    level = np.zeros(len(times))
    for one, other, by in zip(start.tolist(), stop.tolist(), change.tolist(), strict=True):
        a = int(np.searchsorted(times, one))
        b = int(np.searchsorted(times, other))
        level[a : b + 1] += by * (times[a : b + 1] - one) / (other - one)
        level[b + 1 :] += by
    return list(zip(times.tolist(), level.tolist(), strict=True))


def slews_to(
    satellite: Satellite,
    start_ms: IntArray,
    stop_ms: IntArray,
    los_start: Array,
    los_stop: Array,
    blocked_ms: Sequence[Stretch],
) -> list[Stretch]:
    """When a satellite turns to its pictures, which are in order: it has settled as each starts.

    It looks to nadir at first, and after a blocked time. The law of a user's function holds the settling, and
    counts whole.
    """
    if not len(start_ms):
        return []
    before = np.vstack([NADIR, los_stop[:-1]])
    for one, _ in blocked_ms:
        i = int(np.searchsorted(start_ms, one, side="right"))
        if 0 < i < len(start_ms) and stop_ms[i - 1] <= one:
            before[i] = NADIR
    law = satellite.slew_law
    settling_s = law.settling_s if isinstance(law, Slew) else 0.0
    turning_ms = 1e3 * (slew_time_s(law, before, los_start) - settling_s)
    ready_ms = start_ms - 1e3 * settling_s
    return list(zip((ready_ms - turning_ms).tolist(), ready_ms.tolist(), strict=True))


def battery_points(
    battery: Battery,
    span_ms: float,
    *,
    sunlit: Sequence[Stretch],
    imaging: Sequence[Stretch],
    slewing: Sequence[Stretch],
    sending: Sequence[Stretch],
) -> list[tuple[float, float]]:
    """Corners (time [ms], level [Wh]) of a battery from 0 to the end of the span."""
    loads = (
        (sunlit, battery.charge_w),
        (imaging, -battery.imaging_w),
        (slewing, -battery.slew_w),
        (sending, -battery.downlink_w),
    )
    ends = [t for stretches, watt in loads if watt for stretch in stretches for t in stretch]
    times = np.unique(np.clip(np.array([0.0, span_ms, *ends]), 0.0, span_ms))
    power = np.full(len(times) - 1, -battery.idle_w)
    for stretches, watt in loads:
        power += watt * _inside(times, stretches)
    level = battery.start_wh
    points = [(float(times[0]), level)]
    for start, stop, watt in zip(
        times[:-1].tolist(), times[1:].tolist(), power.tolist(), strict=True
    ):
        then = level + watt * (stop - start) / _MS_PER_H
        if then > battery.capacity_wh > level:
            full = start + (battery.capacity_wh - level) / watt * _MS_PER_H
            if start < full < stop:
                points.append((full, battery.capacity_wh))
        level = min(then, battery.capacity_wh)
        points.append((stop, level))
    return _corners(points)


def _inside(times: Array, stretches: Sequence[Stretch]) -> Array:
    """1 for each piece between times that lies in any of the stretches, else 0."""
    depth = np.zeros(len(times) + 1, np.int64)
    for start, stop in stretches:
        if stop > start:
            depth[np.searchsorted(times, start)] += 1
            depth[np.searchsorted(times, stop)] -= 1
    return (np.cumsum(depth)[: len(times) - 1] > 0).astype(np.float64)


def _corners(points: list[tuple[float, float]]) -> list[tuple[float, float]]:
    """The points without those in the middle of a level stretch (a battery is full for long)."""
    kept = points[:1]
    for before, point, after in zip(points, points[1:], points[2:], strict=False):
        if not before[1] == point[1] == after[1]:
            kept.append(point)
    return kept + points[max(len(points) - 1, 1) :]


def thermal_points(
    thermal: Thermal, span_ms: float, imaging: Sequence[Stretch]
) -> list[tuple[float, float]]:
    """Points (time [ms], rise [K]) of a camera: at the ends of pictures, and some on the way down."""
    constant_ms = 1e3 * thermal.time_constant_s
    at, rise = 0.0, thermal.initial_rise_k
    points = [(at, rise)]
    for start, stop in [*imaging, (span_ms, span_ms)]:
        for part in _COOLING:
            then = at + part * constant_ms
            if rise > 0.01 * thermal.max_rise_k and then < start:
                points.append((then, rise * math.exp(-part)))
        rise *= math.exp(-(start - at) / constant_ms)
        points.append((start, rise))
        if stop > start:
            rise = thermal.rise_k((stop - start) / 1e3, rise)
            points.append((stop, rise))
        at = stop
    return list(dict(points).items())
