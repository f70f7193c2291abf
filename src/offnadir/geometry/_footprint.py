"""What one picture covers on the ground, and how much of a polygon that is."""

from __future__ import annotations

import numpy as np
import shapely
from numpy.typing import NDArray

from offnadir.earth import Site, east_north_up, geodetic_to_itrf_m, itrf_to_geodetic
from offnadir.geometry._look import swath_edges

Array = NDArray[np.float64]


def footprints_rad(
    r_sat_itrf_m: Array,
    v_sat_itrf_m_s: Array,
    aim: Site,
    half_fov_rad: float,
    length_m: float,
) -> Array:
    """Corners of the strips that push-broom pictures cover, latitude and longitude [rad].

    `r_sat_itrf_m`, `v_sat_itrf_m_s` have shape (n, 3): the satellite at mid picture. The result has
    shape (n, 4, 2), counter-clockwise; each strip is centred on `aim`, as long as `length_m` along the
    satellite's ground track and as wide as the field of view there. NaN where it looks past the Earth.
    """
    to_local = east_north_up(aim.lat_rad, aim.lon_rad)
    ahead = (v_sat_itrf_m_s @ to_local.T)[:, :2]
    ahead /= np.linalg.norm(ahead, axis=1, keepdims=True)
    corners = []
    for sign in (-1.0, 1.0):
        shift = np.column_stack([sign * length_m / 2 * ahead, np.zeros(len(ahead))]) @ to_local
        on_ground = _drop(aim.r_itrf_m + shift, aim.alt_m)
        left, right = swath_edges(r_sat_itrf_m, v_sat_itrf_m_s, on_ground, half_fov_rad, aim.alt_m)
        corners.extend([right, left] if sign > 0 else [left, right])
    lat, lon, _ = itrf_to_geodetic(np.stack(corners, axis=1))
    return np.stack([lat, lon], axis=-1)


def ground_length_m(rings_rad: tuple[Array, ...], aim: Site, heading: Array) -> float:
    """Extent [m] of a polygon along a heading, twice its farther end from `aim`.

    `heading` is a unit vector in ITRF, shape (3,). A strip of this length centred on `aim` reaches both
    ends of the polygon.
    """
    local = _local_m(rings_rad[0], aim)
    axis = (east_north_up(aim.lat_rad, aim.lon_rad) @ heading)[:2]
    return 2.0 * float(np.max(np.abs(local @ (axis / np.linalg.norm(axis)))))


def covered_share(corners_rad: Array, rings_rad: tuple[Array, ...], aim: Site) -> Array:
    """Share, 0 to 1, of a polygon's area inside each footprint of shape (n, 4, 2); NaN gives 0."""
    polygon = shapely.Polygon(
        _local_m(rings_rad[0], aim), [_local_m(ring, aim) for ring in rings_rad[1:]]
    )
    shares = np.zeros(len(corners_rad))
    for i, corners in enumerate(corners_rad):
        if np.all(np.isfinite(corners)):
            strip = shapely.Polygon(_local_m(corners, aim))
            shares[i] = min(1.0, strip.intersection(polygon).area / polygon.area)
    return shares


def _local_m(lat_lon_rad: Array, aim: Site) -> Array:
    """Azimuthal equidistant plane around `aim` on the sphere of its own latitude, east and north [m]."""
    lat, lon = lat_lon_rad[..., 0], lat_lon_rad[..., 1]
    sight = geodetic_to_itrf_m(lat, lon, 0.0) - geodetic_to_itrf_m(aim.lat_rad, aim.lon_rad, 0.0)
    local = sight @ east_north_up(aim.lat_rad, aim.lon_rad).T
    across = np.hypot(local[..., 0], local[..., 1])
    # Chord to arc, so that areas keep to 1e-4 up to 200 km from the aim.
    radius_m = 6_371_000.0
    arc = radius_m * np.arcsin(np.clip(across / radius_m, 0.0, 1.0))
    scale = np.where(across > 0, arc / np.where(across > 0, across, 1.0), 1.0)
    return np.asarray(local[..., :2] * scale[..., None], np.float64)


def _drop(r_itrf_m: Array, alt_m: float) -> Array:
    """The same places put back to a height above the ellipsoid."""
    lat, lon, _ = itrf_to_geodetic(r_itrf_m)
    return geodetic_to_itrf_m(lat, lon, alt_m)


def ground_speed_m_s(r_itrf_m: Array, v_itrf_m_s: Array) -> Array:
    """Speed [m/s] of the point under the satellite over the turning Earth, shape (n,)."""
    lat, lon, alt = itrf_to_geodetic(r_itrf_m)
    radius = np.linalg.norm(geodetic_to_itrf_m(lat, lon, 0.0), axis=-1)
    up = geodetic_to_itrf_m(lat, lon, 1.0) - geodetic_to_itrf_m(lat, lon, 0.0)
    level = v_itrf_m_s - np.sum(v_itrf_m_s * up, axis=-1, keepdims=True) * up
    speed: Array = np.linalg.norm(level, axis=-1) * radius / (radius + alt)
    return speed
