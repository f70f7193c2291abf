"""The ways to serve each request, and a first plan made by taking the best-looking ones in turn."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from offnadir.planning._cliques import Graph
from offnadir.planning._downlink import Recorder, assign_contacts
from offnadir.planning.problem import IntArray, Problem


_MOST_OUT = 3
_MOST_TRIES = 50_000


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Options:
    """Ways to serve a request: a picture, or a stereo pair; arrays of shape (n,).

    `second` is -1 for a single picture. Ways that can never be part of a plan are left out.
    """

    first: IntArray
    second: IntArray
    request_index: IntArray
    satellite_index: IntArray
    value_micro: IntArray
    volume_kbit: IntArray

    def __len__(self) -> int:
        return len(self.first)

    @property
    def most_value_micro(self) -> int:
        """Sum of each request's best: no plan is worth more."""
        return int(_largest_by(self.request_index, self.value_micro).sum())


def make_options(problem: Problem) -> Options:
    """The ways to serve each request, single pictures first."""
    c = problem.candidates
    can = _can_be_taken(problem)
    single = np.flatnonzero(can & ~problem.stereo[c.request_index])
    pairs = problem.stereo_pairs
    if len(pairs):
        size = np.int64(len(c) + 1)
        apart = ~np.isin(
            pairs.min(axis=1) * size + pairs.max(axis=1),
            problem.conflicts[:, 0] * size + problem.conflicts[:, 1],
        )
        pairs = pairs[apart & can[pairs].all(axis=1)]
    first = np.concatenate([single, pairs[:, 0]])
    second = np.concatenate([np.full(len(single), -1, dtype=np.int64), pairs[:, 1]])
    two = second >= 0
    return Options(
        first=first,
        second=second,
        request_index=c.request_index[first],
        satellite_index=c.satellite_index[first],
        value_micro=c.value_micro[first] + np.where(two, c.value_micro[second], 0),
        volume_kbit=c.volume_kbit[first] + np.where(two, c.volume_kbit[second], 0),
    )


def _can_be_taken(problem: Problem) -> NDArray[np.bool_]:
    """Candidates that fit the memory alone and have a contact between picture and deadline."""
    c, k = problem.candidates, problem.contacts
    can: NDArray[np.bool_] = c.volume_kbit <= problem.memory_kbit[c.satellite_index]
    for satellite in range(problem.n_satellites):
        rows = np.flatnonzero((c.satellite_index == satellite) & (c.deadline_ms >= 0))
        contact = np.flatnonzero(k.satellite_index == satellite)
        contact = contact[np.argsort(k.start_ms[contact], kind="stable")]
        never = np.iinfo(np.int64).max
        soonest = np.append(np.minimum.accumulate(k.stop_ms[contact][::-1])[::-1], never)
        next_contact = np.searchsorted(k.start_ms[contact], c.stop_ms[rows], side="left")
        can[rows] &= soonest[next_contact] <= c.deadline_ms[rows]
    return can


def pressed_satellites(problem: Problem, options: Options) -> NDArray[np.bool_]:
    """Satellites whose memory could overflow or whose pictures have a deadline: shape (n_satellites,).

    The others can take whatever the rest of the problem allows, and need no memory in the model.
    """
    pressed = np.zeros(problem.n_satellites, dtype=np.bool_)
    for satellite in range(problem.n_satellites):
        mine = options.satellite_index == satellite
        most = _largest_by(options.request_index[mine], options.volume_kbit[mine]).sum()
        due = problem.candidates.deadline_ms[options.first[mine]] >= 0
        due2 = problem.candidates.deadline_ms[options.second[mine]] >= 0
        late = np.any(due | (due2 & (options.second[mine] >= 0)))
        pressed[satellite] = late or most > problem.memory_kbit[satellite]
    return pressed


def greedy_plan(
    problem: Problem, options: Options, graph: Graph, pressed: NDArray[np.bool_]
) -> tuple[IntArray, list[int]]:
    """A plan that keeps every rule: the chosen candidates, rising, and the contacts it counts on.

    Options are taken in turn where they still fit; three orders are tried (by value, by value for the
    time, by value against that of the pictures they exclude), and the best plan is improved by
    exchanges.
    """
    c = problem.candidates
    contacts = assign_contacts(problem)
    if not len(options):
        return np.empty(0, dtype=np.int64), contacts
    value = options.value_micro.astype(np.float64)
    busy = (c.stop_ms - c.start_ms)[options.first].astype(np.float64)
    share = np.zeros(len(c))
    ways = np.bincount(options.request_index, minlength=problem.n_requests)
    share[options.first] = value / ways[options.request_index]
    around = graph.weight_around(share)[options.first]
    drafts = []
    for score in (value, value / busy, value * value / (value + around)):
        draft = _Draft(problem, options, graph, pressed, contacts)
        for way in np.lexsort((options.first, c.start_ms[options.first], -score)).tolist():
            draft.add(way)
        drafts.append(draft)
    best = max(drafts, key=lambda draft: draft.value)
    best.exchange()
    return best.chosen(), contacts


class _Draft:
    """A plan in the making. `add` and `remove` keep every rule; ways are rows of the options."""

    def __init__(
        self,
        problem: Problem,
        options: Options,
        graph: Graph,
        pressed: NDArray[np.bool_],
        contacts: list[int],
    ) -> None:
        c, k = problem.candidates, problem.contacts
        self.graph, self.candidates, self.options = graph, c, options
        self.value = 0
        self.served: dict[int, int] = {}  # request -> way
        self.owner = np.full(len(c), -1, dtype=np.int64)  # candidate -> request it is taken for
        self.hits = np.zeros(len(c), dtype=np.int32)  # how many taken pictures exclude it
        self.recorders = {
            satellite: Recorder(
                problem, satellite, [i for i in contacts if k.satellite_index[i] == satellite]
            )
            for satellite in np.flatnonzero(pressed).tolist()
        }
        self.kept = {satellite: np.empty(0, dtype=np.int64) for satellite in self.recorders}
        self.ways: list[tuple[int, int, int, int, int]] = list(
            zip(
                options.first.tolist(),
                options.second.tolist(),
                options.request_index.tolist(),
                options.satellite_index.tolist(),
                options.value_micro.tolist(),
                strict=True,
            )
        )

    def chosen(self) -> IntArray:
        """The candidates taken, rising."""
        return np.flatnonzero(self.owner >= 0)

    def add(self, way: int) -> bool:
        """Serve a request in this way if it is not served and nothing forbids it."""
        first, second, request, satellite, value = self.ways[way]
        if request in self.served or self.hits[first] or (second >= 0 and self.hits[second]):
            return False
        pictures = [first] if second < 0 else [first, second]
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
        self.value += value
        for picture in pictures:
            self.owner[picture] = request
            self.hits[self.graph.neighbours(picture)] += 1
        return True

    def remove(self, request: int) -> int:
        """Serve a request no more; the way in which it was served."""
        way = self.served.pop(request)
        first, second, _, satellite, value = self.ways[way]
        self.value -= value
        for picture in [first] if second < 0 else [first, second]:
            self.owner[picture] = -1
            self.hits[self.graph.neighbours(picture)] -= 1
            if satellite in self.kept:
                kept = self.kept[satellite]
                self.kept[satellite] = kept[kept != picture]
        return way

    def exchange(self) -> None:
        """Push a picture in, put those that it pushes out elsewhere; keep what gains, till none does."""
        order = np.argsort(-self.options.value_micro, kind="stable").tolist()
        self.by_request: dict[int, list[int]] = {}
        for way in order:
            self.by_request.setdefault(self.ways[way][2], []).append(way)
        tries = 0
        improved = True
        while improved and tries < _MOST_TRIES:
            improved = False
            for way in order:
                request = self.ways[way][2]
                if self.served.get(request) != way:
                    improved |= self._push_in(way)
                    tries += 1

    def _push_in(self, way: int) -> bool:
        first, second, request, _, value = self.ways[way]
        pictures = [first] if second < 0 else [first, second]
        near = np.concatenate([self.graph.neighbours(picture) for picture in pictures])
        out = set(self.owner[near].tolist()) - {-1}
        if request in self.served:
            out.add(request)
        if len(out) > _MOST_OUT:
            return False
        before = self.value
        removed = {other: self.remove(other) for other in sorted(out)}
        added = [request] if self.add(way) else []
        if added:
            for other in sorted(out - {request}, key=lambda r: -self.ways[removed[r]][4]):
                ways = self.by_request[other]
                if any(self.add(w) for w in ways):
                    added.append(other)
        if self.value > before:
            return True
        for other in added:
            self.remove(other)
        for old in removed.values():
            self.add(old)
        return False


def _largest_by(group: IntArray, values: IntArray) -> IntArray:
    """The largest value of each group, in order of the groups."""
    if not len(group):
        return np.empty(0, dtype=np.int64)
    order = np.lexsort((values, group))
    last = np.append(np.flatnonzero(np.diff(group[order])), len(group) - 1)
    largest: IntArray = values[order][last]
    return largest
