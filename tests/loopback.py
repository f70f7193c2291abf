"""A web server on loopback that does what a test tells it, however bad."""

from __future__ import annotations

import gzip
import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

Reply = Callable[["Handler"], None]


@dataclass
class Seen:
    """A request as it came."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes


@dataclass
class Loopback:
    """The server: `replies` are used up one by one, the last for ever; `seen` are the requests."""

    url: str = ""
    replies: list[Reply] = field(default_factory=list)
    seen: list[Seen] = field(default_factory=list)
    over: threading.Event = field(default_factory=threading.Event)

    def says(self, *replies: Reply) -> None:
        self.replies[:] = replies
        self.seen.clear()


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    loopback: Loopback

    def _any(self) -> None:
        length = int(self.headers.get("Content-Length") or 0)
        body = self.rfile.read(length)
        headers = {key.lower(): value for key, value in self.headers.items()}
        self.loopback.seen.append(Seen(self.command, self.path, headers, body))
        replies = self.loopback.replies
        self.close_connection = True
        with suppress(BrokenPipeError, ConnectionResetError):  # the client has seen enough
            (replies.pop(0) if len(replies) > 1 else replies[0])(self)

    do_GET = do_POST = _any

    def log_message(self, *args: object) -> None:
        pass

    def wait(self, seconds: float) -> None:
        """Sleep, but not beyond the end of the test."""
        self.loopback.over.wait(seconds)


@contextmanager
def loopback() -> Iterator[Loopback]:
    state = Loopback()
    handler = type("OneHandler", (Handler,), {"loopback": state})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    server.daemon_threads = True
    state.url = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    try:
        yield state
    finally:
        state.over.set()
        server.shutdown()
        thread.join()
        server.server_close()


def reply(
    body: bytes | str = b"",
    status: int = 200,
    *,
    length: int | None = None,
    **headers: str,
) -> Reply:
    """An answer; `length` may be a lie. Underscores in names of headers are hyphens."""
    data = body.encode() if isinstance(body, str) else body

    def send(handler: Handler) -> None:
        handler.send_response(status)
        for name, value in headers.items():
            handler.send_header(name.replace("_", "-"), value)
        if length != -1:
            handler.send_header("Content-Length", str(len(data) if length is None else length))
        handler.end_headers()
        handler.wfile.write(data)

    return send


def file_with_ranges(data: bytes, *, etag: str, stop_after: int | None = None) -> Reply:
    """A file that can be continued; the connection breaks after `stop_after` bytes of the body."""

    def send(handler: Handler) -> None:
        asked = handler.headers.get("Range", "")
        start = 0
        if asked and handler.headers.get("If-Range") == etag:
            start = int(asked.removeprefix("bytes=").rstrip("-"))
            handler.send_response(206)
            handler.send_header("Content-Range", f"bytes {start}-{len(data) - 1}/{len(data)}")
        else:
            handler.send_response(200)
        handler.send_header("Accept-Ranges", "bytes")
        handler.send_header("ETag", etag)
        handler.send_header("Content-Length", str(len(data) - start))
        handler.end_headers()
        end = len(data) if stop_after is None else start + stop_after
        handler.wfile.write(data[start:end])

    return send


def omm(number: int, name: str = "", **changes: object) -> dict[str, object]:
    """A record as CelesTrak writes it: the space station's of 2026-05-30, under another number."""
    return {
        "OBJECT_NAME": name or f"THING {number}",
        "OBJECT_ID": "1998-067A",
        "EPOCH": "2026-05-30T12:25:10.468992",
        "MEAN_MOTION": 15.49496548,
        "ECCENTRICITY": 0.0007245,
        "INCLINATION": 51.6337,
        "RA_OF_ASC_NODE": 27.5746,
        "ARG_OF_PERICENTER": 114.708,
        "MEAN_ANOMALY": 245.4664,
        "EPHEMERIS_TYPE": 0,
        "CLASSIFICATION_TYPE": "U",
        "NORAD_CAT_ID": number,
        "ELEMENT_SET_NO": 999,
        "REV_AT_EPOCH": 56901,
        "BSTAR": 0.00021767,
        "MEAN_MOTION_DOT": 0.00011776,
        "MEAN_MOTION_DDOT": 0,
        **changes,
    }


def omm_json(*numbers: int, **changes: object) -> bytes:
    return json.dumps([omm(number, **changes) for number in numbers]).encode()


def packed(data: bytes) -> bytes:
    return gzip.compress(data)
