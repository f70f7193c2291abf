"""A short way to the routes that are asked most, for requests that have nothing unusual about them.

It calls the functions of the routes themselves, with what the framework would give them. Whatever is unusual
(a caller who was not seen before, a parameter beyond the usual, a body that does not fit or comes in pieces)
goes the long way, which looks at everything and says what is wrong. That one's dozen layers cost some
milliseconds of each request.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from fastapi import FastAPI, Request
from fastapi.concurrency import run_in_threadpool
from pydantic import BaseModel, ValidationError
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from offnadir.service import _opportunity_routes, _stac, _stapi_routes
from offnadir.service._callers import Callers, admitted
from offnadir.service._limits import too_slow
from offnadir.service._packing import packed
from offnadir.service._problems import response_to
from offnadir.service._service import Service
from offnadir.service._settings import Settings

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
    """Stands before the framework, with what its layers do for plain requests; `long` leads through all."""

    def __init__(self, long: ASGIApp, app: FastAPI, settings: Settings) -> None:
        self._long = long
        self._service: Service = app.state.service
        self._callers: Callers = app.state.callers
        self._body_s, self._most_bytes = settings.body_s, settings.body_kib * 1024

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request."""
        way = self._way(scope) if scope["type"] == "http" else None
        headers = {} if way is None else dict(scope["headers"])
        shown = headers.get(b"authorization", b"").decode("latin-1")
        key = shown.removeprefix("Bearer ")
        if way is None or key == shown or not self._callers.has_seen(key):
            await self._long(scope, receive, send)
            return
        request, body = Request(scope, receive, send), b""
        if scope["method"] == "POST":
            message = await self._message(headers, receive)
            if message is None:
                await self._long(scope, receive, send)
                return
            receive, body = _again(message, receive), message.get("body", b"")
            if message.get("more_body", False) or len(body) > self._most_bytes:
                await self._long(scope, receive, send)
                return
        given = way.reads(request, scope["path"].split("/"), _json(headers, body))
        if given is None:
            await self._long(scope, receive, send)
            return
        scope["route"] = _Known(way.path)

        def work() -> Response:
            try:
                self._service.here.clock.look()  # a set clock is the loop's, which sets it elsewhere
                caller = admitted(request, self._callers.find(key), key, (way.scope,))
                made = way.answer(request=request, here=self._service, caller=caller, **given)
            except Exception as error:  # noqa: BLE001 - all trouble is answered
                made = response_to(request, error)
            return packed(made, scope["headers"])

        answer = await run_in_threadpool(work)
        await answer(scope, receive, send)

    async def _message(self, headers: Mapping[bytes, bytes], receive: Receive) -> Message | None:
        """The body, which most send in one piece; None if there is none that could be taken here."""
        told = headers.get(b"content-length", b"")
        if not told.isdigit() or int(told) > self._most_bytes:
            return None
        try:
            async with asyncio.timeout(self._body_s):
                return await receive()
        except TimeoutError:
            raise too_slow(self._body_s) from None

    def _way(self, scope: Scope) -> _Way | None:
        parts = scope["path"].split("/")
        if len(parts) < 2 or parts[0] or not all(parts[1:]) or scope.get("root_path"):
            return None
        last = parts[-1] if scope["method"] == "POST" else ""
        return _WAYS.get((scope["method"], parts[1], len(parts) - 1, last))


def _again(first: Message, receive: Receive) -> Receive:
    """Lets what was received be received once more."""
    left = [first]

    async def told() -> Message:
        return left.pop() if left else await receive()

    return told


def _json(headers: Mapping[bytes, bytes], body: bytes) -> Any:
    """What a body of JSON says; None for any other."""
    if not body or headers.get(b"content-type") != b"application/json":
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
