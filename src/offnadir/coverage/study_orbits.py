"""From the orbit of a design to element sets, and why some designs are no orbits at all."""

from __future__ import annotations

import functools
import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from offnadir.coverage.study_model import LOWEST_HEIGHT_KM, Design, Study
from offnadir.epoch import Epoch
from offnadir.errors import InputError
from offnadir.orbits import ElementSet
from offnadir.orbits._launch_azimuth import headings
from offnadir.orbits._launch_sites import Spaceport
from offnadir.orbits._secular import GM_M3_S2, RADIUS_M
from offnadir.orbits.design import (
    Orbit,
    element_sets_of,
    elliptical,
    repeat_ground_track,
    secular_rates,
    sso_planes,
    string_of_pearls,
    through_longitude,
    walker_delta,
    walker_star,
)
from offnadir.units import day, deg, km

_TURN = 2.0 * math.pi
_TROPICAL_YEAR_DAYS = 365.2422
_STAYS_RAD_S = 0.02 * deg / day  # a Sun-synchronous orbit by design


@dataclass(frozen=True, slots=True, kw_only=True)
class OrbitFacts:
    """What a design's orbits are, as far as it is the same for all of its satellites.

    Heights [m] are those of the mean orbit above the equatorial radius, 6378.135 km; `planes` counts nodes.
    `design` is one of the orbits; None for given element sets.
    """

    satellites: int
    planes: int
    low_height_m: float
    high_height_m: float
    inclination_rad: float
    design: Orbit | None


def make_orbits(kind: str, values: Mapping[str, Any], epoch: Epoch) -> tuple[Orbit, ...]:
    """The orbits of a family with its variables, in the study file's units; InputError if there are none."""
    count = int(values["satellites"])
    raan_rad = float(values.get("raan_deg", 0.0)) * deg
    if kind in ("walker-delta", "walker-star"):
        return (walker_delta if kind == "walker-delta" else walker_star)(
            inclination_rad=values["inclination_deg"] * deg,
            total=count,
            planes=values.get("planes", 1),
            phasing=values.get("phasing", 0),
            altitude_m=values["height_km"] * km,
            epoch=epoch,
            raan_rad=raan_rad,
            name=kind,
        )
    if kind == "sun-synchronous":
        hours = [_hours(one) for one in values["descending_node"].split()]
        if count % len(hours):
            wish = f"a multiple of the {len(hours)} planes of descending_node"
            raise InputError("satellites", count, wish)
        return sso_planes(
            altitude_m=values["height_km"] * km,
            local_times_of_node_h=hours,
            per_plane=count // len(hours),
            epoch=epoch,
            descending=True,
        )
    if kind == "repeat":
        return _repeat(values, count, epoch)
    if kind == "elliptical":
        return _ellipses(values, count, raan_rad, epoch)
    assert kind == "string-of-pearls", kind
    (leader,) = walker_delta(
        inclination_rad=values["inclination_deg"] * deg, total=1, planes=1, phasing=0,
        altitude_m=values["height_km"] * km, epoch=epoch, raan_rad=raan_rad, name="pearl",
    )  # fmt: skip
    return string_of_pearls(leader, count=count, spacing_s=values["spacing_s"])


def _repeat(values: Mapping[str, Any], count: int, epoch: Epoch) -> tuple[Orbit, ...]:
    """Satellites spread evenly around planes with one repeating track, as Sentinel-2's two in one plane."""
    revs, days = (int(one) for one in values["repeat"].split("/"))
    inclined = "inclination_deg" in values
    hours = [None] if inclined else [_hours(one) for one in values["descending_node"].split()]
    if count % len(hours):
        raise InputError(
            "satellites", count, f"a multiple of the {len(hours)} planes of descending_node"
        )
    found = []
    for plane, hour in enumerate(hours, 1):
        first = repeat_ground_track(
            days=days,
            revolutions=revs,
            epoch=epoch,
            inclination_rad=values["inclination_deg"] * deg if inclined else None,
            local_time_of_node_h=hour,
            descending=not inclined,
        )
        if "track_lon_deg" in values:
            over_rad = values["track_lon_deg"] * deg
            first = through_longitude(first, longitude_rad=over_rad, descending=True)
        for slot in range(count // len(hours)):
            ahead_rad = _TURN * slot * len(hours) / count
            anomaly_rad = (first.mean_anomaly_rad + ahead_rad) % _TURN
            name = f"repeat-{plane}-{slot + 1}"
            found.append(replace(first, name=name, mean_anomaly_rad=anomaly_rad))
    return tuple(found)


def _ellipses(
    values: Mapping[str, Any], count: int, raan_rad: float, epoch: Epoch
) -> tuple[Orbit, ...]:
    """Planes spread evenly over all nodes, satellites evenly by mean anomaly in each."""
    planes = int(values.get("planes", 1))
    if count % planes:
        raise InputError("planes", planes, f"a divisor of the {count} satellites")
    one = elliptical(
        perigee_altitude_m=values["perigee_km"] * km,
        apogee_altitude_m=values["apogee_km"] * km,
        inclination_rad=values["inclination_deg"] * deg,
        arg_perigee_rad=float(values.get("arg_perigee_deg", 0.0)) * deg,
        epoch=epoch,
    )
    each = count // planes
    return tuple(
        replace(
            one,
            name=f"ellipse-{plane + 1}-{slot + 1}",
            raan_rad=(raan_rad + _TURN * plane / planes) % _TURN,
            mean_anomaly_rad=_TURN * (slot / each + plane / count) % _TURN,
        )
        for plane in range(planes)
        for slot in range(each)
    )


def _hours(clock: str) -> float:
    return int(clock[:2]) + int(clock[3:]) / 60.0


def element_sets(design: Design, study: Study) -> tuple[ElementSet, ...]:
    """The element sets of a design's satellites, at the beginning of the span."""
    kind = study.orbits[design.orbit].kind
    if kind == "given":
        sets = study.element_sets[str(design["elements"])]
        return sets[: int(design.get("satellites", len(sets)))]
    return element_sets_of(make_orbits(kind, dict(design.values), study.span.start))


def orbit_facts(design: Design, study: Study) -> OrbitFacts:
    """Heights, planes and inclination of a possible design."""
    kind = study.orbits[design.orbit].kind
    if kind == "given":
        sets = element_sets(design, study)
        heights = [_height_m(one) for one in sets]
        nodes = {round(one.raan_rad / deg) for one in sets}
        return OrbitFacts(
            satellites=len(sets),
            planes=len(nodes),
            low_height_m=min(heights),
            high_height_m=max(heights),
            inclination_rad=max(one.inclination_rad for one in sets),
            design=None,
        )
    orbits = make_orbits(kind, dict(design.values), study.span.start)
    one = orbits[0]
    pearls = kind == "string-of-pearls"  # whose planes differ only by what followers are later
    return OrbitFacts(
        satellites=len(orbits),
        planes=1 if pearls else len({round(orbit.raan_rad, 6) for orbit in orbits}),
        low_height_m=one.perigee_height_m,
        high_height_m=one.apogee_height_m,
        inclination_rad=one.inclination_rad,
        design=one,
    )


def _height_m(one: ElementSet) -> float:
    axis_m = float((GM_M3_S2 / one.mean_motion_rad_s**2) ** (1.0 / 3.0))
    return axis_m - RADIUS_M


def design_trouble(design: Design, study: Study) -> str:
    """Why a design is impossible; empty where it is not. Nothing is propagated for it."""
    kind = study.orbits[design.orbit].kind
    names = {one.name for one in study.orbits[design.orbit].variables}
    own = tuple((name, value) for name, value in design.values if name in names)
    return _trouble(kind, own, study.span.start, study.launch, _given(kind, dict(own), study))


def orbit_trouble(kind: str, values: Mapping[str, Any], study: Study) -> str:
    """The same for an orbit's own variables."""
    given = _given(kind, values, study)
    return _trouble(kind, tuple(values.items()), study.span.start, study.launch, given)


def _given(kind: str, values: Mapping[str, Any], study: Study) -> int:
    return len(study.element_sets.get(values["elements"], ())) if kind == "given" else 0


@functools.lru_cache(maxsize=65_536)
def _trouble(
    kind: str, own: tuple[tuple[str, Any], ...], epoch: Epoch, launch: Spaceport | None, given: int
) -> str:
    values = dict(own)
    if kind == "given":
        wanted = int(values.get("satellites", given))
        if wanted > given:
            return f"{values['elements']} has {given} element sets, {wanted} are wanted"
        return ""
    try:
        orbits = make_orbits(kind, values, epoch)
    except InputError as error:
        return f"{error.field} = {error.value}: must be {error.wish}"
    low_km = orbits[0].perigee_height_m / km
    if low_km < LOWEST_HEIGHT_KM - 1e-6:
        return f"perigee {low_km:.0f} km high: in air that thick no satellite goes round twice"
    return "" if launch is None else launch_trouble(orbits[0], launch)


def launch_trouble(orbit: Orbit, launch: Spaceport) -> str:
    """Why an orbit cannot be launched into without a turn of its plane; empty where it can.

    Azimuths are against the ground, as ranges are published, at the speed of a circle of the orbit's size.
    """
    speed_m_s = math.sqrt(GM_M3_S2 / orbit.semi_major_m)
    shown = f"inclination {orbit.inclination_rad / deg:.2f} deg"
    try:
        ways = headings(launch, orbit.inclination_rad, speed_m_s)
    except InputError as error:
        return f"{shown}: {launch.name} reaches only those {error.wish}"
    if any(launch.excess_rad(way.ground_rad) == 0.0 for way in ways):
        return ""
    both = " or ".join(f"{way.ground_rad / deg:.1f}" for way in ways)
    return (
        f"{shown}: {launch.name} would have to launch towards {both} deg, its azimuths are "
        f"{launch.limits_text()}"
    )


def light_cycle_s(kind: str, values: Mapping[str, Any], study: Study) -> float | None:
    """Time [s] in which the local time of an orbit's node goes round once; None where it stays."""
    if kind == "given":
        return None
    rates = secular_rates(make_orbits(kind, values, study.span.start)[0])
    drift_rad_s = abs(rates.raan_rad_s - _TURN / (_TROPICAL_YEAR_DAYS * day))
    return _TURN / drift_rad_s if drift_rad_s > _STAYS_RAD_S else None
