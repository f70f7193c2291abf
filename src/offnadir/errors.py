"""What can go wrong, and whose fault it is: exit code 2 for what the user wrote, 1 for ours."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final


class OffnadirError(Exception):
    """Any trouble that offnadir reports on purpose; its text is fit for a user's eyes."""

    exit_code = 1

    def __reduce__(self) -> tuple[Any, ...]:
        # an exception is made anew from its text alone: errors of worker processes would not arrive
        return _again, (type(self), self.args, self.__dict__)


def _again(kind: type[OffnadirError], told: tuple[Any, ...], more: dict[str, Any]) -> OffnadirError:
    error = kind.__new__(kind, *told)
    error.__dict__.update(more)
    return error


MISSING: Final = object()  # the value of an InputError about what was not written at all


class InputError(OffnadirError, ValueError):
    """Something the user wrote is wrong: names the field, its value and what was wished for.

    `where` is the place that a person would look at: a file, a file and line, an option. The value is
    MISSING where nothing was written that could be shown.
    """

    exit_code = 2

    def __init__(
        self, field: str, value: object, wish: str, *, hint: str = "", where: str = ""
    ) -> None:
        self.field = field
        self.value = value
        self.wish = wish
        self.hint = hint
        self.where = where
        place = f"{where}: " if where else ""
        shown = repr(value)
        if len(shown) > 120:
            shown = shown[:117] + "..."
        written = "" if value is MISSING else f" = {shown}"
        text = f"{place}{field}{written}: must be {wish}"
        super().__init__(f"{text} ({hint})" if hint else text)


class UnitRangeError(InputError):
    """A number lies outside the range of its unit, which often means that a unit was forgotten."""


class InputProblems(OffnadirError, ValueError):
    """Several things that the user wrote are wrong at once, all told in one go."""

    exit_code = 2

    def __init__(self, problems: Sequence[InputError]) -> None:
        self.problems = tuple(problems)
        super().__init__("\n".join(str(problem) for problem in self.problems))


class FileError(OffnadirError):
    """A file or folder that the user named cannot be read or written."""

    exit_code = 2

    def __init__(self, path: object, trouble: str) -> None:
        self.path = str(path)
        super().__init__(f"{self.path}: {trouble}")


class MissingExtraError(OffnadirError):
    """A library that comes with one of the extras is not there; the text says how to get it."""

    exit_code = 2

    def __init__(self, what: str, extra: str) -> None:
        super().__init__(f"{what}: pip install 'offnadir[{extra}]'")
