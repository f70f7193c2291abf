"""Light from the ground at a camera: photons in a band, as tables over the heights of Sun and satellite."""

from __future__ import annotations

import functools
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import ArrayLike, NDArray

from offnadir.constants import PLANCK_J_S, SPEED_OF_LIGHT_M_S
from offnadir.quality._atmosphere import Atmosphere, atmosphere_terms
from offnadir.quality._solar import solar_irradiance_w_m2_m
from offnadir.sensors import Band
from offnadir.units import deg

Array = NDArray[np.float64]
#: Reflectance of what surrounds a target: usual land in visible light.
SURROUNDINGS: Final = 0.15
_SUNS, _VIEWS, _AZIMUTHS = 33, 18, 13
_BEND: Final = 1.5  # nodes of the Sun's height are closer near the horizon
_LOWEST_VIEW_RAD: Final = 85 * deg
_WAVELENGTHS: Final = 24


@dataclass(frozen=True, slots=True, kw_only=True)
class Light:
    """Photons [1/(s m2 sr)] that a band takes in; tables over the Sun's height, incidence and azimuth.

    `direct` (33, 18) comes from the target itself, for a reflectance of 1; `haze` (33, 18, 13) is all
    other light: scattered on the way without touching the ground, or reflected by the surroundings.
    """

    direct: Array
    haze: Array

    def radiance(
        self, reflectance: float, sun_rad: Array, incidence_rad: Array, azimuth_rad: Array
    ) -> tuple[Array, Array]:
        """Photons of the target alone and of all that reaches the pixel; arrays of one shape.

        `azimuth_rad` is between the directions from the place to the Sun and to the satellite. None come
        with the Sun at or below the horizon. Incidence beyond 85 deg is taken for 85 deg.
        """
        sun = _place(np.clip(sun_rad / (np.pi / 2), 0.0, 1.0) ** (1 / _BEND), _SUNS)
        view = _place(np.clip(incidence_rad / _LOWEST_VIEW_RAD, 0.0, 1.0), _VIEWS)
        turn = _place(np.abs((azimuth_rad + np.pi) % (2 * np.pi) - np.pi) / np.pi, _AZIMUTHS)
        direct = reflectance * _bilinear(self.direct, sun, view)
        near, share = turn
        haze = _bilinear(self.haze, sun, view, near) * (1 - share)
        haze += _bilinear(self.haze, sun, view, near + 1) * share
        return direct, direct + haze


def _place(share: Array, nodes: int) -> tuple[NDArray[np.intp], Array]:
    """Node below and the share of the way to the next one."""
    at = share * (nodes - 1)
    finite = np.where(np.isfinite(at), at, 0.0)
    below = np.minimum(finite.astype(np.intp), nodes - 2)
    return below, at - below


def _bilinear(
    table: Array,
    sun: tuple[NDArray[np.intp], Array],
    view: tuple[NDArray[np.intp], Array],
    turn: NDArray[np.intp] | None = None,
) -> Array:
    (i, a), (j, b) = sun, view
    deep = 1 if turn is None else table.shape[2]
    flat = table.reshape(-1)
    base = (i * table.shape[1] + j) * deep + (0 if turn is None else turn)
    row = table.shape[1] * deep
    low = flat[base] * (1 - b) + flat[base + deep] * b
    high = flat[base + row] * (1 - b) + flat[base + row + deep] * b
    return np.asarray(low * (1 - a) + high * a, np.float64)


def light_of(band: Band, atmosphere: Atmosphere, ground_alt_m: float = 0.0) -> Light:
    """Tables of the light in a band, made in some 20 milliseconds and kept; the ground's height to 500 m."""
    return _light(band, atmosphere, 500.0 * round(ground_alt_m / 500.0))


@functools.lru_cache(maxsize=256)
def _light(band: Band, atmosphere: Atmosphere, ground_alt_m: float) -> Light:
    wavelength, weight = band_samples(band)
    sun = np.pi / 2 * np.linspace(0, 1, _SUNS) ** _BEND
    view = np.linspace(0, _LOWEST_VIEW_RAD, _VIEWS)
    turn = np.linspace(0, np.pi, _AZIMUTHS)
    terms = atmosphere_terms(
        atmosphere,
        wavelength,
        (np.pi / 2 - sun[1:])[:, None, None],
        view[:, None],
        turn,
        ground_alt_m,
    )
    # Photons of a white, level surface in space: E0 sin(h) / pi, over the energy of one photon.
    photons = solar_irradiance_w_m2_m(wavelength) * wavelength / (PLANCK_J_S * SPEED_OF_LIGHT_M_S)
    white = np.sin(sun[1:])[:, None, None] * (photons * weight / np.pi)[:, None, None, None]
    bounced = terms.transmittance_down / (1 - SURROUNDINGS * terms.spherical_albedo)
    through = terms.transmittance_up - terms.transmittance_up_direct
    haze = terms.gas_transmittance * (terms.path_reflectance + bounced * through * SURROUNDINGS)
    direct = terms.gas_transmittance * bounced * terms.transmittance_up_direct
    shape = (_WAVELENGTHS, _SUNS - 1, _VIEWS, _AZIMUTHS)
    tables = [np.sum(np.broadcast_to(white * one, shape), axis=0) for one in (direct, haze)]
    dark = [np.concatenate([np.zeros_like(one[:1]), one]) for one in tables]
    return Light(direct=np.ascontiguousarray(dark[0][:, :, 0]), haze=np.ascontiguousarray(dark[1]))


def band_samples(band: Band) -> tuple[Array, Array]:
    """Wavelengths [m] across a band, shape (24,), and what each stands for: response times width [m]."""
    step = (band.high_m - band.low_m) / _WAVELENGTHS
    wavelength = band.low_m + step * (np.arange(_WAVELENGTHS) + 0.5)
    response: Array = np.ones(_WAVELENGTHS)
    if band.response:
        known, share = np.array(band.response).T
        response = np.interp(wavelength, known, share, left=0.0, right=0.0)
    return np.asarray(wavelength, np.float64), np.asarray(response * step, np.float64)


def photons_at(
    band: Band,
    atmosphere: Atmosphere,
    reflectance: float,
    sun_elevation_rad: ArrayLike,
    incidence_rad: ArrayLike = 0.0,
    relative_azimuth_rad: ArrayLike = np.pi / 2,
    ground_alt_m: float = 0.0,
) -> tuple[Array, Array]:
    """Photon radiance [1/(s m2 sr)] of a target alone, and with all other light in its pixel."""
    sun, incidence, azimuth = np.broadcast_arrays(
        *(
            np.asarray(one, np.float64)
            for one in (sun_elevation_rad, incidence_rad, relative_azimuth_rad)
        )
    )
    light = light_of(band, atmosphere, ground_alt_m)
    return light.radiance(reflectance, sun, incidence, azimuth)
