"""Light scattered by clear air and haze: path reflectance, light on the ground, what the sky sends back.

Two even layers: below 2 km the haze of the place, above it thin haze and most of the air.
"""

from __future__ import annotations

from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from offnadir.quality._doubling import (
    MODES,
    MOMENTS,
    STREAMS,
    Slab,
    add,
    lagrange,
    nodes,
    reflect_once,
    respond,
    scales,
)

Array = NDArray[np.float64]
#: Depolarisation of air; the usual value.
_DEPOLARISATION: Final = 0.0279
_GAMMA: Final = _DEPOLARISATION / (2 - _DEPOLARISATION)
_TINY: Final = 1e-12
_CHUNK: Final = 20_000  # looks at a time: 10 MB of weights


#: Odd modes of azimuth go with the sine of both zenith angles, which no polynomial in mu follows.
_ODD: Final = (np.arange(MODES) % 2 == 1)[:, None, None]


class Layer(NamedTuple):
    """Depths of air and haze, haze's albedo and asymmetry; arrays of shape (n,), one a wavelength."""

    rayleigh: Array
    haze: Array
    haze_albedo: Array
    haze_asymmetry: Array

    @property
    def depth(self) -> Array:
        """Optical depth without gases."""
        return self.rayleigh + self.haze

    @property
    def scattering(self) -> Array:
        """What of the depth scatters."""
        return np.maximum(self.rayleigh + self.haze * self.haze_albedo, _TINY)


class Scattered(NamedTuple):
    """The scattering of a stack at n wavelengths, ready to be asked about directions."""

    layers: tuple[Layer, ...]  # from the top
    slabs: tuple[Slab, ...]
    multiple: Array  # reflection by light scattered more than once, made smooth, (n, MODES, i, j)
    diffuse: Array  # transmission of diffuse light at each stream, over `_grip`, (n, STREAMS)
    spherical_albedo: Array  # (n,)


def rayleigh_depth(wavelength_m: Array, pressure_pa: Array | float) -> Array:
    """Optical depth of clean air above a pressure: Hansen & Travis 1974, as in ACOLITE."""
    x = (wavelength_m * 1e6) ** -2
    sea = 0.008569 * x**2 * (1 + 0.0113 * x + 0.00013 * x**2)
    return np.asarray(sea * pressure_pa / 101_325.0, np.float64)


def _slab(layer: Layer) -> Slab:
    """The layer for the streams, its forward peak cut off: Wiscombe 1977, delta-M."""
    order = np.arange(MOMENTS + 1)
    air = np.zeros(MOMENTS + 1)
    air[0], air[2] = 1.0, 0.1 * (1 - _GAMMA) / (1 + 2 * _GAMMA)
    haze = layer.haze_asymmetry[:, None] ** order
    share = (layer.rayleigh / layer.scattering)[:, None]
    moments = share * air + (1 - share) * haze
    peak = moments[:, -1]
    albedo = layer.scattering / np.maximum(layer.depth, _TINY)
    kept = 1 - albedo * peak
    cut = (moments[:, :-1] - peak[:, None]) / (1 - peak)[:, None]
    return Slab(layer.depth * kept, np.minimum(albedo * (1 - peak) / kept, 1.0), cut)


def scatter(*layers: Layer) -> Scattered:
    """All that a stack of one or two layers, named from the top, does to light over black ground."""
    slabs = tuple(_slab(layer) for layer in layers)
    mu, _ = nodes()
    c = scales()
    parts = [respond(slab) for slab in slabs]
    whole, turned = parts[0], parts[0]
    for part in parts[1:]:
        whole, turned = add(whole, part), add(part, turned)
    once = np.zeros_like(whole.reflect)
    passed = np.ones((len(slabs[0].depth), 1, 1, 1))
    for slab in slabs:
        once = once + passed * reflect_once(slab)
        slant = 1 / mu[:, None] + 1 / mu
        passed = passed * np.exp(-slab.depth[:, None, None, None] * slant)
    grip = _grip(slabs, mu)
    bent = grip[:, None, :, None] * grip[:, None, None, :]
    sine = np.sqrt(1 - mu**2)
    bent = bent * np.where(_ODD, sine[:, None] * sine, 1.0)
    multiple = (whole.reflect / (c[:, None] * c) - once) / bent
    diffuse = np.einsum("i,nij->nj", c, whole.transmit[:, 0]) / c / grip
    albedo = np.einsum("i,nij,j->n", c, turned.reflect[:, 0], c)
    return Scattered(tuple(layers), slabs, multiple, diffuse, albedo)


def _grip(slabs: tuple[Slab, ...], mu: Array) -> Array:
    """Share of a beam that the stack stops, (n, k).

    Divided by it, diffuse light is so smooth in mu that a polynomial follows it even in thin air.
    """
    depth = np.sum([slab.depth for slab in slabs], axis=0)
    return np.asarray(-np.expm1(-np.maximum(depth, _TINY)[:, None] / mu), np.float64)


def phase(layer: Layer, cos_angle: Array) -> Array:
    """Phase function with a mean of 1, (n, k): Rayleigh with depolarisation, Henyey & Greenstein."""
    air = 0.75 / (1 + 2 * _GAMMA) * (1 + 3 * _GAMMA + (1 - _GAMMA) * cos_angle**2)
    g = layer.haze_asymmetry[:, None]
    bend = 1 + g**2 - 2 * g * cos_angle
    haze = (1 - g**2) / (bend * np.sqrt(bend))  # ** 1.5 takes four times as long
    share = (layer.rayleigh / layer.scattering)[:, None]
    return np.asarray(share * air + (1 - share) * haze, np.float64)


def light_through(s: Scattered, mu: Array) -> Array:
    """Direct and diffuse light at the ground over that at the top for cosines (k,); (n, k).

    By reciprocity also the share of light from an even ground that reaches space along mu.
    """
    stopped = _grip(s.slabs, mu)
    return np.asarray(1 - stopped + (s.diffuse @ lagrange(mu).T) * stopped, np.float64)


def path_reflectance(
    s: Scattered, mu0: Array, mu: Array, cos_angle: Array, azimuth_rad: Array
) -> Array:
    """Reflectance pi L / (mu0 E) of the air over black ground for looks (k,); (n, k).

    `azimuth_rad` is 0 where the light goes on ahead. Light scattered once takes the whole phase function
    (Nakajima & Tanaka 1988); the rest comes from the streams, by polynomials in both cosines.
    """
    found = np.empty((len(s.spherical_albedo), len(mu0)))
    for start in range(0, len(mu0), _CHUNK):
        k = slice(start, start + _CHUNK)
        found[:, k] = _single(s, mu0[k], mu[k], cos_angle[k]) + _more(
            s, mu0[k], mu[k], azimuth_rad[k]
        )
    return found


def _single(s: Scattered, mu0: Array, mu: Array, cos_angle: Array) -> Array:
    slant = 1 / mu0 + 1 / mu
    total, passed = np.zeros((1, 1)), np.ones((1, 1))
    for layer, slab in zip(s.layers, s.slabs, strict=True):
        strength = layer.scattering / np.maximum(slab.depth, _TINY)
        here = strength[:, None] * phase(layer, cos_angle) / (4 * (mu0 + mu))
        lost = np.exp(-slab.depth[:, None] * slant)
        total = total + passed * here * (1 - lost)
        passed = passed * lost
    return total


def _more(s: Scattered, mu0: Array, mu: Array, azimuth_rad: Array) -> Array:
    pairs = (lagrange(mu)[:, :, None] * lagrange(mu0)[:, None, :]).reshape(-1, STREAMS**2)
    found = np.zeros((len(s.spherical_albedo), len(mu)))
    for m in range(MODES):
        weight = (1.0 if m == 0 else 2.0) * np.cos(m * azimuth_rad)
        if m % 2:
            weight = weight * np.sqrt((1 - mu**2) * (1 - mu0**2))
        found += s.multiple[:, m].reshape(len(found), STREAMS**2) @ pairs.T * weight
    return np.asarray(found * _grip(s.slabs, mu) * _grip(s.slabs, mu0), np.float64)
