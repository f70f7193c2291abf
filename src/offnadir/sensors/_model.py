"""What a camera and its satellite are, as far as planning and image quality are concerned."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from offnadir.constants import EARTH_MEAN_RADIUS_M, GM_EARTH_M3_S2
from offnadir.errors import MISSING, InputError

Array = NDArray[np.float64]


def positive(**values: float) -> None:
    """Refuse values that are not above 0."""
    for name, value in values.items():
        if not (math.isfinite(value) and value > 0):
            raise InputError(name, value, "a number above 0")


def within(name: str, value: float, low: float, high: float) -> None:
    """Refuse a value outside of its limits."""
    if not low <= value <= high:
        raise InputError(name, value, f"from {low:g} to {high:g}")


def _as_tuple(of: object, name: str) -> None:
    """Make a list that was given for a field a tuple: tables of light are kept by sensor and band."""
    value = getattr(of, name)
    pairs = (tuple(one) if isinstance(one, list) else one for one in value)
    object.__setattr__(of, name, tuple(pairs))


@dataclass(frozen=True, slots=True, kw_only=True)
class Optics:
    """A telescope. `obscuration` is the ratio of diameters; wavefront error in waves at `wavelength_m`.

    `transmission` is the share of light that passes mirrors, lenses and filter, in the middle of the band.
    """

    aperture_m: float
    focal_length_m: float
    wavelength_m: float
    obscuration: float = 0.0
    wfe_rms_waves: float = 0.0
    transmission: float = 0.75

    def __post_init__(self) -> None:
        positive(
            aperture_m=self.aperture_m,
            focal_length_m=self.focal_length_m,
            wavelength_m=self.wavelength_m,
        )
        within("obscuration", self.obscuration, 0.0, 0.999)
        within("wfe_rms_waves", self.wfe_rms_waves, 0.0, 1.0)
        within("transmission", self.transmission, 0.001, 1.0)

    @property
    def f_number(self) -> float:
        """Focal length over aperture."""
        return self.focal_length_m / self.aperture_m

    @property
    def diffraction_limit_rad(self) -> float:
        """Angle [rad] from the middle of a star's picture to the first dark ring: 1.22 wavelength / aperture.

        Rayleigh's criterion for a round aperture without obscuration; times the range it is metres.
        """
        return 1.2197 * self.wavelength_m / self.aperture_m


@dataclass(frozen=True, slots=True, kw_only=True)
class Band:
    """Light that a row of detectors takes: from `low_m` to `high_m` [m], evenly unless there is a response.

    `response` holds pairs of wavelength [m], rising, and relative response, 0 to 1; none lies outside the
    edges. `gsd_ratio` is the sample distance over that of the sensor's sharpest band. What is None is the
    sensor's own.
    """

    name: str
    low_m: float
    high_m: float
    response: tuple[tuple[float, float], ...] = ()
    gsd_ratio: float = 1.0
    transmission: float | None = None
    quantum_efficiency: float | None = None
    full_well_e: float | None = None
    bits: int | None = None
    tdi_stages: tuple[int, ...] = ()
    snr_reference: float | None = None

    def __post_init__(self) -> None:
        _as_tuple(self, "response")
        _as_tuple(self, "tdi_stages")
        if not 1e-7 <= self.low_m < self.high_m <= 3e-5:
            wish = "two rising wavelengths from 0.1 to 30 um"
            raise InputError("band", (self.low_m, self.high_m), wish)
        within("gsd_ratio", self.gsd_ratio, 0.1, 1000.0)
        for name, low, high in (
            ("transmission", 0.001, 1.0),
            ("quantum_efficiency", 0.001, 1.0),
            ("full_well_e", 100.0, 1e9),
            ("bits", 1, 32),
            ("snr_reference", 1.0, 10_000.0),
        ):
            value = getattr(self, name)
            if value is not None:
                within(name, value, low, high)
        wavelengths = [wavelength for wavelength, _ in self.response]
        if sorted(set(wavelengths)) != wavelengths or not all(
            0.0 <= share <= 1.0 for _, share in self.response
        ):
            wish = "pairs of rising wavelengths and shares from 0 to 1"
            raise InputError("response", self.response, wish)
        if self.response and not any(share > 0 for _, share in self.response):
            raise InputError("response", self.response, "above 0 somewhere")

    @property
    def half_width(self) -> float:
        """Half of the distance between the edges, as a share of their middle."""
        return (self.high_m - self.low_m) / (self.high_m + self.low_m)


@dataclass(frozen=True, slots=True, kw_only=True)
class Detector:
    """A line (or frame) of detectors and how steadily it is held; smear and jitter in pixels.

    `diffusion_px` is the standard deviation of how far charge strays into neighbouring pixels.
    `columns` count once what neighbouring chips see twice (`chip_overlap_px`). `rows` are those of a frame.
    Electrons: `full_well_e` that a pixel holds, `read_noise_e` rms, `dark_current_e_s` a second. A
    push-broom line adds up one of `tdi_stages` lines; `exposure_s` is a frame's.
    """

    pitch_m: float
    columns: int
    rows: int = 1
    chips: int = 1
    chip_overlap_px: int = 0
    jitter_px: float = 0.0
    smear_px: float = 0.0
    tdi_clocking_px: float = 0.0
    diffusion_px: float = 0.0
    quantum_efficiency: float = 0.6
    full_well_e: float = 100_000.0
    read_noise_e: float = 40.0
    dark_current_e_s: float = 2_000.0
    bits: int = 11
    tdi_stages: tuple[int, ...] = ()
    max_line_rate_hz: float | None = None
    exposure_s: float | None = None

    def __post_init__(self) -> None:
        _as_tuple(self, "tdi_stages")
        positive(pitch_m=self.pitch_m, columns=self.columns, rows=self.rows, chips=self.chips)
        for name in ("jitter_px", "smear_px", "tdi_clocking_px", "diffusion_px"):
            value = getattr(self, name)
            if not 0.0 <= value <= 100.0:
                raise InputError(name, value, "from 0 to 100 pixels")
        within("chip_overlap_px", self.chip_overlap_px, 0, self.columns)
        within("quantum_efficiency", self.quantum_efficiency, 0.001, 1.0)
        within("full_well_e", self.full_well_e, 100.0, 1e9)
        within("read_noise_e", self.read_noise_e, 0.0, 1e6)
        within("dark_current_e_s", self.dark_current_e_s, 0.0, 1e12)
        within("bits", self.bits, 1, 32)
        if any(not 1 <= stages <= 10_000 for stages in self.tdi_stages):
            raise InputError("tdi_stages", self.tdi_stages, "whole numbers from 1 to 10000")
        for name in ("max_line_rate_hz", "exposure_s"):
            value = getattr(self, name)
            if value is not None:
                positive(**{name: value})

    @property
    def chip_columns(self) -> tuple[tuple[int, int], ...]:
        """First column and the one past the last of each chip, which overlap by `chip_overlap_px`."""
        own = (self.columns + (self.chips - 1) * self.chip_overlap_px) / self.chips
        starts = [round(i * (own - self.chip_overlap_px)) for i in range(self.chips)]
        return tuple((start, min(round(start + own), self.columns)) for start in starts)


@dataclass(frozen=True, slots=True, kw_only=True)
class Agility:
    """How a satellite turns: greatest rate [rad/s], acceleration [rad/s2], settling time [s].

    The line of sight keeps `sun_exclusion_rad` away from the Sun and `moon_exclusion_rad` from the Moon.
    """

    rate_rad_s: float
    acceleration_rad_s2: float
    settling_s: float = 0.0
    sun_exclusion_rad: float = 0.0
    moon_exclusion_rad: float = 0.0

    def __post_init__(self) -> None:
        positive(rate_rad_s=self.rate_rad_s, acceleration_rad_s2=self.acceleration_rad_s2)
        if not 0.0 <= self.settling_s <= 600.0:
            raise InputError("settling_s", self.settling_s, "from 0 to 600 s")
        for name in ("sun_exclusion_rad", "moon_exclusion_rad"):
            within(name, getattr(self, name), 0.0, math.pi)


@dataclass(frozen=True, slots=True, kw_only=True)
class Duty:
    """How long a satellite may take pictures [s]: one strip at a time, and in one orbit; None: not known."""

    max_duration_s: float | None = None
    imaging_s_per_orbit: float | None = None

    def __post_init__(self) -> None:
        for name in ("max_duration_s", "imaging_s_per_orbit"):
            value = getattr(self, name)
            if value is not None:
                positive(**{name: value})


@dataclass(frozen=True, slots=True, kw_only=True)
class Sensor:
    """A camera on its satellite: telescope, detectors, bands, agility, limits and rates.

    `band` is the sharpest one, which sample distance and NIIRS are for; `bands` the others.
    `snr_reference` is the signal-to-noise ratio over ordinary land with the Sun at
    `snr_reference_sun_elevation_rad`; where it is None, noise follows from the electronics.
    `max_off_nadir_rad` is what the operator offers.
    """

    name: str
    title: str
    kind: Literal["pushbroom", "frame"]
    norad_ids: tuple[int, ...] = ()
    optics: Optics
    detector: Detector
    band: Band
    bands: tuple[Band, ...] = ()
    agility: Agility
    duty: Duty = field(default_factory=Duty)
    reference_altitude_m: float
    max_off_nadir_rad: float
    data_rate_bit_s: float
    min_duration_s: float
    snr_reference: float | None
    snr_reference_sun_elevation_rad: float

    def __post_init__(self) -> None:
        _as_tuple(self, "norad_ids")
        _as_tuple(self, "bands")
        positive(
            reference_altitude_m=self.reference_altitude_m,
            data_rate_bit_s=self.data_rate_bit_s,
            min_duration_s=self.min_duration_s,
        )
        if self.snr_reference is not None:
            positive(snr_reference=self.snr_reference)
        if not 0.0 < self.max_off_nadir_rad <= math.pi / 2:
            raise InputError("max_off_nadir_rad", self.max_off_nadir_rad, "above 0, up to pi/2")
        if not 0.0 < self.snr_reference_sun_elevation_rad <= math.pi / 2:
            raise InputError(
                "snr_reference_sun_elevation_rad",
                self.snr_reference_sun_elevation_rad,
                "above 0, up to pi/2",
            )
        names = [band.name for band in self.bands]
        if len(set(names)) < len(names):
            raise InputError("band", names, "bands with names of their own")
        if self.snr_reference is None and self.exposure_s is None:
            wish = "given, or tdi_stages, or exposure_s: noise needs one of them"
            raise InputError("snr_reference", MISSING, wish)

    @property
    def fov_rad(self) -> float:
        """Full field of view across the flight [rad]."""
        width_m = self.detector.columns * self.detector.pitch_m
        return 2.0 * math.atan(width_m / (2.0 * self.optics.focal_length_m))

    @property
    def q(self) -> float:
        """Wavelength * focal length / (aperture * pitch); at 2 the pixels sample all that the optics pass."""
        return self.optics.wavelength_m * self.optics.f_number / self.detector.pitch_m

    @property
    def gsd_nadir_m(self) -> float:
        """Ground sample distance [m] straight below at the reference altitude."""
        return self.reference_altitude_m * self.detector.pitch_m / self.optics.focal_length_m

    @property
    def swath_nadir_m(self) -> float:
        """Swath [m] straight below at the reference altitude, on level ground."""
        return 2.0 * self.reference_altitude_m * math.tan(self.fov_rad / 2.0)

    @property
    def line_time_s(self) -> float:
        """Time [s] in which the ground moves by one pixel at nadir, circular orbit, Earth at rest."""
        step_s = self.gsd_nadir_m / ground_speed_of_circle_m_s(self.reference_altitude_m)
        rate_hz = self.detector.max_line_rate_hz
        return step_s if rate_hz is None else max(step_s, 1.0 / rate_hz)

    @property
    def exposure_s(self) -> float | None:
        """Time [s] for which a pixel gathers light: a frame's own, or the most TDI stages; None: unknown."""
        if self.detector.exposure_s is not None:
            return self.detector.exposure_s
        stages = self.detector.tdi_stages
        return max(stages) * self.line_time_s if stages else None


def ground_speed_of_circle_m_s(altitude_m: float) -> float:
    """Speed [m/s] of the point below a satellite in a circular orbit, the Earth a sphere at rest."""
    radius_m = EARTH_MEAN_RADIUS_M + altitude_m
    return math.sqrt(GM_EARTH_M3_S2 / radius_m) * EARTH_MEAN_RADIUS_M / radius_m


def rest_to_rest_s(angle_rad: ArrayLike, rate_rad_s: float, acceleration_rad_s2: float) -> Array:
    """Time [s] to turn by angles [rad] of any shape: a/w + w/c beyond w^2/c, else 2 sqrt(a/c)."""
    angle = np.abs(np.asarray(angle_rad, np.float64))
    full = angle > rate_rad_s**2 / acceleration_rad_s2
    coasting = angle / rate_rad_s + rate_rad_s / acceleration_rad_s2
    return np.where(full, coasting, 2.0 * np.sqrt(angle / acceleration_rad_s2))


def slew_time_s(angle_rad: ArrayLike, agility: Agility) -> Array:
    """Time [s] to turn by an angle [rad] from rest to rest and settle; any shape.

    Constant acceleration, then the greatest rate if it is reached, then the same backwards:
    a/w + w/c beyond w^2/c, else 2 sqrt(a/c), and the settling time. NaN gives NaN.
    """
    turning = rest_to_rest_s(angle_rad, agility.rate_rad_s, agility.acceleration_rad_s2)
    return np.asarray(turning + agility.settling_s, np.float64)
