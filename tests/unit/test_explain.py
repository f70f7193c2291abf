"""What stands between an option and a plan: chains of a few pictures, solved by hand, each with a drawing."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from offnadir.errors import InputError
from offnadir.planning._audit import value_of
from offnadir.planning.explain import Explainer, Explanation, explain
from offnadir.planning.problem import (
    Contacts,
    Options,
    Problem,
    Rows,
    Schedule,
    Spacecraft,
    Transitions,
    Windows,
)

S = 1000  # ms


def make(
    first_s: list[int],
    count: list[int],
    value: list[int],
    *,
    long_s: int = 2,
    turn_s: int = 5,
    task: list[int] | None = None,
    volume: list[int] | None = None,
    deadline_s: list[int] | None = None,
    fixed: list[int] | None = None,
    **more: Any,
) -> Problem:
    """Pictures of one satellite, one window and option each, a start every second, equal turns between."""
    n = len(first_s)
    windows = Windows(
        chain=np.zeros(n, np.int64),
        first_ms=np.array(first_s) * S,
        step_ms=np.full(n, S),
        count=np.array(count),
        duration_ms=np.full(n, long_s * S),
    )
    tasks = list(range(n)) if task is None else task
    columns: dict[str, Any] = {}
    if volume is not None:
        columns["member_volume_kbit"] = np.array(volume)
    if deadline_s is not None:
        columns["deadline_ms"] = np.array([d * S if d >= 0 else -1 for d in deadline_s])
    if fixed is not None:
        columns["fixed"] = np.array(fixed)
    return Problem(
        windows=windows,
        transitions=Transitions(
            is_table=[False],
            block=np.arange(n) * n,
            delay_ms=np.full(n * n, (long_s + turn_s) * S),
        ),
        options=Options.single(
            task=tasks, value=value, window=np.arange(n), low=np.zeros(n, np.int64),
            high=np.array(count) - 1, **columns,
        ),
        chain_satellite=np.zeros(1, np.int64),
        request=np.arange(max(tasks) + 1),
        **more,
    )  # fmt: skip


def plan(problem: Problem, starts: dict[int, int], contact: tuple[int, ...] = ()) -> Schedule:
    """A schedule from option -> number of its start."""
    option = np.array(sorted(starts), np.int64)
    made = Schedule(
        option=option,
        start=np.array([starts[o] for o in option.tolist()], np.int64),
        contact=np.array(contact, np.int64),
        value=0,
        bound=10**6,
        repeatable=True,
    )
    value = value_of(problem, made)
    return Schedule(
        option=made.option, start=made.start, contact=made.contact, value=value, bound=10**6,
        repeatable=True,
    )  # fmt: skip


def asked(problem: Problem, starts: dict[int, int], option: int, **more: Any) -> Explanation:
    return explain(problem, plan(problem, starts, **more), option)


def test_one_picture_stands_in_the_way():
    """A: 0 to 2 s. B could begin at 4 s, the turn takes until 7 s."""
    problem = make([0, 4, 20], [1, 1, 1], [5, 3, 4])
    found = asked(problem, {0: 0, 2: 0}, 1)
    assert [o.kind for o in found.obstacles] == ["time"]
    assert found.obstacles[0].options == (0,)
    assert (found.eject, found.lost, found.gain, found.cost) == ((0,), (0,), 3, 5)
    assert not found.fits


def test_two_small_ones_stand_in_the_way_of_a_large_one():
    """a: 0, b: 10 s; L at 5 s has time to neither."""
    found = asked(make([0, 10, 5], [1, 1, 1], [2, 3, 9]), {0: 0, 1: 0}, 2)
    assert (found.eject, found.gain, found.cost) == ((0, 1), 9, 5)


def test_the_cheaper_neighbour_goes():
    """a: 0, b: 10 s. M may begin at 1 to 9 s: with a gone at 1 s, with b gone at 7 s."""
    for values, gone in (([4, 3, 1], 1), ([3, 4, 1], 0)):
        found = asked(make([0, 10, 1], [1, 1, 9], values), {0: 0, 1: 0}, 2)
        assert (found.eject, found.cost) == ((gone,), 3)


def test_the_nearest_miss_is_what_the_next_picture_lacks():
    """M is ready at 7 s, done at 9 s, and b, due at 10 s, could follow at 14 s."""
    found = asked(make([0, 10, 0], [1, 1, 21], [9, 9, 1]), {0: 0, 1: 0}, 2)
    assert found.fits  # behind b there is time: from 17 s on
    found = asked(make([0, 10, 0], [1, 1, 12], [9, 9, 1]), {0: 0, 1: 0}, 2)
    assert found.obstacles[0].short == 4 * S


def test_what_finds_another_place_costs_the_difference():
    """Task 0 can be served at 0 s for 6 or at 30 s for 5; B needs the time at 0 s."""
    problem = make([0, 30, 1], [1, 1, 1], [6, 5, 2], task=[0, 0, 1])
    found = asked(problem, {0: 0}, 2)
    assert (found.eject, found.lost, found.gain, found.cost) == ((0,), (), 2, 1)


def test_another_option_of_the_same_task_goes_first():
    problem = make([0, 30], [1, 1], [6, 5], task=[0, 0])
    found = asked(problem, {0: 0}, 1)
    assert [o.kind for o in found.obstacles] == ["task"]
    assert (found.eject, found.gain, found.cost) == ((0,), 5, 6)


def test_what_is_fixed_stays():
    problem = make([0, 1], [1, 1], [1, 100], fixed=[1, 0])
    found = asked(problem, {0: 0}, 1)
    assert found.eject is None
    assert not found.fits


def test_a_row_is_full():
    """Of a, b, c one may be taken; c would need a row with room for two."""
    rows = Rows.of([([0, 1, 2], 1, 2)], ["two of three"])
    problem = make([0, 20, 40], [1, 1, 1], [4, 3, 1], rows=rows)
    found = asked(problem, {0: 0, 1: 0}, 2)
    (obstacle,) = found.obstacles
    assert (obstacle.kind, obstacle.row, obstacle.options, obstacle.short) == ("row", 0, (0, 1), 1)
    assert (found.eject, found.cost) == ((1,), 3)


def test_only_after_another_is_not_mended_by_removing():
    """Option 1 only together with option 0, which is not taken; no removal helps."""
    rows = Rows.of([([1, 0], [1, -1], 0)], ["1 after 0"])
    problem = make([0, 20, 40], [1, 1, 1], [1, 1, 1], rows=rows)
    assert asked(problem, {2: 0}, 1).eject is None
    assert asked(problem, {0: 0}, 1).fits
    # and what it needs is never what has to go for it
    problem = make([0, 1, 40], [1, 1, 1], [1, 9, 1], rows=rows)
    assert asked(problem, {0: 0}, 1).eject is None


def test_who_loses_its_condition_goes_too():
    """Option 1 only after option 0; option 2 wants the time of option 0."""
    rows = Rows.of([([1, 0], [1, -1], 0)], ["1 after 0"])
    problem = make([0, 20, 1], [1, 1, 1], [2, 3, 4], rows=rows)
    found = asked(problem, {0: 0, 1: 0}, 2)
    assert (found.eject, found.cost, found.gain) == ((0, 1), 5, 4)


def test_memory_is_short_by_what_the_next_picture_takes_too_much():
    """10 kbit, 7 of them full; the picture takes 5: 2 are missing, and without a (4) there is room."""
    problem = make(
        [0, 20, 40],
        [1, 1, 1],
        [2, 9, 1],
        volume=[4, 3, 5],
        spacecraft=(Spacecraft(memory_kbit=10),),
    )
    found = asked(problem, {0: 0, 1: 0}, 2)
    (obstacle,) = found.obstacles
    assert (obstacle.kind, obstacle.short, obstacle.satellite) == ("memory", 2, 0)
    assert (found.eject, found.cost) == ((0,), 2)


def test_several_have_to_go_where_one_is_not_enough():
    """Of 4, 4 and 2 kbit in 10, a picture of 9 leaves none but what is 1 or less."""
    problem = make(
        [0, 20, 40, 60], [1, 1, 1, 1], [1, 1, 1, 9], volume=[4, 4, 2, 9],
        spacecraft=(Spacecraft(memory_kbit=10),),
    )  # fmt: skip
    found = asked(problem, {0: 0, 1: 0, 2: 0}, 3)
    assert (found.eject, found.obstacles[0].short) == ((0, 1, 2), 9)


def test_a_deadline_is_missed_by_three_seconds():
    """The contact from 20 to 25 s is the first; due at 22 s."""
    contacts = Contacts(
        satellite=[0], station=[0], start_ms=[20 * S], stop_ms=[25 * S], max_volume_kbit=[9]
    )
    problem = make(
        [0], [1], [1], volume=[5], deadline_s=[22], contacts=contacts, antennas=np.array([1]),
        spacecraft=(Spacecraft(memory_kbit=10),),
    )  # fmt: skip
    found = asked(problem, {}, 0, contact=(0,))
    (obstacle,) = found.obstacles
    assert (obstacle.kind, obstacle.short, found.eject) == ("deadline", 3 * S, None)


def test_duty_is_short_by_the_picture():
    """4 s in any 30 s: a and b take them; c at 20 s lies in a stretch with both."""
    craft = Spacecraft(duty_imaging_ms=4 * S, duty_in_ms=30 * S)
    problem = make([0, 10, 20], [1, 1, 1], [3, 2, 1], spacecraft=(craft,))
    found = asked(problem, {0: 0, 1: 0}, 2)
    (obstacle,) = found.obstacles
    assert (obstacle.kind, obstacle.short) == ("duty", 2 * S)
    assert (found.eject, found.cost) == ((1,), 2)


def test_what_is_taken_or_fits_needs_nothing():
    problem = make([0, 20], [1, 1], [5, 3])
    explainer = Explainer(problem, plan(problem, {0: 0}))
    assert explainer.explain(0).fits
    assert explainer.explain(1) == Explanation(
        option=1, obstacles=(), eject=(), lost=(), gain=3, cost=0
    )
    assert explainer.fits(1)


def test_plans_that_break_a_rule_are_refused():
    problem = make([0, 1], [1, 1], [5, 3])
    with pytest.raises(InputError, match="keeps every rule"):
        Explainer(problem, plan(problem, {0: 0, 1: 0}))
    with pytest.raises(InputError, match="from 0 to 1"):
        explain(problem, plan(problem, {0: 0}), 2)
