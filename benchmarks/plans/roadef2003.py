"""roadef2003: strips in either direction, twins, turns by places alone, polygons by their share."""

from __future__ import annotations

import math

import numpy as np

from instances.roadef2003 import SHARE, WORTH, Instance, transition_s
from offnadir.planning.problem import Curve, Options, Problem, Schedule, Transitions, Windows

#: Problem "milliseconds" are hundredths of one here: strips fit to the last hundredth.
_TICKS_PER_S = 100_000
_SHARE_SCALE, _VALUE_SCALE = 1_000, 1


def _rows(instance: Instance) -> tuple[list[tuple[int, int]], np.ndarray, np.ndarray]:
    """(strip, entry) of each window that is not empty, and its first and last start in ticks."""
    first, last = instance.start_limits_s()
    low = np.ceil(first * _TICKS_PER_S - 1e-4).astype(np.int64)
    high = np.floor(last * _TICKS_PER_S + 1e-4).astype(np.int64)
    keep = [
        (s, e) for s in range(len(instance.strip_id)) for e in (0, 1) if high[s, e] >= low[s, e]
    ]
    at = tuple(np.array(keep, np.int64).reshape(-1, 2).T)
    return keep, low[at], high[at]


def problem(instance: Instance) -> Problem:
    """One chain; a task a strip, or a pair of twins; a curve a request."""
    keep, low, high = _rows(instance)
    n = len(keep)
    strip, entry = np.array(keep, np.int64).reshape(-1, 2).T
    x_in, y_in = instance.end_x_m[strip, entry], instance.end_y_m[strip, entry]
    x_out, y_out = instance.end_x_m[strip, 1 - entry], instance.end_y_m[strip, 1 - entry]
    distance = np.hypot(x_out[:, None] - x_in[None, :], y_out[:, None] - y_in[None, :])
    seconds = instance.duration_s[strip][:, None] + transition_s(distance)
    delay = np.ceil(seconds * _TICKS_PER_S - 1e-4).astype(np.int64)
    number = {key: i for i, key in enumerate(keep)}
    task, block, members, share, request = [], [0], list[int](), [], []
    for s in range(len(instance.strip_id)):
        twin = int(instance.strip_twin[s])
        if 0 <= twin < s:
            continue
        both = [s] if twin < 0 else [s, twin]
        for e in (0, 1):
            windows = [number.get((one, e), -1) for one in both]
            if min(windows) >= 0:
                task.append(len(request))
                members += sorted(windows, key=lambda i: int(low[i]))
                block.append(len(members))
                share.append(round(float(instance.strip_surface_km2[both].sum()) * _SHARE_SCALE))
        request.append(int(instance.strip_request[s]))
    curves = {}
    for r, full in enumerate(instance.full_surface_km2().tolist()):
        worth = instance.gain_per_km2[r] * full * _VALUE_SCALE
        points = (
            [(0.0, 0.0), (1.0, 1.0)] if not instance.polygon[r] else zip(SHARE, WORTH, strict=True)
        )
        x, y = zip(*points, strict=True)
        if full * x[1] * _SHARE_SCALE <= 1.0:  # no surface, no worth
            continue
        curves[r] = Curve(
            share=[round(full * _SHARE_SCALE * a) for a in x],  # type: ignore[arg-type]
            value=[math.floor(worth * b) for b in y],  # type: ignore[arg-type]
        )
    member = np.array(members, np.int64)
    size = len(task)
    return Problem(
        windows=Windows(
            chain=np.zeros(n, np.int64),
            first_ms=low,
            step_ms=np.ones(n, np.int64),
            count=high - low + 1,
            duration_ms=np.ceil(instance.duration_s[strip] * _TICKS_PER_S).astype(np.int64),
        ),
        transitions=Transitions(
            is_table=np.zeros(1, np.bool_), block=np.arange(n) * n, delay_ms=delay.ravel()
        ),
        options=Options(
            task=task,  # type: ignore[arg-type]
            value=np.zeros(size, np.int64),
            share=share,  # type: ignore[arg-type]
            deadline_ms=np.full(size, -1),
            fixed=np.zeros(size, np.int64),
            member_block=block,  # type: ignore[arg-type]
            member_window=member,
            member_low=np.zeros(len(member), np.int64),
            member_high=(high - low)[member],
            member_volume_kbit=np.zeros(len(member), np.int64),
            profile_block=np.full(size, -1),
            profile=np.empty(0, np.int64),
        ),
        chain_satellite=np.zeros(1, np.int64),
        request=np.array(request, np.int64),
        curve=curves,
    )


def solution(instance: Instance, of: Problem, schedule: Schedule) -> list[tuple[int, int]]:
    """(strip's number, end at which it is entered) in order of time."""
    keep, low, _ = _rows(instance)
    o = of.options
    members = o.members_of(schedule.option)
    windows = o.member_window[members]
    order = np.argsort(low[windows] + schedule.start, kind="stable")
    return [(int(instance.strip_id[keep[w][0]]), keep[w][1]) for w in windows[order].tolist()]
