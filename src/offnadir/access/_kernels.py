"""Stage 2 of the search, compiled: passes over an elevation limit, and looks within an off-nadir cone.

Where height over an elevation limit is provably concave in time, a pass has at most one window, and
Newton's steps find both edges. An off-nadir cone, and an elevation limit where nothing is proved, is
walked by steps from bounds on the second derivative. docs/theory/access.md draws it.
"""

from __future__ import annotations

import math

import numpy as np

from offnadir._jit import kernel, part
from offnadir.access._cells import (
    BEND_DOWN,
    BEND_UP,
    CELL,
    CONCAVE,
    CONE,
    FLOOR_S,
    MARCH,
    MODE,
    NOTHING,
    track_of,
)
from offnadir.access._margins import SUN_RATE_RAD_S as SUN_RATE
from offnadir.access._margins import plumb
from offnadir.constants import EARTH_RATE_RAD_S as _OMEGA
from offnadir.constants import GM_EARTH_M3_S2 as _GM
from offnadir.constants import WGS84_A_M as _A
from offnadir.constants import WGS84_E2 as _E2
from offnadir.orbits._segments import motion

_EDGE_S = 1e-7
_CLOSE_S = 2e-6  # of an edge: 1.5 cm of flight
_MODEL = 0.002  # error of `pull`, of itself
_RATE_ERROR = 1.0  # m/s, of `depth`
_SHORT_S = 1200.0  # a window in which off-nadir has one least value


@kernel
def depth(t_s, track, site, cosine):
    """(depth inside the cone of a greatest off-nadir angle [m], its rate [m/s]).

    Depth is (satellite - site) . vertical - cos(limit) * distance; the rate is good to 1 m/s.
    """
    x, y, z, vx, vy, vz = motion(t_s, track)
    dx, dy, dz = x - site[0], y - site[1], z - site[2]
    distance = math.sqrt(dx * dx + dy * dy + dz * dz)
    mz, wz = plumb(x, y, z, vx, vy, vz)
    per_m = 1.0 / math.sqrt(x * x + y * y + mz * mz)
    dm = (dx * x + dy * y + dz * mz) * per_m
    turn = (vx * x + vy * y + vz * mz + dx * vx + dy * vy + dz * wz) * per_m
    drop = dm * (x * vx + y * vy + mz * wz) * per_m * per_m
    recede = (dx * vx + dy * vy + dz * vz) / distance
    return dm - cosine * distance, turn - drop - cosine * recede


@kernel
def reach_s(f, rate, bend):
    """Time [s] in which a curve at |f|, with this rate to zero and bent so much at most, stays off."""
    root = math.sqrt(rate * rate + 2.0 * bend * f)
    return 2.0 * f / (rate + root) if rate > 0.0 else (root - rate) / bend


@kernel
def curve(mode, t_s, track, site, up, limit):
    """`depth` or `height`, as the mode asks."""
    if mode == CONE:
        return depth(t_s, track, site, limit)
    return height(t_s, track, site, up, limit)


@kernel
def walk(mode, t, end, track, site, up, limit, bend_up, bend_down):
    """(start, stop [s]) of the first window of `curve` in [t, end]; NaN if there is none.

    Steps are the longest that the bounds on the second derivative allow: near an edge they are Newton's.
    """
    start = before = math.nan
    while t < end:
        f, rate = curve(mode, t, track, site, up, limit)
        if f >= 0.0 and start != start:
            start = t  # at the very beginning, or over a step of FLOOR_S
        elif before >= 0.0 and not f >= 0.0:
            return start, t
        before = f
        if f >= 0.0:
            step = reach_s(f, _RATE_ERROR - rate, bend_down)
            close = rate < 0.0
        else:
            step = reach_s(-f, rate + _RATE_ERROR, bend_up)
            close = rate > 0.0
        if close and (bend_up + bend_down) * step * step < _EDGE_S * abs(rate):
            # What is left is below 0.1 us: this is the edge.
            t = min(t - f / rate, end)
            if f >= 0.0:
                return start, t
            start = t
            t += 2.0 * _EDGE_S
        elif f == f:
            t += max(step, FLOOR_S)
        else:
            t += 1.0  # nothing known here
    return start, end


@part
def height(t_s, track, site, up, sine):
    """(height over the limit [m], its rate [m/s])."""
    x, y, z, vx, vy, vz = motion(t_s, track)
    dx, dy, dz = x - site[0], y - site[1], z - site[2]
    distance = math.sqrt(dx * dx + dy * dy + dz * dz)
    recede = (dx * vx + dy * vy + dz * vz) / distance
    rise = dx * up[0] + dy * up[1] + dz * up[2]
    return rise - sine * distance, vx * up[0] + vy * up[1] + vz * up[2] - sine * recede


@part
def pull(x, y, z, vx, vy, vz):
    """Acceleration [m/s2] as seen from the turning Earth, to 0.2 %: a round Earth's gravity."""
    r2 = x * x + y * y + z * z
    k = -_GM / (r2 * math.sqrt(r2))
    turned = k + _OMEGA * _OMEGA
    return turned * x + 2.0 * _OMEGA * vy, turned * y - 2.0 * _OMEGA * vx, k * z


@part
def step_to(t_s, track, site, up, sine):
    """(step [s] from here to where height is zero, what is left after it [s], rate of height [m/s]).

    Chebyshev's step: Newton's, and a correction for the curvature.
    """
    x, y, z, vx, vy, vz = motion(t_s, track)
    dx, dy, dz = x - site[0], y - site[1], z - site[2]
    distance = math.sqrt(dx * dx + dy * dy + dz * dz)
    per_m = 1.0 / distance
    recede = (dx * vx + dy * vy + dz * vz) * per_m
    f = dx * up[0] + dy * up[1] + dz * up[2] - sine * distance
    rate = vx * up[0] + vy * up[1] + vz * up[2] - sine * recede
    ax, ay, az = pull(x, y, z, vx, vy, vz)
    across = vx * vx + vy * vy + vz * vz - recede * recede
    bend = ax * up[0] + ay * up[1] + az * up[2]
    bend -= sine * per_m * (ax * dx + ay * dy + az * dz + across)
    per_rate = 1.0 / rate
    step, bow = f * per_rate, bend * per_rate
    step *= 1.0 + 0.5 * step * bow
    bow = abs(bow)
    return step, step * step * bow * (0.7 * bow * abs(step) + _MODEL), rate


@kernel
def concave_edge(outside, inside, guess, track, site, up, sine):
    """The edge [s] between a time outside and one inside a concave pass; `outside` if that is in it too."""
    lo, hi = outside, inside
    sign = 1.0 if inside > outside else -1.0
    t = guess
    known = False
    for _ in range(80):
        f, rate = height(t, track, site, up, sine)
        if f < 0.0:
            lo, known = t, True
        else:
            hi = t
        step = f / rate
        then = t - step
        if rate * sign > 0.0 and (then - lo) * sign >= 0.0 and (hi - then) * sign >= 0.0:
            # What Newton leaves behind is half the curvature (10 m/s2) times the step squared.
            if 5.0 * step * step < _EDGE_S * abs(rate):
                return then
            t = then
            continue
        if not known:
            f, _ = height(lo, track, site, up, sine)
            if f >= 0.0:
                return lo
            known = True
        t = 0.5 * (lo + hi)
        if abs(hi - lo) < _EDGE_S:
            break
    return hi


@kernel
def concave_pass(a, b, near, track, site, up, axis, sine, bend):
    """(start, stop, culmination [s]) of the one window in [a, b]; start is NaN if there is none.

    `axis`: z [m] of where the site's vertical meets the Earth's axis, and the way from there to the site
    [m]. `bend` [m/s2]: how much the height bends downward at least.
    """
    x, y, z, vx, vy, vz = motion(near, track)
    dx, dy, dz = x - site[0], y - site[1], z - site[2]
    distance = math.sqrt(dx * dx + dy * dy + dz * dz)
    f = dx * up[0] + dy * up[1] + dz * up[2] - sine * distance
    climb = vx * up[0] + vy * up[1] + vz * up[2]
    rate = climb - sine * (dx * vx + dy * vy + dz * vz) / distance
    if f + 0.5 * rate * rate / bend < 0.0:
        return math.nan, math.nan, near  # the parabola above the curve stays below zero
    # On a circle about the point on the axis, closest approach and half width would be:
    z -= axis[0]
    r2 = x * x + y * y + z * z
    r = math.sqrt(r2)
    out = (x * vx + y * vy + z * vz) / r2
    cosine = (x * up[0] + y * up[1] + z * up[2]) / r
    turn = math.sqrt((vx * vx + vy * vy + vz * vz) / r2 - out * out)
    drift = (climb / r - out * cosine) / turn
    peak = min(max(near + math.atan(drift / cosine) / turn, a), b)
    level = math.sqrt(1.0 - sine * sine)
    away = min(1.0, axis[1] / r * level)
    far = math.sqrt(1.0 - away * away)
    edge = (away * level + far * sine) / math.sqrt(cosine * cosine + drift * drift)
    half = math.acos(min(1.0, edge)) / turn
    # And on a circle that slowly widens, both edges come later.
    wide = math.sqrt(max(1.0 - edge * edge, 0.04))
    later = out * half / turn * away * (far * level - away * sine) / (far + 0.01) / wide
    start, stop = peak - half + later, peak + half + later
    # Both edges at once. A concave curve has no more than two zeros, one rising and one falling.
    for _ in range(4 if half > 1.0 else 0):
        step1, left1, rate1 = step_to(start, track, site, up, sine)
        step2, left2, rate2 = step_to(stop, track, site, up, sine)
        start -= step1
        stop -= step2
        if not (rate1 > 0.0 and rate2 < 0.0 and a < start and start < stop and stop < b):
            break
        if max(left1, left2) < _CLOSE_S:
            return start, stop, peak
    forward, t, step = True, peak, 0.0
    for count in range(80):
        f, rate = height(t, track, site, up, sine)
        if count == 0 and f >= 0.0:
            start = concave_edge(a, peak, max(a, peak - half), track, site, up, sine)
            stop = concave_edge(b, peak, min(b, peak + half), track, site, up, sine)
            return start, stop, peak
        if count == 0:
            forward = rate > 0.0
        elif f >= 0.0 or 5.0 * step * step < _EDGE_S * abs(rate):
            break
        # Below the limit: the tangent lies above a concave curve, so Newton's steps cannot pass an edge.
        then = t - f / rate
        if (rate > 0.0) != forward or not a < then < b:
            return math.nan, math.nan, t
        step, t = abs(then - t), then
    if forward:
        return t, concave_edge(b, t, b, track, site, up, sine), t
    return concave_edge(a, t, a, track, site, up, sine), t, t


@kernel
def sun_sine(t_s, sun, site, up):
    """Sine of the topocentric elevation of the Sun's centre, no refraction."""
    x, y, z, _, _, _ = motion(t_s, sun)
    dx, dy, dz = x - site[0], y - site[1], z - site[2]
    return (dx * up[0] + dy * up[1] + dz * up[2]) / math.sqrt(dx * dx + dy * dy + dz * dz)


@kernel
def passes(stop_s, flock, surveyed, sites, enus, group, sun, bounds, at, out):
    """Stretches of the satellites' time over the sites, within [0, stop_s].

    `surveyed`: what `survey` returned, without the last; `bounds` (groups, 2): the sines of elevation
    between which the Sun must stand; `at`: satellite and site to begin with. Fills `out` = (times (3, n):
    start, stop and, for CONCAVE and CONE, near the culmination [s]; site (n,); satellite (n,)). Returns
    (satellite and site to go on with, rows filled): a site whose stretches do not fit any more is left
    for the next call whole.
    """
    facts, begin, units, cosines, limits = surveyed
    spans, numbers, whose = out
    longest = 0
    for i in range(at[0], facts.shape[0]):
        longest = max(longest, begin[i + 1] - begin[i])
    flags = np.zeros(longest, np.uint8)
    words = flags.view(np.uint64)
    room, filled = numbers.shape[0], 0
    for i in range(at[0], facts.shape[0]):
        if facts[i, MODE] == NOTHING:
            continue
        track, mode, cell_s = track_of(flock, i), int(facts[i, MODE]), facts[i, CELL]
        bend_up, bend_down = facts[i, BEND_UP], facts[i, BEND_DOWN]
        ux, uy, uz = (
            units[0][begin[i] : begin[i + 1]],
            units[1][begin[i] : begin[i + 1]],
            units[2][begin[i] : begin[i + 1]],
        )
        m = begin[i + 1] - begin[i]
        for s in range(at[1] if i == at[0] else 0, sites.shape[0]):
            # Tuples: an array handed to a function costs more than the function.
            site = (sites[s, 0], sites[s, 1], sites[s, 2])
            up = (enus[s, 2, 0], enus[s, 2, 1], enus[s, 2, 2])
            normal = _A / math.sqrt(1.0 - _E2 * up[2] * up[2])
            below = -_E2 * normal * up[2]
            axis = (below, site[0] * up[0] + site[1] * up[1] + (site[2] - below) * up[2])
            g = group[s]
            bar, limit = cosines[g][begin[i] : begin[i + 1]], limits[i, g]
            light = (bounds[g, 0], bounds[g, 1])
            gated = light[0] > -1.0 or light[1] < 1.0
            rho = math.sqrt(site[0] ** 2 + site[1] ** 2 + site[2] ** 2)
            sx, sy, sz = (
                np.float32(site[0] / rho),
                np.float32(site[1] / rho),
                np.float32(site[2] / rho),
            )
            for k in range(m):
                flags[k] = ux[k] * sx + uy[k] * sy + uz[k] * sz >= bar[k]
            begun = filled
            k = 0
            while k < m:
                if k % 8 == 0 and words[k >> 3] == 0:
                    k += 8
                    continue
                if flags[k] == 0:
                    k += 1
                    continue
                t = k * cell_s
                nearest, most = k, np.float32(-2.0)
                while k < m and flags[k] != 0:
                    dot = ux[k] * sx + uy[k] * sy + uz[k] * sz
                    if dot > most:
                        nearest, most = k, dot
                    k += 1
                end = min(k * cell_s, stop_s)
                if gated:
                    sine = sun_sine(0.5 * (t + end), sun, site, up)
                    spare = SUN_RATE * 0.5 * (end - t) + 1e-9
                    if sine + spare < light[0] or sine - spare > light[1]:
                        continue
                while t < end:
                    start, stop, near = t, end, math.nan
                    t = end
                    if mode == CONCAVE:
                        guess = min((nearest + 0.5) * cell_s, end)
                        start, stop, near = concave_pass(
                            start, end, guess, track, site, up, axis, limit, bend_down
                        )
                    elif mode != MARCH:
                        start, stop = walk(
                            mode, start, end, track, site, up, limit, bend_up, bend_down
                        )
                        if mode == CONE and stop - start < _SHORT_S:
                            near = 0.5 * (start + stop)
                        t = stop + 2.0 * _EDGE_S
                    if not start <= stop:
                        break
                    if filled >= room:
                        return i, s, begun
                    spans[0, filled], spans[1, filled], spans[2, filled] = start, stop, near
                    numbers[filled], whose[filled] = s, i
                    filled += 1
    return facts.shape[0], 0, filled


@kernel
def lit(first, given, stretches, sites, enus, group, sun, bounds, found):
    """Windows in which the Sun stands within `bounds`, within stretches `first` to `given`, as `narrow`."""
    spans, numbers, whose = stretches
    new, new_numbers, new_whose = found
    room, filled = new_numbers.shape[0], 0
    for i in range(first, given):
        s, begun = numbers[i], filled
        site = (sites[s, 0], sites[s, 1], sites[s, 2])
        up = (enus[s, 2, 0], enus[s, 2, 1], enus[s, 2, 2])
        least, most = bounds[group[s], 0], bounds[group[s], 1]
        t, stop = spans[0, i], spans[1, i]
        sine = sun_sine(t, sun, site, up)
        margin = min(sine - least, most - sine)
        start = t if margin >= 0.0 else math.nan
        while True:
            # No sine changes faster than its angle.
            then = min(t + max(abs(margin) / SUN_RATE, FLOOR_S), stop)
            sine = sun_sine(then, sun, site, up)
            now = min(sine - least, most - sine)
            ends, edge = then >= stop, stop
            if now >= 0.0 and margin < 0.0:
                start = t + (then - t) * margin / (margin - now)
            elif now < 0.0 and margin >= 0.0:
                edge = t + (then - t) * margin / (margin - now)
            if start == start and (now < 0.0 or ends):
                if filled >= room:
                    return i, begun
                new[0, filled], new[1, filled], new[2, filled] = start, edge, spans[2, i]
                new_numbers[filled], new_whose[filled] = s, whose[i]
                filled += 1
                start = math.nan
            if ends:
                break
            t, margin = then, now
    return given, filled
