"""What radar looks at places are worth: resolutions, clutter over noise, information and radar NIIRS."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import ArrayLike, NDArray

from offnadir.constants import SINC_WIDTH, SPEED_OF_LIGHT_M_S
from offnadir.errors import MISSING, InputError

Array = NDArray[np.float64]

#: What NGA's equation takes as the signal: sigma zero of 0 dB where both polarisations are the same.
REFERENCE_SIGMA_ZERO: Final = 1.0
#: Woods and farmland at 10 GHz, -15 dB: Long 2001 and Nathanson 1999, as tabulated by MathWorks.
FARMLAND_GAMMA: Final = 10.0**-1.5

_FIT: Final = (3.4761, 0.4357)  # SarPy 2.1.1, RNIIRS_FIT_PARAMETERS, "updated on 2022-02-01"
_KNEE_BIT_M2: Final = math.exp(1.0 - math.log(2.0) * _FIT[0] / _FIT[1])
_KNEE_RNIIRS: Final = _FIT[1] / math.log(2.0)


@dataclass(frozen=True, slots=True, kw_only=True)
class RadarQuality:
    """What radar looks are worth; arrays of one shape.

    `slant_resolution_m` is along the line of sight, `ground_range_resolution_m` its projection on the
    ground, `azimuth_resolution_m` that of the picture after looks were summed, `resolution_m` the geometric
    mean of the last two. `clutter_to_noise` is a ratio of powers. `information_density_bit_m2` and
    `rniirs` are NGA's, for a scene of 0 dB: they compare looks, they do not describe the scene.
    """

    slant_resolution_m: Array
    ground_range_resolution_m: Array
    azimuth_resolution_m: Array
    resolution_m: Array
    clutter_to_noise: Array
    information_density_bit_m2: Array
    rniirs: Array


def predict_radar(
    *,
    incidence_rad: ArrayLike,
    azimuth_resolution_m: ArrayLike,
    nesz: ArrayLike,
    slant_resolution_m: ArrayLike | None = None,
    bandwidth_hz: ArrayLike | None = None,
    looks: ArrayLike = 1.0,
    slope_rad: ArrayLike = 0.0,
    sigma_zero: ArrayLike | None = None,
    reference_sigma_zero: ArrayLike = REFERENCE_SIGMA_ZERO,
    broadening: ArrayLike = SINC_WIDTH,
) -> RadarQuality:
    """Resolutions and radar NIIRS (NGA's RGIQE) of looks; arguments broadcast against each other.

    `nesz` is a ratio, not decibels: -18 dB is 10**-1.8. Give the slant resolution or the bandwidth, from
    which it is broadening * c / (2 B). `azimuth_resolution_m` is that of one look over the whole aperture;
    `looks` split the aperture, so the picture's is wider by as much. Their gain against speckle is not in
    the equation: with more than one look `rniirs` is what one of them alone gives, a lower bound.
    `incidence_rad` is at the place, from the vertical; a facet that leans towards the radar by `slope_rad`
    is met more steeply. Broadside is assumed. `broadening` is resolution times bandwidth, 0.886 unweighted.

    `sigma_zero`, a ratio too, enters `clutter_to_noise` alone; without it woods and farmland are taken,
    10**-1.5 * cos(incidence). Cross-polarised pictures are rated with a `reference_sigma_zero` of 0.25.

    NaN gives NaN; so does an incidence on the facet of 0 and less (layover) or 90 deg and more (shadow),
    a resolution, noise, signal or broadening that is not above 0, and less than one look. InputError where
    not exactly one of slant resolution and bandwidth is given.

    Source: SarPy 2.1.1 (NGA), sarpy/processing/sicd/rgiqe.py; docs/theory/radar-quality.md.

    >>> from offnadir.units import deg
    >>> seen = predict_radar(
    ...     bandwidth_hz=600e6, azimuth_resolution_m=0.25, incidence_rad=40 * deg, nesz=10**-1.8
    ... )
    >>> f"{seen.ground_range_resolution_m:.2f} m, RNIIRS {seen.rniirs:.1f}"
    '0.34 m, RNIIRS 6.0'
    """
    slant, azimuth, ground = _resolutions_m(
        incidence_rad,
        azimuth_resolution_m,
        slant_resolution_m,
        bandwidth_hz,
        looks,
        slope_rad,
        broadening,
    )
    noise = _above_zero(nesz)
    if sigma_zero is None:
        cosine = np.cos(np.asarray(incidence_rad, np.float64) - np.asarray(slope_rad, np.float64))
        clutter = FARMLAND_GAMMA * cosine
    else:
        clutter = _above_zero(sigma_zero)
    clutter = np.where(np.isnan(ground), np.nan, clutter)  # what is not seen has no clutter
    area = _above_zero(broadening) ** 2 / (ground * azimuth)
    density = area * np.log1p(_above_zero(reference_sigma_zero) / noise) / math.log(2.0)
    slant, ground, azimuth, ratio, density = np.broadcast_arrays(
        slant, ground, azimuth, clutter / noise, density
    )
    return RadarQuality(
        slant_resolution_m=slant,
        ground_range_resolution_m=ground,
        azimuth_resolution_m=azimuth,
        resolution_m=np.asarray(np.sqrt(ground * azimuth), np.float64),
        clutter_to_noise=ratio,
        information_density_bit_m2=density,
        rniirs=rniirs_of(density),
    )


def nesz_needed(
    rniirs: ArrayLike,
    *,
    incidence_rad: ArrayLike,
    azimuth_resolution_m: ArrayLike,
    slant_resolution_m: ArrayLike | None = None,
    bandwidth_hz: ArrayLike | None = None,
    looks: ArrayLike = 1.0,
    slope_rad: ArrayLike = 0.0,
    reference_sigma_zero: ArrayLike = REFERENCE_SIGMA_ZERO,
    broadening: ArrayLike = SINC_WIDTH,
) -> Array:
    """Noise-equivalent sigma zero, a ratio, with which a look just reaches `rniirs`.

    The other arguments are those of `predict_radar`, whose inverse this is. Noise counts for little: with
    the resolutions of the example above half a level needs the noise to go from -18 to -40 dB. 0 where the
    number is too small to be written, inf where no quality at all is asked for (0 and less). NaN gives NaN.
    """
    _, azimuth, ground = _resolutions_m(
        incidence_rad,
        azimuth_resolution_m,
        slant_resolution_m,
        bandwidth_hz,
        looks,
        slope_rad,
        broadening,
    )
    area = _above_zero(broadening) ** 2 / (ground * azimuth)
    with np.errstate(over="ignore", divide="ignore"):
        ratio = np.expm1(_density_bit_m2(rniirs) / area * math.log(2.0))
        return np.asarray(_above_zero(reference_sigma_zero) / ratio, np.float64)


def rniirs_of(information_density_bit_m2: ArrayLike) -> Array:
    """Radar NIIRS of an information density: a + b log2(I), straight to 0 below the knee at 0.011."""
    density = np.asarray(information_density_bit_m2, np.float64)
    with np.errstate(divide="ignore", invalid="ignore"):
        high = _FIT[0] + _FIT[1] * np.log2(density)
    return np.asarray(
        np.where(density > _KNEE_BIT_M2, high, _KNEE_RNIIRS / _KNEE_BIT_M2 * density), np.float64
    )


def _density_bit_m2(rniirs: ArrayLike) -> Array:
    """The inverse of `rniirs_of`; 0 for what is below 0."""
    level = np.maximum(np.asarray(rniirs, np.float64), 0.0)
    high = np.exp2((level - _FIT[0]) / _FIT[1])
    return np.where(level > _KNEE_RNIIRS, high, _KNEE_BIT_M2 / _KNEE_RNIIRS * level)


def _resolutions_m(
    incidence_rad: ArrayLike,
    azimuth_resolution_m: ArrayLike,
    slant_resolution_m: ArrayLike | None,
    bandwidth_hz: ArrayLike | None,
    looks: ArrayLike,
    slope_rad: ArrayLike,
    broadening: ArrayLike,
) -> tuple[Array, Array, Array]:
    """Slant, azimuth (looks summed) and ground-range resolution [m]; NaN where there is no such look."""
    if slant_resolution_m is not None and bandwidth_hz is not None:
        raise InputError("bandwidth_hz", bandwidth_hz, "left out where slant_resolution_m is given")
    if slant_resolution_m is not None:
        slant = _above_zero(slant_resolution_m)
    elif bandwidth_hz is not None:
        slant = _above_zero(broadening) * SPEED_OF_LIGHT_M_S / (2.0 * _above_zero(bandwidth_hz))
    else:
        raise InputError("slant_resolution_m", MISSING, "given, or else bandwidth_hz")
    facet = np.asarray(incidence_rad, np.float64) - np.asarray(slope_rad, np.float64)
    seen = (facet > 0.0) & (facet < math.pi / 2)
    count = np.asarray(looks, np.float64)
    azimuth = _above_zero(azimuth_resolution_m) * np.where(count >= 1.0, count, np.nan)
    return slant, azimuth, slant / np.sin(np.where(seen, facet, np.nan))


def _above_zero(value: ArrayLike) -> Array:
    """The numbers, NaN in place of those that are not above 0."""
    number = np.asarray(value, np.float64)
    return np.where(number > 0.0, number, np.nan)
