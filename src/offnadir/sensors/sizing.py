"""The telescope that a wished sample distance asks for: size, pixels, rates, a class of mass and power."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Final

import numpy as np

from offnadir.errors import InputError, UnitRangeError
from offnadir.geometry import gsd_geometric_mean_m, incidence_from_off_nadir_rad, slant_range_m
from offnadir.sensors._model import (
    Agility,
    Band,
    Detector,
    Duty,
    Optics,
    Sensor,
    ground_speed_of_circle_m_s,
    positive,
    within,
)
from offnadir.units import deg, km, nm, um

__all__ = [
    "Design",
    "MassClass",
    "SensorSizing",
    "fleet_cost_proxy",
    "instrument_mass_kg",
    "instrument_power_w",
    "mass_class",
    "size_for_gsd",
    "telescope_cost_ratio",
]

# Space Mission Analysis and Design, 3rd ed. (Wertz and Larson 1999), section 9.5: a payload scaled by the
# ratio R of apertures has K R^3 of the mass and of the power, with K = 2 below R = 0.5. The instrument to
# scale from is ours to choose: Pleiades HR, 0.65 m, 195 kg, 400 W (eoPortal, Pleiades).
_REFERENCE_APERTURE_M: Final = 0.65
_REFERENCE_MASS_KG: Final = 195.0
_REFERENCE_POWER_W: Final = 400.0
# Payloads are 31 % of the dry mass of low satellites with propulsion: Space Mission Engineering, The New
# SMAD (Wertz, Everett, Puschell 2011), table 14-18.
_PAYLOAD_SHARE: Final = 0.31


@dataclass(frozen=True, slots=True, kw_only=True)
class Design:
    """What is chosen of a camera before it has a size; the defaults are a usual panchromatic push-broom.

    `q` is wavelength * f-number / pitch: at 1 the aperture is as large as the pixel is sharp, at 2 nothing
    that the optics pass is lost, and the aperture is twice as large. `compression` is bits in over bits out.
    """

    pitch_m: float = 8.0 * um
    q: float = 1.0
    band_low_m: float = 450.0 * nm
    band_high_m: float = 800.0 * nm
    obscuration: float = 0.35
    wfe_rms_waves: float = 0.07
    transmission: float = 0.75
    jitter_px: float = 0.1
    smear_px: float = 0.1
    tdi_clocking_px: float = 0.25
    quantum_efficiency: float = 0.6
    full_well_e: float = 100_000.0
    read_noise_e: float = 40.0
    bits: int = 12
    compression: float = 4.0
    tdi_stages: tuple[int, ...] = (8, 16, 32, 48, 64, 96, 128)
    max_off_nadir_rad: float = 45.0 * deg
    agility: Agility = field(
        default_factory=lambda: Agility(
            rate_rad_s=2.0 * deg, acceleration_rad_s2=0.5 * deg, settling_s=3.0
        )
    )

    def __post_init__(self) -> None:
        positive(pitch_m=self.pitch_m)
        within("q", self.q, 0.05, 10.0)
        within("compression", self.compression, 1.0, 100.0)
        object.__setattr__(self, "tdi_stages", tuple(self.tdi_stages))
        if not self.tdi_stages:
            raise InputError("tdi_stages", self.tdi_stages, "one number of stages at least")
        if not 0.0 < self.max_off_nadir_rad <= math.pi / 2:
            raise UnitRangeError(
                "max_off_nadir_rad", self.max_off_nadir_rad, "above 0, up to pi/2",
                hint="did you forget `* deg`?",
            )  # fmt: skip
        # What cannot be a camera of any size is told now.
        self.band  # noqa: B018
        self.optics(1.0, 1.0)
        self.detector(1)

    @property
    def wavelength_m(self) -> float:
        """Middle of the band [m]."""
        return 0.5 * (self.band_low_m + self.band_high_m)

    @property
    def band(self) -> Band:
        """The panchromatic band."""
        return Band(name="pan", low_m=self.band_low_m, high_m=self.band_high_m)

    def optics(self, aperture_m: float, focal_length_m: float) -> Optics:
        """The telescope of this design in one size."""
        return Optics(
            aperture_m=aperture_m,
            focal_length_m=focal_length_m,
            wavelength_m=self.wavelength_m,
            obscuration=self.obscuration,
            wfe_rms_waves=self.wfe_rms_waves,
            transmission=self.transmission,
        )

    def detector(self, columns: int) -> Detector:
        """The line of detectors of this design, so many columns wide."""
        return Detector(
            pitch_m=self.pitch_m,
            columns=columns,
            jitter_px=self.jitter_px,
            smear_px=self.smear_px,
            tdi_clocking_px=self.tdi_clocking_px,
            quantum_efficiency=self.quantum_efficiency,
            full_well_e=self.full_well_e,
            read_noise_e=self.read_noise_e,
            bits=self.bits,
            tdi_stages=self.tdi_stages,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class MassClass:
    """What kind of satellite it takes: estimates within a factor of two or so, for comparison only."""

    instrument_mass_kg: float
    instrument_power_w: float
    satellite_dry_mass_kg: float


@dataclass(frozen=True, slots=True, kw_only=True)
class SensorSizing:
    """A camera that was sized for a sample distance at a height and an off-nadir angle.

    `gsd_nadir_m` and `swath_nadir_m` are straight below. `line_rate_hz` keeps pixels square there; the data
    rate [bit/s] is that of all columns at this line rate, after compression.
    """

    design: Design
    altitude_m: float
    off_nadir_rad: float
    gsd_m: float
    gsd_nadir_m: float
    aperture_m: float
    focal_length_m: float
    columns: int
    swath_nadir_m: float
    line_rate_hz: float
    data_rate_bit_s: float
    diffraction_limit_m: float

    @property
    def mass_class(self) -> MassClass:
        """Mass and power by the published relations of `mass_class`."""
        return mass_class(self.aperture_m)

    def to_sensor(self, name: str = "design") -> Sensor:
        """A `Sensor` for quality, access, planning and coverage; noise follows from the electronics."""
        design = self.design
        return Sensor(
            name=name,
            title=f"{name}: {self.aperture_m:.2f} m, {self.gsd_nadir_m:.2f} m at nadir",
            kind="pushbroom",
            optics=design.optics(self.aperture_m, self.focal_length_m),
            detector=design.detector(self.columns),
            band=design.band,
            agility=design.agility,
            duty=Duty(),
            reference_altitude_m=self.altitude_m,
            max_off_nadir_rad=design.max_off_nadir_rad,
            data_rate_bit_s=self.data_rate_bit_s,
            min_duration_s=max(self.swath_nadir_m, 1.0 * km)
            / ground_speed_of_circle_m_s(self.altitude_m),
            snr_reference=None,
            snr_reference_sun_elevation_rad=45.0 * deg,
        )


def size_for_gsd(
    gsd_m: float,
    *,
    altitude_m: float,
    off_nadir_rad: float = 0.0,
    swath_m: float = 12.0 * km,
    design: Design | None = None,
) -> SensorSizing:
    """The camera whose sample distance (geometric mean, level ground) at an off-nadir angle is `gsd_m`.

    `swath_m` is at nadir. Focal length = pitch * range / (GSD * root of cos(incidence)), aperture =
    wavelength * focal length / (Q * pitch). InputError for a look past the horizon and for numbers beyond
    reason; UnitRangeError for an angle that must be in degrees.

    >>> made = size_for_gsd(0.5, altitude_m=500 * km)
    >>> f"{made.aperture_m:.3f} m, {made.focal_length_m:.1f} m, {made.columns} columns"
    '0.625 m, 8.0 m, 24000 columns'
    """
    design = design or Design()
    within("gsd_m", gsd_m, 0.01, 1000.0)
    within("altitude_m", altitude_m, 100.0 * km, 40_000.0 * km)
    within("swath_m", swath_m, gsd_m, 3000.0 * km)
    if not 0.0 <= off_nadir_rad < math.pi / 2:
        raise UnitRangeError(
            "off_nadir_rad", off_nadir_rad, "from 0 to pi/2", hint="did you forget `* deg`?"
        )
    range_m = float(slant_range_m(off_nadir_rad, altitude_m))
    incidence = float(incidence_from_off_nadir_rad(off_nadir_rad, altitude_m))
    if math.isnan(range_m):
        raise InputError("off_nadir_rad", off_nadir_rad, "short of the horizon at this height")
    focal_m = float(gsd_geometric_mean_m(design.pitch_m, 1.0, range_m, incidence)) / gsd_m
    aperture_m = design.wavelength_m * focal_m / (design.q * design.pitch_m)
    gsd_nadir_m = altitude_m * design.pitch_m / focal_m
    columns = max(
        round(2.0 * focal_m * math.tan(_half_field(swath_m, altitude_m)) / design.pitch_m), 1
    )
    line_rate_hz = ground_speed_of_circle_m_s(altitude_m) / gsd_nadir_m
    return SensorSizing(
        design=design,
        altitude_m=altitude_m,
        off_nadir_rad=off_nadir_rad,
        gsd_m=gsd_m,
        gsd_nadir_m=gsd_nadir_m,
        aperture_m=aperture_m,
        focal_length_m=focal_m,
        columns=columns,
        swath_nadir_m=columns * gsd_nadir_m,
        line_rate_hz=line_rate_hz,
        data_rate_bit_s=line_rate_hz * columns * design.bits / design.compression,
        diffraction_limit_m=1.2197 * design.wavelength_m / aperture_m * altitude_m,
    )


def _half_field(swath_m: float, altitude_m: float) -> float:
    return math.atan(0.5 * swath_m / altitude_m)


def _scaled(aperture_m: float, reference: float) -> float:
    """K R^3 of a reference; between R = 0.5 and 1 K goes from 2 to 1, so that larger is never lighter."""
    positive(aperture_m=aperture_m)
    ratio = aperture_m / _REFERENCE_APERTURE_M
    return float(np.interp(ratio, (0.5, 1.0), (2.0, 1.0))) * ratio**3 * reference


def instrument_mass_kg(aperture_m: float) -> float:
    """Mass [kg] of a camera by its aperture: SMAD's scaling (section 9.5), from Pleiades HR's 195 kg."""
    return _scaled(aperture_m, _REFERENCE_MASS_KG)


def instrument_power_w(aperture_m: float) -> float:
    """Power [W] of a camera by its aperture: SMAD's scaling (section 9.5), from Pleiades HR's 400 W."""
    return _scaled(aperture_m, _REFERENCE_POWER_W)


def mass_class(aperture_m: float) -> MassClass:
    """Mass and power of a camera, and the dry mass of its satellite (payload 31 %, New SMAD table 14-18)."""
    mass_kg = instrument_mass_kg(aperture_m)
    return MassClass(
        instrument_mass_kg=mass_kg,
        instrument_power_w=instrument_power_w(aperture_m),
        satellite_dry_mass_kg=mass_kg / _PAYLOAD_SHARE,
    )


def telescope_cost_ratio(aperture_m: float, than_m: float) -> float:
    """How many times as much a telescope costs as one of another aperture: the ratio to the power of 1.7.

    Stahl and Allison, Parametric cost model for ground and space telescopes, Proc. SPIE 11450 (2020), NTRS
    20205010427, at the same wavelength, temperature and year. Telescope only, no satellite.
    """
    positive(aperture_m=aperture_m, than_m=than_m)
    return math.pow(aperture_m / than_m, 1.7)


def fleet_cost_proxy(satellite_dry_mass_kg: float, count: int, *, learning: float = 0.95) -> float:
    """A stand-in for what satellites cost, in kilograms of a first one: mass * count^(1 + log2(learning)).

    It is NOT money: public cost models are not free, and go with mass above all. Each doubling of the number
    makes the mean satellite cheaper by 1 - `learning` (Wright; SMAD, section 20.3, has 95 % for fewer than
    10). For comparing designs of one study with one another.
    """
    positive(satellite_dry_mass_kg=satellite_dry_mass_kg)
    if count != int(count) or count < 1:
        raise InputError("count", count, "a whole number above 0")
    within("learning", learning, 0.5, 1.0)
    return satellite_dry_mass_kg * math.pow(count, 1.0 + math.log2(learning))
