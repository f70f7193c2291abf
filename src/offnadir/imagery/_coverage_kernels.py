"""Kernels: how much of a pixel lies within shapes with straight edges.

A pixel of a grid is a parallelogram in the scene's metres: `jacobian` (2, 2) holds x and y of a step of a
row, and of a column. `width` is the side of a square of that area.
"""

from __future__ import annotations

from offnadir._jit import part


@part
def strip(d, half, width):
    """Share of a span of `width` around `d` that lies within `half` of 0."""
    low, high = max(d - 0.5 * width, -half), min(d + 0.5 * width, half)
    return max(high - low, 0.0) / width


@part
def half_plane(d, a, b):
    """Share of a parallelogram on the far side of a line: `d` from its middle, 2a and 2b its sides' reach.

    Exact: the share falls from 1 to 0 over a + b to either side, as the integral of a trapezoid.
    """
    total = a + b
    if d >= total:
        return 1.0
    if d <= -total:
        return 0.0
    small = min(a, b)
    large = total - small
    if small < 1e-6 * large:
        return min(max(0.5 + 0.5 * d / large, 0.0), 1.0)
    away = abs(d)
    if away <= large - small:
        return 0.5 + 0.5 * d / large
    rest = (total - away) ** 2 / (8.0 * a * b)
    return 1.0 - rest if d > 0.0 else rest


@part
def across(d, nx, ny, jacobian):
    """Share of a pixel on the far side of a line with the unit normal (nx, ny), `d` from its middle [m]."""
    a = 0.5 * abs(nx * jacobian[0, 0] + ny * jacobian[0, 1])
    b = 0.5 * abs(nx * jacobian[1, 0] + ny * jacobian[1, 1])
    return half_plane(d, a, b)


@part
def between(d, half, nx, ny, jacobian):
    """Share of a pixel within `half` of a line [m]."""
    return across(d + half, nx, ny, jacobian) - across(d - half, nx, ny, jacobian)
