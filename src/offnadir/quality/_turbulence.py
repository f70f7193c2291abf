"""Turbulence of the air as seen from space: how far apart rays still agree, and what that does to the MTF."""

from __future__ import annotations

import functools
from typing import Final

import numpy as np
from numpy.typing import ArrayLike, NDArray

from offnadir.errors import InputError

Array = NDArray[np.float64]
#: Hufnagel and Valley's 5/7 profile: wind aloft [m/s] and strength at the ground [m^(-2/3)].
_WIND_M_S: Final = 21.0
_GROUND: Final = 1.7e-14
_TOP_M: Final = 30_000.0


def structure_constant(height_m: ArrayLike) -> Array:
    """Structure constant of the refractive index [m^(-2/3)] at heights: Hufnagel-Valley 5/7.

    Roggemann & Welsh, Imaging Through Turbulence (1996), as in pyBSM. Seen from the ground it makes a
    coherence diameter of 5 cm and an isoplanatic angle of 7 urad at 500 nm, hence the name.
    """
    h = np.asarray(height_m, np.float64)
    return np.asarray(
        5.94e-53 * (_WIND_M_S / 27.0) ** 2 * h**10 * np.exp(-h / 1000.0)
        + 2.7e-16 * np.exp(-h / 1500.0)
        + _GROUND * np.exp(-h / 100.0),
        np.float64,
    )


@functools.lru_cache(maxsize=256)
def coherence_diameter_m(wavelength_m: float, altitude_m: float) -> float:
    """Fried's coherence diameter [m] at the aperture of a satellite that looks straight down.

    Spherical waves from the ground: (0.423 k^2 integral Cn^2(h) (h / H)^(5/3) dh)^(-3/5). Air near the
    ground hardly counts, so it is metres, not the centimetres that astronomers have. InputError for a
    wavelength or a height that is not above 0.
    """
    for field, value in (("wavelength_m", wavelength_m), ("altitude_m", altitude_m)):
        if not value > 0.0:
            raise InputError(field, value, "above 0")
    h = np.concatenate([[0.0], np.geomspace(0.1, min(_TOP_M, altitude_m), 4000)])
    weighted = structure_constant(h) * (h / altitude_m) ** (5 / 3)
    integral = float(np.trapezoid(weighted, h))
    return float((0.423 * (2 * np.pi / wavelength_m) ** 2 * integral) ** (-3 / 5))


def mtf_turbulence(
    nu: ArrayLike, aperture_m: float, coherence_m: float, exposure: float = 0.5
) -> Array:
    """MTF of turbulence; `nu` is frequency over the optical cut-off aperture / wavelength.

    `exposure` is 0 for a long exposure, which smears the wandering of the picture too, and 0.5 for a short
    one (far field), 1 (near field). Lines are exposed for a millisecond, and from space air is far: 0.5.
    Fried, J. Opt. Soc. Am. 56 (1966) 1372: exp(-3.44 (nu D / r0)^(5/3) (1 - a nu^(1/3))).
    """
    v = np.abs(np.asarray(nu, np.float64))
    strength = 3.44 * (v * aperture_m / coherence_m) ** (5 / 3)
    return np.asarray(
        np.exp(-strength * (1.0 - exposure * np.minimum(v, 1.0) ** (1 / 3))), np.float64
    )
