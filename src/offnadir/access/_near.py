"""Which objects of a catalogue may stand above a place's horizon at about a time, quickly and widely."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from offnadir.constants import GM_EARTH_M3_S2, WGS84_A_M
from offnadir.earth import EarthOrientation, Site, rot_itrf_teme
from offnadir.epoch import Epoch
from offnadir.orbits import ElementSet

Array = NDArray[np.float64]

_J2 = 1.08262998905e-3
# What two-body motion with secular J2 misses: periodic terms (0.5 deg of arc covers them), and drag.
_PERIODIC_RAD = 0.012
_KEPLER_STEPS = 12
_DAY_S = 86400.0


def columns(elements: Sequence[ElementSet]) -> Array:
    """(epoch TAI [s], n [rad/s], e, i, node, argument of perigee, mean anomaly, n-dot/2) by row, (8, n)."""
    return np.array(
        [
            (
                one.epoch.tai_ns * 1e-9,
                one.mean_motion_rad_s,
                one.eccentricity,
                one.inclination_rad,
                one.raan_rad,
                one.arg_perigee_rad,
                one.mean_anomaly_rad,
                one.half_ndot_rad_s2,
            )
            for one in elements
        ]
    ).T.reshape(8, -1)


def positions_teme_m(rows: Array, time_s: float) -> tuple[Array, Array]:
    """(position [m] (n, 3), how far off it may be along the track [rad] (n,)) at a TAI instant [s]."""
    epoch_s, n, e, i, node, argp, anomaly, half_ndot = rows
    since = time_s - epoch_s
    a = np.cbrt(GM_EARTH_M3_S2 / (n * n))
    p = a * (1.0 - e * e)
    turn = 1.5 * _J2 * (WGS84_A_M / p) ** 2 * n
    node = node - turn * np.cos(i) * since
    argp = argp + turn * (2.0 - 2.5 * np.sin(i) ** 2) * since
    mean = anomaly + n * since + half_ndot * since * since
    # The published mean motion is Kozai's: it has the secular J2 of the mean anomaly in it.
    eccentric = mean + e * np.sin(mean)
    for _ in range(_KEPLER_STEPS):
        eccentric -= (eccentric - e * np.sin(eccentric) - mean) / (1.0 - e * np.cos(eccentric))
    x = a * (np.cos(eccentric) - e)
    y = a * np.sqrt(1.0 - e * e) * np.sin(eccentric)
    cos_w, sin_w, cos_o, sin_o = np.cos(argp), np.sin(argp), np.cos(node), np.sin(node)
    cos_i, sin_i = np.cos(i), np.sin(i)
    u, w = x * cos_w - y * sin_w, x * sin_w + y * cos_w
    r = np.stack([u * cos_o - w * cos_i * sin_o, u * sin_o + w * cos_i * cos_o, w * sin_i], axis=1)
    # Drag: n-dot as published may be wrong by its own size; and half a degree a day for anything else.
    days = np.abs(since) / _DAY_S
    doubt = _PERIODIC_RAD + np.abs(half_ndot) * since * since + 0.004 * days
    return r, doubt / np.maximum(1.0 - e, 0.05)


def objects_in_sight(
    elements: Sequence[ElementSet],
    site: Site,
    time: Epoch,
    reach_s: Array,
    orientation: EarthOrientation,
    rows: Array | None = None,
) -> NDArray[np.int64]:
    """Numbers of the objects that may be above the horizon within `reach_s` of the time, wide of the truth.

    `rows` are `columns(elements)` where the caller has them already.
    """
    if not len(elements):
        return np.empty(0, np.int64)
    rows = columns(elements) if rows is None else rows
    r, doubt_rad = positions_teme_m(rows, time.tai_ns * 1e-9)
    rotation = rot_itrf_teme(np.array([time.tai_ns]), orientation)[0]
    place = site.r_itrf_m @ rotation  # into TEME
    radius = np.linalg.norm(r, axis=1)
    angle = np.arccos(np.clip(r @ place / (radius * np.linalg.norm(place)), -1, 1))
    n, e = rows[1], rows[2]
    a = np.cbrt(GM_EARTH_M3_S2 / (n * n))
    rate = n * np.sqrt((1 + e) / np.maximum(1 - e, 0.02) ** 3) + 7.3e-5
    apogee = a * (1 + e)
    highest = np.minimum(apogee, radius + n * a * (1 + e) * reach_s + 100e3)
    horizon = np.arccos(np.clip(6.33e6 / highest, -1, 1)) + 0.01
    far = angle > horizon + doubt_rad + rate * reach_s
    return np.flatnonzero(~far)
