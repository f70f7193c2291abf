"""Placing an order: idempotency, quota, screening, restrictions, all in one transaction."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from offnadir._database import sa
from offnadir.epoch import Epoch
from offnadir.errors import InputError, InputProblems
from offnadir.tasking._at_once import write_at_once
from offnadir.tasking._audit import turn
from offnadir.tasking._checks import parties_of
from offnadir.tasking._holds import Cause, sync_holds
from offnadir.tasking._moves import (
    Placed,
    by_checks,
    charge,
    move,
    read_placed,
)
from offnadir.tasking._new_order import Examined, new_order
from offnadir.tasking._order import Order
from offnadir.tasking._order_read import check_now
from offnadir.tasking._people import (
    Customer,
    RefusedError,
    User,
    allowed,
    find_customer,
    find_user,
    may,
    recording_refusals,
)
from offnadir.tasking._roles import MAY
from offnadir.tasking._stand import Stand, asker, month_of, own_stand, quota_used
from offnadir.tasking._tables import HISTORY, ORDERS, insert_rows
from offnadir.tasking._views import OrderView, new_view
from offnadir.tasking.states import State
from offnadir.units import km

if TYPE_CHECKING:
    from offnadir.tasking._desk import Desk

_LONGEST_KEY: Final = 200
#: How often an order that another process overtook is written anew before it is placed the slow way.
_TRIES: Final = 4
#: What a user does who places an order and sees what became of it.
_DONE_HERE: Final = ("order.place", "order.see")


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """An order that was placed, now or before with the same key; `view` where it is known already."""

    placed: Placed
    is_new: bool
    view: OrderView | None = None


class KeyUsedError(InputError):
    """An idempotency key that belongs to another order of this customer."""


def place(desk: Desk, order: Order, *, by: str, key: str | None, customer: str | None) -> Outcome:
    """Place an order; the order as it stands then, and whether it is new.

    `customer` is an id or name; by default the user's own. The same `key` of the same customer with the same
    order gives the order that was placed before; with another order, InputError.
    """
    _check_key(key)
    seen = None if customer is not None else desk.seen.find(by)
    if seen is not None and not _refused_webhook(desk, order):
        examined = examine(desk, order, seen.customer, desk.clock())
        done = _at_once(desk, order, seen, key, examined)
        if done is not None:
            return done
        desk.seen.forget(by)
    with recording_refusals(desk):
        stand = (
            None if customer is not None else own_stand(desk.database.ask, by, key, desk.clock())
        )
        asks: User | None
        if stand is not None:
            asks, who = stand.user, stand.customer
            before = _same(stand.before, order)
        else:
            with desk.database.read() as connection:
                asks = find_user(connection, by)
                who = customer_of(connection, asks, by, customer)
                before = _placed_before(connection, who, order, key)
        if before is not None and asks is not None and set(asks.roles) & set(MAY["order.place"]):
            return Outcome(placed=before, is_new=False)
    check_webhook(desk, order)
    examined = examine(desk, order, who, desk.clock())
    if stand is not None and seen is None:
        done = _at_once(desk, order, stand, key, examined)
        if done is not None:
            desk.seen.keep(stand)
            return done
    with recording_refusals(desk), turn(desk.database) as connection:
        now = desk.clock()
        stand = None if customer is not None else own_stand(asker(connection), by, key, now)
        if stand is not None and stand.customer.id == who.id:
            user, who = may(stand.user, by, "order.place", who.id), stand.customer
            before = _same(stand.before, order)
        else:
            user = allowed(connection, by, "order.place", who.id)
            customer_of(connection, user, by, customer)
            before = _placed_before(connection, who, order, key)
            who, stand = find_customer(connection, who.id), None
        if before is not None:
            return Outcome(placed=before, is_new=False)
        check_now(order, now)
        placed = _insert(desk, connection, order, who, user, key, now, examined, stand)
        return Outcome(placed=placed, is_new=True)


def _at_once(
    desk: Desk, order: Order, stand: Stand, key: str | None, examined: Examined
) -> Outcome | None:
    """Place an order that nothing stands in the way of, if its user and customer are as in `stand`."""
    user, customer = stand.user, stand.customer
    if desk.database.dialect != "postgresql" or not examined.is_plain:
        return None
    if not all(set(user.roles) & set(MAY[one]) for one in _DONE_HERE):
        return None
    at = desk.clock()
    try:
        check_now(order, at)
    except (InputError, InputProblems):
        return None  # unless it was placed before, with the same key
    with desk.seen.in_turn():
        for _ in range(_TRIES):
            before, at = at, desk.clock()
            new = new_order(order, customer, user, key, at, examined, last=None)
            done = write_at_once(desk.database, stand, new.row, new.lines, new.said)
            if done is not None or at == before:  # nobody overtook it, or the clock stands
                break
    if not done:
        return None
    view = new_view(new.written, customer.named.name, new.lines, user)
    return Outcome(placed=new.written, is_new=True, view=view)


def examine(desk: Desk, order: Order, customer: Customer, at: Epoch) -> Examined:
    """Screen everybody and ask the restrictions: nothing is written."""
    parties = parties_of(customer, order)
    return Examined(
        screened_with=desk.screened_with,
        causes=desk.screen(parties),
        ruling=desk.rule("order", order, parties, at, {}),
    )


def check_webhook(desk: Desk, order: Order) -> None:
    """InputError for a webhook to which nothing would ever be posted."""
    refused = _refused_webhook(desk, order)
    if refused:
        wish = "a public address, or one that the operation allows"
        raise InputError("delivery.webhook", order.delivery["webhook"], wish, hint=refused)


def _refused_webhook(desk: Desk, order: Order) -> str:
    """Why nothing would be posted to an order's webhook; "" if it would, or if it has none."""
    webhook = order.delivery.get("webhook", "")
    return desk.refuses_url(webhook) if webhook else ""


def _check_key(key: str | None) -> None:
    if key is not None and not (0 < len(key) <= _LONGEST_KEY and key.isprintable()):
        raise InputError("key", key, f"a text of 1 to {_LONGEST_KEY} printable characters")


def customer_of(
    connection: sa.Connection, user: User | None, by: str, customer: str | None
) -> Customer:
    """For whom the order is; a customer's user orders for that customer alone."""
    action = "order.place"
    if user is None:
        raise RefusedError(by, action, customer or "", "no user of this database has that name")
    if customer is None:
        if user.customer_id is None:
            raise InputError("customer", customer, "given, since you place orders for several")
        return find_customer(connection, user.customer_id)
    if user.sees_all:
        return find_customer(connection, customer)
    own = find_customer(connection, user.customer_id or "")
    if customer not in (own.id, own.named.name):
        why = "a customer's user orders for that customer alone"
        raise RefusedError(by, action, customer, why)
    return own


def _placed_before(
    connection: sa.Connection, customer: Customer, order: Order, key: str | None
) -> Placed | None:
    if key is None:
        return None
    query = sa.select(ORDERS).where(
        ORDERS.c.customer_id == customer.id, ORDERS.c.idempotency_key == key
    )
    return _same(connection.execute(query).one_or_none(), order)


def _same(row: Any, order: Order) -> Placed | None:
    """The order of a row that has this order's key, if there is one: it must be the same order."""
    if row is None:
        return None
    placed = read_placed(row)
    # It may have been amended meanwhile, and is the same order as it was placed and as it is.
    if order.digest not in (row.digest, placed.order.digest):
        hint = f"order {row.id} has it, and is another order"
        raise KeyUsedError(
            "key", row.idempotency_key, "a key that this customer has not used yet", hint=hint
        )
    return placed


def _insert(
    desk: Desk,
    connection: sa.Connection,
    order: Order,
    customer: Customer,
    user: User,
    key: str | None,
    at: Epoch,
    examined: Examined,
    stand: Stand | None,
) -> Placed:
    """Write an order as far as the checks let it; what stands in no way is written at one go."""
    month = month_of(at)
    if stand is None:
        last = connection.execute(sa.select(sa.func.max(ORDERS.c.id))).scalar()
        used, head = quota_used(connection, customer, month), None
    else:
        last, used, head = stand.last, stand.used, stand.head
    over = beyond(customer, month, used, order.count, round(order.area_m2) * order.count)
    new = new_order(order, customer, user, key, at, examined, last=last, is_over=bool(over))
    connection.execute(ORDERS.insert(), new.row)
    insert_rows(connection, HISTORY, new.lines)
    desk.audit.append_all(connection, new.said, head)
    if over:
        return by_checks(desk, connection, new.placed, "rejected", "quota", at, over)
    charge(connection, new.placed, sign=1)
    if new.is_accepted:
        return new.written
    return pass_checks(desk, connection, new.placed, examined, at)


def pass_checks(
    desk: Desk,
    connection: sa.Connection,
    placed: Placed,
    examined: Examined,
    at: Epoch,
    *,
    released_by: str | None = None,
) -> Placed:
    """Take an order that is received, or held before it was accepted, as far as screening and rules let it.

    `released_by` is the releaser whose decision brought it here.
    """
    opened = screen_placed(desk, connection, placed, examined.causes, at)
    is_held = placed.state is State.HELD
    if opened:
        if is_held:
            return placed
        return by_checks(desk, connection, placed, "held", opened[0], at, matches(opened[1]))
    ruling = examined.ruling
    if ruling.outcome == "deny":
        told = " ".join(ruling.told)
        return by_checks(desk, connection, placed, "rejected", "restriction", at, told)
    count = sync_holds(
        desk,
        connection,
        kinds=("permit",),
        causes=ruling.causes,
        customer_id=placed.customer_id,
        order_id=placed.id,
        placed_by=placed.placed_by,
        at=at,
    )
    told = " ".join(ruling.told)
    if count:
        if is_held and placed.code == "permit":
            return placed
        return by_checks(desk, connection, placed, "held", "permit", at, told)
    if not is_held:
        return by_checks(desk, connection, placed, "accepted", "passed", at, told)
    if released_by is None:
        return by_checks(desk, connection, placed, "accepted", "cleared", at, told)
    return move(
        desk, connection, placed, "accepted", "released",
        by=released_by, who=("releaser",), at=at, detail=told,
    )  # fmt: skip


def screen_placed(
    desk: Desk, connection: sa.Connection, placed: Placed, causes: Sequence[Cause], at: Epoch
) -> tuple[str, int] | None:
    """Let the screening holds of an order be those of `causes`: what kind is open, and how many, or None."""
    count = sync_holds(
        desk,
        connection,
        kinds=("screening", "not_screened"),
        causes=causes,
        customer_id=placed.customer_id,
        order_id=placed.id,
        placed_by=placed.placed_by,
        at=at,
    )
    if not count:
        return None
    unscreened = any(cause.kind == "not_screened" for cause in causes)
    return ("not_screened" if unscreened else "screening"), count


def matches(count: int) -> str:
    """How many possible matches, as it is told: never with whom."""
    return "" if count == 1 else f"{count} of them"


def over_quota(
    connection: sa.Connection, customer: Customer, month: str, pictures: int, area_m2: int
) -> str:
    """What goes beyond the month's quota, in words; "" if nothing does."""
    return beyond(customer, month, quota_used(connection, customer, month), pictures, area_m2)


def beyond(
    customer: Customer, month: str, used: tuple[int, int], pictures: int, area_m2: int
) -> str:
    """The same of what was used already: pictures, and m2."""
    pictures, area_m2 = pictures + used[0], area_m2 + used[1]
    if customer.quota_pictures is not None and pictures > customer.quota_pictures:
        return f"{pictures} pictures in {month}, of {customer.quota_pictures}"
    if customer.quota_area_m2 is not None and area_m2 > customer.quota_area_m2:
        all_km2, most_km2 = area_m2 / km**2, customer.quota_area_m2 / km**2
        return f"{all_km2:,.1f} km2 in {month}, of {most_km2:,.1f} km2"
    return ""
