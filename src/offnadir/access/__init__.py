"""Access: when which satellite sees which place, under which angles."""

from offnadir.access._constraints import (
    Constraint,
    HorizonMask,
    MaxOffNadir,
    MaxRange,
    MinElevation,
    SunAbove,
)
from offnadir.access._search import find_contacts, find_windows, stream_windows
from offnadir.access._sites import read_sites
from offnadir.access._station import Station

__all__ = [
    "Constraint",
    "HorizonMask",
    "MaxOffNadir",
    "MaxRange",
    "MinElevation",
    "Station",
    "SunAbove",
    "find_contacts",
    "find_windows",
    "read_sites",
    "stream_windows",
]
