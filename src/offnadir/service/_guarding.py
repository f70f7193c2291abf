"""Before a request reaches its route: does the host fit, and does its caller ask too often?"""

from __future__ import annotations

import hashlib
from typing import Final

from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from offnadir.service._limits import Buckets, too_many
from offnadir.service._problems import ProblemError, as_problem, problem_response
from offnadir.service._settings import Settings

#: What a wrong key costs its sender, in requests.
_WRONG_KEY: Final = 20.0
_FREE: Final = ("/health", "/health/live", "/metrics")


class Guarding:
    """Hosts, rates, and trouble that no route has met."""

    def __init__(self, app: ASGIApp, settings: Settings) -> None:
        self.app = app
        self._hosts = frozenset(settings.answers_to)
        self._callers = Buckets(settings.requests_per_minute)
        self._wrong = Buckets(settings.requests_per_minute)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        status = 0

        async def told(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        address = (scope.get("client") or ("",))[0]
        try:
            self._check(scope, address)
            await self.app(scope, receive, told)
        except ProblemError as error:
            if status:
                raise  # the answer has begun
            await problem_response(Request(scope), as_problem(error))(scope, receive, told)
        if status == 401:
            self._wrong.punish(address, _WRONG_KEY)

    def _check(self, scope: Scope, address: str) -> None:
        headers = dict(scope["headers"])
        host = headers.get(b"host", b"").decode("latin-1")
        name = host.rpartition(":")[0] if host.rpartition(":")[2].isdigit() else host
        if name.strip("[]").lower() not in self._hosts:
            words = f"this service does not answer to the name {name[:100]!r}"
            raise ProblemError(421, "wrong-host", words)
        if scope["path"] in _FREE:
            return
        shown = headers.get(b"authorization")
        who = address if shown is None else hashlib.sha256(shown).hexdigest()
        wait_s = max(self._wrong.take(address, 0.0), self._callers.take(who))
        if wait_s:
            raise too_many(wait_s)
