"""HTTP/1.1 by httptools, whose parser is quick and sets no bounds: these are set here."""

from __future__ import annotations

from typing import Final

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

#: Bytes of a request line with all headers, as h11 is told in `offnadir serve`.
MOST_HEAD_BYTES: Final = 32 * 1024


class BoundedProtocol(HttpToolsProtocol):
    """Ends a connection whose request line and headers are too long, while they still come."""

    _head_bytes = 0
    _in_head = True

    def data_received(self, data: bytes) -> None:
        """Some bytes. Those that come while a head is not complete count, whole pieces at a time."""
        super().data_received(data)
        if self.parser is None or self.transport.is_closing():
            return
        if not self._in_head:
            self._head_bytes = 0
            return
        self._head_bytes += len(data)
        if self._head_bytes > MOST_HEAD_BYTES:
            self.send_400_response("Invalid HTTP request received.")

    def on_message_begin(self) -> None:
        """A request begins."""
        self._in_head, self._head_bytes = True, 0
        super().on_message_begin()

    def on_headers_complete(self) -> None:
        """Its head is there."""
        self._in_head = False
        super().on_headers_complete()
