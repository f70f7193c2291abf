"""The search for windows, compiled. docs/theory/access.md draws it.

Three stages, each exact about what it may leave out:

1. *Cells* (some two minutes each): while a satellite is in a cell, the point below it stays within a known
   angle of the cell's middle, so a cell is skipped if the site lies beyond that plus the greatest
   central angle at which the constraints can be met.
2. A pass over an elevation limit, where the margin is provably concave in time, has at most one
   window; Newton's steps find both edges. An off-nadir cone, and an elevation limit where nothing is proved,
   is walked by steps from bounds on the second derivative.
3. All other constraints are marched through by waits (`_margins.py`), within what stage 2 left or within
   the cells: a window longer than FLOOR_S cannot be missed.
"""

from __future__ import annotations

import math

import numpy as np

from offnadir._jit import kernel
from offnadir.access._margins import ELEVATION, OFF_NADIR, RANGE, plumb, state
from offnadir.constants import EARTH_RATE_RAD_S as _OMEGA
from offnadir.constants import GM_EARTH_M3_S2 as _GM
from offnadir.orbits._segments import motion, position

FLOOR_S = 1e-3
MARCH, CONCAVE, CONE, WALK = 0, 1, 2, 3
_EDGE_S = 1e-7
PLUMB_RAD = 0.0034  # geodetic and geocentric vertical differ by 0.00336 at most
_RATE_ERROR = 1.0  # m/s, of `depth`
_SHORT_S = 1200.0  # a window in which off-nadir has one least value
_DOT_ERROR = 3e-6  # of single precision, and a little more


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
def cells(track, cell_s, units, low, high, turn):
    """Fill in for each cell: direction of its middle, least and greatest radius [m], half its turn [rad].

    Beside a stretch without positions the turn is pi: such a cell is never skipped. NaN: nothing known.
    """
    before, middle, after = np.empty(3), np.empty(3), np.empty(3)
    position(0.0, track, after)
    for k in range(turn.shape[0]):
        before[0], before[1], before[2] = after[0], after[1], after[2]
        position((k + 0.5) * cell_s, track, middle)
        position((k + 1.0) * cell_s, track, after)
        r0 = math.sqrt(before[0] ** 2 + before[1] ** 2 + before[2] ** 2)
        r1 = math.sqrt(middle[0] ** 2 + middle[1] ** 2 + middle[2] ** 2)
        r2 = math.sqrt(after[0] ** 2 + after[1] ** 2 + after[2] ** 2)
        if r0 > 0.0 and r1 > 0.0 and r2 > 0.0:
            spare = 200.0 + abs(r0 - 2.0 * r1 + r2)
            low[k], high[k] = min(r0, r1, r2) - spare, max(r0, r1, r2) + spare
            left = (before[0] * middle[0] + before[1] * middle[1] + before[2] * middle[2]) / (
                r0 * r1
            )
            right = (after[0] * middle[0] + after[1] * middle[1] + after[2] * middle[2]) / (r2 * r1)
            turn[k] = 1.02 * math.acos(min(1.0, max(-1.0, min(left, right)))) + 1e-4
            for c in range(3):
                units[c, k] = middle[c] / r1
        elif r0 > 0.0 or r1 > 0.0 or r2 > 0.0:
            low[k], high[k], turn[k] = 0.0, math.inf, math.pi
            units[0, k] = units[1, k] = units[2, k] = 0.0
        else:
            units[0, k] = units[1, k] = units[2, k] = np.nan


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
def thresholds(wishes, rho_low, rho_high, low, high, turn, out):
    """Fill `out` (rows of values, cells) with the cosine that a site in reach must pass."""
    kinds, values = wishes[0], wishes[1]
    for g in range(values.shape[0]):
        r_low = r_high = cosine = sine = 0.0
        for k in range(turn.shape[0]):
            if turn[k] > 1.0:
                out[g, k] = -2.0
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
            out[g, k] = wide - _DOT_ERROR if cosine <= 1.0 else 2.0


@kernel
def concave_rows(wishes, v_max, r_low, r_high, cosines, turn, out):
    """Fill `out` (rows of values): is height over the limit concave in time wherever a site is in reach?

    Height here is (satellite - site) . up - sin(limit) * distance; its second derivative is at most
    -GM/r^2 (cos(central angle) - sin(limit)) plus what the turning and flattened Earth can add.
    """
    kinds, values = wishes[0], wishes[1]
    more = 2.0 * _OMEGA * v_max + _OMEGA**2 * r_high + 0.004 * _GM / r_low**2
    for g in range(values.shape[0]):
        elevation, farthest = 0.0, 0.0
        for i in range(kinds.shape[0]):
            if kinds[i] == ELEVATION:
                elevation = max(elevation, values[g, i])
        for k in range(turn.shape[0]):
            if cosines[g, k] < 1.0:
                angle = math.acos(max(-1.0, cosines[g, k])) + turn[k] + PLUMB_RAD
                farthest = max(farthest, angle)
        sine = math.sin(elevation)
        level = math.cos(min(math.pi, farthest)) - sine
        out[g] = level > 0.0 and _GM / r_high**2 * level > more * (1.0 + sine)


@kernel
def bends(mode, limits, v_max, r_low, r_high, rho_low, rho_high):
    """(most, -least) second derivative [m/s2] of `depth` or `height`, whatever the site."""
    speed2, far = v_max * v_max, r_high + rho_high
    more = 2.0 * _OMEGA * v_max + _OMEGA**2 * r_high + 0.004 * _GM / r_low**2
    pull = _GM / r_low**2 + more
    whirl = speed2 / (r_low - rho_high)
    if mode == CONE:
        # In turn: gravity along the vertical, the turning vertical, its own acceleration, the distance.
        swing = 2.02 * speed2 / r_low + 1.2 * far * speed2 / r_low**2
        return more - _GM / r_high**2 + swing + pull, pull + swing + whirl + pull
    sine = 0.0
    for g in range(limits.shape[0]):
        sine = max(sine, limits[g])
    return (1.0 + sine) * pull, (1.0 + sine) * pull + sine * whirl


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
    f, rate = curve(mode, t, track, site, up, limit)
    start = t if f >= 0.0 else math.nan
    while t < end:
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
        if t >= end:
            break
        before = f
        f, rate = curve(mode, t, track, site, up, limit)
        if f >= 0.0 and start != start:
            start = t  # over a step of FLOOR_S
        elif before >= 0.0 and not f >= 0.0:
            return start, t
    return start, end


@kernel
def height(t_s, track, site, up, sine):
    """(height over the limit [m], its rate [m/s])."""
    x, y, z, vx, vy, vz = motion(t_s, track)
    dx, dy, dz = x - site[0], y - site[1], z - site[2]
    distance = math.sqrt(dx * dx + dy * dy + dz * dz)
    recede = (dx * vx + dy * vy + dz * vz) / distance
    rise = dx * up[0] + dy * up[1] + dz * up[2]
    return rise - sine * distance, vx * up[0] + vy * up[1] + vz * up[2] - sine * recede


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
def concave_pass(a, b, near, track, site, up, rho, sine):
    """(start, stop, culmination [s]) of the one window in [a, b]; start is NaN if there is none."""
    x, y, z, vx, vy, vz = motion(near, track)
    # On a circle seen from the Earth's centre, the closest approach and the half width would be:
    r2 = x * x + y * y + z * z
    r = math.sqrt(r2)
    out = (x * vx + y * vy + z * vz) / r2
    wx, wy, wz = vx - out * x, vy - out * y, vz - out * z
    turn = math.sqrt((wx * wx + wy * wy + wz * wz) / r2)
    cosine = (x * site[0] + y * site[1] + z * site[2]) / (r * rho)
    drift = (wx * site[0] + wy * site[1] + wz * site[2]) / (r * rho * turn)
    peak = min(max(near + math.atan(drift / cosine) / turn, a), b)
    level = math.sqrt(1.0 - sine * sine)
    away = min(1.0, rho / r * level)
    edge = away * level + math.sqrt(1.0 - away * away) * sine
    half = math.acos(min(1.0, edge / math.sqrt(cosine * cosine + drift * drift))) / turn
    # Both edges at once. A concave curve has no more than two zeros, one rising and one falling.
    start, stop = peak - half, peak + half
    for _ in range(4 if half > 1.0 else 0):
        f1, rate1 = height(start, track, site, up, sine)
        f2, rate2 = height(stop, track, site, up, sine)
        step1, step2 = f1 / rate1, f2 / rate2
        start -= step1
        stop -= step2
        if not (rate1 > 0.0 and rate2 < 0.0 and a < start and start < stop and stop < b):
            break
        # What Newton leaves behind is half the curvature (10 m/s2) times the step squared.
        if 5.0 * max(step1 * step1 / rate1, step2 * step2 / -rate2) < _EDGE_S:
            return start, stop, peak
    f, rate = height(peak, track, site, up, sine)
    if f >= 0.0:
        start = concave_edge(a, peak, max(a, peak - half), track, site, up, sine)
        stop = concave_edge(b, peak, min(b, peak + half), track, site, up, sine)
        return start, stop, peak
    # Below the limit: the tangent lies above a concave curve, so Newton's steps cannot pass an edge.
    forward = rate > 0.0
    t = peak
    for _ in range(80):
        then = t - f / rate
        if (rate > 0.0) != forward or not a < then < b:
            return math.nan, math.nan, t
        step = abs(then - t)
        t = then
        f, rate = height(t, track, site, up, sine)
        if f >= 0.0 or 5.0 * step * step < _EDGE_S * abs(rate):
            break
    if forward:
        return t, concave_edge(b, t, b, track, site, up, sine), t
    return concave_edge(a, t, a, track, site, up, sine), t, t


@kernel
def edge_between(a, fa, b, fb, orbit, site, enu, wishes, values, sun, work):
    """The instant [s] nearest to where the margin changes sign between a and b, on the window's side.

    Chandrupatla's method (1997): inverse quadratic where that is safe, halving elsewhere.
    """
    c, fc = a, fa
    part = 0.5
    for _ in range(200):
        t = a + part * (b - a)
        ft, _ = state(t, orbit, site, enu, wishes, values, sun, work)
        if (ft >= 0.0) == (fa >= 0.0):
            c, fc = a, fa
        else:
            c, b, fc, fb = b, a, fb, fa
        a, fa = t, ft
        if abs(b - a) < _EDGE_S:
            break
        least_part = 0.25 * _EDGE_S / abs(b - a)
        xi, phi = (a - b) / (c - b), (fa - fb) / (fc - fb)
        if phi * phi < xi and (1.0 - phi) * (1.0 - phi) < 1.0 - xi:
            part = fa / (fb - fa) * fc / (fb - fc) + (c - a) / (b - a) * fa / (fc - fa) * fb / (
                fc - fb
            )
        else:
            part = 0.5
        part = min(max(part, least_part), 1.0 - least_part)
    return a if fa >= 0.0 else b


@kernel
def march(t, end, orbit, site, enu, wishes, values, sun, work):
    """(start, stop) of the first window in [t, end], NaN if there is none. A good `end` closes it."""
    margin, wait = state(t, orbit, site, enu, wishes, values, sun, work)
    start = t if margin >= 0.0 else math.nan
    while t < end:
        then = min(t + max(wait, FLOOR_S), end)
        now, wait = state(then, orbit, site, enu, wishes, values, sun, work)
        if (now >= 0.0) != (margin >= 0.0):
            edge = edge_between(t, margin, then, now, orbit, site, enu, wishes, values, sun, work)
            if now < 0.0:
                return start, edge
            start = edge
        t, margin = then, now
    return start, end


@kernel
def passes(stop_s, track, grid, how, sites, enus, group, first, spans, numbers):
    """Stages 1 and 2: stretches of one satellite's time over sites `first` and on, within [0, stop_s].

    grid = (cell_s, units (3, m), cosines (groups, m)); how = (mode, limits (groups,) as a
    sine of elevation or a cosine of off-nadir, bends). Fills `spans` (3, n) with start, stop and, for
    CONCAVE and CONE, a time near the culmination [s], and `numbers` (n,) with the site. Returns (site to go
    on with, rows filled): a site whose stretches do not fit any more is left for the next call whole.
    """
    cell_s, units, cosines = grid
    mode, limits, bend_up, bend_down = how
    m = units.shape[1]
    flags = np.zeros((m + 7) // 8 * 8, np.uint8)
    words = flags.view(np.uint64)
    ux, uy, uz = units[0], units[1], units[2]
    room, filled = numbers.shape[0], 0
    for s in range(first, sites.shape[0]):
        # Tuples: an array handed to a function costs more than the function.
        site = (sites[s, 0], sites[s, 1], sites[s, 2])
        up = (enus[s, 2, 0], enus[s, 2, 1], enus[s, 2, 2])
        g = group[s]
        bar, limit = cosines[g], limits[g]
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
            while t < end:
                start, stop, near = t, end, math.nan
                t = end
                if mode == CONCAVE:
                    guess = min((nearest + 0.5) * cell_s, end)
                    start, stop, near = concave_pass(start, end, guess, track, site, up, rho, limit)
                elif mode != MARCH:
                    start, stop = walk(mode, start, end, track, site, up, limit, bend_up, bend_down)
                    if mode == CONE and stop - start < _SHORT_S:
                        near = 0.5 * (start + stop)
                    t = stop + 2.0 * _EDGE_S
                if not start <= stop:
                    break
                if filled >= room:
                    return s, begun
                spans[0, filled], spans[1, filled], spans[2, filled] = start, stop, near
                numbers[filled] = s
                filled += 1
    return sites.shape[0], filled


@kernel
def narrow(first, given, spans, numbers, orbit, sites, enus, group, rest, sun, new, new_numbers):
    """Stage 3: windows in which the wishes `rest` hold too, within stretches `first` to `given`.

    Fills `new` and `new_numbers` as `passes` does; returns (stretch to go on with, rows filled).
    """
    room, filled = new_numbers.shape[0], 0
    work = np.empty((3, 3))
    for i in range(first, given):
        s, begun = numbers[i], filled
        values = rest[1][group[s]]
        t = spans[0, i]
        while t <= spans[1, i]:
            a, b = march(t, spans[1, i], orbit, sites[s], enus[s], rest, values, sun, work)
            if not a <= b:
                break
            if filled >= room:
                return i, begun
            new[0, filled], new[1, filled], new[2, filled] = a, b, spans[2, i]
            new_numbers[filled] = s
            filled += 1
            t = b + 2.0 * _EDGE_S
    return given, filled
