"""Choosing among element sets: by number or name, and the set nearest in time of each object."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable

from offnadir.epoch import Epoch
from offnadir.errors import InputError
from offnadir.orbits._elements import ElementSet
from offnadir.orbits._tle import from_alpha5

_DIGITS = re.compile("[0-9]{1,9}").fullmatch
_GAPS = re.compile(r"[\s_-]+").sub
_ALPHA5 = re.compile("[A-HJ-NP-Z][0-9]{4}").fullmatch


def nearest_sets(
    elements: Iterable[ElementSet], *, near: Epoch | None = None
) -> tuple[ElementSet, ...]:
    """One set an object: the one whose epoch is nearest to `near`, or the youngest if that is None.

    Objects stand in the order in which they first appear. Of two sets equally near the younger wins,
    and of two with one epoch the later in order.
    """
    best: dict[int, ElementSet] = {}
    for one in elements:
        other = best.get(one.norad_id)
        if other is None or _rank(one, near) >= _rank(other, near):
            best[one.norad_id] = one
    return tuple(best.values())


def select_satellites(
    elements: Iterable[ElementSet],
    wanted: str | int,
    *,
    near: Epoch | None = None,
    field: str = "satellite",
) -> tuple[ElementSet, ...]:
    """The objects that are meant by a NORAD number or a name, one set each (see `nearest_sets`).

    Tried in turn: the number (25544, "25544", or Alpha-5 such as "T0438"); the whole name; a part of
    the name (not for digits alone). Case does not count; blanks, hyphens and underscores are alike.
    Several objects may match: all are given, and the caller decides whether that is too many. An
    object that was renamed is found by any of its names. Raises InputError about `field`, with similar
    names as a hint, if nothing matches.
    """
    sets = tuple(elements)
    ids = _matching_ids(sets, wanted)
    if not ids:
        wish = "the NORAD number or name of an object in the element sets"
        raise InputError(field, wanted, wish, hint=_hint(sets, wanted))
    return nearest_sets((one for one in sets if one.norad_id in ids), near=near)


def _rank(one: ElementSet, near: Epoch | None) -> tuple[int, int]:
    tai_ns = one.epoch.tai_ns
    return (0 if near is None else -abs(tai_ns - near.tai_ns), tai_ns)


def _key(name: str) -> str:
    """The name for comparison: SENTINEL-2A at CelesTrak is SENTINEL 2A at Space-Track."""
    return " ".join(_GAPS(" ", name.casefold()).split())


def _number(wanted: str | int) -> int | None:
    """The NORAD number that is meant, if it may be one."""
    if isinstance(wanted, int):
        return wanted
    text = wanted.strip().upper()
    if _DIGITS(text):
        return int(text)
    return from_alpha5(text) if _ALPHA5(text) else None


def _matching_ids(sets: tuple[ElementSet, ...], wanted: str | int) -> set[int]:
    """Numbers of the objects that match, by the first rule that matches any."""
    number = _number(wanted)
    if number is not None:
        ids = {one.norad_id for one in sets if one.norad_id == number}
        if ids or isinstance(wanted, int):
            return ids
    key = _key(str(wanted))
    if not key:
        return set()
    ids = {one.norad_id for one in sets if _key(one.name) == key}
    if ids or _DIGITS(key):
        return ids
    return {one.norad_id for one in sets if key in _key(one.name)}


def _hint(sets: tuple[ElementSet, ...], wanted: str | int) -> str:
    """What may have been meant."""
    if not sets:
        return "there are no element sets"
    text = str(wanted).strip()
    if isinstance(wanted, int) or _DIGITS(text):
        numbers = sorted({one.norad_id for one in sets})
        if len(numbers) <= 5:
            return f"there are {', '.join(map(str, numbers))}"
        return f"numbers here run from {numbers[0]} to {numbers[-1]}, {len(numbers)} in all"
    names = {_key(one.name): f"{one.name} ({one.norad_id})" for one in sets}
    close = difflib.get_close_matches(_key(text), names, n=3, cutoff=0.5)
    if close:
        return f"did you mean {' or '.join(names[key] for key in close)}?"
    return f"no name is similar among {len(names)}, such as {next(iter(names.values()))}"
