"""Kernels that paint made-up ground: every pixel gets the mean over its square, however large that is.

`nodes_x`, `nodes_y` [m] are places of a grid's pixels, every `stride`-th; between them they lie evenly.
"""

from __future__ import annotations

import math

import numpy as np

from offnadir._jit import kernel, part
from offnadir.imagery._synthetic_cover_kernels import (
    CROWN_M,
    FOREST,
    ROCK,
    SAND,
    block_ground,
    canopy,
    crowns_around,
    farmland,
    field_of,
    garden,
    road,
    street,
    tree_density,
    water,
)
from offnadir.imagery._synthetic_ground_kernels import (
    amid,
    bilinear,
    grain,
    noise,
    octaves,
    smooth,
)
from offnadir.imagery._synthetic_targets import APRON_REFLECTANCE
from offnadir.imagery._synthetic_town_kernels import (
    DISTRICT_M,
    FARM,
    ROAD_M,
    STREET_M,
    SUBURB,
    WORKS,
    bent,
    district,
    nearest,
    seeds_around,
)
from offnadir.imagery._synthetic_tree_kernels import BEACH_M

_WINDING = 1.7  # how much farther two places may be apart for roads than on the map
TREES_TO_M = 5.0  # wider pixels show no single trees
_NOWHERE = 1e30


@part
def whitecap_share(wind):
    """Share of the sea that foam covers at a wind [m/s] (Monahan and O'Muircheartaigh 1980)."""
    return 3.84e-6 * wind**3.41


@kernel
def paint_ground(
    nodes_x, nodes_y, stride, shore, height, wood, mx, my, mstep, soft, gx, gy, gstep, width, refl,
    coast, coast_step, relief, pad, town, wind, seed, out,
):  # fmt: skip
    """Ground without what stands on it; `shore`, `height`, `wood`: tables of step `mstep` from (mx, my).

    `soft`: a table of `grain` of step `gstep` from (gx, gy), or empty where pixels are as wide as its nodes.
    What belongs to a district, a block, a field or a crown is kept while pixels stay within.
    """
    rows, columns = out.shape
    sx, sy = np.empty(9), np.empty(9)
    tops_x, tops_y, tops_size = np.empty(9), np.empty(9), np.empty(9)
    last_ci = last_cj = -(1 << 40)
    di = dj = last_di = last_dj = crown_i = crown_j = -(1 << 40)
    kind, cos, sin, wide, deep = FARM, 1.0, 0.0, 1.0, 1.0
    px = py = 0.0
    # within `free` of (fx, fy) the district is the same and no road is near
    fx = fy = free = 0.0
    low, high, near, far, field, has_tracks = _NOWHERE, 0.0, 0.0, 0.0, 0.0, False
    block_u, block_v, plain, density, bi, bj = _NOWHERE, 0.0, 0.0, 0.0, 0, 0
    caps = whitecap_share(wind)
    # what a whole picture is without
    is_dry = shore.min() > max(2.0 * BEACH_M, width)
    is_low = height.max() < 380.0
    per_wood = 200.0 / max(width, 5.0)
    is_bare = wood.max() * per_wood + 0.5 <= 0.0
    is_soft = soft.size > 0
    per_m, per_g = 1.0 / mstep, 1.0 / gstep
    for r in range(rows):
        a = r // stride
        fa = (r - a * stride) / stride
        for b in range((columns - 1) // stride + 1):
            left = b * stride
            x_from = nodes_x[a, b] * (1 - fa) + nodes_x[a + 1, b] * fa
            y_from = nodes_y[a, b] * (1 - fa) + nodes_y[a + 1, b] * fa
            x_step = (nodes_x[a, b + 1] * (1 - fa) + nodes_x[a + 1, b + 1] * fa - x_from) / stride
            y_step = (nodes_y[a, b + 1] * (1 - fa) + nodes_y[a + 1, b + 1] * fa - y_from) / stride
            for c in range(left, min(left + stride, columns)):
                x, y = x_from + (c - left) * x_step, y_from + (c - left) * y_step
                ty, tx = (y - my) * per_m, (x - mx) * per_m
                land, s = 1.0, 1e9
                if not is_dry:
                    s = amid(shore, ty, tx)
                    land = min(max(s / width + 0.5, 0.0), 1.0)
                value = 0.0
                if land < 1.0:
                    slick = amid(wood, ty, tx)
                    sea = water(x, y, min(s, 0.0), slick, width, wind, caps, refl, seed)
                    value = (1.0 - land) * sea
                if land > 0.0:
                    edge = 1e9
                    if (x - fx) * (x - fx) + (y - fy) * (y - fy) >= free * free:
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
                            low = block_u = _NOWHERE
                    u = (x - px) * cos + (y - py) * sin
                    v = (y - py) * cos - (x - px) * sin
                    # soft ground varies by tens of percent over metres, and by less where it is paved
                    if is_soft:
                        texture = amid(soft, (y - gy) * per_g, (x - gx) * per_g)
                    else:
                        texture = np.float32(grain(x, y, 2.0 * width, seed + 31))
                    if kind == FARM:
                        trees = 0.0
                        if not is_bare:
                            trees = min(max(amid(wood, ty, tx) * per_wood + 0.5, 0.0), 1.0)
                        ground = 0.0
                        if trees < 1.0:
                            if u < low or u >= high or v < near or v >= near + far:
                                low, high, near, far, field, has_tracks = field_of(
                                    u, v, di, dj, refl, seed
                                )
                            ground = farmland(
                                u - low,
                                high - u,
                                v - near,
                                near + far - v,
                                field,
                                has_tracks,
                                width,
                                refl,
                            )
                            ground *= (1.0 - trees) * (1.0 + 0.05 * texture)
                        if trees > 0.0:
                            lit = 1.0 + 0.1 * texture
                            if width < 6.0:
                                cu, cv = x / CROWN_M - crown_i, y / CROWN_M - crown_j
                                if not (0.0 <= cu < 1.0 and 0.0 <= cv < 1.0):
                                    crown_i, crown_j = crowns_around(
                                        x, y, seed, tops_x, tops_y, tops_size
                                    )
                                    cu, cv = x / CROWN_M - crown_i, y / CROWN_M - crown_j
                                bright = canopy(cu, cv, tops_x, tops_y, tops_size)
                                lit *= 1.0 + (bright - 1.0) * min(6.0 / width - 1.0, 1.0)
                            ground += trees * refl[FOREST] * lit
                    else:
                        du, dv = u - block_u, v - block_v
                        if du < 0.0 or du >= wide or dv < 0.0 or dv >= deep:
                            bi, bj = math.floor(u / wide), math.floor(v / deep)
                            block_u, block_v = bi * wide, bj * deep
                            du, dv = u - block_u, v - block_v
                            plain = block_ground(kind, di, dj, bi, bj, refl, seed)
                            density = tree_density(kind, di, dj, bi, bj, seed)
                        ground = plain
                        if kind == SUBURB:
                            ground = garden(u, v, deep, refl, seed)
                        elif kind == WORKS:
                            ground *= 1.0 + 0.08 * octaves(
                                x, y, 60.0, 3, 0.6, 2.0 * width, seed + 63
                            )
                        if width >= TREES_TO_M:
                            # a crown of 28 m2 to 121 m2 of ground, where there is a tree
                            ground += (1.1 * refl[FOREST] * 0.88 - ground) * 0.23 * density
                        side_u = du if 2.0 * du < wide else du - wide
                        side_v = dv if 2.0 * dv < deep else dv - deep
                        if min(abs(side_u), abs(side_v)) < STREET_M + 0.5 * width:
                            ground = street(
                                side_u,
                                side_v,
                                u,
                                v,
                                bi,
                                bj,
                                di * 13 + dj * 29,
                                width,
                                refl,
                                ground,
                                seed,
                            )
                        ground *= 1.0 + 0.035 * texture
                    if not is_low:
                        h = amid(height, ty, tx)
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
def look_up(table, x, y, x0, y0, step):
    """A table of nodes `step` apart from (x0, y0) at places (rows, columns)."""
    out = np.empty(x.shape, np.float32)
    for i in range(x.shape[0]):
        for j in range(x.shape[1]):
            out[i, j] = bilinear(table, (y[i, j] - y0) / step, (x[i, j] - x0) / step)
    return out
