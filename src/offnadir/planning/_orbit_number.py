"""Which orbit of a span an instant falls in, for limits an orbit."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from offnadir.orbits import ElementSet
from offnadir.orbits._secular import mean_orbit

#: Digits after the second of a period: plan.json states it so, and orbits are numbered by what it states.
PERIOD_DIGITS = 6


def orbit_period_s(elements: ElementSet) -> float:
    """Mean nodal period [s] at the element set's epoch, to the microsecond: from node to node."""
    return round(float(mean_orbit([elements]).nodal_period_s[0]), PERIOD_DIGITS)


def orbit_numbers(start_ms: ArrayLike, period_s: float) -> NDArray[np.int64]:
    """Number of the orbit, from 0 at the start of the span, in which instants lie: floor(t / period).

    `start_ms` are whole milliseconds after the span's start, any shape. A picture counts where it starts.
    Orbits are stretches of the mean nodal period from the start of the span; nodes do not matter. Exact: the
    period counts in whole microseconds.
    """
    period_us = round(period_s * 1e6)
    return np.asarray(start_ms, np.int64) * 1000 // period_us
