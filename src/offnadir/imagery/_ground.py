"""Where a pixel looks, and which pixel saw a place: what every model of an image's geometry can tell."""

from __future__ import annotations

from typing import Protocol

import numpy as np
from numpy.typing import ArrayLike, NDArray

Array = NDArray[np.float64]


class GroundModel(Protocol):
    """The geometry of one image: of a camera in orbit, or of the rational polynomials that stand for it.

    Image coordinates count from 0 at the *centre* of the first pixel: `line` down, `column` right (GDAL
    counts from that pixel's corner, half a pixel less). Latitudes are geodetic, heights are above the WGS-84
    ellipsoid. Arrays broadcast; NaN gives NaN, and so does a place that the model cannot see.
    """

    @property
    def shape(self) -> tuple[int, int]:
        """Lines and columns."""

    def locate(self, line: ArrayLike, column: ArrayLike, alt_m: ArrayLike) -> tuple[Array, Array]:
        """Latitude and longitude [rad] of what a pixel sees at a height."""

    def project(
        self, lat_rad: ArrayLike, lon_rad: ArrayLike, alt_m: ArrayLike
    ) -> tuple[Array, Array]:
        """Line and column that see a place, which may lie outside of the image."""


class Terrain(Protocol):
    """Heights of the ground above the WGS-84 ellipsoid."""

    def height_m(self, lat_rad: ArrayLike, lon_rad: ArrayLike) -> Array:
        """Heights [m], never NaN for a place on Earth; arrays broadcast."""

    def range_m(self, bounds_rad: tuple[float, float, float, float]) -> tuple[float, float]:
        """Lowest and highest ground within (south, west, north, east) [rad], or a little less and more."""

    @property
    def step_m(self) -> float:
        """How far heights lie apart on the ground; infinity where it is level everywhere."""
