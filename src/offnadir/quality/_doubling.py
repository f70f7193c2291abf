"""Adding and doubling: what a stack of even layers does to light, in all orders of scattering.

The method is that of van de Hulst and of Hansen; docs/theory/atmosphere.md has the formulas.
"""

from __future__ import annotations

import functools
import math
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
STREAMS: Final = 8
MODES: Final = 6  # of azimuth; light scattered more than once varies slowly
MOMENTS: Final = 2 * STREAMS
_DOUBLINGS: Final = 13


class Slab(NamedTuple):
    """An even layer: depth, single-scattering albedo, Legendre moments of its phase function.

    The first two of shape (n,), the moments (n, MOMENTS), the first of them 1.
    """

    depth: Array
    albedo: Array
    moments: Array


class Response(NamedTuple):
    """Diffuse reflection and transmission of light from above, shape (n, MODES, STREAMS, STREAMS).

    Scaled by `scales()` from both sides so that a product of matrices is an integral over the hemisphere.
    `straight` is what passes unscattered, (n, 1, STREAMS).
    """

    reflect: Array
    transmit: Array
    straight: Array


@functools.cache
def nodes() -> tuple[Array, Array]:
    """Cosines of the streams' zenith angles and their weights: Gauss and Legendre on 0 to 1."""
    x, w = np.polynomial.legendre.leggauss(STREAMS)
    return (x + 1) / 2, w / 2


@functools.cache
def scales() -> Array:
    """Roots of 2 mu w."""
    mu, w = nodes()
    return np.sqrt(2 * mu * w)


@functools.cache
def _harmonics() -> Array:
    """Associated Legendre functions times sqrt((l-m)!/(l+m)!), shape (MODES, MOMENTS, STREAMS)."""
    mu, _ = nodes()
    table = np.zeros((MODES, MOMENTS, STREAMS))
    for m in range(MODES):
        size = math.sqrt(math.factorial(2 * m)) / (2**m * math.factorial(m))
        table[m, m] = size * (1 - mu**2) ** (m / 2)
        if m + 1 < MOMENTS:
            table[m, m + 1] = math.sqrt(2 * m + 1) * mu * table[m, m]
        for n in range(m + 2, MOMENTS):
            back = math.sqrt((n - 1) ** 2 - m**2)
            table[m, n] = (2 * n - 1) * mu * table[m, n - 1] - back * table[m, n - 2]
            table[m, n] /= math.sqrt(n**2 - m**2)
    return table


def _once(slab: Slab, depth: Array) -> tuple[Array, Array]:
    """Reflection and transmission by light scattered once in a layer of this depth, unscaled."""
    mu, _ = nodes()
    table = _harmonics()
    order = np.arange(MOMENTS)
    sign = (-1.0) ** (order[None, :] + np.arange(MODES)[:, None])
    strength = (2 * order + 1) * slab.moments * (slab.albedo / 4)[:, None]
    ahead = np.einsum("nl,mli,mlj->nmij", strength, table, table, optimize=True)
    back = np.einsum("nl,ml,mli,mlj->nmij", strength, sign, table, table, optimize=True)
    out, into = mu[:, None], mu[None, :]
    d = depth[:, None, None, None]
    reflect = back * -np.expm1(-d * (1 / out + 1 / into)) / (out + into)
    gap = np.where(out == into, 1.0, out - into)
    passed = (np.exp(-d / out) - np.exp(-d / into)) / gap
    passed = np.where(out == into, d * np.exp(-d / into) / into**2, passed)
    return np.asarray(reflect, np.float64), np.asarray(ahead * passed, np.float64)


def reflect_once(slab: Slab) -> Array:
    """Reflection by light scattered once in the slab, unscaled: (n, MODES, STREAMS, STREAMS)."""
    return _once(slab, slab.depth)[0]


def respond(slab: Slab) -> Response:
    """One even layer, doubled from one so thin that light scatters there once."""
    mu, _ = nodes()
    c = scales()
    thin = slab.depth / 2**_DOUBLINGS
    reflect, transmit = (part * c[:, None] * c for part in _once(slab, thin))
    straight = np.exp(-thin[:, None, None] / mu)
    one = Response(reflect, transmit, straight)
    for _ in range(_DOUBLINGS):
        one = add(one, one)
    return one


def add(above: Response, below: Response) -> Response:
    """Two layers as one: light goes to and fro between them until it leaves.

    `above` must look the same from both sides, as every even layer does; `below` may be a stack.
    """
    echo = above.reflect @ below.reflect
    top, bottom = above.straight[..., None, :], below.straight[..., :, None]
    down = np.linalg.solve(np.eye(STREAMS) - echo, above.transmit + echo * top)
    up = below.reflect @ down + below.reflect * top
    reflect = above.reflect + above.straight[..., :, None] * up + above.transmit @ up
    transmit = bottom * down + below.transmit * top + below.transmit @ down
    return Response(reflect, transmit, above.straight * below.straight)


def lagrange(mu: Array) -> Array:
    """Weights of the streams' values for a value at each cosine, shape (k, STREAMS)."""
    x, _ = nodes()
    away = mu[:, None] - x
    parts = np.ones((len(mu), STREAMS))
    for j in range(STREAMS):
        others = np.arange(STREAMS) != j
        parts[:, j] = np.prod(away[:, others] / (x[j] - x[others]), axis=1)
    return parts
