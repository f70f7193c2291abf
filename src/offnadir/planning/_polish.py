"""The best starts for a plan's pictures as they follow on one another: one longest path a chain."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from offnadir.planning._audit import _resources as resource_faults
from offnadir.planning._audit import faults, value_of
from offnadir.planning.problem import IntArray, Problem, Schedule


def polished(problem: Problem, schedule: Schedule) -> Schedule:
    """The same options in the same order, begun where they earn the most.

    In a chain the best value of a picture at each of its starts follows from those of the picture before: the
    running maximum over the starts that leave time to turn. A chain whose new starts overtax its satellite
    keeps the old ones.
    """
    o, w = problem.options, problem.windows
    members = np.array(
        [m for i in schedule.option.tolist() for m in range(o.member_block[i], o.member_block[i + 1])],
        np.int64,
    )
    option = np.repeat(schedule.option, np.diff(o.member_block)[schedule.option])
    if not np.any(o.profile_block[option] >= 0):
        return schedule
    window = o.member_window[members]
    begin_ms = w.first_ms[window] + schedule.start * w.step_ms[window]
    chain, satellite = w.chain[window], problem.satellite_of(window)
    start = schedule.start.copy()
    for c in np.unique(chain[chain >= 0]).tolist():
        rows = np.flatnonzero(chain == c)
        if not problem.transitions.is_table[c]:
            continue
        rows = rows[np.argsort(begin_ms[rows], kind="stable")]
        old = start[rows].copy()
        start[rows] = _best_starts(problem, members[rows], option[rows])
        s = int(satellite[rows[0]])
        if s < len(problem.spacecraft) and np.any(start[rows] != old):
            mine = np.flatnonzero(satellite == s)
            pairs = list(zip(members[mine].tolist(), start[mine].tolist(), strict=True))
            if resource_faults(problem, s, problem.spacecraft[s], pairs, schedule.contact):
                start[rows] = old
    better = replace(schedule, start=start)
    value = value_of(problem, better)
    better = replace(better, value=value, bound=max(schedule.bound, value))
    return better if value > schedule.value and not faults(problem, better) else schedule


def _best_starts(problem: Problem, members: IntArray, options: IntArray) -> list[int]:
    """Starts of a chain's members in their order. Of equal ones the earliest."""
    o, w, t = problem.options, problem.windows, problem.transitions
    low, high = o.member_low[members], o.member_high[members]
    edge = int(np.searchsorted(w.chain, w.chain[o.member_window[members[0]]]))
    before: list[IntArray] = []
    total = np.empty(0, np.int64)
    for p, (m, i) in enumerate(zip(members.tolist(), options.tolist(), strict=True)):
        n = int(high[p] - low[p]) + 1
        own = np.zeros(n, np.int64)
        if o.profile_block[i] >= 0:
            own = o.profile[o.profile_block[i] : o.profile_block[i] + n]
        if p == 0:
            total = own
            before.append(np.zeros(n, np.int64))
            continue
        a, b = int(o.member_window[members[p - 1]]), int(o.member_window[m])
        at = int(t.block[a] + (b - edge) * w.count[a])
        least = t.table[at + low[p - 1] : at + high[p - 1] + 1].astype(np.int64)
        # the best start of the picture before among those up to each, and up to which one each start may look
        best = np.maximum.accumulate(total)
        place = np.flatnonzero(np.concatenate([[True], total[1:] > best[:-1]]))
        upto = np.searchsorted(least, np.arange(low[p], high[p] + 1), side="right") - 1
        seen = np.maximum(upto, 0)
        before.append(place[np.searchsorted(place, seen, side="right") - 1])
        total = np.where(upto >= 0, best[seen] + own, -(2**62))
    starts = [int(np.argmax(total))]
    for p in range(len(members) - 1, 0, -1):
        starts.append(int(before[p][starts[-1]]))
    return [int(low[p]) + k for p, k in enumerate(reversed(starts))]
