"""When a place can be imaged, how, and how well: opportunities, by the search that `offnadir look` uses."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from offnadir.access import (
    AzimuthWithin,
    Constraint,
    IncidenceWithin,
    MaxOffNadir,
    SunAbove,
    SunBelow,
)
from offnadir.access._lookout import Lookout
from offnadir.access.areas import track_heading_rad
from offnadir.epoch import Span
from offnadir.orbits import Ephemeris
from offnadir.planning.model import Satellite
from offnadir.quality import CloudClimatology, rate_looks
from offnadir.quality._clouds import MAX_CLOUD
from offnadir.sensors import Sensor
from offnadir.service._ephemerides import Ephemerides
from offnadir.service._opportunity_place import Place, Strips
from offnadir.tasking._order import Looks
from offnadir.units import deg

Array = NDArray[np.float64]
Times = NDArray[np.int64]
_S: Final = 1_000_000_000
_EDGE_PARTS, _EDGE_STEPS = 40, 3  # a window is cut in 41 parts, three times: below two milliseconds
_LEAST_RAD: Final = 1e-6
_SLACK_RAD: Final = 1e-9
_GROUND_M_S: Final = 7000.0  # the ground moves under a low satellite about so fast


@dataclass(frozen=True, slots=True, kw_only=True)
class Opportunity:
    """One satellite, one stretch of time in which the exposure may start, and how it looks at its best.

    From `start_tai_ns` to `stop_tai_ns` all limits hold, until the end of the sensor's shortest picture
    that starts then. The angles and what follows are those at `best_tai_ns`, where off-nadir is least.
    `timing_90_s` is the error of the times that 90 % of cases keep to. `coverage` is the share of an area
    that one strip of this pass takes at most, `strips` how many all of it takes; None without an area.
    """

    satellite: str
    norad_id: int
    sensor: str
    start_tai_ns: int
    stop_tai_ns: int
    best_tai_ns: int
    off_nadir_rad: float
    elevation_rad: float
    azimuth_rad: float
    range_m: float
    sun_elevation_rad: float
    sun_azimuth_rad: float
    gsd_m: float
    niirs: float | None
    clear_chance: float | None
    cloud_cover: float | None
    element_age_s: float
    timing_90_s: float
    coverage: float | None = None
    strips: int | None = None

    @property
    def incidence_rad(self) -> float:
        """From the vertical of the place to the satellite."""
        return math.pi / 2 - self.elevation_rad


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Windows:
    """Stretches in which an exposure may start: columns of shape (n,), TAI ns; `who` counts satellites."""

    who: NDArray[np.int64]
    start: Times
    stop: Times
    best: Times
    timing_90_s: Array

    def __len__(self) -> int:
        return len(self.who)

    def take(self, rows: NDArray[np.intp] | NDArray[np.bool_]) -> Windows:
        """Some rows."""
        names = ("who", "start", "stop", "best", "timing_90_s")
        return Windows(**{name: getattr(self, name)[rows] for name in names})


@dataclass(frozen=True, slots=True, eq=False)
class Seen:
    """A place as satellites see it at instants, arrays of shape (n,); gsd and NIIRS NaN if not asked for."""

    off_nadir_rad: Array
    elevation_rad: Array
    azimuth_rad: Array
    range_m: Array
    sun_elevation_rad: Array
    sun_azimuth_rad: Array
    gsd_m: Array
    niirs: Array


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Flock:
    """Satellites over a span, ready to be asked.

    `lookout` counts as `satellites` do. `dark` are those of which nothing is known; `cameras` are told apart
    by their names, and `camera_of` (satellites,) says whose is whose.
    """

    satellites: tuple[Satellite, ...]
    ephemerides: tuple[Ephemeris, ...]
    lookout: Lookout
    dark: frozenset[int]
    cameras: tuple[Sensor, ...]
    camera_of: NDArray[np.int64]

    @classmethod
    def over(cls, satellites: Sequence[Satellite], span: Span, kept: Ephemerides) -> Flock:
        """Made from what is kept, and kept itself."""
        return kept.ready(satellites, span, lambda: cls._made(satellites, span, kept))

    @classmethod
    def _made(cls, satellites: Sequence[Satellite], span: Span, kept: Ephemerides) -> Flock:
        ephemerides = tuple(kept.of(satellites, span))
        cameras = {one.sensor.name: one.sensor for one in satellites}
        names = list(cameras)
        return cls(
            satellites=tuple(satellites),
            ephemerides=ephemerides,
            lookout=Lookout(ephemerides, kept.sun(span)),
            dark=frozenset(i for i, one in enumerate(ephemerides) if one.status.all()),
            cameras=tuple(cameras.values()),
            camera_of=np.array([names.index(one.sensor.name) for one in satellites], np.int64),
        )

    @property
    def nbytes(self) -> int:
        """Of memory, about; that of the ephemerides is not its own."""
        return self.lookout.nbytes

    def see(self, place: Place, who: NDArray[np.int64], tai_ns: Times, *, rate: bool) -> Seen:
        """Angles of the place's aim at instants, and what they are worth."""
        columns = np.full((8, len(who)), np.nan)
        columns[:6] = self.lookout.looks(place.aim, who, tai_ns)
        if rate:
            self._rate(who, columns)
        return Seen(*columns)

    def _rate(self, who: NDArray[np.int64], columns: Array) -> None:
        """All looks of one camera at once."""
        cameras = self.camera_of[who]
        for number in set(cameras.tolist()):
            mine = np.flatnonzero(cameras == number)
            looks = columns[:6, mine]
            rated = rate_looks(
                self.cameras[number],
                elevation_rad=looks[1],
                azimuth_rad=looks[2],
                range_m=looks[3],
                sun_elevation_rad=looks[4],
                sun_azimuth_rad=looks[5],
            )
            columns[6, mine], columns[7, mine] = rated.gsd_m, rated.niirs


def find_starts(
    flock: Flock, place: Place, looks: Looks, *, own: bool = True, day: bool = True
) -> Windows:
    """Every stretch of time in which an exposure may start so that all limits hold while it lasts.

    Limits are those of the looks, the satellites' own off-nadir (unless not `own`), and a Sun above the
    horizon (unless not `day`). Sharpness is taken to fall from the best instant
    outwards. Rows come satellite by satellite, then by time.
    """
    found = _geometric(flock, place, looks, own=own, day=day)
    shortest_ns = np.array([_shortest_ns(one) for one in flock.satellites], np.int64)
    if len(found) and (looks.max_gsd_m is not None or looks.min_niirs is not None):
        found = _sharp(flock, place, looks, found)
    stop = found.stop - shortest_ns[found.who]
    keep = stop >= found.start
    best = np.clip(found.best, found.start, stop)
    return replace(found, stop=stop, best=best).take(keep)


def search(
    satellites: Sequence[Satellite],
    place: Place,
    span: Span,
    looks: Looks,
    kept: Ephemerides,
) -> list[Opportunity]:
    """The opportunities of a place within a span, by start, then satellite.

    What SGP4 cannot follow has no opportunities.
    """
    flock = Flock.over(satellites, span, kept)
    windows = find_starts(flock, place, looks)
    return list(_told(flock, place, windows, looks))


def _shortest_ns(satellite: Satellite) -> int:
    return round(satellite.sensor.min_duration_s * _S)


def _constraints(looks: Looks, most_rad: float, *, day: bool) -> Iterator[Constraint]:
    if looks.max_off_nadir_rad is not None:
        most_rad = min(most_rad, looks.max_off_nadir_rad)
    yield MaxOffNadir(max(most_rad, _LEAST_RAD))
    sun = [] if looks.min_sun_elevation_rad is None else [looks.min_sun_elevation_rad]
    sun += [0.0] if day else []
    if sun:
        yield SunAbove(max(sun))
    if looks.max_sun_elevation_rad is not None:
        yield SunBelow(looks.max_sun_elevation_rad)
    low, high = looks.min_incidence_rad, looks.max_incidence_rad
    if low is not None or high is not None:
        least = 0.0 if low is None else min(low, math.pi / 2 - 2 * _SLACK_RAD)
        most = math.pi / 2 if high is None else min(high, math.pi / 2)
        yield IncidenceWithin(least, max(most, least + _SLACK_RAD))
    first, last = looks.azimuth_from_rad, looks.azimuth_to_rad
    if first is not None and last is not None and first != last:
        yield AzimuthWithin(((first, last),))


def _geometric(flock: Flock, place: Place, looks: Looks, *, own: bool, day: bool) -> Windows:
    turns: dict[float, list[int]] = {}
    for number, one in enumerate(flock.satellites):
        if number not in flock.dark:
            turns.setdefault(one.max_off_nadir_rad if own else math.pi / 2, []).append(number)
    groups: dict[tuple[Constraint, ...], list[int]] = {}
    for most_rad, numbers in turns.items():
        wishes = tuple(_constraints(looks, most_rad, day=day))
        groups[wishes] = sorted([*groups.get(wishes, ()), *numbers])
    who, (start, stop, best), timing_90_s = flock.lookout.windows(place.aim, groups)
    return Windows(who=who, start=start, stop=stop, best=best, timing_90_s=timing_90_s)


def _good(looks: Looks, seen: Seen) -> NDArray[np.bool_]:
    good: NDArray[np.bool_] = np.ones(len(seen.gsd_m), np.bool_)
    if looks.max_gsd_m is not None:
        good &= seen.gsd_m <= looks.max_gsd_m
    if looks.min_niirs is not None:
        good &= seen.niirs >= looks.min_niirs
    return good


def _sharp(flock: Flock, place: Place, looks: Looks, found: Windows) -> Windows:
    """Windows cut back to where the picture is sharp enough: each end is bisected from the best instant."""
    usable = _good(looks, flock.see(place, found.who, found.best, rate=True))
    found = found.take(usable)
    who = np.tile(found.who, 2)
    inner, outer = np.tile(found.best, 2), np.concatenate([found.start, found.stop])
    open_ = np.flatnonzero(~_good(looks, flock.see(place, who, outer, rate=True)))
    low, high, whose = inner[open_], outer[open_], who[open_]
    steps = np.arange(1, _EDGE_PARTS + 1)
    for _ in range(_EDGE_STEPS if len(open_) else 0):
        nodes = low[:, None] + (high - low)[:, None] * steps // (_EDGE_PARTS + 1)
        seen = flock.see(place, whose.repeat(_EDGE_PARTS), nodes.ravel(), rate=True)
        bad = ~_good(looks, seen).reshape(nodes.shape)
        first = np.where(bad.any(axis=1), bad.argmax(axis=1), _EDGE_PARTS)
        ends = np.column_stack([low, nodes, high])
        row = np.arange(len(low))
        low, high = ends[row, first], ends[row, first + 1]
    outer[open_] = low
    count = len(found)
    return replace(found, start=outer[:count], stop=outer[count:])


def _told(flock: Flock, place: Place, windows: Windows, looks: Looks) -> Iterator[Opportunity]:
    order = np.lexsort((windows.who, windows.start))
    windows = windows.take(order)
    seen = flock.see(place, windows.who, windows.best, rate=True)
    aim = place.aim
    most = MAX_CLOUD if looks.max_cloud is None else looks.max_cloud
    lat, lon = np.full((2, len(windows)), [[aim.lat_rad], [aim.lon_rad]])
    clouds = CloudClimatology.bundled()
    chance, cover = clouds.outlook(lat, lon, windows.best, max_cloud=most)
    shares = _shares(flock, place, windows, seen)
    for i, number in enumerate(windows.who.tolist()):
        satellite, best = flock.satellites[number], int(windows.best[i])
        coverage, strips = shares[i] if shares else (None, None)
        yield Opportunity(
            satellite=satellite.name,
            norad_id=satellite.elements.norad_id,
            sensor=satellite.sensor.name,
            start_tai_ns=int(windows.start[i]),
            stop_tai_ns=int(windows.stop[i]),
            best_tai_ns=best,
            off_nadir_rad=float(seen.off_nadir_rad[i]),
            elevation_rad=float(seen.elevation_rad[i]),
            azimuth_rad=float(seen.azimuth_rad[i]),
            range_m=float(seen.range_m[i]),
            sun_elevation_rad=float(seen.sun_elevation_rad[i]),
            sun_azimuth_rad=float(seen.sun_azimuth_rad[i]),
            gsd_m=float(seen.gsd_m[i]),
            niirs=_known(seen.niirs[i]),
            clear_chance=_known(chance[i]),
            cloud_cover=_known(cover[i]),
            element_age_s=(best - satellite.elements.epoch.tai_ns) / _S,
            timing_90_s=float(windows.timing_90_s[i]),
            coverage=coverage,
            strips=strips,
        )


def _known(value: float) -> float | None:
    return float(value) if math.isfinite(value) else None


def _shares(
    flock: Flock, place: Place, windows: Windows, seen: Seen
) -> list[tuple[float, int]] | None:
    """Of each pass what its best strip takes of the area, and how many strips all of it takes."""
    if place.area is None:
        return None
    strips = Strips(place.area)
    headings = np.empty(len(windows))
    for number in np.unique(windows.who).tolist():
        rows = windows.who == number
        headings[rows] = track_heading_rad(flock.ephemerides[number], windows.best[rows])
    found = []
    for i, number in enumerate(windows.who.tolist()):
        one = flock.satellites[number]
        swath_m = 2.0 * float(seen.range_m[i]) * math.tan(one.sensor.fov_rad / 2.0)
        found.append(strips.of(float(headings[i]), swath_m, one.longest_picture_s * _GROUND_M_S))
    return found


def degrees(angle_rad: float) -> float:
    """For JSON: degrees to a hundred-thousandth, 0.1 m on the ground from a low orbit."""
    return round(angle_rad / deg, 5)
