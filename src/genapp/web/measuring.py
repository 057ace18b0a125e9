"""What operators are told of a web process, as figures."""

from __future__ import annotations

from typing import TYPE_CHECKING

from genapp import metrics

if TYPE_CHECKING:
    from genapp.streams import Hub, Lines

METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "WEBSOCKET"})


def begin_at_nothing() -> None:
    """Have the figures that say that there is nothing."""
    for transport in ("sse", "websocket", "responses"):
        metrics.connections.labels(transport)


def answered(method: str, route: str, status: int, seconds: float) -> None:
    """A request is over, or its stream begins. Anybody may make a method up, and it becomes no label."""
    known = method if method in METHODS else "other"
    metrics.http_request_seconds.labels(route, known, f"{status // 100}xx").observe(seconds)


def look_at(hub: Hub, lines: Lines) -> None:
    """Take over what streams count for themselves: they know nothing of us."""
    said = hub.statistics()
    metrics.subscribers_connected.labels().value = int(said.connected)
    metrics.streams_watched.labels().value = said.streams
    metrics.stream_viewers.labels().value = said.viewers
    metrics.frames_received.labels().value = said.frames
    metrics.log_reads.labels().value = said.reads
    metrics.resyncs.labels().value = said.resyncs
    delays = metrics.frame_delay_seconds.labels()
    delays.counts, delays.sum = said.delays.counts, said.delays.sum
    metrics.frames_sent.labels("sse").value = lines.frames
    metrics.sent_bytes.labels("sse").value = lines.bytes
