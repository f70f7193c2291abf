"""Modulation transfer of a camera design, and the slope of an edge that follows from it."""

from __future__ import annotations

import functools
from dataclasses import replace
from typing import Final

import numpy as np
from numpy.typing import ArrayLike, NDArray

from offnadir.errors import InputError
from offnadir.quality._turbulence import coherence_diameter_m, mtf_turbulence
from offnadir.sensors import Sensor

Array = NDArray[np.float64]
_POINTS: Final = 4001
#: Correlation length of the wavefront error as a share of the optical cut-off; GIQE 5, figure 2.
WFE_CORRELATION: Final = 0.04


def mtf_optics(nu: ArrayLike, obscuration: float = 0.0) -> Array:
    """Diffraction MTF of a round aperture with a round central obscuration (ratio of diameters).

    `nu` is frequency over the optical cut-off D / (wavelength f). Source: O'Neill, "Transfer function
    for an annular aperture", J. Opt. Soc. Am. 46 (1956) 285. InputError for a ratio below 0 or from 1 on.
    """
    if not 0.0 <= obscuration < 1.0:
        raise InputError("obscuration", obscuration, "from 0 to below 1: a ratio of diameters")
    v = np.abs(np.asarray(nu, np.float64))
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
    """MTF of random wavefront error with a Gaussian correlation, a share of the cut-off.

    `nu` is frequency over the cut-off; far beyond the correlation the MTF is exp(-(2 pi w)^2). Eismann &
    LeMaster, IBSM (2013), equation 3-31. InputError for a correlation that is not above 0.
    """
    if not correlation > 0.0:
        raise InputError("correlation", correlation, "above 0")
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


def mtf_tdi(
    frequency_px: ArrayLike, stages: int, phases: int = 1, rate_ratio: float = 1.0
) -> Array:
    """MTF along the scan of charge that is moved in steps under a picture that glides.

    A line of pixels gives its charge on `stages` times, each in `phases` steps, `rate_ratio` times as fast
    as the picture moves. One step smears by 1/phases pixel; what is out of step adds up over
    stages * phases of them. Eismann & LeMaster, IBSM (2013), equation 3-38, with a step of 1/phases pixel.
    """
    for field, value in (("stages", stages), ("phases", phases), ("rate_ratio", rate_ratio)):
        if not value > 0.0:
            raise InputError(field, value, "above 0")
    f = np.asarray(frequency_px, np.float64)
    step = f / (phases * rate_ratio)
    count = stages * phases
    half = np.pi * step * (rate_ratio - 1.0)
    sine = np.sin(half)
    still = np.abs(sine) < 1e-12
    sums = np.where(still, 1.0, np.sin(count * half) / (count * np.where(still, 1.0, sine)))
    return np.asarray(np.sinc(step) * np.abs(sums), np.float64)


def edge_overshoot(frequency_px: ArrayLike, mtf: ArrayLike) -> float:
    """Height H of GIQE 3 and 4 of an edge that goes from 0 to 1: Leachtenauer et al. 1997, figure 2.

    The greatest value between 1 and 3 pixels past the edge; at 1.25 pixels if the edge still rises there.
    """
    f, m = np.asarray(frequency_px, np.float64), np.asarray(mtf, np.float64)
    at = np.arange(1.0, 3.0 + 1e-9, 0.25)
    # The rise up to x is the integral of the lines; sin(2 pi f x) / (pi f) is 2 x sinc(2 f x).
    integrand = m * 2.0 * at[:, None] * np.sinc(2.0 * f * at[:, None])
    heights = 0.5 + np.trapezoid(integrand, f, axis=1)
    return float(heights[1] if np.all(np.diff(heights) > 0) else np.max(heights))


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
    """Relative edge response of a design; the arguments are those of `mtf_design`.

    InputError for a `q` that is not above 0.
    """
    if not q > 0.0:
        raise InputError("q", q, "above 0")
    points = round(min(max(_POINTS, 400.0 / q), 1e6))  # 400 a cycle/pixel, and as many at least
    f = np.linspace(0.0, 1.0 / q, points)
    return rer_from_mtf(f, mtf_design(f, q=q, **design))


#: Parts of a sensor's MTF, in the order in which light meets them.
TERMS: Final = (
    "turbulence",
    "optics",
    "wavefront",
    "jitter",
    "detector",
    "diffusion",
    "smear",
    "clocking",
)
ALONG_ONLY: Final = ("smear", "clocking")
_COLOURS: Final = 7


def mtf_term(sensor: Sensor, term: str, frequency_px: ArrayLike) -> Array:
    """One part of a sensor's MTF in its sharpest band; frequency in cycles/pixel.

    Turbulence is that of a look straight down from the sensor's usual height. Optics and wavefront are
    means over the band, each colour alike: the edges of a band differ.
    "smear" and "clocking" act along the scan only.
    """
    f = np.asarray(frequency_px, np.float64)
    detector = sensor.detector
    if term in ("optics", "wavefront"):
        return _over_the_band(sensor, f, term)
    if term == "turbulence":
        optics = sensor.optics
        coherence_m = coherence_diameter_m(optics.wavelength_m, sensor.reference_altitude_m)
        return mtf_turbulence(f * sensor.q, optics.aperture_m, coherence_m)
    if term == "jitter":
        return mtf_jitter(f, detector.jitter_px)
    if term == "diffusion":
        return mtf_jitter(f, detector.diffusion_px)
    width_px = {
        "detector": 1.0, "smear": detector.smear_px, "clocking": detector.tdi_clocking_px,
    }[term]  # fmt: skip
    return mtf_smear(f, width_px)


def _over_the_band(sensor: Sensor, f: Array, term: str) -> Array:
    """Mean over the colours of the band, shifted so that its middle is the sensor's wavelength."""
    q, optics, band = sensor.q, sensor.optics, sensor.band
    steps = (np.arange(_COLOURS) + 0.5) / _COLOURS * 2.0 - 1.0
    total = np.zeros_like(f)
    for colour in 1.0 + band.half_width * steps:
        nu = f * q * colour
        if term == "optics":
            total = total + mtf_optics(nu, optics.obscuration)
        else:
            total = total + mtf_wavefront(nu, optics.wfe_rms_waves / colour, WFE_CORRELATION)
    return np.asarray(total / _COLOURS, np.float64)


def system_mtf(sensor: Sensor, frequency_px: ArrayLike, *, along: bool, without: str = "") -> Array:
    """MTF of a sensor along or across the scan, frequency in cycles/pixel; one part may be left out."""
    mtf = np.ones_like(np.asarray(frequency_px, np.float64))
    for term in TERMS:
        if term != without and (along or term not in ALONG_ONLY):
            mtf = mtf * mtf_term(sensor, term, frequency_px)
    return mtf


@functools.lru_cache(maxsize=256)
def sensor_rer(sensor: Sensor, without: str = "") -> tuple[float, float]:
    """Relative edge response of a sensor along and across the scan; one part may be left out."""
    # Beyond the cut-off of the bluest light there is nothing.
    last = 1.0 / (sensor.q * (1.0 - sensor.band.half_width))
    if without == "optics":
        last *= 8.0  # no cut-off then: as far as it matters for the edge
    f = np.linspace(0.0, last, round(min(max(_POINTS, 400.0 * last), 1e5)))
    along, across = (
        rer_from_mtf(f, system_mtf(sensor, f, along=way, without=without)) for way in (True, False)
    )
    return along, across


def nyquist_mtf(sensor: Sensor) -> float:
    """MTF across the scan at half a cycle per pixel."""
    return float(system_mtf(sensor, 0.5, along=False))


def with_smear(sensor: Sensor, smear_px: float) -> Sensor:
    """The same sensor with another smear along the scan."""
    return replace(sensor, detector=replace(sensor.detector, smear_px=smear_px))
