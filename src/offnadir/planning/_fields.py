"""A small declarative reader of tables that people write: keys, kinds of values, good complaints.

A table is described by a mapping from key to kind (`Number(...)`, `Time()`, ...). `read_table` reads what
is right, and notes what is wrong at its place; nothing is raised before the whole file has been looked at.
"""

from __future__ import annotations

import datetime
import difflib
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Protocol

from offnadir.epoch import Epoch
from offnadir.errors import InputError
from offnadir.planning._problems import Missing, Place, key_hint, stem
from offnadir.units import day, hour, minute

_LONGEST_TEXT = 200


class WrongValueError(Exception):
    """A value does not fit its kind: the wish, and a hint if there is one."""

    def __init__(self, wish: str, hint: str = "") -> None:
        self.wish, self.hint = wish, hint
        super().__init__(wish)


class Kind(Protocol):
    """A kind of value: `read` gives it in the units of the program, or raises WrongValueError."""

    def read(self, value: object, place: Place) -> Any:
        """The value; what lies deeper than the value itself is complained of at its own place."""


@dataclass(frozen=True, slots=True)
class Text:
    """A text of one line that is not empty."""

    def read(self, value: object, place: Place) -> str:
        """The text without blanks around it."""
        if not isinstance(value, str):
            raise WrongValueError("a text in quotes")
        if not value.strip() or not value.isprintable() or len(value) > _LONGEST_TEXT:
            raise WrongValueError(f"a text of one line, 1 to {_LONGEST_TEXT} characters")
        return value.strip()


@dataclass(frozen=True, slots=True)
class Number:
    """A number from `low` to `high` (above `low` if `open_low`); `scale` takes it to the program's unit.

    `said` is the wish in words where the limits are looked after elsewhere.
    """

    low: float = -1e300
    high: float = 1e300
    unit: str = ""
    scale: float = 1.0
    open_low: bool = False
    whole: bool = False
    said: str = ""

    def read(self, value: object, place: Place) -> float | int:
        """The number in the program's unit."""
        wish = self.wish
        if isinstance(value, bool) or not isinstance(value, int | float):
            is_number = isinstance(value, str) and _looks_like_number(value)
            raise WrongValueError(wish, "without quotes" if is_number else "")
        if not self.low <= value <= self.high or (self.open_low and value == self.low):
            raise WrongValueError(wish)
        if self.whole:
            if isinstance(value, float):
                raise WrongValueError(wish)
            return value
        return float(value) * self.scale

    @property
    def wish(self) -> str:
        """What may be written, in words."""
        if self.said:
            return self.said
        what = "a whole number" if self.whole else "a number"
        unit = f" {self.unit}" if self.unit else ""
        if self.open_low:
            return f"{what} above {self.low:.10g} and up to {self.high:.10g}{unit}"
        return f"{what} from {self.low:.10g} to {self.high:.10g}{unit}"


@dataclass(frozen=True, slots=True)
class Flag:
    """`true` or `false`."""

    def read(self, value: object, place: Place) -> bool:
        """The truth value."""
        if not isinstance(value, bool):
            raise WrongValueError("true or false")
        return value


@dataclass(frozen=True, slots=True)
class Time:
    """An instant: a TOML datetime or date, or ISO 8601 text. Without a zone it is UTC."""

    wish: ClassVar[str] = "a UTC time such as 2026-05-31T04:05:06Z"

    def read(self, value: object, place: Place) -> Epoch:
        """The instant."""
        wish = self.wish
        if isinstance(value, datetime.datetime | datetime.date):
            value = value.isoformat()
        if isinstance(value, datetime.time):
            raise WrongValueError(wish, "with its date")
        if not isinstance(value, str):
            raise WrongValueError(wish)
        try:
            return Epoch.from_utc(value)
        except InputError as error:
            raise WrongValueError(error.wish, error.hint) from error


_PART = r"(\d+(?:\.\d+)?)\s*(days?|d|hours?|h|minutes?|min|seconds?|sec|s)"
_DURATION = re.compile(rf"(?:{_PART}\s*)+", re.IGNORECASE)
_PARTS = re.compile(_PART, re.IGNORECASE)
_UNITS_S = {"d": day, "h": hour, "m": minute, "s": 1.0}


@dataclass(frozen=True, slots=True)
class Duration:
    """A length of time with its unit: "36 h", "2 d", "90 min", "1 d 12 h"; result in seconds."""

    longest_s: float

    def read(self, value: object, place: Place) -> float:
        """Seconds."""
        wish = 'a text with a unit (d, h, min, s) such as "36 h", "2 d" or "90 min"'
        if isinstance(value, int | float) and not isinstance(value, bool):
            raise WrongValueError(wish, "a bare number could be hours or seconds")
        if not isinstance(value, str) or len(value) > _LONGEST_TEXT:
            raise WrongValueError(wish)
        if _DURATION.fullmatch(value.strip()) is None:
            short = re.fullmatch(r"\s*\d+\s*m\s*", value)
            raise WrongValueError(wish, "write min for minutes" if short else "")
        parts = _PARTS.findall(value)
        total_s = sum(float(number) * _UNITS_S[unit[0].lower()] for number, unit in parts)
        if not 0 < total_s <= self.longest_s:
            raise WrongValueError(f"above 0 and up to {self.longest_s / day:g} days")
        return total_s


@dataclass(frozen=True, slots=True)
class ListOf:
    """A list of things of one kind; where `or_one`, a single thing will do for a list of one."""

    kind: Kind
    what: str
    or_one: bool = False

    def read(self, value: object, place: Place) -> list[Any]:
        """What is right in the list."""
        if self.or_one and isinstance(value, str):
            value = [value]
        if not isinstance(value, list):
            raise WrongValueError(f"a list of {self.what}")
        found = []
        for number, one in enumerate(value, 1):
            here = place.item(number)
            try:
                found.append(self.kind.read(one, here))
            except WrongValueError as wrong:
                here.complain(one, wrong.wish, wrong.hint)
        return found


@dataclass(frozen=True, slots=True)
class Inline:
    """A table within a table."""

    keys: Mapping[str, Kind]
    required: Sequence[str] = ()

    def read(self, value: object, place: Place) -> dict[str, Any]:
        """What is right in the table."""
        if not isinstance(value, Mapping):
            raise WrongValueError("a table with " + ", ".join(self.keys))
        return read_table(value, self.keys, place, required=self.required)


@dataclass(frozen=True, slots=True)
class Made:
    """A table within a table that becomes a thing: `make` is called with what the table says.

    Its keys are arguments of `make`, but for their units. What `make` refuses, InputError, is complained of
    at the key of the same name; the result is then None, as it is where the table itself is wrong.
    """

    keys: Mapping[str, Kind]
    make: Callable[..., Any]
    required: Sequence[str] = ()

    def read(self, value: object, place: Place) -> Any:
        """The thing, or None with a complaint."""
        if not isinstance(value, Mapping):
            raise WrongValueError("a table with " + ", ".join(self.keys))
        before = len(place.problems.errors)
        values = read_table(value, self.keys, place, required=self.required)
        if len(place.problems.errors) > before:
            return None
        try:
            return self.make(**values)
        except InputError as error:
            same = (key for key in self.keys if stem(key) == stem(error.field))
            key = next(same, error.field)
            written = value.get(key)
            if not isinstance(written, str | int | float):  # of a list the wrong part says more
                written = as_lists(error.value)
            place.key(key).complain(written, error.wish, error.hint)
            return None


def as_lists(value: object) -> object:
    """Tuples as lists, as they are written."""
    return [as_lists(one) for one in value] if isinstance(value, tuple) else value


@dataclass(frozen=True, slots=True)
class Word:
    """One of a few words."""

    words: Sequence[str]

    def read(self, value: object, place: Place) -> str:
        """The word."""
        if isinstance(value, str) and value in self.words:
            return value
        close = isinstance(value, str) and difflib.get_close_matches(value.lower(), self.words, 1)
        raise WrongValueError(self.wish, f'did you mean "{close[0]}"?' if close else "")

    @property
    def wish(self) -> str:
        """What may be written, in words."""
        return "one of " + ", ".join(f'"{word}"' for word in self.words)


@dataclass(frozen=True, slots=True)
class Pairs:
    """A list of pairs of numbers; `what` says what a pair is, each number has its own kind."""

    first: Number
    second: Number
    what: str

    def read(self, value: object, place: Place) -> tuple[tuple[float, float], ...]:
        """The pairs in the program's units; those that are wrong are complained of one by one."""
        if not isinstance(value, list):
            raise WrongValueError(f"a list of {self.what}")
        pairs = []
        for number, one in enumerate(value, 1):
            try:
                if not isinstance(one, list) or len(one) != 2:
                    raise WrongValueError(self.what)
                pairs.append((self.first.read(one[0], place), self.second.read(one[1], place)))
            except WrongValueError as wrong:
                place.item(number).complain(one, self.what, wrong.hint)
        return tuple(pairs)


@dataclass(frozen=True, slots=True)
class Raw:
    """Anything: somebody else looks at it."""

    def read(self, value: object, place: Place) -> object:
        """The value as it is."""
        return value


@dataclass(frozen=True, slots=True)
class OneOf:
    """A value that may be of several kinds, told apart by its type in the file."""

    kinds: Mapping[type, Kind]
    wish: str

    def read(self, value: object, place: Place) -> Any:
        """The value, read as the kind that its type calls for."""
        for of_type, kind in self.kinds.items():
            if isinstance(value, of_type):
                return kind.read(value, place)
        raise WrongValueError(self.wish)


def read_table(
    table: Mapping[str, object],
    keys: Mapping[str, Kind],
    place: Place,
    *,
    required: Sequence[str] = (),
) -> dict[str, Any]:
    """The values of a table that are right; unknown, missing and wrong ones are complained of."""
    values: dict[str, Any] = {}
    for name, value in table.items():
        here = place.key(name)
        if name not in keys:
            here.complain(value, "a key that is known here", key_hint(name, tuple(keys)))
            continue
        try:
            values[name] = keys[name].read(value, here)
        except WrongValueError as wrong:
            here.complain(value, wrong.wish, wrong.hint)
    for name in required:
        if name not in table and not any(stem(name) == stem(other) for other in table):
            place.key(name).complain(Missing(), _given(keys[name]))
    return values


def _given(kind: Kind) -> str:
    """The wish for a key that is missing."""
    wish = getattr(kind, "wish", "")
    return f"given: {wish}" if wish else "given"


def _looks_like_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True
