"""One page of what is near a place, by PostGIS in a single statement: the search that is asked most."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from functools import cache
from typing import Any, Final

import shapely

from offnadir._database import Database, sa
from offnadir.catalog._query import SORTS, ArchiveQuery, Token
from offnadir.catalog._tables import DOCUMENTS, LONG_NS, PICTURES
from offnadir.catalog._where import C

#: Items near the place that are looked at one by one; where there are more, the search goes along the sort.
MOST_NEAR: Final = 5_000
#: The largest box [square degrees] that is asked for by a plan that was made once for all boxes.
_SMALL_DEG2: Final = 100.0
#: What a query may say beside its place to be answered here.
_KNOWN: Final = (
    "bbox", "geometry", "start", "stop", "collections", "readers", "sort", "limit", "token",
)  # fmt: skip
_OTHERS: Final = tuple(one.name for one in fields(ArchiveQuery) if one.name not in _KNOWN)
#: Between readers that are told as one text, which a driver hands over sooner than a list. In no name.
_BETWEEN: Final = "\n"
_ENDS: Final = ("west", "south", "east", "north")
_TEXTS: Final = sa.ARRAY(sa.Text())
#: The database keeps them by itself, on PostgreSQL only (`_database/versions/v0005_readers.py`).
_READERS: Final = sa.literal_column("archive_items.readers", _TEXTS)
_SHAPE: Final = sa.type_coerce(C.geometry, sa.LargeBinary)


@dataclass(frozen=True, slots=True)
class Near:
    """Rows of a page, and one more if there is one; the newest key when the first page was made.

    A row has key, value (that is sorted by), document, folder, added_tai_ns.
    """

    rows: list[Any]
    newest: int


def near(database: Database, query: ArchiveQuery) -> Near | None:
    """The items of a query that has a place, if it is a simple one with few items near it; else None."""
    if database.dialect != "postgresql" or not _is_simple(query):
        return None
    token, place = Token.read(query), _place(query)
    if place is None:
        return None
    (west, south, east, north), wkb = place
    told: dict[str, Any] = {
        "west": west, "south": south, "east": east, "north": north, "place": wkb,
        "limit": query.limit + 1, "collections": query.collections,
        "readers": None if query.readers is None else _BETWEEN.join(query.readers),
        "start": None if query.start is None else query.start.tai_ns,
        "early": None if query.start is None else query.start.tai_ns - LONG_NS,
        "stop": None if query.stop is None else query.stop.tai_ns,
    }  # fmt: skip
    if token is not None:
        told |= {"newest": token.newest, "last_value": token.value, "last": token.key}
    told = {key: value for key, value in told.items() if value is not None}
    names = frozenset(told)
    rows: Sequence[Any] = ()
    if (east - west) * (north - south) <= _SMALL_DEG2:
        rows = database.ask(_statement(names, query.sort, any_box=True), told)
    if not rows or rows[0].near > MOST_NEAR:
        rows = database.ask_anew(_statement(names, query.sort, any_box=False), told)
    if rows[0].near > MOST_NEAR:
        return None
    newest = rows[0].newest if token is None else token.newest
    return Near([row for row in rows if row.key is not None], newest)


def _is_simple(query: ArchiveQuery) -> bool:
    return "," not in query.sort and all(getattr(query, name) is None for name in _OTHERS)


def _place(query: ArchiveQuery) -> tuple[tuple[float, float, float, float], bytes | None] | None:
    """The box around a place, and the place itself as WKB if it is no box; None for one of many parts."""
    box = query.bbox
    if box is not None and len(box) == 4 and all(type(one) in (int, float) for one in box):
        west, south, east, north = (
            box  # a whole number may be larger than any other: compared first
        )
        if -180.0 < west < east < 180.0 and -90.0 < south < north < 90.0:  # false for NaN
            return (float(west), float(south), float(east), float(north)), None
    place = query.place()
    if place is None or place.geom_type not in ("Point", "LineString", "Polygon"):
        return None
    is_box = place.area > 0 and place.equals(shapely.box(*place.bounds))
    return place.bounds, None if is_box else place.wkb


@cache
def _statement(told: frozenset[str], sort: str, *, any_box: bool) -> sa.Executable:
    """Built once for each kind of query: to build it takes as long as to have it answered.

    Planned for any box it goes along the index of places and looks at the times of all that is there; planned
    for one it may go along another index, but to plan takes longer than to answer where there is little.
    """
    value, descending = C[SORTS[sort.removeprefix("-")]], sort.startswith("-")
    t = _Told(told, value.type, any_box)
    fits = sa.and_(sa.true(), *(t.in_time() if any_box else ()), *t.seen(), *t.collected())
    near = sa.select(
        C.key, value.label("value"), C.folder, C.added_tai_ns, t.edge.label("edge"), fits.label("fits")
    ).where(_SHAPE.op("&&", is_comparison=True)(t.box))  # fmt: skip
    if not any_box:
        near = near.where(*t.in_time())
    found = near.limit(sa.literal_column(str(MOST_NEAR + 1))).cte("found")
    count = sa.select(sa.func.count()).select_from(found).scalar_subquery()
    newest = sa.select(sa.func.coalesce(sa.func.max(C.key), sa.literal_column("0")))
    whole = sa.select(count.label("near"), newest.scalar_subquery().label("newest")).subquery(
        "whole"
    )
    # Sorted first (OFFSET keeps it so): what is dear is then asked of a page of items, and not of all.
    few = sa.select(found).where(count <= sa.literal_column(str(MOST_NEAR)), found.c.fits)
    if "newest" in told:
        few = few.where(found.c.key <= t["newest"], t.after(found.c, descending))
    each = (
        few.order_by(*_order(found.c, descending)).offset(sa.literal_column("0")).subquery("each")
    )
    page = sa.select(each).where(t.touches(each.c.edge))
    shown = (
        page.order_by(*_order(each.c, descending)).limit(sa.bindparam("limit")).subquery("shown")
    )
    return (
        sa.select(
            whole.c.near, whole.c.newest, shown.c.key, shown.c.value, DOCUMENTS.c.document, shown.c.folder,
            shown.c.added_tai_ns,
        )
        .select_from(whole)
        .outerjoin(shown, sa.true())
        .outerjoin(DOCUMENTS, DOCUMENTS.c.key == shown.c.key)
        .order_by(*_order(shown.c, descending))
    )  # fmt: skip


class _Told:
    """What a query tells, in SQL. For any box it is hidden in queries of its own, which are done once.

    A planner that sees the values thinks that a plan for them will be cheaper, and makes one each time.
    """

    def __init__(self, told: frozenset[str], kind: Any, any_box: bool) -> None:
        number: Any = sa.Double()
        ends: Any = sa.BigInteger()
        self._told, self._any_box = told, any_box
        self._kinds: dict[str, Any] = {
            "west": number, "south": number, "east": number, "north": number,
            "start": ends, "early": ends, "stop": ends, "newest": ends, "last": ends, "last_value": kind,
        }  # fmt: skip

    def __getitem__(self, name: str) -> Any:
        return self._once(self._bound(name))

    def _bound(self, name: str) -> Any:
        return sa.bindparam(name, type_=self._kinds[name])

    def _once(self, told: sa.ColumnElement[Any]) -> sa.ColumnElement[Any]:
        return sa.select(told).scalar_subquery() if self._any_box else told

    def seen(self) -> list[sa.ColumnElement[bool]]:
        """Whether one of those who look is among the readers of an item."""
        if "readers" not in self._told:
            return []
        between = sa.func.chr(sa.literal_column(str(ord(_BETWEEN))))
        asks = sa.func.string_to_array(sa.bindparam("readers", type_=sa.Text()), between)
        return [_READERS.op("&&", is_comparison=True)(self._once(asks))]

    def collected(self) -> list[sa.ColumnElement[bool]]:
        """Whether an item is in one of the collections."""
        if "collections" not in self._told:
            return []
        names = sa.bindparam("collections", type_=_TEXTS)
        return [sa.func.coalesce(C.collection, PICTURES) == sa.any_(names)]

    @property
    def box(self) -> sa.ColumnElement[Any]:
        """The box around the place."""
        ends = [self._bound(one) for one in _ENDS]
        return self._once(sa.func.ST_MakeEnvelope(*ends, sa.literal_column("4326")))

    @property
    def edge(self) -> sa.ColumnElement[Any]:
        """Footprints that PostGIS must be asked about: what lies within a box touches it."""
        if "place" in self._told:
            return _SHAPE
        inside = sa.and_(
            C.west_deg >= self["west"], C.south_deg >= self["south"], C.east_deg <= self["east"],
            C.north_deg <= self["north"],
        )  # fmt: skip
        return sa.case((inside, sa.null()), else_=_SHAPE)

    def touches(self, edge: Any) -> sa.ColumnElement[bool]:
        """Whether a footprint touches the place."""
        if "place" not in self._told:
            return sa.or_(edge.is_(None), sa.func.ST_Intersects(edge, self.box))
        place = sa.func.ST_GeomFromWKB(sa.bindparam("place"), sa.literal_column("4326"))
        return sa.type_coerce(sa.func.ST_Intersects(edge, self._once(place)), sa.Boolean)

    def in_time(self) -> list[sa.ColumnElement[bool]]:
        """What touches the time, in words that the index along the beginnings knows: few items last long."""
        start, stop = C.start_tai_ns, C.stop_tai_ns
        made: list[sa.ColumnElement[bool]] = []
        if "start" in self._told:
            is_long = stop - start > sa.literal_column(str(LONG_NS))
            made += [stop >= self["start"], sa.or_(start >= self["early"], is_long)]
        if "stop" in self._told:
            made.append(start <= self["stop"])
        return made

    def after(self, columns: Any, descending: bool) -> sa.ColumnElement[bool]:
        """What comes after the last item of the page before."""
        last = self["last"]
        further = columns.key < last if descending else columns.key > last
        if "last_value" not in self._told:
            return sa.and_(columns.value.is_(None), further)
        mark = self["last_value"]
        beyond = columns.value < mark if descending else columns.value > mark
        return sa.or_(columns.value.is_(None), beyond, sa.and_(columns.value == mark, further))


def _order(columns: Any, descending: bool) -> tuple[Any, ...]:
    """What does not tell the value comes last, whichever way the others go."""
    if descending:
        return (columns.value.desc().nulls_last(), columns.key.desc())
    return (columns.value.asc().nulls_last(), columns.key.asc())
