"""The General Image Quality Equation: from sharpness and noise to NIIRS."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from offnadir.geometry import gsd_across_m, gsd_along_m
from offnadir.quality._mtf import sensor_rer
from offnadir.sensors import Sensor

Array = NDArray[np.float64]
_INCH_M = 0.0254


@dataclass(frozen=True, slots=True, kw_only=True)
class Quality:
    """What looks are worth; arrays of one shape. `gsd_m` is the geometric mean of the two on the ground.

    `niirs` is NaN where the Sun is not up.
    """

    gsd_along_m: Array
    gsd_across_m: Array
    gsd_m: Array
    rer: float
    snr: Array
    niirs: Array


def weighted_rer(rer_along: ArrayLike, rer_across: ArrayLike) -> Array:
    """One relative edge response of two: (high * low^2)^(1/3). NGA, GIQE 5.0 (2015), section 3."""
    a, b = np.asarray(rer_along, np.float64), np.asarray(rer_across, np.float64)
    return np.asarray(np.cbrt(np.maximum(a, b) * np.minimum(a, b) ** 2), np.float64)


def giqe5_niirs(
    gsd_normal_m: ArrayLike, rer: ArrayLike, snr: ArrayLike, elevation_rad: ArrayLike = np.pi / 2
) -> Array:
    """NIIRS of an unenhanced visible picture. NGA, General Image Quality Equation 5.0, 16 Sep 2015.

    `gsd_normal_m` is the sample distance in the plane normal to the line of sight (pitch * range /
    focal length); the equation divides it by sin(elevation)^(1/4). RER and SNR are those before any
    enhancement. Fitted for NIIRS 3 to 7 or so, RER 0.1 to 0.5, SNR 5 to 100; beyond it is a guess.
    """
    gsd_in = (
        np.asarray(gsd_normal_m, np.float64)
        / np.sin(np.asarray(elevation_rad, np.float64)) ** 0.25
        / _INCH_M
    )
    slope = np.log10(np.asarray(rer, np.float64))
    noise = np.asarray(snr, np.float64)
    return np.asarray(
        9.57
        - 3.32 * np.log10(gsd_in)
        + 3.32 * (1.0 - np.exp(-1.9 / noise)) * slope
        - 2.0 * slope**4
        - 1.8 / noise,
        np.float64,
    )


def giqe4_niirs(
    gsd_m: ArrayLike, rer: ArrayLike, overshoot: ArrayLike, gain: ArrayLike, snr: ArrayLike
) -> Array:
    """NIIRS of an enhanced visible picture. Leachtenauer et al., Applied Optics 36 (1997) 8322.

    `gsd_m` is the geometric mean in the ground plane; `overshoot` is H, `gain` the noise gain G.
    """
    slope = np.asarray(rer, np.float64)
    sharp = slope >= 0.9
    return np.asarray(
        10.251
        - np.where(sharp, 3.32, 3.16) * np.log10(np.asarray(gsd_m, np.float64) / _INCH_M)
        + np.where(sharp, 1.559, 2.817) * np.log10(slope)
        - 0.656 * np.asarray(overshoot, np.float64)
        - 0.344 * np.asarray(gain, np.float64) / np.asarray(snr, np.float64),
        np.float64,
    )


def predict(
    sensor: Sensor,
    *,
    range_m: ArrayLike,
    incidence_rad: ArrayLike,
    sun_elevation_rad: ArrayLike,
) -> Quality:
    """Sample distances and NIIRS of looks; arrays broadcast against each other.

    `incidence_rad` is at the place, from the vertical. Noise is taken as shot noise of sunlight, so the
    signal-to-noise ratio goes with the root of the sine of the Sun's elevation from the sensor's
    reference; atmosphere, haze and the place's own brightness are left out (docs/theory/image-quality.md).
    """
    distance, incidence, sun = np.broadcast_arrays(
        np.asarray(range_m, np.float64),
        np.asarray(incidence_rad, np.float64),
        np.asarray(sun_elevation_rad, np.float64),
    )
    pitch, focal = sensor.detector.pitch_m, sensor.optics.focal_length_m
    along = gsd_along_m(pitch, focal, distance)
    across = gsd_across_m(pitch, focal, distance, incidence)
    light = np.sin(sun) / np.sin(sensor.snr_reference_sun_elevation_rad)
    snr = sensor.snr_reference * np.sqrt(np.maximum(light, 0.0))
    rer = float(weighted_rer(*sensor_rer(sensor)))
    with np.errstate(divide="ignore", invalid="ignore"):
        niirs = giqe5_niirs(along, rer, snr, np.pi / 2 - incidence)
        mean = np.sqrt(along * across)
    return Quality(
        gsd_along_m=along,
        gsd_across_m=across,
        gsd_m=mean,
        rer=rer,
        snr=snr,
        niirs=np.where(snr > 0, niirs, np.nan),
    )
