"""What a file of element sets gave: the sets, and every record that had to be left out, with why."""

from __future__ import annotations

from dataclasses import dataclass

from offnadir.orbits._elements import ElementSet

_SHOWN = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Rejected:
    """A record that was skipped: its place ("FILE:12" or "FILE: record 7"), why, and its text."""

    where: str
    reason: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ElementFile:
    """The element sets of one file, in its order, and the records that were refused.

    `format` is one of "TLE", "3LE", "OMM JSON", "OMM XML", "OMM KVN", "OMM CSV". Several sets of one
    object are all kept: `select_satellites` chooses among them.
    """

    path: str
    elements: tuple[ElementSet, ...]
    rejected: tuple[Rejected, ...]
    format: str


def printable(text: str) -> str:
    """The text without control characters and half surrogates, which a terminal could not show."""
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in text)


def reject(where: str, trouble: Exception | str, text: str) -> Rejected:
    """A refusal whose text is short and safe to print."""
    shown = text if len(text) <= _SHOWN else text[: _SHOWN - 3] + "..."
    return Rejected(where=where, reason=str(trouble), text=printable(shown))
