"""How things stand before an order is placed: who asks, for whom, with what key and quota."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any, Final

from offnadir._database import sa
from offnadir.epoch import Epoch
from offnadir.tasking._audit import Head
from offnadir.tasking._people import Customer, User, made_customer
from offnadir.tasking._tables import AUDIT_HEAD, CUSTOMERS, ORDERS, QUOTA_USE, USERS

_TURN_S: Final = 0.1
#: Has a statement answered: `Database.ask`, or within a transaction (`asker`).
Asks = Callable[[Any, Mapping[str, Any]], Sequence[Any]]


_MOST_SEEN: Final = 4096


@dataclass(frozen=True, slots=True, kw_only=True)
class Stand:
    """A user who orders for his own customer, whose row has `firm` as its document.

    `before` is the row of the order that was placed with the same key, if there is one; `last` the id of
    the last order; `used` pictures and m2 of the customer's month; `head` where the log ends.
    """

    user: User
    customer: Customer
    firm: str
    before: Any | None
    last: str | None
    used: tuple[int, int]
    head: Head


class Seen:
    """Who ordered lately, and for whom: it is likely to be so still, and looked up again where it counts."""

    def __init__(self) -> None:
        self._stands: dict[str, Stand] = {}
        self._turn = threading.Lock()

    @contextmanager
    def in_turn(self) -> Iterator[None]:
        """One at a time, as long as that goes quickly: what is written in order need not be written anew."""
        has_turn = self._turn.acquire(timeout=_TURN_S)
        try:
            yield
        finally:
            if has_turn:
                self._turn.release()

    def find(self, by: str) -> Stand | None:
        """How it stood for a user."""
        return self._stands.get(by)

    def keep(self, stand: Stand) -> None:
        """Remember a stand."""
        if len(self._stands) >= _MOST_SEEN:
            self._stands.clear()
        self._stands[stand.user.name] = replace(stand, before=None)

    def forget(self, by: str) -> None:
        """Something was not as it stood."""
        self._stands.pop(by, None)


def own_stand(asks: Asks, by: str, key: str | None, at: Epoch) -> Stand | None:
    """How it stands for a user's own customer; None for nobody's user, or one who has no customer."""
    rows = asks(_STAND, {"by": by, "key": key, "month": month_of(at)})
    if not rows or rows[0].firm_id is None:
        return None
    (row,) = rows
    return Stand(
        user=User(
            name=row.user_name, roles=tuple(row.user_roles.split(",")), customer_id=row.firm_id
        ),
        customer=made_customer(
            row.firm_id, row.firm_document, row.firm_added_by, row.firm_pictures, row.firm_m2
        ),
        firm=row.firm_document,
        before=None if row.id is None else row,
        last=row.last_id,
        used=(row.used_pictures or 0, row.used_m2 or 0),
        head=Head(row.head_seq, row.head_hash),
    )


def asker(connection: sa.Connection) -> Asks:
    """Asks within a transaction."""
    return lambda statement, told: connection.execute(statement, told).all()


def month_of(at: Epoch) -> str:
    """The calendar month that a quota counts for, such as "2026-05"."""
    return at.utc(9)[:7]  # nine digits: fewer would round into the next month


def quota_used(connection: sa.Connection, customer: Customer, month: str) -> tuple[int, int]:
    """Pictures and m2 that a customer's month has used."""
    row = connection.execute(_USED, {"customer": customer.id, "of_month": month}).one_or_none()
    return (0, 0) if row is None else (row.pictures, row.area_m2)


_USED: Final = sa.select(QUOTA_USE.c.pictures, QUOTA_USE.c.area_m2).where(
    QUOTA_USE.c.customer_id == sa.bindparam("customer"),
    QUOTA_USE.c.month == sa.bindparam("of_month"),
)
_LAST: Final = sa.select(sa.func.max(ORDERS.c.id)).correlate(None).scalar_subquery()
_FIRM: Final = CUSTOMERS.c
_MINE: Final = ORDERS.c.customer_id == _FIRM.id
_STAND: Final = (
    sa.select(
        USERS.c.name.label("user_name"), USERS.c.roles.label("user_roles"), _FIRM.id.label("firm_id"),
        _FIRM.document.label("firm_document"), _FIRM.added_by.label("firm_added_by"),
        _FIRM.quota_pictures.label("firm_pictures"), _FIRM.quota_area_m2.label("firm_m2"), *ORDERS.c,
        _LAST.label("last_id"), QUOTA_USE.c.pictures.label("used_pictures"),
        QUOTA_USE.c.area_m2.label("used_m2"), AUDIT_HEAD.c.seq.label("head_seq"),
        AUDIT_HEAD.c.hash.label("head_hash"),
    )
    .select_from(USERS)
    .join(AUDIT_HEAD, sa.true())
    .outerjoin(CUSTOMERS, _FIRM.id == USERS.c.customer_id)
    .outerjoin(ORDERS, sa.and_(_MINE, ORDERS.c.idempotency_key == sa.bindparam("key", type_=sa.String())))
    .outerjoin(
        QUOTA_USE,
        sa.and_(QUOTA_USE.c.customer_id == _FIRM.id, QUOTA_USE.c.month == sa.bindparam("month")),
    )
    .where(USERS.c.name == sa.bindparam("by"))
)  # fmt: skip
