"""From a mission and its opportunities to the solver's problem, and from a schedule back to pictures."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from offnadir._table import Table
from offnadir.earth import SunTable
from offnadir.orbits import Ephemeris
from offnadir.planning import _build_kept as kept
from offnadir.planning import _build_windows as windows_
from offnadir.planning._build_options import Offer, draft_options
from offnadir.planning._build_resources import (
    attitudes,
    longest_ms,
    make_contacts,
    solver_law,
    spacecraft,
)
from offnadir.planning._build_rules import make_rows
from offnadir.planning._build_start import Kept, check_fixed, check_idle, make_kept, old_schedule
from offnadir.planning._build_strips import make_strips
from offnadir.planning._build_values import Worth, cover_curve, worth_of
from offnadir.planning._build_windows import MARGIN_MS, Looks, Pass, Stretches, Strips
from offnadir.planning._chosen import chosen_pictures
from offnadir.planning._orbit_number import orbit_period_s
from offnadir.planning._power import sunlit_ms
from offnadir.planning._strips import Strip
from offnadir.planning.model import Mission
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

__all__ = ["Built", "Kept", "build", "chosen_pictures"]

Array = NDArray[np.float64]
IntArray = NDArray[np.int64]

#: Entries of transition tables, two bytes each; where there would be more, starts are tried less often.
MOST_ENTRIES: Final = 300_000_000


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

    `contacts` is `find_contacts`' table. `previous` is the document of the plan that is mended; a picture of
    it that is taken again at its start earns `change_price` times its request's weight on top. InputError,
    with the picture's name, for pictures on board that break a rule of the mission.
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
            old_set=sets, frozen=needed,
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
    picked = make_kept(draft, stretches, old) if old else None
    check_idle(mission, problem)
    check_fixed(mission, problem, stretches, old)
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
        else old_schedule(mission, problem, picked, contacts, contact_row, previous),
        warnings=tuple(warnings),
    )


def _grid(
    mission: Mission,
    ephemerides: Sequence[Ephemeris],
    passes: Sequence[Pass],
    strips: Strips,
    laws: Sequence[SlewLaw],
    warnings: list[str],
) -> Stretches:
    """Starts of all passes, at the mission's step or one so much coarser that tables keep to their size."""
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
