"""Best instants of long windows, compiled: looked for all over them, since there may be several."""

from __future__ import annotations

import math

import numpy as np

from offnadir._jit import kernel
from offnadir.access._cells import CELL, SPEED, TURN, track_of
from offnadir.access._margins import ELEVATION, OFF_NADIR, along, nadir_cosine, sight

_GOLDEN = 0.3819660112501051


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
def scan(count, stretches, flock, facts, sites, enus, known):
    """Fill `known` = best time [s] and greatest sine of elevation (2, n); NaN for those that are short.

    Long is a stretch without a third time; it is looked at twice a cell.
    """
    spans, numbers, whose = stretches
    work, found = np.empty((3, 3)), np.empty((2, 2))
    for row in range(count):
        if spans[2, row] == spans[2, row]:
            continue
        s, of = numbers[row], whose[row]
        orbit = (track_of(flock, of), facts[of, SPEED], facts[of, TURN])
        for which in (ELEVATION, OFF_NADIR):
            found[which] = least(
                which, spans[0, row], spans[1, row], 0.5 * facts[of, CELL], orbit, sites[s],
                enus[s, 2], work,
            )  # fmt: skip
        known[0, row], known[1, row] = found[OFF_NADIR, 0], -found[ELEVATION, 1]
