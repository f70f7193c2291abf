"""An instant and a span of time, exact to the nanosecond."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from functools import lru_cache

import numpy as np
from numpy.typing import ArrayLike, NDArray

from offnadir.epoch._leap import (
    leap_second_at,
    leap_table,
    one_to_tai_ns,
    one_to_utc_ns,
    tai_to_utc_ns,
)
from offnadir.errors import InputError

_NS = 1_000_000_000
_DAY_NS = 86_400 * _NS
_DAY_ZERO = date(1970, 1, 1).toordinal()
_UTC_TEXT = re.compile(
    r"(\d{4})-(\d{2})-(\d{2})(?:[T ](\d{2}):(\d{2})(?::(\d{2})(?:\.(\d{1,9}))?)?)?"
    r"\s*(Z|UTC|[+-]\d{2}:?\d{2})?",
    re.IGNORECASE,
)
_WISH = "a UTC time such as 2026-05-31T04:05:06.789Z"
_FIRST_YEAR, _LAST_YEAR = 1900, 2199


@dataclass(frozen=True, slots=True, order=True)
class Epoch:
    """An instant: int64 nanoseconds of TAI since 1970-01-01T00:00:00 TAI.

    `epoch + seconds` is a later Epoch; `epoch - epoch` is seconds as a float (for exact arithmetic
    use `tai_ns`). UTC before 1972 is taken with TAI - UTC = 10 s.

    >>> Epoch.from_utc("2016-12-31T23:59:60Z") + 1.0
    Epoch('2017-01-01T00:00:00.000000Z')
    """

    tai_ns: int

    @classmethod
    def from_utc(cls, text: str, *, field: str = "time") -> Epoch:
        """Read ISO 8601; no zone means UTC, an offset such as +09:00 is honoured.

        Raises InputError, naming `field`, for text that is no time, a day that does not exist, or a
        second 60 where no leap second was inserted.
        """
        match = _UTC_TEXT.fullmatch(text.strip())
        if match is None:
            raise InputError(field, text, _WISH)
        year, month, day, hour, minute, second = (int(part or 0) for part in match.groups()[:6])
        fraction_ns = int((match[7] or "").ljust(9, "0") or 0)
        leap = second == 60
        if not _FIRST_YEAR <= year <= _LAST_YEAR:
            raise InputError(field, text, f"in the years {_FIRST_YEAR} to {_LAST_YEAR}")
        try:
            days = date(year, month, day).toordinal() - _DAY_ZERO
        except ValueError as error:
            raise InputError(field, text, _WISH, hint="no such day") from error
        if hour > 23 or minute > 59 or second > 60:
            raise InputError(field, text, _WISH, hint="no such time of day")
        zone = (match[8] or "Z").upper()
        shift_s = 0
        if zone not in ("Z", "UTC"):
            hours, minutes = int(zone[1:3]), int(zone[-2:])
            if hours > 14 or minutes > 59:
                raise InputError(field, text, _WISH, hint="no such zone")
            shift_s = (1 if zone[0] == "+" else -1) * (hours * 3600 + minutes * 60)
        whole_s = hour * 3600 + minute * 60 + (59 if leap else second) - shift_s
        tai_ns = one_to_tai_ns(days * _DAY_NS + whole_s * _NS) + (_NS if leap else 0)
        if leap and not leap_second_at(tai_ns):
            raise InputError(field, text, _WISH, hint="no leap second was inserted then")
        return cls(tai_ns + fraction_ns)

    @classmethod
    def from_utc_ns(cls, utc_ns: int) -> Epoch:
        """The instant that many nanoseconds after 1970-01-01 in UTC (leap seconds not counted)."""
        return cls(one_to_tai_ns(int(utc_ns)))

    @property
    def utc_ns(self) -> int:
        """Nanoseconds since 1970-01-01 in UTC, leap seconds not counted (as in datetime64)."""
        return one_to_utc_ns(int(self.tai_ns))[0]

    def utc(self, digits: int = 6) -> str:
        """ISO 8601 UTC text with that many digits after the second, rounded to nearest."""
        tick = 10 ** (9 - digits)
        utc_ns, in_leap = one_to_utc_ns((int(self.tai_ns) + tick // 2) // tick * tick)
        days, rest = divmod(utc_ns - (_NS if in_leap else 0), _DAY_NS)
        second, part = divmod(rest, _NS)
        minute, second = divmod(second, 60)
        text = f"{_day_text(days)}T{minute // 60:02d}:{minute % 60:02d}:{60 if in_leap else second:02d}"
        return f"{text}.{part:09d}"[: 20 + digits] + "Z" if digits else text + "Z"

    def __add__(self, seconds: float) -> Epoch:
        return Epoch(self.tai_ns + round(seconds * _NS))

    def __sub__(self, other: Epoch) -> float:
        return (self.tai_ns - other.tai_ns) / _NS

    def __str__(self) -> str:
        return self.utc()

    def __repr__(self) -> str:
        return f"Epoch('{self.utc()}')"


@lru_cache(1024)
def _day_text(days: int) -> str:
    """ISO 8601 of a day after 1970-01-01: few days are written many times."""
    return date.fromordinal(_DAY_ZERO + days).isoformat()


@dataclass(frozen=True, slots=True)
class Span:
    """A stretch of time from `start` up to `stop`; `stop` must be later.

    >>> Span(Epoch.from_utc("2026-05-31"), Epoch.from_utc("2026-06-01")).duration_s
    86400.0
    """

    start: Epoch
    stop: Epoch

    def __post_init__(self) -> None:
        if self.stop <= self.start:
            raise InputError("stop", self.stop.utc(), f"later than start {self.start.utc()}")

    @property
    def duration_s(self) -> float:
        return self.stop - self.start

    def contains(self, epoch: Epoch) -> bool:
        return self.start <= epoch <= self.stop


def utc_text(tai_ns: Iterable[int] | ArrayLike, digits: int = 6) -> list[str]:
    """ISO 8601 UTC texts of TAI ns since 1970, rounded to `digits` (0 to 9) after the second.

    A leap second reads 23:59:60. Rounding may carry into the next day.
    """
    tick = 10 ** (9 - digits)
    tai: NDArray[np.int64] = np.atleast_1d(np.asarray(tai_ns, np.int64))
    tai = (tai + tick // 2) // tick * tick
    utc = tai_to_utc_ns(tai)
    starts, offsets = leap_table()
    # A leap second shares its datetime64 with the second after it: step back one and write 60.
    begins = starts[1:] + (offsets[1:] - 1) * _NS
    row = np.searchsorted(begins, tai, side="right") - 1
    in_leap = (row >= 0) & (tai - begins[np.maximum(row, 0)] < _NS)
    utc = utc - np.where(in_leap, _NS, 0)
    texts: list[str] = np.datetime_as_string(utc.astype("datetime64[ns]"), unit="ns").tolist()
    cut = 19 if digits == 0 else 20 + digits
    return [
        (f"{text[:17]}60{text[19:cut]}" if leap else text[:cut]) + "Z"
        for text, leap in zip(texts, in_leap, strict=True)
    ]
