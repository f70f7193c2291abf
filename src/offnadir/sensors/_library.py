"""Cameras and radars by name, by file, by satellite, or from a table that a user writes inline."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path

from offnadir.errors import FileError, InputError
from offnadir.sensors._model import Agility, Sensor
from offnadir.sensors._parse import sensor_of_table
from offnadir.sensors._radar import Radar
from offnadir.sensors._tables import (
    bundled,
    bundled_table,
    merged,
    named_table,
    numbers_of_all,
    read_table,
    users,
)


def load_sensor(name: str) -> Sensor | Radar:
    """A camera or radar by its name, or from a file if the name ends in ".toml".

    A file in `user_sensor_folder()` goes before one of the library with the same name. Raises InputError
    with similar names if there is none, InputProblems with all that is wrong in a file of a user.
    """
    return sensor_of_table(*named_table(name))


def load_camera(name: str) -> Sensor:
    """The same for cameras alone; InputError if it is a radar."""
    sensor = load_sensor(name)
    if isinstance(sensor, Radar):
        raise InputError("sensor", name, "a camera; this is a radar")
    return sensor


def read_sensor_file(path: Path) -> Sensor | Radar:
    """A sensor from a file of the user; keys are those of the library (docs/reference/sensor-file.md).

    Raises FileError if it cannot be read, InputError or InputProblems with all that is wrong in it.
    """
    return sensor_of_table(read_table(path), path.stem.lower(), str(path))


def sensor_of_satellite(norad_id: int) -> Sensor | Radar | None:
    """The sensor of a satellite by its NORAD number, if one is known; files of users go first.

    Raises InputProblems where the file that lists it is wrong.
    """
    names = [name for name, numbers in numbers_of_all([]) if norad_id in numbers]
    return load_sensor(names[-1]) if names else None


def sensors_of_satellites(
    norad_ids: Iterable[int], *, problems: list[str] | None = None
) -> dict[int, Sensor | Radar]:
    """The sensors of many satellites by their NORAD numbers; those that none is known for are left out.

    A file of the user that cannot be used is passed over, and its satellites have the library's sensor if
    there is one; why goes to `problems`.
    """
    wanted = set(norad_ids)
    trouble: list[str] = []
    found: dict[int, Sensor | Radar] = {}
    for name, numbers in numbers_of_all(trouble):
        own = [one for one in numbers if one in wanted]
        if not own:
            continue
        try:
            found.update(dict.fromkeys(own, load_sensor(name)))
        except (FileError, ValueError) as error:
            trouble.append(str(error))
            if name in bundled():
                ours = sensor_of_table(bundled_table(name), name, name)
                found.update(dict.fromkeys(own, ours))
    if problems is not None:
        problems.extend(dict.fromkeys(trouble))
    return found


def satellites_with_sensors() -> frozenset[int]:
    """NORAD numbers of all satellites whose sensor is known."""
    return frozenset(one for _, numbers in numbers_of_all([]) for one in numbers)


def sensor_problems() -> dict[str, str]:
    """Files in the user's folder that cannot be used, by name, and why."""
    problems = {}
    for name in users():
        try:
            load_sensor(name)
        except (FileError, ValueError) as error:
            problems[name] = str(error)
    return problems


def sensor_from_table(
    table: Mapping[str, object], where: str, *, name: str = "inline"
) -> Sensor | Radar:
    """A sensor from a table as in a mission file; `base` names a library sensor to start from.

    Keys and units are those of sensor files (docs/reference/sensor-file.md). Raises InputProblems that
    name every wrong, unknown or missing key.
    """
    own = str(table.get("name", name))
    whole = merged(table, where) if "base" in table else table
    return sensor_of_table({k: v for k, v in whole.items() if k != "name"}, own, where)


#: Built-in agility by name: that of a library sensor whose slews are published.
_PROFILES = {"pleiades": "pleiades-1"}


def agility_profile(name: str) -> Agility:
    """A built-in agility by its name, such as "pleiades": 200 km in 11 s, 800 km in 25 s from 694 km."""
    if name not in _PROFILES:
        raise InputError("agility", name, "one of " + ", ".join(_PROFILES))
    return load_sensor(_PROFILES[name]).agility
