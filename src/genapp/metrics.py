"""What we count, for Prometheus. Labels have few values by construction: never an id, never a user.

With PROMETHEUS_MULTIPROC_DIR set (`genapp dev`, and `genapp web` with more than one process), the processes
that share that folder are counted together; prometheus-client reads the variable when it is imported.
"""

from __future__ import annotations

import os

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.multiprocess import MultiProcessCollector

CONTENT_TYPE = "text/plain; version=0.0.4"
REGISTRY = CollectorRegistry()

_SECONDS = (0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300, 600)

viewers = Gauge("genapp_viewers", "Open streaming connections.", registry=REGISTRY, multiprocess_mode="livesum")
generations_running = Gauge(
    "genapp_generations_running", "Generations that workers are on.", registry=REGISTRY, multiprocess_mode="livesum"
)
generations = Counter(
    "genapp_generations_total", "Attempts that ended, by how.", ["provider", "outcome"], registry=REGISTRY
)
provider_errors = Counter(
    "genapp_provider_errors_total",
    "Providers' errors, by our code for them.",
    ["provider", "code"],
    registry=REGISTRY,
)
first_token_seconds = Histogram(
    "genapp_first_token_seconds", "From claim to first text.", ["provider"], buckets=_SECONDS, registry=REGISTRY
)
generation_seconds = Histogram(
    "genapp_generation_seconds", "From claim to end.", ["provider"], buckets=_SECONDS, registry=REGISTRY
)
deliveries = Counter(
    "genapp_deliveries_total", "Tries to tell webhooks, by how they went.", ["outcome"], registry=REGISTRY
)
tokens = Counter("genapp_tokens_total", "Tokens, as vendors count.", ["provider", "direction"], registry=REGISTRY)


def exposition() -> bytes:
    """All of it in Prometheus' text format."""
    if "PROMETHEUS_MULTIPROC_DIR" not in os.environ:
        return generate_latest(REGISTRY)
    together = CollectorRegistry()
    MultiProcessCollector(together)  # type: ignore[no-untyped-call]
    return generate_latest(together)
