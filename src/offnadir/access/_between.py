"""Stretches of time told by two moving points, compiled: satellite and Sun, or two satellites.

Both searches go on by *waits*: times in which, because a rate is bounded, nothing can change, but never less
than FLOOR_S. So a change always lies within one step of FLOOR_S, where a straight line finds it to some
nanoseconds, and no stretch or gap of over FLOOR_S is missed. Points are tracks for `position`;
`work`, shape (2, 3), is scratch; times [s] run from an instant of the caller's choice.
"""

from __future__ import annotations

import math

import numpy as np

from offnadir._jit import kernel
from offnadir.access._cells import FLOOR_S
from offnadir.access._kernels import reach_s
from offnadir.geometry._shadow import SAFE, limb, sun_radius
from offnadir.orbits._segments import motion, position

_APART_S = 0.1  # of two looks that tell a slope
# How much of the Sun is to be seen: all, a part, nothing, a ring.
SUNLIT, PENUMBRA, UMBRA, ANNULAR = 0, 1, 2, 3


@kernel
def grown(rows):
    """The same rows with room for as many again."""
    bigger = np.empty((2 * rows.shape[0], rows.shape[1]))
    bigger[: rows.shape[0]] = rows
    return bigger


@kernel
def sun_and_limb(t_s, one, sun, distant, work):
    """Angle [rad] of the Sun over the limb, its radius, and how far the Earth sticks out of its disc."""
    position(t_s, one, work[0])
    position(t_s, sun, work[1])
    angle, distance = limb(1.0, work[0], work[1])
    radius = sun_radius(distance)
    if distant:
        return angle, radius, abs(limb(-1.0, work[0], work[1])[0]) - radius
    return angle, radius, math.inf


@kernel
def level(angle, radius, excess):
    """Which of the four."""
    if angle >= radius:
        return SUNLIT
    if excess <= 0.0:
        return ANNULAR
    return UMBRA if angle <= -radius else PENUMBRA


@kernel
def wait(t_s, angle, radius, excess, one, sun, bounds, work):
    """Time [s] in which the level cannot change."""
    rate, bend, zone = bounds
    gap = min(abs(angle - radius), abs(angle + radius), abs(excess))
    first = SAFE * gap / rate
    if abs(angle) > zone:
        return first
    later, _, _ = sun_and_limb(t_s + _APART_S, one, sun, False, work)
    slope, error = (later - angle) / _APART_S, _APART_S * bend
    below = angle - radius if angle >= radius else angle + radius
    above = -radius - angle if angle <= -radius else radius - angle
    second = SAFE * (zone - radius) / rate  # beyond the zone the bend is not bounded
    if below > 0.0:
        second = min(second, reach_s(below, error - slope, bend))
    if above > 0.0:
        second = min(second, reach_s(above, slope + error, bend))
    return max(first, second)


@kernel
def crossing(old, new, before, at, span_s):
    """Part [s] of a step after which the level changed; `before` and `at` are what `sun_and_limb` gave."""
    if old == ANNULAR or new == ANNULAR:
        a, b = before[2], at[2]
    elif old == UMBRA or new == UMBRA:
        a, b = before[0] + before[1], at[0] + at[1]
    else:
        a, b = before[0] - before[1], at[0] - at[1]
    return span_s * min(max(a / (a - b), 0.0), 1.0) if a != b else 0.0


@kernel
def lights(start_s, stop_s, one, sun, distant, bounds):
    """Stretches without the full Sun as rows (n, 3): start, stop [s], level.

    `bounds`: the greatest rate [rad/s] of the Sun over the limb, the greatest rate of that rate [rad/s2]
    within a zone [rad] about the limb, and that zone (0: none). `distant`: farther than the umbra may reach.
    """
    work = np.empty((2, 3))
    found, rows = np.empty((64, 3)), 0
    t, begun = start_s, start_s
    at = sun_and_limb(t, one, sun, distant, work)
    now = level(at[0], at[1], at[2])
    while t < stop_s:
        before, old, t_before = at, now, t
        step = wait(t, at[0], at[1], at[2], one, sun, bounds, work)
        t = min(t + max(step, FLOOR_S), stop_s)
        at = sun_and_limb(t, one, sun, distant, work)
        now = level(at[0], at[1], at[2])
        if now == old and t < stop_s:
            continue
        edge = t
        if now != old:
            edge = t_before + crossing(old, now, before, at, t - t_before)
        if old != SUNLIT and edge > begun:
            if rows == found.shape[0]:
                found = grown(found)
            found[rows, 0], found[rows, 1], found[rows, 2] = begun, edge, old
            rows += 1
        begun = edge
    return found[:rows]


@kernel
def line_height(a, b, across, along):
    """Least height [m] of the straight line between two points over an ellipsoid with these half axes.

    In the space in which the ellipsoid is a unit sphere, times the shorter axis: the sign is exact, and
    the size changes no faster than the faster of the two points moves. Under 0 the line is blocked.
    """
    ax, ay, az = a[0] / across, a[1] / across, a[2] / along
    ux, uy, uz = b[0] / across - ax, b[1] / across - ay, b[2] / along - az
    u2 = ux * ux + uy * uy + uz * uz
    part = -(ax * ux + ay * uy + az * uz) / u2 if u2 > 0.0 else 0.0
    part = min(max(part, 0.0), 1.0)
    x, y, z = ax + part * ux, ay + part * uy, az + part * uz
    return (math.sqrt(x * x + y * y + z * z) - 1.0) * along


@kernel
def sight(t_s, one, two, limits, work):
    """(signed margin [m], time [s] in which its sign cannot change); positive: they see each other.

    `limits`: half axes [m] of the ellipsoid to clear, greatest range [m], greatest speed [m/s] of either
    and of both together.
    """
    across, along, range_m, fastest, together = limits
    position(t_s, one, work[0])
    position(t_s, two, work[1])
    height = line_height(work[0], work[1], across, along)
    dx, dy, dz = work[0, 0] - work[1, 0], work[0, 1] - work[1, 1], work[0, 2] - work[1, 2]
    spare = range_m - math.sqrt(dx * dx + dy * dy + dz * dz)
    if height < 0.0 or spare < 0.0:
        # Both must hold: the one that fails for longest decides.
        return min(height, spare), max(-height / fastest, -spare / together)
    return min(height, spare), min(height / fastest, spare / together)


@kernel
def links(start_s, stop_s, one, two, limits, look_s):
    """Stretches with a clear line as rows (n, 4): start, stop, nearest [s], distance then [m].

    `look_s`: how far apart to look for the least distance.
    """
    work = np.empty((2, 3))
    found, rows = np.empty((64, 4)), 0
    t, begun = start_s, start_s
    f, step = sight(t, one, two, limits, work)
    while t < stop_s:
        f_before, t_before = f, t
        t = min(t + max(step, FLOOR_S), stop_s)
        f, step = sight(t, one, two, limits, work)
        rises, falls = f_before < 0.0 <= f, f < 0.0 <= f_before
        edge = t
        if rises or falls:
            edge = t_before + (t - t_before) * f_before / (f_before - f)
        if rises:
            begun = edge
        if falls or (f >= 0.0 and t >= stop_s):
            if rows == found.shape[0]:
                found = grown(found)
            found[rows, 0], found[rows, 1] = begun, edge
            found[rows, 2], found[rows, 3] = nearest(begun, edge, look_s, one, two)
            rows += 1
    return found[:rows]


@kernel
def approach(t_s, one, two):
    """(distance [m] of two points, half the rate of its square [m2/s])."""
    ax, ay, az, avx, avy, avz = motion(t_s, one)
    bx, by, bz, bvx, bvy, bvz = motion(t_s, two)
    dx, dy, dz = bx - ax, by - ay, bz - az
    rate = dx * (bvx - avx) + dy * (bvy - avy) + dz * (bvz - avz)
    return math.sqrt(dx * dx + dy * dy + dz * dz), rate


@kernel
def nearest(start_s, stop_s, look_s, one, two):
    """Time [s] and distance [m] at which two points are nearest within a stretch.

    Every least value that looks `look_s` apart can tell is refined, and the ends count too.
    """
    t = start_s
    distance, rate = approach(t, one, two)
    best_s, best_m = t, distance
    while t < stop_s:
        t_before, before = t, rate
        t = min(t + look_s, stop_s)
        distance, rate = approach(t, one, two)
        if distance < best_m:
            best_s, best_m = t, distance
        if before < 0.0 <= rate:
            at = turn(t_before, before, t, rate, one, two)
            distance, _ = approach(at, one, two)
            if distance < best_m:
                best_s, best_m = at, distance
    return best_s, best_m


@kernel
def turn(a, fa, b, fb, one, two):
    """Time [s] between a and b at which the distance stops falling, by the Illinois rule, to 1 us."""
    kept = 0
    for count in range(100):
        if b - a <= 1e-6:
            break
        t = b - fb * (b - a) / (fb - fa) if count < 50 else 0.5 * (a + b)
        # At least a little inside, so that the other end comes near too.
        t = min(max(t, a + 4e-7), b - 4e-7)
        _, f = approach(t, one, two)
        if f < 0.0:
            a, fa = t, f
            fb *= 0.5 if kept == 1 else 1.0
            kept = 1
        else:
            b, fb = t, f
            fa *= 0.5 if kept == -1 else 1.0
            kept = -1
    return b
