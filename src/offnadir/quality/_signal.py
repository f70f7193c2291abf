"""From light to electrons: what a camera makes of a radiance, and the noise that comes with it."""

from __future__ import annotations

import functools
import math
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from offnadir.quality._atmosphere import Atmosphere
from offnadir.quality._light import photons_at, photons_of_the_sun
from offnadir.sensors import Band, Sensor

Array = NDArray[np.float64]
REFERENCE_REFLECTANCE: Final = 0.30  # of the target that a sensor's snr_reference is stated for
_HIDDEN: Final = 0.01  # of the light
BRIGHT_REFLECTANCE: Final = 0.60  # of what must not fill a pixel when stages are chosen
GIQE_REFLECTANCES: Final = (0.15, 0.07)  # target and background; Leachtenauer et al. 1997


@dataclass(frozen=True, slots=True, kw_only=True)
class Electronics:
    """What turns light into numbers, of one band of a sensor.

    `gain` is electrons for a photon radiance of 1/(s m2 sr); `floor_e2` the variance of all noise but that
    of the photons: dark current, reading, rounding. `stages` is 0 where a sensor has none.
    `stated` tells whether the gain was drawn from a stated signal-to-noise ratio.
    """

    gain: float
    floor_e2: float
    dark_e2: float
    read_e2: float
    rounding_e2: float
    full_well_e: float
    exposure_s: float
    stages: int
    stated: bool

    def noise_e(self, electrons: Array) -> Array:
        """Standard deviation [electrons] with so many of them in a pixel."""
        return np.asarray(np.sqrt(np.maximum(electrons, 0.0) + self.floor_e2), np.float64)


@functools.lru_cache(maxsize=256)
def electronics(sensor: Sensor, band: Band | None = None) -> Electronics:
    """Electronics of a band, the sharpest one if None.

    Where a signal-to-noise ratio is stated (for a target of 30 % straight below, in the standard
    atmosphere) the light that is gathered follows from it, since transmissions and stages are seldom
    published. Else it follows from the telescope, the detector and as many TDI stages as keep a target of
    60 % within the full well. A band in which water hides the ground, such as that for cirrus, is exposed
    as the sharpest one unless a ratio is stated for it alone: nothing could be seen of such a target.
    """
    band = band or sensor.band
    detector = sensor.detector
    full_well = band.full_well_e or detector.full_well_e
    rounding = (full_well / 2.0 ** (band.bits or detector.bits)) ** 2 / 12.0
    read = detector.read_noise_e**2
    sun = sensor.snr_reference_sun_elevation_rad
    usual, bright = (
        float(photons_at(band, Atmosphere(), reflectance, sun)[1])
        for reflectance in (REFERENCE_REFLECTANCE, BRIGHT_REFLECTANCE)
    )
    per_second = _electrons_per_second(sensor, band)
    line_s = sensor.line_time_s * band.gsd_ratio
    stated = band.snr_reference or sensor.snr_reference
    if band.snr_reference is None and band != sensor.band and _is_hidden(sensor, band):
        exposure, stages, stated = electronics(sensor).exposure_s * band.gsd_ratio, 0, None
    elif stated is None:
        exposure, stages = _exposure(sensor, band, line_s, full_well / (per_second * bright))
    else:
        # N electrons with noise sqrt(N + dark + floor) make the stated ratio; dark current grows with N.
        floor = read + rounding
        square = stated**2 * (1.0 + detector.dark_current_e_s / (usual * per_second))
        gathered = (square + math.sqrt(square**2 + 4.0 * stated**2 * floor)) / 2.0
        exposure, stages = gathered / (usual * per_second), 0
    dark = detector.dark_current_e_s * exposure
    return Electronics(
        gain=per_second * exposure,
        floor_e2=dark + read + rounding,
        dark_e2=dark,
        read_e2=read,
        rounding_e2=rounding,
        full_well_e=full_well,
        exposure_s=exposure,
        stages=stages,
        stated=stated is not None,
    )


def _is_hidden(sensor: Sensor, band: Band) -> bool:
    """Whether less than 1 % of the Sun's light in a band reaches the camera by way of the ground."""
    sun = sensor.snr_reference_sun_elevation_rad
    own, _ = photons_at(band, Atmosphere(), 1.0, sun)
    return bool(float(own) < _HIDDEN * math.sin(sun) * photons_of_the_sun(band) / math.pi)


def _electrons_per_second(sensor: Sensor, band: Band) -> float:
    """Electrons a second in a pixel for a photon radiance of 1/(s m2 sr): pi (1 - e^2) / (4 F^2) p^2 t q."""
    optics, detector = sensor.optics, sensor.detector
    solid_angle = math.pi * (1.0 - optics.obscuration**2) / (4.0 * optics.f_number**2)
    pixel_m2 = (detector.pitch_m * band.gsd_ratio) ** 2
    passed = band.transmission or optics.transmission
    return (
        solid_angle * pixel_m2 * passed * (band.quantum_efficiency or detector.quantum_efficiency)
    )


def _exposure(sensor: Sensor, band: Band, line_s: float, full_s: float) -> tuple[float, int]:
    """Exposure [s], a frame's own, and TDI stages: as many as do not fill a bright pixel, or the least."""
    stages = sorted(band.tdi_stages or sensor.detector.tdi_stages)
    if sensor.detector.exposure_s is not None or not stages:
        return sensor.exposure_s or line_s, 0
    chosen = max((n for n in stages if n * line_s <= full_s), default=stages[0])
    return chosen * line_s, chosen
