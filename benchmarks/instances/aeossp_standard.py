"""aeossp_standard: many real satellites, point tasks with time windows, slews and batteries over 12 hours.

From the public repository `Mtrya/astro-reason` (MIT); a folder holds mission.yaml, satellites.yaml and
tasks.yaml. The rules, as its verifier (2026) applies them:

- Orbits: SGP4 with WGS-84 constants; TEME, ITRF and GCRF with UT1 = UTC and no polar motion (see `_space`).
- A picture of a task by a satellite starts on the action grid (5 s from the horizon's start), lasts exactly
  the task's duration, and lies inside the horizon and the task's window; sensor types are the same.
- At the start, every geometry step (5 s) after it and at the end the target is in view (the satellite above
  the plane through the target square to its geocentric direction) and the angle at the satellite between the
  target and the Earth's centre is at most max_off_nadir + 1e-6 deg.
- Before a picture passes at least slew + settling time from the end of the satellite's last picture. The slew
  is rest-to-rest through the angle between the lines of sight in GCRF, from the last target at its picture's
  end to this one at its picture's start: 2 sqrt(angle / a) up to v^2 / a, else 2 v / a + (angle - v^2 / a) /
  v. The first slew starts at nadir (as it is at the picture's start), no sooner than the horizon. A gap may
  be 1 ns short.
- Battery: the horizon is cut at the resource grid (10 s) and wherever a picture or a slew window (the slew +
  settling time right before a picture, to the microsecond) begins or ends. Over each piece the load is idle +
  imaging (in a picture) + slewing (in a slew window) power, and charge comes in if the satellite is sunlit at
  the piece's midpoint (cylindrical shadow of 6,378,136.3 m, Sun of Montenbruck and Gill). The charge may
  never be below -1e-9 Wh after a piece, and is then cut to the capacity.
- Value WCR = weight of the tasks completed / weight of all; a task completed twice counts once. Figures: CR,
  the same by number; TAT_s, mean of (end of the first picture - release); PC_Wh, the loads' energy over the
  horizon.
One violation makes a whole submission worth nothing.
"""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from offnadir.earth import geodetic_to_itrf_m
from offnadir.errors import MISSING, InputError
from offnadir.units import deg

from . import _space
from ._aeossp_windows import Windows, windows
from ._common import Flags, Floats, Ints, Row, Rows, Verdict, frozen, text_of, utc_ms, utc_text

__all__ = [
    "Instance",
    "Picture",
    "Windows",
    "read",
    "read_solution",
    "slew_s",
    "verify",
    "windows",
    "write",
]

SENSORS = ("visible", "infrared")
_ANGLE_SLACK_DEG = 1e-6
_SLACK = 1e-9


@dataclass(frozen=True, slots=True, kw_only=True)
class Instance:
    """s satellites and t tasks over n action steps; angles [deg] and energies [Wh] as in the files.

    Instants on the action grid are indices 0 to step_count: index k is horizon_start + k * action_step_s.
    `sensor` is a row of SENSORS. A task's window in indices: a picture may start at task_first and must end
    by task_last.
    """

    name: str
    horizon_start_utc_ms: int
    action_step_s: int
    geometry_step_s: int
    resource_step_s: int
    step_count: int  # action steps of the horizon, n
    satellite_id: tuple[str, ...]  # (s)
    tle: tuple[tuple[str, str], ...]  # (s) both lines
    satellite_sensor: Ints  # (s,)
    max_rate_deg_s: Floats  # (s,)
    max_acceleration_deg_s2: Floats  # (s,)
    settling_s: Floats  # (s,)
    max_off_nadir_deg: Floats  # (s,)
    battery_capacity_wh: Floats  # (s,)
    battery_start_wh: Floats  # (s,)
    idle_power_w: Floats  # (s,)
    imaging_power_w: Floats  # (s,)
    slew_power_w: Floats  # (s,)
    charge_power_w: Floats  # (s,) when sunlit
    task_id: tuple[str, ...]  # (t)
    task_itrf_m: Floats  # (t, 3)
    task_first: Ints  # (t,) index of the release
    task_last: Ints  # (t,) index of the due time
    task_steps: Ints  # (t,) duration in action steps
    task_sensor: Ints  # (t,)
    task_weight: Floats  # (t,)

    @property
    def horizon_s(self) -> int:
        """Length of the horizon."""
        return self.step_count * self.action_step_s

    def utc_us(self, seconds: Floats | Ints | Sequence[float]) -> Ints:
        """UTC us since 1970 of seconds since the horizon's start, rounded to the us."""
        us = np.rint(np.asarray(seconds, np.float64) * 1e6).astype(np.int64)
        return self.horizon_start_utc_ms * 1000 + us


class Picture(NamedTuple):
    """A picture of a plan: rows of satellite and task, start in steps of the action grid."""

    satellite: int
    task: int
    start: int


def read(path: str | Path) -> Instance:
    """Read a case folder; InputError names file, line, key and wish."""
    folder = Path(path)
    mission = Rows(folder / "mission.yaml", "mission").only()
    start_ms, stop_ms = mission.utc_ms("horizon_start"), mission.utc_ms("horizon_end")
    if stop_ms <= start_ms:
        raise mission.wrong("horizon_end", mission.value("horizon_end"), "after horizon_start")
    steps = [
        mission.integer(f"{key}_step_s", 1)
        for key in ("action_time", "geometry_sample", "resource_sample")
    ]
    for step_s in steps:
        if (stop_ms - start_ms) % (step_s * 1000):
            raise mission.wrong("horizon", (stop_ms - start_ms) / 1e3, f"whole steps of {step_s} s")
    model = mission.value("propagation.model")
    if model != "sgp4":
        raise mission.wrong("propagation.model", model, "sgp4")
    return Instance(
        name=f"{folder.parent.name}/{folder.name}",
        horizon_start_utc_ms=start_ms,
        action_step_s=steps[0],
        geometry_step_s=steps[1],
        resource_step_s=steps[2],
        step_count=(stop_ms - start_ms) // (steps[0] * 1000),
        **_satellites(list(Rows(folder / "satellites.yaml", "satellites"))),
        **_tasks(list(Rows(folder / "tasks.yaml", "tasks")), start_ms, stop_ms, steps[0]),
    )


def _unique(rows: Sequence[Row], key: str) -> tuple[str, ...]:
    seen: set[str] = set()
    for row in rows:
        name = row.text(key)
        if name in seen:
            raise row.wrong(key, name, "a name of its own")
        seen.add(name)
    return tuple(row.text(key) for row in rows)


def _satellites(rows: Sequence[Row]) -> dict[str, Any]:
    def column(key: str, least: float = 0.0) -> Floats:
        return frozen([row.number(key, least) for row in rows], np.float64)

    names = _unique(rows, "satellite_id")
    capacity = column("resource_model.battery_capacity_wh", 1e-9)
    start = [
        row.number("resource_model.initial_battery_wh", 0.0, full + _SLACK)
        for row, full in zip(rows, capacity, strict=True)
    ]
    for row in rows:
        for key in ("tle_line1", "tle_line2"):
            if len(row.text(key)) < 69:
                raise row.wrong(key, row.text(key), "a line of 69 characters")
    return {
        "satellite_id": names,
        "tle": tuple((row.text("tle_line1"), row.text("tle_line2")) for row in rows),
        "satellite_sensor": _sensors(rows, "sensor.sensor_type"),
        "max_rate_deg_s": column("attitude_model.max_slew_velocity_deg_per_s"),
        "max_acceleration_deg_s2": column("attitude_model.max_slew_acceleration_deg_per_s2"),
        "settling_s": column("attitude_model.settling_time_s"),
        "max_off_nadir_deg": column("attitude_model.max_off_nadir_deg"),
        "battery_capacity_wh": capacity,
        "battery_start_wh": frozen(start, np.float64),
        "idle_power_w": column("resource_model.idle_power_w"),
        "imaging_power_w": column("resource_model.imaging_power_w"),
        "slew_power_w": column("resource_model.slew_power_w"),
        "charge_power_w": column("resource_model.sunlit_charge_power_w"),
    }


def _sensors(rows: Sequence[Row], key: str) -> Ints:
    return frozen([SENSORS.index(row.text(key, SENSORS)) for row in rows], np.int64)


def _tasks(rows: Sequence[Row], start_ms: int, stop_ms: int, step_s: int) -> dict[str, Any]:
    first, last, steps = [], [], []
    for row in rows:
        window_ms = row.utc_ms("release_time"), row.utc_ms("due_time")
        duration_s = row.integer("required_duration_s", 1)
        if not start_ms <= window_ms[0] < window_ms[1] <= stop_ms:
            raise row.wrong(
                "due_time", row.value("due_time"), "after release_time, both inside the horizon"
            )
        if duration_s * 1000 > window_ms[1] - window_ms[0]:
            raise row.wrong("required_duration_s", duration_s, "no longer than the task's window")
        if any((ms - start_ms) % (step_s * 1000) for ms in window_ms) or duration_s % step_s:
            raise row.wrong(
                "release_time, due_time, required_duration_s",
                duration_s,
                f"on the grid of {step_s} s",
            )
        first.append((window_ms[0] - start_ms) // (step_s * 1000))
        last.append((window_ms[1] - start_ms) // (step_s * 1000))
        steps.append(duration_s // step_s)
    place = [
        [row.number(key) for row in rows] for key in ("latitude_deg", "longitude_deg", "altitude_m")
    ]
    lat_deg, lon_deg, alt_m = np.array(place, np.float64)
    return {
        "task_id": _unique(rows, "task_id"),
        "task_itrf_m": frozen(geodetic_to_itrf_m(lat_deg * deg, lon_deg * deg, alt_m), np.float64),
        "task_first": frozen(first, np.int64),
        "task_last": frozen(last, np.int64),
        "task_steps": frozen(steps, np.int64),
        "task_sensor": _sensors(rows, "required_sensor_type"),
        "task_weight": frozen(
            [row.number("weight", 1e-12) if row.has("weight") else 1.0 for row in rows], np.float64
        ),
    }


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


def _times_s(instance: Instance, picture: Picture) -> tuple[int, int]:
    start_s = picture.start * instance.action_step_s
    return start_s, start_s + int(instance.task_steps[picture.task]) * instance.action_step_s


def _seen(instance: Instance, record: Any, picture: Picture, problems: list[str]) -> bool:
    """Whether the target is in view and near enough to nadir throughout."""
    start_s, end_s = _times_s(instance, picture)
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
    times = np.array([_times_s(instance, picture) for picture in pictures])
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
    taken = np.array([_times_s(instance, p) for p in pictures], np.int64).reshape(-1, 2) * 1_000_000
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


def write(
    instance: Instance, solution: Sequence[Picture | tuple[int, int, int]], path: str | Path
) -> None:
    """Write the submission that the family's own verifier takes."""
    actions = []
    for row in solution:
        picture = Picture(*map(int, row))
        start_s, end_s = _times_s(instance, picture)
        actions.append(
            {
                "type": "observation",
                "satellite_id": instance.satellite_id[picture.satellite],
                "task_id": instance.task_id[picture.task],
                "start_time": utc_text(instance.horizon_start_utc_ms + start_s * 1000),
                "end_time": utc_text(instance.horizon_start_utc_ms + end_s * 1000),
            }
        )
    Path(path).write_text(json.dumps({"actions": actions}, indent=1) + "\n", "utf-8")


def read_solution(instance: Instance, path: str | Path) -> list[Picture]:
    """The pictures of a submission; InputError where one cannot be put on the grid or is unknown."""
    try:
        actions = json.loads(text_of(path))["actions"]
    except (json.JSONDecodeError, KeyError, TypeError) as error:
        raise InputError(
            "actions", MISSING, "a JSON object with a list", where=str(path)
        ) from error
    satellites = {name: row for row, name in enumerate(instance.satellite_id)}
    tasks = {name: row for row, name in enumerate(instance.task_id)}
    pictures = []
    for at, action in enumerate(actions):
        where = f"{path}, actions[{at}]"
        row = []
        for key, known in (("satellite_id", satellites), ("task_id", tasks)):
            if action.get(key) not in known:
                raise InputError(key, action.get(key), "one of the case", where=where)
            row.append(known[action[key]])
        start_ms, end_ms = (utc_ms(str(action.get(key))) for key in ("start_time", "end_time"))
        if start_ms is None or end_ms is None:
            raise InputError(
                "start_time, end_time", action.get("start_time"), "instants", where=where
            )
        start, off_grid = divmod(
            start_ms - instance.horizon_start_utc_ms, instance.action_step_s * 1000
        )
        duration_ms = int(instance.task_steps[row[1]]) * instance.action_step_s * 1000
        if off_grid or end_ms - start_ms != duration_ms:
            wish = f"on the grid of {instance.action_step_s} s, {duration_ms // 1000} s apart"
            raise InputError("start_time, end_time", action["start_time"], wish, where=where)
        pictures.append(Picture(row[0], row[1], start))
    return pictures
