"""The application: routes, guards, and the operation that they speak for."""

from __future__ import annotations

import gc
import os
from collections.abc import AsyncIterator
from contextlib import ExitStack, asynccontextmanager
from pathlib import Path
from typing import Any, Final

from anyio.to_thread import current_default_thread_limiter
from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi
from starlette.middleware.cors import CORSMiddleware
from starlette.types import ASGIApp

from offnadir import __version__
from offnadir.errors import InputError
from offnadir.operations import open_operation
from offnadir.service import (
    _assets,
    _docs,
    _fleet_routes,
    _opportunity_routes,
    _order_reasons,
    _order_routes,
    _people_routes,
    _plan_routes,
    _root,
    _stac,
    _stapi_routes,
    _tile_routes,
)
from offnadir.service._callers import Callers
from offnadir.service._finder import Finder
from offnadir.service._fleet import Fleets
from offnadir.service._guarding import Guarding
from offnadir.service._limits import BodyLimit
from offnadir.service._observing import Numbers, Observing, write_logs
from offnadir.service._oidc import Tokens
from offnadir.service._packing import LEAST_BYTES, LEVEL, Packing
from offnadir.service._problems import add_problems
from offnadir.service._service import Service
from offnadir.service._settings import Settings, read_settings
from offnadir.service._short_way import ShortWay
from offnadir.service._traces import open_traces

_STAPI = "https://stapi.example.com/v0.1.0"
#: Requests that are worked on at a time in one process; more would wait for each other, and for the database.
THREADS: Final = 16
CONFORMANCE = (
    f"{_STAPI}/core",
    f"{_STAPI}/order-statuses",
    f"{_STAPI}/searches-opportunity",
    f"{_STAPI}/searches-opportunity-statuses",
)


def create_app(operation: str | Path, settings: Settings | None = None) -> FastAPI:
    """The service of an operation file, to be run by an ASGI server.

    `settings` by default are those of the file's [service] table. Raises what reading the file raises.
    """
    stack = ExitStack()
    here = stack.enter_context(open_operation(operation))
    try:
        folder = here.operation.path.parent
        told = settings or read_settings(here.operation.service, folder=folder)
        here.database.limit(told.statement_s)
        traces = open_traces()
        fleets = Fleets(here.operation, here.clock.now)
    except BaseException:
        stack.close()
        raise
    service = Service(settings=told, here=here, fleets=fleets)
    finder = Finder(service)

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        with stack:
            current_default_thread_limiter().total_tokens = THREADS
            finder.start()
            try:
                yield
            finally:
                finder.stop()
                traces.close()

    app = FastAPI(
        title="offnadir",
        version=__version__,
        description="When a place can be imaged, orders over STAPI, and an archive over STAC.",
        lifespan=lifespan,
        docs_url=None,
        redoc_url=None,
    )
    app.state.service, app.state.finder = service, finder
    tokens = None if told.oidc is None else Tokens(told.oidc, service.desk)
    app.state.callers = Callers(service, tokens)
    app.state.numbers, app.state.traces = Numbers(), traces
    traces.watch(service.database)
    app.state.conformance = CONFORMANCE
    orders = (_stapi_routes, _opportunity_routes, _order_routes, _order_reasons)
    archive = (_stac, _assets, _tile_routes)
    for part in (_root, *orders, _fleet_routes, _plan_routes, *archive, _people_routes):
        app.include_router(part.router)
    if told.docs:
        app.include_router(_docs.router)
    for route in app.router.routes:  # what is read of routes at the first request is read now
        route.matches(
            {"type": "http", "method": "GET", "path": "/", "root_path": "", "headers": []}
        )
    add_problems(app)
    app.middleware_stack = _guarded(app, told)
    app.openapi = lambda: _openapi(app)  # type: ignore[method-assign]
    return app


def app_from_environment() -> FastAPI:
    """The service of the operation file that OFFNADIR_OPERATION names, for servers that want a factory."""
    path = os.environ.get("OFFNADIR_OPERATION")
    if not path:
        raise InputError("OFFNADIR_OPERATION", path, "the path of an operation file")
    write_logs()
    app = create_app(path)
    gc.collect()  # what is there now stays: it need not be looked through again and again
    gc.freeze()
    gc.set_threshold(20_000, 50, 50)
    return app


def _guarded(app: FastAPI, settings: Settings) -> ASGIApp:
    """The framework's layers in ours: the last one is the outermost."""
    way: ASGIApp = Packing(
        app.build_middleware_stack(), minimum_size=LEAST_BYTES, compresslevel=LEVEL
    )
    way = BodyLimit(way, most_bytes=settings.body_kib * 1024, most_s=settings.body_s)
    way = Guarding(ShortWay(way, app, settings), settings=settings)
    if settings.origins:  # outside of those who refuse: a page may read why
        way = CORSMiddleware(
            way,
            allow_origins=list(settings.origins),
            allow_methods=["GET", "POST", "PATCH", "DELETE"],
            allow_headers=["authorization", "content-type", "idempotency-key", "prefer", "if-none-match",
                           "last-event-id", "traceparent", "tracestate", "x-request-id"],
            expose_headers=["etag", "location", "preference-applied", "retry-after", "x-request-id"],
        )  # fmt: skip
    return Observing(way, numbers=app.state.numbers, traces=app.state.traces)


def _openapi(app: FastAPI) -> dict[str, Any]:
    """The document, with the problem that every route may answer."""
    if app.openapi_schema is not None:
        return app.openapi_schema
    document = get_openapi(
        title=app.title, version=app.version, description=app.description, routes=app.routes
    )
    problem = {
        "description": "What is wrong, after RFC 9457.",
        "content": {
            "application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}
        },
    }
    schemas = document.setdefault("components", {}).setdefault("schemas", {})
    schemas["Problem"] = _PROBLEM
    for name in ("HTTPValidationError", "ValidationError"):
        schemas.pop(name, None)
    for path in document["paths"].values():
        for operation in path.values():
            answers = operation["responses"]
            answers.pop("422", None)
            answers["default"] = problem
    app.openapi_schema = document
    return document


_PROBLEM = {
    "type": "object",
    "title": "Problem",
    "required": ["type", "title", "status", "detail"],
    "properties": {
        "type": {"type": "string", "description": "urn:offnadir:problem:NAME"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string"},
        "instance": {"type": "string"},
        "request_id": {"type": "string"},
        "errors": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["field", "wish"],
                "properties": {
                    "field": {"type": "string"}, "wish": {"type": "string"}, "value": {},
                    "hint": {"type": "string"},
                },
            },
        },
        "reasons": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["constraint", "words"],
                "properties": {
                    "constraint": {"type": "string"}, "words": {"type": "string"}, "wanted": {},
                    "found": {}, "by": {"type": "number"}, "unit": {"type": "string"}, "would_pass": {},
                    "together_with": {"type": "array", "items": {"type": "string"}},
                },
            },
        },
    },
}  # fmt: skip
