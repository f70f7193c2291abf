"""Orbits: element sets from any file, SGP4, positions over a span, and how far to trust them."""

from offnadir.orbits._doubt import expected_timing_error_s, timing_error_s, timing_errors_s
from offnadir.orbits._element_file import ElementFile
from offnadir.orbits._elements import ElementSet
from offnadir.orbits._ephemeris import Ephemeris, fit_ephemeris, make_ephemeris
from offnadir.orbits._ephemeris_file import (
    EphemerisFile,
    is_ephemeris_file,
    read_ephemerides,
)
from offnadir.orbits._omm import element_set_to_omm, omm_to_element_set
from offnadir.orbits._read import read_elements
from offnadir.orbits._select import nearest_sets, select_satellites
from offnadir.orbits._sgp4 import SGP4_ERRORS, propagate

__all__ = [
    "SGP4_ERRORS",
    "ElementFile",
    "ElementSet",
    "Ephemeris",
    "EphemerisFile",
    "element_set_to_omm",
    "expected_timing_error_s",
    "fit_ephemeris",
    "is_ephemeris_file",
    "make_ephemeris",
    "nearest_sets",
    "omm_to_element_set",
    "propagate",
    "read_elements",
    "read_ephemerides",
    "select_satellites",
    "timing_error_s",
    "timing_errors_s",
]
