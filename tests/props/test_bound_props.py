"""The bound is never below the best plan, whatever the problem: against a twin that tries everything."""

from __future__ import annotations

from typing import Any
from unittest.mock import patch

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from naive import bound as naive
from offnadir.planning import bound as bound_module
from offnadir.planning.bound import Bound
from offnadir.planning.problem import Curve, Options, Problem, Rows, Transitions, Windows


@st.composite
def problems(draw: Any, *, most: int = 6, plain: bool = False) -> Problem:  # noqa: C901 - a list of cases
    """Up to three chains of tables or delays; unless `plain`, pairs, profiles, rows, curves, free windows."""
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    n_chains = 1 if plain else int(rng.integers(1, 4))
    n = int(rng.integers(2, most + 1))
    chain = np.sort(rng.integers(0 if plain else -1, n_chains, n))
    count = rng.integers(1, 5 if plain else 4, n)
    step = rng.integers(1, 4, n) * 1000
    first = rng.integers(0, 9, n) * 1000
    windows = Windows(
        chain=chain,
        first_ms=first,
        step_ms=step,
        count=count,
        duration_ms=rng.integers(1, 7, n) * 1000,
    )
    is_table = rng.random(n_chains) < 0.6
    block, table, delay = np.zeros(n, np.int64), [], []
    for i in range(n):
        c = int(chain[i])
        if c < 0:
            continue
        others = np.flatnonzero(chain == c)
        if not is_table[c]:
            block[i] = len(delay)
            delay += [
                int(d)
                for d in np.where(
                    rng.random(len(others)) < 0.1, -1, rng.integers(1, 6, len(others)) * 700
                )
            ]
            continue
        block[i] = len(table)
        for j in others.tolist():
            base = int(rng.integers(1, 5)) * 900
            reach = [
                first[i] + k * step[i] + base + int(rng.integers(0, 3)) * 500
                for k in range(count[i])
            ]
            least = [
                max(0, -((int(first[j]) - int(t)) // int(step[j])))
                for t in np.maximum.accumulate(reach)
            ]
            table += [x if x < count[j] else 0xFFFF for x in least]
    transitions = Transitions(
        is_table=is_table, block=block, table=np.array(table, np.uint16), delay_ms=delay
    )
    n_tasks = int(rng.integers(1, n + 1))
    pairs = [
        (int(rng.integers(0, n_tasks)), [i], int(rng.integers(1, 12)))
        for i in range(n)
        for _ in range(1 if plain else 1 + int(rng.random() < 0.3))
    ]
    if not plain and rng.random() < 0.6 and n > 2:
        for size in (2, 2, 3):
            if rng.random() < 0.5:
                chosen = sorted(
                    rng.choice(n, size, replace=False).tolist(), key=lambda i: int(first[i])
                )
                pairs.append((int(rng.integers(0, n_tasks)), chosen, int(rng.integers(4, 25))))
    pairs.sort(key=lambda pair: pair[0])
    members = [i for _, who, _ in pairs for i in who]
    low = np.array(
        [int(rng.integers(0, count[i])) if rng.random() < 0.3 and not plain else 0 for i in members]
    )
    high = np.array(
        [
            int(rng.integers(a, count[i])) if not plain else count[i] - 1
            for a, i in zip(low, members, strict=True)
        ]
    )
    profile_block, profile = np.full(len(pairs), -1), []
    member_block = np.cumsum([0, *(len(who) for _, who, _ in pairs)])
    for i, (_, who, value) in enumerate(pairs):
        if not plain and len(who) == 1 and rng.random() < 0.3:
            m = int(member_block[i])
            profile_block[i] = len(profile)
            profile += [value + int(rng.integers(0, 6)) for _ in range(low[m], high[m] + 1)]
    share = (
        rng.integers(0, 4, len(pairs))
        if not plain and rng.random() < 0.4
        else np.zeros(len(pairs), int)
    )
    options = Options(
        task=[task for task, _, _ in pairs],
        value=[value for _, _, value in pairs],
        share=share,
        deadline_ms=np.full(len(pairs), -1),
        fixed=np.where((np.arange(len(pairs)) == 0) & (rng.random() < 0.15) & (not plain), 1, 0),
        member_block=member_block,
        member_window=members,
        member_low=low,
        member_high=high,
        member_volume_kbit=np.zeros(len(members), int),
        profile_block=profile_block,
        profile=np.array(profile, np.int64),
    )  # fmt: skip
    rows = []
    if not plain:
        for _ in range(int(rng.integers(0, 3))):
            who = rng.choice(len(pairs), int(rng.integers(1, len(pairs) + 1)), replace=False)
            rows.append(
                (
                    who,
                    rng.integers(-2 if rng.random() < 0.3 else 1, 4, len(who)),
                    int(rng.integers(0, 7)),
                )
            )
    curve = {}
    if share.any():
        curve[0] = Curve(share=[0, 2, 5, 8], value=np.cumsum([0, *rng.integers(0, 9, 3).tolist()]))
    return Problem(
        windows=windows,
        transitions=transitions,
        options=options,
        chain_satellite=np.zeros(n_chains, int),
        request=rng.integers(0, 2, n_tasks),
        rows=Rows.of(rows),
        curve=curve,
    )


@settings(max_examples=150, deadline=None)
@given(problems(), st.booleans(), st.booleans())
def test_bound_is_never_below_the_best_plan(
    problem: Problem, knows_best: bool, groups: bool
) -> None:
    best = naive.best_value(problem)
    if best < 0:
        return
    with patch.object(bound_module, "_LARGE", -1 if groups else 2**62):
        bound = Bound(problem, best - 1 if knows_best else 0, threads=1)
    before = bound.bound
    for _ in range(400):
        goes_on = bound.step(0.2)
        assert best <= bound.bound <= before
        before = bound.bound
        if not goes_on:
            break


@settings(max_examples=100, deadline=None)
@given(problems(most=7, plain=True))
def test_one_chain_is_solved(problem: Problem) -> None:
    """Nothing is relaxed but that tasks may return, and that is found out."""
    best = naive.best_value(problem)
    bound = Bound(problem, 0, threads=1)
    while bound.step(1.0):
        pass
    assert bound.bound == best


@settings(max_examples=30, deadline=None)
@given(problems())
def test_equal_inputs_give_equal_bounds(problem: Problem) -> None:
    first, second = Bound(problem, 0, threads=1), Bound(problem, 0, threads=2)
    for _ in range(5):
        first.step(0.3)
        second.step(0.3)
        assert first.bound == second.bound
        assert first.plans() == second.plans()
