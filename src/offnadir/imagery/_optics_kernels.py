"""Frequencies of fine samples, filtered and folded to those of pixels."""

from __future__ import annotations

import numpy as np

from offnadir._jit import kernel


@kernel
def fold(spectrum, table, turn_rows, turn_columns, n, width):
    """Half spectrum (h, width // 2 + 1) of pixels from that of n times as many samples each way.

    `table` is the real transfer function for frequencies from 0 up; picking each nth sample adds up the
    frequencies that lie a cycle per pixel apart.
    """
    high = spectrum.shape[0]
    wide = width * n
    h = high // n
    out = np.empty((h, width // 2 + 1), np.complex64)
    for i in range(h):
        for j in range(width // 2 + 1):
            total = np.complex64(0.0)
            for b in range(n):
                column = j + b * width
                mirrored = column > wide // 2
                c = wide - column if mirrored else column
                part = np.complex64(0.0)
                for a in range(n):
                    row = i + a * h
                    r = high - row if 2 * row > high else row
                    value = (
                        np.conj(spectrum[(high - row) % high, c]) if mirrored else spectrum[row, c]
                    )
                    part += value * turn_rows[row] * table[r, c]
                total += part * turn_columns[column]
            out[i, j] = total
    return out
