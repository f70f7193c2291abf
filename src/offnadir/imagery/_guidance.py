"""How a camera is turned to draw a strip over the ground: the law of docs/theory/camera-model.md.

The boresight runs along a straight line on the ground through the aim, at the speed at which the image
of the ground moves by just one row of detectors in a line's time and not at all sideways.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from offnadir.earth import Site, east_north_up, geodetic_to_itrf_m, itrf_to_geodetic
from offnadir.epoch import Epoch
from offnadir.errors import InputError
from offnadir.geometry import image_motion, point_at
from offnadir.geometry._attitude import Axes, camera_axes, orbit_axes
from offnadir.imagery._track import Track, quaternion_of
from offnadir.orbits import Ephemeris
from offnadir.units import deg

Array = NDArray[np.float64]
STEP_S = 0.125  # between nodes: a binary fraction, so that times are exact
_SPARE = 8  # nodes beyond each end
_NS = 1_000_000_000
_SIDE_M = 50.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Scan:
    """How a strip is drawn: its direction on the ground, clockwise from north, and lines a second."""

    azimuth_rad: float
    line_rate_hz: float


def natural_scan(ephemeris: Ephemeris, aim: Site, epoch: Epoch, ifov_rad: float) -> Scan:
    """How the camera would scan over the aim if roll and pitch were held: as the satellite flies."""
    r, v = _state(ephemeris, epoch, np.zeros(1))
    attitude = point_at(r, v, aim.r_itrf_m)
    rate = float(image_motion(r, v, attitude, ifov_rad, ifov_rad, alt_m=aim.alt_m).line_rate_hz[0])
    if not math.isfinite(rate):
        raise InputError(
            "aim", aim.name or (aim.lat_rad / deg, aim.lon_rad / deg),
            f"a place that {ephemeris.satellite} sees at {epoch.utc(3)}",
        )  # fmt: skip
    camera = camera_axes(orbit_axes(r.T, v.T), attitude.parts)
    x, z = camera.x[:, 0], camera.z[:, 0]
    axes = east_north_up(aim.lat_rad, aim.lon_rad)
    east, north, _ = axes @ (x - z * (x @ axes[2]) / (z @ axes[2]))
    sign = math.copysign(1.0, rate)
    return Scan(
        azimuth_rad=math.atan2(sign * east, sign * north) % (2 * math.pi), line_rate_hz=abs(rate)
    )


def scanning_track(
    ephemeris: Ephemeris,
    aim: Site,
    epoch: Epoch,
    scan: Scan,
    ifov_rad: float,
    span_s: tuple[float, float],
) -> Track:
    """Orbit and attitude that draw a strip through the aim, which the boresight meets at `epoch`.

    Nodes stand at multiples of 1/8 s over `span_s` and a second more at each end.
    """
    first = math.floor(span_s[0] / STEP_S) - _SPARE
    last = math.ceil(span_s[1] / STEP_S) + _SPARE
    half_s: Array = np.arange(2 * first, 2 * last + 1, dtype=np.float64) * (STEP_S / 2)
    r, v = _state(ephemeris, epoch, half_s)
    if not np.isfinite(r).all():
        raise InputError(
            "time", epoch.utc(3), f"a time for which {ephemeris.satellite} has positions"
        )
    path = _Path(aim, scan.azimuth_rad)
    speed = scan.line_rate_hz * ifov_rad
    along = _along(path, r, speed, -2 * first)
    place, onward = path.at(along)
    sight, at = place - r[::2], r[::2]
    range_m = np.linalg.norm(sight, axis=1, keepdims=True)
    z = sight / range_m
    if not np.all(np.sum(z * place, axis=1) < 0):
        raise InputError(
            "duration_s", span_s[1] - span_s[0], "short enough that the strip stays in sight"
        )
    x = onward - z * np.sum(onward * z, axis=1, keepdims=True)
    x /= np.linalg.norm(x, axis=1, keepdims=True)
    rotation = np.stack([x, np.cross(z, x), z], axis=-1)
    return Track(
        time_s=half_s[::2], r_itrf_m=at, v_itrf_m_s=v[::2], quaternion=quaternion_of(rotation)
    )


def roll_pitch_yaw_rad(track: Track) -> Array:
    """Roll, pitch and yaw of geometry's `Attitude` at the nodes, shape (n, 3)."""
    frame = orbit_axes(track.r_itrf_m.T, track.v_itrf_m_s.T)
    camera = np.moveaxis(track.rot_itrf_camera, -1, 0)
    along, right, down = (
        np.sum(axis.T * camera[2], axis=1) for axis in (frame.x, frame.y, frame.z)
    )
    roll, pitch = np.arctan2(right, down), np.arctan2(along, np.hypot(right, down))
    zero = np.zeros_like(roll)
    plain: Axes = camera_axes(frame, (roll, pitch, zero, zero, zero, zero))
    yaw = np.arctan2(np.sum(plain.y.T * camera[0], axis=1), np.sum(plain.x.T * camera[0], axis=1))
    return np.stack([roll, pitch, yaw], axis=1)


def turn_rates_rad_s(track: Track) -> Array:
    """How fast the camera turns against the orbit frame from node to node, shape (n - 1,)."""
    frame = orbit_axes(track.r_itrf_m.T, track.v_itrf_m_s.T)
    axes = np.stack([frame.x.T, frame.y.T, frame.z.T], axis=1)
    relative = axes @ track.rot_itrf_camera
    turn = relative[1:] @ np.swapaxes(relative[:-1], 1, 2)
    twist = np.stack(
        [
            turn[:, 2, 1] - turn[:, 1, 2],
            turn[:, 0, 2] - turn[:, 2, 0],
            turn[:, 1, 0] - turn[:, 0, 1],
        ],
        axis=1,
    )
    angle = np.arctan2(np.linalg.norm(twist, axis=1), np.trace(turn, axis1=1, axis2=2) - 1.0)
    return np.asarray(angle / track.step_s, np.float64)


class _Path:
    """A straight line on the ground, at the height of the aim: what lies below its tangent there."""

    def __init__(self, aim: Site, azimuth_rad: float) -> None:
        self._aim_m, self._alt_m = aim.r_itrf_m, aim.alt_m
        east, north, _ = east_north_up(aim.lat_rad, aim.lon_rad)
        self._way = math.sin(azimuth_rad) * east + math.cos(azimuth_rad) * north

    def at(self, along_m: Array) -> tuple[Array, Array]:
        """Places (n, 3) at distances (n,) along the tangent, and how they move with it."""
        ends = np.array([[-_SIDE_M], [0.0], [_SIDE_M]]) + along_m
        lat, lon, _ = itrf_to_geodetic(self._aim_m + ends[..., None] * self._way)
        before, place, after = geodetic_to_itrf_m(lat, lon, self._alt_m)
        return place, (after - before) / (2 * _SIDE_M)


def _along(path: _Path, r: Array, speed: float, zero: int) -> Array:
    """Distances along the path at the nodes: Runge and Kutta's steps from 0 at row `zero` of half steps.

    `speed` [rad/s] is that of the ground's image. Rows of r lie half a step apart.
    """

    def rate(along: float, row: int) -> float:
        place, onward = path.at(np.array([along]))
        sight = place[0] - r[row]
        across = np.cross(sight, onward[0])
        return float(speed * (sight @ sight) / np.linalg.norm(across))

    count = (len(r) + 1) // 2
    out = np.zeros(count)
    for way in (1, -1):
        row, step = zero, way * STEP_S
        while 0 <= row + 2 * way < len(r):
            s = out[row // 2]
            k1 = rate(s, row)
            k2 = rate(s + step / 2 * k1, row + way)
            k3 = rate(s + step / 2 * k2, row + way)
            k4 = rate(s + step * k3, row + 2 * way)
            row += 2 * way
            out[row // 2] = s + step / 6 * (k1 + 2 * k2 + 2 * k3 + k4)
    return out


def _state(ephemeris: Ephemeris, epoch: Epoch, time_s: Array) -> tuple[Array, Array]:
    tai_ns = epoch.tai_ns + np.rint(time_s * _NS).astype(np.int64)
    return ephemeris.position_itrf_m(tai_ns), ephemeris.velocity_itrf_m_s(tai_ns)
