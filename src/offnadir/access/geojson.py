"""GeoJSON as users bring it: the features of a file, and points that are places."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from offnadir.errors import FileError, InputError, InputProblems

_GEOMETRIES = (
    "Point", "MultiPoint", "LineString", "MultiLineString", "Polygon", "MultiPolygon",
    "GeometryCollection",
)  # fmt: skip
_WGS84_NAMES = ("CRS84", "EPSG::4326", "EPSG:4326", "4326")
_NAME_KEYS = ("name", "id", "title")


@dataclass(frozen=True, slots=True, kw_only=True)
class Feature:
    """One feature of a GeoJSON file; `name` is empty if it has none.

    `coordinates` are as in the file: longitude first, degrees, not checked yet. `path` says where the
    feature stands in the file; it is empty for a file that is a bare geometry.
    """

    name: str
    geometry: str
    coordinates: object
    properties: Mapping[str, object]
    path: str

    @property
    def geometry_path(self) -> str:
        """Where its geometry stands in the file."""
        return f"{self.path}.geometry".lstrip(".")


def read_features(path: str | Path) -> tuple[Feature, ...]:
    """The features of a GeoJSON file: a FeatureCollection, one Feature, or a bare geometry.

    A feature is named by properties.name, else by its id or properties.id, else by properties.title.
    Raises FileError for a file that cannot be read, InputError or InputProblems for one that is no
    GeoJSON in longitude and latitude, naming line or feature.
    """
    document = _parse(Path(path))
    where = str(path)
    if not isinstance(document, dict):
        raise InputError("GeoJSON", document, "an object with a type", where=where)
    _check_crs(document, where)
    kind = document.get("type")
    if kind == "FeatureCollection":
        members = document.get("features")
        if not isinstance(members, list) or not members:
            raise InputError("features", members, "a list of at least one feature", where=where)
        found = [_feature(one, f"features[{i}]") for i, one in enumerate(members, 1)]
    elif kind == "Feature":
        found = [_feature(document, "feature")]
    elif kind in _GEOMETRIES:
        found = [_feature({"type": "Feature", "geometry": document}, "")]
    else:
        wish = "FeatureCollection, Feature, or a geometry such as Point"
        raise InputError("type", kind, wish, where=where)
    bad = [one for one in found if isinstance(one, InputError)]
    if bad:
        told = [InputError(e.field, e.value, e.wish, hint=e.hint, where=where) for e in bad]
        raise told[0] if len(told) == 1 else InputProblems(told)
    return tuple(one for one in found if isinstance(one, Feature))


def place_trouble(lat_deg: float, lon_deg: float, alt_m: float) -> tuple[str, str, str] | None:
    """Key, wish and hint for the first of three numbers that makes them no place on Earth, or None."""
    if not abs(lat_deg) <= 90:
        swapped = 90 < abs(lat_deg) <= 180 and abs(lon_deg) <= 90
        hint = "are latitude and longitude swapped?" if swapped else ""
        return "lat_deg", "a latitude from -90 to 90 degrees", hint
    if not -180 <= lon_deg <= 360:
        return "lon_deg", "a longitude from -180 to 180 degrees (0 to 360 will do)", ""
    if not -12_000 <= alt_m <= 100_000:
        return "alt_m", "a height from -12000 to 100000 m", ""
    return None


def read_position(value: object) -> tuple[float, float, float]:
    """Longitude, latitude [deg] and height [m] (0 if left out) of a GeoJSON position.

    Raises InputError, its field left empty, for anything that is no place on Earth.
    """
    wish = "[longitude, latitude] in degrees, with a height in metres after them if need be"
    if not isinstance(value, list | tuple) or not 2 <= len(value) <= 4:
        raise InputError("", value, wish)
    numbers = [as_float(part) for part in value]
    if any(number is None for number in numbers):
        raise InputError("", value, wish, hint="numbers, not texts")
    lon, lat, alt = (*(number or 0.0 for number in numbers), 0.0)[:3]
    trouble = place_trouble(lat, lon, alt)
    if trouble is not None:
        hint = trouble[2] and "GeoJSON's order is longitude, latitude: are they swapped?"
        raise InputError("", value, trouble[1], hint=hint)
    return lon, lat, alt


def as_float(value: object) -> float | None:
    """A finite float, or None for anything else (also for true and false, and 400-digit integers)."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    try:
        number = float(value)
    except OverflowError:
        return None
    return number if math.isfinite(number) else None


def read_bytes(path: Path) -> bytes:
    """The content of a file; FileError if it cannot be read."""
    try:
        return path.read_bytes()
    except OSError as error:
        raise FileError(path, error.strerror or str(error)) from error
    except ValueError as error:  # a NUL in the name
        raise FileError(repr(str(path)), "no file can have such a name") from error


def utf8_text(raw: bytes, path: Path) -> str:
    """The text of a UTF-8 file, without its byte order mark; InputError, with line, for others."""
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = raw[: error.start].count(b"\n") + 1
        hint = "save it as UTF-8"
        if raw[:2] in (b"\xff\xfe", b"\xfe\xff"):
            hint = "it looks like UTF-16: save it as UTF-8"
        value = raw[error.start : error.start + 1]
        raise InputError("text", value, "UTF-8", hint=hint, where=f"{path}:{line}") from error


def _parse(path: Path) -> object:
    text = utf8_text(read_bytes(path), path)
    try:
        return json.loads(text)
    except json.JSONDecodeError as error:
        lines = text.splitlines() or [""]
        line = lines[min(error.lineno, len(lines)) - 1].strip()
        wish = f"valid JSON: {error.msg} at column {error.colno}"
        raise InputError("GeoJSON", line, wish, where=f"{path}:{error.lineno}") from error
    except (RecursionError, ValueError) as error:
        raise InputError(
            "GeoJSON", text[:40], "valid JSON of sane depth", where=str(path)
        ) from error


def _check_crs(document: Mapping[str, object], where: str) -> None:
    crs = document.get("crs")
    if crs is None:
        return
    name = crs
    if isinstance(crs, dict) and isinstance(crs.get("properties"), dict):
        name = crs["properties"].get("name")
    if not str(name).endswith(_WGS84_NAMES):
        wish = "longitude and latitude on WGS-84"
        raise InputError("crs", name, wish, hint="reproject it to EPSG:4326", where=where)


def _feature(value: object, path: str) -> Feature | InputError:
    if not isinstance(value, dict) or value.get("type") != "Feature":
        return InputError(path, value, 'an object with "type": "Feature"')
    properties = value.get("properties") or {}
    if not isinstance(properties, dict):
        return InputError(f"{path}.properties", properties, "an object")
    name = _name(value, properties)
    if name:
        path = f'{path} "{name}"'
    geometry = value.get("geometry")
    if not isinstance(geometry, dict) or geometry.get("type") not in _GEOMETRIES:
        return InputError(
            f"{path}.geometry".lstrip("."), geometry, "a geometry such as Point or Polygon"
        )
    coordinates = geometry.get("coordinates")
    return Feature(
        name=name,
        geometry=geometry["type"],
        coordinates=coordinates,
        properties=properties,
        path=path,
    )


def _name(feature: Mapping[str, object], properties: Mapping[str, object]) -> str:
    first, *others = _NAME_KEYS
    for value in (properties.get(first), feature.get("id"), *(properties.get(k) for k in others)):
        if isinstance(value, str | int) and not isinstance(value, bool) and str(value).strip():
            return " ".join(str(value).split())
    return ""
