"""How much one caller may ask: requests a minute, and bodies that are neither too large nor too slow."""

from __future__ import annotations

import asyncio
import math
import threading
import time
from collections import OrderedDict
from typing import Any, Final

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from offnadir.service._problems import ProblemError

_MOST_BUCKETS: Final = 50_000
#: Under this an answer's status stands in the scope of its request, once it has begun.
STATUS: Final = "offnadir.status"


class Buckets:
    """A bucket of requests for each caller, that fills again at a steady rate; one minute's worth at most."""

    def __init__(self, per_minute: float) -> None:
        self._per_s, self._most = per_minute / 60.0, max(per_minute, 1.0)
        self._left: OrderedDict[str, tuple[float, float]] = OrderedDict()
        self._lock = threading.Lock()

    def take(self, who: str, cost: float = 1.0) -> float:
        """Seconds to wait; 0 if the request may go on, and then it is counted."""
        now = time.monotonic()
        with self._lock:
            left, then = self._left.get(who, (self._most, now))
            left = min(self._most, left + (now - then) * self._per_s)
            wait_s = 0.0 if left >= cost else (cost - left) / self._per_s
            self._left[who] = (left - cost if wait_s == 0.0 else left, now)
            self._left.move_to_end(who)
            while len(self._left) > _MOST_BUCKETS:
                self._left.popitem(last=False)
        return wait_s

    def punish(self, who: str, cost: float) -> None:
        """Count something that went wrong, whatever is left."""
        now = time.monotonic()
        with self._lock:
            left, then = self._left.get(who, (self._most, now))
            left = min(self._most, left + (now - then) * self._per_s)
            self._left[who] = (max(left - cost, -self._most), now)


def too_many(wait_s: float) -> ProblemError:
    """The answer to one who asks too often."""
    seconds = math.ceil(wait_s)
    return ProblemError(
        429, "too-many-requests", f"too many requests; try again in {seconds} s",
        headers={"Retry-After": str(seconds)},
    )  # fmt: skip


def too_busy() -> ProblemError:
    """The answer to one who comes while too many wait already: better at once than after their patience."""
    words = "too many requests wait already; try again in a moment"
    return ProblemError(503, "busy", words, headers={"Retry-After": "2"})


def too_slow(most_s: float) -> ProblemError:
    """The answer to one whose body does not come."""
    words = f"the body did not arrive within {most_s:g} s"
    return ProblemError(408, "too-slow", words, headers={"Connection": "close"})


class BodyLimit:
    """Refuses bodies that are larger than `most_bytes`, or take longer than `most_s` to arrive.

    Whoever reads the body is told that the caller is gone, and what he answers to that is not sent.
    """

    def __init__(self, app: ASGIApp, most_bytes: int, most_s: float) -> None:
        self.app, self.most_bytes, self.most_s = app, most_bytes, most_s

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        told = dict(scope["headers"]).get(b"content-length", b"0")
        if told.isdigit() and int(told) > self.most_bytes:
            raise self._too_large()
        came, ends, done, answered = 0, time.monotonic() + self.most_s, False, False
        refused: ProblemError | None = None

        async def counted() -> Message:
            nonlocal came, done, refused
            if done:  # whoever waits for the caller to go away waits as long as it takes
                return await receive()
            try:
                async with asyncio.timeout(max(ends - time.monotonic(), 0.0)):
                    message = await receive()
            except TimeoutError:
                refused = too_slow(self.most_s)
                return {"type": "http.disconnect"}
            came += len(message.get("body", b""))
            done = not message.get("more_body", False)
            if came > self.most_bytes:
                refused = self._too_large()
                return {"type": "http.disconnect"}
            return message

        async def told_unless_refused(message: Message) -> None:
            nonlocal answered
            if refused is None or answered:
                answered = True
                await send(message)

        try:
            await self.app(scope, counted, told_unless_refused)
        finally:
            if refused is not None and not answered:
                raise refused

    def _too_large(self) -> ProblemError:
        words = f"the body is larger than {self.most_bytes // 1024} KiB"
        return ProblemError(413, "too-large", words, headers={"Connection": "close"})


def is_text(value: Any) -> bool:
    """Whether a header's value is fit to be written into a log."""
    return isinstance(value, str) and 0 < len(value) <= 128 and value.isprintable()
