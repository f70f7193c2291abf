"""Changing an order that has no picture on its way: checked as a new one would be, or left as it was."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from offnadir._database import sa
from offnadir.errors import OffnadirError
from offnadir.tasking._audit import turn
from offnadir.tasking._holds import forget_holds
from offnadir.tasking._moves import Placed, charge, find_order, is_delivered, move
from offnadir.tasking._new_order import Examined
from offnadir.tasking._order import Order
from offnadir.tasking._order_read import check_now
from offnadir.tasking._people import Customer, acting, find_customer, seeing
from offnadir.tasking._placing import (
    check_webhook,
    customer_of,
    examine,
    over_quota,
    pass_checks,
)
from offnadir.tasking._tables import ORDERS
from offnadir.tasking.states import State, StepError

if TYPE_CHECKING:
    from offnadir.tasking._desk import Desk


class NotAmendedError(OffnadirError):
    """The order as it would be is not allowed, so it stays what it was."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Quote:
    """What would become of an order if it were placed now: state, reason code, words for the customer."""

    state: str
    code: str
    told: tuple[str, ...]

    def document(self) -> dict[str, Any]:
        """For JSON."""
        return {"state": self.state, "code": self.code, "told": list(self.told)}


def quote(desk: Desk, order: Order, *, by: str, customer: str | None) -> Quote:
    """What would become of an order if it were placed now; that somebody asked stands in the audit log."""
    with seeing(desk, by, "order.place", customer or "") as (connection, user):
        who = customer_of(connection, user, by, customer)
        now = desk.clock()
        check_now(order, now)
        month = now.utc(9)[:7]
        area_m2 = round(order.area_m2) * order.count
        over = over_quota(connection, who, month, order.count, area_m2)
    check_webhook(desk, order)
    found = _quoted(examine(desk, order, who, now), over)
    body = {"order_sha256": order.digest, "would_be": found.state, "code": found.code}
    with turn(desk.database) as connection:
        desk.audit.append(
            connection, at=now, by=by, action="order.quote", subject=who.id, body=body
        )
    return found


def _quoted(found: Examined, over: str) -> Quote:
    if over:
        return Quote(state="rejected", code="quota", told=(over,))
    if found.causes:
        kind = "not_screened" if found.causes[0].kind == "not_screened" else "screening"
        return Quote(state="held", code=kind, told=("a person has to look at it",))
    ruling = found.ruling
    state, code = {
        "deny": ("rejected", "restriction"), "hold": ("held", "permit"), "pass": ("accepted", "passed"),
    }[ruling.outcome]  # fmt: skip
    return Quote(state=state, code=code, told=ruling.told)


def amend(desk: Desk, order_id: str, change: Callable[[Order], Order], *, by: str) -> Placed:
    """Let an order be what `change` makes of it; the order as it stands then.

    It is screened and judged again, and counted anew against the month in which it was placed. One that a
    restriction or the quota would reject stays as it was (NotAmendedError), as does the place and recurrence
    of one of which a picture was delivered; StepError once its picture is with the satellite.
    """
    with seeing(desk, by, "order.amend", order_id) as (connection, user):
        before = find_order(connection, order_id, user, "order.amend")
        who = find_customer(connection, before.customer_id)
    _check_state(before)
    after = change(before.order)
    if after.digest == before.order.digest:
        return before
    if after.delivery != before.order.delivery:
        check_webhook(desk, after)
    found = examine(desk, after, who, desk.clock())
    with acting(desk, by, "order.amend", order_id) as (connection, user):
        placed = find_order(connection, order_id, user, "order.amend")
        if placed.document != before.document:
            raise NotAmendedError(f"order {order_id} was changed by somebody else meanwhile")
        _check_state(placed)
        _check_delivered(connection, placed, after)
        now = desk.clock()
        check_now(after, now)
        if found.ruling.outcome == "deny":
            told = " ".join(found.ruling.told)
            raise NotAmendedError(
                f"order {order_id} stays as it was: a restriction forbids that: {told}"
            )
        charge(connection, placed, sign=-1)
        amended = replace(
            placed,
            document=json.dumps(after.document(), ensure_ascii=True),
            quota_pictures=after.count,
            quota_area_m2=round(after.area_m2) * after.count,
            screened_with=found.screened_with,
        )
        _check_quota(connection, amended, who)
        charge(connection, amended, sign=1)
        connection.execute(
            ORDERS.update()
            .where(ORDERS.c.id == order_id)
            .values(
                document=amended.document,
                title=after.title,
                priority=after.priority,
                deadline_tai_ns=None if after.deadline is None else after.deadline.tai_ns,
                quota_pictures=amended.quota_pictures,
                quota_area_m2=amended.quota_area_m2,
                screened_with=amended.screened_with,
            )
        )
        forget_holds(desk, connection, order_id, now)
        body = {"before_sha256": before.order.digest, "order_sha256": after.digest}
        desk.audit.append(
            connection, at=now, by=by, action="order.amend", subject=order_id, body=body
        )
        received = move(
            desk, connection, amended, "received", "amended", by=by, who=user.roles, at=now
        )
        return pass_checks(desk, connection, received, found, now)


def _check_state(placed: Placed) -> None:
    held_late = placed.state is State.HELD and placed.held_from is State.PROCESSING
    if placed.state not in (State.HELD, State.ACCEPTED, State.SCHEDULED) or held_late:
        raise StepError(placed.id, placed.state, "received", "amended")


def _check_delivered(connection: sa.Connection, placed: Placed, after: Order) -> None:
    """What was delivered counts against the quota for the place and the number that were ordered."""
    before = placed.order
    told = (before.place, before.every_days, before.count)
    if told != (after.place, after.every_days, after.count) and is_delivered(connection, placed.id):
        why = "a picture of it was delivered, and its place and recurrence cannot change any more"
        raise NotAmendedError(f"order {placed.id} stays as it was: {why}; place another order")


def _check_quota(connection: sa.Connection, placed: Placed, who: Customer) -> None:
    over = over_quota(
        connection, who, placed.quota_month, placed.quota_pictures, placed.quota_area_m2
    )
    if over:
        raise NotAmendedError(f"order {placed.id} stays as it was: {over}")
