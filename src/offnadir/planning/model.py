"""What a mission is made of: satellites, stations, requests, and the rules for choosing."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

import numpy as np
from numpy.typing import NDArray

from offnadir.access import Station
from offnadir.earth import Site
from offnadir.epoch import Epoch, Span
from offnadir.errors import InputError
from offnadir.orbits import ElementSet
from offnadir.planning._model_rules import (
    Battery,
    Blocked,
    Choice,
    Cover,
    DutyCycle,
    Outage,
    Repeat,
    Stereo,
    Thermal,
    Weather,
    positive,
    within,
)
from offnadir.planning._relations import relation_troubles
from offnadir.planning.slew import Slew, SlewFunction
from offnadir.sensors import Sensor

__all__ = [
    "LONGEST_PICTURE_S",
    "LOWEST_TIER",
    "MOST_STRIPS",
    "Battery",
    "Blocked",
    "Choice",
    "Cover",
    "DutyCycle",
    "GroundStation",
    "Mission",
    "Outage",
    "Repeat",
    "Request",
    "Satellite",
    "Slew",
    "SlewFunction",
    "SolverOptions",
    "Stereo",
    "Thermal",
    "Weather",
    "satellite_troubles",
]

Array = NDArray[np.float64]

#: Longest picture [s] that a request can ask for; a polygon that needs more is covered in part.
LONGEST_PICTURE_S: Final = 20.0
#: More strips than this of one area are refused.
MOST_STRIPS: Final = 2000
#: Tiers run from 1, which comes first, to this one.
LOWEST_TIER: Final = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """A wish for a picture of a place: what is asked for, and what is not good enough.

    `aim` is the place itself or the centre of the polygon. `rings_rad` is empty for a point; for a
    polygon it holds arrays of shape (n, 2), latitude and longitude [rad], closed, the outer ring first
    and counter-clockwise, then the holes. `window` lies within the mission's span.

    Incidence is measured at the place, from the vertical to the satellite; `azimuth_rad` is the sector in
    which the satellite stands, clockwise from its first to its second azimuth; None is anywhere. `satellites`
    are those that may take it, by name; any, if there are none.

    Any gain in `tier` 1 outweighs everything in tier 2. Of `stereo`, `cover` and `repeat` one may be given.
    `after` names the request whose picture must have stopped before this one's starts, at most
    `after_within_s` before.
    """

    name: str
    aim: Site
    rings_rad: tuple[Array, ...] = ()
    weight: float
    window: Span
    max_off_nadir_rad: float
    min_sun_elevation_rad: float
    max_sun_elevation_rad: float = math.pi / 2
    min_incidence_rad: float = 0.0
    max_incidence_rad: float = math.pi / 2
    azimuth_rad: tuple[float, float] | None = None
    satellites: tuple[str, ...] = ()
    max_gsd_m: float | None = None
    min_niirs: float | None = None
    deadline: Epoch | None = None
    stereo: Stereo | None = None
    tier: int = 1
    cover: Cover | None = None
    repeat: Repeat | None = None
    after: str | None = None
    after_within_s: float | None = None

    def __post_init__(self) -> None:
        within("tier", self.tier, 1, LOWEST_TIER)
        if not self.min_sun_elevation_rad <= self.max_sun_elevation_rad <= math.pi / 2 + 1e-12:
            wish = f"from min_sun_elevation_rad, {self.min_sun_elevation_rad:g}, to pi/2"
            raise InputError("max_sun_elevation_rad", self.max_sun_elevation_rad, wish)
        if not 0.0 <= self.min_incidence_rad < self.max_incidence_rad <= math.pi / 2 + 1e-12:
            wish = f"above min_incidence_rad, {self.min_incidence_rad:g}, up to pi/2"
            raise InputError("max_incidence_rad", self.max_incidence_rad, wish)
        if self.azimuth_rad is not None:
            first, last = self.azimuth_rad
            if not (0.0 <= first <= 2 * math.pi and 0.0 <= last <= 2 * math.pi):
                raise InputError("azimuth_rad", self.azimuth_rad, "two azimuths from 0 to 2 pi")
            if (last - first) % (2 * math.pi) == 0.0:
                wish = "two azimuths that differ, less than the whole circle apart"
                raise InputError("azimuth_rad", self.azimuth_rad, wish)
        if self.cover is not None and not self.rings_rad:
            raise InputError("cover", self.name, "given for a polygon: a point has no strips")
        kinds = [kind for kind in ("cover", "repeat", "stereo") if getattr(self, kind) is not None]
        if len(kinds) > 1:
            raise InputError(kinds[0], self.name, f"given without {kinds[1]}")
        if self.after == self.name:
            raise InputError("after", self.after, "the name of another request")
        if self.after_within_s is not None:
            if self.after is None:
                raise InputError("after_within_s", self.after_within_s, "given together with after")
            positive(after_within_s=self.after_within_s)


@dataclass(frozen=True, slots=True, kw_only=True)
class Satellite:
    """One spacecraft of the mission: its orbit, its camera, its recorder and its transmitter.

    `slew` is a law, or a function of one's own; without it the satellite turns as its sensor's agility
    says (`slew_law` is what counts). `imaging_s_per_orbit` and `max_duration_s` become those of the
    sensor's duty where they are None, and stay None where that has none: no limit. No picture starts before
    `next_uplink` but those of a plan that is already on board. `compression` is the number of bits that
    become one in the memory.
    """

    name: str
    elements: ElementSet
    sensor: Sensor
    max_off_nadir_rad: float
    memory_bit: float
    downlink_bit_s: float
    slew: Slew | SlewFunction | None = None
    max_pictures_per_orbit: int | None = None
    imaging_s_per_orbit: float | None = None
    max_duration_s: float | None = None
    duty: DutyCycle | None = None
    battery: Battery | None = None
    thermal: Thermal | None = None
    compression: float = 1.0
    blocked: tuple[Blocked, ...] = ()
    next_uplink: Epoch | None = None

    def __post_init__(self) -> None:
        for name in ("imaging_s_per_orbit", "max_duration_s"):
            if getattr(self, name) is None:
                object.__setattr__(self, name, getattr(self.sensor.duty, name))
        blocked = tuple(sorted(self.blocked, key=lambda one: (one.start, one.stop)))
        object.__setattr__(self, "blocked", blocked)
        if self.max_pictures_per_orbit is not None and self.max_pictures_per_orbit < 1:
            raise InputError("max_pictures_per_orbit", self.max_pictures_per_orbit, "at least 1")
        if not self.compression >= 1.0:
            raise InputError("compression", self.compression, "at least 1")
        troubles = satellite_troubles(
            self.sensor,
            imaging_s_per_orbit=self.imaging_s_per_orbit,
            max_duration_s=self.max_duration_s,
            duty=self.duty,
            thermal=self.thermal,
        )
        for trouble in troubles:
            raise trouble

    @property
    def slew_law(self) -> Slew | SlewFunction:
        """How it turns: `slew`, or the Euler law of the sensor's agility."""
        return Slew.of(self.sensor.agility) if self.slew is None else self.slew

    @property
    def longest_picture_s(self) -> float:
        """Longest picture [s]: LONGEST_PICTURE_S, or less where the satellite cannot."""
        return min(LONGEST_PICTURE_S, self.max_duration_s or LONGEST_PICTURE_S)


def satellite_troubles(
    sensor: Sensor,
    *,
    imaging_s_per_orbit: float | None,
    max_duration_s: float | None,
    duty: DutyCycle | None,
    thermal: Thermal | None,
) -> Iterator[InputError]:
    """What keeps a satellite from taking even its sensor's shortest picture."""
    shortest_s = sensor.min_duration_s
    wish = f"at least the {shortest_s:g} s of the sensor's shortest picture"
    limits = {"imaging_s_per_orbit": imaging_s_per_orbit, "max_duration_s": max_duration_s}
    limits["duty.imaging_s"] = None if duty is None else duty.imaging_s
    for name, value in limits.items():
        if value is not None and not value >= shortest_s:
            yield InputError(name, value, wish)
    if thermal is not None and thermal.rise_k(shortest_s) > thermal.max_rise_k:
        wish = f"at least the {thermal.rise_k(shortest_s):.4g} K of the sensor's shortest picture"
        yield InputError("thermal.max_rise_k", thermal.max_rise_k, wish)


@dataclass(frozen=True, slots=True, kw_only=True)
class GroundStation:
    """A place that receives: the station itself and how many satellites it can hear at a time.

    A contact sends only from `setup_s` after its start.
    """

    station: Station
    antennas: int = 1
    setup_s: float = 0.0

    def __post_init__(self) -> None:
        within("setup_s", self.setup_s, 0.0, 3600.0)


@dataclass(frozen=True, slots=True, kw_only=True)
class SolverOptions:
    """How long and with which seed to choose, and how finely start times are tried."""

    seed: int = 1
    time_limit_s: float = 20.0
    start_step_s: float = 2.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Mission:
    """Everything a plan is made from, checked."""

    name: str
    span: Span
    satellites: tuple[Satellite, ...]
    stations: tuple[GroundStation, ...]
    requests: tuple[Request, ...]
    solver: SolverOptions = field(default_factory=SolverOptions)
    warnings: tuple[str, ...] = ()
    sha256: str = ""
    outages: tuple[Outage, ...] = ()
    choices: tuple[Choice, ...] = ()
    weather: Weather | None = None

    def __post_init__(self) -> None:
        for _, _, trouble in relation_troubles(
            self.requests,
            self.choices,
            self.outages,
            [one.name for one in self.satellites],
            [one.station.site.name for one in self.stations],
        ):
            raise trouble
