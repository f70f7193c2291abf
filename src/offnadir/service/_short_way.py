"""A short way to the routes that are asked most, for requests that have nothing unusual about them.

It calls the functions of the routes themselves, with what the framework would give them. Whatever is unusual
(a caller who was not seen lately, a parameter beyond the usual, a body that does not fit) goes the long way,
which looks at everything and says what is wrong. The long way costs a millisecond and more of each request.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from fastapi import FastAPI, HTTPException, Request
from fastapi.concurrency import run_in_threadpool
from pydantic import BaseModel, ValidationError
from starlette.requests import ClientDisconnect
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from offnadir.service import _opportunity_routes, _stac, _stapi_routes
from offnadir.service._callers import Caller, Callers
from offnadir.service._service import Service

_LONGEST_NAME: Final = 2048
#: What a route's function is given beside request, service and caller; None if that is not plain.
Reads = Callable[[Request, list[str], Any], dict[str, Any] | None]


@dataclass(frozen=True, slots=True)
class _Way:
    path: str
    scope: str
    answer: Callable[..., Response]
    reads: Reads


@dataclass(frozen=True, slots=True)
class _Known:
    """What is told of a route to those who count requests."""

    path: str


class ShortWay:
    """Stands before the router; `app` is what it stands before."""

    def __init__(self, router: ASGIApp, app: FastAPI) -> None:
        self._router = router
        self._service: Service = app.state.service
        self._callers: Callers = app.state.callers

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request."""
        way = self._way(scope) if scope["type"] == "http" else None
        caller = None if way is None else self._caller(scope, way.scope)
        if way is None or caller is None:
            await self._router(scope, receive, send)
            return
        request, body = Request(scope, receive, send), b""
        if scope["method"] == "POST":
            try:
                body = await request.body()
            except ClientDisconnect as error:
                raise HTTPException(400, "There was an error parsing the body") from error
        given = way.reads(request, scope["path"].split("/"), _json(request, body))
        if given is None:
            await self._router(scope, _again(body, receive), send)
            return
        scope["offnadir.caller"], scope["route"] = caller, _Known(way.path)

        def work() -> Response:
            self._service.here.clock.look()  # a set clock is the loop's, which sets it elsewhere
            return way.answer(request=request, here=self._service, caller=caller, **given)

        answer = await run_in_threadpool(work)
        await answer(scope, receive, send)

    def _way(self, scope: Scope) -> _Way | None:
        parts = scope["path"].split("/")
        if len(parts) < 2 or parts[0] or not all(parts[1:]) or scope.get("root_path"):
            return None
        last = parts[-1] if scope["method"] == "POST" else ""
        return _WAYS.get((scope["method"], parts[1], len(parts) - 1, last))

    def _caller(self, scope: Scope, wanted: str) -> Caller | None:
        """One who was seen a moment ago, if his key is good for this."""
        shown = dict(scope["headers"]).get(b"authorization", b"")
        known = None
        if shown.startswith(b"Bearer "):
            known = self._callers.known(shown[len(b"Bearer ") :].decode("latin-1"))
        return known if known is not None and wanted in known.scopes else None


def _again(body: bytes, receive: Receive) -> Receive:
    """Lets a body that was read be read once more."""
    left = [body]

    async def told() -> Message:
        if left:
            return {"type": "http.request", "body": left.pop(), "more_body": False}
        return await receive()

    return told


def _json(request: Request, body: bytes) -> Any:
    """What a body of JSON says; None for any other."""
    if not body or request.headers.get("content-type") != "application/json":
        return None
    try:
        return json.loads(body)
    except (ValueError, RecursionError):
        return None


def _order(_request: Request, path: list[str], _body: Any) -> dict[str, Any] | None:
    return {"order_id": path[2]}


def _orders(request: Request, _path: list[str], _body: Any) -> dict[str, Any] | None:
    name, _, value = request.scope["query_string"].partition(b"=")
    if name == value == b"":
        return {}
    fits = name == b"limit" and len(value) <= 3 and value.isdigit() and int(value) > 0
    return {"limit": int(value)} if fits else None


def _item(_request: Request, path: list[str], _body: Any) -> dict[str, Any] | None:
    fits = path[2] == "collections" and path[4] == "items"
    fits = fits and max(len(path[3]), len(path[5])) <= _LONGEST_NAME
    return {"collection": path[3], "item": path[5]} if fits else None


def _search(_request: Request, _path: list[str], body: Any) -> dict[str, Any] | None:
    return {"body": body} if isinstance(body, dict) else None


def _place(request: Request, path: list[str], body: Any) -> dict[str, Any] | None:
    made = _model(_stapi_routes.OrderRequest, body)
    keys = request.headers.getlist("idempotency-key")
    if made is None or request.scope["query_string"] or len(keys) > 1 or len("".join(keys)) > 200:
        return None
    return {"product_id": path[2], "body": made, "idempotency_key": keys[0] if keys else None}


def _opportunities(request: Request, path: list[str], body: Any) -> dict[str, Any] | None:
    made = _model(_opportunity_routes.OpportunityRequest, body)
    return None if made is None else {"product_id": path[2], "body": made}


def _model(kind: type[BaseModel], body: Any) -> Any:
    try:
        return kind.model_validate(body) if isinstance(body, dict) else None
    except ValidationError:
        return None


#: By method, first part of the path, how many parts it has, and for POST the last.
_WAYS: Final[Mapping[tuple[str, str, int, str], _Way]] = {
    ("GET", "orders", 1, ""): _Way("/orders", "orders:read", _stapi_routes.orders, _orders),
    ("GET", "orders", 2, ""): _Way(
        "/orders/{order_id}", "orders:read", _stapi_routes.order, _order
    ),
    ("GET", "stac", 5, ""): _Way(
        "/stac/collections/{collection}/items/{item}", "archive:read", _stac.item, _item
    ),
    ("POST", "stac", 2, "search"): _Way(
        "/stac/search", "archive:read", _stac.search_by_body, _search
    ),
    ("POST", "products", 3, "orders"): _Way(
        "/products/{product_id}/orders", "orders:write", _stapi_routes.create_order, _place
    ),
    ("POST", "products", 3, "opportunities"): _Way(
        "/products/{product_id}/opportunities", "opportunities:read",
        _opportunity_routes.search_opportunities, _opportunities,
    ),
}  # fmt: skip
