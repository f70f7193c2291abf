"""Small problems are solved, whatever they are: against a twin that tries everything."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from naive import bound as naive
from offnadir.planning._audit import faults
from offnadir.planning._exact import prove
from offnadir.planning.problem import Problem, Schedule
from props.test_bound_props import problems


@settings(max_examples=300, deadline=None)
@given(problems(), st.integers(-1, 3))
def test_small_problems_are_solved(problem: Problem, below: int) -> None:
    """From nothing or from a plan that is almost the best: bound, value and plan are those of the best."""
    best = naive.best_value(problem)
    incumbent = -1 if below < 0 else max(best - below, -1)
    proof = prove(problem, incumbent)
    assert proof is not None
    assert proof.is_proven
    assert proof.bound == best
    assert proof.value == best
    assert proof.is_better == (best > incumbent)
    if proof.is_better:
        plan = Schedule(
            option=proof.option, start=proof.start, contact=np.empty(0, np.int64), value=best, bound=best,
            repeatable=True,
        )  # fmt: skip
        assert faults(problem, plan) == []


@settings(max_examples=100, deadline=None)
@given(problems(), st.integers(1, 300))
def test_bound_holds_whenever_it_stops(problem: Problem, work: int) -> None:
    """With little work the bound is not below the best, and more work never makes it worse."""
    best = naive.best_value(problem)
    bounds = []
    for spent in (work, 2 * work, 4 * work):
        proof = prove(problem, -1, spent)
        assert proof is not None
        assert proof.bound >= best >= proof.value
        bounds.append(proof.bound)
    assert bounds == sorted(bounds, reverse=True)
