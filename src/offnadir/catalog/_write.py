"""Rows of items into the tables and out of them, within a transaction."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import shapely

from offnadir._database import sa
from offnadir.catalog._item import Row
from offnadir.catalog._place import parts_of
from offnadir.catalog._tables import DOCUMENTS, ITEMS, MOST_PARTS, PLACES

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
    """Remove items and all that hangs on them."""
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
    shapes = shapely.to_wkb([row.geometry for _, row, _ in rows])
    connection.execute(
        sa.insert(ITEMS),
        [
            {
                **row.columns,
                "key": key,
                "sha256": row.sha256,
                "folder": folder,
                "added_tai_ns": added_tai_ns,
                "geometry": wkb,
            }
            for (key, row, folder), wkb in zip(rows, shapes, strict=True)
        ],
    )
    connection.execute(
        sa.insert(DOCUMENTS), [{"key": key, "document": row.document} for key, row, _ in rows]
    )
    if connection.dialect.name == "sqlite":
        places = _places(rows)
        if places:
            connection.execute(sa.insert(PLACES), places)


def _places(rows: Sequence[tuple[int, Row, str | None]]) -> list[dict[str, Any]]:
    """Boxes of all parts of footprints for the R*Tree, which rounds them outward."""
    made = []
    for key, row, _ in rows:
        if row.geometry is None:
            continue
        first, last = (row.columns[name] / _DAY_NS for name in ("start_tai_ns", "stop_tai_ns"))
        for n, (west, south, east, north) in enumerate(parts_of(row.geometry, MOST_PARTS)):
            made.append(
                {
                    "part": key * MOST_PARTS + n,
                    "west": west,
                    "east": east,
                    "south": south,
                    "north": north,
                    "first": first,
                    "last": last,
                }
            )
    return made
