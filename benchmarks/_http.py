"""A lean HTTP client for load: connections that are kept, one request at a time on each, no more than that.

httpx takes over a millisecond of CPU a request, as much as the service it would measure.
"""

from __future__ import annotations

import asyncio
import gzip
from collections import deque
from collections.abc import Mapping


class BrokenError(Exception):
    """The connection ended before the answer did."""


class _Line(asyncio.Protocol):
    """One connection."""

    def __init__(self) -> None:
        self.transport: asyncio.Transport | None = None
        self._came = bytearray()
        self._ends = -1
        self._answer: asyncio.Future[tuple[int, dict[bytes, bytes], bytes]] | None = None
        self._told: tuple[int, dict[bytes, bytes], int] = (0, {}, 0)

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = transport  # type: ignore[assignment]

    def ask(self, text: bytes) -> asyncio.Future[tuple[int, dict[bytes, bytes], bytes]]:
        self._answer = asyncio.get_running_loop().create_future()
        self._came.clear()
        self._ends = -1
        assert self.transport is not None
        self.transport.write(text)
        return self._answer

    def data_received(self, data: bytes) -> None:
        self._came += data
        if self._ends < 0:
            head = self._came.find(b"\r\n\r\n")
            if head < 0:
                return
            first, *lines = bytes(self._came[:head]).split(b"\r\n")
            pairs = (line.partition(b":") for line in lines)
            headers = {name.lower(): value.strip() for name, _, value in pairs}
            self._told = (int(first.split()[1]), headers, head + 4)
            self._ends = head + 4 + int(headers.get(b"content-length", b"0"))
        if len(self._came) >= self._ends and self._answer is not None:
            status, headers, begins = self._told
            answer, self._answer = self._answer, None
            if not answer.done():
                answer.set_result((status, headers, bytes(self._came[begins : self._ends])))

    def connection_lost(self, error: Exception | None) -> None:
        self.transport = None
        if self._answer is not None and not self._answer.done():
            self._answer.set_exception(BrokenError(str(error)))


class Client:
    """Asks one server, over as many connections as it takes, up to `most`."""

    def __init__(self, host: str, port: int, *, most: int = 100, patience_s: float = 30.0) -> None:
        self._where, self._patience_s = (host, port), patience_s
        self._free: deque[_Line] = deque()
        self._room = asyncio.Semaphore(most)
        self._host = f"{host}:{port}"

    async def ask(
        self, method: str, path: str, headers: Mapping[str, str], body: bytes = b""
    ) -> tuple[int, dict[bytes, bytes], bytes]:
        """Status, headers in small letters, and the body as it came. BrokenError, TimeoutError, OSError."""
        lines = [f"{method} {path} HTTP/1.1", f"Host: {self._host}", "Accept-Encoding: gzip"]
        lines += [f"{name}: {value}" for name, value in headers.items()]
        if body:
            lines += ["Content-Type: application/json", f"Content-Length: {len(body)}"]
        text = "\r\n".join([*lines, "", ""]).encode() + body
        async with self._room:
            line = await self._line()
            try:
                async with asyncio.timeout(self._patience_s):
                    told = await line.ask(text)
            except BaseException:
                if line.transport is not None:
                    line.transport.abort()
                raise
            if told[1].get(b"connection") == b"close":
                line.transport.close()  # type: ignore[union-attr]
            elif line.transport is not None:
                self._free.append(line)
            return told

    async def _line(self) -> _Line:
        while self._free:
            line = self._free.pop()
            if line.transport is not None and not line.transport.is_closing():
                return line
        return (await asyncio.get_running_loop().create_connection(_Line, *self._where))[1]

    def close(self) -> None:
        """End all connections that are free."""
        while self._free:
            line = self._free.pop()
            if line.transport is not None:
                line.transport.close()


def plain(headers: Mapping[bytes, bytes], body: bytes) -> bytes:
    """A body without its compression."""
    return gzip.decompress(body) if headers.get(b"content-encoding") == b"gzip" else body
