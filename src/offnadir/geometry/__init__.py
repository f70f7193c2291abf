"""Geometry between a satellite and a place: looks, rays, footprints."""

from offnadir.geometry._footprint import (
    covered_share,
    footprints_rad,
    ground_length_m,
    ground_speed_m_s,
)
from offnadir.geometry._look import Look, look_angles, orbit_frame, ray_to_ellipsoid_m, swath_edges

__all__ = [
    "Look",
    "covered_share",
    "footprints_rad",
    "ground_length_m",
    "ground_speed_m_s",
    "look_angles",
    "orbit_frame",
    "ray_to_ellipsoid_m",
    "swath_edges",
]
