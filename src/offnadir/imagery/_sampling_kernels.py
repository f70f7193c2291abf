"""From a patch of ground to the focal plane: each ray's first meeting with the surface, and its light.

Rays are straight: a sample's place in the patch moves evenly from where it would lie on the lowest ground
(t = 0) to where it would lie on the highest (t = 1). Heights are shares of that range.
"""

from __future__ import annotations

import math

import numpy as np

from offnadir._jit import kernel, part

CHUNK = 16  # samples of a line whose rays share one range of heights


@kernel
def block_ranges(heights, side):
    """Lowest and highest of blocks of side x side cells between nodes, shape (rows, columns, 2)."""
    rows = max((heights.shape[0] - 2) // side + 1, 1)
    columns = max((heights.shape[1] - 2) // side + 1, 1)
    out = np.empty((rows, columns, 2), np.float32)
    for a in range(rows):
        for b in range(columns):
            low, high = np.float32(math.inf), np.float32(-math.inf)
            for i in range(a * side, min((a + 1) * side + 1, heights.shape[0])):
                for j in range(b * side, min((b + 1) * side + 1, heights.shape[1])):
                    value = heights[i, j]
                    low, high = min(low, value), max(high, value)
            out[a, b, 0], out[a, b, 1] = low, high
    return out


@part
def between(table, row, column):
    """A table of heights between its nodes; beyond its edge, the edge."""
    row = min(max(row, 0.0), table.shape[0] - 1.000001)
    column = min(max(column, 0.0), table.shape[1] - 1.000001)
    i, j = int(row), int(column)
    v, u = row - i, column - j
    low = table[i, j] * (1.0 - u) + table[i, j + 1] * u
    high = table[i + 1, j] * (1.0 - u) + table[i + 1, j + 1] * u
    return low * (1.0 - v) + high * v


@part
def span(lo, hi, i, j, u0, u1, t):
    """Least and greatest of a coordinate over the shares u0 to u1 of a cell, at one height."""
    least, most = math.inf, -math.inf
    for a in range(i, i + 2):
        left = lo[a, j] + t * (hi[a, j] - lo[a, j])
        right = lo[a, j + 1] + t * (hi[a, j + 1] - lo[a, j + 1])
        x, y = left + u0 * (right - left), left + u1 * (right - left)
        least, most = min(least, x, y), max(most, x, y)
    return least, most


@part
def met_between(row_lo, row_hi, col_lo, col_hi, blocks, side, i, j, u0, u1):
    """Between which heights the rays of a part of a cell can meet the surface: from the blocks they cross."""
    t0, t1 = 0.0, 1.0
    for _ in range(4):
        a0, a1 = span(row_lo, row_hi, i, j, u0, u1, t0)
        b0, b1 = span(row_lo, row_hi, i, j, u0, u1, t1)
        c0, c1 = span(col_lo, col_hi, i, j, u0, u1, t0)
        d0, d1 = span(col_lo, col_hi, i, j, u0, u1, t1)
        last_row, last_column = blocks.shape[0] - 1, blocks.shape[1] - 1
        top = min(max(math.floor(min(a0, b0) / side), 0), last_row)
        bottom = min(max(math.floor(max(a1, b1) / side), 0), last_row)
        left = min(max(math.floor(min(c0, d0) / side), 0), last_column)
        right = min(max(math.floor(max(c1, d1) / side), 0), last_column)
        low, high = math.inf, -math.inf
        for a in range(top, bottom + 1):
            for b in range(left, right + 1):
                low, high = min(low, blocks[a, b, 0]), max(high, blocks[a, b, 1])
        if low <= t0 and high >= t1:
            break
        t0, t1 = max(t0, low), min(t1, high)
    return t0, t1


@part
def first_meeting(row, column, d_row, d_column, heights, finer, blocks, side, t0, t1):
    """Height at which a ray from above first meets the surface.

    Blocks that it passes over are taken at a stride, others in steps of a cell, the last one by a line.
    """
    step = finer / max(abs(d_row), abs(d_column))
    t = t1
    while t > t0:
        i = min(max(math.floor((row + t * d_row) / side), 0), blocks.shape[0] - 1)
        j = min(max(math.floor((column + t * d_column) / side), 0), blocks.shape[1] - 1)
        leaves = t0
        if d_row != 0.0:
            leaves = max(leaves, ((i if d_row > 0.0 else i + 1) * side - row) / d_row)
        if d_column != 0.0:
            leaves = max(leaves, ((j if d_column > 0.0 else j + 1) * side - column) / d_column)
        leaves = max(min(leaves, t) - 0.01 * step, t0)
        if leaves > blocks[i, j, 1]:
            t = leaves
            continue
        over = t - between(heights, (row + t * d_row) / finer, (column + t * d_column) / finer)
        if over <= 0.0:
            return t
        while t > leaves:
            after = max(t - step, leaves)
            here = after - between(
                heights, (row + after * d_row) / finer, (column + after * d_column) / finer
            )
            if here <= 0.0:
                return t + (after - t) * over / (over - here)
            t, over = after, here
    return t0


@part
def cubic(x):
    """Weights of four neighbours for a place a share x past the second (Keys 1981, a = -0.5)."""
    x2 = x * x
    x3 = x2 * x
    return (
        -0.5 * x + x2 - 0.5 * x3,
        1.0 - 2.5 * x2 + 1.5 * x3,
        0.5 * x + 2.0 * x2 - 1.5 * x3,
        -0.5 * x2 + 0.5 * x3,
    )


@part
def light_at(patch, row, column):
    """Light between the pixels of a patch, by cubics; beyond its edge, the edge."""
    row = min(max(row, 1.0), patch.shape[0] - 2.000001)
    column = min(max(column, 1.0), patch.shape[1] - 2.000001)
    i, j = int(row), int(column)
    r0, r1, r2, r3 = cubic(np.float32(row - i))
    c0, c1, c2, c3 = cubic(np.float32(column - j))
    i -= 1
    j -= 1
    a = patch[i, j] * c0 + patch[i, j + 1] * c1 + patch[i, j + 2] * c2 + patch[i, j + 3] * c3
    i += 1
    b = patch[i, j] * c0 + patch[i, j + 1] * c1 + patch[i, j + 2] * c2 + patch[i, j + 3] * c3
    i += 1
    c = patch[i, j] * c0 + patch[i, j + 1] * c1 + patch[i, j + 2] * c2 + patch[i, j + 3] * c3
    i += 1
    d = patch[i, j] * c0 + patch[i, j + 1] * c1 + patch[i, j + 2] * c2 + patch[i, j + 3] * c3
    return a * r0 + b * r1 + c * r2 + d * r3


@part
def wall_light(patch, heights, finer, row, column, walls):
    """Light of a wall that a ray meets there, below 0 if it is none: its roof, lit from aside.

    `walls`: share of the range of heights from which a step between nodes is a wall; matrix that turns a
    slope along (row, column) into one along (east, north); towards the Sun (east, north); light of a wall
    that faces it, and of any wall, over that on level ground.
    """
    steep, ee, ec, nr, nc, sun_e, sun_n, direct, sky = walls
    r = min(max(row / finer, 0.0), heights.shape[0] - 1.000001)
    c = min(max(column / finer, 0.0), heights.shape[1] - 1.000001)
    i, j = int(r), int(c)
    h00, h01, h10, h11 = heights[i, j], heights[i, j + 1], heights[i + 1, j], heights[i + 1, j + 1]
    if max(h00, h01, h10, h11) - min(h00, h01, h10, h11) < steep:
        return -1.0
    by_row, by_column = (h10 + h11 - h00 - h01) * 0.5, (h01 + h11 - h00 - h10) * 0.5
    east, north = ee * by_row + ec * by_column, nr * by_row + nc * by_column
    facing = -(east * sun_e + north * sun_n) / max(math.hypot(east, north), 1e-12)
    size = max(math.hypot(by_row, by_column), 1e-12)
    # the roof behind the rim, which patches mix with the ground beside it
    reach = (finer + 1.0) / size
    roof = light_at(patch, row + reach * by_row, column + reach * by_column)
    return max(roof, 0.0) * (direct * max(facing, 0.0) + sky)


@kernel
def look_down(
    patch, heights, finer, blocks, side, walls,
    row_lo, col_lo, row_hi, col_hi, line_step, column_step, out, met,
):  # fmt: skip
    """Light of each sample (lines, columns) in `out`, and in `met` the height t at which it was found.

    Nodes hold the place in the patch of every `line_step`th and `column_step`th sample, on lowest and highest
    ground. `heights` has a node at every `finer`th pixel of the patch, `blocks` their ranges over `side`
    pixels. `met` may be empty; samples that see no ground (NaN) have no light.
    """
    lines, columns = out.shape
    keep = met.size > 0
    for a in range(row_lo.shape[0] - 1):
        for b in range(row_lo.shape[1] - 1):
            first, left = a * line_step, b * column_step
            if first >= lines or left >= columns:
                continue
            for k in range(0, column_step, CHUNK):
                start, stop = left + k, min(left + k + CHUNK, left + column_step, columns)
                if start >= columns:
                    break
                t0, t1 = met_between(
                    row_lo, row_hi, col_lo, col_hi, blocks, side, a, b,
                    k / column_step, (stop - left) / column_step,
                )  # fmt: skip
                for i in range(first, min(first + line_step, lines)):
                    v = (i - first) / line_step
                    ra = row_lo[a, b] + v * (row_lo[a + 1, b] - row_lo[a, b])
                    rb = row_lo[a, b + 1] + v * (row_lo[a + 1, b + 1] - row_lo[a, b + 1])
                    ca = col_lo[a, b] + v * (col_lo[a + 1, b] - col_lo[a, b])
                    cb = col_lo[a, b + 1] + v * (col_lo[a + 1, b + 1] - col_lo[a, b + 1])
                    dra = row_hi[a, b] + v * (row_hi[a + 1, b] - row_hi[a, b]) - ra
                    drb = row_hi[a, b + 1] + v * (row_hi[a + 1, b + 1] - row_hi[a, b + 1]) - rb
                    dca = col_hi[a, b] + v * (col_hi[a + 1, b] - col_hi[a, b]) - ca
                    dcb = col_hi[a, b + 1] + v * (col_hi[a + 1, b + 1] - col_hi[a, b + 1]) - cb
                    for j in range(start, stop):
                        u = (j - left) / column_step
                        row, column = ra + u * (rb - ra), ca + u * (cb - ca)
                        if not (math.isfinite(row) and math.isfinite(column)):
                            out[i, j] = 0.0
                            if keep:
                                met[i, j] = np.float32(math.nan)
                            continue
                        d_row, d_column = dra + u * (drb - dra), dca + u * (dcb - dca)
                        moves = max(abs(d_row), abs(d_column)) * (t1 - t0)
                        value = -1.0
                        if moves < 0.02:
                            t = 0.5 * (t0 + t1)
                        else:
                            t = first_meeting(
                                row, column, d_row, d_column, heights, finer, blocks, side, t0, t1
                            )
                            if t1 - t0 > walls[0]:
                                value = wall_light(
                                    patch,
                                    heights,
                                    finer,
                                    row + t * d_row,
                                    column + t * d_column,
                                    walls,
                                )
                        if value < 0.0:
                            value = light_at(patch, row + t * d_row, column + t * d_column)
                        out[i, j] = value
                        if keep:
                            met[i, j] = np.float32(t)
