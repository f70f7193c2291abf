"""Rational polynomials, point by point: ground to image, and back by Newton's method.

`scales` is (line, column, latitude [rad], longitude [rad], height [m]) offsets and then scales, ten numbers;
`coefficients` is (4, 20): numerator and denominator of the line, then of the column, in the order of RPC00B
(STDI-0002, appendix E): 1 L P H LP LH PH LL PP HH PLH LLL LPP LHH LLP PPP PHH LLH PPH HHH with longitude L,
latitude P, height H, each less its offset and over its scale.
"""

from __future__ import annotations

import math

import numpy as np

from offnadir._jit import kernel, part

#: How far beyond the scales a place may lie, in scales: farther off, cubics mean nothing.
REACH = 4.0
_STEPS = 25
_TWO_PI = 2.0 * math.pi


@part
def _cubic(c, i, lon, lat, h):
    """Polynomial `i` and its slopes along longitude and latitude."""
    value = (
        c[i, 0] + h * (c[i, 3] + h * (c[i, 9] + h * c[i, 19]))
        + lon * (c[i, 1] + h * (c[i, 5] + h * c[i, 13]) + lon * (c[i, 7] + h * c[i, 17] + lon * c[i, 11]))
        + lat * (c[i, 2] + h * (c[i, 6] + h * c[i, 16]) + lat * (c[i, 8] + h * c[i, 18] + lat * c[i, 15]))
        + lon * lat * (c[i, 4] + h * c[i, 10] + lon * c[i, 14] + lat * c[i, 12])
    )  # fmt: skip
    by_lon = (
        c[i, 1] + h * (c[i, 5] + h * c[i, 13]) + lon * (2.0 * (c[i, 7] + h * c[i, 17]) + 3.0 * lon * c[i, 11])
        + lat * (c[i, 4] + h * c[i, 10] + 2.0 * lon * c[i, 14] + lat * c[i, 12])
    )  # fmt: skip
    by_lat = (
        c[i, 2] + h * (c[i, 6] + h * c[i, 16]) + lat * (2.0 * (c[i, 8] + h * c[i, 18]) + 3.0 * lat * c[i, 15])
        + lon * (c[i, 4] + h * c[i, 10] + lon * c[i, 14] + 2.0 * lat * c[i, 12])
    )  # fmt: skip
    return value, by_lon, by_lat


@part
def _ratio(c, i, lon, lat, h):
    """Numerator `i` over the denominator that follows it, with slopes; NaN where that is not above 0."""
    num, num_lon, num_lat = _cubic(c, i, lon, lat, h)
    den, den_lon, den_lat = _cubic(c, i + 1, lon, lat, h)
    if not den > 0.0:
        return np.nan, np.nan, np.nan
    value = num / den
    return value, (num_lon - value * den_lon) / den, (num_lat - value * den_lat) / den


@kernel
def project(lat_rad, lon_rad, alt_m, scales, coefficients, line, column):
    """Fill line and column of places; NaN out of reach."""
    for k in range(lat_rad.size):
        turned = lon_rad[k] - scales[3]
        if math.isfinite(turned):
            turned -= _TWO_PI * math.floor(turned / _TWO_PI + 0.5)
        lon = turned / scales[8]
        lat = (lat_rad[k] - scales[2]) / scales[7]
        h = (alt_m[k] - scales[4]) / scales[9]
        line[k] = column[k] = np.nan
        if abs(lat) <= REACH and abs(lon) <= REACH:
            up, _, _ = _ratio(coefficients, 0, lon, lat, h)
            across, _, _ = _ratio(coefficients, 2, lon, lat, h)
            line[k] = up * scales[5] + scales[0]
            column[k] = across * scales[6] + scales[1]


@kernel
def locate(line, column, alt_m, scales, coefficients, lat_rad, lon_rad):
    """Fill latitude and longitude of pixels at heights; NaN where Newton's method finds none in reach."""
    for k in range(line.size):
        want_up = (line[k] - scales[0]) / scales[5]
        want_across = (column[k] - scales[1]) / scales[6]
        h = (alt_m[k] - scales[4]) / scales[9]
        lat_rad[k] = lon_rad[k] = np.nan
        lon = lat = 0.0
        for _ in range(_STEPS):
            up, up_lon, up_lat = _ratio(coefficients, 0, lon, lat, h)
            across, across_lon, across_lat = _ratio(coefficients, 2, lon, lat, h)
            miss_up, miss_across = want_up - up, want_across - across
            det = up_lon * across_lat - up_lat * across_lon
            step_lon = (miss_up * across_lat - miss_across * up_lat) / det
            step_lat = (miss_across * up_lon - miss_up * across_lon) / det
            size = max(abs(step_lon), abs(step_lat))
            if not size < 1e6:
                break
            short = min(1.0, 1.0 / size) if size > 1.0 else 1.0
            lon += short * step_lon
            lat += short * step_lat
            if size < 1e-12:
                if abs(lon) <= REACH and abs(lat) <= REACH:
                    lat_rad[k] = lat * scales[7] + scales[2]
                    turned = lon * scales[8] + scales[3]
                    lon_rad[k] = turned - _TWO_PI * math.floor(turned / _TWO_PI + 0.5)
                break
