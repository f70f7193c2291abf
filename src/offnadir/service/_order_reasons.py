"""Why an order has no picture: what the plan says of it, and what a search over its own time finds."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import Response

from offnadir.epoch import Epoch, Span
from offnadir.operations import open_window, reason_of
from offnadir.service._callers import Here, ReadsOrders
from offnadir.service._cql2_looks import Wishes
from offnadir.service._datetimes import LONGEST_S
from offnadir.service._fleet import Fleet
from offnadir.service._opportunities import Ask, find
from offnadir.service._opportunity_place import place_of
from offnadir.service._opportunity_routes import finder_of
from offnadir.service._problems import Reason
from offnadir.service._stapi import ANY
from offnadir.service._wire import Json, answer
from offnadir.tasking import Placed

router = APIRouter(default_response_class=Json)


@router.get("/orders/{order_id}/reasons", tags=["Orders"], summary="Why is there no picture?")
def reasons(request: Request, here: Here, caller: ReadsOrders, order_id: str) -> Response:
    """What stands in an order's way.

    `plan` is what the planner said when it last left the order out: a code, words, and `would_need`, what
    would have made it possible, if trying found that; null if it is in the plan, or was in none yet.
    `opportunities` are those within the order's limits in the interval `searched`: what is left of its time,
    at most 31 days; all of it since it was placed when it is over. If there are none, `reasons` say which
    limit is in the way, by how much, and what would pass. Null where a search would take too long.
    """
    view = here.desk.show(order_id, by=caller.name)
    placed, line = view.placed, view.history[-1]
    told: dict[str, Any] = {"state": line.state.value, "plan": reason_of(here.database, order_id)}
    found = []
    if line.state in ("rejected", "held"):
        found.append(Reason(constraint=line.code, words=line.words))
    ask = _ask_of(placed, here.fleet, here.now())
    count = None
    if ask is not None and not ask.satellites:
        wanted = list(placed.order.looks.sensors)
        words = "no satellite of the fleet has this camera"
        found.append(Reason(constraint="sensors", words=words, wanted=wanted))
    elif ask is not None and not ask.too_large:
        with request.app.state.traces.span("search for opportunities"):
            chances, why = find(ask, finder_of(request).kept)
        count = len(chances)
        found += why
    told["searched"] = None if count is None or ask is None else ask.request["datetime"]
    told["opportunities"] = count
    told["reasons"] = [one.document() for one in found]
    return answer(request, told)


def _ask_of(placed: Placed, fleet: Fleet, now: Epoch) -> Ask | None:
    """The search for an order's opportunities; None if it never had time for one."""
    order = placed.order
    since = [now, placed.placed] if placed.is_open else [placed.placed]
    spans = (open_window(order, Span(one, one + LONGEST_S)) for one in since)
    span = next((one for one in spans if one is not None), None)
    if span is None:
        return None
    sensors = order.looks.sensors
    able = [one for one in fleet.satellites if not sensors or one.sensor.name in sensors]
    return Ask(
        product=sensors[0] if len(sensors) == 1 else ANY,
        satellites=tuple(able),
        place=place_of(order.place, order.area_m2),
        span=span,
        wishes=Wishes(looks=order.looks),
        request={"datetime": f"{span.start.utc(3)}/{span.stop.utc(3)}"},
    )
