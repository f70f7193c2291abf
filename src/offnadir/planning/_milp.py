"""The best choice among columns under rows, with proof: HiGHS, helped by what it does not find by itself.

Four things make the difference on plans with exclusions and a memory: rows are lifted first
(`_lifting`); parts that share no row are solved on their own; values in classes that dominate each
other ("a thousand of the lower class") are bounded class by class, since the bound of a class may be
rounded down to its step; and a second processor searches while the first one proves.
This is the only file that knows HiGHS.
"""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import highspy
import numpy as np
from highspy import cb

from offnadir.errors import InputError
from offnadir.planning._lifting import lift
from offnadir.planning._rows import BoolArray, IntArray, Rows, part_of
from offnadir.planning._rows_greedy import fill, first_plan

#: A class of values ends where the next distinct value is so many times smaller.
_CLASS_RATIO = 16
#: Parts are joined until they have so many columns: a call costs about 10 ms.
_PART_COLUMNS = 300
#: Simplex iterations that each part gets at first; what is left over comes back with `_MORE` times as many.
_FIRST_WORK, _MORE = 20_000, 8
#: Simplex iterations after which a class is left as bounded so far.
_CLASS_WORK = 30_000
#: Costs are scaled by a power of two to stay below this.
_LARGEST_COST = float(1 << 20)
_POLL_S = 0.02


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Choice:
    """Columns taken (rising), their value, and a proven bound on the value of any choice.

    `proven` says that the value is the best possible. `repeatable` is false if the clock (`stop`) had a
    say, so that another run may end elsewhere.
    """

    chosen: IntArray
    value: int
    bound: int
    proven: bool
    repeatable: bool


def solve_rows(
    values: IntArray,
    rows: Rows,
    *,
    hint: IntArray | None = None,
    stop: Callable[[], bool] = lambda: False,
    seed: int = 0,
    progress: Callable[[int, int], None] = lambda value, bound: None,
    most_work: int | None = None,
) -> Choice:
    """Maximise the values of the columns taken while every row is kept.

    `values` has shape (columns,), int64. `hint` is columns of a plan known before; it may break rows, what
    fits of it is used. `stop` and `progress` (value, bound) are called some fifty times a second in the
    calling thread; `stop` returning true ends the search with the best so far. `most_work` ends it
    after so many simplex iterations, at the same place in every run.

    The same seed and work give the same choice as long as `stop` stays false.
    """
    values = np.ascontiguousarray(values, dtype=np.int64)
    if values.ndim != 1:
        raise InputError("values", values.shape, "one-dimensional")
    if len(rows.column) and rows.column.max() >= len(values):
        raise InputError("rows.column", int(rows.column.max()), f"below {len(values)}, one per value")
    board = _Board(values, rows, progress)
    board.offer(first_plan(values, rows, hint))
    board.tell()
    tight = lift(rows, len(values))
    parts = list(_parts(values, tight, board, seed))
    board.parts = parts
    board.tell()
    _work_through(parts, board, stop, most_work)
    board.tell()
    return Choice(
        chosen=np.flatnonzero(board.taken).astype(np.int64),
        value=board.value,
        bound=max(board.bound(), board.value),
        proven=board.bound() <= board.value,
        repeatable=not board.stopped,
    )


class _Board:
    """The best choice so far, which threads offer to and the caller reads from."""

    def __init__(self, values: IntArray, rows: Rows, progress: Callable[[int, int], None]) -> None:
        self.values, self.rows, self.progress = values, rows, progress
        self.lock = threading.Lock()
        self.taken: BoolArray = np.zeros(len(values), dtype=np.bool_)
        self.value = 0
        self.parts: list[_Part] = []
        self.stopped = False
        self._told: tuple[int, int] | None = None

    def offer(self, taken: BoolArray) -> None:
        """Take a choice over if it is allowed and better."""
        value = int(self.values[taken].sum())
        with self.lock:
            if value > self.value and self.rows.allow(taken):
                self.value, self.taken = value, taken

    def bound(self) -> int:
        if self.parts:
            return sum(part.bound for part in self.parts)
        return int(np.maximum(self.values, 0).sum())

    def tell(self) -> None:
        state = self.value, max(self.bound(), self.value)
        if state != self._told:
            self._told = state
            self.progress(*state)


class _Part:
    """Columns that share rows with no others: their lifted rows, and what is known of them."""

    def __init__(self, board: _Board, columns: IntArray, rows: Rows, seed: int) -> None:
        self.board, self.columns, self.rows, self.seed = board, columns, rows, seed
        self.values = board.values[columns]
        self.taken = board.taken[columns]
        self.value = int(self.values[self.taken].sum())
        self.bound = int(np.maximum(self.values, 0).sum())
        self.steps = list(_classes(self.values))
        self.caps: list[tuple[IntArray, int]] = []

    @property
    def done(self) -> bool:
        return self.bound <= self.value

    def offer(self, taken: BoolArray) -> None:
        """A choice among these columns, filled up; the rest of the plan stays."""
        taken = fill(self.values, self.rows, taken)
        value = int(self.values[taken].sum())
        if value > self.value and self.rows.allow(taken):
            self.taken, self.value = taken, value
            whole = self.board.taken.copy()
            whole[self.columns] = taken
            self.board.offer(whole)

    def improve_bound(self, bound: int) -> None:
        self.bound = max(min(self.bound, bound), self.value)


def _parts(values: IntArray, rows: Rows, board: _Board, seed: int) -> Iterator[_Part]:
    """Parts that share no row, small ones joined, smallest first."""
    label = _components(rows, len(values))
    order = np.argsort(label, kind="stable")
    cut = np.flatnonzero(np.diff(label[order])) + 1
    groups = sorted(np.split(order, cut), key=lambda g: (len(g), int(g[0]) if len(g) else 0))
    pile: list[IntArray] = []
    for k, group in enumerate(groups):
        pile.append(group)
        if sum(map(len, pile)) >= _PART_COLUMNS or k == len(groups) - 1 or len(groups[k + 1]) >= _PART_COLUMNS:
            columns = np.sort(np.concatenate(pile)).astype(np.int64)
            yield _Part(board, columns, part_of(rows, columns, len(values)), seed)
            pile = []


def _components(rows: Rows, columns: int) -> IntArray:
    """The smallest column that each column is linked to through rows."""
    label = np.arange(columns, dtype=np.int64)
    owner = rows.of_entry()
    while len(owner):
        least = np.full(len(rows), columns, dtype=np.int64)
        np.minimum.at(least, owner, label[rows.column])
        new = label.copy()
        np.minimum.at(new, rows.column, least[owner])
        new = np.minimum(new, new[new])
        if np.array_equal(new, label):
            break
        label = new
    return label


def _classes(values: IntArray) -> Iterator[IntArray]:
    """Values by class, coarsest first: whole steps of the smallest value of the class, the rest ignored.

    1000, 2000 and 5 give 1, 2 and 0; a class that would ignore more than a little of a value is none.
    """
    distinct = np.unique(values[values > 0])
    for low, high in zip(distinct[-2::-1].tolist(), distinct[:0:-1].tolist(), strict=True):
        if high >= low * _CLASS_RATIO and np.all(values[values > 0] % high <= max(low, high // _CLASS_RATIO)):
            yield np.maximum(values, 0) // high


def _work_through(
    parts: list[_Part], board: _Board, stop: Callable[[], bool], most_work: int | None
) -> None:
    """Solve parts in rounds with more and more work each, until all are proven or time is up."""
    allowance, spent = _FIRST_WORK, 0
    todo = [part for part in parts if not part.done]
    while todo:
        for part in todo:
            work = None if len(todo) == 1 else allowance
            if most_work is not None:
                left = most_work - spent
                work = left if work is None else min(work, left)
                if left <= 0:
                    return
            spent += _solve_part(part, board, stop, work)
            if board.stopped:
                return
        todo = [part for part in todo if not part.done]
        allowance *= _MORE


def _solve_part(part: _Part, board: _Board, stop: Callable[[], bool], work: int | None) -> int:
    """One go at a part, in a thread so that the caller's `stop` is heard; the work spent."""
    run = _Run(part, work)
    thread = threading.Thread(target=run.go, daemon=True)
    thread.start()
    try:
        while thread.is_alive():
            thread.join(_POLL_S)
            board.tell()
            if stop():
                board.stopped = True
                break
    finally:
        run.halt = True
        thread.join()
    if run.trouble is not None:
        raise run.trouble
    return run.spent


class _Run:
    """HiGHS on one part: class by class, then the values themselves."""

    def __init__(self, part: _Part, work: int | None) -> None:
        self.part, self.work = part, work
        self.halt = False
        self.spent = 0
        self.trouble: BaseException | None = None

    def go(self) -> None:
        try:
            while self.part.steps and not self.halt and not self.part.done and self._left() != 0:
                self._bound_class(self.part.steps[0])
            if not self.halt and not self.part.done and self._left() != 0:
                self._solve_values()
        except BaseException as trouble:  # noqa: BLE001: handed to the thread that waits
            self.trouble = trouble

    def _left(self) -> int | None:
        return None if self.work is None else max(self.work - self.spent, 0)

    def _bound_class(self, steps: IntArray) -> None:
        """How many steps of a class any choice can have: a row for the problems that follow."""
        part = self.part
        negative = np.bincount(part.rows.column[part.rows.coefficient < 0], minlength=len(steps)) > 0
        columns = np.flatnonzero((steps > 0) | negative).astype(np.int64)
        rows = part_of(part.rows, columns, len(steps))

        def offer(taken: BoolArray) -> None:
            whole = np.zeros(len(steps), dtype=np.bool_)
            whole[columns] = taken
            part.offer(whole)

        left = self._left()
        work = _CLASS_WORK if left is None else min(_CLASS_WORK, left)
        caps = [(cap[columns], most) for cap, most in part.caps]
        bound = self._highs(steps[columns], rows, caps, part.taken[columns], offer, lambda bound: None, work)
        if bound is not None and not self.halt:
            part.caps.append((steps, bound))
            part.steps.pop(0)

    def _solve_values(self) -> None:
        part = self.part
        bound = self._highs(
            part.values, part.rows, part.caps, part.taken, part.offer, part.improve_bound, self._left()
        )
        if bound is not None:
            part.improve_bound(bound)

    def _highs(
        self,
        values: IntArray,
        rows: Rows,
        caps: list[tuple[IntArray, int]],
        start: BoolArray,
        offer: Callable[[BoolArray], None],
        tell_bound: Callable[[int], None],
        work: int | None,
    ) -> int | None:
        """Solve, offering choices and bounds as they come; the last bound, None if there is none."""
        scale = 1.0
        while float(np.abs(values).max(initial=0)) * scale > _LARGEST_COST:
            scale /= 2.0
        highs = _loaded(values * scale, rows, caps, self.part.seed, scale)
        before = self.spent

        def whole(bound: float) -> int | None:
            return int(np.floor(bound / scale + 1e-5)) if abs(bound) < 1e18 else None

        def callback(kind: Any, _message: str, out: Any, answer: Any, _user: Any) -> None:
            if kind == cb.HighsCallbackType.kCallbackMipImprovingSolution:
                offer(np.asarray(out.mip_solution) > 0.5)
                return
            if kind == cb.HighsCallbackType.kCallbackMipInterrupt:
                self.spent = before + int(out.simplex_iteration_count)
                bound = whole(out.mip_dual_bound)
                if bound is not None:
                    tell_bound(bound)
                if work is not None and self.spent - before > work:
                    answer.user_interrupt = True
            if self.halt:
                answer.user_interrupt = True

        highs.setCallback(callback, None)
        for kind in ("MipImprovingSolution", "MipInterrupt", "SimplexInterrupt"):
            highs.startCallback(getattr(cb.HighsCallbackType, f"kCallback{kind}"))
        if start.any():
            solution = highspy.HighsSolution()
            solution.col_value = start.astype(np.float64).tolist()
            highs.setSolution(solution)
        highs.run()
        info = highs.getInfo()
        self.spent = before + max(int(info.simplex_iteration_count), 1)
        found = np.asarray(highs.getSolution().col_value)
        if len(found) == len(values):
            offer(found > 0.5)
        return whole(info.mip_dual_bound)


def _loaded(
    cost: Any, rows: Rows, caps: list[tuple[IntArray, int]], seed: int, unit: float
) -> highspy.Highs:
    """HiGHS with a problem in it, told to go on until the bound is less than one unit away."""
    highs = highspy.Highs()
    options: dict[str, Any] = {
        "output_flag": False,
        "threads": 1,
        "random_seed": seed % (2**31),
        "mip_rel_gap": 0.0,
        "mip_abs_gap": 0.999 * unit,
    }
    for name, value in options.items():
        highs.setOptionValue(name, value)
    n = len(cost)
    columns, coefficients = [rows.column], [rows.coefficient]
    lengths, limits = [np.diff(rows.start)], [rows.limit]
    for cap, most in caps:
        some = np.flatnonzero(cap)
        columns.append(some)
        coefficients.append(cap[some])
        lengths.append(np.array([len(some)]))
        limits.append(np.array([most]))
    lp = highspy.HighsLp()
    lp.num_col_, lp.num_row_ = n, sum(map(len, limits))
    lp.sense_ = highspy.ObjSense.kMaximize
    lp.col_cost_, lp.col_lower_, lp.col_upper_ = cost, np.zeros(n), np.ones(n)
    lp.row_lower_ = np.full(lp.num_row_, -highspy.kHighsInf)
    lp.row_upper_ = np.concatenate(limits).astype(np.float64)
    lp.integrality_ = [highspy.HighsVarType.kInteger] * n
    lp.a_matrix_.format_ = highspy.MatrixFormat.kRowwise
    lp.a_matrix_.start_ = np.concatenate([[0], np.cumsum(np.concatenate(lengths))]).astype(np.int32)
    lp.a_matrix_.index_ = np.concatenate(columns).astype(np.int32)
    lp.a_matrix_.value_ = np.concatenate(coefficients).astype(np.float64)
    highs.passModel(lp)
    return highs
