"""Whoever collects traces (OTLP over HTTP) and errors (Sentry's envelopes), on this machine."""

from __future__ import annotations

import gzip
import json
import threading
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

if TYPE_CHECKING:
    from collections.abc import Iterator

    from opentelemetry.proto.trace.v1.trace_pb2 import Span

SENTRY_KEY = "publickeyofaproject"


@dataclass
class Seen:
    """A span that arrived, and the service it is of."""

    service: str
    span: Span

    @property
    def attributes(self) -> dict[str, Any]:
        found = {one.key: one.value for one in self.span.attributes}
        return {key: getattr(value, str(value.WhichOneof("value"))) for key, value in found.items()}


@dataclass
class Collector:
    """What has arrived: `raw` as it was, and what it says."""

    url: str
    spans: list[Seen] = field(default_factory=list)
    errors: list[dict[str, Any]] = field(default_factory=list)
    raw: list[bytes] = field(default_factory=list)

    def trace(self, trace_id: str) -> list[Seen]:
        """The spans of one trace."""
        return [one for one in list(self.spans) if one.span.trace_id.hex() == trace_id]

    def errors_of(self, process: str) -> list[dict[str, Any]]:
        return [one for one in list(self.errors) if one["tags"]["process"] == process]

    def take(self, path: str, body: bytes) -> None:
        self.raw.append(body)
        if path == "/v1/traces":
            for resource in ExportTraceServiceRequest.FromString(body).resource_spans:
                named = {one.key: one.value.string_value for one in resource.resource.attributes}
                self.spans += [
                    Seen(named["service.name"], span) for scope in resource.scope_spans for span in scope.spans
                ]
        elif path.endswith("/envelope/"):
            lines = body.splitlines()
            for header, payload in zip(lines[1::2], lines[2::2], strict=False):
                if json.loads(header).get("type") == "event":
                    self.errors.append(json.loads(payload))


@contextmanager
def collecting() -> Iterator[Collector]:
    """A collector on a free port."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            collector.take(self.path, gzip.decompress(body) if self.headers["content-encoding"] == "gzip" else body)
            self.send_response(200)
            self.send_header("content-length", "0")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        collector = Collector(f"http://127.0.0.1:{server.server_port}")
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield collector
        server.shutdown()
