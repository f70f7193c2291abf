"""Modulation transfer of a camera design, and the slope of an edge that follows from it."""

from __future__ import annotations

import functools
import math

import numpy as np
from numpy.typing import ArrayLike, NDArray

from offnadir.sensors import Sensor

Array = NDArray[np.float64]
_POINTS = 4001
#: Correlation length of the wavefront error as a share of the optical cut-off; GIQE 5, figure 2.
_WFE_CORRELATION = 0.04


def mtf_optics(nu: ArrayLike, obscuration: float = 0.0) -> Array:
    """Diffraction MTF of a round aperture with a round central obscuration (ratio of diameters).

    `nu` is frequency over the optical cut-off D / (wavelength f). Source: O'Neill, "Transfer function
    for an annular aperture", J. Opt. Soc. Am. 46 (1956) 285.
    """
    v = np.asarray(nu, np.float64)
    outer = _overlap(v)
    if obscuration == 0.0:
        return outer
    e = obscuration
    inner = e**2 * _overlap(v / e)
    cross = np.zeros_like(v)
    cross[v <= (1 - e) / 2] = -2 * e**2
    middle = (v > (1 - e) / 2) & (v < (1 + e) / 2)
    phi = np.arccos(np.clip((1 + e**2 - 4 * v[middle] ** 2) / (2 * e), -1, 1))
    cross[middle] = (
        2 * e / np.pi * np.sin(phi)
        + (1 + e**2) / np.pi * phi
        - 2 * (1 - e**2) / np.pi * np.arctan((1 + e) / (1 - e) * np.tan(phi / 2))
        - 2 * e**2
    )
    return np.asarray((outer + inner + cross) / (1 - e**2), np.float64)


def _overlap(v: Array) -> Array:
    """Shared area of two unit-diameter discs a distance v apart, over the area of one."""
    x = np.clip(v, 0.0, 1.0)
    return np.asarray(2 / np.pi * (np.arccos(x) - x * np.sqrt(1 - x**2)), np.float64)


def mtf_wavefront(nu: ArrayLike, wfe_rms_waves: float, correlation: float) -> Array:
    """MTF of random wavefront error with a Gaussian correlation, a share of the cut-off."""
    v = np.asarray(nu, np.float64)
    phase = (2 * np.pi * wfe_rms_waves) ** 2
    return np.asarray(np.exp(-phase * (1 - np.exp(-((v / correlation) ** 2)))), np.float64)


def mtf_smear(frequency_px: ArrayLike, width_px: float) -> Array:
    """MTF of a uniform blur: detector aperture, linear smear, clocking; frequency in cycles/pixel."""
    return np.sinc(np.asarray(frequency_px, np.float64) * width_px)


def mtf_jitter(frequency_px: ArrayLike, sigma_px: float) -> Array:
    """MTF of random jitter with a standard deviation in pixels; frequency in cycles/pixel."""
    f = np.asarray(frequency_px, np.float64)
    return np.asarray(np.exp(-2 * (np.pi * sigma_px * f) ** 2), np.float64)


def rer_from_design(
    *,
    q: float,
    obscuration: float = 0.0,
    wfe_rms_waves: float = 0.0,
    wfe_correlation: float = _WFE_CORRELATION,
    jitter_px: float = 0.0,
    smear_px: float = 0.0,
    tdi_clocking_px: float = 0.0,
) -> float:
    """Relative edge response: how far an edge rises between -0.5 and +0.5 pixel.

    `q` = wavelength * f-number / pitch, so that the optical cut-off is 1/q cycles per pixel. Square
    pixels that touch. RER = 2/pi * integral of MTF(f) sin(pi f)/f from zero to the cut-off.
    """
    f = np.linspace(0.0, 1.0 / q, _POINTS)
    mtf = mtf_optics(f * q, obscuration) * mtf_wavefront(f * q, wfe_rms_waves, wfe_correlation)
    for width_px in (1.0, smear_px, tdi_clocking_px):
        mtf = mtf * mtf_smear(f, width_px)
    mtf = mtf * mtf_jitter(f, jitter_px)
    return float(2.0 * np.trapezoid(mtf * np.sinc(f), f))


@functools.cache
def sensor_rer(sensor: Sensor) -> tuple[float, float]:
    """Relative edge response of a sensor along and across the scan; smear acts along it only."""
    optics, detector = sensor.optics, sensor.detector
    design = functools.partial(
        rer_from_design,
        q=optics.wavelength_m * optics.focal_length_m / optics.aperture_m / detector.pitch_m,
        obscuration=optics.obscuration,
        wfe_rms_waves=optics.wfe_rms_waves,
        jitter_px=detector.jitter_px,
    )
    along = design(smear_px=detector.smear_px, tdi_clocking_px=detector.tdi_clocking_px)
    return along, design()


def nyquist_mtf(sensor: Sensor) -> float:
    """MTF across the scan at half a cycle per pixel."""
    optics, detector = sensor.optics, sensor.detector
    nu = 0.5 * optics.wavelength_m * optics.focal_length_m / optics.aperture_m / detector.pitch_m
    value = (
        mtf_optics(np.array([nu]), optics.obscuration)
        * mtf_wavefront(nu, optics.wfe_rms_waves, _WFE_CORRELATION)
        * mtf_smear(0.5, 1.0)
        * mtf_jitter(0.5, detector.jitter_px)
    )
    return float(value[0]) if math.isfinite(float(value[0])) else 0.0
