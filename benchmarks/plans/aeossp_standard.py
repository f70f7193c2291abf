"""aeossp_standard: starts on a 5 s grid, slews between lines of sight in inertial space, batteries."""

from __future__ import annotations

import math

import numpy as np

from instances import aeossp_standard as reader
from instances.aeossp_standard import Instance
from offnadir.planning.problem import (
    Attitudes,
    Battery,
    Options,
    Problem,
    Schedule,
    Spacecraft,
    Windows,
)
from offnadir.planning.transitions import SlewLaw, cut_chains, transition_tables
from offnadir.units import deg

_VALUE_SCALE = 1000
_MJ_PER_WH = 3_600_000
#: The verifier looks at the Sun in the middle of pieces of up to 10 s: edges of sunlight are moved by as
#: much.
_SUN_MARGIN_MS = 10_000
_found: dict[int, tuple[Instance, reader.Windows, np.ndarray, np.ndarray]] = {}


def _windows(instance: Instance) -> tuple[reader.Windows, np.ndarray, np.ndarray]:
    """Windows, the rows that can be used (behind the first slew) by chain, and their first starts."""
    if id(instance) in _found and _found[id(instance)][0] is instance:
        return _found[id(instance)][1:]
    w = reader.windows(instance)
    step_ms = instance.action_step_s * 1000
    first = w.first_start.copy()
    # nobody begins before the slew from nadir at the horizon's start
    for row in np.flatnonzero(first * instance.action_step_s < 400).tolist():
        s = int(w.satellite[row])
        limits = float(instance.max_rate_deg_s[s]), float(instance.max_acceleration_deg_s2[s])
        while first[row] < w.first_start[row] + w.start_count[row]:
            off = float(w.off_nadir_deg[w.instant_start[row] + first[row] - w.first_start[row]])
            if (
                first[row] * instance.action_step_s
                >= reader.slew_s(off, *limits) + instance.settling_s[s]
            ):
                break
            first[row] += 1
    rows = np.flatnonzero(first < w.first_start + w.start_count)
    last = (w.first_start + w.start_count - 1)[rows]
    duration = instance.task_steps[w.task[rows]] * step_ms
    longest = np.array([math.ceil(law.longest_s * 1000) for law in _laws(instance)], np.int64)
    chain = cut_chains(w.satellite[rows], first[rows] * step_ms, last * step_ms, duration, longest)
    by = np.argsort(chain, kind="stable")
    _found.clear()
    _found[id(instance)] = instance, w, np.column_stack([rows[by], chain[by]]), first
    return w, _found[id(instance)][2], first


def _laws(instance: Instance) -> list[SlewLaw]:
    laws = []
    for rate, acceleration, settling, off in zip(
        instance.max_rate_deg_s,
        instance.max_acceleration_deg_s2,
        instance.settling_s,
        instance.max_off_nadir_deg,
        strict=True,
    ):
        # a sight turns with the orbit meanwhile: no more than half a turn in all
        widest = min(180.0, 2.0 * off + 60.0)
        longest = reader.slew_s(float(widest), float(rate), float(acceleration)) + settling
        laws.append(
            SlewLaw(
                kind="euler",
                longest_s=float(longest),
                rate_rad_s=(rate * deg, rate * deg),
                acceleration_rad_s2=(acceleration * deg, acceleration * deg),
                settling_s=float(settling),
            )
        )
    return laws


def problem(instance: Instance) -> Problem:
    """Windows on the action grid; a battery a satellite."""
    w, table, first = _windows(instance)
    rows, chain = table.T
    step_ms = instance.action_step_s * 1000
    task = w.task[rows]
    steps = instance.task_steps[task]
    count = (w.first_start + w.start_count)[rows] - first[rows]
    row = np.cumsum(count) - count
    k = np.arange(int(count.sum())) - np.repeat(row, count)
    at = np.repeat(w.instant_start[rows] + first[rows] - w.first_start[rows], count) + k
    att_start, att_stop = w.sight[at], w.sight[at + np.repeat(steps, count)]
    windows = Windows(
        chain=chain,
        first_ms=first[rows] * step_ms,
        step_ms=np.full(len(rows), step_ms),
        count=count,
        duration_ms=steps * step_ms,
    )
    chain_satellite = np.zeros(int(chain.max(initial=-1)) + 1, np.int64)
    chain_satellite[chain] = w.satellite[rows]
    by_task = np.argsort(task, kind="stable")
    value = np.rint(instance.task_weight * _VALUE_SCALE).astype(np.int64)
    return Problem(
        windows=windows,
        transitions=transition_tables(
            windows, chain_satellite, _laws(instance), row, att_start, att_stop, margin_ms=0
        ),
        options=Options.single(
            task=task[by_task],
            value=value[task[by_task]],
            window=by_task,
            low=np.zeros(len(rows), np.int64),
            high=count[by_task] - 1,
        ),
        chain_satellite=chain_satellite,
        request=np.arange(len(value)),
        spacecraft=tuple(
            _spacecraft(instance, s, w.sunlit[s]) for s in range(len(instance.satellite_id))
        ),
        attitudes=Attitudes(block=row, start=att_start, stop=att_stop),
    )


def _spacecraft(instance: Instance, s: int, sunlit: np.ndarray) -> Spacecraft:
    rate, acceleration = instance.max_rate_deg_s[s] * deg, instance.max_acceleration_deg_s2[s] * deg
    edge = np.flatnonzero(np.diff(np.concatenate([[False], sunlit, [False]]).astype(np.int8)))
    spans = edge.reshape(-1, 2) * np.int64(instance.action_step_s * 1000)
    spans = np.column_stack([spans[:, 0] + _SUN_MARGIN_MS, spans[:, 1] - _SUN_MARGIN_MS])
    longest = max(law.longest_s for law in _laws(instance)[s : s + 1])
    start = instance.battery_start_wh[s] - instance.slew_power_w[s] * longest / 3600.0
    mw = {
        name: math.ceil(value * 1000)
        for name, value in (
            ("idle_mw", instance.idle_power_w[s]),
            ("imaging_mw", instance.imaging_power_w[s]),
            ("slew_mw", instance.slew_power_w[s]),
        )
    }
    return Spacecraft(
        battery=Battery(
            capacity_mj=math.floor(instance.battery_capacity_wh[s] * _MJ_PER_WH),
            initial_mj=math.floor(start * _MJ_PER_WH),
            floor_mj=1000,
            charge_mw=math.floor(instance.charge_power_w[s] * 1000),
            downlink_mw=0,
            settling_ms=math.ceil(instance.settling_s[s] * 1000),
            settling_mw=mw["slew_mw"],
            start_ms=0,
            stop_ms=instance.step_count * instance.action_step_s * 1000,
            sunlit_ms=spans[spans[:, 1] > spans[:, 0]],
            rate_rad_s=float(rate),
            acceleration_rad_s2=float(acceleration),
            first_los=(0.0, 0.0, 0.0),
            **mw,
        )
    )


def solution(instance: Instance, of: Problem, schedule: Schedule) -> list[tuple[int, int, int]]:
    """(satellite, task, start on the grid) of each picture."""
    w, table, first = _windows(instance)
    window = of.options.member_window[of.options.member_block[schedule.option]]
    rows = table[window, 0]
    start = first[rows] + schedule.start
    return list(zip(w.satellite[rows].tolist(), w.task[rows].tolist(), start.tolist(), strict=True))
