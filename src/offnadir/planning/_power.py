"""When a satellite's panels see the Sun, for its battery.

In the Sun means: the Sun's centre is not behind a sphere of the Earth's equatorial radius (WGS-84). So the
Sun counts as out half-way through the penumbra; there is no atmosphere. The sphere, not the ellipsoid of
`find_eclipses`, for whoever checks a plan has to do the same with a few lines; its shadow is up to some
seconds longer at high latitudes, on the safe side of a battery.
"""

from __future__ import annotations

import math
from typing import Final

import numpy as np
from numpy.typing import NDArray

from offnadir.constants import EARTH_RATE_RAD_S, WGS84_A_M
from offnadir.earth import SunTable
from offnadir.epoch import Span
from offnadir.orbits import Ephemeris

Array = NDArray[np.float64]
Times = NDArray[np.int64]

_STEP_NS: Final = 30_000_000_000
#: Edges are found to this, and an eclipse or a glimpse of the Sun shorter than it may be missed.
_CLOSE_NS: Final = 1_000_000
_SPARE: Final = 1.25
_LOWEST_M: Final = 10e3


def sunlit_ms(ephemeris: Ephemeris, span: Span, sun: SunTable) -> NDArray[np.int64]:
    """Stretches of a span in which a satellite is in the Sun: starts and stops [ms], shape (n, 2).

    Whole milliseconds after the start of the span, in order, each rounded to the nearest; good to 1 ms on
    the given orbit. Where the position is unknown the satellite counts as in the shadow.
    """
    first, last = span.start.tai_ns, span.stop.tai_ns
    times = np.append(np.arange(first, last, _STEP_NS, dtype=np.int64), last)
    margin = sunlit_margin_rad(ephemeris, times, sun)
    times, margin = _refined(ephemeris, sun, times, margin)
    lit = margin > 0.0
    change = np.flatnonzero(lit[1:] != lit[:-1])
    edges = _edges(ephemeris, sun, times[change], times[change + 1], lit[change])
    ends = np.array([first, last], np.int64)
    bounds = np.concatenate([ends[:1][lit[:1]], edges, ends[1:][lit[-1:]]])
    after_ms = np.rint((bounds - first) / 1e6).astype(np.int64).reshape(-1, 2)
    return np.asarray(after_ms[after_ms[:, 1] > after_ms[:, 0]], np.int64)


def sunlit_margin_rad(ephemeris: Ephemeris, tai_ns: Times, sun: SunTable) -> Array:
    """Angle [rad] from the limb of the sphere up to the Sun's centre, shape (n,); NaN where unknown."""
    return _margin_rad(ephemeris.position_itrf_m(tai_ns), sun.position_itrf_m(tai_ns))


def _margin_rad(r_sat_m: Array, r_sun_m: Array) -> Array:
    to_sun, down = r_sun_m - r_sat_m, -r_sat_m
    across = np.linalg.norm(np.cross(to_sun, down), axis=1)
    between = np.arctan2(across, np.sum(to_sun * down, axis=1))
    distance_m = np.linalg.norm(r_sat_m, axis=1)
    return np.asarray(between - np.arcsin(np.minimum(WGS84_A_M / distance_m, 1.0)), np.float64)


def _refined(
    ephemeris: Ephemeris, sun: SunTable, times: Times, margin: Array
) -> tuple[Times, Array]:
    """More instants wherever the margin might reach zero and come back between two of one sign.

    Its rate has a bound, so between margins of m and n it keeps its sign for m + n > rate * step.
    """
    rate = _rate_bound_rad_s(ephemeris, times)
    while True:
        step_ns = np.diff(times)
        reach = np.abs(margin[:-1]) + np.abs(margin[1:])
        same = (margin[:-1] > 0.0) == (margin[1:] > 0.0)
        near = same & (reach <= rate * step_ns / 1e9) & (step_ns > 2 * _CLOSE_NS)
        rows = np.flatnonzero(near)
        if not len(rows):
            return times, margin
        middle = times[rows] + step_ns[rows] // 2
        found = sunlit_margin_rad(ephemeris, middle, sun)
        times = np.insert(times, rows + 1, middle)
        margin = np.insert(margin, rows + 1, found)


def _rate_bound_rad_s(ephemeris: Ephemeris, times: Times) -> float:
    """Greatest rate [rad/s] of the margin: the direction down, the disc's size, the Sun among the axes."""
    r_m, v_m_s = ephemeris.position_itrf_m(times), ephemeris.velocity_itrf_m_s(times)
    known = np.isfinite(r_m).all(axis=1) & np.isfinite(v_m_s).all(axis=1)
    if not known.any():
        return 0.0
    distance_m = np.maximum(np.linalg.norm(r_m[known], axis=1), WGS84_A_M + _LOWEST_M)
    low_m, speed_m_s = float(distance_m.min()), float(np.linalg.norm(v_m_s[known], axis=1).max())
    # The two act across each other: down turns by what is across the radius, the disc grows along it.
    disc = WGS84_A_M / math.sqrt(low_m**2 - WGS84_A_M**2)
    return _SPARE * speed_m_s / low_m * math.hypot(1.0, disc) + 1.1 * EARTH_RATE_RAD_S


def _edges(
    ephemeris: Ephemeris, sun: SunTable, low: Times, high: Times, lit: NDArray[np.bool_]
) -> Times:
    """Where light turns to shadow or back between instants, by halves, to the nearest ms or better."""
    low, high = low.copy(), high.copy()
    while len(low) and np.max(high - low) > _CLOSE_NS // 4:
        middle = low + (high - low) // 2
        as_before = (sunlit_margin_rad(ephemeris, middle, sun) > 0.0) == lit
        low, high = np.where(as_before, middle, low), np.where(as_before, high, middle)
    return low + (high - low) // 2
