"""A case of aeossp_standard, its pictures, and their files; the rules stand in that module."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from offnadir.earth import geodetic_to_itrf_m
from offnadir.errors import MISSING, InputError
from offnadir.units import deg

from ._common import Floats, Ints, Row, Rows, frozen, text_of, utc_ms, utc_text

SENSORS = ("visible", "infrared")
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

    def times_s(self, picture: Picture) -> tuple[int, int]:
        """Start and end of a picture, since the horizon's start."""
        start_s = picture.start * self.action_step_s
        return start_s, start_s + int(self.task_steps[picture.task]) * self.action_step_s


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


def write(
    instance: Instance, solution: Sequence[Picture | tuple[int, int, int]], path: str | Path
) -> None:
    """Write the submission that the family's own verifier takes."""
    actions = []
    for row in solution:
        picture = Picture(*map(int, row))
        start_s, end_s = instance.times_s(picture)
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
