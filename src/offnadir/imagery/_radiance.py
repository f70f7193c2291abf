"""Light of a scene in a camera's band: electrons for its reflectance, and what electrons mean in watts."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import ArrayLike, NDArray

from offnadir.constants import PLANCK_J_S, SPEED_OF_LIGHT_M_S
from offnadir.errors import InputError
from offnadir.imagery._ground import GroundModel
from offnadir.quality import Atmosphere, atmosphere_terms, solar_irradiance_w_m2_m
from offnadir.quality._light import SURROUNDINGS, band_samples, light_of
from offnadir.quality._signal import electronics
from offnadir.sensors import Band, Sensor

Array = NDArray[np.float64]
_RISE_M: Final = 1000.0  # between the two heights that tell where a pixel's sight comes from


@dataclass(frozen=True, slots=True, kw_only=True)
class BandLight:
    """Electrons of pixels of one band: `own` for a reflectance of 1, `haze` whatever the ground is like.

    Arrays of one shape. The haze is the light scattered on the way, and that of surroundings of 15 %
    reflectance scattered into the pixel, as `quality` has them.
    """

    own: Array
    haze: Array


@dataclass(frozen=True, slots=True, kw_only=True)
class Watts:
    """What electrons of a band mean outside of the camera.

    `radiance_per_electron` is spectral radiance [W/(m2 sr um)] at the aperture, the mean over the band;
    `sun_irradiance` that of the Sun [W/(m2 um)] on a plane facing it, 1 au away.
    """

    radiance_per_electron: float
    sun_irradiance: float


def band_light(
    sensor: Sensor,
    band: Band,
    atmosphere: Atmosphere,
    *,
    sun_elevation_rad: ArrayLike,
    incidence_rad: ArrayLike,
    relative_azimuth_rad: ArrayLike,
    ground_alt_m: float,
    sun_factor: float,
) -> BandLight:
    """Electrons of looks, whose angles broadcast; `sun_factor` is (1 au / distance of the Sun) squared.

    Raises InputError where the Sun is not up, and for a band beyond 0.31 to 2.59 um.
    """
    sun, incidence, azimuth = np.broadcast_arrays(
        *(
            np.asarray(one, np.float64)
            for one in (sun_elevation_rad, incidence_rad, relative_azimuth_rad)
        )
    )
    if not np.nanmin(sun) > 0:
        raise InputError(
            "sun_elevation_rad", float(np.nanmin(sun)), "above 0: a camera needs the Sun"
        )
    light = light_of(band, atmosphere, ground_alt_m)
    own, total = light.radiance(1.0, sun, incidence, azimuth)
    if np.isnan(light.direct).all():
        raise InputError("band", band.name, "within 0.31 to 2.59 um")
    gain = electronics(sensor, band).gain * sun_factor
    return BandLight(own=own * gain, haze=(total - own) * gain)


def direct_share(
    band: Band, atmosphere: Atmosphere, sun_elevation_rad: float, ground_alt_m: float = 0.0
) -> float:
    """Share of the light on level ground that comes straight from the Sun, by photons of a band.

    The rest is the sky's, and what goes to and fro between air and surroundings.
    """
    wavelength, weight = band_samples(band)
    zenith = np.pi / 2 - sun_elevation_rad
    # The way up to a satellite that stands where the Sun does is the Sun's way down.
    terms = atmosphere_terms(atmosphere, wavelength, zenith, zenith, 0.0, ground_alt_m)
    light = solar_irradiance_w_m2_m(wavelength) * wavelength * weight * terms.gas_transmittance
    on_ground = terms.transmittance_down / (1 - SURROUNDINGS * terms.spherical_albedo)
    return float(np.sum(light * terms.transmittance_up_direct) / np.sum(light * on_ground))


def watts(sensor: Sensor, band: Band) -> Watts:
    """Radiance of an electron, and the Sun's irradiance in a band; a photon counts the mean of the Sun's."""
    wavelength, weight = band_samples(band)
    sunlight = weight * solar_irradiance_w_m2_m(wavelength)
    each_j = PLANCK_J_S * SPEED_OF_LIGHT_M_S * np.sum(sunlight) / np.sum(sunlight * wavelength)
    width_um = np.sum(weight) * 1e6
    gain = electronics(sensor, band).gain
    return Watts(
        radiance_per_electron=float(each_j / width_um / gain),
        sun_irradiance=float(np.sum(sunlight) / width_um),
    )


def sight(
    model: GroundModel, line: ArrayLike, column: ArrayLike, alt_m: float
) -> tuple[Array, Array, Array, Array]:
    """Latitude, longitude, incidence and azimuth to the satellite [rad] of what pixels see at a height."""
    lat, lon = model.locate(line, column, alt_m)
    lat_up, lon_up = model.locate(line, column, alt_m + _RISE_M)
    # Radii of curvature of the ellipsoid, within 1e-3 at these heights: angles to 1e-3 of their tangent.
    sine2 = np.sin(lat) ** 2
    bend = 1.0 - 0.00669437999014 * sine2
    north = (lat_up - lat) * (6_335_439.3 / bend**1.5 + alt_m)
    east = (
        ((lon_up - lon + np.pi) % (2 * np.pi) - np.pi)
        * (6_378_137.0 / np.sqrt(bend) + alt_m)
        * np.cos(lat)
    )
    return lat, lon, np.arctan2(np.hypot(east, north), _RISE_M), np.arctan2(east, north)
