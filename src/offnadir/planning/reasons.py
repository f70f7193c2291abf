"""Why a request is not in the plan: the limit that was missed, by how much, and by whom it was outbid."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from offnadir._table import Table
from offnadir.access import MaxOffNadir, find_windows
from offnadir.earth import SunTable
from offnadir.epoch import Epoch
from offnadir.orbits import Ephemeris
from offnadir.planning._cp_problem import Problem
from offnadir.planning.model import Mission, Request
from offnadir.planning.opportunities import Pictures, least_sun_rad, view
from offnadir.units import deg

if TYPE_CHECKING:
    from offnadir.planning._cp_solver import Solution

Times = NDArray[np.int64]
_NAMED = 3


@dataclass(frozen=True, slots=True)
class Reason:
    """A code for programs (see docs/reference/plan-json.md) and a sentence for people."""

    code: str
    text: str


def why_not(
    mission: Mission,
    ephemerides: Sequence[Ephemeris],
    sun: SunTable,
    opportunities: Table,
    pictures: Pictures,
    problem: Problem,
    solution: Solution,
) -> dict[str, Reason]:
    """A reason for each request that the plan leaves out, by its name."""
    taken = set(pictures.request[solution.chosen].tolist())
    offered = set(opportunities["request_index"].tolist())
    reasons = {}
    for r, request in enumerate(mission.requests):
        if r in taken:
            continue
        if r not in offered:
            reasons[request.name] = _no_opportunity(mission, ephemerides, sun, request)
        else:
            reasons[request.name] = _not_chosen(mission, pictures, problem, solution, r)
    return reasons


def _clock(tai_ns: int) -> str:
    return Epoch(tai_ns).utc(0)[:16].replace("T", " ") + " UTC"


def _no_opportunity(
    mission: Mission, ephemerides: Sequence[Ephemeris], sun: SunTable, request: Request
) -> Reason:
    """Loosen one limit after another until a pass appears: the last one that was loosened is why."""
    anyhow = _passes(ephemerides, request, {})
    if not len(anyhow):
        return Reason("no_pass", "No satellite rises above the place's horizon in its time window.")
    steep = _passes(
        ephemerides,
        request,
        {s.name: min(request.max_off_nadir_rad, s.max_off_nadir_rad) for s in mission.satellites},
    )
    if not len(steep):
        k = int(np.argmin(anyhow["off_nadir_rad"]))
        return Reason(
            "no_pass",
            f"No pass is steep enough: the nearest is {anyhow['satellite'][k]} at "
            f"{_clock(anyhow['best'][k])} with {anyhow['off_nadir_rad'][k] / deg:.1f} deg off-nadir; "
            f"the request allows {request.max_off_nadir_rad / deg:.1f} deg, and each satellite has a "
            "limit of its own.",
        )
    light, _ = sun.angles_rad(request.aim, steep["best"])
    lit = light >= least_sun_rad(request)
    if not np.any(lit):
        k = int(np.argmax(light))
        return Reason(
            "too_dark",
            f"Every one of {len(steep)} passes is too dark: the highest Sun is {light[k] / deg:.1f} deg "
            f"({steep['satellite'][k]}, {_clock(steep['best'][k])}); the request asks for "
            f"{least_sun_rad(request) / deg:.1f} deg.",
        )
    return _blurred(mission, ephemerides, sun, request, steep.take(np.flatnonzero(lit)))


def _blurred(
    mission: Mission,
    ephemerides: Sequence[Ephemeris],
    sun: SunTable,
    request: Request,
    lit: Table,
) -> Reason:
    best: tuple[float, float, str, int] | None = None
    number = {satellite.name: i for i, satellite in enumerate(mission.satellites)}
    for name, tai_ns in zip(lit["satellite"].tolist(), lit["best"].tolist(), strict=True):
        i = number[name]
        at = np.array([tai_ns], np.int64)
        quality = view(ephemerides[i], mission.satellites[i], request, at, sun).quality
        found = (float(quality.gsd_m[0]), float(quality.niirs[0]), name, tai_ns)
        if best is None or found[0] < best[0]:
            best = found
    if best is None or (request.max_gsd_m is None and request.min_niirs is None):
        return Reason("no_pass", "Every pass is shorter than the picture takes.")
    wishes = []
    if request.max_gsd_m is not None:
        wishes.append(f"{request.max_gsd_m:g} m or finer")
    if request.min_niirs is not None:
        wishes.append(f"NIIRS {request.min_niirs:g} or better")
    return Reason(
        "too_blurred",
        f"No lit pass is sharp enough: the sharpest is {best[2]} at {_clock(best[3])} with "
        f"{best[0]:.2f} m and NIIRS {best[1]:.1f}; the request asks for {' and '.join(wishes)}.",
    )


def _passes(
    ephemerides: Sequence[Ephemeris], request: Request, limits_rad: dict[str, float]
) -> Table:
    """Windows of one request in its time, with a limit of off-nadir for each satellite or none."""
    widest = [MaxOffNadir(max(limits_rad.values()))] if limits_rad else []
    table = find_windows(ephemerides, request.aim, widest)
    window = request.window
    inside = (table["best"] >= window.start.tai_ns) & (table["best"] <= window.stop.tai_ns)
    if limits_rad:
        limits = np.array([limits_rad[name] for name in table["satellite"].tolist()])
        inside &= table["off_nadir_rad"] <= limits
    return table.take(np.flatnonzero(inside))


def _not_chosen(
    mission: Mission, pictures: Pictures, problem: Problem, solution: Solution, r: int
) -> Reason:
    request = mission.requests[r]
    rows = np.flatnonzero(pictures.request == r)
    if not len(rows):
        return Reason("no_pass", "Every pass is shorter than the picture takes.")
    if request.stereo is not None:
        paired = problem.stereo_pairs[np.isin(problem.stereo_pairs[:, 0], rows)]
        if not len(paired):
            return Reason(
                "no_stereo_pair",
                "No pass gives two pictures that converge by "
                f"{request.stereo.min_convergence_rad / deg:.0f} to "
                f"{request.stereo.max_convergence_rad / deg:.0f} deg with time to slew in between.",
            )
    late = _too_late(mission, pictures, problem, request, rows)
    return late or _outbid(mission, pictures, problem, solution, rows)


def _too_late(
    mission: Mission, pictures: Pictures, problem: Problem, request: Request, rows: Times
) -> Reason | None:
    if request.deadline is None:
        return None
    deadline_ms = int(problem.candidates.deadline_ms[rows[0]])
    contacts = problem.contacts
    soonest: int | None = None
    for i in rows.tolist():
        after = (contacts.satellite_index == pictures.satellite[i]) & (
            contacts.start_ms >= pictures.stop_ms[i]
        )
        if np.any(after):
            down = int(contacts.stop_ms[after].min())
            soonest = down if soonest is None else min(soonest, down)
    if soonest is not None and soonest <= deadline_ms:
        return None
    zero = mission.span.start.tai_ns
    when = "not within the span" if soonest is None else f"at {_clock(zero + soonest * 1_000_000)}"
    return Reason(
        "late",
        f"It would arrive too late: the first picture could be on the ground {when}; the deadline is "
        f"{_clock(request.deadline.tai_ns)}.",
    )


def _outbid(
    mission: Mission, pictures: Pictures, problem: Problem, solution: Solution, rows: Times
) -> Reason:
    """Name the pictures of the plan that stand in the way of every candidate, or the memory."""
    order = {int(c): n for n, c in enumerate(solution.chosen.tolist())}
    pairs = np.concatenate([problem.conflicts, problem.conflicts[:, ::-1]])
    pairs = pairs[np.isin(pairs[:, 0], rows) & np.isin(pairs[:, 1], solution.chosen)]
    blocked = set(pairs[:, 0].tolist())
    blockers = {order[other] for other in pairs[:, 1].tolist()}
    passes = len(np.unique(pictures.opportunity[rows]))
    count = f"{passes} pass" if passes == 1 else f"{passes} passes"
    if blocked == set(rows.tolist()):
        names = [
            f"{mission.requests[int(pictures.request[solution.chosen[n]])].name} (C{n + 1:04d})"
            for n in sorted(blockers)
        ]
        more = f" and {len(names) - _NAMED} more" if len(names) > _NAMED else ""
        return Reason(
            "outbid",
            f"Its {count} would leave no time to turn to {', '.join(names[:_NAMED])}{more}, which "
            "together are worth more.",
        )
    best = int(rows[np.argmax(problem.candidates.value_micro[rows])])
    return Reason(
        "outbid",
        f"Its {count} compete with other pictures that are worth more. "
        + _crowding(mission, pictures, problem, solution, best),
    )


def _crowding(
    mission: Mission, pictures: Pictures, problem: Problem, solution: Solution, best: int
) -> str:
    """How full the recorder is when the request's best picture would be taken."""
    s = int(pictures.satellite[best])
    start_ms = int(pictures.start_ms[best])
    chosen, contacts = solution.chosen, problem.contacts
    before = chosen[(pictures.satellite[chosen] == s) & (pictures.start_ms[chosen] <= start_ms)]
    mine = contacts.satellite_index[solution.contact] == s
    done = mine & (contacts.stop_ms[solution.contact] <= start_ms)
    held = problem.candidates.volume_kbit[before].sum() - solution.sent_kbit[done].sum()
    needs = int(problem.candidates.volume_kbit[best])
    room = int(problem.memory_kbit[s])
    when = _clock(mission.span.start.tai_ns + start_ms * 1_000_000)
    text = (
        f"The best is {mission.satellites[s].name} at {when}: its recorder then holds "
        f"{held / 1e6:.1f} of {room / 1e6:.1f} Gbit and the picture needs {needs / 1e6:.1f}"
    )
    return f"{text}." if held + needs > room else f"{text}; the room goes to later pictures."
