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
from offnadir.planning._cp_problem import IntArray, Problem
from offnadir.planning._downlink import contests, earliest_downlink
from offnadir.planning._flow import Flow
from offnadir.planning._greedy import Draft, exchange, greedy_plan
from offnadir.planning._options import Options, make_options, pressed_satellites

#: Both parts of the search are cut off by work done, not by the clock: exchanges, and CP-SAT's own
#: deterministic seconds, per second of time limit. Set such that an ordinary computer is done in time;
#: where memories or deadlines press, the same work takes longer.
_TRIES_PER_S, _PRESSED_TRIES_PER_S = 4_000, 1_000
_WORK_PER_S, _PRESSED_WORK_PER_S = 0.45, 0.2
#: Exchanges may take up this share of the time limit by the clock.
_EXCHANGE_SHARE = 0.5
#: Small problems are often solved at once: CP-SAT tries first, with this share of its work.
_FIRST_TRY_OPTIONS, _FIRST_TRY_SHARE = 5_000, 0.1
_POLL_S = 0.05
_BLOCK = 50


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
    "feasible", or "nothing_to_take" when it is proven that no picture can be taken. `repeatable` is
    false if the clock or `stop` cut the search short, so that another run may end elsewhere.
    """

    chosen: IntArray
    contact: IntArray
    sent_kbit: IntArray
    delivered_by: IntArray
    value_micro: int
    bound_micro: int
    status: str
    repeatable: bool


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
    slower than usual, or if `stop` says so, is the plan one of that run (`repeatable` is false).

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
    return _Search(problem, seed, time_limit_s, progress or _ignore, stop or _never).run()


class _Search:
    """The best plan and bound so far, made better step by step."""

    def __init__(
        self,
        problem: Problem,
        seed: int,
        time_limit_s: float,
        report: Callable[[Progress], None],
        stop: Callable[[], bool],
    ) -> None:
        self._begin_s = time.monotonic()
        self._problem, self._seed, self._time_limit_s = problem, seed, time_limit_s
        self._report, self._stop = report, stop
        self._options = make_options(problem)
        self._pressed = pressed_satellites(problem, self._options)
        self._chosen, self._contacts = np.empty(0, dtype=np.int64), list[int]()
        self._value, self._bound = 0, self._options.most_value_micro
        self._seen, self._told = 0, (-1, -1)
        self._repeatable, self._stopped = True, False

    def run(self) -> Solution:
        """Greedy plan, a short try of CP-SAT, exchanges, CP-SAT; until the plan is proven best."""
        if self._bound:
            graph = Graph(len(self._problem.candidates), self._problem.conflicts)
            draft = greedy_plan(self._problem, self._options, graph, self._pressed)
            self._keep(draft.chosen(), draft.contacts)
            model, first = None, len(self._options) <= _FIRST_TRY_OPTIONS
            if first and self._unfinished():
                model = _Model(self._problem, self._options, self._pressed)
                self._cp_sat(model, _FIRST_TRY_SHARE)
            if self._unfinished():
                self._exchange(draft)
            if self._unfinished():
                model = model or _Model(self._problem, self._options, self._pressed)
                self._cp_sat(model, 1.0 - _FIRST_TRY_SHARE if first else 1.0)
        return self._solution()

    def _unfinished(self) -> bool:
        return self._value < self._bound and self._go_on()

    def _exchange(self, draft: Draft) -> None:
        limit_s = _EXCHANGE_SHARE * self._time_limit_s

        def go_on(value: int) -> bool:
            self._tell(value)
            return self._go_on() and self._elapsed_s() < limit_s

        pressed = bool(self._pressed.any())
        tries = round(self._time_limit_s * (_PRESSED_TRIES_PER_S if pressed else _TRIES_PER_S))
        chosen, done = exchange(draft, seed=self._seed, tries=tries, go_on=go_on)
        self._repeatable &= done
        self._keep(chosen, draft.contacts)

    def _cp_sat(self, model: _Model, share: float) -> None:
        """Run CP-SAT in its own thread: this one hears Ctrl-C, asks `stop` and reports progress.

        `share` is that of all the work that is to be done.
        """
        model.hint(self._chosen, self._contacts)
        solver = cp_model.CpSolver()
        solver.best_bound_callback = self._tighten
        parameters = solver.parameters
        parameters.random_seed = self._seed
        parameters.num_workers = 1
        parameters.linearization_level = 2
        # ProcessAtMostOneAndLinear of OR-Tools 9.15 can lose the best plan and "prove" a worse one
        # (google/or-tools issue 5293, mended by 5294); this switches it off.
        parameters.presolve_inclusion_work_limit = 0
        parameters.catch_sigint_signal = False  # Ctrl-C is Python's: it arrives in the loop below
        work_per_s = _PRESSED_WORK_PER_S if self._pressed.any() else _WORK_PER_S
        parameters.max_deterministic_time = self._time_limit_s * work_per_s * share
        parameters.max_time_in_seconds = max(self._time_limit_s - self._elapsed_s(), 0.01)
        trouble: list[BaseException] = []
        status, done = "UNKNOWN", threading.Event()

        def work() -> None:
            nonlocal status
            try:
                status = solver.status_name(solver.solve(model.cp, _Listener(self._hear)))
            except BaseException as error:  # noqa: BLE001  raised again where someone can catch it
                trouble.append(error)
            finally:
                done.set()

        # wait for the event, not the thread: Ctrl-C in Thread.join makes Python forget that it runs
        thread = threading.Thread(target=work, name="cp-sat", daemon=True)
        thread.start()
        try:
            while not done.wait(_POLL_S) and self._go_on():
                self._tell(self._seen)
        finally:
            _bring_to_an_end(solver, done)
            thread.join()
        if trouble:
            raise trouble[0]
        if status not in ("OPTIMAL", "FEASIBLE", "UNKNOWN"):
            raise OffnadirError(f"CP-SAT calls the model {status}: {model.cp.validate()}")
        if status != "OPTIMAL":
            self._repeatable &= solver.deterministic_time >= parameters.max_deterministic_time
        if status != "UNKNOWN":
            self._tighten(solver.best_objective_bound)
            self._keep(*model.answer(solver))

    def _keep(self, chosen: IntArray, contacts: list[int]) -> None:
        value = int(self._problem.candidates.value_micro[chosen].sum())
        if value > self._value:
            self._value, self._chosen, self._contacts = value, chosen, contacts
        self._tell(value)

    def _hear(self, value: float, bound: float) -> None:
        self._seen = max(self._seen, round(value))
        self._tighten(bound)

    def _tighten(self, bound: float) -> None:
        self._bound = min(self._bound, int(np.floor(bound + 1e-6)))

    def _tell(self, value: int) -> None:
        self._seen = max(self._seen, value)
        now = (self._seen, max(self._bound, self._seen))
        if now != self._told:
            self._told = now
            elapsed_s = self._elapsed_s()
            self._report(Progress(elapsed_s=elapsed_s, value_micro=now[0], bound_micro=now[1]))

    def _go_on(self) -> bool:
        """Whether nobody has said stop; what a stopped search finds depends on when they did."""
        self._stopped = self._stopped or self._stop()
        return not self._stopped

    def _elapsed_s(self) -> float:
        return time.monotonic() - self._begin_s

    def _solution(self) -> Solution:
        c = self._problem.candidates
        chosen = self._chosen
        chosen = chosen[np.lexsort((chosen, c.satellite_index[chosen], c.start_ms[chosen]))]
        downlink = earliest_downlink(self._problem, chosen, self._contacts)
        if not downlink.fits:
            raise OffnadirError("the solver's plan overflows a memory or misses a deadline")
        bound = max(self._bound, self._value)
        status = "optimal" if self._value == bound else "feasible"
        return Solution(
            chosen=chosen,
            contact=downlink.contact,
            sent_kbit=downlink.sent_kbit,
            delivered_by=downlink.delivered_by,
            value_micro=self._value,
            bound_micro=bound,
            status="nothing_to_take" if bound == 0 else status,
            repeatable=self._repeatable and not self._stopped,
        )


class _Listener(cp_model.CpSolverSolutionCallback):
    """Hands the value and bound of each better plan on; called by CP-SAT in its own thread."""

    def __init__(self, hear: Callable[[float, float], None]) -> None:
        super().__init__()
        self._hear = hear

    def on_solution_callback(self) -> None:
        """Called for each better plan."""
        self._hear(self.objective_value, self.best_objective_bound)


class _Model:
    """The problem in CP-SAT's terms: variables, rules, objective, and a plan to start from."""

    def __init__(self, problem: Problem, options: Options, pressed: NDArray[np.bool_]) -> None:
        self.problem = problem
        self.cp = cp_model.CpModel()
        self.take: dict[int, Any] = {}  # candidate -> variable
        self.pairs: list[tuple[int, int, Any]] = []
        self.used: dict[int, Any] = {}  # contact that others compete with -> variable
        self.sums: list[tuple[Any, IntArray]] = []
        self._serve(options)
        self._exclude(options)
        contacts = np.flatnonzero(pressed[problem.contacts.satellite_index])
        for rivals, places in contests(problem, contacts):
            for contact in rivals:
                if contact not in self.used:
                    self.used[contact] = self.cp.new_bool_var("")
            self.cp.add(sum(self.used[contact] for contact in rivals) <= places)
        self.sure = set(contacts.tolist()) - self.used.keys()
        can = np.array(sorted(self.take), dtype=np.int64)
        for satellite in np.flatnonzero(pressed).tolist():
            mine = can[problem.candidates.satellite_index[can] == satellite]
            self._flow(Flow(problem, satellite, mine, self.sure))

    def _serve(self, options: Options) -> None:
        """One variable a way to serve a request, which is served at most once; the objective."""
        ways: dict[int, list[Any]] = {}
        in_pairs: dict[int, list[Any]] = {}
        gain = []
        columns = (options.first, options.second, options.request_index, options.value_micro)
        rows = zip(*(column.tolist() for column in columns), strict=True)
        for first, second, request, value in rows:
            way = self.cp.new_bool_var("")
            gain.append((way, value))
            ways.setdefault(request, []).append(way)
            if second < 0:
                self.take[first] = way
            else:
                self.pairs.append((first, second, way))
                in_pairs.setdefault(first, []).append(way)
                in_pairs.setdefault(second, []).append(way)
        for literals in ways.values():
            self.cp.add_at_most_one(literals)
        for candidate, literals in in_pairs.items():
            self.take[candidate] = literals[0]
            if len(literals) > 1:
                self.take[candidate] = self.cp.new_bool_var("")
                self.cp.add(sum(literals) == self.take[candidate])
        self.cp.maximize(_sum(gain))

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

    def _flow(self, flow: Flow) -> None:
        """One satellite's memory and deadlines."""
        sums: list[Any] = [0]

        def sum_to(block: int) -> Any:
            """A variable for the volume of all pictures of the first so many blocks."""
            while len(sums) <= block:
                first, end = (len(sums) - 1) * _BLOCK, len(sums) * _BLOCK
                total = self.cp.new_int_var(0, flow.most_kbit(end), "")
                self.cp.add(total == sums[-1] + _sum(volume(first, end)))
                self.sums.append((total, flow.pictures[:end]))
                sums.append(total)
            return sums[block]

        def volume(first: int, end: int) -> list[tuple[Any, int]]:
            """The volume of pictures first to end - 1; a long row as the difference of two sums."""
            if end - first <= 2 * _BLOCK:
                return terms(np.arange(first, end), flow.volume_kbit[first:end])
            head, tail = -(-first // _BLOCK), end // _BLOCK
            middle = [(sum_to(tail), 1)] + ([(sum_to(head), -1)] if head else [])
            return volume(first, head * _BLOCK) + middle + volume(tail * _BLOCK, end)

        def terms(places: IntArray, factors: IntArray) -> list[tuple[Any, int]]:
            pictures = flow.pictures[places].tolist()
            return [(self.take[i], f) for i, f in zip(pictures, factors.tolist(), strict=True)]

        for rule in flow.rules():
            left = volume(rule.first, rule.end) + terms(rule.more, rule.factors)
            send = self.problem.contacts.max_volume_kbit[rule.contacts].tolist()
            left += [(self.used[i], -f) for i, f in zip(rule.contacts, send, strict=True)]
            self.cp.add(_sum(left) <= rule.limit)

    def hint(self, chosen: IntArray, contacts: list[int]) -> None:
        """Start from a plan: a value for every variable."""
        self.cp.clear_hints()  # type: ignore[no-untyped-call]
        taken, used = set(chosen.tolist()), set(contacts)
        hints = {x.index: (x, int(candidate in taken)) for candidate, x in self.take.items()}
        for first, second, way in self.pairs:
            hints[way.index] = (way, int(first in taken and second in taken))
        for contact, x in self.used.items():
            hints[x.index] = (x, int(contact in used))
        for x, pictures in self.sums:
            kept = pictures[np.isin(pictures, chosen)]
            hints[x.index] = (x, int(self.problem.candidates.volume_kbit[kept].sum()))
        for x, value in hints.values():
            self.cp.add_hint(x, value)

    def answer(self, solver: cp_model.CpSolver) -> tuple[IntArray, list[int]]:
        """The chosen candidates, rising, and the contacts that the plan counts on."""
        true = solver.boolean_value
        chosen = sorted(candidate for candidate, x in self.take.items() if true(x))
        used = {contact for contact, x in self.used.items() if true(x)}
        return np.array(chosen, dtype=np.int64), sorted(self.sure | used)


def _bring_to_an_end(solver: cp_model.CpSolver, done: threading.Event) -> None:
    """Stop a search that may still run, and wait for it even if told again to stop."""
    again: KeyboardInterrupt | None = None
    while not done.is_set():
        try:
            while not done.wait(_POLL_S):
                solver.stop_search()  # lost if the search has not quite begun, so more than once
        except KeyboardInterrupt as error:
            again = error
    if again is not None:
        raise again


def _sum(terms: list[tuple[Any, int]]) -> Any:
    return cp_model.LinearExpr.weighted_sum([x for x, _ in terms], [factor for _, factor in terms])


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


def _ignore(_: Progress) -> None:
    pass


def _never() -> bool:
    return False
