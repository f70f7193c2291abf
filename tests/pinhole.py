"""A camera that is right by construction: a pinhole, by vectors alone."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from offnadir.earth import east_north_up, geodetic_to_itrf_m, itrf_to_geodetic
from offnadir.units import deg

Array = NDArray[np.float64]


class Frame:
    """A pinhole 600 km above a place that leans 30 deg to the east; a pixel is 1 urad, 0.6 m below it."""

    def __init__(
        self,
        lat_rad: float = 47 * deg,
        lon_rad: float = 8 * deg,
        shape: tuple[int, int] = (10000, 12000),
    ) -> None:
        self.shape = shape
        self.middle = ((shape[0] - 1) / 2, (shape[1] - 1) / 2)
        self.at = np.asarray(geodetic_to_itrf_m(lat_rad, lon_rad, 600e3)).ravel()
        east, north, up = np.asarray(east_north_up(lat_rad, lon_rad)).reshape(3, 3)
        self.ahead = -up * np.cos(30 * deg) + east * np.sin(30 * deg)
        self.right, self.down, self.focal = (
            east * np.cos(30 * deg) + up * np.sin(30 * deg),
            -north,
            1e6,
        )

    def project(
        self, lat_rad: ArrayLike, lon_rad: ArrayLike, alt_m: ArrayLike
    ) -> tuple[Array, Array]:
        lat, lon, alt = np.broadcast_arrays(lat_rad, lon_rad, alt_m)
        to = geodetic_to_itrf_m(lat, lon, alt) - self.at
        depth = to @ self.ahead / self.focal
        return to @ self.down / depth + self.middle[0], to @ self.right / depth + self.middle[1]

    def locate(self, line: ArrayLike, column: ArrayLike, alt_m: ArrayLike) -> tuple[Array, Array]:
        line, column, alt = np.broadcast_arrays(line, column, alt_m)
        down, right = (line - self.middle[0]) / self.focal, (column - self.middle[1]) / self.focal
        ray = self.ahead + right[..., None] * self.right + down[..., None] * self.down
        ray /= np.linalg.norm(ray, axis=-1, keepdims=True)
        far = np.full(line.shape, 7e5)
        for _ in range(60):
            lat, lon, height = itrf_to_geodetic(self.at + far[..., None] * ray)
            far = far + (height - alt) * 1.15
        return lat, lon
