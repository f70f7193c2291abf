"""In which direction to launch for an inclination, and which inclinations a launch site reaches.

A plane of inclination i holds a place of geocentric latitude phi where cos i = cos phi sin b, b being its
azimuth there against the stars (Vallado, Fundamentals of Astrodynamics, 4th ed., section 6.4.1). The ground
moves east: seen from it, the same velocity has omega r cos phi less towards east. Derived in
docs/theory/launch.md.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from offnadir.constants import EARTH_RATE_RAD_S
from offnadir.earth import Site
from offnadir.errors import InputError
from offnadir.orbits._launch_sites import Spaceport
from offnadir.units import deg

_TURN = 2.0 * math.pi
DIRECTIONS = ("ascending", "descending")


@dataclass(frozen=True, slots=True, kw_only=True)
class Heading:
    """A launch azimuth [rad]: against the stars, against the ground, and which way it crosses latitudes."""

    direction: str
    inertial_rad: float
    ground_rad: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Reach:
    """Inclinations [rad] that a range of azimuths [rad] reaches in one direction.

    `azimuth_..._rad` are against the ground, `inertial_..._rad` the same against the stars.
    """

    direction: str
    azimuth_from_rad: float
    azimuth_to_rad: float
    inertial_from_rad: float
    inertial_to_rad: float
    inclination_least_rad: float
    inclination_most_rad: float


def geocentric_lat_rad(site: Site) -> float:
    """Geocentric latitude [rad]: that of the planes through a site; up to 0.19 deg less than geodetic."""
    x, y, z = site.r_itrf_m
    return math.atan2(z, math.hypot(x, y))


def heading(
    lat_rad: float, inclination_rad: float, speed_m_s: float, radius_m: float, direction: str
) -> Heading:
    """The azimuth at geocentric latitude `lat_rad` for an orbit; the ground's speed is that at `radius_m`.

    Raises InputError for an inclination below the latitude (or above 180 degrees less it).
    """
    sine = math.cos(inclination_rad) / max(math.cos(lat_rad), 1e-12)
    if abs(sine) > 1.0 + 1e-12:
        least = abs(lat_rad) / deg
        wish = f"from {least:.2f} to {180 - least:.2f} deg at this latitude"
        raise InputError("inclination", round(inclination_rad / deg, 3), wish)
    eastward = math.asin(max(-1.0, min(1.0, sine)))
    inertial = eastward if direction == "ascending" else math.pi - eastward
    east_m_s = speed_m_s * math.sin(inertial) - EARTH_RATE_RAD_S * radius_m * math.cos(lat_rad)
    ground = math.atan2(east_m_s, speed_m_s * math.cos(inertial))
    return Heading(direction=direction, inertial_rad=inertial % _TURN, ground_rad=ground % _TURN)


def headings(
    spaceport: Spaceport, inclination_rad: float, speed_m_s: float
) -> tuple[Heading, Heading]:
    """The two launch azimuths for an inclination, northbound (ascending) and southbound (descending)."""
    lat_rad = geocentric_lat_rad(spaceport.site)
    radius_m = float(np.linalg.norm(spaceport.site.r_itrf_m))
    north, south = (
        heading(lat_rad, inclination_rad, speed_m_s, radius_m, direction)
        for direction in DIRECTIONS
    )
    return north, south


def inertial_of_ground_rad(
    lat_rad: float, ground_rad: float, speed_m_s: float, radius_m: float
) -> float:
    """The azimuth [rad] against the stars that one against the ground stands for, at orbital speed."""
    drift_m_s = EARTH_RATE_RAD_S * radius_m * math.cos(lat_rad)
    east = math.sin(ground_rad)
    # |u (sin A, cos A) + (drift, 0)| = speed, u being the speed against the ground
    root = math.sqrt(speed_m_s**2 - drift_m_s**2 * (1.0 - east**2))
    over_ground_m_s = root - drift_m_s * east
    eastward_m_s = over_ground_m_s * east + drift_m_s
    return math.atan2(eastward_m_s, over_ground_m_s * math.cos(ground_rad)) % _TURN


def _inclination_rad(lat_rad: float, inertial_rad: float) -> float:
    return math.acos(max(-1.0, min(1.0, math.cos(lat_rad) * math.sin(inertial_rad))))


def reach(spaceport: Spaceport, speed_m_s: float) -> tuple[Reach, ...]:
    """The inclinations within the azimuth limits, each range cut where it turns from north to south.

    Without published limits: all that the latitude allows, both ways.
    """
    lat_rad = geocentric_lat_rad(spaceport.site)
    radius_m = float(np.linalg.norm(spaceport.site.r_itrf_m))
    found = []
    for first, last in spaceport.azimuths_rad or ((270 * deg, 269.999_999 * deg),):
        width = (last - first) % _TURN
        # due east and due west part north from south, and have the extreme inclinations
        turns = sorted({(corner - first) % _TURN for corner in (90 * deg, 270 * deg)})
        ends = [0.0, *(turn for turn in turns if 1e-6 < turn < width - 1e-6), width]
        for low, high in pairwise(ends):
            at = [(first + edge) % _TURN for edge in (low, high)]
            northward = math.cos(first + 0.5 * (low + high)) > 0.0
            inertial = [inertial_of_ground_rad(lat_rad, a, speed_m_s, radius_m) for a in at]
            inclinations = [_inclination_rad(lat_rad, azimuth) for azimuth in inertial]
            found.append(
                Reach(
                    direction=DIRECTIONS[0 if northward else 1],
                    azimuth_from_rad=at[0],
                    azimuth_to_rad=at[1],
                    inertial_from_rad=inertial[0],
                    inertial_to_rad=inertial[1],
                    inclination_least_rad=min(inclinations),
                    inclination_most_rad=max(inclinations),
                )
            )
    return tuple(found)
