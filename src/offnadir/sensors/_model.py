"""What a camera and its satellite are, as far as planning and image quality are concerned."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from offnadir.errors import InputError

Array = NDArray[np.float64]


def _positive(**values: float) -> None:
    for name, value in values.items():
        if not (math.isfinite(value) and value > 0):
            raise InputError(name, value, "a number above 0")


@dataclass(frozen=True, slots=True, kw_only=True)
class Optics:
    """A telescope. `obscuration` is the ratio of diameters; wavefront error in waves at `wavelength_m`."""

    aperture_m: float
    focal_length_m: float
    wavelength_m: float
    obscuration: float = 0.0
    wfe_rms_waves: float = 0.0

    def __post_init__(self) -> None:
        _positive(
            aperture_m=self.aperture_m,
            focal_length_m=self.focal_length_m,
            wavelength_m=self.wavelength_m,
        )
        if not 0.0 <= self.obscuration < 1.0:
            raise InputError("obscuration", self.obscuration, "in [0, 1)")
        if not 0.0 <= self.wfe_rms_waves <= 1.0:
            raise InputError("wfe_rms_waves", self.wfe_rms_waves, "from 0 to 1")


@dataclass(frozen=True, slots=True, kw_only=True)
class Detector:
    """A line (or frame) of detectors and how steadily it is held; smear and jitter in pixels."""

    pitch_m: float
    columns: int
    jitter_px: float = 0.0
    smear_px: float = 0.0
    tdi_clocking_px: float = 0.0

    def __post_init__(self) -> None:
        _positive(pitch_m=self.pitch_m, columns=self.columns)
        for name in ("jitter_px", "smear_px", "tdi_clocking_px"):
            value = getattr(self, name)
            if not 0.0 <= value <= 100.0:
                raise InputError(name, value, "from 0 to 100 pixels")


@dataclass(frozen=True, slots=True, kw_only=True)
class Agility:
    """How a satellite turns: greatest rate [rad/s], acceleration [rad/s2], settling time [s]."""

    rate_rad_s: float
    acceleration_rad_s2: float
    settling_s: float = 0.0

    def __post_init__(self) -> None:
        _positive(rate_rad_s=self.rate_rad_s, acceleration_rad_s2=self.acceleration_rad_s2)
        if not 0.0 <= self.settling_s <= 600.0:
            raise InputError("settling_s", self.settling_s, "from 0 to 600 s")


@dataclass(frozen=True, slots=True, kw_only=True)
class Sensor:
    """A camera on its satellite: telescope, detectors, agility, limits and rates.

    `snr_reference` is the signal-to-noise ratio over ordinary land with the Sun at
    `snr_reference_sun_elevation_rad`. `max_off_nadir_rad` is what the operator offers.
    """

    name: str
    title: str
    kind: Literal["pushbroom", "frame"]
    norad_ids: tuple[int, ...] = ()
    optics: Optics
    detector: Detector
    agility: Agility
    reference_altitude_m: float
    max_off_nadir_rad: float
    data_rate_bit_s: float
    min_duration_s: float
    snr_reference: float
    snr_reference_sun_elevation_rad: float

    def __post_init__(self) -> None:
        _positive(
            reference_altitude_m=self.reference_altitude_m,
            data_rate_bit_s=self.data_rate_bit_s,
            min_duration_s=self.min_duration_s,
            snr_reference=self.snr_reference,
        )
        if not 0.0 < self.max_off_nadir_rad <= math.pi / 2:
            raise InputError("max_off_nadir_rad", self.max_off_nadir_rad, "above 0, up to pi/2")
        if not 0.0 < self.snr_reference_sun_elevation_rad <= math.pi / 2:
            raise InputError(
                "snr_reference_sun_elevation_rad",
                self.snr_reference_sun_elevation_rad,
                "above 0, up to pi/2",
            )

    @property
    def fov_rad(self) -> float:
        """Full field of view across the flight [rad]."""
        width_m = self.detector.columns * self.detector.pitch_m
        return 2.0 * math.atan(width_m / (2.0 * self.optics.focal_length_m))

    @property
    def gsd_nadir_m(self) -> float:
        """Ground sample distance [m] straight below at the reference altitude."""
        return self.reference_altitude_m * self.detector.pitch_m / self.optics.focal_length_m

    @property
    def swath_nadir_m(self) -> float:
        """Swath [m] straight below at the reference altitude, on level ground."""
        return 2.0 * self.reference_altitude_m * math.tan(self.fov_rad / 2.0)


def slew_time_s(angle_rad: ArrayLike, agility: Agility) -> Array:
    """Time [s] to turn by an angle [rad] from rest to rest and settle; any shape.

    Constant acceleration, then the greatest rate if it is reached, then the same backwards:
    a/w + w/c beyond w^2/c, else 2 sqrt(a/c), and the settling time. NaN gives NaN.
    """
    angle = np.abs(np.asarray(angle_rad, np.float64))
    rate, acceleration = agility.rate_rad_s, agility.acceleration_rad_s2
    turning = np.where(
        angle > rate**2 / acceleration,
        angle / rate + rate / acceleration,
        2.0 * np.sqrt(angle / acceleration),
    )
    return np.asarray(turning + agility.settling_s, np.float64)
