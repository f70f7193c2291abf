"""A satellite's positions over a span, at even steps, ready to be interpolated to under a millimetre."""

from __future__ import annotations

import functools
import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from offnadir.earth import EarthOrientation, interpolate, rot_itrf_teme
from offnadir.epoch import Epoch, Span
from offnadir.orbits._elements import ElementSet
from offnadir.orbits._sgp4 import propagate

Array = NDArray[np.float64]

_STEP_S = 60.0
_SPARE = 3  # nodes beyond each end of the span, for the interpolation
_NS = 1_000_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Ephemeris:
    """ITRF positions [m] of one satellite at even steps, three steps longer than `span` at each end.

    `r_itrf_m` has shape (n, 3); node k is at `first + k * step_s`. Rows are NaN where SGP4 failed, and
    `status` has its code. Interpolation is Lagrange's through 8 nodes: for a low orbit and 60 s steps
    it stays within 0.1 mm of SGP4.
    """

    satellite: str
    norad_id: int
    span: Span
    first: Epoch
    step_s: float
    r_itrf_m: Array
    status: NDArray[np.uint8]
    orientation: EarthOrientation

    @property
    def node_tai_ns(self) -> NDArray[np.int64]:
        """TAI ns of the nodes, shape (n,)."""
        return node_times(self.first, self.step_s, len(self.r_itrf_m))

    def position_itrf_m(self, tai_ns: ArrayLike) -> Array:
        """ITRF position [m], shape (n, 3), at TAI ns; NaN outside the nodes and near NaN nodes."""
        t = (np.atleast_1d(np.asarray(tai_ns, np.int64)) - self.first.tai_ns) / (_NS * self.step_s)
        return interpolate(self.r_itrf_m, t)

    def velocity_itrf_m_s(self, tai_ns: ArrayLike) -> Array:
        """Velocity [m/s] as seen from the turning Earth, shape (n, 3), by differences over 1 s."""
        tai = np.atleast_1d(np.asarray(tai_ns, np.int64))
        half = _NS // 2
        return self.position_itrf_m(tai + half) - self.position_itrf_m(tai - half)


def node_times(first: Epoch, step_s: float, count: int) -> NDArray[np.int64]:
    """TAI ns of `count` even nodes."""
    return first.tai_ns + np.arange(count, dtype=np.int64) * round(step_s * _NS)


@functools.lru_cache(maxsize=4)
def _rotation(first: Epoch, step_s: float, count: int, orientation: EarthOrientation) -> Array:
    """TEME to ITRF at the nodes, kept because many satellites share them."""
    rotation = rot_itrf_teme(node_times(first, step_s, count), orientation)
    rotation.flags.writeable = False
    return rotation


def _lost_at(
    elements: ElementSet, tai_ns: NDArray[np.int64], status: NDArray[np.uint8]
) -> tuple[int, int]:
    """First instant after the epoch at which SGP4 fails, and its code; a far future if it never does.

    SGP4 goes on to give positions after a satellite has decayed, so the way from the epoch is looked at
    too: hourly, at up to 1000 instants.
    """
    epoch_ns = elements.epoch.tai_ns
    ahead = tai_ns > epoch_ns
    hours = (int(tai_ns[0]) - epoch_ns) // (3600 * _NS)
    before_ns = np.linspace(epoch_ns, max(int(tai_ns[0]), epoch_ns), min(max(hours, 1), 1000) + 1)
    _, _, before = propagate(elements, before_ns.astype(np.int64))
    for times, codes in ((before_ns, before), (tai_ns[ahead], status[ahead])):
        if np.any(codes != 0):
            first = int(np.argmax(codes != 0))
            return int(times[first]), int(codes[first])
    return np.iinfo(np.int64).max, 0


def make_ephemeris(
    elements: ElementSet,
    span: Span,
    orientation: EarthOrientation | None = None,
    *,
    step_s: float = _STEP_S,
) -> Ephemeris:
    """Propagate one element set over a span with SGP4 and turn it into ITRF.

    `orientation` defaults to the IERS table that comes with the installation. Steps longer than 60 s
    save time and cost accuracy; a satellite that decays gives NaN rows from there on.
    """
    orientation = orientation or EarthOrientation.bundled()
    margin = _SPARE
    count = max(math.ceil(span.duration_s / step_s), 1) + 1 + 2 * margin
    first = span.start + (-margin * step_s)
    tai_ns = node_times(first, step_s, count)
    r_teme_m, _, status = propagate(elements, tai_ns)
    lost_ns, code = _lost_at(elements, tai_ns, status)
    after = tai_ns >= lost_ns
    status[after], r_teme_m[after] = code, np.nan
    rotation = _rotation(first, step_s, count, orientation)
    r_itrf_m = np.einsum("nij,nj->ni", rotation, r_teme_m)
    r_itrf_m.flags.writeable = False
    return Ephemeris(
        satellite=elements.name,
        norad_id=elements.norad_id,
        span=span,
        first=first,
        step_s=step_s,
        r_itrf_m=r_itrf_m,
        status=status,
        orientation=orientation,
    )
