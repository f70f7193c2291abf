"""`offnadir measure`: lengths, areas and heights on pictures."""

from __future__ import annotations

import math
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from offnadir.cli import _measure as _lib
from offnadir.cli import _say
from offnadir.errors import InputError

if TYPE_CHECKING:
    from offnadir.imagery._measure import Height

measure = typer.Typer(
    name="measure",
    help="Lengths, areas and heights on pictures.",
    short_help="Lengths, areas and heights on pictures.",
    no_args_is_help=True,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
    epilog="Start with: offnadir measure length --at 37.5665,126.978 --at 37.5796,126.977",
)

_Image = Annotated[
    Path | None, typer.Argument(metavar="IMAGE.tif", help="A map product, for --pixel.")
]
_At = Annotated[
    list[str] | None, typer.Option(metavar="LAT,LON", help="A place, degrees. Repeatable.")
]
_Pixel = Annotated[
    list[str] | None,
    typer.Option(metavar="LINE,COLUMN", help="Instead: a pixel of IMAGE.tif, from 0. Repeatable."),
]
_Altitude = Annotated[
    float, typer.Option(metavar="M", help="Height of the ground above the ellipsoid.")
]
_Json = Annotated[bool, typer.Option("--json", help="Print a JSON object.")]
_Rpc = Annotated[
    list[Path] | None,
    typer.Option(
        metavar="FILE", help="Rational polynomials, if not in the image; one for each image."
    ),
]
_Sun = Annotated[
    str | None, typer.Option(metavar="EL,AZ", help="Elevation and azimuth of the Sun, degrees.")
]
_Time = Annotated[
    str | None, typer.Option(metavar="UTC", help="Instead: when the picture was taken.")
]
_SigmaPx = Annotated[
    float, typer.Option("--sigma", metavar="PX", help="How well a pixel was pointed at.")
]


@measure.command()
def length(
    image: _Image = None,
    at: _At = None,
    pixel: _Pixel = None,
    altitude: _Altitude = 0.0,
    json: _Json = False,
) -> None:
    """Length of a line through two or more places, along geodesics of the WGS-84 ellipsoid."""
    from offnadir.imagery._measure import measure_length_m

    lat, lon = zip(*_enough(_lib.places(at or [], image, pixel or []), 2), strict=True)
    length_m = measure_length_m(lat, lon, alt_m=altitude)
    _tell(json, {"length_m": length_m}, f"{length_m:.3f} m")


@measure.command()
def area(
    image: _Image = None,
    at: _At = None,
    pixel: _Pixel = None,
    altitude: _Altitude = 0.0,
    json: _Json = False,
) -> None:
    """Area within three or more places, joined by geodesics of the WGS-84 ellipsoid, and its perimeter."""
    from offnadir.imagery._measure import measure_area_m2, measure_length_m

    ring = _enough(_lib.places(at or [], image, pixel or []), 3)
    lat, lon = zip(*ring, strict=True)
    area_m2 = measure_area_m2(lat, lon, alt_m=altitude)
    around_m = measure_length_m((*lat, lat[0]), (*lon, lon[0]), alt_m=altitude)
    _tell(
        json,
        {"area_m2": area_m2, "perimeter_m": around_m},
        f"{area_m2:.2f} m2 within {around_m:.2f} m",
    )


def _enough(ring: list[_lib.Pair], least: int) -> list[_lib.Pair]:
    if len(ring) < least:
        raise InputError("--at", len(ring), f"{least} places or more")
    return ring


@measure.command()
def shadow(
    image: Annotated[
        Path | None, typer.Argument(metavar="IMAGE.tif", help="The picture, if pixels are given.")
    ] = None,
    tip: Annotated[
        str | None,
        typer.Option(
            metavar="A,B", help="Tip of the shadow: LINE,COLUMN; LAT,LON without an image."
        ),
    ] = None,
    base: Annotated[
        str | None,
        typer.Option(metavar="A,B", help="Foot of what casts it, on a map product or as LAT,LON."),
    ] = None,
    top: Annotated[
        str | None,
        typer.Option(metavar="LINE,COLUMN", help="Instead: its top, in a raw image with a model."),
    ] = None,
    sun: _Sun = None,
    time: _Time = None,
    ground: Annotated[
        float, typer.Option(metavar="M", help="Height of the foot above the ellipsoid.")
    ] = 0.0,
    rise: Annotated[
        float, typer.Option(metavar="M", help="How much higher the ground is at the tip.")
    ] = 0.0,
    rpc: _Rpc = None,
    sigma: Annotated[
        float, typer.Option(metavar="M|PX", help="How well each point was pointed at.")
    ] = 0.5,
    json: _Json = False,
) -> None:
    """Height of what casts a shadow.

    On a map: offnadir measure shadow ortho.tif --base 812,403 --tip 790,395 --time 2026-05-31T01:24:51Z

    In a raw image, where the foot may be hidden: offnadir measure shadow raw.tif --top 310.5,88 --tip 296,101
    --ground 48 --sun 61.2,148.5
    """
    from offnadir.imagery._measure import height_from_shadow, height_from_shadow_in_image

    if tip is None or (base is None) == (top is None):
        raise InputError("--tip", tip, "given, with either --base or --top")
    if top is not None:
        if image is None:
            raise InputError("--top", top, "a pixel of an image: name it")
        model = _lib.models_of([image], rpc or [])[0]
        at = _lib.pixel(tip, "--tip")
        lat, lon = model.locate(*at, ground + rise)
        elevation, azimuth = _lib.sun_of(sun, time, (float(lat), float(lon)))
        found = height_from_shadow_in_image(
            model,
            _lib.pixel(top, "--top"),
            at,
            sun_azimuth_rad=azimuth,
            sun_elevation_rad=elevation,
            base_alt_m=ground,
            tip_alt_m=ground + rise,
            sigma_px=sigma,
        )
    else:
        assert base is not None
        if image is None:
            ends = [_lib.place(base, "--base"), _lib.place(tip, "--tip")]
            sigma_m = sigma
        else:
            from offnadir.imagery._aligned import step_m

            grid = _lib.grid_of(image)
            pixels = (_lib.pixel(base, "--base"), _lib.pixel(tip, "--tip"))
            ends = [_lib.on_grid(grid, at) for at in pixels]
            sigma_m = sigma * step_m(grid)
        elevation, azimuth = _lib.sun_of(sun, time, ends[1])
        found = height_from_shadow(
            ends[0], ends[1], elevation, sun_azimuth_rad=azimuth, rise_m=rise, sigma_m=sigma_m
        )
    _height(json, found, "the shadow does not point away from the Sun")


@measure.command()
def parallax(
    images: Annotated[
        list[Path],
        typer.Argument(metavar="A.tif B.tif ...", help="Pictures of a stereo pair, or more."),
    ],
    top: Annotated[
        list[str], typer.Option(metavar="LINE,COLUMN", help="The point, in each image in order.")
    ],
    base: Annotated[
        list[str] | None,
        typer.Option(metavar="LINE,COLUMN", help="What its height counts from, in each image."),
    ] = None,
    ground: Annotated[
        float | None,
        typer.Option(metavar="M", help="Instead: height above the ellipsoid that it counts from."),
    ] = None,
    rpc: _Rpc = None,
    sigma: _SigmaPx = 0.5,
    json: _Json = False,
) -> None:
    """Height of a point that two or more pictures show, from where its lines of sight meet."""
    from offnadir.imagery._measure import height_from_parallax

    if len(images) < 2:
        raise InputError("IMAGES", len(images), "two or more")
    for field, texts in (("--top", top), ("--base", base)):
        if texts and len(texts) != len(images):
            raise InputError(field, list(texts), f"given {len(images)} times: once for each image")
    if bool(base) == (ground is not None):
        raise InputError("--base", base, "given for each image, or else --ground")
    found = height_from_parallax(
        _lib.models_of(images, rpc or []),
        [_lib.pixel(text, "--top") for text in top],
        [_lib.pixel(text, "--base") for text in base] if base else None,
        base_alt_m=ground,
        sigma_px=sigma,
    )
    _height(json, found, "the lines of sight do not meet")


@measure.command()
def surface(
    first: Annotated[Path, typer.Argument(metavar="A.tif", help="A picture with a model.")],
    second: Annotated[Path, typer.Argument(metavar="B.tif", help="Another, from elsewhere.")],
    out: Annotated[Path, typer.Option("-o", "--out", metavar="FILE.tif", help="The heights.")],
    low: Annotated[float, typer.Option(metavar="M", help="Lowest ground, above the ellipsoid.")],
    high: Annotated[float, typer.Option(metavar="M", help="Highest roof.")],
    step: Annotated[
        float | None,
        typer.Option(metavar="M", help="Side of a pixel. [default: about that of the images]"),
    ] = None,
    around: Annotated[
        str | None, typer.Option(metavar="LAT,LON", help="Middle. [default: that of A.tif]")
    ] = None,
    size: Annotated[
        float | None, typer.Option(metavar="M", help="Side of the square. [default: all of A.tif]")
    ] = None,
    band: Annotated[int, typer.Option(metavar="N", help="Band of both, from 1.")] = 1,
    rpc: _Rpc = None,
    quiet: Annotated[bool, typer.Option("-q", "--quiet", help="No progress bar.")] = False,
    json: _Json = False,
) -> None:
    """Surface model of two pictures of one place: heights above the ellipsoid, as a GeoTIFF."""
    from offnadir.imagery._surface import make_surface, surface_grid

    models = _lib.models_of([first, second], rpc or [])
    grid = surface_grid(
        models[0],
        0.5 * (low + high),
        step_m=step,
        middle=None if around is None else _lib.place(around, "--around"),
        size_m=size,
    )
    if not json:
        _say.first_use("the matching, half a minute")
    with _say.progress(quiet) as progress:
        report = make_surface(
            (first, second),
            (models[0], models[1]),
            grid,
            (low, high),
            out,
            band=band,
            progress=lambda done, total: progress("Matching", done, total),
        )
    told = {
        "base_to_height": report.base_to_height,
        "level_m": report.level_m,
        "levels": report.levels,
        "known": report.known,
        "out": str(out),
    }
    _tell(
        json,
        told,
        f"heights for {report.known:.0%} of {grid.shape[0]} x {grid.shape[1]} pixels, tried every "
        f"{report.level_m:.2f} m (base to height {report.base_to_height:.2f})\nwrote {out}",
    )


def _height(json: bool, found: Height, trouble: str) -> None:
    values = {
        "height_m": found.height_m,
        "sigma_m": found.sigma_m,
        "misfit_m": found.misfit_m,
    }
    text = (
        f"{found.height_m:.2f} m, to {found.sigma_m:.2f} m (1 sigma); misfit {found.misfit_m:.2f} m"
    )
    _tell(json, values, text)
    allowed = 3.0 * max(found.sigma_m, 0.05 * abs(found.height_m))
    if found.misfit_m > allowed:
        _say.warn([f"{trouble}, by {found.misfit_m:.1f} m: was the right point taken?"])
    if found.height_m < 0.0:
        _say.warn(["the height is below 0: is the Sun where it was said to be?"])


def _tell(json: bool, values: dict[str, Any], text: str) -> None:
    if json:
        _say.print_json(
            {
                k: None if isinstance(v, float) and not math.isfinite(v) else v
                for k, v in values.items()
            }
        )
    else:
        print(text)
