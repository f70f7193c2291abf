"""Placing an order: idempotency, quota, screening, restrictions, all in one transaction."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final

from offnadir._database import sa
from offnadir.epoch import Epoch
from offnadir.errors import InputError
from offnadir.tasking._audit import Said, turn
from offnadir.tasking._checks import Ruling, parties_of
from offnadir.tasking._holds import Cause, sync_holds
from offnadir.tasking._ids import new_id
from offnadir.tasking._moves import (
    Placed,
    by_checks,
    charge,
    history_row,
    move,
    read_placed,
    said_of_move,
)
from offnadir.tasking._order import Order
from offnadir.tasking._order_read import check_now
from offnadir.tasking._people import (
    CHECKS_NAME,
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
from offnadir.tasking.states import State, find_step
from offnadir.units import km

if TYPE_CHECKING:
    from offnadir.tasking._desk import Desk

_LONGEST_KEY: Final = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Examined:
    """What the checks found, before the transaction begins: they may take longer than a lock should."""

    screened_with: str
    causes: Sequence[Cause]
    ruling: Ruling


def place(
    desk: Desk, order: Order, *, by: str, key: str | None, customer: str | None
) -> tuple[Placed, bool]:
    """Place an order; the order as it stands then, and whether it is new.

    `customer` is an id or name; by default the user's own. The same `key` of the same customer with the same
    order gives the order that was placed before; with another order, InputError.
    """
    _check_key(key)
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
            return before, False
    check_webhook(desk, order)
    examined = examine(desk, order, who, desk.clock())
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
            return before, False
        check_now(order, now)
        return _insert(desk, connection, order, who, user, key, now, examined, stand), True


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
    webhook = order.delivery.get("webhook", "")
    refused = desk.refuses_url(webhook) if webhook else ""
    if refused:
        wish = "a public address, or one that the operation allows"
        raise InputError("delivery.webhook", webhook, wish, hint=refused)


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
    if row.digest != order.digest:
        hint = f"order {row.id} has it, and is another order"
        raise InputError(
            "key", row.idempotency_key, "a key that this customer has not used yet", hint=hint
        )
    return read_placed(row)


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
    placed = Placed(
        id=new_id("o", at.utc_ns // 1_000_000, last),
        customer_id=customer.id,
        placed_by=user.name,
        placed=at,
        state=State.RECEIVED,
        code="placed",
        changed=at,
        changes=1,
        held_from=None,
        document=json.dumps(order.document(), ensure_ascii=True),
        quota_month=month,
        quota_pictures=order.count,
        quota_area_m2=round(order.area_m2) * order.count,
        screened_with=examined.screened_with,
    )
    over = beyond(customer, month, used, placed.quota_pictures, placed.quota_area_m2)
    if over:
        placed = replace(placed, quota_pictures=0, quota_area_m2=0)
    step = find_step(placed.id, None, "received", "placed")
    lines = [history_row(placed.id, 1, State.RECEIVED, "placed", step.words, by=user.name, at=at)]
    body = {
        "customer": customer.id,
        "order_sha256": order.digest,
        "pictures": placed.quota_pictures,
        "area_m2": placed.quota_area_m2,
        "screened_with": examined.screened_with,
        "restrictions": dict(examined.ruling.document),
    }
    if key is not None:
        body["key"] = key
    said = [Said(at=at, by=user.name, action="order.place", subject=placed.id, body=body)]
    found, written = examined, placed
    if not (over or found.causes or found.ruling.causes) and found.ruling.outcome == "pass":
        written, line, entry = _accepted(placed, " ".join(found.ruling.told), at)
        lines.append(line)
        said.append(entry)
    connection.execute(ORDERS.insert(), _row(written, order, key))
    insert_rows(connection, HISTORY, lines)
    desk.audit.append_all(connection, said, head)
    if over:
        return by_checks(desk, connection, placed, "rejected", "quota", at, over)
    charge(connection, placed, sign=1)
    return written if len(lines) > 1 else pass_checks(desk, connection, placed, examined, at)


def _accepted(placed: Placed, told: str, at: Epoch) -> tuple[Placed, dict[str, Any], Said]:
    """An order that passed all checks as it came, with the line and the entry that say so."""
    step = find_step(placed.id, State.RECEIVED, "accepted", "passed")
    words = f"{step.words}: {told}" if told else step.words
    line = history_row(placed.id, 2, step.after, "passed", words, by=CHECKS_NAME, at=at)
    said = said_of_move(placed, step.after, "passed", by=CHECKS_NAME, at=at, detail=told)
    return replace(placed, state=step.after, code="passed", changes=2), line, said


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


def _row(placed: Placed, order: Order, key: str | None) -> dict[str, object]:
    return {
        "id": placed.id,
        "customer_id": placed.customer_id,
        "placed_by": placed.placed_by,
        "placed_tai_ns": placed.placed.tai_ns,
        "idempotency_key": key,
        "digest": order.digest,
        "document": placed.document,
        "title": order.title,
        "priority": order.priority,
        "deadline_tai_ns": None if order.deadline is None else order.deadline.tai_ns,
        "state": placed.state.value,
        "code": placed.code,
        "changed_tai_ns": placed.changed.tai_ns,
        "changes": placed.changes,
        "held_from": None,
        "is_open": True,
        "screened_with": placed.screened_with,
        "quota_month": placed.quota_month,
        "quota_pictures": placed.quota_pictures,
        "quota_area_m2": placed.quota_area_m2,
    }
