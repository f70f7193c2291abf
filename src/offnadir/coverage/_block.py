"""The work on one block of cells: search, rating, sorting, kernels; for threads and other processes."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from offnadir.access import Station, find_contacts
from offnadir.access.arrays import BlockSearch, LookArrays
from offnadir.coverage._observer import Observer
from offnadir.coverage._wishes import Wishes
from offnadir.earth import EarthOrientation, east_north_up, geodetic_to_itrf_m
from offnadir.epoch import Span
from offnadir.orbits import SGP4_ERRORS, Ephemeris, make_ephemeris
from offnadir.quality import CloudModel, rate_looks
from offnadir.sensors import Radar

Array = NDArray[np.float64]

_DAY_S = 86_400.0
_HEIGHT_STEP_M = 500.0  # of the ground, for the light: it does not ask for more


@dataclass(slots=True, kw_only=True)
class Block:
    """What the cells of a block have: figures by name, (cells,) or (levels, cells), and their growth."""

    cells: dict[str, Array]
    seen_m2: Array
    clear_m2: Array
    looks: int


@dataclass(slots=True)
class _Ready:
    """Satellites made ready: searches with the numbers of their observers, contacts of each observer."""

    searches: list[tuple[BlockSearch, NDArray[np.int64]]] = field(default_factory=list)
    contacts: list[tuple[Array, Array]] = field(default_factory=list)
    lost: list[str] = field(default_factory=list)


@dataclass(slots=True, kw_only=True)
class Work:
    """Called with (first, last) cell of the grid. Another process gets it bare and makes it ready itself."""

    observers: tuple[Observer, ...]
    span: Span
    lat_rad: Array
    lon_rad: Array
    alt_m: Array
    area_m2: Array
    stations: tuple[Station, ...]
    clouds: CloudModel | None
    wishes: Wishes
    orientation: EarthOrientation
    steps: int
    _ready: _Ready | None = None
    _making: Any = field(default_factory=threading.Lock)

    def __getstate__(self) -> dict[str, Any]:
        names = [one for one in self.__slots__ if not one.startswith("_")]
        return {name: getattr(self, name) for name in names}

    def __setstate__(self, state: dict[str, Any]) -> None:
        for name, value in state.items():
            setattr(self, name, value)
        self._ready, self._making = None, threading.Lock()

    def ready(self) -> _Ready:
        """Propagate and look the satellites over, once in a process."""
        with self._making:
            if self._ready is None:
                self._ready = self._made_ready()
            return self._ready

    def _made_ready(self) -> _Ready:
        ready = _Ready()
        tracks: list[Ephemeris] = []
        groups: dict[Any, list[int]] = {}
        for number, one in enumerate(self.observers):
            track = make_ephemeris(one.elements, self.span, self.orientation)
            tracks.append(track)
            if track.status.any():
                code = int(track.status[(track.status != 0).argmax()])
                why = SGP4_ERRORS.get(code, "propagation fails")
                ready.lost.append(f"{one.elements.name} ({one.elements.norad_id}): {why}")
            if not track.status.all():
                groups.setdefault(one.limits(), []).append(number)
        rho = np.linalg.norm(geodetic_to_itrf_m(self.lat_rad, self.lon_rad, self.alt_m), axis=1)
        bounds = (float(rho.min()), float(rho.max()))
        for limits, numbers in groups.items():
            search = BlockSearch([tracks[i] for i in numbers], limits, bounds)
            ready.searches.append((search, np.array(numbers)))
        if self.stations:
            ready.contacts = _contacts(tracks, self.stations)
        return ready

    def __call__(self, cells: tuple[int, int]) -> Block:
        first, last = cells
        here = slice(first, last)
        looks = self._looks(here)
        niirs, gsd, optical = self._rated(looks, here)
        keep = np.ones(len(looks), np.bool_)
        if self.wishes.max_gsd_m is not None:
            keep &= gsd <= self.wishes.max_gsd_m
        if self.wishes.min_niirs is not None:
            keep &= niirs >= self.wishes.min_niirs
        rows = np.flatnonzero(keep)
        begin, order = ordered(looks.place[rows], looks.start_s[rows], last - first)
        rows = rows[order]
        looks, niirs, gsd, optical = looks.take(rows), niirs[rows], gsd[rows], optical[rows]
        chance = self._chance(looks, here, optical)
        return self._figures(here, begin, looks, (niirs, gsd, chance))

    def _looks(self, here: slice) -> LookArrays:
        """Looks at the block's cells; `satellite` numbers the observers."""
        lat, lon = self.lat_rad[here], self.lon_rad[here]
        r_m, enu = geodetic_to_itrf_m(lat, lon, self.alt_m[here]), east_north_up(lat, lon)
        parts = []
        for search, numbers in self.ready().searches:
            found = search.looks(r_m, enu)
            found.satellite[:] = numbers[found.satellite]
            parts.append(found)
        return LookArrays.concat(parts)

    def _rated(self, looks: LookArrays, here: slice) -> tuple[Array, Array, NDArray[np.bool_]]:
        """NIIRS, sample distance [m], NaN without a sensor; and which looks clouds can spoil."""
        niirs, gsd = np.full(len(looks), np.nan), np.full(len(looks), np.nan)
        optical = np.ones(len(looks), np.bool_)
        kinds: dict[int, list[int]] = {}
        for number, one in enumerate(self.observers):
            if one.sensor is not None:
                kinds.setdefault(id(one.sensor), []).append(number)
        heights = np.round(self.alt_m[here] / _HEIGHT_STEP_M) * _HEIGHT_STEP_M
        for numbers in kinds.values():
            sensor = self.observers[numbers[0]].sensor
            assert sensor is not None
            own = np.zeros(len(self.observers), np.bool_)
            own[numbers] = True
            mine = own[looks.satellite]
            if isinstance(sensor, Radar):
                optical[mine] = False
            for height in np.unique(heights):
                rows = np.flatnonzero(mine & (heights[looks.place] == height))
                seen = rate_looks(
                    sensor,
                    elevation_rad=looks.elevation_rad[rows],
                    azimuth_rad=looks.azimuth_rad[rows],
                    range_m=looks.range_m[rows],
                    sun_elevation_rad=looks.sun_elevation_rad[rows],
                    sun_azimuth_rad=looks.sun_azimuth_rad[rows],
                    ground_alt_m=float(height),
                )
                # below 0 the scale has no meaning: by night a camera sees nothing
                niirs[rows] = np.where(seen.niirs >= 0.0, seen.niirs, np.nan)
                gsd[rows] = seen.gsd_m
        return niirs, gsd, optical

    def _chance(self, looks: LookArrays, here: slice, optical: NDArray[np.bool_]) -> Array:
        """Chance of a clear view of each look: 1 without clouds and for radars, 0 where nobody can say."""
        chance = np.ones(len(looks))
        if self.clouds is None:
            return chance
        tai_ns = self.span.start.tai_ns + np.round(looks.best_s * 1e9).astype(np.int64)
        lat, lon = self.lat_rad[here][looks.place], self.lon_rad[here][looks.place]
        clear = self.clouds.clear_chance(lat, lon, tai_ns, max_cloud=self.wishes.max_cloud)
        chance[optical] = np.nan_to_num(clear)[optical]
        return chance

    def _figures(
        self, here: slice, begin: NDArray[np.int64], looks: LookArrays, rated: tuple[Array, ...]
    ) -> Block:
        from offnadir.coverage import _figure_kernels as kernels

        niirs, gsd, chance = rated
        n, whole_s = len(begin) - 1, self.span.duration_s
        cells = self._counts(looks, niirs, gsd, chance, n)
        first = np.full(n, np.nan)
        some = begin[1:] > begin[:-1]
        first[some] = looks.start_s[begin[:-1][some]]
        cells["first_look_s"] = first
        merged = np.empty(n + 1, np.int64), *(np.empty(len(looks)) for _ in range(3))
        kernels.merge(begin, looks.start_s, looks.stop_s, chance, *merged)
        waits = np.empty((kernels.WAITS, n))
        kernels.waits(*merged[:3], whole_s, waits)
        cells |= dict(zip(_WAITS, waits, strict=True))
        pairs = np.empty((kernels.STEREOS, n))
        level = np.cos(looks.elevation_rad)
        sight = np.stack(
            [
                level * np.sin(looks.azimuth_rad),
                level * np.cos(looks.azimuth_rad),
                np.sin(looks.elevation_rad),
            ]
        )
        wish = self.wishes.stereo
        angles = (wish.least_rad, wish.most_rad, wish.within_s)
        by_best = ordered(looks.place, looks.best_s, n)
        kernels.stereo(*by_best, looks.best_s, looks.apart_rad, sight, chance, *angles, pairs)
        pairs *= _DAY_S / whole_s
        cells["stereo_one_pass_per_day"], cells["stereo_two_pass_per_day"] = pairs[:2]
        if self.stations:
            times = (looks.best_s, self._delivered(looks))
            cells |= dict(zip(_AGES, ages(looks.place, *times, chance, whole_s, n), strict=True))
        seen, clear = np.zeros(self.steps), np.zeros(self.steps)
        step_s = whole_s / (self.steps - 1)
        kernels.growth(begin, looks.start_s, chance, self.area_m2[here], step_s, seen, clear)
        if self.clouds is None:
            cells.pop("clear_age_mean_s", None)
        else:
            clouded = np.empty((kernels.CLOUDY, n))
            kernels.cloudy(*merged, whole_s, clouded)
            cells |= dict(zip(_CLOUDY, clouded, strict=True))
            cells["clear_stereo_one_pass_per_day"] = pairs[2]
            cells["clear_stereo_two_pass_per_day"] = pairs[3]
        return Block(cells=cells, seen_m2=seen, clear_m2=clear, looks=len(looks))

    def _counts(
        self, looks: LookArrays, niirs: Array, gsd: Array, chance: Array, n: int
    ) -> dict[str, Array]:
        """Looks a day, in all and by class, and the best of each cell."""
        per_day = _DAY_S / self.span.duration_s
        day = looks.sun_elevation_rad >= self.wishes.daylight_rad

        def count(which: NDArray[np.bool_] | None, weight: Array | None) -> Array:
            places = looks.place if which is None else looks.place[which]
            if weight is not None and which is not None:
                weight = weight[which]
            return np.asarray(np.bincount(places, weight, minlength=n) * per_day, np.float64)

        classes: dict[str, Sequence[NDArray[np.bool_]]] = {
            "looks_per_day_by_off_nadir": [
                looks.off_nadir_rad <= level for level in self.wishes.off_nadir_levels_rad
            ]
        }
        rated = any(one.sensor is not None for one in self.observers)
        if rated:
            classes["looks_per_day_by_gsd"] = [gsd <= one for one in self.wishes.gsd_levels_m]
            classes["looks_per_day_by_niirs"] = [niirs >= one for one in self.wishes.niirs_levels]
        cells: dict[str, Array] = {}
        for prefix, weight in (("", None), ("clear_", chance)):
            if weight is not None and self.clouds is None:
                continue
            cells[prefix + "looks_per_day"] = count(None, weight)
            cells[prefix + "daylight_looks_per_day"] = count(day, weight)
            for name, some in classes.items():
                rows = [count(which, weight) for which in some]
                cells[prefix + name] = np.array(rows).reshape(len(rows), n)
        if rated:
            cells["best_gsd_m"] = _least(looks.place, gsd, n)
            cells["best_niirs"] = -_least(looks.place, -niirs, n)
        return cells

    def _delivered(self, looks: LookArrays) -> Array:
        """When each look is on the ground [s]: at its satellite's next contact, or during one; NaN: never."""
        delivered = np.full(len(looks), np.nan)
        for number, (start_s, stop_s) in enumerate(self.ready().contacts):
            rows = np.flatnonzero(looks.satellite == number)
            if not len(start_s) or not len(rows):
                continue
            taken = looks.best_s[rows]
            k = np.searchsorted(stop_s, taken)
            later = np.append(start_s, start_s[0] + self.span.duration_s)  # the span is a ring
            delivered[rows] = np.maximum(later[k], taken)
        return delivered


_WAITS = (
    "revisit_mean_s", "revisit_median_s", "revisit_p95_s", "longest_gap_s", "response_mean_s",
    "response_median_s", "response_p95_s", "in_view_share",
)  # fmt: skip
_CLOUDY = ("clear_revisit_mean_s", "clear_response_mean_s", "clear_response_p95_s")
_AGES = ("latency_mean_s", "latency_p95_s", "age_mean_s", "age_peak_s", "clear_age_mean_s")


def ordered(
    cell: NDArray[np.int64], key: Array, cells: int
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Where each cell's rows begin (cells + 1,), and all rows in order of cell and key."""
    rows = np.lexsort((key, cell))
    return np.searchsorted(cell[rows], np.arange(cells + 1)), rows


def ages(
    cell: NDArray[np.int64],
    taken_s: Array,
    delivered_s: Array,
    chance: Array,
    whole_s: float,
    cells: int,
) -> Array:
    """Latencies and ages (5, cells) of pictures taken and delivered (NaN: never), on a ring of `whole_s`."""
    from offnadir.coverage import _figure_kernels as kernels

    known = np.flatnonzero(np.isfinite(delivered_s))
    turns_s = np.floor(delivered_s[known] / whole_s) * whole_s
    came_s = delivered_s[known] - turns_s
    begin, rows = ordered(cell[known], came_s, cells)
    known, turns_s, came_s = known[rows], turns_s[rows], came_s[rows]
    taken_s, late_s = taken_s[known], (delivered_s - taken_s)[known]
    out = np.empty((kernels.AGES, cells))
    kernels.ages(begin, taken_s - turns_s, came_s, late_s, chance[known], whole_s, out)
    return out


def _least(place: NDArray[np.int64], value: Array, n: int) -> Array:
    """Least value of each cell, NaN of none."""
    least = np.full(n, np.inf)
    known = np.isfinite(value)
    np.minimum.at(least, place[known], value[known])
    return np.where(np.isfinite(least), least, np.nan)


def _contacts(
    tracks: Sequence[Ephemeris], stations: Sequence[Station]
) -> list[tuple[Array, Array]]:
    """Starts and stops [s] of each satellite's contacts with any station, merged and in order of time."""
    ends: list[list[tuple[float, float]]] = [[] for _ in tracks]
    for number, track in enumerate(tracks):
        if track.status.all():
            continue
        table = find_contacts(track, list(stations))
        zero = track.span.start.tai_ns
        starts, stops = (table["start"] - zero) * 1e-9, (table["stop"] - zero) * 1e-9
        for k in np.argsort(starts, kind="stable").tolist():
            own = ends[number]
            if own and starts[k] <= own[-1][1]:
                own[-1] = (own[-1][0], max(own[-1][1], float(stops[k])))
            else:
                own.append((float(starts[k]), float(stops[k])))
    arrays = [np.array(one).reshape(-1, 2) for one in ends]
    return [(one[:, 0].copy(), one[:, 1].copy()) for one in arrays]
