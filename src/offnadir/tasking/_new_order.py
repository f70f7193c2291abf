"""What is written of a new order: its row, its lines of history, and the entries of the log."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from offnadir.epoch import Epoch
from offnadir.tasking._audit import Said
from offnadir.tasking._checks import Ruling
from offnadir.tasking._holds import Cause
from offnadir.tasking._ids import new_id
from offnadir.tasking._moves import Placed, history_row, said_of_move
from offnadir.tasking._order import Order, digest_of
from offnadir.tasking._people import CHECKS_NAME, Customer, User
from offnadir.tasking._stand import month_of
from offnadir.tasking.states import State, find_step


@dataclass(frozen=True, slots=True, kw_only=True)
class Examined:
    """What the checks found, before the transaction begins: they may take longer than a lock should."""

    screened_with: str
    causes: Sequence[Cause]
    ruling: Ruling

    @property
    def is_plain(self) -> bool:
        """Whether nothing stands in the order's way."""
        return not (self.causes or self.ruling.causes) and self.ruling.outcome == "pass"


@dataclass(frozen=True, slots=True, kw_only=True)
class NewOrder:
    """An order as it came (`placed`), and as far as the checks let it (`written`), with what says so."""

    placed: Placed
    written: Placed
    row: Mapping[str, Any]
    lines: Sequence[Mapping[str, Any]]
    said: Sequence[Said]

    @property
    def is_accepted(self) -> bool:
        """Whether it passed all checks at once."""
        return self.written is not self.placed


def new_order(
    order: Order,
    customer: Customer,
    user: User,
    key: str | None,
    at: Epoch,
    examined: Examined,
    *,
    last: str | None,
    is_over: bool = False,
) -> NewOrder:
    """A new order, placed at `at` after the one with the id `last`; what is over its quota charges none."""
    document = order.document()
    digest = digest_of(document)
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
        document=json.dumps(document, ensure_ascii=True),
        quota_month=month_of(at),
        quota_pictures=0 if is_over else order.count,
        quota_area_m2=0 if is_over else round(order.area_m2) * order.count,
        screened_with=examined.screened_with,
    )
    step = find_step(placed.id, None, "received", "placed")
    lines = [history_row(placed.id, 1, State.RECEIVED, "placed", step.words, by=user.name, at=at)]
    body = {
        "customer": customer.id,
        "order_sha256": digest,
        "pictures": placed.quota_pictures,
        "area_m2": placed.quota_area_m2,
        "screened_with": examined.screened_with,
        "restrictions": dict(examined.ruling.document),
    }
    if key is not None:
        body["key"] = key
    said = [Said(at=at, by=user.name, action="order.place", subject=placed.id, body=body)]
    written = placed
    if examined.is_plain and not is_over:
        written, line, entry = _accepted(placed, " ".join(examined.ruling.told), at)
        lines.append(line)
        said.append(entry)
    row = _row(written, order, digest, key)
    return NewOrder(placed=placed, written=written, row=row, lines=lines, said=said)


def _accepted(placed: Placed, told: str, at: Epoch) -> tuple[Placed, dict[str, Any], Said]:
    """An order that passed all checks as it came, with the line and the entry that say so."""
    step = find_step(placed.id, State.RECEIVED, "accepted", "passed")
    words = f"{step.words}: {told}" if told else step.words
    line = history_row(placed.id, 2, step.after, "passed", words, by=CHECKS_NAME, at=at)
    said = said_of_move(placed, step.after, "passed", by=CHECKS_NAME, at=at, detail=told)
    return replace(placed, state=step.after, code="passed", changes=2), line, said


def _row(placed: Placed, order: Order, digest: str, key: str | None) -> dict[str, object]:
    return {
        "id": placed.id,
        "customer_id": placed.customer_id,
        "placed_by": placed.placed_by,
        "placed_tai_ns": placed.placed.tai_ns,
        "idempotency_key": key,
        "digest": digest,
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
