"""Where places lie as seen from a pass: how far to the right of the ground track."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from offnadir.constants import EARTH_MEAN_RADIUS_M, EARTH_RATE_RAD_S
from offnadir.orbits import Ephemeris

Array = NDArray[np.float64]

_NODES = 33
_SPARE = 0.25  # of a window's length; a place may be seen only ahead or behind


class Track:
    """The way of one satellite over the ground in one window."""

    def __init__(self, ephemeris: Ephemeris, start_ns: int, stop_ns: int) -> None:
        spare = round(_SPARE * (stop_ns - start_ns))
        limits = ephemeris.span
        first = max(start_ns - spare, limits.start.tai_ns)
        last = min(stop_ns + spare, limits.stop.tai_ns)
        tai_ns = np.linspace(first, last, _NODES).astype(np.int64)
        r = ephemeris.position_itrf_m(tai_ns)
        v = ephemeris.velocity_itrf_m_s(tai_ns)
        known = np.isfinite(r).all(axis=1)
        r, v = r[known], v[known]
        v = v + EARTH_RATE_RAD_S * np.column_stack([-r[:, 1], r[:, 0], np.zeros(len(r))])
        right = np.cross(v, r)
        right /= np.linalg.norm(right, axis=1, keepdims=True)
        ahead = np.cross(r, right)
        self._right = right
        self._ahead = ahead / np.linalg.norm(ahead, axis=1, keepdims=True)
        self.radius_m = float(np.mean(np.linalg.norm(r, axis=1)))

    def right_m(self, r_itrf_m: Array) -> Array:
        """Distance [m] over the ground to the right of the track, shape (n,), of places (n, 3).

        It is measured where the place is abeam, from the plane of the orbit at that instant.
        """
        unit = r_itrf_m / np.linalg.norm(r_itrf_m, axis=1, keepdims=True)
        along = unit @ self._ahead.T
        across = unit @ self._right.T
        rows = np.arange(len(unit))
        passed = (along[:, :-1] >= 0.0) & (along[:, 1:] < 0.0)
        at = np.argmax(passed, axis=1)
        before, after = along[rows, at], along[rows, at + 1]
        with np.errstate(invalid="ignore", divide="ignore"):
            part = before / (before - after)
        sine = across[rows, at] + part * (across[rows, at + 1] - across[rows, at])
        # Never abeam: take the instant at which it is most nearly so.
        nearest = across[rows, np.argmin(np.abs(along), axis=1)]
        sine = np.where(passed.any(axis=1), sine, nearest)
        return np.asarray(EARTH_MEAN_RADIUS_M * np.arcsin(np.clip(sine, -1.0, 1.0)), np.float64)

    def off_nadir_rad(self, right_m: Array) -> Array:
        """Angle [rad] at the satellite of places so far to the side, on a sphere; negative to the left."""
        turn = right_m / EARTH_MEAN_RADIUS_M
        down = self.radius_m / EARTH_MEAN_RADIUS_M - np.cos(turn)
        return np.arctan2(np.sin(turn), down)
