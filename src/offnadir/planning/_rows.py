"""Rows of a choice among columns: sparse inequalities over binary numbers, in whole numbers."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from offnadir.errors import InputError

IntArray = NDArray[np.int64]
BoolArray = NDArray[np.bool_]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Rows:
    """Inequalities sum(coefficient * x[column]) <= limit over x of 0 and 1, compressed by row (CSR).

    `start` has shape (rows + 1,), row i owns the entries start[i]:start[i + 1] of `column` and
    `coefficient`, shape (entries,); `limit` has shape (rows,). All int64. Columns rise strictly within a
    row. No limit is negative: taking nothing must be allowed. Coefficients may be negative ("a only with
    b" is x[a] - x[b] <= 0). Raises InputError for anything else.
    """

    start: IntArray
    column: IntArray
    coefficient: IntArray
    limit: IntArray

    def __post_init__(self) -> None:
        for name in ("start", "column", "coefficient", "limit"):
            array = np.ascontiguousarray(getattr(self, name), dtype=np.int64)
            if array.ndim != 1:
                raise InputError(name, array.shape, "one-dimensional")
            array.flags.writeable = False
            object.__setattr__(self, name, array)
        start, entries = self.start, len(self.column)
        if len(start) != len(self.limit) + 1 or start[0] != 0 or start[-1] != entries:
            raise InputError(
                "start", start, "one more than limits, from 0 to the number of entries"
            )
        if np.any(start[1:] < start[:-1]):
            raise InputError("start", start, "rising")
        if len(self.coefficient) != entries:
            raise InputError("coefficient", len(self.coefficient), f"as many as columns, {entries}")
        if entries:
            step = np.diff(self.column)
            within = np.ones(max(entries - 1, 0), dtype=np.bool_)
            inner = start[1:-1]
            within[inner[(inner > 0) & (inner < entries)] - 1] = False
            if self.column.min() < 0 or np.any(step[within] <= 0):
                raise InputError("column", self.column, "at least 0 and rising within a row")
        if np.any(self.limit < 0):
            raise InputError(
                "limit", int(self.limit.min()), "at least 0, so that nothing may be taken"
            )

    def __len__(self) -> int:
        return len(self.limit)

    def of_entry(self) -> IntArray:
        """The row of each entry, shape (entries,)."""
        return np.repeat(np.arange(len(self.limit), dtype=np.int64), np.diff(self.start))

    def load(self, taken: BoolArray) -> IntArray:
        """Left sides for a choice, shape (rows,)."""
        total = np.concatenate([[0], np.cumsum(self.coefficient * taken[self.column])])
        load: IntArray = total[self.start[1:]] - total[self.start[:-1]]
        return load

    def allow(self, taken: BoolArray) -> bool:
        """Whether a choice keeps every row."""
        return bool(np.all(self.load(taken) <= self.limit))


def make_rows(rows: Iterable[tuple[ArrayLike, ArrayLike, int]]) -> Rows:
    """Rows from (columns, coefficients, limit) each; columns in any order, each once a row.

    A single number stands for equal coefficients.
    """
    start, column, coefficient, limit = [0], [], [], []
    for columns, coefficients, most in rows:
        names = np.asarray(columns, np.int64)
        factors = np.asarray(coefficients, np.int64)
        factors = np.full(names.shape, factors) if factors.ndim == 0 else factors
        if factors.shape != names.shape:
            raise InputError("coefficient", factors.shape, f"as many as columns, {names.shape}")
        order = np.argsort(names, kind="stable")
        column.append(names[order])
        coefficient.append(factors[order])
        start.append(start[-1] + len(names))
        limit.append(most)
    nothing = np.empty(0, np.int64)
    return Rows(
        start=np.array(start, np.int64),
        column=np.concatenate(column) if column else nothing,
        coefficient=np.concatenate(coefficient) if coefficient else nothing,
        limit=np.array(limit, np.int64),
    )


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Columns:
    """The same numbers by column (CSC): column j owns the entries start[j]:start[j + 1]."""

    start: IntArray
    row: IntArray
    coefficient: IntArray


def by_column(rows: Rows, columns: int) -> Columns:
    """Rows turned, entries of a column by row."""
    order = np.argsort(rows.column, kind="stable")
    return Columns(
        start=np.searchsorted(rows.column[order], np.arange(columns + 1)).astype(np.int64),
        row=rows.of_entry()[order],
        coefficient=rows.coefficient[order],
    )


def part_of(rows: Rows, columns: IntArray, of_columns: int) -> Rows:
    """What the rows say about some columns when the others are 0; `columns` rising, renumbered from 0.

    Rows that such a choice cannot break are left out. Entries with a negative coefficient among the
    others only make a row harder to keep, so leaving them at 0 is what is asked.
    """
    place = np.full(of_columns, -1, dtype=np.int64)
    place[columns] = np.arange(len(columns))
    inside = place[rows.column] >= 0
    owner, column, coefficient = (
        rows.of_entry()[inside],
        place[rows.column[inside]],
        rows.coefficient[inside],
    )
    most = np.bincount(owner, weights=np.maximum(coefficient, 0), minlength=len(rows))
    binding = most > rows.limit
    keep = binding[owner]
    start = np.concatenate([[0], np.cumsum(np.bincount(owner[keep], minlength=len(rows))[binding])])
    return Rows(
        start=start.astype(np.int64),
        column=column[keep],
        coefficient=coefficient[keep],
        limit=rows.limit[binding],
    )
