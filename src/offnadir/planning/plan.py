"""From a checked mission to a checked plan: search, choose, write down, check."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from offnadir._table import Table
from offnadir.access import find_contacts
from offnadir.earth import EarthOrientation, SunTable, itrf_to_geodetic
from offnadir.orbits import Ephemeris, make_ephemeris
from offnadir.planning._cp_problem import (
    NO_DEADLINE_MS,
    CandidateColumns,
    ContactColumns,
    Problem,
    slew_conflicts,
)
from offnadir.planning.checker import check_plan
from offnadir.planning.document import plan_document
from offnadir.planning.model import Mission
from offnadir.planning.opportunities import (
    Pictures,
    convergence_rad,
    find_opportunities,
    make_pictures,
)
from offnadir.planning.reasons import why_not
from offnadir.sensors import slew_time_s

if TYPE_CHECKING:
    from offnadir.planning._cp_solver import Progress, Solution

Array = NDArray[np.float64]
Times = NDArray[np.int64]
Report = Callable[[str, int, int], None]

_MS = 1_000_000
_KBIT = 1000.0
_TRACK_STEP_S = 60


@dataclass(frozen=True, slots=True, kw_only=True)
class GroundTrack:
    """Where a satellite is over the span: ITRF [m], shape (n, 3), and the point below it [rad, m]."""

    name: str
    norad_id: int
    epochs_tai_ns: Times
    r_itrf_m: Array
    lat_rad: Array
    lon_rad: Array
    alt_m: Array


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What `make_plan` gives: the document of plan.json, all opportunities, and the ground tracks."""

    document: dict[str, Any]
    opportunities: Table
    tracks: tuple[GroundTrack, ...]


def make_plan(
    mission: Mission,
    *,
    orientation: EarthOrientation | None = None,
    progress: Report | None = None,
) -> Plan:
    """Find every opportunity, choose the pictures, and check the plan independently.

    The document's `check` says whether the plan stands; a plan that fails is ours to mend and nobody's
    to fly. Equal missions give equal documents. `progress(stage, done, total)` is called as work goes on.
    """
    report: Report = progress or (lambda stage, done, total: None)
    orientation = orientation or EarthOrientation.bundled()
    ephemerides = []
    for satellite in mission.satellites:
        named = replace(satellite.elements, name=satellite.name)
        ephemerides.append(make_ephemeris(named, mission.span, orientation))
        report("Propagating", len(ephemerides), len(mission.satellites))
    sun = SunTable.over(mission.span, orientation)
    opportunities = find_opportunities(
        mission, ephemerides, sun, progress=lambda done, total: report("Searching", done, total)
    )
    pictures = make_pictures(mission, ephemerides, opportunities, sun)
    contacts = find_contacts(ephemerides, [ground.station for ground in mission.stations])
    contacts = contacts.take(np.argsort(contacts["start"], kind="stable"))
    problem = build_problem(mission, ephemerides, pictures, contacts)
    solution = _choose(mission, problem, report)
    report("Explaining", 0, 2)
    reasons = why_not(mission, ephemerides, sun, opportunities, pictures, problem, solution)
    document = plan_document(
        mission, ephemerides, sun, opportunities, pictures, contacts, solution, reasons
    )
    report("Checking", 1, 2)
    document["check"] = check_plan(document, orientation=orientation).to_json()
    report("Checking", 2, 2)
    tracks = tuple(ground_track(ephemeris) for ephemeris in ephemerides)
    return Plan(document=document, opportunities=opportunities, tracks=tracks)


def build_problem(
    mission: Mission, ephemerides: list[Ephemeris], pictures: Pictures, contacts: Table
) -> Problem:
    """The choice in integers; every rounding is to the safe side."""
    zero = mission.span.start.tai_ns
    rates = np.array([satellite.sensor.data_rate_bit_s for satellite in mission.satellites])
    weights = np.array([request.weight for request in mission.requests])
    deadlines = np.array(
        [
            NO_DEADLINE_MS if r.deadline is None else max((r.deadline.tai_ns - zero) // _MS, 0)
            for r in mission.requests
        ],
        np.int64,
    )
    seconds = (pictures.stop_ms - pictures.start_ms) / 1e3
    candidates = CandidateColumns(
        request_index=pictures.request,
        satellite_index=pictures.satellite,
        opportunity_index=pictures.opportunity,
        start_ms=pictures.start_ms,
        stop_ms=pictures.stop_ms,
        value_micro=np.maximum(
            np.rint(weights[pictures.request] * pictures.quality * 1e6), 1
        ).astype(np.int64),
        volume_kbit=np.ceil(rates[pictures.satellite] * seconds / _KBIT).astype(np.int64),
        deadline_ms=deadlines[pictures.request],
    )
    number = {satellite.elements.norad_id: i for i, satellite in enumerate(mission.satellites)}
    rate = np.array([satellite.downlink_bit_s for satellite in mission.satellites])
    heard = np.array([number[n] for n in contacts["norad_id"].tolist()], np.int64)
    station = {g.station.site.name: i for i, g in enumerate(mission.stations)}
    length_s = (contacts["stop"] - contacts["start"]) / 1e9
    stereo = np.array([request.stereo is not None for request in mission.requests])
    return Problem(
        candidates=candidates,
        contacts=ContactColumns(
            satellite_index=heard,
            station_index=np.array([station[n] for n in contacts["site"].tolist()], np.int64),
            start_ms=(contacts["start"] - zero) // _MS,
            stop_ms=-((zero - contacts["stop"]) // _MS),
            max_volume_kbit=np.floor(rate[heard] * length_s / _KBIT).astype(np.int64),
        ),
        stereo=stereo,
        stereo_pairs=_stereo_pairs(mission, ephemerides, pictures, stereo),
        conflicts=_conflicts(mission, pictures),
        antennas=np.array([ground.antennas for ground in mission.stations], np.int64),
        memory_kbit=np.array(
            [int(satellite.memory_bit // _KBIT) for satellite in mission.satellites], np.int64
        ),
    )


def _conflicts(mission: Mission, pictures: Pictures) -> Times:
    parts = [np.empty((0, 2), np.int64)]
    for index, satellite in enumerate(mission.satellites):
        rows = np.flatnonzero(pictures.satellite == index)
        agility = satellite.sensor.agility
        widest = min(2 * satellite.max_off_nadir_rad, np.pi)
        pairs = slew_conflicts(
            start_ms=pictures.start_ms[rows],
            stop_ms=pictures.stop_ms[rows],
            los_start=pictures.los_start[rows],
            los_stop=pictures.los_stop[rows],
            slew_time_s=partial(slew_time_s, agility=agility),
            max_slew_time_s=float(slew_time_s(widest + 1e-6, agility)),
        )
        parts.append(rows[pairs])
    return np.concatenate(parts)


def _stereo_pairs(
    mission: Mission, ephemerides: list[Ephemeris], pictures: Pictures, stereo: NDArray[np.bool_]
) -> Times:
    """Pairs of pictures of one pass whose lines of sight converge as wanted and leave time to slew."""
    parts = [np.empty((0, 2), np.int64)]
    wanted = stereo[pictures.request]
    for row in np.unique(pictures.opportunity[wanted]):
        rows = np.flatnonzero(pictures.opportunity == row)
        request = mission.requests[pictures.request[rows[0]]]
        index = int(pictures.satellite[rows[0]])
        if request.stereo is None:
            continue
        first, second = np.triu_indices(len(rows), 1)
        a, b = rows[first], rows[second]
        seen_from = _positions(mission, ephemerides[index], pictures, a, b)
        angle = convergence_rad(*seen_from, request.aim.r_itrf_m)
        turn = np.arccos(
            np.clip(np.sum(pictures.los_stop[a] * pictures.los_start[b], axis=1), -1, 1)
        )
        slew_ms = 1e3 * slew_time_s(turn, mission.satellites[index].sensor.agility) + 2
        good = pictures.start_ms[b] - pictures.stop_ms[a] >= slew_ms
        good &= angle >= request.stereo.min_convergence_rad
        good &= angle <= request.stereo.max_convergence_rad
        parts.append(np.column_stack([a[good], b[good]]))
    return np.concatenate(parts)


def _positions(
    mission: Mission, ephemeris: Ephemeris, pictures: Pictures, a: Times, b: Times
) -> tuple[Array, Array]:
    zero = mission.span.start.tai_ns
    first, second = (
        ephemeris.position_itrf_m(zero + (pictures.start_ms[i] + pictures.stop_ms[i]) // 2 * _MS)
        for i in (a, b)
    )
    return first, second


def _choose(mission: Mission, problem: Problem, report: Report) -> Solution:
    from offnadir.planning._cp_solver import solve  # OR-Tools brings pandas along: only when needed

    limit_s = mission.solver.time_limit_s

    def tell(now: Progress) -> None:
        gap = 100 * (now.bound_micro - now.value_micro) / max(now.bound_micro, 1)
        report(f"Choosing, gap {gap:.2f} %", min(int(now.elapsed_s), int(limit_s)), int(limit_s))

    return solve(problem, seed=mission.solver.seed, time_limit_s=limit_s, progress=tell)


def ground_track(ephemeris: Ephemeris) -> GroundTrack:
    """Positions every minute, from one minute before the span to at least its end."""
    span = ephemeris.span
    count = math.ceil(span.duration_s / _TRACK_STEP_S) + 2
    tai_ns = span.start.tai_ns + np.arange(-1, count - 1, dtype=np.int64) * (_TRACK_STEP_S * 10**9)
    r_m = ephemeris.position_itrf_m(tai_ns)
    lat, lon, alt = itrf_to_geodetic(r_m)
    return GroundTrack(
        name=ephemeris.satellite,
        norad_id=ephemeris.norad_id,
        epochs_tai_ns=tai_ns,
        r_itrf_m=r_m,
        lat_rad=lat,
        lon_rad=lon,
        alt_m=alt,
    )
