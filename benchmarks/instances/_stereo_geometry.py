"""Geometry of stereo_imaging, row by row: states, steering, what is seen, and where strips lie.

All vectors are ITRF in m, shape (n, 3); instants are UTC us since 1970. Rules: see stereo_imaging.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from . import _space
from ._common import Flags, Floats, Ints

A_M = 6_378_137.0
B_M = 6_356_752.3142451793
SUN_M = 1.496e11
_SCALE = np.array([1.0 / A_M**2, 1.0 / A_M**2, 1.0 / B_M**2])
_SLACK_DEG = 1e-6


def states(record: Any, utc_us: Ints) -> tuple[Floats, Floats]:
    """Position [m] and velocity [m/s] of a satellite against the turning Earth."""
    at = np.atleast_1d(np.asarray(utc_us, np.int64))
    return _space.itrf_by_ut1(*_space.teme_m(record, at), at)


def unit(vectors: Floats) -> Floats:
    """Vectors of length 1."""
    return vectors / np.linalg.norm(vectors, axis=-1, keepdims=True)


def dot(a: Floats, b: Floats) -> Floats:
    """Scalar products, row by row."""
    return np.sum(a * b, axis=-1)


def angle_deg(a: Floats, b: Floats) -> Floats:
    """Angles between vectors, row by row."""
    return np.degrees(np.arccos(np.clip(dot(unit(a), unit(b)), -1.0, 1.0)))


def axes(r_m: Floats, v_m_s: Floats) -> tuple[Floats, Floats, Floats]:
    """Unit vectors along track, across track (to the right of nadir and flight) and to the Earth's centre."""
    nadir = -unit(r_m)
    along = unit(v_m_s - dot(v_m_s, nadir)[..., None] * nadir)
    return along, unit(np.cross(along, nadir)), nadir


def boresight(r_m: Floats, v_m_s: Floats, along_deg: Floats, across_deg: Floats) -> Floats:
    """Unit vectors of sight for steering angles: nadir + tan(along) and tan(across) of the other axes."""
    ahead, aside, nadir = axes(r_m, v_m_s)
    tangents = (
        np.tan(np.radians(angle))[..., None] for angle in np.broadcast_arrays(along_deg, across_deg)
    )
    ahead_tan, aside_tan = tangents
    return unit(nadir + ahead_tan * ahead + aside_tan * aside)


def steering_deg(r_m: Floats, v_m_s: Floats, aim_m: Floats) -> tuple[Floats, Floats]:
    """Steering angles along and across track that point at a place."""
    ahead, aside, nadir = axes(r_m, v_m_s)
    sight = aim_m - r_m
    down = dot(sight, nadir)
    return np.degrees(np.arctan2(dot(sight, ahead), down)), np.degrees(
        np.arctan2(dot(sight, aside), down)
    )


def tilt_deg(along_deg: Floats, across_deg: Floats) -> Floats:
    """Angle from nadir of a steered sight."""
    tangents = np.hypot(np.tan(np.radians(along_deg)), np.tan(np.radians(across_deg)))
    return np.degrees(np.arctan(tangents))


def reach_m(r_m: Floats, direction: Floats) -> Floats:
    """Distance to the ellipsoid along unit vectors; NaN where they miss it."""
    a = dot(direction * direction, _SCALE)
    b = 2.0 * dot(r_m * direction, _SCALE)
    c = dot(r_m * r_m, _SCALE) - 1.0
    inside = b * b - 4.0 * a * c
    root = np.sqrt(np.where(inside >= 0.0, inside, np.nan))
    near, far = (-b - root) / (2.0 * a), (-b + root) / (2.0 * a)
    return np.where(near > 1e-9, near, np.where(far > 1e-9, far, np.nan))


def foot_m(target_m: Floats) -> Floats:
    """The place of the ellipsoid on a target's line to the Earth's centre: there a strip is measured."""
    return target_m / np.sqrt(dot(target_m * target_m, _SCALE))[..., None]


def clear(r_m: Floats, target_m: Floats) -> Flags:
    """Whether the ellipsoid leaves the sight to a target free (1 m, or 10 m for one below it)."""
    sight = target_m - r_m
    distance = np.linalg.norm(sight, axis=-1)
    hit = reach_m(r_m, sight / distance[..., None])
    depth = np.linalg.norm(foot_m(target_m) - target_m, axis=-1)
    above = dot(target_m * target_m, _SCALE) >= 1.0 - 1e-9
    spare = np.where(above, 1.0, depth + 10.0)
    return hit + spare >= distance  # False where the sight misses the Earth


def sun_elevation_deg(target_m: Floats, utc_us: Ints) -> Floats:
    """The Sun above the plane square to a target's geocentric direction."""
    sun = unit(_space.itrf_of_gcrf_by_utc(_space.sun_gcrf_m(utc_us), utc_us))
    up = unit(target_m)
    return np.degrees(np.arcsin(np.clip(dot(up, unit(SUN_M * sun - target_m)), -1.0, 1.0)))


def accessible(
    r_m: Floats, target_m: Floats, utc_us: Ints, limit_deg: float, sun_deg: float
) -> Flags:
    """Whether a target may be seen: sight free, near enough to nadir, Sun high enough."""
    near = angle_deg(-r_m, target_m - r_m) <= limit_deg + _SLACK_DEG
    lit = sun_elevation_deg(target_m, utc_us) >= sun_deg - _SLACK_DEG
    return clear(r_m, target_m) & near & lit


def east_north_m(target_m: Floats, place_m: Floats) -> Floats:
    """East and north of places from a target (geocentric axes), shape (n, 2)."""
    x, y, z = np.moveaxis(target_m, -1, 0)
    lon, lat = np.arctan2(y, x), np.arctan2(z, np.hypot(x, y))
    zero = np.zeros_like(lon)
    east = np.stack([-np.sin(lon), np.cos(lon), zero], axis=-1)
    north = np.stack([-np.sin(lat) * np.cos(lon), -np.sin(lat) * np.sin(lon), np.cos(lat)], axis=-1)
    off = place_m - target_m
    return np.stack([dot(east, off), dot(north, off)], axis=-1)


def distance_to_line_m(points_m: Floats, line_m: Floats) -> Floats:
    """Distance in a plane of points (p, 2) to a line through places (q, 2); infinite for fewer than two."""
    if len(line_m) < 2:
        return np.full(len(points_m), np.inf)
    begin, step = line_m[:-1], np.diff(line_m, axis=0)
    square = dot(step, step)
    off = points_m[:, None, :] - begin
    part = np.clip(dot(off, step) / np.where(square < 1e-9, np.inf, square), 0.0, 1.0)
    return np.linalg.norm(off - part[..., None] * step, axis=-1).min(axis=1)
