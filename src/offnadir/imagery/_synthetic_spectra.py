"""Reflectance of a few materials against wavelength, and their means over a band.

The table is our own: smooth curves with the traits that published libraries of spectra agree on (chlorophyll
at 680 nm, the red edge, water's bands at 1450 and 1950 nm, iron in soil and tile), rounded to 0.005.
It stands for kinds of ground and no sample of any of them.
"""

from __future__ import annotations

import functools
from typing import Final

import numpy as np
from numpy.typing import NDArray

from offnadir.errors import InputError
from offnadir.quality._solar import solar_irradiance_w_m2_m
from offnadir.sensors import Band
from offnadir.units import nm

WAVELENGTHS_NM: Final = (
    350, 400, 450, 500, 550, 600, 650, 680, 700, 720, 750, 800, 900, 1000, 1200, 1450, 1650, 1950, 2200, 2500,
)  # fmt: skip
#: Names in the order of the kernels' numbers, with percent of reflectance at those wavelengths.
MATERIALS: Final[dict[str, tuple[float, ...]]] = {
    "crop": (2, 2.5, 3, 4, 8, 5, 4, 3, 8, 20, 38, 44, 45, 45, 42, 14, 25, 6, 12, 6),
    "straw": (5, 6, 9, 13, 18, 22, 26, 27, 28, 30, 33, 37, 42, 45, 47, 38, 46, 30, 38, 30),
    "soil": (5, 6, 8, 10.5, 13.5, 17, 19, 20, 20.5, 21, 22, 24, 27, 29.5, 33, 31, 37, 29, 34, 31),
    "forest": (1.5, 1.5, 2, 2.5, 4.5, 3, 2.5, 2, 5, 13, 25, 29, 30, 30, 27, 9, 15, 4, 7, 4),
    "deep water": (5, 5, 5, 4, 3, 1.5, 1, 0.9, 0.8, 0.6, 0.5, 0.4, 0.3, 0.3, 0.2, 0.2, 0.2, 0.2, 0.2, 0.2),
    "shallow water": (4, 5.5, 8, 10, 11, 7, 5, 4.5, 3.5, 2.5, 2, 1.8, 1, 0.6, 0.4, 0.3, 0.3, 0.3, 0.3, 0.3),
    "sand": (10, 14, 19, 25, 31, 36, 39, 40, 41, 41.5, 42, 44, 47, 49, 51, 45, 52, 42, 48, 44),
    "asphalt": (6, 7, 8, 9, 10, 10.5, 11, 11, 11.5, 11.5, 12, 12.5, 13, 13.5, 14, 14.5, 15.5, 15, 15.5, 15),
    "concrete": (14, 18, 22, 25.5, 28, 30, 31, 31.5, 32, 32, 32.5, 33, 33.5, 34, 35, 33, 36, 30, 33, 30),
    "tile": (5, 5.5, 6.5, 8, 11, 20, 26, 27, 28, 28.5, 29, 29.5, 28, 29, 34, 36, 39, 37, 38, 35),
    "dark roof": (5, 5, 5.5, 6, 6, 6.5, 6.5, 6.5, 7, 7, 7, 7.5, 8, 8, 9, 9, 10, 10, 10, 10),
    "metal": (30, 38, 44, 47, 49, 50, 50, 50, 50.5, 50.5, 51, 51, 50, 51, 54, 55, 57, 56, 58, 58),
    "paint": (12, 45, 68, 72, 74, 75, 75, 75, 75, 75, 75, 74, 73, 72, 68, 60, 58, 45, 45, 35),
    "rust": (4, 4, 4, 4.5, 5.5, 9, 13, 14, 15, 16, 17, 18, 17, 19, 26, 30, 33, 31, 33, 30),
    "rock": (8, 9.5, 12, 14, 16, 17.5, 18.5, 19, 19, 19.5, 20, 21, 22, 23, 25, 25, 27, 25, 26, 24),
    "foam": (25, 28, 32, 34, 34, 33, 32, 31, 30, 29, 28, 27, 23, 18, 13, 4, 5, 1, 1.5, 0.5),
    "white": (100,) * 20,
}  # fmt: skip
_SAMPLES: Final = 64


@functools.lru_cache(maxsize=64)
def band_reflectance(band: Band) -> NDArray[np.float64]:
    """Reflectance of each material in a band, weighted by the band's response and the Sun's photons."""
    lowest, highest = WAVELENGTHS_NM[0] * nm, WAVELENGTHS_NM[-1] * nm
    if band.high_m <= lowest or band.low_m >= highest:
        wish = "light that the made-up ground reflects: 0.35 to 2.5 um"
        raise InputError("band", f"{band.name}, {band.low_m:g} to {band.high_m:g} m", wish)
    edges = np.linspace(max(band.low_m, lowest), min(band.high_m, highest), _SAMPLES + 1)
    wavelength = 0.5 * (edges[1:] + edges[:-1])
    weight = solar_irradiance_w_m2_m(wavelength) * wavelength
    if band.response:
        nodes, shares = np.array(band.response).T
        weight = weight * np.interp(wavelength, nodes, shares, left=0.0, right=0.0)
    curves = np.array(list(MATERIALS.values())) / 100.0
    at = np.array([np.interp(wavelength, np.array(WAVELENGTHS_NM) * nm, curve) for curve in curves])
    mean: NDArray[np.float64] = (at @ weight) / weight.sum()
    mean.setflags(write=False)
    return mean
