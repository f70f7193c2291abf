"""Orbits: element sets from any file, SGP4, positions over a span, and how far to trust them."""

from offnadir.orbits._elements import ElementSet
from offnadir.orbits._ephemeris import Ephemeris, make_ephemeris
from offnadir.orbits._sgp4 import SGP4_ERRORS, propagate

__all__ = [
    "SGP4_ERRORS",
    "ElementSet",
    "Ephemeris",
    "make_ephemeris",
    "propagate",
]
