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


class Pace:
    """At most one frame per interval: 35 ms, stretching to 250 ms as the event loop lags.

    A word that came alone in a rest waits for the next one, for a tick at most, and leaves with it as it comes: with
    tokens every 20 ms a frame then has two of them, one of which has not waited. Half of those tokens are shown within
    14 ms, and 99 of 100 within 30; at moments that fall anywhere between them it was 19 and 36 ms, with an eighth more
    frames. Where the next one did not come in time none waits any more, until a frame has several again.

    With 200 answers in one worker the loop is the scarce thing: fewer, larger frames keep every answer moving,
    where a fixed interval would let the delay grow without bound. Times in seconds.
    """

    def __init__(self, shortest: float, longest: float) -> None:
        self.shortest = shortest
        self.longest = longest
        self.interval = shortest
        self._rested = 0.0
        self._has_just_rested = False
        self._is_hopeful = True

    def is_early(self) -> bool:
        """Whether the next frame may gather for longer: an interval has not passed since the last rest."""
        return asyncio.get_running_loop().time() < self._rested + self.interval

    def patience(self, held: Sequence[Text]) -> float:
        """For how long what is held may wait for more: not at all, but for a word that came alone in this rest."""
        alone = self._has_just_rested and self._is_hopeful and len(held) == 1 and held[0].events == 1
        return self._tick if alone else 0.0

    def has_waited_in_vain(self) -> None:
        """No word came in time to leave with the one that waited."""
        self._is_hopeful = False

    def shows(self, held: Sequence[Text]) -> None:
        """These go out together."""
        if len(held) > 1 or held[0].events > 1:
            self._is_hopeful = True

    @property
    def _tick(self) -> float:
        return min(TICK, self.interval / 2)

    async def rest(self) -> None:
        """Sleep an interval, to the nearest tick, and learn from how late the loop woke us."""
        loop = asyncio.get_running_loop()
        due = round((loop.time() + self.interval) / self._tick) * self._tick
        woken = loop.create_future()
        timer = loop.call_at(due, _wake, woken)
        try:
            await woken
        finally:
            timer.cancel()
        self._rested = loop.time()
        # What is there before the loop has turned once more came meanwhile, and was not waited for.
        self._has_just_rested = True
        loop.call_soon(self._turn)
        # Twice the lag: with four times, and 200 in flight, one word in a hundred came 5 ms later for 3 % less CPU.
        wanted = min(self.longest, self.shortest + 2 * max(0.0, self._rested - due - USUAL))
        # Half-way each time: one slow tick of the loop must not make an answer stutter.
        self.interval = (self.interval + wanted) / 2

    def _turn(self) -> None:
        self._has_just_rested = False


def _wake(woken: asyncio.Future[None]) -> None:
    if not woken.done():
        woken.set_result(None)
