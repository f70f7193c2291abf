"""The last question before a picture leaves the house: screening and restrictions, with all facts known."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from offnadir._database import sa
from offnadir.epoch import Epoch
from offnadir.errors import InputError
from offnadir.tasking._audit import turn
from offnadir.tasking._checks import Ruling, parties_of
from offnadir.tasking._holds import Cause, Hold, holds_of, sync_holds
from offnadir.tasking._moves import Placed, by_checks, find_order
from offnadir.tasking._people import acting, find_customer
from offnadir.tasking._placing import matches, screen_placed
from offnadir.tasking._tables import RELEASES
from offnadir.tasking.states import State, StepError
from offnadir.units import hour

if TYPE_CHECKING:
    from offnadir.tasking._desk import Desk

_LONGEST_ID: Final = 300
#: Entries of an order's log among which a download may stand already.
_LATEST: Final = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class Product:
    """A picture that is ready. `facts` are what restrictions ask: names of `Question`, such as sensor,

    operator, kind, gsd_m, imaged_at; `place` is its footprint as GeoJSON, by default that of the order.
    """

    id: str
    facts: Mapping[str, Any]
    place: Mapping[str, Any] | None = None

    def __post_init__(self) -> None:
        if not (0 < len(self.id) <= _LONGEST_ID and self.id.isprintable()):
            raise InputError("product", self.id, f"an id of 1 to {_LONGEST_ID} characters")


@dataclass(frozen=True, slots=True, kw_only=True)
class Release:
    """May the picture go? `status` is released, held, denied, or delivered for one that has gone already.

    `until` is when a delay ends; `gsd_m` is the finest that may be delivered (None: as it is).
    """

    status: str
    order_id: str
    product_id: str
    at: Epoch
    until: Epoch | None = None
    gsd_m: float | None = None
    told: tuple[str, ...] = ()

    @property
    def may_go(self) -> bool:
        """Whether it may be delivered now."""
        return self.status == "released"


def release(desk: Desk, order_id: str, product: Product, *, by: str) -> Release:
    """Ask again who is behind the order and whether this picture may go to them now.

    The order is then still processing (released), held (a person or a time decides), or cancelled (denied).
    Asked twice, the answer and the records are the same unless the world has changed.
    """
    at = desk.clock()
    with desk.database.read() as connection:
        placed = find_order(connection, order_id, None, "order.release")
        customer = find_customer(connection, placed.customer_id)
    parties = parties_of(customer, placed.order)
    causes = desk.screen(parties)
    facts = {**product.facts, "place": product.place}
    ruling = desk.rule("delivery", placed.order, parties, at, facts)
    with acting(desk, by, "order.release", order_id) as (connection, _):
        placed = find_order(connection, order_id, None, "order.release")
        gone = _recorded(connection, order_id, product.id)
        if gone is not None and gone.status == "delivered":
            return _release("delivered", order_id, product, Epoch(gone.at_tai_ns), ruling)
        ours = placed.state is State.PROCESSING or (
            placed.state is State.HELD and placed.held_from is State.PROCESSING
        )
        if not ours:
            raise StepError(order_id, placed.state, "released", "release")
        status = _settle(desk, connection, placed, causes, ruling, at)
        answer = _release(status, order_id, product, at, ruling)
        _record(desk, connection, answer, gone, ruling, by)
        return answer


def mark_delivered(
    desk: Desk, order_id: str, product_id: str, *, by: str, within: sa.Connection | None
) -> bool:
    """Note that a released product has gone to the customer: True the first time, False after that."""
    with acting(desk, by, "order.release", order_id, within=within) as (connection, _):
        at = desk.clock()
        row = _recorded(connection, order_id, product_id)
        if row is not None and row.status == "delivered":
            return False
        placed = find_order(connection, order_id, None, "order.release")
        if row is None or row.status != "released" or placed.state is not State.PROCESSING:
            raise StepError(order_id, placed.state, "delivered", "not released")
        mine = sa.and_(RELEASES.c.order_id == order_id, RELEASES.c.product_id == product_id)
        connection.execute(
            RELEASES.update().where(mine).values(status="delivered", at_tai_ns=at.tai_ns)
        )
        desk.audit.append(
            connection,
            at=at,
            by=by,
            action="product.deliver",
            subject=order_id,
            body={"product": product_id},
        )
        return True


def _settle(
    desk: Desk,
    connection: sa.Connection,
    placed: Placed,
    causes: Sequence[Cause],
    ruling: Ruling,
    at: Epoch,
) -> str:
    """Hold, free or end the order by what was found; the status of the release."""
    told = " ".join(ruling.told)
    if ruling.outcome == "deny":
        by_checks(desk, connection, placed, "cancelled", "restriction", at, told)
        return "denied"
    opened = screen_placed(desk, connection, placed, causes, at)
    sync_holds(
        desk,
        connection,
        kinds=("permit", "delay"),
        causes=ruling.causes,
        customer_id=placed.customer_id,
        order_id=placed.id,
        placed_by=placed.placed_by,
        at=at,
    )
    waiting = holds_of(connection, placed.id, open_only=True)
    if not waiting:
        if placed.state is State.HELD:
            by_checks(desk, connection, placed, "processing", "cleared", at)
        return "released"
    if placed.state is not State.HELD:
        detail = matches(opened[1]) if opened else told
        by_checks(desk, connection, placed, "held", _code(waiting), at, detail)
    return "held"


def _code(waiting: Sequence[Hold]) -> str:
    """What an order is held for, when there are several reasons: what takes a person goes first."""
    kinds = {hold.kind for hold in waiting}
    if kinds & {"screening", "not_screened"}:
        return "screening"
    return "permit" if "permit" in kinds else "delay"


def _recorded(connection: sa.Connection, order_id: str, product_id: str) -> Any:
    query = sa.select(RELEASES).where(
        RELEASES.c.order_id == order_id, RELEASES.c.product_id == product_id
    )
    return connection.execute(query).one_or_none()


def _release(status: str, order_id: str, product: Product, at: Epoch, ruling: Ruling) -> Release:
    return Release(
        status=status,
        order_id=order_id,
        product_id=product.id,
        at=at,
        until=ruling.until,
        gsd_m=ruling.gsd_m,
        told=ruling.told,
    )


def _record(
    desk: Desk, connection: sa.Connection, answer: Release, before: Any, ruling: Ruling, by: str
) -> None:
    """Write down an answer that is not the one that stands there already."""
    document = {
        "status": answer.status,
        "gsd_mm": None if answer.gsd_m is None else round(answer.gsd_m * 1000),
        "until": None if answer.until is None else answer.until.utc(9),
        "restrictions": dict(ruling.document),
        "screened_with": desk.screened_with,
    }
    text = json.dumps(document, sort_keys=True, ensure_ascii=True)
    if before is not None and before.document == text:
        return
    values = {"status": answer.status, "at_tai_ns": answer.at.tai_ns, "document": text}
    mine = {"order_id": answer.order_id, "product_id": answer.product_id}
    if before is None:
        connection.execute(RELEASES.insert(), {**mine, **values})
    else:
        same = sa.and_(*(RELEASES.c[name] == value for name, value in mine.items()))
        connection.execute(RELEASES.update().where(same).values(**values))
    desk.audit.append(
        connection,
        at=answer.at,
        by=by,
        action=f"product.{answer.status}",
        subject=answer.order_id,
        body={"product": answer.product_id, **document},
    )


def note_download(desk: Desk, order_id: str, product_id: str, file: str, *, by: str) -> None:
    """Put a download on record, once an hour: a large file is fetched in many pieces."""
    body = {"product": product_id, "file": file}
    now = desk.clock()
    for entry in desk.audit.entries(subject=order_id, last=_LATEST):
        content = entry.content
        if (content["action"], content["by"], content["body"]) == ("download", by, body):
            if now - Epoch.from_utc(content["at"]) < hour:
                return
            break
    with turn(desk.database) as connection:
        desk.audit.append(connection, at=now, by=by, action="download", subject=order_id, body=body)
