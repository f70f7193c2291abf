"""A small strict reader of what people write: takes what is right, and notes all that is wrong."""

from __future__ import annotations

import datetime
import difflib
from collections.abc import Collection, Mapping
from typing import Any, Final

from offnadir.epoch import Epoch
from offnadir.errors import MISSING, InputError, InputProblems

LONGEST_NAME: Final = 300
LONGEST_NOTE: Final = 10_000


class Reader:
    """Reads one document; `where` is its file. Each method gives the value, or None after a complaint."""

    def __init__(self, where: str = "") -> None:
        self.where = where
        self.problems: list[InputError] = []

    def wrong(self, field: str, value: object, wish: str, hint: str = "") -> None:
        """Note something wrong."""
        self.problems.append(InputError(field, value, wish, hint=hint, where=self.where))

    def note(self, error: InputError) -> None:
        """Note what another reader found wrong."""
        self.wrong(error.field, error.value, error.wish, error.hint)

    def finish(self) -> None:
        """Raise what was noted: InputError for one thing, InputProblems for several."""
        if len(self.problems) == 1:
            raise self.problems[0]
        if self.problems:
            raise InputProblems(self.problems)

    def table(self, value: object, field: str, known: Collection[str]) -> dict[str, Any]:
        """The keys of a table that are known here; others are complained of."""
        if not isinstance(value, Mapping):
            self.wrong(field or "order", value, "a table of keys and values")
            return {}
        for key in value:
            if key not in known:
                near = difflib.get_close_matches(str(key), known, 1, 0.6)
                hint = f"did you mean {near[0]}?" if near else ""
                self.wrong(_dotted(field, str(key)), value[key], "a key that is known here", hint)
        return {key: value[key] for key in known if key in value}

    def number(
        self,
        table: Mapping[str, Any],
        key: str,
        field: str,
        low: float,
        high: float,
        unit: str = "",
    ) -> float | None:
        """A number from `low` to `high`, or None if it is not there."""
        if table.get(key) is None:
            return None
        value = table[key]
        is_number = isinstance(value, int | float) and not isinstance(value, bool)
        if is_number and low <= value <= high:
            return float(value)
        is_quoted = isinstance(value, str) and value.replace(".", "", 1).lstrip("-").isdecimal()
        wish = f"a number from {low:g} to {high:g} {unit}".rstrip()
        self.wrong(_dotted(field, key), value, wish, "without quotes" if is_quoted else "")
        return None

    def whole(
        self, table: Mapping[str, Any], key: str, field: str, low: int, high: int
    ) -> int | None:
        """A whole number from `low` to `high`, or None if it is not there."""
        value = table.get(key)
        if value is None:
            return None
        if isinstance(value, int) and not isinstance(value, bool) and low <= value <= high:
            return value
        self.wrong(_dotted(field, key), value, f"a whole number from {low} to {high}")
        return None

    def text(
        self,
        table: Mapping[str, Any],
        key: str,
        field: str,
        *,
        needed: bool = False,
        longest: int = LONGEST_NAME,
        lines: bool = False,
    ) -> str:
        """A text without blanks around it; "" if it is not there."""
        if table.get(key) is None:
            if needed:
                self.wrong(_dotted(field, key), MISSING, "given")
            return ""
        return self.one_text(table[key], _dotted(field, key), longest=longest, lines=lines)

    def one_text(
        self, value: object, field: str, *, longest: int = LONGEST_NAME, lines: bool = False
    ) -> str:
        """A text that is there."""
        wish = f"a text of {'' if lines else 'one line, '}1 to {longest} characters"
        if (
            isinstance(value, str)
            and value.strip()
            and len(value) <= longest
            and _fair(value, lines)
        ):
            return value.strip()
        self.wrong(field, value, wish)
        return ""

    def texts(self, table: Mapping[str, Any], key: str, field: str) -> tuple[str, ...]:
        """A list of texts; one text will do."""
        value = table.get(key)
        if value is None:
            return ()
        if isinstance(value, str):
            value = [value]
        if not isinstance(value, list | tuple) or len(value) > 100:
            self.wrong(_dotted(field, key), value, "a list of at most 100 texts")
            return ()
        dotted = _dotted(field, key)
        return tuple(self.one_text(one, f"{dotted}[{i}]") for i, one in enumerate(value, 1))

    def choice(
        self, table: Mapping[str, Any], key: str, field: str, choices: Collection[str], usual: str
    ) -> str:
        """One of a few words; `usual` if it is not there."""
        value = table.get(key)
        if value is None:
            return usual
        if isinstance(value, str) and value in choices:
            return value
        self.wrong(_dotted(field, key), value, " or ".join(choices))
        return usual

    def time(self, table: Mapping[str, Any], key: str, field: str) -> Epoch | None:
        """A UTC time, as a text or as TOML writes times; None if it is not there."""
        value = table.get(key)
        if value is None:
            return None
        if isinstance(value, datetime.datetime | datetime.date):
            value = value.isoformat()
        try:
            if isinstance(value, str):
                return Epoch.from_utc(value, field=_dotted(field, key))
        except InputError as error:
            self.note(error)
            return None
        self.wrong(_dotted(field, key), value, "a UTC time such as 2026-05-31T04:05:06Z")
        return None


def _fair(text: str, lines: bool) -> bool:
    """Whether a text has no control codes, no lone surrogates, nothing that turns the writing around.

    Joiners that Persian, Hindi and others need in names are fair, though Python calls them unprintable.
    """
    allowed = "\u200c\u200d" + ("\n\r\t" if lines else "")
    return all(one.isprintable() or one in allowed for one in text)


def _dotted(field: str, key: str) -> str:
    return f"{field}.{key}" if field else key
