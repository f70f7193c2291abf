"""Kernels that paint what stands on made-up ground: buildings, ships with their wakes, targets.

`to_pixel` (2, 3) turns x, y, 1 [m] into row and column; `jacobian` and `width` are the pixel's, as in the
kernels of coverage.
"""

from __future__ import annotations

import math

from offnadir._jit import kernel, part
from offnadir.imagery._coverage_kernels import across, between, strip
from offnadir.imagery._synthetic_cover_kernels import (
    CONCRETE,
    DARK_ROOF,
    FOAM,
    METAL,
    PAINT,
    RUST,
    TILE,
)
from offnadir.imagery._synthetic_town_kernels import CITY, SUBURB, WORKS

#: Half of the angle of the V that a ship's waves stay within: asin(1/3) (Kelvin 1887).
_KELVIN_TAN = 0.353553


@part
def _span(middle, reach, size):
    """First pixel that a shape may touch, and one past the last."""
    return max(int(middle - reach), 0), min(int(middle + reach) + 2, size)


@part
def _roof(roof, kind, refl):
    """Reflectance of a roof, from its number between 0 and 1."""
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
    """Roofs over the ground; a kind of -1 has a roof of reflectance `roof` in all light."""
    rows, columns = out.shape
    scale_r = math.hypot(to_pixel[0, 0], to_pixel[0, 1])
    scale_c = math.hypot(to_pixel[1, 0], to_pixel[1, 1])
    for n in range(boxes.shape[0]):
        x, y, cos, sin = boxes[n, 0], boxes[n, 1], boxes[n, 2], boxes[n, 3]
        half_u, half_v, roof, kind = boxes[n, 4], boxes[n, 5], boxes[n, 7], int(boxes[n, 8])
        row = to_pixel[0, 0] * x + to_pixel[0, 1] * y + to_pixel[0, 2]
        column = to_pixel[1, 0] * x + to_pixel[1, 1] * y + to_pixel[1, 2]
        reach = math.sqrt(half_u * half_u + half_v * half_v)
        r0, r1 = _span(row, reach * scale_r + 1.0, rows)
        c0, c1 = _span(column, reach * scale_c + 1.0, columns)
        value = roof * refl[-1] if kind < 0 else _roof(roof, kind, refl)
        for r in range(r0, r1):
            for c in range(c0, c1):
                dx = (r - row) * jacobian[0, 0] + (c - column) * jacobian[1, 0]
                dy = (r - row) * jacobian[0, 1] + (c - column) * jacobian[1, 1]
                u, v = dx * cos + dy * sin, dy * cos - dx * sin
                cover = strip(u, half_u, width) * strip(v, half_v, width)
                if cover <= 0.0:
                    continue
                lit = 1.0
                if kind == SUBURB:
                    # the two sides of a roof differ: one has more of the sky's light
                    lit += 0.13 * min(max(v / width, -1.0), 1.0)
                elif kind >= CITY:
                    # a parapet around a flat roof, and a hut on it
                    inner = strip(u, half_u - 0.4, width) * strip(v, half_v - 0.4, width)
                    lit += 0.2 * (1.0 - inner / cover)
                    hut = strip(u - 0.3 * half_u, 0.14 * half_u, width)
                    lit += (0.9 * roof - 0.4) * hut * strip(v + 0.25 * half_v, 0.2 * half_v, width)
                out[r, c] += (value * lit - out[r, c]) * cover


@kernel
def paint_ships(ships, to_pixel, jacobian, width, refl, out):
    """Ships on water, with foam and waves behind those under way.

    Rows: x, y, cosine and sine of the angle of the bow from east, half length, half beam [m], speed [m/s],
    a number from 0 to 1 for the deck.
    """
    rows, columns = out.shape
    scale_r = math.hypot(to_pixel[0, 0], to_pixel[0, 1])
    scale_c = math.hypot(to_pixel[1, 0], to_pixel[1, 1])
    for n in range(ships.shape[0]):
        x, y, cos, sin = ships[n, 0], ships[n, 1], ships[n, 2], ships[n, 3]
        half, beam, speed, look = ships[n, 4], ships[n, 5], ships[n, 6], ships[n, 7]
        row = to_pixel[0, 0] * x + to_pixel[0, 1] * y + to_pixel[0, 2]
        column = to_pixel[1, 0] * x + to_pixel[1, 1] * y + to_pixel[1, 2]
        trail = 90.0 * speed  # what is left of a wake after a minute and a half is not painted
        reach = half + trail
        r0, r1 = _span(row, reach * scale_r + 1.0, rows)
        c0, c1 = _span(column, reach * scale_c + 1.0, columns)
        if look < 0.4:
            deck = refl[RUST] * (0.8 + look)
        elif look < 0.75:
            deck = refl[DARK_ROOF] * (1.0 + 2.0 * look)
        else:
            deck = refl[CONCRETE] * look
        for r in range(r0, r1):
            for c in range(c0, c1):
                dx = (r - row) * jacobian[0, 0] + (c - column) * jacobian[1, 0]
                dy = (r - row) * jacobian[0, 1] + (c - column) * jacobian[1, 1]
                u, v = dx * cos + dy * sin, dy * cos - dx * sin
                if trail > 0.0 and u < half and u > -half - trail:
                    foam = _wake(u, v, half, beam, trail, width)
                    out[r, c] += (refl[FOAM] - out[r, c]) * min(foam, 1.0)
                # the bow narrows over the foremost fifth
                taper = min(max((half - u) / (0.4 * half), 0.0), 1.0)
                here = beam * math.sqrt(taper)
                cover = strip(u, half, width) * strip(v, max(here, 0.05), width)
                if cover > 0.0:
                    value = deck
                    bridge = strip(u + 0.72 * half, 0.13 * half, width) * strip(
                        v, 0.85 * beam, width
                    )
                    value += (refl[PAINT] - value) * bridge
                    if look >= 0.4 and width < 4.0:
                        # hatches
                        t = u / (0.22 * half)
                        t = (t - math.floor(t) - 0.5) * 0.22 * half
                        hatch = strip(t, 0.08 * half, width) * strip(v, 0.6 * beam, width)
                        value += (0.5 * value) * hatch * (1.0 if u > -0.5 * half else 0.0)
                    out[r, c] += (value - out[r, c]) * cover


@part
def _wake(u, v, half, beam, trail, width):
    """Share of foam at a place of a ship's own axes: churned water astern, and the arms of the V."""
    foam = 0.0
    astern = -half - u
    if astern > 0.0:
        left = 1.0 - astern / trail
        foam = 0.5 * left * left * strip(v, 0.8 * beam + 0.015 * astern, width)
    abaft = half - u
    arm = abs(v) - _KELVIN_TAN * abaft
    left = max(1.0 - abaft / (0.6 * trail), 0.0)
    return foam + 0.25 * left * strip(arm, 0.5 + 0.02 * abaft, width)


@kernel
def paint_targets(targets, to_pixel, jacobian, white, out):
    """Targets over all else; straight edges are exact to the pixel's own shape, corners nearly so."""
    rows, columns = out.shape
    scale_r = math.hypot(to_pixel[0, 0], to_pixel[0, 1])
    scale_c = math.hypot(to_pixel[1, 0], to_pixel[1, 1])
    for n in range(targets.shape[0]):
        kind, x, y = int(targets[n, 0]), targets[n, 1], targets[n, 2]
        vx, vy = math.sin(targets[n, 3]), math.cos(targets[n, 3])  # along
        ux, uy = vy, -vx  # to the right
        half_v, half_u = targets[n, 4], targets[n, 5]
        dark, bright = targets[n, 6] * white, targets[n, 7] * white
        row = to_pixel[0, 0] * x + to_pixel[0, 1] * y + to_pixel[0, 2]
        column = to_pixel[1, 0] * x + to_pixel[1, 1] * y + to_pixel[1, 2]
        reach = math.sqrt(half_u * half_u + half_v * half_v)
        r0, r1 = _span(row, reach * scale_r + 1.0, rows)
        c0, c1 = _span(column, reach * scale_c + 1.0, columns)
        for r in range(r0, r1):
            for c in range(c0, c1):
                dx = (r - row) * jacobian[0, 0] + (c - column) * jacobian[1, 0]
                dy = (r - row) * jacobian[0, 1] + (c - column) * jacobian[1, 1]
                u, v = dx * ux + dy * uy, dx * vx + dy * vy
                cover = between(u, half_u, ux, uy, jacobian) * between(v, half_v, vx, vy, jacobian)
                if cover <= 0.0:
                    continue
                value = dark
                if kind == 1:
                    ex, ey = math.cos(targets[n, 8]), -math.sin(targets[n, 8])
                    value += (bright - dark) * across(dx * ex + dy * ey, ex, ey, jacobian)
                elif kind == 2:
                    period, long = targets[n, 8], targets[n, 9]
                    lit = 0.0
                    for k in range(-2, 3):
                        lit += between(u - k * period, 0.25 * period, ux, uy, jacobian)
                    value += (bright - dark) * lit * between(v, long, vx, vy, jacobian)
                out[r, c] += (value - out[r, c]) * cover
