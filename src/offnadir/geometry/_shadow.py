"""How far the Sun stands clear of the Earth's limb, seen from a satellite; docs/theory/illumination.md.

The Earth is the WGS-84 ellipsoid and the Sun a sphere; there is no atmosphere. The limb is looked at
where the plane of satellite, Sun and Earth's centre cuts it. The Sun's elevation over the horizon there is
its angle to the limb, to 1e-9 rad within a solar radius of it (from the ground to beyond geostationary
orbits; near the umbra's tip, a million km out, the limb's flattening counts and the shadow is up to 21 km
too wide).

All kernels take the satellite and the Sun's centre as arrays of three, ITRF or any other frame with z along
the Earth's axis [m]; NaN gives NaN. A satellite below the ellipsoid is taken as on it.
"""

from __future__ import annotations

import math

import numpy as np

from offnadir._jit import kernel
from offnadir.constants import WGS84_A_M as _A
from offnadir.constants import WGS84_B_M as _B

_SUN_M = 6.957e8  # nominal solar radius; IAU 2015 resolution B3
_SUN_RATE_RAD_S = 7.35e-5  # the Sun among the Earth-fixed axes, with its parallax; rounded up
_LOWEST_M = 10e3  # height below which the bound on the rate no longer grows
#: Part of margin / rate that is safe to wait: the margin is not quite the distance to the limb.
SAFE = 0.95


@kernel
def sun_radius(distance):
    """Angular radius [rad] of the Sun at a distance [m], to 1e-12: arc sine by two terms."""
    sine = _SUN_M / distance
    return sine + sine * sine * sine / 6.0


@kernel
def limb(side, sat, sun):
    """(angle [rad] from a point of the Earth's limb up to the Sun's centre, distance of the Sun [m]).

    Side 1.0 is the limb's point nearest to the Sun, where the angle is negative if the Sun's centre is
    covered; side -1.0 is the farthest, where only the size means something.
    """
    dx, dy, dz = sun[0] - sat[0], sun[1] - sat[1], sun[2] - sat[2]
    px, py, pz = sat[0] / _A, sat[1] / _A, sat[2] / _B
    qx, qy, qz = dx / _A, dy / _A, dz / _B
    p2 = px * px + py * py + pz * pz
    part = (px * qx + py * qy + pz * qz) / p2
    wx, wy, wz = qx - part * px, qy - part * py, qz - part * pz
    w2 = wx * wx + wy * wy + wz * wz
    if w2 < 1e-24 * part * part * p2:
        # The Sun in the zenith or under foot: every point of the limb is as near. Any will do.
        wx, wy, wz = (-py, px, 0.0) if pz * pz < 0.9 * p2 else (0.0, -pz, py)
        w2 = wx * wx + wy * wy + wz * wz
    per_w = side / math.sqrt(w2)
    wx, wy, wz = wx * per_w, wy * per_w, wz * per_w
    # The tangent from the satellite touches the unit sphere at p / p2 + w h.
    per_p2 = min(1.0 / p2, 1.0)
    h = math.sqrt(1.0 - per_p2)
    nx, ny, nz = (
        (px * per_p2 + wx * h) / _A,
        (py * per_p2 + wy * h) / _A,
        (pz * per_p2 + wz * h) / _B,
    )
    tx, ty, tz = (wx - px * h) * _A, (wy - py * h) * _A, (wz - pz * h) * _B
    up = (dx * nx + dy * ny + dz * nz) / math.sqrt(nx * nx + ny * ny + nz * nz)
    ahead = (dx * tx + dy * ty + dz * tz) / math.sqrt(tx * tx + ty * ty + tz * tz)
    return math.atan2(up, ahead), math.sqrt(dx * dx + dy * dy + dz * dz)


@kernel
def sunlit_margin_rad(sat, sun):
    """Angle [rad] by which the Sun's disc clears the Earth's limb: above 0 in full sunlight.

    From 0 down to minus the Sun's diameter (9.3 mrad) the Earth covers part of it, below that all of it
    (beyond 1.4 million km, where the Earth is the smaller disc, never all). Its rate is at most
    `margin_rate_rad_s`; it is safe to skip SAFE * |margin| / rate. For a low orbit one radian is 300 s.
    """
    angle, distance = limb(1.0, sat, sun)
    return angle - sun_radius(distance)


@kernel
def umbra_margin_rad(sat, sun):
    """Angle [rad] by which the Sun's disc looks out behind the Earth's: below 0 in the umbra."""
    angle, distance = limb(1.0, sat, sun)
    return angle + sun_radius(distance)


@kernel
def annular_margin_rad(sat, sun):
    """Angle [rad] by which the Earth's disc sticks out of the Sun's: below 0 where a ring is seen."""
    angle, distance = limb(-1.0, sat, sun)
    return abs(angle) - sun_radius(distance)


@kernel
def margin_rate_rad_s(speed, radius):
    """Greatest rate [rad/s] of the margins at up to a speed [m/s] in ITRF, from a geocentric radius [m] up.

    v / D + 7.35e-5, with D the least distance of the limb: a satellite that moves by x turns the plane that
    touches the Earth at the limb by at most x / D, and the Sun turns with the sky. 3e-3 rad/s at 500 km.
    """
    radius = max(radius, _A + _LOWEST_M)
    return speed / (_B / _A * math.sqrt(radius * radius - _A * _A)) + _SUN_RATE_RAD_S


@kernel
def _margins(sat, sun, out):
    for i in range(sat.shape[0]):
        out[i] = sunlit_margin_rad(sat[i], sun[i])


def shadow_margin_rad(r_sat_m, r_sun_m):
    """`sunlit_margin_rad` of many instants: shapes (..., 3), which broadcast, to (...)."""
    sat, sun = np.broadcast_arrays(np.asarray(r_sat_m, np.float64), np.asarray(r_sun_m, np.float64))
    out = np.empty(sat.shape[:-1])
    _margins(
        np.ascontiguousarray(sat).reshape(-1, 3),
        np.ascontiguousarray(sun).reshape(-1, 3),
        out.reshape(-1),
    )
    return out
