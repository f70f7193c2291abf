"""Rows, lifting and the exact engine on cases solved by hand."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest

from offnadir.errors import InputError
from offnadir.planning._lifting import lift
from offnadir.planning._milp import solve_rows
from offnadir.planning._row_parts import make_parts
from offnadir.planning._rows import Rows, make_rows


def as_lists(rows: Rows) -> list[tuple[list[int], list[int], int]]:
    ends = zip(rows.start[:-1], rows.start[1:], rows.limit.tolist(), strict=True)
    return [
        (rows.column[a:b].tolist(), rows.coefficient[a:b].tolist(), most) for a, b, most in ends
    ]


def test_pairs_become_a_clique() -> None:
    rows = make_rows((pair, [1, 1], 1) for pair in combinations(range(5), 2))
    assert as_lists(lift(rows, 6)) == [([0, 1, 2, 3, 4], [1] * 5, 1)]


def test_triples_become_a_two_set() -> None:
    rows = make_rows((three, [1, 1, 1], 2) for three in combinations(range(5), 3))
    assert as_lists(lift(rows, 6)) == [([0, 1, 2, 3, 4], [1] * 5, 2)]


def test_a_member_that_excludes_all_others_counts_double() -> None:
    """Of 0, 1, 2 no three; 3 goes with none of them: 2 x3 + x0 + x1 + x2 <= 2."""
    rows = make_rows([([0, 1, 2], [1, 1, 1], 2), *(([j, 3], [1, 1], 1) for j in range(3))])
    assert ([0, 1, 2, 3], [1, 1, 1, 2], 2) in as_lists(lift(rows, 4))


def test_a_resource_is_divided_and_its_large_members_exclude_each_other() -> None:
    rows = make_rows([([0, 1, 2, 3], [600, 500, 200, 100], 1000)])
    assert sorted(as_lists(lift(rows, 4))) == [
        ([0, 1], [1, 1], 1),
        ([0, 1, 2, 3], [6, 5, 2, 1], 10),
    ]


def test_parts_share_no_row() -> None:
    """Two chains of 400 columns; what stands alone is joined."""
    chain = [([j, j + 1], [1, 1], 1) for j in range(399)]
    rows = make_rows([*chain, *(([a + 400, b + 400], c, d) for (a, b), c, d in chain)])
    parts = make_parts(np.ones(820, dtype=np.int64), rows)
    assert sorted(len(part.columns) for part in parts) == [20, 400, 400]
    assert sorted(np.concatenate([part.columns for part in parts]).tolist()) == list(range(820))


def test_classes_of_values() -> None:
    """Two of the upper class before any of the lower, then the most of the lower beside them."""
    values = np.array([1000, 1000, 2000, 3, 2, 1], dtype=np.int64)
    rows = make_rows([([0, 1, 2], [1, 1, 2], 2), ([2, 3], [1, 1], 1), ([0, 4], [1, 1], 1)])
    choice = solve_rows(values, rows)
    assert (choice.value, choice.proven, choice.repeatable) == (2004, True, True)
    assert choice.chosen.tolist() == [0, 1, 3, 5]


def test_only_with_another() -> None:
    """0 only with 1 (which costs 3): worth it for 5, not for 2."""
    rows = make_rows([([0, 1], [1, -1], 0)])
    assert solve_rows(np.array([5, -3], dtype=np.int64), rows).chosen.tolist() == [0, 1]
    assert solve_rows(np.array([2, -3], dtype=np.int64), rows).chosen.tolist() == []


def test_nothing_to_choose() -> None:
    empty = np.empty(0, dtype=np.int64)
    assert solve_rows(empty, make_rows([])).proven
    assert solve_rows(np.array([4, 5], dtype=np.int64), make_rows([])).value == 9


def test_large_numbers_stay_whole() -> None:
    values = np.array([10**12 + 1, 10**12, 3], dtype=np.int64)
    choice = solve_rows(values, make_rows([([0, 1, 2], [1, 1, 1], 1)]))
    assert (choice.value, choice.chosen.tolist()) == (10**12 + 1, [0])


def random_rows(seed: int, columns: int, pairs_each: int = 6) -> tuple[np.ndarray, Rows]:
    dice = np.random.default_rng(seed)
    pairs = [
        tuple(int(c) for c in dice.choice(columns, 2, replace=False))
        for _ in range(pairs_each * columns)
    ]
    size = dice.integers(1, 9, columns)
    rows = [(pair, [1, 1], 1) for pair in pairs]
    return dice.integers(1, 100, columns), make_rows([*rows, (range(columns), size, columns // 2)])


def test_so_much_work_gives_the_same_choice_twice() -> None:
    values, rows = random_rows(1, 250, 15)
    one, two = (solve_rows(values, rows, most_work=8, seed=3) for _ in range(2))
    assert one.repeatable
    assert not one.proven
    assert (one.chosen.tolist(), one.bound) == (two.chosen.tolist(), two.bound)
    assert one.value < one.bound < values.sum()


def test_progress_only_gets_better() -> None:
    values, rows = random_rows(2, 120)
    told: list[tuple[int, int]] = []
    choice = solve_rows(values, rows, progress=lambda *state: told.append(state))
    assert told == sorted(told, key=lambda state: (state[0], -state[1]))
    assert all(value <= choice.value <= bound for value, bound in told)


def test_trouble_reaches_the_caller() -> None:
    values, rows = random_rows(3, 60)

    def progress(value: int, bound: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        solve_rows(values, rows, progress=progress)


@pytest.mark.parametrize(
    ("field", "change"),
    [
        ("limit", {"limit": np.array([-1])}),
        ("column", {"column": np.array([1, 0])}),
        ("column", {"column": np.array([0, 0])}),
        ("start", {"start": np.array([0, 1])}),
        ("coefficient", {"coefficient": np.array([1])}),
    ],
)
def test_rows_that_are_none(field: str, change: dict[str, np.ndarray]) -> None:
    good = {"start": np.array([0, 2]), "column": np.array([0, 1])}
    good |= {"coefficient": np.array([1, 1]), "limit": np.array([1])}
    Rows(**good)
    with pytest.raises(InputError, match=field):
        Rows(**(good | change))


def test_a_column_without_a_value() -> None:
    with pytest.raises(InputError, match="below 2"):
        solve_rows(np.array([1, 1], dtype=np.int64), make_rows([([0, 2], [1, 1], 1)]))
