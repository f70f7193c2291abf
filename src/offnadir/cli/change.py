"""`offnadir change`: what changed between two map products."""

from __future__ import annotations

import math
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from offnadir.cli import _say
from offnadir.cli._documents import write_geojson
from offnadir.errors import InputError

if TYPE_CHECKING:
    from offnadir.imagery._change import ChangeReport

_SHOWN = 10
_BADLY_PX, _FEW = 0.5, 6


def change(
    before: Annotated[Path, typer.Argument(metavar="BEFORE.tif", help="The first map product.")],
    after: Annotated[
        Path, typer.Argument(metavar="AFTER.tif", help="The second, of any grid and projection.")
    ],
    out: Annotated[
        Path | None,
        typer.Option(
            "-o", "--out", metavar="FILE.geojson", help="Polygons, most significant first."
        ),
    ] = None,
    map_: Annotated[
        Path | None,
        typer.Option(
            "--map", metavar="FILE.tif", help="-log10 of each pixel's chance if nothing changed."
        ),
    ] = None,
    rate: Annotated[
        float,
        typer.Option(metavar="SHARE", help="Share of unchanged pixels that may be flagged."),
    ] = 1e-5,
    least_area: Annotated[
        float | None,
        typer.Option(metavar="M2", help="Smallest change that counts. [default: nine pixels]"),
    ] = None,
    smoothing: Annotated[
        float, typer.Option(metavar="PX", help="Deviation of the Gaussian that smooths both.")
    ] = 1.0,
    most: Annotated[int, typer.Option(metavar="N", help="So many polygons at most.")] = 1000,
    bands: Annotated[
        str | None,
        typer.Option(
            metavar="N,N,...",
            help="Bands from 1, for both. [default: those of common names, or all]",
        ),
    ] = None,
    registered: Annotated[
        bool,
        typer.Option("--registered", help="They lie upon each other already: do not register."),
    ] = False,
    quiet: Annotated[bool, typer.Option("-q", "--quiet", help="No progress bar.")] = False,
    json: Annotated[bool, typer.Option("--json", help="Print the polygons as GeoJSON.")] = False,
) -> None:
    """Lay one picture upon another, even out their light, and tell what changed.

    For example: offnadir change may.tif june.tif -o changes.geojson --map chance.tif
    """
    from offnadir.imagery._change import find_changes

    chosen = _bands(bands)
    if not json:
        _say.first_use("the comparison, half a minute")
    with _say.progress(quiet) as progress:
        report = find_changes(
            before,
            after,
            false_alarm_rate=rate,
            smoothing_px=smoothing,
            least_area_m2=least_area,
            most=most,
            bands=None if chosen is None else (chosen, chosen),
            registered=registered,
            out_map=map_,
            progress=progress,
        )
    doubts = _doubts(report)
    if doubts:
        _say.warn(doubts)
    document = report.to_geojson()
    if out is not None:
        write_geojson(out, document)
    if json:
        _say.print_json(document)
        return
    _tell(report)
    for path in (out, map_):
        if path is not None:
            print(f"wrote {path}")


def _doubts(report: ChangeReport) -> list[str]:
    found = []
    placed = report.registration
    if placed is not None and placed.rms_px > _BADLY_PX:
        found.append(
            f"the pictures fit only to {placed.rms_px:.1f} px rms: relief, leaning buildings, or turned"
        )
    if placed is not None and int(placed.kept.sum()) < _FEW:
        found.append(
            f"the pictures are laid upon each other by {int(placed.kept.sum())} tiles only"
        )
    if report.background.is_crowded:
        found.append(
            "a large part of the picture differs (another view of buildings, season, tide, shadows): the "
            "stated rate of false alarms is not kept; trust the rank more than the number"
        )
    return found


def _bands(text: str | None) -> tuple[int, ...] | None:
    if text is None:
        return None
    try:
        numbers = tuple(int(word) for word in text.split(","))
    except ValueError:
        numbers = ()
    if not numbers or min(numbers) < 1:
        raise InputError("--bands", text, "numbers from 1, with commas between: 1,2,3")
    return numbers


def _tell(report: ChangeReport) -> None:
    placed = report.registration
    if placed is not None:
        down, right = placed.shift_px
        kept = int(placed.kept.sum())
        print(
            f"laid upon each other by {kept} of {placed.tried} tiles: {down:+.2f} px down, "
            f"{right:+.2f} px right, {placed.rms_px:.2f} px rms"
        )
    print(
        f"{report.compared} pixels compared, {report.flagged} beyond the threshold, "
        f"{report.expected:.1f} expected by chance"
    )
    if not report.changes:
        print("no change that is large enough")
        return
    found = _say.count(len(report.changes), "change")
    rest = f", and {report.dropped} more that are less significant" if report.dropped else ""
    print(f"\n{found}{rest}:")
    header = ("", "significance", "area m2", "latitude", "longitude", "direction")
    rows: list[Any] = [
        (
            str(one.rank),
            f"{one.significance:.0f}",
            f"{one.area_m2:.0f}",
            f"{math.degrees(one.lat_rad):.5f}",
            f"{math.degrees(one.lon_rad):.5f}",
            "brighter" if sum(one.difference) > 0 else "darker",
        )
        for one in report.changes[:_SHOWN]
    ]
    print(_say.columns(header, rows, (True, True, True, True, True, False)))
    if len(report.changes) > _SHOWN:
        print(f"... and {len(report.changes) - _SHOWN} more")
