"""`offnadir archive`: pictures that are there, to search, fetch, add and hand on."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from offnadir.cli import _archive as _lib
from offnadir.cli import _say
from offnadir.cli._desk import DEFAULT_DB, Db, OperationFile

archive = typer.Typer(
    name="archive",
    help="Pictures that are there: search, fetch with verified checksums, add, hand on.",
    short_help="Pictures that are there: search, fetch, add, hand on.",
    no_args_is_help=True,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
    epilog="Start with: offnadir archive add PRODUCT/*.json",
)

_Json = Annotated[bool, typer.Option("--json", help="Print JSON.")]


@archive.command()
def search(
    place: Annotated[
        str | None, typer.Option(metavar="LAT,LON", help="A place that is shown.")
    ] = None,
    bbox: Annotated[
        str | None,
        typer.Option(
            metavar="W,S,E,N", help="A box in degrees; west above east goes over the date line."
        ),
    ] = None,
    geometry: Annotated[
        Path | None, typer.Option(metavar="FILE", help="GeoJSON of a place.")
    ] = None,
    start: Annotated[
        str | None, typer.Option("--from", metavar="UTC", help="Taken then or later.")
    ] = None,
    stop: Annotated[
        str | None, typer.Option("--to", metavar="UTC", help="Taken then or earlier.")
    ] = None,
    max_off_nadir: Annotated[
        float | None, typer.Option(metavar="DEG", help="At the satellite.")
    ] = None,
    max_incidence: Annotated[
        float | None, typer.Option(metavar="DEG", help="At the ground.")
    ] = None,
    min_incidence: Annotated[
        float | None, typer.Option(metavar="DEG", help="At the ground.")
    ] = None,
    azimuth: Annotated[
        str | None,
        typer.Option(metavar="FROM,TO", help="Direction to the satellite in degrees, clockwise."),
    ] = None,
    max_gsd: Annotated[float | None, typer.Option(metavar="M", help="Greatest pixel.")] = None,
    min_niirs: Annotated[float | None, typer.Option(metavar="NIIRS", help="Least NIIRS.")] = None,
    max_cloud: Annotated[float | None, typer.Option(metavar="PERCENT", help="Most cloud.")] = None,
    min_sun: Annotated[
        float | None, typer.Option(metavar="DEG", help="Least height of the Sun.")
    ] = None,
    max_sun: Annotated[
        float | None, typer.Option(metavar="DEG", help="Greatest height of it.")
    ] = None,
    platform: Annotated[
        list[str] | None, typer.Option(metavar="NAME", help="Of this satellite. Repeatable.")
    ] = None,
    level: Annotated[
        list[str] | None, typer.Option(metavar="NAME", help="Of this level, as L1C. Repeatable.")
    ] = None,
    collection: Annotated[
        list[str] | None, typer.Option(metavar="NAME", help="Of this collection. Repeatable.")
    ] = None,
    ids: Annotated[
        list[str] | None, typer.Option("--id", metavar="ID", help="Of this name. Repeatable.")
    ] = None,
    sort: Annotated[
        str,
        typer.Option(
            metavar="KEY",
            help="time, off_nadir, incidence, gsd, niirs, cloud, sun, platform, level or id; "
            "from high to low with a minus before it, several between commas: --sort=-niirs,cloud.",
        ),
    ] = "-time",
    limit: Annotated[int, typer.Option(metavar="N", help="Items a page.")] = 20,
    token: Annotated[
        str | None, typer.Option(metavar="TOKEN", help="The next page: what the one before told.")
    ] = None,
    map_file: Annotated[
        Path | None, typer.Option("--map", metavar="FILE", help="Write the footprints as GeoJSON.")
    ] = None,
    json: _Json = False,
    db: Db = DEFAULT_DB,
    operation: OperationFile = None,
) -> None:
    """Print what fits, newest first. Ends with 1 if there is nothing.

    Example: offnadir archive search --place 37.57,126.98 --from 2026-05-01 --max-gsd 0.7 --max-cloud 20
    """
    limits = _lib.Limits(
        max_off_nadir=max_off_nadir, max_incidence=max_incidence, min_incidence=min_incidence,
        azimuth=azimuth, max_gsd=max_gsd, min_niirs=min_niirs, max_cloud=max_cloud,
        min_sun=min_sun, max_sun=max_sun,
    )  # fmt: skip
    query = _lib.query(
        where=_lib.where(place, bbox, geometry),
        times=(start, stop),
        limits=limits,
        names={"platforms": platform, "levels": level, "collections": collection, "ids": ids},
        page={"sort": sort, "limit": limit, "token": token},
    )
    with _lib.opened(db, operation) as kept:
        page = kept.search(query)
        total = kept.count(query)
    collection_of = _lib.feature_collection(page, total)
    if map_file is not None:
        _lib.write_map(map_file, collection_of)
    if json:
        _say.print_json(collection_of)
    elif page.items:
        print(_lib.table(page))
    if not json:
        _say.note(_lib.told(page, total))
    if not page.items:
        raise typer.Exit(1)


@archive.command()
def get(
    name: Annotated[str, typer.Argument(metavar="ID", help="Name of the item.")],
    output: Annotated[
        Path | None,
        typer.Option("--output", "-o", metavar="FOLDER", help="Copy its files there, verified."),
    ] = None,
    asset: Annotated[
        list[str] | None, typer.Option(metavar="KEY", help="Only this file of it. Repeatable.")
    ] = None,
    remake: Annotated[
        bool, typer.Option("--remake", help="Print the commands that make it again.")
    ] = False,
    json: _Json = False,
    db: Db = DEFAULT_DB,
    operation: OperationFile = None,
) -> None:
    """Show an item, or copy it with its files: nothing arrives that is not what was archived."""
    from offnadir.catalog import remake as commands

    with _lib.opened(db, operation) as kept:
        found = kept.get(name)
        if remake:
            words = commands(found.item)
            if not words:
                _say.note(f"{name} does not tell how it was made")
                raise typer.Exit(1)
            print("\n".join(words))
            return
        copied = [] if output is None else _lib.fetch(kept, found, output, asset)
    if json or output is None:
        _say.print_json(found.item)
    for path in copied:
        _say.note(f"{path}: verified")


@archive.command()
def add(
    items: Annotated[
        list[Path],
        typer.Argument(
            metavar="ITEM.json|FOLDER...", help="STAC items, or folders with items in them."
        ),
    ],
    replace: Annotated[
        bool, typer.Option("--replace", help="Put an item in the place of one of its name.")
    ] = False,
    lineage: Annotated[
        bool,
        typer.Option("--lineage", help="Refuse products that do not tell what they were made by."),
    ] = False,
    json: _Json = False,
    db: Db = DEFAULT_DB,
    operation: OperationFile = None,
) -> None:
    """Add items with the files beside them; every checksum is verified. Ends with 1 if one was refused."""
    with _lib.opened(db, operation) as kept:
        tally = kept.add_many(_lib.items_in(items), replace=replace, demand_lineage=lineage)
    _finish(tally, json)


@archive.command("import")
def import_(
    files: Annotated[list[Path], typer.Argument(metavar="FILE...", help="stac-geoparquet files.")],
    folder: Annotated[
        Path | None,
        typer.Option(metavar="FOLDER", help="Where their files lie: FOLDER/ID/..., each verified."),
    ] = None,
    replace: Annotated[
        bool, typer.Option("--replace", help="Put an item in the place of one of its name.")
    ] = False,
    json: _Json = False,
    db: Db = DEFAULT_DB,
    operation: OperationFile = None,
) -> None:
    """Add the items of stac-geoparquet files."""
    from offnadir.catalog import read_geoparquet

    def each() -> Any:
        for file in files:
            for item in read_geoparquet(file):
                own = None if folder is None else folder / str(item.get("id"))
                yield item, own if own is not None and own.is_dir() else folder

    with _lib.opened(db, operation) as kept:
        tally = kept.add_many(each(), replace=replace)
    _finish(tally, json)


@archive.command()
def export(
    output: Annotated[Path, typer.Argument(metavar="FILE", help="File to write, .parquet.")],
    collection: Annotated[
        list[str] | None, typer.Option(metavar="NAME", help="Of this collection. Repeatable.")
    ] = None,
    start: Annotated[
        str | None, typer.Option("--from", metavar="UTC", help="Taken then or later.")
    ] = None,
    stop: Annotated[
        str | None, typer.Option("--to", metavar="UTC", help="Taken then or earlier.")
    ] = None,
    bbox: Annotated[str | None, typer.Option(metavar="W,S,E,N", help="A box in degrees.")] = None,
    db: Db = DEFAULT_DB,
    operation: OperationFile = None,
) -> None:
    """Write items as stac-geoparquet, for GIS and other catalogues."""
    from offnadir.catalog import write_geoparquet

    query = _lib.query(
        where=_lib.where(None, bbox, None),
        times=(start, stop),
        limits=_lib.Limits(),
        names={"collections": collection},
        page={"sort": "time"},
    )
    with _lib.opened(db, operation) as kept:
        number = write_geoparquet(lambda: (one.item for one in kept.items(query)), output)
    _say.note(f"{_say.count(number, 'item')} written to {output}")


@archive.command()
def verify(
    names: Annotated[
        list[str] | None, typer.Argument(metavar="[ID...]", help="Only these items. [default: all]")
    ] = None,
    json: _Json = False,
    db: Db = DEFAULT_DB,
    operation: OperationFile = None,
) -> None:
    """Read every file of the archive and compare its checksum. Ends with 1 if one is not what it was."""
    bad: list[dict[str, str]] = []
    good = elsewhere = 0
    with _lib.opened(db, operation) as kept:
        for item, key, trouble in _lib.verified(kept, names):
            if trouble is None:
                good += 1
            elif trouble == "":
                elsewhere += 1
            else:
                bad.append({"item": item, "asset": key, "trouble": trouble})
    if json:
        _say.print_json({"good": good, "elsewhere": elsewhere, "bad": bad})
    else:
        for one in bad:
            print(one["trouble"])
        _say.note(f"{good} whole, {len(bad)} not, {elsewhere} lie elsewhere and were not read")
    if bad:
        raise typer.Exit(1)


@archive.command()
def remove(
    names: Annotated[list[str], typer.Argument(metavar="ID...", help="Names of items.")],
    db: Db = DEFAULT_DB,
    operation: OperationFile = None,
) -> None:
    """Take items out of the archive; their files stay. Ends with 1 if one was not there."""
    with _lib.opened(db, operation) as kept:
        gone = [name for name in names if not kept.remove(name)]
    for name in gone:
        _say.note(f"{name} is not in the archive")
    if gone:
        raise typer.Exit(1)


def _finish(tally: Any, json: bool) -> None:
    numbers = {name: getattr(tally, name) for name in ("added", "same", "moved", "replaced")}
    if json:
        refused = [{"id": name, "trouble": str(error)} for name, error in tally.refused]
        _say.print_json({**numbers, "refused": refused})
    else:
        told = ", ".join(f"{number} {name}" for name, number in numbers.items() if number)
        _say.note(f"{told or 'nothing added'}, {len(tally.refused)} refused")
    _say.warn(_say.some([f"{name}: {error}" for name, error in tally.refused], 20))
    if tally.refused:
        raise typer.Exit(1)
