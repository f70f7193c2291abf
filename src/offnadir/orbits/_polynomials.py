"""Polynomials in pieces, of which an ephemeris is made.

Positions are asked for at the Chebyshev points of a long stretch, and the one polynomial through them
is handed out as short pieces of degree 7 in x in [-1, 1], with coefficients of the powers of x: few
questions, and quick answers. For a circular motion of w rad/s, n points and a stretch of H s the error
is about 2 (w H / 4)^n / n! of the radius; in a low orbit the J2 terms at three times that rate decide
(docs/theory/access.md).
"""

from __future__ import annotations

import functools
import math

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

#: Coefficients of a piece.
ORDER = 8
_FEW = 16


def chebyshev_points(count: int) -> Array:
    """Where in a stretch, x in (-1, 1), it is asked for positions; rising."""
    return np.asarray(-np.cos(np.pi * (np.arange(count) + 0.5) / count), np.float64)


@functools.cache
def _through(count: int, parts: int) -> Array:
    """Values at `count` Chebyshev points to the coefficients of even parts, (parts * 8, count).

    Barycentric weights: Berrut and Trefethen, SIAM Review 46 (2004), equation 5.3.
    """
    few, points = chebyshev_points(ORDER), chebyshev_points(count)
    middles = (2.0 * np.arange(parts) + 1.0) / parts - 1.0
    at = (middles[:, None] + few / parts).ravel()
    number = np.arange(count)
    weights = (-1.0) ** number * np.sin(np.pi * (number + 0.5) / count)
    gaps = at[:, None] - points
    met = np.abs(gaps) < 1e-14
    shares = weights / np.where(met, 1.0, gaps)
    shares /= shares.sum(axis=1, keepdims=True)
    hit = met.any(axis=1)
    shares[hit] = met[hit]
    fit = np.linalg.inv(np.vander(few, ORDER, increasing=True))
    return np.asarray((fit @ shares.reshape(parts, ORDER, count)).reshape(-1, count), np.float64)


def fit_pieces(values: Array, count: int, parts: int) -> Array:
    """Values (n * count, 3) at the Chebyshev points of n stretches to pieces, (n * parts, 8, 3).

    NaN stays in its stretch.
    """
    n, through = len(values) // count, _through(count, parts).T
    rows = np.ascontiguousarray(values.reshape(n, count, 3).transpose(0, 2, 1))
    pieces = np.empty((n, 3, parts * ORDER))
    # Few at a time: a large product would be spread over threads that others need.
    for first in range(0, n, _FEW):
        np.matmul(
            rows[first : first + _FEW].reshape(-1, count),
            through,
            out=pieces[first : first + _FEW].reshape(-1, parts * ORDER),
        )
    return np.ascontiguousarray(pieces.transpose(0, 2, 1)).reshape(n * parts, ORDER, 3)


def sample_times(first_ns: int, step_s: float, stretches: int, count: int) -> NDArray[np.int64]:
    """TAI ns of the Chebyshev points of stretches of `step_s` seconds, shape (stretches * count,)."""
    since_s = (np.arange(stretches)[:, None] + (chebyshev_points(count) + 1.0) / 2.0) * step_s
    return np.asarray(first_ns + np.rint(since_s * 1e9).astype(np.int64).ravel(), np.int64)


def evaluate(coefficients: Array, at: Array) -> tuple[Array, Array]:
    """Value and derivative by `at` (in pieces from the first), each (n, 3); NaN beyond the ends."""
    at = np.asarray(at, np.float64)
    inside = (at >= 0) & (at <= len(coefficients))
    known = np.where(inside, at, 0.0)
    k = np.minimum(known.astype(np.int64), len(coefficients) - 1)
    x = (2.0 * (known - k) - 1.0)[:, None]
    value = coefficients[k, -1]
    slope = np.zeros_like(value)
    for j in range(ORDER - 2, -1, -1):
        slope = slope * x + value
        value = value * x + coefficients[k, j]
    value[~inside] = slope[~inside] = np.nan
    return value, 2.0 * slope


def carried_on(piece: Array, way: int) -> Array:
    """The same curve as a piece (8, 3), over the next stretch of time (way 1) or the one before (-1)."""
    moved = np.array(
        [[math.comb(k, j) * (2.0 * way) ** (k - j) if k >= j else 0.0 for k in range(ORDER)]
         for j in range(ORDER)]
    )  # fmt: skip
    return np.asarray(moved @ piece, np.float64)
