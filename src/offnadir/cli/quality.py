"""`offnadir quality`: how sharp a picture will be, and why."""

from __future__ import annotations

import math
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from offnadir.cli import _say
from offnadir.errors import InputError

if TYPE_CHECKING:
    from offnadir.cli._quality_rated import Rated
    from offnadir.cli._quality_view import View
    from offnadir.quality import Atmosphere
    from offnadir.sensors import Radar, RadarMode, Sensor

_AEROSOLS = ("rural", "maritime", "urban", "desert")


def quality(
    sensor: Annotated[
        list[str],
        typer.Option(
            metavar="NAME",
            help="A sensor of `offnadir sensors`, or a file FILE.toml. Several cameras are compared.",
        ),
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
        float | None,
        typer.Option(
            metavar="SHARE", help="Reflectance of the target in the table of bands. [default: 0.3]"
        ),
    ] = None,
    visibility: Annotated[
        float | None,
        typer.Option(metavar="KM", help="How far one can see at the ground. [default: 23]"),
    ] = None,
    aerosol: Annotated[
        str | None,
        typer.Option(metavar="|".join(_AEROSOLS), help="Kind of haze. [default: rural]"),
    ] = None,
    water: Annotated[
        float | None,
        typer.Option(
            metavar="KG_M2", help="Water vapour over the place; 10 is 1 g/cm2. [default: 20]"
        ),
    ] = None,
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
        str | None,
        typer.Option(
            metavar="climatology|FILE",
            help="Where the chance of a clear sky comes from, with --site and --time: the climatology "
            "or a forecast in NetCDF or GRIB. [default: climatology]",
        ),
    ] = None,
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
    --time 2026-05-31T01:54:18Z

    Side by side: offnadir quality --sensor skysat-c --sensor pleiades-neo --altitude 500 --off-nadir 30
    """
    from offnadir.cli._quality_view import Asked
    from offnadir.sensors import Radar, load_sensor

    if figure is not None:
        from offnadir.briefs.quality_figure import check_figure_path

        check_figure_path(figure, field="--figure")
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
    known = [load_sensor(one) for one in sensor]
    cameras = [one for one in known if not isinstance(one, Radar)]
    for_cameras = {
        "--reflectance": reflectance, "--visibility": visibility, "--aerosol": aerosol,
        "--water": water, "--smear": smear, "--clouds": clouds, "--sun": sun,
        "--relative-azimuth": relative_azimuth,
    }  # fmt: skip
    if len(known) > 1:
        if len(cameras) < len(known):
            radars = ", ".join(one.name for one in known if isinstance(one, Radar))
            raise InputError(
                "--sensor", radars, "a camera, if there are several sensors; this is a radar"
            )
        if figure is not None:
            raise InputError("--figure", str(figure), "left out with several sensors")
    if mode is not None and cameras:
        raise InputError("--mode", mode, "left out: a camera has none")
    if not cameras:
        (radar,) = (one for one in known if isinstance(one, Radar))
        unused = [option for option, value in for_cameras.items() if value is not None]
        if unused:
            _say.warn([f"a radar does not care about {', '.join(unused)}: left out of account"])
        (view,) = asked.views([radar])
        _radar(sensor[0], radar, view, mode=mode, figure=figure, json=json)
        return
    air = _atmosphere(visibility, aerosol, water)
    views = asked.views(cameras)
    clear = _clear_chance(views[0], clouds)  # of the place and time, which all have in common
    rated = [
        _rate(
            name,
            one,
            view,
            air=air,
            reflectance=0.30 if reflectance is None else reflectance,
            smear=smear,
            clear=clear,
            clouds=clouds or "climatology, a mean of years",
        )
        for name, one, view in zip(sensor, cameras, views, strict=True)
    ]
    _tell(rated, figure, json)


def _atmosphere(visibility: float | None, aerosol: str | None, water: float | None) -> Atmosphere:
    from offnadir.quality import Atmosphere
    from offnadir.units import km

    usual = Atmosphere()
    if aerosol not in (None, *_AEROSOLS):
        raise InputError("--aerosol", aerosol, "one of " + ", ".join(_AEROSOLS))
    if visibility is not None and not 2 <= visibility <= 300:
        raise InputError("--visibility", visibility, "from 2 to 300 km")
    if water is not None and not 0 <= water <= 100:
        raise InputError("--water", water, "from 0 to 100 kg/m2")
    return Atmosphere(
        visibility_m=usual.visibility_m if visibility is None else visibility * km,
        aerosol=aerosol or usual.aerosol,  # type: ignore[arg-type]
        water_kg_m2=usual.water_kg_m2 if water is None else water,
    )


def _clear_chance(view: View, clouds: str | None) -> float | None:
    """Chance that at most a fifth of a scene is cloud, where place and time are known."""
    from offnadir.cli._look_quality import read_clouds
    from offnadir.quality._clouds import MAX_CLOUD

    if view.site is None or view.time is None:
        if clouds is not None:
            raise InputError("--clouds", clouds, "given with --site and --time")
        return None
    model = read_clouds(clouds or "climatology")
    at = view.site.lat_rad, view.site.lon_rad, [view.time.tai_ns]
    chance = float(model.clear_chance(*at, max_cloud=MAX_CLOUD)[0])
    if math.isnan(chance):
        _say.warn([str(model.why_missing(*at)[0])])
    return chance


def _rate(
    name: str,
    sensor: Sensor,
    view: View,
    *,
    air: Atmosphere,
    reflectance: float,
    smear: float | None,
    clear: float | None,
    clouds: str,
) -> Rated:
    """The budget of a camera's look, and what it rests on."""
    from offnadir.cli._quality_rated import Rated, on_ground
    from offnadir.quality import budget
    from offnadir.sensors import sensor_facts

    if not 0 < reflectance <= 1.5:
        raise InputError("--reflectance", reflectance, "above 0, up to 1.5")
    if smear is not None and not 0 <= smear <= 100:
        raise InputError("--smear", smear, "from 0 to 100 pixels")
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
    facts = sensor_facts(name)
    return Rated(
        sensor=sensor,
        view=view,
        budget=told,
        ground=on_ground(sensor, view),
        air=air,
        reflectance=reflectance,
        clear=clear,
        clouds=clouds,
        estimates=frozenset(fact["figure"] for fact in facts if fact["estimate"]),
        figures=len(facts),
    )


def _tell(rated: list[Rated], figure: Path | None, json: bool) -> None:
    """The figure first, so that a reader who goes away early (`| head`) does not cost it."""
    from offnadir.cli import _quality_json, _quality_text

    first = rated[0]
    if figure is not None:
        from offnadir.briefs.quality_figure import write_camera_figure

        write_camera_figure(
            first.sensor,
            first.budget,
            figure,
            altitude_m=first.view.altitude_m,
            off_nadir_rad=first.view.off_nadir_rad,
            sun_elevation_rad=first.view.sun_elevation_rad,
            atmosphere=first.air,
        )
        _say.note(f"wrote {figure}")
    if json:
        documents = [_quality_json.camera_document(one) for one in rated]
        _say.print_json(documents if len(documents) > 1 else documents[0])
    elif len(rated) > 1:
        print(_quality_text.comparison_text(rated))
    else:
        print(_quality_text.camera_text(first))


def _radar(
    name: str, radar: Radar, view: View, *, mode: str | None, figure: Path | None, json: bool
) -> None:
    from offnadir.cli import _quality_json, _quality_text
    from offnadir.cli._quality_rated import looks_so
    from offnadir.quality import radar_mode
    from offnadir.sensors import sensor_facts

    facts = sensor_facts(name)
    count = sum(fact["estimate"] for fact in facts)
    mind = [
        f"{count} of {len(facts)} figures of this radar are estimates (`offnadir sensors show {radar.name}`)",
        "radar NIIRS compares looks; of real pictures none was found that is published with its noise",
    ]
    chosen: RadarMode | None
    if mode is not None:
        chosen = radar.mode(mode)
    else:
        finest = radar_mode(radar, view.incidence_rad)
        chosen = finest if looks_so(finest, view) else None
    if figure is not None:
        from offnadir.briefs.quality_figure import write_radar_figure

        write_radar_figure(radar, view.incidence_rad, figure)
        _say.note(f"wrote {figure}")
    if json:
        _say.print_json(_quality_json.radar_document(radar, chosen, view, mind))
    else:
        print(_quality_text.radar_text(radar, chosen, view, mind))
