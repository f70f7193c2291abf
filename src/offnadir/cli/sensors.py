"""`offnadir sensors`: the library of real cameras and radars, each figure with its source."""

from __future__ import annotations

import itertools
import textwrap
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
    warnings = [*file_warnings(file), *_overfilled(sensor)]
    if json:
        _say.print_json({**line, "warnings": warnings})
        return
    _print([line], _CAMERA_HEADS if isinstance(sensor, Sensor) else _RADAR_HEADS)
    _say.warn(warnings)
    _say.note(_at_nadir(sensor))
    folder = user_sensor_folder()
    state = (
        "can be used"
        if not warnings
        else f"can be used, with {_say.count(len(warnings), 'warning')}"
    )
    _say.note(f"{file} {state}; by its name after: mkdir -p {folder} && cp {file} {folder}")


def _overfilled(sensor: Sensor | Radar) -> list[str]:
    """Bands that a target of 60 % fills, where the exposure is the user's own."""
    from offnadir.quality import budget
    from offnadir.sensors import Sensor

    if not isinstance(sensor, Sensor) or sensor.snr_reference is not None:
        return []
    told = budget(
        sensor,
        range_m=sensor.reference_altitude_m,
        incidence_rad=0.0,
        sun_elevation_rad=sensor.snr_reference_sun_elevation_rad,
        reflectance=0.6,
    )
    full = [
        f"{one.name} {one.fill:.1f} times" for one in told.bands if one.fill > 1 and not one.stated
    ]
    if not full:
        return []
    return [f"a bright target (60 %) overfills the pixels even so: {', '.join(full)}"]


def _at_nadir(sensor: Sensor | Radar) -> str:
    """One line of what a look is worth."""
    from offnadir.quality import predict, predict_mode
    from offnadir.sensors import Sensor
    from offnadir.units import deg

    if not isinstance(sensor, Sensor):
        mode = sensor.finest
        seen = predict_mode(mode, (mode.min_incidence_rad + mode.max_incidence_rad) / 2)
        return f"in the middle of mode {mode.name}: {float(seen.resolution_m):.2f} m on the ground"
    sun = sensor.snr_reference_sun_elevation_rad
    look = predict(
        sensor, range_m=sensor.reference_altitude_m, incidence_rad=0.0, sun_elevation_rad=sun
    )
    return (
        f"straight down, the Sun at {sun / deg:.0f} deg: NIIRS {float(look.niirs):.1f}, "
        f"Q {sensor.q:.2f}, RER {float(look.rer):.2f}, SNR {float(look.snr):.0f} (contrast of GIQE)"
    )


_CAMERA_HEADS = {
    "name": "camera", "title": "satellite", "gsd_nadir_m": "GSD m", "swath_nadir_km": "swath km",
    "altitude_km": "height km", "aperture_m": "aperture m", "bands": "bands",
    "max_off_nadir_deg": "off-nadir deg",
}  # fmt: skip
_RADAR_HEADS = {
    "name": "radar", "title": "satellite", "slant_resolution_m": "slant m",
    "azimuth_resolution_m": "azimuth m", "swath_km": "swath km",
    "altitude_km": "height km", "frequency_ghz": "GHz", "modes": "modes", "incidence_deg": "incidence deg",
    "look_sides": "sides",
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
        "finest_mode": radar.finest.name,
        "slant_resolution_m": round(radar.finest.slant_resolution_m, 3),
        "azimuth_resolution_m": radar.finest.azimuth_resolution_m,
        "swath_km": round(radar.finest.swath_m / km, 3),
        "altitude_km": round(radar.reference_altitude_m / km, 1),
        "frequency_ghz": round(radar.frequency_hz / 1e9, 3),
        "modes": len(radar.modes),
        "incidence_deg": [round(low, 2), round(high, 2)],
        "look_sides": list(radar.look_sides),
    }


def _print(lines: list[dict[str, Any]], heads: dict[str, str]) -> None:
    cells = [tuple(_cell(line[key]) for key in heads) for line in lines]
    right = [key not in ("name", "title", "look_sides") for key in heads]
    print(_say.columns(list(heads.values()), cells, right))


def _cell(value: Any) -> str:
    """Three digits are enough for people; ranges and lists with a dash and a plus."""
    if isinstance(value, list):
        parts = [f"{one:.0f}" if isinstance(one, float) else str(one) for one in value]
        return ("-" if isinstance(value[0], float) else "+").join(parts)
    return f"{value:.3g}" if isinstance(value, float) and value < 1000 else str(value)


def _print_facts(facts: list[dict[str, Any]]) -> None:
    own = [fact for fact in facts if ": " not in fact["figure"]]
    rows = [
        (
            fact["figure"],
            _text(fact["value"]),
            "estimate" if fact["estimate"] else "",
            fact["source"],
        )
        for fact in own
    ]
    print(_say.columns(("figure", "value", "", "source"), rows, (False, True, False, False)))
    for name, some in itertools.groupby(
        facts[len(own) :], lambda fact: fact["figure"].split(": ")[0]
    ):
        _print_part(name, list(some))


def _print_part(name: str, facts: list[dict[str, Any]]) -> None:
    """A band or a mode: its figures in a line, estimates marked, and their one source below."""
    told = []
    for fact in facts:
        mark = " (estimate)" if fact["estimate"] else ""
        told.append(f"{fact['figure'].split(': ', 1)[1]} {_text(fact['value'])}{mark}")
    print(f"\n{name}")
    for text in ("; ".join(told), *dict.fromkeys(f"source: {fact['source']}" for fact in facts)):
        print(textwrap.fill(text, 110, initial_indent="  ", subsequent_indent="    "))


def _text(value: Any) -> str:
    if isinstance(value, list):
        return " ".join(_text(one) if not isinstance(one, list) else _pair(one) for one in value)
    return f"{value:g}" if isinstance(value, float) else str(value)


def _pair(pair: list[Any]) -> str:
    return ":".join(_text(one) for one in pair)
