"""Recurrence as iCalendar writes it (RFC 5545, 3.3.10), as far as orders know it."""

from __future__ import annotations

import re
from typing import Final

from offnadir.errors import InputError

_DAYS: Final = {"DAILY": 1, "WEEKLY": 7}
_WISH: Final = (
    "FREQ=DAILY or FREQ=WEEKLY, INTERVAL and COUNT, such as FREQ=DAILY;INTERVAL=2;COUNT=10"
)
_MOST: Final = 1000
_WHOLE = re.compile(r"[1-9][0-9]{0,3}")


def read_rrule(text: object, *, field: str) -> dict[str, float]:
    """The recurrence of an order: `every_days` and `count`. InputError names what is not known here."""
    if not isinstance(text, str) or len(text) > 200:
        raise InputError(field, text, _WISH)
    parts: dict[str, str] = {}
    for part in text.removeprefix("RRULE:").split(";"):
        key, equals, value = part.partition("=")
        key = key.strip().upper()
        if not equals or key in parts or key not in ("FREQ", "INTERVAL", "COUNT"):
            raise InputError(
                field, text, _WISH, hint=f"{key or part!r} is not known here, or stands twice"
            )
        parts[key] = value.strip().upper()
    if parts.get("FREQ") not in _DAYS:
        raise InputError(field, text, _WISH)
    for key in ("INTERVAL", "COUNT"):
        if not _WHOLE.fullmatch(parts.get(key, "1" if key == "INTERVAL" else "")):
            raise InputError(field, text, _WISH, hint=f"{key} is a whole number from 1 to {_MOST}")
    every_days = _DAYS[parts["FREQ"]] * int(parts.get("INTERVAL", "1"))
    return {"every_days": float(every_days), "count": int(parts["COUNT"])}


def rrule_of(every_days: float, count: int) -> str:
    """The rule of a recurrence; of hours, if its days are no whole number."""
    if every_days == int(every_days):
        return f"FREQ=DAILY;INTERVAL={int(every_days)};COUNT={count}"
    return f"FREQ=SECONDLY;INTERVAL={round(every_days * 86_400)};COUNT={count}"
