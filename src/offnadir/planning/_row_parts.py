"""Parts of a choice that share no row, and the search for the best of one part."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np

from offnadir.planning._highs import Cap, Problem, maximise
from offnadir.planning._rows import BoolArray, IntArray, Rows, part_of
from offnadir.planning._rows_greedy import fill

#: A class of values ends where the next distinct value is so many times smaller.
_CLASS_RATIO = 16
#: Work (looks of HiGHS at its limits) after which a class is left as bounded so far.
_CLASS_WORK = 400
#: Simplex iterations after which a part is not easy: other findings are waited for and used.
_EASY_ITERATIONS = 2_000
#: Parts are joined until they have so many columns: a call of HiGHS costs about 10 ms.
_PART_COLUMNS = 300


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Part:
    """Columns (rising) that share rows with no others; the rows and values are theirs alone."""

    index: int
    columns: IntArray
    values: IntArray
    rows: Rows


class Board:
    """The best choice and bound of each part so far: searching threads write, the caller reads."""

    def __init__(self, parts: list[Part], taken: BoolArray) -> None:
        self.parts = parts
        self._lock = threading.Lock()
        self._taken = [taken[part.columns] for part in parts]
        self._value = [
            int(part.values[t].sum()) for part, t in zip(parts, self._taken, strict=True)
        ]
        self._bound = [int(np.maximum(part.values, 0).sum()) for part in parts]

    def offer(self, part: Part, taken: BoolArray) -> None:
        """An allowed choice of a part; kept if it is better."""
        value = int(part.values[taken].sum())
        with self._lock:
            if value > self._value[part.index]:
                self._taken[part.index], self._value[part.index] = taken, value

    def offer_whole(self, taken: BoolArray) -> None:
        """An allowed choice of all columns."""
        for part in self.parts:
            self.offer(part, taken[part.columns])

    def tell_bound(self, part: Part, bound: int) -> None:
        """A proven bound of a part; kept if it is lower."""
        with self._lock:
            self._bound[part.index] = min(self._bound[part.index], bound)

    def state(self) -> tuple[int, int]:
        """Value and bound of the whole."""
        with self._lock:
            return sum(self._value), sum(map(max, self._bound, self._value))

    def whole(self, columns: int) -> BoolArray:
        """The best choice so far, shape (columns,)."""
        taken = np.zeros(columns, dtype=np.bool_)
        with self._lock:
            for part, inner in zip(self.parts, self._taken, strict=True):
                taken[part.columns] = inner
        return taken


class PartSearch:
    """The search of one part, with a memory of its own, so that it goes the same way in every run."""

    def __init__(
        self, part: Part, known: BoolArray, board: Board, *, seed: int, eager: bool = False
    ) -> None:
        self.part, self.board, self.seed, self.eager = part, board, seed, eager
        self.taken = known
        self.value = int(part.values[known].sum())
        self.bound = int(np.maximum(part.values, 0).sum())
        self.spent, self._iterations = 0, 0
        self._steps = list(_classes(part.values))
        self._goal, self._base = part.values, 0  # what remains to be maximised, and what is settled
        self._caps: list[Cap] = []

    @property
    def done(self) -> bool:
        """Whether the best choice is known and proven."""
        return self.bound <= self.value

    def offer(self, taken: BoolArray) -> None:
        """A choice, filled up; kept if it is allowed and better."""
        taken = fill(self.part.values, self.part.rows, taken)
        value = int(self.part.values[taken].sum())
        if value > self.value and self.part.rows.allow(taken):
            self.taken, self.value = taken, value
            self.board.offer(self.part, taken)

    def go(
        self, work: int | None, halt: Callable[[], bool], hint: Callable[[], BoolArray | None]
    ) -> None:
        """Search until the best is proven, `work` is spent, or `halt` says so.

        `hint` gives a choice found elsewhere, None if there is none; it is asked between classes once
        the part has proven hard.
        """
        most = None if work is None else self.spent + work
        while not self.done and not halt():
            left = None if most is None else most - self.spent
            if left is not None and left <= 0:
                return
            if self._iterations > _EASY_ITERATIONS and (found := hint()) is not None:
                self.offer(found)
            if self._steps:
                self._bound_class(self._steps[0], left, halt)
            else:
                self._solve_values(left, halt)
                if left is None:
                    return

    def _bound_class(self, step: int, work: int | None, halt: Callable[[], bool]) -> None:
        """How many whole steps any choice can have: a row for the problems that follow.

        If that many are reached, and all that is left over of the values makes no step together, then
        every better choice has as many, and only what is left over remains to be maximised.
        """
        rows, size = self.part.rows, len(self._goal)
        steps = np.maximum(self._goal, 0) // step
        over = int(np.maximum(self._goal - steps * step, 0).sum())
        needed = np.bincount(rows.column[rows.coefficient < 0], minlength=size) > 0
        columns = np.flatnonzero((steps > 0) | needed).astype(np.int64)

        def offer(taken: BoolArray) -> None:
            whole = np.zeros(size, dtype=np.bool_)
            whole[columns] = taken
            self.offer(whole)

        problem = Problem(
            goal=steps[columns],
            rows=part_of(rows, columns, size),
            known=self.taken[columns],
            offer=offer,
            tell_bound=lambda bound: self._tell_bound(self._base + bound * step + over),
        )
        bound = self._maximise(
            problem, _CLASS_WORK if work is None else min(_CLASS_WORK, work), halt
        )
        if halt():
            return
        self._steps.pop(0)
        if bound is None:
            return
        reached = int(steps[self.taken].sum()) == bound and over < step
        self._caps.append(Cap(steps, bound if reached else 0, bound))
        if reached:
            self._goal, self._base = self._goal - steps * step, self._base + bound * step

    def _solve_values(self, work: int | None, halt: Callable[[], bool]) -> None:
        problem = Problem(
            goal=self._goal,
            rows=self.part.rows,
            known=self.taken,
            offer=self.offer,
            tell_bound=lambda bound: self._tell_bound(self._base + bound),
            caps=self._caps,
        )
        self._maximise(problem, work, halt)

    def _maximise(self, problem: Problem, work: int | None, halt: Callable[[], bool]) -> int | None:
        outcome = maximise(problem, seed=self.seed, work=work, halt=halt, eager=self.eager)
        self.spent += max(outcome.looks, 1)
        self._iterations += outcome.iterations
        return outcome.bound

    def _tell_bound(self, bound: int) -> None:
        bound = max(bound, self.value)
        if bound < self.bound:
            self.bound = bound
            self.board.tell_bound(self.part, bound)


def make_parts(values: IntArray, rows: Rows) -> list[Part]:
    """Parts that share no row, small ones joined, smallest first."""
    label = _components(rows, len(values))
    order = np.argsort(label, kind="stable")
    groups = np.split(order, np.flatnonzero(np.diff(label[order])) + 1)
    groups.sort(key=lambda group: (len(group), int(group[0]) if len(group) else 0))
    parts: list[Part] = []
    pile: list[IntArray] = []
    for k, group in enumerate(groups):
        pile.append(group)
        last = k == len(groups) - 1 or len(groups[k + 1]) >= _PART_COLUMNS
        if last or sum(map(len, pile)) >= _PART_COLUMNS:
            columns = np.sort(np.concatenate(pile)).astype(np.int64)
            inner = part_of(rows, columns, len(values))
            parts.append(
                Part(index=len(parts), columns=columns, values=values[columns], rows=inner)
            )
            pile = []
    return parts


def _components(rows: Rows, columns: int) -> IntArray:
    """The smallest column that each column is linked to through rows."""
    label = np.arange(columns, dtype=np.int64)
    owner = rows.of_entry()
    while True:
        least = np.full(len(rows), columns, dtype=np.int64)
        np.minimum.at(least, owner, label[rows.column])
        new = label.copy()
        np.minimum.at(new, rows.column, least[owner])
        new = np.minimum(new, new[new])
        if np.array_equal(new, label):
            return label
        label = new


def _classes(values: IntArray) -> Iterator[int]:
    """Steps in which values can be counted, coarsest first: the smallest value of each class.

    1000, 2000 and 5 are 1, 2 and 0 steps of 1000. What is left over of any value must be little.
    """
    distinct = np.unique(values[values > 0])
    for low, high in zip(distinct[-2::-1].tolist(), distinct[:0:-1].tolist(), strict=True):
        over = int((distinct % high).max())
        if high >= low * _CLASS_RATIO and over <= max(low, high // _CLASS_RATIO):
            yield high
