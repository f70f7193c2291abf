"""agile: windows with attitudes that run on, starts at whole seconds, turns by change of roll and pitch."""

from __future__ import annotations

import numpy as np

from instances.agile import Instance
from offnadir.planning.problem import Options, Problem, Rows, Schedule, Windows
from offnadir.planning.transitions import SlewLaw, cut_chains, transition_tables

_MS = 1000
# The published profile, with its steps at 10 deg (7 ms) told apart from the slope behind it.
_PROFILE = np.array(
    [
        [0.0, 11.66],
        [10.0, 11.66],
        [10.0 + 1e-9, 5.0 + 10.0 / 1.5],
        [30.0, 25.0],
        [60.0, 40.0],
        [90.0, 52.0],
        [720.0, 22.0 + 240.0],
    ]
)


def _order(instance: Instance) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Windows that hold a picture, by chain; their chains and numbers of starts."""
    duration = instance.duration_s[instance.window_task]
    count = instance.window_stop_s() - duration - instance.window_start_s + 1
    rows = np.flatnonzero(count >= 1)
    first, last = (
        instance.window_start_s[rows] * _MS,
        (instance.window_start_s + count - 1)[rows] * _MS,
    )
    longest = np.full(instance.satellite_count, int(_PROFILE[-1, 1] * _MS), np.int64)
    chain = cut_chains(instance.window_satellite[rows], first, last, duration[rows] * _MS, longest)
    by = np.argsort(chain, kind="stable")
    return rows[by], chain[by], count[rows[by]]


def problem(instance: Instance) -> Problem:
    """Windows in steps of a second; orbits' limits of imaging as rows."""
    rows, chain, count = _order(instance)
    task = instance.window_task[rows]
    duration = instance.duration_s[task]
    windows = Windows(
        chain=chain,
        first_ms=instance.window_start_s[rows] * _MS,
        step_ms=np.full(len(rows), _MS),
        count=count,
        duration_ms=duration * _MS,
    )
    row = np.cumsum(count) - count
    att_start, att_stop = np.zeros((2, int(count.sum()), 3))
    for q, w in enumerate(rows.tolist()):
        a, b = instance.sample_start[w : w + 2]
        at = instance.window_start_s[w] + instance.window_step_s[w] * np.arange(b - a)
        start = instance.window_start_s[w] + np.arange(count[q])
        for column, samples in enumerate((instance.roll_deg[a:b], instance.pitch_deg[a:b])):
            att_start[row[q] :, column][: count[q]] = np.interp(start, at, samples)
            att_stop[row[q] :, column][: count[q]] = np.interp(start + duration[q], at, samples)
    chain_satellite = np.zeros(int(chain.max(initial=-1)) + 1, np.int64)
    chain_satellite[chain] = instance.window_satellite[rows]
    law = SlewLaw(kind="sum_table", longest_s=float(_PROFILE[-1, 1]), table=_PROFILE)
    laws = [law] * instance.satellite_count
    by_task = np.argsort(task, kind="stable")
    limits = []
    if instance.max_imaging_s_per_orbit is not None:
        key = np.column_stack([instance.window_satellite[rows], instance.window_orbit[rows]])[
            by_task
        ]
        _, orbit = np.unique(key, axis=0, return_inverse=True)
        most = int(instance.max_imaging_s_per_orbit * _MS)
        for number in range(int(orbit.max(initial=-1)) + 1):
            mine = np.flatnonzero(orbit == number)
            limits.append((mine, duration[by_task[mine]] * _MS, most))
    return Problem(
        windows=windows,
        transitions=transition_tables(windows, chain_satellite, laws, row, att_start, att_stop),
        options=Options.single(
            task=task[by_task],
            value=instance.profit[task[by_task]],
            window=by_task,
            low=np.zeros(len(rows), np.int64),
            high=count[by_task] - 1,
        ),
        chain_satellite=chain_satellite,
        request=np.arange(len(instance.profit)),
        rows=Rows.of(limits),
    )


def solution(instance: Instance, of: Problem, schedule: Schedule) -> list[tuple[int, int]]:
    """(row of the window, start [s]) of each picture."""
    rows, _, _ = _order(instance)
    window = of.options.member_window[of.options.member_block[schedule.option]]
    start = instance.window_start_s[rows[window]] + schedule.start
    return list(zip(rows[window].tolist(), start.tolist(), strict=True))
