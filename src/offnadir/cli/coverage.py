"""`offnadir coverage`: how often, how sharply and how soon satellites see a region."""

from __future__ import annotations

import math
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer

from offnadir.cli import _options as options
from offnadir.cli import _say
from offnadir.cli._coverage_out import Outputs
from offnadir.cli._coverage_where import GridWanted
from offnadir.cli._look_limits import Limits
from offnadir.cli._look_satellites import Wanted, read_flock
from offnadir.errors import InputError

if TYPE_CHECKING:
    from offnadir.access import Station
    from offnadir.cli._look_satellites import Flock
    from offnadir.coverage import Observer
    from offnadir.epoch import Span

_FAR_DAYS: Final = 60.0  # beyond which an orbit that nobody holds has plainly moved on


def coverage(
    elements: Annotated[
        list[Path],
        typer.Option(
            metavar="FILE",
            help="File of element sets: TLE, 3LE, OMM as JSON, XML, KVN or CSV; gzip too; or a store "
            "of `offnadir elements`. Repeatable.",
        ),
    ],
    start: options.Start,
    days: Annotated[float, typer.Option(metavar="DAYS", help="Length of the span.")] = 10.0,
    world: Annotated[bool, typer.Option("--world", help="The whole Earth.")] = False,
    land: Annotated[bool, typer.Option("--land", help="All land.")] = False,
    country: Annotated[
        list[str] | None,
        typer.Option(metavar="CODE", help="A country by its ISO 3166-1 code: KR. Repeatable."),
    ] = None,
    area: Annotated[
        Path | None, typer.Option(metavar="FILE", help="GeoJSON polygons, taken together.")
    ] = None,
    at: Annotated[
        list[str] | None,
        typer.Option(
            metavar="LAT,LON[,ALT_M]",
            help="A place in degrees and metres, or a GeoJSON or CSV file of places. Repeatable.",
        ),
    ] = None,
    cell: Annotated[
        float | None,
        typer.Option(metavar="KM2", help="Area of a cell; of H3's sizes the nearest is taken."),
    ] = None,
    resolution: Annotated[
        int | None,
        typer.Option(
            metavar="0-15", help="H3 resolution instead. [default: some thousand cells in all]"
        ),
    ] = None,
    step: Annotated[
        float | None,
        typer.Option(
            metavar="DEG", help="Instead of H3: cells of even steps in latitude and longitude."
        ),
    ] = None,
    satellite: options.Satellite = None,
    name: options.Name = None,
    norad: options.Norad = None,
    group: Annotated[
        list[str] | None,
        typer.Option(
            metavar="GROUP",
            help="Only these satellites: `imaging`, one sensor of the library such as skysat-c, or a "
            "file of NORAD numbers or of element sets. Repeatable.",
        ),
    ] = None,
    sensor: Annotated[
        str | None,
        typer.Option(
            metavar="NAME",
            help="Sensor of `offnadir sensors`, or FILE.toml, of all satellites. "
            "[default: the sensor that is known of each]",
        ),
    ] = None,
    max_off_nadir: Annotated[
        float | None,
        typer.Option(
            metavar="DEG",
            help="Greatest off-nadir angle at the satellite. [default: the sensor's own]",
        ),
    ] = None,
    min_elevation: options.MinElevation = None,
    max_incidence: options.MaxIncidence = None,
    max_roll: options.MaxRoll = None,
    max_pitch: options.MaxPitch = None,
    min_sun: options.MinSun = None,
    max_sun: options.MaxSun = None,
    max_gsd: Annotated[
        float | None, typer.Option(metavar="M", help="Only looks with so fine a sample distance.")
    ] = None,
    min_niirs: Annotated[
        float | None, typer.Option(metavar="NIIRS", help="Only looks that are so sharp.")
    ] = None,
    stations: Annotated[
        list[str] | None,
        typer.Option(
            metavar="LAT,LON[,ALT_M]",
            help="A ground station, or a GeoJSON or CSV file of them: tells how old pictures are when "
            "they are on the ground. Repeatable.",
        ),
    ] = None,
    station_elevation: Annotated[
        float, typer.Option(metavar="DEG", help="Least elevation of a contact.")
    ] = 5.0,
    clouds: options.Clouds = None,
    out: Annotated[
        list[Path] | None,
        typer.Option(
            "--out",
            "-o",
            metavar="FILE",
            help="Write .nc, .zarr, .parquet (GeoParquet), .csv, .json, .png, .svg, .pdf (a map) or "
            ".html (a report). Repeatable.",
        ),
    ] = None,
    map_: Annotated[
        str, typer.Option("--map", metavar="FIGURE", help="Figure that a map shows.")
    ] = "revisit_mean_s",
    language: Annotated[str, typer.Option(metavar="en|ko", help="Language of the report.")] = "en",
    dask: Annotated[
        str | None,
        typer.Option(metavar="ADDRESS", help="Let a Dask cluster do it: tcp://host:8786."),
    ] = None,
    json: Annotated[bool, typer.Option("--json", help="Print the sum as JSON.")] = False,
) -> None:
    """Tell how often, how sharply and how soon satellites see a region: revisit, response, maps.

    Example: offnadir coverage --elements sats.tle --group skysat-c --start 2026-06-01T00:00:00Z
    --country KR --min-sun 10 --clouds climatology --out korea.html

    Without a sensor that is known, and without limits, a look reaches down to the horizon.
    """
    outputs = Outputs.of(out or [], figure=map_, language=language, json=json)
    limits = Limits(
        max_off_nadir=max_off_nadir,
        min_elevation=min_elevation,
        max_incidence=max_incidence,
        max_roll=max_roll,
        max_pitch=max_pitch,
        min_sun=min_sun,
        max_sun=max_sun,
    )
    wanted = Wanted(
        satellites=satellite or (), names=name or (), norad=norad or (), groups=group or ()
    )
    where = GridWanted(
        world=world,
        land=land,
        countries=country or (),
        area=area,
        places=at or (),
        cell_km2=cell,
        resolution=resolution,
        step_deg=step,
    )
    where.check()
    _check_sharpness(max_gsd, min_niirs)
    span = _span(start, days)
    constraints = tuple(limits.constraints())
    posts = _stations(stations or (), station_elevation)
    flock = read_flock(elements, wanted, span)
    observers = _observers(flock, sensor, constraints)
    _warn_of_age(flock)
    grid = where.grid()
    from offnadir.cli._cluster import workers
    from offnadir.cli._look_quality import read_clouds
    from offnadir.coverage import cover

    model = None if clouds is None else read_clouds(clouds)
    _say.first_search("the search and the figures of coverage, up to a minute")
    with workers(dask) as (executor, threads), _say.progress(quiet=False, left=True) as report:
        told = cover(
            observers,
            grid,
            span,
            stations=posts,
            clouds=model,
            max_gsd_m=max_gsd,
            min_niirs=min_niirs,
            threads=threads if executor else None,
            executor=executor,
            progress=lambda done, total: report(f"Cells: {done} of {total}", done, total),
        )
    _say.warn(_say.some(told.lost))
    outputs.write(told, [one.elements.name for one in observers])


def _span(start: str, days: float) -> Span:
    from offnadir.epoch import Epoch, Span

    begin = Epoch.from_utc(start, field="--start")
    if not 1 / 24 <= days <= 400:
        raise InputError("--days", days, "from 0.042 (an hour) to 400")
    return Span(begin, begin + days * 86400.0)


def _check_sharpness(max_gsd_m: float | None, min_niirs: float | None) -> None:
    if max_gsd_m is not None and not 0 < max_gsd_m < math.inf:
        raise InputError("--max-gsd", max_gsd_m, "above 0 m")
    if min_niirs is not None and not 0 <= min_niirs <= 9:
        raise InputError("--min-niirs", min_niirs, "from 0 to 9")


def _warn_of_age(flock: Flock) -> None:
    """Tell of sets so far from the span that their orbits need not be those of the satellites any more."""
    ends = (flock.span.start, flock.span.stop)
    far = max(max(abs(end - one.epoch) for end in ends) for one in flock.sets) / 86400
    if far > _FAR_DAYS:
        _say.warn(
            [
                f"an element set is {far:.0f} days from the far end of the span: figures of an orbit "
                "left to itself, which a satellite that manoeuvres does not fly"
            ]
        )


def _observers(flock: Flock, sensor: str | None, constraints: tuple[object, ...]) -> list[Observer]:
    from offnadir.access import SunAbove, SunBelow
    from offnadir.coverage import Observer
    from offnadir.sensors import load_sensor, sensors_of_satellites

    if flock.tracks:
        names = ", ".join(_say.some([one.satellite for one in flock.tracks]))
        wish = "element sets: coverage does not follow files of positions"
        raise InputError("--elements", names, wish)
    if not flock.sets:
        raise InputError("--elements", 0, "files with one satellite or more")
    problems: list[str] = []
    every = None if sensor is None else load_sensor(sensor)
    numbers = () if every else {one.norad_id for one in flock.sets}
    known = sensors_of_satellites(numbers, problems=problems)
    if every is None:
        _say.warn(f"{text}; the file is not used" for text in problems)
    made = [
        Observer(elements=one, sensor=every or known.get(one.norad_id), constraints=constraints)  # type: ignore[arg-type]
        for one in flock.sets
    ]
    angles = (SunAbove, SunBelow)  # limits of anything else are limits of angle
    blind = [
        one.elements.name
        for one in made
        if all(isinstance(limit, angles) for limit in one.limits())
    ]
    if blind:
        names = ", ".join(_say.some(blind))
        _say.warn([f"no sensor is known and no angle limited, looks reach to the horizon: {names}"])
    return made


def _stations(texts: list[str] | tuple[()], elevation_deg: float) -> list[Station]:
    from offnadir.access import Station, read_sites
    from offnadir.units import deg

    if not -5 <= elevation_deg < 90:
        raise InputError("--station-elevation", elevation_deg, "from -5 to below 90 degrees")
    return [
        Station(site=site, min_elevation_rad=elevation_deg * deg)
        for text in texts
        for site in read_sites(text, field="--stations")
    ]
