"""Windows as bare arrays, block of places by block: for who asks for millions and keeps only figures."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields
from typing import Any

import numpy as np
from numpy.typing import NDArray

from offnadir.access import _search
from offnadir.access._constraints import Constraint
from offnadir.access._tracks import sun_track
from offnadir.access._ways import choose
from offnadir.orbits import Ephemeris

__all__ = ["BlockSearch", "LookArrays"]

Array = NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True)
class LookArrays:
    """Windows, arrays of shape (n,); times [s] from the start of the span, angles at `best_s`.

    `place` and `satellite` number what was asked for. `best_s` is where off-nadir is least, `apart_rad`
    the angle at the place between the lines of sight at start and stop; all else as in `find_windows`.
    """

    place: NDArray[np.int64]
    satellite: NDArray[np.int64]
    start_s: Array
    stop_s: Array
    best_s: Array
    off_nadir_rad: Array
    elevation_rad: Array
    azimuth_rad: Array
    range_m: Array
    sun_elevation_rad: Array
    sun_azimuth_rad: Array
    apart_rad: Array

    def __len__(self) -> int:
        return len(self.place)

    def take(self, rows: NDArray[np.int64] | NDArray[np.bool_]) -> LookArrays:
        """Some of the windows, in the order of their numbers."""
        return LookArrays(**{one.name: getattr(self, one.name)[rows] for one in fields(self)})

    @staticmethod
    def concat(parts: Sequence[LookArrays]) -> LookArrays:
        """One after the other."""
        if not parts:
            whole: dict[str, Any] = {one.name: np.empty(0) for one in fields(LookArrays)}
            whole |= {name: np.empty(0, np.int64) for name in ("place", "satellite")}
            return LookArrays(**whole)
        if len(parts) == 1:
            return parts[0]
        return LookArrays(
            **{
                one.name: np.concatenate([getattr(part, one.name) for part in parts])
                for one in fields(LookArrays)
            }
        )


class BlockSearch:
    """Satellites under common limits, looked over once; then asked for one block of places after another.

    The ephemerides share one span and Earth orientation. `rho_m` are the least and greatest distance [m]
    from the Earth's centre of all places that will be asked for. Several threads may ask at once.
    """

    def __init__(
        self,
        ephemerides: Iterable[Ephemeris],
        constraints: Sequence[Constraint],
        rho_m: tuple[float, float],
    ) -> None:
        from offnadir.access import _cells  # numba costs half a second: only when needed

        several = list(ephemerides)
        self._constraints = tuple(constraints)
        self._flock = _search._Flock.of(several)
        self._sun = sun_track(several[0].span, several[0].orientation)
        code = _search.Places.alike(np.array([[rho_m[1], 0, 0]]), _UPRIGHT, self._constraints).code
        self._facts, *grid = _cells.survey(
            self._flock.tracks, self._flock.span.duration_s, code, *rho_m, *_search._CELLS_RAD
        )
        limits, self._left = choose(code, self._facts, rho_m, _search._LOWEST_M)
        self._ways = (self._facts, *grid, limits)

    def looks(self, r_m: Array, enu: Array) -> LookArrays:
        """Windows over places (n, 3) [m] whose east, north and up are `enu` (n, 3, 3).

        They come satellite by satellite, place by place, in order of time.
        """
        from offnadir.access import _apart_kernels

        places = _search.Places.alike(r_m, enu, self._constraints)
        zero_ns = self._flock.span.start.tai_ns
        parts = []
        for stretches, filled in _search._stretches(
            self._flock, self._ways, self._left, places, self._sun
        ):
            if not filled:
                continue
            times, angles, _, _ = _search._figures(
                self._flock, self._facts, places, self._sun, stretches, filled
            )
            apart = np.empty(filled)
            _apart_kernels.apart(filled, stretches, self._flock.tracks, r_m, apart)
            parts.append(
                LookArrays(
                    place=stretches[1][:filled].copy(),
                    satellite=stretches[2][:filled].copy(),
                    start_s=stretches[0][0, :filled].copy(),
                    stop_s=stretches[0][1, :filled].copy(),
                    best_s=(times[2] - zero_ns) * 1e-9,
                    off_nadir_rad=angles[1],
                    elevation_rad=angles[2],
                    azimuth_rad=angles[3],
                    range_m=angles[4],
                    sun_elevation_rad=angles[5],
                    sun_azimuth_rad=angles[6],
                    apart_rad=apart,
                )
            )
        return LookArrays.concat(parts)


_UPRIGHT = np.array([[[0.0, 1.0, 0.0], [0.0, 0.0, 1.0], [1.0, 0.0, 0.0]]])
