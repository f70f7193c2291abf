"""`offnadir look`: which satellite can see a place, when, and under which angles."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from offnadir.cli import _options as options
from offnadir.cli import _say
from offnadir.cli._look_limits import Limits
from offnadir.cli._look_rows import ORDERS, Rows, Target
from offnadir.cli._look_satellites import Flock, Wanted, read_flock
from offnadir.cli._look_where import Areas, Ground, Places
from offnadir.errors import InputError

if TYPE_CHECKING:
    from offnadir.epoch import Span

_AFTER_DAYS = 3.0


def look(
    elements: Annotated[
        list[Path],
        typer.Option(
            metavar="FILE",
            help="File of element sets: TLE, 3LE, OMM as JSON, XML, KVN or CSV; or of positions: "
            "CCSDS OEM, SP3 or CSV; gzip too; or a store of `offnadir elements`. Repeatable.",
        ),
    ],
    start: options.Start,
    stop: Annotated[str, typer.Option(metavar="UTC", help="Stop.")],
    site: Annotated[
        list[str] | None,
        typer.Option(
            metavar="LAT,LON[,ALT_M]",
            help="A place in degrees and metres, or a GeoJSON or CSV file of places. Repeatable.",
        ),
    ] = None,
    area: Annotated[
        list[Path] | None,
        typer.Option(
            metavar="FILE", help="Instead of places: GeoJSON polygons, one area each. Repeatable."
        ),
    ] = None,
    mode: Annotated[
        str | None,
        typer.Option(
            metavar="any|all", help="Whether any or all of the area must be in view. [default: any]"
        ),
    ] = None,
    swath: Annotated[
        float | None,
        typer.Option(
            metavar="KM",
            help="How much of an area each window can cover with a strip so wide, and all together.",
        ),
    ] = None,
    satellite: options.Satellite = None,
    name: options.Name = None,
    norad: options.Norad = None,
    group: Annotated[
        list[str] | None,
        typer.Option(
            metavar="GROUP",
            help="Only these satellites: `imaging` (all that the sensor library knows, "
            "cameras and radars), one sensor of it such as skysat-c, or a file of NORAD numbers or "
            "of element sets. Repeatable.",
        ),
    ] = None,
    orbit: Annotated[
        list[str] | None,
        typer.Option(
            metavar="KIND",
            help="Only such orbits. heo: eccentricity from 0.25; the others below it: leo: mean "
            "height below 2000 km; geo: 0.99 to 1.01 revolutions a day; meo: between them; sso: "
            "leo whose node follows the Sun within 0.1 deg a day. Repeatable.",
        ),
    ] = None,
    inclination: Annotated[
        str | None, typer.Option(metavar="RANGE", help="Only such inclinations in degrees: 97-99.")
    ] = None,
    altitude: Annotated[
        str | None,
        typer.Option(
            metavar="RANGE", help="Only orbits that lie wholly at such heights in km: 400-700."
        ),
    ] = None,
    max_age: Annotated[
        float | None,
        typer.Option(
            metavar="DAYS", help="Only element sets at most so far from the middle of the span."
        ),
    ] = None,
    max_off_nadir: Annotated[
        float | None, typer.Option(metavar="DEG", help="Greatest off-nadir angle at the satellite.")
    ] = None,
    min_elevation: options.MinElevation = None,
    max_incidence: options.MaxIncidence = None,
    max_range: Annotated[
        float | None, typer.Option(metavar="KM", help="Greatest distance to the satellite.")
    ] = None,
    min_incidence: Annotated[
        float | None,
        typer.Option(metavar="DEG", help="Least incidence at the place, as for radar."),
    ] = None,
    max_roll: options.MaxRoll = None,
    max_pitch: options.MaxPitch = None,
    look_side: Annotated[
        str | None,
        typer.Option(metavar="left|right", help="Side of the flight on which the place must lie."),
    ] = None,
    min_sun: options.MinSun = None,
    max_sun: options.MaxSun = None,
    min_glint: Annotated[
        float | None,
        typer.Option(metavar="DEG", help="Least angle from the mirror image of the Sun."),
    ] = None,
    sunlit: Annotated[
        bool, typer.Option("--sunlit", help="Only while the satellite is in full sunlight.")
    ] = False,
    sensor: Annotated[
        str | None,
        typer.Option(
            metavar="NAME",
            help="Rate windows for this sensor of `offnadir sensors`, or FILE.toml, on all satellites. "
            "[default: the sensor that is known of each]",
        ),
    ] = None,
    clouds: options.Clouds = None,
    sort: Annotated[
        str | None,
        typer.Option(
            metavar="|".join(ORDERS),
            help="Order of the rows; least off-nadir, greatest elevation, longest duration first. "
            "none: satellite by satellite, written as they are found. Many rows are sorted in a "
            "temporary file. [default: start; none for --parquet]",
        ),
    ] = None,
    limit: Annotated[
        int | None, typer.Option(metavar="N", help="Only the first N rows of that order.")
    ] = None,
    details: Annotated[
        bool,
        typer.Option(
            "--details", help="More columns: duration, timing error, cut ends ... (Parquet has all)"
        ),
    ] = False,
    json: Annotated[bool, typer.Option("--json", help="Print a JSON array of windows.")] = False,
    as_csv: Annotated[bool, typer.Option("--csv", help="Print CSV with a header.")] = False,
    parquet: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Write a Parquet file.")
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option("--out", "-o", metavar="FILE", help="Write to a file what would be printed."),
    ] = None,
) -> None:
    """Print one row per window in which a satellite sees a place.

    Example: offnadir look --elements sats.tle --site 37.57,126.98 --start 2026-05-31T00:00:00Z
    --stop 2026-06-01T00:00:00Z --max-off-nadir 30 --min-sun 10

    Memory does not grow with the number of windows, but for the table that is printed without
    --json, --csv or --parquet. A file appears under its name when it is complete.
    """
    target = Target.of(json=json, as_csv=as_csv, parquet=parquet, out=out, details=details)
    limits = Limits(
        max_off_nadir=max_off_nadir,
        min_elevation=min_elevation,
        max_incidence=max_incidence,
        max_range=max_range,
        min_incidence=min_incidence,
        max_roll=max_roll,
        max_pitch=max_pitch,
        look_side=look_side,
        max_sun=max_sun,
        min_glint=min_glint,
        sunlit=sunlit,
        min_sun=min_sun,
    )
    wanted = Wanted(
        satellites=satellite or (),
        names=name or (),
        norad=norad or (),
        groups=group or (),
        orbits=orbit or (),
        inclination=inclination,
        altitude=altitude,
        max_age=max_age,
    )
    rows = Rows(sort=sort or ("none" if parquet else "start"), limit=limit)
    ground = Ground(site=site or (), area=area or (), mode=mode, swath=swath)
    _look(elements, ground, (start, stop), wanted, limits, (sensor, clouds), rows, target)


def _look(
    files: list[Path],
    where: Ground,
    times: tuple[str, str],
    wanted: Wanted,
    limits: Limits,
    rating: tuple[str | None, str | None],
    rows: Rows,
    target: Target,
) -> None:
    from offnadir.cli._look_quality import read_worth
    from offnadir.cli._windows_fields import fields
    from offnadir.cli._windows_out import output
    from offnadir.cli._windows_sort import Order, ordered

    constraints = limits.constraints()
    span = _span(*times)
    ground = where.read()
    flock = read_flock(files, wanted, span)
    worth = read_worth(flock, *rating, ground.sites)
    names = flock.names() if rows.sort == "satellite" else ground.names()
    about = {"span": f"{span.start.utc()}/{span.stop.utc()}"}
    _say.first_search()
    count = 0
    with output(
        target.kind,
        target.path,
        fields(
            ground.kind,
            shares=ground.shares,
            worth=worth.rates,
            by_whom=target.details or target.kind != "text",
            clear=worth.clouds is not None,
            details=target.details,
        ),
        about,
    ) as out:
        with (
            _say.progress(quiet=target.on_screen) as report,
            closing(ground.search(flock, constraints, report)) as found,
        ):
            for table in ordered(
                found,
                Order(by=rows.sort, names=names),
                limit=rows.limit,
                progress=lambda done, total: report("Sorting", done, total),
            ):
                out.write(worth.add(table))
                count += len(table)
        flock.warn()
        out.finish()
    for text in worth.notes():
        _say.note(text)
    _say.warn(worth.warnings())
    for text in ground.notes():
        _say.note(text)
    _summary(rows.told(count), flock, ground, span)


def _span(start: str, stop: str) -> Span:
    from offnadir.epoch import Epoch, Span

    begin, end = Epoch.from_utc(start, field="--start"), Epoch.from_utc(stop, field="--stop")
    if end <= begin:
        raise InputError("--stop", stop, f"later than --start {begin.utc()}")
    return Span(begin, end)


def _summary(windows: str, flock: Flock, ground: Places | Areas, span: Span) -> None:
    import numpy as np

    from offnadir.orbits import timing_errors_s

    text = (
        f"{windows} of {_say.count(flock.followed, 'satellite')} over {ground}, "
        f"{span.start.utc(0)} to {span.stop.utc(0)}"
    )
    if not flock.used:
        _say.note(text)
        return
    ends = (span.start, span.stop)
    oldest = max(abs(end - one.epoch) for one in flock.used for end in ends) / 86400
    at_ns = np.array([end.tai_ns for end in ends])
    worst = float(timing_errors_s(flock.used, at_ns, share=0.68).max())
    text += f"; element sets up to {oldest:.1f} days off, times good to about {worst:.1f} s"
    _say.note(text)
    if oldest > _AFTER_DAYS:
        _say.warn([f"an element set is {oldest:.1f} days from the far end of the span"])
