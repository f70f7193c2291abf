"""Why a request is not in the plan, what would have made it possible, and what each picture displaced."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from offnadir._table import Table
from offnadir.earth import SunTable
from offnadir.orbits import Ephemeris
from offnadir.planning._reasons_passes import no_opportunity, no_picture
from offnadir.planning._reasons_plan import Judge
from offnadir.planning._reasons_words import Displaced, LeftOut, Reason
from offnadir.planning.build import Built
from offnadir.planning.model import Mission, Request
from offnadir.planning.opportunities import Pictures
from offnadir.planning.problem import IntArray, Schedule
from offnadir.units import deg

__all__ = ["Displaced", "Explained", "LeftOut", "Reason", "explain_plan"]

#: Options that are tried in all, and for each request at least and at most.
_MOST_TRIED, _LEAST_EACH, _MOST_EACH = 3000, 2, 8
_MOST_STRIPS = 40


@dataclass(frozen=True, slots=True, kw_only=True)
class Explained:
    """By number of the request: why it is left out, or which parts of it; by picture: what it displaced."""

    reasons: Mapping[int, Reason] = field(default_factory=dict)
    left_out: Mapping[int, Sequence[LeftOut]] = field(default_factory=dict)
    displaced: Mapping[int, Sequence[Displaced]] = field(default_factory=dict)


def explain_plan(
    mission: Mission,
    ephemerides: Sequence[Ephemeris],
    sun: SunTable,
    opportunities: Table,
    contacts: Table,
    built: Built,
    schedule: Schedule,
    pictures: Pictures,
) -> Explained:
    """A reason for each request that the plan leaves out, and for parts of those that it takes in part."""
    tasks = _tasks(mission, built)
    taken_task = np.zeros(len(built.task_request), np.bool_)
    taken_task[built.problem.options.task[schedule.option]] = True
    missing = [np.array([t for t in mine if not taken_task[t]], np.int64) for mine in tasks]
    judge = Judge(mission, contacts, built, schedule, pictures)
    offered = set(opportunities["request_index"].tolist())
    reasons: dict[int, Reason] = {}
    left_out: dict[int, list[LeftOut]] = {}
    some = sum(1 for mine in missing if len(mine))
    most = int(np.clip(_MOST_TRIED // max(some, 1), _LEAST_EACH, _MOST_EACH))
    for r, request in enumerate(mission.requests):
        if np.any(pictures.request == r):
            parts = _parts(judge, request, r, missing[r], most)
            if parts:
                left_out[r] = parts
        elif r not in offered:
            reasons[r] = no_opportunity(mission, ephemerides, sun, request)
        elif not judge.has_ways(missing[r]):
            if request.stereo is not None and np.any(built.window_request == r):
                reasons[r] = no_stereo(request)
            else:
                reasons[r] = no_picture(mission, ephemerides, sun, opportunities, request, r)
        else:
            reasons[r] = judge.why_not(r, missing[r], most)
    return Explained(reasons=reasons, left_out=left_out, displaced=judge.displaced())


def _tasks(mission: Mission, built: Built) -> list[IntArray]:
    return [np.flatnonzero(built.task_request == r) for r in range(len(mission.requests))]


def no_stereo(request: Request) -> Reason:
    """No pass gives a set of pictures that converge."""
    stereo = request.stereo
    if stereo is None:
        raise ValueError(f"{request.name} asks for no stereo")
    number = {2: "two", 3: "three"}[stereo.views]
    return Reason(
        "no_stereo_pair",
        f"No pass gives {number} pictures that converge by {stereo.min_convergence_rad / deg:.0f} to "
        f"{stereo.max_convergence_rad / deg:.0f} deg with time to slew in between.",
    )


def _parts(judge: Judge, request: Request, r: int, missing: IntArray, most: int) -> list[LeftOut]:
    """What is left out of a request that is taken in part: strips, or further pictures of a repeat."""
    if request.cover is not None:
        found = []
        for task in missing[:_MOST_STRIPS].tolist():
            strip = int(judge.built.task_strip[task])
            one = np.array([task], np.int64)
            if judge.has_ways(one):
                reason = judge.why_not(r, one, 2, part=True)
            else:
                reason = Reason("no_pass", "No pass shows this strip within the limits.")
            found.append(LeftOut(strip=strip, reason=reason))
        return found
    if request.repeat is None:
        return []
    wanted = request.repeat.count
    lacking = wanted - int(np.count_nonzero(judge.pictures.request == r))
    if lacking <= 0:
        return []
    if not len(missing):
        text = (
            f"Only {wanted - lacking} passes are within the limits; the request asks for {wanted}."
        )
        return [LeftOut(pictures=lacking, reason=Reason("no_pass", text))]
    return [LeftOut(pictures=lacking, reason=judge.why_not(r, missing[:1], most, part=True))]
