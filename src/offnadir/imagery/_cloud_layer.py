"""Clouds over a scene: one layer of made-up cumulus, and the shadows that it casts."""

from __future__ import annotations

import functools
import math
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from offnadir.constants import EARTH_MEAN_RADIUS_M
from offnadir.errors import InputError
from offnadir.imagery._grid import Grid, utm_crs
from offnadir.imagery._ground import GroundModel
from offnadir.imagery._scene import spread

Array = NDArray[np.float64]
Pixels = NDArray[np.float32]
#: Metres from one node to the next at which clouds are asked for; between them straight lines.
_STEP_M: Final = 15.0
_SOFT: Final = 0.12  # of the noise, over which a cloud's rim becomes opaque
_RIM, _CORE, _DEEP = (
    0.50,
    0.78,
    0.9,
)  # reflectance of a thin cloud, of a thick one, and the noise between


@dataclass(frozen=True, slots=True, kw_only=True)
class CloudLayer:
    """Clouds of one height: `share` of the sky around a place, drawn from a seed.

    A function of the place alone, so that all bands see the same clouds, each from where it looks.
    """

    share: float
    seed: int
    lat_rad: float
    lon_rad: float
    alt_m: float = 1500.0

    def __post_init__(self) -> None:
        if not 0.0 <= self.share <= 1.0:
            raise InputError("share", self.share, "from 0 to 1")

    def depth(self, lat_rad: Array, lon_rad: Array, shortest_m: float = 0.0) -> Array:
        """How deep places lie in a cloud, 0 at its rim, below 0 outside; no detail below `shortest_m`."""
        lat_rad, lon_rad = np.broadcast_arrays(lat_rad, lon_rad)
        if self.share in (0.0, 1.0):
            return np.full(lat_rad.shape, 2.0 * self.share - 1.0)
        y, x = _plane(self.lat_rad, self.lon_rad).of_lat_lon(lat_rad, lon_rad)
        return _noise(x, y, self.seed, shortest_m) - _threshold(self)


def opacity(depth: Array) -> Array:
    """How much of the light a cloud stops, 0 to 1."""
    rise = np.clip(depth / _SOFT + 0.5, 0.0, 1.0)
    return np.asarray(rise * rise * (3.0 - 2.0 * rise), np.float64)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Shade:
    """Clouds of a tile: opacity and reflectance before each pixel, opacity between its ground and the Sun."""

    before: Pixels
    reflectance: Pixels
    shadow: Pixels


def shade(
    clouds: CloudLayer,
    model: GroundModel,
    first: tuple[int, int],
    shape: tuple[int, int],
    sun: tuple[float, float],
    ground_m: float,
    gsd_m: float,
) -> Shade:
    """Clouds before and over the pixels (lines, columns) from `first` on; `sun` is its azimuth and height."""
    step = int(min(max(round(_STEP_M / gsd_m), 1), 32))
    shortest_m = 2.0 * step * gsd_m
    line, column = (
        at + step * np.arange(-(-side // step) + 1.0) for at, side in zip(first, shape, strict=True)
    )
    places = model.locate(line[:, None], column[None, :], clouds.alt_m)
    before = np.nan_to_num(clouds.depth(*places, shortest_m), nan=-1.0)
    lat, lon = model.locate(line[:, None], column[None, :], ground_m)
    azimuth, elevation = sun
    away_rad = (
        max(clouds.alt_m - ground_m, 0.0) / np.tan(max(elevation, 0.01)) / EARTH_MEAN_RADIUS_M
    )
    towards_sun = lat + away_rad * np.cos(azimuth), lon + away_rad * np.sin(azimuth) / np.cos(lat)
    lit = np.nan_to_num(clouds.depth(*towards_sun, shortest_m), nan=-1.0)
    thick = _RIM + (_CORE - _RIM) * np.clip(before / _DEEP, 0.0, 1.0)
    return Shade(
        before=spread(opacity(before), step, shape),
        reflectance=spread(thick, step, shape),
        shadow=spread(opacity(lit), step, shape),
    )


def cover(light: Pixels, clouds: Shade, direct_share: float) -> Pixels:
    """Effective reflectance under clouds: shadows take the Sun's direct light, clouds hide and shine."""
    under = light * (1.0 - np.float32(direct_share) * clouds.shadow)
    return np.asarray(
        under * (1.0 - clouds.before) + clouds.reflectance * clouds.before, np.float32
    )


@functools.lru_cache(maxsize=8)
def _plane(lat_rad: float, lon_rad: float) -> Grid:
    """Metres around a place: `of_lat_lon` gives (y, x)."""
    crs = utm_crs(lat_rad, lon_rad)
    bare = Grid(crs=crs, transform=(1.0, 0.0, -0.5, 0.0, 1.0, -0.5), shape=(1, 1))
    y, x = bare.of_lat_lon(lat_rad, lon_rad)
    return Grid(
        crs=crs, transform=(1.0, 0.0, float(x) - 0.5, 0.0, 1.0, float(y) - 0.5), shape=(1, 1)
    )


def _noise(x: Array, y: Array, seed: int, shortest_m: float = 0.0) -> Array:
    from offnadir.imagery._cloud_kernels import cloud_noise

    shape = np.broadcast_shapes(x.shape, y.shape)
    out = np.empty(math.prod(shape))
    flat = [np.ascontiguousarray(np.broadcast_to(one, shape)).reshape(-1) for one in (x, y)]
    cloud_noise(*flat, seed % 2**31, shortest_m, out)
    return out.reshape(shape)


@functools.lru_cache(maxsize=8)
def _threshold(clouds: CloudLayer) -> float:
    """Noise above which there is cloud, so that it covers its share of 40 km around the place."""
    at = np.linspace(-20_000.0, 20_000.0, 400)
    noise = _noise(at[None, :], at[:, None], clouds.seed)
    return float(np.quantile(noise, 1.0 - clouds.share))
