"""Orbit mean-elements messages as keywords and values, whatever the file they came in.

Keywords, units and codes: CCSDS 502.0-B-3, Orbit Data Messages, 2023, tables 4-1 to 4-3. The two
derivatives are published as a TLE has them (ndot/2 and nddot/6).
"""

from __future__ import annotations

import datetime
import math
import re
from collections.abc import Mapping
from typing import Final

from offnadir.epoch import Epoch
from offnadir.errors import InputError
from offnadir.orbits._element_file import printable
from offnadir.orbits._elements import ElementSet
from offnadir.orbits._published import (
    MAX_NORAD_ID,
    angle_rad,
    element_set_from_published,
    half_ndot_rad_s2,
    mean_motion_rad_s,
    shortest,
    sixth_nddot_rad_s3,
)
from offnadir.orbits._tle import from_alpha5

#: The numbers of a message that have a unit, and its spelling.
UNITS: Final = {
    "MEAN_MOTION": "rev/day",
    "INCLINATION": "deg",
    "RA_OF_ASC_NODE": "deg",
    "ARG_OF_PERICENTER": "deg",
    "MEAN_ANOMALY": "deg",
    "BSTAR": "1/ER",
    "MEAN_MOTION_DOT": "rev/day**2",
    "MEAN_MOTION_DDOT": "rev/day**3",
}
_WORLD: Final = {
    "CENTER_NAME": ("EARTH",),
    "REF_FRAME": ("TEME",),
    "TIME_SYSTEM": ("UTC",),
    "MEAN_ELEMENT_THEORY": ("SGP4", "SGP/SGP4", "SGP4/SDP4", "TLE"),
}
#: All keywords that are read; the rest of a message is left alone.
KEYWORDS: Final = frozenset(
    (*UNITS, *_WORLD, "OBJECT_NAME", "OBJECT_ID", "EPOCH", "ECCENTRICITY", "EPHEMERIS_TYPE",
     "CLASSIFICATION_TYPE", "NORAD_CAT_ID", "ELEMENT_SET_NO", "REV_AT_EPOCH", "BTERM", "AGOM")
)  # fmt: skip

_NUMBER = re.compile(r"[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?").fullmatch
_TIME = re.compile(
    r"([0-9]{4})-(?:([0-9]{2}-[0-9]{2})|([0-9]{3}))"
    r"[T ]([0-9]{2}:[0-9]{2}:[0-9]{2})(?:\.([0-9]{0,9}))?Z?"
).fullmatch
_FIRST_YEAR, _LAST_YEAR = 1957, 2199
_NS = 1_000_000_000


def omm_to_element_set(fields: Mapping[str, object], *, source: str = "") -> ElementSet:
    """An element set of OMM keywords; numbers may be texts, as Space-Track writes them.

    Wanted: EPOCH, MEAN_MOTION, ECCENTRICITY, INCLINATION, RA_OF_ASC_NODE, ARG_OF_PERICENTER,
    MEAN_ANOMALY, NORAD_CAT_ID and BSTAR. What is missing of the rest is taken as its default; a name
    becomes "NORAD 25544". Raises InputError, naming the keyword, for a value that is missing, no
    number or impossible, and for another frame, time system or theory than SGP4's (SGP4-XP too).

    >>> omm = {"EPOCH": "2026-05-30T12:25:10.469", "MEAN_MOTION": 15.49496548,
    ...        "ECCENTRICITY": "0.0007245", "INCLINATION": 51.6337, "RA_OF_ASC_NODE": 27.5746,
    ...        "ARG_OF_PERICENTER": 114.708, "MEAN_ANOMALY": 245.4664, "BSTAR": 2.1767e-4,
    ...        "NORAD_CAT_ID": 25544, "OBJECT_NAME": "ISS (ZARYA)"}
    >>> omm_to_element_set(omm).epoch
    Epoch('2026-05-30T12:25:10.469000Z')
    """
    _check_world(fields)
    norad_id = _norad_id(fields)
    return element_set_from_published(
        norad_id=norad_id,
        name=_text(fields, "OBJECT_NAME") or f"NORAD {norad_id}",
        object_id=_text(fields, "OBJECT_ID"),
        epoch=_epoch(_text(fields, "EPOCH", wanted=True)),
        mean_motion_rev_day=_number(fields, "MEAN_MOTION"),
        eccentricity=_number(fields, "ECCENTRICITY"),
        inclination_deg=_number(fields, "INCLINATION"),
        raan_deg=_number(fields, "RA_OF_ASC_NODE"),
        arg_perigee_deg=_number(fields, "ARG_OF_PERICENTER"),
        mean_anomaly_deg=_number(fields, "MEAN_ANOMALY"),
        bstar=_number(fields, "BSTAR"),
        half_ndot_rev_day2=_number(fields, "MEAN_MOTION_DOT", 0.0),
        sixth_nddot_rev_day3=_number(fields, "MEAN_MOTION_DDOT", 0.0),
        classification=_text(fields, "CLASSIFICATION_TYPE") or "U",
        element_set_no=_count(fields, "ELEMENT_SET_NO"),
        rev_at_epoch=_count(fields, "REV_AT_EPOCH"),
        source=source,
    )


def element_set_to_omm(elements: ElementSet) -> dict[str, str | float | int]:
    """The keywords of an OMM, in the order of CelesTrak's JSON; `omm_to_element_set` is the way back.

    Exact, to the last bit and the nanosecond, for every set that was read from a file, whatever its
    format: the decimals written are the shortest that give the same numbers again. A set computed
    otherwise may come back with an angle, mean motion or derivative off by one unit in the last place
    (some numbers of radians belong to no double of degrees). `source` is not written.
    """
    ns = elements.epoch.tai_ns % 1000
    return {
        "OBJECT_NAME": elements.name,
        "OBJECT_ID": elements.object_id,
        "EPOCH": elements.epoch.utc(9 if ns else 6).removesuffix("Z"),
        "MEAN_MOTION": shortest(elements.mean_motion_rad_s, mean_motion_rad_s),
        "ECCENTRICITY": elements.eccentricity,
        "INCLINATION": shortest(elements.inclination_rad, angle_rad),
        "RA_OF_ASC_NODE": shortest(elements.raan_rad, angle_rad),
        "ARG_OF_PERICENTER": shortest(elements.arg_perigee_rad, angle_rad),
        "MEAN_ANOMALY": shortest(elements.mean_anomaly_rad, angle_rad),
        "EPHEMERIS_TYPE": 0,
        "CLASSIFICATION_TYPE": elements.classification,
        "NORAD_CAT_ID": elements.norad_id,
        "ELEMENT_SET_NO": elements.element_set_no,
        "REV_AT_EPOCH": elements.rev_at_epoch,
        "BSTAR": elements.bstar,
        "MEAN_MOTION_DOT": shortest(elements.half_ndot_rad_s2, half_ndot_rad_s2),
        "MEAN_MOTION_DDOT": shortest(elements.sixth_nddot_rad_s3, sixth_nddot_rad_s3),
    }


def _check_world(fields: Mapping[str, object]) -> None:
    """Refuse elements that are not SGP4's own: other frames, times and theories."""
    for keyword, allowed in _WORLD.items():
        text = _text(fields, keyword)
        if text and text.upper() not in allowed:
            hint = "SGP4-XP is another theory" if text.upper() == "SGP4-XP" else ""
            raise InputError(keyword, text, allowed[0], hint=hint)
    kind = _count(fields, "EPHEMERIS_TYPE")
    if kind != 0:
        hint = "4 is SGP4-XP, another theory" if kind == 4 else ""
        raise InputError("EPHEMERIS_TYPE", kind, "0 (SGP4 with Kozai's mean motion)", hint=hint)
    for keyword in ("BTERM", "AGOM"):
        if _text(fields, keyword):
            text = _text(fields, keyword)
            raise InputError(keyword, text, "absent", hint="it belongs to SGP4-XP, another theory")


def _text(fields: Mapping[str, object], keyword: str, *, wanted: bool = False) -> str:
    """The value as text without blanks around; "" if it is missing, empty or null."""
    value = fields.get(keyword)
    text = "" if value is None else printable(str(value).strip())
    if wanted and not text:
        raise InputError(keyword, value, "given")
    return text


def _number(fields: Mapping[str, object], keyword: str, default: float | None = None) -> float:
    """The value as a finite number."""
    value = fields.get(keyword)
    if value is None or value == "":
        if default is None:
            raise InputError(keyword, value, "given")
        return default
    number = math.nan
    if isinstance(value, str):
        text = value.strip()
        if _NUMBER(text):
            number = float(text)
    elif isinstance(value, (int, float)) and not isinstance(value, bool):
        number = float(value) if abs(value) < 1e300 else math.inf
    if not math.isfinite(number):
        raise InputError(keyword, value, "a number")
    return number


def _count(fields: Mapping[str, object], keyword: str) -> int:
    """The value as a whole number of up to nine digits."""
    number = _number(fields, keyword, 0.0)
    if not (0.0 <= number <= MAX_NORAD_ID and number == int(number)):
        raise InputError(keyword, fields.get(keyword), "a whole number of up to nine digits")
    return int(number)


def _norad_id(fields: Mapping[str, object]) -> int:
    text = _text(fields, "NORAD_CAT_ID", wanted=True)
    if len(text) == 5 and text[0].isalpha():
        try:
            return from_alpha5(text)
        except ValueError:
            pass
    return _count(fields, "NORAD_CAT_ID")


def _epoch(text: str) -> Epoch:
    """The date as month and day or as day of the year, with up to nine digits of a second."""
    wish = "a UTC time such as 2026-05-30T12:25:10.469056"
    match = _TIME(text)
    if match is None:
        raise InputError("EPOCH", text, wish)
    year, month_day, day_of_year, time, fraction = match.groups()
    if not _FIRST_YEAR <= int(year) <= _LAST_YEAR:
        raise InputError("EPOCH", text, f"in the years {_FIRST_YEAR} to {_LAST_YEAR}")
    if day_of_year:
        date = datetime.date(int(year), 1, 1) + datetime.timedelta(int(day_of_year) - 1)
        if date.year != int(year):
            raise InputError("EPOCH", text, wish, hint="no such day")
        month_day = f"{date.month:02d}-{date.day:02d}"
    fraction = f".{fraction}" if fraction else ""
    return Epoch.from_utc(f"{year}-{month_day}T{time}{fraction}Z", field="EPOCH")
