"""Why an order has no picture yet: what the newest plan that knew it says, kept until there is one."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

from offnadir._database import Database, sa
from offnadir.epoch import Epoch, Span
from offnadir.operations._facts import fact, facts_of, instant, tell
from offnadir.operations._orders import version_of
from offnadir.operations._wishes import windows_left

if TYPE_CHECKING:
    from offnadir.tasking import Placed

_WHY: Final = "why "
#: Codes of reasons that speak of the order, the sky and the satellites alone. The others name other
#: customers' orders, what they are worth, and what the satellites do meanwhile.
_OWN: Final = (
    "no_pass", "too_dark", "too_bright", "too_blurred", "too_cloudy", "no_stereo_pair", "late",
)  # fmt: skip
_NAME: Final = re.compile(r"\bo[0-9a-z]{22}\b")
_OTHERS: Final = "Other pictures, or what the satellites can do, leave no room for it."


def keep_reasons(
    connection: sa.Connection, requests: Sequence[Mapping[str, Any]], orders: Mapping[str, Placed]
) -> None:
    """Keep the reasons of a plan's requests by the names of their orders; one that is taken has none.

    That nothing is left of a time says less than why its passes went by without a picture: of a request
    without any opportunity the reason stays that a plan gave which reached as far, of the same order.
    """
    known = facts_of(connection, [_WHY + one["name"] for one in requests])
    for one in requests:
        key, reason, until = _WHY + one["name"], one.get("reason"), one["window"]["stop"]
        text, before = None, known.get(key)
        if reason is not None:
            version = version_of(orders[one["name"]])
            text = json.dumps({**reason, "until": until, "of": version}, sort_keys=True)
            if before is not None and not one["opportunities"]:
                old = json.loads(before)
                text = before if old["of"] == version and until <= old["until"] else text
        if text != before:
            tell(connection, key, text)


def reason_within(
    connection: sa.Connection, placed: Placed, *, whole: bool = False
) -> dict[str, Any] | None:
    """Why the newest plan that knew the order as it is now left it out; None if nothing is known.

    `code`, `text`, where trying found it `would_need`, and `until`, which is how far that plan looked for it.
    As a customer may know it; `whole` as the plan has it, with other orders and what they are worth.
    """
    text = fact(connection, _WHY + placed.id)
    reason: dict[str, Any] = {} if text is None else json.loads(text)
    if reason.pop("of", None) != version_of(placed):
        return None
    named = _NAME.findall(f"{reason['text']} {reason.get('would_need')}")
    if whole or (reason["code"] in _OWN and set(named) <= {placed.id}):
        return reason
    return {"code": reason["code"], "text": _OTHERS, "until": reason["until"]}


def reason_of(database: Database, placed: Placed, *, whole: bool = False) -> dict[str, Any] | None:
    """The same, asked by itself."""
    with database.read() as connection:
        return reason_within(connection, placed, whole=whole)


def reason_in_words(reason: Mapping[str, Any] | None) -> str:
    """A reason for people; empty if there is none."""
    if reason is None:
        return ""
    needed = reason.get("would_need")
    return f"{reason['text']} Would have needed: {needed}." if needed else str(reason["text"])


def times_left(
    connection: sa.Connection, placed: Placed, now: Epoch, longest_s: float
) -> list[Span]:
    """When a picture of an order may still be taken; of one that is over, when it might have been.

    Each is cut to `longest_s` from its beginning. Of an order that recurs it is from when the next is due.
    """
    bar = instant(connection, f"not_before {placed.id}")
    due = placed.placed if bar is None else max(Epoch(bar), placed.placed)
    first = max(now, due) if placed.is_open else placed.placed
    found = windows_left(placed.order, first) or windows_left(placed.order, placed.placed)
    return [Span(start, min(stop or start + longest_s, start + longest_s)) for start, stop in found]
