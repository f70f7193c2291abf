"""The ways to serve each request: single pictures and stereo pairs that a plan could hold."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from offnadir.planning._cp_problem import IntArray, Problem


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
    deadline = problem.candidates.deadline_ms
    due = deadline[options.first] >= 0
    due |= (options.second >= 0) & (deadline[options.second] >= 0)
    pressed = np.zeros(problem.n_satellites, dtype=np.bool_)
    for satellite in range(problem.n_satellites):
        mine = options.satellite_index == satellite
        most = _largest_by(options.request_index[mine], options.volume_kbit[mine]).sum()
        pressed[satellite] = np.any(due[mine]) or most > problem.memory_kbit[satellite]
    return pressed


def _largest_by(group: IntArray, values: IntArray) -> IntArray:
    """The largest value of each group, in order of the groups."""
    if not len(group):
        return np.empty(0, dtype=np.int64)
    order = np.lexsort((values, group))
    last = np.append(np.flatnonzero(np.diff(group[order])), len(group) - 1)
    largest: IntArray = values[order][last]
    return largest
