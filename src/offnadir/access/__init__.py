"""Access: when which satellite sees which place, under which angles."""

from offnadir.access._constraints import (
    AzimuthWithin,
    Constraint,
    HorizonMask,
    IncidenceWithin,
    LookSide,
    MaxOffNadir,
    MaxRange,
    MinElevation,
    MinOffNadir,
    MinRange,
    MinSunGlint,
    PitchWithin,
    RollWithin,
    SatelliteSunlit,
    SunAbove,
    SunBelow,
)
from offnadir.access._search import find_contacts, find_windows, stream_windows
from offnadir.access._sites import read_sites
from offnadir.access._station import Station

__all__ = [
    "AzimuthWithin",
    "Constraint",
    "HorizonMask",
    "IncidenceWithin",
    "LookSide",
    "MaxOffNadir",
    "MaxRange",
    "MinElevation",
    "MinOffNadir",
    "MinRange",
    "MinSunGlint",
    "PitchWithin",
    "RollWithin",
    "SatelliteSunlit",
    "Station",
    "SunAbove",
    "SunBelow",
    "find_contacts",
    "find_windows",
    "read_sites",
    "stream_windows",
]
