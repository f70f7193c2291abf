"""Kernels of single trees in made-up towns: their list, their crowns and their shadows."""

from __future__ import annotations

import math

import numpy as np

from offnadir._jit import kernel, part
from offnadir.imagery._synthetic_cover_kernels import LANE_M, tree_density
from offnadir.imagery._synthetic_ground_kernels import rough, shore_m
from offnadir.imagery._synthetic_town_kernels import (
    DISTRICT_M,
    FARM,
    ROAD_M,
    SUBURB,
    bent,
    district,
    nearest,
    seeds_around,
)

BEACH_M = 30.0  # no beach is wider, and no tree stands on one
_TREE_M = 11.0  # between trees, at most one to a cell
_TOP_M = 5.0
_DENSEST = 0.7


@kernel
def list_trees(x0, x1, y0, y1, coast, coast_step, relief, pad, town, seed, out):
    """How many trees stand in a box [m]; as many as `out` has rows for are written: x, y, radius [m]."""
    sx, sy = np.empty(9), np.empty(9)
    last_ci = last_cj = last_di = last_dj = -(1 << 40)
    kind, cos, sin, wide, deep = FARM, 1.0, 0.0, 1.0, 1.0
    found = 0
    for j in range(math.floor(y0 / _TREE_M), math.floor(y1 / _TREE_M) + 1):
        for i in range(math.floor(x0 / _TREE_M), math.floor(x1 / _TREE_M) + 1):
            luck = 0.5 + 0.5 * rough(i, j, seed + 91)
            x = (i + 0.5 + 0.32 * rough(i, j, seed + 92)) * _TREE_M
            y = (j + 0.5 + 0.32 * rough(i, j, seed + 93)) * _TREE_M
            if luck > _DENSEST or x < x0 or x > x1 or y < y0 or y > y1:
                continue
            if pad > 0.0 and x * x + y * y < (pad + 9.0) * (pad + 9.0):
                continue
            wx, wy = bent(x, y, seed)
            ci, cj = math.floor(wx / DISTRICT_M), math.floor(wy / DISTRICT_M)
            if ci != last_ci or cj != last_cj:
                seeds_around(ci, cj, seed, sx, sy)
                last_ci, last_cj = ci, cj
            at, edge = nearest(wx, wy, sx, sy)
            di, dj = ci + at % 3 - 1, cj + at // 3 - 1
            if di != last_di or dj != last_dj:
                kind, cos, sin, wide, deep = district(
                    di, dj, sx[at], sy[at], coast, coast_step, relief, pad, town, seed
                )
                last_di, last_dj = di, dj
            if kind < SUBURB or edge < ROAD_M:
                continue
            u = (x - sx[at]) * cos + (y - sy[at]) * sin
            v = (y - sy[at]) * cos - (x - sx[at]) * sin
            bi, bj = math.floor(u / wide), math.floor(v / deep)
            if luck > tree_density(kind, di, dj, bi, bj, seed):
                continue
            du, dv = u - bi * wide, v - bj * deep
            if min(min(du, wide - du), min(dv, deep - dv)) < LANE_M:
                continue
            if shore_m(x, y, 40.0, coast, coast_step, pad, seed) <= BEACH_M:
                continue
            if found < out.shape[0]:
                out[found, 0], out[found, 1] = x, y
                out[found, 2] = 2.9 + 1.2 * rough(i, j, seed + 94)
            found += 1
    return found


@part
def crown(x, y, radius, r, c, to_pixel, jacobian, width):
    """How much of a pixel a crown takes, and how far from its middle the pixel is [m]."""
    row = r - (to_pixel[0, 0] * x + to_pixel[0, 1] * y + to_pixel[0, 2])
    column = c - (to_pixel[1, 0] * x + to_pixel[1, 1] * y + to_pixel[1, 2])
    dx = row * jacobian[0, 0] + column * jacobian[1, 0]
    dy = row * jacobian[0, 1] + column * jacobian[1, 1]
    away = math.sqrt(dx * dx + dy * dy)
    return min(max((radius - away) / width + 0.5, 0.0), 1.0), away


@part
def pixels_of(x, y, reach, to_pixel, shape):
    """First row and column that may be within reach of a place [m], and one past the last ones."""
    row = to_pixel[0, 0] * x + to_pixel[0, 1] * y + to_pixel[0, 2]
    column = to_pixel[1, 0] * x + to_pixel[1, 1] * y + to_pixel[1, 2]
    by_row = reach * math.hypot(to_pixel[0, 0], to_pixel[0, 1]) + 1.0
    by_column = reach * math.hypot(to_pixel[1, 0], to_pixel[1, 1]) + 1.0
    return (
        max(int(row - by_row), 0),
        min(int(row + by_row) + 2, shape[0]),
        max(int(column - by_column), 0),
        min(int(column + by_column) + 2, shape[1]),
    )


@kernel
def paint_trees(trees, to_pixel, jacobian, width, leaves, out):
    """Crowns over the ground, brighter in their middle; `leaves` is the reflectance of a canopy."""
    for n in range(trees.shape[0]):
        x, y, radius = trees[n, 0], trees[n, 1], trees[n, 2]
        r0, r1, c0, c1 = pixels_of(x, y, radius, to_pixel, out.shape)
        for r in range(r0, r1):
            for c in range(c0, c1):
                cover, away = crown(x, y, radius, r, c, to_pixel, jacobian, width)
                if cover > 0.0:
                    out[r, c] += (leaves * (1.25 - 0.55 * away / radius) - out[r, c]) * cover


@kernel
def shade_trees(trees, to_pixel, jacobian, width, east, north, tan_sun, direct):
    """Take from `direct` what crowns hide, but on crowns; (east, north) is the way to the Sun."""
    rows, columns = direct.shape
    crowns = np.zeros((rows, columns), np.uint8)
    for n in range(trees.shape[0]):
        x, y, radius = trees[n, 0], trees[n, 1], trees[n, 2]
        r0, r1, c0, c1 = pixels_of(x, y, radius, to_pixel, direct.shape)
        for r in range(r0, r1):
            for c in range(c0, c1):
                cover, _ = crown(x, y, radius, r, c, to_pixel, jacobian, width)
                crowns[r, c] = max(crowns[r, c], np.uint8(255.0 * cover))
    shift = _TOP_M / tan_sun
    for n in range(trees.shape[0]):
        x, y, radius = trees[n, 0] - shift * east, trees[n, 1] - shift * north, trees[n, 2]
        r0, r1, c0, c1 = pixels_of(x, y, radius, to_pixel, direct.shape)
        for r in range(r0, r1):
            for c in range(c0, c1):
                cover, _ = crown(x, y, radius, r, c, to_pixel, jacobian, width)
                direct[r, c] *= 1.0 - 0.85 * cover * (1.0 - crowns[r, c] / 255.0)
