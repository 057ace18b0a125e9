"""The figures of this moment, from the whole fleet, the rows and the last readings."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import TYPE_CHECKING

from genapp.models import Incident, Reading, operations
from genapp.models.reading import increase, kept

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from genapp.figures import Figure, Key
    from genapp.fleet import Member, Process

# Seconds that "now" is, for what is a rate or a share: long enough that one slow answer is not the news.
LATELY = 300
# What the page finds out by itself, and at once.
SEEN_HERE = ("redis", "no_worker")


@dataclass(frozen=True, slots=True)
class Percentiles:
    """In seconds."""

    p50: float | None = None
    p95: float | None = None


UNKNOWN = Percentiles()


@dataclass(frozen=True, slots=True)
class Now:
    """What the page's live part shows. None: not known, as without Redis, or before the first reading."""

    at: float
    redis: bool
    web: int | None
    workers: int | None
    queued: int
    processing: int
    oldest_seconds: float
    ended: int
    failed: int
    output_tokens_per_second: float
    spend_today: float | None
    first_text: Percentiles
    response: Percentiles
    loop_lag: Percentiles
    frames_per_second: float | None
    bytes_per_second: float | None
    connections: dict[str, float] | None
    processes: list[Process]
    incidents: list[str]

    @property
    def failed_share(self) -> float | None:
        return self.failed / self.ended if self.ended else None


async def look(member: Member) -> Now:
    """Find out. Raises the database's errors; Redis may be away."""
    fleet, lately, readings, incidents = await asyncio.gather(
        # A minute more: there is one reading a minute.
        *(member.read(), operations.lately(LATELY), Reading.recent(LATELY + 60), Incident.open())
    )
    known = fleet.up["redis"]
    looks = [(one.at.timestamp(), one.figures) for one in readings]
    since = Since([*looks, (fleet.at, kept(fleet.figures))] if known else [])
    kinds = [process.kind for process in fleet.processes]
    queue = gauges(fleet.figures, "genapp_queue_depth")
    return Now(
        at=fleet.at,
        redis=known,
        web=kinds.count("web") if known else None,
        workers=kinds.count("worker") if known else None,
        queued=int(queue.get("queued", 0)),
        processing=int(queue.get("processing", 0)),
        oldest_seconds=gauges(fleet.figures, "genapp_queue_oldest_seconds").get("", 0.0),
        ended=lately["ended"],
        failed=lately["failed"],
        output_tokens_per_second=float(lately["output_tokens"]) / LATELY,
        spend_today=lately["spend"],
        first_text=since.percentiles("genapp_first_token_seconds"),
        response=since.percentiles("genapp_http_request_seconds", method="GET"),
        loop_lag=since.percentiles("genapp_event_loop_lag_seconds"),
        frames_per_second=since.per_second("genapp_frames_sent"),
        bytes_per_second=since.per_second("genapp_sent_bytes"),
        connections=gauges(fleet.figures, "genapp_connections") if known else None,
        processes=fleet.processes if known else [],
        incidents=[one.says for one in incidents if one.condition not in SEEN_HERE],
    )


class Since:
    """What has come between the first and the last of some looks at the figures; nothing is known of less than two."""

    def __init__(self, looks: Sequence[tuple[float, Mapping[Key, Figure]]]) -> None:
        self._figures = [figures for _, figures in looks]
        self._seconds = looks[-1][0] - looks[0][0] if looks else 0.0

    def percentiles(self, name: str, **labels: str) -> Percentiles:
        came = increase(self._figures, name, **labels)
        return Percentiles(came.quantile(0.5), came.quantile(0.95)) if came else UNKNOWN

    def per_second(self, name: str) -> float | None:
        came = increase(self._figures, name)
        return came.total / self._seconds if came and self._seconds > 0 else None


def gauges(figures: Mapping[Key, Figure], name: str) -> dict[str, float]:
    """The values of a gauge by its one label, by nothing where it has none."""
    return {labels[0][1] if labels else "": one.value for (known, labels), one in figures.items() if known == name}
