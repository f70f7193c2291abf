"""The bound: cases solved by hand, and what its parts must do at their edges."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from numpy.testing import assert_allclose

from offnadir.planning import _bound_network
from offnadir.planning import bound as bound_module
from offnadir.planning._bound_multipliers import concave_points
from offnadir.planning._implied import with_implied_rows
from offnadir.planning.bound import Bound
from offnadir.planning.problem import (
    Curve,
    Options,
    Problem,
    Rows,
    Spacecraft,
    Transitions,
    Windows,
)

NEVER = 0xFFFF


def row_of_windows(
    first_ms: list[int],
    count: list[int],
    delay_ms: int,
    value: list[int],
    task: list[int],
    **more: Any,
) -> Problem:
    """One chain, starts a second apart, the same time from any start to any next."""
    n = len(first_ms)
    options = Options.single(
        task=task, value=value, window=np.arange(n), low=np.zeros(n, int), high=np.array(count) - 1
    )
    return Problem(
        windows=Windows(
            chain=np.zeros(n, int),
            first_ms=first_ms,
            step_ms=np.full(n, 1000),
            count=count,
            duration_ms=np.full(n, more.pop("duration_ms", 1000)),
        ),
        transitions=Transitions(
            is_table=[False], block=np.arange(n) * n, delay_ms=np.full(n * n, delay_ms)
        ),
        options=more.pop("options", options),
        chain_satellite=[0],
        request=np.arange(max(task) + 1),
        **more,
    )


def finished(problem: Problem, incumbent: int = 0) -> Bound:
    bound = Bound(problem, incumbent, threads=1)
    while bound.step(10.0):
        pass
    return bound


def test_windows_of_a_hundred_thousand_starts() -> None:
    """70,000 s apart two pictures fit into starts 0 to 99,999 s, and 70,000 not into 16 bits: 5 + 4."""
    problem = row_of_windows([0, 0, 0], [100_000] * 3, 70_000_000, [5, 3, 4], [0, 1, 2])
    assert finished(problem).bound == 9


def test_three_windows_of_which_two_fit() -> None:
    """Starts 0..1 s, 0..1 s and 3..4 s, 3 s apart: one of the first two, and the last: 5 + 4."""
    problem = row_of_windows([0, 0, 3000], [2, 2, 2], 3000, [5, 3, 4], [0, 1, 2])
    bound = Bound(problem, threads=1)
    assert bound.bound == 12
    bound.step(1.0)
    assert bound.bound == 9
    assert bound.plans() == [[(0, 0), (2, 0)]]


def test_a_task_does_not_return_by_way_of_two_others() -> None:
    """Starts 0..5 s, 2 s apart: three pictures fit, of three tasks; not one of the dear task twice."""
    problem = row_of_windows([0, 0, 0], [6, 6, 6], 2000, [10, 1, 1], [0, 1, 2])
    assert finished(problem).bound == 12


def test_values_divisible_by_ten_give_a_bound_divisible_by_ten() -> None:
    """A row lets 1.5 pictures of 10 through; whole plans earn 10."""
    rows = Rows.of([([0, 1], [2, 2], 3)])
    problem = row_of_windows([0, 10_000], [1, 1], 2000, [10, 10], [0, 1], rows=rows)
    assert finished(problem).bound == 10


def test_an_option_that_needs_another() -> None:
    """Row x0 - x1 <= 0: the dear picture only with the cheap one, and they are too close: 1, not 9.

    The prices cannot know that; by them half of both is the best: with a price of 4 on the row max(9 - 4, 1
    + 4) = 5.
    """
    rows = Rows.of([([0, 1], [1, -1], 0)])
    problem = row_of_windows([0, 1000], [1, 1], 5000, [9, 1], [0, 1], rows=rows)
    assert finished(problem).bound == 5


def test_pair_is_taken_in_both_windows_or_not() -> None:
    """Pair worth 10 in windows 0 and 2; windows 1 and 3 for a picture of 6 each, 1 too close to 0.

    0 and 2 exclude 1 and 3: the pair's 10 against 12 for the others.
    """
    options = Options(
        task=[0, 1, 2],
        value=[10, 6, 6],
        share=[0, 0, 0],
        deadline_ms=[-1, -1, -1],
        fixed=[0, 0, 0],
        member_block=[0, 2, 3, 4],
        member_window=[0, 2, 1, 3],
        member_low=[0, 0, 0, 0],
        member_high=[0, 0, 0, 0],
        member_volume_kbit=[0, 0, 0, 0],
        profile_block=[-1, -1, -1],
        profile=np.empty(0, np.int64),
    )
    problem = row_of_windows(
        [0, 1000, 9000, 10_000], [1, 1, 1, 1], 2000, [0] * 4, [0, 1, 2, 2], options=options
    )
    assert finished(problem).bound == 12


def test_a_start_that_earns_more_is_counted() -> None:
    """Starts 0..3 s, 2 s apart; the first earns 1, 1, 1, 8, the other 5: the other, then the first."""
    options = Options.single(
        task=[0, 1], value=[1, 5], window=[0, 1], low=[0, 0], high=[3, 3], profile_block=[0, -1],
        profile=[1, 1, 1, 8]
    )  # fmt: skip
    problem = row_of_windows([0, 0], [4, 4], 2000, [0, 0], [0, 1], options=options)
    bound = finished(problem)
    assert bound.bound == 13
    ((early, start), late) = bound.plans()[0]
    assert (early, late) == (1, (0, 3))
    assert start <= 1


def test_fixed_option_is_in_every_plan() -> None:
    """Two pictures too close: the fixed one earns 2, the other would earn 9."""
    options = Options.single(
        task=[0, 1], value=[2, 9], window=[0, 1], low=[0, 0], high=[0, 0], fixed=[1, 0]
    )
    problem = row_of_windows([0, 500], [1, 1], 2000, [0, 0], [0, 1], options=options)
    assert finished(problem).bound == 2


def test_windows_without_a_chain_and_a_problem_without_options() -> None:
    """Free pictures: the best option of each task."""
    n = 3
    windows = Windows(
        chain=[-1] * n, first_ms=[0, 0, 0], step_ms=[1] * n, count=[1] * n, duration_ms=[1] * n
    )
    transitions = Transitions(is_table=np.empty(0, bool), block=[0] * n)
    for options, best in (
        (Options.single(task=[0, 0, 1], value=[4, 7, 2], window=[0, 1, 2], low=[0] * 3, high=[0] * 3), 9),
        (Options.single(task=[], value=[], window=[], low=[], high=[]), 0),
    ):  # fmt: skip
        bound = finished(
            Problem(
                windows=windows, transitions=transitions, options=options,
                chain_satellite=np.empty(0, int), request=[0, 1],
            )
        )  # fmt: skip
        assert bound.bound == best


def test_pictures_that_take_no_time_are_free() -> None:
    """Zero from start to start at one time: both orders are possible, so nothing is said but their sum."""
    problem = row_of_windows([0, 0], [1, 1], 0, [5, 3], [0, 1])
    assert finished(problem).bound == 8


def test_curve_that_starts_slowly_is_bounded_by_a_straight_line() -> None:
    """Points (0, 0), (4, 1), (10, 10): the least concave curve above is the line to the end."""
    curve = Curve(share=[0, 4, 10], value=[0, 1, 10])
    assert_allclose(concave_points(curve, 10), [[0, 0], [10, 10]])
    assert_allclose(
        concave_points(curve, 12), [[0, 0], [12, 13]]
    )  # goes on with the last slope, 3/2
    bent = Curve(share=[0, 4, 10], value=[0, 8, 11])
    assert_allclose(concave_points(bent, 10), [[0, 0], [4, 8], [10, 11]])
    assert_allclose(concave_points(bent, 3), [[0, 0], [3, 6]])


def test_value_of_a_share_under_a_curve() -> None:
    """Strips of share 4 and 6 too close for both, curve (0, 0), (4, 8), (10, 11): the wide one earns 9."""
    options = Options.single(
        task=[0, 1], value=[0, 0], window=[0, 1], low=[0, 0], high=[0, 0], share=[4, 6]
    )
    problem = row_of_windows([0, 500], [1, 1], 2000, [0, 0], [0, 1], options=options)
    problem = Problem(
        windows=problem.windows,
        transitions=problem.transitions,
        options=options,
        chain_satellite=[0],
        request=[7, 7],
        curve={7: Curve(share=[0, 4, 10], value=[0, 8, 11])},
    )
    assert finished(problem).bound == 9


def test_starts_in_groups_bound_from_above(monkeypatch: pytest.MonkeyPatch) -> None:
    """Groups of four starts are quicker than their starts, never slower."""
    problem = row_of_windows([0, 0, 9000], [4, 4, 4], 4000, [5, 3, 4], [0, 1, 2], duration_ms=4000)
    usable = np.ones(3, bool)
    assert len(_bound_network.network(problem, usable)[0].state_node) == 12
    assert len(_bound_network.network(problem, usable, group=4)[0].state_node) == 3
    assert finished(problem).bound == 9
    tight = row_of_windows([0, 500], [4, 8], 7000, [5, 3], [0, 1], duration_ms=4000)
    assert finished(tight).bound == 8  # 0 s and 7 s
    late = row_of_windows([0, 500], [4, 7], 7000, [5, 3], [0, 1], duration_ms=4000)
    assert finished(late).bound == 5  # the last start is at 6.5 s
    monkeypatch.setattr(_bound_network, "_MOST_ENTRIES", 6)
    assert (
        finished(late).bound == 8
    )  # groups of four: the second ends with starts at 4.5 to 6.5 s or later


def test_work_that_begins_with_groups_ends_without(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bound_module, "_LARGE", 0)
    late = row_of_windows([0, 500], [4, 7], 7000, [5, 3], [0, 1], duration_ms=4000)
    assert finished(late).bound == 5


def test_more_tasks_than_a_word_has_bits() -> None:
    """Window i has starts 2 i to 2 i + 3 s, 2 s apart: 70 pictures fit, each task once."""
    n = 70
    value = [3 + (i % 7) for i in range(n)]
    problem = row_of_windows([2000 * i for i in range(n)], [4] * n, 2000, value, list(range(n)))
    bound = finished(problem, sum(value) - 1)
    assert bound.bound == sum(value)


def test_a_better_incumbent_ends_the_work() -> None:
    problem = row_of_windows([0, 0, 3000], [2, 2, 2], 3000, [5, 3, 4], [0, 1, 2])
    bound = Bound(problem, threads=1)
    bound.improve_incumbent(9)
    assert not bound.step(10.0)
    assert bound.bound == 9


@pytest.mark.parametrize(
    ("volumes", "memory", "most"),
    [
        ([4, 4, 4], 10, 8),
        ([3, 5, 3], 7, 6),
        ([1976, 1976, 1976, 1976], 6000, 5928),
        ([2, 3, 7], 6, 5),
    ],
)
def test_a_memory_is_filled_by_whole_pictures(volumes: list[int], memory: int, most: int) -> None:
    """The greatest sum of some of the volumes that is not above the memory, by trying all."""
    n = len(volumes)
    problem = row_of_windows([10_000 * i for i in range(n)], [1] * n, 2000, [1] * n, list(range(n)))
    problem = replace(
        problem,
        options=replace(problem.options, member_volume_kbit=np.array(volumes)),
        spacecraft=(Spacecraft(memory_kbit=memory),),
    )
    rows = with_implied_rows(problem).rows
    assert min(rows.limit) == most
