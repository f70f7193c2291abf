"""Memory and deadlines of one satellite as rules about stretches of time, without what is sent.

What is down at a time T is the least, over the contacts j that are over by then (and none at all), of
what was written when j started and what the contacts after j can send. So "written less down is at
most the memory" and "down is at least what was written up to a picture" are one rule a contact j each, in
pictures and contacts alone. docs/theory/planning.md derives it.
"""

from __future__ import annotations

from collections.abc import Iterator, Set
from dataclasses import dataclass

import numpy as np

from offnadir.planning._cp_problem import IntArray, Problem

_DEADLINE_CUTS = 32
_BEGIN_MS, _END_MS = -1, np.iinfo(np.int64).max


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Rule:
    """Volume of pictures first to end - 1, and of some more with factors <= limit + contacts.

    Pictures are places in the satellite's row of pictures by stop; `contacts` may be used, and then
    send all that they can; those that are used for sure are in `limit` already.
    """

    first: int
    end: int
    more: IntArray
    factors: IntArray
    contacts: list[int]
    limit: int


@dataclass(frozen=True, slots=True, kw_only=True)
class _Relief:
    """What a row of contacts can send: some for sure, others only if they are used.

    `empties` says whether one of the sure contacts alone takes all that the memory can hold.
    """

    sure: int
    maybe: list[int]
    empties: bool


class Flow:
    """One satellite's pictures by stop (indices of candidates) and its contacts."""

    def __init__(
        self, problem: Problem, satellite: int, candidates: IntArray, sure: Set[int]
    ) -> None:
        c, k = problem.candidates, problem.contacts
        self.pictures = candidates[
            np.lexsort((candidates, c.start_ms[candidates], c.stop_ms[candidates]))
        ]
        self.volume_kbit = c.volume_kbit[self.pictures]
        self._stop_ms = c.stop_ms[self.pictures]
        self._deadline_ms = c.deadline_ms[self.pictures]
        self._request = c.request_index[self.pictures]
        self._stereo = problem.stereo[self._request]
        self._memory = int(problem.memory_kbit[satellite])
        self._sends = k.max_volume_kbit
        self._sure = sure
        self._contacts = np.flatnonzero(k.satellite_index == satellite).tolist()
        # j = -1 stands for no contact: the stretch from the beginning of the span
        self._after_ms = {-1: _BEGIN_MS} | {j: int(k.start_ms[j]) for j in self._contacts}
        self._over_ms = {-1: _BEGIN_MS} | {j: int(k.stop_ms[j]) for j in self._contacts}
        self._first = {
            j: int(np.searchsorted(self._stop_ms, t, side="right"))
            for j, t in self._after_ms.items()
        }
        everything = np.arange(len(self.pictures))
        self._most = {j: self._most_kbit(everything[n:]) for j, n in self._first.items()}
        self._reliefs: dict[tuple[int, int], _Relief] = {}

    def most_kbit(self, end: int) -> int:
        """The most that the first `end` pictures can take up, of which a plan holds only some."""
        return self._most[-1][end - 1] if end else 0

    def rules(self) -> Iterator[Rule]:
        """Rules that a choice of pictures and contacts keeps just if it can be flown."""
        for instant in sorted({self._over_ms[j] for j in self._contacts}):
            # fullest just before space is freed, by the last picture that stops before
            end = int(np.searchsorted(self._stop_ms, instant, side="left"))
            yield from self._memory_rules(end, instant - 1)
        yield from self._memory_rules(len(self.pictures), _END_MS)
        for n in np.flatnonzero(self._deadline_ms >= 0).tolist():
            yield from self._deadline_rules(n)
        due = np.unique(self._deadline_ms[self._deadline_ms >= 0]).tolist()
        for instant in due[:: len(due) // _DEADLINE_CUTS + 1]:
            yield from self._deadline_cuts(instant)

    def _memory_rules(self, end: int, by_ms: int) -> Iterator[Rule]:
        """The first `end` pictures do not overflow, given the contacts that are over by a time.

        Left out where even all pictures together do not, and where a contact between empties any
        memory: then the rules before and after it say as much.
        """
        nothing = np.empty(0, dtype=np.int64)
        for j, first in self._first.items():
            if self._over_ms[j] > by_ms or first >= end:
                continue
            relief = self._relief(j, by_ms)
            limit = self._memory + relief.sure
            if not relief.empties and self._most[j][end - first - 1] > limit:
                yield Rule(
                    first=first, end=end, more=nothing, factors=nothing,
                    contacts=relief.maybe, limit=limit,
                )  # fmt: skip

    def _deadline_rules(self, n: int) -> Iterator[Rule]:
        """If picture n is taken, all pictures up to it are down by its deadline.

        So they are if one of the same request is taken later: one rule says both, and binds fractions
        more than one for each picture. When none is taken the rule must say nothing: by how much
        the other pictures can exceed the contacts is added then.
        """
        by_ms = int(self._deadline_ms[n])
        takers = np.array([n])
        if not self._stereo[n]:
            due = (self._deadline_ms[n:] >= 0) & (self._deadline_ms[n:] <= by_ms)
            takers = n + np.flatnonzero(due & (self._request[n:] == self._request[n]))
        own = self.volume_kbit[takers]
        for j, first in self._first.items():
            if self._over_ms[j] > by_ms or first > n:
                continue
            relief, most = self._relief(j, by_ms), 0
            if first < n:
                so_far = self._memory + self._relief(j, int(self._stop_ms[n - 1])).sure
                most = min(self._most[j][n - first - 1], so_far)
            if not relief.empties and most + int(own.max()) > relief.sure:
                slack = max(most - relief.sure, 0)
                yield Rule(
                    first=first, end=n, more=takers, factors=own + slack,
                    contacts=relief.maybe, limit=relief.sure + slack,
                )  # fmt: skip

    def _deadline_cuts(self, by_ms: int) -> Iterator[Rule]:
        """All pictures due by a time are down by then: implied for plans, but not for fractions."""
        due = np.flatnonzero((self._deadline_ms >= 0) & (self._deadline_ms <= by_ms))
        for j, first in self._first.items():
            pictures, relief = due[due >= first], self._relief(j, by_ms)
            if self._over_ms[j] > by_ms or not len(pictures) or relief.empties:
                continue
            if self._most_kbit(pictures)[-1] > relief.sure:
                yield Rule(
                    first=0, end=0, more=pictures, factors=self.volume_kbit[pictures],
                    contacts=relief.maybe, limit=relief.sure,
                )  # fmt: skip

    def _relief(self, j: int, by_ms: int) -> _Relief:
        """The contacts after j and over by a time."""
        if (j, by_ms) not in self._reliefs:
            between = [
                i
                for i in self._contacts
                if self._after_ms[i] > self._after_ms[j] and self._over_ms[i] <= by_ms
            ]
            maybe = [i for i in between if i not in self._sure]
            sure = [int(self._sends[i]) for i in between if i in self._sure]
            empties = max(sure, default=0) >= self._memory
            self._reliefs[j, by_ms] = _Relief(sure=sum(sure), maybe=maybe, empties=empties)
        return self._reliefs[j, by_ms]

    def _most_kbit(self, pictures: IntArray) -> list[int]:
        """The most that the first, the first two, ... of some pictures can take up together.

        A request has one picture at most, or two if it wants a stereo pair.
        """
        largest: dict[int, int] = {}
        total, sums = 0, []
        columns = (self._request, self.volume_kbit, self._stereo)
        for request, volume, stereo in zip(
            *(column[pictures].tolist() for column in columns), strict=True
        ):
            before = largest.get(request, 0)
            if volume > before:
                largest[request] = volume
                total += (volume - before) * (2 if stereo else 1)
            sums.append(total)
        return sums
