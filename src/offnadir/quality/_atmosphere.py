"""The clear atmosphere between ground, Sun and satellite, from 0.35 to 2.5 um."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final, Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from offnadir.errors import InputError
from offnadir.quality._aerosols import (
    AEROSOL_TYPES,
    AerosolType,
    aerosol_optics,
    aod_from_visibility,
)
from offnadir.quality._gases import gas_depth
from offnadir.quality._scattering import (
    Layer,
    flux_down,
    path_reflectance,
    rayleigh_depth,
    spherical_albedo,
)
from offnadir.units import deg, km

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
    return np.asarray(mass / top, np.float64)


def _pressure_ratio(ground_alt_m: Array) -> Array:
    """Pressure at a height over that at sea level: ICAO standard atmosphere, below 11 km."""
    return np.asarray((1 - 2.25577e-5 * ground_alt_m) ** 5.25588, np.float64)


def _outer(
    wavelength_m: ArrayLike, *looks: ArrayLike
) -> tuple[Array, list[Array], tuple[int, ...]]:
    """Wavelengths shaped to stand before the axes of the looks, the looks, and the full shape."""
    w = np.asarray(wavelength_m, np.float64)
    arrays = [np.asarray(look, np.float64) for look in looks]
    shape = np.broadcast_shapes(*(a.shape for a in arrays))
    return w.reshape(w.shape + (1,) * len(shape)), arrays, w.shape + shape


def _layer(atmosphere: Atmosphere, wavelength_m: Array, pressure: Array) -> Layer:
    haze, albedo, asymmetry = aerosol_optics(wavelength_m, atmosphere.haze_550, atmosphere.aerosol)
    return Layer(rayleigh_depth(wavelength_m, pressure * _SEA_LEVEL_PA), haze, albedo, asymmetry)


def _gas(atmosphere: Atmosphere, wavelength_m: Array, pressure: Array, mass: Array) -> Array:
    # Lines are narrower under less pressure: twice less air absorbs about a quarter as much.
    depth = gas_depth(
        wavelength_m,
        atmosphere.water_kg_m2 * mass,
        pressure**2 * mass,
        atmosphere.ozone_m * mass,
    )
    return np.asarray(np.exp(-depth), np.float64)


def transmittance_to_space(
    atmosphere: Atmosphere,
    wavelength_m: ArrayLike,
    view_zenith_rad: ArrayLike,
    ground_alt_m: ArrayLike = 0.0,
) -> Array:
    """Share of the light that leaves the target and reaches space straight, gases included.

    Shape: that of `wavelength_m`, then that of the looks. NaN for a view at or below the horizon. Checked
    within 0.03 against MODTRAN 5.2.1 (see docs/theory/atmosphere.md).
    """
    w, (zenith_rad, alt_m), shape = _outer(wavelength_m, view_zenith_rad, ground_alt_m)
    pressure, mass = _pressure_ratio(alt_m), air_mass(zenith_rad)
    layer = _layer(atmosphere, w, pressure)
    straight = np.exp(-layer.depth * mass) * _gas(atmosphere, w, pressure, mass)
    return np.array(np.broadcast_to(straight, shape))


def atmosphere_terms(
    atmosphere: Atmosphere,
    wavelength_m: ArrayLike,
    sun_zenith_rad: ArrayLike,
    view_zenith_rad: ArrayLike,
    relative_azimuth_rad: ArrayLike,
    ground_alt_m: ArrayLike = 0.0,
) -> AtmosphereTerms:
    """The terms of the clear atmosphere for looks at wavelengths.

    Angles are those at the target. `relative_azimuth_rad` is the azimuth of the satellite less that of the
    Sun, both as seen from the target: 0 has the Sun in the satellite's back, pi has it in front. The looks
    broadcast against each other; results have the shape of `wavelength_m`, then theirs. NaN where Sun or
    satellite stand at or below the horizon, or an input is NaN.
    """
    w, looks, shape = _outer(
        wavelength_m, sun_zenith_rad, view_zenith_rad, relative_azimuth_rad, ground_alt_m
    )
    sun_rad, view_rad, azimuth_rad, alt_m = looks
    pressure = _pressure_ratio(alt_m)
    sun_mass, view_mass = air_mass(sun_rad), air_mass(view_rad)
    layer = _layer(atmosphere, w, pressure)
    cos_angle = -np.cos(sun_rad) * np.cos(view_rad) - np.sin(sun_rad) * np.sin(view_rad) * np.cos(
        azimuth_rad
    )
    mu0, mu = 1 / sun_mass, 1 / view_mass  # so that a low Sun stays finite
    seen = np.where(np.isnan(sun_mass + view_mass + azimuth_rad + alt_m), np.nan, 1.0)

    def whole(values: Array) -> Array:
        return np.broadcast_to(values * seen, shape)

    return AtmosphereTerms(
        path_reflectance=whole(path_reflectance(layer, mu0, mu, cos_angle)),
        transmittance_down=whole(flux_down(layer, mu0)),
        transmittance_up_direct=whole(np.asarray(np.exp(-layer.depth / mu))),
        transmittance_up=whole(flux_down(layer, mu)),
        spherical_albedo=whole(spherical_albedo(layer)),
        gas_transmittance=whole(_gas(atmosphere, w, pressure, sun_mass + view_mass)),
    )
