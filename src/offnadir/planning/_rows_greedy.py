"""A first choice under rows, within a fraction of a second, and filling up a choice."""

from __future__ import annotations

import numpy as np

from offnadir.planning._rows import BoolArray, IntArray, Rows, by_column


def first_plan(values: IntArray, rows: Rows, hint: IntArray | None = None) -> BoolArray:
    """The best of a few greedy choices, one of them from what fits of a hint; shape (columns,)."""
    n = len(values)
    share = rows.coefficient / np.maximum(rows.limit, 1)[rows.of_entry()]
    burden = np.bincount(rows.column, weights=np.maximum(share, 0), minlength=n)
    orders = [np.lexsort((burden, -values)), np.argsort(-values / (burden + 1e-3), kind="stable")]
    plans = [fill(values, rows, np.zeros(n, dtype=np.bool_), order) for order in orders]
    if hint is not None:
        wish = np.zeros(n, dtype=np.bool_)
        wish[np.asarray(hint, dtype=np.int64)] = True
        if not rows.allow(wish):
            order = orders[0][wish[orders[0]]]
            wish = fill(np.maximum(values, 1), rows, np.zeros(n, dtype=np.bool_), order)
        plans.insert(0, fill(values, rows, wish))
    return max(plans, key=lambda taken: int(values[taken].sum()))


def fill(
    values: IntArray, rows: Rows, taken: BoolArray, order: IntArray | None = None
) -> BoolArray:
    """Add columns of positive value in an order (default: by value) as long as every row is kept."""
    taken = taken.copy()
    room = rows.limit - rows.load(taken)
    if np.any(room < 0):
        return taken
    if order is None:
        order = np.argsort(-values, kind="stable")
    fits = np.ones(len(values), dtype=np.bool_)
    fits[rows.column[rows.coefficient > room[rows.of_entry()]]] = False
    turned = by_column(rows, len(values))
    start, row, coefficient = turned.start, turned.row, turned.coefficient
    for j in order[(values[order] > 0) & ~taken[order] & fits[order]].tolist():
        entries = slice(start[j], start[j + 1])
        at, need = row[entries], coefficient[entries]
        if np.all(need <= room[at]):
            taken[j] = True
            room[at] -= need
    return taken
