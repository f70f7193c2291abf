"""Heights between the cells of an elevation model."""

from __future__ import annotations

from offnadir._jit import kernel, part


@part
def bilinear(cells, row, column):
    """Height at a position counted from the centre of the first cell; beyond the outer centres, theirs.

    Two rows and columns at least; NaN gives the last cell's height.
    """
    rows, columns = cells.shape
    row = min(max(row, 0.0), rows - 1.0)
    column = min(max(column, 0.0), columns - 1.0)
    i, j = min(int(row), rows - 2), min(int(column), columns - 2)
    down, right = row - i, column - j
    above = cells[i, j] + right * (cells[i, j + 1] - cells[i, j])
    below = cells[i + 1, j] + right * (cells[i + 1, j + 1] - cells[i + 1, j])
    return above + down * (below - above)


@kernel
def sample(cells, row, column, height_m):
    """Fill heights [m] at positions."""
    for k in range(row.size):
        height_m[k] = bilinear(cells, row[k], column[k])
