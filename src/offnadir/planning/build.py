"""From a mission and its opportunities to the solver's problem, and from a schedule back to pictures."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from offnadir._table import Table
from offnadir.earth import SunTable, east_north_up, itrf_to_geodetic
from offnadir.epoch import Epoch
from offnadir.errors import InputError
from offnadir.geometry import ground_speed_m_s
from offnadir.orbits import Ephemeris
from offnadir.planning import _build_kept as kept
from offnadir.planning import _build_windows as windows_
from offnadir.planning import _search_kernels as kernels
from offnadir.planning._audit import faults, value_of
from offnadir.planning._build_options import Draft, Offer, draft_options
from offnadir.planning._build_resources import (
    attitudes,
    longest_ms,
    make_contacts,
    solver_law,
    spacecraft,
)
from offnadir.planning._build_rules import make_rows
from offnadir.planning._build_values import Worth, cover_curve, worth_of
from offnadir.planning._build_windows import MARGIN_MS, Looks, Pass, Stretches, Strips
from offnadir.planning._orbit_number import orbit_period_s
from offnadir.planning._power import sunlit_ms
from offnadir.planning._search import Search, first_contacts
from offnadir.planning._strips import Strip, common_heading_rad, strips_of
from offnadir.planning.model import Mission
from offnadir.planning.opportunities import Pictures
from offnadir.planning.problem import (
    MOST_STARTS,
    Attitudes,
    Curve,
    Problem,
    Schedule,
    Transitions,
    Windows,
)
from offnadir.planning.transitions import SlewLaw, cut_chains, transition_tables

Array = NDArray[np.float64]
IntArray = NDArray[np.int64]

#: Entries of transition tables, two bytes each; where there would be more, starts are tried less often.
MOST_ENTRIES: Final = 300_000_000


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Kept:
    """Pictures of a plan before that can be taken again exactly, one a row.

    `name` is their id in the old document; `option` is the option that has all of a request's old pictures
    at their old starts, `start_ms` the start of this one. `frozen` ones cannot be called back any more.
    """

    name: tuple[str, ...]
    request: IntArray
    satellite: IntArray
    start_ms: IntArray
    option: IntArray
    frozen: NDArray[np.bool_]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Built:
    """A mission's problem, and what its numbers stand for.

    One row a window of the problem: `window_satellite`, `window_request`, `window_opportunity` (row of the
    opportunities table) and `window_strip` (number within the request's strips, -1 without). One row a task:
    `task_request`, `task_strip` (-1 without), `task_turn` (number within a repeat, else 0). `strips` are by
    request. `orbit_period_s` and `sunlit_ms` have one entry a satellite, the latter of shape (n, 2), empty
    where there is no battery. `contact_row` leads from the problem's contacts to rows of the contacts table:
    those that an outage or the time to set up leaves nothing of are not in the problem. A request's value in
    the problem is `scale` times the plain value times its `tier_factor`; `is_plain` tells whether value and
    bound of a schedule are those of the plain sum times `scale` (no tiers, no price on change, no strips).
    `start` is the plan before as far as it still stands, None if there is none.
    """

    problem: Problem
    window_satellite: IntArray
    window_request: IntArray
    window_opportunity: IntArray
    window_strip: IntArray
    task_request: IntArray
    task_strip: IntArray
    task_turn: IntArray
    strips: Mapping[int, tuple[Strip, ...]]
    orbit_period_s: Array
    sunlit_ms: tuple[IntArray, ...]
    tier_factor: IntArray
    contact_row: IntArray
    is_plain: bool = True
    scale: float = 1e6
    change_price: float = 0.0
    kept: Kept | None = None
    start: Schedule | None = None
    warnings: tuple[str, ...] = field(default_factory=tuple)


def build(
    mission: Mission,
    ephemerides: Sequence[Ephemeris],
    opportunities: Table,
    sun: SunTable,
    contacts: Table,
    previous: Mapping[str, Any] | None = None,
    change_price: float = 0.0,
) -> Built:
    """The choice in integers; every rounding is to the safe side.

    `contacts` is `find_contacts`' table. `previous` is the document of the plan that is mended; a picture of it
    that is taken again at its start earns `change_price` times its request's weight on top. InputError, with
    the picture's name, for pictures on board that break a rule of the mission.
    """
    strips = make_strips(mission, ephemerides, opportunities, previous)
    passes = windows_.passes_of(mission, ephemerides, opportunities, strips)
    old = [] if previous is None else kept.old_pictures(mission, previous, strips)
    sets = kept.sets_of(mission, old)
    needed = kept.bound_to(mission, old, sets)
    laws = [solver_law(one) for one in mission.satellites]
    warnings = list[str]()
    stretches = _grid(mission, ephemerides, passes, strips, laws, warnings)
    again = kept.old_stretches(mission, old, sets, passes, needed)
    stretches = Stretches.joined([stretches, again])
    looks = windows_.look(mission, ephemerides, sun, strips, stretches)
    _judge(mission, stretches, looks, old, needed)
    stretches, looks = windows_.trimmed(stretches, looks)
    chain, order = _chains(stretches, laws)
    stretches, looks = windows_.reordered(stretches, looks, order)
    chain = chain[order]
    windows = Windows(
        chain=chain, first_ms=stretches.first_ms, step_ms=stretches.step_ms, count=stretches.count,
        duration_ms=stretches.duration_ms,
    )  # fmt: skip
    first = np.flatnonzero(np.diff(chain, prepend=-1) > 0)
    period_s = np.array([orbit_period_s(one.elements) for one in mission.satellites])
    worth = worth_of(mission.requests, change_price if old else 0.0)
    best = _best_quality(mission, stretches, looks)
    draft = draft_options(
        Offer(
            mission=mission, ephemerides=ephemerides, strips=strips, stretches=stretches, looks=looks,
            block=stretches.block, worth=worth, period_s=period_s, change_price=change_price if old else 0.0,
            old_set=sets, frozen=needed, best_quality=best,
        )
    )  # fmt: skip
    options, task_request = draft.options(), np.array(draft.request, np.int64)
    lit = tuple(
        sunlit_ms(ephemeris, mission.span, sun)
        if one.battery is not None
        else np.empty((0, 2), np.int64)
        for one, ephemeris in zip(mission.satellites, ephemerides, strict=True)
    )
    usable, contact_row = make_contacts(mission, contacts)
    block = stretches.block[:-1]
    problem = Problem(
        windows=windows,
        transitions=_transitions(windows, stretches, looks, first, laws),
        options=options,
        chain_satellite=stretches.satellite[first],
        request=task_request,
        rows=make_rows(mission, windows, options, stretches.satellite, task_request, period_s),
        curve=_curves(mission, worth, best),
        spacecraft=tuple(
            spacecraft(mission, one, _shortest_ms(stretches, s), lit[s])
            for s, one in enumerate(mission.satellites)
        ),
        contacts=usable,
        antennas=np.array([one.antennas for one in mission.stations], np.int64),
        attitudes=Attitudes(block=block, start=looks.los_start, stop=looks.los_stop)
        if any(one.battery for one in mission.satellites)
        else None,
    )
    picked = _kept(draft, stretches, old) if old else None
    _fixed_stand(mission, problem, stretches, old)
    return Built(
        problem=problem,
        window_satellite=stretches.satellite,
        window_request=stretches.request,
        window_opportunity=stretches.opportunity,
        window_strip=stretches.strip,
        task_request=task_request,
        task_strip=np.array(draft.strip, np.int64),
        task_turn=np.array(draft.turn, np.int64),
        strips=strips,
        orbit_period_s=period_s,
        sunlit_ms=lit,
        tier_factor=worth.factor,
        contact_row=contact_row,
        is_plain=not strips and not change_price * len(old) and len(set(worth.factor.tolist())) < 2,
        scale=worth.scale,
        change_price=change_price if old else 0.0,
        kept=picked,
        start=None
        if picked is None or previous is None
        else _old_schedule(mission, problem, picked, contacts, contact_row, previous),
        warnings=tuple(warnings),
    )


def make_strips(
    mission: Mission,
    ephemerides: Sequence[Ephemeris],
    opportunities: Table,
    previous: Mapping[str, Any] | None,
) -> dict[int, tuple[Strip, ...]]:
    """Strips of the requests that want them, by request: along the tracks of its passes.

    As wide as the narrowest swath there is, straight down, of the satellites that pass; no longer than the
    shortest of their longest pictures. Without a pass there are none. Strips of the plan before stay.
    """
    strips: dict[int, tuple[Strip, ...]] = {}
    for r, request in enumerate(mission.requests):
        rows = np.flatnonzero(opportunities["request_index"] == r)
        if request.cover is None or not len(rows):
            continue
        headings, swath_m, length_m = list[float](), math.inf, math.inf
        for s in np.unique(opportunities["satellite_index"][rows]).tolist():
            satellite = mission.satellites[s]
            at = opportunities["best"][rows[opportunities["satellite_index"][rows] == s]]
            r_m, v_m_s = ephemerides[s].position_itrf_m(at), ephemerides[s].velocity_itrf_m_s(at)
            ahead = v_m_s @ east_north_up(request.aim.lat_rad, request.aim.lon_rad).T
            headings += np.arctan2(ahead[:, 0], ahead[:, 1]).tolist()
            height_m = float(np.min(itrf_to_geodetic(r_m)[2])) - request.aim.alt_m
            swath_m = min(swath_m, 2.0 * height_m * math.tan(satellite.sensor.fov_rad / 2.0))
            speed_m_s = float(np.min(ground_speed_m_s(r_m, v_m_s)))
            length_m = min(length_m, speed_m_s * satellite.longest_picture_s)
        cut = strips_of(
            request.rings_rad,
            request.aim,
            heading_rad=common_heading_rad(headings),
            swath_m=swath_m,
            overlap=request.cover.overlap,
            max_length_m=length_m,
        )
        strips[r] = cut if previous is None else kept.old_strips(previous, request, cut)
    return strips


def _grid(
    mission: Mission,
    ephemerides: Sequence[Ephemeris],
    passes: Sequence[Pass],
    strips: Strips,
    laws: Sequence[SlewLaw],
    warnings: list[str],
) -> Stretches:
    """Starts of all passes, at the mission's step or at one so much coarser that tables keep to their size."""
    step_ms = max(round(mission.solver.start_step_s * 1e3), 1)
    while True:
        found = windows_.stretches_of(mission, ephemerides, passes, strips, step_ms)
        chain, _ = _chains(found, laws)
        size = np.bincount(chain, minlength=1)
        entries = int(np.sum(found.count * size[chain])) if len(found) else 0
        if entries <= MOST_ENTRIES and int(found.count.max(initial=0)) <= MOST_STARTS:
            break
        step_ms = max(math.ceil(step_ms * max(entries / MOST_ENTRIES, 1.2)), step_ms + 1)
    if step_ms > round(mission.solver.start_step_s * 1e3):
        warnings.append(
            f"starts are tried every {step_ms / 1e3:g} s in place of {mission.solver.start_step_s:g} s: "
            "so many passes at a time would take too much memory"
        )
    return found


def _chains(stretches: Stretches, laws: Sequence[SlewLaw]) -> tuple[IntArray, IntArray]:
    """Chain of each stretch, and the order by chain and start."""
    s = stretches
    last_ms = s.first_ms + (s.count - 1) * s.step_ms
    chain = cut_chains(s.satellite, s.first_ms, last_ms, s.duration_ms, longest_ms(laws))
    return chain, np.lexsort((s.first_ms, chain))


def _judge(
    mission: Mission,
    stretches: Stretches,
    looks: Looks,
    old: Sequence[kept.OldPicture],
    needed: frozenset[int],
) -> None:
    """Strike out starts in or near blocked times and before uplinks; InputError if an old one must stay."""
    verdicts = [
        ("the request's limits or the forecast do not allow it", looks.good.copy()),
        (
            "it lies in or too near to a blocked time",
            windows_.clear_of_blocked(mission, stretches, looks),
        ),
        (
            "no uplink can tell the satellite of it",
            windows_.after_uplink(mission, stretches, looks),
        ),
    ]
    for why, good in verdicts:
        for i in np.flatnonzero(stretches.old >= 0).tolist():
            number = int(stretches.old[i])
            if number in needed and not good[stretches.block[i]]:
                raise kept.cannot_stand(mission, old[number], why)
        looks.good[:] &= good


def _transitions(
    windows: Windows, stretches: Stretches, looks: Looks, first: IntArray, laws: Sequence[SlewLaw]
) -> Transitions:
    """Tables of least starts; attitudes as each satellite's law wants them."""
    owner = np.repeat(stretches.satellite, stretches.count)
    start, stop = looks.los_start.copy(), looks.los_stop.copy()
    for s, law in enumerate(laws):
        if law.kind == "per_axis":
            rows = np.flatnonzero(owner == s)
            start[rows], stop[rows] = attitudes(law, start[rows]), attitudes(law, stop[rows])
    return transition_tables(
        windows,
        stretches.satellite[first],
        laws,
        stretches.block[:-1],
        start,
        stop,
        margin_ms=MARGIN_MS,
    )


def _best_quality(mission: Mission, stretches: Stretches, looks: Looks) -> dict[int, float]:
    """Greatest quality of any start of each request in strips."""
    request = np.repeat(stretches.request, stretches.count)
    return {
        r: float(looks.quality[(request == r) & looks.good].max(initial=0.01))
        for r, one in enumerate(mission.requests)
        if one.cover is not None
    }


def _curves(mission: Mission, worth: Worth, best: Mapping[int, float]) -> dict[int, Curve]:
    return {
        r: cover_curve(one.cover, int(worth.of(r, one.weight)), best[r])
        for r, one in enumerate(mission.requests)
        if one.cover is not None
    }


def _shortest_ms(stretches: Stretches, s: int) -> int:
    return int(stretches.duration_ms[stretches.satellite == s].min(initial=2**40))


def _kept(draft: Draft, stretches: Stretches, old: Sequence[kept.OldPicture]) -> Kept:
    """Which option, the first in order, has which old picture."""
    at: dict[int, int] = {}
    for o, members in enumerate(draft.members):
        for window, *_ in members:
            number = int(stretches.old[window])
            if number >= 0 and (number not in at or draft.fixed[o]):
                at[number] = o
    numbers = sorted(at)
    return Kept(
        name=tuple(old[i].name for i in numbers),
        request=np.array([old[i].request for i in numbers], np.int64),
        satellite=np.array([old[i].satellite for i in numbers], np.int64),
        start_ms=np.array([old[i].start_ms for i in numbers], np.int64),
        option=np.array([at[i] for i in numbers], np.int64),
        frozen=np.array([old[i].frozen for i in numbers], np.bool_),
    )


def _fixed_stand(
    mission: Mission, problem: Problem, stretches: Stretches, old: Sequence[kept.OldPicture]
) -> None:
    """InputError, with the picture and the rule, unless the pictures that every plan has go together."""
    fixed = np.flatnonzero(problem.options.fixed).tolist()
    if not fixed or not _troubles(problem, fixed):
        return
    needs_all = [text for text in _troubles(problem, fixed) if "of at most 0" not in text]
    for n in range(1, len(fixed) + 1):
        wrong = [t for t in _troubles(problem, fixed[:n]) if "is fixed and not taken" not in t]
        wrong = [t for t in wrong if n == len(fixed) or "of at most 0" not in t]
        if wrong:
            window = int(problem.options.member_window[problem.options.member_block[fixed[n - 1]]])
            raise kept.cannot_stand(mission, old[int(stretches.old[window])], wrong[0])
    raise InputError("previous", len(fixed), "; ".join(needs_all))


def _troubles(problem: Problem, options: Sequence[int]) -> list[str]:
    """What is wrong with a plan of only these options, each at its first start, all contacts used in turn."""
    schedule = _schedule(problem, options, first_contacts(problem))
    return [_named(problem, text) for text in faults(problem, schedule)]


def _named(problem: Problem, text: str) -> str:
    """A fault with the name of its row."""
    found = re.match(r"row (\d+) ", text)
    return text if found is None else f"{problem.rows.name[int(found[1])]}: {text[found.end() :]}"


def _schedule(problem: Problem, options: Sequence[int], used: IntArray) -> Schedule:
    """A schedule of options at their first starts; `used` has one flag a contact."""
    o = problem.options
    option = np.array(sorted(options), np.int64)
    members = [m for i in option.tolist() for m in range(o.member_block[i], o.member_block[i + 1])]
    bare = Schedule(
        option=option, start=o.member_low[members], contact=np.flatnonzero(used).astype(np.int64),
        value=0, bound=0, repeatable=True,
    )  # fmt: skip
    value = value_of(problem, bare)
    return replace(bare, value=value, bound=value)


def _old_schedule(
    mission: Mission,
    problem: Problem,
    picked: Kept,
    contacts: Table,
    contact_row: IntArray,
    previous: Mapping[str, Any],
) -> Schedule | None:
    """The plan before as a schedule of this problem, or as much of it as goes together."""
    options = _one_a_turn(problem, picked)
    used = _old_contacts(mission, problem, contacts, contact_row, previous)
    schedule = _schedule(problem, options, used)
    if not faults(problem, schedule):
        return schedule
    return insert_all(problem, options)


def _one_a_turn(problem: Problem, picked: Kept) -> list[int]:
    """The kept options, those of repeats each in a turn of its own, in the order of time."""
    o = problem.options
    window = o.member_window[o.member_block[:-1]]
    single = np.diff(o.member_block) == 1
    taken, tasks = list[int](), set[int]()
    for option in dict.fromkeys(picked.option[np.argsort(picked.start_ms, kind="stable")].tolist()):
        same = [option]
        if single[option]:
            copies = np.flatnonzero((window == window[option]) & single)
            same = copies.tolist()
        for one in same:
            task = int(o.task[one])
            if task not in tasks and (not o.fixed[option] or one == option):
                tasks.add(task)
                taken.append(one)
                break
    return taken


def _old_contacts(
    mission: Mission,
    problem: Problem,
    contacts: Table,
    contact_row: IntArray,
    previous: Mapping[str, Any],
) -> IntArray:
    """Flags of contacts that the plan before used."""
    used = np.zeros(len(contact_row), np.int64)
    starts: dict[tuple[str, str], list[int]] = {}
    for one in previous.get("contacts", []):
        if one.get("used"):
            at = Epoch.from_utc(one["start"]).tai_ns
            starts.setdefault((one["satellite"], one["station"]), []).append(at)
    for k, row in enumerate(contact_row.tolist()):
        name = mission.satellites[int(problem.contacts.satellite[k])].name
        station = mission.stations[int(problem.contacts.station[k])].station.site.name
        near = starts.get((name, station), [])
        used[k] = any(abs(at - int(contacts["start"][row])) < 1_000_000_000 for at in near)
    return used


def insert_all(problem: Problem, options: Sequence[int]) -> Schedule | None:
    """A schedule of as many of some options as go together, the first ones first; None if it breaks a rule."""
    search = Search(problem, 0)
    for option in sorted(options, key=lambda i: not problem.options.fixed[i]):
        kernels.try_option(search.a, search.x, search.f, option)
        kernels.forget(search.a, search.x, search.f)
    kernels.keep_best(search.a, search.x, search.f)
    taken, _, used = search.best()
    schedule = _schedule(problem, taken[taken >= 0].tolist(), used)
    return None if faults(problem, schedule) else schedule


def chosen_pictures(
    mission: Mission,
    ephemerides: Sequence[Ephemeris],
    sun: SunTable,
    built: Built,
    schedule: Schedule,
) -> Pictures:
    """The pictures of a schedule, by start and satellite, evaluated exactly at their starts."""
    problem = built.problem
    o = problem.options
    option = np.repeat(schedule.option, np.diff(o.member_block)[schedule.option])
    members = np.array(
        [
            m
            for i in schedule.option.tolist()
            for m in range(o.member_block[i], o.member_block[i + 1])
        ],
        np.int64,
    )
    window = o.member_window[members]
    start_ms = problem.windows.first_ms[window] + schedule.start * problem.windows.step_ms[window]
    satellite = built.window_satellite[window]
    order = np.lexsort((satellite, start_ms))
    option, window, start_ms, satellite = (
        column[order] for column in (option, window, start_ms, satellite)
    )
    nothing = np.zeros(len(order), np.int64)
    request, strip = built.window_request[window], built.window_strip[window]
    stretches = Stretches(
        satellite=satellite, request=request, opportunity=built.window_opportunity[window], strip=strip,
        view=nothing, old=nothing - 1, first_ms=start_ms, step_ms=nothing + 1, count=nothing + 1,
        duration_ms=problem.windows.duration_ms[window],
    )  # fmt: skip
    looks = windows_.look(mission, ephemerides, sun, built.strips, stretches)
    turn = np.zeros(len(order), np.int64)
    for r in np.unique(request).tolist():
        if mission.requests[r].repeat is not None:
            turn[request == r] = np.arange(np.count_nonzero(request == r))
    frozen = np.zeros(len(order), np.bool_)
    if built.kept is not None:
        k = built.kept
        old = set(
            zip(k.request[k.frozen].tolist(), k.satellite[k.frozen].tolist(), k.start_ms[k.frozen].tolist(),
                strict=True)
        )  # fmt: skip
        rows = zip(request.tolist(), satellite.tolist(), start_ms.tolist(), strict=True)
        frozen[:] = [row in old for row in rows]
    return Pictures(
        satellite=satellite, request=request, opportunity=stretches.opportunity, strip=strip, turn=turn,
        start_ms=start_ms, stop_ms=start_ms + stretches.duration_ms, coverage=looks.coverage,
        quality=looks.quality, clear_sky=looks.clear_sky, frozen=frozen, los_start=looks.los_start,
        los_stop=looks.los_stop, corners_rad=windows_.corners_rad(mission, ephemerides, built.strips, stretches),
        option=option, window=window,
    )  # fmt: skip
