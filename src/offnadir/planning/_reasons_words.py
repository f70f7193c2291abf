"""What a reason is made of, and how its figures read."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from offnadir.epoch import Epoch

NAMED = 3


@dataclass(frozen=True, slots=True)
class Reason:
    """A code for programs (see docs/reference/plan-json.md) and a sentence for people.

    `would_need` is what would have made it possible, found by trying; None if nothing was found.
    """

    code: str
    text: str
    would_need: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class LeftOut:
    """Why a part of a request is left out: a strip by its number, or so many pictures of a repeat."""

    strip: int = -1
    pictures: int = 1
    reason: Reason


@dataclass(frozen=True, slots=True, kw_only=True)
class Displaced:
    """A request that would have been served in a picture's place, and what that would have been worth."""

    request: str
    value: float
    text: str


def clock(tai_ns: int) -> str:
    """A time to the minute."""
    return Epoch(tai_ns).utc(0)[:16].replace("T", " ") + " UTC"


def clock_after(tai_ns: int) -> str:
    """The first whole minute that is not before a time."""
    minute = 60 * 10**9
    start = Epoch.from_utc(Epoch(tai_ns).utc()[:16] + ":00Z").tai_ns
    return clock(start if start >= tai_ns else start + minute)


def above(number: float, digits: int = 3) -> str:
    """A number with so many figures, rounded up.

    >>> above(3.3701), above(0.0121112), above(1234.5)
    ('3.38', '0.0122', '1240')
    """
    if number <= 0.0:
        return "0"
    step = 10.0 ** (math.floor(math.log10(number)) - digits + 1)
    up = math.ceil(number / step - 1e-9) * step
    return f"{up:.{max(0, -round(math.log10(step)))}f}"


def below(number: float, step: float) -> str:
    """A number rounded down to a multiple of a power of ten.

    >>> below(12.39, 0.1), below(-0.01, 0.1)
    ('12.3', '-0.1')
    """
    digits = max(0, -round(math.log10(step)))
    return f"{math.floor(number / step + 1e-9) * step:.{digits}f}"


def named(names: Sequence[str]) -> str:
    """The first few of a list of names, and how many more there are.

    >>> named(["a", "b"]), named(["a", "b", "c", "d", "e"])
    ('a and b', 'a, b, c and 2 more')
    """
    if len(names) > NAMED:
        return f"{', '.join(names[:NAMED])} and {len(names) - NAMED} more"
    if len(names) < 2:
        return "".join(names)
    return f"{', '.join(names[:-1])} and {names[-1]}"


def counted(number: int, noun: str, many: str = "") -> str:
    """A number with its noun.

    >>> counted(1, "pass", "passes"), counted(3, "pass", "passes")
    ('1 pass', '3 passes')
    """
    return f"{number} {noun if number == 1 else many or noun + 's'}"


def each(number: int) -> str:
    """The beginning of a sentence about all of a request's passes.

    >>> each(1), each(4)
    ('Its only pass is', 'Every one of its 4 passes is')
    """
    return "Its only pass is" if number == 1 else f"Every one of its {number} passes is"


def figure(value: float) -> str:
    """A number with three figures.

    >>> figure(0.59181), figure(1234.5), figure(2.0)
    ('0.592', '1234', '2')
    """
    return f"{value:.0f}" if abs(value) >= 1000.0 else f"{value:.3g}"
