"""`offnadir sensors`: the library of real cameras and radars, each figure with its source."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from offnadir.cli import _say

if TYPE_CHECKING:
    from offnadir.sensors import Radar, Sensor

sensors = typer.Typer(
    help="The cameras and radars that are known, each figure with its source.",
    invoke_without_command=True,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
)
_Json = Annotated[bool, typer.Option("--json", help="Print JSON.")]


@sensors.callback()
def _default(context: typer.Context, json: _Json = False) -> None:
    """List the sensor library, show every figure of one sensor, or check a sensor file.

    `offnadir sensors NAME` is short for `offnadir sensors show NAME`. A file in the folder that
    `offnadir sensors list` names is a sensor like those of the library.
    """
    if context.invoked_subcommand is None:
        list_sensors(kind=None, json=json)


@sensors.command("list")
def list_sensors(
    kind: Annotated[
        str | None, typer.Option(metavar="optical|radar", help="Only cameras, or only radars.")
    ] = None,
    json: _Json = False,
) -> None:
    """List all sensors: cameras with their sample distance, radars with their finest mode."""
    from offnadir.errors import InputError
    from offnadir.sensors import (
        Radar,
        Sensor,
        load_sensor,
        sensor_names,
        sensor_problems,
        user_sensor_folder,
    )

    if kind not in (None, "optical", "radar"):
        raise InputError("--kind", kind, "optical or radar")
    broken = sensor_problems()
    known = [load_sensor(name) for name in sensor_names() if name not in broken]
    cameras = [_camera(one) for one in known if isinstance(one, Sensor) and kind != "radar"]
    radars = [_radar(one) for one in known if isinstance(one, Radar) and kind != "optical"]
    if json:
        _say.print_json([*cameras, *radars])
    else:
        if cameras:
            _print(cameras, _CAMERA_HEADS)
        if radars:
            if cameras:
                print()
            _print(radars, _RADAR_HEADS)
        _say.note(
            "`offnadir sensors show NAME` has every figure with its source; "
            f"your own files go to {user_sensor_folder()}"
        )
    _say.warn(broken.values())


@sensors.command("show")
def show(
    name: Annotated[str, typer.Argument(metavar="NAME", help="Name of a sensor, or FILE.toml.")],
    json: _Json = False,
) -> None:
    """Show every figure of a sensor with its source, and which are estimates."""
    from offnadir.sensors import load_sensor, sensor_facts

    sensor = load_sensor(name)
    facts: list[dict[str, Any]] = sensor_facts(name)
    if json:
        _say.print_json({"name": sensor.name, "title": sensor.title, "facts": facts})
        return
    print(f"{sensor.name}: {sensor.title}\n")
    _print_facts(facts)


@sensors.command("check")
def check(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="A sensor file of your own.")],
    json: _Json = False,
) -> None:
    """Check a sensor file and show what follows from it: all that is wrong is told at once."""
    from offnadir.sensors import Sensor, file_warnings, read_sensor_file, user_sensor_folder

    sensor = read_sensor_file(file)
    line = _camera(sensor) if isinstance(sensor, Sensor) else _radar(sensor)
    warnings = file_warnings(file)
    if json:
        _say.print_json({**line, "warnings": warnings})
        return
    _print([line], _CAMERA_HEADS if isinstance(sensor, Sensor) else _RADAR_HEADS)
    _say.warn(warnings)
    _say.note(f"{file} is right; copy it to {user_sensor_folder()} to use it by its name")


_CAMERA_HEADS = {
    "name": "camera", "title": "satellite", "gsd_nadir_m": "GSD m", "swath_nadir_km": "swath km",
    "altitude_km": "height km", "aperture_m": "aperture m", "bands": "bands",
    "max_off_nadir_deg": "off-nadir",
}  # fmt: skip
_RADAR_HEADS = {
    "name": "radar", "title": "satellite", "resolution_m": "finest m", "swath_km": "swath km",
    "altitude_km": "height km", "frequency_ghz": "GHz", "modes": "modes", "incidence_deg": "incidence",
    "look_sides": "looks",
}  # fmt: skip


def _camera(sensor: Sensor) -> dict[str, Any]:
    from offnadir.units import deg, km

    return {
        "name": sensor.name,
        "title": sensor.title,
        "kind": sensor.kind,
        "norad_ids": list(sensor.norad_ids),
        "gsd_nadir_m": round(sensor.gsd_nadir_m, 3),
        "swath_nadir_km": round(sensor.swath_nadir_m / km, 2),
        "altitude_km": round(sensor.reference_altitude_m / km, 1),
        "aperture_m": sensor.optics.aperture_m,
        "bands": 1 + len(sensor.bands),
        "max_off_nadir_deg": round(sensor.max_off_nadir_rad / deg, 3),
    }


def _radar(radar: Radar) -> dict[str, Any]:
    from offnadir.units import deg, km

    low = min(mode.min_incidence_rad for mode in radar.modes) / deg
    high = max(mode.max_incidence_rad for mode in radar.modes) / deg
    return {
        "name": radar.name,
        "title": radar.title,
        "kind": "sar",
        "norad_ids": list(radar.norad_ids),
        "resolution_m": f"{radar.finest.slant_resolution_m:g} x {radar.finest.azimuth_resolution_m:g}",
        "swath_km": f"{radar.finest.swath_m / km:g}",
        "altitude_km": round(radar.reference_altitude_m / km, 1),
        "frequency_ghz": round(radar.frequency_hz / 1e9, 3),
        "modes": len(radar.modes),
        "incidence_deg": f"{low:.0f}-{high:.0f}",
        "look_sides": "+".join(radar.look_sides),
    }


def _print(lines: list[dict[str, Any]], heads: dict[str, str]) -> None:
    cells = [tuple(str(line[key]) for key in heads) for line in lines]
    right = [key not in ("name", "title", "look_sides") for key in heads]
    print(_say.columns(list(heads.values()), cells, right))


def _print_facts(facts: list[dict[str, Any]]) -> None:
    rows = [
        (
            fact["figure"],
            _text(fact["value"]),
            "estimate" if fact["estimate"] else "",
            fact["source"],
        )
        for fact in facts
    ]
    print(_say.columns(("figure", "value", "", "source"), rows, (False, True, False, False)))


def _text(value: Any) -> str:
    if isinstance(value, list):
        return " ".join(_text(one) if not isinstance(one, list) else _pair(one) for one in value)
    return f"{value:g}" if isinstance(value, float) else str(value)


def _pair(pair: list[Any]) -> str:
    return ":".join(_text(one) for one in pair)
