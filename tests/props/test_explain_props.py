"""What `explain` says would make room does make room: against trying every order of small plans."""

from __future__ import annotations

from dataclasses import replace
from itertools import permutations
from typing import Any

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from offnadir.planning._audit import faults, value_of
from offnadir.planning.explain import Explainer, Explanation, Obstacle
from offnadir.planning.problem import (
    Contacts,
    Options,
    Problem,
    Rows,
    Schedule,
    Spacecraft,
    Stop,
    Thermal,
    Transitions,
    Windows,
)
from offnadir.planning.solver import solve

SECOND = 1000


@st.composite
def problems(draw: Any) -> Problem:
    """Two to six pictures of a satellite, with turns, a memory, a contact, a duty and rows, each or not."""
    n = draw(st.integers(2, 6))

    def column(low: int, high: int, size: int = n) -> np.ndarray:
        return np.array(draw(st.lists(st.integers(low, high), min_size=size, max_size=size)))

    count = column(1, 5)
    windows = Windows(
        chain=np.zeros(n, np.int64),
        first_ms=column(0, 20) * SECOND,
        step_ms=np.full(n, SECOND),
        count=count,
        duration_ms=column(1, 3) * SECOND,
    )
    n_tasks = draw(st.integers(1, n))
    task = np.sort(column(0, n_tasks - 1))
    options = Options.single(
        task=task,
        value=column(1, 9),
        window=np.arange(n),
        low=np.zeros(n, np.int64),
        high=count - 1,
        member_volume_kbit=column(1, 4),
        deadline_ms=np.where(column(0, 3) == 0, column(10, 40) * SECOND, -1),
    )
    gap = column(1, 6, n * n)
    transitions = Transitions(
        is_table=np.zeros(1, np.bool_),
        block=np.arange(n) * n,
        delay_ms=np.repeat(windows.duration_ms, n) + gap * SECOND,
    )
    some = [np.flatnonzero(column(0, 1)) for _ in range(draw(st.integers(0, 2)))]
    rows = Rows.of([(row, 1, draw(st.integers(1, 2))) for row in some])
    craft = Spacecraft(
        memory_kbit=draw(st.none() | st.integers(2, 8)),
        duty_imaging_ms=draw(st.none() | st.integers(2, 6).map(lambda s: s * SECOND)),
        duty_in_ms=10 * SECOND,
        thermal=draw(
            st.none()
            | st.integers(2, 8).map(
                lambda k: Thermal(
                    heating_mk_s=1000, time_constant_ms=10 * SECOND, max_rise_mk=1000 * k
                )
            )
        ),
    )
    start = draw(st.integers(5, 25)) * SECOND
    contacts = Contacts(
        satellite=[0],
        station=[0],
        start_ms=[start],
        stop_ms=[start + 5 * SECOND],
        max_volume_kbit=[draw(st.integers(1, 10))],
    )
    return Problem(
        windows=windows,
        transitions=transitions,
        options=options,
        chain_satellite=np.zeros(1, np.int64),
        request=np.arange(n_tasks),
        rows=rows,
        spacecraft=(craft,),
        contacts=contacts,
        antennas=np.array([1]),
    )


def soonest(problem: Problem, order: tuple[int, ...]) -> list[int] | None:
    """Starts of options in this order, each as soon as it may."""
    o, w = problem.options, problem.windows
    starts: list[int] = []
    for place, option in enumerate(order):
        at_ms = int(w.first_ms[o.member_window[option]])
        if place:
            before = order[place - 1]
            at_ms = max(
                at_ms,
                int(w.first_ms[before])
                + starts[-1] * SECOND
                + int(problem.transitions.delay_ms[before * len(w) + option]),
            )
        k = -(-(at_ms - int(w.first_ms[option])) // SECOND)
        if k >= w.count[option]:
            return None
        starts.append(k)
    return starts


def can_be(problem: Problem, chosen: set[int]) -> bool:
    """Whether there is an order in which options can be a plan, with the contact used."""
    for order in permutations(sorted(chosen)):
        starts = soonest(problem, order)
        if starts is None:
            continue
        by_option = sorted(zip(order, starts, strict=True))
        plan = Schedule(
            option=np.array([i for i, _ in by_option], np.int64),
            start=np.array([k for _, k in by_option], np.int64),
            contact=np.array([0]),
            value=0,
            bound=10**9,
            repeatable=True,
        )
        if not faults(problem, replace(plan, value=value_of(problem, plan))):
            return True
    return False


def looser(problem: Problem, obstacle: Obstacle, by: int) -> Problem:
    """The problem with one limit raised."""
    craft = problem.spacecraft[0]
    if obstacle.kind == "row":
        limit = problem.rows.limit.copy()
        limit[obstacle.row] += by
        return replace(problem, rows=replace(problem.rows, limit=limit))
    if obstacle.kind == "memory":
        craft = replace(craft, memory_kbit=(craft.memory_kbit or 0) + by)
    elif obstacle.kind == "duty":
        craft = replace(craft, duty_imaging_ms=(craft.duty_imaging_ms or 0) + by)
    elif obstacle.kind == "thermal" and craft.thermal is not None:
        rise = craft.thermal.max_rise_mk + by
        craft = replace(craft, thermal=replace(craft.thermal, max_rise_mk=rise))
    return replace(problem, spacecraft=(craft,))


def explained(problem: Problem) -> tuple[Schedule, Explainer, list[Explanation]]:
    schedule = solve(problem, Stop(rounds=0))
    explainer = Explainer(problem, schedule)
    found = [explainer.explain(i) for i in range(len(problem.options))]
    return schedule, explainer, found


@settings(max_examples=150, deadline=None)
@given(problems())
def test_what_makes_room_makes_room(problem: Problem):
    schedule, explainer, found = explained(problem)
    taken = set(schedule.option.tolist())
    for e in found:
        if e.option in taken:
            assert e.fits
            assert e.eject == ()
            continue
        assert e.fits == explainer.fits(e.option)
        # by itself an option can be taken, or it never can
        assert (e.eject is not None) == can_be(problem, {e.option})
        if e.eject is None:
            continue
        assert set(e.eject) <= taken
        assert can_be(problem, taken - set(e.eject) | {e.option})
        assert bool(e.eject) != e.fits
        assert e.gain == problem.options.value[e.option]
        assert set(e.lost) <= set(e.eject)
        value = problem.options.value
        assert e.cost <= value[list(e.eject)].sum()
        if e.lost == e.eject:
            assert e.cost == value[list(e.eject)].sum()


@settings(max_examples=150, deadline=None)
@given(problems())
def test_a_limit_is_short_by_what_is_said_and_no_less(problem: Problem):
    schedule, _, found = explained(problem)
    for e in found:
        if len(e.obstacles) != 1:
            continue
        (obstacle,) = e.obstacles
        if obstacle.kind not in ("row", "memory", "duty", "thermal") or obstacle.short is None:
            continue
        enough = looser(problem, obstacle, obstacle.short)
        assert Explainer(enough, schedule).fits(e.option)
        assert not Explainer(looser(problem, obstacle, obstacle.short - 1), schedule).fits(e.option)


@settings(max_examples=60, deadline=None)
@given(problems())
def test_asking_changes_nothing(problem: Problem):
    _, explainer, found = explained(problem)
    again = [explainer.explain(i) for i in reversed(range(len(problem.options)))]
    assert found == again[::-1]
