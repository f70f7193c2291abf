"""Footprints and places on one sheet of longitude and latitude: nothing beyond the date line, no 3-D.

GeoJSON is flat: a straight edge is straight in longitude and latitude. What lies beyond 180 degrees is
moved, what crosses the date line is cut there, what goes around a pole gets the pole's edge of the sheet.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import shapely

from offnadir.errors import InputError

if TYPE_CHECKING:
    from shapely.geometry.base import BaseGeometry

_KINDS: Final = {
    "Point": 1, "LineString": 2, "Polygon": 3, "MultiPoint": 2, "MultiLineString": 3, "MultiPolygon": 4,
}  # fmt: skip
_MOST_DEG: Final = 360.0
_NUMBER: Final = (float, int)
_WORLD: Final = shapely.box(-180.0, -90.0, 180.0, 90.0)
#: Vertices that a place or a footprint may have.
_MOST_VERTICES: Final = 200_000
_CRS84: Final = ("CRS84", "EPSG:4326", "EPSG::4326", "OGC:CRS84")


def footprint_of(geometry: Any, *, field: str = "geometry") -> BaseGeometry:
    """The footprint of an item on the sheet.

    An edge of more than 180 degrees of longitude crosses the date line, unless both its ends lie on it.
    InputError for what is no GeoJSON geometry of degrees.
    """
    return _on_sheet(_parsed(geometry, field, unwrap=True), field)


def plain_rings(geometry: Any) -> list[tuple[float, float]] | None:
    """The ring of a polygon that needs no care: one ring of numbers that stays on the sheet; else None."""
    if type(geometry) is not dict or len(geometry) != 2 or geometry.get("type") != "Polygon":
        return None
    rings = geometry.get("coordinates")
    if type(rings) is not list or len(rings) != 1 or type(rings[0]) is not list:
        return None
    ring = rings[0]
    if not 4 <= len(ring) <= 1000:
        return None
    before = None
    made = []
    for one in ring:
        if type(one) is not list or len(one) != 2:
            return None
        lon, lat = one
        if type(lon) not in _NUMBER or type(lat) not in _NUMBER:
            return None
        # comparisons with NaN are false
        if not (-180.0 <= lon <= 180.0 and -90.0 <= lat <= 90.0):
            return None
        if before is not None and not -180.0 <= lon - before <= 180.0:
            return None
        before = lon
        made.append((lon, lat))
    return made if made[0] == made[-1] else None


def place_of(geometry: Any, *, field: str = "geometry") -> BaseGeometry:
    """A place that is searched, on the sheet; what touches the date line or a pole does so from all sides.

    A GeoJSON geometry, Feature or FeatureCollection, or a geometry of shapely. Edges are taken as they are
    written, however long.
    """
    if isinstance(geometry, Mapping) and geometry.get("type") in ("Feature", "FeatureCollection"):
        geometry = _joined(geometry, field)
    if not isinstance(geometry, shapely.Geometry):
        geometry = _parsed(geometry, field, unwrap=False)
    else:
        if geometry.is_empty:
            raise InputError(field, geometry.wkt, "a geometry that is not empty")
        _check_degrees(shapely.get_coordinates(geometry), field)
        geometry = shapely.force_2d(geometry)
    return _from_all_sides(_on_sheet(geometry, field))


def box_of(bbox: Sequence[float], *, field: str = "bbox") -> BaseGeometry:
    """West, south, east, north in degrees (or six numbers, with heights third and last: passed over).

    West above east goes across the date line.
    """
    wish = "west,south,east,north in degrees"
    try:
        numbers = [float(one) for one in bbox]
    except (TypeError, ValueError, OverflowError):
        raise InputError(field, bbox, wish) from None
    if len(numbers) == 6:
        numbers = [*numbers[:2], *numbers[3:5]]
    if len(numbers) != 4 or not all(map(math.isfinite, numbers)):
        raise InputError(field, list(bbox), wish)
    west, south, east, north = numbers
    if max(abs(west), abs(east)) > _MOST_DEG or max(abs(south), abs(north)) > 90.0:
        raise InputError(field, list(bbox), wish + ": longitudes to 180, latitudes to 90")
    if south > north:
        raise InputError(field, list(bbox), "with south below north")
    if east < west:
        east += 360.0
    if east - west >= 360.0:
        west, east = -180.0, 180.0
    return _from_all_sides(_on_sheet(_flat(west, south, east, north), field))


def parts_of(geometry: BaseGeometry, most: int) -> list[tuple[float, float, float, float]]:
    """Boxes (west, south, east, north) of the parts of a geometry; beyond `most` the rest share one."""
    boxes = shapely.bounds(shapely.get_parts(geometry))
    if len(boxes) > most:
        rest = boxes[most - 1 :]
        last = [*rest[:, :2].min(axis=0), *rest[:, 2:].max(axis=0)]
        boxes = np.vstack([boxes[: most - 1], last])
    return [tuple(box) for box in boxes.tolist()]


def _flat(west: float, south: float, east: float, north: float) -> BaseGeometry:
    """A box that may be a line or a point."""
    if west == east and south == north:
        return shapely.Point(west, south)
    if west == east or south == north:
        return shapely.LineString([(west, south), (east, north)])
    return shapely.box(west, south, east, north)


def _joined(document: Mapping[str, Any], field: str) -> Any:
    """The geometries of a Feature or FeatureCollection in one."""
    _check_crs(document, field)
    if document["type"] == "Feature":
        return document.get("geometry")
    features = document.get("features")
    if not isinstance(features, list) or not features:
        raise InputError(field, document.get("features"), "a collection of features, not empty")
    each = [
        _parsed(one.get("geometry") if isinstance(one, Mapping) else None, field, unwrap=False)
        for one in features
    ]
    return shapely.unary_union(each)


def _check_crs(document: Mapping[str, Any], field: str) -> None:
    """GeoJSON is in longitude and latitude; an old file may say otherwise."""
    crs = document.get("crs")
    if crs is None:
        return
    name = str(crs.get("properties", {}).get("name", "")) if isinstance(crs, Mapping) else ""
    if not name.upper().endswith(_CRS84):
        raise InputError(
            f"{field}.crs", crs, "left out: GeoJSON has longitudes and latitudes of WGS 84"
        )


def _parsed(geometry: Any, field: str, *, unwrap: bool) -> BaseGeometry:
    wish = "a GeoJSON geometry: " + ", ".join(_KINDS) + " or GeometryCollection"
    if not isinstance(geometry, Mapping):
        raise InputError(field, geometry, wish)
    _check_crs(geometry, field)
    kind = geometry.get("type")
    if kind == "GeometryCollection":
        members = geometry.get("geometries")
        if not isinstance(members, list) or not members:
            raise InputError(field, members, "a collection of geometries, not empty")
        if any(isinstance(one, Mapping) and one.get("type") == kind for one in members):
            raise InputError(field, kind, "geometries within one collection, not collections in it")
        return shapely.unary_union([_parsed(one, field, unwrap=unwrap) for one in members])
    if kind not in _KINDS:
        raise InputError(f"{field}.type", kind, wish)
    coordinates = geometry.get("coordinates")
    try:
        made = _built(kind, coordinates, field, unwrap)
    except InputError:
        raise
    except (
        TypeError,
        ValueError,
        IndexError,
        KeyError,
        OverflowError,
        shapely.errors.ShapelyError,
    ):
        raise InputError(f"{field}.coordinates", coordinates, f"those of a {kind}") from None
    if made.is_empty:
        raise InputError(f"{field}.coordinates", coordinates, "a geometry that is not empty")
    return made


def _built(kind: str, coordinates: Any, field: str, unwrap: bool) -> BaseGeometry:
    if kind == "Point":
        return shapely.Point(_positions([coordinates], field)[0])
    if kind == "MultiPoint":
        return shapely.MultiPoint(_positions(coordinates, field))
    if kind == "LineString":
        return shapely.LineString(_run(coordinates, field, unwrap))
    if kind == "MultiLineString":
        return shapely.MultiLineString([_run(one, field, unwrap) for one in coordinates])
    if kind == "Polygon":
        return _polygon(coordinates, field, unwrap)
    return shapely.unary_union([_polygon(one, field, unwrap) for one in coordinates])


def _polygon(rings: Any, field: str, unwrap: bool) -> BaseGeometry:
    """A polygon that is valid: what is crossed over itself is mended."""
    outer, *holes = [_ring(one, field, unwrap) for one in rings]
    if unwrap and holes:
        middle = outer[:, 0].mean()
        for hole in holes:
            hole[:, 0] += 360.0 * np.round((middle - hole[:, 0].mean()) / 360.0)
    made = shapely.Polygon(outer, holes)
    if not made.is_valid:
        made = shapely.make_valid(made)
    if made.is_empty or made.area == 0.0:
        raise InputError(f"{field}.coordinates", rings, "a polygon that has an area")
    return _areas(made)


def _areas(made: BaseGeometry) -> BaseGeometry:
    """The polygons of what was mended, without the lines that may be left."""
    if made.geom_type in ("Polygon", "MultiPolygon"):
        return made
    return shapely.unary_union(
        [one for one in shapely.get_parts(made) if one.geom_type in ("Polygon", "MultiPolygon")]
    )


def _positions(coordinates: Any, field: str) -> np.ndarray[Any, np.dtype[np.float64]]:
    """Longitudes and latitudes, shape (n, 2); heights are dropped."""
    if isinstance(coordinates, str | bytes | Mapping) or len(coordinates) > _MOST_VERTICES:
        raise InputError(f"{field}.coordinates", coordinates, f"at most {_MOST_VERTICES} positions")
    if any(isinstance(value, bool | str) for one in coordinates for value in one):
        raise InputError(f"{field}.coordinates", coordinates, "numbers")
    made = np.array([(float(one[0]), float(one[1])) for one in coordinates]).reshape(-1, 2)
    _check_degrees(made, field)
    return made


def _check_degrees(made: Any, field: str) -> None:
    if not np.isfinite(made).all():
        raise InputError(f"{field}.coordinates", made.tolist(), "finite numbers")
    if len(made) and (np.abs(made[:, 0]).max() > _MOST_DEG or np.abs(made[:, 1]).max() > 90.0):
        worst = made[np.argmax(np.maximum(np.abs(made[:, 0]) / 4.0, np.abs(made[:, 1])))]
        raise InputError(
            f"{field}.coordinates",
            worst.tolist(),
            "longitude, latitude in degrees of WGS 84",
            hint="are these metres of a map, or is latitude first?",
        )


def _run(coordinates: Any, field: str, unwrap: bool) -> Any:
    made = _positions(coordinates, field)
    return _unwrapped(made) if unwrap else made


def _unwrapped(made: Any) -> Any:
    """Longitudes that go on beyond 180 degrees where an edge crosses the date line."""
    lon = made[:, 0]
    step = np.diff(lon)
    on_line = np.abs(lon) == 180.0
    jumps = (np.abs(step) > 180.0) & ~(on_line[1:] & on_line[:-1])
    if not jumps.any():
        return made
    turns = np.concatenate([[0.0], np.cumsum(np.where(jumps, -360.0 * np.sign(step), 0.0))])
    return np.stack([lon + turns, made[:, 1]], axis=1)


def _ring(coordinates: Any, field: str, unwrap: bool) -> Any:
    """A closed ring; one around a pole goes along the edge of the sheet back to where it began."""
    made = _positions(coordinates, field)
    if len(made) < 4 or (made[0] != made[-1]).any():
        raise InputError(
            f"{field}.coordinates",
            coordinates,
            "rings of four positions or more, the last the first",
        )
    if not unwrap:
        return made
    made = _unwrapped(made)
    if abs(made[-1, 0] - made[0, 0]) > 180.0:
        pole = math.copysign(90.0, float(made[:, 1].mean()))
        made = np.vstack([made, [made[-1, 0], pole], [made[0, 0], pole], made[0]])
    return made


def _on_sheet(geometry: BaseGeometry, field: str) -> BaseGeometry:
    """Moved and cut at the date line."""
    west, _, east, _ = shapely.bounds(geometry).tolist()
    if west >= -180.0 and east <= 180.0:
        return geometry
    parts = []
    for turn in range(math.floor((west + 180.0) / 360.0), math.floor((east + 180.0) / 360.0) + 1):
        moved = shapely.transform(geometry, lambda xy, by=turn: xy - np.array([360.0 * by, 0.0]))
        part = shapely.intersection(moved, _WORLD)
        if not part.is_empty and part.geom_type.removeprefix(
            "Multi"
        ) == geometry.geom_type.removeprefix("Multi"):
            parts.append(part)
    if not parts:
        raise InputError(field, geometry.wkt, "a geometry of degrees")
    return shapely.unary_union(parts)


def _from_all_sides(place: BaseGeometry) -> BaseGeometry:
    """A place that touches the date line lies on both its sides, a pole on all longitudes."""
    west, south, east, north = shapely.bounds(place).tolist()
    more = []
    for at, other in ((west, 180.0), (east, -180.0)):
        if abs(at) == 180.0 and at == -other:
            edge = shapely.intersection(place, shapely.LineString([(at, -90.0), (at, 90.0)]))
            more.append(
                shapely.transform(
                    edge, lambda xy, x=other: np.stack([np.full(len(xy), x), xy[:, 1]], 1)
                )
            )
    poles = [at for at in (south, north) if abs(at) == 90.0]
    more += [shapely.LineString([(-180.0, at), (180.0, at)]) for at in poles]
    return shapely.union_all([place, *more]) if more else place
