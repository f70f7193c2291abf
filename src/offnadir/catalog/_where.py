"""The conditions of a query in SQL, and those of place that SQL alone cannot decide."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import shapely

from offnadir._database import sa
from offnadir.catalog._query import ArchiveQuery, degrees
from offnadir.catalog._tables import ITEMS, LONG_NS, PICTURES, READERS

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from shapely.geometry.base import BaseGeometry

Clause = sa.ColumnElement[bool]
C = ITEMS.c
_BY_NAME = ("platform", "level")
IS_LONG = C.stop_tai_ns - C.start_tai_ns > sa.literal_column(str(LONG_NS))


@dataclass(frozen=True, slots=True)
class Conditions:
    """What an item must be beside where it is: one clause for each column with an index, and all others."""

    indexed: tuple[tuple[str, Clause], ...]
    others: tuple[Clause, ...]

    @property
    def all(self) -> tuple[Clause, ...]:
        """All of them."""
        names = (clause for column, clause in self.indexed if column not in _BY_NAME)
        return (*names, *self.others)


def conditions_of(query: ArchiveQuery, dialect: str) -> Conditions:
    """The conditions of a query without its place."""
    indexed: list[tuple[str, Clause]] = []
    others: list[Clause] = []
    for column, values in (
        ("id", query.ids), ("platform", query.platforms), ("level", query.levels),
    ):  # fmt: skip
        if values is not None:
            indexed.append((column, among(C[column], values, dialect)))
        if values is not None and column in _BY_NAME:
            # the plus keeps SQLite from sorting all of a satellite instead of going along the sort
            plain = sa.literal_column(f"+archive_items.{column}", sa.Text())
            others.append(among(plain if dialect == "sqlite" else C[column], values, dialect))
    if query.collections is not None:
        told = sa.func.coalesce(C.collection, PICTURES)
        others.append(among(told, query.collections, dialect))
    if query.readers is not None:
        others.append(sa.exists(readable(query.readers).where(READERS.c.key == C.key)))
    for column, most in (
        ("off_nadir_deg", _degrees(query.max_off_nadir_rad)),
        ("incidence_deg", _degrees(query.max_incidence_rad)),
        ("gsd_m", query.max_gsd_m),
        ("cloud_percent", None if query.max_cloud is None else round(100.0 * query.max_cloud, 9)),
    ):
        if most is not None:
            indexed.append((column, C[column] <= most))
    if query.min_niirs is not None:
        indexed.append(("niirs", C.niirs >= query.min_niirs))
    low, high = _degrees(query.min_sun_elevation_rad), _degrees(query.max_sun_elevation_rad)
    sun = [C.sun_elevation_deg >= low] if low is not None else []
    sun += [C.sun_elevation_deg <= high] if high is not None else []
    if sun:
        indexed.append(("sun_elevation_deg", sa.and_(*sun)))
    if query.min_incidence_rad is not None:
        others.append(C.incidence_deg >= _degrees(query.min_incidence_rad))
    return Conditions(tuple(indexed), (*others, *_ranges(query)))


def _ranges(query: ArchiveQuery) -> list[Clause]:
    """The conditions of time and of the direction from which a picture was taken."""
    found: list[Clause] = []
    if query.azimuth_rad is not None:
        first, last = (degrees(one) % 360.0 for one in query.azimuth_rad)
        after, before = C.azimuth_deg >= first, C.azimuth_deg <= last
        found.append(sa.and_(after, before) if first <= last else sa.or_(after, before))
    if query.start is not None:
        found.append(C.stop_tai_ns >= query.start.tai_ns)
    if query.stop is not None:
        found.append(C.start_tai_ns <= query.stop.tai_ns)
    return found


def among(column: Any, values: Sequence[str], dialect: str) -> Clause:
    """A column that is one of many texts: one parameter, however many they are."""
    if dialect == "postgresql":
        clause: Clause = column == sa.any_(sa.literal(list(values), sa.ARRAY(sa.Text())))
        return clause
    each = sa.func.json_each(json.dumps(list(values))).table_valued("value")
    return sa.type_coerce(column.in_(sa.select(each.c.value)), sa.Boolean)


def readable(readers: Sequence[str]) -> sa.Select[tuple[int]]:
    """Keys of the items that one of these may see."""
    return sa.select(READERS.c.key).where(READERS.c.reader.in_(readers))


def _degrees(angle_rad: float | None) -> float | None:
    return None if angle_rad is None else degrees(angle_rad)


class Place:
    """A place that items must touch; boxes of its parts for the index, itself for the exact answer."""

    def __init__(self, geometry: BaseGeometry) -> None:
        kinds: dict[str, list[BaseGeometry]] = {}
        for part in shapely.get_parts(geometry):
            kinds.setdefault(part.geom_type, []).append(part)
        #: Polygons, lines and points apart: GEOS tells no intersection of a mixture.
        self.pieces = [
            parts[0] if len(parts) == 1 else shapely.union_all(parts) for parts in kinds.values()
        ]
        for piece in self.pieces:
            shapely.prepare(piece)
        self.parts = [part for parts in kinds.values() for part in parts]
        boxes = shapely.bounds(self.parts)
        self._rectangles = np.array(
            [
                box
                for part, box in zip(self.parts, boxes, strict=True)
                if part.geom_type == "Polygon" and part.area > 0 and part.equals(shapely.box(*box))
            ]
        ).reshape(-1, 4)
        self.boxes = boxes.tolist()

    @property
    def is_world(self) -> bool:
        """Whether every footprint touches it."""
        return any(
            (box[:2] <= (-180, -90)).all() and (box[2:] >= (180, 90)).all()
            for box in self._rectangles
        )

    def few_boxes(self) -> list[list[float]]:
        """Boxes of its parts; one around all if there are many."""
        boxes = np.array(self.boxes)
        if len(boxes) > 16:
            boxes = np.concatenate([boxes[:, :2].min(axis=0), boxes[:, 2:].max(axis=0)])[None]
        return [list(box) for box in boxes.tolist()]

    def touches_one(self, wkb: bytes) -> bool:
        """Whether one footprint touches it."""
        shape = shapely.from_wkb(wkb)
        return any(shapely.intersects(piece, shape) for piece in self.pieces)

    def touched(self, bounds: NDArray[np.float64], wkb: Sequence[bytes]) -> NDArray[np.bool_]:
        """Which footprints touch it: `bounds` (n, 4), in WKB `wkb` (n,)."""
        sure = np.zeros(len(bounds), bool)
        for west, south, east, north in self._rectangles:
            sure |= (
                (bounds[:, 0] >= west) & (bounds[:, 1] >= south)
                & (bounds[:, 2] <= east) & (bounds[:, 3] <= north)
            )  # fmt: skip
        open_ = np.flatnonzero(~sure)
        if len(open_):
            shapes = shapely.from_wkb([wkb[n] for n in open_.tolist()])
            for piece in self.pieces:
                sure[open_] |= shapely.intersects(piece, shapes)
        return sure
