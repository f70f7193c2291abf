"""Constraints turned into numbers for the compiled search."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from offnadir.access import _constraints as wishes_
from offnadir.access._constraints import AzimuthWithin, Constraint, HorizonMask
from offnadir.errors import InputError

Array = NDArray[np.float64]
Code = tuple[NDArray[np.int64], Array, Array, Array, float, float, Array]

_TWO_PI = 2 * math.pi
_TOUCH_RAD = 1e-12  # what rounding may leave between sectors that touch


def encode(wishes: list[list[Constraint]]) -> Code:
    """Numbers for the kernel: kinds, a row of values a site, one mask with its top and slope, sectors.

    The horizon comes first: a look from below it is none.
    """
    from offnadir.access import _margins as kernels  # numba costs half a second: only when needed

    rows = [[(kernels.ELEVATION, 0.0), *_numbers(row)] for row in wishes]
    shapes = {tuple(kind for kind, _ in row) for row in rows}
    if len(shapes) != 1:
        kinds = sorted({str([type(wish).__name__ for wish in row]) for row in wishes})
        raise InputError("site_constraints", kinds, "of the same kinds for every site")
    values = np.array([[value for _, value in row] for row in rows])
    mask = _only(HorizonMask, wishes) or HorizonMask((0.0,), (0.0,))
    mask_az, mask_el = np.array(mask.azimuth_rad), np.array(mask.elevation_rad)
    top = float(mask_el.max())
    steps = np.diff(mask_az, append=mask_az[0] + _TWO_PI)
    slope = float(np.max(np.abs(np.diff(mask_el, append=mask_el[0])) / steps))
    # A sight line turned by x changes elevation by x at most, and azimuth by pi/2 x / cos(top).
    factor = 1.0 + slope * math.pi / 2 / math.cos(top)
    azimuths = _only(AzimuthWithin, wishes)
    sectors = _apart(azimuths.sectors_rad) if azimuths else np.empty((0, 2))
    return np.array(shapes.pop()), values, mask_az, mask_el, top, factor, sectors


def sun_between(code: Code) -> Array:
    """Sines of the elevations between which the Sun must stand, a row each of the code's values."""
    from offnadir.access import _margins as kernels

    kinds, values = code[0], code[1]
    least = values[:, kinds == kernels.SUN].max(axis=1, initial=-math.pi / 2)
    most = values[:, kinds == kernels.SUN_BELOW].min(axis=1, initial=math.pi / 2)
    return np.asarray(np.sin(np.stack([least, most], axis=1)), np.float64)


def _only(kind: type[Any], wishes: list[list[Constraint]]) -> Any:
    """The one constraint of a kind that all sites share, None if there is none."""
    found = {wish for row in wishes for wish in row if isinstance(wish, kind)}
    if len(found) > 1 or any(sum(isinstance(w, kind) for w in row) > 1 for row in wishes):
        raise InputError("constraints", f"several {kind.__name__}", f"at most one {kind.__name__}")
    return found.pop() if found else None


def _numbers(row: Iterable[Constraint]) -> Iterable[tuple[int, float]]:
    """(kind, value) of each; some constraints are two."""
    from offnadir.access import _margins as k

    single: dict[type[Any], int] = {
        wishes_.MinElevation: k.ELEVATION,
        wishes_.MaxOffNadir: k.OFF_NADIR,
        wishes_.MinOffNadir: k.LEAST_OFF_NADIR,
        wishes_.SunAbove: k.SUN,
        wishes_.SunBelow: k.SUN_BELOW,
        wishes_.MaxRange: k.RANGE,
        wishes_.MinRange: k.LEAST_RANGE,
        wishes_.MinSunGlint: k.GLINT,
        wishes_.SatelliteSunlit: k.SUNLIT,
        HorizonMask: k.MASK,
        AzimuthWithin: k.AZIMUTH,
    }
    for wish in row:
        match wish:
            case wishes_.IncidenceWithin(least, most):
                yield k.ELEVATION, math.pi / 2 - most
                yield k.TOP_ELEVATION, math.pi / 2 - least
            case wishes_.RollWithin(least, most):
                yield from ((k.ROLL_FROM, least), (k.ROLL_TO, most))
            case wishes_.PitchWithin(least, most):
                yield from ((k.PITCH_FROM, least), (k.PITCH_TO, most))
            case wishes_.LookSide(side):
                yield (k.ROLL_FROM if side == "right" else k.ROLL_TO), 0.0
            case HorizonMask() | AzimuthWithin() | wishes_.SatelliteSunlit():
                yield single[type(wish)], 0.0
            case _ if type(wish) in single:
                # One number, whatever its name.
                yield single[type(wish)], float(getattr(wish, wish.__slots__[0]))
            case _:
                raise InputError("constraints", wish, "constraints such as MaxOffNadir(30 * deg)")


def _apart(sectors: tuple[tuple[float, float], ...]) -> Array:
    """Sectors as (start, width) [rad], joined where they touch, so that every edge is a change."""
    pieces: list[tuple[float, float]] = []
    for first, last in sectors:
        start = first % _TWO_PI
        width = (last - first) % _TWO_PI or _TWO_PI
        # One that runs over north is two, until all are known.
        pieces.append((start, min(start + width, _TWO_PI)))
        if start + width > _TWO_PI:
            pieces.append((0.0, start + width - _TWO_PI))
    joined: list[list[float]] = []
    for start, stop in sorted(pieces):
        if joined and start <= joined[-1][1] + _TOUCH_RAD:
            joined[-1][1] = max(joined[-1][1], stop)
        else:
            joined.append([start, stop])
    if joined[0][0] <= _TOUCH_RAD and joined[-1][1] >= _TWO_PI - _TOUCH_RAD:
        if len(joined) == 1:
            raise InputError("sectors_rad", sectors, "less than the whole circle")
        over_north = joined.pop(0)
        joined[-1][1] = _TWO_PI + over_north[1]
    return np.array([(start, stop - start) for start, stop in joined])
