"""What a picture should turn out to be, from `quality` alone: to hold what is measured against."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from offnadir.imagery._acquisition import Acquisition
from offnadir.imagery._camera import CameraModel
from offnadir.imagery._optics import Exposure
from offnadir.imagery._radiance import BandLight, band_light
from offnadir.quality import (
    Atmosphere,
    giqe5_niirs,
    mtf_smear,
    rer_from_mtf,
    system_mtf,
    weighted_rer,
)
from offnadir.quality._signal import GIQE_REFLECTANCES, electronics
from offnadir.sensors import Band

Array = NDArray[np.float64]


def exposure_mtf(exposure: Exposure, frequency_px: Array, *, along: bool) -> Array:
    """MTF of one band along or across the scan: the sensor's, and what the motion of the picture adds."""
    own = system_mtf(exposure.sensor, frequency_px, along=along)
    return own * mtf_smear(frequency_px, exposure.smear_px[0 if along else 1])


def exposure_rer(exposure: Exposure) -> tuple[float, float]:
    """Relative edge response of one band along and across the scan."""
    last = 1.0 / (exposure.sensor.q * (1.0 - exposure.sensor.band.half_width))
    f = np.linspace(0.0, last, round(min(max(4001, 400.0 * last), 1e5)))
    along, across = (rer_from_mtf(f, exposure_mtf(exposure, f, along=way)) for way in (True, False))
    return along, across


def predicted(
    acquisition: Acquisition,
    band: Band,
    model: CameraModel,
    exposure: Exposure,
    atmosphere: Atmosphere,
    sun_factor: float,
) -> dict[str, Any]:
    """Sharpness, light, noise, sample distance and NIIRS (GIQE 5) of one image at its aim.

    Pairs are along and across the scan. SNR is GIQE's, 15 against 7 % of reflectance.
    """
    view = acquisition.view
    chain = electronics(acquisition.sensor, band)
    light: BandLight = band_light(
        acquisition.sensor, band, atmosphere,
        sun_elevation_rad=view.sun_elevation_rad, incidence_rad=view.incidence_rad,
        relative_azimuth_rad=view.sun_azimuth_rad - view.azimuth_rad,
        ground_alt_m=acquisition.aim.alt_m, sun_factor=sun_factor,
    )  # fmt: skip
    own, haze = float(light.own), float(light.haze)
    target, background = GIQE_REFLECTANCES
    noise_e = float(chain.noise_e(np.asarray(own * target + haze)))
    snr = own * (target - background) / noise_e
    rer = exposure_rer(exposure)
    at = np.array([0.25, 0.5])
    gsd_normal_m = model.ifov_rad * view.range_m
    ratio = band.gsd_ratio
    niirs = giqe5_niirs(gsd_normal_m, weighted_rer(*rer), snr, math.pi / 2 - view.incidence_rad)
    ways = {
        "along" if along else "across": exposure_mtf(exposure, at, along=along).tolist()
        for along in (True, False)
    }
    return {
        "mtf_at_quarter_and_half_cycle": ways,
        "rer": list(rer),
        "motion_smear_px": list(exposure.smear_px),
        "gsd_along_m": view.gsd_along_m * ratio,
        "gsd_across_m": view.gsd_across_m * ratio,
        "gsd_normal_m": gsd_normal_m,
        "electrons_of_reflectance_1": own,
        "haze_electrons": haze,
        "noise_electrons": noise_e,
        "snr": snr,
        "niirs": float(niirs),
        "samples_per_pixel": exposure.samples,
    }
