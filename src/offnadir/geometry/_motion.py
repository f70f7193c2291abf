"""How the image of the ground moves over the detectors while the camera flies and turns."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from offnadir.geometry._attitude import Attitude, camera_axes, dot, in_blocks, orbit_axes
from offnadir.geometry._pixel import check_positive, meet

Array = NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True)
class ImageMotion:
    """Motion of the ground over the detectors: arrays of one shape (...); NaN past the Earth.

    `line_rate_hz` is the rate of lines that keeps step: the speed [px/s] at which the scan moves ahead
    (camera x) over the ground; it is negative where the ground overtakes the scan. `drift_px_s` is the
    speed of the ground's image to the right (camera y). `speed_factor` is the line rate over that of the
    same attitude without its rates: 1 for a plain push-broom, 0 for staring, below 0 for a scan backwards.
    """

    line_rate_hz: Array
    drift_px_s: Array
    speed_factor: Array

    def smear_px(self, line_rate_hz: ArrayLike, integration_s: ArrayLike) -> tuple[Array, Array]:
        """Smear [px] ahead and to the right, signed, at a line rate [Hz] and integration time [s].

        A detector with time-delayed integration has a time of stages / line rate; a frame that stands
        still has a line rate of 0. The step from line to line within a pixel is not counted.
        """
        rate, time = np.asarray(line_rate_hz, np.float64), np.asarray(integration_s, np.float64)
        return (rate - self.line_rate_hz) * time, self.drift_px_s * time


def image_motion(
    r_sat_itrf_m: ArrayLike,
    v_sat_itrf_m_s: ArrayLike,
    attitude: Attitude,
    ifov_along_rad: float,
    ifov_across_rad: float,
    *,
    row_px: ArrayLike = 0.0,
    column_px: ArrayLike = 0.0,
    alt_m: ArrayLike = 0.0,
) -> ImageMotion:
    """Motion of the ground's image at pixels, from orbit, the Earth's rotation, and turning.

    Arguments as those of `ground_pixel`. The rates of the attitude are against the orbit frame, which
    itself turns once an orbit: with all at 0 the camera keeps looking to nadir and the line rate is the
    ground speed over the sample distance. A pitch rate of -(1 - k) times that speed over the range slows
    the scan to k, for a look at nadir.

    >>> from offnadir.geometry import point_at
    >>> over_equator, north = [6_878_137.0, 0.0, 0.0], [0.0, 0.0, 7613.0]
    >>> attitude = point_at(over_equator, north, [6_378_137.0, 0.0, 0.0])
    >>> motion = image_motion(over_equator, north, attitude, 1e-6, 1e-6)
    >>> print(motion.line_rate_hz.round(-1))  # 7056 m/s of ground speed over 0.5 m
    14110.0
    """
    check_positive("ifov_along_rad", ifov_along_rad)
    check_positive("ifov_across_rad", ifov_across_rad)

    def block(v: Sequence[Array], s: Sequence[Array]) -> tuple[Array, ...]:
        frame = orbit_axes(v[0], v[1])
        camera = camera_axes(frame, s[:6])
        x, y = ifov_along_rad * s[6], ifov_across_rad * s[7]
        depth = meet(v[0], camera.z + x * camera.x + y * camera.y, s[8]).depth
        vx, vy, vz = dot(v[1], camera.x), dot(v[1], camera.y), dot(v[1], camera.z)

        def flow(rate: Array) -> tuple[Array, Array]:
            """Speed [1/s] of the ground in the focal plane, in focal lengths, along x and y."""
            wx, wy, wz = dot(rate, camera.x), dot(rate, camera.y), dot(rate, camera.z)
            zoom = vz / depth + wx * y - wy * x
            return x * zoom - vx / depth - wy + wz * y, y * zoom - vy / depth - wz * x + wx

        along, across = flow(camera.rate)
        free, _ = flow(frame.rate)
        return -along / ifov_along_rad, across / ifov_across_rad, along / free

    numbers = (*attitude.parts, row_px, column_px, alt_m)
    rate, drift, factor = in_blocks(block, (r_sat_itrf_m, v_sat_itrf_m_s), numbers, 3)
    return ImageMotion(line_rate_hz=rate, drift_px_s=drift, speed_factor=factor)
