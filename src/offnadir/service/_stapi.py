"""STAPI 0.1 over our own model: products, orders and states as it writes them; 0.2 will change this file."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import lru_cache
from typing import Any, Final

from fastapi import Request

from offnadir.epoch import Epoch
from offnadir.errors import InputError, InputProblems
from offnadir.sensors import Sensor
from offnadir.service._cql2_looks import read_filter
from offnadir.service._datetimes import read_interval
from offnadir.service._fleet import Fleet, Product
from offnadir.service._opportunity_place import GEOMETRIES
from offnadir.service._order_parameters import cleared_part, order_part, parameters_of
from offnadir.service._queryables import QUERYABLES
from offnadir.service._wire import GEOJSON_TYPE, JSON_TYPE, link
from offnadir.service._wire_names import in_wire_names
from offnadir.tasking import Order, read_order
from offnadir.tasking._moves import SHORT, order_of
from offnadir.tasking._order import Looks, Window
from offnadir.tasking._views import Line, OrderView
from offnadir.units import deg

VERSION: Final = "0.1.0"
#: The product of orders that name no camera.
ANY: Final = "any"
_SPEC: Final = "https://stapi.example.com/v0.1.0"
PRODUCT_CONFORMANCE: Final = (
    f"{_SPEC}/opportunities",
    f"{_SPEC}/opportunities-async",
    *(f"https://geojson.org/schema/{kind}.json" for kind in GEOMETRIES),
)


def product_document(request: Request, fleet: Fleet, name: str) -> dict[str, Any]:
    """A product of STAPI: one camera of the fleet, or `any` of them."""
    path = f"/products/{name}"
    if name == ANY:
        title, text = "Any camera", "A picture by whichever camera of the fleet can take it."
        words = ["optical"]
    else:
        product = fleet.product(name)
        title, text = product.sensor.title, _described(product)
        words = ["optical", product.sensor.kind, *(one.name for one in product.satellites)]
    return {
        "type": "Collection",
        "stapi_type": "Product",
        "stapi_version": VERSION,
        "conformsTo": list(PRODUCT_CONFORMANCE),
        "id": name,
        "title": title,
        "description": text,
        "keywords": words,
        "license": "proprietary",
        "providers": [],
        "links": [
            link(request, "self", path),
            link(request, "conformance", f"{path}/conformance"),
            link(request, "queryables", f"{path}/queryables"),
            link(request, "order-parameters", f"{path}/order-parameters"),
            link(request, "create-order", f"{path}/orders", JSON_TYPE, method="POST"),
            link(request, "opportunities", f"{path}/opportunities", JSON_TYPE, method="POST"),
            link(request, "quote", f"{path}/quotes", JSON_TYPE, method="POST"),
        ],
    }


def _described(product: Product) -> str:
    sensor: Sensor = product.sensor
    names = ", ".join(one.name for one in product.satellites)
    angle = sensor.max_off_nadir_rad / deg
    return f"Pictures by {sensor.title} on {names}, up to {angle:.0f} deg off nadir."


def product_names(fleet: Fleet) -> list[str]:
    """All products, `any` first."""
    return [ANY, *fleet.products]


def check_product(fleet: Fleet, name: str) -> None:
    """InputError for a product that there is not."""
    if name != ANY:
        fleet.product(name)


def read_request(
    fleet: Fleet, name: str, body: Mapping[str, Any], now: Epoch | None, before: Order | None = None
) -> Order:
    """The order that a body of STAPI asks for; what it leaves out stays as it was `before`.

    Raises InputError, or InputProblems with all that is wrong, in the names of STAPI.
    """
    document: dict[str, Any] = {} if before is None else before.document()
    wrong: list[InputError] = []
    if "datetime" in body or before is None:
        with _gathered(wrong):
            document["windows"] = [read_interval(body.get("datetime")).document()]
    if "geometry" in body or before is None:
        with _gathered(wrong):
            document["place"] = _geometry(body.get("geometry"))
    if "filter" in body or before is None:
        with _gathered(wrong):
            looks = read_filter(body.get("filter")).only_limits().document()
            sensors = [] if name == ANY else [name]
            document["looks"] = looks | ({"sensors": sensors} if sensors else {})
    parameters = body.get("order_parameters")
    if parameters is not None:
        document |= order_part(parameters, wrong)
        for key in cleared_part(parameters):
            document.pop(key, None)
    elif before is None:
        wrong.append(
            InputError("order_parameters", None, "an object, {} if there is nothing to say")
        )
    known, found = {_part(one) for one in wrong}, list[InputError]()
    with _gathered(found), in_wire_names():
        order = read_order(document, now=now)
    wrong += [one for one in found if _part(one) not in known]
    if wrong:
        raise wrong[0] if len(wrong) == 1 else InputProblems(wrong)
    return order


@contextmanager
def _gathered(wrong: list[InputError]) -> Iterator[None]:
    """All that is wrong is told at once."""
    try:
        yield
    except InputProblems as error:
        wrong += error.problems
    except InputError as error:
        wrong.append(error)


def _part(error: InputError) -> str:
    """The member of the body that an error is about, or the parameter."""
    if error.field.startswith("order_parameters."):
        return error.field
    return error.field.partition(".")[0].partition("[")[0]


def _geometry(value: object) -> Any:
    if not isinstance(value, Mapping) or value.get("type") not in GEOMETRIES:
        kind = value.get("type") if isinstance(value, Mapping) else value
        raise InputError("geometry", kind, "a GeoJSON " + " or ".join(GEOMETRIES))
    return value


def filter_of(looks: Looks) -> dict[str, Any] | None:
    """The limits of a look as CQL2 JSON; None if there are none."""
    parts: list[dict[str, Any]] = [
        {"op": op, "args": [{"property": name}, _shown(getattr(looks, ours) / one.scale)]}
        for name, one in QUERYABLES.items()
        for op, ours in ((">=", one.least), ("<=", one.most))
        if name != "view:azimuth" and ours is not None and getattr(looks, ours) is not None
    ]
    if looks.azimuth_from_rad is not None and looks.azimuth_to_rad is not None:
        ends = [_shown(end / deg) for end in (looks.azimuth_from_rad, looks.azimuth_to_rad)]
        parts.append({"op": "between", "args": [{"property": "view:azimuth"}, *ends]})
    return {"op": "and", "args": parts} if len(parts) > 1 else parts[0] if parts else None


def _shown(value: float) -> float:
    """As it is told; a value that was not stored yet is rounded first as that would do it."""
    return round(round(value, 9), 6)


def interval_of(window: Window | None) -> str:
    """A window as STAPI writes it."""
    ends = (None, None) if window is None else (window.start, window.stop)
    return "/".join(".." if end is None else end.utc(3) for end in ends)


def order_document(request: Request, view: OrderView, order: Order | None = None) -> dict[str, Any]:
    """An order as a feature of STAPI; `order` is what was ordered, if it need not be read again."""
    placed = view.placed
    path = f"/orders/{placed.id}"
    asked = _asked if len(placed.document) <= SHORT else _asked.__wrapped__
    wish = asked(placed.document) if order is None else _wish(order)
    properties = {
        **wish,
        "created": placed.placed.utc(3),
        "status": status_document(request, placed.id, view.history[-1]),
        "opportunity_properties": {},
        "offnadir:customer": placed.customer_id,
        "offnadir:waits_for": view.waits_for,
        "offnadir:products": [{"id": name, "status": status} for name, status in view.products],
    }
    links = [
        link(request, "self", path, GEOJSON_TYPE),
        link(request, "monitor", f"{path}/statuses"),
        link(request, "events", f"{path}/events", "text/event-stream"),
        link(request, "coverage", f"{path}/coverage"),
        link(request, "reasons", f"{path}/reasons"),
    ]
    if placed.is_open:
        links.append(link(request, "cancel", f"{path}/cancel", JSON_TYPE, method="POST"))
        links.append(link(request, "amend", path, JSON_TYPE, method="PATCH"))
    for name, status in view.products:
        if status == "delivered":
            links.append(link(request, "item", f"{path}/products/{name}", GEOJSON_TYPE, title=name))
    return {
        "type": "Feature",
        "stapi_type": "Order",
        "stapi_version": VERSION,
        "id": placed.id,
        "geometry": wish["search_parameters"]["geometry"],
        "properties": properties,
        "links": links,
    }


@lru_cache(4096)
def _asked(document: str) -> Mapping[str, Any]:
    """The wish of an order's stored document: it is kept, and not to change."""
    return _wish(order_of(document))


def _wish(order: Order) -> Mapping[str, Any]:
    """What was ordered, as properties of the feature."""
    looks = order.looks
    window = order.windows[0] if order.windows else None
    search: dict[str, Any] = {"datetime": interval_of(window), "geometry": dict(order.place)}
    wanted = filter_of(looks)
    if wanted is not None:
        search["filter"] = wanted
    told = {
        "product_id": looks.sensors[0] if len(looks.sensors) == 1 else ANY,
        "search_parameters": search,
        "order_parameters": parameters_of(order),
    }
    if len(order.windows) > 1:
        told["offnadir:windows"] = [interval_of(one) for one in order.windows]
    return told


def status_document(request: Request, order_id: str, line: Line) -> dict[str, Any]:
    """One line of an order's history as a status of STAPI."""
    return {
        "timestamp": line.at.utc(3),
        "status_code": line.state.value,
        "reason_code": line.code,
        "reason_text": line.words,
        "links": [link(request, "order", f"/orders/{order_id}", GEOJSON_TYPE)],
    }
