"""What must hold for rows, their lifting and the exact engine: against trying every choice."""

from __future__ import annotations

from itertools import product
from typing import Any

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from offnadir.planning._lifting import lift
from offnadir.planning._milp import solve_rows
from offnadir.planning._row_kernels import anneal
from offnadir.planning._rows import IntArray, Rows, by_column, make_rows, part_of

MOST = 9


@st.composite
def row_sets(draw: Any, *, negative: bool = True) -> tuple[int, Rows]:
    """Pairs, triples, wider sets, resources, and now and then a negative coefficient."""
    n = draw(st.integers(1, MOST))
    rows = []
    for _ in range(draw(st.integers(0, 14))):
        columns = draw(st.lists(st.integers(0, n - 1), min_size=1, max_size=n, unique=True))
        kind = draw(st.sampled_from(["one", "two", "triple", "resource", "any"]))
        if kind == "triple":
            columns = columns[:3]
        ones = [1] * len(columns)
        if kind == "one":
            rows.append((columns, ones, 1))
        elif kind in ("two", "triple"):
            rows.append((columns, ones, 2))
        else:
            low = -3 if kind == "any" and negative else 0
            sizes = [draw(st.integers(low, 9)) for _ in columns]
            rows.append((columns, sizes, draw(st.integers(0, 20))))
    return n, make_rows(rows)


def all_choices(n: int) -> list[np.ndarray]:
    return [np.array(bits, dtype=np.bool_) for bits in product([False, True], repeat=n)]


def values_of(n: int, seed: int) -> IntArray:
    """Values in two or three classes, a few of them negative or zero."""
    dice = np.random.default_rng(seed)
    return dice.choice(np.array([-2, 0, 1, 2, 5, 1000, 2000, 2003]), size=n).astype(np.int64)


@given(row_sets())
@settings(max_examples=300, deadline=None)
def test_lifting_cuts_no_choice_off_and_adds_none(case: tuple[int, Rows]) -> None:
    n, rows = case
    tight = lift(rows, n)
    for taken in all_choices(n):
        assert tight.allow(taken) == rows.allow(taken)


@given(row_sets())
@settings(max_examples=100, deadline=None)
def test_lifting_halted_says_the_same(case: tuple[int, Rows]) -> None:
    n, rows = case
    tight = lift(rows, n, lambda: True)
    for taken in all_choices(n):
        assert tight.allow(taken) == rows.allow(taken)


@given(row_sets(), st.integers(0, 2**31))
@settings(max_examples=150, deadline=None)
def test_best_of_all_choices(case: tuple[int, Rows], seed: int) -> None:
    n, rows = case
    values = values_of(n, seed)
    best = max(int(values[taken].sum()) for taken in all_choices(n) if rows.allow(taken))
    told: list[tuple[int, int]] = []
    choice = solve_rows(values, rows, seed=seed, progress=lambda *state: told.append(state))
    taken = np.zeros(n, dtype=np.bool_)
    taken[choice.chosen] = True
    assert rows.allow(taken)
    assert (choice.value, choice.bound, choice.proven) == (best, best, True)
    assert int(values[choice.chosen].sum()) == choice.value
    assert all(value <= best <= bound for value, bound in told)
    again = solve_rows(values, rows, seed=seed, hint=choice.chosen)
    assert again.value == best
    assert solve_rows(2 * values, rows, seed=seed).value == 2 * best


@given(row_sets(), st.integers(0, 2**31), st.data())
@settings(max_examples=100, deadline=None)
def test_stopped_at_once_the_bound_still_holds(
    case: tuple[int, Rows], seed: int, data: Any
) -> None:
    n, rows = case
    values = values_of(n, seed)
    hint = data.draw(st.lists(st.integers(0, n - 1), unique=True))
    choice = solve_rows(values, rows, stop=lambda: True, hint=np.array(hint, dtype=np.int64))
    best = max(int(values[taken].sum()) for taken in all_choices(n) if rows.allow(taken))
    assert choice.value <= best <= choice.bound
    wish = np.zeros(n, dtype=np.bool_)
    wish[hint] = True
    if rows.allow(wish):
        assert choice.value >= int(values[wish].sum())


@given(row_sets(), st.data())
@settings(max_examples=100, deadline=None)
def test_a_part_allows_what_the_whole_allows_without_the_rest(
    case: tuple[int, Rows], data: Any
) -> None:
    n, rows = case
    columns = np.array(
        sorted(data.draw(st.lists(st.integers(0, n - 1), unique=True, min_size=1))), dtype=np.int64
    )
    part = part_of(rows, columns, n)
    for inner in all_choices(len(columns)):
        whole = np.zeros(n, dtype=np.bool_)
        whole[columns] = inner
        assert part.allow(inner) == rows.allow(whole)


@given(row_sets(negative=False), st.integers(1, 2**31), st.integers(0, 50))
@settings(max_examples=60, deadline=None)
def test_annealing_keeps_rows_and_counts_right(
    case: tuple[int, Rows], seed: int, heat: int
) -> None:
    n, rows = case
    values = np.maximum(values_of(n, seed), -1)
    turned = by_column(rows, n)
    taken, best = np.zeros(n, dtype=np.bool_), np.zeros(n, dtype=np.bool_)
    losses = np.full(1024, 1024, dtype=np.int64)
    state = np.array([seed], dtype=np.uint64)
    value = anneal(
        values, rows.start, rows.column, rows.coefficient, rows.limit, turned.start, turned.row,
        turned.coefficient, taken, best, np.array([heat, 1], dtype=np.int64), 200, losses, state,
    )  # fmt: skip
    assert rows.allow(taken)
    assert rows.allow(best)
    assert value == values[best].sum() >= values[taken].sum()
