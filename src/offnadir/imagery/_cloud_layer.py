"""Clouds over a scene: one layer of made-up cumulus, and the shadows that it casts."""

from __future__ import annotations

import functools
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from offnadir.errors import InputError
from offnadir.imagery._grid import Grid, utm_crs
from offnadir.imagery._ground import GroundModel

Array = NDArray[np.float64]
Pixels = NDArray[np.float32]
#: Pixels from one node to the next at which clouds are asked for; between them straight lines.
STEP: Final = 8
_SOFT: Final = 0.10  # of the noise, over which a cloud's rim becomes opaque
_REFLECTANCE: Final = 0.65


@dataclass(frozen=True, slots=True, kw_only=True)
class CloudLayer:
    """Clouds of one height: `share` of the sky around a place, drawn from a seed.

    A function of the place alone, so that all bands see the same clouds, each from where it looks. Half of
    their light comes through near the rim; none straight through the middle.
    """

    share: float
    seed: int
    lat_rad: float
    lon_rad: float
    alt_m: float = 1500.0

    def __post_init__(self) -> None:
        if not 0.0 <= self.share <= 1.0:
            raise InputError("share", self.share, "from 0 to 1")

    def opacity(self, lat_rad: Array, lon_rad: Array) -> Array:
        """How much of the light a cloud over (or before) a place stops, 0 to 1."""
        if self.share in (0.0, 1.0):
            return np.full(np.shape(lat_rad), self.share)
        y, x = _plane(self.lat_rad, self.lon_rad).of_lat_lon(lat_rad, lon_rad)
        edge = _threshold(self)
        depth = np.clip((_noise(x, y, self.seed) - edge) / _SOFT + 0.5, 0.0, 1.0)
        return np.asarray(depth * depth * (3.0 - 2.0 * depth), np.float64)


def shade(
    clouds: CloudLayer,
    model: GroundModel,
    first: tuple[int, int],
    shape: tuple[int, int],
    sun: tuple[float, float],
    ground_m: float,
) -> tuple[Pixels, Pixels]:
    """Opacity before each pixel (lines, columns), and between its ground and the Sun (azimuth, elevation)."""
    line, column = (at + STEP * np.arange(-(-side // STEP) + 1.0)
                    for at, side in zip(first, shape, strict=True))  # fmt: skip
    before = clouds.opacity(*model.locate(line[:, None], column[None, :], clouds.alt_m))
    lat, lon = model.locate(line[:, None], column[None, :], ground_m)
    azimuth, elevation = sun
    away_m = max(clouds.alt_m - ground_m, 0.0) / np.tan(max(elevation, 0.01))
    radius_m = 6_371_000.0
    lit = clouds.opacity(
        lat + away_m * np.cos(azimuth) / radius_m,
        lon + away_m * np.sin(azimuth) / radius_m / np.cos(lat),
    )
    return _fill(before, shape), _fill(lit, shape)


def cover(light: Pixels, before: Pixels, shadow: Pixels, direct_share: float) -> Pixels:
    """Effective reflectance under clouds: shadows take the Sun's direct light, clouds hide and shine."""
    under = light * (1.0 - np.float32(direct_share) * shadow)
    return np.asarray(under * (1.0 - before) + np.float32(_REFLECTANCE) * before, np.float32)


def _fill(nodes: Array, shape: tuple[int, int]) -> Pixels:
    """Straight lines between nodes."""

    def weights(side: int, count: int) -> Array:
        place = np.arange(side) / STEP
        below = np.minimum(place.astype(int), count - 2)
        out = np.zeros((side, count))
        index = np.arange(side)
        out[index, below], out[index, below + 1] = 1 - (place - below), place - below
        return out

    table = np.nan_to_num(nodes)
    return np.asarray(
        weights(shape[0], nodes.shape[0]) @ table @ weights(shape[1], nodes.shape[1]).T, np.float32
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


def _noise(x: Array, y: Array, seed: int) -> Array:
    from offnadir.imagery._cloud_kernels import cloud_noise

    shape = np.broadcast_shapes(x.shape, y.shape)
    out = np.empty(int(np.prod(shape)))
    flat = [np.ascontiguousarray(np.broadcast_to(one, shape)).reshape(-1) for one in (x, y)]
    cloud_noise(*flat, seed % 2**31, out)
    return out.reshape(shape)


@functools.lru_cache(maxsize=8)
def _threshold(clouds: CloudLayer) -> float:
    """Noise above which there is cloud, so that it covers its share of 40 km around the place."""
    at = np.linspace(-20_000.0, 20_000.0, 400)
    noise = _noise(at[None, :], at[:, None], clouds.seed)
    return float(np.quantile(noise, 1.0 - clouds.share))
