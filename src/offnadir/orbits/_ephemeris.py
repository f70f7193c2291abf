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
from offnadir.errors import InputError
from offnadir.orbits._elements import ElementSet
from offnadir.orbits._polynomials import carried_on, evaluate, fit_pieces, sample_times
from offnadir.orbits._sgp4 import propagate

Array = NDArray[np.float64]
Times = NDArray[np.int64]

_SPARE_S = 180.0  # known beyond each end of the span
_NS = 1_000_000_000
# Ways to sample a stretch: points, parts that it is cut into, and the angle [rad] that it may span at the
# perigee's rate up to each eccentricity. All keep within 1 cm of SGP4; parts span 0.7 rad at most.
_ECCENTRICITIES = (0.004, 0.025, 0.07, 1.0)
_WAYS = (
    (8, 1, (0.65, 0.65, 0.6, 0.45)),
    (16, 6, (4.2, 4.0, 3.5, 2.4)),
    (32, 16, (10.4, 9.6, 8.4, 6.0)),
)
# SGP4's deep-space part (from a period of 225 min) is rougher.
_DEEP_RAD_S, _DEEP_SHARE = 2 * math.pi / 13500, 0.7
_ROUNDING = (
    1.06  # of the number of stretches: few numbers, so that satellites share the Earth's rotation
)
_LOOKS = 24
_CAREFUL_S = 120.0  # where SGP4 fails within the span


@dataclass(frozen=True, slots=True, kw_only=True)
class Ephemeris:
    """ITRF positions of one satellite over `span` and three minutes beyond each end.

    Piece k starts at `first + k * step_s`; in it the position [m] is the polynomial with
    `coefficients[k]`, shape (8, 3), of the powers of x = -1 (start) to 1 (stop). Pieces in which the
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


@functools.lru_cache(maxsize=32)
def _rotation(
    first_ns: int, step_s: float, stretches: int, count: int, orientation: EarthOrientation
) -> Array:
    """TEME to ITRF at the fitted instants, (9, n), kept because many satellites share them."""
    rotation = rot_itrf_teme(sample_times(first_ns, step_s, stretches, count), orientation)
    rows = np.ascontiguousarray(rotation.reshape(-1, 9).T)
    rows.flags.writeable = False
    return rows


def _turned(rotation: Array, r_m: Array) -> Array:
    """Rotations, as nine rows (9, n), applied to vectors (n, 3); a product each takes ten times as long."""
    x, y, z = np.ascontiguousarray(r_m.T)
    turned = np.empty_like(r_m)
    for i in range(3):
        turned[:, i] = rotation[3 * i] * x + rotation[3 * i + 1] * y + rotation[3 * i + 2] * z
    return turned


def _lost_at(elements: ElementSet, tai_ns: Times, status: NDArray[np.uint8]) -> tuple[int, int]:
    """First instant after the epoch at which SGP4 fails, and its code; a far future if it never does.

    SGP4 goes on to give positions after a satellite has decayed, so the way from the epoch is looked at
    too. Its series turns round only after it has failed for most of that way, so a few looks are enough.
    """
    epoch_ns = elements.epoch.tai_ns
    hours = (int(tai_ns[0]) - epoch_ns) // (3600 * _NS)
    if hours > 0:
        before_ns = np.linspace(epoch_ns, int(tai_ns[0]), min(hours, _LOOKS) + 1).astype(np.int64)
        _, _, before = propagate(elements, before_ns)
        if before.any():
            first = int(np.argmax(before != 0))
            return int(before_ns[first]), int(before[first])
    failed = (tai_ns > epoch_ns) & (status != 0)
    if failed.any():
        first = int(np.argmax(failed))
        return int(tai_ns[first]), int(status[first])
    return np.iinfo(np.int64).max, 0


def _way(elements: ElementSet, whole_s: float) -> tuple[int, int, int]:
    """How to ask SGP4 least often over `whole_s` seconds: stretches, points and parts of each."""
    e = min(elements.eccentricity, 0.99)
    perigee_rad_s = elements.mean_motion_rad_s * math.sqrt((1 + e) / (1 - e) ** 3)
    band = next(i for i, limit in enumerate(_ECCENTRICITIES) if e < limit)
    share = _DEEP_SHARE if elements.mean_motion_rad_s < _DEEP_RAD_S else 1.0
    ways = []
    for count, parts, arcs_rad in _WAYS:
        least = max(whole_s * perigee_rad_s / (arcs_rad[band] * share), 1.0)
        stretches = math.ceil(_ROUNDING ** math.ceil(math.log(least, _ROUNDING) - 1e-9) - 1e-9)
        ways.append((stretches * count, stretches, count, parts))
    _, stretches, count, parts = min(ways)
    return stretches, count, parts


def make_ephemeris(
    elements: ElementSet,
    span: Span,
    orientation: EarthOrientation | None = None,
    *,
    step_s: float | None = None,
) -> Ephemeris:
    """Propagate one element set over a span with SGP4 and turn it into ITRF.

    `orientation` defaults to the IERS table that comes with the installation. `step_s` is the length
    of a piece, SGP4 asked eight times in each; by default it is chosen so that positions stay within 1 cm
    of SGP4 in an ordinary low orbit. A satellite that decays is unknown from up to two minutes before
    SGP4 says so.
    """
    orientation = orientation or EarthOrientation.bundled()
    first = span.start + -_SPARE_S
    whole_s = span.duration_s + 2 * _SPARE_S
    if step_s is None:
        stretches, count, parts = _way(elements, whole_s)
        step_s = whole_s / stretches
    else:
        stretches, count, parts = _even(whole_s, step_s)
    while True:
        tai_ns = sample_times(first.tai_ns, step_s, stretches, count)
        r_teme_m, _, status = propagate(elements, tai_ns)
        lost_ns, code = _lost_at(elements, tai_ns, status)
        if step_s <= _CAREFUL_S or (not status.any() and lost_ns > tai_ns[-1]):
            break
        step_s = _CAREFUL_S
        stretches, count, parts = _even(whole_s, step_s)
    after = tai_ns >= lost_ns
    status[after], r_teme_m[after] = code, np.nan
    rotation = _rotation(first.tai_ns, step_s, stretches, count, orientation)
    coefficients = fit_pieces(_turned(rotation, r_teme_m), count, parts)
    coefficients.flags.writeable = False
    return Ephemeris(
        satellite=elements.name,
        norad_id=elements.norad_id,
        span=span,
        first=first,
        step_s=step_s / parts,
        coefficients=coefficients,
        status=status.reshape(stretches, count).max(axis=1).repeat(parts),
        orientation=orientation,
        elements=elements,
    )


def _even(whole_s: float, step_s: float) -> tuple[int, int, int]:
    """Stretches of `step_s` that are one piece each, as `_way` tells them."""
    if not 0.01 <= step_s <= 86400.0:
        raise InputError("step_s", step_s, "from 0.01 to 86400 s")
    count, parts, _ = _WAYS[0]
    return max(math.ceil(whole_s / step_s - 1e-9), 1), count, parts


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

    `sample(tai_ns)` gives ITRF metres, shape (n, 3), at n instants, NaN where it knows none; a piece of
    at most `step_s` seconds with an unknown position in it is unknown as a whole. Pieces begin and end where
    the span does, so that nothing of it is lost to what lies beyond; where nothing is known there, the
    first and last piece are carried on by one, so that a position at the very end is one.
    """
    inside, count, parts = _even(span.duration_s, step_s)
    step_s = span.duration_s / inside
    beyond = math.ceil(_SPARE_S / step_s)
    first, pieces = span.start + -beyond * step_s, inside + 2 * beyond
    values = np.asarray(sample(sample_times(first.tai_ns, step_s, pieces, count)), np.float64)
    bad: NDArray[np.bool_] = np.asarray(~np.isfinite(values).all(axis=1))
    coefficients = fit_pieces(np.where(bad[:, None], np.nan, values), count, parts)
    for end, beside, way in ((beyond, beyond - 1, -1), (pieces - beyond - 1, pieces - beyond, 1)):
        if np.isnan(coefficients[beside, 0, 0]):
            coefficients[beside] = carried_on(coefficients[end], way)
    coefficients.flags.writeable = False
    return Ephemeris(
        satellite=satellite,
        norad_id=norad_id,
        span=span,
        first=first,
        step_s=step_s,
        coefficients=coefficients,
        status=np.asarray(bad.reshape(pieces, count).any(axis=1), np.uint8),
        orientation=orientation or EarthOrientation.bundled(),
        elements=elements,
    )
