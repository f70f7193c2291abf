"""Answers that are large are compressed for those who take gzip."""

from __future__ import annotations

import zlib
from collections.abc import Mapping
from typing import Final

from starlette.responses import Response

#: Bytes from which it pays, and how hard it is tried: JSON gets hardly smaller by more than 1 of 9.
LEAST_BYTES: Final = 2048
LEVEL: Final = 1
_GZIP: Final = 16 + zlib.MAX_WBITS


def packed(answer: Response, headers: Mapping[bytes, bytes]) -> Response:
    """An answer whose body is whole, as Starlette's GZipMiddleware sends it to a request of `headers`."""
    body = bytes(answer.body)
    if len(body) < LEAST_BYTES:
        return answer
    answer.headers.add_vary_header("Accept-Encoding")
    if b"gzip" in headers.get(b"accept-encoding", b""):
        answer.body = zlib.compress(body, LEVEL, _GZIP)
        answer.headers["Content-Encoding"] = "gzip"
        answer.headers["Content-Length"] = str(len(answer.body))
    return answer
