"""Why an order has no picture: what the plan says of it, and what a search over its own time finds."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, Final

from fastapi import APIRouter, Request
from fastapi.responses import Response

from offnadir.epoch import Span
from offnadir.operations import reason_of, times_left
from offnadir.service._callers import Here, ReadsOrders
from offnadir.service._cql2_looks import Wishes
from offnadir.service._datetimes import LONGEST_S, interval_text
from offnadir.service._opportunities import Ask
from offnadir.service._opportunity_place import place_of
from offnadir.service._opportunity_routes import answer_to
from offnadir.service._problems import Reason
from offnadir.service._service import Service
from offnadir.service._stapi import ANY, filter_of
from offnadir.service._wire import Json, answer
from offnadir.tasking import Placed
from offnadir.tasking._views import OrderView

router = APIRouter(default_response_class=Json)
#: Of an order with more times than that the first ones are searched.
_MOST_TIMES: Final = 8
_ENDS: Final = ("rejected", "expired", "failed", "cancelled", "user_cancelled", "completed")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Searched:
    """The times that were searched, how many opportunities there are, and the reasons if there are none."""

    times: tuple[str, ...]
    count: int
    reasons: tuple[dict[str, Any], ...]


@router.get("/orders/{order_id}/reasons", tags=["Orders"], summary="Why is there no picture?")
def reasons(request: Request, here: Here, caller: ReadsOrders, order_id: str) -> Response:
    """What stands in an order's way.

    `plan` is what the planner said when it last left the order out as it is now: a code, words, and
    `would_need`, what would have made it possible, if trying found that; null if it is in the plan, or was
    in none yet. Staff read it as the plan has it, customers without what it says of others.
    `opportunities` are those within the order's limits in the intervals `searched`: of what is left of its
    times, or of all since it was placed when it is over, a month or two. If there are none, `reasons` say
    which limit is in the way, by how much, and what would pass. Null where no search is of use, where it
    would take too long, and for keys without the scope `opportunities:read`.
    """
    view = here.desk.show(order_id, by=caller.name)
    placed = view.placed
    told: dict[str, Any] = {
        "state": view.history[-1].state.value,
        "plan": reason_of(here.database, placed, whole=caller.user.sees_all),
    }
    found = [one.document() for one in _of_checks(view)]
    sensors = placed.order.looks.sensors
    if placed.order.source == "archive":
        words = "no new picture is taken for it: it wants one of the archive"
        found.append(Reason(constraint="source", words=words, wanted="archive").document())
    elif sensors and not any(one.sensor.name in sensors for one in here.fleet.satellites):
        words = "no satellite of the fleet has this camera"
        found.append(Reason(constraint="sensors", words=words, wanted=list(sensors)).document())
    elif "opportunities:read" in caller.scopes:
        searched = _searched(request, here, placed)
        if searched is not None:
            found += searched.reasons
            told |= {"searched": list(searched.times), "opportunities": searched.count}
    return answer(request, {"searched": [], "opportunities": None, **told, "reasons": found})


def _of_checks(view: OrderView) -> list[Reason]:
    """What came of it before: it was refused, waits or waited for a person, or a picture of it was no use."""
    found = []
    if not view.placed.is_open and view.history[-1].code in ("no_opportunity", "no_product"):
        found.append(view.history[-1])
    before = [one for one in view.history if one.state not in _ENDS or one.state == "rejected"]
    if before[-1].state in ("rejected", "held"):
        found.append(before[-1])
    found += [one for one in before if one.code in ("retake", "missed")][-1:]
    return [Reason(constraint=one.code, words=one.words) for one in found]


def _searched(request: Request, here: Service, placed: Placed) -> _Searched | None:
    """A search over the times of an order, up to one that has opportunities; None if it is too large."""
    with here.database.read() as connection:
        times = times_left(connection, placed, here.now(), LONGEST_S)[:_MOST_TIMES]
    told: list[str] = []
    first: tuple[dict[str, Any], ...] | None = None
    left_s = LONGEST_S
    for span in times:
        if left_s <= 0.0:
            break
        left_s -= span.duration_s
        ask = _ask(here, placed, span)
        if ask.too_large:
            return None
        told.append(str(ask.request["datetime"]))
        found = answer_to(request, ask, here.fleet)
        if found["features"]:
            return _Searched(times=tuple(told), count=len(found["features"]), reasons=())
        first = first or tuple(_by_deadline(one, placed, span) for one in found["reasons"])
    return None if first is None else _Searched(times=tuple(told), count=0, reasons=first)


def _ask(here: Service, placed: Placed, span: Span) -> Ask:
    order = placed.order
    looks, sensors = order.looks, order.looks.sensors
    request: dict[str, Any] = {
        "datetime": interval_text(span.start.tai_ns, span.stop.tai_ns),
        "geometry": dict(order.place),
    }
    wanted = filter_of(looks)
    if wanted is not None:
        request["filter"] = wanted
    return Ask(
        product=sensors[0] if len(sensors) == 1 else ",".join(sensors) or ANY,
        satellites=tuple(
            one for one in here.fleet.satellites if not sensors or one.sensor.name in sensors
        ),
        place=place_of(order.place, order.area_m2),
        span=span,
        wishes=Wishes(looks=replace(looks, sensors=())),
        request=request,
    )


def _by_deadline(reason: dict[str, Any], placed: Placed, span: Span) -> dict[str, Any]:
    """A pass that comes too late for the deadline misses that, and not the window."""
    if reason["constraint"] == "datetime" and placed.order.deadline == span.stop:
        return {**reason, "constraint": "deadline"}
    return reason
