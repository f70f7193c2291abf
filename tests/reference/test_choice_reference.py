"""The exact engine against sizes that mathematics knows."""

from __future__ import annotations

from itertools import combinations, product

import numpy as np
import pytest

from offnadir.planning._milp import solve_rows
from offnadir.planning._rows import make_rows


@pytest.mark.parametrize(("dimension", "most"), [(2, 4), (3, 9)])
def test_cap_sets(dimension: int, most: int) -> None:
    """Most points of AG(n, 3) with no three in a line: 2, 4, 9, 20, ... (OEIS A090245)."""
    points = list(product(range(3), repeat=dimension))
    place = {point: i for i, point in enumerate(points)}
    lines = set()
    for a, b in combinations(points, 2):
        third = tuple((-x - y) % 3 for x, y in zip(a, b, strict=True))
        lines.add(tuple(sorted((place[a], place[b], place[third]))))
    rows = make_rows((line, [1, 1, 1], 2) for line in sorted(lines))
    choice = solve_rows(np.ones(len(points), dtype=np.int64), rows)
    assert (choice.value, choice.bound, choice.proven) == (most, most, True)


@pytest.mark.parametrize(("length", "distance", "most"), [(5, 3, 4), (6, 3, 8), (7, 3, 16)])
def test_codes(length: int, distance: int, most: int) -> None:
    """A(n, d), most binary words that differ in d places: MacWilliams and Sloane (1977), appendix A."""
    words = range(1 << length)
    close = [(a, b) for a, b in combinations(words, 2) if (a ^ b).bit_count() < distance]
    rows = make_rows((pair, [1, 1], 1) for pair in close)
    choice = solve_rows(np.ones(len(words), dtype=np.int64), rows)
    assert (choice.value, choice.proven) == (most, True)


def test_knapsack() -> None:
    """Kreher and Stinson, Combinatorial Algorithms (1999), the knapsack of 15 things: 1458."""
    weight = [70, 73, 77, 80, 82, 87, 90, 94, 98, 106, 110, 113, 115, 118, 120]
    profit = [135, 139, 149, 150, 156, 163, 173, 184, 192, 201, 210, 214, 221, 229, 240]
    rows = make_rows([(range(15), weight, 750)])
    choice = solve_rows(np.array(profit, dtype=np.int64), rows)
    assert (choice.value, choice.bound) == (1458, 1458)
    assert choice.chosen.tolist() == [0, 2, 4, 6, 7, 8, 13, 14]
