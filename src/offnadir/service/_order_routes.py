"""What STAPI lacks for orders: quotes, cancelling, amending, events, and what was delivered."""

from __future__ import annotations

import asyncio
import json
import time
from collections import Counter
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Annotated, Any, Final

import anyio.to_thread
import orjson
from fastapi import APIRouter, Header, Query, Request
from fastapi.responses import FileResponse, Response, StreamingResponse
from pydantic import BaseModel, ConfigDict, Field

from offnadir.operations import coverage_of
from offnadir.service._callers import Caller, Here, ReadsArchive, ReadsOrders, WritesOrders
from offnadir.service._opportunities import find, read_ask
from offnadir.service._opportunity_routes import finder_of
from offnadir.service._problems import ProblemError, Reason
from offnadir.service._schemas import Filter, Geometry, Interval, Parameters
from offnadir.service._service import Service
from offnadir.service._stapi import (
    order_document,
    read_request,
    status_document,
)
from offnadir.service._stapi_routes import OrderRequest, known_product
from offnadir.service._wire import GEOJSON_TYPE, GeoJson, Json, answer, base_url
from offnadir.service._wire_names import in_wire_names
from offnadir.tasking._amending import NotAmendedError
from offnadir.tasking._views import Line

router = APIRouter(default_response_class=Json)
#: How often a stream of events looks for news, how long it lasts, how many there may be in one process, and
#: of one customer or one of the house.
_LOOK_S: Final = 1.0
_LAST_S: Final = 900.0
_MOST_STREAMS: Final = 200
_MOST_OF_ONE: Final = 20
_streams: Counter[str] = Counter()


class EventStream(StreamingResponse):
    """Server-sent events."""

    media_type = "text/event-stream"


class Change(BaseModel):
    """What is to be different; what is left out stays."""

    model_config = ConfigDict(extra="forbid")

    datetime: Interval = None
    geometry: Geometry = None
    filter: Filter = None
    order_parameters: Parameters = None


class Why(BaseModel):
    """A reason in words."""

    model_config = ConfigDict(extra="forbid")

    why: str = Field(default="", max_length=1000)


@router.post(
    "/products/{product_id}/quotes",
    tags=["Orders"],
    summary="What would become of an order?",
)
def quote(
    request: Request,
    here: Here,
    caller: WritesOrders,
    product_id: str,
    body: OrderRequest,
    customer: Annotated[str | None, Query(max_length=300, description="For whom.")] = None,
) -> Response:
    """The state that the order would be in, its price, how many passes could serve it; nothing is placed.

    `reasons` say what stands in the way, by how much, and what would pass. The archive may have a picture
    all the same.
    """
    known_product(here, product_id)
    asked, now = body.model_dump(exclude_none=True), here.now()
    order = read_request(here.fleet, product_id, asked, now)
    with in_wire_names():
        found = here.desk.quote(order, by=caller.name, customer=customer)
    told: dict[str, Any] = {"would_be": found.document(), "pictures": order.count}
    told["area_km2"] = round(order.area_m2 * order.count / 1e6, 6)
    price = here.settings.price
    told["price"] = None if price is None else price.of(order)
    reasons = []
    if found.state == "rejected":
        reasons.append(Reason(constraint=found.code, words=" ".join(found.told)))
    ask = read_ask(here.fleet, product_id, asked, now)
    if not ask.too_large:
        with request.app.state.traces.span("search for opportunities"):
            chances, why = find(ask, finder_of(request).kept)
        told["opportunities"] = len(chances)
        reasons += why
    if reasons:
        told["reasons"] = [one.document() for one in reasons]
    return answer(request, told)


@router.post(
    "/orders/{order_id}/cancel",
    response_class=GeoJson,
    tags=["Orders"],
    summary="Withdraw an order",
)
def cancel(
    request: Request, here: Here, caller: WritesOrders, order_id: str, body: Why | None = None
) -> Response:
    """Withdraw it; a second time changes nothing. 409 when its picture is with the satellite already."""
    here.desk.cancel(order_id, by=caller.name, why="" if body is None else body.why)
    view = here.desk.show(order_id, by=caller.name)
    return answer(request, order_document(request, view), kind=GEOJSON_TYPE)


@router.patch(
    "/orders/{order_id}",
    response_class=GeoJson,
    tags=["Orders"],
    summary="Amend an order",
)
def amend(
    request: Request, here: Here, caller: WritesOrders, order_id: str, body: Change
) -> Response:
    """Change it before its picture is with the satellite; it is checked anew, or left as it was (409)."""
    now = here.now()
    wanted = body.model_dump(exclude_unset=True)

    def changed(before: Any) -> Any:
        product = before.looks.sensors[0] if len(before.looks.sensors) == 1 else "any"
        return read_request(here.fleet, product, wanted, now, before)

    try:
        with in_wire_names():
            here.desk.amend(order_id, changed, by=caller.name)
    except NotAmendedError as error:
        raise ProblemError(409, "not-amended", str(error)) from error
    view = here.desk.show(order_id, by=caller.name)
    return answer(request, order_document(request, view), kind=GEOJSON_TYPE)


@router.get(
    "/orders/{order_id}/events",
    response_class=EventStream,
    tags=["Orders"],
    summary="Its states as they come",
)
async def events(
    request: Request,
    here: Here,
    caller: ReadsOrders,
    order_id: str,
    last_event_id: Annotated[str | None, Header(max_length=20)] = None,
) -> Response:
    """Server-sent events: one for each state, those that were missed first; it ends with a final state."""
    after = _number_of(last_event_id or "")
    view = await anyio.to_thread.run_sync(lambda: here.desk.show(order_id, by=caller.name))
    if _streams.total() >= _MOST_STREAMS or _streams[_whose(caller)] >= _MOST_OF_ONE:
        words = "too many streams are open; ask for the order's statuses instead"
        raise ProblemError(503, "too-many-streams", words, headers={"Retry-After": "30"})
    first = view.history
    stream = _told(request, here, caller, order_id, list(first), after)
    headers = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
    return EventStream(stream, headers=headers)


async def _told(
    request: Request, here: Service, caller: Caller, order_id: str, lines: list[Line], after: int
) -> AsyncIterator[bytes]:
    whose = _whose(caller)
    _streams[whose] += 1
    ends = time.monotonic() + _LAST_S
    try:
        while True:
            for number, line in enumerate(lines, 1):
                if number > after:
                    body = orjson.dumps(status_document(request, order_id, line)).decode()
                    yield f"id: {number}\nevent: status\ndata: {body}\n\n".encode()
                    after = number
            view = await anyio.to_thread.run_sync(lambda: here.desk.show(order_id, by=caller.name))
            lines = list(view.history)
            if len(lines) <= after:
                if not view.placed.is_open or time.monotonic() > ends:
                    return
                yield b": still here\n\n"
                await asyncio.sleep(_LOOK_S)
    finally:
        _streams[whose] -= 1
        if not _streams[whose]:
            del _streams[whose]


def _number_of(event_id: str) -> int:
    return int(event_id) if event_id.isascii() and event_id.isdigit() else 0


def _whose(caller: Caller) -> str:
    return caller.user.customer_id or caller.name


@router.get("/orders/{order_id}/coverage", tags=["Orders"], summary="How much of an area there is")
def coverage(request: Request, here: Here, caller: ReadsOrders, order_id: str) -> Response:
    """What of an area was delivered and what is left, in km2, per cent and GeoJSON; null for others."""
    here.desk.show(order_id, by=caller.name)
    found = coverage_of(here.database, order_id)
    return answer(request, {"coverage": None if found is None else found.document()})


@router.get(
    "/orders/{order_id}/products",
    response_class=GeoJson,
    tags=["Orders"],
    summary="What was delivered",
)
def delivered(request: Request, here: Here, caller: ReadsOrders, order_id: str) -> Response:
    """Items of STAC with their files, as they were delivered."""
    view = here.desk.show(order_id, by=caller.name)
    names = [name for name, status in view.products if status == "delivered"]
    items = [_item(request, here, order_id, name) for name in names]
    body = {"type": "FeatureCollection", "features": [one for one in items if one], "links": []}
    return answer(request, body, kind=GEOJSON_TYPE)


@router.get(
    "/orders/{order_id}/products/{product}",
    response_class=GeoJson,
    tags=["Orders"],
    summary="One delivered picture",
)
def delivered_item(
    request: Request, here: Here, caller: ReadsOrders, order_id: str, product: str
) -> Response:
    """Its item of STAC, with its files and the brief as assets."""
    _delivered(here, caller, order_id, product)
    item = _item(request, here, order_id, product)
    if item is None:
        raise ProblemError(404, "not-found", f"nothing lies in the delivery {product[:100]}")
    return answer(request, item, kind=GEOJSON_TYPE)


@router.get(
    "/orders/{order_id}/products/{product}/{file}",
    response_class=FileResponse,
    tags=["Orders"],
    summary="A delivered file",
)
def delivered_file(
    request: Request, here: Here, caller: ReadsArchive, order_id: str, product: str, file: str
) -> Response:
    """The file, whole or in ranges."""
    _delivered(here, caller, order_id, product)
    folder = here.operation.deliveries / order_id / product
    files = {one.name: one for one in folder.iterdir() if one.is_file()} if folder.is_dir() else {}
    if file not in files:  # a name of the folder's own list: nothing that leads out of it
        raise ProblemError(404, "not-found", f"there is no file {file[:100]} in that delivery")
    if request.method == "GET":
        here.desk.note_download(order_id, product, file, by=caller.name)
    return FileResponse(
        files[file], media_type=media_type(files[file]), filename=file,
        content_disposition_type="attachment",
        headers={"Content-Encoding": "identity"},  # seconds of work to compress what is compressed already
    )  # fmt: skip


router.add_api_route(
    "/orders/{order_id}/products/{product}/{file}", delivered_file, methods=["HEAD"],
    include_in_schema=False, response_class=FileResponse,
)  # fmt: skip


def _delivered(here: Service, caller: Caller, order_id: str, product: str) -> None:
    """ProblemError unless the product of the caller's order was delivered."""
    view = here.desk.show(order_id, by=caller.name)
    if (product, "delivered") not in view.products:
        raise ProblemError(
            404, "not-found", f"order {order_id} has no delivered picture of that name"
        )


def _item(request: Request, here: Service, order_id: str, product: str) -> dict[str, Any] | None:
    """The item of a delivery, with the absolute addresses of its files."""
    folder = here.operation.deliveries / order_id / product
    found = [one for one in sorted(folder.glob("*.json")) if one.is_file()]
    if not found:
        return None
    item: dict[str, Any] = json.loads(found[0].read_text("utf-8"))
    base = f"{base_url(request)}/orders/{order_id}/products/{product}"
    assets = {
        key: {**asset, "href": f"{base}/{Path(str(asset['href'])).name}"}
        for key, asset in item.get("assets", {}).items()
    }
    for path in sorted(folder.glob("brief.*.html")):
        language = path.name.split(".")[1]
        assets[f"brief-{language}"] = {
            "href": f"{base}/{path.name}",
            "type": "text/html",
            "roles": ["metadata"],
            "title": f"Brief ({language})",
        }
    links = [{"rel": "self", "href": base, "type": GEOJSON_TYPE}]
    return {**item, "assets": assets, "links": links}


_TYPES: Final = {
    ".tif": "image/tiff; application=geotiff; profile=cloud-optimized",
    ".json": "application/json",
    ".html": "text/html; charset=utf-8",
    ".png": "image/png",
    ".geojson": GEOJSON_TYPE,
}


def media_type(path: Path) -> str:
    """What kind of file it is, by its name."""
    return _TYPES.get(path.suffix.lower(), "application/octet-stream")
