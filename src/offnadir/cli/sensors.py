"""`offnadir sensors`: the library of real cameras, each figure with its source."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from offnadir.cli import _say


def sensors(
    name: Annotated[
        str | None, typer.Argument(help="Show one sensor with all figures and sources.")
    ] = None,
    json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """List the sensor library, or show every figure of one sensor with its source."""
    from offnadir.sensors import load_sensor, sensor_facts, sensor_names

    if name is not None:
        facts: list[dict[str, Any]] = sensor_facts(name)
        if json:
            _say.print_json({"name": name, "facts": facts})
            return
        sensor = load_sensor(name)
        print(f"{sensor.name}: {sensor.title}\n")
        rows = [
            (
                fact["figure"],
                str(fact["value"]),
                "estimate" if fact["estimate"] else "",
                fact["source"],
            )
            for fact in facts
        ]
        print(_say.columns(("figure", "value", "", "source"), rows, (False, True, False, False)))
        return
    lines = []
    for slug in sensor_names():
        sensor = load_sensor(slug)
        lines.append(
            {
                "name": slug,
                "title": sensor.title,
                "gsd_nadir_m": round(
                    sensor.reference_altitude_m
                    * sensor.detector.pitch_m
                    / sensor.optics.focal_length_m,
                    3,
                ),
                "swath_nadir_km": round(sensor.swath_nadir_m / 1e3, 2),
                "altitude_km": round(sensor.reference_altitude_m / 1e3, 1),
                "aperture_m": sensor.optics.aperture_m,
                "max_off_nadir_deg": round(sensor.max_off_nadir_rad * 57.29577951308232, 3),
            }
        )
    if json:
        _say.print_json(lines)
        return
    header = ("name", "satellite", "GSD m", "swath km", "height km", "aperture m", "off-nadir")
    keys = ("name", "title", "gsd_nadir_m", "swath_nadir_km", "altitude_km", "aperture_m",
            "max_off_nadir_deg")  # fmt: skip
    cells = [tuple(str(line[key]) for key in keys) for line in lines]
    print(_say.columns(header, cells, (False, False, True, True, True, True, True)))
    _say.note("`offnadir sensors NAME` shows every figure of one with its source.")
