"""TAI minus UTC; the only file that asks ERFA for leap seconds."""

from __future__ import annotations

import functools

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
