"""Modulation transfer of a camera design, and the slope of an edge that follows from it."""

from __future__ import annotations

import functools
from typing import Final

import numpy as np
from numpy.typing import ArrayLike, NDArray

from offnadir.sensors import Sensor

Array = NDArray[np.float64]
_POINTS: Final = 4001
#: Correlation length of the wavefront error as a share of the optical cut-off; GIQE 5, figure 2.
WFE_CORRELATION: Final = 0.04


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


def rer_from_mtf(frequency_px: ArrayLike, mtf: ArrayLike) -> float:
    """Relative edge response: how far the picture of an edge rises between -0.5 and +0.5 pixel.

    `frequency_px` in cycles/pixel, rising from 0 to where the MTF ends; `mtf` at these, 1 at 0, may be
    negative. An edge is the integral of lines, so RER = 2 * integral of MTF(f) sinc(f) df, by trapezoids.
    """
    f, rise = np.asarray(frequency_px, np.float64), np.asarray(mtf, np.float64)
    integrand = rise * np.sinc(f)
    return float(np.sum((integrand[1:] + integrand[:-1]) * np.diff(f)))


def mtf_design(
    frequency_px: ArrayLike,
    *,
    q: float,
    obscuration: float = 0.0,
    wfe_rms_waves: float = 0.0,
    wfe_correlation: float = WFE_CORRELATION,
    jitter_px: float = 0.0,
    smear_px: float = 0.0,
    tdi_clocking_px: float = 0.0,
) -> Array:
    """MTF of a camera in one direction: optics, square pixels that touch, and what moves it.

    `q` = wavelength * f-number / pitch, so that the optical cut-off is 1/q cycles/pixel. `obscuration` is
    the ratio of diameters, the root of the share of the area. Smear and clocking act along the scan only.
    """
    f = np.asarray(frequency_px, np.float64)
    mtf = mtf_optics(f * q, obscuration) * mtf_wavefront(f * q, wfe_rms_waves, wfe_correlation)
    for width_px in (1.0, smear_px, tdi_clocking_px):
        mtf = mtf * mtf_smear(f, width_px)
    return np.asarray(mtf * mtf_jitter(f, jitter_px), np.float64)


def rer_from_design(*, q: float, **design: float) -> float:
    """Relative edge response of a design; the arguments are those of `mtf_design`."""
    points = round(min(max(_POINTS, 400.0 / q), 1e6))  # 400 a cycle/pixel, and as many at least
    f = np.linspace(0.0, 1.0 / q, points)
    return rer_from_mtf(f, mtf_design(f, q=q, **design))


def sensor_q(sensor: Sensor) -> float:
    """Sampling of a sensor: wavelength * focal length / (aperture * pitch); 2 samples all there is."""
    optics = sensor.optics
    blur_m = optics.wavelength_m * optics.focal_length_m / optics.aperture_m
    return blur_m / sensor.detector.pitch_m


@functools.cache
def sensor_rer(sensor: Sensor) -> tuple[float, float]:
    """Relative edge response of a sensor along and across the scan; smear acts along it only."""
    detector = sensor.detector
    along = {"smear_px": detector.smear_px, "tdi_clocking_px": detector.tdi_clocking_px}
    return (
        rer_from_design(q=sensor_q(sensor), **_both_ways(sensor), **along),
        rer_from_design(q=sensor_q(sensor), **_both_ways(sensor)),
    )


def nyquist_mtf(sensor: Sensor) -> float:
    """MTF across the scan at half a cycle per pixel."""
    return float(mtf_design(0.5, q=sensor_q(sensor), **_both_ways(sensor)))


def _both_ways(sensor: Sensor) -> dict[str, float]:
    """What blurs along the scan as well as across."""
    return {
        "obscuration": sensor.optics.obscuration,
        "wfe_rms_waves": sensor.optics.wfe_rms_waves,
        "jitter_px": sensor.detector.jitter_px,
    }
