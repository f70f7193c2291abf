"""How far apart the first and the last line of sight of a look stand, compiled."""

from __future__ import annotations

import math

import numpy as np

from offnadir._jit import kernel
from offnadir.access._cells import track_of
from offnadir.orbits._segments import motion


@kernel
def apart(count, stretches, flock, sites, out):
    """Fill `out` [rad] with the angle at the site between where the satellite is at start and at stop.

    `stretches` = (times [s] (3, n), site (n,), satellite (n,)), as the search leaves them.
    """
    spans, numbers, whose = stretches
    track, last = track_of(flock, 0), 0
    for i in range(count):
        s, of = numbers[i], whose[i]
        if of != last:
            track, last = track_of(flock, of), of
        x, y, z, _, _, _ = motion(spans[0, i], track)
        ax, ay, az = x - sites[s, 0], y - sites[s, 1], z - sites[s, 2]
        x, y, z, _, _, _ = motion(spans[1, i], track)
        bx, by, bz = x - sites[s, 0], y - sites[s, 1], z - sites[s, 2]
        cx, cy, cz = ay * bz - az * by, az * bx - ax * bz, ax * by - ay * bx
        cross = math.sqrt(cx * cx + cy * cy + cz * cz)
        out[i] = np.arctan2(cross, ax * bx + ay * by + az * bz)
