"""Kernels of made-up ground: hashes, noise, coast and heights as functions of a place alone.

Places are metres east and north of the scene's middle, in its own projection.
"""

from __future__ import annotations

import math

import numpy as np

from offnadir._jit import kernel, part

_A = np.uint64(0x9E3779B97F4A7C15)
_B = np.uint64(0xC2B2AE3D27D4EB4F)
_C = np.uint64(0xD6E8FEB86659FD93)
_S32, _S29, _S40 = np.uint64(32), np.uint64(29), np.uint64(40)
_TO_ONE = 2.0**-24
_NEXT = np.uint64(1)  # an index that cannot be below 0 needs no test for that


def _random_table(side: int) -> np.ndarray:
    """Numbers from -1 to 1 that no library's version changes: SplitMix64 (Steele et al. 2014)."""
    z = np.arange(1, side * side + 1, dtype=np.uint64) * np.uint64(0x9E3779B97F4A7C15)
    z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    z = (z ^ (z >> np.uint64(31))) >> np.uint64(40)
    return (z.astype(np.float64) * 2.0**-23 - 1.0).astype(np.float32).reshape(side, side)


#: Noise repeats after so many of its wavelengths; octaves are turned, so that their sum does not. 16 KB: it
#: stays in the fastest cache.
_SIDE = 64
_LAST = _SIDE - 1
_TABLE = _random_table(_SIDE)
#: Wavelengths [m] of the coast's windings, and how far each moves it, as a share of its wavelength.
_COAST_LONGEST_M, _COAST_SHARE = 6000.0, 0.42
#: Height of the apron in the middle above the sea [m].
APRON_ALT_M = 10.0
_RIDGE_LONGEST_M, _RIDGE_OCTAVES = 9000.0, 8


@part
def share(i, j, seed):
    """A number from 0 up to 1 that belongs to a cell (i, j) of a lattice."""
    h = np.uint64(i) * _A + np.uint64(j) * _B + np.uint64(seed) * _C
    h ^= h >> _S32
    h *= _C
    h ^= h >> _S29
    h *= _A
    h ^= h >> _S32
    return np.int64(h >> _S40) * _TO_ONE


@part
def rough(i, j, seed):
    """As `share`, from -1 to 1, for textures: quicker, and the same again after 64 cells."""
    mixed = (seed * 40503) >> 3
    return _TABLE[(j + (mixed >> 6)) & _LAST, (i + mixed) & _LAST]


@part
def noise(x, y, seed):
    """Smooth noise from -1 to 1 of unit lattice: random values at the nodes, cubics between."""
    i, j = math.floor(x), math.floor(y)
    u, v = x - i, y - j
    u, v = u * u * (3.0 - 2.0 * u), v * v * (3.0 - 2.0 * v)
    mixed = (seed * 40503) >> 3
    i, j = i + mixed, j + (mixed >> 6)
    i0, i1, j0, j1 = i & _LAST, (i + 1) & _LAST, j & _LAST, (j + 1) & _LAST
    a, b, c, d = _TABLE[j0, i0], _TABLE[j0, i1], _TABLE[j1, i0], _TABLE[j1, i1]
    a += (b - a) * u
    c += (d - c) * u
    return a + (c - a) * v


@kernel
def octaves(x, y, longest, count, gain, shortest, seed):
    """Sum of noise of halving wavelengths, amplitudes 1, gain, gain^2, ...; none shorter than `shortest`."""
    total, size, wave = 0.0, 1.0, longest
    x, y = x / longest, y / longest
    for k in range(count):
        fade = size
        if wave < 2.0 * shortest:
            # what a lattice cannot show fades away: all of it from twice the shortest, none below it
            if wave <= shortest:
                break
            fade *= wave / shortest - 1.0
        total += fade * noise(x, y, seed + 7 * k)
        # turned by 37 deg, so that the lattices of octaves do not line up
        x, y = 1.6 * x - 1.2 * y + 17.3, 1.2 * x + 1.6 * y - 9.1
        size *= gain
        wave *= 0.5
    return total


@kernel
def grain(x, y, shortest, seed):
    """Texture of soft ground, about -1 to 1: waves of 45, 18, 7 and 3 m, none shorter than `shortest`."""
    total, size, wave = 0.0, 0.75, 45.0
    x, y = x / 45.0, y / 45.0
    for k in range(4):
        fade = size
        if wave < 2.0 * shortest:
            if wave <= shortest:
                break
            fade *= wave / shortest - 1.0
        total += fade * noise(x, y, seed + 7 * k)
        x, y = 2.0 * x - 1.5 * y + 17.3, 1.5 * x + 2.0 * y - 9.1
        size *= 0.7
        wave *= 0.4
    return total


@kernel
def grain_table(x0, y0, step, rows, columns, shortest, seed):
    """`grain` at nodes `step` apart from (x0, y0), rows to the north."""
    out = np.empty((rows, columns), np.float32)
    for i in range(rows):
        for j in range(columns):
            out[i, j] = grain(x0 + step * j, y0 + step * i, shortest, seed)
    return out


@part
def amid(table, row, column):
    """A table between its nodes; only for places that it holds."""
    i, j = int(row), int(column)
    v, u = row - i, column - j
    a, b = np.uint64(i), np.uint64(j)
    low = table[a, b] + (table[a, b + _NEXT] - table[a, b]) * u
    high = table[a + _NEXT, b] + (table[a + _NEXT, b + _NEXT] - table[a + _NEXT, b]) * u
    return low + (high - low) * v


@part
def bilinear(table, row, column):
    """A table between its nodes; at its edge, the edge."""
    row = min(max(row, 0.0), table.shape[0] - 1.001)
    column = min(max(column, 0.0), table.shape[1] - 1.001)
    i, j = int(row), int(column)
    v, u = row - i, column - j
    low = table[i, j] * (1.0 - u) + table[i, j + 1] * u
    high = table[i + 1, j] * (1.0 - u) + table[i + 1, j + 1] * u
    return low * (1.0 - v) + high * v


@part
def smooth(low, high, x):
    """0 below `low`, 1 above `high`, a cubic between."""
    t = min(max((x - low) / (high - low), 0.0), 1.0)
    return t * t * (3.0 - 2.0 * t)


@kernel
def shore_m(x, y, shortest, coast, coast_step, pad, seed):
    """How far inland a place lies [m], roughly; below 0 at sea. `coast` is the same of a coarse map."""
    half = 0.5 * (coast.shape[0] - 1)
    s = bilinear(coast, y / coast_step + half, x / coast_step + half)
    wave, size, k = _COAST_LONGEST_M, _COAST_SHARE * _COAST_LONGEST_M, 0
    px, py = x, y
    # a winding fades away where all that are left could not bring the shore here
    while wave > shortest and abs(s) < 2.6 * size + 300.0:
        fade = min(wave / shortest - 1.0, 1.0) * min((2.6 * size + 300.0 - abs(s)) / size, 1.0)
        s += size * fade * noise(px / wave + 3.7 * k, py / wave + 5.9 * k, seed + 100 + k)
        px, py = 0.8 * px - 0.6 * py, 0.6 * px + 0.8 * py
        size *= 0.5
        wave *= 0.5
        k += 1
    if pad > 0.0:
        s = max(s, 2.0 * pad - math.sqrt(x * x + y * y))
    return s


@kernel
def ground_m(x, y, s, shortest, relief, pad, seed):
    """Height of the ground above the sea [m] where the shore is `s` away."""
    if s <= 0.0:
        return 0.0
    plain = 12.0 * (1.0 - math.exp(-s / 900.0))
    ridge = 0.0
    if relief > 0.0:
        n = octaves(x, y, _RIDGE_LONGEST_M, _RIDGE_OCTAVES, 0.46, shortest, seed + 200)
        n = max(0.5 + 0.62 * n, 0.0)
        ridge = relief * n * n * smooth(200.0, 6000.0, s)
    if pad > 0.0:
        away = math.sqrt(x * x + y * y) / pad
        ridge *= smooth(1.0, 3.5, away)
        plain = APRON_ALT_M + (plain - APRON_ALT_M) * smooth(1.0, 1.9, away)
    return plain + ridge


@kernel
def macro(x0, y0, step, rows, columns, shortest, coast, coast_step, relief, pad, seed):
    """Shore [m], height [m] and woods at nodes `step` apart from (x0, y0), rows to the north."""
    wood = np.empty((rows, columns))
    shore = np.empty((rows, columns))
    height = np.empty((rows, columns))
    for i in range(rows):
        y = y0 + step * i
        for j in range(columns):
            x = x0 + step * j
            s = shore_m(x, y, shortest, coast, coast_step, pad, seed)
            shore[i, j] = s
            height[i, j] = ground_m(x, y, s, shortest, relief, pad, seed)
            # woods keep to hills, and to patches in the plain
            wood[i, j] = (
                0.9 * octaves(x, y, 7600.0, 7, 0.64, shortest, seed + 340)
                + smooth(60.0, 300.0, height[i, j])
                - 0.42
            )
    return shore, height, wood


@kernel
def heights(x, y, coast, coast_step, relief, pad, seed):
    """Heights [m] above the sea at places."""
    out = np.empty(x.size)
    for k in range(x.size):
        s = shore_m(x[k], y[k], 40.0, coast, coast_step, pad, seed)
        out[k] = ground_m(x[k], y[k], s, 40.0, relief, pad, seed)
    return out


@kernel
def coast_table(half, step, ax, ay, bx, by, far, out):
    """Fill `out` with the distance [m] of each node to the nearest of the segments a-b, at most `far`."""
    n = out.shape[0]
    for i in range(n):
        y = (i - half) * step
        for j in range(n):
            x = (j - half) * step
            best = far * far
            for k in range(ax.size):
                dx, dy = bx[k] - ax[k], by[k] - ay[k]
                px, py = x - ax[k], y - ay[k]
                length = dx * dx + dy * dy
                t = 0.0 if length == 0.0 else min(max((px * dx + py * dy) / length, 0.0), 1.0)
                px -= t * dx
                py -= t * dy
                best = min(best, px * px + py * py)
            out[i, j] = math.sqrt(best)


@kernel
def crossings_are_odd(lat, lon, x0, y0, x1, y1):
    """Whether the way due north from each place crosses an odd number of segments [deg]."""
    out = np.zeros(lat.size, np.bool_)
    for n in range(lat.size):
        for k in range(x0.size):
            astride = (lon[n] >= x0[k]) != (lon[n] >= x1[k])
            if astride and y0[k] + (lon[n] - x0[k]) / (x1[k] - x0[k]) * (y1[k] - y0[k]) > lat[n]:
                out[n] = not out[n]
    return out
