"""What is known of an area over some stretch of time: points of it, and when each can be imaged."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields, replace
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from offnadir._table import Table
from offnadir.access._area_points import Outline, Raster, make_sites
from offnadir.access._constraints import Constraint
from offnadir.access._search import find_windows
from offnadir.constants import EARTH_MEAN_RADIUS_M
from offnadir.epoch import Epoch, Span
from offnadir.orbits import Ephemeris

Array = NDArray[np.float64]
Times = NDArray[np.int64]
Numbers = NDArray[np.int64]

ANY, ALL = "any", "all"
_NONE = -1
PROBE_M = 200.0  # how far inside of the outline it is looked whether times get better there
_NEAR_NS = 600_000_000_000


@dataclass(frozen=True, slots=True)
class Spots:
    """The points of an area: those on its outline first, as a chain, then those inside.

    `before` and `after` number the neighbours on the outline (-1 inside); `corner` marks points where
    the outline may bend; `hidden`, `first` and `detail_m` are those of `Outline`; `scale_m` is the distance
    to the next points inside.
    """

    lat_rad: Array
    lon_rad: Array
    before: Numbers
    after: Numbers
    corner: NDArray[np.bool_]
    hidden: Array
    first: Numbers
    detail_m: float
    scale_m: float
    alt_m: float

    @classmethod
    def of(cls, outline: Outline, inside: Raster, alt_m: float) -> Spots:
        """Outline and raster together."""
        none = np.full(len(inside), _NONE)
        return cls(
            np.concatenate([outline.lat_rad, inside.lat_rad]),
            np.concatenate([outline.lon_rad, inside.lon_rad]),
            np.concatenate([outline.before, none]),
            np.concatenate([outline.after, none]),
            np.concatenate([outline.corner, none > _NONE]),
            outline.hidden,
            outline.first,
            outline.detail_m,
            inside.cell_m,
            alt_m,
        )

    def __len__(self) -> int:
        return len(self.lat_rad)


@dataclass(frozen=True, slots=True)
class Windows:
    """Windows of points: `point` numbers them; times are TAI ns, angles as in `find_windows`."""

    point: Numbers
    start: Times
    stop: Times
    best: Times
    off_nadir_rad: Array
    max_elevation_rad: Array

    @classmethod
    def of(cls, table: Table, first: int = 0) -> Windows:
        """The windows in a table of `find_windows`; `first` is the number of its first point."""
        names = ("start", "stop", "best", "off_nadir_rad", "max_elevation_rad")
        return cls(table["site_index"] + first, *(table[name] for name in names))

    def columns(self) -> tuple[NDArray[Any], ...]:
        """All of them."""
        return tuple(getattr(self, one.name) for one in fields(self))

    def take(self, rows: Numbers | NDArray[np.bool_]) -> Windows:
        """Some of the rows."""
        return Windows(*(column[rows] for column in self.columns()))

    def renumbered(self, shift: int) -> Windows:
        """The same with other numbers of points."""
        return replace(self, point=self.point + shift)

    def join(self, other: Windows) -> Windows:
        """One under the other."""
        pairs = zip(self.columns(), other.columns(), strict=True)
        return Windows(*(np.concatenate(pair) for pair in pairs))

    def sweep(self, level: int) -> tuple[Numbers, Numbers]:
        """Stretches in which at least `level` points are seen at once: the rows that begin and end them.

        Windows that touch are one.
        """
        count = len(self.start)
        times = np.concatenate([self.start, self.stop])
        step = np.repeat([1, -1], count)
        order = np.lexsort((-step, times))
        seen = np.cumsum(step[order])
        rises = order[(seen == level) & (step[order] > 0)]
        falls = order[(seen == level - 1) & (step[order] < 0)] - count
        return rises, falls


class Place(NamedTuple):
    """A point to look at [rad], and how far around it to look on [m]."""

    lat_rad: float
    lon_rad: float
    reach_m: float = 0.0


class Evidence:
    """Points of an area and their windows of one satellite within a span; grows as points are added."""

    def __init__(
        self,
        ephemeris: Ephemeris,
        constraints: Sequence[Constraint],
        spots: Spots,
        windows: Windows,
        stretch: tuple[int, int],
        mode: str,
    ) -> None:
        self.ephemeris = replace(ephemeris, span=Span(*(Epoch(one) for one in stretch)))
        self.constraints = constraints
        self.mode = mode
        self.spots = spots
        self.lat, self.lon = spots.lat_rad.tolist(), spots.lon_rad.tolist()
        self.before, self.after = spots.before.tolist(), spots.after.tolist()
        self.corner = spots.corner.tolist()
        self.scale_m = np.where(spots.before >= 0, PROBE_M, spots.scale_m / 2).tolist()
        #: Links of the outline, by their first point, whose hidden corners have not been looked at.
        self.closed = np.diff(spots.first) > 0
        near = (windows.stop >= stretch[0]) & (windows.start <= stretch[1])
        self.windows = windows.take(near)
        self._sort()

    def _sort(self) -> None:
        """Put the rows in order of their points, so that those of one point are found at once."""
        order = np.argsort(self.windows.point, kind="stable")
        self.windows = self.windows.take(order)
        self._first = np.searchsorted(self.windows.point, np.arange(len(self.lat) + 1))

    def nearest(self, point: int, at_ns: int, *, rising: bool) -> float:
        """How much later [ns] than an instant a point's nearest start (or stop) is; inf if none is near."""
        first, last = self._first[point], self._first[point + 1]
        times = (self.windows.start if rising else self.windows.stop)[first:last]
        if len(times) == 0:
            return math.inf
        time = int(times[np.argmin(np.abs(times - at_ns))])
        return float(time - at_ns) if abs(time - at_ns) <= _NEAR_NS else math.inf

    def edges(self) -> tuple[Numbers, Numbers]:
        """Rows of `windows` that begin and end the windows of the area."""
        return self.windows.sweep(1 if self.mode == ANY else len(self.lat))

    def add(self, places: Sequence[Place]) -> None:
        """Look at more points."""
        first = len(self.lat)
        for place in places:
            self.lat.append(place.lat_rad)
            self.lon.append(place.lon_rad)
            self.scale_m.append(place.reach_m)
            self.before.append(_NONE)
            self.after.append(_NONE)
            self.corner.append(False)
        sites = make_sites(np.array(self.lat[first:]), np.array(self.lon[first:]), self.spots.alt_m)
        new = Windows.of(find_windows(self.ephemeris, sites, self.constraints), first)
        self.windows = self.windows.join(new)
        self._sort()

    def open_links(self, links: Iterable[int]) -> bool:
        """Look at the hidden corners between these points and the next ones; False if there are none.

        They become part of the outline.
        """
        chosen = sorted(one for one in links if one < len(self.closed) and self.closed[one])
        if not chosen:
            return False
        first = self.spots.first
        point = len(self.lat)
        places = [self.spots.hidden[first[one] : first[one + 1]] for one in chosen]
        self.add([Place(lat, lon, PROBE_M) for some in places for lat, lon in some.tolist()])
        for left, some in zip(chosen, places, strict=True):
            self.closed[left] = False
            right = self.after[left]
            for _ in range(len(some)):
                self.link(left, point, right)
                self.corner[point] = True
                left, point = point, point + 1
        return True

    def link(self, left: int, point: int, right: int) -> None:
        """Put a point into the outline between two neighbours."""
        self.before[point], self.after[point] = left, right
        self.after[left], self.before[right] = point, point

    def shift_m(self, one: int, other: int) -> tuple[float, float]:
        """From one point to another, north and east at the first [m], along a great circle."""
        lat1, lat2 = self.lat[one], self.lat[other]
        turn = self.lon[other] - self.lon[one]
        east = math.cos(lat2) * math.sin(turn)
        level = math.cos(lat2) * math.cos(turn)
        north = math.cos(lat1) * math.sin(lat2) - math.sin(lat1) * level
        high = math.sin(lat1) * math.sin(lat2) + math.cos(lat1) * level
        flat = math.hypot(north, east)
        scale = EARTH_MEAN_RADIUS_M * (math.atan2(flat, high) / flat if flat > 0.0 else 1.0)
        return scale * north, scale * east

    def shifted(self, one: int, shifts_m: Array) -> tuple[Array, Array]:
        """Latitude and longitude [rad] so far north and east of a point, shape (n, 2), the same way."""
        turn = np.hypot(shifts_m[:, 0], shifts_m[:, 1]) / EARTH_MEAN_RADIUS_M
        azimuth = np.arctan2(shifts_m[:, 1], shifts_m[:, 0])
        lat0, lon0 = self.lat[one], self.lon[one]
        sine = math.sin(lat0) * np.cos(turn) + math.cos(lat0) * np.sin(turn) * np.cos(azimuth)
        lat = np.arcsin(np.clip(sine, -1.0, 1.0))
        east = np.sin(azimuth) * np.sin(turn) * math.cos(lat0)
        return lat, lon0 + np.arctan2(east, np.cos(turn) - math.sin(lat0) * sine)

    def distance_m(self, one: int, other: int) -> float:
        """How far apart two points are [m], on a sphere."""
        return math.hypot(*self.shift_m(one, other))
