"""An order as the planner's request."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

from offnadir.epoch import Epoch, Span

if TYPE_CHECKING:
    from offnadir.tasking import Order

#: Limits that an order and the planner's request call the same.
_SAME: Final = (
    "max_off_nadir_deg", "min_incidence_deg", "max_incidence_deg", "min_sun_elevation_deg",
    "max_sun_elevation_deg", "max_gsd_m", "min_niirs",
)  # fmt: skip
#: The plan's numbers are rounded.
_TOUCH_DEG: Final = 0.01
#: By how much the ends of a picture may be worse than its middle: below the track 0.7 deg of off-nadir.
_ENDS_DEG: Final = 0.8
_ENDS: Final = 0.02
_ENDS_NIIRS: Final = 0.05
_ALL_ROUND: Final = [0, 360]
#: What an order of each priority weighs, 1 going first: four pictures of one count as one of that before.
WEIGHTS: Final = {1: 16.0, 2: 4.0, 3: 1.0}


def request_of(
    name: str,
    order: Order,
    span: Span,
    not_before: Epoch | None = None,
    rest: Mapping[str, Any] | None = None,
    sensors: Mapping[str, str] | None = None,
) -> dict[str, Any] | None:
    """The [[request]] of an order within a span; None if its time does not fall there.

    Of several windows the first that is not over counts. `rest` is what is left of an area, `sensors` the
    camera of each satellite by its name. An order for a camera that no satellite has waits for one. None also
    for an order that wants a picture of the archive.
    """
    window = open_window(order, span, not_before)
    if window is None or order.source == "archive":
        return None
    looks = order.looks
    entry: dict[str, Any] = {
        "name": name,
        "weight": WEIGHTS[order.priority],
        "window": {"start": window.start.utc(6), "stop": window.stop.utc(6)},
        **_place(order.place if rest is None else rest),
    }
    document = looks.document()
    if looks.sensors:
        able = [name for name, sensor in (sensors or {}).items() if sensor in looks.sensors]
        if not able:
            return None
        entry["satellites"] = able
    for ours in _SAME:
        if ours in document:
            entry[ours] = document[ours]
    if entry.get("max_off_nadir_deg") == 0:
        entry["max_off_nadir_deg"] = 0.1
    # As in a search for opportunities: the Sun is up, and no more than that is asked for.
    entry.setdefault("min_sun_elevation_deg", 0.0)
    if list(document.get("azimuth_deg", _ALL_ROUND)) != _ALL_ROUND:
        entry["azimuth_deg"] = document["azimuth_deg"]
    if order.deadline is not None and order.deadline < span.stop:
        entry["deadline"] = order.deadline.utc(6)
    return entry


def windows_left(order: Order, first: Epoch) -> list[tuple[Epoch, Epoch | None]]:
    """The stretches from an instant on in which the order's picture may be taken, in order; None is open."""
    ends = [(one.start or first, one.stop) for one in order.windows] or [(first, None)]
    found: list[tuple[Epoch, Epoch | None]] = []
    for begin, end in sorted(ends, key=lambda one: (one[0], one[1] is None, one[1] or first)):
        start = max(begin, first)
        stop = min((at for at in (end, order.deadline) if at is not None), default=None)
        if stop is None or start < stop:
            found.append((start, stop))
    return found


def open_window(order: Order, span: Span, not_before: Epoch | None = None) -> Span | None:
    """The first stretch of the span in which the order's picture may be taken."""
    first = span.start if not_before is None else max(span.start, not_before)
    for start, end in windows_left(order, first):
        stop = span.stop if end is None else min(end, span.stop)
        if start < stop:
            return Span(start, stop)
    return None


def over_at(order: Order) -> Epoch | None:
    """The instant from which no picture can serve the order any more; None if it has no end."""
    found = [] if order.deadline is None else [order.deadline]
    stops = [one.stop for one in order.windows]
    if stops and None not in stops:
        found.append(max(one for one in stops if one is not None))
    return min(found, default=None)


def _place(place: Mapping[str, Any]) -> dict[str, Any]:
    kind, corners = place["type"], place["coordinates"]
    if kind == "Point":
        spot = {"lon_deg": corners[0], "lat_deg": corners[1]}
        return spot | ({"alt_m": corners[2]} if len(corners) > 2 else {})
    if kind == "Polygon":
        rings = [[list(corner[:2]) for corner in ring] for ring in corners]
        return {"polygon": rings if len(rings) > 1 else rings[0], "cover": True}
    # A line: its middle is aimed at.
    middle = corners[len(corners) // 2]
    return {"lon_deg": middle[0], "lat_deg": middle[1]}


def breach(order: Order, picture: Mapping[str, Any]) -> str | None:
    """What the order asks for and a planned picture does not keep: a net under the planner."""
    document = order.looks.document()
    incidence_deg = 90.0 - float(picture["elevation_deg"])
    low, high = document.get("min_incidence_deg"), document.get("max_incidence_deg")
    if low is not None and incidence_deg < low - _TOUCH_DEG:
        return f"incidence {incidence_deg:.1f} deg, at least {low:g} wanted"
    if high is not None and incidence_deg > high + _TOUCH_DEG:
        return f"incidence {incidence_deg:.1f} deg, at most {high:g} wanted"
    sun, most = float(picture["sun_elevation_deg"]), document.get("max_sun_elevation_deg")
    if most is not None and sun > most + _TOUCH_DEG:
        return f"Sun {sun:.1f} deg high, at most {most:g} wanted"
    first, last = document.get("azimuth_deg", _ALL_ROUND)
    if [first, last] != _ALL_ROUND:
        azimuth = float(picture["azimuth_deg"])
        beyond = min((first - azimuth) % 360.0, (azimuth - last) % 360.0)
        if (azimuth - first) % 360.0 > (last - first) % 360.0 and beyond > _TOUCH_DEG:
            return f"seen from azimuth {azimuth:.0f} deg, {first:g} to {last:g} wanted"
    return None


def is_there(order: Order, picture: Mapping[str, Any]) -> bool:
    """Whether a planned picture is of the order's point."""
    aim = (picture["aim"]["lon_deg"], picture["aim"]["lat_deg"])
    return order.place["type"] == "Point" and all(
        math.isclose(ours, its, abs_tol=1e-6)
        for ours, its in zip(order.place["coordinates"], aim, strict=False)
    )


def is_then(order: Order, picture: Mapping[str, Any], now: Epoch) -> bool:
    """Whether a planned picture is taken in the order's first time that is not over, and down in time."""
    start, down = Epoch.from_utc(picture["start"]), picture.get("delivered")
    if order.deadline is not None and (down is None or Epoch.from_utc(down) > order.deadline):
        return False
    window = open_window(order, Span(now, max(start, now) + 1.0))
    return window is not None and window.start <= start < window.stop


def is_so(order: Order, picture: Mapping[str, Any], sensor: str | None) -> bool:
    """Whether a planned picture surely keeps to the order's looks: its ends are somewhat off its middle."""
    wanted = order.looks.document()
    if order.looks.sensors and sensor not in order.looks.sensors:
        return False
    gsd_m = math.sqrt(picture["gsd_along_m"] * picture["gsd_across_m"])
    return (
        picture["off_nadir_deg"] + _ENDS_DEG <= wanted.get("max_off_nadir_deg", math.inf)
        and gsd_m * (1.0 + _ENDS) <= wanted.get("max_gsd_m", math.inf)
        and picture["niirs"] - _ENDS_NIIRS >= wanted.get("min_niirs", -math.inf)
        and picture["sun_elevation_deg"] - _TOUCH_DEG >= wanted.get("min_sun_elevation_deg", 0.0)
        and breach(order, picture) is None
    )


def ends(order: Order) -> list[Epoch]:
    """Instants at which something about the order's time changes."""
    found = [] if order.deadline is None else [order.deadline]
    for one in order.windows:
        found += [end for end in (one.start, one.stop) if end is not None]
    return found
