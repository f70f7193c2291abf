"""The rigorous model of a camera in orbit: a push-broom line by line, or a frame."""

from __future__ import annotations

import functools
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from offnadir.errors import InputError
from offnadir.imagery._track import Track

Array = NDArray[np.float64]
_BEYOND_S = 0.5  # how far past the ends of the track its cubics are trusted


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class CameraModel:
    """The geometry of one chip's picture: a `GroundModel` made from a track and a line of detectors.

    Pixel (l, c) takes its light at `first_time_s` + l `line_time_s` (with time-delayed integration: the
    middle of it) at the point (x0 + x_line l + x_column c, y0 + y_column c) of the focal plane, in focal
    lengths along camera x and y. A push-broom has x_line = 0, a frame line_time_s = 0. `band`, `chip`,
    `first_column` tell which chip it is and where its columns begin in the band's picture.
    """

    shape: tuple[int, int]
    band: str
    chip: int
    first_column: int
    track: Track
    ifov_rad: float
    first_time_s: float
    line_time_s: float
    x0: float
    x_line: float
    x_column: float
    y0: float
    y_column: float
    k1: float = 0.0
    k2: float = 0.0

    def __post_init__(self) -> None:
        if min(self.shape) < 1:
            raise InputError("shape", self.shape, "lines and columns above 0")
        if (self.line_time_s > 0) == (self.x_line != 0):
            raise InputError("line_time_s", self.line_time_s, "above 0, or 0 for a frame")

    def time_s(self, line: ArrayLike) -> Array:
        """Time [s] from the acquisition's epoch at which lines are taken."""
        return self.first_time_s + self.line_time_s * np.asarray(line, np.float64)

    def locate(self, line: ArrayLike, column: ArrayLike, alt_m: ArrayLike) -> tuple[Array, Array]:
        """Latitude and longitude [rad] of what pixels see at heights [m]; NaN past the Earth."""
        shape, (line_, column_, alt) = _flat(line, column, alt_m)
        lat, lon = np.empty((2, line_.size))
        _kernels().locate(*self._numbers(), line_, column_, alt, lat, lon)
        return lat.reshape(shape), lon.reshape(shape)

    def project(
        self, lat_rad: ArrayLike, lon_rad: ArrayLike, alt_m: ArrayLike
    ) -> tuple[Array, Array]:
        """Lines and columns that see places, to 1e-6 of a pixel.

        They may lie outside of the picture; NaN behind the horizon and half a second past the track.
        """
        shape, (lat, lon, alt) = _flat(lat_rad, lon_rad, alt_m)
        line, column = np.empty((2, lat.size))
        _kernels().project(*self._numbers(), self._bounds(), lat, lon, alt, line, column)
        return line.reshape(shape), column.reshape(shape)

    def rays(self, line: ArrayLike, column: ArrayLike) -> tuple[Array, Array]:
        """Positions [m] and unit directions of the lines of sight of pixels in ITRF, both (..., 3)."""
        shape, (line_, column_) = _flat(line, column)
        out = np.empty((line_.size, 6))
        _kernels().rays(*self._numbers(), line_, column_, out)
        return out[:, :3].reshape(*shape, 3), out[:, 3:].reshape(*shape, 3)

    def tdi_smear_px(
        self, line: ArrayLike, column: ArrayLike, alt_m: ArrayLike, stages: float
    ) -> tuple[Array, Array]:
        """Lines and columns [px] by which the ground's image slides over so many rows of detectors.

        0 where it keeps step with the lines, as on the boresight; signed, with what jitter adds.
        NaN for a frame, which has no stages: there it is what `line_rate_hz` and the exposure make.
        """
        lat, lon = self.locate(line, column, alt_m)
        if self.line_time_s == 0.0:
            return np.full_like(lat, np.nan), np.full_like(lat, np.nan)
        half = stages / 2.0 * self.ifov_rad
        first, last = (
            replace(self, x0=self.x0 + side).project(lat, lon, alt_m) for side in (half, -half)
        )
        return last[0] - first[0] - stages, last[1] - first[1]

    def _numbers(self) -> tuple[Any, ...]:
        """Arguments that all kernels take first."""
        row = self.x_line or self.ifov_rad
        place = self.x0, self.x_line, self.x_column, self.y0, self.y_column
        numbers = (self.first_time_s, self.line_time_s, *place, self.k1, self.k2, row)
        optics = tuple(map(float, numbers))
        track = self.track
        return track.pieces, float(track.time_s[0]), 1.0 / track.step_s, optics

    def _bounds(self) -> tuple[float, float, float]:
        """Least and greatest line that is looked for, and the middle one."""
        middle = (self.shape[0] - 1) / 2.0
        if self.line_time_s == 0.0:
            return middle - 1e7, middle + 1e7, middle
        ends = self.track.time_s[0] - _BEYOND_S, self.track.time_s[-1] + _BEYOND_S
        least, most = ((float(end) - self.first_time_s) / self.line_time_s for end in ends)
        return least, most, middle


def _flat(*values: ArrayLike) -> tuple[tuple[int, ...], list[Array]]:
    arrays = np.broadcast_arrays(*(np.asarray(value, np.float64) for value in values))
    return arrays[0].shape, [np.ascontiguousarray(one).reshape(-1) for one in arrays]


@functools.cache
def _kernels() -> Any:
    """Numba takes half a second to import: at the first call."""
    from offnadir.imagery import _camera_kernels

    return _camera_kernels
