"""Rows of the table of windows, compiled: best instant, greatest elevation, and the angles there."""

from __future__ import annotations

import math

import numpy as np

from offnadir._jit import kernel
from offnadir.access._margins import (
    ELEVATION,
    OFF_NADIR,
    along,
    nadir_cosine,
    plumb,
    sight,
    vertical,
)
from offnadir.orbits._segments import motion

_GOLDEN = 0.3819660112501051
_NS = 1e9
_TWO_PI, _HALF_PI, _QUARTER = 2.0 * math.pi, math.pi / 2, math.pi / 4
SCRATCH = 12  # numbers that `place` leaves for `finish`

# Rows of `angles`.
ANGLES = 7
MAX_ELEVATION, AT_OFF_NADIR, AT_ELEVATION, AT_AZIMUTH, AT_RANGE, AT_SUN, AT_SUN_AZIMUTH = range(7)


@kernel
def measure(which, t_s, orbit, site, up, work):
    """What `least` makes small: minus the cosine of off-nadir, or minus the sine of elevation."""
    sight(t_s, orbit, site, work)
    if which == OFF_NADIR:
        return -nadir_cosine(work[0], work[1])
    return -along(up, work[1])


@kernel
def brent(which, a, b, orbit, site, up, work):
    """(time [s], value) of a least value in [a, b], to 0.1 ms. Source: Brent 1973, chapter 5."""
    x = w = v = a + _GOLDEN * (b - a)
    fx = fw = fv = measure(which, x, orbit, site, up, work)
    moved = before = 0.0
    for _ in range(100):
        middle, tolerance = 0.5 * (a + b), 1e-4
        if abs(x - middle) <= 2.0 * tolerance - 0.5 * (b - a):
            break
        golden = True
        if abs(before) > tolerance:
            r, q = (x - w) * (fx - fv), (x - v) * (fx - fw)
            p = (x - v) * q - (x - w) * r
            q = 2.0 * (q - r)
            if q > 0.0:
                p = -p
            q = abs(q)
            if abs(p) < abs(0.5 * q * before) and q * (a - x) < p < q * (b - x):
                before, moved = moved, p / q
                golden = False
                u = x + moved
                if u - a < 2.0 * tolerance or b - u < 2.0 * tolerance:
                    moved = tolerance if x < middle else -tolerance
        if golden:
            before = (b if x < middle else a) - x
            moved = _GOLDEN * before
        u = x + (moved if abs(moved) >= tolerance else math.copysign(tolerance, moved))
        fu = measure(which, u, orbit, site, up, work)
        if fu <= fx:
            if u < x:
                b = x
            else:
                a = x
            v, fv, w, fw, x, fx = w, fw, x, fx, u, fu
        else:
            if u < x:
                a = u
            else:
                b = u
            if fu <= fw or w == x:
                v, fv, w, fw = w, fw, u, fu
            elif fu <= fv or v in (x, w):
                v, fv = u, fu
    return x, fx


@kernel
def least(which, start, stop, scan_s, orbit, site, up, work):
    """(time [s] in the window where `measure` is least, value): a coarse scan, then Brent's method."""
    count = 3 + int((stop - start) / scan_s)
    gap = (stop - start) / (count - 1)
    best_t, best = start, math.inf
    for i in range(count):
        t = min(start + i * gap, stop)
        value = measure(which, t, orbit, site, up, work)
        if value < best:
            best_t, best = t, value
    t, value = brent(
        which, max(best_t - gap, start), min(best_t + gap, stop), orbit, site, up, work
    )
    if value < best:
        return t, value
    return best_t, best


@kernel
def slopes(t_s, track, site, up):
    """(sine of elevation, its rate [1/s], rate of the logarithm of the cosine of off-nadir [1/s])."""
    x, y, z, vx, vy, vz = motion(t_s, track)
    dx, dy, dz = x - site[0], y - site[1], z - site[2]
    d2 = dx * dx + dy * dy + dz * dz
    dv = (dx * vx + dy * vy + dz * vz) / d2
    distance = math.sqrt(d2)
    sine = (dx * up[0] + dy * up[1] + dz * up[2]) / distance
    climb = (vx * up[0] + vy * up[1] + vz * up[2]) / distance - sine * dv
    mz, wz = plumb(x, y, z, vx, vy, vz)
    m2 = x * x + y * y + mz * mz
    dm = dx * x + dy * y + dz * mz
    turn = (vx * x + vy * y + vz * mz + dx * vx + dy * vy + dz * wz) / dm
    return sine, climb, turn - dv - (x * vx + y * vy + mz * wz) / m2


@kernel
def extremes(near, start, stop, track, site, up):
    """(time [s] of least off-nadir, greatest sine of elevation) of a concave pass; secants, to 0.5 ms."""
    t1 = min(max(near, start), stop)
    sine, climb1, tilt1 = slopes(t1, track, site, up)
    top = sine
    best, t2 = t1, t1 + 1.0
    for _ in range(12):
        t2 = min(max(t2, start), stop)
        sine, climb2, tilt2 = slopes(t2, track, site, up)
        bend, curve = (tilt2 - tilt1) / (t2 - t1), (climb2 - climb1) / (t2 - t1)
        if t2 == t1 or not bend < 0.0 or not curve < 0.0:
            return math.nan, top
        # A parabola with this slope here and the slope before.
        culmination = min(max(t2 - climb2 / curve, start), stop)
        gap = culmination - t2
        top = sine + gap * (climb2 + 0.5 * gap * curve)
        then = t2 - tilt2 / bend
        step, best = abs(then - t2), min(max(then, start), stop)
        # What is left is at most some 1e-3 / s of the product of both distances: 0.5 ms. A parabola this
        # wide is not good enough for the sine of an elevation near the zenith.
        if best == t2 or step < 0.02 or (step * abs(best - t1) < 0.5 and top < 0.98):
            return best, top
        t1, climb1, tilt1, t2 = t2, climb2, tilt2, best
    return math.nan, top


@kernel
def arc(y, x):
    """atan2(y, x), to 1e-14, without branches, so that loops over it use the vector unit.

    Folded to tangents below tan(pi/8); there an odd polynomial fitted at Chebyshev points.
    """
    small, large = min(abs(x), abs(y)), max(abs(x), abs(y))
    t = small / (large + 1e-300)
    folded = t > 0.41421356237309503
    t = (t - 1.0) / (t + 1.0) if folded else t
    s = t * t
    q = 0.03070266626308945
    q = q * s - 0.05877266373770221
    q = q * s + 0.07564473503141346
    q = q * s - 0.09078503922088059
    q = q * s + 0.11110394050359797
    q = q * s - 0.14285690817594432
    q = q * s + 0.19999999613348332
    q = q * s - 0.33333333330872533
    q = q * s + 0.9999999999999746
    angle = t * q + (_QUARTER if folded else 0.0)
    angle = _HALF_PI - angle if abs(y) > abs(x) else angle
    angle = math.pi - angle if x < 0.0 else angle
    return -angle if y < 0.0 else angle


@kernel
def place(best, numbers, sites, enus, track, sun, scratch):
    """Note for `finish` where the satellite is, and it and the Sun as seen from the site."""
    for i in range(best.shape[0]):
        s = numbers[i]
        x, y, z, _, _, _ = motion(best[i], track)
        dx, dy, dz = x - sites[s, 0], y - sites[s, 1], z - sites[s, 2]
        scratch[0, i], scratch[1, i], scratch[2, i] = x, y, z
        scratch[3, i], scratch[4, i], scratch[5, i] = dx, dy, dz
        x, y, z, _, _, _ = motion(best[i], sun)
        ex, ey, ez = x - sites[s, 0], y - sites[s, 1], z - sites[s, 2]
        for c in range(3):
            ax, ay, az = enus[s, c, 0], enus[s, c, 1], enus[s, c, 2]
            scratch[6 + c, i] = dx * ax + dy * ay + dz * az
            scratch[9 + c, i] = ex * ax + ey * ay + ez * az


@kernel
def finish(first, last, scratch, angles):
    """The angles [rad] and the range [m] of rows that `place` prepared, many at a time."""
    for i in range(first, last):
        x, y, z = scratch[0, i], scratch[1, i], scratch[2, i]
        dx, dy, dz = scratch[3, i], scratch[4, i], scratch[5, i]
        nx, ny, nz = vertical((x, y, z))
        cx, cy, cz = ny * dz - nz * dy, nz * dx - nx * dz, nx * dy - ny * dx
        down = nx * dx + ny * dy + nz * dz
        angles[AT_OFF_NADIR, i] = arc(math.sqrt(cx * cx + cy * cy + cz * cz), down)
        angles[AT_RANGE, i] = math.sqrt(dx * dx + dy * dy + dz * dz)
        e, n, u = scratch[6, i], scratch[7, i], scratch[8, i]
        elevation = arc(u, math.sqrt(e * e + n * n))
        angles[AT_ELEVATION, i] = elevation
        azimuth = arc(e, n)
        angles[AT_AZIMUTH, i] = azimuth if azimuth >= 0.0 else azimuth + _TWO_PI
        e, n, u = scratch[9, i], scratch[10, i], scratch[11, i]
        angles[AT_SUN, i] = arc(u, math.sqrt(e * e + n * n))
        azimuth = arc(e, n)
        angles[AT_SUN_AZIMUTH, i] = azimuth if azimuth >= 0.0 else azimuth + _TWO_PI
        # `rows` left the sine of the greatest elevation here.
        sine = min(1.0, angles[MAX_ELEVATION, i])
        top = arc(sine, math.sqrt(1.0 - sine * sine))
        angles[MAX_ELEVATION, i] = max(top, elevation)


@kernel
def rows(stop_s, scan_s, spans, numbers, orbit, sites, enus, sun, scratch, out):
    """Stage 4: fill `out` = (times [TAI ns] (3, n), angles (7, n), cuts (2, n), TAI ns of the span's start).

    `spans` (3, n) and `numbers` (n,) come from `passes` or `narrow`: a third row that is a number is near
    the culmination of a short pass. Long ones are looked at every `scan_s`.
    """
    times, angles, cuts, zero_ns = out
    work = np.empty((3, 3))
    found = np.empty(numbers.shape[0])
    for i in range(numbers.shape[0]):
        start, stop, near, s = spans[0, i], spans[1, i], spans[2, i], numbers[i]
        best, sine = math.nan, 0.0
        if near == near:
            # Tuples: an array handed to a function costs more than the function.
            site = (sites[s, 0], sites[s, 1], sites[s, 2])
            up = (enus[s, 2, 0], enus[s, 2, 1], enus[s, 2, 2])
            best, sine = extremes(near, start, stop, orbit[0], site, up)
        if best != best:
            at, zenith = sites[s], enus[s, 2]
            _, sine = least(ELEVATION, start, stop, scan_s, orbit, at, zenith, work)
            sine = -sine
            best, _ = least(OFF_NADIR, start, stop, scan_s, orbit, at, zenith, work)
        found[i] = best
        angles[MAX_ELEVATION, i] = sine
        times[0, i] = zero_ns + np.int64(np.rint(start * _NS))
        times[1, i] = zero_ns + np.int64(np.rint(stop * _NS))
        times[2, i] = zero_ns + np.int64(np.rint(best * _NS))
        cuts[0, i], cuts[1, i] = start <= 0.0, stop >= stop_s
    place(found, numbers, sites, enus, orbit[0], sun, scratch)
    finish(0, numbers.shape[0], scratch, angles)
