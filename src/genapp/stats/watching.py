"""Looks at a page of figures again and again, and remembers what it takes to say how fast they change."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import httpx2

from genapp.errors import Unavailable
from genapp.figures import Figure, Key, read
from genapp.providers.connections import is_loopback

if TYPE_CHECKING:
    from collections.abc import Iterator

ANSWER_SECONDS = 5
# What one looks for first, in this order; the rest by name, and last what is longest.
FIRST = ("up", "processes", "queue_depth", "queue_oldest_seconds", "generations_running", "connections")
LAST = "http_request_seconds"


@dataclass(frozen=True, slots=True)
class Row:
    """A figure and how it changes. What is None cannot be said (yet)."""

    name: str
    labels: dict[str, str]
    value: float | None = None
    per_second: float | None = None
    mean: float | None = None
    p50: float | None = None
    p95: float | None = None


def scrape(url: str, token: str | None = None) -> dict[Key, Figure]:
    """Ask for the page, with GENAPP_METRICS_TOKEN where there is one. Raises Unavailable where it cannot be had."""
    try:
        # A proxy for the way out cannot reach this machine's own loopback.
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        answer = httpx2.get(url, headers=headers, timeout=ANSWER_SECONDS, trust_env=not is_loopback(url))
    except (httpx2.HTTPError, httpx2.InvalidURL, OSError) as error:
        said = " ".join(str(error).split()) or type(error).__name__
        raise Unavailable(f"{url} does not answer ({said}): name a web process's /metrics with --url.") from None
    if answer.status_code != 200:
        raise Unavailable(f"{url} answers {answer.status_code}: name a web process's /metrics with --url.")
    try:
        return read(answer.text)
    except (ValueError, KeyError):
        raise Unavailable(f"{url} is no page for Prometheus: name a web process's /metrics with --url.") from None


@dataclass
class Watch:
    """One page, looked at several times. `looks` counts those that were answered."""

    url: str
    token: str | None = None
    looks: int = 0
    _first: dict[Key, Figure] = field(default_factory=dict)
    _last: dict[Key, Figure] = field(default_factory=dict)
    _now: dict[Key, Figure] = field(default_factory=dict)
    _at: float = 0.0
    _seconds: float = 0.0

    def look(self) -> list[Row]:
        """Look once more, and give what there is. Raises Unavailable; what was seen before is kept."""
        figures = scrape(self.url, self.token)
        now = time.monotonic()
        self._last, self._now = self._now, figures
        self._seconds, self._at = now - self._at, now
        self._first = self._first or figures
        self.looks += 1
        return list(self._rows())

    def _rows(self) -> Iterator[Row]:
        for (name, labels), figure in sorted(self._now.items(), key=_place):
            short = _short(name)
            rate = None
            if figure.kind != "gauge" and self.looks > 1:
                rate = figure.since(self._last.get((name, labels), Figure(figure.kind))).total / self._seconds
            if figure.kind != "histogram":
                yield Row(short, dict(labels), figure.value, rate)
                continue
            # What came while we watch; until something has, everything.
            fresh = figure.since(self._first.get((name, labels)))
            shown = fresh if fresh.count else figure
            yield Row(short, dict(labels), figure.count, rate, shown.mean, shown.quantile(0.5), shown.quantile(0.95))


def _short(name: str) -> str:
    # The same for every figure of ours, and in the way of what differs.
    return name.removeprefix("genapp_")


def _place(item: tuple[Key, Figure]) -> tuple[int, Key]:
    (name, labels), _ = item
    short = _short(name)
    return (FIRST.index(short) if short in FIRST else len(FIRST) + (short == LAST)), (name, labels)
