"""Kernels of sunlight on ground: facets, and shadows that hills and buildings cast."""

from __future__ import annotations

import math

import numpy as np

from offnadir._jit import kernel, part
from offnadir.constants import EARTH_MEAN_RADIUS_M
from offnadir.imagery._synthetic_ground_kernels import bilinear

_SUN_RADIUS = 0.00465  # rad


@kernel
def open_to_sun(
    heights, top, left, rows, columns, row_step, column_step, length, tan_sun, highest, out
):
    """Share of the Sun that hills leave open, at nodes from (top, left) of a table of heights [m].

    One step towards the Sun is (row_step, column_step) nodes and `length` metres. Nothing is above `highest`.
    """
    for i in range(rows):
        for j in range(columns):
            base = heights[top + i, left + j]
            clear = 1.0
            t, step = 1.0, 1.0
            while True:
                metres = t * length
                ray = base + metres * tan_sun + metres * metres / (2.0 * EARTH_MEAN_RADIUS_M)
                r, c = top + i + t * row_step, left + j + t * column_step
                if ray > highest or clear < -1.0:
                    break
                if r < 0.0 or c < 0.0 or r > heights.shape[0] - 1 or c > heights.shape[1] - 1:
                    break
                clear = min(clear, (ray - bilinear(heights, r, c)) / metres)
                t += step
                step *= 1.03
            # half of the Sun's disc is hidden where the ray grazes
            out[i, j] = min(max(0.5 + 0.5 * clear / _SUN_RADIUS, 0.0), 1.0)


@kernel
def facets(slope_e, slope_n, free, per, rows, columns, east, north, sine):
    """Light on facets, direct and of the sky, at `per` places from node to node, from slopes to east and
    north and `free` at the nodes.

    (east, north, sine) is the direction of the Sun.
    """
    direct, sky = np.empty((rows, columns), np.float32), np.empty((rows, columns), np.float32)
    for r in range(rows):
        for c in range(columns):
            a, b = r / per, c / per
            p, q = bilinear(slope_e, a, b), bilinear(slope_n, a, b)
            up = 1.0 / math.sqrt(1.0 + p * p + q * q)
            facing = (sine - p * east - q * north) * up
            direct[r, c] = max(facing, 0.0) / sine * bilinear(free, a, b)
            sky[r, c] = 0.5 + 0.5 * up
    return direct, sky


@part
def within(first, last, at, by, least, most):
    """Columns from `first` to before `last` where at + by (column) is between two numbers, and one more."""
    if abs(by) < 1e-9:
        return first, (last if least <= at <= most else first)
    p, q = (least - at) / by, (most - at) / by
    low, high = min(p, q), max(p, q)
    return max(first, math.floor(max(low, -1.0))), min(last, math.ceil(min(high, 1e9)) + 1)


@kernel
def raise_roofs(boxes, roofs, to_pixel, jacobian, tops, direct, sky):
    """Put level, open roofs at heights `roofs` [m] into `tops` and light."""
    rows, columns = tops.shape
    for n in range(boxes.shape[0]):
        x, y, cos, sin = boxes[n, 0], boxes[n, 1], boxes[n, 2], boxes[n, 3]
        half_u, half_v = boxes[n, 4], boxes[n, 5]
        row = to_pixel[0, 0] * x + to_pixel[0, 1] * y + to_pixel[0, 2]
        column = to_pixel[1, 0] * x + to_pixel[1, 1] * y + to_pixel[1, 2]
        reach = math.sqrt(half_u * half_u + half_v * half_v)
        reach_r = reach * math.hypot(to_pixel[0, 0], to_pixel[0, 1])
        u_row, v_row = (
            jacobian[0, 0] * cos + jacobian[0, 1] * sin,
            jacobian[0, 1] * cos - jacobian[0, 0] * sin,
        )
        u_col, v_col = (
            jacobian[1, 0] * cos + jacobian[1, 1] * sin,
            jacobian[1, 1] * cos - jacobian[1, 0] * sin,
        )
        for r in range(max(int(row - reach_r), 0), min(int(row + reach_r) + 2, rows)):
            u0, v0 = (r - row) * u_row - column * u_col, (r - row) * v_row - column * v_col
            c0, c1 = within(0, columns, u0, u_col, -half_u, half_u)
            c0, c1 = within(c0, c1, v0, v_col, -half_v, half_v)
            for c in range(c0, c1):
                if abs(u0 + c * u_col) <= half_u and abs(v0 + c * v_col) <= half_v:
                    tops[r, c] = max(tops[r, c], roofs[n])
                    direct[r, c], sky[r, c] = 1.0, 1.0


@kernel
def cast_shadows(
    boxes, roofs, to_pixel, jacobian, width, east, north, tan_sun, lowest, tops, direct
):
    """Take from `direct` what upright boxes with tops at `roofs` [m] hide of the Sun.

    (east, north): unit vector towards the Sun on the map. `tops` [m]: what receives the light, none of it
    below `lowest`.
    """
    rows, columns = tops.shape
    # steps of a row and of a column: towards the Sun, and to its right
    along_r, along_c = (
        jacobian[0, 0] * east + jacobian[0, 1] * north,
        jacobian[1, 0] * east + jacobian[1, 1] * north,
    )
    side_r, side_c = (
        jacobian[0, 0] * north - jacobian[0, 1] * east,
        jacobian[1, 0] * north - jacobian[1, 1] * east,
    )
    for n in range(boxes.shape[0]):
        x, y, cos, sin = boxes[n, 0], boxes[n, 1], boxes[n, 2], boxes[n, 3]
        half_u, half_v, high = boxes[n, 4], boxes[n, 5], boxes[n, 6]
        # receivers may lie lower than the box's foot, by as much as it is high
        longest = min(2.0 * high, max(roofs[n] - lowest, 0.0)) / tan_sun
        # in the frame of the shadow: along it and across
        across = abs(half_u * (cos * north - sin * east)) + abs(half_v * (sin * north + cos * east))
        su, sv = cos * east + sin * north, cos * north - sin * east
        reach = math.sqrt(half_u * half_u + half_v * half_v) + width
        ex, ey = x - east * longest, y - north * longest
        row0 = to_pixel[0, 0] * x + to_pixel[0, 1] * y + to_pixel[0, 2]
        column0 = to_pixel[1, 0] * x + to_pixel[1, 1] * y + to_pixel[1, 2]
        row1 = to_pixel[0, 0] * ex + to_pixel[0, 1] * ey + to_pixel[0, 2]
        reach_r = reach * math.hypot(to_pixel[0, 0], to_pixel[0, 1])
        for r in range(
            max(int(min(row0, row1) - reach_r), 0), min(int(max(row0, row1) + reach_r) + 2, rows)
        ):
            side0, along0 = (
                (r - row0) * side_r - column0 * side_c,
                (r - row0) * along_r - column0 * along_c,
            )
            c0, c1 = within(0, columns, side0, side_c, -across - 0.5 * width, across + 0.5 * width)
            c0, c1 = within(c0, c1, along0, along_c, -longest - reach, reach)
            for c in range(c0, c1):
                if direct[r, c] == 0.0:
                    continue
                side = side0 + c * side_c
                over = abs(side) - across
                if over > 0.5 * width:
                    continue
                lower = roofs[n] - tops[r, c]
                if lower < 0.05:
                    continue
                dx = (r - row0) * jacobian[0, 0] + (c - column0) * jacobian[1, 0]
                dy = (r - row0) * jacobian[0, 1] + (c - column0) * jacobian[1, 1]
                # where the ray towards the Sun enters the box, by slabs; at the silhouette's edge, its corner
                if over > -0.5 * width:
                    pull = (over + 0.5 * width) / max(abs(side), 1e-9)
                    dx, dy = dx - pull * side * north, dy + pull * side * east
                u, v = dx * cos + dy * sin, dy * cos - dx * sin
                enter = -1e30
                if abs(su) > 1e-9:
                    enter = max(enter, (-half_u if su > 0.0 else half_u) / su - u / su)
                if abs(sv) > 1e-9:
                    enter = max(enter, (-half_v if sv > 0.0 else half_v) / sv - v / sv)
                shadow = lower / tan_sun
                low, high_end = max(enter - 0.5 * width, 0.0), min(enter + 0.5 * width, shadow)
                cover = max(high_end - low, 0.0) / width
                if over > -0.5 * width:
                    low = max(side - 0.5 * width, -across)
                    cover *= max(min(side + 0.5 * width, across) - low, 0.0) / width
                direct[r, c] *= 1.0 - min(cover, 1.0)
