"""The library of real cameras, and cameras that users write inline."""

from __future__ import annotations

import difflib
import functools
import math
import tomllib
from collections.abc import Mapping
from importlib.resources import files
from typing import Any

from offnadir.errors import InputError, InputProblems
from offnadir.sensors._model import Agility, Detector, Optics, Sensor
from offnadir.units import Mbit, deg, km, nm, um

# Key in a file: least and greatest value, in the unit that ends the key.
_LIMITS: dict[str, tuple[float, float]] = {
    "reference_altitude_km": (100, 50_000),
    "aperture_m": (0.005, 20),
    "focal_length_m": (0.01, 200),
    "obscuration": (0, 0.95),
    "wfe_rms_waves": (0, 1),
    "wavelength_nm": (200, 20_000),
    "pitch_um": (0.5, 200),
    "columns": (1, 1_000_000),
    "jitter_px": (0, 100),
    "smear_px": (0, 100),
    "tdi_clocking_px": (0, 100),
    "snr_reference": (1, 10_000),
    "snr_reference_sun_elevation_deg": (1, 90),
    "max_off_nadir_deg": (0.1, 90),
    "rate_deg_s": (0.001, 30),
    "acceleration_deg_s2": (0.0001, 30),
    "settling_s": (0, 600),
    "data_rate_mbps": (0.001, 100_000),
    "min_duration_s": (0.001, 600),
    "published_gsd_m": (0.01, 10_000),
    "published_swath_km": (0.01, 5_000),
}
_OPTIONAL: dict[str, Any] = {
    "obscuration": 0.0,
    "wfe_rms_waves": 0.0,
    "wavelength_nm": 650.0,
    "jitter_px": 0.1,
    "smear_px": 0.1,
    "tdi_clocking_px": 0.25,
    "snr_reference": 100.0,
    "snr_reference_sun_elevation_deg": 45.0,
    "max_off_nadir_deg": 30.0,
    "min_duration_s": 2.0,
    "kind": "pushbroom",
    "norad_ids": [],
}
_DOCUMENTARY = ("published_gsd_m", "published_swath_km", "estimates", "source")
_KINDS = ("pushbroom", "frame")
_UNIT_TEXTS = {
    "_deg_s2": "deg/s2", "_deg_s": "deg/s", "_deg": "deg", "_mbps": "Mbit/s", "_px": "pixels",
    "_waves": "waves", "_km": "km", "_um": "um", "_nm": "nm", "_m": "m", "_s": "s",
}  # fmt: skip


def sensor_names() -> tuple[str, ...]:
    """Names of all sensors in the library, in alphabetical order."""
    folder = files("offnadir.data") / "sensors"
    return tuple(
        sorted(p.name.removesuffix(".toml") for p in folder.iterdir() if p.name.endswith(".toml"))
    )


def load_sensor(name: str) -> Sensor:
    """A sensor of the library by its name; InputError with similar names if there is none."""
    return sensor_from_table(_table(name), f"sensor library, {name}", name=name)


def sensor_of_satellite(norad_id: int) -> Sensor | None:
    """The library's sensor of a satellite by its NORAD number, if it knows one."""
    for name in sensor_names():
        if norad_id in _table(name).get("norad_ids", ()):
            return load_sensor(name)
    return None


def sensor_facts(name: str) -> list[dict[str, Any]]:
    """Every figure of a library sensor: figure, value, unit, source, and whether it is an estimate."""
    table = _table(name)
    sources, estimates = table.get("source", {}), table.get("estimates", [])
    return [
        {
            "figure": key,
            "value": table[key],
            "unit": next((text for end, text in _UNIT_TEXTS.items() if key.endswith(end)), ""),
            "source": sources.get(key, ""),
            "estimate": key in estimates,
        }
        for key in _LIMITS
        if key in table
    ]


@functools.cache
def _table(name: str) -> Mapping[str, Any]:
    if name not in sensor_names():
        close = difflib.get_close_matches(name.lower(), sensor_names(), n=3, cutoff=0.4)
        hint = "did you mean " + ", ".join(close) + "?" if close else "see `offnadir sensors`"
        raise InputError("sensor", name, "the name of a sensor in the library", hint=hint)
    text = (files("offnadir.data") / "sensors" / f"{name}.toml").read_text("utf-8")
    return tomllib.loads(text)


def sensor_from_table(table: Mapping[str, object], where: str, *, name: str = "inline") -> Sensor:
    """A sensor from a table as in a mission file; `base` names a library sensor to start from.

    Keys and units are those of the library's files (docs/reference/mission-file.md). Raises
    InputProblems that name every wrong, unknown or missing key.
    """
    problems: list[InputError] = []
    merged: dict[str, Any] = {}
    base = table.get("base")
    if base is not None:
        if not isinstance(base, str):
            raise InputError("base", base, "the name of a sensor in the library", where=where)
        try:
            merged.update(_table(base))
        except InputError as error:
            raise InputError("base", base, error.wish, hint=error.hint, where=where) from error
        merged["title"] = f"{merged['title']}, changed"
    for key, value in table.items():
        if key in ("base", "name"):
            continue
        try:
            merged[key] = _checked(key, value, where)
        except InputError as error:
            problems.append(error)
    problems.extend(
        InputError(key, None, _wish(key), hint="the key is missing", where=where)
        for key in _LIMITS
        if key not in merged and key not in table and key not in {*_OPTIONAL, *_DOCUMENTARY}
    )
    if problems:
        raise problems[0] if len(problems) == 1 else InputProblems(problems)
    own = table.get("name", name)
    return _sensor({**_OPTIONAL, "title": str(own), **merged}, str(own))


def _checked(key: str, value: object, where: str) -> object:
    """The value if it is right, or InputError with the key, the value and the wish."""
    if key in _LIMITS:
        low, high = _LIMITS[key]
        kinds: tuple[type, ...] = (int,) if key == "columns" else (int, float)
        if type(value) in kinds and low <= value <= high:  # type: ignore[operator]
            return value
        raise InputError(key, value, _wish(key), where=where)
    if key == "kind" and value not in _KINDS:
        raise InputError(key, value, " or ".join(_KINDS), where=where)
    if key == "norad_ids" and not (isinstance(value, list) and all(type(n) is int for n in value)):
        raise InputError(key, value, "a list of NORAD numbers", where=where)
    if key == "title" and not (isinstance(value, str) and value.strip()):
        raise InputError(key, value, "a text", where=where)
    if key not in ("kind", "norad_ids", "title", *_DOCUMENTARY):
        raise InputError(key, value, "a key that is known here", hint=_hint(key), where=where)
    return value


def _wish(key: str) -> str:
    low, high = _LIMITS[key]
    what = "a whole number" if key == "columns" else "a number"
    return f"{what} from {low:g} to {high:g}"


def _hint(key: str) -> str:
    known = (*_LIMITS, "title", "kind", "norad_ids", "base")
    stem = functools.reduce(lambda text, unit: text.removesuffix(unit), _UNIT_TEXTS, key)
    for other in known:
        if functools.reduce(lambda text, unit: text.removesuffix(unit), _UNIT_TEXTS, other) == stem:
            return f"did you mean {other}?"
    close = difflib.get_close_matches(key, known, n=1)
    return f"did you mean {close[0]}?" if close else ""


def _sensor(t: Mapping[str, Any], name: str) -> Sensor:
    return Sensor(
        name=name,
        title=t["title"],
        kind=t["kind"],
        norad_ids=tuple(t["norad_ids"]),
        optics=Optics(
            aperture_m=float(t["aperture_m"]),
            focal_length_m=float(t["focal_length_m"]),
            wavelength_m=t["wavelength_nm"] * nm,
            obscuration=float(t["obscuration"]),
            wfe_rms_waves=float(t["wfe_rms_waves"]),
        ),
        detector=Detector(
            pitch_m=t["pitch_um"] * um,
            columns=t["columns"],
            jitter_px=float(t["jitter_px"]),
            smear_px=float(t["smear_px"]),
            tdi_clocking_px=float(t["tdi_clocking_px"]),
        ),
        agility=Agility(
            rate_rad_s=t["rate_deg_s"] * deg,
            acceleration_rad_s2=t["acceleration_deg_s2"] * deg,
            settling_s=float(t["settling_s"]),
        ),
        reference_altitude_m=t["reference_altitude_km"] * km,
        max_off_nadir_rad=min(t["max_off_nadir_deg"] * deg, math.pi / 2),
        data_rate_bit_s=t["data_rate_mbps"] * Mbit,
        min_duration_s=float(t["min_duration_s"]),
        snr_reference=float(t["snr_reference"]),
        snr_reference_sun_elevation_rad=t["snr_reference_sun_elevation_deg"] * deg,
    )


#: Built-in agility by name: that of a library sensor whose slews are published.
_PROFILES = {"pleiades": "pleiades-1"}


def agility_profile(name: str) -> Agility:
    """A built-in agility by its name, such as "pleiades": 200 km in 11 s, 800 km in 25 s from 694 km."""
    if name not in _PROFILES:
        raise InputError("agility", name, "one of " + ", ".join(_PROFILES))
    return load_sensor(_PROFILES[name]).agility
