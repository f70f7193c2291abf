"""Distances along WGS-84: Vincenty (Survey Review 23, 1975), for what is less than 19,000 km apart."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from offnadir.units import deg

Array = NDArray[np.float64]

_A_M = 6_378_137.0
_F = 1 / 298.257223563
_B_M = _A_M * (1 - _F)
_SECOND = (_A_M**2 - _B_M**2) / _B_M**2
_ROUNDS = 60
_FAR_M = 19_000_000.0  # about where the inverse no longer settles: told as this far


def _series(cos2_alpha: Any) -> tuple[Any, Any]:
    u2 = cos2_alpha * _SECOND
    a = 1 + u2 / 16384 * (4096 + u2 * (-768 + u2 * (320 - 175 * u2)))
    b = u2 / 1024 * (256 + u2 * (-128 + u2 * (74 - 47 * u2)))
    return a, b


def _correction(b: Any, sin_s: Any, cos_s: Any, cos_2m: Any) -> Any:
    inner = cos_s * (2 * cos_2m**2 - 1) - b / 6 * cos_2m * (4 * sin_s**2 - 3) * (4 * cos_2m**2 - 3)
    return b * sin_s * (cos_2m + b / 4 * inner)


def distance_m(
    lon1_deg: ArrayLike, lat1_deg: ArrayLike, lon2_deg: ArrayLike, lat2_deg: ArrayLike
) -> Array:
    """Length of the geodesic [m], to half a millimetre; shapes broadcast; antipodes count as 19,000 km."""
    lon1, lat1, lon2, lat2 = (
        np.asarray(one, np.float64) * deg for one in (lon1_deg, lat1_deg, lon2_deg, lat2_deg)
    )
    u1, u2 = np.arctan((1 - _F) * np.tan(lat1)), np.arctan((1 - _F) * np.tan(lat2))
    sin1, cos1, sin2, cos2 = np.sin(u1), np.cos(u1), np.sin(u2), np.cos(u2)
    apart = (lon2 - lon1 + math.pi) % (2 * math.pi) - math.pi
    turn = apart + 0.0 * sin2
    with np.errstate(invalid="ignore", divide="ignore"):
        for _ in range(_ROUNDS):
            sin_l, cos_l = np.sin(turn), np.cos(turn)
            sin_s = np.hypot(cos2 * sin_l, cos1 * sin2 - sin1 * cos2 * cos_l)
            cos_s = sin1 * sin2 + cos1 * cos2 * cos_l
            sigma = np.arctan2(sin_s, cos_s)
            sin_a = np.where(sin_s > 0, cos1 * cos2 * sin_l / np.where(sin_s > 0, sin_s, 1.0), 0.0)
            cos2_a = 1 - sin_a**2
            cos_2m = np.where(
                cos2_a > 0, cos_s - 2 * sin1 * sin2 / np.where(cos2_a > 0, cos2_a, 1.0), 0.0
            )
            c = _F / 16 * cos2_a * (4 + _F * (4 - 3 * cos2_a))
            before = turn
            turn = apart + (1 - c) * _F * sin_a * (
                sigma + c * sin_s * (cos_2m + c * cos_s * (2 * cos_2m**2 - 1))
            )
            if np.all(np.abs(turn - before) < 1e-12):
                break
        a, b = _series(cos2_a)
        length = _B_M * a * (sigma - _correction(b, sin_s, cos_s, cos_2m))
    settled = (np.abs(turn - before) < 1e-9) & (np.abs(turn) <= math.pi)
    return np.asarray(np.where(settled, length, _FAR_M), np.float64)


def end_deg(
    lon_deg: float, lat_deg: float, azimuth_deg: float, length_m: float
) -> tuple[float, float]:
    """Where a geodesic from a place in a direction ends: longitude -180 to 180, latitude [deg]."""
    sin_a1, cos_a1 = math.sin(azimuth_deg * deg), math.cos(azimuth_deg * deg)
    u1 = math.atan((1 - _F) * math.tan(lat_deg * deg))
    sin1, cos1 = math.sin(u1), math.cos(u1)
    sigma1 = math.atan2(sin1, cos1 * cos_a1)
    sin_a = cos1 * sin_a1
    a, b = _series(1 - sin_a**2)
    sigma = length_m / (_B_M * a)
    for _ in range(_ROUNDS):
        cos_2m = math.cos(2 * sigma1 + sigma)
        before = sigma
        sigma = length_m / (_B_M * a) + _correction(b, math.sin(sigma), math.cos(sigma), cos_2m)
        if abs(sigma - before) < 1e-13:
            break
    cos_2m = math.cos(2 * sigma1 + sigma)
    sin_s, cos_s = math.sin(sigma), math.cos(sigma)
    rest = sin1 * sin_s - cos1 * cos_s * cos_a1
    lat = math.atan2(sin1 * cos_s + cos1 * sin_s * cos_a1, (1 - _F) * math.hypot(sin_a, rest))
    turn = math.atan2(sin_s * sin_a1, cos1 * cos_s - sin1 * sin_s * cos_a1)
    c = _F / 16 * (1 - sin_a**2) * (4 + _F * (4 - 3 * (1 - sin_a**2)))
    apart = turn - (1 - c) * _F * sin_a * (
        sigma + c * sin_s * (cos_2m + c * cos_s * (2 * cos_2m**2 - 1))
    )
    lon = (lon_deg * deg + apart + math.pi) % (2 * math.pi) - math.pi
    return lon / deg, lat / deg
