"""What operators are told of generations and attempts, as figures."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from genapp import metrics

if TYPE_CHECKING:
    from genapp.models import Generation, Spent
    from genapp.settings import Settings

OUTCOMES = ("completed", "failed", "cancelled")
# Seconds from the first text on for which there is a speed: an answer that comes in one piece has none.
SHORTEST = 0.1


def begin_at_nothing(settings: Settings) -> None:
    """Have the figures that alerts look at, before there is anything in them: else the first failure is no increase."""
    metrics.generations_running.labels()
    for one in settings.providers:
        for outcome in OUTCOMES:
            metrics.generations.labels(one.name, outcome)
        for code in metrics.LASTING:
            metrics.provider_errors.labels(one.name, code)
    for model in settings.prices.known:
        metrics.spend_dollars.labels(model)


def provider_of(generation: Generation) -> str:
    return generation.model.partition(":")[0]


def claimed(generation: Generation) -> None:
    """A worker has taken it; one that waited for a lease to run out is counted with its wait in the queue before."""
    waited = (datetime.now(UTC) - generation.queued_at).total_seconds()
    metrics.queue_wait_seconds.labels().observe(max(0.0, waited))


def attempt_ended(generation: Generation, outcome: str, spent: Spent) -> None:
    """One of its attempts is over."""
    provider = provider_of(generation)
    metrics.attempts.labels(provider, outcome).inc()
    metrics.tokens.labels(provider, "in").inc(spent.input_tokens)
    metrics.tokens.labels(provider, "out").inc(spent.output_tokens)
    if spent.microdollars is not None:
        metrics.spend_dollars.labels(generation.model).inc(spent.microdollars / 1e6)


def written(provider: str, output_tokens: int, seconds: float) -> None:
    """A provider has ended an answer, `seconds` after its first text."""
    if output_tokens and seconds >= SHORTEST:
        metrics.output_tokens_per_second.labels(provider).observe(output_tokens / seconds)
