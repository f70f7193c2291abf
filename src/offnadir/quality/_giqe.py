"""The General Image Quality Equation: from sharpness and noise to NIIRS."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

Array = NDArray[np.float64]
_INCH_M = 0.0254


def _above_zero(value: ArrayLike) -> Array:
    """The numbers, NaN in place of those that are not above 0: no logarithm and no noise is made of them."""
    number = np.asarray(value, np.float64)
    return np.asarray(np.where(number > 0.0, number, np.nan), np.float64)


def weighted_rer(rer_along: ArrayLike, rer_across: ArrayLike) -> Array:
    """One relative edge response of two: (high * low^2)^(1/3). NGA, GIQE 5.0 (2015), section 3."""
    a, b = np.asarray(rer_along, np.float64), np.asarray(rer_across, np.float64)
    return np.asarray(np.cbrt(np.maximum(a, b) * np.minimum(a, b) ** 2), np.float64)


def giqe5_niirs(
    gsd_normal_m: ArrayLike, rer: ArrayLike, snr: ArrayLike, elevation_rad: ArrayLike = np.pi / 2
) -> Array:
    """NIIRS of an unenhanced visible picture. NGA, General Image Quality Equation 5.0, 16 Sep 2015.

    `gsd_normal_m` is the sample distance in the plane normal to the line of sight, pitch * range / focal
    length, not on the ground: the equation itself divides it by sin(elevation)^(1/4), the geometric mean
    of both. `rer` is the weighted one; RER and SNR are those before any enhancement, and `snr` is the
    difference between a target of 15 % and one of 7 % reflectance over the noise. NaN gives NaN, and so
    does a look from below the horizon, or a sample distance, RER or SNR that is not above 0.

    NGA tried it on 469 rated pictures; those with an SNR below 5 stand apart in its figure 6. Its tables
    go from Q = 1 to 2 and down to an RER of 0.1. Where RER falls below some 0.18 the term in its fourth
    power outweighs the gain of a finer pitch, so a camera with Q well above 2 is judged too harshly.
    """
    from offnadir.quality import _table_kernels  # numba costs half a second: only when needed

    given = np.broadcast_arrays(gsd_normal_m, rer, snr, elevation_rad)
    looks = np.array(given, np.float64)
    made = np.empty(looks[0].size)
    _table_kernels.ratings(looks.reshape(4, -1), made)
    return made.reshape(looks.shape[1:])


def giqe4_niirs(
    gsd_m: ArrayLike, rer: ArrayLike, overshoot: ArrayLike, gain: ArrayLike, snr: ArrayLike
) -> Array:
    """NIIRS of an enhanced visible picture. Leachtenauer et al., Applied Optics 36 (1997) 8322.

    `gsd_m` is the geometric mean in the ground plane (not the normal plane of GIQE 5), `rer` the geometric
    mean of both directions, `overshoot` H, `gain` the noise gain G, all after enhancement; `snr` before.
    The pictures it was fitted to have sample distances of 0.08 to 2 m. For comparison only: NGA replaced
    it with GIQE 5. Its two branches meet at RER 0.9 with a step, of 0.10 at 0.25 m. NaN gives NaN, and so
    does a sample distance, RER or SNR that is not above 0.
    """
    slope = _above_zero(rer)
    sharp = slope >= 0.9
    return np.asarray(
        10.251
        - np.where(sharp, 3.32, 3.16) * np.log10(_above_zero(gsd_m) / _INCH_M)
        + np.where(sharp, 1.559, 2.817) * np.log10(slope)
        - 0.656 * np.asarray(overshoot, np.float64)
        - 0.344 * np.asarray(gain, np.float64) / _above_zero(snr),
        np.float64,
    )


def giqe3_niirs(
    gsd_m: ArrayLike, rer: ArrayLike, overshoot: ArrayLike, gain: ArrayLike, snr: ArrayLike
) -> Array:
    """NIIRS of an enhanced visible picture by the equation before GIQE 4; arguments are the same.

    IRARS, 1994, as given by Leachtenauer et al., Applied Optics 36 (1997) 8322, equation 1:
    11.81 + 3.32 log10(RER / GSD) - 1.48 H - G / SNR. For comparison only.
    """
    ratio = _above_zero(rer) / (_above_zero(gsd_m) / _INCH_M)
    return np.asarray(
        11.81
        + 3.32 * np.log10(ratio)
        - 1.48 * np.asarray(overshoot, np.float64)
        - np.asarray(gain, np.float64) / _above_zero(snr),
        np.float64,
    )
