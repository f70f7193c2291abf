"""A new list screens everybody anew, order by order: broken off at any point, it goes on where it was."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from offnadir._database import sa
from offnadir.tasking._audit import turn
from offnadir.tasking._checks import Roled, parties_of, screen_all, with_roles
from offnadir.tasking._deciding import go_on
from offnadir.tasking._fields import Reader
from offnadir.tasking._holds import Cause, holds_of, sync_customer_holds
from offnadir.tasking._moves import by_checks, find_order
from offnadir.tasking._order_read import read_order
from offnadir.tasking._parties import Named, read_named
from offnadir.tasking._people import Customer, acting, find_customer, read_customer
from offnadir.tasking._placing import matches, screen_placed
from offnadir.tasking._tables import CLEARANCES, CUSTOMERS, HOLDS, ORDERS
from offnadir.tasking.states import STOPPABLE, State

if TYPE_CHECKING:
    from offnadir.tasking._desk import Desk

_AT_ONCE: Final = 500
_WITH_CUSTOMER: Final = sa.select(
    ORDERS.c.id, ORDERS.c.customer_id, ORDERS.c.document, CUSTOMERS.c.document.label("who")
).join(CUSTOMERS, CUSTOMERS.c.id == ORDERS.c.customer_id)


@dataclass(frozen=True, slots=True, kw_only=True)
class Rescreened:
    """How many were screened, how many of them are held now, how many went on."""

    customers: int
    orders: int
    held: int
    cleared: int

    def document(self) -> dict[str, int]:
        """For JSON."""
        return {
            "customers": self.customers,
            "orders": self.orders,
            "held": self.held,
            "cleared": self.cleared,
        }


def rescreen(desk: Desk, *, by: str, report: Callable[[int], None] | None = None) -> Rescreened:
    """Screen all customers and all open orders that were not screened with these lists yet.

    Each is a transaction of its own; a second run finds nothing left to do.
    """
    with acting(desk, by, "rescreen") as (connection, _):
        left = _left(connection, desk.screened_with)
        if left:
            body = {"screened_with": desk.screened_with, "left": left}
            desk.audit.append(
                connection, at=desk.clock(), by=by, action="rescreen", subject="", body=body
            )
    customers = orders = held = cleared = 0
    for rows in _customers_left(desk):
        those = [read_customer(row) for row in rows]
        known = screen_all(desk.screener, [one.named for one in those])
        for one in those:
            _rescreen_customer(desk, one, known)
            customers += 1
        if report is not None:
            report(customers)
    for rows in _orders_left(desk):
        found = [_open_order(row) for row in rows]
        known = screen_all(desk.screener, [named for _, parties in found for _, named in parties])
        for order_id, parties in found:
            went = _rescreen_order(desk, order_id, with_roles(parties, known))
            orders, held, cleared = (
                orders + 1,
                held + (went == "held"),
                cleared + (went == "cleared"),
            )
        if report is not None:
            report(customers + orders)
    cleared += settle(desk)
    return Rescreened(customers=customers, orders=orders, held=held, cleared=cleared)


def settle(desk: Desk) -> int:
    """Let orders go on whose matches somebody cleared since, and which wait for nothing else; how many."""
    query = (
        sa.select(
            HOLDS.c.order_id, HOLDS.c.customer_id, ORDERS.c.placed_by, CLEARANCES.c.decided_by
        )
        .join(CLEARANCES, CLEARANCES.c.match_key == HOLDS.c.match_key)
        .join(ORDERS, ORDERS.c.id == HOLDS.c.order_id, isouter=True)
        .where(HOLDS.c.status == "open", HOLDS.c.kind == "screening")
    )
    with desk.database.read() as connection:
        rows = connection.execute(query).all()
    orders = {r.order_id for r in rows if r.order_id is not None and r.placed_by != r.decided_by}
    cleared = 0
    with desk.database.read() as connection:
        firms = {row.customer_id for row in rows if row.order_id is None}
        those = [find_customer(connection, one) for one in sorted(firms)]
        found = [
            _open_order(connection.execute(_WITH_CUSTOMER.where(ORDERS.c.id == one)).one())
            for one in sorted(orders)
        ]
    for one in those:
        _rescreen_customer(desk, one, screen_all(desk.screener, [one.named]))
    for order_id, parties in found:
        causes = with_roles(parties, screen_all(desk.screener, [named for _, named in parties]))
        cleared += _rescreen_order(desk, order_id, causes) == "cleared"
    return cleared


def _left(connection: sa.Connection, digest: str) -> int:
    count = 0
    for table, which in ((CUSTOMERS, sa.true()), (ORDERS, ORDERS.c.is_open)):
        query = sa.select(sa.func.count()).select_from(table)
        count += connection.execute(
            query.where(table.c.screened_with != digest, which)
        ).scalar_one()
    return count


def _customers_left(desk: Desk) -> Iterator[Sequence[Any]]:
    after = ""
    while True:
        query = (
            sa.select(CUSTOMERS)
            .where(CUSTOMERS.c.screened_with != desk.screened_with, CUSTOMERS.c.id > after)
            .order_by(CUSTOMERS.c.id)
            .limit(_AT_ONCE)
        )
        with desk.database.read() as connection:
            rows = connection.execute(query).all()
        if not rows:
            return
        yield rows
        after = rows[-1].id


def _orders_left(desk: Desk) -> Iterator[Sequence[Any]]:
    after = ""
    while True:
        query = (
            _WITH_CUSTOMER.where(
                ORDERS.c.screened_with != desk.screened_with, ORDERS.c.is_open, ORDERS.c.id > after
            )
            .order_by(ORDERS.c.id)
            .limit(_AT_ONCE)
        )
        with desk.database.read() as connection:
            rows = connection.execute(query).all()
        if not rows:
            return
        yield rows
        after = rows[-1].id


def _open_order(row: Any) -> tuple[str, list[Roled]]:
    """An order and all whom it serves."""
    customer = Customer(id=row.customer_id, named=_named(row.who), added_by="")
    return row.id, parties_of(customer, read_order(json.loads(row.document)))


def _named(document: str) -> Named:
    named = read_named(json.loads(document), "customer", Reader())
    assert named is not None
    return named


def _rescreen_customer(
    desk: Desk, customer: Customer, known: Mapping[Named, Sequence[Cause]]
) -> None:
    causes = with_roles([("customer", customer.named)], known)
    with turn(desk.database) as connection:
        sync_customer_holds(desk, connection, customer, causes, desk.clock())
        connection.execute(
            CUSTOMERS.update()
            .where(CUSTOMERS.c.id == customer.id)
            .values(screened_with=desk.screened_with)
        )


def _rescreen_order(desk: Desk, order_id: str, causes: Sequence[Cause]) -> str:
    """Screen one order anew: "held" if it is held now and was not, "cleared" if it goes on, else ""."""
    with turn(desk.database) as connection:
        placed, at = find_order(connection, order_id, None, "rescreen"), desk.clock()
        if not placed.is_open:
            return ""
        opened = screen_placed(desk, connection, placed, causes, at)
        connection.execute(
            ORDERS.update().where(ORDERS.c.id == order_id).values(screened_with=desk.screened_with)
        )
        if opened is not None:
            if placed.state in STOPPABLE:
                by_checks(desk, connection, placed, "held", opened[0], at, matches(opened[1]))
                return "held"
            return ""
        if placed.state is State.HELD and not holds_of(connection, order_id, open_only=True):
            after = go_on(desk, connection, placed, at, released_by=None)
            return "" if after.state is State.HELD else "cleared"
        return ""
