"""Numbers read out of tables, compiled: light at a camera and what it makes a look worth; clouds."""

from __future__ import annotations

import math

from offnadir._jit import kernel, part

_HALF_PI, _TWO_PI = math.pi / 2, 2.0 * math.pi
_INCH_M = 0.0254


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


@part
def light(direct, haze, bend, lowest_view_rad, sun_rad, incidence_rad, azimuth_rad):
    """What the tables of `Light` say of a reflectance of 1, and of all other light. NaN gives NaN."""
    suns, views, turns = haze.shape
    i, a = placed(cut(sun_rad / _HALF_PI) ** (1.0 / bend), suns)
    j, b = placed(cut(incidence_rad / lowest_view_rad), views)
    k, c = placed(abs((azimuth_rad + math.pi) % _TWO_PI - math.pi) / math.pi, turns)
    low = direct[i, j] * (1.0 - b) + direct[i, j + 1] * b
    high = direct[i + 1, j] * (1.0 - b) + direct[i + 1, j + 1] * b
    own, total = low * (1.0 - a) + high * a, 0.0
    for step in range(2):
        low = haze[i, j, k + step] * (1.0 - b) + haze[i, j + 1, k + step] * b
        high = haze[i + 1, j, k + step] * (1.0 - b) + haze[i + 1, j + 1, k + step] * b
        total += (low * (1.0 - a) + high * a) * (c if step else 1.0 - c)
    return own, total


@kernel
def radiances(tables, looks, out):
    """Fill `out` (2, n) with `light`; `looks` (3, n) [rad]: Sun's height, incidence, azimuth between both.

    `tables` = (direct, haze, bend, lowest view [rad]) as `light` takes them.
    """
    direct, haze, bend, lowest_view_rad = tables
    for n in range(looks.shape[1]):
        out[0, n], out[1, n] = light(
            direct, haze, bend, lowest_view_rad, looks[0, n], looks[1, n], looks[2, n]
        )


@part
def giqe5(gsd_normal_m, rer, snr, sine):
    """NIIRS of GIQE 5 by the sine of the elevation; NaN unless all numbers are above 0."""
    if not (gsd_normal_m > 0.0 and rer > 0.0 and snr > 0.0 and sine > 0.0):
        return math.nan
    slope = math.log10(rer)
    return (
        9.57
        - 3.32 * math.log10(gsd_normal_m / sine**0.25 / _INCH_M)
        + 3.32 * (1.0 - math.exp(-1.9 / snr)) * slope
        - 2.0 * slope**4
        - 1.8 / snr
    )


@kernel
def ratings(looks, out):
    """Fill `out` (n,) with `giqe5`; `looks` (4, n): sample distance, edge response, SNR, elevation [rad]."""
    for n in range(looks.shape[1]):
        out[n] = giqe5(looks[0, n], looks[1, n], looks[2, n], math.sin(looks[3, n]))


@kernel
def worth(tables, chain, looks, out):
    """Fill `out` (6, n), in the order of `Quality`, whose edge responses it holds already.

    `looks` (4, n): range [m], incidence, Sun's height, azimuth between both [rad]. `chain` = (angle of a
    pixel [rad], gain [electrons/photon radiance], floor [electrons^2], reflectance of the target, and of
    the background).
    """
    direct, haze, bend, lowest_view_rad = tables
    pixel_rad, gain, floor_e2, target, background = chain
    for n in range(looks.shape[1]):
        incidence = abs(looks[1, n])
        along = looks[0, n] * pixel_rad if looks[0, n] > 0.0 else math.nan
        cosine = math.cos(incidence)
        across = along / cosine if cosine > 0.0 else math.nan
        own, rest = light(direct, haze, bend, lowest_view_rad, looks[2, n], incidence, looks[3, n])
        own *= target
        contrast = own * gain * (1.0 - background / target)
        photons = (own + rest) * gain
        snr = contrast / math.sqrt((photons if not photons < 0.0 else 0.0) + floor_e2)
        rer = out[3, n]
        out[0, n], out[1, n], out[2, n] = along, across, math.sqrt(along * across)
        out[4, n], out[5, n] = snr, giqe5(along, rer, snr, cosine)


@kernel
def covers(cover, land, step_deg, swings, places, out):
    """Fill `out` (2, n): mean cover, cut to 0 to 1, and share of land.

    Linear in `cover` (12, rows, columns) and `land` (rows, columns), from 90 S and 180 W; longitudes close.
    `places` (4, n): latitude and longitude [rad], months from the middle of January, hour of local solar
    time. `swings`: over a day, of land and of sea, for a cover of a half; the hour of its peak, and its mean
    by day. NaN where a place is.
    """
    _, rows, columns = cover.shape
    of_land, of_sea, peak_hour, daytime = swings
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
        wave = math.cos((places[3, n] - peak_hour) * (math.pi / 12.0)) - daytime
        # full swing at a cover of a half, none where the sky is always clear or always covered
        mean += 4.0 * mean * (1.0 - mean) * (share * of_land + (1.0 - share) * of_sea) * wave
        out[0, n], out[1, n] = min(max(mean, 0.0), 1.0), share
