"""What is wrong with an order, in the names that were sent: those of STAPI and of our parameters."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from offnadir.errors import InputError, InputProblems
from offnadir.service._order_parameters import PARAMETERS, PREFIX

_WINDOW = re.compile(r"windows(\[\d+\])?(\.(start|stop))?")
_PARAMETERS: Final = f"order_parameters.{PREFIX}"


def wire_name(field: str) -> str:
    """The path in a request of STAPI for a field of an order's document; any other stays as it is.

    >>> wire_name("priority")
    'order_parameters.offnadir:priority'
    >>> wire_name("windows[1].stop")
    'datetime'
    >>> wire_name("place.coordinates")
    'geometry.coordinates'
    """
    if _WINDOW.fullmatch(field):
        return "datetime"
    first, _, rest = re.sub(r"^delivery\.", "", field).partition(".")
    name = first.partition("[")[0]
    if name in PARAMETERS:
        return _PARAMETERS + (f"{first}.{rest}" if rest and name != "recurrence" else first)
    if first == "place":
        return f"geometry.{rest}" if rest else "geometry"
    names = {"looks": "filter", "key": "Idempotency-Key", "place_deg": "geometry"}
    return names.get(first, field)


@contextmanager
def in_wire_names() -> Iterator[None]:
    """Errors about an order's document become errors about what was sent."""
    try:
        yield
    except InputError as error:
        raise _renamed(error) from error
    except InputProblems as error:
        raise InputProblems([_renamed(one) for one in error.problems]) from error


def _renamed(error: InputError) -> InputError:
    name = wire_name(error.field)
    return type(error)(name, error.value, error.wish, hint=error.hint)
