"""What the readers of all families share: verdicts, lines of numbers, YAML with line numbers, UTC text."""

from __future__ import annotations

import datetime
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import yaml
from numpy.typing import NDArray

from offnadir.errors import MISSING, FileError, InputError

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]

_DAY_MS = 86_400_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What a solution is worth, and what is wrong with it.

    `value` counts what was handed in as if nothing were wrong: it means something only where `problems`
    is empty. `figures` are further published measures of the family, by their published names.
    """

    value: float
    problems: tuple[str, ...]
    figures: Mapping[str, float] = field(default_factory=dict)

    @property
    def valid(self) -> bool:
        """Whether every rule holds."""
        return not self.problems


def frozen(values: Any, dtype: Any) -> NDArray[Any]:
    """A column that nobody can write to."""
    column: NDArray[Any] = np.array(values, dtype)
    column.flags.writeable = False
    return column


def text_of(path: str | Path) -> str:
    """The text of a file; FileError where it cannot be read."""
    try:
        return Path(path).read_text("utf-8")
    except OSError as error:
        raise FileError(path, error.strerror or str(error)) from error
    except UnicodeDecodeError as error:
        raise FileError(path, "is no text in UTF-8") from error


class Lines:
    """A file of numbers, read line by line (empty lines count for nothing); errors name file and line."""

    def __init__(self, path: str | Path, separator: str | None = None) -> None:
        self._path, self._separator = path, separator
        lines = enumerate(text_of(path).splitlines(), 1)
        self._lines = [(number, line) for number, line in lines if line.strip()]
        self._next = 0

    @property
    def left(self) -> int:
        """How many lines were not read yet."""
        return len(self._lines) - self._next

    @property
    def where(self) -> str:
        """File and number of the line read last."""
        number = self._lines[self._next - 1][0] if self._next else 1
        return f"{self._path}, line {number}"

    def wrong(self, field: str, value: object, wish: str) -> InputError:
        """An error about the line read last."""
        return InputError(field, value, wish, where=self.where)

    def words(self, field: str, least: int, most: int | None = None) -> list[str]:
        """The next line's words: at least `least`, at most `most` (None: any number)."""
        if not self.left:
            number = self._lines[-1][0] if self._lines else 0
            where = f"{self._path}, line {number + 1}"
            raise InputError(field, MISSING, "there: the file ends early", where=where)
        line = self._lines[self._next][1]
        self._next += 1
        words = [word.strip() for word in line.strip().split(self._separator)]
        if len(words) < least or (most is not None and len(words) > most):
            wish = (
                f"{least}"
                if most == least
                else f"at least {least}"
                if most is None
                else f"{least} to {most}"
            )
            raise self.wrong(field, line.strip(), f"a line of {wish} fields")
        return words

    def integer(self, field: str, word: str, least: int | None = None) -> int:
        """A whole number in the line read last."""
        try:
            value = int(word)
        except ValueError:
            raise self.wrong(field, word, "a whole number") from None
        if least is not None and value < least:
            raise self.wrong(field, value, f"a whole number of at least {least}")
        return value

    def number(self, field: str, word: str) -> float:
        """A finite number in the line read last."""
        try:
            value = float(word)
        except ValueError:
            raise self.wrong(field, word, "a number") from None
        if not np.isfinite(value):
            raise self.wrong(field, word, "a finite number")
        return value

    def end(self) -> None:
        """Nothing may follow."""
        if self.left:
            words = self.words("end of file", 0)
            raise self.wrong(
                "end of file", " ".join(words), "the end: all announced lines were read"
            )


class Stream(Lines):
    """A file of numbers in which the ends of lines count for nothing; errors name the line all the same."""

    def __init__(self, path: str | Path) -> None:
        super().__init__(path)
        self._lines = [(number, word) for number, line in self._lines for word in line.split()]

    def words(self, field: str, least: int, most: int | None = None) -> list[str]:
        """The next words, `least` of them."""
        return [super(Stream, self).words(field, 1, 1)[0] for _ in range(least)]


class Rows:
    """The mappings of a YAML file, each with its line; errors name file, line, row and key."""

    def __init__(self, path: str | Path, key: str | None) -> None:
        self.path = path
        text = text_of(path)
        try:
            data = yaml.load(text, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))
        except yaml.YAMLError as error:
            mark = getattr(error, "problem_mark", None)
            where = f"{path}, line {mark.line + 1}" if mark else str(path)
            trouble = getattr(error, "problem", None) or str(error)
            raise InputError("file", trouble, "YAML", where=where) from error
        if key is not None:
            if not isinstance(data, dict) or key not in data:
                raise InputError(key, MISSING, "the one key at the top", where=str(path))
            data = data[key]
        self.data = data
        self._text = text

    def __iter__(self) -> Iterator[Row]:
        if not isinstance(self.data, list):
            raise InputError("file", type(self.data).__name__, "a list", where=str(self.path))
        return (Row(self, number, row) for number, row in enumerate(self.data))

    def only(self) -> Row:
        """The one mapping of the file."""
        return Row(self, -1, self.data)

    def where(self, number: int) -> str:
        """File and line at which the list's row begins; looked up only when something is wrong."""
        if number < 0:
            return f"{self.path}"
        starts = [
            at
            for at, line in enumerate(self._text.splitlines(), 1)
            if line.startswith(("- ", "  - "))
        ]
        at = f", line {starts[number]}" if len(starts) == len(self.data) else ""
        return f"{self.path}{at}, row {number + 1}"


class Row:
    """One mapping of a YAML file."""

    def __init__(self, rows: Rows, number: int, data: object) -> None:
        self._rows, self._number = rows, number
        if not isinstance(data, dict):
            raise self.wrong("row", data, "a mapping")
        self._data = data

    def wrong(self, field: str, value: object, wish: str) -> InputError:
        """An error about this row."""
        return InputError(field, value, wish, where=self._rows.where(self._number))

    def value(self, key: str) -> Any:
        """What stands under a key; "a.b" looks into the mapping under "a"."""
        data: Any = self._data
        for part in key.split("."):
            if not isinstance(data, dict) or part not in data:
                raise self.wrong(key, MISSING, "there")
            data = data[part]
        return data

    def has(self, key: str) -> bool:
        """Whether the row has this key."""
        return key in self._data

    def text(self, key: str, among: Sequence[str] = ()) -> str:
        """A text, one of some if they are given."""
        value = self.value(key)
        if not isinstance(value, str) or not value:
            raise self.wrong(key, value, "a text")
        if among and value not in among:
            raise self.wrong(key, value, "one of " + ", ".join(among))
        return value

    def number(self, key: str, least: float = -np.inf, most: float = np.inf) -> float:
        """A number in [least, most]."""
        value = self.value(key)
        if isinstance(value, bool) or not isinstance(value, int | float) or not np.isfinite(value):
            raise self.wrong(key, value, "a number")
        if not least <= value <= most:
            raise self.wrong(key, value, f"in [{least:g}, {most:g}]")
        return float(value)

    def integer(self, key: str, least: int) -> int:
        """A whole number of at least `least`."""
        value = self.value(key)
        if isinstance(value, bool) or not isinstance(value, int) or value < least:
            raise self.wrong(key, value, f"a whole number of at least {least}")
        return value

    def utc_ms(self, key: str) -> int:
        """An instant of ISO 8601 text as UTC ms since 1970."""
        value = self.value(key)
        ms = utc_ms(value) if isinstance(value, str) else None
        if ms is None:
            raise self.wrong(key, value, "an instant in UTC, as '2026-04-14T04:00:00Z'")
        return ms


def utc_ms(text: str) -> int | None:
    """UTC ms since 1970 of ISO 8601 text with a zone; None where it is none."""
    if len(text) == 20 and text[19] == "Z":  # the usual form, five times faster
        try:
            day, h, m, s = text[:10], int(text[11:13]), int(text[14:16]), int(text[17:19])
            days = datetime.date.fromisoformat(day).toordinal() - 719_163
        except ValueError:
            return None
        ok = text[10] == "T" and text[13] == text[16] == ":" and h < 24 and m < 60 and s < 60
        return days * _DAY_MS + (h * 3600 + m * 60 + s) * 1000 if ok else None
    try:
        instant = datetime.datetime.fromisoformat(text)
    except ValueError:
        return None
    if instant.tzinfo is None:
        return None
    since = instant - datetime.datetime(1970, 1, 1, tzinfo=datetime.UTC)
    return since // datetime.timedelta(milliseconds=1)


def utc_text(ms: int) -> str:
    """ISO 8601 text of UTC ms since 1970, with ms only where there are any."""
    instant = datetime.datetime(1970, 1, 1) + datetime.timedelta(milliseconds=int(ms))
    return instant.isoformat(timespec="milliseconds" if ms % 1000 else "seconds") + "Z"
