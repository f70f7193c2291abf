"""Numbers read out of tables, compiled: light at a camera, and the climatology of clouds."""

from __future__ import annotations

import math

from offnadir._jit import kernel, part

_HALF_PI, _TWO_PI = math.pi / 2, 2.0 * math.pi


@part
def placed(share, nodes):
    """Node below and the share of the way to the next one; a share of NaN stays one."""
    at = share * (nodes - 1)
    below = min(int(at), nodes - 2) if math.isfinite(at) else 0
    return below, at - below


@part
def cut(share):
    """Within 0 to 1; NaN stays NaN."""
    return 0.0 if share < 0.0 else (1.0 if share > 1.0 else share)


@kernel
def radiances(direct, haze, bend, lowest_view_rad, looks, out):
    """Fill `out` (2, n): what `Light`'s tables say of a reflectance of 1, and of all other light.

    `looks` (3, n) [rad]: the Sun's height, incidence, azimuth between both. NaN gives NaN.
    """
    suns, views, turns = haze.shape
    for n in range(looks.shape[1]):
        i, a = placed(cut(looks[0, n] / _HALF_PI) ** (1.0 / bend), suns)
        j, b = placed(cut(looks[1, n] / lowest_view_rad), views)
        turned = (looks[2, n] + math.pi) % _TWO_PI - math.pi
        k, c = placed(abs(turned) / math.pi, turns)
        low = direct[i, j] * (1.0 - b) + direct[i, j + 1] * b
        high = direct[i + 1, j] * (1.0 - b) + direct[i + 1, j + 1] * b
        out[0, n] = low * (1.0 - a) + high * a
        total = 0.0
        for step in range(2):
            low = haze[i, j, k + step] * (1.0 - b) + haze[i, j + 1, k + step] * b
            high = haze[i + 1, j, k + step] * (1.0 - b) + haze[i + 1, j + 1, k + step] * b
            total += (low * (1.0 - a) + high * a) * (c if step else 1.0 - c)
        out[1, n] = total


@kernel
def covers(cover, land, step_deg, places, out):
    """Fill `out` (2, n): mean cover and share of land.

    `places` (3, n): latitude and longitude [rad], and months from the middle of January.
    Linear in `cover` (12, rows, columns) and `land` (rows, columns), from 90 S and 180 W; longitudes close.
    NaN where a place is.
    """
    _, rows, columns = cover.shape
    for n in range(places.shape[1]):
        y = (places[0, n] * (180.0 / math.pi) + 90.0) / step_deg
        x = (places[1, n] * (180.0 / math.pi) + 180.0) % 360.0 / step_deg
        if not (math.isfinite(y) and math.isfinite(x)):
            out[0, n] = out[1, n] = math.nan
            continue
        i, j, whole = min(max(int(y), 0), rows - 2), int(x), math.floor(places[2, n])
        up, right, later = y - i, x - j, places[2, n] - whole
        first, second = whole % 12, (whole + 1) % 12
        mean = share = 0.0
        for corner in range(4):
            r, c = i + corner // 2, (j + corner % 2) % columns
            weight = (up if corner // 2 else 1.0 - up) * (right if corner % 2 else 1.0 - right)
            mean += weight * (cover[first, r, c] * (1.0 - later) + cover[second, r, c] * later)
            share += weight * land[r, c]
        out[0, n], out[1, n] = mean, share
