"""From a checked mission to a checked plan: search, choose, explain, write down, check."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from offnadir._table import Table
from offnadir.access import find_contacts
from offnadir.earth import EarthOrientation, SunTable, itrf_to_geodetic
from offnadir.errors import MISSING, InputError, InputProblems
from offnadir.orbits import Ephemeris, make_ephemeris
from offnadir.planning._checker_document import read_plan
from offnadir.planning._stages import solve_by_tiers
from offnadir.planning.build import Built, build, chosen_pictures
from offnadir.planning.checker import check_plan
from offnadir.planning.document import plan_document
from offnadir.planning.model import Mission
from offnadir.planning.opportunities import find_opportunities
from offnadir.planning.problem import Progress, Schedule, Stop
from offnadir.planning.reasons import explain_plan

Array = NDArray[np.float64]
Times = NDArray[np.int64]
Report = Callable[[str, int, int], None]

#: Rounds of search a second of time limit: fewer than fit, so that the work ends the search, not the clock.
ROUNDS_PER_S: Final = 1.5
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
    previous: Mapping[str, Any] | None = None,
    change_price: float = 0.05,
    orientation: EarthOrientation | None = None,
    progress: Report | None = None,
    interrupted: Callable[[], bool] | None = None,
) -> Plan:
    """Find every opportunity, choose the pictures, and check the plan independently.

    The document's `check` says whether the plan stands; a plan that fails is ours to mend and nobody's
    to fly. Equal missions give equal documents. `progress(stage, done, total)` is called as work goes on.

    Parameters
    ----------
    previous : mapping, optional
        The document of a plan that is to be mended. Its pictures before a satellite's next uplink stay; the
        rest is given up only for a better plan, and for the mission that it was made from it is the plan.
        InputError if a picture that has to stay breaks a rule.
    change_price : float
        What a picture of `previous` that is taken again at its start counts as earning on top, as a share of
        its request's weight.
    interrupted : callable, optional
        Asked while it chooses; once it is true the best plan so far is taken. So does the first Ctrl-C.
    """
    if not 0.0 <= change_price < math.inf:
        raise InputError(
            "change_price", change_price, "zero or more, as a share of a request's weight"
        )
    if previous is not None:
        _check_previous(previous)
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
    contacts = find_contacts(ephemerides, [ground.station for ground in mission.stations])
    contacts = contacts.take(np.argsort(contacts["start"], kind="stable"))
    report("Preparing", 0, 1)
    built = build(mission, ephemerides, opportunities, sun, contacts, previous, change_price)
    report("Preparing", 1, 1)
    schedule = _choose(mission, built, previous, report, interrupted)
    pictures = chosen_pictures(mission, ephemerides, sun, built, schedule)
    report("Explaining", 0, 1)
    explained = explain_plan(
        mission, ephemerides, sun, opportunities, contacts, built, schedule, pictures
    )
    report("Explaining", 1, 1)
    document = plan_document(
        mission, ephemerides, sun, opportunities, contacts, built, schedule, pictures, explained,
        previous,
    )  # fmt: skip
    report("Checking", 0, 1)
    verdict = check_plan(document, orientation=orientation, previous=previous)
    document["check"] = verdict.to_json()
    report("Checking", 1, 1)
    tracks = tuple(ground_track(ephemeris) for ephemeris in ephemerides)
    return Plan(document=document, opportunities=opportunities, tracks=tracks)


def _choose(
    mission: Mission,
    built: Built,
    previous: Mapping[str, Any] | None,
    report: Report,
    interrupted: Callable[[], bool] | None,
) -> Schedule:
    """The plan of the time limit; the plan before where it is as good, or where nothing is new."""
    limit_s = mission.solver.time_limit_s
    whole = max(round(10 * limit_s), 1)

    def tell(now: Progress) -> None:
        gap = 100.0 * (now.bound - now.value) / max(now.bound, 1)
        text = f"gap {gap:.2f} %"
        if built.is_plain:
            value, bound = now.value / built.scale, now.bound / built.scale
            text = f"{value:.3f} of at most {bound:.3f}, {text}"
        report(f"Choosing: {text}", min(round(10 * now.elapsed_s), whole), whole)

    report("Choosing", 0, whole)
    rounds = max(1, int(limit_s * ROUNDS_PER_S))
    nothing_new = (
        previous is not None and bool(mission.sha256) and _sha256_of(previous) == mission.sha256
    )
    if nothing_new and _is_whole(built, previous):
        rounds = 0
    schedule = solve_by_tiers(
        built.problem,
        built.tier_factor,
        Stop(time_s=limit_s, rounds=rounds),
        mission.solver.seed,
        progress=tell,
        interrupted=interrupted,
        start=built.start,
    )
    if built.start is not None and (schedule.value <= built.start.value or not rounds):
        return replace(
            built.start,
            bound=max(schedule.bound, built.start.value),
            repeatable=schedule.repeatable,
            trace=schedule.trace,
        )
    return schedule


def _check_previous(document: Mapping[str, Any]) -> None:
    """InputError, before any work is done, unless a document reads as a plan."""
    try:
        read_plan(document)
    except InputProblems as trouble:
        first = trouble.problems[0]
        raise InputError("previous", MISSING, f"a plan: {first}") from trouble


def _sha256_of(document: Mapping[str, Any]) -> Any:
    """What a plan says of the mission that it was made from."""
    said = document.get("mission")
    return said.get("sha256") if isinstance(said, Mapping) else None


def _is_whole(built: Built, previous: Mapping[str, Any] | None) -> bool:
    """Whether all of the plan before still goes together."""
    if built.start is None or previous is None:
        return False
    block = built.problem.options.member_block
    count = int((block[built.start.option + 1] - block[built.start.option]).sum())
    return count == len(previous.get("collections") or [])


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
