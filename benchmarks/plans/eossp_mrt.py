"""eossp_mrt: whole windows as observations, visits as tasks, storage emptied in download windows."""

from __future__ import annotations

import numpy as np

from instances.eossp_mrt import Instance
from offnadir.planning.problem import (
    Contacts,
    Options,
    Problem,
    Schedule,
    Spacecraft,
    Transitions,
    Windows,
)

_VALUE_SCALE = 1_000_000


def _downloads(instance: Instance) -> np.ndarray:
    """Download windows that are in no observation's way, by start: a satellite does one thing at a time."""
    free = []
    for d in range(len(instance.download_station)):
        mine = instance.window_satellite == instance.download_satellite[d]
        clash = mine & (instance.window_start_ms < instance.download_stop_ms[d])
        clash &= instance.window_stop_ms > instance.download_start_ms[d]
        if not np.any(clash) and instance.download_stop_ms[d] > instance.download_start_ms[d]:
            free.append(d)
    rows = np.array(free, np.int64)
    return rows[np.argsort(instance.download_start_ms[rows], kind="stable")]


def problem(instance: Instance) -> Problem:
    """One chain a satellite; a task a visit."""
    by = np.argsort(instance.window_satellite, kind="stable")
    satellite = instance.window_satellite[by]
    n, n_satellites = len(by), len(instance.satellite_id)
    start, length = (
        instance.window_start_ms[by],
        (instance.window_stop_ms - instance.window_start_ms)[by],
    )
    edge = np.searchsorted(satellite, np.arange(n_satellites + 1))
    block, delays, at = np.zeros(n, np.int64), [np.empty(0, np.int64)], 0
    for s in range(n_satellites):
        mine = np.arange(edge[s], edge[s + 1])
        block[mine] = at + np.arange(len(mine)) * len(mine)
        delays.append(np.repeat(length[mine] + instance.transition_ms[s], len(mine)))
        at += len(mine) ** 2
    task, value, window = [], [], []
    for v in range(int(instance.visit_start[-1])):
        of = int(np.searchsorted(instance.visit_start, v, side="right")) - 1
        for w in np.flatnonzero(instance.window_task[by] == of).tolist():
            worth = instance.worth(int(by[w]), v)
            if np.isfinite(worth):
                task.append(v)
                value.append(round(worth * _VALUE_SCALE))
                window.append(w)
    rows = _downloads(instance)
    stations, station = np.unique(instance.download_station[rows], return_inverse=True)
    down = instance.download_stop_ms[rows] - instance.download_start_ms[rows]
    nothing = np.zeros(len(task), np.int64)
    return Problem(
        windows=Windows(
            chain=satellite,
            first_ms=start,
            step_ms=np.ones(n, np.int64),
            count=np.ones(n, np.int64),
            duration_ms=length,
        ),
        transitions=Transitions(
            is_table=np.zeros(n_satellites, np.bool_), block=block, delay_ms=np.concatenate(delays)
        ),
        options=Options.single(
            task=task,
            value=value,
            window=window,
            low=nothing,
            high=nothing,
            member_volume_kbit=length[window],
        ),
        chain_satellite=np.arange(n_satellites),
        request=np.arange(int(instance.visit_start[-1])),
        spacecraft=tuple(Spacecraft(memory_kbit=int(m)) for m in instance.storage_ms),
        contacts=Contacts(
            satellite=instance.download_satellite[rows],
            station=station.astype(np.int64),
            start_ms=instance.download_start_ms[rows],
            stop_ms=instance.download_stop_ms[rows],
            max_volume_kbit=down,
        ),
        antennas=np.ones(len(stations), np.int64),
    )


def solution(
    instance: Instance, of: Problem, schedule: Schedule
) -> tuple[list[tuple[int, int]], list[int]]:
    """Observations (row of the window, row of the visit), and rows of downloads."""
    by = np.argsort(instance.window_satellite, kind="stable")
    window = of.options.member_window[of.options.member_block[schedule.option]]
    pairs = list(zip(by[window].tolist(), of.options.task[schedule.option].tolist(), strict=True))
    return pairs, _downloads(instance)[schedule.contact].tolist()
