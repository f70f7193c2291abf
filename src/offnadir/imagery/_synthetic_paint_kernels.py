"""Kernels that paint made-up ground: every pixel gets the mean over its square, however large that is.

A pixel of a grid is a parallelogram in the scene's metres: (cx, cy) from column to column, (rx, ry) from row
to row. `width` is the side of a square of that area.
"""

from __future__ import annotations

import math

import numpy as np

from offnadir._jit import kernel, part
from offnadir.imagery._synthetic_ground_kernels import bilinear, noise, octaves, share, smooth
from offnadir.imagery._synthetic_town_kernels import (
    CITY,
    DISTRICT_M,
    FARM,
    ROAD_M,
    STREET_M,
    SUBURB,
    WOOD,
    WORKS,
    bent,
    district,
    nearest,
    seeds_around,
)

#: Numbers of materials, in the order of the table of spectra.
CROP, STRAW, SOIL, FOREST, DEEP, SHALLOW, SAND, ASPHALT, CONCRETE = 0, 1, 2, 3, 4, 5, 6, 7, 8
TILE, DARK_ROOF, METAL, PAINT, RUST, ROCK, FOAM = 9, 10, 11, 12, 13, 14, 15
_CROWN_M = 7.5
PAD_REFLECTANCE = 0.12


@part
def strip(d, half, width):
    """Share of a span of `width` around `d` that lies within `half` of 0."""
    low, high = max(d - 0.5 * width, -half), min(d + 0.5 * width, half)
    return max(high - low, 0.0) / width


@part
def half_plane(d, a, b):
    """Share of a parallelogram on the far side of a line: `d` from its middle, 2a and 2b its sides' reach.

    Exact: the share falls from 1 to 0 over a + b to either side, as the integral of a trapezoid.
    """
    total = a + b
    if d >= total:
        return 1.0
    if d <= -total:
        return 0.0
    small = min(a, b)
    large = total - small
    if small < 1e-6 * large:
        return 0.5 + 0.5 * d / large
    flat = large - small
    away = abs(d)
    if away <= flat:
        return 0.5 + 0.5 * d / large
    rest = (total - away) ** 2 / (8.0 * a * b)
    return 1.0 - rest if d > 0.0 else rest


@part
def crowns(x, y, seed):
    """Brightness of a canopy of trees, about 1 in the mean: lit crowns, dark gaps."""
    u, v = x / _CROWN_M, y / _CROWN_M
    i, j = math.floor(u), math.floor(v)
    best = 1e9
    for dj in range(-1, 2):
        for di in range(-1, 2):
            px = i + di + share(i + di, j + dj, seed + 41) - u
            py = j + dj + share(i + di, j + dj, seed + 42) - v
            size = 0.55 + 0.5 * share(i + di, j + dj, seed + 43)
            d = (px * px + py * py) / (size * size)
            if d < best:
                best = d
    return 1.42 - 0.85 * min(best, 1.15)


@part
def farmland(u, v, width, refl, ci, cj, seed):
    """Fields between tracks, in a district's axes."""
    wide = 190.0 + 120.0 * share(ci, cj, seed + 51)
    i = math.floor(u / wide)
    low = (i + 0.5 * (share(i, ci * 57 + cj, seed + 52) - 0.5)) * wide
    if u < low:
        i -= 1
        high = low
        low = (i + 0.5 * (share(i, ci * 57 + cj, seed + 52) - 0.5)) * wide
    else:
        high = (i + 1 + 0.5 * (share(i + 1, ci * 57 + cj, seed + 52) - 0.5)) * wide
        if u >= high:
            i += 1
            low = high
            high = (i + 1 + 0.5 * (share(i + 1, ci * 57 + cj, seed + 52) - 0.5)) * wide
    column = ci * 131 + cj * 71 + i
    deep = 90.0 + 240.0 * share(column, 3, seed + 53)
    w = v / deep + share(column, 5, seed + 54)
    j = math.floor(w)
    crop = share(column, j, seed + 55)
    tone = 0.8 + 0.4 * share(column, j, seed + 56)
    if crop < 0.45:
        value = refl[CROP] * (0.55 + 0.45 * tone) + refl[SOIL] * 0.1
    elif crop < 0.68:
        value = refl[STRAW] * tone
    elif crop < 0.85:
        value = refl[SOIL] * tone
    else:
        value = 0.45 * refl[CROP] * tone + 0.5 * refl[STRAW]
    # wheel tracks 24 m apart, as sprayers leave them
    if crop < 0.68 and width < 12.0:
        t = (u - low) / 24.0
        t = (t - math.floor(t) - 0.5) * 24.0
        tracks = strip(t - 0.9, 0.25, width) + strip(t + 0.9, 0.25, width)
        value += (refl[SOIL] - value) * 0.6 * min(tracks, 1.0)
    track = strip(min(u - low, high - u), 1.8, width)
    edge = (w - j) * deep
    hedge = strip(min(edge, deep - edge), 1.3, width)
    value += (refl[FOREST] - value) * 0.8 * hedge
    return value + (0.7 * refl[STRAW] + 0.3 * refl[SOIL] - value) * track


@part
def settlement(kind, u, v, wide, deep, width, refl, ci, cj, seed):
    """Streets, pavements and what is between the houses, in a district's axes."""
    i, j = math.floor(u / wide), math.floor(v / deep)
    du, dv = min(u - i * wide, (i + 1) * wide - u), min(v - j * deep, (j + 1) * deep - v)
    if kind == SUBURB:
        value = 0.62 * refl[CROP] + 0.2 * refl[STRAW] + 0.18 * refl[CONCRETE]
    elif kind == CITY:
        green = share(ci * 977 + i, cj * 971 + j, seed + 61)
        if green < 0.07:
            value = 0.75 * refl[CROP] + 0.25 * refl[FOREST]
        else:
            value = 0.25 * refl[FOREST] + 0.45 * refl[CONCRETE] + 0.3 * refl[ASPHALT]
    else:
        value = 0.6 * refl[ASPHALT] + 0.4 * refl[CONCRETE]
    paved = 1.0 - (1.0 - strip(du, STREET_M, width)) * (1.0 - strip(dv, STREET_M, width))
    lane = 1.0 - (1.0 - strip(du, 3.6, width)) * (1.0 - strip(dv, 3.6, width))
    value += (0.8 * refl[CONCRETE] - value) * paved
    return value + (refl[ASPHALT] - value) * lane


@part
def road(edge, width, refl):
    """A road between districts: how much of the pixel it takes, and its reflectance."""
    share_of_road = strip(edge, ROAD_M, width)
    value = 0.9 * refl[ASPHALT]
    if width < 8.0:
        middle, sides = strip(edge, 0.15, width), strip(edge - 4.6, 0.1, width)
        value += (refl[PAINT] - value) * min(middle + sides, 1.0)
    return share_of_road, value


@part
def water(x, y, s, width, wind, refl, seed):
    """Sea: turbid near the shore, with waves across the wind."""
    shallow = math.exp(s / 140.0) * (0.75 + 0.35 * noise(x / 900.0, y / 900.0, seed + 71))
    value = refl[DEEP] + (refl[SHALLOW] - refl[DEEP]) * min(max(shallow, 0.0), 1.0)
    swell = octaves(
        x * 0.9 + y * 0.3, 2.6 * (y * 0.9 - x * 0.3), 26.0, 4, 0.6, 2.0 * width, seed + 73
    )
    slick = octaves(x, y, 2200.0, 3, 0.5, 2.0 * width, seed + 79)
    return value * (1.0 + 0.022 * wind * swell + 0.06 * slick)


@kernel
def paint_ground(
    nodes_x, nodes_y, stride, shore, height, wood, mx, my, mstep, width, refl,
    coast, coast_step, relief, pad, town, wind, seed, out,
):  # fmt: skip
    """Ground without what stands on it. `nodes_x`, `nodes_y` [m]: the grid's pixels, every `stride`-th.

    `shore` and `height` [m] are tables of step `mstep` from (mx, my).
    """
    rows, columns = out.shape
    sx, sy = np.empty(9), np.empty(9)
    last_ci = last_cj = -(1 << 40)
    last_di = last_dj = -(1 << 40)
    kind, cos, sin, wide, deep = FARM, 1.0, 0.0, 1.0, 1.0
    for r in range(rows):
        a = r // stride
        fa = (r - a * stride) / stride
        for c in range(columns):
            b = c // stride
            fb = (c - b * stride) / stride
            x = (nodes_x[a, b] * (1 - fb) + nodes_x[a, b + 1] * fb) * (1 - fa) + (
                nodes_x[a + 1, b] * (1 - fb) + nodes_x[a + 1, b + 1] * fb
            ) * fa
            y = (nodes_y[a, b] * (1 - fb) + nodes_y[a, b + 1] * fb) * (1 - fa) + (
                nodes_y[a + 1, b] * (1 - fb) + nodes_y[a + 1, b + 1] * fb
            ) * fa
            s = bilinear(shore, (y - my) / mstep, (x - mx) / mstep)
            land = min(max(s / width + 0.5, 0.0), 1.0)
            value = 0.0
            if land < 1.0:
                value = (1.0 - land) * water(x, y, min(s, 0.0), width, wind, refl, seed)
            if land > 0.0:
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
                u = (x - sx[at]) * cos + (y - sy[at]) * sin
                v = (y - sy[at]) * cos - (x - sx[at]) * sin
                # soft ground varies by tens of percent over metres, and by less where it is mown or paved
                grain = octaves(x, y, 45.0, 5, 0.62, 2.0 * width, seed + 31)
                if kind <= WOOD:
                    t = bilinear(wood, (y - my) / mstep, (x - mx) / mstep)
                    t = (t + (0.75 if kind == WOOD else -0.75)) * 160.0 / max(width, 4.0)
                    trees = min(max(t + 0.5, 0.0), 1.0)
                    ground = 0.0
                    if trees < 1.0:
                        if kind == FARM:
                            ground = farmland(u, v, width, refl, di, dj, seed)
                        else:
                            ground = 0.6 * refl[CROP] + 0.4 * refl[STRAW]
                        ground *= (1.0 - trees) * (1.0 + 0.05 * grain)
                    if trees > 0.0:
                        lit = 1.0
                        if width < 6.0:
                            lit += (crowns(x, y, seed) - 1.0) * min(6.0 / width - 1.0, 1.0)
                        ground += trees * refl[FOREST] * lit * (1.0 + 0.1 * grain)
                else:
                    ground = settlement(kind, u, v, wide, deep, width, refl, di, dj, seed)
                    ground *= 1.0 + 0.035 * grain
                h = bilinear(height, (y - my) / mstep, (x - mx) / mstep)
                bare = smooth(450.0, 700.0, h + 60.0 * grain)
                if bare > 0.0:
                    ground += (refl[ROCK] * (1.0 + 0.12 * grain) - ground) * bare
                share_of_road, tar = road(edge, width, refl)
                ground += (tar - ground) * share_of_road
                beach = 14.0 + 12.0 * noise(x / 400.0, y / 400.0, seed + 81)
                sandy = min(max((beach - s) / max(width, 4.0) + 0.5, 0.0), 1.0)
                if sandy > 0.0:
                    wet = 0.62 + 0.38 * min(max(s / 7.0, 0.0), 1.0)
                    ground += (refl[SAND] * wet * (1.0 + 0.04 * grain) - ground) * sandy
                value += land * ground
            if pad > 0.0:
                away = math.sqrt(x * x + y * y) - pad
                value += (PAD_REFLECTANCE - value) * min(max(0.5 - away / width, 0.0), 1.0)
            out[r, c] = value


@part
def _roof(roof, kind, refl):
    if kind == SUBURB:
        if roof < 0.5:
            return refl[TILE] * (0.8 + 0.5 * roof)
        if roof < 0.8:
            return refl[DARK_ROOF] * (0.6 + 1.2 * roof)
        return refl[CONCRETE] * (0.5 + 0.5 * roof)
    if kind == WORKS:
        return refl[METAL] * (0.35 + 0.65 * roof) if roof > 0.3 else refl[RUST] * (1.0 + roof)
    if roof < 0.6:
        return refl[CONCRETE] * (0.55 + 0.9 * roof)
    if roof < 0.85:
        return refl[DARK_ROOF] * (0.5 + 2.0 * (roof - 0.5))
    return refl[TILE]


@kernel
def paint_buildings(boxes, to_pixel, jacobian, width, refl, out):
    """Roofs over the ground. `to_pixel` (2, 3) turns x, y, 1 into row, column; its inverse is `jacobian`.

    `jacobian` (2, 2): x and y of a step of a row, and of a column.
    """
    rows, columns = out.shape
    for n in range(boxes.shape[0]):
        x, y, cos, sin, half_u, half_v = (
            boxes[n, 0],
            boxes[n, 1],
            boxes[n, 2],
            boxes[n, 3],
            boxes[n, 4],
            boxes[n, 5],
        )
        row = to_pixel[0, 0] * x + to_pixel[0, 1] * y + to_pixel[0, 2]
        column = to_pixel[1, 0] * x + to_pixel[1, 1] * y + to_pixel[1, 2]
        reach = math.sqrt(half_u * half_u + half_v * half_v)
        reach_r = reach * math.hypot(to_pixel[0, 0], to_pixel[0, 1]) + 1.0
        reach_c = reach * math.hypot(to_pixel[1, 0], to_pixel[1, 1]) + 1.0
        value = _roof(boxes[n, 7], int(boxes[n, 8]), refl)
        gabled = boxes[n, 8] == SUBURB
        for r in range(max(int(row - reach_r), 0), min(int(row + reach_r) + 2, rows)):
            for c in range(max(int(column - reach_c), 0), min(int(column + reach_c) + 2, columns)):
                dx = (r - row) * jacobian[0, 0] + (c - column) * jacobian[1, 0]
                dy = (r - row) * jacobian[0, 1] + (c - column) * jacobian[1, 1]
                u, v = dx * cos + dy * sin, dy * cos - dx * sin
                cover = strip(u, half_u, width) * strip(v, half_v, width)
                if cover > 0.0:
                    lit = 1.0
                    if gabled:
                        # the two sides of a roof differ: one looks towards more of the sky's light
                        lit += 0.13 * min(max(v / width, -1.0), 1.0)
                    else:
                        # a parapet around a flat roof
                        inner = strip(u, half_u - 0.4, width) * strip(v, half_v - 0.4, width)
                        lit += 0.2 * (1.0 - inner / cover) if half_v > 2.0 else 0.0
                    out[r, c] += (value * lit - out[r, c]) * cover


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


@part
def _across(d, nx, ny, jacobian):
    """Share of a pixel on the far side of a line with the unit normal (nx, ny), `d` from its middle [m]."""
    a = 0.5 * abs(nx * jacobian[0, 0] + ny * jacobian[0, 1])
    b = 0.5 * abs(nx * jacobian[1, 0] + ny * jacobian[1, 1])
    return half_plane(d, a, b)


@part
def _band(d, half, nx, ny, jacobian):
    """Share of a pixel within `half` of a line [m]."""
    return _across(d + half, nx, ny, jacobian) - _across(d - half, nx, ny, jacobian)


@kernel
def paint_targets(targets, to_pixel, jacobian, white, out):
    """Targets over all else; straight edges are exact to the pixel's own shape, corners nearly so."""
    rows, columns = out.shape
    for n in range(targets.shape[0]):
        kind, x, y = int(targets[n, 0]), targets[n, 1], targets[n, 2]
        vx, vy = math.sin(targets[n, 3]), math.cos(targets[n, 3])  # along
        ux, uy = vy, -vx  # to the right
        half_v, half_u = targets[n, 4], targets[n, 5]
        dark, bright = targets[n, 6] * white, targets[n, 7] * white
        row = to_pixel[0, 0] * x + to_pixel[0, 1] * y + to_pixel[0, 2]
        column = to_pixel[1, 0] * x + to_pixel[1, 1] * y + to_pixel[1, 2]
        reach = math.sqrt(half_u * half_u + half_v * half_v)
        reach_r = reach * math.hypot(to_pixel[0, 0], to_pixel[0, 1]) + 1.0
        reach_c = reach * math.hypot(to_pixel[1, 0], to_pixel[1, 1]) + 1.0
        for r in range(max(int(row - reach_r), 0), min(int(row + reach_r) + 2, rows)):
            for c in range(max(int(column - reach_c), 0), min(int(column + reach_c) + 2, columns)):
                dx = (r - row) * jacobian[0, 0] + (c - column) * jacobian[1, 0]
                dy = (r - row) * jacobian[0, 1] + (c - column) * jacobian[1, 1]
                u, v = dx * ux + dy * uy, dx * vx + dy * vy
                cover = _band(u, half_u, ux, uy, jacobian) * _band(v, half_v, vx, vy, jacobian)
                if cover <= 0.0:
                    continue
                value = dark
                if kind == 1:
                    ex, ey = math.cos(targets[n, 8]), -math.sin(targets[n, 8])
                    value += (bright - dark) * _across(dx * ex + dy * ey, ex, ey, jacobian)
                elif kind == 2:
                    period, long = targets[n, 8], targets[n, 9]
                    lit = 0.0
                    for k in range(-2, 3):
                        lit += _band(u - k * period, 0.25 * period, ux, uy, jacobian)
                    value += (bright - dark) * lit * _band(v, long, vx, vy, jacobian)
                out[r, c] += (value - out[r, c]) * cover
