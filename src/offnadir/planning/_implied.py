"""Rows that follow from what satellites have to go round with: no plan breaks them, a bound can price them.

Each counts only what surely falls into a stretch of time, whatever starts are chosen. The equations are in
docs/theory/planning.md.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from offnadir.planning.problem import Array, IntArray, Problem, Rows, Spacecraft

#: Rows of one satellite, of each kind: those that are the most overdrawn if everything is taken.
MOST_ROWS: Final = 160
#: Sums of so many units, times tasks, are told one by one where a limit is rounded down to one of them.
_MOST_SUMS: Final = 100_000_000
_EVER: Final = 2**62
_AHEAD: Final = 12


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Members:
    """A satellite's pictures that could be: columns of shape (m,), times in ms."""

    option: IntArray
    task: IntArray
    low: IntArray
    stop_low: IntArray
    stop_high: IntArray
    long_ms: IntArray
    volume_kbit: IntArray
    deadline_ms: IntArray


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Row:
    option: IntArray
    task: IntArray
    factor: IntArray
    limit: int
    excess: float

    def rounded(self) -> int:
        """The most that is reached below the limit: in a memory of 10, pictures of 4 take 8."""
        unit = int(np.gcd.reduce(self.factor))
        most = self.limit // unit
        ways: dict[int, set[int]] = {}
        for task, factor in zip(self.task.tolist(), self.factor.tolist(), strict=True):
            ways.setdefault(task, set()).add(factor // unit)
        if most * len(ways) > _MOST_SUMS:
            return self.limit
        whole = (1 << (most + 1)) - 1
        sums = 1  # bit n: n units can be reached
        for factors in ways.values():
            before = sums
            for factor in factors:
                sums |= before << factor
            sums &= whole
            if sums >> most:
                break
        return unit * (sums.bit_length() - 1)


def with_implied_rows(problem: Problem) -> Problem:
    """The same problem, its plans and their values, with rows more."""
    o, w, old = problem.options, problem.windows, problem.rows
    option = np.repeat(np.arange(len(o)), np.diff(o.member_block))
    satellite = problem.satellite_of(o.member_window)
    rows: list[_Row] = []
    for s, craft in enumerate(problem.spacecraft):
        mine = np.flatnonzero(satellite == s)
        window = o.member_window[mine]
        begin = w.first_ms[window] + o.member_low[mine] * w.step_ms[window]
        end = w.first_ms[window] + o.member_high[mine] * w.step_ms[window]
        members = _Members(
            option=option[mine], task=o.task[option[mine]], low=begin,
            stop_low=begin + w.duration_ms[window], stop_high=end + w.duration_ms[window],
            long_ms=w.duration_ms[window], volume_kbit=o.member_volume_kbit[mine],
            deadline_ms=o.deadline_ms[option[mine]],
        )  # fmt: skip
        if len(mine):
            for found in (
                _memory(problem, s, craft, members),
                _deadlines(problem, s, members),
                _duty(craft, members),
                _warmth(craft, members),
                _energy(craft, members),
            ):
                rows += sorted(found, key=lambda row: -row.excess)[:MOST_ROWS]
    if not rows:
        return problem
    more = Rows.of([(row.option, row.factor, row.rounded()) for row in rows])
    return replace(
        problem,
        rows=Rows(
            start=np.concatenate([old.start, old.start[-1] + more.start[1:]]),
            option=np.concatenate([old.option, more.option]),
            coefficient=np.concatenate([old.coefficient, more.coefficient]),
            limit=np.concatenate([old.limit, more.limit]),
            name=(*old.name, *[""] * len(rows)) if len(old.name) == len(old) else (),
        ),
    )


def _row(
    members: _Members, inside: NDArray[np.bool_], needs: IntArray, limit: int
) -> Iterator[_Row]:
    """At most so much of what members inside a stretch need; nothing if even all tasks keep to it."""
    rows = np.flatnonzero(inside & (needs > 0))
    if limit < 0 or not len(rows):
        return
    option, place = np.unique(members.option[rows], return_inverse=True)
    factor = np.zeros(len(option), np.int64)
    np.add.at(factor, place, needs[rows])
    task = np.empty(len(option), np.int64)
    task[place] = members.task[rows]
    number = np.unique(task, return_inverse=True)[1]
    most = np.zeros(int(number.max()) + 1, np.int64)
    np.maximum.at(most, number, factor)
    total = int(most.sum())
    if total > limit:
        excess = total / max(limit, 1)
        yield _Row(option=option, task=task, factor=factor, limit=limit, excess=excess)


def _contacts_of(problem: Problem, s: int) -> tuple[IntArray, IntArray, IntArray]:
    """Start, stop and volume of a satellite's contacts, by start."""
    k = problem.contacts
    rows = np.flatnonzero(k.satellite == s)
    rows = rows[np.argsort(k.start_ms[rows], kind="stable")]
    return k.start_ms[rows], k.stop_ms[rows], k.max_volume_kbit[rows]


def _sendable(start: IntArray, stop: IntArray, volume: IntArray) -> int:
    """The most that contacts can send, of which one satellite uses one at a time."""
    best: list[tuple[int, int]] = [(-_EVER, 0)]
    for i in np.argsort(stop, kind="stable").tolist():
        before = max(value for at, value in best if at <= start[i])
        best.append((int(stop[i]), max(best[-1][1], before + int(volume[i]))))
    return best[-1][1]


def _memory(problem: Problem, s: int, craft: Spacecraft, members: _Members) -> Iterator[_Row]:
    """What is written behind the start of one contact and up to the stop of another, less what goes down."""
    if craft.memory_kbit is None:
        return
    start, stop, volume = _contacts_of(problem, s)
    ends = np.unique(stop).tolist()
    for j, after in enumerate([-1, *start.tolist()]):
        later = start > after
        for end in [*[e for e in ends if e > after][:_AHEAD], _EVER]:
            over = later & (stop < end)
            limit = craft.memory_kbit + _sendable(start[over], stop[over], volume[over])
            inside = (members.stop_high < end) & ((members.stop_low > after) | (j == 0))
            yield from _row(members, inside, members.volume_kbit, limit)


def _deadlines(problem: Problem, s: int, members: _Members) -> Iterator[_Row]:
    """What is due by then and written behind the start of a contact goes down in the contacts in between."""
    start, stop, volume = _contacts_of(problem, s)
    for due in np.unique(members.deadline_ms[members.deadline_ms >= 0]).tolist():
        soon = (members.deadline_ms >= 0) & (members.deadline_ms <= due)
        for j, after in enumerate([-1, *start[stop <= due].tolist()]):
            over = (start > after) & (stop <= due)
            inside = soon & ((members.stop_low > after) | (j == 0))
            limit = _sendable(start[over], stop[over], volume[over])
            yield from _row(members, inside, members.volume_kbit, limit)


def _duty(craft: Spacecraft, members: _Members) -> Iterator[_Row]:
    """Imaging in stretches of the duty's length that begin with a picture."""
    if craft.duty_imaging_ms is None or craft.duty_in_ms is None:
        return
    for begin in _some(members.low):
        inside = (members.low >= begin) & (members.stop_high <= begin + craft.duty_in_ms)
        yield from _row(members, inside, members.long_ms, craft.duty_imaging_ms)


def _warmth(craft: Spacecraft, members: _Members) -> Iterator[_Row]:
    """What is left of each picture's warmth at the end of another."""
    heat = craft.thermal
    if heat is None:
        return
    constant = float(heat.time_constant_ms)
    own: Array = heat.heating_mk_s * constant / 1e3 * -np.expm1(-members.long_ms / constant)
    for end in _some(members.stop_high):
        inside = members.stop_high <= end
        left = own * np.exp(-np.maximum(end - members.stop_low, 0) / constant)
        yield from _row(members, inside, np.floor(left).astype(np.int64), heat.max_rise_mk)


def _energy(craft: Spacecraft, members: _Members) -> Iterator[_Row]:
    """What pictures draw in a stretch: no more than a full battery and the Sun give beside what is idle."""
    b = craft.battery
    if b is None or not b.imaging_mw:
        return
    sun = b.sunlit_ms.reshape(-1, 2)
    needs = members.long_ms * b.imaging_mw // 1000
    begins = [b.start_ms, *[t for t in sun[:, 1].tolist() if b.start_ms < t < b.stop_ms]]
    ends = [*[t for t in sun[:, 0].tolist() if b.start_ms < t < b.stop_ms], b.stop_ms]
    for begin in begins:
        full = b.initial_mj if begin == b.start_ms else b.capacity_mj
        for end in [e for e in ends if e > begin][:_AHEAD]:
            lit = np.clip(np.minimum(sun[:, 1], end) - np.maximum(sun[:, 0], begin), 0, None).sum()
            gained = (b.charge_mw * int(lit) - b.idle_mw * (end - begin)) / 1000
            inside = (members.low >= begin) & (members.stop_high <= end)
            yield from _row(members, inside, needs, math.floor(full - b.floor_mj + gained) + 1)


def _some(times: IntArray, most: int = MOST_ROWS) -> list[int]:
    """Different times, at most so many, evenly taken."""
    each = np.unique(times)
    some: list[int] = each[:: max(-(-len(each) // most), 1)].tolist()
    return some
