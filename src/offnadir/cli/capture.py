"""`offnadir capture`: take a planned picture, and write what the satellite sends down."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from offnadir.cli import _say
from offnadir.cli.process import check_heights, warn_of_holes
from offnadir.errors import MISSING, InputError

if TYPE_CHECKING:
    from offnadir.imagery import Acquisition, Level1, Scene

_SYNTHETIC = "synthetic"
_SIZE = re.compile(r"\s*([0-9]{1,8})\s*[xX*]\s*([0-9]{1,8})\s*")
_MANY_PX = 2e9
_WHITEST = 1.5  # snow and glints come somewhat above 1


def capture(
    context: typer.Context,
    plan: Annotated[
        Path | None, typer.Argument(metavar="[PLAN.json]", help="A plan of `offnadir plan`.")
    ] = None,
    collection: Annotated[
        str | None, typer.Argument(metavar="[ID]", help="Which of its pictures, e.g. C0001.")
    ] = None,
    output: Annotated[
        Path | None, typer.Option("--output", "-o", metavar="DIR", help="Folder for the results.")
    ] = None,
    elements: Annotated[
        list[Path] | None,
        typer.Option(metavar="FILE", help="Instead of a plan: element sets. Repeatable."),
    ] = None,
    satellite: Annotated[
        str | None,
        typer.Option("--satellite", "--norad", metavar="NAME_OR_ID", help="Which satellite."),
    ] = None,
    sensor: Annotated[
        str | None,
        typer.Option(metavar="NAME", help="Its camera. [default: the one it is known to carry]"),
    ] = None,
    site: Annotated[
        str | None, typer.Option(metavar="LAT,LON[,ALT_M]", help="What lies in the middle.")
    ] = None,
    time: Annotated[
        str | None, typer.Option(metavar="UTC", help="When the middle is taken.")
    ] = None,
    scene: Annotated[
        str,
        typer.Option(
            metavar="FILE|synthetic",
            help="The ground: a raster on a map, reflectance or 8-bit colour; or made up from the seed.",
        ),
    ] = _SYNTHETIC,
    dem: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Heights for a scene from a file. [default: level]"),
    ] = None,
    geoid: Annotated[
        float | None,
        typer.Option(
            metavar="M", help="Height of the geoid over the ellipsoid, if --dem counts from it."
        ),
    ] = None,
    dem_edge: Annotated[
        bool,
        typer.Option("--dem-edge", help="Beyond the elevation model, go on with its edge."),
    ] = False,
    bands: Annotated[
        str | None, typer.Option(metavar="NAME,...", help="Bands that are taken. [default: all]")
    ] = None,
    size: Annotated[
        str | None,
        typer.Option(
            metavar="LINESxCOLUMNS", help="Only that much around the middle, in the sharpest band."
        ),
    ] = None,
    scan: Annotated[
        float | None,
        typer.Option(
            metavar="DEG", help="Direction of the strip from north. [default: as it flies]"
        ),
    ] = None,
    seed: Annotated[int, typer.Option(metavar="N", help="Where all luck is drawn from.")] = 0,
    clouds: Annotated[
        float | None, typer.Option(metavar="SHARE", help="Share of the sky with clouds, 0 to 1.")
    ] = None,
    visibility: Annotated[
        float | None,
        typer.Option(metavar="KM", help="How far one can see at the ground. [default: 23]"),
    ] = None,
    truth: Annotated[
        bool, typer.Option("--truth", help="Write the place that each pixel saw, too.")
    ] = False,
    compress: Annotated[
        str,
        typer.Option(metavar="deflate|none|jp2|jp2-lossy", help="How counts are packed."),
    ] = "deflate",
    samples: Annotated[
        int | None,
        typer.Option(metavar="N", help="Samples a pixel of the light, each way. [default: 2 or 3]"),
    ] = None,
    json: Annotated[bool, typer.Option("--json", help="Print capture.json.")] = False,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="No progress, no summary.")] = False,
) -> None:
    """Take a picture: what the satellite's detectors count, with all that explains it.

    Of a plan: offnadir capture PLAN.json C0001 -o DIR

    Of a pass: offnadir capture --elements FILE --satellite 40115 --site 37.57,126.98
    --time 2026-05-31T01:54:18Z -o DIR

    Writes L1A_*.tif with RPCs, calibration_*.tif, acquisition.json, orbit.csv, attitude.csv, capture.json,
    preview.png and manifest.json. A second run keeps the images that are whole.
    """
    if output is None:
        raise InputError("--output", MISSING, "given: the folder for the results")
    _check(plan, collection, elements, site, time)
    _check_scene(scene, dem, geoid, dem_edge)
    from offnadir.cli._documents import read_plan
    from offnadir.imagery import CaptureOptions
    from offnadir.imagery import capture as take
    from offnadir.imagery._aimed import aimed
    from offnadir.quality import Atmosphere
    from offnadir.units import deg, km

    more: dict[str, Any] = {
        "size": _lines_columns(size),
        "bands": None
        if bands is None
        else [one.strip() for one in bands.split(",") if one.strip()],
        "scan_azimuth_rad": None if scan is None else scan % 360.0 * deg,
    }
    options = CaptureOptions(
        seed=seed,
        atmosphere=Atmosphere() if visibility is None else Atmosphere(visibility_m=visibility * km),
        cloud_share=clouds or 0.0,
        truth=truth,
        compress=compress,  # type: ignore[arg-type]
        samples=samples,
    )
    if plan is not None:
        maker = of_plan(read_plan(plan), str(collection), sensor)
    else:
        maker = _of_pass(elements or [], satellite, sensor, str(site), str(time))
    ground, acquisition = aimed(maker, more, scene, dem, geoid or 0.0, seed, dem_edge=dem_edge)
    _warn(acquisition, ground)
    _say.first_use("the camera")
    with _say.progress(quiet or json) as report:
        level1 = take(
            acquisition,
            ground,
            output,
            options,
            progress=lambda done, total: report("taking the picture", done, total),
            command=_say.command(context),
        )
    warn_of_holes(ground.terrain)
    if json:
        _say.print_json(_say_json(level1))
    elif not quiet:
        print(_told(acquisition, level1))


def _check(
    plan: Path | None,
    collection: str | None,
    elements: list[Path] | None,
    site: str | None,
    time: str | None,
) -> None:
    """A plan and a picture of it, or elements with place and time."""
    if plan is not None:
        if collection is None:
            raise InputError("ID", MISSING, "given: which of the plan's pictures")
        for option, value in (("--elements", elements), ("--site", site), ("--time", time)):
            if value:
                raise InputError(option, str(value), "left out with a plan, which tells it")
        return
    if not elements:
        raise InputError(
            "PLAN.json", MISSING, "given with an ID, or else --elements, --site and --time"
        )
    for option, text in (("--site", site), ("--time", time)):
        if text is None:
            raise InputError(option, MISSING, "given with --elements")


def _check_scene(scene: str, dem: Path | None, geoid: float | None, dem_edge: bool) -> None:
    if scene == _SYNTHETIC and dem is not None:
        raise InputError("--dem", str(dem), "left out: made-up ground has heights of its own")
    if geoid is not None and dem is None:
        raise InputError("--geoid", geoid, "given together with --dem")
    check_heights(geoid)
    if dem_edge and dem is None:
        raise InputError("--dem-edge", dem_edge, "given together with --dem")


def _lines_columns(size: str | None) -> tuple[int, int] | None:
    if size is None:
        return None
    match = _SIZE.fullmatch(size)
    if match is None or min(int(match[1]), int(match[2])) < 1:
        raise InputError("--size", size, "lines and columns, e.g. 2000x3000")
    return int(match[1]), int(match[2])


def of_plan(document: Mapping[str, Any], collection: str, sensor: str | None) -> Any:
    """What makes the acquisition of a plan's picture, given the height of its middle."""
    from offnadir.imagery import acquisition_of_plan
    from offnadir.sensors import load_camera

    camera = None if sensor is None else load_camera(sensor)

    def make(alt_m: float | None, more: dict[str, Any]) -> Acquisition:
        return acquisition_of_plan(document, collection, sensor=camera, alt_m=alt_m, **more)

    return make


def _of_pass(
    elements: list[Path], satellite: str | None, sensor: str | None, site: str, time: str
) -> Any:
    """The same of a satellite over a place at a time."""
    from dataclasses import replace

    from offnadir.access import read_sites
    from offnadir.cli._look_satellites import read_sets
    from offnadir.epoch import Epoch, Span
    from offnadir.imagery import acquire
    from offnadir.orbits import make_ephemeris, nearest_sets, select_satellites
    from offnadir.sensors import Sensor, load_camera, sensor_of_satellite

    epoch = Epoch.from_utc(time, field="--time")
    places = read_sites(site, field="--site")
    if len(places) != 1:
        raise InputError("--site", site, f"one place; there are {len(places)}")
    sets = nearest_sets(read_sets(elements, near=epoch), near=epoch)
    if satellite is not None:
        sets = select_satellites(sets, satellite, near=epoch, field="--satellite")
    if len(sets) != 1:
        names = ", ".join(_say.some([f"{one.name} ({one.norad_id})" for one in sets]))
        raise InputError(
            "--satellite", satellite or MISSING, f"one satellite; there are {names or 'none'}"
        )
    (one,) = sets
    camera = load_camera(sensor) if sensor is not None else sensor_of_satellite(one.norad_id)
    if not isinstance(camera, Sensor):
        raise InputError("--sensor", MISSING, f"given: no camera of {one.name} is known")
    ephemeris = make_ephemeris(one, Span(epoch + -120.0, epoch + 120.0))

    def make(alt_m: float | None, more: dict[str, Any]) -> Acquisition:
        aim = places[0] if alt_m is None else replace(places[0], alt_m=alt_m)
        return acquire(ephemeris, camera, aim, epoch, **more)

    return make


def _warn(acquisition: Acquisition, ground: Scene) -> None:
    from offnadir.imagery import RasterScene, models
    from offnadir.imagery._capture import covered_share

    pixels = sum(
        model.shape[0] * model.shape[1] for chips in models(acquisition).values() for model in chips
    )
    if pixels > _MANY_PX:
        _say.warn([f"{pixels / 1e9:.1f} thousand million pixels: --size and --bands ask for fewer"])
    if isinstance(ground, RasterScene):
        most = ground.brightest(acquisition.aim.lat_rad, acquisition.aim.lon_rad)
        if most > _WHITEST:
            _say.warn([f"the scene's numbers make reflectances up to {most:.3g}; above 1 the picture is too "
                       "bright: state its scale (gdal_edit.py -scale)"])  # fmt: skip
        view = acquisition.view
        trouble = ground.trouble(math.sqrt(view.gsd_along_m * view.gsd_across_m))
        _say.warn([trouble] if trouble else [])
    share = covered_share(acquisition, ground)
    if 0.0 < share < 0.999:
        words = f"{share:.0%}" if share >= 0.005 else "less than 1 %"
        _say.warn([f"the scene covers {words} of the picture; the rest comes out black"])


def _say_json(level1: Level1) -> Any:
    import json

    from offnadir.imagery._level1 import CAPTURE

    return json.loads((level1.folder / CAPTURE).read_text("utf-8"))


def _told(acquisition: Acquisition, level1: Level1) -> str:
    """A table of the images with what is predicted of them."""
    from offnadir.units import deg, km

    view = acquisition.view
    predicted = level1.notes["predicted"]
    rows = []
    for one in level1.images:
        told = predicted[one.file]
        rows.append(
            (
                one.file,
                f"{one.shape[0]} x {one.shape[1]}",
                f"{told['gsd_along_m']:.2f} x {told['gsd_across_m']:.2f}",
                f"{told['snr']:.1f}",
                f"{told['niirs']:.1f}",
                f"{one.rpc_rms_px:.3f}",
            )
        )
    header = ("image", "lines x columns", "GSD m", "SNR", "NIIRS", "RPC px")
    table = _say.columns(header, rows, (False, True, True, True, True, True))

    return (
        f"{acquisition.satellite}, {acquisition.sensor.title}, {acquisition.epoch.utc(1)}\n"
        f"off-nadir {view.off_nadir_rad / deg:.1f} deg, incidence {view.incidence_rad / deg:.1f} deg, "
        f"range {view.range_m / km:.0f} km, Sun {view.sun_elevation_rad / deg:.1f} deg high\n\n{table}\n\n"
        f"{level1.attribution}\nwritten to {level1.folder}"
    )
