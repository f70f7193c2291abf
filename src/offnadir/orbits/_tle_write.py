"""Two-line element sets written, for programs that still want them: the reverse of `_tle`.

Columns: see `_tle`. A TLE has no room for numbers above 339999, for more than eight digits of a day or
four of a degree, nor for more than 24 characters of a name in lists that count columns.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Final

from offnadir.epoch import Epoch
from offnadir.errors import InputError
from offnadir.orbits._elements import ElementSet
from offnadir.orbits._published import (
    angle_rad,
    half_ndot_rad_s2,
    mean_motion_rad_s,
    shortest,
    sixth_nddot_rad_s3,
)

MOST_IN_TLE: Final = 339_999
_LETTERS = "ABCDEFGHJKLMNPQRSTUVWXYZ"  # Alpha-5: no I and no O
_DAY_NS = 86_400_000_000_000
_TICKS = 100_000_000  # in a day: the eight digits of its fraction
_DESIGNATOR = re.compile(r"(?:19|20)(\d{2})-(\d{3}[A-Z]{1,3})").fullmatch


def element_set_to_tle(elements: ElementSet) -> tuple[str, str, str]:
    """Name and the two lines of a set; exact for a set that came as TLE, rounded otherwise.

    Raises InputError, naming the keyword, for a number above 339999 or a value that has no column: an
    epoch outside 1957 to 2056, a mean motion derivative of 1 rev/day^2 or more.
    """
    one, number = elements, _number(elements.norad_id)
    half_ndot = shortest(one.half_ndot_rad_s2, half_ndot_rad_s2)
    if abs(half_ndot) >= 0.999999995:
        raise InputError("MEAN_MOTION_DOT", half_ndot, "below 1 rev/day**2 for a TLE")
    kind = one.classification if re.fullmatch("[A-Z]", one.classification) else "U"
    line1 = (
        f"1 {number}{kind} {_designator(one.object_id):<8} {_epoch(one.epoch)} "
        f"{half_ndot:+.8f}".replace("+0.", " .").replace("-0.", "-.")
        + f" {_power(shortest(one.sixth_nddot_rad_s3, sixth_nddot_rad_s3), 'MEAN_MOTION_DDOT')}"
        f" {_power(one.bstar, 'BSTAR')} 0 {one.element_set_no % 10_000:4d}"
    )
    motion = shortest(one.mean_motion_rad_s, mean_motion_rad_s)
    line2 = (
        f"2 {number} {_degrees(one.inclination_rad, 180.0)} {_degrees(one.raan_rad)} "
        f"{min(round(one.eccentricity * 1e7), 9_999_999):07d} {_degrees(one.arg_perigee_rad)} "
        f"{_degrees(one.mean_anomaly_rad)} {motion:11.8f}{one.rev_at_epoch % 100_000:5d}"
    )
    return one.name, line1 + _checksum(line1), line2 + _checksum(line2)


def _number(norad_id: int) -> str:
    if norad_id > MOST_IN_TLE:
        hint = "TLE has no room for it: take OMM"
        raise InputError("NORAD_CAT_ID", norad_id, f"up to {MOST_IN_TLE} for a TLE", hint=hint)
    high, rest = divmod(norad_id, 10_000)
    return f"{_LETTERS[high - 10]}{rest:04d}" if high >= 10 else f"{norad_id:05d}"


def _designator(object_id: str) -> str:
    """1998-067A as 98067A; what has no place in eight columns is left out."""
    match = _DESIGNATOR(object_id)
    if match:
        return match[1] + match[2]
    plain = len(object_id) <= 8 and object_id.isascii() and object_id.isprintable()
    return object_id if plain else ""


def _epoch(epoch: Epoch) -> str:
    """Year, day of year and fraction of a day, to the nearest 0.864 ms."""
    ticks = (epoch.utc_ns * _TICKS + _DAY_NS // 2) // _DAY_NS
    days, fraction = divmod(ticks, _TICKS)
    year = int(Epoch.from_utc_ns(days * _DAY_NS).utc()[:4])
    if not 1957 <= year <= 2056:
        raise InputError("EPOCH", epoch.utc(), "in the years 1957 to 2056 for a TLE")
    new_year = Epoch.from_utc(f"{year}-01-01").utc_ns // _DAY_NS
    return f"{year % 100:02d}{days - new_year + 1:03d}.{fraction:08d}"


def _degrees(angle: float, most: float = 0.0) -> str:
    """Degrees with four digits, from 0 to below 360, or up to `most`."""
    degrees = shortest(angle, angle_rad)
    if most:
        return f"{min(degrees, most):8.4f}"
    text = f"{degrees % 360.0:8.4f}"
    return "  0.0000" if text == "360.0000" else text


def _power(value: float, keyword: str) -> str:
    """Five digits and a power of ten, with the decimal point left out: 0.22277e-3 is " 22277-3"."""
    digits, exponent = f"{abs(value):.4e}".split("e")
    power = int(exponent) + 1
    if value == 0.0 or power < -9:
        return " 00000+0"
    if power > 9:
        raise InputError(keyword, value, "below 1e9 for a TLE")
    mantissa = digits.replace(".", "")
    return f"{'-' if value < 0 else ' '}{mantissa}{power:+d}"


def _checksum(line: str) -> str:
    """The sum of the digits, with a minus as 1, modulo 10."""
    assert len(line) == 68, line
    count: Callable[[str], int] = lambda c: int(c) if c.isdigit() else int(c == "-")  # noqa: E731
    return str(sum(map(count, line)) % 10)
