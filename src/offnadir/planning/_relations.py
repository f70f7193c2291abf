"""What requests, choices and outages say of each other: names that are none, rules that clash."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Literal

from offnadir.errors import InputError
from offnadir.planning._problems import name_hint

if TYPE_CHECKING:
    from offnadir.planning.model import Choice, Outage, Request

Part = Literal["request", "choice", "outage"]
#: Which part, which of its entries (from 0), and what is wrong with it.
Trouble = tuple[Part, int, InputError]


def relation_troubles(
    requests: Sequence[Request],
    choices: Sequence[Choice],
    outages: Sequence[Outage],
    satellites: Collection[str],
    stations: Collection[str],
    *,
    more_requests: Collection[str] = (),
) -> Iterator[Trouble]:
    """Everything wrong between the parts of a mission, in the order of requests, choices, outages.

    `satellites` and `stations` are names; of `more_requests` nothing is known but the name.
    """
    by_name = {one.name: one for one in requests}
    names = {*by_name, *more_requests}
    circles = _circles(by_name)
    for number, request in enumerate(requests):
        for error in _order_troubles(request, by_name, names, circles):
            yield "request", number, error
        for name in request.satellites:
            if name not in satellites:
                yield "request", number, _no_name("satellites", name, satellites)
    for number, choice in enumerate(choices):
        for error in _choice_troubles(choice, by_name, names):
            yield "choice", number, error
    for number, outage in enumerate(outages):
        if outage.station not in stations:
            yield "outage", number, _no_name("station", outage.station, stations)
        if outage.satellite is not None and outage.satellite not in satellites:
            yield "outage", number, _no_name("satellite", outage.satellite, satellites)


def _no_name(field: str, value: str, names: Collection[str]) -> InputError:
    hint = name_hint(value, sorted(names))
    return InputError(
        field, value, f"the name of a {field.removesuffix('s')} of this mission", hint=hint
    )


def _order_troubles(
    request: Request,
    by_name: Mapping[str, Request],
    names: Collection[str],
    circles: Mapping[str, Sequence[str]],
) -> Iterator[InputError]:
    """What is wrong with `after`: no such request, a circle, kinds or times that never fit."""
    if request.after is None:
        return
    if request.after not in names:
        hint = name_hint(request.after, sorted(set(names) - {request.name}))
        wish = "the name of another request of this mission"
        yield InputError("after", request.after, wish, hint=hint)
        return
    if request.name in circles:
        circle = circles[request.name]
        if request.name == circle[0]:  # told once
            shown = " after ".join(f"{name!r}" for name in (*circle, circle[0]))
            yield InputError("after", request.after, f"free of a circle: {shown}")
        return
    if request.cover is not None or request.repeat is not None:
        kind = "cover" if request.cover is not None else "repeat"
        yield InputError("after", request.after, f"given without {kind}: it orders single pictures")
    other = by_name.get(request.after)
    if other is None:
        return
    if other.cover is not None or other.repeat is not None:
        kind = "cover" if other.cover is not None else "repeat"
        wish = f"a request without {kind}: it orders single pictures"
        yield InputError("after", request.after, wish)
    if other.window.start >= request.window.stop:
        wish = (
            f"a request whose window begins before this one's ends, {request.window.stop.utc(0)}, "
            f"not at {other.window.start.utc(0)}"
        )
        yield InputError("after", request.after, wish)
    elif request.after_within_s is not None:
        wait_s = request.window.start - other.window.stop
        if request.after_within_s < wait_s:
            wish = f"at least the {wait_s:.10g} s between the two windows"
            yield InputError("after_within_s", request.after_within_s, wish)


def _circles(by_name: Mapping[str, Request]) -> dict[str, list[str]]:
    """For each request that comes after itself: the names of its circle, its first one first."""
    circles: dict[str, list[str]] = {}
    seen: set[str] = set()
    for name in by_name:
        way: dict[str, int] = {}
        at: str | None = name
        while at is not None and at not in seen and at in by_name:
            seen.add(at)
            way[at] = len(way)
            at = by_name[at].after
        if at is not None and at in way:
            circle = list(way)[way[at] :]
            circles |= dict.fromkeys(circle, circle)
    return circles


def _choice_troubles(
    choice: Choice, by_name: Mapping[str, Request], names: Collection[str]
) -> Iterator[InputError]:
    """What is wrong with a choice: no such request, or one that must come after more than are allowed."""
    for name in choice.requests:
        if name not in names:
            hint = name_hint(name, sorted(names))
            yield InputError("requests", name, "names of requests of this mission", hint=hint)
    for name in choice.requests:
        before = _those_before(name, by_name) & set(choice.requests)
        if len(before) >= choice.at_most:
            wish = f"more than {choice.at_most}: {name!r} can only come after {_listed(before)}"
            yield InputError("at_most", choice.at_most, wish)


def _those_before(name: str, by_name: Mapping[str, Request]) -> set[str]:
    """All requests that must be taken for a request to be taken; empty where they run in a circle."""
    before: set[str] = set()
    at = by_name.get(name)
    while at is not None and at.after is not None:
        if at.after in before or at.after == name:
            return set()
        before.add(at.after)
        at = by_name.get(at.after)
    return before


def _listed(names: Collection[str]) -> str:
    return " and ".join(f"{name!r}" for name in sorted(names))
