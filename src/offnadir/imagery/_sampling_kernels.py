"""From a patch of ground to the focal plane: each ray's first meeting with the surface, and its light.

Rays are straight: a sample's place in the patch moves evenly from where it would lie on the lowest ground
(t = 0) to where it would lie on the highest (t = 1). Heights are shares of that range.
"""

from __future__ import annotations

import math

import numpy as np

from offnadir._jit import kernel, part

CHUNK = 16  # samples of a line that are followed down together, for as many lines as share nodes
_PIECE_LINES, _PIECE = (
    4,
    8,
)  # and of those that meet heights too far apart, so many lines and samples
_MOST_SLABS = 64
_LITTLE = 0.02  # samples by which light may be taken from a wrong place
_GENTLE = (
    0.5  # of a ray's own fall, that ground may rise along it: then it is met once, and soon found
)
_BENT = 0.05  # samples that a line of places may be off the straight line between its ends
_F = np.float32
_HALF, _ONE, _TWO, _THREE_HALVES, _FIVE_HALVES = _F(0.5), _F(1.0), _F(2.0), _F(1.5), _F(2.5)
# indices that cannot be below 0 need no test for that
_1, _2, _3 = np.uint64(1), np.uint64(2), np.uint64(3)


@kernel
def block_ranges(heights, side):
    """Of blocks of side x side cells between nodes: lowest, highest, greatest step from node to node."""
    rows = max((heights.shape[0] - 2) // side + 1, 1)
    columns = max((heights.shape[1] - 2) // side + 1, 1)
    out = np.empty((rows, columns, 3), np.float32)
    for a in range(rows):
        for b in range(columns):
            low, high, step = np.float32(math.inf), np.float32(-math.inf), np.float32(0.0)
            for i in range(a * side, min((a + 1) * side + 1, heights.shape[0])):
                for j in range(b * side, min((b + 1) * side + 1, heights.shape[1])):
                    value = heights[i, j]
                    low, high = min(low, value), max(high, value)
                    step = max(step, abs(value - heights[max(i - 1, 0), j]))
                    step = max(step, abs(value - heights[i, max(j - 1, 0)]))
            out[a, b, 0], out[a, b, 1], out[a, b, 2] = low, high, step
    return out


@kernel
def coarse_ranges(blocks, side):
    """The same of side x side blocks."""
    rows, columns = -(-blocks.shape[0] // side), -(-blocks.shape[1] // side)
    out = np.empty((rows, columns, 3), np.float32)
    for a in range(rows):
        for b in range(columns):
            out[a, b] = blocks[a * side, b * side]
            for i in range(a * side, min((a + 1) * side, blocks.shape[0])):
                for j in range(b * side, min((b + 1) * side, blocks.shape[1])):
                    out[a, b, 0] = min(out[a, b, 0], blocks[i, j, 0])
                    out[a, b, 1] = max(out[a, b, 1], blocks[i, j, 1])
                    out[a, b, 2] = max(out[a, b, 2], blocks[i, j, 2])
    return out


@part
def between(table, row, column):
    """A table of heights between its nodes, which holds all that rays may meet: no place beyond its edge."""
    i, j = int(row), int(column)
    v, u = _F(row - i), _F(column - j)
    a, b = np.uint64(i), np.uint64(j)
    low = table[a, b] + (table[a, b + _1] - table[a, b]) * u
    high = table[a + _1, b] + (table[a + _1, b + _1] - table[a + _1, b]) * u
    return low + (high - low) * v


@part
def span(table, i, j, v0, v1, u0, u1):
    """Least and greatest of a coordinate over a part of the cell (i, j) between nodes."""
    a, b = table[i, j], table[i, j + 1]
    left, right = table[i + 1, j] - a, table[i + 1, j + 1] - b
    l0, l1, r0, r1 = a + v0 * left, a + v1 * left, b + v0 * right, b + v1 * right
    p, q = l0 + u0 * (r0 - l0), l1 + u0 * (r1 - l1)
    r, s = l0 + u1 * (r0 - l0), l1 + u1 * (r1 - l1)
    return min(min(p, q), min(r, s)), max(max(p, q), max(r, s))


@part
def lowest_highest(blocks, per_pixel, a0, a1, c0, c1):
    """Lowest, highest and greatest step of the blocks that hold rows a0 to a1 and columns c0 to c1."""
    last_row, last_column = blocks.shape[0] - 1, blocks.shape[1] - 1
    top = min(max(math.floor(a0 * per_pixel), 0), last_row)
    bottom = min(max(math.floor(a1 * per_pixel), 0), last_row)
    left = min(max(math.floor(c0 * per_pixel), 0), last_column)
    right = min(max(math.floor(c1 * per_pixel), 0), last_column)
    low, high, step = np.float32(math.inf), np.float32(-math.inf), np.float32(0.0)
    for a in range(top, bottom + 1):
        for b in range(left, right + 1):
            low, high = min(low, blocks[a, b, 0]), max(high, blocks[a, b, 1])
            step = max(step, blocks[a, b, 2])
    return low, high, step


@part
def met_between(maps, blocks, side, coarse, coarser, i, j, v0, v1, u0, u1, t0, t1):
    """Between which heights all rays of a part of a cell meet the surface, if it is between t0 and t1.

    And how far they move over the greatest step from node to node that they may meet, in pixels of the patch.

    Blocks of blocks tell roughly; then the bundle of rays is followed down in slabs, in which it moves by
    about a block: it starts to meet where blocks reach into a slab, and is at its end where none lies below.
    """
    row_lo, row_hi, col_lo, col_hi = maps
    a0, a1 = span(row_lo, i, j, v0, v1, u0, u1)
    c0, c1 = span(col_lo, i, j, v0, v1, u0, u1)
    b0, b1 = span(row_hi, i, j, v0, v1, u0, u1)
    d0, d1 = span(col_hi, i, j, v0, v1, u0, u1)
    moves = max(max(abs(b0 - a0), abs(b1 - a1)), max(abs(d0 - c0), abs(d1 - c1)))
    for _ in range(3):
        r0, s0 = a0 + t0 * (b0 - a0), a0 + t1 * (b0 - a0)
        r1, s1 = a1 + t0 * (b1 - a1), a1 + t1 * (b1 - a1)
        p0, q0 = c0 + t0 * (d0 - c0), c0 + t1 * (d0 - c0)
        p1, q1 = c1 + t0 * (d1 - c1), c1 + t1 * (d1 - c1)
        low, high, _ = lowest_highest(
            coarse, 1.0 / coarser, min(r0, s0), max(r1, s1), min(p0, q0), max(p1, q1)
        )
        if low <= t0 and high >= t1:
            break
        t0, t1 = max(t0, low), min(t1, high)
    slabs = min(int(moves * (t1 - t0) / side) + 1, _MOST_SLABS)
    step = (t1 - t0) / slabs
    start, upper, steepest = t0, t1, 0.0
    for k in range(slabs):
        lower = t1 - (k + 1) * step
        r0, s0 = a0 + lower * (b0 - a0), a0 + upper * (b0 - a0)
        r1, s1 = a1 + lower * (b1 - a1), a1 + upper * (b1 - a1)
        p0, q0 = c0 + lower * (d0 - c0), c0 + upper * (d0 - c0)
        p1, q1 = c1 + lower * (d1 - c1), c1 + upper * (d1 - c1)
        low, high, rise = lowest_highest(
            blocks, 1.0 / side, min(r0, s0), max(r1, s1), min(p0, q0), max(p1, q1)
        )
        if high >= lower:
            if start == t0:
                start = min(upper, high)
            steepest = max(steepest, rise)
            if low >= lower:
                return min(min(low, upper), start), start, steepest * moves
        upper = lower
    return t0, start, steepest * moves


@part
def first_meeting(row, column, d_row, d_column, heights, per_node, blocks, side, t0, t1):
    """Height at which a ray from above first meets the surface.

    Blocks that it passes over are taken at a stride, and gentle ones by their two ends; others in steps of a
    cell, the last one by a line.
    """
    step = 1.0 / (per_node * max(abs(d_row), abs(d_column)))
    per_block, gentle = 1.0 / side, _GENTLE * step
    # a way of no length in one direction leaves no block by it
    by_row = 1.0 / d_row if d_row != 0.0 else math.inf
    by_column = 1.0 / d_column if d_column != 0.0 else math.inf
    next_row, next_column = (0 if d_row > 0.0 else 1), (0 if d_column > 0.0 else 1)
    last_row, last_column = blocks.shape[0] - 1, blocks.shape[1] - 1
    t = t1
    while t > t0:
        i = min(max(math.floor((row + t * d_row) * per_block), 0), last_row)
        j = min(max(math.floor((column + t * d_column) * per_block), 0), last_column)
        leaves = t0
        if d_row != 0.0:
            leaves = max(leaves, ((i + next_row) * side - row) * by_row)
        if d_column != 0.0:
            leaves = max(leaves, ((j + next_column) * side - column) * by_column)
        leaves = max(min(leaves, t) - 0.01 * step, t0)
        if leaves > blocks[i, j, 1]:
            t = leaves
            continue
        over = t - between(
            heights, (row + t * d_row) * per_node, (column + t * d_column) * per_node
        )
        if over <= 0.0:
            return t
        if blocks[i, j, 2] < gentle:
            here = leaves - between(
                heights, (row + leaves * d_row) * per_node, (column + leaves * d_column) * per_node
            )
            if here > 0.0:
                t = leaves
                continue
            t += (leaves - t) * over / (over - here)
            # the ground is no straight line there either
            return between(
                heights, (row + t * d_row) * per_node, (column + t * d_column) * per_node
            )
        while t > leaves:
            after = max(t - step, leaves)
            here = after - between(
                heights, (row + after * d_row) * per_node, (column + after * d_column) * per_node
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
        x2 - _HALF * (x + x3),
        _ONE - _FIVE_HALVES * x2 + _THREE_HALVES * x3,
        _HALF * x + _TWO * x2 - _THREE_HALVES * x3,
        _HALF * (x3 - x2),
    )


@part
def light_at(patch, row, column):
    """Light between the pixels of a patch, by cubics; beyond its edge, the edge."""
    row = min(max(row, 1.0), patch.shape[0] - 2.000001)
    column = min(max(column, 1.0), patch.shape[1] - 2.000001)
    i, j = int(row), int(column)
    r0, r1, r2, r3 = cubic(_F(row - i))
    c0, c1, c2, c3 = cubic(_F(column - j))
    i0, j0 = np.uint64(i - 1), np.uint64(j - 1)
    i1, i2, i3, j1, j2, j3 = i0 + _1, i0 + _2, i0 + _3, j0 + _1, j0 + _2, j0 + _3
    a = patch[i0, j0] * r0 + patch[i1, j0] * r1 + patch[i2, j0] * r2 + patch[i3, j0] * r3
    b = patch[i0, j1] * r0 + patch[i1, j1] * r1 + patch[i2, j1] * r2 + patch[i3, j1] * r3
    c = patch[i0, j2] * r0 + patch[i1, j2] * r1 + patch[i2, j2] * r2 + patch[i3, j2] * r3
    d = patch[i0, j3] * r0 + patch[i1, j3] * r1 + patch[i2, j3] * r2 + patch[i3, j3] * r3
    return a * c0 + b * c1 + c * c2 + d * c3


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


@part
def line_of(table, a, b, v, u):
    """A coordinate in the cell (a, b) of nodes: between two lines and two columns."""
    left = table[a, b] + v * (table[a + 1, b] - table[a, b])
    right = table[a, b + 1] + v * (table[a + 1, b + 1] - table[a, b + 1])
    return left + u * (right - left)


@part
def settled(maps, a, b, v, u, heights, per_node, t0, t1):
    """Where a ray meets ground that rises less than half as fast as it falls: corrections halve the error."""
    row_lo, row_hi, col_lo, col_hi = maps
    row, column = line_of(row_lo, a, b, v, u), line_of(col_lo, a, b, v, u)
    d_row, d_column = line_of(row_hi, a, b, v, u) - row, line_of(col_hi, a, b, v, u) - column
    moves = max(abs(d_row), abs(d_column))
    t, off = 0.5 * (t0 + t1), t1 - t0
    if not math.isfinite(row + column + moves):
        return math.nan, math.nan, math.nan
    for _ in range(12):
        if moves * abs(off) < _LITTLE:
            break
        at = between(heights, (row + t * d_row) * per_node, (column + t * d_column) * per_node)
        off = min(max(at, t0), t1) - t
        t += off
    return row + t * d_row, column + t * d_column, t


@part
def look_at_slope(
    patch,
    heights,
    finer,
    maps,
    a,
    b,
    line_step,
    column_step,
    top,
    bottom,
    start,
    stop,
    t0,
    t1,
    out,
    met,
):
    """Samples of a part of a cell whose rays meet ground without walls: places along a straight line, if
    those amid it and at its ends are on one.
    """
    keep = met.size > 0
    per_node, per, long = 1.0 / finer, 1.0 / column_step, 1.0 / (stop - start)
    for i in range(top, bottom):
        v = (i - a * line_step) / line_step
        u0, u1 = (start - b * column_step) * per, (stop - b * column_step) * per
        row, column, t = settled(maps, a, b, v, u0, heights, per_node, t0, t1)
        row1, column1, last = settled(maps, a, b, v, u1, heights, per_node, t0, t1)
        by_row, by_column, by_t = (row1 - row) * long, (column1 - column) * long, (last - t) * long
        if not math.isfinite(row + column + by_row + by_column):
            for j in range(start, stop):
                out[i, j] = 0.0
                if keep:
                    met[i, j] = np.float32(math.nan)
            continue
        amid_r, amid_c, _ = settled(maps, a, b, v, 0.5 * (u0 + u1), heights, per_node, t0, t1)
        bent = abs(amid_r - 0.5 * (row + row1)) + abs(amid_c - 0.5 * (column + column1))
        if bent < _BENT:
            for j in range(stop - start):
                out[i, start + j] = light_at(patch, row + j * by_row, column + j * by_column)
            if keep:
                for j in range(stop - start):
                    met[i, start + j] = np.float32(t + j * by_t)
        else:
            for j in range(start, stop):
                u = (j - b * column_step) * per
                row, column, t = settled(maps, a, b, v, u, heights, per_node, t0, t1)
                out[i, j] = light_at(patch, row, column)
                if keep:
                    met[i, j] = np.float32(t)


@part
def look_at_all(
    patch, heights, finer, blocks, side, walls, maps, a, b, line_step, column_step,
    top, bottom, start, stop, t0, t1, out, met,
):  # fmt: skip
    """Samples of a part of a cell whose rays may meet anything: each for itself."""
    row_lo, row_hi, col_lo, col_hi = maps
    keep = met.size > 0
    for i in range(top, bottom):
        v = (i - a * line_step) / line_step
        for j in range(start, stop):
            u = (j - b * column_step) / column_step
            row, column = line_of(row_lo, a, b, v, u), line_of(col_lo, a, b, v, u)
            d_row = line_of(row_hi, a, b, v, u) - row
            d_column = line_of(col_hi, a, b, v, u) - column
            if not math.isfinite(row + column + d_row + d_column):
                out[i, j] = 0.0
                if keep:
                    met[i, j] = np.float32(math.nan)
                continue
            t = first_meeting(
                row, column, d_row, d_column, heights, 1.0 / finer, blocks, side, t0, t1
            )
            row += t * d_row
            column += t * d_column
            value = -1.0
            if t1 - t0 > walls[0]:
                value = wall_light(patch, heights, finer, row, column, walls)
            if value < 0.0:
                value = light_at(patch, row, column)
            out[i, j] = value
            if keep:
                met[i, j] = np.float32(t)


@kernel
def look_down(
    patch, heights, finer, blocks, side, coarse, coarser, walls,
    row_lo, col_lo, row_hi, col_hi, line_step, column_step, out, met,
):  # fmt: skip
    """Light of each sample (lines, columns) in `out`, and in `met` the height t at which it was found.

    Nodes hold the place in the patch of every `line_step`th and `column_step`th sample, on lowest and highest
    ground. `heights` has a node at every `finer`th pixel of the patch, `blocks` their ranges over `side`
    pixels, `coarse` over `coarser`. `met` may be empty; samples that see no ground (NaN) have no light.
    """
    lines, columns = out.shape
    maps = row_lo, row_hi, col_lo, col_hi
    for a in range(row_lo.shape[0] - 1):
        first, last = a * line_step, min((a + 1) * line_step, lines)
        high = -(-(last - first) // _PIECE_LINES)
        for b in range(row_lo.shape[1] - 1):
            left = b * column_step
            for start in range(left, min(left + column_step, columns), CHUNK):
                stop = min(start + CHUNK, left + column_step, columns)
                pieces = high * -(-(stop - start) // _PIECE)
                top, bottom, here, there, low_t, high_t = first, last, start, stop, 0.0, 1.0
                # all of it, and if that will not do, its pieces: one loop, since the work is copied into it
                for piece in range(-1, pieces):
                    if piece >= 0:
                        top = first + piece % high * _PIECE_LINES
                        bottom = min(top + _PIECE_LINES, last)
                        here = start + piece // high * _PIECE
                        there = min(here + _PIECE, stop)
                    t0, t1, rise = met_between(
                        maps, blocks, side, coarse, coarser, a, b,
                        (top - first) / line_step, (bottom - first) / line_step,
                        (here - left) / column_step, (there - left) / column_step, low_t, high_t,
                    )  # fmt: skip
                    if rise < _GENTLE * finer:
                        look_at_slope(
                            patch, heights, finer, maps, a, b, line_step, column_step,
                            top, bottom, here, there, t0, t1, out, met,
                        )  # fmt: skip
                        if piece < 0:
                            break
                    elif piece >= 0:
                        look_at_all(
                            patch, heights, finer, blocks, side, walls, maps, a, b, line_step,
                            column_step, top, bottom, here, there, t0, t1, out, met,
                        )  # fmt: skip
                    else:
                        low_t, high_t = t0, t1
