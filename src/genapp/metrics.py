"""What we count, for Prometheus: the list of all there is. `fleet/` adds the processes together.

Labels have few values by construction: never an id, never a user, never an address. Names are without a counter's
`_total`, which the page adds.
"""

from __future__ import annotations

from functools import partial
from typing import Any

from genapp.counting import Metric, Number, Series, Spread

DECLARED: dict[str, Metric[Any]] = {}

_QUICK = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
# A prompt may wait for as long as GENAPP_QUEUE_TIMEOUT says.
_WAITS = (*_QUICK, 30.0, 60.0, 120.0, 300.0, 600.0, 1800.0, 3600.0)
_SLOW = (0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 120.0, 300.0, 600.0)
# As streams tell them apart, which this layer does not import; a test holds the two together.
_UNDER_WAY = _QUICK[:-2]
_RATES = (1.0, 2.5, 5.0, 10.0, 25.0, 50.0, 100.0, 250.0, 500.0, 1000.0)


def _counter(name: str, text: str, *labels: str) -> Metric[Number]:
    return _declared(Metric(name, "counter", text, labels, Number))


def _gauge(name: str, text: str, *labels: str) -> Metric[Number]:
    return _declared(Metric(name, "gauge", text, labels, Number))


def _histogram(name: str, text: str, *labels: str, bounds: tuple[float, ...]) -> Metric[Spread]:
    return _declared(Metric(name, "histogram", text, labels, partial(Spread, bounds), bounds))


def _declared(metric: Metric[Series]) -> Metric[Series]:
    DECLARED[metric.name] = metric
    return metric


# -- web processes -------------------------------------------------------------------------------------------------

http_request_seconds = _histogram(
    "genapp_http_request_seconds",
    "From a request to the end of its answer; of a stream, to its beginning.",
    *("route", "method", "status"),
    bounds=_QUICK,
)
connections = _gauge("genapp_connections", "Streaming connections that are open.", "transport")
streams_watched = _gauge("genapp_streams_watched", "Streams that somebody watches, in each web process.")
stream_viewers = _gauge("genapp_stream_viewers", "Those who watch them; a WebSocket may have several.")
subscribers_connected = _gauge("genapp_subscribers_connected", "Web processes whose subscription to Redis stands.")
frames_received = _counter("genapp_frames_received", "Frames that web processes got from Redis.")
frames_sent = _counter("genapp_frames_sent", "Frames that were written to viewers.", "transport")
sent_bytes = _counter(
    "genapp_sent_bytes",
    "Bytes that were written to them, as compressed; over WebSockets without envelopes.",
    "transport",
)
frame_delay_seconds = _histogram(
    "genapp_frame_delay_seconds", "From a frame's publishing to its writing to a viewer.", bounds=_UNDER_WAY
)
log_reads = _counter("genapp_log_reads", "Logs of streams that were read from Redis.")
resyncs = _counter("genapp_resyncs", "Logs that were read again, because something was missed.")

# -- workers -------------------------------------------------------------------------------------------------------

generations_running = _gauge("genapp_generations_running", "Generations that workers are on.")
generations = _counter(
    "genapp_generations",
    "Generations that ended, by how; also those that no worker had room for.",
    "provider",
    "outcome",
)
generation_seconds = _histogram(
    "genapp_generation_seconds", "From a worker's claim to the end.", "provider", bounds=_SLOW
)
queue_wait_seconds = _histogram("genapp_queue_wait_seconds", "From the queue to a worker's claim.", bounds=_WAITS)
attempts = _counter(
    "genapp_attempts",
    "Attempts that ended: completed, failed, cancelled, handed_back (worker stopped), lost (worker died).",
    *("provider", "outcome"),
)
retries = _counter("genapp_retries", "Times that a model was asked again after a passing problem.", "provider")
fallbacks = _counter("genapp_fallbacks", "Times that another model was asked instead of this one's.", "provider")
provider_errors = _counter("genapp_provider_errors", "Providers' errors, by our code for them.", "provider", "code")
first_token_seconds = _histogram(
    "genapp_first_token_seconds", "From asking a provider to its first text.", "provider", bounds=_SLOW
)
output_tokens_per_second = _histogram(
    "genapp_output_tokens_per_second", "Of completed answers, from the first text on.", "provider", bounds=_RATES
)
tokens = _counter("genapp_tokens", "Tokens, as vendors count.", "provider", "direction")
spend_dollars = _counter("genapp_spend_dollars", "US dollars by GENAPP_PRICES, estimated where usage is.", "model")
# Those of the providers' errors that do not pass by themselves: somebody is to hear of the first one.
LASTING = ("unauthorized", "quota_exhausted")
deliveries = _counter("genapp_deliveries", "Tries to tell webhooks, by how they went.", "outcome")

# -- every process -------------------------------------------------------------------------------------------------

event_loop_lag_seconds = _histogram(
    "genapp_event_loop_lag_seconds", "How late a timer is, four times a second.", "kind", bounds=_QUICK
)
database_wait_seconds = _histogram(
    "genapp_database_wait_seconds", "Waits for one of the connections to the database.", bounds=_QUICK
)

# -- looked up when figures are wanted -----------------------------------------------------------------------------

up = _gauge("genapp_up", "Whether a part answers the web process that is asked.", "part")
processes = _gauge("genapp_processes", "Processes that live.", "kind")
build_info = _gauge("genapp_build_info", "1 for each version that a live process has.", "version")
queue_depth = _gauge("genapp_queue_depth", "Generations that are queued, and processing.", "status")
queue_oldest_seconds = _gauge(
    "genapp_queue_oldest_seconds", "How long the one that waits longest has been queued; 0 where none is."
)
