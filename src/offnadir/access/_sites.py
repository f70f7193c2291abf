"""Places from the command line: LAT,LON[,ALT_M], or a GeoJSON or CSV file of points."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator
from pathlib import Path

from offnadir.access.geojson import (
    Feature,
    as_float,
    place_trouble,
    read_bytes,
    read_features,
    read_position,
    utf8_text,
)
from offnadir.earth import Site
from offnadir.errors import FileError, InputError, InputProblems
from offnadir.units import deg

_NUMBER = r"[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?"
_COORDINATES = re.compile(rf"\s*({_NUMBER})\s*,\s*({_NUMBER})\s*(?:,\s*({_NUMBER})\s*)?")
_LOOKS_LIKE_NUMBERS = re.compile(r"[\s\d.,;+\-°NSEWnsew'\"]+")
_WISH = "LAT,LON[,ALT_M] in degrees and metres, or the name of a GeoJSON or CSV file of points"
_COLUMNS = {
    "lat_deg": ("lat_deg", "lat", "latitude", "latitude_deg"),
    "lon_deg": ("lon_deg", "lon", "lng", "long", "longitude", "longitude_deg"),
    "alt_m": ("alt_m", "alt", "altitude", "altitude_m", "height", "height_m"),
    "name": ("name", "id", "title", "site"),
}
_WRONG_UNITS = {"lat_rad": "lat_deg", "lon_rad": "lon_deg", "alt_km": "alt_m", "alt_ft": "alt_m"}
_DELIMITERS = ",;\t|"
_MOST_TOLD = 20


def read_sites(text_or_path: str, *, field: str = "site") -> tuple[Site, ...]:
    """Sites from "LAT,LON[,ALT_M]" (degrees, metres), or from a GeoJSON or CSV file of points.

    GeoJSON positions are longitude first; features are named by properties.name, id or title. A CSV file
    has a header with lat_deg and lon_deg, and alt_m and name or id if need be (also lat, latitude, lon,
    longitude, alt ...); commas, semicolons, tabs or bars part the columns. A place without a name is
    called by its coordinates on the command line, by file and number in a file. Raises InputError about
    `field`, or InputProblems with all bad rows, naming line, column and value; FileError for a file that
    cannot be read.

    >>> read_sites("37.57,126.98,38")[0].alt_m
    38.0
    """
    match = _COORDINATES.fullmatch(text_or_path)
    if match is not None:
        lat, lon, alt = (float(part or 0.0) for part in match.groups())
        return (_site(text_or_path.strip(), lat, lon, alt, field=field, value=text_or_path),)
    path = _existing(text_or_path, field)
    text = utf8_text(read_bytes(path), path)
    if path.suffix.lower() in (".json", ".geojson") or text.lstrip().startswith("{"):
        results = list(_from_geojson(path))
    else:
        results = list(_from_csv(path, text))
    bad = [one for one in results if isinstance(one, InputError)]
    if len(bad) == 1:
        raise bad[0]
    if bad:
        if len(bad) > _MOST_TOLD:
            wish = "mended as well"
            more = InputError("more rows", len(bad) - _MOST_TOLD, wish, where=str(path))
            bad = [*bad[:_MOST_TOLD], more]
        raise InputProblems(bad)
    return tuple(one for one in results if isinstance(one, Site))


def _existing(text: str, field: str) -> Path:
    """The file that a text names, if there is one."""
    if not text.strip():
        raise InputError(field, text, _WISH)
    path = Path(text)
    try:
        exists = path.exists()
    except (OSError, ValueError):  # no file can have such a name
        exists = False
    if exists and path.is_dir():
        raise FileError(path, "is a folder; wanted is a GeoJSON or CSV file of points")
    if not exists:
        hint = "there is no such file"
        if _LOOKS_LIKE_NUMBERS.fullmatch(text):
            hint = "for example 37.57,126.98, north and east positive"
        raise InputError(field, text, _WISH, hint=hint)
    return path


def _site(
    name: str, lat_deg: float, lon_deg: float, alt_m: float, *, field: str = "", value: object = ""
) -> Site:
    """A site; InputError names `field` and `value`, or the number that is wrong if they are left out."""
    trouble = place_trouble(lat_deg, lon_deg, alt_m)
    if trouble is not None:
        key, wish, hint = trouble
        raise InputError(field or key, value, wish, hint=hint)
    lon = lon_deg - 360 if lon_deg > 180 else lon_deg
    return Site(name=name, lat_rad=lat_deg * deg, lon_rad=lon * deg, alt_m=alt_m)


def _from_geojson(path: Path) -> Iterator[Site | InputError]:
    for number, feature in enumerate(read_features(path), 1):
        try:
            yield _point(feature, feature.name or f"{path.stem} {number}")
        except InputError as error:
            yield InputError(
                feature.geometry_path, error.value, error.wish, hint=error.hint, where=str(path)
            )


def _point(feature: Feature, name: str) -> Site:
    if feature.geometry != "Point":
        hint = "`offnadir look` takes polygons with --area, `offnadir plan` in a mission file"
        raise InputError("", feature.geometry, "a Point", hint=hint)
    lon, lat, alt = read_position(feature.coordinates)
    return _site(name, lat, lon, alt)


def _from_csv(path: Path, text: str) -> Iterator[Site | InputError]:
    header = next((line for line in text.splitlines() if line.strip()), "")
    delimiter = max(_DELIMITERS, key=header.count)
    reader = csv.reader(io.StringIO(text, newline=None), delimiter=delimiter)
    columns: dict[str, int] = {}
    found = 0
    try:
        for cells in reader:
            if not any(cell.strip() for cell in cells):
                continue
            if not columns:
                columns = _columns(cells, f"{path}:{reader.line_num}")
                continue
            found += 1
            name = _cell(cells, columns.get("name")) or f"{path.stem} {found}"
            yield _row(cells, columns, name, f"{path}:{reader.line_num}", delimiter)
    except csv.Error as error:
        where = f"{path}:{reader.line_num}"
        raise InputError("CSV", str(error), "lines of cells", where=where) from error
    if not found:
        raise InputError("CSV", text[:40], "a header and at least one line below", where=str(path))


def _columns(header: list[str], where: str) -> dict[str, int]:
    """Number of the column of each thing; raises InputError if latitude or longitude is missing."""
    names = [cell.strip().lower() for cell in header]
    for name in names:
        if name in _WRONG_UNITS:
            hint = f"did you mean {_WRONG_UNITS[name]}?"
            raise InputError("header", name, "in degrees and metres", hint=hint, where=where)
    columns = {
        thing: names.index(spelling)
        for thing, spellings in _COLUMNS.items()
        for spelling in spellings[::-1]
        if spelling in names
    }
    for thing in ("lat_deg", "lon_deg"):
        if thing not in columns:
            wish = f"a header with a column {thing}"
            hint = "the first line names the columns, e.g. name,lat_deg,lon_deg,alt_m"
            raise InputError("header", ",".join(header), wish, hint=hint, where=where)
    return columns


def _cell(cells: list[str], column: int | None) -> str:
    return cells[column].strip() if column is not None and column < len(cells) else ""


def _row(
    cells: list[str], columns: dict[str, int], name: str, where: str, delimiter: str
) -> Site | InputError:
    numbers: dict[str, float] = {}
    for thing in ("lat_deg", "lon_deg", "alt_m"):
        text = _cell(cells, columns.get(thing))
        if thing == "alt_m" and not text:
            numbers[thing] = 0.0
            continue
        # Where the comma does not part columns, it may be somebody's decimal point.
        number = _number(text if delimiter == "," else text.replace(",", "."))
        if number is None:
            return InputError(thing, text, "a number", where=where)
        numbers[thing] = number
    try:
        return _site(name, numbers["lat_deg"], numbers["lon_deg"], numbers["alt_m"])
    except InputError as error:
        text = _cell(cells, columns[error.field])
        return InputError(error.field, text, error.wish, hint=error.hint, where=where)


def _number(text: str) -> float | None:
    try:
        return as_float(float(text)) if "_" not in text else None
    except ValueError:
        return None
