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
from offnadir.planning._downlink import earliest_downlink, simulate
from offnadir.planning._greedy import Options, greedy_plan, make_options, pressed_satellites
from offnadir.planning.problem import IntArray, Problem

#: Workers that take turns; their number is part of the promise that equal inputs give equal plans.
_WORKERS = 8
#: CP-SAT's own clock, which counts work instead of time, per second of time limit.
_WORK_PER_S = 1.0
_POLL_S = 0.05


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
        self.used = {int(row): self.cp.new_bool_var("") for row in rows}
        self._share_contacts()
        self.sent: dict[int, Any] = {}
        self.level: dict[tuple[int, int], Any] = {}
        for satellite in np.flatnonzero(pressed).tolist():
            self._memory(satellite)

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
            self.cp.add_at_most_one([self.take[candidate] for candidate in group])

    def _share_contacts(self) -> None:
        """A satellite sends to one station at a time, a station hears as many as it has antennas."""
        k = self.problem.contacts
        rows = np.array(list(self.used), dtype=np.int64)
        for contact in rows.tolist():
            instant = k.start_ms[contact]
            now = rows[(k.start_ms[rows] <= instant) & (instant < k.stop_ms[rows])]
            mine = now[k.satellite_index[now] == k.satellite_index[contact]]
            if len(mine) > 1:
                self.cp.add_at_most_one([self.used[i] for i in mine.tolist()])
            station = k.station_index[contact]
            here = now[k.station_index[now] == station]
            if len(here) > self.problem.antennas[station]:
                users = [self.used[i] for i in here.tolist()]
                self.cp.add(sum(users) <= int(self.problem.antennas[station]))

    def _memory(self, satellite: int) -> None:
        """First in, first out, between pictures and contacts; memory and deadlines.

        The time line is cut where contacts start and stop. `level[s, i]` is the volume of all
        pictures that stopped in stretches 0 to i; within a stretch nothing is freed, so that the
        memory is fullest at its end.
        """
        c, k, cp = self.problem.candidates, self.problem.contacts, self.cp
        mine = np.array(sorted(i for i in self.take if c.satellite_index[i] == satellite))
        mine = mine[np.argsort(c.stop_ms[mine], kind="stable")]
        contact = [i for i in self.used if k.satellite_index[i] == satellite]
        for i in contact:
            most = int(k.max_volume_kbit[i])
            self.sent[i] = cp.new_int_var(0, most, "")
            cp.add(self.sent[i] <= most * self.used[i])
        # A picture that stops exactly when a contact starts can still go down in it, and one that
        # stops when a contact stops finds its space freed: cuts lie just after starts, before stops.
        cuts = sorted({2 * int(k.start_ms[i]) + 1 for i in contact}
                      | {2 * int(k.stop_ms[i]) - 1 for i in contact})
        stretch = np.searchsorted(cuts, 2 * c.stop_ms[mine])
        raise NotImplementedError
