"""The verifier of aeossp_standard; its rules stand in that module."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from . import _space
from ._aeossp_model import Instance, Picture
from ._common import Flags, Floats, Ints, Verdict, utc_text

_ANGLE_SLACK_DEG = 1e-6
_SLACK = 1e-9


def slew_s(angle_deg: float, max_rate_deg_s: float, max_acceleration_deg_s2: float) -> float:
    """Rest-to-rest time through an angle: speed up, hold, slow down."""
    if angle_deg <= _SLACK:
        return 0.0
    if max_rate_deg_s <= 0.0 or max_acceleration_deg_s2 <= 0.0:
        return math.inf
    triangle_deg = max_rate_deg_s * max_rate_deg_s / max_acceleration_deg_s2
    if angle_deg <= triangle_deg:
        return 2.0 * math.sqrt(angle_deg / max_acceleration_deg_s2)
    return (
        2.0 * (max_rate_deg_s / max_acceleration_deg_s2)
        + (angle_deg - triangle_deg) / max_rate_deg_s
    )


def angle_deg(a: Floats, b: Floats) -> Floats:
    """Angle between vectors, row by row."""
    cosine = np.sum(a * b, axis=-1) / (np.linalg.norm(a, axis=-1) * np.linalg.norm(b, axis=-1))
    return np.degrees(np.arccos(np.clip(cosine, -1.0, 1.0)))


def verify(instance: Instance, solution: Sequence[Picture | tuple[int, int, int]]) -> Verdict:
    """Check pictures (row of satellite, row of task, start index), in any order."""
    problems: list[str] = []
    pictures = [Picture(*map(int, row)) for row in solution]
    known = [picture for picture in pictures if _known(instance, picture, problems)]
    consumed_wh = 0.0
    for satellite in range(len(instance.satellite_id)):
        mine = [picture for picture in known if picture.satellite == satellite]
        mine.sort(key=lambda p: (p.start, p.start + int(instance.task_steps[p.task])))
        record = _space.satellite(*instance.tle[satellite], _space.WGS84)
        seen = [picture for picture in mine if _seen(instance, record, picture, problems)]
        kept, slews_us = _slews(instance, record, seen, problems)
        consumed_wh += _battery(instance, record, satellite, kept, slews_us, problems)
    done_at: dict[int, int] = {}
    for picture in known:
        end = picture.start + int(instance.task_steps[picture.task])
        done_at[picture.task] = min(end, done_at.get(picture.task, end))
    waits = [
        (end - int(instance.task_first[task])) * instance.action_step_s
        for task, end in done_at.items()
    ]
    weight = sum(float(w) for w in instance.task_weight)
    return Verdict(
        value=sum(float(instance.task_weight[task]) for task in sorted(done_at)) / weight
        if weight
        else 0.0,
        problems=tuple(problems),
        figures={
            "CR": len(done_at) / max(1, len(instance.task_id)),
            "TAT_s": sum(waits) / len(waits) if waits else math.nan,
            "PC_Wh": consumed_wh,
        },
    )


def _name(instance: Instance, picture: Picture) -> str:
    at = utc_text(instance.horizon_start_utc_ms + picture.start * instance.action_step_s * 1000)
    return f"{instance.satellite_id[picture.satellite]}, {instance.task_id[picture.task]} at {at}"


def _known(instance: Instance, picture: Picture, problems: list[str]) -> bool:
    """Whether a picture is of this instance, and inside its task's window (else a problem is told)."""
    satellite, task, start = picture
    if not (0 <= satellite < len(instance.satellite_id) and 0 <= task < len(instance.task_id)):
        problems.append(f"satellite {satellite}, task {task}: there is no such thing")
        return False
    trouble = ""
    if (
        start < instance.task_first[task]
        or start + instance.task_steps[task] > instance.task_last[task]
    ):
        trouble = "it is not inside the task's window"
    elif instance.satellite_sensor[satellite] != instance.task_sensor[task]:
        trouble = "the sensor is not of the type asked for"
    if trouble:
        problems.append(f"{_name(instance, picture)}: {trouble}")
    return not trouble


def _seen(instance: Instance, record: Any, picture: Picture, problems: list[str]) -> bool:
    """Whether the target is in view and near enough to nadir throughout."""
    start_s, end_s = instance.times_s(picture)
    at = instance.utc_us([*range(start_s, end_s, instance.geometry_step_s), end_s])
    r = _space.itrf_by_utc(_space.teme_m(record, at)[0], at)
    target = instance.task_itrf_m[picture.task]
    off_deg = angle_deg(-r, target - r)
    hidden = (r - target) @ target <= 0.0
    limit = instance.max_off_nadir_deg[picture.satellite]
    trouble = ""
    if hidden.any():
        trouble = "the target is not in view throughout"
    elif (off_deg > limit + _ANGLE_SLACK_DEG).any():
        trouble = f"off nadir {off_deg.max():.4f} deg, must be at most {limit:g}"
    if trouble:
        problems.append(f"{_name(instance, picture)}: {trouble}")
    return not trouble


def _slews(
    instance: Instance, record: Any, pictures: Sequence[Picture], problems: list[str]
) -> tuple[list[Picture], list[tuple[int, int]]]:
    """The pictures that the slews allow, and the slew windows [us since the horizon's start]."""
    kept: list[Picture] = []
    windows: list[tuple[int, int]] = []
    if not pictures:
        return kept, windows
    times = np.array([instance.times_s(picture) for picture in pictures])
    targets = instance.task_itrf_m[[picture.task for picture in pictures]]
    (from_r, sight), (_, end_sight) = (
        _sights(record, instance.utc_us(times[:, column]), targets) for column in (0, 1)
    )
    satellite = pictures[0].satellite
    before = None
    for row, picture in enumerate(pictures):
        gap_s = float(times[row, 0] - (0 if before is None else times[before, 1]))
        if before is not None and gap_s < 0.0:
            problems.append(f"{_name(instance, picture)}: the picture before is not over")
            continue
        origin = -from_r[row] if before is None else end_sight[before]
        slew = slew_s(
            float(angle_deg(origin, sight[row])),
            float(instance.max_rate_deg_s[satellite]),
            float(instance.max_acceleration_deg_s2[satellite]),
        )
        need_s = slew + float(instance.settling_s[satellite])
        if gap_s + _SLACK < need_s:
            problems.append(
                f"{_name(instance, picture)}: {gap_s:g} s to turn, must be {need_s:.3f} s"
            )
            continue
        start_us = int(times[row, 0]) * 1_000_000
        if need_s > _SLACK:
            windows.append((start_us - round(need_s * 1e6), start_us))
        kept.append(picture)
        before = row
    return kept, windows


def _sights(record: Any, utc_us: Ints, targets: Floats) -> tuple[Floats, Floats]:
    """GCRF positions of the satellite and lines of sight to the targets, (n, 3) each."""
    r = _space.itrf_by_utc(_space.teme_m(record, utc_us)[0], utc_us)
    return _space.gcrf_by_utc(r, utc_us), _space.gcrf_by_utc(targets - r, utc_us)


def _battery(
    instance: Instance,
    record: Any,
    satellite: int,
    pictures: Sequence[Picture],
    slews_us: Sequence[tuple[int, int]],
    problems: list[str],
) -> float:
    """Follow the charge over the horizon; energy [Wh] of the loads."""
    grid = np.arange(0, instance.horizon_s + 1, instance.resource_step_s) * 1_000_000
    taken = np.array([instance.times_s(p) for p in pictures], np.int64).reshape(-1, 2) * 1_000_000
    turns = np.array(slews_us, np.int64).reshape(-1, 2)
    points = np.unique(np.concatenate([grid, taken.ravel(), turns.ravel()]))
    length = np.diff(points)
    middle = points[:-1] + length // 2 + (length % 2) * ((length // 2) % 2)  # halves to the even us
    at = instance.horizon_start_utc_ms * 1000 + middle
    r = _space.gcrf_by_utc(_space.itrf_by_utc(_space.teme_m(record, at)[0], at), at)
    load_w = instance.idle_power_w[satellite] + np.zeros(len(middle))
    load_w[_inside(middle, taken)] += instance.imaging_power_w[satellite]
    load_w[_inside(middle, turns)] += instance.slew_power_w[satellite]
    charge_w = np.where(_space.sunlit(r, at), instance.charge_power_w[satellite], 0.0)
    seconds = length / 1e6
    charge_wh = float(instance.battery_start_wh[satellite])
    full_wh = float(instance.battery_capacity_wh[satellite])
    for row, gained_wh in enumerate(((charge_w - load_w) * seconds / 3600.0).tolist()):
        charge_wh += gained_wh
        if charge_wh < -_SLACK:
            when = utc_text(instance.horizon_start_utc_ms + int(middle[row]) // 1000)
            problems.append(f"{instance.satellite_id[satellite]}: the battery is empty at {when}")
            break
        charge_wh = min(full_wh, charge_wh)
    return math.fsum(load_w * seconds / 3600.0)


def _inside(instants: Ints, spans: Ints) -> Flags:
    """Whether instants are inside any of some spans in order of time, start included, end not."""
    row = np.searchsorted(spans[:, 0], instants, side="right") - 1
    return (
        (row >= 0) & (instants < spans[np.maximum(row, 0), 1])
        if len(spans)
        else np.zeros(len(instants), bool)
    )
