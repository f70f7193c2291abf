"""Which pictures to take: a neighbourhood search for the plan, a relaxation for the bound, side by side."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, replace

import numpy as np

from offnadir.errors import InputError, OffnadirError
from offnadir.planning._audit import curve_value, faults, value_of
from offnadir.planning._search import Search
from offnadir.planning.problem import IntArray, Options, Problem, Progress, Schedule, Stop

#: Work of one slice of the search, after which the clock is looked at: some tenths of a second.
SLICE = 1_000_000
#: Slices of the first cycle, and by how much each is longer than the one before, up to the most.
_FIRST_CYCLE, _GROWTH, _MOST_CYCLE = 1, 2, 64
_POLL_S = 0.05


@dataclass(frozen=True, slots=True, kw_only=True)
class SearchParameters:
    """How the search goes about it. Losses are shares of the mean value of what is taken.

    At the beginning of a cycle a move may lose about `hot`, at its end about `cold`; a string that is
    taken out has up to `longest` pictures. `threads` searches run side by side.
    """

    hot: float = 0.25
    cold: float = 0.01
    longest: int = 6
    threads: int = 2

    def __post_init__(self) -> None:
        for name in ("hot", "cold"):
            if not getattr(self, name) > 0.0:
                raise InputError(name, getattr(self, name), "greater than 0")
        for name in ("longest", "threads"):
            if getattr(self, name) < 1:
                raise InputError(name, getattr(self, name), "1 or more")


def solve(
    problem: Problem,
    stop: Stop | None = None,
    seed: int = 1,
    params: SearchParameters | None = None,
    *,
    progress: Callable[[Progress], None] | None = None,
    interrupted: Callable[[], bool] | None = None,
    start: Schedule | None = None,
) -> Schedule:
    """The best plan that can be found and proven until it is time to stop.

    Equal problems, seeds, parameters and `stop.rounds` give equal plans on any machine, unless the clock strikes
    first (then `repeatable` is false). One round is a fixed amount of work, some tenths of a second.

    Parameters
    ----------
    progress : callable, optional
        Called in this thread whenever a better plan or bound is known.
    interrupted : callable, optional
        Asked some twenty times a second; once it is true the best plan so far is returned.
    start : Schedule, optional
        A plan of this problem to begin with.

    The first KeyboardInterrupt ends the search, and the best plan so far is returned.
    """
    return _Solver(
        problem, stop or Stop(), seed, params or SearchParameters(), progress, interrupted, start
    ).run()


class _Solver:
    def __init__(
        self,
        problem: Problem,
        stop: Stop,
        seed: int,
        params: SearchParameters,
        progress: Callable[[Progress], None] | None,
        interrupted: Callable[[], bool] | None,
        start: Schedule | None,
    ) -> None:
        self._begin_s = time.monotonic()
        self._problem, self._stop, self._params, self._seed = problem, stop, params, seed
        self._progress, self._interrupted, self._start = progress, interrupted, start
        self._halt = threading.Event()
        self._clock_struck = False
        self._value, self._bound = -1, _most(problem)
        self._plan: tuple[IntArray, IntArray, IntArray] | None = None
        self._trace: list[tuple[float, int, int]] = []
        self._rounds = 0

    def run(self) -> Schedule:
        searches = [
            Search(self._problem, self._seed * 1000 + i) for i in range(self._params.threads)
        ]
        searches[0].fill_up()
        if self._start is not None:
            searches[0].load(_loadable(self._problem, self._start))
        self._hear(searches[0])
        for other in searches[1:]:
            other.load(searches[0].best())
        try:
            with ThreadPoolExecutor(len(searches)) as pool:
                try:
                    self._cycles(pool, searches)
                finally:
                    self._halt.set()
        except KeyboardInterrupt:
            self._clock_struck = True
        for search in searches:
            self._hear(search)
        return self._schedule(searches)

    def _cycles(self, pool: ThreadPoolExecutor, searches: list[Search]) -> None:
        length, number = _FIRST_CYCLE, 0
        while self._go_on():
            if self._stop.rounds is not None:
                length = min(length, self._stop.rounds - self._rounds)
                if length <= 0:
                    return
            mean = max(self._value / max(np.count_nonzero(searches[0].best()[0] >= 0), 1), 1e-9)
            jobs: list[Future[None]] = [pool.submit(self._cool, s, length, mean) for s in searches]
            pending = set(jobs)
            while pending:
                _, pending = wait(pending, timeout=_POLL_S)
                for search in searches:
                    self._hear(search)
                if not self._go_on():
                    self._halt.set()
            for job in jobs:
                job.result()
            self._rounds += length
            number += 1
            length = min(length * _GROWTH, _MOST_CYCLE)
            best = max(searches, key=lambda s: s.value)
            for search in searches:
                if search.value < best.value or number % 2 == 0:
                    search.load(best.best())

    def _cool(self, search: Search, length: int, mean: float) -> None:
        """One cycle of a search: from hot to cold."""
        p, begin = self._params, search.work
        for i in range(length):
            if self._halt.is_set():
                return
            until = begin + (i + 1) * SLICE
            search.run(until, begin, begin + length * SLICE, p.hot * mean, p.cold * mean, p.longest)

    def _hear(self, search: Search) -> None:
        """Take note of a better plan. A search that runs may be writing its best: those are copied when it rests."""
        if search.value > self._value:
            self._value = search.value
            self._tell()

    def _tell(self) -> None:
        elapsed_s = time.monotonic() - self._begin_s
        self._trace.append((elapsed_s, self._value, self._bound))
        if self._progress is not None:
            self._progress(Progress(elapsed_s=elapsed_s, value=self._value, bound=self._bound))

    def _go_on(self) -> bool:
        if self._bound - self._value <= self._stop.gap * self._bound or self._halt.is_set():
            return False
        asked = self._interrupted is not None and self._interrupted()
        if asked or time.monotonic() - self._begin_s >= self._stop.time_s:
            self._clock_struck = True
            return False
        return True

    def _schedule(self, searches: list[Search]) -> Schedule:
        taken, start, used = max(searches, key=lambda search: search.value).best()
        o = self._problem.options
        option = np.sort(taken[taken >= 0])
        members = [
            m for i in option.tolist() for m in range(o.member_block[i], o.member_block[i + 1])
        ]
        schedule = Schedule(
            option=option,
            start=np.array([_start(o, start, m) for m in members], np.int64),
            contact=np.flatnonzero(used).astype(np.int64),
            value=self._value,
            bound=max(self._bound, self._value),
            repeatable=not self._clock_struck,
            trace=tuple(self._trace),
        )
        value = value_of(self._problem, schedule)  # starts may earn more than the least of their option
        schedule = replace(schedule, value=value, bound=max(self._bound, value))
        wrong = faults(self._problem, schedule)
        if wrong:
            raise OffnadirError("the search broke a rule of its own: " + "; ".join(wrong[:3]))
        return schedule


def _start(options: Options, start: IntArray, m: int) -> int:
    """The start of a member; what is in no chain was never given one and begins as soon as it may."""
    return int(np.clip(start[m], options.member_low[m], options.member_high[m]))


def _loadable(problem: Problem, schedule: Schedule) -> tuple[IntArray, IntArray, IntArray]:
    """A schedule as the search keeps it; one that breaks a rule is refused."""
    wrong = faults(problem, schedule)
    if wrong:
        raise InputError("start", wrong[0], "a plan that keeps every rule of the problem")
    o = problem.options
    taken = np.full(problem.n_tasks, -1, np.int64)
    taken[o.task[schedule.option]] = schedule.option
    start = np.zeros(len(o.member_window), np.int64)
    members = [
        m for i in schedule.option.tolist() for m in range(o.member_block[i], o.member_block[i + 1])
    ]
    start[members] = schedule.start
    used = np.zeros(len(problem.contacts), np.int64)
    used[schedule.contact] = 1
    return taken, start, used


def _most(problem: Problem) -> int:
    """What no plan can exceed, by the simplest reckoning: the best option of each task."""
    o = problem.options
    best = np.zeros(problem.n_tasks, np.int64)
    value = o.value.copy()
    for i in np.flatnonzero(o.profile_block >= 0).tolist():
        m = o.member_block[i]
        n = int(o.member_high[m] - o.member_low[m]) + 1
        value[i] = o.profile[o.profile_block[i] : o.profile_block[i] + n].max()
    np.maximum.at(best, o.task, value)
    total = int(best.sum())
    share = np.zeros(problem.n_tasks, np.int64)
    np.maximum.at(share, o.task, o.share)
    for request, curve in problem.curve.items():
        total += curve_value(curve, int(share[problem.request == request].sum()))
    return total
