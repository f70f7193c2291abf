"""Why an order has no picture yet: what the newest plan that knew it says, kept until there is one."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any, Final

from offnadir._database import Database, sa
from offnadir.operations._facts import fact, facts_of, tell

_WHY: Final = "why "


def keep_reasons(connection: sa.Connection, requests: Sequence[Mapping[str, Any]]) -> None:
    """Keep the reasons of a plan's requests by the names of their orders; one that is taken has none.

    That nothing is left of a time says less than why its passes went by without a picture: of a request
    without any opportunity the reason stays that a plan gave which reached as far.
    """
    known = facts_of(connection, [_WHY + one["name"] for one in requests])
    for one in requests:
        key, reason, until = _WHY + one["name"], one.get("reason"), one["window"]["stop"]
        before = known.get(key)
        if reason is None:
            text = None
        elif (
            before is not None and not one["opportunities"] and until <= json.loads(before)["until"]
        ):
            text = before
        else:
            text = json.dumps({**reason, "until": until}, sort_keys=True)
        if text != before:
            tell(connection, key, text)


def reason_within(connection: sa.Connection, order_id: str) -> dict[str, Any] | None:
    """`code`, `text`, where trying found it `would_need`, and `until`, which is how far the plan that says it
    looked for the order; None if nothing is known.
    """
    text = fact(connection, _WHY + order_id)
    return None if text is None else json.loads(text)


def reason_of(database: Database, order_id: str) -> dict[str, Any] | None:
    """The same, asked by itself."""
    with database.read() as connection:
        return reason_within(connection, order_id)


def reason_in_words(reason: Mapping[str, Any] | None) -> str:
    """A reason for people; empty if there is none."""
    if reason is None:
        return ""
    needed = reason.get("would_need")
    return f"{reason['text']} Would have needed: {needed}." if needed else str(reason["text"])
