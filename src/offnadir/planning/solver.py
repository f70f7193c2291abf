"""Which pictures to take: the exact model of a planning problem for OR-Tools CP-SAT, and its search.

The equations are in docs/theory/planning.md. This is the only file that knows OR-Tools, and importing it
is slow (OR-Tools brings pandas along): import it where a plan is made, not sooner.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from ortools.sat.python import cp_model

from offnadir.errors import InputError, OffnadirError
from offnadir.planning._cliques import Graph, clique_cover
from offnadir.planning._downlink import earliest_downlink
from offnadir.planning._greedy import Options, greedy_plan, make_options, pressed_satellites
from offnadir.planning.problem import IntArray, Problem

#: Workers that take turns; their number is part of the promise that equal inputs give equal plans.
_WORKERS = 8
#: CP-SAT's own clock, which counts work instead of time, per second of time limit.
_WORK_PER_S = 1.0
_POLL_S = 0.05
_DEADLINE_CUTS = 32
_BLOCK = 50
_BEGIN_MS, _END_MS = -1, np.iinfo(np.int64).max


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """How far the search is: the best plan so far and what no plan can exceed."""

    elapsed_s: float
    value_micro: int
    bound_micro: int


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Solution:
    """A plan that keeps every rule of its problem, and a proven bound on the value of any.

    `chosen` holds candidates by start (then satellite), `contact` the used contacts by start with
    `sent_kbit` beside it; `delivered_by` says for each of `chosen` in which contact (an index into the
    problem's contacts) its last bit goes down, -1 if not within the span. `status` is "optimal",
    "feasible", or "nothing_to_take" when it is proven that no picture can be taken.
    """

    chosen: IntArray
    contact: IntArray
    sent_kbit: IntArray
    delivered_by: IntArray
    value_micro: int
    bound_micro: int
    status: str


def solve(
    problem: Problem,
    *,
    seed: int,
    time_limit_s: float,
    progress: Callable[[Progress], None] | None = None,
    stop: Callable[[], bool] | None = None,
) -> Solution:
    """The best plan that can be found and proven within the time limit.

    Equal problems, seeds and time limits give equal plans, also when the search ends before the proof: it
    is cut off by the amount of work done. Only if the clock runs out first, on a machine much
    slower than usual, or if `stop` says so, is the plan one of that run.

    Parameters
    ----------
    progress : callable, optional
        Called in this thread whenever a better plan or bound is known.
    stop : callable, optional
        Asked some twenty times a second; once it returns True the best plan so far is returned.

    KeyboardInterrupt ends the search and goes on to the caller.
    """
    if not time_limit_s > 0.0:
        raise InputError("time_limit_s", time_limit_s, "greater than 0")
    begin_s = time.monotonic()
    report = progress if progress is not None else _ignore
    options = make_options(problem)
    pressed = pressed_satellites(problem, options)
    graph = Graph(len(problem.candidates), problem.conflicts)
    chosen, contacts = greedy_plan(problem, options, graph, pressed)
    value, bound = int(problem.candidates.value_micro[chosen].sum()), options.most_value_micro
    report(Progress(elapsed_s=_since(begin_s), value_micro=value, bound_micro=bound))
    if value < bound and not (stop is not None and stop()):
        model = _Model(problem, options, pressed)
        model.hint(chosen, contacts)
        search = _Search(begin_s, value, bound, report, stop)
        found = search.run(model, seed=seed, time_limit_s=time_limit_s)
        bound = search.bound
        if found is not None and int(problem.candidates.value_micro[found[0]].sum()) > value:
            chosen, contacts = found
            value = int(problem.candidates.value_micro[chosen].sum())
        bound = max(bound, value)
    return _solution(problem, chosen, contacts, value, bound)


def _solution(
    problem: Problem, chosen: IntArray, contacts: list[int], value: int, bound: int
) -> Solution:
    c = problem.candidates
    by_time = np.lexsort((chosen, c.satellite_index[chosen], c.start_ms[chosen]))
    chosen = chosen[by_time]
    downlink = earliest_downlink(problem, chosen, contacts)
    if not downlink.fits:
        raise OffnadirError("the solver's plan overflows a memory or misses a deadline")
    status = "optimal" if value == bound else "feasible"
    return Solution(
        chosen=chosen,
        contact=downlink.contact,
        sent_kbit=downlink.sent_kbit,
        delivered_by=downlink.delivered_by,
        value_micro=value,
        bound_micro=bound,
        status="nothing_to_take" if bound == 0 else status,
    )


class _Model:
    """The problem in CP-SAT's terms: variables, rules, objective, and a plan to start from."""

    def __init__(self, problem: Problem, options: Options, pressed: NDArray[np.bool_]) -> None:
        self.problem = problem
        self.cp = cp_model.CpModel()
        self.take = self._pictures(options)
        self._exclude(options)
        rows = np.flatnonzero(pressed[problem.contacts.satellite_index])
        rows = rows[np.argsort(problem.contacts.start_ms[rows], kind="stable")]
        self.used: dict[int, Any] = dict.fromkeys(rows.tolist(), 1)
        self._share_contacts(rows)
        self.sums: list[tuple[Any, IntArray]] = []
        for satellite in np.flatnonzero(pressed).tolist():
            _Flow(self, satellite).post()

    def _pictures(self, options: Options) -> dict[int, Any]:
        """One variable a candidate that can be taken; each request is served at most once."""
        take: dict[int, Any] = {}
        self.pairs: list[tuple[int, int, Any]] = []
        in_pairs: dict[int, list[Any]] = {}
        ways: dict[int, list[Any]] = {}
        gain = []
        columns = (options.first, options.second, options.request_index)
        for first, second, request in zip(*(column.tolist() for column in columns), strict=True):
            way = self.cp.new_bool_var("")
            ways.setdefault(request, []).append(way)
            gain.append(way)
            if second < 0:
                take[first] = way
            else:
                self.pairs.append((first, second, way))
                in_pairs.setdefault(first, []).append(way)
                in_pairs.setdefault(second, []).append(way)
        for literals in ways.values():
            self.cp.add_at_most_one(literals)
        for candidate, literals in in_pairs.items():
            take[candidate] = literals[0]
            if len(literals) > 1:
                take[candidate] = self.cp.new_bool_var("")
                self.cp.add(sum(literals) == take[candidate])
        self.cp.maximize(cp_model.LinearExpr.weighted_sum(gain, options.value_micro.tolist()))
        return take

    def _exclude(self, options: Options) -> None:
        """Conflicts, in groups of which at most one picture can be taken."""
        c = self.problem.candidates
        can = np.zeros(len(c), dtype=np.bool_)
        can[list(self.take)] = True
        conflicts = self.problem.conflicts
        edges = conflicts[can[conflicts].all(axis=1)]
        # pictures of one pass that serve one request exclude each other too, and make groups larger
        edges = np.concatenate([edges, _rivals(self.problem, options)])
        order = np.lexsort((np.arange(len(c)), c.start_ms, c.satellite_index))
        for group in clique_cover(Graph(len(c), edges), order):
            if len(set(c.request_index[group].tolist())) > 1:
                self.cp.add_at_most_one([self.take[candidate] for candidate in group])

    def _share_contacts(self, rows: IntArray) -> None:
        """A satellite sends to one station at a time, a station hears as many as it has antennas.

        Contacts that nothing competes with are used: that never does harm.
        """
        k = self.problem.contacts
        for contact in rows.tolist():
            instant = k.start_ms[contact]
            now = rows[(k.start_ms[rows] <= instant) & (instant < k.stop_ms[rows])]
            station = k.station_index[contact]
            mine = now[k.satellite_index[now] == k.satellite_index[contact]]
            here = now[k.station_index[now] == station]
            for rivals, places in ((mine, 1), (here, int(self.problem.antennas[station]))):
                if len(rivals) > places:
                    for i in rivals.tolist():
                        if isinstance(self.used[i], int):
                            self.used[i] = self.cp.new_bool_var("")
                    self.cp.add(sum(self.used[i] for i in rivals.tolist()) <= places)

    def hint(self, chosen: IntArray, contacts: list[int]) -> None:
        """Start from a plan: a value for every variable."""
        taken, used = set(chosen.tolist()), set(contacts)
        hints = {x.index: (x, int(candidate in taken)) for candidate, x in self.take.items()}
        for first, second, way in self.pairs:
            hints[way.index] = (way, int(first in taken and second in taken))
        for contact, x in self.used.items():
            if not isinstance(x, int):
                hints[x.index] = (x, int(contact in used))
        for x, pictures in self.sums:
            kept = pictures[np.isin(pictures, chosen)]
            hints[x.index] = (x, int(self.problem.candidates.volume_kbit[kept].sum()))
        for x, value in hints.values():
            self.cp.add_hint(x, value)


class _Flow:
    """One satellite's pictures and contacts: memory and deadlines as rules on stretches of time.

    What is down at a time T is the least, over the contacts j that are over by then (and none at all), of
    what was written when j started and what the contacts after j can send. So "written less down
    is at most the memory" and "down is at least what was written up to a picture" are one rule
    a contact j each, in pictures and contacts alone: no variable says how much is sent.
    """

    def __init__(self, model: _Model, satellite: int) -> None:
        c, k = model.problem.candidates, model.problem.contacts
        self.model = model
        self.memory = int(model.problem.memory_kbit[satellite])
        mine = np.array([i for i in model.take if c.satellite_index[i] == satellite], np.int64)
        self.pictures = mine[np.lexsort((mine, c.start_ms[mine], c.stop_ms[mine]))]
        self.stop_ms = c.stop_ms[self.pictures]
        self.deadline_ms = c.deadline_ms[self.pictures]
        self.volume_kbit = c.volume_kbit[self.pictures]
        self.request_index = c.request_index[self.pictures]
        self.contacts = [i for i in model.used if k.satellite_index[i] == satellite]
        # j = -1 stands for the stretch from the beginning of the span
        self.after_ms = {-1: _BEGIN_MS} | {j: int(k.start_ms[j]) for j in self.contacts}
        self.over_ms = {-1: _BEGIN_MS} | {j: int(k.stop_ms[j]) for j in self.contacts}
        self.first = {
            j: int(np.searchsorted(self.stop_ms, t, side="right")) for j, t in self.after_ms.items()
        }
        everything = np.arange(len(self.pictures))
        self.most = {j: self._most(everything[n:]) for j, n in self.first.items()}
        self.sums: list[Any] = [0]
        self._reliefs: dict[tuple[int, int], _Relief] = {}

    def post(self) -> None:
        """Add all rules to the model."""
        for instant in sorted({self.over_ms[j] for j in self.contacts}):
            # fullest just before space is freed, by the last picture that stops before
            self._memory(int(np.searchsorted(self.stop_ms, instant, side="left")), instant - 1)
        self._memory(len(self.pictures), _END_MS)
        for n in np.flatnonzero(self.deadline_ms >= 0).tolist():
            self._deadline(n)
        due = np.unique(self.deadline_ms[self.deadline_ms >= 0]).tolist()
        for instant in due[:: len(due) // _DEADLINE_CUTS + 1]:
            self._deadline_cut(instant)

    def _memory(self, end: int, by_ms: int) -> None:
        """The first `end` pictures do not overflow, given the contacts that are over by a time.

        Left out where even all pictures together do not, and where a contact between empties any
        memory: then the rules before and after it say as much.
        """
        for j, first in self.first.items():
            if self.over_ms[j] <= by_ms and first < end:
                relief = self._relief(j, by_ms)
                limit = self.memory + relief.sure
                if not relief.empties and self.most[j][end - first - 1] > limit:
                    self._add(self._range(first, end), relief, limit)

    def _deadline(self, n: int) -> None:
        """If picture n is taken, all pictures up to it are down by its deadline.

        So they are if one of the same request is taken later: one rule says both, and binds fractions
        more than one for each picture. When none is taken the rule must say nothing: by how much
        the other pictures can exceed the contacts is added then.
        """
        by_ms = int(self.deadline_ms[n])
        takers = np.array([n])
        if not self.model.problem.stereo[self.request_index[n]]:
            due = (self.deadline_ms[n:] >= 0) & (self.deadline_ms[n:] <= by_ms)
            takers = n + np.flatnonzero(due & (self.request_index[n:] == self.request_index[n]))
        own = self.volume_kbit[takers]
        for j, first in self.first.items():
            if self.over_ms[j] > by_ms or first > n:
                continue
            relief, most = self._relief(j, by_ms), 0
            if first < n:
                so_far = self.memory + self._relief(j, int(self.stop_ms[n - 1])).sure
                most = min(self.most[j][n - first - 1], so_far)
            if not relief.empties and most + int(own.max()) > relief.sure:
                slack = max(most - relief.sure, 0)
                terms = self._range(first, n) + self._terms(takers, own + slack)
                self._add(terms, relief, relief.sure + slack)

    def _deadline_cut(self, by_ms: int) -> None:
        """All pictures due by a time are down by then: implied for plans, but not for fractions."""
        due = np.flatnonzero((self.deadline_ms >= 0) & (self.deadline_ms <= by_ms))
        for j, first in self.first.items():
            pictures, relief = due[due >= first], self._relief(j, by_ms)
            if self.over_ms[j] > by_ms or not len(pictures) or relief.empties:
                continue
            if self._most(pictures)[-1] > relief.sure:
                terms = self._terms(pictures, self.volume_kbit[pictures])
                self._add(terms, relief, relief.sure)

    def _add(self, terms: list[tuple[Any, int]], relief: _Relief, limit: int) -> None:
        """Terms <= limit + what the contacts that may be used send."""
        k = self.model.problem.contacts
        terms = terms + [(self.model.used[i], -int(k.max_volume_kbit[i])) for i in relief.maybe]
        expression = cp_model.LinearExpr.weighted_sum([x for x, _ in terms], [f for _, f in terms])
        self.model.cp.add(expression <= limit)

    def _terms(self, pictures: IntArray, factors: IntArray) -> list[tuple[Any, int]]:
        chosen = self.pictures[pictures].tolist()
        return [(self.model.take[i], f) for i, f in zip(chosen, factors.tolist(), strict=True)]

    def _range(self, first: int, end: int) -> list[tuple[Any, int]]:
        """The volume of pictures first to end - 1; long ranges as the difference of running sums."""
        if end - first <= 2 * _BLOCK:
            return self._terms(np.arange(first, end), self.volume_kbit[first:end])
        head, tail = -(-first // _BLOCK), end // _BLOCK
        sums = [(self._sum(tail), 1)] + ([(self._sum(head), -1)] if head else [])
        return self._range(first, head * _BLOCK) + sums + self._range(tail * _BLOCK, end)

    def _sum(self, block: int) -> Any:
        """A variable for the volume of all pictures of the first so many blocks."""
        while len(self.sums) <= block:
            first, end = (len(self.sums) - 1) * _BLOCK, len(self.sums) * _BLOCK
            total = self.model.cp.new_int_var(0, self.most[-1][end - 1], "")
            terms = self._range(first, end)
            volume = cp_model.LinearExpr.weighted_sum([x for x, _ in terms], [f for _, f in terms])
            self.model.cp.add(total == self.sums[-1] + volume)
            self.model.sums.append((total, self.pictures[:end]))
            self.sums.append(total)
        return self.sums[block]

    def _relief(self, j: int, by_ms: int) -> _Relief:
        """The contacts after j and over by a time."""
        if (j, by_ms) not in self._reliefs:
            volume = self.model.problem.contacts.max_volume_kbit
            between = [
                i
                for i in self.contacts
                if self.after_ms[i] > self.after_ms[j] and self.over_ms[i] <= by_ms
            ]
            maybe = [i for i in between if not isinstance(self.model.used[i], int)]
            sure = [int(volume[i]) for i in between if i not in maybe]
            empties = max(sure, default=0) >= self.memory
            self._reliefs[j, by_ms] = _Relief(sure=sum(sure), maybe=maybe, empties=empties)
        return self._reliefs[j, by_ms]

    def _most(self, pictures: IntArray) -> list[int]:
        """The most that the first, the first two, ... of some pictures can take up together.

        A request has one picture at most, or two if it wants a stereo pair.
        """
        stereo = self.model.problem.stereo
        largest: dict[int, int] = {}
        total, sums = 0, []
        for request, volume in zip(
            self.request_index[pictures].tolist(), self.volume_kbit[pictures].tolist(), strict=True
        ):
            before = largest.get(request, 0)
            if volume > before:
                largest[request] = volume
                total += (volume - before) * (2 if stereo[request] else 1)
            sums.append(total)
        return sums


@dataclass(frozen=True, slots=True, kw_only=True)
class _Relief:
    """What a row of contacts can send: some for sure, others only if they are used.

    `empties` says whether one of the sure contacts alone takes all that the memory can hold.
    """

    sure: int
    maybe: list[int]
    empties: bool


def _rivals(problem: Problem, options: Options) -> IntArray:
    """Pairs of single pictures of one request in one pass: shape (n, 2)."""
    c = problem.candidates
    single = options.first[options.second < 0]
    key = np.column_stack(
        [c.request_index[single], c.satellite_index[single], c.opportunity_index[single]]
    )
    _, group = np.unique(key, axis=0, return_inverse=True)
    order = np.argsort(group, kind="stable")
    edges = np.flatnonzero(np.diff(group[order])) + 1
    pairs = [np.empty((0, 2), dtype=np.int64)]
    for members in np.split(single[order], edges):
        a, b = np.triu_indices(len(members), 1)
        pairs.append(np.column_stack([members[a], members[b]]))
    return np.concatenate(pairs)


class _Listener(cp_model.CpSolverSolutionCallback):
    """Hands the value and bound of each better plan on; called by CP-SAT in its own thread."""

    def __init__(self, hear: Callable[[float, float], None]) -> None:
        super().__init__()
        self._hear = hear

    def on_solution_callback(self) -> None:
        """Called for each better plan."""
        self._hear(self.objective_value, self.best_objective_bound)


class _Search:
    """A search in its own thread, so that this one can hear Ctrl-C, ask `stop` and report progress."""

    def __init__(
        self,
        begin_s: float,
        value: int,
        bound: int,
        report: Callable[[Progress], None],
        stop: Callable[[], bool] | None,
    ) -> None:
        self.value, self.bound = value, bound
        self._begin_s, self._report, self._stop = begin_s, report, stop
        self._told = (value, bound)
        self._solver = cp_model.CpSolver()
        self._status = "UNKNOWN"

    def _hear(self, value: float, bound: float) -> None:
        self.value = max(self.value, round(value))
        self._tighten(bound)

    def _tighten(self, bound: float) -> None:
        self.bound = min(self.bound, int(np.floor(bound + 1e-6)))

    def run(
        self, model: _Model, *, seed: int, time_limit_s: float
    ) -> tuple[IntArray, list[int]] | None:
        """The chosen candidates and used contacts of the best plan; None if there is none yet."""
        parameters = self._solver.parameters
        parameters.random_seed = seed
        parameters.num_workers = 1
        parameters.linearization_level = 2
        parameters.presolve_inclusion_work_limit = 0
        parameters.max_deterministic_time = time_limit_s * _WORK_PER_S
        parameters.max_time_in_seconds = max(time_limit_s - _since(self._begin_s), 0.01)
        parameters.catch_sigint_signal = False  # Ctrl-C is Python's: it arrives in the loop below
        self._solver.best_bound_callback = self._tighten
        trouble: list[BaseException] = []

        def work() -> None:
            try:
                status = self._solver.solve(model.cp, _Listener(self._hear))
                self._status = self._solver.status_name(status)
            except BaseException as error:  # noqa: BLE001  raised again where someone can catch it
                trouble.append(error)

        thread = threading.Thread(target=work, name="cp-sat", daemon=True)
        thread.start()
        try:
            while thread.is_alive():
                thread.join(_POLL_S)
                self._tell()
                if self._stop is not None and self._stop():
                    break
        finally:
            while (
                thread.is_alive()
            ):  # a stop that comes before the search has begun is lost: repeat
                self._solver.stop_search()
                thread.join(_POLL_S)
        if trouble:
            raise trouble[0]
        return self._best(model)

    def _tell(self) -> None:
        now = (self.value, max(self.bound, self.value))
        if now != self._told:
            self._told = now
            elapsed_s = _since(self._begin_s)
            self._report(Progress(elapsed_s=elapsed_s, value_micro=now[0], bound_micro=now[1]))

    def _best(self, model: _Model) -> tuple[IntArray, list[int]] | None:
        if self._status not in ("OPTIMAL", "FEASIBLE", "UNKNOWN"):
            raise OffnadirError(f"CP-SAT calls the model {self._status}: {model.cp.validate()}")
        if self._status == "UNKNOWN":
            return None
        self._tighten(self._solver.best_objective_bound)
        true = self._solver.boolean_value
        chosen = [i for i, variable in model.take.items() if true(variable)]
        contacts = [i for i, variable in model.used.items() if true(variable)]
        return np.array(sorted(chosen), dtype=np.int64), contacts


def _since(begin_s: float) -> float:
    return time.monotonic() - begin_s


def _ignore(_: Progress) -> None:
    pass
