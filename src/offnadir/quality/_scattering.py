"""Light scattered by an even layer of air and haze: path reflectance, fluxes, what the sky sends back."""

from __future__ import annotations

from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
#: Depolarisation of air; Young 1980 as used by 6S.
_DEPOLARISATION: Final = 0.0279
_GAMMA: Final = _DEPOLARISATION / (2 - _DEPOLARISATION)
#: Four points of Gauss and Legendre on 0 to 1, for the mean over a hemisphere.
_NODES, _WEIGHTS = np.polynomial.legendre.leggauss(6)


class Layer(NamedTuple):
    """An even layer: depths of air and haze, haze's albedo and asymmetry; arrays of one shape."""

    rayleigh: Array
    haze: Array
    haze_albedo: Array
    haze_asymmetry: Array

    @property
    def depth(self) -> Array:
        """Optical depth without gases."""
        return self.rayleigh + self.haze


class _Scaled(NamedTuple):
    """The layer after the forward peak was taken out of scattering (delta scaling)."""

    depth: Array
    albedo: Array
    asymmetry: Array
    peak: (
        Array  # scattering over (scaled scattering): brings single scattering back to its strength
    )


def _scaled(layer: Layer) -> _Scaled:
    """Joseph, Wiscombe & Weinman 1976, equations 14 and 15, with f = g^2 of the haze."""
    scatter = layer.rayleigh + layer.haze * layer.haze_albedo
    forward = layer.haze * layer.haze_albedo * layer.haze_asymmetry**2
    depth = layer.depth - forward
    left = scatter - forward
    drift = layer.haze * layer.haze_albedo * layer.haze_asymmetry - forward
    tiny = np.finfo(np.float64).tiny
    albedo = np.minimum(left / np.maximum(depth, tiny), 1 - 1e-7)  # 1 itself divides by zero
    return _Scaled(depth, albedo, drift / np.maximum(left, tiny), scatter / np.maximum(left, tiny))


def rayleigh_depth(wavelength_m: Array, pressure_pa: Array | float) -> Array:
    """Optical depth of clean air above a pressure; Hansen & Travis 1974, equation 2.30."""
    x = (wavelength_m * 1e6) ** -2
    sea = 0.008569 * x**2 * (1 + 0.0113 * x + 0.00013 * x**2)
    return np.asarray(sea * pressure_pa / 101_325.0, np.float64)


def phase(layer: Layer, cos_angle: Array) -> Array:
    """Phase function of the mixture, mean 1: Rayleigh with depolarisation, Henyey and Greenstein."""
    air = 0.75 / (1 + 2 * _GAMMA) * (1 + 3 * _GAMMA + (1 - _GAMMA) * cos_angle**2)
    g = layer.haze_asymmetry
    haze = (1 - g**2) / (1 + g**2 - 2 * g * cos_angle) ** 1.5
    scatter = layer.haze * layer.haze_albedo
    total = np.maximum(layer.rayleigh + scatter, np.finfo(np.float64).tiny)
    return np.asarray((layer.rayleigh * air + scatter * haze) / total, np.float64)


class _Field(NamedTuple):
    """Diffuse light inside: radiance I0 + mu I1 with I0 = down e^-kt + up e^-k(T-t) - sun e^-t/mu0."""

    k: Array
    ratio: Array
    down: Array
    up: Array
    sun: Array
    sun_slope: Array


def _field(s: _Scaled, mu0: Array) -> _Field:
    """Eddington's solution for sunlight of flux pi on a plane normal to it, over black ground.

    Shettle & Weinman, J. Atmos. Sci. 27 (1970) 1048, equations 2 to 13.
    """
    w, g, depth = s.albedo, s.asymmetry, s.depth
    k = np.sqrt(3 * (1 - w) * (1 - w * g))
    ratio = np.sqrt(3 * (1 - w) / (1 - w * g))
    gap = 1 - (k * mu0) ** 2
    gap = np.where(np.abs(gap) < 1e-6, 1e-6, gap)
    sun = 0.75 * w * mu0**2 * (1 + g * (1 - w)) / gap
    slope = 0.75 * w * mu0 * (1 + 3 * g * (1 - w) * mu0**2) / gap
    beam, fade = np.exp(-depth / mu0), np.exp(-k * depth)
    plus, minus = 1 + 2 / 3 * ratio, 1 - 2 / 3 * ratio
    top = sun + 2 / 3 * slope  # no diffuse light comes in from above
    bottom = (sun - 2 / 3 * slope) * beam  # nor from below
    bound = plus**2 - minus**2 * fade**2
    down = (top * plus - bottom * minus * fade) / bound
    up = (bottom * plus - top * minus * fade) / bound
    return _Field(k, ratio, down, up, sun, slope)


def flux_down(layer: Layer, mu0: Array) -> Array:
    """Direct and diffuse light on the ground over that on a level plane at the top; ground black."""
    s = _scaled(layer)
    f = _field(s, mu0)
    fade, beam = np.exp(-f.k * s.depth), np.exp(-s.depth / mu0)
    i0 = f.down * fade + f.up - f.sun * beam
    i1 = f.ratio * (f.down * fade - f.up) - f.sun_slope * beam
    return np.asarray(beam + (i0 + 2 / 3 * i1) / mu0, np.float64)


def plane_albedo(layer: Layer, mu0: Array) -> Array:
    """Light sent back to space over that coming in; ground black."""
    s = _scaled(layer)
    f = _field(s, mu0)
    fade = np.exp(-f.k * s.depth)
    i0 = f.down + f.up * fade - f.sun
    i1 = f.ratio * (f.down - f.up * fade) - f.sun_slope
    return np.asarray((i0 - 2 / 3 * i1) / mu0, np.float64)


def spherical_albedo(layer: Layer) -> Array:
    """Share of the light from an even, diffuse ground that the air sends back to it."""
    total = np.zeros_like(layer.depth)
    for node, weight in zip((_NODES + 1) / 2, _WEIGHTS / 2, strict=True):
        total = total + 2 * weight * node * plane_albedo(layer, np.asarray(node))
    return total


def path_reflectance(layer: Layer, mu0: Array, mu: Array, cos_angle: Array) -> Array:
    """Reflectance pi L / (mu0 E) of the air itself at its top, over black ground.

    Light scattered once is exact for the even layer (with the whole phase function, Nakajima & Tanaka
    1988); what was scattered before comes from Eddington's field, the same for all azimuths.
    """
    s = _scaled(layer)
    slant = 1 / mu0 + 1 / mu
    once = (
        s.albedo * s.peak * phase(layer, cos_angle) / (4 * (mu0 + mu)) * -np.expm1(-s.depth * slant)
    )
    more = (_multiple(s, mu0, mu) + _multiple(s, mu, mu0)) / 2  # light may take the way back
    return np.asarray(once + more, np.float64)


def _multiple(s: _Scaled, mu0: Array, mu: Array) -> Array:
    """What Eddington's diffuse field sends up along mu: its source, integrated over the layer."""
    f = _field(s, mu0)
    fade, view = np.exp(-f.k * s.depth), np.exp(-s.depth / mu)
    bend = 1 - f.k * mu
    bend = np.where(np.abs(bend) < 1e-6, 1e-6, bend)
    down = -np.expm1(-s.depth * (f.k + 1 / mu)) / (1 + f.k * mu)
    up = (fade - view) / bend
    sun = -np.expm1(-s.depth * (1 / mu0 + 1 / mu)) / (1 + mu / mu0)
    lean = s.asymmetry * mu
    source = (
        f.down * (1 - lean * f.ratio) * down
        + f.up * (1 + lean * f.ratio) * up
        - (f.sun - lean * f.sun_slope) * sun
    )
    return np.asarray(s.albedo * source / mu0, np.float64)
