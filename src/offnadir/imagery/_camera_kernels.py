"""Rays of a camera in orbit, and which of its pixels sees a place: compiled loops over points.

Arguments are those of `CameraModel._numbers`; derivations: docs/theory/camera-model.md. `pieces` holds the
cubics of a track, shape (n, 4, 7): powers of the time within a piece, then x, y, z [m] and the quaternion's
w, x, y, z.
"""

from __future__ import annotations

import math

import numpy as np

from offnadir._jit import kernel, part
from offnadir.constants import WGS84_A_M, WGS84_B_M, WGS84_E2

_EP2 = WGS84_E2 / (1.0 - WGS84_E2)
_CLOSE_PX = 1e-8


@part
def _state(pieces, first_s, per_s, t):
    """Position and quaternion at a time; beyond the track its last cubics go on."""
    u = (t - first_s) * per_s
    k = min(max(int(u), 0), pieces.shape[0] - 1)
    u -= k
    c = pieces[k]
    x = c[0, 0] + u * (c[1, 0] + u * (c[2, 0] + u * c[3, 0]))
    y = c[0, 1] + u * (c[1, 1] + u * (c[2, 1] + u * c[3, 1]))
    z = c[0, 2] + u * (c[1, 2] + u * (c[2, 2] + u * c[3, 2]))
    qw = c[0, 3] + u * (c[1, 3] + u * (c[2, 3] + u * c[3, 3]))
    qx = c[0, 4] + u * (c[1, 4] + u * (c[2, 4] + u * c[3, 4]))
    qy = c[0, 5] + u * (c[1, 5] + u * (c[2, 5] + u * c[3, 5]))
    qz = c[0, 6] + u * (c[1, 6] + u * (c[2, 6] + u * c[3, 6]))
    size = 1.0 / math.sqrt(qw * qw + qx * qx + qy * qy + qz * qz)
    return x, y, z, qw * size, qx * size, qy * size, qz * size


@part
def _to_itrf(w, x, y, z, a, b, c):
    """A vector in camera axes turned into ITRF."""
    return (
        (1.0 - 2.0 * (y * y + z * z)) * a + 2.0 * (x * y - w * z) * b + 2.0 * (x * z + w * y) * c,
        2.0 * (x * y + w * z) * a + (1.0 - 2.0 * (x * x + z * z)) * b + 2.0 * (y * z - w * x) * c,
        2.0 * (x * z - w * y) * a + 2.0 * (y * z + w * x) * b + (1.0 - 2.0 * (x * x + y * y)) * c,
    )


@part
def _straight(x, y, k1, k2):
    """Where the light of a point of the focal plane comes from, without the distortion of the optics."""
    square = x * x + y * y
    s = 1.0
    for _ in range(4):
        g = square * s * s
        s -= (s * (1.0 + g * (k1 + g * k2)) - 1.0) / (1.0 + g * (3.0 * k1 + g * 5.0 * k2))
    return s * x, s * y


@part
def _ray(pieces, first_s, per_s, optics, line, column):
    """Position [m] and direction (z of the camera is 1) of the line of sight of a pixel, in ITRF."""
    start_s, line_s, x0, x_line, x_column, y0, y_column, k1, k2, _ = optics
    x = x0 + x_line * line + x_column * column
    y = y0 + y_column * column
    if k1 != 0.0 or k2 != 0.0:
        x, y = _straight(x, y, k1, k2)
    rx, ry, rz, w, i, j, k = _state(pieces, first_s, per_s, start_s + line_s * line)
    dx, dy, dz = _to_itrf(w, i, j, k, x, y, 1.0)
    return rx, ry, rz, dx, dy, dz


@part
def _geodetic(x, y, z):
    """Sine and cosine of the latitude, and height [m]: Bowring (1976), to 1e-8 m below 100 km."""
    across = math.sqrt(x * x + y * y)
    sin, cos = z * WGS84_A_M, across * WGS84_B_M
    size = 1.0 / math.sqrt(sin * sin + cos * cos)
    sin, cos = sin * size, cos * size
    north = z + _EP2 * WGS84_B_M * sin * sin * sin
    out = across - WGS84_E2 * WGS84_A_M * cos * cos * cos
    size = 1.0 / math.sqrt(north * north + out * out)
    sin, cos = north * size, out * size
    return sin, cos, across * cos + z * sin - WGS84_A_M * math.sqrt(1.0 - WGS84_E2 * sin * sin)


@kernel
def locate(pieces, first_s, per_s, optics, line, column, alt, lat, lon):
    """Latitude and longitude [rad] of pixels at heights [m], all (n,); NaN past the Earth."""
    for n in range(line.size):
        rx, ry, rz, dx, dy, dz = _ray(pieces, first_s, per_s, optics, line[n], column[n])
        wide, tall = 1.0 / (WGS84_A_M + alt[n]), 1.0 / (WGS84_B_M + alt[n])
        ax, ay, az = dx * wide, dy * wide, dz * tall
        ox, oy, oz = rx * wide, ry * wide, rz * tall
        a = ax * ax + ay * ay + az * az
        b = ox * ax + oy * ay + oz * az
        c = ox * ox + oy * oy + oz * oz - 1.0
        root = b * b - a * c
        lat[n] = lon[n] = np.nan
        if not root > 0.0 or not b < 0.0:
            continue
        depth = c / (-b + math.sqrt(root))
        x, y, z = rx + depth * dx, ry + depth * dy, rz + depth * dz
        sin, cos = 0.0, 1.0
        for _ in range(3):
            # The longer ellipsoid misses the height by up to 13 mm: one step along the ray mends that.
            sin, cos, height = _geodetic(x, y, z)
            miss = alt[n] - height
            if abs(miss) < 1e-8:
                break
            across = math.sqrt(x * x + y * y)
            level = (x * dx + y * dy) / across * cos if across > 0.0 else 0.0
            step = miss / (level + sin * dz)
            x, y, z = x + step * dx, y + step * dy, z + step * dz
        lat[n] = math.atan2(sin, cos)
        lon[n] = math.atan2(y, x)


@kernel
def rays(pieces, first_s, per_s, optics, line, column, out):
    """Positions and unit directions of lines of sight in ITRF: `out` (n, 6)."""
    for n in range(line.size):
        rx, ry, rz, dx, dy, dz = _ray(pieces, first_s, per_s, optics, line[n], column[n])
        size = 1.0 / math.sqrt(dx * dx + dy * dy + dz * dz)
        out[n, 0], out[n, 1], out[n, 2] = rx, ry, rz
        out[n, 3], out[n, 4], out[n, 5] = dx * size, dy * size, dz * size


@kernel
def project(pieces, first_s, per_s, optics, bounds, lat, lon, alt, line, column):
    """Lines and columns that see places, all (n,); NaN behind the horizon and beyond `bounds` of lines."""
    start_s, line_s, x0, x_line, x_column, y0, y_column, k1, k2, row = optics
    least, most, middle = bounds
    for n in range(lat.size):
        line[n] = column[n] = np.nan
        sin, cos = math.sin(lat[n]), math.cos(lat[n])
        sin_lon, cos_lon = math.sin(lon[n]), math.cos(lon[n])
        prime = WGS84_A_M / math.sqrt(1.0 - WGS84_E2 * sin * sin)
        gx, gy = (prime + alt[n]) * cos * cos_lon, (prime + alt[n]) * cos * sin_lon
        gz = (prime * (1.0 - WGS84_E2) + alt[n]) * sin
        at, before, miss_before, col = middle, middle, 0.0, 0.0
        for turn in range(16):
            rx, ry, rz, w, i, j, k = _state(pieces, first_s, per_s, start_s + line_s * at)
            sx, sy, sz = gx - rx, gy - ry, gz - rz
            if (sx * cos_lon + sy * sin_lon) * cos + sz * sin >= 0.0:
                break
            x, y, z = _to_itrf(w, -i, -j, -k, sx, sy, sz)
            if z <= 0.0:
                break
            x, y = x / z, y / z
            if k1 != 0.0 or k2 != 0.0:
                square = x * x + y * y
                grown = 1.0 + square * (k1 + square * k2)
                x, y = grown * x, grown * y
            col = (y - y0) / y_column
            miss = (x - x0 - x_column * col - x_line * at) / row
            step = miss
            if turn > 0 and miss != miss_before:
                slope = (miss - miss_before) / (at - before)
                if -4.0 < slope < -0.25:
                    step = -miss / slope
            if abs(step) < _CLOSE_PX:
                line[n], column[n] = at + step, col
                break
            if miss != miss:
                break
            before, miss_before = at, miss
            at = min(max(at + step, least), most)
            if at == before:
                break
