"""The ground that one pixel sees: its Jacobian, size, shape, corners, and the width of a line of them.

Derivations: docs/theory/pixel.md. Pixels are counted from the boresight: a column to the right (camera
y), a row ahead (camera x); columns of several chips count through. The ground is the WGS-84 ellipsoid
with both axes longer by the height, as for `ray_to_ellipsoid_m`; its normal leans from the true vertical
by 4e-6 rad at most at a height of 8 km.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from offnadir.constants import WGS84_A_M, WGS84_B_M, WGS84_E2
from offnadir.errors import InputError, UnitRangeError
from offnadir.geometry._attitude import Attitude, camera_axes, dot, in_blocks, orbit_axes

Array = NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True)
class PixelGeometry:
    """What pixels see of the ground: arrays of one shape (...); NaN where they look past the Earth.

    `jacobian_m` (..., 2, 2) is the way on the map [m] for one pixel: rows east and north, columns the next
    row (camera x) and the next column (camera y). Lengths are measured on the ground itself, on the
    slope if there is one: `gsd_along_track_m` from a row to the next, `gsd_across_track_m` from a column to
    the next, whatever the direction of the look; `gsd_mean_m` is the root of the pixel's area. The pixel's
    ellipse has the semi-axes `long_axis_m` and `short_axis_m` for a circle of radius one pixel;
    `long_axis_azimuth_rad` is from north, 0 to pi, and means nothing for a circle.

    `incidence_rad` is from the vertical, `facet_incidence_rad` from the normal of the slope: NaN, with
    all lengths, if the slope is turned away. Azimuths are clockwise from north: `azimuth_rad` to the
    satellite, `heading_rad` of the satellite's motion over the turning Earth.
    """

    lat_rad: Array
    lon_rad: Array
    range_m: Array
    incidence_rad: Array
    facet_incidence_rad: Array
    azimuth_rad: Array
    heading_rad: Array
    gsd_along_track_m: Array
    gsd_across_track_m: Array
    gsd_mean_m: Array
    long_axis_m: Array
    short_axis_m: Array
    long_axis_azimuth_rad: Array
    jacobian_m: Array

    @property
    def parallax(self) -> Array:
        """Metres by which a point moves away from the satellite on the map per metre of height."""
        return np.tan(self.incidence_rad)

    @property
    def jacobian_track_m(self) -> Array:
        """`jacobian_m` with rows along the satellite's heading and to the right of it."""
        sin, cos = np.sin(self.heading_rad)[..., None], np.cos(self.heading_rad)[..., None]
        east, north = self.jacobian_m[..., 0, :], self.jacobian_m[..., 1, :]
        return np.stack([sin * east + cos * north, cos * east - sin * north], axis=-2)


def ground_pixel(
    r_sat_itrf_m: ArrayLike,
    v_sat_itrf_m_s: ArrayLike,
    attitude: Attitude,
    ifov_along_rad: float,
    ifov_across_rad: float,
    *,
    row_px: ArrayLike = 0.0,
    column_px: ArrayLike = 0.0,
    alt_m: ArrayLike = 0.0,
    slope_rad: ArrayLike = 0.0,
    aspect_rad: ArrayLike = 0.0,
) -> PixelGeometry:
    """Geometry of pixels on the ground, exact derivative of the ray's meeting with it.

    Satellites have shape (..., 3); all else broadcasts to (...). `ifov` is detector pitch / focal length.
    The ground has a height of `alt_m` over the ellipsoid and a `slope_rad` from level that faces
    `aspect_rad`, clockwise from north (downhill). NaN gives NaN. InputError if an ifov is not positive, or
    a slope is below 0 or not below pi/2.

    >>> over_equator, north = [6_878_137.0, 0.0, 0.0], [0.0, 0.0, 7613.0]
    >>> print(ground_pixel(over_equator, north, Attitude(), 1e-6, 1e-6).gsd_mean_m.round(3))
    0.5
    """
    check_positive("ifov_along_rad", ifov_along_rad)
    check_positive("ifov_across_rad", ifov_across_rad)
    slope = np.asarray(slope_rad, np.float64)
    if np.any((slope < 0) | (slope >= np.pi / 2)):
        raise UnitRangeError("slope_rad", slope_rad, "from 0 to below pi/2", hint="radians?")

    def block(v: Sequence[Array], s: Sequence[Array]) -> tuple[Array, ...]:
        camera = camera_axes(orbit_axes(v[0], v[1]), s[:6])
        row, column, alt, slope, aspect = s[6:]
        ray = camera.z + (ifov_along_rad * row) * camera.x + (ifov_across_rad * column) * camera.y
        ground = meet(v[0], ray, alt)
        size = np.sqrt(dot(ray, ray))
        east, north, up = (
            dot(ray, ground.east) / size,
            dot(ray, ground.north) / size,
            dot(ray, ground.up) / size,
        )
        tilt = np.sin(slope)
        n_east, n_north, n_up = tilt * np.sin(aspect), tilt * np.cos(aspect), np.cos(slope)
        facing = -(n_east * east + n_north * north + n_up * up)
        facing = np.where(facing > 0, facing, np.nan)
        aside = np.sqrt(
            (n_north * up - n_up * north) ** 2
            + (n_up * east - n_east * up) ** 2
            + (n_east * north - n_north * east) ** 2
        )

        def step(axis: Array, ifov_rad: float) -> tuple[Array, Array, Array]:
            """East, north, up [m] along the slope for one pixel along a camera axis."""
            scale = ground.depth * ifov_rad
            e, n, u = dot(axis, ground.east), dot(axis, ground.north), dot(axis, ground.up)
            slide = (n_east * e + n_north * n + n_up * u) / facing
            return (
                (e + slide * east) * scale,
                (n + slide * north) * scale,
                (u + slide * up) * scale,
            )

        e1, n1, u1 = step(camera.x, ifov_along_rad)
        e2, n2, u2 = step(camera.y, ifov_across_rad)
        along, across = e1 * e1 + n1 * n1 + u1 * u1, e2 * e2 + n2 * n2 + u2 * u2
        mixed = e1 * e2 + n1 * n2 + u1 * u2
        area = np.abs(e1 * n2 - n1 * e2) / n_up
        half = 0.5 * (along - across)
        long_axis = np.sqrt(0.5 * (along + across) + np.sqrt(half * half + mixed * mixed))
        turn = 0.5 * np.arctan2(mixed, half)
        sin, cos = np.sin(turn), np.cos(turn)
        azimuth = np.arctan2(cos * e1 + sin * e2, cos * n1 + sin * n2)
        return (
            ground.lat,
            ground.lon,
            ground.depth * size,
            np.arctan2(np.hypot(east, north), -up),
            np.arctan2(aside, facing),
            _turned(np.arctan2(-east, -north), 2 * np.pi),
            _turned(np.arctan2(dot(v[1], ground.east), dot(v[1], ground.north)), 2 * np.pi),
            np.sqrt(along),
            np.sqrt(across),
            np.sqrt(area),
            long_axis,
            area / long_axis,
            _turned(azimuth, np.pi),
            e1,
            e2,
            n1,
            n2,
        )

    numbers = (*attitude.parts, row_px, column_px, alt_m, slope, aspect_rad)
    out = in_blocks(block, (r_sat_itrf_m, v_sat_itrf_m_s), numbers, 17)
    names = PixelGeometry.__slots__[:-1]
    jacobian = np.moveaxis(out[13:], 0, -1).reshape(*out.shape[1:], 2, 2)
    return PixelGeometry(**dict(zip(names, out[:13], strict=True)), jacobian_m=jacobian)


def pixel_corners_rad(
    r_sat_itrf_m: ArrayLike,
    v_sat_itrf_m_s: ArrayLike,
    attitude: Attitude,
    ifov_along_rad: float,
    ifov_across_rad: float,
    *,
    row_px: ArrayLike = 0.0,
    column_px: ArrayLike = 0.0,
    alt_m: ArrayLike = 0.0,
) -> Array:
    """Corners of pixels on the ground, latitude and longitude [rad], shape (..., 4, 2).

    Counter-clockwise on the map from the one behind on the left, as `footprints_rad`. NaN where a
    corner lies past the Earth. Arguments as those of `ground_pixel`.
    """
    check_positive("ifov_along_rad", ifov_along_rad)
    check_positive("ifov_across_rad", ifov_across_rad)

    def block(v: Sequence[Array], s: Sequence[Array]) -> tuple[Array, ...]:
        camera = camera_axes(orbit_axes(v[0], v[1]), s[:6])
        corners: list[Array] = []
        for back, left in ((-0.5, -0.5), (-0.5, 0.5), (0.5, 0.5), (0.5, -0.5)):
            x, y = ifov_along_rad * (s[6] + back), ifov_across_rad * (s[7] + left)
            ground = meet(v[0], camera.z + x * camera.x + y * camera.y, s[8])
            corners.extend((ground.lat, ground.lon))
        return tuple(corners)

    numbers = (*attitude.parts, row_px, column_px, alt_m)
    out = in_blocks(block, (r_sat_itrf_m, v_sat_itrf_m_s), numbers, 8)
    return np.moveaxis(out, 0, -1).reshape(*out.shape[1:], 4, 2)


def swath_width_m(
    r_sat_itrf_m: ArrayLike,
    v_sat_itrf_m_s: ArrayLike,
    attitude: Attitude,
    ifov_across_rad: float,
    columns: float,
    *,
    alt_m: ArrayLike = 0.0,
) -> Array:
    """Length [m] on the ground between the ends of a line of detectors, shape (...).

    `columns` counts the pixels of all chips together, centred on the boresight. The arc of the circle
    that fits the chord and the normals of the ground at both ends: to 4e-8 of the shortest way on the
    ellipsoid up to 1200 km. NaN where an end lies past the Earth.
    """
    check_positive("ifov_across_rad", ifov_across_rad)
    check_positive("columns", columns)

    def block(v: Sequence[Array], s: Sequence[Array]) -> tuple[Array]:
        camera = camera_axes(orbit_axes(v[0], v[1]), s[:6])
        side = 0.5 * columns * ifov_across_rad * camera.y
        left, right = meet(v[0], camera.z - side, s[6]), meet(v[0], camera.z + side, s[6])
        chord = right.depth * (camera.z + side) - left.depth * (camera.z - side)
        length = np.sqrt(dot(chord, chord))
        half = 0.5 * dot(right.up - left.up, chord) / length
        stretch = np.arcsin(half) / np.where(half > 0, half, 1.0)
        return (length * np.where(half > 0, stretch, 1.0),)

    numbers = (*attitude.parts, alt_m)
    return np.asarray(in_blocks(block, (r_sat_itrf_m, v_sat_itrf_m_s), numbers, 1)[0])


class Ground(NamedTuple):
    """Where rays meet the ground: depth in lengths of the ray, place [rad], local axes (3, n)."""

    depth: Array
    lat: Array
    lon: Array
    east: Array
    north: Array
    up: Array


def meet(r: Array, ray: Array, alt: Array) -> Ground:
    """First meeting of rays (3, n), of any length, with the ground at a height [m]; NaN if none."""
    wide, tall = WGS84_A_M + alt, WGS84_B_M + alt
    ox, oy, oz = r[0] / wide, r[1] / wide, r[2] / tall
    dx, dy, dz = ray[0] / wide, ray[1] / wide, ray[2] / tall
    a = dx * dx + dy * dy + dz * dz
    b = ox * dx + oy * dy + oz * dz
    c = ox * ox + oy * oy + oz * oz - 1.0
    depth = (-b - np.sqrt(b * b - a * c)) / a
    depth = np.where(depth > 0, depth, np.nan)
    x, y, z = r[0] + depth * ray[0], r[1] + depth * ray[1], r[2] + depth * ray[2]
    across = np.sqrt(x * x + y * y)
    sin, cos = z / (tall * tall), across / (wide * wide)
    size = 1.0 / np.sqrt(sin * sin + cos * cos)
    sin, cos = sin * size, cos * size
    x = np.where(across > 0, x, 1.0)  # at a pole longitude is 0, as for `itrf_to_geodetic`
    across_m = np.where(across > 0, across, 1.0)
    cos_lon, sin_lon = x / across_m, y / across_m
    # Latitude needs the true height, not the longer axes, or it is 25 m off at 8 km.
    prime_m = WGS84_A_M / np.sqrt(1.0 - WGS84_E2 * sin * sin)
    lat = np.arctan2(z * (prime_m + alt), across * (prime_m * (1.0 - WGS84_E2) + alt))
    east = np.stack([-sin_lon, cos_lon, 0.0 * sin_lon])
    north = np.stack([-sin * cos_lon, -sin * sin_lon, cos])
    up = np.stack([cos * cos_lon, cos * sin_lon, sin])
    return Ground(depth, lat, np.arctan2(y, x), east, north, up)


def _turned(angle: Array, turn: float) -> Array:
    """The angle, within half a turn or so of 0, made to lie from 0 to `turn`."""
    return np.where(angle < 0, angle + turn, angle)


def check_positive(field: str, value: float) -> None:
    """Refuse a value that is not above 0."""
    if not value > 0:
        raise InputError(field, value, "above 0")
