"""Heights between the cells of an elevation model."""

from __future__ import annotations

import numpy as np

from offnadir._jit import kernel, part


@part
def bilinear(cells, row, column):
    """Height at a position counted from the centre of the first cell; beyond the outer centres, theirs.

    Two rows and columns at least; NaN counts as 0. Indices are unsigned, which saves numba's test for -1.
    """
    last_row, last_column = cells.shape[0] - 1.000001, cells.shape[1] - 1.000001
    row = row if row > 0.0 else 0.0
    column = column if column > 0.0 else 0.0
    row = row if row < last_row else last_row
    column = column if column < last_column else last_column
    down, right = row - np.int32(row), column - np.int32(column)
    i, j, one = np.uint64(np.int32(row)), np.uint64(np.int32(column)), np.uint64(1)
    above = cells[i, j] + right * (cells[i, j + one] - cells[i, j])
    below = cells[i + one, j] + right * (cells[i + one, j + one] - cells[i + one, j])
    return above + down * (below - above)


@kernel
def sample(cells, row, column, height_m):
    """Fill heights [m] at positions."""
    for k in range(row.size):
        height_m[k] = bilinear(cells, row[k], column[k])
