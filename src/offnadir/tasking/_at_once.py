"""Writing an order that passed every check by one statement, if things stand as they stood.

Most orders are like that, and most who order have ordered before. What is remembered of them is not trusted:
the statement writes nothing unless it holds, and then the order is placed as any other.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any, Final

from offnadir._database import Database, sa
from offnadir._database._burst import Prepared, run_locked
from offnadir.tasking._audit import LOCK, Said, open_entry
from offnadir.tasking._stand import Stand
from offnadir.tasking._tables import HISTORY, ORDERS

_DIGITS_OF_TIME: Final = 11  # of an id: its letter and time; what follows is chance


def write_at_once(
    database: Database,
    stand: Stand,
    order: Mapping[str, Any],
    lines: Sequence[Mapping[str, Any]],
    said: Sequence[Said],
) -> bool | None:
    """Write a new order with its lines and entries, and charge its quota; whether it was done.

    It is not where user or customer are not those of `stand` any more, the key was used, or the quota would
    not do. None, where it was not done for nothing but its time: ids and entries go by time, and an order or
    an entry of this instant or a later one is there.
    """
    told: dict[str, Any] = {
        "roles": ",".join(stand.user.roles),
        "firm": stand.firm,
    }
    told |= {f"order_{name}": _plain(value) for name, value in order.items()}
    for n, line in enumerate(lines):
        told |= {f"line_{n}_{name}": _plain(value) for name, value in line.items()}
    for n, one in enumerate(said):
        before, after = open_entry(one)
        told |= {f"before_{n}": before, f"after_{n}": after, f"by_{n}": one.by}
        told |= {f"action_{n}": one.action}
    row = run_locked(database, LOCK, _statement(len(lines), len(said)), told)
    if row is None or row[0] == 0:
        return False
    return True if row[1] == 1 else None


def _plain(value: object) -> str | bool | None:
    return value if value is None or isinstance(value, bool) else str(value)


_KINDS: Final = {
    sa.BigInteger: "bigint",
    sa.Integer: "integer",
    sa.Boolean: "boolean",
    sa.String: "text",
}
_ID: Final = "%(order_id)s::text"
_CUSTOMER: Final = "%(order_customer_id)s::text"
_AT: Final = "%(order_placed_tai_ns)s::bigint"
_MONTH: Final = "%(order_quota_month)s::text"
_PICTURES: Final = "%(order_quota_pictures)s::bigint"
_AREA: Final = "%(order_quota_area_m2)s::bigint"


@cache
def _statement(lines: int, said: int) -> Prepared:
    entries = "".join(_sealed(n) for n in range(said))
    columns, line_columns = (", ".join(one.name for one in table.c) for table in (ORDERS, HISTORY))
    order = ", ".join(_told("order_", one) for one in ORDERS.c)
    each_line = " UNION ALL ".join(
        f"SELECT {', '.join(_told(f'line_{n}_', one) for one in HISTORY.c)} FROM stand"  # noqa: S608
        for n in range(lines)
    )
    each_entry = " UNION ALL ".join(
        f"SELECT seq, {_AT}, %(by_{n})s::text, %(action_{n})s::text, {_ID}, entry, hash FROM entry_{n}"  # noqa: S608
        for n in range(said)
    )
    text = f"""
WITH known AS (
  SELECT audit_head.seq, audit_head.hash
  FROM users
  JOIN customers ON customers.id = users.customer_id
  CROSS JOIN audit_head
  LEFT JOIN quota_use ON quota_use.customer_id = customers.id AND quota_use.month = {_MONTH}
  WHERE users.name = %(order_placed_by)s::text AND users.roles = %(roles)s::text
    AND customers.id = {_CUSTOMER} AND customers.document = %(firm)s::text
    AND NOT coalesce(coalesce(quota_use.pictures, 0) + {_PICTURES} > customers.quota_pictures, false)
    AND NOT coalesce(coalesce(quota_use.area_m2, 0) + {_AREA} > customers.quota_area_m2, false)
    AND NOT EXISTS (
      SELECT FROM orders
      WHERE customer_id = {_CUSTOMER} AND idempotency_key = %(order_idempotency_key)s::text
    )
), stand AS (
  SELECT seq, hash FROM known
  WHERE coalesce((SELECT max(id) FROM orders), '') < left({_ID}, {_DIGITS_OF_TIME})
    AND coalesce((SELECT at_tai_ns FROM audit_log WHERE audit_log.seq = known.seq), 0) <= {_AT}
){entries}, new_order AS (
  INSERT INTO orders ({columns}) SELECT {order} FROM stand
), new_lines AS (
  INSERT INTO order_history ({line_columns}) {each_line}
), new_entries AS (
  INSERT INTO audit_log (seq, at_tai_ns, by, action, subject, entry, hash) {each_entry}
), new_head AS (
  UPDATE audit_head SET seq = last.seq, hash = last.hash FROM entry_{said - 1} AS last
), used AS (
  INSERT INTO quota_use AS month (customer_id, month, pictures, area_m2)
  SELECT {_CUSTOMER}, {_MONTH}, {_PICTURES}, {_AREA} FROM stand
  ON CONFLICT (customer_id, month) DO UPDATE
  SET pictures = month.pictures + excluded.pictures, area_m2 = month.area_m2 + excluded.area_m2
)
SELECT (SELECT count(*) FROM known), (SELECT count(*) FROM stand)
"""  # noqa: S608 - names of ours
    return Prepared(f"offnadir_place_{lines}_{said}", text)


def _told(prefix: str, column: sa.Column[Any]) -> str:
    return f"%({prefix}{column.name})s::{_KINDS[type(column.type)]}"


def _sealed(n: int) -> str:
    """An entry with the hash of the one before, and its own: see `append_all` of the audit log."""
    return f""", entry_{n} AS (
  SELECT next.seq, next.entry, encode(sha256(convert_to(next.entry, 'UTF8')), 'hex') AS hash
  FROM (
    SELECT seq + 1 AS seq,
      %(before_{n})s::text || hash || '","seq":' || (seq + 1) || %(after_{n})s::text AS entry
    FROM {f"entry_{n - 1}" if n else "stand"}
  ) AS next
)"""  # noqa: S608 - names of ours
