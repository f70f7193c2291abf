"""`offnadir launch`: from a launch site into an orbit, and from a satellite back to its launch."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from offnadir.cli import _launch_ask as _ask
from offnadir.cli import _launch_say as _tell
from offnadir.cli import _say
from offnadir.cli._launch_looks import Looks
from offnadir.errors import MISSING, InputError

if TYPE_CHECKING:
    from offnadir.epoch import Epoch, Span
    from offnadir.orbits.launch import Ascent, Launch, Spaceport, TargetOrbit

launch = typer.Typer(
    name="launch",
    invoke_without_command=True,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
    short_help="From a launch site into an orbit: azimuths, windows, first passes.",
    epilog="Start with: offnadir launch --from sohae --sso 22:00 --on 2023-11-21",
)

_From = Annotated[
    str | None,
    typer.Option(
        "--from", metavar="SITE|LAT,LON", help="Launch site by its key (see --sites), or a place."
    ),
]
_Ascent = Annotated[float, typer.Option(metavar="MIN", help="From lift-off to orbit, in minutes.")]
_Downrange = Annotated[
    float, typer.Option(metavar="DEG", help="How far along the orbit that happens.")
]
_FirstAzimuth = Annotated[
    float | None,
    typer.Option(
        metavar="DEG", help="A dog-leg: fly at this azimuth first, then turn into the plane."
    ),
]
_FirstLeg = Annotated[float, typer.Option(metavar="KM", help="How far until it turns.")]
_Json = Annotated[bool, typer.Option("--json", help="Print JSON.")]


@launch.callback()
def launch_(
    context: typer.Context,
    from_: _From = None,
    sites: Annotated[bool, typer.Option("--sites", help="List the launch sites.")] = False,
    reach: Annotated[
        bool,
        typer.Option("--reach", help="Which inclinations the site reaches, with which azimuths."),
    ] = False,
    sso: Annotated[
        str | None,
        typer.Option(
            metavar="HH:MM", help="Sun-synchronous, with this mean local time of the node."
        ),
    ] = None,
    node: Annotated[
        str, typer.Option(metavar="descending|ascending", help="Which node --sso is about.")
    ] = "descending",
    inclination: Annotated[
        float | None, typer.Option(metavar="DEG", help="Any orbit of this inclination.")
    ] = None,
    raan: Annotated[
        float | None,
        typer.Option(
            metavar="DEG", help="With --inclination: the node (TEME) at 0 h UTC of the day."
        ),
    ] = None,
    to: Annotated[
        str | None,
        typer.Option(metavar="FILE[:SAT]", help="The plane of a satellite, from its element set."),
    ] = None,
    altitude: Annotated[
        float | None, typer.Option(metavar="KM", help="Mean height of the orbit. [default: 500]")
    ] = None,
    on: Annotated[
        str | None,
        typer.Option(metavar="DAY", help="Day, in UTC, e.g. 2023-11-21. [default: today]"),
    ] = None,
    days: Annotated[int, typer.Option(metavar="N", help="How many days.")] = 1,
    at: Annotated[
        str | None,
        typer.Option(
            metavar="UTC", help="Lift-off: tell the node that it leads to, not the windows."
        ),
    ] = None,
    tolerance: Annotated[
        float,
        typer.Option(
            metavar="MIN", help="By how much the node's local time may be off: the window."
        ),
    ] = 5.0,
    direction: Annotated[
        str | None,
        typer.Option(
            metavar="ascending|descending", help="Only northbound or southbound launches."
        ),
    ] = None,
    any_azimuth: Annotated[
        bool, typer.Option("--any-azimuth", help="Also azimuths outside the published limits.")
    ] = False,
    ascent: _Ascent = 10.0,
    downrange: _Downrange = 20.0,
    first_azimuth: _FirstAzimuth = None,
    first_leg: _FirstLeg = 1000.0,
    site: Annotated[
        list[str] | None,
        typer.Option(
            metavar="LAT,LON[,ALT_M]",
            help="First pass over this place, or over those of a GeoJSON or CSV file. Repeatable.",
        ),
    ] = None,
    station: Annotated[
        list[str] | None,
        typer.Option(
            metavar="LAT,LON[,ALT_M]",
            help="First contact with this ground station, or those of a file. Repeatable.",
        ),
    ] = None,
    max_off_nadir: Annotated[
        float, typer.Option(metavar="DEG", help="Greatest off-nadir angle of a first pass.")
    ] = 45.0,
    min_sun: Annotated[
        float | None,
        typer.Option(metavar="DEG", help="Least elevation of the Sun in a first pass."),
    ] = None,
    min_elevation: Annotated[
        float, typer.Option(metavar="DEG", help="Least elevation of a first contact.")
    ] = 5.0,
    hours: Annotated[
        float, typer.Option(metavar="H", help="How long after the launch to look for them.")
    ] = 72.0,
    json: _Json = False,
    map_: Annotated[
        Path | None,
        typer.Option(
            "--map", metavar="FILE", help="Draw ascent and first track: .png, .svg or .pdf."
        ),
    ] = None,
) -> None:
    """When to launch, in which direction, and what comes first in orbit.

    Example: offnadir launch --from vandenberg --sso 10:30 --altitude 617 --on 2016-11-11 --site 37.57,126.98

    Public geometry only. Without an orbit --reach is meant. Times are lift-offs that lead into the plane by
    a direct ascent, good to some 4 minutes; a flight that turns on its way (a dog-leg) lifts off up to 25
    minutes earlier.
    """
    if context.invoked_subcommand is not None:
        return
    if sites:
        _tell.print_sites(json=json)
        return
    place = _ask.spaceport(from_)
    orbit = _ask.Orbit(
        sso=sso, node=node, inclination=inclination, raan=raan, to=to, altitude=altitude
    )
    if reach or not orbit.given:
        asked = {
            "--raan": raan,
            "--at": at,
            "--map": map_,
            "--site": site,
            "--station": station,
        }
        _ask.refuse_without_orbit({k: v for k, v in asked.items() if v not in (None, [])})
        _tell.print_reach(place, 500.0 if altitude is None else altitude, json=json)
        return
    if map_ is not None:
        from offnadir.briefs.launch_figure import check_figure_path

        check_figure_path(map_, field="--map")
    if not 0.0 <= tolerance <= 720.0:
        raise InputError("--tolerance", tolerance, "from 0 to 720 minutes")
    if direction not in (None, "ascending", "descending"):
        raise InputError("--direction", direction, "ascending or descending")
    how = _ask.ascent(ascent, downrange, first_azimuth, first_leg)
    looks = Looks.of(site or (), station or (), max_off_nadir, min_sun, min_elevation, hours)
    span = _ask.days(on, days)
    target = orbit.target(span.start)
    _check_azimuths(place, target, how, free=any_azimuth)
    found = [
        one
        for one in _found(place, target, how, span, at, tolerance)
        if direction in (None, one.azimuth.direction)
    ]
    shown = [one for one in found if any_azimuth or one.excess_rad == 0.0]
    _tell.print_launches(place, target, how, shown, looks, json=json, left=len(found) - len(shown))
    if map_ is not None:
        from offnadir.briefs.launch_figure import write_launch_figure

        if not shown:
            raise InputError("--map", str(map_), "asked for with days that have a launch")
        write_launch_figure(shown[0], map_)
        _say.note(f"wrote {map_}, of the first launch")


def _found(
    place: Spaceport,
    target: TargetOrbit,
    how: Ascent,
    span: Span,
    at: str | None,
    tolerance_min: float,
) -> list[Launch]:
    """The launches into the plane, or where a lift-off at a time leads, both ways."""
    from offnadir.epoch import Epoch
    from offnadir.orbits.launch import launch_at, launches
    from offnadir.units import deg

    if at is not None:
        time = Epoch.from_utc(at, field="--at")
        return [launch_at(place, target, time, way, how) for way in ("ascending", "descending")]
    if target.plane_is_free:
        wish = "given with --inclination, or --at: any time of the day reaches some plane"
        raise InputError("--raan", MISSING, wish)
    tolerance_rad = tolerance_min * 0.25 * deg  # 15 degrees an hour
    return list(launches(place, target, span, how, node_tolerance_rad=tolerance_rad))


def _check_azimuths(place: Spaceport, target: TargetOrbit, how: Ascent, *, free: bool) -> None:
    """Tell what cannot be before anything is computed: latitude, then the range's limits."""
    from offnadir.orbits.launch import headings
    from offnadir.units import deg

    if how.first_azimuth_rad is not None:
        if place.excess_rad(how.first_azimuth_rad) > 0.0 and not free:
            wish = f"within the limits of {place.key}, {place.limits_text()}, or --any-azimuth"
            raise InputError("--first-azimuth", round(how.first_azimuth_rad / deg, 3), wish)
        return
    ways = headings(place, target.inclination_rad, target.speed_m_s)
    if not free and all(place.excess_rad(way.ground_rad) > 0.0 for way in ways):
        best = min(ways, key=lambda way: place.excess_rad(way.ground_rad))
        nearest = place.nearest_azimuth_rad(best.ground_rad)
        both = " or ".join(f"{way.ground_rad / deg:.1f}" for way in ways)
        wish = f"within the azimuths of {place.key}, {place.limits_text()}; it needs {both} deg"
        hint = (
            f"--first-azimuth {nearest / deg:g} flies a dog-leg, --any-azimuth ignores the limits, "
            "--reach lists the inclinations that pass"
        )
        raise InputError("inclination", round(target.inclination_rad / deg, 2), wish, hint=hint)


@launch.command()
def reconstruct(
    elements: Annotated[
        str,
        typer.Argument(metavar="FILE[:SAT]", help="The first element sets of the satellite."),
    ],
    from_: _From = None,
    since: Annotated[
        str | None,
        typer.Option(metavar="UTC", help="Look from here. [default: 10 days before the first set]"),
    ] = None,
    until: Annotated[
        str | None, typer.Option(metavar="UTC", help="Look up to here. [default: the first set]")
    ] = None,
    top: Annotated[int, typer.Option(metavar="N", help="How many candidates to print.")] = 10,
    ascent: _Ascent = 10.0,
    downrange: _Downrange = 20.0,
    json: _Json = False,
) -> None:
    """Find the lift-off that fits the first element sets of a satellite.

    Example: offnadir launch reconstruct first.tle:58400 --from sohae

    The plane must have passed over the site; the satellite, carried back, must have come from there.
    """
    from offnadir.epoch import Epoch, Span
    from offnadir.orbits.launch import reconstruct as find

    if top < 1:
        raise InputError("--top", top, "1 or more")
    place = _ask.spaceport(from_)
    how = _ask.ascent(ascent, downrange, None, 0.0)
    sets = _ask.element_sets(elements, option="FILE[:SAT]")
    first: Epoch = min(one.epoch for one in sets)
    begin = Epoch.from_utc(since, field="--since") if since else first + -10 * 86400.0
    end = Epoch.from_utc(until, field="--until") if until else first
    if end <= begin:
        raise InputError("--until", end.utc(0), f"later than --since {begin.utc(0)}")
    if end - begin > 400 * 86400.0:
        raise InputError("--since", begin.utc(0), f"at most 400 days before {end.utc(0)}")
    found = find(sets, place, span=Span(begin, end), ascent=how)
    _tell.print_candidates(place, sets, found[:top], json=json, count=len(found))
