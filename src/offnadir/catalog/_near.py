"""One page of what is near a place, by PostGIS in a single statement: the search that is asked most."""

from __future__ import annotations

from dataclasses import dataclass, fields
from functools import cache
from typing import Any, Final

import shapely

from offnadir._database import Database, sa
from offnadir.catalog._query import SORTS, ArchiveQuery, Token
from offnadir.catalog._tables import DOCUMENTS, ITEMS, LONG_NS, PICTURES, READERS
from offnadir.catalog._where import IS_LONG, C

#: Items near the place that are looked at one by one; where there are more, the search goes along the sort.
MOST_NEAR: Final = 5_000
#: What a query may say beside its place to be answered here.
_KNOWN: Final = (
    "bbox", "geometry", "start", "stop", "collections", "readers", "sort", "limit", "token",
)  # fmt: skip
_TEXTS: Final = sa.ARRAY(sa.Text())
_SHAPE: Final = sa.type_coerce(C.geometry, sa.LargeBinary)
_WEST: Final[sa.BindParameter[float]] = sa.bindparam("west", type_=sa.Double())
_SOUTH: Final[sa.BindParameter[float]] = sa.bindparam("south", type_=sa.Double())
_EAST: Final[sa.BindParameter[float]] = sa.bindparam("east", type_=sa.Double())
_NORTH: Final[sa.BindParameter[float]] = sa.bindparam("north", type_=sa.Double())
_BOX: Final = sa.func.ST_MakeEnvelope(_WEST, _SOUTH, _EAST, _NORTH, 4326)


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
    token, place = Token.read(query), query.place()
    if place is None or place.geom_type not in ("Point", "LineString", "Polygon"):
        return None
    west, south, east, north = place.bounds
    told: dict[str, Any] = {
        "west": west, "south": south, "east": east, "north": north, "most": MOST_NEAR + 1,
        "limit": query.limit + 1, "readers": query.readers, "collections": query.collections,
        "start": None if query.start is None else query.start.tai_ns,
        "early": None if query.start is None else query.start.tai_ns - LONG_NS,
        "stop": None if query.stop is None else query.stop.tai_ns,
    }  # fmt: skip
    is_box = place.area > 0 and place.equals(shapely.box(*place.bounds))
    if not is_box:
        told["place"] = place.wkb
    if token is not None:
        told |= {"newest": token.newest, "last_value": token.value, "last": token.key}
    told = {key: value for key, value in told.items() if value is not None}
    rows = database.ask_anew(_statement(frozenset(told), query.sort), told)
    if rows[0].near > MOST_NEAR:
        return None
    newest = rows[0].newest if token is None else token.newest
    return Near([row for row in rows if row.key is not None], newest)


def _is_simple(query: ArchiveQuery) -> bool:
    names = (one.name for one in fields(ArchiveQuery) if one.name not in _KNOWN)
    return all(getattr(query, name) is None for name in names)


@cache
def _statement(told: frozenset[str], sort: str) -> sa.Executable:
    """Built once for each kind of query: to build it takes as long as to have it answered."""
    value, descending = C[SORTS[sort.removeprefix("-")]], sort.startswith("-")
    found = (
        sa.select(
            C.key, value.label("value"), sa.func.coalesce(C.collection, PICTURES).label("collection"),
            C.west_deg, C.south_deg, C.east_deg, C.north_deg, _SHAPE.label("shape"),
        )
        .where(_SHAPE.op("&&", is_comparison=True)(_BOX), *_in_time(told))
        .limit(sa.bindparam("most"))
        .cte("found")
    )  # fmt: skip
    count = sa.select(sa.func.count()).select_from(found).scalar_subquery()
    whole = sa.select(
        count.label("near"),
        sa.select(sa.func.coalesce(sa.func.max(C.key), 0)).scalar_subquery().label("newest"),
    ).subquery("whole")
    # Sorted first (OFFSET keeps it so): what is dear is then asked of a page of items, and not of all.
    few = sa.select(found, found.c.value.is_(None).label("unknown")).where(count <= MOST_NEAR)
    if "newest" in told:
        few = few.where(found.c.key <= sa.bindparam("newest"))
        few = few.where(_after(found.c, "last_value" in told, descending))
    each = (
        few.order_by(*_order(found.c, descending, found.c.value.is_(None)))
        .offset(0)
        .subquery("each")
    )
    page = sa.select(each.c.key, each.c.value, each.c.unknown).where(_touches(each.c, told))
    if "readers" in told:
        # A query within: as a join it would be made of all that was found.
        seen = sa.select(READERS.c.reader).where(
            READERS.c.key == each.c.key, READERS.c.reader == sa.any_(sa.bindparam("readers", type_=_TEXTS))
        )  # fmt: skip
        page = page.where(seen.limit(1).scalar_subquery().is_not(None))
    if "collections" in told:
        names = sa.bindparam("collections", type_=_TEXTS)
        page = page.where(each.c.collection == sa.any_(names))
    page = page.order_by(*_order(each.c, descending, each.c.unknown)).limit(sa.bindparam("limit"))
    shown = page.subquery("shown")
    return (
        sa.select(
            whole.c.near, whole.c.newest, shown.c.key, shown.c.value, DOCUMENTS.c.document, C.folder,
            C.added_tai_ns,
        )
        .select_from(whole)
        .outerjoin(shown, sa.true())
        .outerjoin(ITEMS, C.key == shown.c.key)
        .outerjoin(DOCUMENTS, DOCUMENTS.c.key == shown.c.key)
        .order_by(*_order(shown.c, descending, shown.c.unknown))
    )  # fmt: skip


def _touches(columns: Any, told: frozenset[str]) -> sa.ColumnElement[bool]:
    """Whether a footprint touches the place: what lies within a box does, and PostGIS need not be asked."""
    if "place" in told:
        place = sa.func.ST_GeomFromWKB(sa.bindparam("place"), 4326)
        return sa.type_coerce(sa.func.ST_Intersects(columns.shape, place), sa.Boolean)
    inside = sa.and_(
        columns.west_deg >= _WEST, columns.south_deg >= _SOUTH, columns.east_deg <= _EAST,
        columns.north_deg <= _NORTH,
    )  # fmt: skip
    return sa.or_(inside, sa.func.ST_Intersects(columns.shape, _BOX))


def _in_time(told: frozenset[str]) -> list[sa.ColumnElement[bool]]:
    """What touches the time, in words that the index along the beginnings knows: few items last long."""
    made: list[sa.ColumnElement[bool]] = []
    if "start" in told:
        early = C.start_tai_ns >= sa.bindparam("early")
        made += [C.stop_tai_ns >= sa.bindparam("start"), sa.or_(early, IS_LONG)]
    if "stop" in told:
        made.append(C.start_tai_ns <= sa.bindparam("stop"))
    return made


def _order(columns: Any, descending: bool, unknown: Any) -> tuple[Any, ...]:
    """What does not tell the value comes last, whichever way the others go."""
    ends = (columns.value, columns.key)
    return (unknown, *(one.desc() if descending else one.asc() for one in ends))


def _after(columns: Any, has_value: bool, descending: bool) -> sa.ColumnElement[bool]:
    """What comes after the last item of the page before."""
    last: sa.BindParameter[int] = sa.bindparam("last")
    further = columns.key < last if descending else columns.key > last
    if not has_value:
        return sa.and_(columns.value.is_(None), further)
    mark = sa.bindparam("last_value", type_=columns.value.type)
    beyond = columns.value < mark if descending else columns.value > mark
    return sa.or_(columns.value.is_(None), beyond, sa.and_(columns.value == mark, further))
