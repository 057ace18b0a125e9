"""When the next frame may go out."""

from __future__ import annotations

import asyncio
import time


class Pace:
    """At most one frame per interval: about 30 ms, stretching to 250 ms as the event loop lags.

    With 200 answers in one worker the loop is the scarce thing: fewer, larger frames keep every answer moving,
    where a fixed interval would let the delay grow without bound. Times in seconds.
    """

    def __init__(self, shortest: float, longest: float) -> None:
        self.shortest = shortest
        self.longest = longest
        self.interval = shortest

    async def rest(self) -> None:
        """Sleep an interval, and learn from how late the loop woke us."""
        began = time.monotonic()
        await asyncio.sleep(self.interval)
        lag = time.monotonic() - began - self.interval
        wanted = min(self.longest, self.shortest + 4 * lag)
        # Half-way each time: one slow tick of the loop must not make an answer stutter.
        self.interval = (self.interval + wanted) / 2
