"""Kernel that lists the ships on made-up water."""

from __future__ import annotations

import math

from offnadir._jit import kernel
from offnadir.imagery._synthetic_ground_kernels import share, shore_m

SHIP_COLUMNS = 9


@kernel
def list_ships(x0, x1, y0, y1, spacing, odds, coast, coast_step, pad, seed, out):
    """How many ships have their middle in a box [m]; as many as `out` has rows for are written to it.

    Rows: x, y, cosine and sine of the angle of the bow from east, half length, half beam [m], speed [m/s],
    a number from 0 to 1 for the deck, a number that is the ship's own. One is in each cell of `spacing` with
    probability `odds`.
    """
    found = 0
    for j in range(math.floor(y0 / spacing), math.floor(y1 / spacing) + 1):
        for i in range(math.floor(x0 / spacing), math.floor(x1 / spacing) + 1):
            if share(i, j, seed + 401) >= odds:
                continue
            x = (i + 0.08 + 0.84 * share(i, j, seed + 402)) * spacing
            y = (j + 0.08 + 0.84 * share(i, j, seed + 403)) * spacing
            if x < x0 or x >= x1 or y < y0 or y >= y1:
                continue
            # many boats, few tankers: lengths of 10 to 300 m, evenly in the logarithm
            length = 10.0 * math.exp(3.4 * share(i, j, seed + 404))
            s = shore_m(x, y, 40.0, coast, coast_step, pad, seed)
            if s > -0.6 * length - 60.0:
                continue
            turn = 2.0 * math.pi * share(i, j, seed + 405)
            speed = 0.0
            if share(i, j, seed + 406) < (0.35 if s > -3000.0 else 0.75):
                speed = 2.5 + 8.0 * share(i, j, seed + 407)
            if found < out.shape[0]:
                out[found, 0], out[found, 1] = x, y
                out[found, 2], out[found, 3] = math.cos(turn), math.sin(turn)
                out[found, 4] = 0.5 * length
                # boats are three times as long as wide, large ships six and a half times
                out[found, 5] = 0.5 * length / (2.6 + 0.7 * math.log(length / 6.0))
                out[found, 6] = speed
                out[found, 7] = share(i, j, seed + 408)
                out[found, 8] = share(i, j, seed + 409)
            found += 1
    return found
