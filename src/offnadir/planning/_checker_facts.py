"""What the rules look at: the plan, joined up by name, and what the orbits say about it."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from offnadir.earth import EarthOrientation, geodetic_to_itrf_m
from offnadir.epoch import Epoch
from offnadir.planning._checker_geometry import View, horizontal, skyline_rad, states, view
from offnadir.planning._checker_model import (
    Collection,
    Contact,
    Plan,
    Request,
    Satellite,
    Station,
)
from offnadir.units import deg

Array = NDArray[np.float64]

START, MID, STOP = 0, 1, 2
INSTANTS = ("start", "mid", "stop")

_NS = 1_000_000_000
_CONTACT_STEP_S = 2.0
_MOST_STEPS = 3000  # a "contact" of days is wrong anyway, and must not fill the memory
_ZOOM = 20  # the culmination is sought among 2 * 20 + 1 instants around the highest, three times


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Picture:
    """A collection of a known satellite for a known request, seen at its start, middle and stop.

    `aim_rad_m` is latitude, longitude, height: as stated, else the point, or the centre of the area, that was
    asked for. `shape_deg` is what it is of: the request's point or polygon, or one strip of it.
    """

    stated: Collection
    satellite: Satellite
    request: Request
    aim_rad_m: tuple[float, float, float]
    shape_deg: Any
    view: View

    @property
    def id(self) -> str:
        return self.stated.id

    @property
    def mid_ns(self) -> int:
        return (self.stated.start_ns + self.stated.stop_ns) // 2

    @property
    def duration_s(self) -> float:
        return (self.stated.stop_ns - self.stated.start_ns) / _NS

    @property
    def written_bit(self) -> float:
        """What the camera writes in that time, after compression; NaN without a data rate."""
        s = self.satellite
        return s.data_rate_bit_s * self.duration_s / s.compression

    @property
    def volume_bit(self) -> float:
        """What it takes of the memory: as stated, else as the camera writes."""
        stated = self.stated.volume_bit
        return self.written_bit if math.isnan(stated) else stated


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Pass:
    """A contact of a known satellite with a known station, sampled: seconds from start, (n,)."""

    stated: Contact
    satellite: Satellite
    station: Station
    t_s: Array
    elevation_rad: Array
    needed_rad: Array
    culmination_rad: float

    @property
    def id(self) -> str:
        return self.stated.id

    @property
    def known(self) -> bool:
        return bool(np.all(np.isfinite(self.elevation_rad)))


_Item = TypeVar("_Item", Picture, Pass)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Facts:
    """All that a rule may use. `seen`, `heard` leave out what has no position (rule `orbit`)."""

    plan: Plan
    orientation: EarthOrientation
    pictures: tuple[Picture, ...]
    passes: tuple[Pass, ...]
    by_satellite: Mapping[str, Sequence[Picture]]
    by_request: Mapping[str, Sequence[Picture]]
    sending: Mapping[str, Sequence[Pass]]
    previous: Plan | None

    @property
    def seen(self) -> tuple[Picture, ...]:
        return tuple(picture for picture in self.pictures if picture.view.known)

    @property
    def heard(self) -> tuple[Pass, ...]:
        return tuple(contact for contact in self.passes if contact.known)

    def pictures_of(self, satellite: Satellite) -> Sequence[Picture]:
        """Pictures of a satellite in the order in which they are taken."""
        return self.by_satellite.get(satellite.name, ())

    def pictures_for(self, request: Request) -> Sequence[Picture]:
        """Pictures for a request in the order in which they are taken."""
        return self.by_request.get(request.name, ())

    def ids_of_requests(self) -> dict[str, list[str]]:
        """Ids of all pictures, also those of no known satellite, by the request that they name."""
        found: dict[str, list[str]] = {}
        for c in self.plan.collections:
            found.setdefault(c.request, []).append(c.id)
        return found

    def downlinks_of(self, satellite: Satellite) -> Sequence[Pass]:
        """Used contacts of a satellite in the order in which they begin."""
        return self.sending.get(satellite.name, ())


def _in_order(items: Iterable[_Item], key: Callable[[_Item], str]) -> dict[str, list[_Item]]:
    """Pictures or contacts by a name, each list by start."""
    found: dict[str, list[_Item]] = {}
    for item in sorted(items, key=lambda i: (i.stated.start_ns, i.stated.stop_ns)):
        found.setdefault(key(item), []).append(item)
    return found


@dataclass(frozen=True, slots=True)
class NotChecked:
    """Something that a rule would look at, if the document held what that takes; `why` says what."""

    why: str


#: A rule yields None for each thing that is right and a sentence for each that is not.
Finding = str | None | NotChecked
Rule = Callable[[Facts], Iterator[Finding]]


def unless(right: bool, sentence: str) -> str | None:
    """What a rule yields for one thing."""
    return None if right else sentence


@lru_cache(maxsize=4096)  # of one plan: those of all plans of a year would be 10 MiB
def utc(t_ns: int) -> str:
    """ISO 8601 UTC of TAI ns; sentences name few times, but often."""
    return Epoch(t_ns).utc()


def gather(plan: Plan, orientation: EarthOrientation, previous: Plan | None = None) -> Facts:
    """Join the plan by name and compute every look and every contact from the element sets.

    Of several things of one name the first counts; what names nothing known is left out (rule `names`).
    """
    satellites = {s.name: s for s in reversed(plan.satellites)}
    requests = {r.name: r for r in reversed(plan.requests)}
    stations = {s.name: s for s in reversed(plan.stations)}
    taken, heard = dict[str, list[Collection]](), dict[str, list[Contact]]()
    for c in plan.collections:
        if c.satellite in satellites and c.request in requests:
            taken.setdefault(c.satellite, []).append(c)
    for k in plan.contacts:
        if k.satellite in satellites and k.station in stations:
            heard.setdefault(k.satellite, []).append(k)
    pictures = [
        picture
        for name, some in taken.items()
        for picture in _pictures(satellites[name], some, requests, orientation)
    ]
    passes = [
        contact
        for name, several in heard.items()
        for contact in _passes(satellites[name], several, stations, orientation)
    ]
    pictures.sort(key=lambda p: p.stated.start_ns)
    passes.sort(key=lambda c: c.stated.start_ns)
    return Facts(
        plan=plan,
        orientation=orientation,
        pictures=tuple(pictures),
        passes=tuple(passes),
        by_satellite=_in_order(pictures, lambda p: p.satellite.name),
        by_request=_in_order(pictures, lambda p: p.request.name),
        sending=_in_order((c for c in passes if c.stated.used), lambda c: c.satellite.name),
        previous=previous,
    )


def _pictures(
    satellite: Satellite,
    stated: Sequence[Collection],
    requests: Mapping[str, Request],
    orientation: EarthOrientation,
) -> Iterator[Picture]:
    """All pictures of a satellite, seen at start, middle and stop: one call for all of them."""
    places, shapes = [], []
    for c in stated:
        request = requests[c.request]
        strip = request.strip(c.strip)
        shapes.append(request.shape_deg if strip is None else strip.shape_deg)
        centre = shapes[-1].centroid
        places.append(c.aim_rad_m or (centre.y * deg, centre.x * deg, request.alt_m))
    t_ns = [(c.start_ns, (c.start_ns + c.stop_ns) // 2, c.stop_ns) for c in stated]
    lat, lon, alt = np.repeat(np.array(places), 3, axis=0).T
    instants = np.array(t_ns, np.int64).ravel()
    seen = view(satellite.elements, instants, (lat, lon, alt), orientation)
    for i, c in enumerate(stated):
        yield Picture(
            stated=c,
            satellite=satellite,
            request=requests[c.request],
            aim_rad_m=places[i],
            shape_deg=shapes[i],
            view=seen.part(3 * i, 3 * i + 3),
        )


def _passes(
    satellite: Satellite,
    stated: Sequence[Contact],
    stations: Mapping[str, Station],
    orientation: EarthOrientation,
) -> Iterator[Pass]:
    """All contacts of a satellite, sampled, and their culminations: one call for a sampling of all."""
    at = [stations[c.station] for c in stated]
    lat, lon, alt = np.array([(s.lat_rad, s.lon_rad, s.alt_m) for s in at]).T
    places = geodetic_to_itrf_m(lat, lon, alt)
    begins = np.array([c.start_ns for c in stated], np.int64)
    lasts_s = np.array([max((c.stop_ns - c.start_ns) / _NS, 0.0) for c in stated])

    def look(t_s: Array, row: NDArray[np.int64]) -> tuple[Array, Array]:
        """Azimuth and elevation (n,) at seconds (n,) after the begin of contacts, by their rows (n,)."""
        t_ns = begins[row] + np.rint(t_s * _NS).astype(np.int64)
        r_itrf_m, _ = states(satellite.elements, t_ns, orientation)
        return horizontal(r_itrf_m - places[row], lat[row], lon[row])

    steps = np.clip(np.ceil(lasts_s / _CONTACT_STEP_S), 1, _MOST_STEPS).astype(np.int64)
    samples = [np.linspace(0.0, lasts_s[i], steps[i] + 1) for i in range(len(stated))]
    azimuth, elevation = look(np.concatenate(samples), np.repeat(np.arange(len(stated)), steps + 1))
    ends = np.cumsum(steps + 1)
    azimuths, elevations = np.split(azimuth, ends[:-1]), np.split(elevation, ends[:-1])

    best_s = np.array([t[np.argmax(e)] for t, e in zip(samples, elevations, strict=True)])
    reach_s, highest = lasts_s / steps, np.full(len(stated), -math.inf)
    rows = np.repeat(np.arange(len(stated)), 2 * _ZOOM + 1)
    for _ in range(3):
        offsets = np.linspace(-1.0, 1.0, 2 * _ZOOM + 1)
        around = np.clip(best_s[:, None] + reach_s[:, None] * offsets, 0.0, lasts_s[:, None])
        _, closer = look(around.ravel(), rows)
        closer = closer.reshape(around.shape)
        top = np.argmax(closer, axis=1)
        best_s, reach_s = around[np.arange(len(stated)), top], reach_s / _ZOOM
        highest = np.maximum(highest, np.max(closer, axis=1))
    for i, c in enumerate(stated):
        skyline = skyline_rad(at[i].mask_rad, azimuths[i])
        yield Pass(
            stated=c,
            satellite=satellite,
            station=at[i],
            t_s=samples[i],
            elevation_rad=elevations[i],
            needed_rad=np.maximum(skyline, at[i].min_elevation_rad),
            culmination_rad=float(highest[i]),
        )
