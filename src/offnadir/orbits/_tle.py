"""Two-line element sets, with or without a line of name: the format of punched cards.

Columns are counted from 1, as in every description of the format: Hoots and Roehrich, Spacetrack
Report No. 3, 1980, section 2; Kelso, "NORAD Two-Line Element Set Format", CelesTrak; and for letters
in satellite numbers "Alpha-5" in the documentation of space-track.org.
"""

from __future__ import annotations

import datetime
import functools
import re
from collections.abc import Callable
from typing import Any, Final

from offnadir.epoch import Epoch
from offnadir.errors import InputError
from offnadir.orbits._element_file import Rejected, printable, reject
from offnadir.orbits._elements import ElementSet
from offnadir.orbits._published import element_set_from_published

_LENGTH = 69
_LONGEST_NAME = 60  # 24 by the book; some lists append magnitudes. An element line has 69.
_DAY_NS = 86_400_000_000_000
_TICK_NS = 864_000  # one unit of the eighth digit of a fraction of a day
_UNIX_DAY = datetime.date(1970, 1, 1).toordinal()

# Weights of the checksum: a digit counts as itself, a minus as 1, all else as 0.
_WEIGHTS: Final = bytes(b - 48 if 48 <= b <= 57 else int(b == ord("-")) for b in range(256))
_ALPHA5: Final = {letter: 10 + i for i, letter in enumerate("ABCDEFGHJKLMNPQRSTUVWXYZ")}
_LOOKS_LIKE_A_LINE = re.compile("[12] (?:[ 0-9A-Z][ 0-9]{4}|.{23})").match
_DESIGNATOR = re.compile("([0-9]{2})([0-9]{3}[A-Z]{1,3})").fullmatch


def from_alpha5(text: str) -> int:
    """The number of five characters: "25544", "    5", "A0000" = 100000, "Z9999" = 339999."""
    high = _ALPHA5.get(text[0])
    if high is None:
        return int(text)
    if not (text[1:].isascii() and text[1:].isdigit()):
        raise ValueError(text)
    return high * 10_000 + int(text[1:])


def full_year(two_digits: int) -> int:
    """57 to 99 are of the twentieth century, 00 to 56 of the twenty-first."""
    return two_digits + (1900 if two_digits >= 57 else 2000)


@functools.lru_cache(maxsize=4096)
def _midnight_tai_ns(year: int, day_of_year: int) -> int:
    days = datetime.date(year, 1, 1).toordinal() - _UNIX_DAY + day_of_year - 1
    return Epoch.from_utc_ns(days * _DAY_NS).tai_ns


def _epoch(text: str) -> Epoch:
    """26150.59231876: year, day of year and fraction of a day, exact to the last digit.

    Day 366 of a common year is the first of the next: such sets were published around new year.
    """
    day_of_year = int(text[2:5])
    if not 1 <= day_of_year <= 366:
        raise InputError("epoch", text, "of a day of the year from 1 to below 367")
    midnight = _midnight_tai_ns(full_year(int(text[:2])), day_of_year)
    fraction = text[6:].rstrip()
    return Epoch(midnight + int(fraction.ljust(8, "0")) * _TICK_NS)


def _power(text: str) -> float:
    """Mantissa with its decimal point left out, and exponent: " 22277-3" is 0.22277e-3."""
    mantissa, exponent = text[1:6], text[6:8]
    if not mantissa.strip(" 0"):
        return 0.0
    return float(f"{text[0]}.{mantissa}e{exponent.replace(' ', '+', 1)}")


def _eccentricity(text: str) -> float:
    return int(text) / 1e7  # both are exact, so this is the double nearest to the decimal


def _count(text: str) -> int:
    return int(text.strip() or "0")


def _classification(text: str) -> str:
    return text.strip() or "U"


def _object_id(text: str) -> str:
    """98067A as 1998-067A, the spelling of an OMM; what is no designator stays as it is."""
    text = text.strip()
    match = _DESIGNATOR(text)
    return f"{full_year(int(match[1]))}-{match[2]}" if match else text


def _ephemeris_type(text: str) -> None:
    """Only 0 or blank, which is what is published for SGP4."""
    if text not in " 0":
        hint = "4 is SGP4-XP, another theory" if text == "4" else ""
        raise InputError("ephemeris type", text, "0 (SGP4 with Kozai's mean motion)", hint=hint)


_NUMBER = "[ 0-9A-HJ-NP-Z][ 0-9]{3}[0-9]"
_POWER = "[ +-][ 0-9]{5}[ +-][ 0-9]"
_ANGLE = "[ 0-9.]{8}"
_EPOCH = "[ 0-9][0-9][ 0-9]{2}[0-9][.][0-9][ 0-9]{7}"
_Layout = tuple[tuple[str, int, str, Callable[[str], Any] | None], ...]

# What stands in it, its first column, a pattern as wide as the field, and what makes a value of it.
_LINE1: Final[_Layout] = (
    ("line number", 1, "1 ", None),
    ("satellite number", 3, _NUMBER, from_alpha5),
    ("classification", 8, "[A-Z ]", _classification),
    ("column 9", 9, " ", None),
    ("international designator", 10, "[ -~]{8}", _object_id),
    ("column 18", 18, " ", None),
    ("epoch", 19, _EPOCH, _epoch),
    ("column 33", 33, " ", None),
    ("first derivative of mean motion", 34, "[ 0-9.+-]{10}", float),
    ("column 44", 44, " ", None),
    ("second derivative of mean motion", 45, _POWER, _power),
    ("column 53", 53, " ", None),
    ("BSTAR", 54, _POWER, _power),
    ("column 62", 62, " ", None),
    ("ephemeris type", 63, "[ 0-9]", _ephemeris_type),
    ("column 64", 64, " ", None),
    ("element set number", 65, "[ 0-9]{4}", _count),
    ("checksum", 69, "[0-9]", None),
)
_LINE2: Final[_Layout] = (
    ("line number", 1, "2 ", None),
    ("satellite number", 3, _NUMBER, from_alpha5),
    ("column 8", 8, " ", None),
    ("inclination", 9, _ANGLE, float),
    ("column 17", 17, " ", None),
    ("right ascension of the ascending node", 18, _ANGLE, float),
    ("column 26", 26, " ", None),
    ("eccentricity", 27, "[ 0-9]{7}", _eccentricity),
    ("column 34", 34, " ", None),
    ("argument of perigee", 35, _ANGLE, float),
    ("column 43", 43, " ", None),
    ("mean anomaly", 44, _ANGLE, float),
    ("column 52", 52, " ", None),
    ("mean motion", 53, "[ 0-9.]{11}", float),
    ("revolution number", 64, "[ 0-9]{5}", _count),
    ("checksum", 69, "[0-9]", None),
)
_ON_LINE_1 = ("BSTAR", "MEAN_MOTION_DOT", "MEAN_MOTION_DDOT")


class _Line:
    """One of the two layouts, made ready: `values` of a line is a list, or an InputError."""

    def __init__(self, layout: _Layout) -> None:
        self.which = layout[0][2][0]
        starts = [column - 1 for _, column, _, _ in layout]
        stops = [*starts[1:], _LENGTH]
        self.fields = [
            (what, slice(start, stop), pattern, convert)
            for (what, _, pattern, convert), start, stop in zip(layout, starts, stops, strict=True)
        ]
        self.converters = [(where, convert) for _, where, _, convert in self.fields if convert]
        self.match = re.compile("".join(pattern for _, _, pattern, _ in layout)).fullmatch

    def values(self, line: str) -> list[Any]:
        """The values of the line's fields, once length, columns and checksum are right."""
        if len(line) != _LENGTH:
            line = self._cut(line)
        if not self.match(line):
            raise self._trouble(line)
        checksum = sum(line[:68].encode("ascii").translate(_WEIGHTS)) % 10
        if checksum != int(line[68]):
            wish = f"{checksum}, the sum over this line"
            raise InputError(f"checksum of line {self.which}", int(line[68]), wish)
        try:
            return [convert(line[where]) for where, convert in self.converters]
        except InputError:
            raise
        except ValueError as error:
            raise self._trouble(line) from error

    def _cut(self, line: str) -> str:
        """Text after column 69 counts for nothing, if a blank parts it from the line."""
        if len(line) > _LENGTH and line[_LENGTH] in " \t":
            return line[:_LENGTH]
        hint = "the checksum is missing, or a character was lost" if len(line) == 68 else ""
        raise InputError(f"length of line {self.which}", len(line), "69 characters", hint=hint)

    def _trouble(self, line: str) -> InputError:
        """The first field that cannot be read, as an error."""
        for what, where, pattern, convert in self.fields:
            text = line[where]
            try:
                if re.fullmatch(pattern, text):
                    if convert:
                        convert(text)
                    continue
            except ValueError:
                pass
            if pattern == " ":
                return InputError(what, text, "blank")
            wish = "as the format wants it"
            if what == "satellite number" and text[0] in "IO":
                wish = "in Alpha-5, which has no letters I and O"
            return InputError(what, text, wish, hint=f"columns {where.start + 1} to {where.stop}")
        raise AssertionError(line)


_line1, _line2 = _Line(_LINE1), _Line(_LINE2)


def read_tle(text: str, path: str) -> tuple[list[ElementSet], list[Rejected], str]:
    """All element sets of a TLE or 3LE text, the refusals in order of lines, and "TLE" or "3LE".

    A set is a line 1 with line 2 next to it; blank lines and lines starting with # may come between.
    The line before line 1, if it is no element line, is the name, with or without a leading "0 ".
    """
    elements: list[ElementSet] = []
    rejected: list[Rejected] = []
    name: tuple[int, str] | None = None  # a line that waits for its line 1
    first: tuple[int, str, str] | None = None  # a line 1, and its name, that waits for its line 2
    named = False

    def refuse_waiting() -> None:
        if first is not None:
            rejected.append(reject(f"{path}:{first[0]}", "line 1 without line 2", first[1]))
        if name is not None:
            why = "neither an element line nor the name of a set that follows"
            rejected.append(reject(f"{path}:{name[0]}", why, name[1]))

    for number, raw in enumerate(text.split("\n"), 1):
        line = raw.strip(" \t\r\f\v\x1a")
        if not line or line[0] == "#":
            continue
        kind = line[0] if _LOOKS_LIKE_A_LINE(line) else ""
        if kind == "2":
            if first is None:
                rejected.append(reject(f"{path}:{number}", "line 2 without line 1", line))
            else:
                got = _pair(first, (number, line), path)
                if isinstance(got, ElementSet):
                    elements.append(got)
                    named = named or bool(first[2])
                else:
                    rejected.append(got)
            name = first = None
        elif kind == "1":
            title = _name(name[1]) if name else ""
            name = None
            refuse_waiting()
            first = (number, line, title)
        else:
            refuse_waiting()
            first, name = None, (number, line)
            if len(line) > _LONGEST_NAME:
                refuse_waiting()
                name = None
    refuse_waiting()
    return elements, rejected, "3LE" if named else "TLE"


def _name(line: str) -> str:
    """The name on a line of name, which Space-Track marks with "0 "."""
    return printable(line[1:].strip() if line == "0" or line.startswith("0 ") else line)


def _pair(first: tuple[int, str, str], second: tuple[int, str], path: str) -> ElementSet | Rejected:
    """One set of its two lines, or why not."""
    (number1, text1, name), (number2, text2) = first, second
    where1, where2 = f"{path}:{number1}", f"{path}:{number2}"
    try:
        (norad_id, classification, object_id, epoch, half_ndot, sixth_nddot, bstar, _, set_no) = (
            _line1.values(text1)
        )
    except InputError as error:
        return reject(where1, error, text1)
    try:
        (norad_id2, inclination, raan, eccentricity, arg_perigee, mean_anomaly, motion, rev) = (
            _line2.values(text2)
        )
    except InputError as error:
        return reject(where2, error, text2)
    if norad_id2 != norad_id:
        wish = f"the number of line 1, {norad_id}"
        return reject(where2, InputError("satellite number of line 2", norad_id2, wish), text2)
    try:
        return element_set_from_published(
            norad_id=norad_id,
            name=name or f"NORAD {norad_id}",
            object_id=object_id,
            epoch=epoch,
            mean_motion_rev_day=motion,
            eccentricity=eccentricity,
            inclination_deg=inclination,
            raan_deg=raan,
            arg_perigee_deg=arg_perigee,
            mean_anomaly_deg=mean_anomaly,
            bstar=bstar,
            half_ndot_rev_day2=half_ndot,
            sixth_nddot_rev_day3=sixth_nddot,
            classification=classification,
            element_set_no=set_no,
            rev_at_epoch=rev,
            source=where1,
        )
    except InputError as error:
        if error.field in _ON_LINE_1:
            return reject(where1, error, text1)
        return reject(where2, error, text2)
