"""Constraints turned into numbers for the compiled search."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from offnadir.access._constraints import (
    Constraint,
    HorizonMask,
    MaxOffNadir,
    MaxRange,
    MinElevation,
    SunAbove,
)
from offnadir.errors import InputError

Array = NDArray[np.float64]
Code = tuple[NDArray[np.int64], Array, Array, Array, float, float]


def encode(wishes: list[list[Constraint]]) -> Code:
    """Numbers for the kernel: kinds, a row of values a site, and one mask with its top and slope."""
    from offnadir.access import _margins as kernels  # numba costs half a second: only when needed

    number = {
        MinElevation: kernels.ELEVATION,
        MaxOffNadir: kernels.OFF_NADIR,
        SunAbove: kernels.SUN,
        MaxRange: kernels.RANGE,
        HorizonMask: kernels.MASK,
    }
    shapes = {tuple(type(wish) for wish in row) for row in wishes}
    if len(shapes) != 1:
        raise InputError(
            "site_constraints", sorted(map(str, shapes)), "of the same kinds for every site"
        )
    kinds = [number[kind] for kind in shapes.pop()]
    masks = {wish for row in wishes for wish in row if isinstance(wish, HorizonMask)}
    if len(masks) > 1 or kinds.count(kernels.MASK) > 1:
        raise InputError("constraints", "several horizon masks", "at most one horizon mask")
    mask = masks.pop() if masks else HorizonMask((0.0,), (0.0,))
    mask_az, mask_el = np.array(mask.azimuth_rad), np.array(mask.elevation_rad)
    top = float(mask_el.max())
    steps = np.diff(mask_az, append=mask_az[0] + 2 * math.pi)
    slope = float(np.max(np.abs(np.diff(mask_el, append=mask_el[0])) / steps))
    # A sight line turned by x changes elevation by x at most, and azimuth by pi/2 x / cos(top).
    factor = 1.0 + slope * math.pi / 2 / math.cos(top)
    # The horizon comes first: a look from below it is none.
    values = np.array([[0.0, *(_value(wish) for wish in row)] for row in wishes])
    return np.array([kernels.ELEVATION, *kinds]), values, mask_az, mask_el, top, factor


def _value(wish: Constraint) -> float:
    match wish:
        case MinElevation(value) | MaxOffNadir(value) | SunAbove(value) | MaxRange(value):
            return value
        case HorizonMask():
            return 0.0
