"""Which pictures to take: a neighbourhood search for the plan, a relaxation for the bound, side by side."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from offnadir.errors import InputError, OffnadirError
from offnadir.planning import _warm
from offnadir.planning._audit import curve_value, faults, value_of
from offnadir.planning._bound_multipliers import top_values
from offnadir.planning._exact import Proof, prove
from offnadir.planning._implied import with_implied_rows
from offnadir.planning._milp import solve_rows
from offnadir.planning._no_plan import no_plan
from offnadir.planning._rows import make_rows
from offnadir.planning._search import Search, plan_arrays
from offnadir.planning.bound import Bound
from offnadir.planning.problem import IntArray, Options, Problem, Progress, Schedule, Stop

#: Work of one slice of the search, after which the clock is looked at: some tenths of a second.
SLICE = 1_000_000
#: Slices of the first cycle, and by how much each is longer than the one before, up to the most.
_FIRST_CYCLE, _GROWTH, _MOST_CYCLE = 1, 2, 64
_POLL_S = 0.05
#: How much longer than as long again a choice's own proof may take once its best value is known to be that.
_PROOF_S = 1.0
#: After so many cycles without a better plan one search begins afresh, so many times hotter.
_PATIENCE, _HOTTER = 2, 2.0
#: Slices in which a plan with everything that is fixed is looked for, if the first attempt has none.
_FIRST_SLICES = 8
#: Work that takes about as long as a slice, in the units of the bound, of the enumeration and of choices.
_BOUND_WORK = 100.0
_EXACT_WORK = 50_000_000
_ROW_WORK = 500


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

    Equal problems, seeds, parameters and `stop.rounds` give equal plans on any machine, unless the clock
    strikes first (then `repeatable` is false). One round is a fixed amount of work, some tenths of a second.
    A first use compiles for a minute or so before the clock starts. The first KeyboardInterrupt ends the
    search, and the best plan so far is returned.

    Parameters
    ----------
    progress : callable, optional
        Called in this thread whenever a better plan or bound is known.
    interrupted : callable, optional
        Asked some twenty times a second; once it is true the best plan so far is returned.
    start : Schedule, optional
        A plan of this problem to begin with.
    """
    _warm.make_ready()  # compiling is not on the search's time
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
        self._trace: list[tuple[float, int, int]] = []
        self._rounds = 0
        self._priced_out, self._countable = False, True
        self._proof: Proof | None = None
        # a plan from elsewhere, or with its starts moved: the search has all starts as early as can be, and
        # may not see what it is worth
        self._kept = start
        self._may_gain = bool(np.any(problem.options.profile_block >= 0))
        self._easel: Search | None = None
        self._keeping = threading.Lock()

    def run(self) -> Schedule:
        searches = [
            Search(self._problem, self._seed * 1000 + i) for i in range(self._params.threads)
        ]
        self._first_plan(searches[0])
        self._hear(searches[0])
        for other in searches[1:]:
            other.load(searches[0].best())
        if self._is_choice():
            return self._choose_rows(searches[0])
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

    def _first_plan(self, search: Search) -> None:
        """A plan to begin with; an error that names the rule if there is none that could be found."""
        problem = self._problem
        start = None if self._start is None else _loadable(problem, self._start)
        search.fill_up()
        if self._start is not None and start is not None:
            self._value = self._start.value
            search.load(start)
            if np.any(problem.options.fixed):
                search.keep()  # what was filled up may lack a fixed option
            return
        mean = float(problem.options.value.mean()) if len(problem.options) else 0.0
        for _ in range(_FIRST_SLICES):
            if search.has_plan:
                break
            mean = max(mean, 1.0)
            search.run(search.work + SLICE, search.work, search.work + SLICE, mean, mean, 6)
        if not search.has_plan:
            proof = prove(problem, -1, _EXACT_WORK)
            if proof is not None and proof.is_better:
                nothing = np.empty(0, np.int64)
                search.load(plan_arrays(problem, proof.option, proof.start, nothing))
        if not search.has_plan or search.broken():
            raise no_plan(problem, search.taken())

    def _cycles(self, pool: ThreadPoolExecutor, searches: list[Search]) -> None:
        """Cycles of the searches, each longer than the last; one thread works at the bound first."""
        length, number, stale = _FIRST_CYCLE, 0, 0
        bound = Bound(with_implied_rows(self._problem), self._value, threads=1)
        self._tighten(bound.bound)
        proving = len(self._problem.options) > 0
        while self._go_on():
            if self._stop.rounds is not None:
                length = min(length, self._stop.rounds - self._rounds)
                if length <= 0:
                    return
            taken = int(np.count_nonzero(searches[0].best()[0] >= 0))
            mean = max(self._value / max(taken, 1), 1e-9)
            searching = searches[:-1] if proving and len(searches) > 1 else searches
            before, anew = self._value, stale >= _PATIENCE
            if anew:  # the last search begins afresh, and hotter
                searches[-1].adopt(np.empty(0, np.int64))
            heats = [mean * (_HOTTER if anew and s is searches[-1] else 1.0) for s in searching]
            jobs: list[Future[Any]] = [
                pool.submit(self._cool, s, length, heat)
                for s, heat in zip(searching, heats, strict=True)
            ]
            if proving:
                bound.improve_incumbent(self._value)
                jobs.append(pool.submit(self._prove, bound, length, self._value))
            self._watch(jobs, searches, bound)
            more = [job.result() for job in jobs]
            if proving:
                proving = bool(more[-1])
                if self._proof is not None:
                    self._take_over(searches[-1], self._proof)
                self._adopt(searches[-1], bound)
            self._rounds += length
            number += 1
            length = min(length * _GROWTH, _MOST_CYCLE)
            best = max(searches, key=lambda s: s.value)
            stale = 0 if best.value > before else stale + 1
            for search in searches:
                if search.value < best.value or number % 2 == 0:
                    search.load(best.best())

    def _watch(self, jobs: list[Future[Any]], searches: list[Search], bound: Bound) -> None:
        """Wait for jobs, tell what they find, and stop them when it is time."""
        pending = set(jobs)
        while pending:
            _, pending = wait(pending, timeout=_POLL_S)
            for search in searches:
                self._hear(search)
            self._tighten(bound.bound)
            if not self._go_on():
                self._halt.set()

    def _prove(self, bound: Bound, length: int, value: int) -> bool:
        """Work at the bound about as long as a cycle takes; whether more may help.

        If there is little to choose from, plan is held against plan in the first half of that time.
        """
        if self._countable:
            proof = prove(self._problem, value, length * _EXACT_WORK, interrupted=self._halt.is_set)
            self._countable, self._proof = proof is not None, proof
            if proof is not None:
                if proof.is_proven:
                    return False
                length = (length + 1) // 2
        for _ in range(length):
            if self._priced_out or self._halt.is_set():
                break
            self._priced_out = not bound.step(_BOUND_WORK)
        return self._countable or not self._priced_out

    def _take_over(self, search: Search, proof: Proof) -> None:
        """What the enumeration found: a bound, perhaps a better plan."""
        self._proof = None
        if proof.is_better:
            used = search.best()[2]
            for contact in (used, np.zeros_like(used)):
                # the enumeration knows of no contacts: they may take too much from a battery
                found = Schedule(
                    option=proof.option,
                    start=proof.start,
                    contact=np.flatnonzero(contact),
                    value=proof.value,
                    bound=max(self._bound, proof.value),
                    repeatable=True,
                )
                if not faults(self._problem, found):
                    if self._kept is None or found.value > self._kept.value:
                        self._kept = found
                    search.load(_loadable(self._problem, found))
                    if found.value > self._value:
                        self._value = found.value
                        self._tell()
                    break
            self._hear(search)
        self._tighten(max(proof.bound, self._value))

    def _adopt(self, search: Search, bound: Bound) -> None:
        """Make a plan of the bound's longest paths; where they hold no task twice, none is better."""
        value = self._problem.options.value
        for chain in (True, False):
            paths = [[option for option, _ in path] for path in bound.plans()]
            options = np.array([option for path in paths for option in path], np.int64)
            if not len(options):
                return
            first = np.unique(options, return_index=True)[1]
            options = (
                options[np.sort(first)]
                if chain
                else options[first][np.argsort(-value[options[first]])]
            )
            search.adopt(options)
        self._hear(search)

    def _tighten(self, bound: int) -> None:
        if bound < self._bound:
            self._bound = bound
            self._tell()

    def _choose_rows(self, search: Search) -> Schedule:
        """Nothing moves in time: a choice under rows, which has an engine of its own."""
        problem, o = self._problem, self._problem.options
        served = np.argsort(o.task, kind="stable")
        once = [
            (group, 1, 1) for group in np.split(served, np.flatnonzero(np.diff(o.task[served])) + 1)
        ]
        rows = [
            (problem.rows.option[a:b], problem.rows.coefficient[a:b], int(limit))
            for a, b, limit in zip(
                problem.rows.start[:-1], problem.rows.start[1:], problem.rows.limit, strict=True
            )
        ]
        taken = search.best()[0]
        choice = solve_rows(
            o.value,
            make_rows([*once, *rows]),
            hint=np.sort(taken[taken >= 0]),
            stop=self._choice_ends,
            seed=self._seed,
            progress=self._hear_rows,
            most_work=None if self._stop.rounds is None else self._stop.rounds * _ROW_WORK,
        )
        self._value, self._bound = choice.value, choice.bound
        self._clock_struck = not choice.repeatable
        low = o.member_low[o.members_of(choice.chosen)]
        return self._checked(self._valued(choice.chosen, low, np.empty(0, np.int64)))

    def _choice_ends(self) -> bool:
        """Whether a choice under rows is to be ended from outside.

        It ends by itself when its own proof is done. To end at once when two of its threads together know as
        much would give now one, now another of the best choices, so the proof gets as long again.
        """
        if self._go_on():
            return False
        if self._clock_struck or self._stop.gap > 0.0:
            return True
        if self._must_end() or self._stop.rounds is not None:
            return self._clock_struck
        return time.monotonic() - self._begin_s > 2.0 * self._trace[-1][0] + _PROOF_S

    def _hear_rows(self, value: int, bound: int) -> None:
        if value > self._value or bound < self._bound:
            self._value, self._bound = max(self._value, value), min(self._bound, bound)
            self._tell()

    def _cool(self, search: Search, length: int, mean: float) -> None:
        """One cycle of a search: from hot to cold."""
        p, begin = self._params, search.work
        best = -1
        for i in range(length):
            if self._halt.is_set():
                return
            until = begin + (i + 1) * SLICE
            search.run(until, begin, begin + length * SLICE, p.hot * mean, p.cold * mean, p.longest)
            if self._may_gain and search.value > best:
                best = search.value
                self._keep_moved(search)

    def _keep_moved(self, search: Search) -> None:
        """Keep a search's best plan with its starts moved to where they are worth most, if none is better."""
        with self._keeping:
            if self._easel is None:
                self._easel = Search(self._problem, 0)
            self._easel.load(search.best())
            self._easel.keep()
            self._easel.polish()
            moved = self._plan_of(self._easel)
            if self._is_ahead(moved) and not faults(self._problem, moved):
                self._kept = moved  # `_hear` tells of it

    def _is_ahead(self, plan: Schedule) -> bool:
        """Whether a plan takes the place of the one that is kept; of equals the same, whoever comes first."""
        kept = self._kept
        if kept is None or plan.value != kept.value:
            return kept is None or plan.value > kept.value
        order = [(one.option.tolist(), one.start.tolist()) for one in (plan, kept)]
        return kept is not self._start and order[0] < order[1]

    def _hear(self, search: Search) -> None:
        """Take note of a better plan; its copy is made when the search rests."""
        kept = self._kept
        value = search.value if kept is None else max(search.value, kept.value)
        if value > self._value:
            self._value = value
            self._tell()

    def _tell(self) -> None:
        elapsed_s = time.monotonic() - self._begin_s
        self._trace.append((elapsed_s, self._value, self._bound))
        if self._progress is not None:
            self._progress(Progress(elapsed_s=elapsed_s, value=self._value, bound=self._bound))

    def _go_on(self) -> bool:
        if self._bound - self._value <= self._stop.gap * self._bound or self._halt.is_set():
            return False
        return not self._must_end()

    def _must_end(self) -> bool:
        """Whether the clock has struck, or somebody has asked for the end."""
        asked = self._interrupted is not None and self._interrupted()
        if asked or time.monotonic() - self._begin_s >= self._stop.time_s:
            self._clock_struck = True
            return True
        return False

    def _schedule(self, searches: list[Search]) -> Schedule:
        search = max(searches, key=lambda search: search.value)
        if self._may_gain:
            search.polish()
        return self._checked(self._plan_of(search))

    def _plan_of(self, search: Search) -> Schedule:
        """A search's best plan, with what it is worth at its starts."""
        o = self._problem.options
        taken, start, used = search.best()
        option = np.sort(taken[taken >= 0])
        chain = self._problem.windows.chain
        starts = np.array(
            [
                start[m] if chain[o.member_window[m]] >= 0 else _free_start(o, i, m)
                for i in option.tolist()
                for m in range(o.member_block[i], o.member_block[i + 1])
            ],
            np.int64,
        )
        return self._valued(option, starts, np.flatnonzero(used).astype(np.int64))

    def _valued(self, option: IntArray, start: IntArray, contact: IntArray) -> Schedule:
        """A plan with what it is worth."""
        plan = Schedule(
            option=option, start=start, contact=contact, value=0, bound=self._bound, repeatable=True
        )
        return replace(plan, value=value_of(self._problem, plan))

    def _is_choice(self) -> bool:
        """Whether no option has anything to do with another but through rows."""
        p, o = self._problem, self._problem.options
        still = bool(np.all(p.windows.chain[o.member_window] < 0)) and len(o) > 0
        plain = (
            not np.any(o.profile_block >= 0)
            and not np.any(o.fixed)
            and not np.any(o.deadline_ms >= 0)
        )
        return still and plain and not p.curve

    def _checked(self, schedule: Schedule) -> Schedule:
        """A plan, or the one that is kept if that is better, with all that is known of it."""
        kept = self._kept
        if kept is not None and (kept.value > schedule.value or not len(schedule.option)):
            schedule = kept
        self._value, self._bound = schedule.value, max(schedule.value, self._bound)
        if not self._trace or self._trace[-1][1:] != (self._value, self._bound):
            self._tell()  # the last that is told is what is returned
        schedule = replace(
            schedule, bound=self._bound, repeatable=not self._clock_struck, trace=tuple(self._trace)
        )
        wrong = faults(self._problem, schedule)
        if wrong:
            raise OffnadirError("the search broke a rule of its own: " + "; ".join(wrong[:3]))
        return schedule


def _free_start(options: Options, i: int, m: int) -> int:
    """The start of a member in no chain, which has none in the search: where it is worth most."""
    low, block = int(options.member_low[m]), int(options.profile_block[i])
    if block < 0:
        return low
    return low + int(np.argmax(options.profile[block : block + options.member_high[m] - low + 1]))


def _loadable(problem: Problem, schedule: Schedule) -> tuple[IntArray, IntArray, IntArray]:
    """A schedule as the search keeps it; one that breaks a rule is refused."""
    wrong = faults(problem, schedule)
    if wrong:
        raise InputError("start", wrong[0], "a plan that keeps every rule of the problem")
    return plan_arrays(problem, schedule.option, schedule.start, schedule.contact)


def _most(problem: Problem) -> int:
    """What no plan can exceed, by the simplest reckoning: the best option of each task."""
    o = problem.options
    best = np.zeros(problem.n_tasks, np.int64)
    np.maximum.at(best, o.task, top_values(problem))
    total = int(best.sum())
    share = np.zeros(problem.n_tasks, np.int64)
    np.maximum.at(share, o.task, o.share)
    for request, curve in problem.curve.items():
        total += curve_value(curve, int(share[problem.request == request].sum()))
    return total
