"""Traces through OpenTelemetry's SDK. Imported only where they are wanted."""

from __future__ import annotations

import os
import threading
from contextlib import contextmanager
from importlib.metadata import version
from typing import TYPE_CHECKING

from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.trace import SpanKind, Status, StatusCode
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

if TYPE_CHECKING:
    from collections.abc import Iterator

    from opentelemetry.context import Context
    from opentelemetry.trace import Span as OtelSpan

    from genapp.tracing import Attributes, Kind, Span

KINDS = {
    "server": SpanKind.SERVER,
    "client": SpanKind.CLIENT,
    "producer": SpanKind.PRODUCER,
    "consumer": SpanKind.CONSUMER,
    "internal": SpanKind.INTERNAL,
}
# Seconds that a process that ends has for what it has not sent. A collector that is away would take ten.
LAST_SECONDS = 2
PROPAGATOR = TraceContextTextMapPropagator()


class OpenTelemetry:
    """A tracer of this process alone.

    Not the global one: libraries find that by themselves, and some would write prompts into it.
    """

    def __init__(self, process: str) -> None:
        self._provider = TracerProvider(resource=_resource(process), shutdown_on_exit=False)
        self._provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
        self._tracer = self._provider.get_tracer("genapp", version("genapp"))

    @contextmanager
    def span(
        self, name: str, kind: Kind, parent: str | None, began: int | None, attributes: Attributes
    ) -> Iterator[Span]:
        with self._tracer.start_as_current_span(
            name,
            context=_context(parent),
            kind=KINDS[kind],
            attributes=attributes,
            start_time=began,
            # What an exception says may be what somebody has written.
            record_exception=False,
            set_status_on_exception=False,
        ) as started:
            one = _Span(started)
            try:
                yield one
            except Exception as error:
                if not one.failed:
                    one.fail(type(error).__name__)
                raise

    def past(self, name: str, parent: str | None, began: int, ended: int) -> None:
        self._tracer.start_span(name, context=_context(parent), start_time=began).end(ended)

    def carried(self) -> str | None:
        carrier: dict[str, str] = {}
        PROPAGATOR.inject(carrier)
        return carrier.get("traceparent")

    def stop(self) -> None:
        last = threading.Thread(target=self._provider.shutdown, daemon=True)
        last.start()
        last.join(LAST_SECONDS)


class _Span:
    """A span of OpenTelemetry's, as ours."""

    __slots__ = ("_span", "failed")

    def __init__(self, started: OtelSpan) -> None:
        self._span = started
        self.failed = False

    def rename(self, name: str) -> None:
        self._span.update_name(name)

    def note(self, attributes: Attributes) -> None:
        self._span.set_attributes(attributes)

    def event(self, name: str) -> None:
        self._span.add_event(name)

    def fail(self, code: str) -> None:
        self.failed = True
        self._span.set_attribute("error.type", code)
        self._span.set_status(Status(StatusCode.ERROR))


def _resource(process: str) -> Resource:
    named = "OTEL_SERVICE_NAME" in os.environ or "service.name=" in os.environ.get("OTEL_RESOURCE_ATTRIBUTES", "")
    name = {} if named else {"service.name": f"genapp-{process}"}
    return Resource.create({"service.version": version("genapp"), "genapp.process": process, **name})


def _context(parent: str | None) -> Context | None:
    """The context that `parent` names. None: whatever is current."""
    return PROPAGATOR.extract({"traceparent": parent}) if parent else None
