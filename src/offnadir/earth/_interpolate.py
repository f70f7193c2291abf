"""Lagrange interpolation between evenly spaced positions."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

#: Points of the interpolating polynomial; half of them lie on either side.
STENCIL = 8


def interpolate(nodes: Array, at: Array) -> Array:
    """Value at `at` (in steps from the first node), shape (n, 3), of nodes of shape (m, 3), m >= 8.

    The polynomial runs through the 8 nodes around each point. For a circular motion of w rad a step
    its error is below 1.1e-3 w^8 of the radius: 3 um for a low orbit at 60 s. NaN beyond the first and
    last node and where one of the 8 is NaN.
    """
    at = np.asarray(at, np.float64)
    last = len(nodes) - STENCIL
    known = np.where(np.isfinite(at), at, 0.0)
    first = np.clip(np.floor(known).astype(np.int64) - (STENCIL // 2 - 1), 0, last)
    offset = at - first
    result = np.zeros((len(at), nodes.shape[1]))
    for j in range(STENCIL):
        weight = np.ones(len(at))
        for k in range(STENCIL):
            if k != j:
                weight = weight * (offset - k) / (j - k)
        result += weight[:, None] * nodes[first + j]
    result[~((at >= 0) & (at <= len(nodes) - 1))] = np.nan
    return result
