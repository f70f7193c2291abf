"""The way in, health and numbers."""

from __future__ import annotations

from fastapi import APIRouter, Request
from fastapi.responses import Response
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

from offnadir import __version__
from offnadir._database import sa
from offnadir.service._callers import Here
from offnadir.service._wire import GEOJSON_TYPE, JSON_TYPE, Json, answer, link

router = APIRouter(default_response_class=Json)


class Numbers(Response):
    """Numbers in the text format of Prometheus."""

    media_type = CONTENT_TYPE_LATEST


@router.get("/health/live", tags=["Health"], summary="Is the process there?")
def live(request: Request) -> Response:
    """Always the same while the process answers."""
    return answer(request, {"status": "ok"})


@router.get("/health", tags=["Health"], summary="Can it do its work?")
def health(request: Request, here: Here) -> Response:
    """Whether the database answers, 503 if not; `warming` until the first search would be quick."""
    with here.database.read() as connection:
        connection.execute(sa.text("SELECT 1"))
    warm = request.app.state.finder.warming.done
    told = {
        "status": "ok" if warm else "warming",
        "version": __version__,
        "database": here.database.dialect,
    }
    return answer(request, told, headers={"Cache-Control": "no-store"})


@router.get("/metrics", response_class=Numbers, tags=["Health"], summary="Numbers for Prometheus")
def metrics(request: Request) -> Response:
    """Counters and times of this process."""
    numbers = request.app.state.numbers
    return Numbers(generate_latest(numbers.registry))


@router.get("/", tags=["Root"], summary="The way in")
def landing(request: Request, here: Here) -> Response:
    """The landing page of STAPI, with a way to the archive."""
    links = [
        link(request, "self", "/"),
        link(
            request, "service-desc", "/openapi.json", "application/vnd.oai.openapi+json;version=3.1"
        ),
        link(request, "service-description", "/openapi.json"),
        link(request, "conformance", "/conformance"),
        link(request, "products", "/products"),
        link(request, "orders", "/orders", GEOJSON_TYPE),
        link(request, "opportunity-search-records", "/searches/opportunities"),
        link(request, "archive", "/stac"),
        link(request, "health", "/health"),
    ]
    if here.settings.docs:
        links.append(link(request, "service-docs", "/docs", "text/html"))
    body = {
        "id": "offnadir",
        "type": "Catalog",
        "title": here.operation.name,
        "description": "Pictures from satellites: when they can be taken, orders, and what was taken.",
        "stapi_version": "0.1.0",
        "conformsTo": list(request.app.state.conformance),
        "links": links,
    }
    return answer(request, body, kind=JSON_TYPE)


@router.get("/conformance", tags=["Root"], summary="Which standards are kept")
def conformance(request: Request) -> Response:
    """Conformance classes."""
    return answer(request, {"conformsTo": list(request.app.state.conformance)})
