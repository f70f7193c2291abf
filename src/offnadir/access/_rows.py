"""Rows of the table of windows, compiled: best instant, greatest elevation, and the angles there."""

from __future__ import annotations

import math

import numpy as np

from offnadir._jit import kernel, part
from offnadir.access._cells import track_of
from offnadir.access._kernels import pull
from offnadir.access._margins import vertical
from offnadir.constants import WGS84_A_M as _A
from offnadir.constants import WGS84_E2 as _E2
from offnadir.orbits._segments import motion

_NS = 1e9
_TWO_PI, _HALF_PI, _QUARTER = 2.0 * math.pi, math.pi / 2, math.pi / 4
_BLOCK = 128  # rows whose angles are computed together

# Rows of `angles`.
ANGLES = 7
MAX_ELEVATION, AT_OFF_NADIR, AT_ELEVATION, AT_AZIMUTH, AT_RANGE, AT_SUN, AT_SUN_AZIMUTH = range(7)


@part
def tops(t_s, track, site, up):
    """Where the satellite is, and what a parabola says of its look.

    Returns position [m], velocity [m/s], acceleration [m/s2], (sine of elevation, its first and second
    derivative), (first and second derivative of the logarithm of the cosine of off-nadir).
    """
    x, y, z, vx, vy, vz = motion(t_s, track)
    ax, ay, az = pull(x, y, z, vx, vy, vz)
    dx, dy, dz = x - site[0], y - site[1], z - site[2]
    per_d2 = 1.0 / (dx * dx + dy * dy + dz * dz)
    per_d = math.sqrt(per_d2)
    # The distance's first and second derivative, of itself.
    p = (dx * vx + dy * vy + dz * vz) * per_d2
    q = (vx * vx + vy * vy + vz * vz + dx * ax + dy * ay + dz * az) * per_d2 - p * p
    sine = (dx * up[0] + dy * up[1] + dz * up[2]) * per_d
    climb = (vx * up[0] + vy * up[1] + vz * up[2]) * per_d - sine * p
    bend = (ax * up[0] + ay * up[1] + az * up[2]) * per_d - 2.0 * climb * p - sine * q
    # The vertical, to 1e-7; it moves as the satellite does, but for 0.7 % of z.
    r2 = x * x + y * y + z * z
    per_r = 1.0 / math.sqrt(r2)
    s = z * per_r
    lean = _E2 * _A * per_r * (1.0 + _E2 * (_A * per_r * (1.0 - s * s) + 0.5 * s * s))
    rise = (x * vx + y * vy + z * vz) * per_r * per_r
    mz, wz, bz = z * (1.0 + lean), vz + lean * (vz - z * rise), az * (1.0 + lean)
    per_m2 = 1.0 / (x * x + y * y + mz * mz)
    mw = (x * vx + y * vy + mz * wz) * per_m2
    mb = (vx * vx + vy * vy + wz * wz + x * ax + y * ay + mz * bz) * per_m2
    per_dm = 1.0 / (dx * x + dy * y + dz * mz)
    dw = (vx * x + vy * y + vz * mz + dx * vx + dy * vy + dz * wz) * per_dm
    db = ax * x + ay * y + az * mz + 2.0 * (vx * vx + vy * vy + vz * wz)
    db = (db + dx * ax + dy * ay + dz * bz) * per_dm
    tilt = dw - p - mw
    curve = db - dw * dw - (q - p * p) - (mb - 2.0 * mw * mw)
    return (x, y, z), (vx, vy, vz), (ax, ay, az), (sine, climb, bend), (tilt, curve)


@kernel
def steepness(t_s, track, site):
    """Cosine of off-nadir."""
    x, y, z, _, _, _ = motion(t_s, track)
    nx, ny, nz = vertical((x, y, z))
    dx, dy, dz = x - site[0], y - site[1], z - site[2]
    return (dx * nx + dy * ny + dz * nz) / math.sqrt(dx * dx + dy * dy + dz * dz)


@kernel
def extremes(near, start, stop, track, site, up):
    """(time [s] of least off-nadir, greatest sine of elevation, position [m] then) of a short pass.

    Newton's steps, to 0.5 ms, kept between times that are known to lie before and after the extreme.
    """
    t, before, after = min(max(near, start), stop), start, stop
    top, step, done = -1.0, 0.0, False
    r = v = a = (0.0, 0.0, 0.0)
    for count in range(60):
        r, v, a, (sine, climb, bend), (tilt, curve) = tops(t, track, site, up)
        gap = min(max(-climb / bend, start - t), stop - t) if bend < 0.0 else 0.0
        if tilt > 0.0:
            before = t
        else:
            after = t
        # To an end of the window, where that is nearer; halving where there is no top, or no end to it.
        newton = curve < 0.0 and count < 12
        step = -tilt / curve if newton else 0.5 * (before + after) - t
        done = newton and before < t + step < after and abs(step) < 0.4
        step = min(max(step, before - t), after - t)
        # What is left is some 1e-3 / s of the step squared, and as the model of gravity errs.
        done = done or after - before < 1e-3
        if done:
            # A parabola is not good enough for an elevation near the zenith, nor far from its top.
            if sine >= 0.98 or abs(gap) > 20.0 or not bend < 0.0:
                top = zenith(t + gap, start, stop, track, site, up)
            else:
                top = sine + gap * (climb + 0.5 * gap * bend)
            break
        t += step
    end = t + step
    # Away from the zenith off-nadir may have several least values: an end may be better.
    for other in (start, stop):
        if steepness(other, track, site) > steepness(end, track, site):
            end = other
    if end != t + step:
        x, y, z, _, _, _ = motion(end, track)
        return end, top, (x, y, z)
    half = 0.5 * step
    x, y = r[0] + step * (v[0] + half * a[0]), r[1] + step * (v[1] + half * a[1])
    return end, top, (x, y, r[2] + step * (v[2] + half * a[2]))


@kernel
def zenith(t, start, stop, track, site, up):
    """The greatest sine of elevation of a short pass, by Newton's steps as above."""
    top, before, after = -1.0, start, stop
    for count in range(60):
        _, _, _, (sine, climb, bend), _ = tops(t, track, site, up)
        top = max(top, sine)
        if climb > 0.0:
            before = t
        else:
            after = t
        newton = bend < 0.0 and count < 12
        step = -climb / bend if newton else 0.5 * (before + after) - t
        step = min(max(step, before - t), after - t)
        if abs(step) < 0.02:
            break
        t += step
    return top


@part
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


@part
def note(i, t_s, sat, site, enus, s, sun, scratch):
    """Leave for `finish` where the satellite is, and it and the Sun as seen from the site."""
    x, y, z = sat
    dx, dy, dz = x - site[0], y - site[1], z - site[2]
    scratch[0, i], scratch[1, i], scratch[2, i] = x, y, z
    scratch[3, i], scratch[4, i], scratch[5, i] = dx, dy, dz
    x, y, z, _, _, _ = motion(t_s, sun)
    ex, ey, ez = x - site[0], y - site[1], z - site[2]
    for c in range(3):
        ax, ay, az = enus[s, c, 0], enus[s, c, 1], enus[s, c, 2]
        scratch[6 + c, i] = dx * ax + dy * ay + dz * az
        scratch[9 + c, i] = ex * ax + ey * ay + ez * az


@kernel
def finish(first, count, scratch, angles):
    """The angles [rad] and the range [m] of rows from `first` on that `note` prepared, many at a time."""
    for i in range(count):
        row = first + i
        x, y, z = scratch[0, i], scratch[1, i], scratch[2, i]
        dx, dy, dz = scratch[3, i], scratch[4, i], scratch[5, i]
        nx, ny, nz = vertical((x, y, z))
        cx, cy, cz = ny * dz - nz * dy, nz * dx - nx * dz, nx * dy - ny * dx
        down = nx * dx + ny * dy + nz * dz
        angles[AT_OFF_NADIR, row] = arc(math.sqrt(cx * cx + cy * cy + cz * cz), down)
        angles[AT_RANGE, row] = math.sqrt(dx * dx + dy * dy + dz * dz)
        e, n, u = scratch[6, i], scratch[7, i], scratch[8, i]
        elevation = arc(u, math.sqrt(e * e + n * n))
        angles[AT_ELEVATION, row] = elevation
        azimuth = arc(e, n)
        angles[AT_AZIMUTH, row] = azimuth if azimuth >= 0.0 else azimuth + _TWO_PI
        e, n, u = scratch[9, i], scratch[10, i], scratch[11, i]
        angles[AT_SUN, row] = arc(u, math.sqrt(e * e + n * n))
        azimuth = arc(e, n)
        angles[AT_SUN_AZIMUTH, row] = azimuth if azimuth >= 0.0 else azimuth + _TWO_PI
        # `rows` left the sine of the greatest elevation here.
        sine = min(1.0, angles[MAX_ELEVATION, row])
        top = arc(sine, math.sqrt(1.0 - sine * sine))
        angles[MAX_ELEVATION, row] = max(top, elevation)


@kernel
def rows(count, stop_s, stretches, flock, sites, enus, sun, doubt, known, out):
    """Stage 4: fill `out` for `count` stretches, as `passes`, `lit` or `narrow` left them.

    `out` = (times [TAI ns] (3, n), angles (ANGLES, n), cuts (2, n), doubts [s] (2, n), TAI ns of the span's
    start). `known` = best time [s] and greatest sine of elevation (2, n); where the time is NaN the
    stretch is short, and its third time is near the culmination. `doubt` (satellites, 2, m) [s] holds at
    m even instants of the span.
    """
    spans, numbers, whose = stretches
    times, angles, cuts, doubts, zero_ns = out
    scratch = np.empty((12, _BLOCK))
    steps = doubt.shape[2] - 1
    track, last = track_of(flock, 0), 0
    for block in range(0, count, _BLOCK):
        size = min(_BLOCK, count - block)
        for i in range(size):
            row = block + i
            start, stop, s, of = spans[0, row], spans[1, row], numbers[row], whose[row]
            if of != last:
                track, last = track_of(flock, of), of
            # Tuples: an array handed to a function costs more than the function.
            site = (sites[s, 0], sites[s, 1], sites[s, 2])
            best, sine = known[0, row], known[1, row]
            if best == best:
                x, y, z, _, _, _ = motion(best, track)
                sat = (x, y, z)
            else:
                up = (enus[s, 2, 0], enus[s, 2, 1], enus[s, 2, 2])
                best, sine, sat = extremes(spans[2, row], start, stop, track, site, up)
            note(i, best, sat, site, enus, s, sun, scratch)
            angles[MAX_ELEVATION, row] = sine
            times[0, row] = zero_ns + np.int64(np.rint(start * _NS))
            times[1, row] = zero_ns + np.int64(np.rint(stop * _NS))
            times[2, row] = zero_ns + np.int64(np.rint(best * _NS))
            cuts[0, row], cuts[1, row] = start <= 0.0, stop >= stop_s
            at = min(max(best / stop_s, 0.0), 1.0) * steps
            left = min(int(at), steps - 1)
            for c in range(2):
                before, after = doubt[of, c, left], doubt[of, c, left + 1]
                doubts[c, row] = before + (at - left) * (after - before)
        finish(block, size, scratch, angles)
