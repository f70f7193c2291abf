"""Launches: from a launch site to the plane of an orbit, and back from element sets to the launch.

Public geometry only: azimuths, planes, times. Nothing here knows a vehicle.
"""

from __future__ import annotations

from offnadir.orbits._launch_azimuth import (
    Heading,
    Reach,
    headings,
    reach,
)
from offnadir.orbits._launch_reconstruct import Candidate, reconstruct
from offnadir.orbits._launch_sites import Spaceport, find_spaceport, spaceports
from offnadir.orbits._launch_target import (
    TargetOrbit,
    inclined_target,
    sun_synchronous_inclination_rad,
    sun_synchronous_target,
    target_of_elements,
)
from offnadir.orbits._launch_windows import Ascent, Launch, elements_after, launch_at, launches

__all__ = [
    "Ascent",
    "Candidate",
    "Heading",
    "Launch",
    "Reach",
    "Spaceport",
    "TargetOrbit",
    "elements_after",
    "find_spaceport",
    "headings",
    "inclined_target",
    "launch_at",
    "launches",
    "reach",
    "reconstruct",
    "spaceports",
    "sun_synchronous_inclination_rad",
    "sun_synchronous_target",
    "target_of_elements",
]
