"""Rows of items into the tables and out of them, within a transaction."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import shapely

from offnadir._database import sa
from offnadir.catalog._item import Row
from offnadir.catalog._place import parts_of
from offnadir.catalog._tables import DOCUMENTS, ITEMS, MOST_PARTS, READERS

_DAY_NS: Final = 86_400 * 10**9


def new_keys(connection: sa.Connection, number: int) -> list[int]:
    """Keys that were never used and never will be again."""
    if number == 0:
        return []
    if connection.dialect.name == "postgresql":
        text = "SELECT nextval('archive_items_key_seq') FROM generate_series(1, :n)"
        return list(connection.execute(sa.text(text), {"n": number}).scalars())
    last = connection.execute(
        sa.text("SELECT coalesce(max(seq), 0) FROM sqlite_sequence WHERE name = 'archive_items'")
    ).scalar_one()
    return list(range(last + 1, last + 1 + number))


def take_out(connection: sa.Connection, keys: Sequence[int]) -> None:
    """Remove items and all that hangs on them, and who may see them."""
    if not keys:
        return
    if connection.dialect.name == "sqlite":
        parts = [{"part": key * MOST_PARTS + n} for key in keys for n in range(MOST_PARTS)]
        connection.execute(sa.text("DELETE FROM archive_places WHERE part = :part"), parts)
    for table in (DOCUMENTS, ITEMS):
        connection.execute(
            sa.delete(table).where(table.c.key == sa.bindparam("one")),
            [{"one": key} for key in keys],
        )


def put(
    connection: sa.Connection, rows: Sequence[tuple[int, Row, str | None]], added_tai_ns: int
) -> None:
    """Write items under their keys, with their folders."""
    if not rows:
        return
    on_sqlite = connection.dialect.name == "sqlite"
    shapes = [row.geometry for _, row, _ in rows]
    if on_sqlite:
        wkb = shapely.to_wkb(shapes)
    else:
        wkb = shapely.to_wkb(shapely.set_srid(shapes, 4326), hex=True, include_srid=True)
    items = [
        (key, *map(row.columns.get, _TOLD), row.sha256, folder, added_tai_ns, shape)
        for (key, row, folder), shape in zip(rows, wkb, strict=True)
    ]
    _insert(connection, "archive_items", ("key", *_TOLD, *_OURS), items)
    documents = [(key, row.document) for key, row, _ in rows]
    _insert(connection, "archive_documents", ("key", "document"), documents)
    if on_sqlite:
        columns = ("part", "west", "east", "south", "north", "first", "last")
        _insert(connection, "archive_places", columns, _places(rows))


def readers_of(connection: sa.Connection, keys: Sequence[int]) -> list[tuple[str, int]]:
    """Who may see which of these items."""
    if not keys:
        return []
    told = sa.select(READERS.c.reader, READERS.c.key).where(
        READERS.c.key.in_(sa.bindparam("keys", keys, expanding=True))
    )
    return [(row.reader, row.key) for row in connection.execute(told)]


def let_readers(connection: sa.Connection, readers: Sequence[tuple[str, int]]) -> None:
    """Let readers see items, who may do so already perhaps."""
    if not readers:
        return
    text = "INSERT INTO archive_readers (reader, key) VALUES (:reader, :key) ON CONFLICT DO NOTHING"
    connection.execute(sa.text(text), [{"reader": reader, "key": key} for reader, key in readers])


#: Columns that an item tells, and those that the archive adds.
_TOLD: Final = tuple(one.name for one in ITEMS.columns if one.name != "key")[:-4]
_OURS: Final = ("sha256", "folder", "added_tai_ns", "geometry")


def _insert(
    connection: sa.Connection, table: str, columns: Sequence[str], rows: list[tuple[Any, ...]]
) -> None:
    """Rows as the driver takes them: SQLAlchemy would take as long again over a million."""
    if not rows:
        return
    names = ", ".join(columns)
    if connection.dialect.name == "sqlite":
        marks = ", ".join("?" * len(columns))
        connection.exec_driver_sql(f"INSERT INTO {table} ({names}) VALUES ({marks})", rows)  # noqa: S608
        return
    driver = connection.dialect.loaded_dbapi
    try:
        cursor: Any = connection.connection.cursor()
        with cursor, cursor.copy(f"COPY {table} ({names}) FROM STDIN") as copy:
            for row in rows:
                copy.write_row(row)
    except driver.Error as error:
        raise sa.exc.DBAPIError.instance(f"COPY {table}", None, error, driver.Error) from error


def _places(rows: Sequence[tuple[int, Row, str | None]]) -> list[tuple[Any, ...]]:
    """Boxes of all parts of footprints for the R*Tree, which rounds them outward."""
    made: list[tuple[Any, ...]] = []
    for key, row, _ in rows:
        if row.geometry is None:
            continue
        c = row.columns
        first, last = c["start_tai_ns"] / _DAY_NS, c["stop_tai_ns"] / _DAY_NS
        boxes = [(c["west_deg"], c["south_deg"], c["east_deg"], c["north_deg"])]
        if row.geometry.geom_type != "Polygon":
            boxes = parts_of(row.geometry, MOST_PARTS)
        made += [
            (key * MOST_PARTS + n, west, east, south, north, first, last)
            for n, (west, south, east, north) in enumerate(boxes)
        ]
    return made
