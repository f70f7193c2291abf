"""Geometry between a satellite and a place: looks, rays, footprints, sample distances."""

from offnadir.geometry._attitude import Attitude, point_at
from offnadir.geometry._footprint import (
    covered_share,
    footprints_rad,
    ground_length_m,
    ground_speed_m_s,
)
from offnadir.geometry._gsd import (
    gsd_across_m,
    gsd_along_m,
    gsd_geometric_mean_m,
    incidence_from_off_nadir_rad,
    off_nadir_from_incidence_rad,
    orbital_period_s,
    sar_ground_range_resolution_m,
    slant_range_m,
    swath_at_off_nadir_m,
)
from offnadir.geometry._look import Look, look_angles, ray_to_ellipsoid_m
from offnadir.geometry._motion import image_motion
from offnadir.geometry._pixel import ground_pixel, pixel_corners_rad, swath_width_m

__all__ = [
    "Attitude",
    "Look",
    "covered_share",
    "footprints_rad",
    "ground_length_m",
    "ground_pixel",
    "ground_speed_m_s",
    "gsd_across_m",
    "gsd_along_m",
    "gsd_geometric_mean_m",
    "image_motion",
    "incidence_from_off_nadir_rad",
    "look_angles",
    "off_nadir_from_incidence_rad",
    "orbital_period_s",
    "pixel_corners_rad",
    "point_at",
    "ray_to_ellipsoid_m",
    "sar_ground_range_resolution_m",
    "slant_range_m",
    "swath_at_off_nadir_m",
    "swath_width_m",
]
