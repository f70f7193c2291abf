"""Kernels of surface models: census signatures, and semi-global matching over heights."""

from __future__ import annotations

import math

import numpy as np

from offnadir._jit import kernel

#: Half sides of the census window: 7 rows by 9 columns, 62 comparisons.
_DOWN, _ACROSS = 3, 4
#: What a comparison costs that cannot be made.
UNKNOWN = 31


@kernel
def census(picture, out):
    """Which neighbours are darker than each pixel, as 62 bits (Zabih and Woodfill 1994); 0 at edges and
    holes.
    """
    rows, columns = picture.shape
    for i in range(rows):
        for j in range(columns):
            out[i, j] = np.uint64(0)
            middle = picture[i, j]
            if i < _DOWN or j < _ACROSS or i >= rows - _DOWN or j >= columns - _ACROSS:
                continue
            if math.isnan(middle):
                continue
            bits = np.uint64(0)
            for k in range(-_DOWN, _DOWN + 1):
                for m in range(-_ACROSS, _ACROSS + 1):
                    if k == 0 and m == 0:
                        continue
                    bits = (bits << np.uint64(1)) | np.uint64(
                        1 if picture[i + k, j + m] < middle else 0
                    )
            # the bit beyond the 62 tells that it is known
            out[i, j] = bits | (np.uint64(1) << np.uint64(63))


@kernel
def unlike(a, b, level, out):
    """How many comparisons differ, into out[:, :, level]; UNKNOWN where a picture is not known."""
    rows, columns = a.shape
    for i in range(rows):
        for j in range(columns):
            if a[i, j] == np.uint64(0) or b[i, j] == np.uint64(0):
                out[i, j, level] = UNKNOWN
                continue
            x = a[i, j] ^ b[i, j]
            x = x - ((x >> np.uint64(1)) & np.uint64(0x5555555555555555))
            x = (x & np.uint64(0x3333333333333333)) + (
                (x >> np.uint64(2)) & np.uint64(0x3333333333333333)
            )
            x = (x + (x >> np.uint64(4))) & np.uint64(0x0F0F0F0F0F0F0F0F)
            out[i, j, level] = (x * np.uint64(0x0101010101010101)) >> np.uint64(56)


@kernel
def _advance(cost, before, least_before, small, large, total, here):
    """One step of a path: the pixel's costs after the path's; returns the least of them."""
    levels = cost.size
    least = 1 << 30
    for d in range(levels):
        best = before[d]
        if d > 0:
            best = min(best, before[d - 1] + small)
        if d < levels - 1:
            best = min(best, before[d + 1] + small)
        best = min(best, least_before + large)
        value = cost[d] + best - least_before
        here[d] = value
        total[d] += value
        least = min(least, value)
    return least


@kernel
def aggregate(cost, small, large, total):
    """Sum of path costs from eight directions (Hirschmuller 2008, eq. 13) into total (rows, columns, levels).

    `small` is charged for a step of one level between neighbours, `large` for any greater one.
    """
    rows, columns, levels = cost.shape
    total[:] = 0
    for turn in range(2):
        # paths from the left, upper left, above and upper right; then all of them the other way
        sign = 1 - 2 * turn
        old = np.zeros((3, columns, levels), np.int32)
        new = np.zeros((3, columns, levels), np.int32)
        old_least = np.zeros((3, columns), np.int32)
        new_least = np.zeros((3, columns), np.int32)
        along = np.zeros(levels, np.int32)
        along_new = np.zeros(levels, np.int32)
        nothing = np.zeros(levels, np.int32)
        for step in range(rows):
            i = step if turn == 0 else rows - 1 - step
            along[:] = 0
            along_least = 0
            for other in range(columns):
                j = other if turn == 0 else columns - 1 - other
                along_least = _advance(
                    cost[i, j], along, along_least, small, large, total[i, j], along_new
                )
                along, along_new = along_new, along
                for path in range(3):
                    source = j - sign * (path - 1)
                    if step == 0 or source < 0 or source >= columns:
                        new_least[path, j] = _advance(
                            cost[i, j], nothing, 0, small, large, total[i, j], new[path, j]
                        )
                    else:
                        new_least[path, j] = _advance(
                            cost[i, j], old[path, source], old_least[path, source], small, large,
                            total[i, j], new[path, j],
                        )  # fmt: skip
            old, new = new, old
            old_least, new_least = new_least, old_least


@kernel
def winners(total, cost, most, uniqueness, level, quality):
    """The best level of each pixel to a fraction, NaN where it is not clear; `quality` is the share that
    agrees.

    Not clear: at an end of the range, where more than `most` comparisons differ, or where another level
    not beside it costs less than `uniqueness` times as much.
    """
    rows, columns, levels = total.shape
    for i in range(rows):
        for j in range(columns):
            best = 0
            for d in range(1, levels):
                if total[i, j, d] < total[i, j, best]:
                    best = d
            level[i, j] = np.nan
            quality[i, j] = 1.0 - cost[i, j, best] / 62.0
            if (
                best == 0
                or best == levels - 1
                or cost[i, j, best] > most
                or cost[i, j, best] == UNKNOWN
            ):
                continue
            second = 1 << 30
            for d in range(levels):
                if abs(d - best) > 1:
                    second = min(second, total[i, j, d])
            if second < uniqueness * total[i, j, best]:
                continue
            a, b, c = total[i, j, best - 1], total[i, j, best], total[i, j, best + 1]
            bend = a - 2 * b + c
            level[i, j] = best + (0.5 * (a - c) / bend if bend > 0 else 0.0)
