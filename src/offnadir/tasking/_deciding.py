"""A releaser decides what is held: allowed or refused, and why; never on what he placed himself."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Final

from offnadir._database import sa
from offnadir.epoch import Epoch
from offnadir.errors import InputError, OffnadirError
from offnadir.tasking._fields import LONGEST_NOTE, Reader
from offnadir.tasking._holds import Hold, authors_of, holds_of, read_hold
from offnadir.tasking._ids import is_id
from offnadir.tasking._moves import Placed, by_checks, find_order, move
from offnadir.tasking._people import RefusedError, UnknownNameError, acting, find_customer
from offnadir.tasking._placing import examine, pass_checks
from offnadir.tasking._tables import CLEARANCES, HOLDS, ORDERS
from offnadir.tasking.states import State

if TYPE_CHECKING:
    from offnadir.tasking._desk import Desk

DECISIONS: Final = ("allow", "refuse")


class DecidedError(OffnadirError):
    """What should be decided was decided already, or there is nothing to decide."""


def decide(desk: Desk, what: str, decision: str, why: str, *, by: str) -> list[Hold]:
    """Decide a hold, or all open holds of an order; the holds as they stand then.

    A match that is allowed counts as none for the same party, entry and list from now on, for every order
    that the releaser did not place himself; orders that waited for it go on.
    """
    reader = Reader()
    reader.choice({"decision": decision}, "decision", "", DECISIONS, "allow")
    why = reader.text({"why": why}, "why", "", needed=True, longest=LONGEST_NOTE, lines=True)
    reader.finish()
    with acting(desk, by, "hold.decide", what) as (connection, _):
        at = desk.clock()
        holds = _open_holds(connection, what)
        for hold in holds:
            _check_four_eyes(connection, hold, by)
        for hold in holds:
            _record(desk, connection, hold, decision, why, by, at)
        order_id = holds[0].order_id
        if order_id is not None:
            placed = find_order(connection, order_id, None, "hold.decide")
            if decision == "refuse":
                refused(desk, connection, placed, by, at, why)
            elif not holds_of(connection, order_id, open_only=True):
                go_on(desk, connection, placed, at, released_by=by)
        ids = [hold.id for hold in holds]
        query = sa.select(HOLDS).where(HOLDS.c.id.in_(ids)).order_by(HOLDS.c.id)
        decided = [read_hold(row) for row in connection.execute(query)]
    desk.settle()
    return decided


def go_on(
    desk: Desk, connection: sa.Connection, placed: Placed, at: Epoch, *, released_by: str | None
) -> Placed:
    """Let an order with no open hold go on from where it was held."""
    if placed.state is not State.HELD:
        return placed
    if placed.held_from is State.PROCESSING:
        if released_by is None:
            return by_checks(desk, connection, placed, "processing", "cleared", at)
        return move(
            desk, connection, placed, "processing", "released",
            by=released_by, who=("releaser",), at=at,
        )  # fmt: skip
    customer = find_customer(connection, placed.customer_id)
    examined = examine(desk, placed.order, customer, at)
    _note_screened(connection, placed.id, examined.screened_with)
    return pass_checks(desk, connection, placed, examined, at, released_by=released_by)


def _note_screened(connection: sa.Connection, order_id: str, digest: str) -> None:
    connection.execute(ORDERS.update().where(ORDERS.c.id == order_id).values(screened_with=digest))


def refused(
    desk: Desk, connection: sa.Connection, placed: Placed, by: str, at: Epoch, why: str
) -> Placed:
    """End an order whose hold was refused. What the releaser wrote is not for the customer's eyes."""
    if not placed.is_open:
        return placed
    if placed.state is not State.HELD:  # the satellite has it: it is withdrawn
        return move(
            desk, connection, placed, "cancelled", "operator",
            by=by, who=("planner",), at=at,
        )  # fmt: skip
    after = "cancelled" if placed.held_from is State.PROCESSING else "rejected"
    return move(desk, connection, placed, after, "refused", by=by, who=("releaser",), at=at)


def _open_holds(connection: sa.Connection, what: str) -> list[Hold]:
    if is_id("h", what):
        row = connection.execute(sa.select(HOLDS).where(HOLDS.c.id == what)).one_or_none()
        if row is None:
            raise UnknownNameError(f"there is no hold {what}")
        if row.status != "open":
            raise DecidedError(f"hold {what} is {row.status} already, by {row.decided_by}")
        return [read_hold(row)]
    if is_id("o", what):
        find_order(connection, what, None, "hold.decide")
        subject = HOLDS.c.order_id == what
    elif is_id("c", what):
        find_customer(connection, what)
        subject = sa.and_(HOLDS.c.customer_id == what, HOLDS.c.order_id.is_(None))
    else:
        raise InputError("what", what, "the id of a hold, of an order or of a customer")
    query = sa.select(HOLDS).where(subject, HOLDS.c.status == "open").order_by(HOLDS.c.id)
    holds = [read_hold(row) for row in connection.execute(query)]
    if not holds:
        raise DecidedError(f"nothing of {what} waits for a decision")
    return holds


def _check_four_eyes(connection: sa.Connection, hold: Hold, by: str) -> None:
    """Two persons: whoever placed or amended the order, or added the customer, does not release it."""
    if hold.kind == "not_screened":
        wish = "decided by screening: give a list, and run `offnadir order rescreen`"
        raise InputError("hold", hold.id, wish)
    if hold.order_id is not None:
        placed_by = find_order(connection, hold.order_id, None, "hold.decide").placed_by
        authors = authors_of(connection, hold.order_id, placed_by)
        did = "placed the order" if placed_by == by else "amended the order"
    else:
        authors = frozenset((find_customer(connection, hold.customer_id).added_by,))
        did = "added the customer"
    if by in authors:
        why = f"{by} {did}; somebody else has to decide (four eyes)"
        raise RefusedError(by, "hold.decide", hold.order_id or hold.customer_id, why)


def _record(
    desk: Desk,
    connection: sa.Connection,
    hold: Hold,
    decision: str,
    why: str,
    by: str,
    at: Epoch,
) -> None:
    status = "allowed" if decision == "allow" else "refused"
    connection.execute(
        HOLDS.update()
        .where(HOLDS.c.id == hold.id)
        .values(status=status, decided_by=by, decided_tai_ns=at.tai_ns, why=why)
    )
    if decision == "allow" and hold.kind == "screening":
        mine = sa.and_(CLEARANCES.c.match_key == hold.key, CLEARANCES.c.decided_by == by)
        if connection.execute(sa.select(CLEARANCES.c.match_key).where(mine)).first() is None:
            connection.execute(
                CLEARANCES.insert(),
                {
                    "match_key": hold.key,
                    "decided_by": by,
                    "decided_tai_ns": at.tai_ns,
                    "why": why,
                    "document": json.dumps(hold.document, ensure_ascii=True),
                },
            )
    body = {"hold": hold.id, "kind": hold.kind, "cause": hold.key, "why": why}
    subject = hold.order_id or hold.customer_id
    desk.audit.append(
        connection, at=at, by=by, action=f"hold.{decision}", subject=subject, body=body
    )
