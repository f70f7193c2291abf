"""Between the numbers as published (degrees, revolutions and days) and the SI of an element set."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, Final

from offnadir.epoch import Epoch
from offnadir.errors import InputError
from offnadir.orbits._elements import ElementSet
from offnadir.units import day, deg

# SGP4 divides by this to get rad/min from rev/day; so do we, for the same last bit.
_REV_DAY_PER_RAD_MIN: Final = 1440.0 / (2.0 * math.pi)
_REV: Final = 2.0 * math.pi

MAX_NORAD_ID: Final = 999_999_999
# 17 rev/day is a circle 11 km above the ground; decaying objects are last seen near 16.6.
MAX_MEAN_MOTION_REV_DAY: Final = 17.0
# The greatest of the 28,488 sets in the catalogue of 2025-09 is 3.4 per Earth radius.
MAX_BSTAR: Final = 100.0
_MAX_RATE: Final = 1e9  # published derivatives: SGP4 ignores them, they only have to stay finite


def mean_motion_rad_s(rev_day: float) -> float:
    """Mean motion [rad/s] of rev/day; times 60 it is SGP4's own rad/min within one unit in the last place."""
    return rev_day / _REV_DAY_PER_RAD_MIN / 60.0


def angle_rad(angle_deg: float) -> float:
    """Degrees to radians, rounded as the official SGP4 does."""
    return angle_deg * deg


def half_ndot_rad_s2(rev_day2: float) -> float:
    """First derivative of mean motion, rev/day^2 to rad/s^2."""
    return rev_day2 * (_REV / day**2)


def sixth_nddot_rad_s3(rev_day3: float) -> float:
    """Second derivative of mean motion, rev/day^3 to rad/s^3."""
    return rev_day3 * (_REV / day**3)


def shortest(value: float, convert: Callable[[float], float]) -> float:
    """The shortest decimal x with convert(x) == value, or the nearest there is.

    A number that came out of `convert` is always found again. Of other numbers some have no such x
    (`convert` skips one double in ten): then the answer is off by one unit in the last place.
    """
    guess = value / convert(1.0)
    for digits in range(1, 18):
        x = float(f"{guess:.{digits}g}")
        if convert(x) == value:
            return x
    below, above = guess, guess
    for _ in range(3):
        below, above = math.nextafter(below, -math.inf), math.nextafter(above, math.inf)
        for x in (below, above):
            if convert(x) == value:
                return x
    return guess


def element_set_from_published(
    *,
    mean_motion_rev_day: float,
    eccentricity: float,
    inclination_deg: float,
    raan_deg: float,
    arg_perigee_deg: float,
    mean_anomaly_deg: float,
    bstar: float,
    half_ndot_rev_day2: float,
    sixth_nddot_rev_day3: float,
    norad_id: int,
    name: str,
    object_id: str,
    epoch: Epoch,
    classification: str,
    element_set_no: int,
    rev_at_epoch: int,
    source: str,
) -> ElementSet:
    """An element set of published numbers; InputError, naming the OMM keyword, if one is impossible."""
    if not (
        0.0 < mean_motion_rev_day <= MAX_MEAN_MOTION_REV_DAY
        and 0.0 <= eccentricity < 1.0
        and 0.0 <= inclination_deg <= 180.0
        and -360.0 <= raan_deg <= 360.0
        and -360.0 <= arg_perigee_deg <= 360.0
        and -360.0 <= mean_anomaly_deg <= 360.0
        and -MAX_BSTAR <= bstar <= MAX_BSTAR
        and -_MAX_RATE <= half_ndot_rev_day2 <= _MAX_RATE
        and -_MAX_RATE <= sixth_nddot_rev_day3 <= _MAX_RATE
    ):
        raise _first_trouble(locals())
    return ElementSet(
        norad_id=norad_id,
        name=name,
        object_id=object_id,
        epoch=epoch,
        mean_motion_rad_s=mean_motion_rad_s(mean_motion_rev_day),
        eccentricity=eccentricity,
        inclination_rad=angle_rad(inclination_deg),
        raan_rad=angle_rad(raan_deg),
        arg_perigee_rad=angle_rad(arg_perigee_deg),
        mean_anomaly_rad=angle_rad(mean_anomaly_deg),
        bstar=bstar,
        half_ndot_rad_s2=half_ndot_rad_s2(half_ndot_rev_day2),
        sixth_nddot_rad_s3=sixth_nddot_rad_s3(sixth_nddot_rev_day3),
        classification=classification,
        element_set_no=element_set_no,
        rev_at_epoch=rev_at_epoch,
        source=source,
    )


def _first_trouble(given: dict[str, Any]) -> InputError:
    """The first number outside its range, as an error."""
    motion, eccentricity = given["mean_motion_rev_day"], given["eccentricity"]
    if not 0.0 < motion <= MAX_MEAN_MOTION_REV_DAY:
        wish = f"above 0 and up to {MAX_MEAN_MOTION_REV_DAY:g} rev/day"
        inside = motion > MAX_MEAN_MOTION_REV_DAY
        return InputError(
            "MEAN_MOTION", motion, wish, hint="such an orbit is inside the Earth" if inside else ""
        )
    if not 0.0 <= eccentricity < 1.0:
        return InputError("ECCENTRICITY", eccentricity, "from 0 to below 1")
    if not 0.0 <= given["inclination_deg"] <= 180.0:
        return InputError("INCLINATION", given["inclination_deg"], "from 0 to 180 degrees")
    for keyword, key in (
        ("RA_OF_ASC_NODE", "raan_deg"),
        ("ARG_OF_PERICENTER", "arg_perigee_deg"),
        ("MEAN_ANOMALY", "mean_anomaly_deg"),
    ):
        if not -360.0 <= given[key] <= 360.0:
            return InputError(keyword, given[key], "within +-360 degrees")
    if not -MAX_BSTAR <= given["bstar"] <= MAX_BSTAR:
        return InputError("BSTAR", given["bstar"], f"within +-{MAX_BSTAR:g} per Earth radius")
    half = given["half_ndot_rev_day2"]
    if not -_MAX_RATE <= half <= _MAX_RATE:
        return InputError("MEAN_MOTION_DOT", half, f"within +-{_MAX_RATE:g} rev/day**2")
    sixth = given["sixth_nddot_rev_day3"]
    return InputError("MEAN_MOTION_DDOT", sixth, f"within +-{_MAX_RATE:g} rev/day**3")
