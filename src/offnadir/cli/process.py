"""`offnadir process`: raw counts, or a real product, to a map that GIS software opens."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from offnadir.cli import _say
from offnadir.errors import MISSING, FileError, InputError

if TYPE_CHECKING:
    from offnadir.imagery._ground import Terrain
    from offnadir.imagery._product import ProcessOptions, Product

#: Heights that a capture may have beside it.


def process(
    context: typer.Context,
    source: Annotated[
        list[Path],
        typer.Argument(
            metavar="DIR|IMAGE...",
            help="A folder of `offnadir capture`, or images with rational polynomials.",
        ),
    ],
    output: Annotated[
        Path | None, typer.Option("--output", "-o", metavar="DIR", help="Folder for the product.")
    ] = None,
    level: Annotated[
        str,
        typer.Option(
            "--level",
            "-l",
            metavar="ortho|basic",
            help="On a map, or in the camera's own geometry.",
        ),
    ] = "ortho",
    dem: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Elevation model. [default: level ground]")
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
    height: Annotated[
        float | None,
        typer.Option(
            metavar="M",
            help="Instead of --dem: level ground so far above the ellipsoid. "
            "[default: the aim's, or the middle of the polynomials]",
        ),
    ] = None,
    rpc: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Rational polynomials, if the image lacks them."),
    ] = None,
    model: Annotated[
        str, typer.Option(metavar="rigorous|rpc", help="Geometry of a capture.")
    ] = "rigorous",
    crs: Annotated[
        str | None,
        typer.Option(metavar="EPSG:CODE", help="Projection. [default: the UTM zone]"),
    ] = None,
    gsd: Annotated[
        float | None, typer.Option(metavar="M", help="Pixel of the map. [default: the image's]")
    ] = None,
    kernel: Annotated[
        str, typer.Option(metavar="cubic|bilinear|nearest", help="Resampling.")
    ] = "cubic",
    quantity: Annotated[
        str, typer.Option(metavar="reflectance|radiance", help="What a capture's values become.")
    ] = "reflectance",
    mtfc: Annotated[
        float | None,
        typer.Option(
            metavar="STRENGTH", help="MTF compensation: 1 is Wiener's filter, less milder."
        ),
    ] = None,
    mtf_nyquist: Annotated[
        float | None,
        typer.Option(metavar="MTF", help="For --mtfc of a real product: its MTF at Nyquist."),
    ] = None,
    pansharpen: Annotated[
        str | None,
        typer.Option(
            metavar="gram-schmidt|brovey", help="Colour at the sharpness of the pan band."
        ),
    ] = None,
    gcp: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE", help="Ground control: CSV of line,column,lat_deg,lon_deg[,alt_m]."
        ),
    ] = None,
    reference: Annotated[
        Path | None, typer.Option(metavar="IMAGE", help="Instead: fit the picture to a map image.")
    ] = None,
    refine: Annotated[
        str, typer.Option(metavar="shift|affine", help="How the geometry may be moved to fit.")
    ] = "shift",
    hide: Annotated[
        bool, typer.Option("--hide", help="Blank what higher ground hides (for surface models).")
    ] = False,
    time: Annotated[
        str | None, typer.Option(metavar="UTC", help="When a real product was taken.")
    ] = None,
    name: Annotated[
        str | None, typer.Option(metavar="NAME", help="What the product is called.")
    ] = None,
    no_clouds: Annotated[bool, typer.Option("--no-clouds", help="Make no cloud mask.")] = False,
    policy: Annotated[
        list[str] | None,
        typer.Option(
            metavar="NAME@VERSION",
            help="Pack of restrictions that the picture was judged by, for its lineage. Repeatable.",
        ),
    ] = None,
    keep: Annotated[
        bool, typer.Option("--keep", help="Keep the intermediate files in DIR/.work.")
    ] = False,
    json: Annotated[bool, typer.Option("--json", help="Print the STAC item.")] = False,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="No progress, no summary.")] = False,
) -> None:
    """Make a map product of a capture or of a real satellite's image.

    Of a capture: offnadir process DIR --dem DEM.tif -o PRODUCT (DIR/dem.tif is taken by itself)

    Of a real image: offnadir process IMAGE.tif --rpc IMAGE_RPC.TXT --dem DEM.tif -o PRODUCT

    Writes Cloud-Optimized GeoTIFFs, a preview and a STAC item with checksums; the item comes last. A second
    run goes on where an interrupted one stopped.
    """
    if output is None:
        raise InputError("--output", MISSING, "given: the folder for the product")
    if dem is None and (geoid is not None or dem_edge):
        raise InputError(
            "--geoid" if geoid is not None else "--dem-edge", geoid or True, "given with --dem"
        )
    if dem is not None and height is not None:
        raise InputError("--height", height, "left out with --dem, which tells it")
    if gcp is not None and reference is not None:
        raise InputError("--reference", str(reference), "left out with --gcp")
    captures = [one for one in source if one.is_dir()]
    for one in source:
        if not one.exists():
            raise FileError(one, "does not exist")
    if captures and len(source) > 1:
        raise InputError("DIR|IMAGE", [str(one) for one in source], "one folder, or images")
    from offnadir.imagery._product import ProcessOptions

    terrain = _terrain(source[0], rpc, dem, geoid, dem_edge, height, is_capture=bool(captures))
    options = ProcessOptions(
        terrain=terrain,
        level=level,  # type: ignore[arg-type]
        crs=crs,
        gsd_m=gsd,
        kernel=kernel,  # type: ignore[arg-type]
        model=model,  # type: ignore[arg-type]
        quantity=quantity,  # type: ignore[arg-type]
        mtfc=mtfc or 0.0,
        mtf_nyquist=mtf_nyquist,
        pansharpen=pansharpen,  # type: ignore[arg-type]
        control=gcp,
        reference=reference,
        refine=refine,  # type: ignore[arg-type]
        clouds=not no_clouds,
        hide=hide,
        time=_utc(time),
        keep_work=keep,
        command=_say.command(context),
        policies=tuple(policy or ()),
    )
    _say.first_use("the ground processing")
    with _say.progress(quiet or json) as report:
        product = _made(source, output, options, rpc, name, report, is_capture=bool(captures))
    if json:
        import json as library

        _say.print_json(library.loads(product.item.read_text("utf-8")))
    elif not quiet:
        print(_told(product))


def _made(
    source: list[Path],
    output: Path,
    options: ProcessOptions,
    rpc: Path | None,
    name: str | None,
    report: Any,
    *,
    is_capture: bool,
) -> Product:
    if is_capture:
        from offnadir.imagery._product_level1 import process_level1

        if rpc is not None:
            raise InputError("--rpc", str(rpc), "left out for a capture; --model rpc takes its own")
        return process_level1(source[0], output, options, name=name, report=report)
    from offnadir.imagery._product_raster import process_raster

    return process_raster(source, output, options, rpc=rpc, name=name, report=report)


def _terrain(
    source: Path,
    rpc: Path | None,
    dem: Path | None,
    geoid_m: float | None,
    edge: bool,
    height_m: float | None,
    *,
    is_capture: bool,
) -> Terrain:
    """The elevation model, or level ground at a height that is likely."""
    from offnadir.imagery._own_dem import OWN_DEM
    from offnadir.imagery._terrain import LevelTerrain, RasterTerrain

    own = source / OWN_DEM
    if dem is None and height_m is None and is_capture and own.is_file():
        return RasterTerrain(own, outside="edge")
    if dem is not None:
        return RasterTerrain(dem, geoid_m=geoid_m or 0.0, outside="edge" if edge else "error")
    if height_m is None:
        height_m = _likely_height_m(source, rpc, is_capture)
        _say.warn([
            f"no --dem: level ground {height_m:.0f} m above the ellipsoid; hills will be out of place"
        ])  # fmt: skip
    return LevelTerrain(alt_m=height_m)


def _likely_height_m(source: Path, rpc: Path | None, is_capture: bool) -> float:
    if is_capture:
        from offnadir.imagery import read_acquisition

        return read_acquisition(source / "acquisition.json").aim.alt_m
    from offnadir.imagery._rpc import read_rpc

    try:
        return read_rpc(rpc or source).height_off_m
    except FileError:
        return 0.0  # what is wrong with it is told where it is used


def _utc(text: str | None) -> str | None:
    if text is None:
        return None
    from offnadir.epoch import Epoch

    return Epoch.from_utc(text, field="--time").utc(0)


def _told(product: Product) -> str:
    """What was made, and what was found on the way."""
    from offnadir.imagery._raster import raster_info

    rows = []
    for path in product.rasters.values():
        info = raster_info(path)
        where = (
            "no map" if info.grid is None else f"{info.grid.crs}, {abs(info.grid.transform[0]):.3g}"
        )
        size = f"{info.shape[0]} x {info.shape[1]}"
        rows.append((path.name, str(info.bands), size, where, f"{path.stat().st_size / 1e6:.1f}"))
    table = _say.columns(
        ("raster", "bands", "rows x columns", "map, pixel", "MB"),
        rows,
        (False, True, True, False, True),
    )
    lines = [table]
    refined = product.report.get("refined")
    if refined:
        lines.append(
            f"refined by {refined['used']} of {refined['points']} points, {refined['rms_px']:.2f} px left"
        )
    for band, told in product.report.get("band offsets px", {}).items():
        if told["tiles"]:
            left = [told.get(f"{key} after", told[key]) for key in ("rows", "columns")]
            lines.append(f"{band}: {left[0]:+.2f}, {left[1]:+.2f} px by {told['tiles']} tiles")
    lines.append(f"written to {product.folder}: {product.item.name}, {product.preview.name}")
    return "\n".join(lines)
