"""STAPI's routes of products and orders; opportunities have a file of their own."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Header, Query, Request
from fastapi.responses import Response
from pydantic import BaseModel, ConfigDict

from offnadir.errors import InputError
from offnadir.service._callers import Here, ReadsOrders, WritesOrders
from offnadir.service._order_parameters import parameters_schema
from offnadir.service._problems import ProblemError
from offnadir.service._queryables import queryables_document
from offnadir.service._schemas import Filter, Geometry, Interval, Parameters
from offnadir.service._service import Service
from offnadir.service._stapi import (
    PRODUCT_CONFORMANCE,
    check_product,
    order_document,
    product_document,
    product_names,
    read_request,
    status_document,
)
from offnadir.service._wire import (
    GEOJSON_TYPE,
    SCHEMA_TYPE,
    GeoJson,
    Json,
    SchemaJson,
    answer,
    base_url,
    link,
    page_path,
)
from offnadir.service._wire_names import in_wire_names
from offnadir.tasking import State
from offnadir.tasking._placing import KeyUsedError

router = APIRouter(default_response_class=Json)
Limit = Annotated[int, Query(ge=1, le=1000, description="How many on a page.")]
Next = Annotated[str | None, Query(max_length=200, description="From the link `next`.")]

NextOrder = Annotated[
    str | None, Query(pattern="^o[0-9a-hjkmnp-tv-z]{22}$", description="From the link `next`.")
]


class OrderRequest(BaseModel):
    """What is ordered: where, when, how it may look, and what STAPI has no words for."""

    model_config = ConfigDict(extra="ignore")

    datetime: Interval
    geometry: Geometry
    filter: Filter | None = None
    order_parameters: Parameters


@router.get(
    "/products",
    tags=["Products"],
    summary="What can be ordered",
)
def products(request: Request, here: Here, limit: Limit = 100, next: Next = None) -> Response:  # noqa: A002
    """One product for each camera of the fleet, and `any`."""
    names = product_names(here.fleet)
    if next is not None and next not in names:
        raise ProblemError(404, "not-found", "there is no such page: follow the link `next`")
    first = 0 if next is None else names.index(next)
    page = names[first : first + limit]
    links = [link(request, "self", page_path(request))]
    if first + limit < len(names):
        links.append(
            link(request, "next", page_path(request, next=names[first + limit], limit=limit))
        )
    found = [product_document(request, here.fleet, name) for name in page]
    return answer(request, {"type": "ProductCollection", "products": found, "links": links})


@router.get(
    "/products/{product_id}",
    tags=["Products"],
    summary="One product",
)
def product(request: Request, here: Here, product_id: str) -> Response:
    """What it is, and where to go on."""
    known_product(here, product_id)
    return answer(request, product_document(request, here.fleet, product_id))


@router.get(
    "/products/{product_id}/conformance",
    tags=["Products"],
    summary="Its conformance",
)
def product_conformance(request: Request, here: Here, product_id: str) -> Response:
    """Conformance classes of the product: opportunities, and geometries that it takes."""
    known_product(here, product_id)
    return answer(request, {"conformsTo": list(PRODUCT_CONFORMANCE)})


@router.get(
    "/products/{product_id}/queryables",
    response_class=SchemaJson,
    tags=["Products"],
    summary="What a filter may name",
)
def product_queryables(request: Request, here: Here, product_id: str) -> Response:
    """A JSON Schema of the properties that a filter may name."""
    known_product(here, product_id)
    return answer(
        request,
        queryables_document(product_id, href=base_url(request) + request.url.path),
        kind=SCHEMA_TYPE,
    )


@router.get(
    "/products/{product_id}/order-parameters",
    response_class=SchemaJson,
    tags=["Products"],
    summary="What an order may say",
)
def order_parameters(request: Request, here: Here, product_id: str) -> Response:
    """A JSON Schema of what goes beyond the search."""
    known_product(here, product_id)
    return answer(request, parameters_schema(product_id), kind=SCHEMA_TYPE)


@router.post(
    "/products/{product_id}/orders",
    response_class=GeoJson,
    tags=["Orders"],
    summary="Order a picture",
    status_code=201,
)
def create_order(
    request: Request,
    here: Here,
    caller: WritesOrders,
    product_id: str,
    body: OrderRequest,
    idempotency_key: Annotated[
        str | None,
        Header(
            max_length=200, description="The same key and order again give the order that there is."
        ),
    ] = None,
    customer: Annotated[
        str | None, Query(max_length=300, description="For whom; by default the caller's own.")
    ] = None,
) -> Response:
    """Place an order: it is then accepted, held or rejected, as its status says."""
    known_product(here, product_id)
    # A key finds its order when the time for it is over too; the desk sees to the time of a new one.
    now = here.now() if idempotency_key is None else None
    order = read_request(here.fleet, product_id, body.model_dump(exclude_none=True), now)
    try:
        with in_wire_names():
            view, is_new = here.desk.place_and_show(
                order, by=caller.name, key=idempotency_key, customer=customer
            )
    except KeyUsedError as error:
        raise ProblemError(422, "key-was-used", str(error)) from error
    document = order_document(request, view, order)
    headers = {"Location": document["links"][0]["href"]}
    status = 201 if is_new else 200
    return answer(request, document, status=status, kind=GEOJSON_TYPE, headers=headers)


@router.get(
    "/orders",
    response_class=GeoJson,
    tags=["Orders"],
    summary="Your orders, the latest first",
)
def orders(
    request: Request,
    here: Here,
    caller: ReadsOrders,
    limit: Limit = 10,
    next: NextOrder = None,  # noqa: A002
    state: Annotated[State | None, Query(description="Only orders in this state.")] = None,
) -> Response:
    """A page of orders with their states."""
    views, following = here.desk.show_many(by=caller.name, limit=limit, before=next, state=state)
    links = [link(request, "self", page_path(request), GEOJSON_TYPE)]
    if following is not None:
        path = page_path(request, next=following, limit=limit)
        links.append(link(request, "next", path, GEOJSON_TYPE))
    features = [order_document(request, view) for view in views]
    body = {"type": "FeatureCollection", "features": features, "links": links}
    return answer(request, body, kind=GEOJSON_TYPE)


@router.get(
    "/orders/{order_id}",
    response_class=GeoJson,
    tags=["Orders"],
    summary="One order",
)
def order(request: Request, here: Here, caller: ReadsOrders, order_id: str) -> Response:
    """The order as it stands."""
    view = here.desk.show(order_id, by=caller.name)
    return answer(request, order_document(request, view), kind=GEOJSON_TYPE)


@router.get(
    "/orders/{order_id}/statuses",
    tags=["Orders"],
    summary="What happened to it",
)
def order_statuses(
    request: Request,
    here: Here,
    caller: ReadsOrders,
    order_id: str,
    limit: Limit = 100,
    next: Annotated[int, Query(ge=0, le=10**9, description="From the link `next`.")] = 0,  # noqa: A002
) -> Response:
    """Each state with its time and reason, the latest first."""
    lines = here.desk.show(order_id, by=caller.name).history[::-1]
    links = [link(request, "self", page_path(request))]
    if next + limit < len(lines):
        links.append(link(request, "next", page_path(request, next=next + limit, limit=limit)))
    page = lines[next : next + limit]
    body = {"statuses": [status_document(request, order_id, line) for line in page], "links": links}
    return answer(request, body)


def known_product(here: Service, product_id: str) -> None:
    """ProblemError for a product that there is not."""
    try:
        check_product(here.fleet, product_id)
    except InputError as error:
        raise ProblemError(404, "not-found", f"there is no product {product_id[:100]}") from error
