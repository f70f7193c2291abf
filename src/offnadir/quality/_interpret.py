"""What can be told from a picture: the tasks of a NIIRS level, and objects at a sample distance."""

from __future__ import annotations

import functools
import math
import tomllib
from dataclasses import dataclass
from typing import Any, Final, Literal

from offnadir.data import bundled_bytes
from offnadir.errors import InputError

Scale = Literal["visible", "civil", "radar"]
Language = Literal["en", "ko"]
Step = Literal["nothing", "detected", "recognised", "identified", "described", "analysed"]

_SCALES: Final = ("visible", "civil", "radar")
_LANGUAGES: Final = ("en", "ko")
_STEPS: Final[tuple[Step, ...]] = ("detected", "recognised", "identified", "described", "analysed")


@dataclass(frozen=True, slots=True, kw_only=True)
class Sight:
    """How far one kind of object can be told.

    `step` is the finest that is reached: detected (it is there), recognised (its class), identified (its
    type), described, analysed; or nothing. `at_least` where the source has no figure for the step after it.
    `checked` is False where the figures are an estimate that was not compared with a source.
    """

    name: str
    step: Step
    at_least: bool
    checked: bool


def tasks_at(niirs: float, scale: Scale = "visible", language: Language = "en") -> tuple[str, ...]:
    """What just becomes possible at the whole level of a NIIRS; what lower levels allow stays possible.

    The civil scale's English is the source's own; the visible and the radar scale are in our words, from
    general knowledge of them, and their levels are estimates: data/niirs.toml marks each scale. A radar
    NIIRS belongs to the scale "radar" alone. One sentence that nothing can be told where NIIRS is NaN or
    below 0; above 9 the tasks of 9. InputError where scale or language is none of those above.

    >>> tasks_at(4.7, "civil")[2]
    'Detect jeep trails through grasslands.'
    """
    _one_of("scale", scale, _SCALES)
    _one_of("language", language, _LANGUAGES)
    table = _table()
    if math.isnan(niirs) or niirs < 0.0:
        return (str(table["nothing"][language]),)
    level = math.floor(min(niirs, 9.0))
    return tuple(str(task[language]) for task in table[scale]["task"] if task["level"] == level)


def detect_recognise_identify(gsd_m: float, language: Language = "en") -> tuple[Sight, ...]:
    """How far each of some common kinds of objects can be told at a ground sample distance [m].

    Rows in the table's order: those of STANAG 3769 (terrain to airfields) are checked, those with aircraft,
    vehicles and ships are estimates. A distance of just the figure is enough. Steps that a source leaves out
    are skipped. The figures are for optical pictures; for the same distance a radar's speckle tells less.
    NaN tells nothing of anything. InputError where the distance is not above 0, or for an unknown language.

    >>> tuple(sight.step for sight in detect_recognise_identify(2.0) if sight.name == "roads")
    ('recognised',)
    """
    _one_of("language", language, _LANGUAGES)
    if gsd_m <= 0.0:
        raise InputError("gsd_m", gsd_m, "above 0")
    return tuple(
        Sight(
            name=str(row[language]),
            step=(step := _finest(row, gsd_m)),
            at_least=_next_is_missing(row, step),
            checked=bool(row["checked"]),
        )
        for row in _table()["objects"]["row"]
    )


def _finest(row: dict[str, Any], gsd_m: float) -> Step:
    """The last step of a row whose sample distance is met."""
    reached: Step = "nothing"
    for step in _STEPS:
        if gsd_m <= row.get(f"{step}_m", -math.inf):
            reached = step
    return reached


def _next_is_missing(row: dict[str, Any], step: Step) -> bool:
    """Whether a step that the source has for other objects is left out, right after this one."""
    rows = [one for one in _table()["objects"]["row"] if one["checked"] == row["checked"]]
    columns = [one for one in _STEPS if any(f"{one}_m" in other for other in rows)]
    later = columns[columns.index(step) + 1 :] if step in columns else columns
    known = [f"{one}_m" in row for one in later]
    return bool(known) and not known[0] and any(known)


def _one_of(field: str, value: str, allowed: tuple[str, ...]) -> None:
    if value not in allowed:
        raise InputError(field, value, "one of " + ", ".join(allowed))


@functools.cache
def _table() -> dict[str, Any]:
    return tomllib.loads(bundled_bytes("niirs.toml").decode("utf-8"))
