"""When the next frame may go out."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from genapp.providers import Text

# Seconds between the moments at which answers are taken up, and half an interval at most. One turn of the loop serves
# all that are due: their frames leave in one write, and come to the web in one read. With 50 answers in progress an
# answer takes a fifth less of all CPU than with 7 ms, and its words come as soon; with 35 ms they would come later for
# no less.
TICK = 0.0175
# Seconds that a loop with time to spare may wake us late: no reason to write less often.
USUAL = 0.0025
# Seconds after a rest: what is taken by then came while it lasted, and was not waited for.
AT_ONCE = 0.002


class Pace:
    """At most one frame per interval: 35 ms, stretching to 250 ms as the event loop lags.

    A word that came alone meanwhile waits for the next one, and leaves with it as it comes: with tokens every 20 ms a
    frame then has two of them, one of which has not waited. Half of all tokens are shown within 10 ms, and 99 of 100
    within 25; at moments that fall anywhere between the tokens it was 19 and 36 ms, with an eighth more frames.

    With 200 answers in one worker the loop is the scarce thing: fewer, larger frames keep every answer moving,
    where a fixed interval would let the delay grow without bound. Times in seconds.
    """

    def __init__(self, shortest: float, longest: float) -> None:
        self.shortest = shortest
        self.longest = longest
        self.interval = shortest
        self._rested = 0.0

    def is_early(self) -> bool:
        """Whether the next frame may gather for longer: an interval has not passed since the last rest."""
        return asyncio.get_running_loop().time() < self._rested + self.interval

    def waits(self, held: Sequence[Text]) -> bool:
        """Whether what is held is a word that came alone in the rest that has just ended."""
        alone = len(held) == 1 and held[0].events == 1
        return alone and asyncio.get_running_loop().time() < self._rested + AT_ONCE

    async def rest(self) -> None:
        """Sleep an interval, to the nearest tick, and learn from how late the loop woke us."""
        loop = asyncio.get_running_loop()
        tick = min(TICK, self.interval / 2)
        due = round((loop.time() + self.interval) / tick) * tick
        woken = loop.create_future()
        timer = loop.call_at(due, _wake, woken)
        try:
            await woken
        finally:
            timer.cancel()
        self._rested = loop.time()
        # Twice the lag: with four times, and 200 in flight, one word in a hundred came 5 ms later for 3 % less CPU.
        wanted = min(self.longest, self.shortest + 2 * max(0.0, self._rested - due - USUAL))
        # Half-way each time: one slow tick of the loop must not make an answer stutter.
        self.interval = (self.interval + wanted) / 2


def _wake(woken: asyncio.Future[None]) -> None:
    if not woken.done():
        woken.set_result(None)
