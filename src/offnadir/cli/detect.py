"""`offnadir detect`: ships on water, and other bright compact objects."""

from __future__ import annotations

import math
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from offnadir.cli import _say
from offnadir.cli._documents import write_geojson
from offnadir.errors import InputError

if TYPE_CHECKING:
    from offnadir.imagery._ships import Scale, ShipReport

_SHOWN = 20


def detect(
    image: Annotated[Path, typer.Argument(metavar="IMAGE.tif", help="A map product.")],
    out: Annotated[
        Path | None,
        typer.Option("-o", "--out", metavar="FILE.geojson", help="Boxes, strongest first."),
    ] = None,
    rate: Annotated[
        float, typer.Option(metavar="SHARE", help="Share of pixels of water that may be flagged.")
    ] = 1e-6,
    clutter: Annotated[
        str,
        typer.Option(
            metavar="auto|normal|pearson|lognormal|k",
            help="How water scatters: skew (pearson, lognormal, or auto: as the water says), normal, or K "
            "(radar intensity).",
        ),
    ] = "auto",
    looks: Annotated[float, typer.Option(metavar="N", help="Looks of a radar image, for k.")] = 1.0,
    length: Annotated[
        str, typer.Option(metavar="M,M", help="Shortest and longest object, metres.")
    ] = "12,450",
    band: Annotated[
        int | None, typer.Option(metavar="N", help="Band, from 1. [default: the mean of all]")
    ] = None,
    land: Annotated[
        Path | None, typer.Option(metavar="FILE.geojson", help="Polygons of land to leave out.")
    ] = None,
    anywhere: Annotated[
        bool,
        typer.Option("--anywhere", help="Look on land too: bright compact objects of all kinds."),
    ] = False,
    shore: Annotated[
        float, typer.Option(metavar="M", help="Leave out water so near to land.")
    ] = 30.0,
    quiet: Annotated[bool, typer.Option("-q", "--quiet", help="No progress bar.")] = False,
    json: Annotated[bool, typer.Option("--json", help="Print the boxes as GeoJSON.")] = False,
) -> None:
    """Find ships on the water of a picture: where, how long and wide, which way.

    Water is where the bands `green` and `nir` say so (NDWI), less the polygons of --land.

    For example: offnadir detect port.tif --land land.geojson -o ships.geojson
    """
    from offnadir.imagery._ships import find_ships

    if clutter not in ("auto", "normal", "pearson", "lognormal", "k"):
        raise InputError("--clutter", clutter, "auto, normal, pearson, lognormal or k")
    if not json:
        _say.first_use("the detector, some seconds")
    with _say.progress(quiet) as progress:
        report = find_ships(
            image,
            false_alarm_rate=rate,
            clutter=clutter,  # type: ignore[arg-type]
            looks=looks,
            length_m=_two(length),
            band=band,
            land=land,
            anywhere=anywhere,
            shore_m=shore,
            progress=progress,
        )
    if report.water == "everywhere" and not anywhere:
        _say.warn(
            [
                "nothing tells land from water (no bands called green and nir, no --land): all was searched"
            ]
        )
    if report.unkept:
        _say.warn([_doubt(scale) for scale in report.unkept])
    document = report.to_geojson()
    if out is not None:
        write_geojson(out, document)
    if json:
        _say.print_json(document)
        return
    _tell(report)
    if out is not None:
        print(f"wrote {out}")


def _doubt(scale: Scale) -> str:
    worth = f"{scale.tail.ratio:.2g} times as many pixels as {scale.clutter} water has lie beyond"
    return (
        f"pixels of {scale.step_m:.3g} m: {worth} the threshold of {scale.tail.rate:.1g}; the stated rate of "
        "false alarms is not kept there (objects of many sizes, or another --clutter)"
    )


def _two(text: str) -> tuple[float, float]:
    try:
        low, high = (float(word) for word in text.split(","))
    except ValueError:
        raise InputError(
            "--length", text, "two lengths in metres, with a comma between: 12,450"
        ) from None
    return low, high


def _tell(report: ShipReport) -> None:
    sizes = ", ".join(f"{scale.step_m:.3g}" for scale in report.scales)
    print(
        f"{report.searched} pixels searched (of {sizes} m), {report.beyond} beyond the threshold, "
        f"{report.expected:.2g} expected by chance"
    )
    other = f"{_say.count(report.other, 'bright place')} of no ship's size" if report.other else ""
    if not report.ships:
        print(f"no ships{'; ' if other else ''}{other}")
        return
    print(f"\n{_say.count(len(report.ships), 'ship')}{'; ' if other else ''}{other}:")
    header = ("", "length m", "width m", "heading", "latitude", "longitude", "strength")
    rows = []
    for one in report.ships[:_SHOWN]:
        axis = math.degrees(one.axis_rad)
        way = f"{axis:.0f} or {axis + 180.0:.0f}"
        if one.heading_rad is not None:
            way = f"{math.degrees(one.heading_rad) % 360.0:.0f}"
        rows.append(
            (
                str(one.rank),
                f"{one.length_m:.0f}",
                f"{one.width_m:.0f}",
                way,
                f"{math.degrees(one.lat_rad):.5f}",
                f"{math.degrees(one.lon_rad):.5f}",
                f"{one.strength:.1f}",
            )
        )
    print(_say.columns(header, rows, (True,) * 7))
    if len(report.ships) > _SHOWN:
        print(f"... and {len(report.ships) - _SHOWN} more")
