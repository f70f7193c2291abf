"""The library of real cameras and radars, and those that users write: files of their own, or inline."""

from __future__ import annotations

import difflib
import functools
import os
import re
import tomllib
from collections.abc import Iterable, Mapping
from importlib.resources import files
from pathlib import Path
from typing import Any

from offnadir.constants import SPEED_OF_LIGHT_M_S
from offnadir.errors import FileError, InputError
from offnadir.sensors import _keys
from offnadir.sensors._model import Agility, Sensor
from offnadir.sensors._parse import DEFAULTS, is_radar, sensor_of_table
from offnadir.sensors._radar import Radar

_MOST_BYTES = 1_000_000
_IDS = re.compile(r"^norad_ids = \[([\d,\s]*)\]", re.MULTILINE)
_AGREE = 0.03  # share by which a published figure may differ from what follows from others


def user_sensor_folder() -> Path:
    """Where users drop sensor files: XDG_DATA_HOME/offnadir/sensors, ~/.local/share if that is unset."""
    base = os.environ.get("XDG_DATA_HOME") or ""
    home = Path(base) if Path(base).is_absolute() else Path.home() / ".local" / "share"
    return home / "offnadir" / "sensors"


@functools.cache
def _bundled() -> Mapping[str, Any]:
    folder = files("offnadir.data") / "sensors"
    return {p.name.removesuffix(".toml"): p for p in folder.iterdir() if p.name.endswith(".toml")}


def _users() -> dict[str, str]:
    """Names of sensors in the user's folder and their files; those that begin with a dot are editors'."""
    try:
        names = sorted(os.listdir(user_sensor_folder()))  # noqa: PTH208 - paths of 500 files are slow
    except OSError:
        return {}
    return {
        name.removesuffix(".toml").lower(): name
        for name in names
        if name.endswith(".toml") and not name.startswith(".")
    }


def sensor_names() -> tuple[str, ...]:
    """Names of all sensors, those of the library and of the user's folder, in alphabetical order."""
    return tuple(sorted({*_bundled(), *_users()}))


def load_sensor(name: str) -> Sensor | Radar:
    """A camera or radar by its name, or from a file if the name ends in ".toml".

    A file in `user_sensor_folder()` goes before one of the library with the same name. Raises InputError
    with similar names if there is none, InputProblems with all that is wrong in a file of a user.
    """
    if name.lower().endswith(".toml"):
        return read_sensor_file(Path(name))
    table, where = _table(name)
    return sensor_of_table(table, name.lower(), where)


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
    return sensor_of_table(_read(path), path.stem.lower(), str(path))


def file_warnings(path: Path) -> list[str]:
    """What is allowed in a sensor file and yet looks wrong: figures that do not agree, or lack a source."""
    table, sensor = _read(path), read_sensor_file(path)
    texts = []
    if isinstance(sensor, Sensor):
        pairs = (
            ("published_gsd_m", sensor.gsd_nadir_m, "height * pitch / focal length"),
            ("published_swath_km", sensor.swath_nadir_m / 1e3, "columns, pitch and focal length"),
        )
        for key, ours, how in pairs:
            if key in table and abs(ours / table[key] - 1) > _AGREE:
                texts.append(f"{key} = {table[key]:g}, but {how} give {ours:.3g}")
        blur_px = sensor.optics.wavelength_m * sensor.optics.f_number / sensor.detector.pitch_m
        if not 0.1 <= blur_px <= 3.0:
            texts.append(
                f"wavelength * f-number / pitch is {blur_px:.2g}; it is 0.3 to 2 in real cameras"
            )
    else:
        for mode in sensor.modes:
            if mode.bandwidth_hz is not None:
                least_m = SPEED_OF_LIGHT_M_S / (2 * mode.bandwidth_hz)
                if not 0.85 <= mode.slant_resolution_m / least_m <= 2.0:
                    texts.append(
                        f"mode {mode.name}: slant_resolution_m = {mode.slant_resolution_m:g}, but "
                        f"its bandwidth gives c/2B = {least_m:.3g}"
                    )
    sources, estimates = table.get("source", {}), table.get("estimates", ())
    texts.extend(f"{what}: there is no such figure in the file" for what in _unknown(table))
    known = _keys.RADAR if is_radar(table) else _keys.CAMERA
    bare = [k for k in table if k in known and not _source(sources, k) and k not in estimates]
    if bare:
        texts.append("no source, and not among the estimates: " + ", ".join(bare))
    return texts


def _unknown(table: Mapping[str, Any]) -> list[str]:
    """Keys that estimates and sources name, and that the table does not have."""
    places = [("", table)]
    places += [(f"{row['name']}: ", row) for key in ("band", "mode") for row in table.get(key, ())]
    texts = []
    for place, row in places:
        sources = row.get("source", ())
        for about, keys in (
            ("estimates", row.get("estimates", ())),
            ("source", () if isinstance(sources, str) else sources),
        ):
            texts += [f"{place}{about} of {key}" for key in keys if key not in row]
    return texts


def sensor_of_satellite(norad_id: int) -> Sensor | Radar | None:
    """The sensor of a satellite by its NORAD number, if one is known; files of users go first.

    Raises InputProblems where the file that lists it is wrong.
    """
    names = [name for name, numbers in _numbers([]) if norad_id in numbers]
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
    for name, numbers in _numbers(trouble):
        own = [one for one in numbers if one in wanted]
        if not own:
            continue
        try:
            found.update(dict.fromkeys(own, load_sensor(name)))
        except (FileError, ValueError) as error:
            trouble.append(str(error))
            if name in _bundled():
                bundled = sensor_of_table(_bundled_table(name), name, name)
                found.update(dict.fromkeys(own, bundled))
    if problems is not None:
        problems.extend(dict.fromkeys(trouble))
    return found


def satellites_with_sensors() -> frozenset[int]:
    """NORAD numbers of all satellites whose sensor is known."""
    return frozenset(one for _, numbers in _numbers([]) for one in numbers)


def sensor_problems() -> dict[str, str]:
    """Files in the user's folder that cannot be used, by name, and why."""
    problems = {}
    for name in _users():
        try:
            load_sensor(name)
        except (FileError, ValueError) as error:
            problems[name] = str(error)
    return problems


def sensor_facts(name: str) -> list[dict[str, Any]]:
    """Every figure of a sensor: figure, value, unit, source, and whether it is an estimate.

    A name in ".toml" is a file. Figures of bands and modes come after the sensor's own, as
    "red: range_nm". What a file leaves out and is taken for usual is told as an estimate with the
    source "assumed".
    """
    table = _read(Path(name)) if name.lower().endswith(".toml") else _table(name)[0]
    sources, estimates = table.get("source", {}), table.get("estimates", [])
    limits = _keys.RADAR if is_radar(table) else _keys.CAMERA
    facts = [
        _fact(key, key, table[key], _source(sources, key), key in estimates)
        for key in (*limits, *_keys.LISTS)
        if key in table and key not in ("band", "mode", "estimates", "norad_ids")
    ]
    if not is_radar(table):
        facts += [
            _fact(key, key, DEFAULTS[key], "assumed: nothing is published", True)
            for key in ("transmission", "quantum_efficiency", "read_noise_e", "dark_current_e_s",
                        "full_well_e", "bits")
            if key not in table
        ]  # fmt: skip
    for row in (*table.get("band", ()), *table.get("mode", ())):
        facts += [
            _fact(f"{row['name']}: {key}", key, value, _source(row.get("source", ""), key),
                  key in row.get("estimates", ()))
            for key, value in row.items()
            if key not in ("name", *_keys.ABOUT)
        ]  # fmt: skip
    return facts


def _fact(figure: str, key: str, value: Any, source: str, estimate: bool) -> dict[str, Any]:
    unit = _keys.unit_of(key)
    return {
        "figure": figure, "value": value, "unit": unit, "source": source, "estimate": estimate,
    }  # fmt: skip


def _source(sources: Any, key: str) -> str:
    """One text may stand for all figures of a table."""
    return sources if isinstance(sources, str) else str(sources.get(key, ""))


def _table(name: str) -> tuple[Mapping[str, Any], str]:
    """The table of a sensor, by its name or its file, and what to call it."""
    key = name.lower()
    if key.endswith(".toml"):
        return _read(Path(name)), name
    file = _users().get(key)
    if file is not None:
        own = user_sensor_folder() / file
        return _read(own), str(own)
    if key not in _bundled():
        close = difflib.get_close_matches(key, sensor_names(), n=3, cutoff=0.4)
        hint = "did you mean " + ", ".join(close) + "?" if close else "see `offnadir sensors`"
        raise InputError("sensor", name, "the name of a known sensor or a .toml file", hint=hint)
    return _bundled_table(key), f"sensor library, {key}"


@functools.cache
def _bundled_table(name: str) -> Mapping[str, Any]:
    return tomllib.loads(_bundled()[name].read_text("utf-8"))


def _numbers(trouble: list[str]) -> list[tuple[str, list[int]]]:
    """Names of sensors, those of users last, and NORAD numbers of their satellites.

    A file that cannot be read has none, and says why in `trouble`.
    """
    users, bundled = _users(), _bundled_numbers()
    rows: list[tuple[str, Any]] = [row for row in bundled.items() if row[0] not in users]
    for name, file in users.items():
        try:
            rows.append((name, _read(user_sensor_folder() / file).get("norad_ids")))
        except (FileError, ValueError) as error:
            trouble.append(str(error))
            if name in bundled:
                rows.append((name, bundled[name]))
    return [(n, [i for i in ids if type(i) is int]) for n, ids in rows if isinstance(ids, list)]


@functools.cache
def _bundled_numbers() -> Mapping[str, list[int]]:
    """The same for the library, whose files need not be read as a whole: that takes a sixth of a second."""
    numbers = {}
    for name, path in _bundled().items():
        found = _IDS.search(path.read_text("utf-8"))
        ids = found[1].replace("\n", " ").split(",") if found else ()
        numbers[name] = [int(one) for one in ids if one.strip()]
    return numbers


def _read(path: Path, above: tuple[str, ...] = ()) -> Mapping[str, Any]:
    """The table of a file, laid over its base; `above` are the bases that led here."""
    try:
        with path.open("rb") as file:
            data = file.read(_MOST_BYTES + 1)
    except OSError as error:
        raise FileError(path, error.strerror or str(error)) from error
    if len(data) > _MOST_BYTES:
        raise FileError(path, f"more than {_MOST_BYTES} bytes: this is no sensor file")
    try:
        table = tomllib.loads(data.decode("utf-8-sig"))
    except UnicodeDecodeError as error:
        raise FileError(path, f"not text in UTF-8 (byte {error.start})") from error
    except RecursionError as error:
        raise FileError(path, "not TOML that can be read: nested too deeply") from error
    except ValueError as error:  # TOMLDecodeError, and numbers of thousands of digits
        raise FileError(path, f"not TOML: {error}") from error
    return table if "base" not in table else _merged(table, str(path), path.stem.lower(), above)


def _merged(
    table: Mapping[str, Any], where: str, name: str = "", above: tuple[str, ...] = ()
) -> Mapping[str, Any]:
    """A table laid over that of the sensor that its `base` names, and a title that says so."""
    base = table["base"]
    if not isinstance(base, str):
        raise InputError("base", base, "the name of a sensor in the library", where=where)
    key = base.lower()
    if key in _bundled():
        under = dict(_bundled_table(key))
    elif key in above:
        raise InputError("base", base, "a sensor that does not start from this one", where=where)
    elif key in (users := _users()):
        under = dict(_read(user_sensor_folder() / users[key], (*above, key)))
    else:
        try:
            _table(base)
        except InputError as error:
            raise InputError("base", base, error.wish, hint=error.hint, where=where) from error
    own = {key: value for key, value in table.items() if key not in ("base", "name")}
    under["title"] = f"{under.get('title', key)}, changed"
    if name != key:
        under.pop("norad_ids", None)  # the satellites of the library stay its own
    return {**under, **own, **_about(under, own)}


def _about(under: Mapping[str, Any], own: Mapping[str, Any]) -> dict[str, Any]:
    """Sources and estimates of both tables; those of figures that are changed are the changed ones."""
    about: dict[str, Any] = {}
    sources = own.get("source", {})
    if isinstance(sources, str):
        sources = {key: sources for key in own if key not in _keys.ABOUT}
    if isinstance(sources, dict):
        old = under.get("source", {})
        if isinstance(old, str):
            old = {key: old for key in under if key not in _keys.ABOUT}
        if isinstance(old, dict):
            about["source"] = {k: text for k, text in old.items() if k not in own} | sources
    lists = under.get("estimates", []), own.get("estimates", [])
    if all(isinstance(one, list) for one in lists):
        about["estimates"] = [key for key in lists[0] if key not in own] + lists[1]
    return about


def sensor_from_table(
    table: Mapping[str, object], where: str, *, name: str = "inline"
) -> Sensor | Radar:
    """A sensor from a table as in a mission file; `base` names a library sensor to start from.

    Keys and units are those of sensor files (docs/reference/sensor-file.md). Raises InputProblems that
    name every wrong, unknown or missing key.
    """
    own = str(table.get("name", name))
    merged = _merged(table, where) if "base" in table else table
    return sensor_of_table({k: v for k, v in merged.items() if k != "name"}, own, where)


#: Built-in agility by name: that of a library sensor whose slews are published.
_PROFILES = {"pleiades": "pleiades-1"}


def agility_profile(name: str) -> Agility:
    """A built-in agility by its name, such as "pleiades": 200 km in 11 s, 800 km in 25 s from 694 km."""
    if name not in _PROFILES:
        raise InputError("agility", name, "one of " + ", ".join(_PROFILES))
    return load_sensor(_PROFILES[name]).agility
