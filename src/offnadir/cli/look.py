"""`offnadir look`: which satellite can see a place, when, and under which angles."""

from __future__ import annotations

import csv
import json as json_
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from offnadir.cli import _say
from offnadir.errors import InputError

if TYPE_CHECKING:
    from offnadir._table import Table
    from offnadir.epoch import Span
    from offnadir.orbits import ElementSet, Ephemeris

_AFTER_DAYS = 3.0


def look(
    elements: Annotated[
        list[Path],
        typer.Option(
            help="File of element sets: TLE, 3LE, OMM as JSON, XML, KVN or CSV; gzip too."
        ),
    ],
    site: Annotated[
        list[str],
        typer.Option(
            metavar="LAT,LON[,ALT_M]",
            help="A place in degrees and metres, or a GeoJSON or CSV file of places. Repeatable.",
        ),
    ],
    start: Annotated[str, typer.Option(metavar="UTC", help="Start, e.g. 2026-05-31T00:00:00Z.")],
    stop: Annotated[str, typer.Option(metavar="UTC", help="Stop.")],
    satellite: Annotated[
        list[str] | None,
        typer.Option(
            metavar="NAME_OR_ID", help="Only these satellites, by NORAD number or name. Repeatable."
        ),
    ] = None,
    max_off_nadir: Annotated[
        float | None, typer.Option(metavar="DEG", help="Greatest off-nadir angle at the satellite.")
    ] = None,
    min_elevation: Annotated[
        float | None, typer.Option(metavar="DEG", help="Least elevation at the place. [default: 0]")
    ] = None,
    min_sun: Annotated[
        float | None, typer.Option(metavar="DEG", help="Least elevation of the Sun at the place.")
    ] = None,
    json: Annotated[bool, typer.Option("--json", help="Print a JSON array of windows.")] = False,
    as_csv: Annotated[bool, typer.Option("--csv", help="Print CSV with a header.")] = False,
) -> None:
    """Print one row per window in which a satellite sees a place.

    Example: offnadir look --elements sats.tle --site 37.57,126.98 --start 2026-05-31T00:00:00Z
    --stop 2026-06-01T00:00:00Z --max-off-nadir 30 --min-sun 10
    """
    from offnadir.access import find_windows, read_sites
    from offnadir.epoch import Epoch, Span

    if json and as_csv:
        raise InputError("--json", "--csv", "given alone: choose one of --json and --csv")
    constraints = _constraints(max_off_nadir, min_elevation, min_sun)
    begin, end = Epoch.from_utc(start, field="--start"), Epoch.from_utc(stop, field="--stop")
    if end <= begin:
        raise InputError("--stop", stop, f"later than --start {begin.utc()}")
    span = Span(begin, end)
    places = [place for text in site for place in read_sites(text)]
    chosen = _choose(elements, satellite or [], span)
    _say.first_use()
    with _say.progress(quiet=False) as report:
        ephemerides = _ephemerides(chosen, span, report)
        windows = find_windows(
            ephemerides,
            places,
            constraints,
            progress=lambda done, total: report("Searching", done, total),
        )
    windows = windows.take(windows["start"].argsort(kind="stable"))
    rows = list(_rows(windows))
    if json:
        json_.dump(rows, sys.stdout, indent=1, ensure_ascii=False)
        print()
    elif as_csv:
        writer = csv.DictWriter(sys.stdout, fieldnames=_FIELDS, lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
    else:
        _print_text(rows)
    _summary(len(rows), ephemerides, len(places), chosen, span)


_FIELDS = (
    "satellite", "norad_id", "site", "start", "stop", "best", "max_elevation_deg",
    "min_off_nadir_deg", "azimuth_deg", "range_km", "sun_elevation_deg",
)  # fmt: skip


def _constraints(
    max_off_nadir: float | None, min_elevation: float | None, min_sun: float | None
) -> list[Any]:
    from offnadir.access import MaxOffNadir, MinElevation, SunAbove
    from offnadir.units import deg

    constraints: list[Any] = []
    if max_off_nadir is not None:
        if not 0 < max_off_nadir <= 90:
            raise InputError("--max-off-nadir", max_off_nadir, "above 0, up to 90 degrees")
        constraints.append(MaxOffNadir(max_off_nadir * deg))
    if min_elevation is not None:
        if not 0 <= min_elevation < 90:
            raise InputError("--min-elevation", min_elevation, "from 0 to below 90 degrees")
        constraints.append(MinElevation(min_elevation * deg))
    if min_sun is not None:
        if not -90 <= min_sun <= 90:
            raise InputError("--min-sun", min_sun, "from -90 to 90 degrees")
        constraints.append(SunAbove(min_sun * deg))
    return constraints


def _choose(files: list[Path], wanted: list[str], span: Span) -> list[ElementSet]:
    """One element set an object, the nearest to the middle of the span."""
    from offnadir.orbits import nearest_sets, read_elements, select_satellites

    sets: list[ElementSet] = []
    rejected: list[str] = []
    for path in files:
        file = read_elements(path)
        sets.extend(file.elements)
        rejected.extend(f"{bad.where}: {bad.reason}" for bad in file.rejected)
    _say.warn(_say.some(rejected))
    if rejected:
        _say.note(f"{_say.count(len(rejected), 'element set')} skipped, {len(sets)} read")
    middle = span.start + span.duration_s / 2
    if not wanted:
        return list(nearest_sets(sets, near=middle))
    found: dict[int, ElementSet] = {}
    for text in wanted:
        for one in select_satellites(sets, text, near=middle):
            found.setdefault(one.norad_id, one)
    return list(found.values())


def _ephemerides(chosen: list[ElementSet], span: Span, report: Any) -> list[Ephemeris]:
    """Propagate; a satellite that SGP4 cannot follow is told, and an error if it is the only one."""
    from offnadir.orbits import SGP4_ERRORS, make_ephemeris

    flock, lost = [], []
    for i, one in enumerate(chosen):
        ephemeris = make_ephemeris(one, span)
        bad = ephemeris.status != 0
        if bad.any():
            first = int(bad.argmax())
            code = int(ephemeris.status[first])
            when = (ephemeris.first + first * ephemeris.step_s).utc(0)
            text = SGP4_ERRORS.get(code, "propagation fails")
            lost.append(f"{one.name} ({one.norad_id}): SGP4 error {code}, {text}, from {when}")
        if not bad.all():
            flock.append(ephemeris)
        report("Propagating", i + 1, len(chosen))
    if lost and not flock:
        raise InputError(
            "--elements",
            "; ".join(_say.some(lost)),
            "element sets that SGP4 can follow over the span",
        )
    _say.warn(_say.some(lost))
    return flock


def _rows(windows: Table) -> Any:
    from offnadir.units import deg

    for row in windows.rows():
        yield {
            "satellite": row["satellite"],
            "norad_id": row["norad_id"],
            "site": row["site"],
            "start": row["start"],
            "stop": row["stop"],
            "best": row["best"],
            "max_elevation_deg": round(row["max_elevation_rad"] / deg, 6),
            "min_off_nadir_deg": round(row["off_nadir_rad"] / deg, 6),
            "azimuth_deg": round(row["azimuth_rad"] / deg, 6),
            "range_km": round(row["range_m"] / 1e3, 6),
            "sun_elevation_deg": round(row["sun_elevation_rad"] / deg, 6),
        }


def _print_text(rows: list[dict[str, Any]]) -> None:
    if not rows:
        return
    header = ("satellite", "norad", "site", "start (UTC)", "stop", "best", "elev", "off-nadir",
              "azimuth", "range km", "Sun")  # fmt: skip
    cells = [
        (
            row["satellite"], str(row["norad_id"]), row["site"],
            row["start"][:19].replace("T", " "), row["stop"][11:19], row["best"][11:23],
            f"{row['max_elevation_deg']:.1f}", f"{row['min_off_nadir_deg']:.1f}",
            f"{row['azimuth_deg']:.1f}", f"{row['range_km']:.0f}", f"{row['sun_elevation_deg']:.1f}",
        )
        for row in rows
    ]  # fmt: skip
    right = (False, True, False, False, False, False, True, True, True, True, True)
    print(_say.columns(header, cells, right))


def _summary(
    windows: int, flock: list[Ephemeris], places: int, chosen: list[ElementSet], span: Span
) -> None:
    from offnadir.orbits import expected_timing_error_s

    ends = (span.start, span.stop)
    oldest = max(abs(end - one.epoch) for one in chosen for end in ends) / 86400
    worst = max(expected_timing_error_s(one, end) for one in chosen for end in ends)
    text = (
        f"{_say.count(windows, 'window')} of {_say.count(len(flock), 'satellite')} over "
        f"{_say.count(places, 'place')}, "
        f"{span.start.utc(0)} to {span.stop.utc(0)}; element sets up to {oldest:.1f} days off, "
        f"times good to about {worst:.1f} s"
    )
    _say.note(text)
    if oldest > _AFTER_DAYS:
        _say.warn([f"an element set is {oldest:.1f} days from the far end of the span"])
