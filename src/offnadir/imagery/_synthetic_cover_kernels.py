"""Kernels of what covers made-up ground: fields, woods, streets with trees and cars, roads, water.

All are functions of a place, and of the width that they are averaged over [m]: what is narrower than that
takes its share of the pixel, and grain of shorter waves is left out. `refl` is a band's
table of materials, a tuple: an array would cost more to hand over than the work.
"""

from __future__ import annotations

import math

from offnadir._jit import kernel, part
from offnadir.imagery._coverage_kernels import strip
from offnadir.imagery._synthetic_ground_kernels import noise, octaves, rough, share
from offnadir.imagery._synthetic_town_kernels import CITY, ROAD_M, STREET_M, SUBURB

#: Numbers of materials, in the order of the table of spectra.
CROP, STRAW, SOIL, FOREST, DEEP, SHALLOW, SAND, ASPHALT, CONCRETE = 0, 1, 2, 3, 4, 5, 6, 7, 8
TILE, DARK_ROOF, METAL, PAINT, RUST, ROCK, FOAM = 9, 10, 11, 12, 13, 14, 15
LANE_M = 3.6  # half of the carriageway of a street
CROWN_M = 7.5
_CAR_M = 7.5


@part
def crowns_around(x, y, seed, px, py, size):
    """The nine crowns that may reach a place in a wood: middles, in cells from its corner, and 1/size^2."""
    i, j = math.floor(x / CROWN_M), math.floor(y / CROWN_M)
    k = 0
    for dj in range(-1, 2):
        for di in range(-1, 2):
            px[k] = di + 0.5 + 0.5 * rough(i + di, j + dj, seed + 41)
            py[k] = dj + 0.5 + 0.5 * rough(i + di, j + dj, seed + 42)
            size[k] = 1.0 / (0.8 + 0.25 * rough(i + di, j + dj, seed + 43)) ** 2
            k += 1
    return i, j


@part
def canopy(u, v, px, py, size):
    """Brightness of a canopy of trees, about 1 in the mean: lit crowns, dark gaps."""
    best = 1.15
    for k in range(9):
        best = min(best, ((px[k] - u) ** 2 + (py[k] - v) ** 2) * size[k])
    return 1.33 - 0.85 * best


@part
def field_of(u, v, ci, cj, refl, seed):
    """The field at a place in a district's axes: its sides along u, where it begins along v, how deep it is,
    its reflectance, whether it has wheel tracks.
    """
    wide = 190.0 + 120.0 * share(ci, cj, seed + 51)
    key = ci * 57 + cj
    i = math.floor(u / wide)
    low = (i + 0.25 * rough(i, key, seed + 52)) * wide
    high = (i + 1 + 0.25 * rough(i + 1, key, seed + 52)) * wide
    if u < low:
        i -= 1
        high = low
        low = (i + 0.25 * rough(i, key, seed + 52)) * wide
    elif u >= high:
        i += 1
        low = high
        high = (i + 1 + 0.25 * rough(i + 1, key, seed + 52)) * wide
    column = ci * 131 + cj * 71 + i
    deep = 210.0 + 120.0 * rough(column, 3, seed + 53)
    shift = rough(column, 5, seed + 54)
    j = math.floor(v / deep + shift)
    crop = 0.5 + 0.5 * rough(column, j, seed + 55)
    tone = 1.0 + 0.2 * rough(column, j, seed + 56)
    if crop < 0.45:
        value = refl[CROP] * (0.55 + 0.45 * tone) + refl[SOIL] * 0.1
    elif crop < 0.68:
        value = refl[STRAW] * tone
    elif crop < 0.85:
        value = refl[SOIL] * tone
    else:
        value = 0.45 * refl[CROP] * tone + 0.5 * refl[STRAW]
    return low, high, (j - shift) * deep, deep, value, crop < 0.68


@part
def farmland(from_low, to_high, from_near, to_far, value, has_tracks, width, refl):
    """A field between tracks and hedges, so far from its four sides [m]."""
    if has_tracks and width < 12.0:
        # wheel tracks 24 m apart, as sprayers leave them
        t = from_low / 24.0
        t = (t - math.floor(t) - 0.5) * 24.0
        if abs(t) < 1.15 + 0.5 * width:
            tracks = strip(t - 0.9, 0.25, width) + strip(t + 0.9, 0.25, width)
            value += (refl[SOIL] - value) * 0.6 * min(tracks, 1.0)
    hedge, track = min(from_near, to_far), min(from_low, to_high)
    if hedge < 1.3 + 0.5 * width:
        value += (refl[FOREST] - value) * 0.8 * strip(hedge, 1.3, width)
    if track < 1.8 + 0.5 * width:
        way = 0.7 * refl[STRAW] + 0.3 * refl[SOIL]
        value += (way - value) * strip(track, 1.8, width)
    return value


@part
def _cars(side, along, i, key, width, refl, value, seed):
    """Cars at the kerbs of a street: `side` from its middle, `along` it [m]."""
    if abs(side) > LANE_M + 1.0:
        return value
    n = math.floor(along / _CAR_M)
    kerb = i + (512 if side > 0.0 else 0)
    if 0.5 + 0.5 * rough(n, kerb + key, seed + 95) > 0.3:
        return value
    middle = (n + 0.5 + 0.12 * rough(n, kerb + key, seed + 96)) * _CAR_M
    cover = strip(abs(side) - 2.5, 0.9, width) * strip(along - middle, 2.2, width)
    colour = rough(n, kerb + key, seed + 97)
    paint = refl[DARK_ROOF] if colour < -0.1 else (refl[METAL] if colour < 0.6 else refl[RUST])
    return value + (paint - value) * cover


@part
def tree_density(kind, ci, cj, i, j, seed):
    """Share of cells with a tree in block (i, j) of a district."""
    if kind == SUBURB:
        return 0.5
    if kind == CITY:
        return 0.7 if is_park(ci, cj, i, j, seed) else 0.13
    return 0.0


@part
def is_park(ci, cj, i, j, seed):
    """Whether a block of a city is green."""
    return share(ci * 977 + i, cj * 971 + j, seed + 61) < 0.07


@part
def block_ground(kind, ci, cj, i, j, refl, seed):
    """What is between the houses of a block of a city or of works, mostly."""
    if kind != CITY:
        return 0.6 * refl[ASPHALT] + 0.4 * refl[CONCRETE]
    if is_park(ci, cj, i, j, seed):
        return 0.8 * refl[CROP] + 0.2 * refl[STRAW]
    return 0.5 * refl[CONCRETE] + 0.5 * refl[ASPHALT]


@part
def garden(u, v, deep, refl, seed):
    """Lawn, more or less dry, and paths."""
    lawn = 0.5 + 0.5 * rough(math.floor(u / 19.0), math.floor(v / (0.5 * deep)), seed + 62)
    return (
        (0.45 + 0.3 * lawn) * refl[CROP] + (0.4 - 0.3 * lawn) * refl[STRAW] + 0.15 * refl[CONCRETE]
    )


@part
def street(side_u, side_v, u, v, i, j, key, width, refl, value, seed):
    """Ground with the streets around its block, so far from their middles."""
    paved = 1.0 - (1.0 - strip(side_u, STREET_M, width)) * (1.0 - strip(side_v, STREET_M, width))
    value += (0.8 * refl[CONCRETE] - value) * paved
    lane_u, lane_v = strip(side_u, LANE_M, width), strip(side_v, LANE_M, width)
    lane = 1.0 - (1.0 - lane_u) * (1.0 - lane_v)
    if lane > 0.0:
        value += (refl[ASPHALT] - value) * lane
        if width < 2.5:
            if lane_v == 0.0:
                value = _cars(side_u, v, i, key, width, refl, value, seed)
            elif lane_u == 0.0:
                value = _cars(side_v, u, j + 77, key, width, refl, value, seed)
    return value


@part
def road(edge, width, refl):
    """A road between districts: how much of the pixel it takes, and its reflectance."""
    share_of_road = strip(edge, ROAD_M, width)
    value = 0.9 * refl[ASPHALT]
    if width < 8.0:
        lines = strip(edge, 0.15, width) + strip(edge - 4.6, 0.1, width)
        value += (refl[PAINT] - value) * min(lines, 1.0)
    return share_of_road, value


@kernel
def water(x, y, s, slick, width, wind, caps, refl, seed):
    """Sea: turbid near the shore, waves that the wind raises, `caps` of foam; `slick` is smooth noise."""
    value = refl[DEEP]
    if s > -900.0:
        shallow = math.exp(s / 140.0) * (0.75 + 0.35 * noise(x / 900.0, y / 900.0, seed + 71))
        value += (refl[SHALLOW] - value) * min(max(shallow, 0.0), 1.0)
    swell = 0.0
    if width < 26.0:
        swell = octaves(
            x * 0.9 + y * 0.3, 2.6 * (y * 0.9 - x * 0.3), 26.0, 4, 0.6, 2.0 * width, seed + 73
        )
    value *= 1.0 + 0.022 * wind * swell + 0.06 * slick
    if caps > 1e-4:
        value += (refl[FOAM] - value) * _whitecaps(x, y, caps, width, seed)
    return value


@part
def _whitecaps(x, y, caps, width, seed):
    """How much of a place foam takes: patches of 8 m2, in so many cells that the mean is `caps`."""
    cell = 14.0
    if width > 5.0:
        return caps
    u, v = x / cell, y / cell
    i, j = math.floor(u), math.floor(v)
    # 14 m squared times caps, over the 8 m2 of a patch
    if share(i, j, seed + 75) > min(caps * cell * cell / 8.0, 1.0):
        return 0.0
    du = (u - i - 0.5 - 0.2 * rough(i, j, seed + 76)) * cell
    dv = (v - j - 0.5 - 0.2 * rough(i, j, seed + 77)) * cell
    return strip(du, 2.0, width) * strip(dv, 1.0, width)
