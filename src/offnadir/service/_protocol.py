"""HTTP/1.1 by httptools, whose parser is quick and sets no bounds: these are set here."""

from __future__ import annotations

from typing import Final

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

#: Bytes of a request line with all headers, as h11 is told in `offnadir serve`.
MOST_HEAD_BYTES: Final = 32 * 1024


class BoundedProtocol(HttpToolsProtocol):
    """Ends a connection whose request line and headers are too long, while they still come.

    Fields that come after a body (trailers, RFC 9112, section 7.1.2) are no headers: they are dropped, for
    who asks was looked at before they came, and no more of them are taken than of headers.
    """

    _head_bytes = 0
    _in_head = True
    _goes_on = False

    def data_received(self, data: bytes) -> None:
        """Some bytes. Those that bring neither a whole head nor a body count, whole pieces at a time."""
        self._goes_on = False
        super().data_received(data)
        if self.parser is None or self.transport.is_closing():
            return
        if self._goes_on:
            self._head_bytes = 0
            return
        self._head_bytes += len(data)
        if self._head_bytes <= MOST_HEAD_BYTES:
            return
        if self._in_head:
            self.send_400_response("Invalid HTTP request received.")
        else:  # there may be half an answer on its way, into which nothing else belongs
            self.transport.close()

    def on_message_begin(self) -> None:
        """A request begins."""
        self._in_head, self._goes_on, self._head_bytes = True, False, 0
        super().on_message_begin()

    def on_header(self, name: bytes, value: bytes) -> None:
        """A header, or one that comes too late."""
        if self._in_head:
            super().on_header(name, value)

    def on_headers_complete(self) -> None:
        """Its head is there."""
        self._in_head, self._goes_on = False, True
        super().on_headers_complete()

    def on_body(self, body: bytes) -> None:
        """A piece of its body."""
        self._goes_on = True
        super().on_body(body)

    def on_message_complete(self) -> None:
        """It is there as a whole."""
        self._goes_on = True
        super().on_message_complete()
