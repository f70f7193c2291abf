"""Kernels that paint made-up ground: every pixel gets the mean over its square, however large that is.

`nodes_x`, `nodes_y` [m] are places of a grid's pixels, every `stride`-th; between them they lie evenly.
"""

from __future__ import annotations

import math

import numpy as np

from offnadir._jit import kernel, part
from offnadir.imagery._synthetic_cover_kernels import (
    FOREST,
    LANE_M,
    ROCK,
    SAND,
    TREE_TOP_M,
    crowns,
    farmland,
    road,
    settlement,
    tree,
    tree_density,
    water,
)
from offnadir.imagery._synthetic_ground_kernels import bilinear, grain, noise, smooth
from offnadir.imagery._synthetic_targets import APRON_REFLECTANCE
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

BEACH_M = 30.0  # no beach is wider
_WINDING = 1.7  # how much farther two places may be apart for roads than on the map


@part
def whitecap_share(wind):
    """Share of the sea that foam covers at a wind [m/s] (Monahan and O'Muircheartaigh 1980)."""
    return 3.84e-6 * wind**3.41


@kernel
def paint_ground(
    nodes_x, nodes_y, stride, shore, height, wood, mx, my, mstep, width, refl,
    coast, coast_step, relief, pad, town, wind, seed, out,
):  # fmt: skip
    """Ground without what stands on it; `shore`, `height`, `wood`: tables of step `mstep` from (mx, my)."""
    rows, columns = out.shape
    sx, sy = np.empty(9), np.empty(9)
    last_ci = last_cj = -(1 << 40)
    di = dj = last_di = last_dj = -(1 << 40)
    kind, cos, sin, wide, deep = FARM, 1.0, 0.0, 1.0, 1.0
    px = py = 0.0
    # within `free` of (fx, fy) the district is the same and no road is near
    fx = fy = free = 0.0
    caps = whitecap_share(wind)
    for r in range(rows):
        a = r // stride
        fa = (r - a * stride) / stride
        b, left = -1, 0
        x_from = y_from = x_step = y_step = 0.0
        for c in range(columns):
            if c // stride != b:
                b = c // stride
                left = b * stride
                x_from = nodes_x[a, b] * (1 - fa) + nodes_x[a + 1, b] * fa
                y_from = nodes_y[a, b] * (1 - fa) + nodes_y[a + 1, b] * fa
                x_step = (
                    nodes_x[a, b + 1] * (1 - fa) + nodes_x[a + 1, b + 1] * fa - x_from
                ) / stride
                y_step = (
                    nodes_y[a, b + 1] * (1 - fa) + nodes_y[a + 1, b + 1] * fa - y_from
                ) / stride
            x, y = x_from + (c - left) * x_step, y_from + (c - left) * y_step
            ty, tx = (y - my) / mstep, (x - mx) / mstep
            s = bilinear(shore, ty, tx)
            land = min(max(s / width + 0.5, 0.0), 1.0)
            value = 0.0
            if land < 1.0:
                slick = bilinear(wood, ty, tx)
                sea = water(x, y, min(s, 0.0), slick, width, wind, caps, refl, seed)
                value = (1.0 - land) * sea
            if land > 0.0:
                away2 = (x - fx) * (x - fx) + (y - fy) * (y - fy)
                edge = 1e9
                if away2 >= free * free:
                    wx, wy = bent(x, y, seed)
                    ci, cj = math.floor(wx / DISTRICT_M), math.floor(wy / DISTRICT_M)
                    if ci != last_ci or cj != last_cj:
                        seeds_around(ci, cj, seed, sx, sy)
                        last_ci, last_cj = ci, cj
                    at, edge = nearest(wx, wy, sx, sy)
                    di, dj = ci + at % 3 - 1, cj + at // 3 - 1
                    fx, fy = x, y
                    free = max((edge - ROAD_M - width) / _WINDING, 0.0)
                    if di != last_di or dj != last_dj:
                        px, py = sx[at], sy[at]
                        kind, cos, sin, wide, deep = district(
                            di, dj, px, py, coast, coast_step, relief, pad, town, seed
                        )
                        last_di, last_dj = di, dj
                u = (x - px) * cos + (y - py) * sin
                v = (y - py) * cos - (x - px) * sin
                # soft ground varies by tens of percent over metres, and by less where it is paved
                texture = grain(x, y, 2.0 * width, seed + 31)
                if kind == FARM:
                    trees = bilinear(wood, ty, tx) * 200.0 / max(width, 5.0)
                    trees = min(max(trees + 0.5, 0.0), 1.0)
                    ground = 0.0
                    if trees < 1.0:
                        ground = farmland(u, v, width, refl, di, dj, seed)
                        ground *= (1.0 - trees) * (1.0 + 0.05 * texture)
                    if trees > 0.0:
                        lit = 1.0 + 0.1 * texture
                        if width < 6.0:
                            lit *= 1.0 + (crowns(x, y, seed) - 1.0) * min(6.0 / width - 1.0, 1.0)
                        ground += trees * refl[FOREST] * lit
                else:
                    ground = settlement(kind, u, v, wide, deep, x, y, width, refl, di, dj, seed)
                    ground *= 1.0 + 0.035 * texture
                h = bilinear(height, ty, tx)
                if h > 380.0:
                    bare = smooth(450.0, 700.0, h + 60.0 * texture)
                    ground += (refl[ROCK] * (1.0 + 0.12 * texture) - ground) * bare
                if edge < ROAD_M + width:
                    share_of_road, tar = road(edge, width, refl)
                    ground += (tar - ground) * share_of_road
                if s < 2.0 * BEACH_M:
                    beach = 14.0 + 12.0 * noise(x / 400.0, y / 400.0, seed + 81)
                    sandy = min(max((beach - s) / max(width, 4.0) + 0.5, 0.0), 1.0)
                    wet = 0.62 + 0.38 * min(max(s / 7.0, 0.0), 1.0)
                    ground += (refl[SAND] * wet * (1.0 + 0.04 * texture) - ground) * sandy
                value += land * ground
            if pad > 0.0 and x * x + y * y < (pad + width) * (pad + width):
                away = math.sqrt(x * x + y * y) - pad
                value += (APRON_REFLECTANCE - value) * min(max(0.5 - away / width, 0.0), 1.0)
            out[r, c] = value


@kernel
def fill_tops(nodes_x, nodes_y, stride, height, mx, my, mstep, out):
    """Heights [m] of the bare ground at a grid's pixels, from the table that `paint_ground` takes."""
    for r in range(out.shape[0]):
        a = r // stride
        fa = (r - a * stride) / stride
        for c in range(out.shape[1]):
            b = c // stride
            fb = (c - b * stride) / stride
            x = (nodes_x[a, b] * (1 - fb) + nodes_x[a, b + 1] * fb) * (1 - fa) + (
                nodes_x[a + 1, b] * (1 - fb) + nodes_x[a + 1, b + 1] * fb
            ) * fa
            y = (nodes_y[a, b] * (1 - fb) + nodes_y[a, b + 1] * fb) * (1 - fa) + (
                nodes_y[a + 1, b] * (1 - fb) + nodes_y[a + 1, b + 1] * fb
            ) * fa
            out[r, c] = bilinear(height, (y - my) / mstep, (x - mx) / mstep)


@kernel
def shade_trees(
    nodes_x, nodes_y, stride, shore, mx, my, mstep, width, east, north, tan_sun,
    coast, coast_step, relief, pad, town, seed, direct,
):  # fmt: skip
    """Take from `direct` what the crowns of trees in towns hide; (east, north) is the way to the Sun."""
    rows, columns = direct.shape
    sx, sy = np.empty(9), np.empty(9)
    last_ci = last_cj = -(1 << 40)
    di = dj = last_di = last_dj = -(1 << 40)
    kind, cos, sin, wide, deep = FARM, 1.0, 0.0, 1.0, 1.0
    px = py = fx = fy = free = 0.0
    shift = TREE_TOP_M / tan_sun
    for r in range(rows):
        a = r // stride
        fa = (r - a * stride) / stride
        for c in range(columns):
            b = c // stride
            fb = (c - b * stride) / stride
            x0 = (nodes_x[a, b] * (1 - fb) + nodes_x[a, b + 1] * fb) * (1 - fa) + (
                nodes_x[a + 1, b] * (1 - fb) + nodes_x[a + 1, b + 1] * fb
            ) * fa
            y0 = (nodes_y[a, b] * (1 - fb) + nodes_y[a, b + 1] * fb) * (1 - fa) + (
                nodes_y[a + 1, b] * (1 - fb) + nodes_y[a + 1, b + 1] * fb
            ) * fa
            x, y = x0 + shift * east, y0 + shift * north
            if (x - fx) * (x - fx) + (y - fy) * (y - fy) >= free * free:
                wx, wy = bent(x, y, seed)
                ci, cj = math.floor(wx / DISTRICT_M), math.floor(wy / DISTRICT_M)
                if ci != last_ci or cj != last_cj:
                    seeds_around(ci, cj, seed, sx, sy)
                    last_ci, last_cj = ci, cj
                at, edge = nearest(wx, wy, sx, sy)
                di, dj = ci + at % 3 - 1, cj + at // 3 - 1
                fx, fy, free = x, y, edge / _WINDING
                if di != last_di or dj != last_dj:
                    px, py = sx[at], sy[at]
                    kind, cos, sin, wide, deep = district(
                        di, dj, px, py, coast, coast_step, relief, pad, town, seed
                    )
                    last_di, last_dj = di, dj
            if kind < SUBURB or (pad > 0.0 and x * x + y * y < (pad + 9.0) * (pad + 9.0)):
                continue
            u = (x - px) * cos + (y - py) * sin
            v = (y - py) * cos - (x - px) * sin
            i, j = math.floor(u / wide), math.floor(v / deep)
            # crowns over the carriageway are not painted either
            density = tree_density(kind, di, dj, i, j, seed)
            side_u = min(u - i * wide, (i + 1) * wide - u)
            side_v = min(v - j * deep, (j + 1) * deep - v)
            if density == 0.0 or side_u < LANE_M or side_v < LANE_M:
                continue
            cover, _ = tree(x, y, density, width, seed)
            if cover > 0.0 and bilinear(shore, (y - my) / mstep, (x - mx) / mstep) > BEACH_M:
                own, _ = tree(x0, y0, density, width, seed)
                direct[r, c] *= 1.0 - 0.85 * cover * (1.0 - own)
