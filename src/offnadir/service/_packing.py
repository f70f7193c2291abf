"""Answers that are large are compressed for those who take gzip."""

from __future__ import annotations

import re
import zlib
from collections.abc import Iterable
from typing import Final

from starlette.middleware.gzip import GZipMiddleware
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

#: Bytes from which it pays, and how hard it is tried: JSON gets hardly smaller by more than 1 of 9.
LEAST_BYTES: Final = 2048
LEVEL: Final = 1
_NEVER: Final = re.compile(rb"0(\.0{0,3})?")
_GZIP: Final = 16 + zlib.MAX_WBITS


class Packing(GZipMiddleware):
    """Starlette's, which looks for "gzip" in what is accepted, be it refused there or written in capitals."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request."""
        if scope["type"] == "http":
            headers = [one for one in scope["headers"] if one[0] != b"accept-encoding"]
            if takes_gzip(_accepted(scope["headers"])):
                headers.append((b"accept-encoding", b"gzip"))
            scope["headers"] = headers  # in this scope: those outside look into it afterwards
        await super().__call__(scope, receive, send)


def packed(answer: Response, headers: Iterable[tuple[bytes, bytes]]) -> Response:
    """An answer whose body is whole, as `Packing` sends it to a request of `headers`."""
    body = bytes(answer.body)
    if len(body) < LEAST_BYTES:
        return answer
    answer.headers.add_vary_header("Accept-Encoding")
    if takes_gzip(_accepted(headers)):
        answer.body = zlib.compress(body, LEVEL, _GZIP)
        answer.headers["Content-Encoding"] = "gzip"
        answer.headers["Content-Length"] = str(len(answer.body))
    return answer


def _accepted(headers: Iterable[tuple[bytes, bytes]]) -> bytes:
    return b",".join(value for name, value in headers if name == b"accept-encoding")


def takes_gzip(accepted: bytes) -> bool:
    """Whether `Accept-Encoding` has gzip with a weight that is not 0 (RFC 9110, 12.5.3); `*` is no wish.

    >>> takes_gzip(b"br, GZIP;q=0.5"), takes_gzip(b"gzip;q=0, *"), takes_gzip(b"x-notgzip")
    (True, False, False)
    """
    for part in accepted.lower().split(b","):
        name, _, weight = part.partition(b";")
        if name.strip() == b"gzip":
            return not _NEVER.fullmatch(weight.strip().removeprefix(b"q="))
    return False
