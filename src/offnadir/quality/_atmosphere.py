"""The clear atmosphere between ground, Sun and satellite, from 0.35 to 2.5 um."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final, Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from offnadir.errors import InputError, UnitRangeError
from offnadir.quality._aerosols import (
    AEROSOL_TYPES,
    AerosolType,
    aod_from_visibility,
    haze_optics,
    split_height,
)
from offnadir.quality._gases import gas_depth
from offnadir.quality._scattering import (
    Layer,
    light_through,
    path_reflectance,
    rayleigh_depth,
    scatter,
)
from offnadir.units import deg, km, um

Array = NDArray[np.float64]
Profile = Literal[
    "tropical",
    "midlatitude_summer",
    "midlatitude_winter",
    "subarctic_summer",
    "subarctic_winter",
    "us_standard",
]
#: Water [kg/m2] and ozone [m] of the AFGL model atmospheres (Anderson et al., AFGL-TR-86-0110), integrated
#: from the profiles in LOWTRAN 7's block data MLATMB.
_PROFILES: Final = {
    "tropical": (41.2, 0.00282),
    "midlatitude_summer": (29.2, 0.00334),
    "midlatitude_winter": (8.5, 0.00378),
    "subarctic_summer": (20.8, 0.00348),
    "subarctic_winter": (4.2, 0.00375),
    "us_standard": (14.2, 0.00344),
}
_SEA_LEVEL_PA: Final = 101_325.0
_AIR_BELOW: Final = 1 - math.exp(-2.0 / 8.0)  # share of the air below 2 km; scale height 8 km
_SHORTEST_M, _LONGEST_M = 0.2999 * um, 2.6001 * um


@dataclass(frozen=True, slots=True, kw_only=True)
class Atmosphere:
    """The clear atmosphere over a place: haze, water vapour, ozone.

    `visibility_m` is the meteorological range at the ground and sets the haze unless `aod_550`, the optical
    depth of aerosol at 550 nm, is given. `water_kg_m2` is precipitable water (10 kg/m2 = 1 cm), `ozone_m`
    the column as gas at standard conditions (0.003 m = 300 Dobson units); both are those above the place.
    """

    visibility_m: float = 23 * km
    aod_550: float | None = None
    aerosol: AerosolType = "rural"
    water_kg_m2: float = 20.0
    ozone_m: float = 0.0032

    def __post_init__(self) -> None:
        if not 100.0 <= self.visibility_m < math.inf:
            raise InputError("visibility_m", self.visibility_m, "at least 100 m, and finite")
        if self.aod_550 is not None and not 0.0 <= self.aod_550 <= 5.0:
            raise InputError("aod_550", self.aod_550, "in [0, 5] or None")
        if self.aerosol not in AEROSOL_TYPES:
            raise InputError("aerosol", self.aerosol, f"one of {', '.join(AEROSOL_TYPES)}")
        if not 0.0 <= self.water_kg_m2 <= 100.0:
            raise InputError("water_kg_m2", self.water_kg_m2, "in [0, 100] kg/m2")
        if not 0.0 <= self.ozone_m <= 0.01:
            raise InputError("ozone_m", self.ozone_m, "in [0, 0.01] m", hint="1 DU is 1e-5 m")

    @classmethod
    def of_profile(
        cls,
        profile: Profile,
        *,
        visibility_m: float = 23 * km,
        aod_550: float | None = None,
        aerosol: AerosolType = "rural",
    ) -> Atmosphere:
        """The atmosphere with water and ozone of one of the six AFGL model atmospheres."""
        if profile not in _PROFILES:
            raise InputError("profile", profile, f"one of {', '.join(_PROFILES)}")
        water_kg_m2, ozone_m = _PROFILES[profile]
        return cls(
            visibility_m=visibility_m,
            aod_550=aod_550,
            aerosol=aerosol,
            water_kg_m2=water_kg_m2,
            ozone_m=ozone_m,
        )

    @property
    def haze_550(self) -> float:
        """Optical depth of aerosol at 550 nm: what was given, or what the visibility means."""
        return aod_from_visibility(self.visibility_m) if self.aod_550 is None else self.aod_550


@dataclass(frozen=True, slots=True, kw_only=True)
class AtmosphereTerms:
    """What turns the ground's reflectance into that at the top; arrays of shape wavelength + looks.

    With rho of the target, rho_env of its surroundings:

        rho_top = gas * (path + down * up_direct * rho / (1 - rho_env * S)
                         + down * (up - up_direct) * rho_env / (1 - rho_env * S))

    Reflectance is pi L / (E cos(sun zenith)). `transmittance_down` and `_up` hold direct and diffuse light,
    without the gases; `gas_transmittance` is that of the way down and up. The arrays are read-only.
    """

    path_reflectance: Array
    transmittance_down: Array
    transmittance_up_direct: Array
    transmittance_up: Array
    spherical_albedo: Array
    gas_transmittance: Array


def air_mass(zenith_rad: ArrayLike) -> Array:
    """Length of a slanted way through the air over the vertical one; NaN at and below the horizon.

    Kasten & Young 1989, scaled to be 1 at the zenith: 5.6 at 80 deg, 37.9 at the horizon.
    """
    z = np.asarray(zenith_rad, np.float64)
    z = np.where((z >= 0) & (z < np.pi / 2), z, np.nan)
    mass = 1 / (np.cos(z) + 0.50572 * (96.07995 - z / deg) ** -1.6364)
    top = 1 / (1 + 0.50572 * 96.07995**-1.6364)
    return np.asarray(np.maximum(mass / top, 1.0), np.float64)  # the fit dips by 2e-8 near 0


def pressure_ratio(ground_alt_m: float) -> float:
    """Pressure at a height over that at sea level: ICAO standard atmosphere, below 11 km."""
    if not -500.0 <= ground_alt_m <= 9000.0:
        raise InputError("ground_alt_m", ground_alt_m, "within -500 and 9000 m")
    return float((1 - 2.25577e-5 * ground_alt_m) ** 5.25588)


def _wavelengths(wavelength_m: ArrayLike) -> Array:
    w = np.asarray(wavelength_m, np.float64)
    wrong = (w < _SHORTEST_M) | (w > _LONGEST_M)
    if np.any(wrong):
        value = float(w[wrong].flat[0])
        raise UnitRangeError("wavelength_m", value, "within 0.30 and 2.60 um", hint="`* nm`?")
    return w


def _layers(atmosphere: Atmosphere, wavelength_m: Array, pressure: float) -> tuple[Layer, Layer]:
    """The air above 2 km over the ground and that below, for wavelengths (n,)."""
    lower, upper = split_height(atmosphere.haze_550)
    air = rayleigh_depth(wavelength_m, pressure * _SEA_LEVEL_PA)
    return (
        Layer(air * (1 - _AIR_BELOW), *haze_optics(wavelength_m, upper, "tropospheric")),
        Layer(air * _AIR_BELOW, *haze_optics(wavelength_m, lower, atmosphere.aerosol)),
    )


def gas_transmittance(
    atmosphere: Atmosphere, wavelength_m: Array, pressure: float, mass: Array
) -> Array:
    """Share of light that gases leave over a way of so many air masses; shapes broadcast."""
    # Lines are narrower under less pressure: over half the air, mixed gases absorb about a quarter.
    depth = gas_depth(
        wavelength_m, atmosphere.water_kg_m2 * mass, pressure**2 * mass, atmosphere.ozone_m * mass
    )
    return np.asarray(np.exp(-depth), np.float64)


def transmittance_to_space(
    atmosphere: Atmosphere,
    wavelength_m: ArrayLike,
    view_zenith_rad: ArrayLike,
    ground_alt_m: float = 0.0,
) -> Array:
    """Share of the light that leaves the target and reaches space straight, gases included.

    Shape: that of `wavelength_m`, then that of `view_zenith_rad`. NaN for a view at or below the horizon.
    Gas bands are seen with 20 nm of resolution. Checked against MODTRAN 5.2.1 in docs/theory/atmosphere.md.
    Raises UnitRangeError for a wavelength outside 0.30 to 2.60 um.
    """
    w = _wavelengths(wavelength_m)
    pressure, mass = pressure_ratio(ground_alt_m), air_mass(view_zenith_rad)
    flat, slant = w.ravel()[:, None], mass.ravel()
    depth = np.sum([layer.depth for layer in _layers(atmosphere, w.ravel(), pressure)], axis=0)
    straight = np.exp(-depth[:, None] * slant) * gas_transmittance(
        atmosphere, flat, pressure, slant
    )
    return np.asarray(straight.reshape(w.shape + mass.shape), np.float64)


def atmosphere_terms(
    atmosphere: Atmosphere,
    wavelength_m: ArrayLike,
    sun_zenith_rad: ArrayLike,
    view_zenith_rad: ArrayLike,
    relative_azimuth_rad: ArrayLike,
    ground_alt_m: float = 0.0,
) -> AtmosphereTerms:
    """The terms of the clear atmosphere for looks at wavelengths.

    Angles are those at the target. `relative_azimuth_rad` is the azimuth of the satellite less that of the
    Sun, both as seen from the target: 0 has the Sun in the satellite's back, pi has it in front. The looks
    broadcast against each other; results have the shape of `wavelength_m`, then theirs. NaN where Sun or
    satellite stand at or below the horizon, or an input is NaN. Raises UnitRangeError for a wavelength
    outside 0.30 to 2.60 um.

    Most of the time goes into the wavelengths (1 ms each), little into looks (10 us each at 30 wavelengths).
    """
    w = _wavelengths(wavelength_m)
    sun_rad, view_rad, azimuth_rad = (
        np.asarray(a, np.float64) for a in (sun_zenith_rad, view_zenith_rad, relative_azimuth_rad)
    )
    looks = np.broadcast_shapes(sun_rad.shape, view_rad.shape, azimuth_rad.shape)
    pressure = pressure_ratio(ground_alt_m)
    sun_mass, view_mass = air_mass(sun_rad), air_mass(view_rad)
    s = scatter(*_layers(atmosphere, w.ravel(), pressure))
    depth = np.sum([layer.depth for layer in s.layers], axis=0)
    seen = np.broadcast_to(np.where(np.isnan(sun_mass + view_mass + azimuth_rad), np.nan, 1), looks)

    def whole(values: Array, shape: tuple[int, ...]) -> Array:
        """Values (n, k) of looks of a shape, spread over all looks."""
        spread = values.reshape(w.size, *(1,) * (len(looks) - len(shape)), *shape)
        full = np.asarray(spread * seen).reshape(w.shape + looks)
        full.flags.writeable = False
        return full

    cos_angle = -np.cos(sun_rad) * np.cos(view_rad) - np.sin(sun_rad) * np.sin(view_rad) * np.cos(
        azimuth_rad
    )
    # A round Earth lets more light through than a flat one, but its air shines as that of a flat one does.
    mu0, mu = 1 / sun_mass, 1 / view_mass
    plane = (np.cos(sun_rad), np.cos(view_rad), cos_angle, np.pi - azimuth_rad)
    flat = [np.broadcast_to(a * seen, looks).ravel() for a in plane]
    both = np.asarray(sun_mass + view_mass)
    return AtmosphereTerms(
        path_reflectance=whole(path_reflectance(s, *flat), looks),
        transmittance_down=whole(light_through(s, mu0.ravel()), mu0.shape),
        transmittance_up_direct=whole(np.exp(-depth[:, None] / mu.ravel()), mu.shape),
        transmittance_up=whole(light_through(s, mu.ravel()), mu.shape),
        spherical_albedo=whole(s.spherical_albedo[:, None], ()),
        gas_transmittance=whole(
            gas_transmittance(atmosphere, w.ravel()[:, None], pressure, both.ravel()), both.shape
        ),
    )
