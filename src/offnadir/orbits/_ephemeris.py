"""A satellite's positions over a span, as polynomials in pieces that stay within a centimetre of SGP4."""

from __future__ import annotations

import functools
import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from offnadir.earth import EarthOrientation, rot_itrf_teme
from offnadir.epoch import Epoch, Span
from offnadir.orbits._elements import ElementSet
from offnadir.orbits._polynomials import FIT, ORDER, POINTS, evaluate
from offnadir.orbits._sgp4 import propagate

Array = NDArray[np.float64]
Times = NDArray[np.int64]

_SPARE_S = 180.0  # known beyond each end of the span
_NS = 1_000_000_000
# Angle [rad] that a segment may span at the perigee's rate, up to each eccentricity: all keep within
# 1 cm of SGP4. Its deep-space part (from a period of 225 min) is rougher.
_ARCS_RAD = ((0.025, 4.2), (0.07, 3.5), (1.0, 2.4))
_DEEP_RAD_S, _DEEP_ARC_RAD = 2 * math.pi / 13500, 3.0
# Few lengths, so that satellites share the Earth's rotation at the fitted instants.
_LENGTHS_S = (600, 1200, 1800, 2400, 2700, 3000, 3300, 3600, 5400, 7200, 10800, 14400, 21600, 43200)
_CAREFUL_S = 120.0  # where SGP4 fails within the span


@dataclass(frozen=True, slots=True, kw_only=True)
class Ephemeris:
    """ITRF positions of one satellite over `span` and three minutes beyond each end.

    Segment k starts at `first + k * step_s`; in it the position [m] is the polynomial with
    `coefficients[k]`, shape (16, 3), of the powers of x = -1 (start) to 1 (stop). Segments in which the
    position is unknown are NaN, and `status`, shape (n,), has SGP4's code there. `elements` is the set it
    was made from, None for one from a file of positions.
    """

    satellite: str
    norad_id: int
    span: Span
    first: Epoch
    step_s: float
    coefficients: Array
    status: NDArray[np.uint8]
    orientation: EarthOrientation
    elements: ElementSet | None = None

    def _at(self, tai_ns: ArrayLike) -> Array:
        tai = np.atleast_1d(np.asarray(tai_ns, np.int64))
        return (tai - self.first.tai_ns) / (_NS * self.step_s)

    def position_itrf_m(self, tai_ns: ArrayLike) -> Array:
        """ITRF position [m], shape (n, 3), at TAI ns; NaN where unknown."""
        return evaluate(self.coefficients, self._at(tai_ns))[0]

    def velocity_itrf_m_s(self, tai_ns: ArrayLike) -> Array:
        """Velocity [m/s] as seen from the turning Earth, shape (n, 3): the position's derivative."""
        return evaluate(self.coefficients, self._at(tai_ns))[1] / self.step_s


def _sample_times(first_ns: int, step_s: float, count: int) -> Times:
    """TAI ns of the fitted instants of `count` segments, shape (count * 16,)."""
    starts_s = np.arange(count)[:, None] * step_s
    since_s = starts_s + (POINTS + 1.0) / 2.0 * step_s
    return first_ns + np.rint(since_s * _NS).astype(np.int64).ravel()


@functools.lru_cache(maxsize=16)
def _rotation(first_ns: int, step_s: float, count: int, orientation: EarthOrientation) -> Array:
    """TEME to ITRF at the fitted instants, kept because many satellites share them."""
    rotation = rot_itrf_teme(_sample_times(first_ns, step_s, count), orientation)
    rotation.flags.writeable = False
    return rotation


def _fitted(values: Array) -> Array:
    """Coefficients (n, 16, 3) of values (n * 16, 3) at the fitted instants; NaN stays in its segment."""
    coefficients: Array = FIT @ values.reshape(-1, ORDER, 3)
    coefficients.flags.writeable = False
    return coefficients


def _lost_at(elements: ElementSet, tai_ns: Times, status: NDArray[np.uint8]) -> tuple[int, int]:
    """First instant after the epoch at which SGP4 fails, and its code; a far future if it never does.

    SGP4 goes on to give positions after a satellite has decayed, so the way from the epoch is looked at
    too: hourly, at up to 1000 instants.
    """
    epoch_ns = elements.epoch.tai_ns
    hours = (int(tai_ns[0]) - epoch_ns) // (3600 * _NS)
    if hours > 0:
        before_ns = np.linspace(epoch_ns, int(tai_ns[0]), min(hours, 1000) + 1).astype(np.int64)
        _, _, before = propagate(elements, before_ns)
        if before.any():
            first = int(np.argmax(before != 0))
            return int(before_ns[first]), int(before[first])
    failed = (tai_ns > epoch_ns) & (status != 0)
    if failed.any():
        first = int(np.argmax(failed))
        return int(tai_ns[first]), int(status[first])
    return np.iinfo(np.int64).max, 0


def _length_s(elements: ElementSet, whole_s: float) -> float:
    """Length [s] of a segment, by the rate at perigee; not longer than all that is asked for."""
    e = min(elements.eccentricity, 0.99)
    perigee_rad_s = elements.mean_motion_rad_s * math.sqrt((1 + e) / (1 - e) ** 3)
    arc_rad = next(arc for limit, arc in _ARCS_RAD if e < limit)
    if elements.mean_motion_rad_s < _DEEP_RAD_S:
        arc_rad = min(arc_rad, _DEEP_ARC_RAD)
    longest_s = arc_rad / perigee_rad_s
    fitting = [one for one in _LENGTHS_S if one <= longest_s]
    return min(float(fitting[-1] if fitting else _LENGTHS_S[0]), whole_s)


def make_ephemeris(
    elements: ElementSet,
    span: Span,
    orientation: EarthOrientation | None = None,
    *,
    step_s: float | None = None,
) -> Ephemeris:
    """Propagate one element set over a span with SGP4 and turn it into ITRF.

    `orientation` defaults to the IERS table that comes with the installation. `step_s` is the length
    of a segment; by default it is chosen so that positions stay within 1 cm of SGP4 in an ordinary low
    orbit. A satellite that decays is unknown from up to two minutes before SGP4 says so.
    """
    orientation = orientation or EarthOrientation.bundled()
    first = span.start + -_SPARE_S
    whole_s = span.duration_s + 2 * _SPARE_S
    step_s = step_s or _length_s(elements, whole_s)
    while True:
        count = max(math.ceil(whole_s / step_s - 1e-9), 1)
        tai_ns = _sample_times(first.tai_ns, step_s, count)
        r_teme_m, _, status = propagate(elements, tai_ns)
        lost_ns, code = _lost_at(elements, tai_ns, status)
        if step_s <= _CAREFUL_S or (not status.any() and lost_ns > tai_ns[-1]):
            break
        step_s = _CAREFUL_S
    after = tai_ns >= lost_ns
    status[after], r_teme_m[after] = code, np.nan
    rotation = _rotation(first.tai_ns, step_s, count, orientation)
    return Ephemeris(
        satellite=elements.name,
        norad_id=elements.norad_id,
        span=span,
        first=first,
        step_s=step_s,
        coefficients=_fitted((rotation @ r_teme_m[:, :, None])[:, :, 0]),
        status=status.reshape(count, ORDER).max(axis=1),
        orientation=orientation,
        elements=elements,
    )


def fit_ephemeris(
    sample: Callable[[Times], Array],
    span: Span,
    *,
    satellite: str,
    norad_id: int,
    step_s: float,
    orientation: EarthOrientation | None = None,
    elements: ElementSet | None = None,
) -> Ephemeris:
    """An ephemeris through positions from anywhere.

    `sample(tai_ns)` gives ITRF metres, shape (n, 3), at n instants, NaN where it knows none; a segment of
    `step_s` seconds with an unknown position in it is unknown as a whole.
    """
    first = span.start + -_SPARE_S
    whole_s = span.duration_s + 2 * _SPARE_S
    count = max(math.ceil(whole_s / step_s - 1e-9), 1)
    values = np.asarray(sample(_sample_times(first.tai_ns, step_s, count)), np.float64)
    bad: NDArray[np.bool_] = np.asarray(~np.isfinite(values).all(axis=1))
    return Ephemeris(
        satellite=satellite,
        norad_id=norad_id,
        span=span,
        first=first,
        step_s=step_s,
        coefficients=_fitted(np.where(bad[:, None], np.nan, values)),
        status=np.asarray(bad.reshape(count, ORDER).any(axis=1), np.uint8),
        orientation=orientation or EarthOrientation.bundled(),
        elements=elements,
    )
