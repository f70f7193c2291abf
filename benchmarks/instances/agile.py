"""Agile satellites with time-dependent transitions: JSON made by offnadir's own generator.

`tasks` [{id, lat, lon, duration, profit}], `windows` [{task, sat, orbit, t0, step, roll[], pitch[]}] (roll
and pitch [deg] every `step` seconds from t0 on, linear in between) and `max_imaging_s_per_orbit` (null, or a
limit per satellite and orbit number).

Rules: an observation of task k in window w starts at a whole second and lies inside the window: t0 <= start,
start + duration <= t0 + step * (samples - 1). Between consecutive observations of one satellite pass at
least `transition_s(d)` seconds, d = |d roll| + |d pitch| [deg] from the attitude at the end of the first to
that at the start of the second. Each task at most once. Per satellite and orbit at most
`max_imaging_s_per_orbit` seconds of observing. Value: sum of the profits, to be maximised.
Transition times by Liu, Laporte, Chen, He, "An adaptive large neighborhood search metaheuristic for agile
satellite scheduling with time-dependent transition time", Computers & Operations Research 86 (2017).
"""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np

from offnadir.errors import MISSING, InputError
from offnadir.units import deg

from ._common import Floats, Ints, Verdict, frozen, text_of

#: (largest angle [deg], constant [s], divisor [deg/s]); up to 10 deg a constant 11.66 s
_TRANSITIONS = ((30.0, 5.0, 1.5), (60.0, 10.0, 2.0), (90.0, 16.0, 2.5), (np.inf, 22.0, 3.0))
_SHORT_DEG, _SHORT_S = 10.0, 11.66
_SLACK_S = 1e-6


@dataclass(frozen=True, slots=True, kw_only=True)
class Instance:
    """t tasks, w windows with p samples of attitude in all.

    Window i has samples sample_start[i] to sample_start[i + 1] of `roll_deg` and `pitch_deg`. Rows are in the
    file's order; `window_task` names a task by its row.
    """

    name: str
    horizon_s: int
    satellite_count: int
    max_imaging_s_per_orbit: float | None
    task_id: Ints  # (t,)
    lat_rad: Floats  # (t,)
    lon_rad: Floats  # (t,)
    duration_s: Ints  # (t,)
    profit: Ints  # (t,)
    window_task: Ints  # (w,) row of the task
    window_satellite: Ints  # (w,)
    window_orbit: Ints  # (w,)
    window_start_s: Ints  # (w,)
    window_step_s: Ints  # (w,)
    sample_start: Ints  # (w + 1,)
    roll_deg: Floats  # (p,)
    pitch_deg: Floats  # (p,)

    def window_stop_s(self) -> Ints:
        """Last instant of the windows, (w,)."""
        return self.window_start_s + self.window_step_s * (np.diff(self.sample_start) - 1)

    def attitude_deg(self, window: int, t_s: float) -> tuple[float, float]:
        """Roll and pitch at an instant inside a window."""
        samples = slice(self.sample_start[window], self.sample_start[window + 1])
        at = (t_s - self.window_start_s[window]) / self.window_step_s[window]
        ticks = np.arange(self.sample_start[window + 1] - self.sample_start[window])
        return (
            float(np.interp(at, ticks, self.roll_deg[samples])),
            float(np.interp(at, ticks, self.pitch_deg[samples])),
        )


def read(path: str | Path) -> Instance:
    """Read an instance; InputError names the place in the file and the wish."""
    try:
        data = json.loads(text_of(path))
    except json.JSONDecodeError as error:
        raise InputError("file", error.msg, "JSON", where=f"{path}, line {error.lineno}") from error
    if not isinstance(data, dict):
        raise InputError("file", type(data).__name__, "a mapping", where=str(path))
    tasks = _columns(path, data, "tasks", ("id", "lat", "lon", "duration", "profit"))
    windows = _columns(
        path, data, "windows", ("task", "sat", "orbit", "t0", "step", "roll", "pitch")
    )
    rows = {number: row for row, number in enumerate(tasks["id"])}
    for at, (number, roll, pitch) in enumerate(
        zip(windows["task"], windows["roll"], windows["pitch"], strict=True)
    ):
        where = f"{path}, windows[{at}]"
        if number not in rows:
            raise InputError("task", number, "the id of a task", where=where)
        if len(roll) != len(pitch) or len(roll) < 2:
            raise InputError(
                "pitch", len(pitch), f"as many samples as roll has ({len(roll)})", where=where
            )
    limit = data.get("max_imaging_s_per_orbit")
    return Instance(
        name=Path(path).stem,
        horizon_s=int(data.get("horizon", 86400)),
        satellite_count=int(data.get("satellites", 1 + max(windows["sat"], default=0))),
        max_imaging_s_per_orbit=None if limit is None else float(limit),
        task_id=frozen(tasks["id"], np.int64),
        lat_rad=frozen(np.array(tasks["lat"], np.float64) * deg, np.float64),
        lon_rad=frozen(np.array(tasks["lon"], np.float64) * deg, np.float64),
        duration_s=frozen(tasks["duration"], np.int64),
        profit=frozen(tasks["profit"], np.int64),
        window_task=frozen([rows[number] for number in windows["task"]], np.int64),
        window_satellite=frozen(windows["sat"], np.int64),
        window_orbit=frozen(windows["orbit"], np.int64),
        window_start_s=frozen(windows["t0"], np.int64),
        window_step_s=frozen(windows["step"], np.int64),
        sample_start=frozen(
            np.concatenate([[0], np.cumsum([len(r) for r in windows["roll"]])]), np.int64
        ),
        roll_deg=frozen([x for r in windows["roll"] for x in r], np.float64),
        pitch_deg=frozen([x for r in windows["pitch"] for x in r], np.float64),
    )


def _columns(
    path: str | Path, data: dict[str, Any], key: str, names: Sequence[str]
) -> dict[str, list[Any]]:
    rows = data.get(key)
    if not isinstance(rows, list):
        raise InputError(key, MISSING if rows is None else rows, "a list", where=str(path))
    columns: dict[str, list[Any]] = {name: [] for name in names}
    for at, row in enumerate(rows):
        for name, column in columns.items():
            value = row.get(name) if isinstance(row, dict) else None
            if name in ("roll", "pitch"):
                fits, wish = _are_numbers(value), "a list of numbers"
            elif name in ("lat", "lon"):
                fits, wish = _are_numbers([value]), "a number"
            else:
                fits, wish = _are_numbers([value]) and value == int(value), "a whole number"
            if not fits:
                where = f"{path}, {key}[{at}]"
                raise InputError(name, MISSING if value is None else value, wish, where=where)
            column.append(value)
    return columns


def _are_numbers(values: object) -> bool:
    return isinstance(values, list) and all(
        isinstance(value, int | float) and math.isfinite(value) for value in values
    )


def transition_s(angle_deg: float) -> float:
    """Least time between two observations, by |d roll| + |d pitch|."""
    if angle_deg <= _SHORT_DEG:
        return _SHORT_S
    for most_deg, constant_s, divisor_deg_s in _TRANSITIONS:
        if angle_deg <= most_deg:
            return constant_s + angle_deg / divisor_deg_s
    raise InputError("angle_deg", angle_deg, "a number")


def verify(instance: Instance, plan: Sequence[tuple[int, int]]) -> Verdict:
    """Check a plan: (row of the window, start [s]) of each observation, in any order."""
    problems: list[str] = []
    stop_s = instance.window_stop_s()
    known, tasks = [], []
    for window, start_s in plan:
        if not 0 <= window < len(instance.window_task) or start_s != int(start_s):
            problems.append(f"window {window} at {start_s} s: no such window, or no whole second")
            continue
        task = int(instance.window_task[window])
        end_s = start_s + int(instance.duration_s[task])
        if start_s < instance.window_start_s[window] or end_s > stop_s[window]:
            limits = f"[{instance.window_start_s[window]}, {stop_s[window]}] s"
            problems.append(f"window {window}: {start_s} to {end_s} s is not inside {limits}")
        known.append((int(instance.window_satellite[window]), int(start_s), end_s, int(window)))
        tasks.append(task)
    problems += [
        f"task {instance.task_id[task]}: taken {tasks.count(task)} times"
        for task in sorted({task for task in tasks if tasks.count(task) > 1})
    ]
    known.sort()
    for (satellite, _, end_s, window), (other, start_s, _, following) in pairwise(known):
        if satellite != other:
            continue
        roll, pitch = instance.attitude_deg(window, end_s)
        next_roll, next_pitch = instance.attitude_deg(following, start_s)
        need_s = transition_s(abs(next_roll - roll) + abs(next_pitch - pitch))
        if start_s - end_s < need_s - _SLACK_S:
            gap = f"{start_s - end_s} s, must be {need_s:.3f} s"
            problems.append(f"satellite {satellite}, windows {window} and {following}: {gap}")
    problems += _too_much(instance, known)
    value = int(instance.profit[list(set(tasks))].sum()) if tasks else 0
    return Verdict(value=value, problems=tuple(problems))


def _too_much(instance: Instance, known: Sequence[tuple[int, int, int, int]]) -> list[str]:
    """Orbits that observe for longer than they may."""
    if instance.max_imaging_s_per_orbit is None:
        return []
    spent: dict[tuple[int, int], int] = {}
    for satellite, start_s, end_s, window in known:
        key = (satellite, int(instance.window_orbit[window]))
        spent[key] = spent.get(key, 0) + end_s - start_s
    most = f"must be at most {instance.max_imaging_s_per_orbit:g} s"
    return [
        f"satellite {satellite}, orbit {orbit}: {seconds} s, {most}"
        for (satellite, orbit), seconds in sorted(spent.items())
        if seconds > instance.max_imaging_s_per_orbit
    ]
