"""Light from the ground at a camera: photons in a band, as tables over the heights of Sun and satellite."""

from __future__ import annotations

import functools
import math
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import ArrayLike, NDArray

from offnadir.constants import PLANCK_J_S, SPEED_OF_LIGHT_M_S
from offnadir.quality._atmosphere import (
    Atmosphere,
    air_mass,
    atmosphere_terms,
    gas_transmittance,
    pressure_ratio,
)
from offnadir.quality._solar import solar_irradiance_w_m2_m
from offnadir.sensors import Band
from offnadir.units import deg

Array = NDArray[np.float64]
#: Reflectance of what surrounds a target: usual land in visible light.
SURROUNDINGS: Final = 0.15
_SUNS, _VIEWS, _AZIMUTHS = 25, 13, 10
_BEND: Final = 1.5  # nodes of the Sun's height are closer near the horizon
_LOWEST_VIEW_RAD: Final = 84 * deg
_WAVELENGTHS: Final = 48
_SHORTEST_M, _LONGEST_M = 0.31e-6, 2.59e-6
_COLOURS: Final = 18  # at which light is scattered; between them by cubics in the logarithm
_LAYER_M: Final = 2000.0  # between heights of the ground at which tables are made
_LOWEST_GROUND_M, _HIGHEST_GROUND_M = -500.0, 9000.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Light:
    """Photons [1/(s m2 sr)] that a band takes in; tables over the Sun's height, incidence and azimuth.

    `direct` (25, 13) comes from the target itself, for a reflectance of 1; `haze` (25, 13, 10) is all
    other light: scattered on the way without touching the ground, or reflected by the surroundings.
    """

    direct: Array
    haze: Array

    @property
    def tables(self) -> tuple[Array, Array, float, float]:
        """For kernels: both tables, the bend of the Sun's nodes, and the lowest view [rad]."""
        direct, haze = np.ascontiguousarray(self.direct), np.ascontiguousarray(self.haze)
        return direct, haze, _BEND, _LOWEST_VIEW_RAD

    def radiance(
        self, reflectance: float, sun_rad: Array, incidence_rad: Array, azimuth_rad: Array
    ) -> tuple[Array, Array]:
        """Photons of the target alone and of all that reaches the pixel; arrays of one shape.

        `azimuth_rad` is between the directions from the place to the Sun and to the satellite. None come
        with the Sun at or below the horizon. Incidence beyond 84 deg is taken for 84 deg.
        """
        from offnadir.quality import _table_kernels  # numba costs half a second: only when needed

        looks = np.array([sun_rad, incidence_rad, azimuth_rad], np.float64)
        made = np.empty((2, looks[0].size))
        _table_kernels.radiances(self.tables, looks.reshape(3, -1), made)
        own, haze = made.reshape(looks[:2].shape)
        direct = np.asarray(reflectance * own, np.float64)
        return direct, direct + haze


@functools.lru_cache(maxsize=512)
def light_of(band: Band, atmosphere: Atmosphere, ground_alt_m: float = 0.0) -> Light:
    """Tables of the light in a band, made in some milliseconds and kept.

    Heights of the ground are cut to -500 to 9000 m; between multiples of 2 km, and from 8 to 9 km, tables
    are mixed. NaN for a height of NaN, and for a band that reaches beyond 0.31 to 2.59 um: the atmosphere
    ends there, and heat begins.
    """
    if math.isnan(ground_alt_m):
        return _nothing()
    alt_m = min(max(ground_alt_m, _LOWEST_GROUND_M), _HIGHEST_GROUND_M)
    below_m = max(alt_m // _LAYER_M, 0.0) * _LAYER_M
    above_m = min(below_m + _LAYER_M, _HIGHEST_GROUND_M)
    low = _light(band, atmosphere, below_m)
    share = (alt_m - below_m) / (above_m - below_m)
    if abs(share) < 0.01:
        return low
    high = _light(band, atmosphere, above_m)
    return Light(
        direct=low.direct * (1 - share) + high.direct * share,
        haze=low.haze * (1 - share) + high.haze * share,
    )


def _nothing() -> Light:
    nothing = np.full((_SUNS, _VIEWS, _AZIMUTHS), np.nan)
    return Light(direct=nothing[:, :, 0], haze=nothing)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Scattered:
    """What air and haze do without gases: shapes (18 colours, 24 Suns, 13 views ...)."""

    path: Array
    down: Array
    up: Array
    up_direct: Array
    albedo: Array


def _angles() -> tuple[Array, Array, Array]:
    """Zenith angles of Sun (above the horizon) and satellite, and azimuths between them [rad]."""
    sun = np.pi / 2 * (1.0 - np.linspace(0, 1, _SUNS)[1:] ** _BEND)
    return sun, np.linspace(0, _LOWEST_VIEW_RAD, _VIEWS), np.linspace(0, np.pi, _AZIMUTHS)


def _colours() -> Array:
    return np.geomspace(_SHORTEST_M, _LONGEST_M, _COLOURS)


@functools.lru_cache(maxsize=32)
def _scattered(atmosphere: Atmosphere, ground_alt_m: float) -> _Scattered:
    """All bands share this: it takes a twentieth of a second."""
    sun, view, turn = _angles()
    terms = atmosphere_terms(
        atmosphere, _colours(), sun[:, None, None], view[:, None], turn, ground_alt_m
    )
    return _Scattered(
        path=terms.path_reflectance,
        down=terms.transmittance_down[:, :, 0, 0],
        up=terms.transmittance_up[:, 0, :, 0],
        up_direct=terms.transmittance_up_direct[:, 0, :, 0],
        albedo=terms.spherical_albedo[:, 0, 0, 0],
    )


def _cubics(wavelength: Array) -> Array:
    """Weights (n, 18) of the colours for wavelengths (n,): Lagrange's cubic through the four nearest."""
    at = np.log(wavelength / _SHORTEST_M) / np.log(_LONGEST_M / _SHORTEST_M) * (_COLOURS - 1)
    first = np.clip(at.astype(int) - 1, 0, _COLOURS - 4)
    weights = np.zeros((len(wavelength), _COLOURS))
    rows = np.arange(len(wavelength))
    for i in range(4):
        others = [j for j in range(4) if j != i]
        parts = [(at - first - j) / (i - j) for j in others]
        weights[rows, first + i] = parts[0] * parts[1] * parts[2]
    return weights


@functools.lru_cache(maxsize=512)
def _light(band: Band, atmosphere: Atmosphere, ground_alt_m: float) -> Light:
    wavelength, weight = band_samples(band)
    if wavelength[0] < _SHORTEST_M or wavelength[-1] > _LONGEST_M:
        return _nothing()
    sun, view, _ = _angles()
    s = _scattered(atmosphere, ground_alt_m)
    cubics = _cubics(wavelength)
    # Cubics may swing below 0 where next to nothing comes through.
    down, up, up_direct = (np.maximum(cubics @ one, 0.0) for one in (s.down, s.up, s.up_direct))
    # Photons of a white, level surface in space: E0 sin(h) / pi, over the energy of one photon.
    photons = solar_irradiance_w_m2_m(wavelength) * wavelength / (PLANCK_J_S * SPEED_OF_LIGHT_M_S)
    mass = air_mass(sun)[:, None] + air_mass(view)
    gases = gas_transmittance(
        atmosphere, wavelength[:, None], pressure_ratio(ground_alt_m), mass.ravel()
    ).reshape(-1, *mass.shape)
    white = np.cos(sun)[:, None] * (photons * weight / np.pi)[:, None, None] * gases
    lit = down / (1 - SURROUNDINGS * (cubics @ s.albedo))[:, None]
    bounced = white * lit[:, :, None]
    direct = np.sum(bounced * up_direct[:, None, :], axis=0)
    around = np.sum(bounced * (up - up_direct)[:, None, :], axis=0) * SURROUNDINGS
    # The path's colours are mixed once for a band, not for each azimuth and wavelength.
    mixed = np.einsum("wsv,wc->csv", white, cubics)
    haze = np.einsum("csv,csva->sva", mixed, s.path) + around[:, :, None]
    dark = [np.concatenate([np.zeros_like(one[:1]), one]) for one in (direct, haze)]
    return Light(direct=dark[0], haze=dark[1])


def band_samples(band: Band) -> tuple[Array, Array]:
    """Wavelengths [m] across a band, shape (48,), and what each stands for: response times width [m].

    The response is integrated over each step, so that no peak falls between two wavelengths.
    """
    edges = np.linspace(band.low_m, band.high_m, _WAVELENGTHS + 1)
    wavelength, weight = (edges[1:] + edges[:-1]) / 2.0, np.diff(edges)
    if band.response:
        known, share = np.array(band.response).T
        at = np.union1d(edges, known[(known > band.low_m) & (known < band.high_m)])
        # A response that ends within the band is 0 from there on, and not by a slope.
        middle = np.interp((at[1:] + at[:-1]) / 2.0, known, share, left=0.0, right=0.0)
        area = np.concatenate([[0.0], np.cumsum(middle * np.diff(at))])
        weight = np.diff(np.interp(edges, at, area))
    return np.asarray(wavelength, np.float64), np.asarray(weight, np.float64)


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


def photons_of_the_sun(band: Band) -> float:
    """Photons [1/(s m2)] in a band on a plane that faces the Sun, 1 au away, without air."""
    wavelength, weight = band_samples(band)
    watts = solar_irradiance_w_m2_m(wavelength) * weight
    return float(np.sum(watts * wavelength) / (PLANCK_J_S * SPEED_OF_LIGHT_M_S))
