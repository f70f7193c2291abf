"""Traces on request, by OpenTelemetry: one span for each request, children for the database and searches.

Off unless the environment names a collector: OTEL_EXPORTER_OTLP_ENDPOINT, or its namesake of traces alone.
OpenTelemetry's other variables hold too, as its SDK reads them. The library is imported only then.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, nullcontext
from typing import TYPE_CHECKING, Any, Final

from offnadir import __version__
from offnadir._database import Database
from offnadir.errors import MissingExtraError

if TYPE_CHECKING:
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.trace import Span

_ENDPOINTS: Final = ("OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT")
_LONGEST_QUERY: Final = 1000
_CARRIED: Final = ("traceparent", "tracestate")


class Traced:
    """A request while it is answered."""

    def __init__(self, span: Span | None) -> None:
        self._span = span

    @property
    def id(self) -> str | None:
        """The trace's id, 32 hexadecimal digits; None without traces."""
        return None if self._span is None else f"{self._span.get_span_context().trace_id:032x}"

    def end(self, method: str, route: str, status: int) -> None:
        """What became of it."""
        if self._span is None:
            return
        from opentelemetry.trace import StatusCode

        self._span.update_name(f"{method} {route}")
        self._span.set_attributes(
            {
                "http.request.method": method,
                "http.route": route,
                "http.response.status_code": status,
            }
        )
        if status >= 500 or not status:
            self._span.set_status(StatusCode.ERROR)


class Traces:
    """Where spans go; without a provider nowhere, at no cost."""

    def __init__(self, provider: TracerProvider | None = None) -> None:
        self._provider = provider
        self._tracer = None if provider is None else provider.get_tracer("offnadir", __version__)

    def request(self, headers: Mapping[bytes, bytes]) -> AbstractContextManager[Traced]:
        """The span of a request; it goes on with the caller's trace (W3C Trace Context) if he tells one."""
        return nullcontext(Traced(None)) if self._tracer is None else self._request(headers)

    @contextmanager
    def _request(self, headers: Mapping[bytes, bytes]) -> Iterator[Traced]:
        from opentelemetry.trace import SpanKind
        from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

        assert self._tracer is not None
        told = {
            name: headers[name.encode()].decode("latin-1")
            for name in _CARRIED
            if name.encode() in headers
        }
        before = TraceContextTextMapPropagator().extract(told)
        # What an error says may be a secret; that there was one is told by the status.
        with self._tracer.start_as_current_span(
            "request", before, kind=SpanKind.SERVER, record_exception=False,
            set_status_on_exception=False,
        ) as span:  # fmt: skip
            yield Traced(span)

    def span(self, name: str) -> AbstractContextManager[object]:
        """A child of the span that is under way here."""
        if self._tracer is None:
            return nullcontext()
        child: AbstractContextManager[object] = self._tracer.start_as_current_span(
            name, record_exception=False, set_status_on_exception=False
        )
        return child

    def watch(self, database: Database) -> None:
        """A child for each statement, with its text but without its values."""
        tracer = self._tracer
        if tracer is None:
            return
        from opentelemetry.trace import SpanKind, get_current_span

        spans = "offnadir_spans"

        def begin(connection: Any, cursor: Any, text: str, *more: Any) -> None:
            kept = connection.info.setdefault(spans, [])
            if not get_current_span().get_span_context().is_valid:
                kept.append(None)  # of no request: a search that goes on, a look at what waits
                return
            told = {"db.system.name": database.dialect, "db.query.text": text[:_LONGEST_QUERY]}
            name = f"database {text.split(maxsplit=1)[0]}"
            kept.append(tracer.start_span(name, kind=SpanKind.CLIENT, attributes=told))

        def end(connection: Any) -> None:
            kept = connection.info.get(spans)
            span = kept.pop() if kept else None
            if span is not None:
                span.end()

        database.watch(begin, end)

    def close(self) -> None:
        """Send what waits."""
        if self._provider is not None:
            self._provider.shutdown()


def open_traces(environment: Mapping[str, str] = os.environ) -> Traces:
    """Traces as the environment wants them; MissingExtraError if they need a library that is not there."""
    off = environment.get("OTEL_SDK_DISABLED", "").lower() == "true"
    off = off or environment.get("OTEL_TRACES_EXPORTER", "otlp") == "none"
    if off or not any(environment.get(name) for name in _ENDPOINTS):
        return Traces()
    try:
        from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
        from opentelemetry.sdk.resources import Resource
        from opentelemetry.sdk.trace import TracerProvider
        from opentelemetry.sdk.trace.export import BatchSpanProcessor
    except ImportError as error:
        raise MissingExtraError("traces", "traces") from error
    named = environment.get("OTEL_SERVICE_NAME") or "offnadir"
    resource = Resource.create({"service.name": named, "service.version": __version__})
    provider = TracerProvider(resource=resource, shutdown_on_exit=False)
    provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
    return Traces(provider)
