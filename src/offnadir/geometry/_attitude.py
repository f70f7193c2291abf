"""How a camera is turned: roll, pitch, yaw and their rates, and pointing at a place.

Camera axes: x ahead along the scan, y right along the line of detectors, z the boresight. Vectors within
this room's array code have shape (3, n): xyz first, so that each component is one run of memory.
Derivations: docs/theory/pixel.md.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from offnadir.constants import EARTH_RATE_RAD_S, GM_EARTH_M3_S2, WGS84_A_M, WGS84_B_M, WGS84_E2
from offnadir.errors import UnitRangeError

Array = NDArray[np.float64]
_BLOCK = 8192  # rows at a time: what is in work stays in the cache


@dataclass(frozen=True, slots=True, kw_only=True)
class Attitude:
    """Roll, pitch, yaw [rad] of a camera against the orbit frame, and how fast they change [rad/s].

    From axes along the orbit frame (x ahead, y right, z to geodetic nadir) the camera is rolled about x
    to the right, then pitched about its y to ahead, then yawed about its boresight, clockwise as the
    ground is seen on a map. So roll and pitch of the boresight are those of `Look`; roll is the
    negative of a right-handed turn, the other two are right-handed. Numbers or arrays of shapes that
    broadcast; NaN gives NaN. UnitRangeError for an angle beyond +-pi.

    >>> from offnadir.units import deg
    >>> Attitude(roll_rad=20 * deg).pitch_rad
    0.0
    """

    roll_rad: Array | float = 0.0
    pitch_rad: Array | float = 0.0
    yaw_rad: Array | float = 0.0
    roll_rate_rad_s: Array | float = 0.0
    pitch_rate_rad_s: Array | float = 0.0
    yaw_rate_rad_s: Array | float = 0.0

    def __post_init__(self) -> None:
        for field in ("roll_rad", "pitch_rad", "yaw_rad"):
            value = np.asarray(getattr(self, field), np.float64)
            if np.any(np.abs(value) > np.pi + 1e-12):
                worst = float(np.nanmax(np.abs(value)))
                raise UnitRangeError(field, worst, "within +-pi", hint="did you forget `* deg`?")

    @property
    def parts(self) -> tuple[Array, ...]:
        """The six fields in their order, as arrays."""
        fields = (self.roll_rad, self.pitch_rad, self.yaw_rad)
        rates = (self.roll_rate_rad_s, self.pitch_rate_rad_s, self.yaw_rate_rad_s)
        return tuple(np.asarray(part, np.float64) for part in fields + rates)


def point_at(
    r_sat_itrf_m: ArrayLike,
    v_sat_itrf_m_s: ArrayLike,
    r_site_itrf_m: ArrayLike,
    *,
    steer_yaw: bool = True,
    roll_rate_rad_s: ArrayLike = 0.0,
    pitch_rate_rad_s: ArrayLike = 0.0,
) -> Attitude:
    """Attitude that looks at places (..., 3) from satellites (..., 3) with the line across the scan.

    Shapes broadcast. With `steer_yaw` the image of the place moves along camera x only, within +-90
    deg: the Earth's rotation, 3 to 4 deg for a low orbit over the equator, and the drift by the given
    rates are taken out. Without it yaw is 0 and the line of detectors is perpendicular to the flight.
    Both look at the place, and the rates are handed through. NaN where the place lies behind
    the horizon; a yaw of 0 where the image stands still.
    """
    vectors = (r_sat_itrf_m, v_sat_itrf_m_s, r_site_itrf_m)
    rates = [np.asarray(rate, np.float64) for rate in (roll_rate_rad_s, pitch_rate_rad_s)]

    def block(v: Sequence[Array], s: Sequence[Array]) -> tuple[Array, ...]:
        frame = orbit_axes(v[0], v[1])
        sight = v[2] - v[0]
        x, y, z = dot(sight, frame.x), dot(sight, frame.y), dot(sight, frame.z)
        normal = v[2] * np.array([[WGS84_A_M**-2], [WGS84_A_M**-2], [WGS84_B_M**-2]])
        seen = np.where(dot(sight, normal) < 0, 0.0, np.nan)
        roll, pitch = np.arctan2(y, z) + seen, np.arctan2(x, np.hypot(y, z)) + seen
        yaw = np.zeros_like(roll)
        if steer_yaw:
            camera = camera_axes(frame, (roll, pitch, yaw, s[0], s[1], yaw))
            depth = np.sqrt(x * x + y * y + z * z)
            along = -dot(v[1], camera.x) / depth - dot(camera.rate, camera.y)
            across = -dot(v[1], camera.y) / depth + dot(camera.rate, camera.x)
            yaw = np.arctan2(across * np.where(along < 0, -1.0, 1.0), np.abs(along)) + seen
        return roll, pitch, yaw

    roll, pitch, yaw = in_blocks(block, vectors, rates, 3)
    return Attitude(
        roll_rad=roll,
        pitch_rad=pitch,
        yaw_rad=yaw,
        roll_rate_rad_s=rates[0],
        pitch_rate_rad_s=rates[1],
    )


class Axes(NamedTuple):
    """Three axes in ITRF, shape (3, n) each, and the rate [rad/s] at which they turn over the Earth."""

    x: Array
    y: Array
    z: Array
    rate: Array


def orbit_axes(r: Array, v: Array) -> Axes:
    """Axes of `orbit_frame` and their rate, for vectors of shape (3, n).

    The Earth's pull is that of a point, which leaves out up to 1.8e-6 rad/s about z in a low orbit.
    """
    up, prime_m, alt_m = _zenith(r)
    spin = EARTH_RATE_RAD_S
    w = np.stack([v[0] - spin * r[1], v[1] + spin * r[0], v[2]])
    level = w - dot(w, up) * up
    speed = np.sqrt(dot(level, level))
    x, z = level / speed, -up
    y = cross(z, x)
    # The zenith turns by v / (N + h) east and by v / (M + h) north; written so that poles do no harm.
    bend = 1.0 - WGS84_E2 * up[2] ** 2
    far = prime_m + alt_m
    climb = dot(v, up)
    north = -up[2] * up
    north[2] += 1.0
    per_north = prime_m * WGS84_E2 / (bend * far * (prime_m * (1.0 - WGS84_E2) / bend + alt_m))
    turn = (v - climb * up) / far + (v[2] - up[2] * climb) * per_north * north
    pull = -GM_EARTH_M3_S2 / dot(r, r) ** 1.5
    aside = pull * dot(r, y) - spin * (w[0] * y[1] - w[1] * y[0])
    tilt = -dot(turn, y)
    about_z = (aside - dot(w, z) * tilt) / speed
    return Axes(x, y, z, -tilt * x - dot(turn, x) * y + about_z * z)


def camera_axes(frame: Axes, attitude: Sequence[Array]) -> Axes:
    """The camera's axes and rate in ITRF, from those of the orbit frame and `Attitude.parts`."""
    roll, pitch, yaw, roll_rate, pitch_rate, yaw_rate = attitude
    sin, cos = np.sin(roll), np.cos(roll)
    y, down = cos * frame.y - sin * frame.z, sin * frame.y + cos * frame.z
    sin, cos = np.sin(pitch), np.cos(pitch)
    x, z = cos * frame.x - sin * down, sin * frame.x + cos * down
    rate = frame.rate - roll_rate * frame.x + pitch_rate * y + yaw_rate * z
    sin, cos = np.sin(yaw), np.cos(yaw)
    return Axes(cos * x + sin * y, cos * y - sin * x, z, rate)


def _zenith(r: Array) -> tuple[Array, Array, Array]:
    """Geodetic zenith (3, n), radius of curvature N [m] and height [m]: Bowring (1976), no angles.

    Two steps are good to 1e-15 from the ground to beyond the Moon.
    """
    across, z = np.sqrt(r[0] * r[0] + r[1] * r[1]), r[2]
    sin, cos = z * WGS84_A_M, across * WGS84_B_M
    for _ in range(2):
        size = 1.0 / np.sqrt(sin * sin + cos * cos)
        sin, cos = sin * size, cos * size
        north = z + WGS84_E2 / (1.0 - WGS84_E2) * WGS84_B_M * sin * sin * sin
        out = across - WGS84_E2 * WGS84_A_M * cos * cos * cos
        sin, cos = WGS84_B_M * north, WGS84_A_M * out
    size = 1.0 / np.sqrt(north * north + out * out)
    sin, cos = north * size, out * size
    per_across = cos / np.maximum(across, 1e-9)
    prime_m = WGS84_A_M / np.sqrt(1.0 - WGS84_E2 * sin * sin)
    alt_m = across * cos + z * sin - WGS84_A_M**2 / prime_m
    return np.stack([r[0] * per_across, r[1] * per_across, sin]), prime_m, alt_m


def dot(a: Array, b: Array) -> Array:
    """Products of vectors of shape (3, n)."""
    product: Array = a[0] * b[0] + a[1] * b[1] + a[2] * b[2]
    return product


def cross(a: Array, b: Array) -> Array:
    """Vector products of shape (3, n)."""
    x, y = a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2]
    return np.stack([x, y, a[0] * b[1] - a[1] * b[0]])


def in_blocks(
    block: Callable[[Sequence[Array], Sequence[Array]], Sequence[Array]],
    vectors: Sequence[ArrayLike],
    numbers: Sequence[ArrayLike],
    outputs: int,
) -> Array:
    """`block` over vectors (..., 3) and numbers (...), which broadcast, some thousand rows at a time.

    `block` gets vectors as (3, m) and numbers as (m,); the result has shape (outputs, ...).
    """
    many = [np.asarray(v, np.float64) for v in vectors]
    single = [np.asarray(s, np.float64) for s in numbers]
    shape = np.broadcast_shapes(*(v.shape[:-1] for v in many), *(s.shape for s in single))
    many = [np.broadcast_to(v, (*shape, 3)).reshape(-1, 3) for v in many]
    single = [np.broadcast_to(s, shape).reshape(-1) for s in single]
    out = np.empty((outputs, many[0].shape[0]))
    with np.errstate(invalid="ignore"):
        for start in range(0, out.shape[1], _BLOCK):
            rows = slice(start, start + _BLOCK)
            parts = block(
                [np.ascontiguousarray(v[rows].T) for v in many], [s[rows] for s in single]
            )
            for to, part in zip(out, parts, strict=True):
                to[rows] = part
    return out.reshape(outputs, *shape)
