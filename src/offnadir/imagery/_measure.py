"""Measuring on pictures: lengths and areas on the ellipsoid, heights from shadow and from parallax."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from offnadir.constants import WGS84_A_M
from offnadir.earth import east_north_up, geodetic_to_itrf_m
from offnadir.errors import InputError, UnitRangeError
from offnadir.imagery._grid import geodesic_area_m2, geodesic_length_m, geodesic_m
from offnadir.imagery._ground import GroundModel

Array = NDArray[np.float64]

_ROUNDS, _SETTLED_M = 20, 1e-4
_PROBE_M = 1.0  # step of derivatives


@dataclass(frozen=True, slots=True, kw_only=True)
class Height:
    """A height [m] with its standard deviation, and what did not fit: metres across the direction of the
    shadow.
    """

    height_m: float
    sigma_m: float
    misfit_m: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Meeting:
    """Points that lines of sight of several images meet in; arrays of one shape.

    `residual_px` is the rms by which the images disagree, per coordinate; `sigma_alt_m` and
    `sigma_across_m` are standard deviations of the height and of the place for the given one of a pixel.
    NaN where lines do not meet.
    """

    lat_rad: Array
    lon_rad: Array
    alt_m: Array
    residual_px: Array
    sigma_alt_m: Array
    sigma_across_m: Array


def measure_length_m(lat_rad: ArrayLike, lon_rad: ArrayLike, *, alt_m: float = 0.0) -> float:
    """Length [m] of a line through places [rad], along geodesics, at a height above the ellipsoid.

    >>> from offnadir.units import deg
    >>> round(measure_length_m([0.0, 0.0], [0.0, 1 * deg]), 1)   # a degree of the equator
    111319.5
    """
    lat, lon = _places(lat_rad, lon_rad, 2)
    return geodesic_length_m(lat, lon) * _raised(alt_m)


def measure_area_m2(lat_rad: ArrayLike, lon_rad: ArrayLike, *, alt_m: float = 0.0) -> float:
    """Area [m2] within a ring of places [rad] joined by geodesics, at a height above the ellipsoid."""
    lat, lon = _places(lat_rad, lon_rad, 3)
    return geodesic_area_m2(lat, lon) * _raised(alt_m) ** 2


def _places(lat_rad: ArrayLike, lon_rad: ArrayLike, least: int) -> tuple[Array, Array]:
    lat, lon = np.asarray(lat_rad, np.float64), np.asarray(lon_rad, np.float64)
    if lat.ndim != 1 or lat.shape != lon.shape or len(lat) < least:
        raise InputError("lat_rad", lat.shape, f"{least} or more places, as many as longitudes")
    if not (np.abs(lat) <= math.pi / 2 + 1e-12).all():
        raise UnitRangeError("lat_rad", float(lat[np.argmax(np.abs(lat))]), "within +-pi/2")
    if not np.isfinite(lon).all():
        raise InputError("lon_rad", lon.tolist(), "finite")
    return lat, lon


def _raised(alt_m: float) -> float:
    return 1.0 + alt_m / WGS84_A_M


def height_from_shadow(
    base: tuple[float, float],
    tip: tuple[float, float],
    sun_elevation_rad: float,
    *,
    sun_azimuth_rad: float | None = None,
    rise_m: float = 0.0,
    sigma_m: float = 1.0,
) -> Height:
    """Height of what stands at `base` and casts its shadow to `tip`, places (latitude, longitude) [rad]
    on a map.

    `rise_m` is how much higher the ground is at the tip than at the base; `sigma_m` is the standard
    deviation of each place, per axis. With the Sun's azimuth (from north over east) only the part of the
    way that points away from the Sun counts, and `misfit_m` tells the part across.
    """
    _check_sun(sun_elevation_rad)
    distance, azimuth = geodesic_m(base[0], base[1], tip[0], tip[1])
    along, across = float(distance), 0.0
    if sun_azimuth_rad is not None:
        turn = float(azimuth) - (sun_azimuth_rad + math.pi)
        along, across = float(distance) * math.cos(turn), float(distance) * math.sin(turn)
    slope = math.tan(sun_elevation_rad)
    return Height(
        height_m=along * slope + rise_m,
        sigma_m=math.sqrt(2.0) * sigma_m * slope,
        misfit_m=abs(across),
    )


def height_from_shadow_in_image(
    model: GroundModel,
    top: tuple[float, float],
    tip: tuple[float, float],
    *,
    sun_azimuth_rad: float,
    sun_elevation_rad: float,
    base_alt_m: float,
    tip_alt_m: float | None = None,
    sigma_px: float = 0.5,
) -> Height:
    """Height above its base of a point seen at pixel `top` whose shadow falls on pixel `tip` (line, column).

    The base need not be seen: the top leans away from it, and the model knows by how much. `misfit_m` is
    by how much line of sight and sunbeam miss each other; with `sigma_px` per coordinate it should be no more
    than some sigma.
    """
    _check_sun(sun_elevation_rad)
    tip_alt = base_alt_m if tip_alt_m is None else tip_alt_m
    lat, lon = model.locate(tip[0], tip[1], tip_alt)
    at = geodetic_to_itrf_m(lat, lon, tip_alt)
    axes = east_north_up(lat, lon)
    # From the tip the sunbeam rises towards the Sun.
    beam = np.array([math.sin(sun_azimuth_rad), math.cos(sun_azimuth_rad)]) / math.tan(
        sun_elevation_rad
    )

    def gap(line: float, column: float, alt: float) -> Array:
        """From sunbeam to line of sight at a height, east and north [m]."""
        seen_lat, seen_lon = model.locate(line, column, alt)
        east, north, up = axes @ (geodetic_to_itrf_m(seen_lat, seen_lon, alt) - at)
        # the horizon bends away from the tip's plane: height above it is `up`, not alt - tip_alt
        return np.array([east, north]) - beam * float(up)

    alt = tip_alt + 10.0
    for _ in range(_ROUNDS):
        here = gap(*top, alt)
        change = (gap(*top, alt + _PROBE_M) - here) / _PROBE_M
        step = -float(here @ change) / float(change @ change)
        alt += step
        if abs(step) < _SETTLED_M:
            break
    if not math.isfinite(alt):
        raise InputError("top", top, "a pixel whose line of sight meets the ground")
    here = gap(*top, alt)
    change = (gap(*top, alt + _PROBE_M) - here) / _PROBE_M
    moves = np.array([gap(top[0] + 1.0, top[1], alt) - here, gap(top[0], top[1] + 1.0, alt) - here])
    per_px = moves @ change / float(change @ change)
    sigma = (
        math.sqrt(2.0) * sigma_px * float(np.hypot(*per_px))
    )  # both pixels, of like size on the ground
    return Height(
        height_m=alt - base_alt_m, sigma_m=sigma, misfit_m=float(np.hypot(here[0], here[1]))
    )


def _check_sun(elevation_rad: float) -> None:
    if not 0.0 < elevation_rad < math.pi / 2:
        raise UnitRangeError("sun_elevation_rad", elevation_rad, "above 0 and below pi/2")


def meet(
    models: Sequence[GroundModel],
    pixels: Sequence[tuple[ArrayLike, ArrayLike]],
    *,
    alt_m: float = 0.0,
    sigma_px: float = 0.5,
) -> Meeting:
    """Where the lines of sight of matching pixels (line, column) of two or more images meet.

    Gauss and Newton's least squares of what the models project, from `alt_m` on. `sigma_px` is the standard
    deviation of each coordinate of a pixel.
    """
    if len(models) < 2 or len(models) != len(pixels):
        raise InputError("models", len(models), "two or more, as many as pixels")
    arrays = np.broadcast_arrays(*(np.asarray(x, np.float64) for pair in pixels for x in pair))
    shape = arrays[0].shape
    seen = np.stack([x.ravel() for x in arrays])  # (2 images, points)
    alt = np.full(seen.shape[1], float(alt_m))
    lat, lon = models[0].locate(seen[0], seen[1], alt)

    def projected(lat: Array, lon: Array, alt: Array) -> Array:
        return np.concatenate([np.stack(model.project(lat, lon, alt)) for model in models])

    miss = np.full_like(seen, np.nan)
    normal = np.full((seen.shape[1], 3, 3), np.nan)
    for _ in range(_ROUNDS):
        east_rad, north_rad = _metre(lat)
        here = projected(lat, lon, alt)
        slopes = (
            np.stack(
                [
                    projected(lat, lon + _PROBE_M * east_rad, alt) - here,
                    projected(lat + _PROBE_M * north_rad, lon, alt) - here,
                    projected(lat, lon, alt + _PROBE_M) - here,
                ],
                axis=-1,
            )
            / _PROBE_M
        )  # (2 images, points, 3)
        miss = seen - here
        normal = np.einsum("ipa,ipb->pab", slopes, slopes)
        right = np.einsum("ipa,ip->pa", slopes, miss)
        good = np.isfinite(normal).all(axis=(1, 2)) & np.isfinite(right).all(axis=1)
        # parallel lines of sight meet nowhere: their normal matrix is singular
        good[good] = np.linalg.cond(normal[good]) < 1e12
        step = np.full((seen.shape[1], 3), np.nan)
        step[good] = np.linalg.solve(normal[good], right[good][..., None])[..., 0]
        lon, lat, alt = lon + step[:, 0] * east_rad, lat + step[:, 1] * north_rad, alt + step[:, 2]
        if not good.any() or np.abs(step[good]).max() < _SETTLED_M:
            break
    spread = np.full((seen.shape[1], 3), np.nan)
    good = np.isfinite(alt)
    spread[good] = np.diagonal(np.linalg.inv(normal[good]), axis1=1, axis2=2) * sigma_px**2
    return Meeting(
        lat_rad=lat.reshape(shape),
        lon_rad=lon.reshape(shape),
        alt_m=alt.reshape(shape),
        residual_px=np.sqrt((miss**2).mean(axis=0)).reshape(shape),
        sigma_alt_m=np.sqrt(spread[:, 2]).reshape(shape),
        sigma_across_m=np.sqrt(spread[:, 0] + spread[:, 1]).reshape(shape),
    )


def _metre(lat: Array) -> tuple[Array, Array]:
    """About a metre east and north, in radians of longitude and latitude."""
    return 1.0 / (WGS84_A_M * np.maximum(np.cos(lat), 1e-6)), np.full_like(lat, 1.0 / WGS84_A_M)


def height_from_parallax(
    models: Sequence[GroundModel],
    top: Sequence[tuple[float, float]],
    base: Sequence[tuple[float, float]] | None = None,
    *,
    base_alt_m: float | None = None,
    sigma_px: float = 0.5,
) -> Height:
    """Height of a point seen at pixels `top` (line, column; one per image) above one seen at `base`.

    Or above a known height. Errors of pointing that both points share fall out of the difference of two
    points, but not where the base's height is given. `misfit_m` is the largest rms residual as metres on
    the ground.
    """
    if (base is None) == (base_alt_m is None):
        raise InputError("base", base, "given, or else base_alt_m")
    start = 0.0 if base_alt_m is None else base_alt_m
    meetings = [meet(models, top, alt_m=start, sigma_px=sigma_px)]
    if base is not None:
        meetings.append(meet(models, base, alt_m=start, sigma_px=sigma_px))
    if not all(np.isfinite(one.alt_m) for one in meetings):
        raise InputError(
            "top", list(top), "pixels whose lines of sight meet (do the images look alike?)"
        )
    heights = [float(one.alt_m) for one in meetings]
    ground_m = max(float(one.residual_px) * _pixel_m(models[0], one) for one in meetings)
    return Height(
        height_m=heights[0] - (heights[1] if base is not None else start),
        sigma_m=math.sqrt(sum(float(one.sigma_alt_m) ** 2 for one in meetings)),
        misfit_m=ground_m,
    )


def _pixel_m(model: GroundModel, at: Meeting) -> float:
    line, column = model.project(at.lat_rad, at.lon_rad, at.alt_m)
    lat, lon = model.locate(line + np.array([1.0, 0.0]), column + np.array([0.0, 1.0]), at.alt_m)
    distance, _ = geodesic_m(at.lat_rad, at.lon_rad, lat, lon)
    return float(np.sqrt(distance.prod()))
