"""The engine for small problems: cases solved by hand, each with its reckoning."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import numpy as np

from offnadir.planning._exact import prove
from offnadir.planning.problem import Curve, Options, Problem, Rows, Transitions, Windows


def line(
    first: list[int], count: list[int], delay: list[list[int]], task: list[int], value: list[int]
) -> Problem:
    """One chain, a window an option, starts a second apart; delays in seconds."""
    n = len(first)
    return Problem(
        windows=Windows(
            chain=np.zeros(n, np.int64),
            first_ms=np.array(first) * 1000,
            step_ms=np.full(n, 1000),
            count=np.array(count),
            duration_ms=np.full(n, 1000),
        ),
        transitions=Transitions(
            is_table=np.zeros(1, np.bool_),
            block=np.arange(n) * n,
            delay_ms=(np.array(delay) * 1000).ravel(),
        ),
        options=Options.single(
            task=task, value=value, window=np.arange(n), low=np.zeros(n, np.int64), high=np.array(count) - 1
        ),
        chain_satellite=np.zeros(1, np.int64),
        request=np.arange(max(task) + 1),
    )  # fmt: skip


def polygon() -> Problem:
    """Three strips of one polygon and two targets, all in seconds 0 to 10, 5 s from any to any other."""
    problem = line([0] * 5, [11] * 5, [[5] * 5] * 5, [0, 1, 2, 3, 4], [0, 0, 0, 4, 4])
    curve = Curve(share=[0, 4, 7, 10], value=[0, 1, 4, 15])
    return replace(
        problem,
        request=np.array([0, 0, 0, 1, 2]),
        curve={0: curve},
        options=replace(problem.options, share=np.array([4, 3, 3, 0, 0])),
    )


def test_a_curve_that_rises_ever_faster() -> None:
    """Starts at 0, 5 and 10: three pictures. The polygon earns 15, two targets and a strip 9."""
    proof = prove(polygon(), -1)
    assert proof is not None
    assert (proof.bound, proof.value, proof.is_proven, proof.is_better) == (15, 15, True, True)
    assert proof.option.tolist() == [0, 1, 2]
    assert sorted(proof.start.tolist()) == [0, 5, 10]


def test_where_the_polygon_does_not_fit() -> None:
    """Starts at 0 and 5 only: two targets earn 8, two strips 4 at most (share 7), one of each 5."""
    problem = polygon()
    windows = replace(problem.windows, count=np.full(5, 10))
    proof = prove(
        replace(problem, windows=windows, options=replace(problem.options, member_high=np.full(5, 9))), -1
    )  # fmt: skip
    assert proof is not None
    assert (proof.bound, proof.value) == (8, 8)
    assert proof.option.tolist() == [3, 4]


def test_what_is_known_already_is_proven_and_no_plan_handed_out() -> None:
    """A plan worth 15 exists: nothing is better."""
    proof = prove(polygon(), 15)
    assert proof is not None
    assert (proof.bound, proof.value, proof.is_proven, proof.is_better) == (15, 15, True, False)
    assert len(proof.option) == len(proof.start) == 0


def test_twins_are_taken_both_or_neither() -> None:
    """Windows at 0, 3, 6, one start each, 2 s apart.

    The twins at 0 and 6 earn 5; the target at 3 earns 4 and lies between them: 9. Four seconds from the
    target to the second twin forbid that: 5 remain.
    """
    for between, best in ((2, 9), (4, 5)):
        delay = [[2, 2, 2], [2, 2, between], [2, 2, 2]]
        problem = line([0, 3, 6], [1, 1, 1], delay, [0, 0, 1], [5, 0, 4])
        options = Options(
            task=[0, 1],
            value=[5, 4],
            share=[0, 0],
            deadline_ms=[-1, -1],
            fixed=[0, 0],
            member_block=[0, 2, 3],
            member_window=[0, 2, 1],
            member_low=[0, 0, 0],
            member_high=[0, 0, 0],
            member_volume_kbit=[0, 0, 0],
            profile_block=[-1, -1],
            profile=np.empty(0, np.int64),
        )
        proof = prove(replace(problem, options=options, request=np.arange(2)), -1)
        assert proof is not None
        assert (proof.bound, proof.value) == (best, best)


def test_rows_hold() -> None:
    """Ten windows in a row, values 1 to 10: at most two of odd and three of even value."""
    n = 10
    problem = line(list(range(n)), [1] * n, [[1] * n] * n, list(range(n)), list(range(1, n + 1)))
    rows = Rows.of([(np.arange(0, n, 2), 1, 2), (np.arange(1, n, 2), 1, 3)])
    proof = prove(replace(problem, rows=rows), -1)
    assert proof is not None
    assert (proof.bound, proof.value) == (9 + 7 + 10 + 8 + 6,) * 2
    assert proof.option.tolist() == [5, 6, 7, 8, 9]


def test_more_work_gives_lower_bounds_down_to_the_best() -> None:
    """Twelve equal windows of 30 starts, 7 s apart: starts 0, 7, 14, 21, 28 hold the five most valuable."""
    n = 12
    value = [20 - i for i in range(n)]
    problem = line([0] * n, [30] * n, [[7] * n] * n, list(range(n)), value)
    bounds = []
    for work in (1, 3_000, 100_000, 10**9):
        proof = prove(problem, -1, work)
        assert proof is not None
        bounds.append(proof.bound)
    assert bounds[0] <= sum(value)
    assert all(a >= b for a, b in pairwise(bounds))
    assert bounds[-1] == 20 + 19 + 18 + 17 + 16 < bounds[0]


def test_nothing_to_choose_from() -> None:
    """The empty plan earns nothing, and that is proven."""
    nothing = np.empty(0, np.int64)
    problem = Problem(
        windows=Windows(
            chain=nothing, first_ms=nothing, step_ms=nothing, count=nothing, duration_ms=nothing
        ),
        transitions=Transitions(is_table=np.zeros(0, np.bool_), block=nothing),
        options=Options.single(
            task=nothing, value=nothing, window=nothing, low=nothing, high=nothing
        ),
        chain_satellite=nothing,
        request=nothing,
    )
    proof = prove(problem, -1)
    assert proof is not None
    assert (proof.bound, proof.value, proof.is_proven, len(proof.option)) == (0, 0, True, 0)


def test_too_many_tasks_are_left_to_others() -> None:
    """127 tasks do not fit into two words of 63 bits."""
    n = 127
    problem = line([0] * n, [1] * n, [[1] * n] * n, list(range(n)), [1] * n)
    assert prove(problem, 0) is None
