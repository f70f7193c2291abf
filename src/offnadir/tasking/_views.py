"""What is told of an order: state, history, and what it waits for; to customers less than to the house."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import groupby
from typing import TYPE_CHECKING, Any, Final

from offnadir._database import sa
from offnadir.epoch import Epoch
from offnadir.errors import InputError
from offnadir.tasking._holds import Hold, read_hold
from offnadir.tasking._ids import is_id
from offnadir.tasking._moves import Placed, find_order, order_for, read_placed
from offnadir.tasking._people import (
    USER_OF_NAME,
    RefusedError,
    User,
    find_customer,
    may,
    read_user,
    recording_refusals,
    seeing,
)
from offnadir.tasking._roles import MAY
from offnadir.tasking._tables import CUSTOMERS, HISTORY, HOLDS, ORDERS, RELEASES, USERS
from offnadir.tasking.states import FINAL, MEANING, State

if TYPE_CHECKING:
    from offnadir.tasking._desk import Desk

MOST_AT_ONCE: Final = 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One line of an order's history."""

    at: Epoch
    state: State
    code: str
    words: str
    by: str


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderView:
    """An order with its history. `holds` is empty for who may not see them; `waits_for` says what is next."""

    placed: Placed
    customer: str
    history: tuple[Line, ...]
    holds: tuple[Hold, ...]
    waits_for: str
    products: tuple[tuple[str, str], ...]

    def document(self) -> dict[str, Any]:
        """For JSON."""
        placed = self.placed
        return {
            "id": placed.id,
            "state": placed.state.value,
            "code": placed.code,
            "waits_for": self.waits_for,
            "customer": placed.customer_id,
            "customer_name": self.customer,
            "placed_by": placed.placed_by,
            "placed": placed.placed.utc(3),
            "changed": placed.changed.utc(3),
            "order": json.loads(placed.document),
            "history": [
                {
                    "at": one.at.utc(3),
                    "state": one.state.value,
                    "code": one.code,
                    "words": one.words,
                    "by": one.by,
                }
                for one in self.history
            ],
            "holds": [hold.to_dict() for hold in self.holds],
            "products": [{"id": name, "status": status} for name, status in self.products],
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """An order in a list."""

    id: str
    state: State
    code: str
    title: str
    customer_id: str
    customer: str
    priority: int
    placed: Epoch
    changed: Epoch

    def document(self) -> dict[str, Any]:
        """For JSON."""
        return {
            "id": self.id,
            "state": self.state.value,
            "code": self.code,
            "title": self.title,
            "customer": self.customer_id,
            "customer_name": self.customer,
            "priority": self.priority,
            "placed": self.placed.utc(3),
            "changed": self.changed.utc(3),
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """Orders, the latest first; `next` is what to give as `before` for those that follow, None at the end."""

    rows: tuple[Row, ...]
    next: str | None


def show(desk: Desk, order_id: str, *, by: str) -> OrderView:
    """One order, with all that this user may know of it."""
    if not is_id("o", order_id):
        with seeing(desk, by, "order.see", order_id) as (connection, user):
            find_order(connection, order_id, user, "order.see")
    with recording_refusals(desk):
        rows = desk.database.ask(_ONE, {"order": order_id, "by": by})
        user = may(_asker(rows), by, "order.see", order_id)
        first = rows[0]
        placed = order_for(first if first.id else None, order_id, user, "order.see")
    if not _is_plain(rows):
        with desk.database.read() as connection:
            return _views_of(
                connection, user, [find_order(connection, order_id, user, "order.see")]
            )[0]
    return _plain_view(placed, rows, user)


def show_many(
    desk: Desk, *, by: str, limit: int = 100, before: str | None = None, state: str | None = None
) -> tuple[tuple[OrderView, ...], str | None]:
    """Orders that this user may see as `show` tells them, the latest first, and what is `before` next."""
    _check_page(state, limit, before)
    with recording_refusals(desk):
        found = desk.database.ask(USER_OF_NAME, {"name": by})
        user = may(read_user(found[0]) if found else None, by, "order.see")
    whose = None if user.sees_all else user.customer_id or ""
    told = {"whose": whose, "state": state, "before": before}
    told = {key: value for key, value in told.items() if value is not None}
    rows = desk.database.ask(_many(frozenset(told)), {**told, "most": limit + 1})
    each = {key: list(lines) for key, lines in groupby(rows, key=lambda row: row.id)}
    shown = list(each.values())[:limit]
    following = shown[-1][0].id if len(each) > limit else None
    if all(map(_is_plain, shown)):
        views = [_plain_view(read_placed(lines[0]), lines, user) for lines in shown]
    else:
        with desk.database.read() as connection:
            again = connection.execute(_AGAIN, {"ids": [lines[0].id for lines in shown]})
            views = _views_of(connection, user, [read_placed(row) for row in again])
    return tuple(views), following


#: Of an order and its lines what is not in the order itself. Most orders have no holds and no products yet:
#: where there are any, they are asked for.
_LINES: Final = (
    CUSTOMERS.c.name.label("customer"),
    HISTORY.c.at_tai_ns.label("line_at"),
    HISTORY.c.state.label("line_state"),
    HISTORY.c.code.label("line_code"),
    HISTORY.c.words.label("line_words"),
    HISTORY.c.by.label("line_by"),
)
_ONE: Final = (
    sa.select(
        USERS.c.name, USERS.c.roles, USERS.c.customer_id.label("users_customer"), *ORDERS.c, *_LINES,
        sa.exists().where(HOLDS.c.order_id == ORDERS.c.id).label("has_holds"),
        sa.exists().where(RELEASES.c.order_id == ORDERS.c.id).label("has_products"),
    )
    .select_from(USERS)
    .outerjoin(ORDERS, ORDERS.c.id == sa.bindparam("order"))
    .outerjoin(CUSTOMERS, CUSTOMERS.c.id == ORDERS.c.customer_id)
    .outerjoin(HISTORY, HISTORY.c.order_id == ORDERS.c.id)
    .where(USERS.c.name == sa.bindparam("by"))
    .order_by(HISTORY.c.number)
)  # fmt: skip
_AGAIN: Final = (
    sa.select(ORDERS)
    .where(ORDERS.c.id.in_(sa.bindparam("ids", expanding=True)))
    .order_by(ORDERS.c.id.desc())
)


@cache
def _many(told: frozenset[str]) -> sa.Executable:
    """A page of orders with their lines, bound by what is told: whose they are, state, and before which."""
    page = sa.select(ORDERS).order_by(ORDERS.c.id.desc()).limit(sa.bindparam("most"))
    if "whose" in told:
        page = page.where(ORDERS.c.customer_id == sa.bindparam("whose"))
    if "state" in told:
        page = page.where(ORDERS.c.state == sa.bindparam("state"))
    if "before" in told:
        page = page.where(ORDERS.c.id < sa.bindparam("before"))
    orders = page.subquery("page")
    return (
        sa.select(
            *orders.c, *_LINES,
            sa.exists().where(HOLDS.c.order_id == orders.c.id).label("has_holds"),
            sa.exists().where(RELEASES.c.order_id == orders.c.id).label("has_products"),
        )
        .select_from(orders)
        .join(CUSTOMERS, CUSTOMERS.c.id == orders.c.customer_id)
        .join(HISTORY, HISTORY.c.order_id == orders.c.id)
        .order_by(orders.c.id.desc(), HISTORY.c.number)
    )  # fmt: skip


def _asker(rows: Sequence[Any]) -> User | None:
    """Who asks, of rows that tell it."""
    if not rows:
        return None
    first = rows[0]
    return User(
        name=first.name, roles=tuple(first.roles.split(",")), customer_id=first.users_customer
    )


def _is_plain(rows: Sequence[Any]) -> bool:
    """Whether an order of these rows has neither holds nor products."""
    return not (rows[0].has_holds or rows[0].has_products)


def _plain_view(placed: Placed, rows: Sequence[Any], user: User) -> OrderView:
    lines = (
        _line(user, row.line_at, row.line_state, row.line_code, row.line_words, row.line_by)
        for row in rows
    )
    return _bare_view(placed, rows[0].customer, lines)


def new_view(
    placed: Placed, customer: str, lines: Sequence[Mapping[str, Any]], user: User
) -> OrderView:
    """An order that was just written with these lines, as `show` would tell it."""
    told = (
        _line(user, one["at_tai_ns"], one["state"], one["code"], one["words"], one["by"])
        for one in lines
    )
    return _bare_view(placed, customer, told)


def _bare_view(placed: Placed, customer: str, lines: Iterable[Line]) -> OrderView:
    """An order that has neither holds nor products."""
    return OrderView(
        placed=placed, customer=customer, history=tuple(lines), holds=(), waits_for=waits_for(placed, ()),
        products=(),
    )  # fmt: skip


_IDS: Final[sa.BindParameter[Any]] = sa.bindparam("ids", expanding=True)
_HISTORY_OF: Final = (
    sa.select(HISTORY)
    .where(HISTORY.c.order_id.in_(_IDS))
    .order_by(HISTORY.c.order_id, HISTORY.c.number)
)
_HOLDS_OF: Final = sa.select(HOLDS).where(HOLDS.c.order_id.in_(_IDS)).order_by(HOLDS.c.id)
_RELEASES_OF: Final = (
    sa.select(RELEASES.c.order_id, RELEASES.c.product_id, RELEASES.c.status)
    .where(RELEASES.c.order_id.in_(_IDS))
    .order_by(RELEASES.c.at_tai_ns, RELEASES.c.product_id)
)
_FIRMS_OF: Final = sa.select(CUSTOMERS.c.id, CUSTOMERS.c.name).where(CUSTOMERS.c.id.in_(_IDS))


def _views_of(connection: sa.Connection, user: User, orders: Sequence[Placed]) -> list[OrderView]:
    """Orders with history, holds and products: four queries, however many they are."""
    ids = [one.id for one in orders]
    lines: dict[str, list[Any]] = {one: [] for one in ids}
    holds: dict[str, list[Hold]] = {one: [] for one in ids}
    products: dict[str, list[tuple[str, str]]] = {one: [] for one in ids}
    for row in connection.execute(_HISTORY_OF, {"ids": ids}):
        lines[row.order_id].append(row)
    for row in connection.execute(_HOLDS_OF, {"ids": ids}):
        holds[row.order_id].append(read_hold(row))
    for row in connection.execute(_RELEASES_OF, {"ids": ids}):
        products[row.order_id].append((row.product_id, row.status))
    firms = {"ids": sorted({one.customer_id for one in orders})}
    names = {row.id: row.name for row in connection.execute(_FIRMS_OF, firms)}
    sees_holds = bool(set(user.roles) & set(MAY["hold.see"]))
    return [
        OrderView(
            placed=one,
            customer=names[one.customer_id],
            history=tuple(
                _line(user, row.at_tai_ns, row.state, row.code, row.words, row.by)
                for row in lines[one.id]
            ),
            holds=tuple(holds[one.id]) if sees_holds else (),
            waits_for=waits_for(one, [hold for hold in holds[one.id] if hold.status == "open"]),
            products=tuple(products[one.id]),
        )
        for one in orders
    ]


def _line(user: User, at_tai_ns: int, state: str, code: str, words: str, by: str) -> Line:
    """A line of a history as this user may see it."""
    return Line(
        at=Epoch(at_tai_ns), state=State(state), code=code, words=words, by=_shown_by(by, user)
    )


def _shown_by(name: str, user: User) -> str:
    """Who took a step; a customer does not learn the names of those who work for the operator."""
    return name if user.sees_all or name in (user.name, "offnadir") else "the operator"


def waits_for(placed: Placed, waiting: Sequence[Hold]) -> str:
    """What the state of an order means for it, in one sentence that everybody may read."""
    if placed.state is not State.HELD:
        return MEANING[placed.state]
    matches = sum(hold.kind == "screening" for hold in waiting)
    if any(hold.kind == "not_screened" for hold in waiting):
        return "held: nobody could be screened yet, for want of a sanctions list"
    if matches:
        noun = "match" if matches == 1 else "matches"
        return f"held: screening found {matches} possible {noun}; a releaser decides"
    if any(hold.kind == "permit" for hold in waiting):
        return "held: it needs a permit; a releaser decides"
    ends = [hold.until for hold in waiting if hold.until is not None]
    if ends:
        return f"held: it may be released from {max(ends).utc(0)}"
    return "held: a releaser decides"


def list_orders(
    desk: Desk,
    *,
    by: str,
    state: str | None = None,
    customer: str | None = None,
    is_open: bool = False,
    limit: int = 100,
    before: str | None = None,
) -> Page:
    """Orders that this user may see, the latest first: of one state, of one customer, only open ones."""
    _check_page(state, limit, before)
    with seeing(desk, by, "order.see", customer or "") as (connection, user):
        query = sa.select(ORDERS, CUSTOMERS.c.name.label("customer")).join(
            CUSTOMERS, CUSTOMERS.c.id == ORDERS.c.customer_id
        )
        whose = _whose(connection, user, customer)
        if whose is not None:
            query = query.where(ORDERS.c.customer_id == whose)
        if state is not None:
            query = query.where(ORDERS.c.state == state)
        if is_open and (state is None or State(state) in FINAL):
            query = query.where(ORDERS.c.is_open)
        if before is not None:
            query = query.where(ORDERS.c.id < before)
        found = connection.execute(query.order_by(ORDERS.c.id.desc()).limit(limit + 1)).all()
    rows = tuple(
        Row(
            id=row.id,
            state=State(row.state),
            code=row.code,
            title=row.title,
            customer_id=row.customer_id,
            customer=row.customer,
            priority=row.priority,
            placed=Epoch(row.placed_tai_ns),
            changed=Epoch(row.changed_tai_ns),
        )
        for row in found[:limit]
    )
    return Page(rows=rows, next=rows[-1].id if len(found) > limit else None)


def _check_page(state: str | None, limit: int, before: str | None) -> None:
    if state is not None and state not in {one.value for one in State}:
        raise InputError("state", state, " or ".join(State))
    if not 1 <= limit <= MOST_AT_ONCE:
        raise InputError("limit", limit, f"a whole number from 1 to {MOST_AT_ONCE}")
    if before is not None and not is_id("o", before):
        raise InputError("before", before, "the id of an order")


def _whose(connection: sa.Connection, user: User, customer: str | None) -> str | None:
    """The customer whose orders are listed; None is all of them."""
    if user.sees_all:
        return None if customer is None else find_customer(connection, customer).id
    own = find_customer(connection, user.customer_id or "")
    if customer is not None and customer not in (own.id, own.named.name):
        told = f"there is no customer {customer}"
        why = "a customer's user sees that customer's orders alone"
        raise RefusedError(user.name, "order.see", customer, why, told=told)
    return own.id


def open_holds(desk: Desk, *, by: str, limit: int = MOST_AT_ONCE) -> list[Hold]:
    """What waits for a decision, oldest first."""
    with seeing(desk, by, "hold.see") as (connection, _):
        query = sa.select(HOLDS).where(HOLDS.c.status == "open").order_by(HOLDS.c.id).limit(limit)
        return [read_hold(row) for row in connection.execute(query)]
