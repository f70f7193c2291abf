"""What a planner of aeossp_standard asks for: where pictures can start, and where satellites look then."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from offnadir.errors import InputError

from . import _space
from ._aeossp_model import Instance
from ._common import Flags, Floats, Ints, frozen
from ._view import runs_in_view

_ANGLE_SLACK_DEG = 1e-6


@dataclass(frozen=True, slots=True, kw_only=True)
class Windows:
    """m longest runs of start indices at which a satellite can take a task, and p instants inside them.

    Run i: starts first_start[i] to first_start[i] + start_count[i] - 1 are all within the rules of view. Its
    instants are rows instant_start[i] to instant_start[i + 1] - 1, grid indices first_start[i] on, up to the
    end of its last picture: a picture that starts at index k begins at row instant_start[i] + k -
    first_start[i] and ends task_steps rows later. Runs are in order of satellite, then task, then time.
    """

    satellite: Ints  # (m,) row
    task: Ints  # (m,) row
    first_start: Ints  # (m,) grid index
    start_count: Ints  # (m,) at least 1
    instant_start: Ints  # (m + 1,)
    sight: Floats  # (p, 3) unit vectors from satellite to target, GCRF
    off_nadir_deg: Floats  # (p,) angle from nadir: the slew of a satellite's first picture
    sunlit: Flags  # (s, n + 1) at every instant of the action grid


def windows(instance: Instance) -> Windows:
    """Find them all; needs the geometry step to be the action step, as in all published cases."""
    if instance.geometry_step_s != instance.action_step_s:
        raise InputError(
            "geometry_sample_step_s", instance.geometry_step_s, f"{instance.action_step_s}"
        )
    at = instance.utc_us(np.arange(instance.step_count + 1) * instance.action_step_s)
    records = [_space.satellite(*lines, _space.WGS84) for lines in instance.tle]
    r_m = np.array([_space.itrf_by_utc(_space.teme_m(record, at)[0], at) for record in records])
    r_m = r_m.reshape(-1, len(at), 3)
    found = [np.zeros((0, 4), np.int64)]
    for number, limit_deg in enumerate(instance.max_off_nadir_deg):
        tasks = np.flatnonzero(instance.task_sensor == instance.satellite_sensor[number])
        asked = (
            instance.task_first[tasks],
            instance.task_last[tasks],
            instance.task_steps[tasks] + 1,
        )
        runs = runs_in_view(
            r_m[number], instance.task_itrf_m[tasks], *asked, limit_deg + _ANGLE_SLACK_DEG
        )
        found.append(np.column_stack([np.full(len(runs), number), tasks[runs[:, 0]], runs[:, 1:]]))
    satellite, task, first, last = np.concatenate(found).T
    length = last - first + 1
    row = np.repeat(np.arange(len(length)), length)
    starts = np.concatenate([[0], np.cumsum(length)])
    index = first[row] + np.arange(len(row)) - starts[row]
    r = r_m[satellite[row], index]
    sight_m = instance.task_itrf_m[task[row]] - r
    distance_m = np.linalg.norm(sight_m, axis=1)
    cosine = -np.einsum("pi,pi->p", r, sight_m) / (np.linalg.norm(r, axis=1) * distance_m)
    sight = _space.gcrf_by_utc(sight_m, at[index]) if len(row) else sight_m
    sunlit = [_space.sunlit(_space.gcrf_by_utc(r, at), at) for r in r_m]
    return Windows(
        satellite=frozen(satellite, np.int64),
        task=frozen(task, np.int64),
        first_start=frozen(first, np.int64),
        start_count=frozen(length - instance.task_steps[task], np.int64),
        instant_start=frozen(starts, np.int64),
        sight=frozen(sight / distance_m[:, None], np.float64),
        off_nadir_deg=frozen(np.degrees(np.arccos(np.minimum(cosine, 1.0))), np.float64),
        sunlit=frozen(np.array(sunlit).reshape(-1, len(at)), np.bool_),
    )
