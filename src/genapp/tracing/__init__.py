"""Traces of what happens between a request and its last frame, for whoever collects them by OpenTelemetry's protocol.

Off unless OTEL_EXPORTER_OTLP_ENDPOINT says where to send them: then nothing is imported, and a span costs what a call
costs. Which trace a generation belongs to goes through its row (`carried`), since a job's message has only an id.
Spans have names, numbers, models and codes: never a prompt, an answer, an address or the text of an exception.
"""

from __future__ import annotations

import importlib
import os
from contextlib import nullcontext
from typing import TYPE_CHECKING, Literal, Protocol

from genapp.errors import ConfigurationError

if TYPE_CHECKING:
    from contextlib import AbstractContextManager

    Attributes = dict[str, str | int | float | bool]
    Kind = Literal["server", "client", "producer", "consumer", "internal"]

ENDPOINTS = ("OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT")
PROTOCOLS = ("OTEL_EXPORTER_OTLP_PROTOCOL", "OTEL_EXPORTER_OTLP_TRACES_PROTOCOL")


class Span(Protocol):
    """Something that takes a while."""

    def rename(self, name: str) -> None:
        """Call it what it turned out to be."""

    def note(self, attributes: Attributes) -> None:
        """Add what is known by now."""

    def event(self, name: str) -> None:
        """Something happens meanwhile."""

    def fail(self, code: str) -> None:
        """It did not work, for this reason."""


class Tracer(Protocol):
    """Makes spans and sends them."""

    def span(
        self, name: str, kind: Kind, parent: str | None, began: int | None, attributes: Attributes
    ) -> AbstractContextManager[Span]: ...

    def past(self, name: str, parent: str | None, began: int, ended: int) -> None: ...

    def carried(self) -> str | None: ...

    def stop(self) -> None: ...


class _Nothing:
    """The span that is no span."""

    def rename(self, name: str) -> None:
        pass

    def note(self, attributes: Attributes) -> None:
        pass

    def event(self, name: str) -> None:
        pass

    def fail(self, code: str) -> None:
        pass


NOTHING: Span = _Nothing()
_OFF = nullcontext(NOTHING)
_tracer: Tracer | None = None


def configure(process: str) -> None:
    """Send traces, as the standard OTEL_* variables say. `process` is what this one is: web or worker.

    Raises ConfigurationError where they are wanted and cannot be sent.
    """
    global _tracer
    if wanted():
        require()
        from genapp.tracing.sending import OpenTelemetry

        _tracer = OpenTelemetry(process)


def require() -> None:
    """Raises ConfigurationError where traces are wanted and cannot be sent."""
    if not wanted():
        return
    for variable in PROTOCOLS:
        if os.environ.get(variable, "http/protobuf") != "http/protobuf":
            raise ConfigurationError(f"{variable} must be http/protobuf, or not be set: traces are sent by no other.")
    try:
        importlib.import_module("genapp.tracing.sending")
    except ImportError:
        raise ConfigurationError(
            "OTEL_EXPORTER_OTLP_ENDPOINT asks for traces, and what sends them is not installed: "
            "install genapp[otel], or unset it."
        ) from None


def wanted() -> bool:
    """Whether the environment asks for traces."""
    off = os.environ.get("OTEL_SDK_DISABLED", "").lower() == "true" or os.environ.get("OTEL_TRACES_EXPORTER") == "none"
    return not off and any(map(os.environ.get, ENDPOINTS))


def span(
    name: str,
    *,
    kind: Kind = "internal",
    parent: str | None = None,
    began: int | None = None,
    attributes: Attributes | None = None,
) -> AbstractContextManager[Span]:
    """A span around a block; those that begin in it are its children.

    `parent` is what `carried` gave elsewhere; without it, the span that this is in. `began` is in nanoseconds since
    1970, where that was before now. An exception that leaves the block marks it by its type.
    """
    return _OFF if _tracer is None else _tracer.span(name, kind, parent, began, attributes or {})


def past(name: str, *, began: int, ended: int, parent: str | None = None) -> None:
    """A span of which it is only known now that it was one. Times in nanoseconds since 1970."""
    if _tracer is not None:
        _tracer.past(name, parent, began, max(began, ended))


def carried() -> str | None:
    """The span that this is in, for another process to go on from; None where there is none."""
    return None if _tracer is None else _tracer.carried()


def stop() -> None:
    """Send what has not been sent, for two seconds at most. What comes later is lost."""
    global _tracer
    if _tracer is not None:
        _tracer.stop()
        _tracer = None
