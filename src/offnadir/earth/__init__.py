"""The Earth: its ellipsoid, how it is turned, and where the Sun stands."""

from offnadir.earth._ellipsoid import Site, east_north_up, geodetic_to_itrf_m, itrf_to_geodetic, up
from offnadir.earth._interpolate import interpolate
from offnadir.earth._orientation import EarthOrientation, rot_itrf_teme, sun_itrf_m
from offnadir.earth._sun import SunTable

__all__ = [
    "EarthOrientation",
    "Site",
    "SunTable",
    "east_north_up",
    "geodetic_to_itrf_m",
    "interpolate",
    "itrf_to_geodetic",
    "rot_itrf_teme",
    "sun_itrf_m",
    "up",
]
