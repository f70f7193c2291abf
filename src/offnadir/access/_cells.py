"""Stage 1 of the search, compiled: where the satellites are, cell by cell, and how to search each of them.

While a satellite is in a *cell* (some two minutes), the point below it stays within a known angle of the
cell's middle, so a cell is skipped if a site lies beyond that plus the greatest central angle at
which the constraints can be met. docs/theory/access.md draws it.
"""

from __future__ import annotations

import math

import numpy as np

from offnadir._jit import kernel
from offnadir.access._margins import ELEVATION, OFF_NADIR, RANGE
from offnadir.constants import EARTH_RATE_RAD_S as _OMEGA
from offnadir.constants import GM_EARTH_M3_S2 as _GM
from offnadir.constants import WGS84_E2 as _E2
from offnadir.orbits._segments import motion

# Bundles of arguments:
#   flock = (pieces of all satellites (n, 8, 3) [m], where those of each begin (satellites + 1,),
#            start of the first piece and length of one (satellites, 2) [s])
#   wishes = as in `_margins`, a row of values a group of sites
# How to search a satellite (`MODE`): by waits; as concave passes; as an off-nadir cone; by bounded steps.
MARCH, CONCAVE, CONE, WALK, NOTHING = 0, 1, 2, 3, 4
FLOOR_S = 1e-3  # a window longer than this is never missed
PLUMB_RAD = 0.0034  # geodetic and geocentric vertical differ by 0.00336 at most
_DOT_ERROR = 3e-6  # of single precision, and a little more
_LONGEST_S = 1800.0
# Columns of what `survey` finds out of each satellite: greatest speed [m/s], greatest rate of its vertical
# [rad/s], length of a cell [s], least and greatest radius [m], bounds on the second derivative [m/s2] of
# the curve that is walked (upward and downward; for CONCAVE the least), the mode.
SPEED, TURN, CELL, LOW, HIGH, BEND_UP, BEND_DOWN, MODE, FACTS = range(9)


@kernel
def track_of(flock, i):
    """The track of one satellite, for `motion`."""
    pieces, begin, clock = flock
    return pieces[begin[i] : begin[i + 1]], clock[i, 0], clock[i, 1]


@kernel
def rates(track, stop_s, every_s):
    """(greatest speed [m/s], least and greatest radius [m]) over the span, with 2 % to spare."""
    count = int(stop_s / every_s) + 2
    v2_max, r2_min, r2_max = 0.0, math.inf, 0.0
    for i in range(count):
        x, y, z, vx, vy, vz = motion(min(i * every_s, stop_s), track)
        r2 = x * x + y * y + z * z
        if r2 > 0.0:  # False for NaN
            v2_max = max(v2_max, vx * vx + vy * vy + vz * vz)
            r2_min, r2_max = min(r2_min, r2), max(r2_max, r2)
    return 1.02 * math.sqrt(v2_max), 0.98 * math.sqrt(r2_min), 1.02 * math.sqrt(r2_max)


@kernel
def cells(track, cell_s, first, count, units, low, high, turn):
    """Fill in for each cell: direction of its middle, least and greatest radius [m], half its turn [rad].

    Beside a stretch without positions the turn is pi: such a cell is never skipped. NaN: nothing known.
    """
    x0 = y0 = z0 = r0 = x1 = y1 = z1 = r1 = x2 = y2 = z2 = r2 = 0.0
    for half in range(2 * count + 1):
        x0, y0, z0, r0, x1, y1, z1, r1 = x1, y1, z1, r1, x2, y2, z2, r2
        x2, y2, z2, _, _, _ = motion(0.5 * half * cell_s, track)
        r2 = math.sqrt(x2 * x2 + y2 * y2 + z2 * z2)
        if half == 0 or half % 2 == 1:
            continue
        k = half // 2 - 1
        at = first + k
        if r0 > 0.0 and r1 > 0.0 and r2 > 0.0:
            spare = 200.0 + abs(r0 - 2.0 * r1 + r2)
            low[k], high[k] = min(r0, r1, r2) - spare, max(r0, r1, r2) + spare
            # 1 - cosine, and the angle from it: the series errs by 1e-6 of it at 0.1 rad, 0.01 at 1 rad.
            left = 1.0 - (x0 * x1 + y0 * y1 + z0 * z1) / (r0 * r1)
            right = 1.0 - (x2 * x1 + y2 * y1 + z2 * z1) / (r2 * r1)
            bow = 2.0 * max(left, right, 0.0)
            turn[k] = 1.02 * math.sqrt(bow) * (1.0 + bow / 24.0 + 0.01 * bow * bow) + 1e-4
            per_m = 1.0 / r1
            units[0, at], units[1, at], units[2, at] = x1 * per_m, y1 * per_m, z1 * per_m
        elif r0 > 0.0 or r1 > 0.0 or r2 > 0.0:
            low[k], high[k], turn[k] = 0.0, math.inf, math.pi
            units[0, at] = units[1, at] = units[2, at] = 0.0
        else:
            turn[k] = math.nan
            units[0, at] = units[1, at] = units[2, at] = math.nan


@kernel
def reach(kinds, values, rho_low, rho_high, r_low, r_high):
    """Cosine of the greatest central angle at which a site can be seen under these limits; 2: never."""
    elevation, best = 0.0, -1.0
    for i in range(kinds.shape[0]):
        if kinds[i] == ELEVATION:
            elevation = max(elevation, values[i])
        elif kinds[i] == OFF_NADIR:
            # Sine rule in the triangle of the Earth's centre, the satellite and the site.
            tilt = min(values[i] + PLUMB_RAD, 0.5 * math.pi)
            sine = r_high / rho_low * math.sin(tilt)
            if sine < 1.0:
                best = max(
                    best, math.sqrt(1.0 - sine * sine) * math.cos(tilt) + sine * math.sin(tilt)
                )
        elif kinds[i] == RANGE:
            gap = max(r_low - rho_high, 0.0)
            rest = gap * gap - values[i] * values[i]
            if rest > 0.0:
                return 2.0
            best = max(best, 1.0 + rest / (2.0 * r_low * rho_low))
    floor = elevation - PLUMB_RAD
    away = min(1.0, rho_low / r_high * math.cos(floor))
    return max(best, away * math.cos(floor) + math.sqrt(1.0 - away * away) * math.sin(floor))


@kernel
def thresholds(wishes, rho_low, rho_high, first, count, low, high, turn, out):
    """Fill `out` (rows of values, cells) from `first` on with the cosine that a site in reach must pass."""
    kinds, values = wishes[0], wishes[1]
    for g in range(values.shape[0]):
        r_low = r_high = cosine = sine = 0.0
        for k in range(count):
            if not turn[k] <= 1.0:
                out[g, first + k] = -2.0
                continue
            if not (r_low <= low[k] and high[k] <= r_high):
                # A little wide, so that it holds for the next cells too.
                r_low, r_high = 0.999 * low[k], 1.001 * high[k]
                cosine = reach(kinds, values[g], rho_low, rho_high, r_low, r_high)
                sine = math.sqrt(max(0.0, 1.0 - cosine * cosine))
            t2 = turn[k] * turn[k]
            cos_turn = 1.0 - 0.5 * t2
            sin_turn = turn[k] * (1.0 - t2 / 6.0 * (1.0 - t2 / 20.0))
            # Beyond the antipode every site is in reach.
            wide = cosine * cos_turn - sine * sin_turn if cosine > -cos_turn else -2.0
            out[g, first + k] = wide - _DOT_ERROR if cosine <= 1.0 else 2.0


@kernel
def least_bend(wishes, facts, cosines, first, count, turn):
    """By how much [m/s2] height over the elevation limit bends downward at least wherever a site is in reach.

    Height here is (satellite - site) . up - sin(limit) * distance; its second derivative is at most
    -GM/r^2 (cos(central angle) - sin(limit)) plus what the turning and flattened Earth can add. Positive
    for all rows of values: it is concave in time.
    """
    kinds, values = wishes[0], wishes[1]
    v_max, r_low, r_high = facts[SPEED], facts[LOW], facts[HIGH]
    more = 2.0 * _OMEGA * v_max + _OMEGA**2 * r_high + 0.004 * _GM / r_low**2
    least = math.inf
    for g in range(values.shape[0]):
        elevation, farthest = 0.0, 0.0
        for i in range(kinds.shape[0]):
            if kinds[i] == ELEVATION:
                elevation = max(elevation, values[g, i])
        lowest, widest = 1.0, 0.0
        for k in range(count):
            if cosines[g, first + k] < 1.0:
                lowest, widest = min(lowest, cosines[g, first + k]), max(widest, turn[k])
        farthest = math.acos(max(-1.0, lowest)) + widest + PLUMB_RAD
        sine = math.sin(elevation)
        level = math.cos(min(math.pi, farthest)) - sine
        pull = _GM / r_high**2 if level > 0.0 else _GM / r_low**2
        least = min(least, pull * level - more * (1.0 + sine))
    return least


@kernel
def survey(flock, stop_s, wishes, rho_low, rho_high, cell_low, cell_high):
    """Look all satellites over, within [0, stop_s].

    Returns facts (satellites, FACTS), where the cells of each begin (satellites + 1,), directions of cells
    (3, cells) and cosines that a site in reach must pass (groups, cells). NOTHING is the mode of a
    satellite of which nothing is known; all else of modes and bends is left to `_ways.choose`, but for
    `least_bend`.
    """
    n, groups = flock[1].shape[0] - 1, wishes[1].shape[0]
    facts = np.zeros((n, FACTS))
    counts, begin = np.zeros(n, np.int64), np.zeros(n + 1, np.int64)
    longest = 0
    for i in range(n):
        track = track_of(flock, i)
        v_max, r_low, r_high = rates(track, stop_s, max(0.5 * track[2], 20.0))
        facts[i, MODE] = NOTHING
        if v_max > 0.0:
            cosine = 1.0
            for g in range(groups):
                cosine = min(
                    cosine, reach(wishes[0], wishes[1][g], rho_low, rho_high, r_low, r_high)
                )
            # Cells of about the size of what a satellite reaches leave few sites in vain and are few.
            cell_rad = min(max(math.acos(max(cosine, -1.0)), cell_low), cell_high)
            counts[i] = max(math.ceil(stop_s / min(cell_rad * r_low / v_max, _LONGEST_S)), 1)
            longest = max(longest, counts[i])
            facts[i, CELL] = stop_s / counts[i]
            facts[i, SPEED], facts[i, TURN] = v_max, v_max / r_low / (1.0 - _E2)
            facts[i, MODE], facts[i, LOW], facts[i, HIGH] = MARCH, r_low, r_high
        begin[i + 1] = begin[i] + (counts[i] + 7) // 8 * 8
    units = np.full((3, begin[n]), np.float32(math.nan), np.float32)
    cosines = np.full((groups, begin[n]), np.float32(2.0), np.float32)
    low, high, turn = np.empty(longest), np.empty(longest), np.empty(longest)
    for i in range(n):
        if counts[i]:
            at, count = begin[i], counts[i]
            cells(track_of(flock, i), facts[i, CELL], at, count, units, low, high, turn)
            thresholds(wishes, rho_low, rho_high, at, count, low, high, turn, cosines)
            facts[i, BEND_DOWN] = least_bend(wishes, facts[i], cosines, at, count, turn)
    return facts, begin, units, cosines
