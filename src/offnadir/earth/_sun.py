"""The Sun over a span: positions every half hour, interpolated in between to a nanoradian."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from offnadir.earth._ellipsoid import Site, east_north_up
from offnadir.earth._interpolate import STENCIL, interpolate
from offnadir.earth._orientation import EarthOrientation, rot_itrf_cirs, rotate, sun_cirs_m
from offnadir.epoch import Epoch, Span

Array = NDArray[np.float64]

_STEP_S = 1800.0
_SLOW = 12  # among the stars the Sun moves so slowly that every twelfth position is enough
_SPARE = STENCIL // 2 - 1
_NS = 1_000_000_000


@dataclass(frozen=True, slots=True)
class SunTable:
    """Apparent positions of the Sun in ITRF [m] at even steps, with three steps to spare at each end."""

    first: Epoch
    step_s: float
    r_itrf_m: Array

    @classmethod
    def over(cls, span: Span, orientation: EarthOrientation) -> SunTable:
        """Compute the table for a span."""
        first = span.start + (-_SPARE * _STEP_S)
        count = math.ceil(span.duration_s / _STEP_S) + 2 + 2 * _SPARE
        step_ns = round(_STEP_S * _NS)
        slow = math.ceil(count / _SLOW) + 1 + 2 * _SPARE
        slow_ns = first.tai_ns + (np.arange(slow, dtype=np.int64) - _SPARE) * (_SLOW * step_ns)
        at = _SPARE + np.arange(count) / _SLOW
        tai_ns = first.tai_ns + np.arange(count, dtype=np.int64) * step_ns
        cirs_m = interpolate(sun_cirs_m(slow_ns), at)
        nodes = rotate(rot_itrf_cirs(tai_ns, orientation), cirs_m)
        nodes.flags.writeable = False
        return cls(first, _STEP_S, nodes)

    def position_itrf_m(self, tai_ns: ArrayLike) -> Array:
        """ITRF position [m], shape (n, 3), at TAI ns; NaN outside the table."""
        t = (np.atleast_1d(np.asarray(tai_ns, np.int64)) - self.first.tai_ns) / (_NS * self.step_s)
        return interpolate(self.r_itrf_m, t)

    def angles_rad(self, site: Site, tai_ns: ArrayLike) -> tuple[Array, Array]:
        """Topocentric elevation and azimuth [rad] of the Sun's centre, no refraction, shape (n,)."""
        sight = self.position_itrf_m(tai_ns) - site.r_itrf_m
        local = sight @ east_north_up(site.lat_rad, site.lon_rad).T
        east, north, up = local.T
        return np.arctan2(up, np.hypot(east, north)), np.arctan2(east, north) % (2 * np.pi)
