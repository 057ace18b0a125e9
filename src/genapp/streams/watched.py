"""What the hub knows of a stream that somebody watches, and of all of them together."""

from __future__ import annotations

import time
from bisect import bisect_left
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import asyncio

    from .cursor import Cursor
    from .retained import Frame
    from .view import View

# Rounds that a stream is passed over at most, which has not moved for as many: with 10,000 viewers who wait, asking
# after each of their streams every three seconds took a tenth of a core.
_MOST_ROUNDS = 8


# Seconds. From a few milliseconds, which is what it takes, to what a person notices.
DELAY_BUCKETS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5)


class Delays:
    """How long frames were under way: from their publishing, by the writer's clock, to their writing, by ours.

    `counts` are those of each bucket alone, the last of them past all bounds; `sum` is in seconds.
    """

    __slots__ = ("counts", "sum")

    def __init__(self) -> None:
        self.counts = [0] * (len(DELAY_BUCKETS) + 1)
        self.sum = 0.0

    def note(self, published_at: int) -> None:
        """One that was published then, in milliseconds, has been written. Clocks that disagree take no time away."""
        seconds = max(0.0, time.time() - published_at / 1000)
        self.counts[bisect_left(DELAY_BUCKETS, seconds)] += 1
        self.sum += seconds


@dataclass(frozen=True, slots=True)
class Statistics:
    """What the hub has to do now (`streams`, `viewers`) and has done since it began.

    `frames` came from Redis, `reads` are of logs, of which `resyncs` were made because something was missed. `delays`
    are those of frames that were taken as they came.
    """

    connected: bool
    streams: int
    viewers: int
    frames: int
    reads: int
    resyncs: int
    delays: Delays


@dataclass(slots=True, eq=False)
class Watched:
    """A view, and the task that brings it up to date, if one runs: frames wait for it in `waiting`."""

    channel: bytes
    view: View
    task: asyncio.Task[None] | None = None
    stale: bool = True
    waiting: list[Frame] = field(default_factory=list)
    rounds: int = 0  # that it has been passed over for, and will be: nothing has come of it
    passed: int = 0

    def is_ready(self, cursor: Cursor | None) -> bool:
        """Whether it is up to date, as far as is known, for somebody who comes with `cursor`."""
        return self.task is None and (cursor is None or self.view.covers(cursor))

    def is_due(self) -> bool:
        """Whether it is to be checked in this round."""
        self.passed += 1
        if self.passed <= self.rounds:
            return False
        self.passed, self.rounds = 0, min(2 * self.rounds + 1, _MOST_ROUNDS)
        return True
