"""What the rules look at: the plan, joined up by name, and what the orbits say about it."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

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


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Facts:
    """All that a rule may use. `seen`, `heard` leave out what has no position (rule `orbit`)."""

    plan: Plan
    orientation: EarthOrientation
    pictures: tuple[Picture, ...]
    passes: tuple[Pass, ...]
    previous: Plan | None = None

    @property
    def seen(self) -> tuple[Picture, ...]:
        return tuple(picture for picture in self.pictures if picture.view.known)

    @property
    def heard(self) -> tuple[Pass, ...]:
        return tuple(contact for contact in self.passes if contact.known)

    def pictures_of(self, satellite: Satellite) -> list[Picture]:
        """Pictures of a satellite in the order in which they are taken."""
        mine = [p for p in self.pictures if p.satellite is satellite]
        return sorted(mine, key=lambda p: (p.stated.start_ns, p.stated.stop_ns))

    def pictures_for(self, request: Request) -> list[Picture]:
        """Pictures for a request in the order in which they are taken."""
        mine = [p for p in self.pictures if p.request is request]
        return sorted(mine, key=lambda p: (p.stated.start_ns, p.stated.stop_ns))

    def downlinks_of(self, satellite: Satellite) -> list[Pass]:
        """Used contacts of a satellite in the order in which they begin."""
        mine = [c for c in self.passes if c.satellite is satellite and c.stated.used]
        return sorted(mine, key=lambda c: (c.stated.start_ns, c.stated.stop_ns))


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


def utc(t_ns: int) -> str:
    return Epoch(t_ns).utc()


def gather(plan: Plan, orientation: EarthOrientation, previous: Plan | None = None) -> Facts:
    """Join the plan by name and compute every look and every contact from the element sets.

    Of several things of one name the first counts; what names nothing known is left out (rule `names`).
    """
    satellites = {s.name: s for s in reversed(plan.satellites)}
    requests = {r.name: r for r in reversed(plan.requests)}
    stations = {s.name: s for s in reversed(plan.stations)}
    pictures = [
        _picture(c, satellites[c.satellite], requests[c.request], orientation)
        for c in plan.collections
        if c.satellite in satellites and c.request in requests
    ]
    passes = [
        _pass(c, satellites[c.satellite], stations[c.station], orientation)
        for c in plan.contacts
        if c.satellite in satellites and c.station in stations
    ]
    return Facts(
        plan=plan,
        orientation=orientation,
        pictures=tuple(pictures),
        passes=tuple(passes),
        previous=previous,
    )


def _picture(
    stated: Collection, satellite: Satellite, request: Request, orientation: EarthOrientation
) -> Picture:
    middle = (stated.start_ns + stated.stop_ns) // 2
    t_ns = np.array([stated.start_ns, middle, stated.stop_ns], np.int64)
    strip = request.strip(stated.strip)
    shape = request.shape_deg if strip is None else strip.shape_deg
    place = stated.aim_rad_m
    if place is None:
        centre = shape.centroid
        place = (centre.y * deg, centre.x * deg, request.alt_m)
    return Picture(
        stated=stated,
        satellite=satellite,
        request=request,
        aim_rad_m=place,
        shape_deg=shape,
        view=view(satellite.elements, t_ns, place, orientation),
    )


def _pass(
    stated: Contact, satellite: Satellite, station: Station, orientation: EarthOrientation
) -> Pass:
    place = geodetic_to_itrf_m(station.lat_rad, station.lon_rad, station.alt_m)

    def look(t_s: Array) -> tuple[Array, Array]:
        t_ns = stated.start_ns + np.rint(t_s * _NS).astype(np.int64)
        r_itrf_m, _ = states(satellite.elements, t_ns, orientation)
        return horizontal(r_itrf_m - place, station.lat_rad, station.lon_rad)

    duration_s = max((stated.stop_ns - stated.start_ns) / _NS, 0.0)
    steps = min(max(math.ceil(duration_s / _CONTACT_STEP_S), 1), _MOST_STEPS)
    t_s = np.linspace(0.0, duration_s, steps + 1)
    azimuth, elevation = look(t_s)

    best_s, reach_s, highest = float(t_s[np.argmax(elevation)]), duration_s / steps, -math.inf
    for _ in range(3):
        around = np.clip(best_s + np.linspace(-reach_s, reach_s, 2 * _ZOOM + 1), 0.0, duration_s)
        _, closer = look(around)
        best_s, reach_s = float(around[np.argmax(closer)]), reach_s / _ZOOM
        highest = max(highest, float(np.max(closer)))
    return Pass(
        stated=stated,
        satellite=satellite,
        station=station,
        t_s=t_s,
        elevation_rad=elevation,
        needed_rad=np.maximum(skyline_rad(station.mask_rad, azimuth), station.min_elevation_rad),
        culmination_rad=highest,
    )
