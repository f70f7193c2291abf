"""Noise that looks like fields of cumulus."""

from __future__ import annotations

import math

import numpy as np

from offnadir._jit import kernel, part

_LONGEST_M, _OCTAVES = 3500.0, 9


@part
def hashed(i, j, seed):
    """A number from 0 up to 1 that belongs to a cell."""
    h = np.uint64(i) * np.uint64(0x9E3779B97F4A7C15) ^ np.uint64(j) * np.uint64(0xC2B2AE3D27D4EB4F)
    h ^= np.uint64(seed) * np.uint64(0x165667B19E3779F9)
    h ^= h >> np.uint64(31)
    h *= np.uint64(0xBF58476D1CE4E5B9)
    h ^= h >> np.uint64(29)
    h *= np.uint64(0x94D049BB133111EB)
    h ^= h >> np.uint64(32)
    return (h >> np.uint64(11)) * 2.0**-53


@part
def smooth_noise(x, y, seed):
    """Noise from -1 to 1 of a unit lattice, smooth at its nodes."""
    i, j = math.floor(x), math.floor(y)
    u, v = x - i, y - j
    u, v = u * u * u * (u * (6.0 * u - 15.0) + 10.0), v * v * v * (v * (6.0 * v - 15.0) + 10.0)
    i, j = int(i), int(j)
    low = hashed(i, j, seed) * (1.0 - u) + hashed(i + 1, j, seed) * u
    high = hashed(i, j + 1, seed) * (1.0 - u) + hashed(i + 1, j + 1, seed) * u
    return 2.0 * (low * (1.0 - v) + high * v) - 1.0


@kernel
def cloud_noise(x, y, seed, shortest_m, out):
    """Sum of octaves, each half as long and 0.6 as high as the one before; none shorter than `shortest_m`."""
    for k in range(out.size):
        px, py = x[k] / _LONGEST_M, y[k] / _LONGEST_M
        total, size, wave = 0.0, 1.0, _LONGEST_M
        for octave in range(_OCTAVES):
            if wave < shortest_m:
                break
            total += size * smooth_noise(px, py, seed + octave)
            px, py = 2.0 * (0.8 * px - 0.6 * py) + 5.3, 2.0 * (0.6 * px + 0.8 * py) - 2.9
            size *= 0.6
            wave *= 0.5
        out[k] = total
