"""Moving an order along one step of the table, with its history, quota and audit entry."""

from __future__ import annotations

import json
from collections.abc import Collection
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final

from offnadir._database import sa
from offnadir.epoch import Epoch
from offnadir.tasking._audit import Said
from offnadir.tasking._holds import void_holds
from offnadir.tasking._ids import is_id
from offnadir.tasking._order import Order
from offnadir.tasking._order_read import read_order
from offnadir.tasking._people import CHECKS_NAME, RefusedError, UnknownNameError, User
from offnadir.tasking._tables import HISTORY, ORDERS, QUOTA_USE, RELEASES
from offnadir.tasking.states import CHECKS, FINAL, KEEPS_QUOTA, PART, State, StepError, find_step

if TYPE_CHECKING:
    from offnadir.tasking._desk import Desk


#: Characters of an order's document that is kept when it was read, for the next who asks.
SHORT: Final = 2048
_CHARGE: Final = (
    QUOTA_USE.update()
    .where(
        QUOTA_USE.c.customer_id == sa.bindparam("customer"),
        QUOTA_USE.c.month == sa.bindparam("of_month"),
    )
    .values(
        pictures=QUOTA_USE.c.pictures + sa.bindparam("more_pictures"),
        area_m2=QUOTA_USE.c.area_m2 + sa.bindparam("more_m2"),
    )
)
_ORDER_OF_ID: Final = sa.select(ORDERS).where(ORDERS.c.id == sa.bindparam("id"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Placed:
    """An order as it stands in the database; a change gives a new one."""

    id: str
    customer_id: str
    placed_by: str
    placed: Epoch
    state: State
    code: str
    changed: Epoch
    changes: int
    held_from: State | None
    document: str
    quota_month: str
    quota_pictures: int
    quota_area_m2: int
    screened_with: str

    @property
    def order(self) -> Order:
        """What was ordered."""
        return order_of(self.document)

    @property
    def is_open(self) -> bool:
        """Whether anything can still happen to it."""
        return self.state not in FINAL


def order_of(document: str) -> Order:
    """An order of its stored document: those that are short are asked for again and again."""
    read = _order_of if len(document) <= SHORT else _order_of.__wrapped__
    return read(document)


@lru_cache(4096)
def _order_of(document: str) -> Order:
    return read_order(json.loads(document))


def find_order(connection: sa.Connection, order_id: str, user: User | None, action: str) -> Placed:
    """The order of that id, if this user may know of it; to others it does not exist."""
    row = None
    if is_id("o", order_id):
        row = connection.execute(_ORDER_OF_ID, {"id": order_id}).one_or_none()
    return order_for(row, order_id, user, action)


def order_for(row: Any, order_id: str, user: User | None, action: str) -> Placed:
    """The order of a row or None, if this user may know of it."""
    nobody = f"there is no order {order_id}"
    if row is None:
        raise UnknownNameError(nobody)
    if user is not None and not user.sees_all and row.customer_id != user.customer_id:
        why = "the order belongs to another customer"
        raise RefusedError(user.name, action, order_id, why, told=nobody)
    return read_placed(row)


def read_placed(row: Any) -> Placed:
    """An order of a row of its table."""
    return Placed(
        id=row.id,
        customer_id=row.customer_id,
        placed_by=row.placed_by,
        placed=Epoch(row.placed_tai_ns),
        state=State(row.state),
        code=row.code,
        changed=Epoch(row.changed_tai_ns),
        changes=row.changes,
        held_from=None if row.held_from is None else State(row.held_from),
        document=row.document,
        quota_month=row.quota_month,
        quota_pictures=row.quota_pictures,
        quota_area_m2=row.quota_area_m2,
        screened_with=row.screened_with,
    )


def move(
    desk: Desk,
    connection: sa.Connection,
    placed: Placed,
    after: str,
    code: str,
    *,
    by: str,
    who: Collection[str],
    at: Epoch,
    detail: str = "",
    key: str | None = None,
) -> Placed:
    """Take one step of the table; gives the order after it.

    `who` are the roles of the mover, or the checks. `key` names this step: a second time nothing happens.
    Raises StepError for what the table does not have, RefusedError for whom it does not let.
    """
    if key is not None and _was_done(connection, placed.id, key):
        return placed
    step = find_step(placed.id, placed.state, after, code)
    if not set(step.who) & set(who):
        why = f"the step to {after} ({code}) is for {' or '.join(step.who)}"
        raise RefusedError(by, "order.move", placed.id, why)
    held_from = placed.held_from
    if placed.state is State.HELD:
        if step.after is not State.HELD:
            _check_way_back(placed, step.after, code)
            held_from = None
    elif step.after is State.HELD:
        held_from = placed.state
    is_open = step.after not in FINAL
    changes = placed.changes + 1
    connection.execute(
        ORDERS.update()
        .where(ORDERS.c.id == placed.id)
        .values(
            state=step.after.value,
            code=code,
            changed_tai_ns=at.tai_ns,
            changes=changes,
            held_from=None if held_from is None else held_from.value,
            is_open=is_open,
        )
    )
    words = f"{step.words}: {detail}" if detail else step.words
    add_history(connection, placed.id, changes, step.after, code, words, by=by, at=at, key=key)
    if not is_open:
        void_holds(desk, connection, placed.id, at)
        keeps = step.after in KEEPS_QUOTA or code == PART or is_delivered(connection, placed.id)
        if not keeps:
            charge(connection, placed, sign=-1)
    said = said_of_move(placed, step.after, code, by=by, at=at, detail=detail, key=key)
    desk.audit.append_all(connection, (said,))
    return replace(
        placed, state=step.after, code=code, changed=at, changes=changes, held_from=held_from
    )


def said_of_move(
    placed: Placed,
    after: State,
    code: str,
    *,
    by: str,
    at: Epoch,
    detail: str = "",
    key: str | None = None,
) -> Said:
    """What the log says of a step."""
    body = {"from": placed.state.value, "to": after.value, "code": code}
    if detail:
        body["detail"] = detail
    if key is not None:
        body["key"] = key
    return Said(at=at, by=by, action="order.move", subject=placed.id, body=body)


def by_checks(
    desk: Desk,
    connection: sa.Connection,
    placed: Placed,
    after: str,
    code: str,
    at: Epoch,
    detail: str = "",
) -> Placed:
    """A step that the checks take by themselves."""
    return move(
        desk, connection, placed, after, code, by=CHECKS_NAME, who=(CHECKS,), at=at, detail=detail
    )


def add_history(
    connection: sa.Connection,
    order_id: str,
    number: int,
    state: State,
    code: str,
    words: str,
    *,
    by: str,
    at: Epoch,
    key: str | None = None,
) -> None:
    """Write one line of an order's history."""
    line = history_row(order_id, number, state, code, words, by=by, at=at, key=key)
    connection.execute(HISTORY.insert(), line)


def history_row(
    order_id: str,
    number: int,
    state: State,
    code: str,
    words: str,
    *,
    by: str,
    at: Epoch,
    key: str | None = None,
) -> dict[str, Any]:
    """One line of an order's history, as it is written."""
    return {
        "order_id": order_id,
        "number": number,
        "at_tai_ns": at.tai_ns,
        "state": state.value,
        "code": code,
        "words": words,
        "by": by,
        "step_key": key,
    }


def is_delivered(connection: sa.Connection, order_id: str) -> bool:
    """Whether the customer has got a picture of an order."""
    query = sa.select(RELEASES.c.product_id).where(
        RELEASES.c.order_id == order_id, RELEASES.c.status == "delivered"
    )
    return connection.execute(query.limit(1)).first() is not None


def charge(connection: sa.Connection, placed: Placed, *, sign: int) -> None:
    """Count an order in its customer's month, or give back what it had taken."""
    told = {
        "customer": placed.customer_id, "of_month": placed.quota_month,
        "more_pictures": sign * placed.quota_pictures, "more_m2": sign * placed.quota_area_m2,
    }  # fmt: skip
    done = connection.execute(_CHARGE, told)
    if done.rowcount == 0:
        connection.execute(
            QUOTA_USE.insert(),
            {
                "customer_id": placed.customer_id,
                "month": placed.quota_month,
                "pictures": sign * placed.quota_pictures,
                "area_m2": sign * placed.quota_area_m2,
            },
        )


def _check_way_back(placed: Placed, after: State, code: str) -> None:
    """An order that was held at its delivery goes on there, any other to where it waits for a picture."""
    at_delivery = placed.held_from is State.PROCESSING
    wrong = State.ACCEPTED if at_delivery else State.PROCESSING
    if after is wrong or (after is State.REJECTED and at_delivery):
        raise StepError(placed.id, placed.state, after, code)
    if after is State.CANCELLED and code in ("refused", "restriction") and not at_delivery:
        raise StepError(placed.id, placed.state, after, code)


def _was_done(connection: sa.Connection, order_id: str, key: str) -> bool:
    query = sa.select(HISTORY.c.number).where(
        HISTORY.c.order_id == order_id, HISTORY.c.step_key == key
    )
    return connection.execute(query).first() is not None
