"""When a launch site turns under the plane of an orbit, and where a launch then leads.

The model of the ascent has three numbers. The vehicle is in the plane and in orbit `duration_s` after
lift-off, `downrange_rad` further along the orbit than the place from which it came. A satellite already in
that orbit would have passed there `duration_s - downrange / pace` after the lift-off: that much earlier
than the plane comes over the site (300 s) a vehicle lifts off, since the ground carries it east while it
gathers speed. Derivation and how real launches keep to it: docs/theory/launch.md.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from offnadir.constants import EARTH_MEAN_RADIUS_M
from offnadir.earth import EarthOrientation, Site, east_north_up, rot_itrf_teme, sun_itrf_m
from offnadir.epoch import Epoch, Span
from offnadir.errors import InputError, UnitRangeError
from offnadir.orbits._elements import ElementSet
from offnadir.orbits._launch_azimuth import (
    DIRECTIONS,
    Heading,
    geocentric_lat_rad,
    heading,
    headings,
)
from offnadir.orbits._launch_sites import Spaceport
from offnadir.orbits._launch_target import TargetOrbit, circular_elements, node_local_time_h
from offnadir.orbits._secular import EARTH_TURN_RAD_S
from offnadir.units import deg, hour, km

_TURN = 2.0 * math.pi
_STEPS = 4  # of the search for the instant: each is a thousand times nearer
_MOST_DAYS = 400.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Ascent:
    """How a vehicle goes from lift-off to orbit, as far as the plane of the orbit is concerned.

    `duration_s` and `downrange_rad` are round numbers of usual vehicles (9 to 17 minutes, 15 to 35
    degrees); what matters is `duration_s` less the time that the orbit takes for `downrange_rad`. `sigma_s`
    is how far direct ascents really are from that, and `dogleg_s` by how much a flight that turns on its
    way may lift off earlier. With `first_azimuth_rad` the vehicle first flies `first_leg_rad` at that
    azimuth over the turning ground and only then turns into the plane (a dog-leg).
    """

    duration_s: float = 600.0
    downrange_rad: float = 20.0 * deg
    sigma_s: float = 240.0
    dogleg_s: float = 1500.0
    first_azimuth_rad: float | None = None
    first_leg_rad: float = 1000.0 * km / EARTH_MEAN_RADIUS_M

    def __post_init__(self) -> None:
        hint = "did you forget `* deg`?"
        if not 0.0 <= self.duration_s <= 2.0 * hour:
            raise InputError("duration_s", self.duration_s, "from 0 to 7200 s")
        if not 0.0 <= self.downrange_rad <= 180 * deg:
            raise UnitRangeError("downrange_rad", self.downrange_rad, "within [0, pi]", hint=hint)
        if not 0.0 <= self.sigma_s <= hour:
            raise InputError("sigma_s", self.sigma_s, "from 0 to 3600 s")
        if not 0.0 <= self.dogleg_s <= 2.0 * hour:
            raise InputError("dogleg_s", self.dogleg_s, "from 0 to 7200 s")
        azimuth = self.first_azimuth_rad
        if azimuth is not None and not 0.0 <= azimuth <= 360 * deg:
            raise UnitRangeError("first_azimuth_rad", azimuth, "within [0, 2 pi]", hint=hint)
        if azimuth is not None and not 0.0 <= self.first_leg_rad <= max(self.downrange_rad, 1e-9):
            raise InputError("first_leg_rad", self.first_leg_rad, "from 0 to downrange_rad")

    @property
    def leg_rad(self) -> float:
        """Length [rad] of the first leg: zero for a direct ascent."""
        return 0.0 if self.first_azimuth_rad is None else self.first_leg_rad

    def lead_s(self, pace_rad_s: float) -> float:
        """How long [s] after lift-off a satellite of the orbit passes the place where the ascent begins."""
        return self.duration_s - (self.downrange_rad - self.leg_rad) / pace_rad_s


@dataclass(frozen=True, slots=True, kw_only=True)
class Launch:
    """One way to reach a plane: when to lift off, where to fly, where the satellite then is.

    `opens` and `closes` are the lift-offs that miss the node by the tolerance that was asked for. `azimuth`
    is that of the plane (after the turn of a dog-leg); `excess_rad` is how far the first azimuth over the
    ground is outside what the range publishes. The local times are mean solar ones at the ascending node.
    Angles of the insertion are geocentric.
    """

    spaceport: Spaceport
    target: TargetOrbit
    ascent: Ascent
    time: Epoch
    opens: Epoch
    closes: Epoch
    azimuth: Heading
    first_azimuth_rad: float
    excess_rad: float
    insertion: Epoch
    insertion_lat_rad: float
    insertion_lon_rad: float
    argument_of_latitude_rad: float
    raan_rad: float
    local_time_of_node_h: float
    sun_elevation_rad: float

    @property
    def turn_rad(self) -> float:
        """By how much [rad] a dog-leg turns, eastwards positive; zero for a direct ascent."""
        return (self.azimuth.ground_rad - self.first_azimuth_rad + math.pi) % _TURN - math.pi


def elements_after(launch: Launch, *, name: str = "", norad_id: int = 0) -> ElementSet:
    """Elements of the satellite from its insertion on: the target's circular orbit, no drag."""
    return circular_elements(
        name=name or launch.target.name,
        norad_id=norad_id,
        epoch=launch.insertion,
        height_m=launch.target.height_m,
        inclination_rad=launch.target.inclination_rad,
        raan_rad=launch.raan_rad,
        argument_of_latitude_rad=launch.argument_of_latitude_rad,
    )


@dataclass(frozen=True, slots=True)
class _Start:
    """The place through which the plane must pass: the site, or where a dog-leg turns."""

    r_itrf_m: np.ndarray  # shape (3,), m
    lat_rad: float

    @classmethod
    def of(cls, spaceport: Spaceport, ascent: Ascent) -> _Start:
        r_m = spaceport.site.r_itrf_m
        lat, lon = geocentric_lat_rad(spaceport.site), math.atan2(r_m[1], r_m[0])
        if ascent.first_azimuth_rad is not None:
            leg, azimuth = ascent.leg_rad, ascent.first_azimuth_rad
            sine = math.sin(lat) * math.cos(leg) + math.cos(lat) * math.sin(leg) * math.cos(azimuth)
            across = math.sin(azimuth) * math.sin(leg) * math.cos(lat)
            lon += math.atan2(across, math.cos(leg) - math.sin(lat) * sine)
            lat = math.asin(sine)
        ahead = [math.cos(lat) * math.cos(lon), math.cos(lat) * math.sin(lon), math.sin(lat)]
        return cls(np.array(ahead) * float(np.linalg.norm(r_m)), lat)

    def right_ascension_rad(self, time: Epoch) -> float:
        rotation = rot_itrf_teme([time.tai_ns], EarthOrientation.bundled())[0]
        x, y, _ = rotation.T @ self.r_itrf_m
        return math.atan2(y, x)

    def from_node_rad(self, inclination_rad: float, direction: str) -> tuple[float, float]:
        """Right ascension from the ascending node, and argument of latitude, where the plane passes here."""
        tangent, tilt = math.tan(self.lat_rad), math.tan(inclination_rad)
        along = math.asin(max(-1.0, min(1.0, tangent / tilt))) if tilt else 0.0
        height = math.asin(
            max(-1.0, min(1.0, math.sin(self.lat_rad) / max(math.sin(inclination_rad), 1e-12)))
        )
        if direction == "descending":
            return math.pi - along, math.pi - height
        return along, height


def check_reachable(
    spaceport: Spaceport, target: TargetOrbit, ascent: Ascent
) -> tuple[Heading, Heading]:
    """The two headings, or InputError for an inclination that the site (or the turn) is too far north for."""
    start = _Start.of(spaceport, ascent)
    radius_m = float(np.linalg.norm(start.r_itrf_m))
    inclination_rad = target.inclination_rad
    if ascent.first_azimuth_rad is None:
        return headings(spaceport, inclination_rad, target.speed_m_s)
    north, south = (
        heading(start.lat_rad, inclination_rad, target.speed_m_s, radius_m, direction)
        for direction in DIRECTIONS
    )
    return north, south


def _goes_on(ascent: Ascent, way: Heading) -> bool:
    """Whether a first leg leads the same way, north or south, as the plane does after it."""
    first = ascent.first_azimuth_rad
    return first is None or math.cos(first) * math.cos(way.inertial_rad) >= 0.0


def launches(
    spaceport: Spaceport,
    target: TargetOrbit,
    span: Span,
    ascent: Ascent | None = None,
    *,
    node_tolerance_rad: float = 1.25 * deg,
) -> tuple[Launch, ...]:
    """Every lift-off within a span that leads into the target's plane, both ways, in order of time.

    Two a sidereal day (a solar day for a Sun-synchronous plane): one northbound, one southbound. Azimuths
    outside the range's limits are not left out: `excess_rad` tells them. `node_tolerance_rad` makes the
    window (1.25 deg are five minutes). Raises InputError for an inclination that the site cannot reach, a
    target whose plane is free, and a span of over 400 days.
    """
    ascent = ascent or Ascent()
    if target.plane_is_free:
        raise InputError(
            "target", target.name, "an orbit whose plane is given, by node or local time"
        )
    if span.duration_s > _MOST_DAYS * 86400.0:
        raise InputError("span", f"{span.duration_s / 86400:.0f} days", "at most 400 days")
    found = []
    start = _Start.of(spaceport, ascent)
    rate_rad_s = EARTH_TURN_RAD_S - target.raan_rate_rad_s
    lead_s = ascent.lead_s(target.pace_rad_s)
    for way in check_reachable(spaceport, target, ascent):
        if not _goes_on(ascent, way):
            continue
        offset, _ = start.from_node_rad(target.inclination_rad, way.direction)
        begin = span.start + lead_s

        def behind_rad(time: Epoch, offset: float = offset) -> float:
            return (target.raan_at(time) + offset - start.right_ascension_rad(time)) % _TURN

        first = begin + behind_rad(begin) / rate_rad_s
        turns = math.ceil((span.stop - span.start) / (_TURN / rate_rad_s)) + 1
        for turn in range(turns):
            crossing = first + turn * _TURN / rate_rad_s
            for _ in range(_STEPS):
                late = (behind_rad(crossing) + math.pi) % _TURN - math.pi
                crossing = crossing + late / rate_rad_s
            if span.contains(crossing + -lead_s):
                found.append((crossing + -lead_s, way))
    slack_s = node_tolerance_rad / rate_rad_s
    found.sort(key=lambda one: one[0].tai_ns)
    return tuple(_launch(spaceport, target, ascent, way, time, slack_s) for time, way in found)


def launch_at(
    spaceport: Spaceport,
    target: TargetOrbit,
    time: Epoch,
    direction: str,
    ascent: Ascent | None = None,
) -> Launch:
    """Where a lift-off at `time` leads, whatever plane the target has: node, local time, insertion.

    The inverse of `launches`: of the target only inclination and height count.
    """
    if direction not in DIRECTIONS:
        raise InputError("direction", direction, "ascending or descending")
    ascent = ascent or Ascent()
    ways = check_reachable(spaceport, target, ascent)
    return _launch(spaceport, target, ascent, ways[DIRECTIONS.index(direction)], time, 0.0)


def _launch(
    spaceport: Spaceport,
    target: TargetOrbit,
    ascent: Ascent,
    way: Heading,
    time: Epoch,
    slack_s: float,
) -> Launch:
    start = _Start.of(spaceport, ascent)
    offset, latitude_arg = start.from_node_rad(target.inclination_rad, way.direction)
    crossing = time + ascent.lead_s(target.pace_rad_s)
    raan = (start.right_ascension_rad(crossing) - offset) % _TURN
    insertion = time + ascent.duration_s
    raan_there = raan + target.raan_rate_rad_s * (insertion - crossing)
    arg = (latitude_arg + ascent.downrange_rad - ascent.leg_rad) % _TURN
    lat, lon = _ground_point(insertion, raan_there, target.inclination_rad, arg)
    first = way.ground_rad if ascent.first_azimuth_rad is None else ascent.first_azimuth_rad
    return Launch(
        spaceport=spaceport,
        target=target,
        ascent=ascent,
        time=time,
        opens=time + -slack_s,
        closes=time + slack_s,
        azimuth=way,
        first_azimuth_rad=first,
        excess_rad=spaceport.excess_rad(first),
        insertion=insertion,
        insertion_lat_rad=lat,
        insertion_lon_rad=lon,
        argument_of_latitude_rad=arg,
        raan_rad=raan_there % _TURN,
        local_time_of_node_h=node_local_time_h(crossing, raan),
        sun_elevation_rad=_sun_elevation_rad(spaceport.site, time),
    )


def _sun_elevation_rad(site: Site, time: Epoch) -> float:
    """Elevation [rad] of the Sun's centre at a place, no refraction."""
    sight = sun_itrf_m([time.tai_ns], EarthOrientation.bundled())[0] - site.r_itrf_m
    east, north, up = east_north_up(site.lat_rad, site.lon_rad) @ sight
    return math.atan2(up, math.hypot(east, north))


def _ground_point(
    time: Epoch, raan_rad: float, inclination_rad: float, arg_rad: float
) -> tuple[float, float]:
    """Geocentric latitude and longitude [rad] below a place in an orbit."""
    cos_u, sin_u = math.cos(arg_rad), math.sin(arg_rad)
    cos_n, sin_n, cos_i = math.cos(raan_rad), math.sin(raan_rad), math.cos(inclination_rad)
    ahead = [
        cos_n * cos_u - sin_n * sin_u * cos_i,
        sin_n * cos_u + cos_n * sin_u * cos_i,
        sin_u * math.sin(inclination_rad),
    ]
    x, y, z = rot_itrf_teme([time.tai_ns], EarthOrientation.bundled())[0] @ np.array(ahead)
    return math.atan2(z, math.hypot(x, y)), math.atan2(y, x)
