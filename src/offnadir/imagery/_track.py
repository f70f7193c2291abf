"""Where a satellite is and how its camera is turned, second by second."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from offnadir.errors import InputError

Array = NDArray[np.float64]
_LEAST = 5  # nodes, for derivatives of fourth order


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Track:
    """Nodes at even steps of an orbit and an attitude, which cubics join.

    `time_s` (n,) counts from the acquisition's epoch; positions [m] and velocities [m/s] (n, 3) are in ITRF,
    as seen from the turning Earth. `quaternion` (n, 4), scalar first, turns vectors from the camera's
    axes (x ahead along the scan, y right, z the boresight) into ITRF; its sign is free. Positions between
    nodes are Hermite's of position and velocity; quaternions are Hermite's with derivatives from differences
    of fourth order, and then of length 1. InputError for less than 5 nodes or uneven steps.
    """

    time_s: Array
    r_itrf_m: Array
    v_itrf_m_s: Array
    quaternion: Array
    pieces: Array = field(init=False, repr=False)

    def __post_init__(self) -> None:
        for name, width in (("time_s", 0), ("r_itrf_m", 3), ("v_itrf_m_s", 3), ("quaternion", 4)):
            value = np.array(getattr(self, name), np.float64)
            wanted = (len(np.atleast_1d(self.time_s)), width) if width else (value.size,)
            if value.shape != wanted or not np.isfinite(value).all():
                raise InputError(name, value.shape, f"finite numbers of shape {wanted}")
            if name == "quaternion":
                value = _continuous(value)
            value.flags.writeable = False
            object.__setattr__(self, name, value)
        steps = np.diff(self.time_s)
        if len(self.time_s) < _LEAST or not (steps > 0).all() or np.ptp(steps) > 1e-6 * steps[0]:
            raise InputError("time_s", self.time_s.tolist(), f"{_LEAST} or more even steps")
        slope = _derivative(self.quaternion)
        step = self.step_s
        values = np.hstack([self.r_itrf_m, self.quaternion])
        slopes = np.hstack([self.v_itrf_m_s * step, slope])
        left, right, rise = values[:-1], slopes[1:], values[1:] - values[:-1]
        pieces = np.stack(
            [left, slopes[:-1], 3 * rise - 2 * slopes[:-1] - right, slopes[:-1] + right - 2 * rise],
            axis=1,
        )
        pieces.flags.writeable = False
        object.__setattr__(self, "pieces", pieces)

    @property
    def step_s(self) -> float:
        """Time from node to node [s]."""
        return float((self.time_s[-1] - self.time_s[0]) / (len(self.time_s) - 1))

    @property
    def rot_itrf_camera(self) -> Array:
        """Rotations at the nodes, shape (n, 3, 3): their columns are the camera's axes in ITRF."""
        return matrix_of(self.quaternion)


def matrix_of(quaternion: Array) -> Array:
    """Rotations (..., 3, 3) of quaternions (..., 4), scalar first."""
    w, x, y, z = np.moveaxis(quaternion, -1, 0)
    rows = [
        [1 - 2 * (y * y + z * z), 2 * (x * y - w * z), 2 * (x * z + w * y)],
        [2 * (x * y + w * z), 1 - 2 * (x * x + z * z), 2 * (y * z - w * x)],
        [2 * (x * z - w * y), 2 * (y * z + w * x), 1 - 2 * (x * x + y * y)],
    ]
    return np.stack([np.stack(row, axis=-1) for row in rows], axis=-2)


def quaternion_of(rotation: Array) -> Array:
    """Quaternions (..., 4), scalar first, of rotations (..., 3, 3).

    Of the four ways to write it that of the largest part is taken: Shepperd, Quaternion from rotation
    matrix, J. Guidance and Control 1 (1978).
    """
    m = rotation
    xx, yy, zz = m[..., 0, 0], m[..., 1, 1], m[..., 2, 2]
    a, b, c = m[..., 2, 1] - m[..., 1, 2], m[..., 0, 2] - m[..., 2, 0], m[..., 1, 0] - m[..., 0, 1]
    d, e, f = m[..., 1, 0] + m[..., 0, 1], m[..., 0, 2] + m[..., 2, 0], m[..., 2, 1] + m[..., 1, 2]
    ways = np.stack(
        [
            np.stack([1 + xx + yy + zz, a, b, c], axis=-1),
            np.stack([a, 1 + xx - yy - zz, d, e], axis=-1),
            np.stack([b, d, 1 - xx + yy - zz, f], axis=-1),
            np.stack([c, e, f, 1 - xx - yy + zz], axis=-1),
        ],
        axis=-2,
    )
    largest = np.argmax(np.einsum("...ii->...i", ways), axis=-1)
    way = np.take_along_axis(ways, largest[..., None, None], axis=-2)[..., 0, :]
    return np.asarray(way / np.linalg.norm(way, axis=-1, keepdims=True), np.float64)


def turned(quaternion: Array, angle_rad: Array) -> Array:
    """Quaternions (n, 4) of cameras that are turned further by small angles (n, 3) about their own axes."""
    w, x, y, z = quaternion.T
    a, b, c = 0.5 * angle_rad.T
    parts = [
        w - x * a - y * b - z * c,
        x + w * a + y * c - z * b,
        y + w * b + z * a - x * c,
        z + w * c + x * b - y * a,
    ]
    return np.stack(parts, axis=1)


def _continuous(quaternion: Array) -> Array:
    """Quaternions of length 1, each with the sign that is nearer to the one before."""
    size = np.linalg.norm(quaternion, axis=1, keepdims=True)
    if not (size > 0).all():
        raise InputError("quaternion", float(size.min()), "longer than 0")
    # What has length 1 already is left alone, so that a file read again is the same to the last bit.
    unit = np.where(np.abs(size - 1) < 1e-15, quaternion, quaternion / size)
    turns = np.where(np.sum(unit[1:] * unit[:-1], axis=1) < 0, -1.0, 1.0)
    unit[1:] *= np.cumprod(turns)[:, None]
    return np.asarray(unit, np.float64)


def _derivative(values: Array) -> Array:
    """Derivatives [1/step] at nodes (n, m), of fourth order at the ends too."""
    d = np.empty_like(values)
    d[2:-2] = (values[:-4] - 8 * values[1:-3] + 8 * values[3:-1] - values[4:]) / 12
    for at, sign, five in ((0, 1, values[:5]), (-1, -1, values[-5:][::-1])):
        d[at] = sign * np.array([-25, 48, -36, 16, -3]) @ five / 12
        d[at + sign] = sign * np.array([-3, -10, 18, -6, 1]) @ five / 12
    return d
