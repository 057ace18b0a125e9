"""What we count, for Prometheus, in this process: `fleet/` adds the processes together.

Labels have few values by construction: never an id, never a user, never an address. What is looked up or read from
elsewhere when figures are wanted is declared here too (`gauge`, `stream`), so that this is the list of all there is.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

REGISTRY = CollectorRegistry()

_QUICK = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10)
_SLOW = (0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300, 600)
_RATES = (1, 2.5, 5, 10, 25, 50, 100, 250, 500, 1000)


@dataclass(frozen=True, slots=True)
class Declared:
    """What is known of a metric before anything is counted. `bounds`: a histogram's, without infinity."""

    kind: Literal["gauge", "counter", "histogram"]
    help: str
    labels: tuple[str, ...] = ()
    bounds: tuple[float, ...] = ()


# By name, a counter's without its _total, as prometheus-client names families.
DECLARED: dict[str, Declared] = {}


def _counter(name: str, text: str, *labels: str) -> Counter:
    DECLARED[name] = Declared("counter", text, labels)
    return Counter(name, text, labels, registry=REGISTRY)


def _gauge(name: str, text: str, *labels: str) -> Gauge:
    DECLARED[name] = Declared("gauge", text, labels)
    return Gauge(name, text, labels, registry=REGISTRY)


def _histogram(name: str, text: str, *labels: str, bounds: tuple[float, ...]) -> Histogram:
    DECLARED[name] = Declared("histogram", text, labels, bounds)
    return Histogram(name, text, labels, buckets=bounds, registry=REGISTRY)


def _elsewhere(kind: Literal["gauge", "counter"], name: str, text: str, *labels: str) -> str:
    DECLARED[name] = Declared(kind, text, labels)
    return name


# -- the web -------------------------------------------------------------------------------------------------------

http_request_seconds = _histogram(
    "genapp_http_request_seconds",
    "From a request to the end of its answer; of a stream, to its beginning.",
    *("route", "method", "status"),
    bounds=_QUICK,
)
connections = _gauge("genapp_connections", "Streaming connections that are open.", "transport")
sse_connections = connections.labels("sse")
websocket_connections = connections.labels("websocket")
responses_connections = connections.labels("responses")

STREAMS_WATCHED = _elsewhere("gauge", "genapp_streams_watched", "Streams that somebody watches, in each web process.")
STREAM_VIEWERS = _elsewhere("gauge", "genapp_stream_viewers", "Viewers of streams; a connection has one or several.")
SUBSCRIBERS_CONNECTED = _elsewhere(
    "gauge", "genapp_subscribers_connected", "Web processes whose subscription to Redis stands."
)
FRAMES_RECEIVED = _elsewhere("counter", "genapp_frames_received", "Frames that web processes got from Redis.")
FRAMES_SENT = _elsewhere("counter", "genapp_frames_sent", "Frames that were written to viewers.")
SENT_BYTES = _elsewhere("counter", "genapp_sent_bytes", "Bytes of frames that were written to viewers.")
LOG_READS = _elsewhere("counter", "genapp_log_reads", "Logs of streams that were read from Redis.")
RESYNCS = _elsewhere("counter", "genapp_resyncs", "Logs that were read again, because something was missed.")
FRAME_DELAY_SECONDS = "genapp_frame_delay_seconds"


def declare_frame_delays(bounds: tuple[float, ...]) -> None:
    """Say which delays the streams tell apart: theirs to know, and they know nothing of us."""
    text = "From a frame's publishing to its writing to a viewer."
    DECLARED[FRAME_DELAY_SECONDS] = Declared("histogram", text, (), bounds)


# -- workers -------------------------------------------------------------------------------------------------------

generations_running = _gauge("genapp_generations_running", "Generations that workers are on.")
generations = _counter("genapp_generations", "Generations that workers ended, by how.", "provider", "outcome")
generation_seconds = _histogram(
    "genapp_generation_seconds", "From a worker's claim to the end.", "provider", bounds=_SLOW
)
queue_wait_seconds = _histogram("genapp_queue_wait_seconds", "From the queue to a worker's claim.", bounds=_QUICK)
attempts = _counter(
    "genapp_attempts",
    "Attempts that ended: completed, failed, cancelled, handed_back (worker stopped), lost (worker died).",
    *("provider", "outcome"),
)
retries = _counter("genapp_retries", "Times that a model was asked again after a passing problem.", "provider")
fallbacks = _counter("genapp_fallbacks", "Times that another model was asked instead, by whose.", "provider")
provider_errors = _counter("genapp_provider_errors", "Providers' errors, by our code for them.", "provider", "code")
first_token_seconds = _histogram(
    "genapp_first_token_seconds", "From asking a provider to its first text.", "provider", bounds=_SLOW
)
output_tokens_per_second = _histogram(
    "genapp_output_tokens_per_second", "Tokens a second, from the first text on.", "provider", bounds=_RATES
)
tokens = _counter("genapp_tokens", "Tokens, as vendors count.", "provider", "direction")
spend_dollars = _counter("genapp_spend_dollars", "US dollars, by GENAPP_PRICES; estimated where usage is.", "model")
deliveries = _counter("genapp_deliveries", "Tries to tell webhooks, by how they went.", "outcome")

# -- every process -------------------------------------------------------------------------------------------------

event_loop_lag_seconds = _histogram(
    "genapp_event_loop_lag_seconds", "How late a timer is, four times a second.", "kind", bounds=_QUICK
)
database_wait_seconds = _histogram(
    "genapp_database_wait_seconds", "Waits for one of the connections to the database.", bounds=_QUICK
)

# -- looked up when figures are wanted -----------------------------------------------------------------------------

UP = _elsewhere("gauge", "genapp_up", "Whether a part answers the web process that is asked.", "part")
PROCESSES = _elsewhere("gauge", "genapp_processes", "Processes that live.", "kind")
BUILD_INFO = _elsewhere("gauge", "genapp_build_info", "1 for each version that a live process has.", "version")
QUEUE_DEPTH = _elsewhere("gauge", "genapp_queue_depth", "Generations that are queued, and processing.", "status")
QUEUE_OLDEST_SECONDS = _elsewhere(
    "gauge", "genapp_queue_oldest_seconds", "How long the one that waits longest has been queued; 0 where none is."
)
