"""The report's map plane: an equal-area view of the region, or of the whole globe."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from offnadir.units import deg

Array = NDArray[np.float64]

_WIDE_RAD = 88 * deg  # regions of a larger radius are shown on a map of the world
_MARGIN = 1.18
_LEAST_RAD = 0.35 * deg  # one place alone: 40 km around it
# Equal Earth, Savric, Patterson, Jenny (2018), equation 7.
_A = (1.340264, -0.081106, 0.000893, 0.003796)
_HALF_SQRT_3 = np.sqrt(3) / 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Projection:
    """A plane of radians (x right, y down): Lambert azimuthal equal-area, or Equal Earth if `world`."""

    lat_rad: float
    lon_rad: float
    world: bool

    def __call__(self, lon_deg: ArrayLike, lat_deg: ArrayLike) -> Array:
        """(n, 2) x, y of n places; NaN for those beyond 150 deg of a regional map's centre."""
        lon = np.atleast_1d(np.asarray(lon_deg, np.float64)) * deg - self.lon_rad
        lat = np.atleast_1d(np.asarray(lat_deg, np.float64)) * deg
        if self.world:
            return _equal_earth((lon + np.pi) % (2 * np.pi) - np.pi, lat)
        sin0, cos0 = np.sin(self.lat_rad), np.cos(self.lat_rad)
        cos_c = sin0 * np.sin(lat) + cos0 * np.cos(lat) * np.cos(lon)
        with np.errstate(divide="ignore", invalid="ignore"):
            k = np.where(cos_c > np.cos(150 * deg), np.sqrt(2 / (1 + cos_c)), np.nan)
        x = k * np.cos(lat) * np.sin(lon)
        y = k * (cos0 * np.sin(lat) - sin0 * np.cos(lat) * np.cos(lon))
        return np.stack([x, -y], axis=-1)


def _equal_earth(lon: Array, lat: Array) -> Array:
    theta = np.arcsin(_HALF_SQRT_3 * np.sin(lat))
    t2 = theta * theta
    t6 = t2 * t2 * t2
    slope = _A[0] + 3 * _A[1] * t2 + t6 * (7 * _A[2] + 9 * _A[3] * t2)
    x = lon * np.cos(theta) / (_HALF_SQRT_3 * slope)
    y = theta * (_A[0] + _A[1] * t2 + t6 * (_A[2] + _A[3] * t2))
    return np.stack([x, -y], axis=-1)


def _directions(lon_deg: Array, lat_deg: Array) -> Array:
    lon, lat = lon_deg * deg, lat_deg * deg
    return np.stack([np.cos(lat) * np.cos(lon), np.cos(lat) * np.sin(lon), np.sin(lat)], axis=-1)


def _middle_of_longitudes_rad(lon_deg: Array) -> float:
    """Opposite the widest gap between longitudes, if there is one worth it; to 10 deg."""
    ordered = np.sort(lon_deg % 360)
    gaps = np.diff(ordered, append=ordered[0] + 360)
    widest = int(np.argmax(gaps))
    if gaps[widest] < 60:
        return 0.0
    return float(np.round((ordered[widest] + gaps[widest] / 2 + 180) / 10) * 10 % 360) * deg


def choose_projection(places: Sequence[tuple[float, float]]) -> tuple[Projection, Array]:
    """A view of (lon, lat) places, and its frame (x0, y0, x1, y1) on the plane.

    Centred on their mean direction, so that no meridian splits them.
    """
    if not places:
        whole = Projection(lat_rad=0.0, lon_rad=0.0, world=True)
        return whole, _world_frame()
    lon, lat = np.array(places, np.float64).T
    directions = _directions(lon, lat)
    mean = directions.mean(axis=0)
    length = float(np.linalg.norm(mean))
    apart = np.arccos(np.clip(directions @ (mean / max(length, 1e-9)), -1, 1))
    if length < 0.2 or float(apart.max()) > _WIDE_RAD:
        middle = _middle_of_longitudes_rad(lon)
        return Projection(lat_rad=0.0, lon_rad=middle, world=True), _world_frame()
    regional = Projection(
        lat_rad=float(np.arcsin(np.clip(mean[2] / length, -1, 1))),
        lon_rad=float(np.arctan2(mean[1], mean[0])),
        world=False,
    )
    xy = regional(lon, lat)
    low, high = xy.min(axis=0), xy.max(axis=0)
    centre = (low + high) / 2
    half = np.maximum((high - low) / 2 * _MARGIN + 0.1 * deg, _LEAST_RAD)
    half[1] = np.clip(half[1], half[0] * 0.5, None)  # neither a ribbon nor a tower
    half[0] = max(half[0], half[1] * 1.5)
    return regional, np.concatenate([centre - half, centre + half])


def _world_frame() -> Array:
    top = _equal_earth(np.array([0.0]), np.array([np.pi / 2]))[0, 1]
    side = _equal_earth(np.array([np.pi]), np.array([0.0]))[0, 0]
    return np.array([-side, top, side, -top]) * 1.02
