"""Distances and angles that need no orbit: ground sample distance, incidence, slant range, period."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import ArrayLike, NDArray

from offnadir.constants import EARTH_MEAN_RADIUS_M, GM_EARTH_M3_S2, WGS84_A_M

Array = NDArray[np.float64]


def gsd_along_m(pitch_m: float, focal_length_m: float, range_m: ArrayLike) -> Array:
    """Ground sample distance [m] across the line of sight, where nothing is stretched: p s / f."""
    return np.asarray(range_m, np.float64) * (pitch_m / focal_length_m)


def gsd_across_m(
    pitch_m: float, focal_length_m: float, range_m: ArrayLike, incidence_rad: ArrayLike
) -> Array:
    """Ground sample distance [m] along the ground projection of the line of sight: p s / (f cos i).

    Level ground; `incidence_rad` is at the place, from the vertical. Grows without bound towards the
    horizon; NaN from there on.
    """
    cos_i = np.cos(np.asarray(incidence_rad, np.float64))
    return gsd_along_m(pitch_m, focal_length_m, range_m) / np.where(cos_i > 0, cos_i, np.nan)


def gsd_geometric_mean_m(
    pitch_m: float, focal_length_m: float, range_m: ArrayLike, incidence_rad: ArrayLike
) -> Array:
    """Geometric mean [m] of the two above: what operators quote for a picture at an angle."""
    along = gsd_along_m(pitch_m, focal_length_m, range_m)
    return np.sqrt(along * gsd_across_m(pitch_m, focal_length_m, range_m, incidence_rad))


def incidence_from_off_nadir_rad(off_nadir_rad: ArrayLike, alt_m: ArrayLike) -> Array:
    """Incidence [rad] at the place of an off-nadir angle [rad] at height `alt_m`; NaN past the limb.

    Sphere of the mean radius: sin i = (R + h) / R sin(off-nadir).
    """
    off, alt = np.asarray(off_nadir_rad, np.float64), np.asarray(alt_m, np.float64)
    sine = (EARTH_MEAN_RADIUS_M + alt) / EARTH_MEAN_RADIUS_M * np.sin(off)
    hits = (np.abs(sine) <= 1.0) & (np.abs(off) < math.pi / 2)
    return np.asarray(np.arcsin(np.where(hits, sine, np.nan)), np.float64)


def off_nadir_from_incidence_rad(incidence_rad: ArrayLike, alt_m: ArrayLike) -> Array:
    """Off-nadir [rad] at the satellite of an incidence [rad] at the place; the inverse of the above.

    NaN beyond 90 deg, from where a place does not see the satellite.
    """
    incidence, alt = np.asarray(incidence_rad, np.float64), np.asarray(alt_m, np.float64)
    sine = EARTH_MEAN_RADIUS_M / (EARTH_MEAN_RADIUS_M + alt) * np.sin(incidence)
    up = np.abs(incidence) <= math.pi / 2
    return np.asarray(np.arcsin(np.where(up, sine, np.nan)), np.float64)


def slant_range_m(off_nadir_rad: ArrayLike, alt_m: ArrayLike) -> Array:
    """Distance [m] to the ground along an off-nadir angle [rad]; NaN past the limb. Sphere."""
    off = np.asarray(off_nadir_rad, np.float64)
    alt = np.asarray(alt_m, np.float64)
    far = EARTH_MEAN_RADIUS_M + alt
    root = EARTH_MEAN_RADIUS_M**2 - (far * np.sin(off)) ** 2
    hits = (root >= 0) & (np.abs(off) < math.pi / 2)
    return np.asarray(far * np.cos(off) - np.sqrt(np.where(hits, root, np.nan)), np.float64)


def swath_at_off_nadir_m(fov_rad: float, off_nadir_rad: ArrayLike, alt_m: ArrayLike) -> Array:
    """Swath [m] on the ground of a camera that is rolled to an off-nadir angle [rad]; NaN past the limb.

    `fov_rad` is the full angle across the flight, `Sensor.fov_rad`. On a sphere a ray at the angle e from
    nadir meets the ground an arc of incidence(e) - e away, and the swath lies between the rays at
    off-nadir -+ fov / 2. `swath_width_m` has the ellipsoid and any attitude.
    """
    off = np.asarray(off_nadir_rad, np.float64)
    near, far = off - fov_rad / 2.0, off + fov_rad / 2.0
    arc = incidence_from_off_nadir_rad(far, alt_m) - incidence_from_off_nadir_rad(near, alt_m)
    return EARTH_MEAN_RADIUS_M * (arc - fov_rad)


def orbital_period_s(alt_m: ArrayLike) -> Array:
    """Period [s] of a circular two-body orbit at height `alt_m` above the equatorial radius.

    NaN for an orbit within the Earth's centre, below -6378 km.
    """
    radius = WGS84_A_M + np.asarray(alt_m, np.float64)
    radius = np.where(radius > 0, radius, np.nan)
    return np.asarray(2.0 * np.pi * np.sqrt(radius**3 / GM_EARTH_M3_S2), np.float64)


def sar_ground_range_resolution_m(slant_resolution_m: ArrayLike, incidence_rad: ArrayLike) -> Array:
    """Ground-range resolution [m] of a radar on level ground: slant-range resolution / sin(incidence).

    NaN straight below, where a radar cannot tell ranges apart, and beyond 90 deg.
    """
    incidence = np.asarray(incidence_rad, np.float64)
    sine = np.sin(np.where((incidence > 0) & (incidence <= np.pi / 2), incidence, np.nan))
    return np.asarray(np.asarray(slant_resolution_m, np.float64) / sine, np.float64)
