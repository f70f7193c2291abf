"""Intervals of time as STAPI writes them: `start/end` in RFC 3339, either end open with `..`."""

from __future__ import annotations

import re
from typing import Final

from offnadir.epoch import Epoch, Span
from offnadir.errors import InputError
from offnadir.tasking._order import Window
from offnadir.units import day

#: How far an open end reaches.
OPEN_END_S: Final = 14 * day
#: The longest span that is searched at once.
LONGEST_S: Final = 31 * day
_MS: Final = 1_000_000
_INSTANT = re.compile(
    r"([0-9]{4}-[0-9]{2}-[0-9]{2})[Tt]([0-9]{2}:[0-9]{2}:[0-9]{2})(\.[0-9]+)?([Zz]|[+-][0-9]{2}:[0-9]{2})?"
)
_WISH: Final = "start/end, such as 2026-06-01T00:00:00Z/2026-06-08T00:00:00Z; an open end is .."
_LONGEST_TEXT: Final = 200


def read_instant(text: str, *, field: str = "datetime") -> Epoch:
    """An instant of RFC 3339 with its zone; InputError names `field`.

    Upper or lower case; digits after the ninth of a second are left out.
    """
    match = _INSTANT.fullmatch(text)
    if match is None:
        hint = (
            "a date alone is not enough"
            if re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", text)
            else ""
        )
        raise InputError(
            field, text[:_LONGEST_TEXT], "a time such as 2026-06-01T00:00:00Z", hint=hint
        )
    date, clock, fraction, zone = match.groups()
    if zone is None:
        raise InputError(field, text, "a time with its zone: Z, or an offset such as +09:00")
    return Epoch.from_utc(f"{date}T{clock}{(fraction or '')[:10]}{zone.upper()}", field=field)


def read_interval(value: object, *, field: str = "datetime") -> Window:
    """A closed interval, or one of which one end is open: `t/..`, `../t`, or with nothing for `..`.

    Two texts in a list will do too, as the OpenAPI document of STAPI 0.1 has it. Refused, with an InputError
    that says why: single instants, times without a zone, an end that is not after its start, both ends open.
    """
    if isinstance(value, list) and len(value) == 2 and all(isinstance(one, str) for one in value):
        ends = value
    elif isinstance(value, str):
        if "/" not in value:
            hint = "a single instant is no interval: no picture starts exactly then"
            raise InputError(field, value[:_LONGEST_TEXT], _WISH, hint=hint)
        ends = value.split("/")
    else:
        raise InputError(field, value, _WISH)
    if len(ends) != 2:
        raise InputError(field, str(value)[:_LONGEST_TEXT], _WISH)
    start, stop = (None if end in ("", "..") else read_instant(end, field=field) for end in ends)
    if start is None and stop is None:
        raise InputError(field, str(value), "at least one end that is a time")
    if start is not None and stop is not None and stop <= start:
        raise InputError(field, str(value)[:_LONGEST_TEXT], "an end later than its start")
    return Window(start=start, stop=stop)


def span_to_search(
    window: Window, now: Epoch, *, longest_s: float = LONGEST_S, field: str = "datetime"
) -> Span:
    """What of an interval is searched: from now on, and 14 days if its end is open.

    InputError if it lies in the past wholly, or is longer than `longest_s`, by default 31 days.
    """
    start = now if window.start is None else max(window.start, now)
    stop = start + OPEN_END_S if window.stop is None else window.stop
    if stop <= start:
        raise InputError(field, stop.utc(0), f"an end later than now, {now.utc(0)}")
    if stop - start > longest_s:
        wish = f"at most {longest_s / day:g} days"
        raise InputError(field, f"{(stop - start) / day:.1f} days", wish)
    return Span(start, stop)


def interval_text(start_tai_ns: int, stop_tai_ns: int) -> str:
    """`start/end` in UTC to the millisecond, cut so that it lies within the two instants.

    One shorter than a millisecond is told as its middle.
    """
    first, last = -(-start_tai_ns // _MS) * _MS, stop_tai_ns // _MS * _MS
    if first > last:
        first = last = (start_tai_ns + stop_tai_ns) // 2
    return f"{Epoch(first).utc(3)}/{Epoch(last).utc(3)}"
