"""The checker's own geometry, worked out afresh from element sets: plain, slow, with no short cuts.

It must not be made to share code with `geometry`, `access` or the solver: a mistake made there should
stand out here.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, fields
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray

from offnadir.constants import EARTH_MEAN_RADIUS_M
from offnadir.earth import (
    EarthOrientation,
    east_north_up,
    geodetic_to_itrf_m,
    itrf_to_geodetic,
    rot_itrf_teme,
    sun_itrf_m,
    up,
)
from offnadir.orbits import ElementSet, propagate
from offnadir.units import deg

Array = NDArray[np.float64]
Times = NDArray[np.int64]

_EDGE_DEG = 0.1  # long polygon edges are cut into pieces of this length before they are projected


@dataclass(frozen=True, slots=True, kw_only=True)
class View:
    """A place as seen from a satellite at n instants: angles [rad] and range [m] of shape (n,).

    `los_orbit` (n, 3) is the line of sight in the orbit frame (x ahead, y right, z to geodetic nadir).
    In ITRF, (n, 3): `to_satellite_m` leads from the place to the satellite, `nadir_m` is the point
    under the satellite, and `sweep` the unit vector, square to the line of sight, in which a detector
    line that lies across the flight is swept.
    """

    off_nadir_rad: Array
    roll_rad: Array
    pitch_rad: Array
    azimuth_rad: Array
    elevation_rad: Array
    range_m: Array
    sun_elevation_rad: Array
    sun_azimuth_rad: Array
    los_orbit: Array
    to_satellite_m: Array
    nadir_m: Array
    sweep: Array

    @property
    def known(self) -> bool:
        """Whether the orbit gives a position at each of these instants."""
        return bool(np.all(np.isfinite(self.range_m)))

    def part(self, start: int, stop: int) -> View:
        """Some of the instants."""
        return View(**{one.name: getattr(self, one.name)[start:stop] for one in fields(self)})


def states(elements: ElementSet, t_ns: Times, orientation: EarthOrientation) -> tuple[Array, Array]:
    """Position [m] and inertial velocity [m/s], both along the ITRF axes, (n, 3); NaN if no orbit.

    The velocity is only turned, not reduced by the Earth's rotation: the orbit's plane is wanted.
    """
    r_teme_m, v_teme_m_s, _ = propagate(elements, t_ns)
    rot = rot_itrf_teme(t_ns, orientation)
    r_itrf_m = np.einsum("nij,nj->ni", rot, r_teme_m)
    v_inertial_m_s = np.einsum("nij,nj->ni", rot, v_teme_m_s)
    return r_itrf_m, v_inertial_m_s


def horizontal(way_m: Array, lat_rad: Array, lon_rad: Array) -> tuple[Array, Array]:
    """Azimuth from north, clockwise in [0, 2 pi), and elevation [rad] of directions (n, 3) in ITRF.

    Each is seen from a place of its own: geodetic latitudes and longitudes of shape (n,).
    """
    enu = np.einsum("nij,nj->ni", east_north_up(lat_rad, lon_rad), way_m)
    azimuth = np.arctan2(enu[:, 0], enu[:, 1]) % (2 * math.pi)
    elevation = np.arctan2(enu[:, 2], np.hypot(enu[:, 0], enu[:, 1]))
    return azimuth, elevation


def view(
    elements: ElementSet,
    t_ns: Times,
    place: tuple[Array, Array, Array],
    orientation: EarthOrientation,
) -> View:
    """See places (geodetic latitude, longitude [rad], height [m], (n,) each) at instants (n,), one at each.

    Orbit frame: z points to geodetic nadir, y against the orbit normal (made orthogonal to z), x ahead.
    """
    lat, lon, alt = place
    r, v = states(elements, t_ns, orientation)
    site = geodetic_to_itrf_m(lat, lon, alt)
    sight = site - r
    range_m = np.linalg.norm(sight, axis=1)
    los = sight / range_m[:, None]

    sat_lat, sat_lon, _ = itrf_to_geodetic(r)
    z = -up(sat_lat, sat_lon)
    y = -np.cross(r, v)
    y = y - np.sum(y * z, axis=1)[:, None] * z
    y = y / np.linalg.norm(y, axis=1)[:, None]
    x = np.cross(y, z)
    along, right, down = (np.sum(los * axis, axis=1) for axis in (x, y, z))
    sweep = x - along[:, None] * los

    azimuth, elevation = horizontal(-sight, lat, lon)
    sun_azimuth, sun_elevation = horizontal(sun_itrf_m(t_ns, orientation) - site, lat, lon)
    return View(
        off_nadir_rad=np.arctan2(np.hypot(along, right), down),
        roll_rad=np.arctan2(right, down),
        pitch_rad=np.arctan2(along, np.hypot(right, down)),
        azimuth_rad=azimuth,
        elevation_rad=elevation,
        range_m=range_m,
        sun_elevation_rad=sun_elevation,
        sun_azimuth_rad=sun_azimuth,
        los_orbit=np.stack([along, right, down], axis=1),
        to_satellite_m=-sight,
        nadir_m=geodetic_to_itrf_m(sat_lat, sat_lon, 0.0),
        sweep=sweep / np.linalg.norm(sweep, axis=1)[:, None],
    )


def angle_rad(a: Array, b: Array) -> float:
    """Angle between two vectors of shape (3,)."""
    return math.atan2(float(np.linalg.norm(np.cross(a, b))), float(np.dot(a, b)))


def turn_time_s(angle: float, rate_rad_s: float, acceleration_rad_s2: float) -> float:
    """Time [s] to turn by an angle [rad] from rest to rest: speed up, perhaps coast, slow down."""
    ramp_s = rate_rad_s / acceleration_rad_s2
    ramps_rad = (
        rate_rad_s * ramp_s
    )  # turned while speeding up and slowing down, if top rate is reached
    if angle >= ramps_rad:
        return 2 * ramp_s + (angle - ramps_rad) / rate_rad_s
    return 2 * math.sqrt(angle / acceleration_rad_s2)


def ground_sample_m(pixel_rad: float, range_m: Array, elevation_rad: Array) -> tuple[Array, Array]:
    """Ground sample [m] across the plane of the look, and within it, where the ground lies aslant."""
    along_m = pixel_rad * range_m
    return along_m, along_m / np.maximum(np.sin(elevation_rad), 1e-9)


def skyline_rad(mask_rad: Array, azimuth_rad: Array) -> Array:
    """Elevation of a mask of shape (k, 2) at azimuths (n,): straight between points, also over north."""
    if len(mask_rad) == 0:
        return np.full(azimuth_rad.shape, -math.pi / 2)
    return np.interp(azimuth_rad, mask_rad[:, 0], mask_rad[:, 1], period=2 * math.pi)


def to_plane_m(shape_deg: Any, lat_rad: float, lon_rad: float) -> Any:
    """A point or polygon in Lambert's azimuthal equal-area plane [m] around a place.

    Taken on the mean sphere with geodetic latitudes: areas are off by up to 0.7 %, the same for all
    that lies near each other. None if any of it is a quarter of the Earth away, or if a polygon crosses
    itself. Source: Snyder, Map Projections, USGS PP 1395, equations 22-4, 22-5 and 24-2.
    """
    sin_0, cos_0, lon_deg = math.sin(lat_rad), math.cos(lat_rad), lon_rad / deg

    def unwrap(points_deg: Array) -> Array:
        east = (points_deg[:, 0] - lon_deg + 180.0) % 360.0 - 180.0
        return np.column_stack([east, points_deg[:, 1]])

    def cos_distance(points_deg: Array) -> Array:
        lon, lat = points_deg[:, 0] * deg, points_deg[:, 1] * deg
        return sin_0 * np.sin(lat) + cos_0 * np.cos(lat) * np.cos(lon)

    def project(points_deg: Array) -> Array:
        lon, lat = points_deg[:, 0] * deg, points_deg[:, 1] * deg
        scale = EARTH_MEAN_RADIUS_M * np.sqrt(2.0 / (1.0 + cos_distance(points_deg)))
        north = cos_0 * np.sin(lat) - sin_0 * np.cos(lat) * np.cos(lon)
        return np.column_stack([scale * np.cos(lat) * np.sin(lon), scale * north])

    flat = shapely.transform(shape_deg, unwrap)
    if not flat.is_valid:  # asked here, because segmentize would mend it without a word
        return None
    fine = shapely.segmentize(flat, _EDGE_DEG)
    if not np.all(cos_distance(shapely.get_coordinates(fine)) > 0.0):
        return None
    return shapely.transform(fine, project)
