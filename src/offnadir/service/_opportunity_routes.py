"""STAPI's routes of opportunities: at once, or as searches that go on after the answer."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

from fastapi import APIRouter, Header, Query, Request
from fastapi.responses import Response
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from offnadir.service._callers import Here, ReadsOpportunities
from offnadir.service._finder import Finder
from offnadir.service._fleet import Fleet
from offnadir.service._opportunities import (
    Ask,
    collection_document,
    find,
    kept_answer,
    read_ask,
    read_prefer,
    too_large,
)
from offnadir.service._problems import ProblemError
from offnadir.service._schemas import Filter, Geometry, Interval, whole
from offnadir.service._searches import Record
from offnadir.service._stapi_routes import known_product
from offnadir.service._wire import (
    GEOJSON_TYPE,
    GeoJson,
    Json,
    answer,
    base_url,
    check_echo,
    link,
    page_path,
)

router = APIRouter(default_response_class=Json)
Limit = Annotated[int, Query(ge=1, le=1000, description="How many on a page.")]
SearchId = Annotated[
    str | None, Query(pattern="^q[0-9a-hjkmnp-tv-z]{22}$", description="From the link `next`.")
]
First = Annotated[int, Query(ge=0, le=10**6, description="From the link `next`.")]


class OpportunityRequest(BaseModel):
    """What is looked for: where, when, and how it may look."""

    model_config = ConfigDict(extra="ignore")

    datetime: Interval
    geometry: Geometry
    filter: Filter | None = None
    limit: Annotated[int, Field(ge=1, le=1000), BeforeValidator(whole)] = 10
    next: Annotated[str, Field(max_length=100)] | None = None


def finder_of(request: Request) -> Finder:
    """What finds opportunities in this process."""
    found: Finder = request.app.state.finder
    return found


def answer_to(request: Request, ask: Ask, fleet: Fleet) -> Mapping[str, Any]:
    """What `kept_answer` makes of a search, kept as long as the fleet stands."""
    finder, question = finder_of(request), ask.question
    with request.app.state.traces.span("search for opportunities"):
        told = finder.pages.get(question, fleet)
        if told is None:
            told = kept_answer(ask, *find(ask, finder.kept))
            finder.pages.put(question, fleet, told)
    return told


@router.post(
    "/products/{product_id}/opportunities",
    response_class=GeoJson,
    tags=["Opportunities"],
    summary="When can it be imaged?",
    responses={201: {"description": "The search goes on; `Location` says where."}},
)
def search_opportunities(
    request: Request,
    here: Here,
    caller: ReadsOpportunities,
    product_id: str,
    body: OpportunityRequest,
    prefer: Annotated[
        str | None,
        Header(description="`respond-async`, or `wait` (RFC 7240), which is the default."),
    ] = None,
) -> Response:
    """Opportunities by their start; if there are none, which limit stands in the way and what would pass.

    `datetime` of an opportunity is the interval in which the exposure may start. At most 31 days are
    searched at once; an open end reaches 14 days, and what is past is left out. Element sets lose their
    worth with age: `offnadir:timing_error_s` is the error of the times that 90 % of cases keep to.
    """
    known_product(here, product_id)
    finder, asked = finder_of(request), body.model_dump(exclude_none=True)
    check_echo(asked)
    now, first = here.now(), 0
    if body.next is not None:
        now, first = finder.tokens.read(product_id, asked, body.next)
    fleet = here.fleet
    ask = read_ask(fleet, product_id, asked, now)
    # `prefer` is there for the document: a header may come in several lines, and all count.
    preferred = read_prefer(request.headers.getlist("prefer"))
    if preferred == "respond-async" and body.next is None:
        kept = finder.searches.add(product_id, {**ask.request, "limit": body.limit}, caller.user)
        path = f"/searches/opportunities/{kept.id}"
        headers = {"Location": base_url(request) + path, "Preference-Applied": "respond-async"}
        return answer(request, _record_document(request, kept), status=201, headers=headers)
    if ask.too_large:
        raise too_large(ask.too_large)
    told = answer_to(request, ask, fleet)
    following = first + body.limit
    links = []
    if following < len(told["features"]):
        token = finder.tokens.make(product_id, asked, now, following)
        more = {**asked, "limit": body.limit, "next": token}
        path = request.url.path
        links.append(link(request, "next", path, GEOJSON_TYPE, method="POST", body=more))
    document = collection_document(
        request, product_id, ask.request, told, slice(first, following), links
    )
    headers = {"Preference-Applied": "wait"} if preferred == "wait" else {}
    return answer(request, document, kind=GEOJSON_TYPE, headers=headers)


@router.get(
    "/products/{product_id}/opportunities/{collection_id}",
    response_class=GeoJson,
    tags=["Opportunities"],
    summary="What a search found",
)
def opportunity_collection(
    request: Request,
    here: Here,
    caller: ReadsOpportunities,
    product_id: str,
    collection_id: str,
    limit: Limit = 10,
    next: First = 0,  # noqa: A002
) -> Response:
    """The opportunities of a search that is completed, page by page."""
    known_product(here, product_id)
    searches = finder_of(request).searches
    record = searches.get(collection_id, caller.user)
    kept = searches.answer(record.id) if record.product == product_id else None
    if kept is None:
        words = f"there are no opportunities {collection_id[:100]} of {product_id}"
        raise ProblemError(404, "not-found", words)
    links = [link(request, "self", page_path(request), GEOJSON_TYPE)]
    if next + limit < len(kept["features"]):
        path = page_path(request, next=next + limit, limit=limit)
        links.append(link(request, "next", path, GEOJSON_TYPE))
    links.append(link(request, "search-record", f"/searches/opportunities/{record.id}"))
    asked = {key: value for key, value in record.request.items() if key != "limit"}
    page = slice(next, next + limit)
    document = collection_document(request, product_id, asked, kept, page, links)
    return answer(request, {**document, "id": record.id}, kind=GEOJSON_TYPE)


@router.get(
    "/searches/opportunities", tags=["Opportunities"], summary="Your searches, the latest first"
)
def search_records(
    request: Request,
    caller: ReadsOpportunities,
    limit: Limit = 10,
    next: SearchId = None,  # noqa: A002
) -> Response:
    """Searches that were asked for with `Prefer: respond-async`; they are kept for 7 days."""
    records, following = finder_of(request).searches.list(caller.user, limit=limit, before=next)
    links = [link(request, "self", page_path(request))]
    if following is not None:
        links.append(link(request, "next", page_path(request, next=following, limit=limit)))
    told = [_record_document(request, one) for one in records]
    return answer(request, {"search_records": told, "links": links})


@router.get("/searches/opportunities/{search_id}", tags=["Opportunities"], summary="One search")
def search_record(request: Request, caller: ReadsOpportunities, search_id: str) -> Response:
    """How far it is."""
    record = finder_of(request).searches.get(search_id, caller.user)
    return answer(request, _record_document(request, record))


@router.get(
    "/searches/opportunities/{search_id}/statuses",
    tags=["Opportunities"],
    summary="What happened to it",
)
def search_statuses(request: Request, caller: ReadsOpportunities, search_id: str) -> Response:
    """Its states, the latest first."""
    record = finder_of(request).searches.get(search_id, caller.user)
    statuses = [_status(record)]
    if record.state != "received":
        statuses.append({"timestamp": record.made.utc(3), "status_code": "received", "links": []})
    links = [link(request, "self", request.url.path)]
    return answer(request, {"statuses": statuses, "links": links})


def _status(record: Record) -> dict[str, Any]:
    told: dict[str, Any] = {
        "timestamp": record.changed.utc(3), "status_code": record.state, "links": []
    }  # fmt: skip
    return {**told, "reason_text": record.words} if record.words else told


def _record_document(request: Request, record: Record) -> dict[str, Any]:
    path = f"/searches/opportunities/{record.id}"
    links = [
        link(request, "self", path),
        link(request, "monitor", f"{path}/statuses"),
        link(request, "product", f"/products/{record.product}"),
    ]
    if record.state == "completed":
        found = f"/products/{record.product}/opportunities/{record.id}"
        links.append(link(request, "opportunities", found, GEOJSON_TYPE))
    return {
        "id": record.id,
        "product_id": record.product,
        "opportunity_request": dict(record.request),
        "status": _status(record),
        "links": links,
    }
