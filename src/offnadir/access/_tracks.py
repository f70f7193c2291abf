"""An ephemeris made ready for a compiled search: a track, its bounds, and when it is known."""

from __future__ import annotations

import functools
import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from offnadir.earth import EarthOrientation, SunTable
from offnadir.epoch import Epoch, Span
from offnadir.orbits import Ephemeris
from offnadir.orbits._polynomials import ORDER, fit_pieces, sample_times

Array = NDArray[np.float64]
#: For `position`: coefficients (n, 8, 3) [m], start of the first segment and length of one [s].
Track = tuple[Array, float, float]

_SUN_SEGMENT_S = 10800.0
# Where in a segment speed and radius are looked at, and what they may differ by in between: segments
# span at most 0.7 rad at the perigee's rate, so these points lie 0.1 rad apart.
_LOOKS = np.vander(np.linspace(-1.0, 1.0, 8), ORDER, increasing=True)
_SPARE = 0.01
_INSIDE_S = 1e-6


@dataclass(frozen=True, slots=True, kw_only=True)
class Flight:
    """One satellite for a compiled search, times [s] from an instant of the caller's choice.

    `runs` are the stretches (n, 2) [s] in which its position is known, within its span. The bounds hold
    over all of them: greatest speed in ITRF [m/s], least and greatest geocentric radius [m].
    """

    track: Track
    runs: Array
    speed_m_s: float
    low_m: float
    high_m: float


def track_of(ephemeris: Ephemeris, since: Epoch) -> Track:
    """The ephemeris for kernels, times from `since`."""
    return ephemeris.coefficients, ephemeris.first - since, ephemeris.step_s


def flight(ephemeris: Ephemeris, since: Epoch) -> Flight | None:
    """The satellite made ready, with times from `since`; None if nothing is known of it in its span."""
    track = coefficients, first_s, step_s = track_of(ephemeris, since)
    start_s, stop_s = ephemeris.span.start - since, ephemeris.span.stop - since
    runs = _runs(ephemeris, first_s, start_s, stop_s)
    if not len(runs):
        return None
    velocities = np.arange(1, ORDER)[:, None] * coefficients[:, 1:] * (2.0 / step_s)
    speed = np.linalg.norm(_LOOKS[:, : ORDER - 1] @ velocities, axis=-1)
    radius = np.linalg.norm(_LOOKS @ coefficients, axis=-1)
    return Flight(
        track=track,
        runs=runs,
        # Something that stands still over the ground would make waits endless.
        speed_m_s=max(float(np.nanmax(speed)) * (1.0 + _SPARE), 1.0),
        low_m=float(np.nanmin(radius)) * (1.0 - _SPARE),
        high_m=float(np.nanmax(radius)) * (1.0 + _SPARE),
    )


def _runs(ephemeris: Ephemeris, first_s: float, start_s: float, stop_s: float) -> Array:
    """Stretches of known segments, cut to the span, shape (n, 2) [s].

    They end a microsecond early: rounding must not lead into the unknown segment beyond.
    """
    known = np.isfinite(ephemeris.coefficients[:, 0, 0])
    edges = np.flatnonzero(np.diff(known, prepend=False, append=False)).reshape(-1, 2)
    borders = first_s + edges * ephemeris.step_s + np.array([_INSIDE_S, -_INSIDE_S])
    runs = np.clip(borders, start_s, stop_s)
    return np.asarray(runs[runs[:, 1] > runs[:, 0]], np.float64)


def common_runs(one: Array, two: Array) -> Array:
    """Stretches that lie in a stretch of both, shapes (n, 2) [s], in order of time."""
    start = np.maximum(one[:, None, 0], two[None, :, 0]).ravel()
    stop = np.minimum(one[:, None, 1], two[None, :, 1]).ravel()
    return np.stack([start, stop], axis=1)[stop > start]


@functools.lru_cache(maxsize=16)
def sun_track(span: Span, orientation: EarthOrientation) -> Track:
    """The Sun in ITRF over a span, times from its start; within 100 m of the table."""
    table = SunTable.over(span, orientation)
    count = max(math.ceil(span.duration_s / _SUN_SEGMENT_S), 1)
    step_s = span.duration_s / count
    tai_ns = sample_times(span.start.tai_ns, step_s, count, ORDER)
    return fit_pieces(table.position_itrf_m(tai_ns), ORDER, 1), 0.0, step_s
