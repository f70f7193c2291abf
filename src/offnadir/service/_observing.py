"""What is seen of each request: its id, one line of a log, and numbers for Prometheus."""

from __future__ import annotations

import logging
import sys
import time
import uuid
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

import orjson
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from offnadir.service._limits import STATUS, is_text
from offnadir.service._traces import Traced, Traces

if TYPE_CHECKING:
    from offnadir.service._callers import Caller

_LOG: Final = logging.getLogger("offnadir.service.access")
_SECURE: Final = (
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"no-referrer"),
    (b"x-frame-options", b"DENY"),
)
#: What is opened in a browser loads nothing and runs nothing, unless it says so itself.
_POLICY: Final = (b"content-security-policy", b"default-src 'none'; frame-ancestors 'none'")
#: Methods that are counted by their names; a caller may make up any number of others.
_METHODS: Final = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")
_STEPS_S: Final = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)


class Numbers:
    """Counters of one process."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        names = ("method", "route", "status")
        self.requests = Counter(
            "offnadir_http_requests", "Requests that were answered.", names, registry=self.registry
        )
        self.seconds = Histogram(
            "offnadir_http_request_seconds", "From the first byte to the last.", ("method", "route"),
            registry=self.registry, buckets=_STEPS_S,
        )  # fmt: skip
        self.under_way = Gauge(
            "offnadir_http_requests_under_way", "Requests being answered.", registry=self.registry
        )
        self._of: dict[tuple[str, str, int], tuple[Counter, Histogram]] = {}

    def count(self, method: str, route: str, status: int, took_s: float) -> None:
        """One request; what counts its kind is found once."""
        of = self._of.get((method, route, status))
        if of is None:
            of = (
                self.requests.labels(method, route, str(status)),
                self.seconds.labels(method, route),
            )
            self._of[method, route, status] = of
        of[0].inc()
        of[1].observe(took_s)


class Observing:
    """Outermost: gives each request an id, and writes what became of it; never a key, token or query.

    The id is that of its trace, if it is traced, else the one that it came with.
    """

    def __init__(self, app: ASGIApp, numbers: Numbers, traces: Traces) -> None:
        self.app, self.numbers, self.traces = app, numbers, traces

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        headers = dict(scope["headers"])
        with self.traces.request(headers) as traced:
            await self._observe(scope, receive, send, headers, traced)

    async def _observe(
        self,
        scope: Scope,
        receive: Receive,
        send: Send,
        headers: Mapping[bytes, bytes],
        traced: Traced,
    ) -> None:
        asked = headers.get(b"x-request-id", b"").decode("latin-1")
        name = traced.id or (asked if is_text(asked) else uuid.uuid4().hex)
        scope["offnadir.request_id"] = name
        began, size = time.perf_counter(), 0

        async def send_on(message: Message) -> None:
            nonlocal size
            if message["type"] == "http.response.start":
                scope[STATUS] = message["status"]
                own = list(message.get("headers", ()))
                policy = () if _POLICY[0] in dict(own) else (_POLICY,)
                told = (b"x-request-id", name.encode("latin-1"))
                message = {**message, "headers": [*own, told, *policy, *_SECURE]}
            size += len(message.get("body", b""))
            await send(message)

        scope[STATUS] = 0
        self.numbers.under_way.inc()
        try:
            await self.app(scope, receive, send_on)
        finally:
            took_s = time.perf_counter() - began
            self.numbers.under_way.dec()
            route = getattr(scope.get("route"), "path", "none")
            method = scope["method"] if scope["method"] in _METHODS else "other"
            status: int = scope[STATUS]
            traced.end(method, route, status)
            self.numbers.count(method, route, status, took_s)
            if _LOG.isEnabledFor(logging.INFO):
                _LOG.info("request", extra={"offnadir": _line(scope, name, status, size, took_s)})


def _line(scope: Scope, name: str, status: int, size: int, took_s: float) -> dict[str, Any]:
    caller: Caller | None = scope.get("offnadir.caller")
    return {
        "request_id": name,
        "method": scope["method"],
        "path": scope["path"],
        "status": status,
        "bytes": size,
        "ms": round(took_s * 1e3, 2),
        "client": (scope.get("client") or ("",))[0],
        "user": None if caller is None else caller.name,
        "shown": None if caller is None else caller.shown,
    }


class JsonLines(logging.Formatter):
    """One JSON object a line, for machines that gather logs."""

    def format(self, record: logging.LogRecord) -> str:
        """The line."""
        told: dict[str, Any] = {
            "at": time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(record.created))
            + f".{record.msecs:03.0f}Z",
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
            **getattr(record, "offnadir", {}),
        }
        if record.exc_info:
            told["trouble"] = self.formatException(record.exc_info)
        return orjson.dumps(told, default=str).decode()


def write_logs() -> None:
    """Send the logs of the service to standard error, a JSON object a line."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(JsonLines())
    for name in ("offnadir", "uvicorn.error"):
        logger = logging.getLogger(name)
        logger.handlers, logger.propagate = [handler], False
        logger.setLevel(logging.INFO)
    logging.getLogger("uvicorn.access").disabled = True  # ours says more
