"""Stage 3 of the search, compiled: all other constraints, marched through by waits (`_margins.py`).

A window longer than FLOOR_S cannot be missed.
"""

from __future__ import annotations

import math

import numpy as np

from offnadir._jit import kernel
from offnadir.access._cells import FLOOR_S, SPEED, TURN, track_of
from offnadir.access._margins import state

_EDGE_S = 1e-7


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
        if wait >= end - t:
            break  # as it is now it stays
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
def narrow(first, given, stretches, flock, facts, sites, enus, group, wishes, left, sun, found):
    """Windows in which the wishes that are left hold too, within stretches `first` to `given`.

    `stretches` and `found` are (times (3, n), site (n,), satellite (n,)) as `passes` fills them, `left` a
    row a satellite; returns (stretch to go on with, rows filled).
    """
    spans, numbers, whose = stretches
    new, new_numbers, new_whose = found
    room, filled = new_numbers.shape[0], 0
    work = np.empty((3, 3))
    values = np.empty(wishes[1].shape[1])
    kinds, of = wishes[0].copy(), -1
    rest = (kinds[:0],) + wishes[1:]  # noqa: RUF005
    orbit = (track_of(flock, 0), facts[0, SPEED], facts[0, TURN])
    for i in range(first, given):
        s, begun = numbers[i], filled
        if whose[i] != of:
            of, count = whose[i], 0
            orbit = (track_of(flock, of), facts[of, SPEED], facts[of, TURN])
            for j in range(left.shape[1]):
                if left[of, j]:
                    kinds[count] = wishes[0][j]
                    count += 1
            rest = (kinds[:count],) + wishes[1:]  # noqa: RUF005
        count = 0
        for j in range(left.shape[1]):
            if left[of, j]:
                values[count] = wishes[1][group[s], j]
                count += 1
        t = spans[0, i]
        while t <= spans[1, i]:
            a, b = march(t, spans[1, i], orbit, sites[s], enus[s], rest, values, sun, work)
            if not a <= b:
                break
            if filled >= room:
                return i, begun
            new[0, filled], new[1, filled], new[2, filled] = a, b, spans[2, i]
            new_numbers[filled], new_whose[filled] = s, of
            filled += 1
            t = b + 2.0 * _EDGE_S
    return given, filled
