"""Names for orders, customers and holds: they sort by time, and nobody guesses another's."""

from __future__ import annotations

import re
import secrets
from typing import Final

_DIGITS: Final = "0123456789abcdefghjkmnpqrstvwxyz"  # Crockford's base 32: no i, l, o, u
_VALUE: Final = {digit: value for value, digit in enumerate(_DIGITS)}
_TIME_DIGITS: Final = 10  # 50 bits of milliseconds since 1970
_RANDOM_DIGITS: Final = 12  # 60 bits that nobody knows
_ID = re.compile(rf"[a-z][{_DIGITS}]{{{_TIME_DIGITS + _RANDOM_DIGITS}}}")


def new_id(kind: str, at_ms: int, last: str | None) -> str:
    """An id of a letter, a time and chance; later than `last`, whatever the clock says.

    `last` is the latest id of this kind in the database. A clock that was set back, or a second id within a
    millisecond, takes the next millisecond: order of ids is order of arrival.
    """
    if last is not None:
        at_ms = max(at_ms, time_ms(last) + 1)
    return kind + _written(at_ms, _TIME_DIGITS) + _written(secrets.randbits(60), _RANDOM_DIGITS)


def is_id(kind: str, text: str) -> bool:
    """Whether a text looks like an id of that kind."""
    return text.startswith(kind) and _ID.fullmatch(text) is not None


def time_ms(name: str) -> int:
    """The time within an id, milliseconds since 1970."""
    value = 0
    for digit in name[1 : 1 + _TIME_DIGITS]:
        value = value * 32 + _VALUE[digit]
    return value


def _written(value: int, digits: int) -> str:
    text = []
    for _ in range(digits):
        value, digit = divmod(value, 32)
        text.append(_DIGITS[digit])
    return "".join(reversed(text))
