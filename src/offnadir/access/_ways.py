"""How to search each satellite: by waits, as concave passes, within a cone, or by bounded steps."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from offnadir.constants import EARTH_RATE_RAD_S, GM_EARTH_M3_S2

Array = NDArray[np.float64]


def choose(
    code: Any, facts: Array, rho_m: tuple[float, float], lowest_m: float
) -> tuple[Array, NDArray[np.bool_]]:
    """Fill in what `survey` left open of `facts` (satellites, FACTS).

    Returns limits (satellites, groups), as sines of elevation or, for CONE, cosines of off-nadir, and
    which wishes the mode leaves over (satellites, kinds). Satellites below `lowest_m` over the sites are
    searched by waits alone.
    """
    from offnadir.access import _cells as cells  # numba costs half a second: only when needed
    from offnadir.access._margins import ELEVATION, OFF_NADIR

    kinds, values = code[:2]
    rho_low, rho_high = rho_m
    r_low, r_high, bend = facts[:, cells.LOW], facts[:, cells.HIGH], facts[:, cells.BEND_DOWN]
    elevations, cones = kinds == ELEVATION, kinds == OFF_NADIR
    floors = values[:, elevations].max(axis=1)
    tilts = values[:, cones].min(axis=1, initial=math.pi)
    known = facts[:, cells.MODE] != cells.NOTHING
    low = r_low < rho_high + lowest_m
    # From up there the whole Earth may lie within the cone.
    whole = np.arcsin(np.minimum(1.0, rho_high / np.where(known, r_low, 1.0)))
    cone = tilts.min() <= whole + cells.PLUMB_RAD
    # At the cone's rim the satellite stands lowest; both verticals are tilted against the radius.
    rim = np.sin(np.minimum(tilts + cells.PLUMB_RAD, math.pi / 2)) * r_high[:, None] / rho_low
    implied = (np.arccos(np.minimum(rim, 1.0)) - cells.PLUMB_RAD > floors).all(axis=1)
    mode = np.select(
        [~known, low, cone, bend > 0.0],
        [cells.NOTHING, cells.MARCH, cells.CONE, cells.CONCAVE],
        cells.WALK,
    )
    limits = np.where((mode == cells.CONE)[:, None], np.cos(tilts), np.sin(floors))
    left = np.where(
        (mode == cells.MARCH)[:, None],
        True,
        np.where(elevations, ((mode == cells.CONE) & ~implied)[:, None], ~cones),
    )
    up, down = _bends(mode == cells.CONE, facts[:, cells.SPEED], r_low, r_high, rho_m, limits)
    facts[:, cells.MODE], facts[:, cells.BEND_UP] = mode, up
    facts[:, cells.BEND_DOWN] = np.where(mode == cells.CONCAVE, bend, down)
    return limits, np.ascontiguousarray(left & known[:, None])


def _bends(
    cone: NDArray[np.bool_],
    speed: Array,
    r_low: Array,
    r_high: Array,
    rho_m: tuple[float, float],
    limits: Array,
) -> tuple[Array, Array]:
    """(most, -least) second derivative [m/s2] of the kernels' `depth` or `height`, whatever the site."""
    with np.errstate(divide="ignore", invalid="ignore"):
        speed2, far = speed**2, r_high + rho_m[1]
        more = 2 * EARTH_RATE_RAD_S * speed + EARTH_RATE_RAD_S**2 * r_high
        more = more + 0.004 * GM_EARTH_M3_S2 / r_low**2
        pull = GM_EARTH_M3_S2 / r_low**2 + more
        whirl = speed2 / (r_low - rho_m[1])
        # In turn: gravity along the vertical, the turning vertical, its own acceleration, the distance.
        swing = 2.02 * speed2 / r_low + 1.2 * far * speed2 / r_low**2
        sine = np.maximum(limits.max(axis=1), 0.0)
        up = np.where(cone, more - GM_EARTH_M3_S2 / r_high**2 + swing + pull, (1.0 + sine) * pull)
        down = np.where(cone, pull + swing + whirl + pull, (1.0 + sine) * pull + sine * whirl)
    return up, down
