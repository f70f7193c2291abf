"""The best choice among columns under rows, with proof.

Five things make the difference to handing the rows to a solver: they are lifted first (`_lifting`);
parts that share no row are solved on their own; values in classes that dominate each other ("a thousand
of the lower class") are bounded class by class, since the bound of a class may be rounded down to its step;
annealing (`_row_anneal`) finds good choices within a second; and two processors are used: on two parts,
or on proof and search.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from offnadir.errors import InputError
from offnadir.planning._lifting import lift
from offnadir.planning._row_anneal import ROUNDS, Annealer
from offnadir.planning._row_parts import Board, PartSearch, make_parts
from offnadir.planning._rows import BoolArray, IntArray, Rows
from offnadir.planning._rows_greedy import first_plan

#: Work that each part gets at first; what is left over comes back for `_MORE` times as much.
_FIRST_WORK, _MORE = 300, 8
#: How long a stopped search is waited for: HiGHS cannot be broken off while it solves a relaxation.
_PATIENCE_S = 2.0
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
    """Maximise the sum of the values of the columns taken, every row kept.

    `values` has shape (columns,), int64. `hint` is columns of a plan known before; it may break rows, what
    fits of it is used. `stop` and `progress` (value, bound) are called some fifty times a second in the
    calling thread; `stop` returning true ends the search with the best so far, within some seconds.
    `most_work` ends the search of each part after so many rounds of cuts and steps in the solver's tree,
    at the same place in every run.

    The same seed and work give the same choice, on any number of processors, as long as `stop` stays
    false, given one version of HiGHS.
    """
    values = np.ascontiguousarray(values, dtype=np.int64)
    if values.ndim != 1:
        raise InputError("values", values.shape, "one-dimensional")
    if len(rows.column) and rows.column.max() >= len(values):
        raise InputError(
            "rows.column", int(rows.column.max()), f"below {len(values)}, one per value"
        )
    first = first_plan(values, rows, hint)
    search = _Search(values, rows, first, seed, most_work)
    thread = threading.Thread(target=search.go)
    told = int(values[first].sum()), int(np.maximum(values, 0).sum())
    progress(*told)
    thread.start()
    stopped = False
    try:
        while thread.is_alive():
            thread.join(_POLL_S)
            state = search.state()
            if state is not None and state != told:
                told = state
                progress(*told)
            if stop():
                stopped = thread.is_alive()
                break
    finally:
        search.halted = True
        thread.join(_PATIENCE_S)
    choice = search.result(stopped)
    if (choice.value, choice.bound) != told:
        progress(choice.value, choice.bound)
    return choice


class _Search:
    """The whole search, in threads of its own."""

    def __init__(
        self, values: IntArray, rows: Rows, first: BoolArray, seed: int, most_work: int | None
    ) -> None:
        self.values, self.rows, self.first, self.seed, self.most_work = (
            values,
            rows,
            first,
            seed,
            most_work,
        )
        self.halted = False
        self.board: Board | None = None
        self.searches: list[PartSearch] = []
        self.trouble: BaseException | None = None

    def state(self) -> tuple[int, int] | None:
        return None if self.board is None else self.board.state()

    def result(self, stopped: bool) -> Choice:
        if self.trouble is not None:
            raise self.trouble
        taken = self.first
        value, bound = int(self.values[taken].sum()), int(np.maximum(self.values, 0).sum())
        if self.board is not None:
            value, bound = self.board.state()
            taken = self.board.whole(len(self.values))
            if not stopped:  # the threads' own findings, which do not depend on who was faster
                taken = np.zeros(len(self.values), dtype=np.bool_)
                for search in self.searches:
                    taken[search.part.columns] = search.taken
                value = int(self.values[taken].sum())
                bound = sum(search.bound for search in self.searches)
        if not self.rows.allow(taken):
            raise AssertionError("a choice was found that breaks a row")
        return Choice(
            chosen=np.flatnonzero(taken).astype(np.int64),
            value=value,
            bound=bound,
            proven=bound <= value,
            repeatable=not stopped,
        )

    def go(self) -> None:
        try:
            self._go()
        except BaseException as trouble:  # noqa: BLE001 - handed to the thread that waits
            self.trouble = trouble

    def _is_halted(self) -> bool:
        return self.halted

    def _go(self) -> None:
        tight = lift(self.rows, len(self.values), self._is_halted)
        parts = make_parts(self.values, tight)
        board = Board(parts, self.first)
        self.searches = [PartSearch(p, self.first[p.columns], board, seed=self.seed) for p in parts]
        self.board = board
        annealer = Annealer(self.values, tight, self.first, self.seed)
        ended = False
        beside = threading.Thread(
            target=self._beside, args=(annealer, board, lambda: self.halted or ended)
        )
        beside.start()
        try:
            self._rounds(annealer)
        finally:
            ended = True
            while beside.is_alive() and not annealer.is_compiling:  # which cannot be broken off
                beside.join(_POLL_S)

    def _beside(self, annealer: Annealer, board: Board, halt: Callable[[], bool]) -> None:
        """What the other processor does: anneal, then search for what the proof might find last."""
        try:
            annealer.wait_for_need(halt)
            annealer.go(ROUNDS, halt, board.offer_whole)
            for search in reversed(self.searches):  # largest first
                if not search.done and not halt():
                    _look_too(search, board, board.whole(len(self.values)), self.seed + 1, halt)
        except BaseException as trouble:  # noqa: BLE001 - handed to the thread that waits
            self.trouble = trouble
            self.halted = True

    def _rounds(self, annealer: Annealer) -> None:
        """Work on parts with more and more work each, until all are proven."""
        todo = [search for search in self.searches if not search.done]
        allowance = _FIRST_WORK
        while todo and not self.halted:
            for search in todo:
                work = None if len(todo) == 1 else allowance
                if self.most_work is not None:
                    left = self.most_work - search.spent
                    if left <= 0:
                        continue
                    work = left if work is None else min(work, left)
                self._one(search, work, annealer)
            before = todo
            todo = [
                s
                for s in todo
                if not s.done and (self.most_work is None or s.spent < self.most_work)
            ]
            if len(before) == 1 and todo == before:
                return
            allowance *= _MORE

    def _one(self, search: PartSearch, work: int | None, annealer: Annealer) -> None:
        def hint() -> BoolArray | None:
            found = annealer.after_rounds(self._is_halted)
            return None if found is None else found[search.part.columns]

        search.go(work, self._is_halted, hint)


def _look_too(
    search: PartSearch, board: Board, known: BoolArray, seed: int, halt: Callable[[], bool]
) -> None:
    """Search the same part another way, for the board alone, as long as the proof takes."""
    part = search.part
    other = PartSearch(part, known[part.columns], board, seed=seed, eager=True)
    other.go(None, lambda: halt() or search.done, lambda: None)
