"""Sunlight outside the atmosphere."""

from __future__ import annotations

import functools

import numpy as np
from numpy.typing import ArrayLike, NDArray

from offnadir.data import bundled_bytes
from offnadir.units import nm

Array = NDArray[np.float64]


@functools.cache
def _table() -> tuple[Array, Array]:
    """Wavelength [m] and irradiance [W/(m2 m)]."""
    lines = bundled_bytes("solar.csv").decode("utf-8").splitlines()[1:]
    rows = np.array([[float(cell) for cell in line.split(",")] for line in lines])
    return rows[:, 0] * nm, rows[:, 1] / nm


def solar_irradiance_w_m2_m(wavelength_m: ArrayLike) -> Array:
    """Spectral irradiance of the Sun [W/(m2 m)] on a plane facing it, 1 au away, without air.

    Divide by 1e9 for the usual W/(m2 nm): 1.87 at 550 nm. Means over 2 nm (to 1 um), 10 nm and 50 nm (from
    2.5 um), with straight lines between; NaN outside 0.301 to 3.975 um. Source: ASTM G173-03,
    extraterrestrial column (Gueymard 2004).
    """
    nodes, values = _table()
    x = np.asarray(wavelength_m, np.float64)
    return np.asarray(np.interp(x, nodes, values, left=np.nan, right=np.nan), np.float64)


def sun_distance_factor(day_of_year: ArrayLike) -> Array:
    """(1 au / distance of the Sun) squared: 1.035 on 3 January, 0.966 on 4 July.

    `day_of_year` counts from 1 on 1 January, fractions allowed. Within 0.0011 of ERFA's epv00 in 2026.
    Source: Spencer 1971, as in pvlib's get_extra_radiation.
    """
    b = 2 * np.pi * (np.asarray(day_of_year, np.float64) - 1) / 365
    return np.asarray(
        1.00011
        + 0.034221 * np.cos(b)
        + 0.00128 * np.sin(b)
        + 0.000719 * np.cos(2 * b)
        + 7.7e-05 * np.sin(2 * b),
        np.float64,
    )
