"""How the site did in the last hour, day and month: what the rows say, and what the readings do."""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from genapp.models import Reading, operations
from genapp.models.reading import kept
from genapp.views.charts import Span
from genapp.web.operations.now import UNKNOWN, Percentiles, Since, gauges

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from genapp.figures import Figure, Key
    from genapp.fleet import Fleet, Member

MINUTE, DAY = timedelta(minutes=1), timedelta(days=1)
USERS = 20
Rows = list[dict[str, Any]]
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Scale:
    """How a span is divided: for what is counted (bars), and for what goes up and down (lines)."""

    counted: tuple[timedelta, int]
    measured: tuple[timedelta, int]
    tick: timedelta
    clock: str
    # Seconds. That a chart of a month is a minute old is not seen, and its queries are the dear ones.
    good_for: float


SCALES = {
    "hour": Scale((MINUTE, 60), (MINUTE, 60), 15 * MINUTE, "%H:%M", 2),
    "day": Scale((30 * MINUTE, 48), (20 * MINUTE, 72), 360 * MINUTE, "%H:%M", 30),
    "month": Scale((DAY, 31), (DAY / 2, 62), 7 * DAY, "%-d %b", 60),
}


@dataclass(frozen=True, slots=True)
class Moment:
    """What the readings say of one slot. None: not known."""

    first_text: Percentiles = UNKNOWN
    response: Percentiles = UNKNOWN
    queue_wait: Percentiles = UNKNOWN
    loop_lag: Percentiles = UNKNOWN
    queued: float | None = None
    connections: float | None = None


@dataclass(frozen=True, slots=True)
class History:
    """One span: attempts by slot, model and outcome; who spent most; a moment for each slot of `measured`.

    Not `complete` where there was too much to sum up in time: then no attempts are in it.
    """

    counted: Span
    measured: Span
    attempts: Rows
    users: Rows
    moments: list[Moment]
    complete: bool = True


class Histories:
    """What is looked back on, remembered for as long as nobody would see the difference."""

    def __init__(self, member: Member) -> None:
        self._member = member
        self._known: dict[str, tuple[float, asyncio.Task[History]]] = {}

    async def of(self, name: str) -> History:
        """The span of this name. Who asks while another does waits for the same. Raises the database's errors."""
        now = time.monotonic()
        asked, task = self._known.get(name, (0.0, None))
        failed = task is not None and task.done() and (task.cancelled() or task.exception() is not None)
        if task is None or failed or now - asked > SCALES[name].good_for:
            task = asyncio.create_task(look_back(self._member, SCALES[name]))
            self._known[name] = now, task
        # Who goes away does not take it from the others.
        return await asyncio.shield(task)


async def look_back(member: Member, scale: Scale) -> History:
    """Find out. Raises the database's errors; without Redis the last slot is not known."""
    counted, measured = (_span(*of, scale) for of in (scale.counted, scale.measured))
    sums, readings, fleet = await asyncio.gather(
        _sums(counted),
        Reading.between(measured.start, datetime.now(UTC), every=measured.step.total_seconds()),
        member.read(),
    )
    moments = await asyncio.to_thread(_moments, measured, readings, fleet)
    attempts, users = sums or ([], [])
    return History(counted, measured, attempts, users, moments, complete=sums is not None)


async def _sums(span: Span) -> tuple[Rows, Rows] | None:
    try:
        return await asyncio.gather(operations.over_time(span.start, span.step), operations.by_user(span.start, USERS))
    except TimeoutError:
        # A month of some millions. The rest of the page is worth having without it.
        return None


def _span(step: timedelta, slots: int, scale: Scale) -> Span:
    now = datetime.now(UTC)
    return Span(now - (now - EPOCH) % step - (slots - 1) * step, step, slots, scale.tick, scale.clock)


def _moments(span: Span, readings: list[Reading], fleet: Fleet) -> list[Moment]:
    """What came between a reading and the next belongs to the slot of the first, and what the next one measured."""
    looks = [(one.at, one.figures) for one in readings]
    if fleet.up["redis"]:
        looks.append((datetime.fromtimestamp(fleet.at, UTC), kept(fleet.figures)))
    known = dict(_between(span, looks))
    return [known.get(slot, Moment()) for slot in range(span.slots)]


def _between(span: Span, looks: Sequence[tuple[datetime, Mapping[Key, Figure]]]) -> Iterator[tuple[int, Moment]]:
    for (at, figures), (until, later) in pairwise(looks):
        # Nobody has looked for so long that it would say nothing about this slot.
        if until - at > 2 * span.step:
            continue
        since = Since([(at.timestamp(), figures), (until.timestamp(), later)])
        yield (
            int((at - span.start) / span.step),
            Moment(
                since.percentiles("genapp_first_token_seconds"),
                since.percentiles("genapp_http_request_seconds", method="GET"),
                since.percentiles("genapp_queue_wait_seconds"),
                since.percentiles("genapp_event_loop_lag_seconds"),
                gauges(later, "genapp_queue_depth").get("queued"),
                sum(connections.values()) if (connections := gauges(later, "genapp_connections")) else None,
            ),
        )
