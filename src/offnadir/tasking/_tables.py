"""The tables of `_database/versions/v0002_tasking.py`, and keys of `v0004_service.py`, for queries."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any, Final

from offnadir._database import sa

_META: Final = sa.MetaData()


def _table(name: str, *columns: str) -> sa.Table:
    """A table by the names of its columns; their kinds stand in the migration, where they matter."""
    return sa.Table(name, _META, *(sa.Column(column, _kind(column)) for column in columns))


def _kind(column: str) -> Any:
    if column.endswith(("_tai_ns", "_m2", "pictures")) or column in ("seq", "number", "changes"):
        return sa.BigInteger()
    if column in ("priority", "one"):
        return sa.Integer()
    return sa.Boolean() if column == "is_open" else sa.String()


CUSTOMERS: Final = _table(
    "customers", "id", "name", "added_by", "created_tai_ns", "document", "quota_pictures", "quota_area_m2",
    "screened_with",
)  # fmt: skip
USERS: Final = _table("users", "name", "roles", "customer_id", "created_tai_ns")
ORDERS: Final = _table(
    "orders", "id", "customer_id", "placed_by", "placed_tai_ns", "idempotency_key", "digest",
    "document", "title", "priority", "deadline_tai_ns", "state", "code", "changed_tai_ns", "changes",
    "held_from", "is_open", "screened_with", "quota_month", "quota_pictures", "quota_area_m2",
)  # fmt: skip
HISTORY: Final = _table(
    "order_history", "order_id", "number", "at_tai_ns", "state", "code", "words", "by", "step_key"
)
HOLDS: Final = _table(
    "holds", "id", "customer_id", "order_id", "kind", "match_key", "document", "status",
    "made_tai_ns", "until_tai_ns", "decided_by", "decided_tai_ns", "why",
)  # fmt: skip
CLEARANCES: Final = _table(
    "clearances", "match_key", "decided_by", "decided_tai_ns", "why", "document"
)
QUOTA_USE: Final = _table("quota_use", "customer_id", "month", "pictures", "area_m2")
RELEASES: Final = _table("releases", "order_id", "product_id", "status", "at_tai_ns", "document")
AUDIT_LOG: Final = _table(
    "audit_log", "seq", "at_tai_ns", "by", "action", "subject", "entry", "hash"
)
AUDIT_HEAD: Final = _table("audit_head", "one", "seq", "hash")
API_KEYS: Final = _table(
    "api_keys",
    "id",
    "user",
    "label",
    "hash",
    "scopes",
    "made_tai_ns",
    "ends_tai_ns",
    "revoked_tai_ns",
)


def insert_rows(
    connection: sa.Connection, table: sa.Table, rows: Sequence[Mapping[str, Any]]
) -> None:
    """Put a few rows in, all by one statement; each has the same columns."""
    if len(rows) == 1:
        connection.execute(table.insert(), rows[0])
        return
    told = {f"{name}_{n}": value for n, row in enumerate(rows) for name, value in row.items()}
    connection.execute(_insert_of(table, tuple(rows[0]), len(rows)), told)


@cache
def _insert_of(table: sa.Table, names: tuple[str, ...], count: int) -> sa.TextClause:
    """As text: SQLAlchemy compiles several VALUES anew each time, which takes longer than to write them."""
    rows = ", ".join("(" + ", ".join(f":{name}_{n}" for name in names) + ")" for n in range(count))
    return sa.text(f"INSERT INTO {table.name} ({', '.join(names)}) VALUES {rows}")  # noqa: S608 - names of ours
