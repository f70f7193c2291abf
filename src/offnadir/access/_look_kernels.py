"""How satellites and the Sun stand over one place at instants, compiled."""

from __future__ import annotations

import math

from offnadir._jit import kernel
from offnadir.access._cells import track_of
from offnadir.access._margins import off_nadir
from offnadir.orbits._segments import motion

_NS = 1e9
_TWO_PI = 2.0 * math.pi
_STENCIL = (
    8  # nodes of the Sun's table that an interpolation goes through, as in `earth._interpolate`
)


@kernel
def sun_at(at, nodes):
    """Position [m] at `at` (in steps from the first node), as three numbers; NaN beyond the nodes."""
    x = y = z = 0.0
    if not 0.0 <= at <= nodes.shape[0] - 1.0:
        return math.nan, math.nan, math.nan
    first = min(max(int(at) - (_STENCIL // 2 - 1), 0), nodes.shape[0] - _STENCIL)
    offset = at - first
    for j in range(_STENCIL):
        weight = 1.0
        for k in range(_STENCIL):
            if k != j:
                weight *= (offset - k) / (j - k)
        x += weight * nodes[first + j, 0]
        y += weight * nodes[first + j, 1]
        z += weight * nodes[first + j, 2]
    return x, y, z


@kernel
def heights(x, y, z, enu):
    """(elevation, azimuth clockwise from north in [0, 2 pi)) [rad] of a direction from the place."""
    east = x * enu[0, 0] + y * enu[0, 1] + z * enu[0, 2]
    north = x * enu[1, 0] + y * enu[1, 1] + z * enu[1, 2]
    up = x * enu[2, 0] + y * enu[2, 1] + z * enu[2, 2]
    azimuth = math.atan2(east, north) % _TWO_PI
    return math.atan2(up, math.sqrt(east * east + north * north)), azimuth


@kernel
def looks(who, tai_ns, zero_ns, flock, site, enu, sun, out):
    """Fill `out` (6, n): off-nadir, elevation, azimuth [rad], range [m], Sun's elevation and azimuth [rad].

    `who` (n,) counts the satellites of `flock` (as in `_cells`, times from `zero_ns`); `site` (3,) [m];
    `enu` (3, 3); `sun` = (nodes (m, 3) [m], TAI ns of the first, step [s]). NaN where nothing is known.
    """
    nodes, sun_ns, step_s = sun
    for i in range(who.shape[0]):
        track = track_of(flock, who[i])
        t_s = (tai_ns[i] - zero_ns) / _NS
        sat = (math.nan, math.nan, math.nan)
        if 0.0 <= t_s - track[1] <= track[0].shape[0] * track[2]:
            x, y, z, _, _, _ = motion(t_s, track)
            sat = (x, y, z)
        dx, dy, dz = sat[0] - site[0], sat[1] - site[1], sat[2] - site[2]
        distance = math.sqrt(dx * dx + dy * dy + dz * dz)
        out[0, i] = off_nadir(sat, (-dx / distance, -dy / distance, -dz / distance))
        out[1, i], out[2, i] = heights(dx, dy, dz, enu)
        out[3, i] = distance
        x, y, z = sun_at((tai_ns[i] - sun_ns) / (_NS * step_s), nodes)
        out[4, i], out[5, i] = heights(x - site[0], y - site[1], z - site[2], enu)
