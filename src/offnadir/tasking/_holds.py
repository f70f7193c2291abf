"""What holds an order or a customer until a person decides: matches of screening, permits, delays."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from offnadir._database import sa
from offnadir.epoch import Epoch
from offnadir.tasking._ids import new_id
from offnadir.tasking._tables import CLEARANCES, HISTORY, HOLDS

if TYPE_CHECKING:
    from offnadir.tasking._desk import Desk
    from offnadir.tasking._people import Customer


@dataclass(frozen=True, slots=True, kw_only=True)
class Cause:
    """A reason to hold: `key` is the same for the same reason, `document` says all that is known of it."""

    kind: str
    key: str
    document: dict[str, Any]
    until: Epoch | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Hold:
    """A cause that stands in the database, with what was decided: open, allowed, refused or void."""

    id: str
    kind: str
    customer_id: str
    order_id: str | None
    key: str
    status: str
    made: Epoch
    until: Epoch | None
    document: dict[str, Any]
    decided_by: str | None
    why: str | None

    def to_dict(self) -> dict[str, Any]:
        """For JSON."""
        return {
            "id": self.id,
            "kind": self.kind,
            "status": self.status,
            "customer": self.customer_id,
            "order": self.order_id,
            "made": self.made.utc(3),
            "until": None if self.until is None else self.until.utc(3),
            "decided_by": self.decided_by,
            "why": self.why,
            **self.document,
        }


def key_of(*parts: object) -> str:
    """The same text for the same parts."""
    text = json.dumps(parts, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode("ascii")).hexdigest()


def holds_of(connection: sa.Connection, order_id: str, *, open_only: bool = False) -> list[Hold]:
    """The holds of an order, oldest first."""
    query = sa.select(HOLDS).where(HOLDS.c.order_id == order_id).order_by(HOLDS.c.id)
    if open_only:
        query = query.where(HOLDS.c.status == "open")
    return [read_hold(row) for row in connection.execute(query)]


def read_hold(row: Any) -> Hold:
    """A hold of a row of its table."""
    return Hold(
        id=row.id,
        kind=row.kind,
        customer_id=row.customer_id,
        order_id=row.order_id,
        key=row.match_key,
        status=row.status,
        made=Epoch(row.made_tai_ns),
        until=None if row.until_tai_ns is None else Epoch(row.until_tai_ns),
        document=json.loads(row.document),
        decided_by=row.decided_by,
        why=row.why,
    )


def authors_of(connection: sa.Connection, order_id: str | None, placed_by: str) -> frozenset[str]:
    """Who made an order what it is: whoever placed it, and all who amended it."""
    if order_id is None:
        return frozenset((placed_by,))
    query = sa.select(HISTORY.c.by).where(
        HISTORY.c.order_id == order_id, HISTORY.c.code == "amended"
    )
    return frozenset((placed_by, *connection.execute(query).scalars()))


def is_cleared(connection: sa.Connection, key: str, authors: Collection[str]) -> bool:
    """Whether somebody else than the authors of the order has said that this match is none."""
    found = sa.select(CLEARANCES.c.decided_by).where(CLEARANCES.c.match_key == key)
    return any(row.decided_by not in authors for row in connection.execute(found))


def sync_holds(
    desk: Desk,
    connection: sa.Connection,
    *,
    kinds: Sequence[str],
    causes: Sequence[Cause],
    customer_id: str,
    order_id: str | None,
    placed_by: str,
    at: Epoch,
) -> int:
    """Let the open holds of these kinds be those of `causes`; how many are open then.

    A cause that was allowed for this order, or a match that was cleared for all, opens nothing. An open hold
    whose cause is gone becomes void. Doing it again changes nothing.
    """
    subject = HOLDS.c.order_id == order_id
    if order_id is None:
        subject = sa.and_(HOLDS.c.order_id.is_(None), HOLDS.c.customer_id == customer_id)
    query = sa.select(HOLDS).where(subject, HOLDS.c.kind.in_(kinds))
    known: dict[str, list[Any]] = {}
    for row in connection.execute(query):
        known.setdefault(row.match_key, []).append(row)
    wanted = {}
    authors = authors_of(connection, order_id, placed_by) if causes else frozenset()
    for cause in causes:
        passed = any(
            row.status == "allowed" and row.decided_by not in authors
            for row in known.get(cause.key, ())
        )
        if not passed and not (
            cause.kind == "screening" and is_cleared(connection, cause.key, authors)
        ):
            wanted[cause.key] = cause
    for key, rows in known.items():
        for row in rows:
            if row.status == "open" and key not in wanted:
                _set_status(desk, connection, row.id, "void", at, row.order_id or customer_id)
    last = None
    for key, cause in wanted.items():
        if any(row.status in ("open", "refused") for row in known.get(key, ())):
            continue
        if last is None:
            last = connection.execute(sa.select(sa.func.max(HOLDS.c.id))).scalar()
        last = new_id("h", at.utc_ns // 1_000_000, last)
        connection.execute(
            HOLDS.insert(),
            {
                "id": last,
                "customer_id": customer_id,
                "order_id": order_id,
                "kind": cause.kind,
                "match_key": key,
                "document": json.dumps(cause.document, ensure_ascii=True),
                "status": "open",
                "made_tai_ns": at.tai_ns,
                "until_tai_ns": None if cause.until is None else cause.until.tai_ns,
            },
        )
        body = {"hold": last, "kind": cause.kind, "cause": key}
        desk.audit.append(
            connection,
            at=at,
            by="offnadir",
            action="hold.open",
            subject=order_id or customer_id,
            body={**body, **_audited(cause)},
        )
    return len(wanted)


def _audited(cause: Cause) -> dict[str, Any]:
    """What of a cause stands in the audit log: no names of persons, which must be erasable."""
    kept = (
        "role",
        "list",
        "list_date",
        "list_sha256",
        "reference",
        "score",
        "stage",
        "effect",
        "rules",
    )
    return {key: cause.document[key] for key in kept if key in cause.document}


def _set_status(
    desk: Desk, connection: sa.Connection, hold_id: str, status: str, at: Epoch, subject: str
) -> None:
    connection.execute(
        HOLDS.update()
        .where(HOLDS.c.id == hold_id)
        .values(status=status, decided_tai_ns=at.tai_ns, decided_by="offnadir")
    )
    desk.audit.append(
        connection,
        at=at,
        by="offnadir",
        action=f"hold.{status}",
        subject=subject,
        body={"hold": hold_id},
    )


def void_holds(desk: Desk, connection: sa.Connection, order_id: str, at: Epoch) -> None:
    """Close what is open of an order that is over."""
    for hold in holds_of(connection, order_id, open_only=True):
        _set_status(desk, connection, hold.id, "void", at, order_id)


def forget_holds(desk: Desk, connection: sa.Connection, order_id: str, at: Epoch) -> None:
    """Close what is open of an order that becomes another, and permits: they were given for what it was."""
    for hold in holds_of(connection, order_id):
        if hold.status == "open" or (hold.status == "allowed" and hold.kind != "screening"):
            _set_status(desk, connection, hold.id, "void", at, order_id)


def sync_customer_holds(
    desk: Desk,
    connection: sa.Connection,
    customer: Customer,
    causes: Sequence[Cause],
    at: Epoch,
) -> int:
    """The same for a customer, apart from any order; how many are open."""
    return sync_holds(
        desk,
        connection,
        kinds=("screening", "not_screened"),
        causes=causes,
        customer_id=customer.id,
        order_id=None,
        placed_by=customer.added_by,
        at=at,
    )
