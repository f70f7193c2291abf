"""Positions at given instants, from a file: one stretch without a break, and how to read between them."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable
from dataclasses import dataclass

import erfa
import numpy as np
from numpy.typing import NDArray

from offnadir.earth import EarthOrientation, rot_itrf_teme
from offnadir.earth._orientation import rot_itrf_gcrs, rotate
from offnadir.epoch import Epoch, utc_to_tai_ns
from offnadir.errors import InputError

Array = NDArray[np.float64]
Times = NDArray[np.int64]

FRAMES = ("EME2000", "J2000", "GCRF", "ICRF", "ITRF", "TEME")
TIME_SYSTEMS = {"UTC": None, "TAI": 0, "GPS": 19_000_000_000, "TT": -32_184_000_000}
_HERMITE, _LAGRANGE = 6, 10  # nodes of the polynomial
_GAP = 3.0  # times the usual spacing: no polynomial is led over it
_NS = 1e9
_TIME = re.compile(
    r"([0-9]{4})-(?:([0-9]{2}-[0-9]{2})|([0-9]{3}))"
    r"(?:[Tt ]+([0-9]{2}:[0-9]{2})(?::([0-9]{2})(?:\.([0-9]{0,9})[0-9]*)?)?)?[Zz]?"
).fullmatch
_LEAP = re.compile(r"[^:]*:[0-9]{2}:60(?![0-9])").match
_OFFSET = re.compile(r".*[T ].*[+-][0-9]{2}:?[0-9]{2}\s*").fullmatch
_FIRST_YEAR, _LAST_YEAR = 1900, 2199
# From the Earth's centre: nothing flies below, and farther out a unit was mistaken.
_NEAREST_M, _FARTHEST_M = 6.3e6, 3.0e9


@dataclass(frozen=True, slots=True, kw_only=True)
class Stretch:
    """Positions [m], (n, 3), and velocities [m/s] or None, in `frame`, at rising TAI ns."""

    frame: str
    tai_ns: Times
    r_m: Array
    v_m_s: Array | None
    usable: tuple[int, int]


def frame_of(name: str, where: str) -> str:
    """The frame in our spelling; raises InputError."""
    text = name.strip().upper()
    if text.startswith(("ITRF", "IGS", "IGB", "WGS84")):
        return "ITRF"
    if text not in FRAMES:
        raise InputError("REF_FRAME", name, "one of " + ", ".join(FRAMES), where=where)
    return text


def instants(texts: list[str], system: str, where: str, field: str = "epoch") -> Times:
    """TAI ns of times as ISO 8601 (calendar or day of year) in a time system."""
    text = system.strip().upper()
    if text not in TIME_SYSTEMS:
        wish = "one of " + ", ".join(TIME_SYSTEMS)
        raise InputError("TIME_SYSTEM", system, wish, where=where)
    offset = TIME_SYSTEMS[text]
    found = [_instant(one, offset, where, field) for one in texts]
    ns = np.array(found, "datetime64[ns]").astype(np.int64)
    if offset is not None:
        return ns + offset
    tai_ns = utc_to_tai_ns(ns)
    for i in [i for i, one in enumerate(texts) if _LEAP(one)]:
        tai_ns[i] = Epoch.from_utc(f"{found[i][:17]}60{found[i][19:]}Z", field=field).tai_ns
    return tai_ns


def _instant(text: str, offset: int | None, where: str, field: str) -> str:
    """The time as numpy reads it; a leap second as the second before it."""
    match = _TIME(text.strip())
    wish, hint = "a time such as 2026-05-31T00:00:00", ""
    if match is None:
        hint = "without an offset of its own" if _OFFSET(text) else ""
        raise InputError(field, text, wish, where=where, hint=hint)
    year, month_day, day_of_year, minute, second, fraction = match.groups()
    if not _FIRST_YEAR <= int(year) <= _LAST_YEAR:
        wish = f"in the years {_FIRST_YEAR} to {_LAST_YEAR}"
        raise InputError(field, text, wish, where=where)
    try:
        day = np.datetime64(f"{year}-{month_day}" if month_day else f"{year}-01-01")
        if day_of_year:
            day = day + (int(day_of_year) - 1)
            if str(day)[:4] != year:
                raise ValueError
        if offset is None and second == "60":
            second = "59"
            Epoch.from_utc(f"{day}T{minute}:60Z")
        result = f"{day}T{minute or '00:00'}:{second or '00'}.{fraction or '0'}"
        np.datetime64(result)
    except ValueError as error:  # InputError is one
        raise InputError(field, text, wish, where=where, hint="there is no such time") from error
    return result


def check_distance(r_m: Iterable[float], where: str) -> None:
    """Refuse a position in the Earth or beyond all orbits; raises InputError."""
    distance_m = math.hypot(*r_m)
    if not _NEAREST_M <= distance_m <= _FARTHEST_M:
        wish = f"from {_NEAREST_M / 1e3:.0f} to {_FARTHEST_M / 1e3:.0f} km from the Earth's centre"
        hint = "are metres and kilometres mixed up?"
        raise InputError("position", f"{distance_m / 1e3:.6g} km", wish, where=where, hint=hint)


def pieces(stretch: Stretch) -> list[Stretch]:
    """The stretch cut at gaps of over three times its usual spacing."""
    if len(stretch.tai_ns) < 2:
        return []
    steps = np.diff(stretch.tai_ns)
    cuts = np.flatnonzero(steps > _GAP * np.median(steps)) + 1
    least = 2 if stretch.v_m_s is not None else 4
    found = []
    for part in np.split(np.arange(len(stretch.tai_ns)), cuts):
        if len(part) >= least:
            v = None if stretch.v_m_s is None else stretch.v_m_s[part]
            low, high = int(stretch.tai_ns[part[0]]), int(stretch.tai_ns[part[-1]])
            usable = (max(low, stretch.usable[0]), min(high, stretch.usable[1]))
            found.append(
                Stretch(
                    frame=stretch.frame, tai_ns=stretch.tai_ns[part], r_m=stretch.r_m[part],
                    v_m_s=v, usable=usable,
                )
            )  # fmt: skip
    return found


def interpolated_m(piece: Stretch, tai_ns: Times) -> Array:
    """Positions in the piece's own frame [m] at instants within it.

    Hermite's polynomial through 6 nodes where there are velocities (degree 11), Lagrange's through 10
    elsewhere; fewer at a short piece.
    """
    nodes = piece.tai_ns
    wanted = _HERMITE if piece.v_m_s is not None else _LAGRANGE
    count = min(wanted, len(nodes))
    left = np.searchsorted(nodes, tai_ns, side="right") - 1
    first = np.clip(left - (count // 2 - 1), 0, len(nodes) - count)
    index = first[:, None] + np.arange(count)
    x = (nodes[index] - tai_ns[:, None]) / _NS
    apart = x[:, :, None] - x[:, None, :]
    np.einsum("nii->ni", apart)[:] = 1.0
    # Lagrange's basis at the instant, where each node lies at x: product over k of -x_k / (x_j - x_k).
    ratio = -np.broadcast_to(x[:, None, :], apart.shape) / apart
    np.einsum("nii->ni", ratio)[:] = 1.0
    basis = ratio.prod(axis=2)
    if piece.v_m_s is None:
        return np.asarray(np.einsum("nj,njc->nc", basis, piece.r_m[index]), np.float64)
    inverse = 1.0 / apart
    np.einsum("nii->ni", inverse)[:] = 0.0
    slope = inverse.sum(axis=2)
    square = basis * basis
    result = np.einsum("nj,njc->nc", (1.0 + 2.0 * x * slope) * square, piece.r_m[index])
    result -= np.einsum("nj,njc->nc", x * square, piece.v_m_s[index])
    return np.asarray(result, np.float64)


def to_itrf_m(frame: str, tai_ns: Times, r_m: Array, orientation: EarthOrientation) -> Array:
    """Positions [m] from a frame of FRAMES to ITRF."""
    if frame == "ITRF":
        return r_m
    if frame == "TEME":
        return rotate(rot_itrf_teme(tai_ns, orientation), r_m)
    if frame in ("EME2000", "J2000"):
        # The mean equator of J2000 is turned against GCRF by the frame bias, 23 mas.
        bias = erfa.bp00(2451545.0, 0.0)[0]
        r_m = r_m @ bias
    return rotate(rot_itrf_gcrs(tai_ns, orientation), r_m)


def sample_itrf_m(stretches: list[Stretch], tai_ns: Times, orientation: EarthOrientation) -> Array:
    """ITRF positions [m] at instants, NaN where no stretch is usable; of two the later one counts."""
    result = np.full((len(tai_ns), 3), np.nan)
    for piece in stretches:
        here = (tai_ns >= piece.usable[0]) & (tai_ns <= piece.usable[1])
        if here.any():
            at = tai_ns[here]
            result[here] = to_itrf_m(piece.frame, at, interpolated_m(piece, at), orientation)
    return result
