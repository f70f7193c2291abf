"""What of an order's area its delivered pictures cover, and what is left."""

from __future__ import annotations

import json
import math
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from offnadir._database import Database
from offnadir.catalog import Archive
from offnadir.errors import InputError
from offnadir.operations._pictures import Picture, Stage, read_pictures
from offnadir.tasking._moves import find_order
from offnadir.units import deg, km

if TYPE_CHECKING:
    import shapely

#: An area of which so much is delivered is done: strips and pictures of them do not meet to the last metre.
ENOUGH: Final = 0.98
_GRID_DEG: Final = 1e-7


@dataclass(frozen=True, slots=True, kw_only=True)
class Coverage:
    """How much of an order's area [m2] is delivered, by `pictures`.

    `covered` and `left` are GeoJSON Polygons or MultiPolygons (longitude first, degrees), None for nothing.
    """

    area_m2: float
    covered_m2: float
    covered: Mapping[str, Any] | None
    left: Mapping[str, Any] | None
    pictures: tuple[str, ...]

    @property
    def left_m2(self) -> float:
        """What is not delivered [m2]."""
        return self.area_m2 - self.covered_m2

    @property
    def share(self) -> float:
        """The share that is delivered, 0 to 1."""
        return self.covered_m2 / self.area_m2

    @property
    def is_enough(self) -> bool:
        """Whether the area counts as done."""
        return self.share >= ENOUGH

    @property
    def words(self) -> str:
        """In words, as "62.1 % of the area, 118 of 190 km2, is delivered"; 100 % is only what is whole."""
        done, whole = self.covered_m2 / km**2, self.area_m2 / km**2
        digits = 0 if whole >= 100 else 1 if whole >= 10 else 2
        return (
            f"{_percent(self.share):g} % of the area, {done:,.{digits}f} of {whole:,.{digits}f} km2, "
            "is delivered"
        )

    def document(self) -> dict[str, Any]:
        """For JSON."""
        return {
            "area_km2": round(self.area_m2 / km**2, 3),
            "covered_km2": round(self.covered_m2 / km**2, 3),
            "left_km2": round(self.left_m2 / km**2, 3),
            "covered_percent": _percent(self.share),
            "left_percent": round(100.0 - _percent(self.share), 1),
            "pictures": list(self.pictures),
            "covered": self.covered,
            "left": self.left,
        }


def _percent(share: float) -> float:
    return math.floor(share * 1000.0 + 1e-6) / 10.0


def coverage_of(
    database: Database, order_id: str, *, also: Collection[str] = ()
) -> Coverage | None:
    """What of an order's area is delivered, and `also` by these pictures; None for a point or a line.

    A picture covers what its item in the archive shows; one that is simulated, perhaps a few pixels of it,
    what it was planned to. UnknownNameError for an order that is not there.
    """
    with database.read() as connection:
        placed = find_order(connection, order_id, None, "order.see")
        order = placed.order
        if order.place["type"] != "Polygon":
            return None
        pictures = [
            one
            for one in read_pictures(connection, (), order_id)
            if one.stage == Stage.DELIVERED or one.id in also
        ]
    archive = Archive(database)
    shown = [found for one in pictures if (found := _ground(archive, one)) is not None]
    return cover(order.place, order.area_m2, shown, [one.id for one in pictures])


def _ground(archive: Archive, picture: Picture) -> Mapping[str, Any] | None:
    planned: Mapping[str, Any] | None = picture.collection.get("footprint")
    if picture.item is None:
        return planned
    try:
        item = archive.get(picture.item).item
    except InputError:  # gone from the archive
        return planned
    if item["properties"].get("offnadir:synthetic") and planned is not None:
        return planned
    found: Mapping[str, Any] = item["geometry"]
    return found


def cover(
    place: Mapping[str, Any],
    area_m2: float,
    shown: Sequence[Mapping[str, Any]],
    names: Sequence[str],
) -> Coverage:
    """How much of a polygon of a surface [m2] some GeoJSON geometries cover.

    Shares are those on a sphere: on the ellipsoid they differ by less than 1e-3 for an area of 1000 km.
    """
    import shapely

    whole = shapely.make_valid(shapely.geometry.shape(place))
    middle_deg = whole.centroid.x
    seen = shapely.unary_union(
        [shapely.make_valid(_beside(shapely.geometry.shape(one), middle_deg)) for one in shown]
    )
    covered = shapely.set_precision(_faces(whole.intersection(seen)), _GRID_DEG)
    left = shapely.set_precision(_faces(whole.difference(seen)), _GRID_DEG)
    done, rest = _sphere(covered), _sphere(left)
    share = 1.0 if done + rest == 0.0 else done / (done + rest)
    return Coverage(
        area_m2=area_m2,
        covered_m2=share * area_m2,
        covered=_geojson(covered),
        left=_geojson(left),
        pictures=tuple(names),
    )


def largest_left(coverage: Coverage) -> dict[str, Any] | None:
    """The largest piece of what is left, as a GeoJSON Polygon; None if nothing is."""
    import shapely

    if coverage.left is None:
        return None
    pieces = shapely.get_parts(shapely.geometry.shape(coverage.left)).tolist()
    return _geojson(max(pieces, key=lambda one: (_sphere(one), one.wkb)))


def _beside(shape: shapely.Geometry, middle_deg: float) -> shapely.Geometry:
    """The same with longitudes within half a turn of a place: 181 is -179."""
    import shapely

    def turned(lon_lat: Any) -> Any:
        lon_lat[:, 0] -= 360.0 * ((lon_lat[:, 0] - middle_deg) / 360.0).round()
        return lon_lat

    return shapely.transform(shape, turned)


def _faces(shape: shapely.Geometry) -> shapely.Geometry:
    """What of it has a surface."""
    import shapely

    parts = [one for one in shapely.get_parts(shape) if one.geom_type == "Polygon"]
    return shapely.unary_union(parts)


def _sphere(shape: shapely.Geometry) -> float:
    """Surface in longitude and the sine of latitude, which is true on a sphere."""
    import numpy as np
    import shapely

    def equal_area(lon_lat: Any) -> Any:
        return np.column_stack([lon_lat[:, 0], np.sin(lon_lat[:, 1] * deg)])

    return float(shapely.area(shapely.transform(shape, equal_area)))


def _geojson(shape: shapely.Geometry) -> dict[str, Any] | None:
    import shapely

    if shape.is_empty:
        return None
    found: dict[str, Any] = json.loads(shapely.to_geojson(shapely.geometry.polygon.orient(shape))
        if shape.geom_type == "Polygon" else shapely.to_geojson(shape))  # fmt: skip
    return found
