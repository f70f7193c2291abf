"""Problems of any size, made here: a ring of satellites, places in crowds and all over the world, one day.

Circular orbits over a turning sphere, pictures on the southbound half of each; turns at 2 deg/s and 1 deg/s2
about one axis, and 3 s to settle. For the curve of time against size.
"""

from __future__ import annotations

import json
import resource
import subprocess
import sys
import time
from pathlib import Path

import numpy as np

from offnadir.planning.problem import Options, Problem, Progress, Stop, Windows
from offnadir.planning.solver import solve
from offnadir.planning.transitions import SlewLaw, cut_chains, transition_tables
from offnadir.units import deg

SIZES = ((100, 2), (300, 4), (1_000, 8), (3_000, 16), (10_000, 24))
_RADIUS_M, _ALTITUDE_M, _MU, _TURN_RAD_S = 6_371_000.0, 600_000.0, 3.986004418e14, 7.2921159e-5
_INCLINATION_RAD, _LEAN_RAD = 97.8 * deg, 30.0 * deg
_STEP_S, _DAY_S = 10, 86_400
_LAW = SlewLaw(
    kind="euler",
    longest_s=60.0 / 2.0 + 2.0 / 1.0 + 3.0,
    rate_rad_s=(2.0 * deg, 2.0 * deg),
    acceleration_rad_s2=(1.0 * deg, 1.0 * deg),
    settling_s=3.0,
)


def _track(plane: float, phase: float, at_s: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Places and velocities of a satellite against the turning Earth's axes, shape (n, 3) [m], [m/s]."""
    r = _RADIUS_M + _ALTITUDE_M
    rate = np.sqrt(_MU / r**3)
    u, node = phase + rate * at_s, plane - _TURN_RAD_S * at_s
    ci, si = np.cos(_INCLINATION_RAD), np.sin(_INCLINATION_RAD)

    def turned(a: np.ndarray, b: np.ndarray) -> np.ndarray:
        x, y, z = a, b * ci, b * si
        return np.stack(
            [x * np.cos(node) - y * np.sin(node), x * np.sin(node) + y * np.cos(node), z], axis=1
        )

    place = r * turned(np.cos(u), np.sin(u))
    return place, r * rate * turned(-np.sin(u), np.cos(u))


def _sight(plane: float, phase: float, at_s: np.ndarray, target: np.ndarray) -> np.ndarray:
    """Unit lines of sight in the orbit frame: ahead, to the right, down."""
    place, speed = _track(plane, phase, at_s)
    down = -place / np.linalg.norm(place, axis=1)[:, None]
    right = np.cross(down, speed)
    right /= np.linalg.norm(right, axis=1)[:, None]
    ahead = np.cross(right, down)
    line = target - place
    line /= np.linalg.norm(line, axis=1)[:, None]
    return np.stack([np.sum(line * axis, axis=1) for axis in (ahead, right, down)], axis=1)


def problem(requests: int, satellites: int, seed: int = 1) -> Problem:
    """So many places between 65 deg south and north, half of them in 20 crowds, and so many planes of one."""
    rng = np.random.default_rng(seed)
    lat, lon = (
        np.arcsin(rng.uniform(-1, 1, requests) * np.sin(65 * deg)),
        rng.uniform(0, 2 * np.pi, requests),
    )
    crowd = rng.integers(0, 20, requests)
    middle = rng.uniform([-50 * deg, 0.0], [50 * deg, 2 * np.pi], (20, 2))[crowd]
    offset = rng.uniform(-1.0, 1.0, (requests, 2)) * np.array([4.0, 6.0]) * deg
    crowded = rng.random(requests) < 0.5
    lat = np.where(crowded, middle[:, 0] + offset[:, 0], lat)
    lon = np.where(crowded, middle[:, 1] + offset[:, 1], lon)
    site = np.stack([np.cos(lat) * np.cos(lon), np.cos(lat) * np.sin(lon), np.sin(lat)], axis=1)
    duration_s, value = rng.integers(15, 31, requests), rng.integers(1, 11, requests)
    reach = np.arcsin((_RADIUS_M + _ALTITUDE_M) / _RADIUS_M * np.sin(_LEAN_RAD)) - _LEAN_RAD
    at_s = np.arange(0, _DAY_S, _STEP_S, dtype=np.float64)
    found: list[np.ndarray] = []
    orbits = [
        (2 * np.pi * s / satellites, 2 * np.pi * ((s * 7) % satellites) / satellites)
        for s in range(satellites)
    ]
    for s, orbit in enumerate(orbits):
        place, speed = _track(*orbit, at_s)
        unit = place / np.linalg.norm(place, axis=1)[:, None]
        south = speed[:, 2] < 0
        for part in np.array_split(np.arange(requests), max(requests // 1000, 1)):
            near = unit.astype(np.float32) @ site[part].T.astype(np.float32) > np.cos(reach)
            near &= south[:, None]
            edge = np.diff(near.astype(np.int8), axis=0, prepend=0, append=0)
            begin, end = np.argwhere(edge.T == 1), np.argwhere(edge.T == -1)
            found.append(
                np.column_stack([np.full(len(begin), s), part[begin[:, 0]], begin[:, 1], end[:, 1]])
            )
    satellite, task, begin, end = np.concatenate(found).T
    count = (end - 1 - begin) - -(-duration_s[task] // _STEP_S) + 1
    keep = np.flatnonzero(count >= 1)
    satellite, task, begin, count = satellite[keep], task[keep], begin[keep], count[keep]
    first_ms, step_ms = begin * _STEP_S * 1000, _STEP_S * 1000
    longest = np.full(satellites, int(_LAW.longest_s * 1000))
    chain = cut_chains(
        satellite, first_ms, first_ms + (count - 1) * step_ms, duration_s[task] * 1000, longest
    )
    by = np.lexsort((first_ms, chain))
    satellite, task, begin, count, chain = (x[by] for x in (satellite, task, begin, count, chain))
    row = np.cumsum(count) - count
    k = np.arange(int(count.sum())) - np.repeat(row, count)
    start_s = (np.repeat(begin, count) + k) * float(_STEP_S)
    target = np.repeat(site[task] * _RADIUS_M, count, axis=0)
    long_s, whose = np.repeat(duration_s[task], count), np.repeat(satellite, count)
    sights = np.empty((2, len(k), 3))
    for s, orbit in enumerate(orbits):
        mine = whose == s
        sights[0, mine] = _sight(*orbit, start_s[mine], target[mine])
        sights[1, mine] = _sight(*orbit, start_s[mine] + long_s[mine], target[mine])
    windows = Windows(
        chain=chain,
        first_ms=begin * step_ms,
        step_ms=np.full(len(begin), step_ms),
        count=count,
        duration_ms=duration_s[task] * 1000,
    )
    chain_satellite = np.zeros(int(chain.max(initial=-1)) + 1, np.int64)
    chain_satellite[chain] = satellite
    by_task = np.argsort(task, kind="stable")
    return Problem(
        windows=windows,
        transitions=transition_tables(windows, chain_satellite, [_LAW] * satellites, row, *sights),
        options=Options.single(
            task=task[by_task],
            value=value[task[by_task]],
            window=by_task,
            low=np.zeros(len(task), np.int64),
            high=count[by_task] - 1,
        ),
        chain_satellite=chain_satellite,
        request=np.arange(requests),
    )


def one(requests: int, satellites: int, time_s: float) -> dict[str, float]:
    """Make, solve; to be run in a process of its own."""
    begin = time.monotonic()
    made = problem(requests, satellites)
    built_s = time.monotonic() - begin
    trace: list[tuple[float, int, int]] = []

    def hear(now: Progress) -> None:
        trace.append((now.elapsed_s, now.value, now.bound))

    schedule = solve(made, Stop(time_s=time_s, gap=0.0), progress=hear)
    out = {
        "windows": len(made.windows),
        "built_s": built_s,
        "value": schedule.value,
        "bound": schedule.bound,
    }
    out["first_s"] = next((t for t, value, _ in trace if value > 0), 0.0)
    for limit_s in (10, 60, 300):
        seen = [(value, bound) for t, value, bound in trace if t <= limit_s]
        value, bound = seen[-1] if seen else (0, 1)
        out[f"gap_{limit_s}"] = (bound - value) / max(bound, 1)
    out["end_s"] = trace[-1][0] if trace else 0.0
    out["mib"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    return out


def curve(time_s: float) -> None:
    """Gap against time for each size, in Markdown."""
    head = "requests | satellites | windows | built | first plan | gap at 10 s | 60 s | 300 s | last | MiB"
    print(f"| {head} |")
    print("| --- | --- | --- | --- | --- | --- | --- | --- | --- | --- |")
    for requests, satellites in SIZES:
        call = f"made.one({requests}, {satellites}, {time_s})"
        code = f"from plans import made; import json; print(json.dumps({call}))"
        done = subprocess.run(
            [sys.executable, "-c", code], stdout=subprocess.PIPE, text=True, check=True,
            cwd=Path(__file__).resolve().parent.parent,
        )  # fmt: skip
        r = json.loads(done.stdout.splitlines()[-1])
        gaps = " | ".join(f"{100 * r[f'gap_{t}']:.2f} %" for t in (10, 60, 300))
        print(
            f"| {requests:,} | {satellites} | {r['windows']:,} | {r['built_s']:.1f} s | {r['first_s']:.2f} s "
            f"| {gaps} | {r['end_s']:.0f} s | {r['mib']:,} |",
            flush=True,
        )
