"""The figures of this moment, from the whole fleet, the rows and the last readings."""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar

from genapp.models import Incident, Reading, is_away, operations
from genapp.models.reading import increase, increases, kept

if TYPE_CHECKING:
    from collections.abc import Awaitable, Mapping, Sequence

    from genapp.figures import Figure, Key
    from genapp.fleet import Fleet, Member, Process
    from genapp.models.operations import Row

# Seconds that "now" is, for what is a rate or a share: long enough that one slow answer is not the news.
LATELY = 300
# Seconds for which the day's spend is remembered: with millions of attempts a day its query is a dear one.
SPEND_GOOD_FOR = 30
# What the page finds out by itself, and at once.
SEEN_HERE = ("redis", "no_worker")

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Percentiles:
    """In seconds."""

    p50: float | None = None
    p95: float | None = None


UNKNOWN = Percentiles()


@dataclass(frozen=True, slots=True)
class Now:
    """What the page's live part shows. None: not known, as without Redis or the database, or before a first reading."""

    at: float
    redis: bool
    database: bool
    web: int | None
    workers: int | None
    queued: int | None
    processing: int | None
    oldest_seconds: float | None
    ended: int | None
    failed: int | None
    output_tokens_per_second: float | None
    spend_today: float | None
    first_text: Percentiles
    response: Percentiles
    loop_lag: Percentiles
    frame_delay: Percentiles
    provider_errors: dict[str, float] | None
    retries: float | None
    resyncs: float | None
    frames_per_second: float | None
    bytes_per_second: float | None
    connections: dict[str, float] | None
    processes: list[Process]
    incidents: list[str]

    @property
    def failed_share(self) -> float | None:
        return self.failed / self.ended if self.ended and self.failed is not None else None


class Present:
    """Finds out what is now. Redis and the database may be away, or not find a part of it in time."""

    def __init__(self, member: Member) -> None:
        self._member = member
        self._spend: tuple[float, asyncio.Task[float | None]] | None = None

    async def look(self) -> Now:
        """Find out."""
        fleet, lately, readings, incidents, spend = await asyncio.gather(
            self._member.read(),
            _if_there(operations.lately(LATELY)),
            # A minute more: there is one reading a minute.
            _if_there(Reading.recent(LATELY + 60)),
            _if_there(Incident.open()),
            self._spent_today(),
        )
        return _now(fleet, lately, readings or [], incidents or [], spend)

    async def _spent_today(self) -> float | None:
        now = time.monotonic()
        if self._spend is None or now - self._spend[0] > SPEND_GOOD_FOR:
            # What does not come in time is not asked for again at once either.
            self._spend = now, asyncio.create_task(_if_there(operations.spent_today()))
        return await asyncio.shield(self._spend[1])


async def _if_there(query: Awaitable[T]) -> T | None:
    try:
        return await query
    except Exception as error:
        if not is_away(error):
            raise
        return None


def _now(
    fleet: Fleet, lately: Row | None, readings: list[Reading], incidents: list[Incident], spend: float | None
) -> Now:
    known = fleet.up["redis"]
    looks = [(one.at.timestamp(), one.figures) for one in readings]
    since = Since([*looks, (fleet.at, kept(fleet.figures))] if known else [])
    kinds = [process.kind for process in fleet.processes]
    queue = gauges(fleet.figures, "genapp_queue_depth")
    return Now(
        at=fleet.at,
        redis=known,
        database=fleet.up["database"],
        web=kinds.count("web") if known else None,
        workers=kinds.count("worker") if known else None,
        queued=_whole(queue.get("queued")),
        processing=_whole(queue.get("processing")),
        oldest_seconds=gauges(fleet.figures, "genapp_queue_oldest_seconds").get(""),
        ended=lately["ended"] if lately else None,
        failed=lately["failed"] if lately else None,
        output_tokens_per_second=float(lately["output_tokens"]) / LATELY if lately else None,
        spend_today=spend,
        first_text=since.percentiles("genapp_first_token_seconds"),
        response=since.percentiles("genapp_http_request_seconds", method="GET"),
        loop_lag=since.percentiles("genapp_event_loop_lag_seconds"),
        frame_delay=since.percentiles("genapp_frame_delay_seconds"),
        provider_errors=since.by("code", "genapp_provider_errors"),
        retries=since.total("genapp_retries"),
        resyncs=since.total("genapp_resyncs"),
        frames_per_second=since.per_second("genapp_frames_sent"),
        bytes_per_second=since.per_second("genapp_sent_bytes"),
        connections=gauges(fleet.figures, "genapp_connections") if known else None,
        processes=fleet.processes if known else [],
        incidents=[one.says for one in incidents if one.condition not in SEEN_HERE],
    )


def _whole(number: float | None) -> int | None:
    return None if number is None else int(number)


class Since:
    """What has come between the first and the last of some looks at the figures; nothing is known of less than two."""

    def __init__(self, looks: Sequence[tuple[float, Mapping[Key, Figure]]]) -> None:
        self._figures = [figures for _, figures in looks]
        self._seconds = looks[-1][0] - looks[0][0] if looks else 0.0

    def percentiles(self, name: str, **labels: str) -> Percentiles:
        came = increase(self._figures, name, **labels)
        return Percentiles(came.quantile(0.5), came.quantile(0.95)) if came else UNKNOWN

    def total(self, name: str) -> float | None:
        found = self.by("", name)
        return None if found is None else sum(found.values())

    def by(self, label: str, name: str) -> dict[str, float] | None:
        """How much has come, for each value of a label."""
        if len(self._figures) < 2:
            return None
        found: dict[str, float] = {}
        for (_, labels), came in increases(self._figures, name).items():
            value = dict(labels).get(label, "")
            found[value] = found.get(value, 0.0) + came.total
        return found

    def per_second(self, name: str) -> float | None:
        came = increase(self._figures, name)
        return came.total / self._seconds if came and self._seconds > 0 else None


def gauges(figures: Mapping[Key, Figure], name: str) -> dict[str, float]:
    """The values of a gauge by its one label, by nothing where it has none."""
    return {labels[0][1] if labels else "": one.value for (known, labels), one in figures.items() if known == name}
