"""Memory and delivery as rows, for the bound: what every plan keeps whatever contacts it uses.

Contacts count as if all of them could be used at once, and an option only where its picture lies in a stretch
wherever it begins: so the rows allow all that the problem allows, and a little more. Equations: Memory and
Deadlines in docs/theory/planning.md, with every contact used.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from offnadir.planning.problem import IntArray, Problem, Rows

_MOST_ENTRIES = 2_000_000


def with_resource_rows(problem: Problem) -> Problem:
    """The problem with rows for memories and deadlines added, as far as they can bind."""
    o, w = problem.options, problem.windows
    option = np.repeat(np.arange(len(o)), np.diff(o.member_block))
    satellite = problem.satellite_of(o.member_window)
    end = w.first_ms[o.member_window] + w.duration_ms[o.member_window]
    first_stop = end + o.member_low * w.step_ms[o.member_window]
    last_stop = end + o.member_high * w.step_ms[o.member_window]
    more: list[tuple[IntArray, IntArray, int]] = []
    entries = 0
    for s, craft in enumerate(problem.spacecraft):
        mine = np.flatnonzero((satellite == s) & (o.member_volume_kbit > 0))
        if not len(mine):
            continue
        k = problem.contacts
        rows = np.flatnonzero(k.satellite == s)
        start, stop, send = k.start_ms[rows], k.stop_ms[rows], k.max_volume_kbit[rows]
        stretches: list[tuple[int, int, int, IntArray]] = []  # from, to, limit, whose
        after = [-(2**62), *start.tolist()]
        if craft.memory_kbit is not None:
            for begin in after:
                for instant in [*(stop - 1).tolist(), 2**62]:
                    if instant > begin:
                        gone = (start > begin) & (stop <= instant)
                        stretches.append(
                            (begin, instant, craft.memory_kbit + int(send[gone].sum()), mine)
                        )
        deadline = o.deadline_ms[option[mine]]
        for due in np.unique(deadline[deadline >= 0]).tolist():
            whose = mine[(deadline >= 0) & (deadline <= due)]
            for begin in after:
                if begin < due:
                    gone = (start > begin) & (stop <= due)
                    stretches.append((begin, 2**62, int(send[gone].sum()), whose))
        for begin, instant, limit, whose in stretches:
            inside = whose[(first_stop[whose] > begin) & (last_stop[whose] <= instant)]
            if (
                not len(inside)
                or _most(o.task[option[inside]], o.member_volume_kbit[inside]) <= limit
            ):
                continue
            column, place = np.unique(option[inside], return_inverse=True)
            volume = np.zeros(len(column), np.int64)
            np.add.at(volume, place, o.member_volume_kbit[inside])
            more.append((column, volume, limit))
            entries += len(column)
            if entries > _MOST_ENTRIES:
                break
    if not more:
        return problem
    old = problem.rows
    new = Rows.of(more)
    rows_all = Rows(
        start=np.concatenate([old.start, old.start[-1] + new.start[1:]]),
        option=np.concatenate([old.option, new.option]),
        coefficient=np.concatenate([old.coefficient, new.coefficient]),
        limit=np.concatenate([old.limit, new.limit]),
    )
    return replace(problem, rows=rows_all)


def _most(task: IntArray, volume: IntArray) -> int:
    """The most that tasks can write; each by its largest member, thrice for options of several."""
    most = np.zeros(int(task.max()) + 1, np.int64)
    np.maximum.at(most, task, volume)
    return 3 * int(most.sum())
