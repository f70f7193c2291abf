"""A first plan: the best-looking pictures in turn, then exchanges that now and then accept a loss."""

from __future__ import annotations

import math
import random
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from offnadir.planning._cliques import Graph
from offnadir.planning._cp_problem import IntArray, Problem
from offnadir.planning._downlink import Recorder, assign_contacts
from offnadir.planning._options import Options

#: How many requests one picture may push out, and how large a loss is accepted at first, as a share of
#: the mean value of a way to serve a request; both found by trying.
_MOST_OUT = 4
_FIRST_LOSS = 0.15
_TRIES_PER_OPTION = 20
_TRIES_BETWEEN_LOOKS = 500


class Draft:
    """A plan in the making that keeps every rule at every step. A way is a row of the options."""

    def __init__(
        self, problem: Problem, options: Options, graph: Graph, pressed: NDArray[np.bool_]
    ) -> None:
        k = problem.contacts
        self.graph, self.candidates = graph, problem.candidates
        self.contacts = assign_contacts(problem, satellites=pressed)
        self.value = 0
        self.served: dict[int, int] = {}  # request -> way
        self.owner = np.full(len(problem.candidates), -1, dtype=np.int64)  # -> request it serves
        self.hits = np.zeros(len(problem.candidates), dtype=np.int32)  # taken ones that exclude it
        self.recorders = {
            satellite: Recorder(
                problem, satellite, [i for i in self.contacts if k.satellite_index[i] == satellite]
            )
            for satellite in np.flatnonzero(pressed).tolist()
        }
        self.kept = {satellite: np.empty(0, dtype=np.int64) for satellite in self.recorders}
        two = (options.second >= 0).tolist()
        pairs = zip(options.first.tolist(), options.second.tolist(), two, strict=True)
        self.pictures = [[a, b] if stereo else [a] for a, b, stereo in pairs]
        self.request = options.request_index.tolist()
        self.satellite = options.satellite_index.tolist()
        self.worth = options.value_micro.tolist()

    def chosen(self) -> IntArray:
        """The candidates taken, rising."""
        return np.flatnonzero(self.owner >= 0)

    def add(self, way: int) -> bool:
        """Serve a request in this way if it is not served and nothing forbids it."""
        pictures, request = self.pictures[way], self.request[way]
        if request in self.served or any(self.hits[picture] for picture in pictures):
            return False
        satellite = self.satellite[way]
        if satellite in self.recorders:
            c = self.candidates
            more = np.concatenate([self.kept[satellite], pictures])
            more = more[np.lexsort((c.start_ms[more], c.stop_ms[more]))]
            if not self.recorders[satellite].keeps(
                c.stop_ms[more], c.volume_kbit[more], c.deadline_ms[more]
            ):
                return False
            self.kept[satellite] = more
        self.served[request] = way
        self.value += self.worth[way]
        for picture in pictures:
            self.owner[picture] = request
            self.hits[self.graph.neighbours(picture)] += 1
        return True

    def remove(self, request: int) -> int:
        """Serve a request no more; the way in which it was served."""
        way = self.served.pop(request)
        self.value -= self.worth[way]
        for picture in self.pictures[way]:
            self.owner[picture] = -1
            self.hits[self.graph.neighbours(picture)] -= 1
            if self.satellite[way] in self.kept:
                kept = self.kept[self.satellite[way]]
                self.kept[self.satellite[way]] = kept[kept != picture]
        return way

    def in_the_way(self, way: int) -> list[int]:
        """Requests that must give way for this one, itself among them if it is served."""
        owners = [self.owner[self.graph.neighbours(picture)] for picture in self.pictures[way]]
        near = {request for owner in owners for request in owner[owner >= 0].tolist()}
        return sorted(near | ({self.request[way]} & self.served.keys()))


def greedy_plan(
    problem: Problem, options: Options, graph: Graph, pressed: NDArray[np.bool_]
) -> Draft:
    """The best of three plans made by taking ways in turn where they still fit.

    The orders: by value, by value for the time, by value against that of the pictures they exclude.
    """
    c = problem.candidates
    value = options.value_micro.astype(np.float64)
    busy = (c.stop_ms - c.start_ms)[options.first].astype(np.float64)
    share = np.zeros(len(c))
    ways = np.bincount(options.request_index, minlength=problem.n_requests)
    share[options.first] = value / ways[options.request_index]
    around = graph.weight_around(share)[options.first]
    drafts = []
    for score in (value, value / busy, value * value / (value + around)):
        draft = Draft(problem, options, graph, pressed)
        for way in np.lexsort((options.first, c.start_ms[options.first], -score)).tolist():
            draft.add(way)
        drafts.append(draft)
    return max(drafts, key=lambda draft: draft.value)


def exchange(
    draft: Draft, *, seed: int, tries: int, go_on: Callable[[int], bool]
) -> tuple[IntArray, bool]:
    """Push pictures in at random and put those that they push out elsewhere: annealing by thresholds.

    A step may lose a little, less and less as time goes on. Gives the best plan seen, and whether all
    tries were made: they end early when `go_on`, told the best value, says no.
    """
    dice = random.Random(seed)  # noqa: S311  its random() is the same for ever, and no secret
    by_request: dict[int, list[int]] = {}
    for way in sorted(range(len(draft.worth)), key=lambda way: -draft.worth[way]):
        by_request.setdefault(draft.request[way], []).append(way)
    best, best_value = draft.chosen(), draft.value
    size = len(draft.worth)
    tries = min(tries, size * _TRIES_PER_OPTION)
    first_loss = _FIRST_LOSS * sum(draft.worth) / max(size, 1)
    for n in range(tries):
        way = int(dice.random() * size)
        loss = -first_loss * (1.0 - n / tries) * math.log(1.0 - dice.random())
        if draft.served.get(draft.request[way]) != way:
            _push_in(draft, way, by_request, loss)
            if draft.value > best_value:
                best, best_value = draft.chosen(), draft.value
        if n % _TRIES_BETWEEN_LOOKS == 0 and not go_on(best_value):
            return best, False
    return best, True


def _push_in(draft: Draft, way: int, by_request: dict[int, list[int]], loss: float) -> None:
    """Take this way, put others out of it, serve them elsewhere if possible; undo what costs more."""
    out = draft.in_the_way(way)
    if len(out) > _MOST_OUT:
        return
    before, request = draft.value, draft.request[way]
    removed = {other: draft.remove(other) for other in out}
    if draft.add(way):
        homeless = sorted(out, key=lambda r: (-draft.worth[removed[r]], r))
        added = [r for r in homeless if any(draft.add(elsewhere) for elsewhere in by_request[r])]
        if draft.value >= before - loss:
            return
        for other in {request, *added}:
            draft.remove(other)
    for old in removed.values():
        draft.add(old)
