"""`offnadir quality`: how sharp a picture will be, and why."""

from __future__ import annotations

import math
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from offnadir.cli import _say
from offnadir.errors import InputError

if TYPE_CHECKING:
    from offnadir.cli._quality_view import View
    from offnadir.quality import Atmosphere
    from offnadir.sensors import Radar, Sensor

_AEROSOLS = ("rural", "maritime", "urban", "desert")


def quality(
    sensor: Annotated[
        str,
        typer.Option(metavar="NAME", help="A sensor of `offnadir sensors`, or a file FILE.toml."),
    ],
    altitude: Annotated[
        float | None,
        typer.Option(metavar="KM", help="Height of the satellite. [default: the sensor's usual]"),
    ] = None,
    elements: Annotated[
        list[Path] | None,
        typer.Option(
            metavar="FILE", help="Instead: element sets, for a real pass at --time. Repeatable."
        ),
    ] = None,
    satellite: Annotated[
        str | None,
        typer.Option(
            metavar="NAME_OR_ID",
            help="Which satellite of the files; may be left out if only one carries the sensor.",
        ),
    ] = None,
    site: Annotated[
        str | None, typer.Option(metavar="LAT,LON[,ALT_M]", help="The place that is looked at.")
    ] = None,
    time: Annotated[
        str | None, typer.Option(metavar="UTC", help="When, e.g. 2026-05-31T01:24:51Z.")
    ] = None,
    off_nadir: Annotated[
        float | None, typer.Option(metavar="DEG", help="Off-nadir angle at the satellite.")
    ] = None,
    incidence: Annotated[
        float | None, typer.Option(metavar="DEG", help="Instead: the angle at the place.")
    ] = None,
    sun: Annotated[
        float | None, typer.Option(metavar="DEG", help="Height of the Sun over the place.")
    ] = None,
    relative_azimuth: Annotated[
        float | None,
        typer.Option(
            metavar="DEG", help="Between the Sun and the satellite as seen from the place."
        ),
    ] = None,
    reflectance: Annotated[
        float,
        typer.Option(metavar="SHARE", help="Reflectance of the target in the table of bands."),
    ] = 0.30,
    visibility: Annotated[
        float, typer.Option(metavar="KM", help="How far one can see at the ground.")
    ] = 23.0,
    aerosol: Annotated[
        str, typer.Option(metavar="|".join(_AEROSOLS), help="Kind of haze.")
    ] = "rural",
    water: Annotated[
        float, typer.Option(metavar="KG_M2", help="Water vapour over the place; 10 is 1 g/cm2.")
    ] = 20.0,
    smear: Annotated[
        float | None,
        typer.Option(metavar="PX", help="Smear along the scan. [default: the sensor's]"),
    ] = None,
    mode: Annotated[
        str | None,
        typer.Option(
            metavar="NAME", help="Mode of a radar. [default: the finest that can look so]"
        ),
    ] = None,
    clouds: Annotated[
        str,
        typer.Option(
            metavar="climatology|FILE",
            help="Where the chance of a clear sky comes from, with --site and --time: or a forecast in "
            "NetCDF or GRIB.",
        ),
    ] = "climatology",
    figure: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE", help="Draw MTF and quality against angle: .png, .svg or .pdf."
        ),
    ] = None,
    json: Annotated[bool, typer.Option("--json", help="Print a JSON object.")] = False,
) -> None:
    """Predict how sharp a picture will be, and tell which term hurts most.

    From a height: offnadir quality --sensor worldview-3 --altitude 617 --off-nadir 20 --sun 40

    Of a real pass: offnadir quality --sensor worldview-3 --elements FILE --site 37.57,126.98
    --time 2026-05-31T01:50:00Z
    """
    from offnadir.cli._quality_view import Asked
    from offnadir.sensors import Sensor, load_sensor

    if figure is not None:
        from offnadir.briefs.quality_figure import check_figure_path

        check_figure_path(figure, field="--figure")
    one = load_sensor(sensor)
    asked = Asked(
        altitude=altitude,
        elements=elements or [],
        satellite=satellite,
        site=site,
        time=time,
        off_nadir=off_nadir,
        incidence=incidence,
        sun=sun,
        azimuth=relative_azimuth,
    )
    if isinstance(one, Sensor):
        if mode is not None:
            raise InputError("--mode", mode, "left out: a camera has none")
        air = _atmosphere(visibility, aerosol, water)
        view = asked.view(one)
        clear = _clear_chance(view, clouds)
        _camera(one, view, (reflectance, smear, air, clear), figure, json)
    else:
        if smear is not None:
            raise InputError("--smear", smear, "left out: a radar has none")
        if clouds != "climatology":
            raise InputError("--clouds", clouds, "left out: a radar sees through clouds")
        _radar(one, asked.view(one), mode, figure, json)


def _atmosphere(visibility: float, aerosol: str, water: float) -> Atmosphere:
    from offnadir.quality import Atmosphere
    from offnadir.units import km

    if aerosol not in _AEROSOLS:
        raise InputError("--aerosol", aerosol, "one of " + ", ".join(_AEROSOLS))
    if not 2 <= visibility <= 300:
        raise InputError("--visibility", visibility, "from 2 to 300 km")
    if not 0 <= water <= 100:
        raise InputError("--water", water, "from 0 to 100 kg/m2")
    return Atmosphere(visibility_m=visibility * km, aerosol=aerosol, water_kg_m2=water)  # type: ignore[arg-type]


def _clear_chance(view: View, clouds: str) -> float | None:
    """Chance that at most a fifth of a scene is cloud, where place and time are known."""
    from offnadir.cli._look_quality import MAX_CLOUD, read_clouds

    if view.site is None or view.time is None:
        if clouds != "climatology":
            raise InputError("--clouds", clouds, "given with --site and --time")
        return None
    model = read_clouds(clouds)
    at = view.site.lat_rad, view.site.lon_rad, [view.time.tai_ns]
    chance = float(model.clear_chance(*at, max_cloud=MAX_CLOUD)[0])
    if math.isnan(chance):
        _say.warn([str(model.why_missing(*at)[0])])
    return chance


def _camera(
    sensor: Sensor,
    view: View,
    world: tuple[float, float | None, Atmosphere, float | None],
    figure: Path | None,
    json: bool,
) -> None:
    from offnadir.cli import _quality_text
    from offnadir.quality import budget
    from offnadir.units import deg

    reflectance, smear, air, clear = world
    if not 0 < reflectance <= 1.5:
        raise InputError("--reflectance", reflectance, "above 0, up to 1.5")
    if smear is not None and not 0 <= smear <= 16:
        raise InputError("--smear", smear, "from 0 to 16 pixels")
    told = budget(
        sensor,
        range_m=view.range_m,
        incidence_rad=view.incidence_rad,
        sun_elevation_rad=view.sun_elevation_rad,
        relative_azimuth_rad=view.relative_azimuth_rad,
        reflectance=reflectance,
        smear_px=smear,
        atmosphere=air,
        ground_alt_m=view.site.alt_m if view.site else 0.0,
        altitude_m=view.altitude_m,
    )
    ground = _quality_text.on_ground(sensor, view)
    if json:
        _say.print_json(_quality_text.camera_document(sensor, view, told, ground, air, clear))
    else:
        print(_quality_text.camera_text(sensor, view, told, ground, reflectance, clear))
    beyond = view.off_nadir_rad - sensor.max_off_nadir_rad
    if beyond > 0.05 * deg:
        limit = sensor.max_off_nadir_rad / deg
        _say.warn(
            [f"{view.off_nadir_rad / deg:.1f} deg off-nadir is more than the {limit:g} deg offered"]
        )
    if figure is not None:
        from offnadir.briefs.quality_figure import write_camera_figure

        write_camera_figure(
            sensor,
            told,
            figure,
            altitude_m=view.altitude_m,
            off_nadir_rad=view.off_nadir_rad,
            sun_elevation_rad=view.sun_elevation_rad,
            atmosphere=air,
        )
        _say.note(f"wrote {figure}")


def _radar(radar: Radar, view: View, mode: str | None, figure: Path | None, json: bool) -> None:
    from offnadir.cli import _quality_text
    from offnadir.quality import radar_mode

    chosen = radar.mode(mode) if mode is not None else radar_mode(radar, view.incidence_rad)
    document: dict[str, Any] = _quality_text.radar_document(radar, chosen, view)
    if json:
        _say.print_json(document)
    else:
        print(_quality_text.radar_text(radar, chosen, view))
    if figure is not None:
        from offnadir.briefs.quality_figure import write_radar_figure

        write_radar_figure(radar, view.incidence_rad, figure)
        _say.note(f"wrote {figure}")
