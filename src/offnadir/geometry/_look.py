"""How a satellite sees a place: line of sight, orbit frame, roll and pitch, footprints."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from offnadir.constants import EARTH_RATE_RAD_S, WGS84_A_M, WGS84_B_M
from offnadir.earth import east_north_up, itrf_to_geodetic, up

Array = NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """Angles [rad] and range [m] between satellite and place, arrays of one shape.

    `off_nadir_rad` is at the satellite from geodetic nadir; `azimuth_rad` is from the place to the
    satellite, clockwise from north; incidence is pi/2 - elevation.
    """

    off_nadir_rad: Array
    roll_rad: Array
    pitch_rad: Array
    elevation_rad: Array
    azimuth_rad: Array
    range_m: Array
    los_orbit: Array


def orbit_frame(r_itrf_m: ArrayLike, v_itrf_m_s: ArrayLike) -> Array:
    """Rotation from ITRF to the orbit frame: x ahead, y right of flight, z to geodetic nadir.

    Shape (..., 3, 3), rows are the axes. `v_itrf_m_s` is the velocity as seen from the turning Earth;
    the Earth's rotation is added back here, so that y is opposite to the true orbit normal.
    """
    r = np.asarray(r_itrf_m, np.float64)
    spin = np.stack([-r[..., 1], r[..., 0], np.zeros_like(r[..., 0])], axis=-1) * EARTH_RATE_RAD_S
    velocity = np.asarray(v_itrf_m_s, np.float64) + spin
    lat, lon, _ = itrf_to_geodetic(r)
    z = -up(lat, lon)
    x = velocity - np.sum(velocity * z, axis=-1, keepdims=True) * z
    x /= np.linalg.norm(x, axis=-1, keepdims=True)
    return np.stack([x, np.cross(z, x), z], axis=-2)


def look_angles(
    r_sat_itrf_m: ArrayLike,
    v_sat_itrf_m_s: ArrayLike,
    r_site_itrf_m: ArrayLike,
    site_lat_rad: ArrayLike,
    site_lon_rad: ArrayLike,
) -> Look:
    """All angles of looks from satellite positions (..., 3) to places (..., 3), shapes broadcast."""
    r_sat, r_site = np.broadcast_arrays(
        np.asarray(r_sat_itrf_m, np.float64), np.asarray(r_site_itrf_m, np.float64)
    )
    sight = r_site - r_sat
    range_m = np.linalg.norm(sight, axis=-1)
    los = sight / range_m[..., None]
    los_orbit: Array = np.einsum("...ij,...j->...i", orbit_frame(r_sat, v_sat_itrf_m_s), los)
    x, y, z = los_orbit[..., 0], los_orbit[..., 1], los_orbit[..., 2]
    local = -np.einsum("...ij,...j->...i", east_north_up(site_lat_rad, site_lon_rad), los)
    return Look(
        off_nadir_rad=np.arctan2(np.hypot(x, y), z),
        roll_rad=np.arctan2(y, z),
        pitch_rad=np.arctan2(x, np.hypot(y, z)),
        elevation_rad=np.arctan2(local[..., 2], np.hypot(local[..., 0], local[..., 1])),
        azimuth_rad=np.arctan2(local[..., 0], local[..., 1]) % (2 * np.pi),
        range_m=range_m,
        los_orbit=los_orbit,
    )


def ray_to_ellipsoid_m(r_itrf_m: ArrayLike, los_itrf: ArrayLike, alt_m: float = 0.0) -> Array:
    """First point [m] where rays from (..., 3) along unit vectors (..., 3) meet the Earth; NaN if none.

    The Earth is the WGS-84 ellipsoid with both axes longer by `alt_m`.
    """
    scale = np.array([WGS84_A_M + alt_m, WGS84_A_M + alt_m, WGS84_B_M + alt_m])
    origin, ray = np.asarray(r_itrf_m, np.float64) / scale, np.asarray(los_itrf, np.float64) / scale
    a = np.sum(ray * ray, axis=-1)
    b = np.sum(origin * ray, axis=-1)
    c = np.sum(origin * origin, axis=-1) - 1.0
    root = b * b - a * c
    with np.errstate(invalid="ignore"):
        distance = (-b - np.sqrt(root)) / a
        distance = np.where(distance > 0, distance, np.nan)
    hit: Array = origin + distance[..., None] * ray
    hit *= scale
    return hit


def swath_edges(
    r_sat_itrf_m: ArrayLike,
    v_sat_itrf_m_s: ArrayLike,
    r_aim_itrf_m: ArrayLike,
    half_fov_rad: float,
    alt_m: float = 0.0,
) -> tuple[Array, Array]:
    """Ends of the line that a push-broom camera sees, left and right, ITRF [m], shape (n, 3) each.

    The line of detectors lies across the flight: the camera's boresight is turned by +-half the field
    of view in the plane of the boresight and the frame's y axis. NaN where it looks past the Earth.
    """
    r, v, aim = (np.asarray(x, np.float64) for x in (r_sat_itrf_m, v_sat_itrf_m_s, r_aim_itrf_m))
    los = (aim - r) / np.linalg.norm(aim - r, axis=-1, keepdims=True)
    ahead = orbit_frame(r, v)[..., 0, :]
    side = np.cross(los, ahead)
    side /= np.linalg.norm(side, axis=-1, keepdims=True)
    cos, sin = np.cos(half_fov_rad), np.sin(half_fov_rad)
    left = ray_to_ellipsoid_m(r, los * cos - side * sin, alt_m)
    right = ray_to_ellipsoid_m(r, los * cos + side * sin, alt_m)
    return left, right
