"""Options that several verbs have, each said once."""

from __future__ import annotations

from typing import Annotated

import typer

Start = Annotated[str, typer.Option(metavar="UTC", help="Start, e.g. 2026-05-31T00:00:00Z.")]
Satellite = Annotated[
    list[str] | None,
    typer.Option(
        metavar="NAME_OR_ID", help="Only these satellites, by NORAD number or name. Repeatable."
    ),
]
Name = Annotated[
    list[str] | None,
    typer.Option(
        metavar="PATTERN",
        help="Only satellites with such a name; * ? [] as in a shell, case aside. Repeatable.",
    ),
]
Norad = Annotated[
    list[str] | None,
    typer.Option(metavar="RANGE", help="Only NORAD numbers such as 40000-41000. Repeatable."),
]
MinElevation = Annotated[
    float | None, typer.Option(metavar="DEG", help="Least elevation at the place. [default: 0]")
]
MaxIncidence = Annotated[
    float | None, typer.Option(metavar="DEG", help="Greatest angle from the zenith of the place.")
]
MaxRoll = Annotated[
    float | None,
    typer.Option(metavar="DEG", help="Greatest roll to either side, in the orbit frame."),
]
MaxPitch = Annotated[
    float | None,
    typer.Option(metavar="DEG", help="Greatest pitch ahead or back, in the orbit frame."),
]
MinSun = Annotated[
    float | None, typer.Option(metavar="DEG", help="Least elevation of the Sun at the place.")
]
MaxSun = Annotated[
    float | None,
    typer.Option(metavar="DEG", help="Greatest elevation of the Sun at the place: darkness."),
]
Clouds = Annotated[
    str | None,
    typer.Option(
        metavar="climatology|FILE",
        help="Chance of a clear sky from the climatology, or a forecast in NetCDF or GRIB.",
    ),
]
