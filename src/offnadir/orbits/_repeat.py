"""Where a ground track repeats, and at what local time a satellite crosses the equator."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from offnadir.constants import WGS84_A_M
from offnadir.epoch import tai_to_utc_ns
from offnadir.orbits._secular import EARTH_TURN_RAD_S
from offnadir.units import deg, hour

Array = NDArray[np.float64]

_DAY_NS = 86_400_000_000_000
_J2000_UTC_NS: Final = 946_728_000_000_000_000  # 2000-01-01 12:00 UTC; UT1 is within a second of it
_CENTURY_NS = 36525 * _DAY_NS
# The mean Sun's right ascension turns by so much in a second: Vallado, 4th ed., algorithm 29.
MEAN_SUN_RAD_S: Final = 36_000.771 * deg / (36525.0 * 24.0 * hour)


@dataclass(frozen=True, slots=True, kw_only=True)
class RepeatCycle:
    """After `revs` revolutions and `days` turns of the Earth under the orbit the track is (nearly) itself.

    `drift_m` is how far east of itself, at the equator, it is then, if the orbit stays as it is. For a
    sun-synchronous orbit a turn is a day of 86400 s; `duration_s` is the cycle's length in any case.
    """

    revs: int
    days: int
    drift_m: float
    duration_s: float


def repeat_cycle(
    latitude_rate_rad_s: float, raan_rate_rad_s: float, *, max_days: int = 30
) -> RepeatCycle:
    """The cycle of up to `max_days` turns of the Earth that drifts least; of equal ones the shortest.

    From the nodal period and the Earth's turn against the node (Vallado, 4th ed., section 11.4.2,
    equations 11-21 to 11-23). Raises nothing; a geostationary orbit repeats after one revolution, as does,
    in more days than `max_days`, one that is slower than all of these.
    """
    turn_rad_s = EARTH_TURN_RAD_S - raan_rate_rad_s
    revs_a_day = latitude_rate_rad_s / turn_rad_s
    best: RepeatCycle | None = None
    for days in range(1, max_days + 1):
        revs = round(revs_a_day * days)
        if revs < 1 or math.gcd(revs, days) > 1:
            continue
        # The node comes back late by so much of a turn, while the Earth turns east under it.
        drift_m = 2.0 * math.pi * (days - revs / revs_a_day) * WGS84_A_M
        if best is None or abs(drift_m) < abs(best.drift_m):
            duration_s = revs * 2.0 * math.pi / latitude_rate_rad_s
            best = RepeatCycle(revs=revs, days=days, drift_m=drift_m, duration_s=duration_s)
    if best is not None:
        return best
    # Slower than one revolution in so many days: the cycle is one revolution.
    days = round(1.0 / revs_a_day)
    drift_m = 2.0 * math.pi * (days - 1.0 / revs_a_day) * WGS84_A_M
    duration_s = 2.0 * math.pi / latitude_rate_rad_s
    return RepeatCycle(revs=1, days=days, drift_m=drift_m, duration_s=duration_s)


def local_time_of_node_h(tai_ns: NDArray[np.int64], raan_rad: Array) -> Array:
    """Mean solar time [h, 0 to 24] at the ascending node, shape (n,).

    Against the mean Sun: Vallado, 4th ed., algorithm 29 (mean longitude). Apparent time differs by the
    equation of time, up to 16 minutes; the satellite does not follow it.
    """
    hours = 12.0 + (raan_rad - mean_sun_rad(tai_ns)) / (15.0 * deg)
    return np.asarray(hours % 24.0, np.float64)


def mean_sun_rad(tai_ns: NDArray[np.int64]) -> Array:
    """Right ascension of the mean Sun [rad], TEME of date, not reduced to one turn."""
    centuries = (tai_to_utc_ns(tai_ns) - _J2000_UTC_NS) / _CENTURY_NS
    return np.asarray((280.460 + 36_000.771 * centuries) * deg, np.float64)


def local_time_drift_s_day(raan_rate_rad_s: float) -> float:
    """How fast that time changes [s/day]: zero for a sun-synchronous orbit."""
    return (raan_rate_rad_s - MEAN_SUN_RAD_S) * 24.0 * hour / (15.0 * deg) * hour
