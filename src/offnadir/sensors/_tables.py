"""Tables of sensor files: those of the library, those in the user's folder, and one laid over another."""

from __future__ import annotations

import difflib
import functools
import os
import re
import tomllib
from collections.abc import Mapping
from importlib.resources import files
from pathlib import Path
from typing import Any

from offnadir._files import data_home
from offnadir.errors import FileError, InputError
from offnadir.sensors import _keys

_MOST_BYTES = 1_000_000
_IDS = re.compile(r"^norad_ids = \[([\d,\s]*)\]", re.MULTILINE)


def user_sensor_folder() -> Path:
    """Where users drop sensor files: XDG_DATA_HOME/offnadir/sensors, ~/.local/share if that is unset."""
    return data_home() / "sensors"


@functools.cache
def bundled() -> Mapping[str, Any]:
    folder = files("offnadir.data") / "sensors"
    return {p.name.removesuffix(".toml"): p for p in folder.iterdir() if p.name.endswith(".toml")}


def users() -> dict[str, str]:
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
    return tuple(sorted({*bundled(), *users()}))


def named_table(name: str) -> tuple[Mapping[str, Any], str, str]:
    """The table of a sensor by its name, or of a file if that ends in ".toml"; its name; its file."""
    key = name.lower()
    if key.endswith(".toml"):
        path = Path(name)
        return read_table(path), path.stem.lower(), name
    file = users().get(key)
    if file is not None:
        own = user_sensor_folder() / file
        return read_table(own), key, str(own)
    if key not in bundled():
        wish = "the name of a known sensor or a .toml file"
        raise InputError("sensor", name, wish, hint=_similar(key))
    return bundled_table(key), key, f"sensor library, {key}"


def _similar(name: str) -> str:
    """Names that one could have meant, or where they stand."""
    close = difflib.get_close_matches(name, sensor_names(), n=3, cutoff=0.4)
    return "did you mean " + ", ".join(close) + "?" if close else "see `offnadir sensors`"


@functools.cache
def bundled_table(name: str) -> Mapping[str, Any]:
    return tomllib.loads(bundled()[name].read_text("utf-8"))


def numbers_of_all(trouble: list[str]) -> list[tuple[str, list[int]]]:
    """Names of sensors, those of users last, and NORAD numbers of their satellites.

    A file that cannot be read has none, and says why in `trouble`.
    """
    own_files, library = users(), _bundled_numbers()
    rows: list[tuple[str, Any]] = [row for row in library.items() if row[0] not in own_files]
    for name, file in own_files.items():
        try:
            rows.append((name, read_table(user_sensor_folder() / file).get("norad_ids")))
        except (FileError, ValueError) as error:
            trouble.append(str(error))
            if name in library:
                rows.append((name, library[name]))
    return [(n, [i for i in ids if type(i) is int]) for n, ids in rows if isinstance(ids, list)]


@functools.cache
def _bundled_numbers() -> Mapping[str, list[int]]:
    """The same for the library, whose files need not be read as a whole: that takes a sixth of a second."""
    numbers = {}
    for name, path in bundled().items():
        found = _IDS.search(path.read_text("utf-8"))
        ids = found[1].replace("\n", " ").split(",") if found else ()
        numbers[name] = [int(one) for one in ids if one.strip()]
    return numbers


def read_table(path: Path, above: tuple[str, ...] = ()) -> Mapping[str, Any]:
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
    return table if "base" not in table else merged(table, str(path), path.stem.lower(), above)


def merged(
    table: Mapping[str, Any], where: str, name: str = "", above: tuple[str, ...] = ()
) -> Mapping[str, Any]:
    """A table laid over that of the sensor that its `base` names, and a title that says so."""
    base = table["base"]
    if not isinstance(base, str):
        raise InputError("base", base, "the name of a sensor in the library", where=where)
    key = base.lower()
    if key in bundled():
        under = dict(bundled_table(key))
    elif key in above:
        raise InputError("base", base, "a sensor that does not start from this one", where=where)
    elif key in (own_files := users()):
        under = dict(read_table(user_sensor_folder() / own_files[key], (*above, key)))
    else:
        wish = "the name of a known sensor"
        raise InputError("base", base, wish, hint=_similar(key), where=where)
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
