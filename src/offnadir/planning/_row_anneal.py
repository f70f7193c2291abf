"""Annealing beside the proof: good choices within seconds, whatever the size."""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Callable

import numpy as np

from offnadir.planning._rows import BoolArray, IntArray, Rows, by_column

#: Heats of a round, as shares of the greatest value and of the least, and columns tried at each heat
#: in the first round; every round takes twice as long. Found by trying.
_HEATS, _HOT, _COLD, _FIRST_STEPS = 100, 0.4, 0.3, 1_000
#: Rounds that the proof waits for where it uses what is found here.
ROUNDS = 4
#: Columns tried in a row before `halt` is asked.
_STEPS_AT_ONCE = 200_000
_POLL_S = 0.02
#: Problems solved within this time never hear of annealing.
_EASY_S = 0.3


class Annealer:
    """A choice of columns that improves round by round; the same seed goes the same way."""

    def __init__(self, values: IntArray, rows: Rows, taken: BoolArray, seed: int) -> None:
        self._values, self._rows, self._taken, self._seed = values, rows, taken.copy(), seed
        self._ready, self._needed = threading.Event(), threading.Event()
        self.is_compiling = False
        self._found: BoolArray | None = None

    def wait_for_need(self, halt: Callable[[], bool]) -> None:
        """Leave easy problems alone; wait until somebody asks, if the kernel must be compiled first."""
        begin = time.monotonic()
        while not (self._needed.wait(_POLL_S) or halt()):
            if time.monotonic() > begin + _EASY_S and _is_compiled():
                return

    def go(self, rounds: int, halt: Callable[[], bool], offer: Callable[[BoolArray], None]) -> None:
        """Anneal, and offer what is better, until `halt`; after so many rounds `after_rounds` is set."""
        try:
            self._go(rounds, halt, offer)
        finally:
            self._ready.set()

    def after_rounds(self, halt: Callable[[], bool]) -> BoolArray | None:
        """What was found by the end of the rounds, waited for; None if halted first."""
        self._needed.set()
        while not self._ready.wait(_POLL_S):
            if halt():
                return None
        return self._found

    def _go(
        self, rounds: int, halt: Callable[[], bool], offer: Callable[[BoolArray], None]
    ) -> None:
        values, rows = self._values, self._rows
        positive = values[values > 0]
        if not len(positive) or np.any(rows.coefficient < 0):
            return
        from offnadir.planning._row_kernels import anneal  # the same

        turned = by_column(rows, len(values))
        hot, cold = float(positive.max()) * _HOT, max(float(positive.min()) * _COLD, 1.0)
        cooling = [hot * (cold / hot) ** (k / (_HEATS - 1)) for k in range(_HEATS)]
        heats = np.maximum(np.rint(cooling), 1).astype(np.int64)
        losses = np.rint([-1024 * math.log((k + 0.5) / 1024) for k in range(1024)]).astype(np.int64)
        state = np.array([(self._seed * 7919 + 1) % (1 << 63) * 2 + 1], dtype=np.uint64)
        taken, best = self._taken, self._taken.copy()
        worth = int(values[best].sum())
        steps = _FIRST_STEPS
        for _ in range(rounds):
            at_once = max(1, _STEPS_AT_ONCE // steps)
            for first in range(0, _HEATS, at_once):
                if halt():
                    return
                self.is_compiling = not _is_compiled()
                new = anneal(
                    np.maximum(values, -1),
                    rows.start,
                    rows.column,
                    rows.coefficient,
                    rows.limit,
                    turned.start,
                    turned.row,
                    turned.coefficient,
                    taken,
                    best,
                    heats[first : first + at_once],
                    steps,
                    losses,
                    state,
                )
                self.is_compiling = False
                if new > worth:
                    worth = int(new)
                    offer(best.copy())
            steps *= 2
        self._found = best


def _is_compiled() -> bool:
    from offnadir._jit import is_compiled  # numba takes half a second to import

    return is_compiled("_row_kernels.anneal")
