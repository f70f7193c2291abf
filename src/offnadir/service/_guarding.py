"""Before a request reaches its route: does the host fit, does its caller ask too often, is there room?"""

from __future__ import annotations

import hashlib
import re
from collections import OrderedDict
from collections.abc import Mapping
from typing import Final

from anyio.to_thread import current_default_thread_limiter
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from offnadir.service._callers import LINK
from offnadir.service._limits import STATUS, Buckets, too_busy, too_many
from offnadir.service._problems import ProblemError, problem_response
from offnadir.service._settings import Settings

#: What a wrong key costs its sender, in requests.
_WRONG_KEY: Final = 20.0
_FREE: Final = ("/health", "/health/live", "/metrics")
#: Of two of these, one part of the service would believe the first, and another the last.
_ONCE: Final = (b"host", b"authorization", b"content-length")
_MOST_KNOWN: Final = 20_000
#: Whose routes know HEAD themselves, since GET would read a file and note its download; and what has no end.
_OWN_HEAD: Final = re.compile(
    "/assets/[^/]+/[^/]+|/orders/[^/]+/products/[^/]+/[^/]+|/orders/[^/]+/events"
)


class Guarding:
    """Hosts, rates, and trouble that no route has met."""

    def __init__(self, app: ASGIApp, settings: Settings) -> None:
        self.app = app
        self._hosts = frozenset(settings.answers_to)
        self._most_waiting = settings.most_waiting
        self._callers = Buckets(settings.requests_per_minute)
        self._wrong = Buckets(settings.requests_per_minute)
        # Keys that opened something; whatever else is shown counts for its sender's address.
        self._opened: OrderedDict[str, None] = OrderedDict()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        address = (scope.get("client") or ("",))[0]
        _trim(scope)
        try:
            self._check(scope, address)
            if scope["method"] == "HEAD" and not _OWN_HEAD.fullmatch(scope["path"]):
                await self._head(scope, receive, send)
            else:
                await self.app(scope, receive, send)
        except ProblemError as error:
            if scope.get(STATUS):
                raise  # the answer has begun
            await problem_response(Request(scope), error)(scope, receive, send)
        if scope.get(STATUS) == 401:
            self._wrong.punish(address, _WRONG_KEY)
        caller = scope.get("offnadir.caller")
        if caller is not None and caller.shown != LINK:
            self._note(_mark(dict(scope["headers"])))

    async def _head(self, scope: Scope, receive: Receive, send: Send) -> None:
        """What GET would answer, without the body (RFC 9110, 9.3.2)."""

        async def without_body(message: Message) -> None:
            if message["type"] == "http.response.start":
                scope["method"] = "HEAD"  # the server leaves out the body by it
            elif "body" in message:
                message = {**message, "body": b""}
            await send(message)

        scope["method"] = "GET"
        try:
            await self.app(scope, receive, without_body)
        finally:
            scope["method"] = "HEAD"

    def _check(self, scope: Scope, address: str) -> None:
        headers = dict(scope["headers"])
        if len(headers) < len(scope["headers"]):
            names = [name for name, _ in scope["headers"]]
            twice = [name.decode() for name in _ONCE if names.count(name) > 1]
            if twice:
                raise ProblemError(400, "wrong-input", f"the header {twice[0]} stands there twice")
        if "\0" in scope["path"] or b"%00" in scope.get("query_string", b""):
            raise ProblemError(422, "wrong-input", "the URL has the character NUL in it")
        host = headers.get(b"host", b"").decode("latin-1")
        name = host.rpartition(":")[0] if host.rpartition(":")[2].isdigit() else host
        if name.strip("[]").lower() not in self._hosts:
            words = f"this service does not answer to the name {name[:100]!r}"
            raise ProblemError(421, "wrong-host", words)
        if scope["path"] in _FREE:
            return
        hands = current_default_thread_limiter()
        if not hands.available_tokens and hands.statistics().tasks_waiting >= self._most_waiting:
            raise too_busy()
        mark = _mark(headers)
        wait_s = self._wrong.take(address, 0.0)
        wait_s = max(wait_s, self._callers.take(mark if mark in self._opened else address))
        if wait_s:
            raise too_many(wait_s)

    def _note(self, mark: str) -> None:
        if mark not in self._opened:  # its first request counted for the address
            self._callers.take(mark)
        self._opened[mark] = None
        self._opened.move_to_end(mark)
        while len(self._opened) > _MOST_KNOWN:
            self._opened.popitem(last=False)


def _trim(scope: Scope) -> None:
    """A path with a slash at its end is the one without: a redirect would not know the public address."""
    path: str = scope["path"]
    if len(path) > 1 and path.endswith("/"):
        scope["path"] = path.rstrip("/") or "/"
        raw = scope.get("raw_path")
        if raw is not None:
            scope["raw_path"] = raw.rstrip(b"/") or b"/"


def _mark(headers: Mapping[bytes, bytes]) -> str:
    """Tells keys and tokens apart, however the word before them and the blanks are written."""
    shown = headers.get(b"authorization", b"").partition(b" ")[2].strip()
    return hashlib.sha256(shown).hexdigest()
