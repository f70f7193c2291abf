"""TAI minus UTC; the only file that asks ERFA for leap seconds."""

from __future__ import annotations

import functools
from bisect import bisect_right

import erfa
import numpy as np
from numpy.typing import NDArray

_NS = 1_000_000_000


@functools.cache
def leap_table() -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """(UTC ns since 1970 at which a step takes effect, TAI - UTC [s] from then on), from 1972 on."""
    rows = [r for r in erfa.leap_seconds.get() if r["year"] >= 1972]
    starts = [
        np.datetime64(f"{r['year']:04d}-{r['month']:02d}-01", "ns").astype(np.int64) for r in rows
    ]
    return np.array(starts, np.int64), np.array(
        [round(float(r["tai_utc"])) for r in rows], np.int64
    )


@functools.cache
def _steps() -> tuple[list[int], list[int], list[int], list[int]]:
    """For one instant at a time: steps in UTC ns, offsets [s], steps in TAI ns, leap seconds' beginnings."""
    starts, offsets = (column.tolist() for column in leap_table())
    steps = [start + offset * _NS for start, offset in zip(starts, offsets, strict=True)]
    return starts, offsets, steps, [step - _NS for step in steps[1:]]


def one_to_utc_ns(tai_ns: int) -> tuple[int, bool]:
    """`tai_to_utc_ns` of one instant, in a hundredth of the time; and whether a leap second was under way."""
    _, offsets, steps, leaps = _steps()
    row = bisect_right(leaps, tai_ns) - 1
    in_leap = row >= 0 and tai_ns - leaps[row] < _NS
    return tai_ns - offsets[max(bisect_right(steps, tai_ns) - 1, 0)] * _NS, in_leap


def one_to_tai_ns(utc_ns: int) -> int:
    """`utc_to_tai_ns` of one instant."""
    starts, offsets, _, _ = _steps()
    return utc_ns + offsets[max(bisect_right(starts, utc_ns) - 1, 0)] * _NS


def tai_minus_utc_s(utc_ns: NDArray[np.int64]) -> NDArray[np.int64]:
    """TAI - UTC [s] at UTC ns since 1970; before 1972 the 10 s of 1972 (UTC had drifting seconds)."""
    starts, offsets = leap_table()
    return offsets[np.maximum(np.searchsorted(starts, utc_ns, side="right") - 1, 0)]


def tai_to_utc_ns(tai_ns: NDArray[np.int64]) -> NDArray[np.int64]:
    """UTC ns since 1970 of TAI ns since 1970; during a leap second the next day's first second."""
    starts, offsets = leap_table()
    row = np.maximum(np.searchsorted(starts + offsets * _NS, tai_ns, side="right") - 1, 0)
    return np.asarray(tai_ns - offsets[row] * _NS, np.int64)


def utc_to_tai_ns(utc_ns: NDArray[np.int64]) -> NDArray[np.int64]:
    """TAI ns since 1970 of UTC ns since 1970."""
    return np.asarray(utc_ns + tai_minus_utc_s(utc_ns) * _NS, np.int64)


def leap_second_at(tai_ns: int) -> bool:
    """Whether this instant lies inside an inserted leap second (23:59:60)."""
    starts, offsets = leap_table()
    ends = starts[1:] + offsets[1:] * _NS
    return bool(np.any((ends - _NS <= tai_ns) & (tai_ns < ends)))
