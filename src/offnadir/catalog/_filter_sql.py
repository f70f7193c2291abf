"""A filter's tree in SQL, for either database, and what of it the search can go by."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, Final

from offnadir._database import sa
from offnadir.catalog._filter import (
    DOCUMENT,
    PROPERTIES,
    Compared,
    Joined,
    Negated,
    Node,
    Touches,
    When,
    parts_of,
    read_filter,
)
from offnadir.catalog._query import ArchiveQuery
from offnadir.catalog._tables import DOCUMENTS, ITEMS, PICTURES
from offnadir.catalog._where import Clause, Place, among
from offnadir.epoch import Epoch

C = ITEMS.c
#: Columns with an index that a condition of the filter may go by.
_INDEXED: Final = (
    "off_nadir_deg", "incidence_deg", "gsd_m", "cloud_percent", "niirs", "sun_elevation_deg", "platform",
    "level",
)  # fmt: skip
#: In SQLite: whether place number n touches a footprint in WKB.
_TOUCHES: Final = "offnadir_touches"
#: Parts of a place that PostGIS is asked about one by one.
_MOST_APART: Final = 16
#: What no text of PostgreSQL has, as JSON writes it, and the character that stands for what cannot be shown.
_NO_NUL: Final = (r"\u0000", r"\ufffd")


@dataclass(frozen=True, slots=True)
class Filtered:
    """A query with what its filter says of place and time, and the filter's clauses.

    `indexed` are those of them that one index answers; they stand in `clauses` too.
    """

    query: ArchiveQuery
    clauses: tuple[Clause, ...] = ()
    indexed: tuple[tuple[str, Clause], ...] = ()


def apply_filter(query: ArchiveQuery, connection: sa.Connection) -> Filtered:
    """The filter of a query, made ready on a connection."""
    if query.filter is None:
        return Filtered(query)
    making = _Making(connection)
    clauses: list[Clause] = []
    indexed: list[tuple[str, Clause]] = []
    told, query = read_filter(query.filter), replace(query, filter=None)
    for part in parts_of(told):
        if isinstance(part, Touches) and query.bbox is None and query.geometry is None:
            query = replace(query, geometry=part.place)
            continue
        query = _in_time(query, part)
        clause = making.clause(part)
        clauses.append(clause)
        if isinstance(part, Compared) and part.op not in ("isNull", "<>"):
            column = PROPERTIES[part.name][0]
            if column in _INDEXED:
                indexed.append((column, clause))
    making.ready()
    return Filtered(query, tuple(clauses), tuple(indexed))


def _in_time(query: ArchiveQuery, part: Node) -> ArchiveQuery:
    """The query with the time that a condition leaves, so that the search can go by it."""
    start: Epoch | None = None
    stop: Epoch | None = None
    if isinstance(part, When):
        start = part.stop if part.op == "t_after" else part.start
        stop = part.start if part.op == "t_before" else part.stop
        start = None if part.op == "t_before" else start
        stop = None if part.op == "t_after" else stop
    elif isinstance(part, Compared) and part.name == "datetime" and part.values:
        if part.op in ("=", ">", ">=", "between"):
            start = part.values[0]
        if part.op in ("=", "<", "<=", "between"):
            stop = part.values[-1]
    if query.start is not None:
        start = query.start if start is None else max(start, query.start)
    if query.stop is not None:
        stop = query.stop if stop is None else min(stop, query.stop)
    if start is not None and stop is not None and stop < start:
        return query  # nothing fits, and the clauses say so
    return replace(query, start=start, stop=stop)


class _Making:
    """Clauses on one connection."""

    def __init__(self, connection: sa.Connection) -> None:
        self.connection = connection
        self.dialect = connection.dialect.name
        self.places: list[Place] = []

    def ready(self) -> None:
        """Let SQLite ask for the exact answer to places."""
        if not self.places or self.dialect != "sqlite":
            return
        places = self.places

        def touches(number: int, wkb: bytes | None) -> int | None:
            return None if wkb is None else int(places[number].touches_one(wkb))

        raw: Any = self.connection.connection.driver_connection
        raw.create_function(_TOUCHES, 2, touches, deterministic=True)

    def clause(self, node: Node) -> Clause:
        """One condition; like CQL2's, it is unknown where the item does not tell the property."""
        if isinstance(node, Joined):
            if not node.parts:
                return sa.literal(1 if node.word == "and" else 0) == sa.literal(1)
            made = [self.clause(part) for part in node.parts]
            return sa.and_(*made) if node.word == "and" else sa.or_(*made)
        if isinstance(node, Negated):
            return sa.not_(self.clause(node.part).self_group())
        if isinstance(node, When):
            return _when(node)
        if isinstance(node, Touches):
            return self._touches(Place(node.place))
        return _time(node) if node.name == "datetime" else self._compared(node)

    def _touches(self, place: Place) -> Clause:
        if self.dialect == "postgresql":
            return touches_postgis(place)
        self.places.append(place)
        boxes = place.few_boxes()
        near = sa.or_(
            *(
                sa.and_(
                    C.west_deg <= east, C.east_deg >= west, C.south_deg <= north, C.north_deg >= south
                )
                for west, south, east, north in boxes
            )
        )  # fmt: skip
        exact = getattr(sa.func, _TOUCHES)(len(self.places) - 1, C.geometry) == sa.literal(1)
        return sa.and_(near, exact)

    def _compared(self, node: Compared) -> Clause:
        column: Any = C.west_deg if node.name == "geometry" else self._column(node.name)
        if node.name == "collection":
            column = sa.func.coalesce(column, PICTURES)
        if node.op == "isNull":
            clause: Clause = column.is_(None)
            return clause
        if node.folded:
            column = sa.func.lower(column)
        if node.op == "like":
            return self._like(column, node.values[0])
        if node.op == "between":
            return sa.and_(column >= node.values[0], column <= node.values[1])
        if node.op == "in":
            if isinstance(node.values[0], str):
                return among(column, node.values, self.dialect)
            numbers: Clause = column.in_(node.values)
            return numbers
        return _against(column, node.op, node.values[0])

    def _column(self, name: str) -> Any:
        """Where a property stands; a text of the item itself, if nowhere else."""
        where = PROPERTIES[name][0]
        if where != DOCUMENT:
            return C[where]
        told: Any = sa.func.replace(DOCUMENTS.c.document, *_NO_NUL)
        text: Any
        if self.dialect == "postgresql":
            told = sa.cast(told, sa.JSON)
            is_text = (
                sa.func.json_typeof(sa.func.json_extract_path(told, "properties", name)) == "string"
            )
            text = sa.func.json_extract_path_text(told, "properties", name).collate("C")
        else:
            path = f'$.properties."{name}"'
            is_text = sa.func.json_type(told, path) == "text"
            text = sa.func.json_extract(told, path)
        found = sa.select(sa.type_coerce(text, sa.Text)).where(DOCUMENTS.c.key == C.key, is_text)
        return found.scalar_subquery()

    def _like(self, column: Any, pattern: str) -> Clause:
        if self.dialect == "postgresql":
            whole = pattern + "\\" if _ends_open(pattern) else pattern
            clause: Clause = column.like(whole, escape="\\")
            return clause
        glob: Clause = column.op("GLOB", is_comparison=True)(_as_glob(pattern))
        return glob


def touches_postgis(place: Place) -> Clause:
    """Whether a footprint touches a place, exactly, by PostGIS."""
    # Parts apart: one box around both sides of the date line would be one around the world.
    pieces = place.parts if len(place.parts) <= _MOST_APART else place.pieces
    each = [
        sa.func.ST_Intersects(
            sa.type_coerce(C.geometry, sa.LargeBinary), sa.func.ST_GeomFromText(piece.wkt, 4326)
        )
        for piece in pieces
    ]
    return sa.or_(*each)


def _against(column: Any, op: str, value: Any) -> Clause:
    clause: Clause = {
        "=": column == value, "<>": column != value, "<": column < value, "<=": column <= value,
        ">": column > value, ">=": column >= value,
    }[op]  # fmt: skip
    return clause


def _time(node: Compared) -> Clause:
    """An item's time against instants: all of it is before, after or within."""
    start, stop = C.start_tai_ns, C.stop_tai_ns
    at = [one.tai_ns for one in node.values]
    if node.op == "isNull":
        return start.is_(None)
    if node.op == "between":
        return sa.and_(start >= at[0], stop <= at[1])
    if node.op == "in":
        return sa.or_(*(sa.and_(start == one, stop == one) for one in at))
    if node.op in ("=", "<>"):
        same = sa.and_(start == at[0], stop == at[0])
        return same if node.op == "=" else sa.not_(same)
    return _against(stop if node.op.startswith("<") else start, node.op, at[0])


def _when(node: When) -> Clause:
    start, stop = C.start_tai_ns, C.stop_tai_ns
    never = sa.literal(1) == sa.literal(0)
    if node.op == "t_before":
        return never if node.start is None else stop < node.start.tai_ns
    if node.op == "t_after":
        return never if node.stop is None else start > node.stop.tai_ns
    clauses: list[Clause] = []
    if node.start is not None:
        clauses.append(stop >= node.start.tai_ns)
    if node.stop is not None:
        clauses.append(start <= node.stop.tai_ns)
    return sa.and_(*clauses) if clauses else sa.not_(never)


def _ends_open(pattern: str) -> bool:
    """Whether a backslash at the end escapes nothing: PostgreSQL refuses that."""
    return (len(pattern) - len(pattern.rstrip("\\"))) % 2 == 1


def _as_glob(pattern: str) -> str:
    """A pattern of LIKE as GLOB has it, which heeds capital letters: % is *, _ is ?."""
    made, escaped = [], False
    for one in pattern:
        if escaped or one not in "%_\\":
            made.append(f"[{one}]" if one in "*?[" else one)
            escaped = False
        elif one == "\\":
            escaped = True
        else:
            made.append("*" if one == "%" else "?")
    return "".join(made) + ("\\" if escaped else "")
