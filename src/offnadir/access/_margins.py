"""What each constraint says of an instant, compiled: a signed margin and a wait.

The *margin* is positive where the constraint is met. The *wait* is a time in which the sign of that
margin cannot change, because its rate is bounded. While any constraint fails, the longest wait of those
that fail is safe to skip; while all are met, the shortest wait is.
"""

from __future__ import annotations

import math

from offnadir._jit import kernel
from offnadir.constants import EARTH_RATE_RAD_S as _EARTH_RATE
from offnadir.constants import WGS84_A_M as _A
from offnadir.constants import WGS84_B_M as _B
from offnadir.constants import WGS84_E2 as _E2
from offnadir.geometry._shadow import SAFE, margin_rate_rad_s, sunlit_margin_rad
from offnadir.orbits._segments import motion, position

_HALF_PI, _TWO_PI = math.pi / 2, 2 * math.pi
SUN_RATE_RAD_S = 7.3e-5  # sidereal rotation and the Sun's own motion, rounded up
_EP2 = (_A / _B) ** 2 - 1.0

# Bundles of arguments that travel together:
#   orbit  = (track for `position`, greatest speed [m/s], greatest rate of nadir [rad/s])
#   sun    = track of the Sun
#   wishes = (kinds, values, mask azimuths, mask elevations, mask top [rad], mask slope factor,
#             azimuth sectors (n, 2): start [rad] and width [rad], apart from each other)
# `work` is scratch, shape (3, 3): satellite, line of sight, direction of the Sun. Times [s] run from
# the start of the span; `enu` has the rows east, north, up.

# Kinds of constraint; `_encode.py` names them.
ELEVATION, OFF_NADIR, SUN, RANGE, MASK = 0, 1, 2, 3, 4
LEAST_OFF_NADIR, TOP_ELEVATION, LEAST_RANGE, SUN_BELOW, GLINT, SUNLIT = 5, 6, 7, 8, 9, 10
ROLL_FROM, ROLL_TO, PITCH_FROM, PITCH_TO, AZIMUTH = 11, 12, 13, 14, 15


@kernel
def vertical(sat):
    """Geodetic up at the satellite, three components, by Bowring's formula, twice, without trigonometry."""
    x, y, z = sat[0], sat[1], sat[2]
    p = (
        math.sqrt(x * x + y * y) + 1e-9
    )  # no branch for the poles: loops over it use the vector unit
    tan_beta = _B * z / (_A * p) * (1.0 + _EP2 * _B / math.sqrt(x * x + y * y + z * z))
    tan_lat = tan_beta
    for _ in range(2):
        cos2 = 1.0 / (1.0 + tan_beta * tan_beta)
        cos_beta = math.sqrt(cos2)
        sin3 = tan_beta * cos_beta * (1.0 - cos2)
        tan_lat = (z + _EP2 * _B * sin3) / (p - _E2 * _A * cos_beta * cos2)
        tan_beta = _B / _A * tan_lat
    cos_lat = 1.0 / math.sqrt(1.0 + tan_lat * tan_lat)
    return x / p * cos_lat, y / p * cos_lat, tan_lat * cos_lat


@kernel
def plumb(x, y, z, vx, vy, vz):
    """Z [m] of the geodetic vertical (x, y, .) through a satellite, to 1e-8 of it, and its rate, to 1 m/s.

    The vertical meets the Earth's axis e^2 N sin(latitude) below the centre. For those who need its rate;
    `vertical` is exact.
    """
    p2 = x * x + y * y
    per_r = 1.0 / math.sqrt(p2 + z * z)
    sine = z * per_r
    lean = _E2 * _A * per_r
    # A series in e^2, good to 3e-7; then once through the equation itself.
    mz = z * (1.0 + lean * (1.0 + _E2 * (_A * per_r * (1.0 - sine * sine) + 0.5 * sine * sine)))
    mz = z + _E2 * _A * mz / math.sqrt(p2 + (1.0 - _E2) * mz * mz)
    climb = (x * vx + y * vy + z * vz) * per_r * per_r
    return mz, vz + lean * (vz - z * climb)


@kernel
def nadir_cosine(sat, los):
    """Cosine of the angle at the satellite between geodetic nadir and the unit line of sight."""
    nx, ny, nz = vertical(sat)
    return -(nx * los[0] + ny * los[1] + nz * los[2])


@kernel
def off_nadir(sat, los):
    """Angle [rad] at the satellite between geodetic nadir and the unit line of sight to the site."""
    nx, ny, nz = vertical(sat)
    cx = ny * los[2] - nz * los[1]
    cy = nz * los[0] - nx * los[2]
    cz = nx * los[1] - ny * los[0]
    down = -(nx * los[0] + ny * los[1] + nz * los[2])
    return math.atan2(math.sqrt(cx * cx + cy * cy + cz * cz), down)


@kernel
def mask_at(azimuth, mask_az, mask_el):
    """Skyline elevation [rad] at an azimuth [rad], straight between the points and over north."""
    n = mask_az.shape[0]
    for i in range(n):
        if azimuth < mask_az[i]:
            left = mask_az[i - 1] if i > 0 else mask_az[n - 1] - 2 * math.pi
            part = (azimuth - left) / (mask_az[i] - left)
            before = mask_el[i - 1] if i > 0 else mask_el[n - 1]
            return before + part * (mask_el[i] - before)
    right = mask_az[0] + 2 * math.pi
    part = (azimuth - mask_az[n - 1]) / (right - mask_az[n - 1])
    return mask_el[n - 1] + part * (mask_el[0] - mask_el[n - 1])


@kernel
def sun_elevation(t_s, sun, site, up, work):
    """Topocentric elevation [rad] of the Sun's centre, no refraction; leaves its direction in `work`."""
    direction = work[2]
    position(t_s, sun, direction)
    for c in range(3):
        direction[c] -= site[c]
    distance = math.sqrt(direction[0] ** 2 + direction[1] ** 2 + direction[2] ** 2)
    for c in range(3):
        direction[c] /= distance
    sin_el = direction[0] * up[0] + direction[1] * up[1] + direction[2] * up[2]
    return math.asin(min(1.0, max(-1.0, sin_el)))


@kernel
def sight(t_s, orbit, site, work):
    """Distance [m]; leaves the satellite's position and the unit line of sight to the site in `work`."""
    sat, los = work[0], work[1]
    position(t_s, orbit[0], sat)
    for c in range(3):
        los[c] = site[c] - sat[c]
    distance = math.sqrt(los[0] * los[0] + los[1] * los[1] + los[2] * los[2])
    for c in range(3):
        los[c] /= distance
    return distance


@kernel
def along(axis, los):
    """Component along a local axis of the direction from the site to the satellite."""
    return -(los[0] * axis[0] + los[1] * axis[1] + los[2] * axis[2])


@kernel
def turn_s(margin, distance, v_max):
    """Time [s] in which a sight line to something this far and fast cannot turn by the margin."""
    return distance * math.sin(min(abs(margin), _HALF_PI)) / v_max


@kernel
def both_turn_s(margin, distance, v_max, n_max):
    """Time [s] in which sight line and a frame that turns at n_max cannot make up the margin between them.

    w solves asin(v w / d) + n w <= margin.
    """
    size = abs(margin)
    bend = _HALF_PI if size >= _HALF_PI else (size / math.sin(size) if size > 1e-9 else 1.0)
    return size / (bend * v_max / distance + n_max)


@kernel
def sector_margin(azimuth, elevation, sectors):
    """Angle [rad] on the sky from the nearest edge of the sectors, positive inside one."""
    nearest, inside = _HALF_PI, False
    for i in range(sectors.shape[0]):
        since = (azimuth - sectors[i, 0]) % _TWO_PI
        inside = inside or since <= sectors[i, 1]
        for edge in (since, since - sectors[i, 1]):
            cosine = math.cos(edge)
            # From the half plane of the edge, or from the zenith in which it ends.
            away = abs(math.sin(edge)) if cosine > 0.0 else 1.0
            nearest = min(nearest, math.asin(min(1.0, math.cos(elevation) * away)))
    return nearest if inside else -nearest


@kernel
def in_orbit_frame(t_s, orbit, work):
    """Sight line in the orbit frame: ahead, right, down (geometry.orbit_frame has the same, slowly)."""
    x, y, _, vx, vy, vz = motion(t_s, orbit[0])
    nx, ny, nz = vertical(work[0])
    vx, vy = vx - _EARTH_RATE * y, vy + _EARTH_RATE * x
    climb = vx * nx + vy * ny + vz * nz
    ax, ay, az = vx - climb * nx, vy - climb * ny, vz - climb * nz
    size = math.sqrt(ax * ax + ay * ay + az * az)
    ax, ay, az = ax / size, ay / size, az / size
    los = work[1]
    ahead = los[0] * ax + los[1] * ay + los[2] * az
    # Right is down x ahead, and down is -n.
    rx, ry, rz = ay * nz - az * ny, az * nx - ax * nz, ax * ny - ay * nx
    right = los[0] * rx + los[1] * ry + los[2] * rz
    return ahead, right, -(los[0] * nx + los[1] * ny + los[2] * nz)


@kernel
def rarer(kind, value, t_s, distance, elevation, orbit, site, up, sun, work):
    """(margin, wait) of the constraints that few searches have."""
    v_max, n_max = orbit[1], orbit[2]
    sat, los, ray = work[0], work[1], work[2]
    if kind == LEAST_OFF_NADIR:
        margin = off_nadir(sat, los) - value
        return margin, both_turn_s(margin, distance, v_max, n_max)
    if kind == TOP_ELEVATION:
        margin = value - elevation
        return margin, turn_s(margin, distance, v_max)
    if kind == LEAST_RANGE:
        return 1e-6 * (distance - value), abs(distance - value) / v_max
    if kind == SUN_BELOW:
        margin = value - sun_elevation(t_s, sun, site, up, work)
        return margin, abs(margin) / SUN_RATE_RAD_S
    if kind == GLINT:
        # The mirror image of the Sun in level water, against the direction to the satellite.
        sine = math.sin(sun_elevation(t_s, sun, site, up, work))
        mx, my, mz = (
            2.0 * sine * up[0] - ray[0],
            2.0 * sine * up[1] - ray[1],
            2.0 * sine * up[2] - ray[2],
        )
        cosine = -(mx * los[0] + my * los[1] + mz * los[2])
        margin = math.acos(min(1.0, max(-1.0, cosine))) - value
        return margin, both_turn_s(margin, distance, v_max, SUN_RATE_RAD_S)
    if kind == SUNLIT:
        position(t_s, sun, ray)
        margin = sunlit_margin_rad(sat, ray)
        least_radius = v_max / (n_max * (1.0 - _E2))
        return margin, SAFE * abs(margin) / margin_rate_rad_s(v_max, least_radius)
    ahead, right, down = in_orbit_frame(t_s, orbit, work)
    if kind in (ROLL_FROM, ROLL_TO):
        # From the plane through the direction of flight that has this roll.
        sine = right * math.cos(value) - down * math.sin(value)
        margin = math.asin(min(1.0, max(-1.0, sine)))
    else:
        margin = math.asin(min(1.0, max(-1.0, ahead))) - value
    if kind in (ROLL_TO, PITCH_TO):
        margin = -margin
    # The frame turns with nadir about the orbit's normal; inertial speed and yaw add little.
    return margin, both_turn_s(margin, distance, v_max, 1.05 * n_max + 3.0 * _EARTH_RATE)


@kernel
def state(t_s, orbit, site, enu, wishes, values, sun, work):
    """(least margin of all, seconds in which its sign cannot change); no position counts as not met.

    The margin is positive where all constraints hold; its parts are angles [rad], or metres / 1e6.
    """
    kinds, _, mask_az, mask_el, mask_top, mask_slope, sectors = wishes
    v_max, n_max = orbit[1], orbit[2]
    distance = sight(t_s, orbit, site, work)
    if not math.isfinite(distance):
        return -1.0, 1.0
    sat, los = work[0], work[1]
    elevation = math.asin(min(1.0, max(-1.0, along(enu[2], los))))
    skip_bad, skip_good, worst = -1.0, math.inf, math.inf
    for i in range(kinds.shape[0]):
        kind = kinds[i]
        if kind == ELEVATION:
            margin = elevation - values[i]
            wait = turn_s(margin, distance, v_max)
        elif kind == OFF_NADIR:
            margin = values[i] - off_nadir(sat, los)
            wait = both_turn_s(margin, distance, v_max, n_max)
        elif kind == SUN:
            margin = sun_elevation(t_s, sun, site, enu[2], work) - values[i]
            wait = abs(margin) / SUN_RATE_RAD_S
        elif kind == RANGE:
            margin = values[i] - distance
            wait = abs(margin) / v_max
            margin *= 1e-6
        elif kind == AZIMUTH:
            azimuth = math.atan2(along(enu[0], los), along(enu[1], los))
            margin = sector_margin(azimuth, elevation, sectors)
            wait = turn_s(margin, distance, v_max)
        elif kind != MASK:
            margin, wait = rarer(
                kind, values[i], t_s, distance, elevation, orbit, site, enu[2], sun, work
            )
        elif elevation > mask_top:
            margin = elevation - mask_top
            wait = turn_s(margin, distance, v_max)
        else:
            azimuth = math.atan2(along(enu[0], los), along(enu[1], los)) % (2 * math.pi)
            margin = elevation - mask_at(azimuth, mask_az, mask_el)
            wait = turn_s(abs(margin) / mask_slope, distance, v_max)
        worst = min(worst, margin)
        if margin < 0.0:
            skip_bad = max(skip_bad, wait)
        else:
            skip_good = min(skip_good, wait)
    if skip_bad >= 0.0:
        return worst, skip_bad
    return worst, skip_good
