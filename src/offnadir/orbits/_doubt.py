"""How far to trust an element set: the expected error of its times, by age and height.

Measured with `tools/measure_element_doubt.py` on 2026-11-24: 21,343 element sets of 260 imaging satellites
from 2012 to September 2025 (US Space Force GP data), each propagated to the epochs of the same
satellite's other sets up to 30 days before and after. The error is the difference along the track divided
by the speed; manoeuvres, and what is wrong with the other set at its own epoch, are in it.

Below two days there were too few pairs (14) to measure. There the error shrinks in proportion to age,
down to a floor that precise orbits support: Landsat, Sentinel and WorldView-1 positions differ from sets
0 to 6 days old by 0.03 to 0.37 s along track.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from offnadir.constants import GM_EARTH_M3_S2, WGS84_A_M
from offnadir.epoch import Epoch
from offnadir.orbits._elements import ElementSet
from offnadir.units import day, km

Array = NDArray[np.float64]

# Median age [days] of the pairs 2-4, 4-7, 7-14 and 14-30 days apart.
_AGE_DAYS: Final = (3.0, 5.7, 10.8, 23.5)
# Median height [km] of the bands 200-450, 450-550, 550-650 and 650-850 km.
_HEIGHT_KM: Final = (417.0, 497.0, 598.0, 702.0)
# Error [s] that a share of the pairs keeps to; a row a height, a column an age. The pairs:
#   417 km:    70 of 25 satellites,   173 of 30,   443 of 34,  1919 of 61
#   497 km:   321 of 104,            1007 of 115, 2217 of 86,  9691 of 143
#   598 km:   270 of 61,             1030 of 73,  2845 of 70, 10591 of 90
#   702 km:   164 of 40,              715 of 49,  2375 of 44,  8681 of 49
_ERROR_S: Final = {
    0.68: (
        (4.77, 8.27, 38.33, 248.29),
        (1.69, 3.72, 4.36, 105.32),
        (0.40, 0.86, 1.79, 16.55),
        (0.16, 0.21, 0.61, 5.59),
    ),
    0.90: (
        (61.96, 148.46, 502.33, 1569.05),
        (19.97, 33.97, 54.04, 807.39),
        (1.45, 2.52, 8.34, 71.23),
        (0.52, 0.78, 4.20, 28.38),
    ),
}
_FLOOR_S: Final = {0.68: 0.1, 0.90: 0.3}
_LOG_AGES: Final = np.log(_AGE_DAYS)
_LOGS: Final = {share: np.log(rows).T for share, rows in _ERROR_S.items()}  # a row an age


def expected_timing_error_s(elements: ElementSet, epoch: Epoch, *, share: float = 0.68) -> float:
    """Error [s] along the track to expect at `epoch`: a share (0.68 or 0.9) of cases stays below it.

    Along the track is where element sets go wrong first: the satellite flies the expected way too early
    or too late. The figures hold for low orbits with ordinary drag and the manoeuvres of working
    satellites. Between measured ages and heights it goes by straight lines in the logarithms; beyond
    30 days it grows with the square of the age; outside 417 to 702 km the nearest height stands in, which
    for a geostationary satellite means nothing. Never more than half a period: then the place in the
    orbit is unknown.
    """
    return float(timing_error_s(elements, np.array([epoch.tai_ns]), share=share)[0])


def timing_error_s(elements: ElementSet, tai_ns: NDArray[np.int64], *, share: float) -> Array:
    """The same at many instants [TAI ns], shape (n,)."""
    return np.asarray(timing_errors_s([elements], tai_ns, share=share)[0], np.float64)


def timing_errors_s(
    sets: Sequence[ElementSet], tai_ns: NDArray[np.int64], *, share: float
) -> Array:
    """The same of many element sets at many instants [TAI ns], shape (sets, n)."""
    rate_rad_s = np.array([one.mean_motion_rad_s for one in sets])
    epoch_ns = np.array([one.epoch.tai_ns for one in sets], np.int64)
    height_km = (np.cbrt(GM_EARTH_M3_S2 / rate_rad_s**2) - WGS84_A_M) / km
    age_days = np.abs(tai_ns - epoch_ns[:, None]) / (day * 1e9)
    at_ages = np.array([np.interp(height_km, _HEIGHT_KM, column) for column in _LOGS[share]])
    known = np.log(np.minimum(np.maximum(age_days, _AGE_DAYS[0]), _AGE_DAYS[-1]))
    left = np.minimum(np.searchsorted(_LOG_AGES, known, side="right") - 1, len(_AGE_DAYS) - 2)
    part = (known - _LOG_AGES[left]) / (_LOG_AGES[left + 1] - _LOG_AGES[left])
    row = np.arange(len(sets))[:, None]
    before = at_ages[left, row]
    error_s = np.exp(before + part * (at_ages[left + 1, row] - before))
    error_s *= np.minimum(age_days / _AGE_DAYS[0], 1.0)
    error_s *= np.maximum(age_days / _AGE_DAYS[-1], 1.0) ** 2
    most_s = math.pi / rate_rad_s[:, None]
    return np.asarray(np.minimum(np.maximum(error_s, _FLOOR_S[share]), most_s), np.float64)
