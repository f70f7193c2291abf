"""Traces: what an OTLP collector is sent, by a service that was told of one; nothing without."""

from __future__ import annotations

import shutil
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from offnadir.service._traces import open_traces
from support.service import WISH, Hall, opened

pytest.importorskip("opentelemetry.sdk", reason="the extra [traces] is not installed")
#: The example of W3C Trace Context, 3.2.1.
TRACE, PARENT = "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"


class Collector:
    """An OTLP collector on the loopback that keeps the spans it is sent."""

    def __init__(self) -> None:
        from opentelemetry.proto.collector.trace.v1 import trace_service_pb2 as wire

        self.spans: list[Any] = []
        self.names: set[str] = set()
        ours = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                asked = wire.ExportTraceServiceRequest.FromString(body)
                for one in asked.resource_spans:
                    ours.names |= {
                        at.value.string_value
                        for at in one.resource.attributes
                        if at.key == "service.name"
                    }
                    ours.spans += [span for scope in one.scope_spans for span in scope.spans]
                self.send_response(200 if self.path == "/v1/traces" else 404)
                self.send_header("Content-Type", "application/x-protobuf")
                self.end_headers()

            def log_message(self, *words: object) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}"


@pytest.fixture
def collector() -> Iterator[Collector]:
    made = Collector()
    thread = threading.Thread(target=made.server.serve_forever, daemon=True)
    thread.start()
    yield made
    made.server.shutdown()
    thread.join()
    made.server.server_close()


def test_a_request_is_one_span_with_children_in_its_callers_trace(
    hall_ready: tuple[Path, dict[str, str]], tmp_path: Path, collector: Collector,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    """The request's id is the trace's; no key, query or value of the database is in any span."""
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", collector.url)
    monkeypatch.setenv("OTEL_SERVICE_NAME", "pictures")
    path, keys = hall_ready
    shutil.copytree(path.parent, tmp_path / "operation")
    with opened(tmp_path / "operation" / path.name, keys) as hall:
        headers = {"traceparent": f"00-{TRACE}-{PARENT}-01"}
        made = hall.post("kim", "/products/any/orders", WISH, headers=headers)
        assert made.headers["x-request-id"] == TRACE
        searched = hall.get("kim", "/stac/search?ids=secret-name")
        assert len(searched.headers["x-request-id"]) == 32
    ours = [one for one in collector.spans if one.trace_id.hex() == TRACE]
    (top,) = [one for one in ours if one.name == "POST /products/{product_id}/orders"]
    assert top.parent_span_id.hex() == PARENT
    told = {at.key: at.value for at in top.attributes}
    assert told["http.response.status_code"].int_value == 201
    inserts = [one for one in ours if one.name == "database INSERT"]
    assert len(inserts) >= 2
    assert {one.parent_span_id for one in inserts} == {top.span_id}
    assert all(
        top.start_time_unix_nano <= one.start_time_unix_nano <= one.end_time_unix_nano
        for one in inserts
    )
    theirs = [
        one for one in collector.spans if one.trace_id.hex() == searched.headers["x-request-id"]
    ]
    (search,) = [one for one in theirs if one.name == "search the archive"]
    assert any(one.parent_span_id == search.span_id and "SELECT" in one.name for one in theirs)
    assert collector.names == {"pictures"}
    whole = str(collector.spans)
    assert not [one for one in ("secret-name", keys["kim"], "Seoul") if one in whole]


def test_nothing_is_traced_that_nobody_asked_for(
    hall: Hall, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without a collector, or switched off: a request has an id of its own, or the one it came with."""
    headers = {"traceparent": f"00-{TRACE}-{PARENT}-01", "X-Request-Id": "mine"}
    assert hall.get("kim", "/me", headers=headers).headers["x-request-id"] == "mine"
    for more in ({"OTEL_SDK_DISABLED": "true"}, {"OTEL_TRACES_EXPORTER": "none"}):
        there = {"OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:1", **more}
        with open_traces(there).request({}) as traced:
            assert traced.id is None
