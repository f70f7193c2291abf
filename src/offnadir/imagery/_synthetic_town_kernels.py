"""Kernels of made-up settlement: districts, blocks of lots, and the building on a lot.

A district is the cell of points nearest to one of scattered seeds; its streets run by its own angle. All of
it follows from hashes of cells, so any place can be asked for without its neighbours.
"""

from __future__ import annotations

import math

import numpy as np

from offnadir._jit import kernel, part
from offnadir.imagery._synthetic_ground_kernels import (
    ground_m,
    noise,
    octaves,
    share,
    shore_m,
    smooth,
)

DISTRICT_M = 1300.0
FARM, SUBURB, CITY, WORKS = 0, 1, 2, 3
STREET_M = 5.5  # half of a street's width, with its pavements
ROAD_M = 6.0  # half of the width of a road between districts
_MOST_FLOORS_M = 48.0


@part
def seed_of(ci, cj, seed):
    """The seed of a district's cell [m]."""
    return (
        (ci + 0.14 + 0.72 * share(ci, cj, seed + 11)) * DISTRICT_M,
        (cj + 0.14 + 0.72 * share(ci, cj, seed + 12)) * DISTRICT_M,
    )


@part
def bent(x, y, seed):
    """Where a place counts as being when districts are told apart, so that roads between them wind."""
    return (
        x + 70.0 * noise(x / 800.0, y / 800.0, seed + 17),
        y + 70.0 * noise(x / 800.0, y / 800.0, seed + 18),
    )


@part
def seeds_around(ci, cj, seed, sx, sy):
    """Seeds of a cell and its eight neighbours."""
    k = 0
    for dj in range(-1, 2):
        for di in range(-1, 2):
            sx[k], sy[k] = seed_of(ci + di, cj + dj, seed)
            k += 1


@part
def nearest(x, y, sx, sy):
    """Which of nine seeds is the nearest, and how far away its district ends [m]."""
    best, at = 1e30, 0
    for k in range(9):
        d = (x - sx[k]) ** 2 + (y - sy[k]) ** 2
        if d < best:
            best, at = d, k
    edge = 1e30
    for k in range(9):
        if k != at:
            dx, dy = sx[k] - sx[at], sy[k] - sy[at]
            d = (0.5 * (sx[k] + sx[at]) - x) * dx + (0.5 * (sy[k] + sy[at]) - y) * dy
            edge = min(edge, d / math.sqrt(dx * dx + dy * dy))
    return at, edge


@kernel
def district(ci, cj, x, y, coast, coast_step, relief, pad, town, seed):
    """What a district is: kind, cosine and sine of its angle, width and depth of its blocks [m]."""
    turn = share(ci, cj, seed + 13) * math.pi
    wide = 92.0 + 50.0 * share(ci, cj, seed + 14)
    deep = 56.0 + 22.0 * share(ci, cj, seed + 15)
    s = shore_m(x, y, 300.0, coast, coast_step, pad, seed)
    t = 0.75 * octaves(x, y, 11000.0, 4, 0.55, 1.0, seed + 300)
    if town > 0.0:
        t = max(t, 1.25 * math.exp(-(x * x + y * y) / (2.0 * town * town)) + 0.25 * t)
    h = ground_m(x, y, s, 300.0, relief, pad, seed)
    t -= smooth(90.0, 300.0, h)
    luck = share(ci, cj, seed + 16)
    kind = FARM
    if t > 0.78:
        kind = CITY if luck < 0.75 else WORKS
    elif t > 0.48:
        kind = SUBURB if luck < 0.8 else WORKS
    if kind == WORKS:
        wide, deep = 1.8 * wide, 1.7 * deep
    return kind, math.cos(turn), math.sin(turn), wide, deep


@part
def lots_of(kind, wide, deep):
    """Lots along a block, and a lot's width and depth [m]; a block has two rows of them."""
    if kind == SUBURB:
        along = int((wide - 2.0 * STREET_M) / 19.0)
    elif kind == CITY:
        along = int((wide - 2.0 * STREET_M) / 27.0)
    else:
        along = int((wide - 2.0 * STREET_M) / 75.0)
    along = max(along, 1)
    return along, (wide - 2.0 * STREET_M) / along, 0.5 * deep - STREET_M


@kernel
def building(kind, ci, cj, i, j, k, along, lot_u, lot_v, wide, deep, seed):
    """The building on lot k of block (i, j): middle and half sides [m] in the district's axes, height, roof.

    Height 0: none. Roof is a number from 0 to 1 from which the kind of roof follows.
    """
    a = ci * 7919 + i * 31 + k * 5
    b = cj * 6007 + j * 37 + k * 3
    p, q, r = share(a, b, seed + 21), share(a, b, seed + 22), share(a, b, seed + 23)
    roof = share(a, b, seed + 24)
    row = k // along
    u = i * wide + STREET_M + (k - row * along + 0.5) * lot_u
    v = j * deep + STREET_M + (row + 0.5) * lot_v
    if kind == SUBURB:
        if p < 0.08:
            return u, v, 0.0, 0.0, 0.0, roof
        half_u, half_v, high = (
            4.2 + 0.25 * lot_u * q,
            4.0 + 2.5 * r,
            4.0 + 5.0 * share(a, b, seed + 25),
        )
    elif kind == CITY:
        if p < 0.12:
            return u, v, 0.0, 0.0, 0.0, roof
        half_u, half_v = (0.30 + 0.19 * q) * lot_u, (0.26 + 0.18 * r) * lot_v
        floors = share(a, b, seed + 25)
        high = 7.0 + (_MOST_FLOORS_M - 7.0) * floors * floors * floors
    else:
        if p < 0.2:
            return u, v, 0.0, 0.0, 0.0, roof
        half_u, half_v, high = (
            (0.26 + 0.18 * q) * lot_u,
            (0.26 + 0.17 * r) * lot_v,
            6.0 + 7.0 * roof,
        )
    # houses stand towards the street
    v += (0.5 * lot_v - half_v - 2.5) * (0.7 if row == 1 else -0.7)
    return u, v, half_u, half_v, high, roof


@kernel
def count_or_list(x0, x1, y0, y1, tall, coast, coast_step, relief, pad, town, seed, out):
    """How many buildings stand in a box [m]; as many as `out` has rows for are written to it.

    Rows: x, y, cosine and sine of the angle, half sides [m], height [m], roof, kind. Lower ones than `tall`
    are left out.
    """
    sx, sy = np.empty(9), np.empty(9)
    found = 0
    for cj in range(math.floor(y0 / DISTRICT_M) - 1, math.floor(y1 / DISTRICT_M) + 2):
        for ci in range(math.floor(x0 / DISTRICT_M) - 1, math.floor(x1 / DISTRICT_M) + 2):
            px, py = seed_of(ci, cj, seed)
            kind, cos, sin, wide, deep = district(
                ci, cj, px, py, coast, coast_step, relief, pad, town, seed
            )
            if kind < SUBURB:
                continue
            # the part of the box that the district may reach, in its own axes
            reach = 1.45 * DISTRICT_M + 70.0
            bx0, bx1 = max(x0, px - reach), min(x1, px + reach)
            by0, by1 = max(y0, py - reach), min(y1, py + reach)
            if bx0 >= bx1 or by0 >= by1:
                continue
            mx, my = 0.5 * (bx0 + bx1) - px, 0.5 * (by0 + by1) - py
            hx, hy = 0.5 * (bx1 - bx0), 0.5 * (by1 - by0)
            mu, mv = mx * cos + my * sin, my * cos - mx * sin
            hu, hv = hx * abs(cos) + hy * abs(sin), hx * abs(sin) + hy * abs(cos)
            along, lot_u, lot_v = lots_of(kind, wide, deep)
            for j in range(math.floor((mv - hv) / deep), math.floor((mv + hv) / deep) + 1):
                for i in range(math.floor((mu - hu) / wide), math.floor((mu + hu) / wide) + 1):
                    for k in range(2 * along):
                        u, v, half_u, half_v, high, roof = building(
                            kind, ci, cj, i, j, k, along, lot_u, lot_v, wide, deep, seed
                        )
                        if high <= tall:
                            continue
                        x, y = px + u * cos - v * sin, py + u * sin + v * cos
                        if x < x0 or x > x1 or y < y0 or y > y1:
                            continue
                        if not stands(
                            x, y, ci, cj, half_u, half_v, sx, sy, coast, coast_step, pad, seed
                        ):
                            continue
                        if found < out.shape[0]:
                            out[found, 0], out[found, 1] = x, y
                            out[found, 2], out[found, 3] = cos, sin
                            out[found, 4], out[found, 5] = half_u, half_v
                            out[found, 6], out[found, 7], out[found, 8] = high, roof, kind
                        found += 1
    return found


@kernel
def stands(x, y, ci, cj, half_u, half_v, sx, sy, coast, coast_step, pad, seed):
    """Whether a building has its place: well inside its district, ashore, and so far off the test
    range that the shadow of a high one at a Sun of 25 deg does not reach it.
    """
    size = math.sqrt(half_u * half_u + half_v * half_v)
    if pad > 0.0 and x * x + y * y < (1.1 * pad + 100.0 + size) ** 2:
        return False
    wx, wy = bent(x, y, seed)
    bi, bj = math.floor(wx / DISTRICT_M), math.floor(wy / DISTRICT_M)
    seeds_around(bi, bj, seed, sx, sy)
    at, edge = nearest(wx, wy, sx, sy)
    if bi + at % 3 - 1 != ci or bj + at // 3 - 1 != cj or edge < ROAD_M + 3.0 + size:
        return False
    return shore_m(x, y, 40.0, coast, coast_step, pad, seed) > 25.0 + size


@kernel
def building_tops(x, y, coast, coast_step, relief, pad, town, seed):
    """Heights of roofs above the sea [m] at places, or of the ground where no building stands."""
    out = np.empty(x.size)
    sx, sy = np.empty(9), np.empty(9)
    tx, ty = np.empty(9), np.empty(9)
    last_ci = last_cj = -(1 << 40)
    last_di = last_dj = -(1 << 40)
    kind, cos, sin, wide, deep = FARM, 1.0, 0.0, 1.0, 1.0
    for n in range(x.size):
        wx, wy = bent(x[n], y[n], seed)
        ci, cj = math.floor(wx / DISTRICT_M), math.floor(wy / DISTRICT_M)
        if ci != last_ci or cj != last_cj:
            seeds_around(ci, cj, seed, sx, sy)
            last_ci, last_cj = ci, cj
        at, _ = nearest(wx, wy, sx, sy)
        di, dj = ci + at % 3 - 1, cj + at // 3 - 1
        px, py = sx[at], sy[at]
        if di != last_di or dj != last_dj:
            kind, cos, sin, wide, deep = district(
                di, dj, px, py, coast, coast_step, relief, pad, town, seed
            )
            last_di, last_dj = di, dj
        gx, gy, high = x[n], y[n], 0.0
        if kind >= SUBURB:
            u = (x[n] - px) * cos + (y[n] - py) * sin
            v = (y[n] - py) * cos - (x[n] - px) * sin
            i, j = math.floor(u / wide), math.floor(v / deep)
            along, lot_u, lot_v = lots_of(kind, wide, deep)
            a = math.floor((u - i * wide - STREET_M) / lot_u)
            b = math.floor((v - j * deep - STREET_M) / lot_v)
            if 0 <= a < along and 0 <= b < 2:
                bu, bv, half_u, half_v, tall, _ = building(
                    kind, di, dj, i, j, b * along + a, along, lot_u, lot_v, wide, deep, seed
                )
                if tall > 0.0 and abs(u - bu) <= half_u and abs(v - bv) <= half_v:
                    qx, qy = px + bu * cos - bv * sin, py + bu * sin + bv * cos
                    if stands(qx, qy, di, dj, half_u, half_v, tx, ty, coast, coast_step, pad, seed):
                        gx, gy, high = qx, qy, tall
        s = shore_m(gx, gy, 40.0, coast, coast_step, pad, seed)
        out[n] = ground_m(gx, gy, s, 40.0, relief, pad, seed) + high
    return out
