"""The best plan of a small problem by trying everything: subsets of options, all starts of their members.

Shares nothing with the solver but the columns of the problem; looks at windows, turns, options, rows and
curves.
"""

from __future__ import annotations

from itertools import combinations, pairwise, product
from typing import Any


def best_value(problem: Any) -> int:
    """The greatest value of any plan; -1 if there is none (fixed options that cannot be kept)."""
    o = problem.options
    best = -1
    for size in range(len(o.task) + 1):
        for taken in combinations(range(len(o.task)), size):
            if len({int(o.task[i]) for i in taken}) == size and rows_hold(problem, taken):
                best = max(best, value_of(problem, taken))
    return best


def rows_hold(problem: Any, taken: tuple[int, ...]) -> bool:
    """Whether every row holds and every fixed option is taken."""
    rows = problem.rows
    for r in range(len(rows.limit)):
        entries = range(rows.start[r], rows.start[r + 1])
        if (
            sum(int(rows.coefficient[e]) for e in entries if rows.option[e] in taken)
            > rows.limit[r]
        ):
            return False
    return all(i in taken for i in range(len(problem.options.fixed)) if problem.options.fixed[i])


def value_of(problem: Any, taken: tuple[int, ...]) -> int:
    """The greatest value with just these options; -1 if they do not go together."""
    o = problem.options
    members = [m for i in taken for m in range(o.member_block[i], o.member_block[i + 1])]
    owner = [i for i in taken for _ in range(o.member_block[i], o.member_block[i + 1])]
    curves = 0.0
    for key, curve in problem.curve.items():
        curves += height(
            curve, sum(int(o.share[i]) for i in taken if problem.request[o.task[i]] == key)
        )
    best = -1.0
    for starts in product(*(range(o.member_low[m], o.member_high[m] + 1) for m in members)):
        total = curves
        for i, m, start in zip(owner, members, starts, strict=True):
            if m == o.member_block[i]:
                block = o.profile_block[i]
                total += int(
                    o.value[i] if block < 0 else o.profile[block + start - o.member_low[m]]
                )
        if total > best and chains_hold(
            problem, [(int(o.member_window[m]), k) for m, k in zip(members, starts, strict=True)]
        ):
            best = total
    return int(best)


def height(curve: Any, share: int) -> float:
    """The curve's value, by straight lines."""
    last = len(curve.share) - 1
    i = next((x for x in range(1, last) if share <= curve.share[x]), last)
    x0, y0, x1, y1 = (
        int(v) for v in (curve.share[i - 1], curve.value[i - 1], curve.share[i], curve.value[i])
    )
    return y0 + (share - x0) * (y1 - y0) / (x1 - x0)


def chains_hold(problem: Any, pictures: list[tuple[int, int]]) -> bool:
    """Whether the satellite can turn from each picture to the next of its chain."""
    w, t = problem.windows, problem.transitions
    for c in {int(w.chain[i]) for i, _ in pictures} - {-1}:
        mine = sorted(
            (int(w.first_ms[i] + k * w.step_ms[i]), i, k) for i, k in pictures if w.chain[i] == c
        )
        edge = next(i for i in range(len(w.chain)) if w.chain[i] == c)
        for (t_ms, i, k), (next_ms, j, x) in pairwise(mine):
            if i == j:
                return False
            if t.is_table[c]:
                least = int(t.table[t.block[i] + (j - edge) * w.count[i] + k])
                if least == 0xFFFF or x < least:
                    return False
            else:
                delay = int(t.delay_ms[t.block[i] + j - edge])
                if delay < 0 or next_ms < t_ms + delay:
                    return False
    return True
