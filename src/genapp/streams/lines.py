"""Viewers' connections, served as server-sent events without a task, a timer or a buffer each.

Once its answer has begun, a connection is handed over by the server that read the request, and everything it took to
decide the request is let go. What is left of a viewer who waits is a transport, a cursor and a slot on a timer that
all share: 10,000 of them are one wake-up a second. Frames are written from where they arrive.
"""

from __future__ import annotations

import asyncio
import random
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from .events import HEARTBEAT
from .gzipping import GZIP, Gzip
from .line import Line

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, MutableMapping

    from .line import Source

    Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
    # Has a line `begin` on the connection, which nobody else may write to from then on.
    HandOver = Callable[[Line], None]

HEADERS = (
    (b"content-type", b"text/event-stream; charset=utf-8"),
    (b"cache-control", b"no-store"),
    (b"x-accel-buffering", b"no"),
    # What follows on this connection is nobody's request: it ends with the answer.
    (b"connection", b"close"),
)

# Seconds without a frame after which a compressor (some 10 KB) is let go.
_RESTS_AFTER = 2.0


class Lines:
    """The connections of one process. `frames` and `bytes` count what all of them were sent, `open` how many there are.

    Each is told `beat` at once and after every `heartbeat` seconds of silence, and ends after `lifetime` seconds, give
    or take a tenth, between two events: the client then comes back with its cursor. A client that reads slowly is
    waited for; what is superseded meanwhile is never sent. What still waits a heartbeat after its time (for a client
    that does not read at all) is given up.
    """

    def __init__(self, *, heartbeat: float = 25, lifetime: float = 600) -> None:
        self.heartbeat = heartbeat
        self.lifetime = lifetime
        self.rests_after = min(_RESTS_AFTER, heartbeat / 2)
        self.open = 0
        self.frames = 0
        self.bytes = 0
        self._slots: dict[int, list[Line]] = {}
        self.step = min(1.0, heartbeat / 8)
        self._reached = 0
        self._timer: asyncio.TimerHandle | None = None

    async def serve(
        self,
        send: Send,
        hand_over: HandOver,
        source: Source,
        *,
        beat: bytes = HEARTBEAT,
        lifetime: float | None = None,
        gzip: bool = False,
        framed: bool = False,
        on_end: Callable[[Line], None] = lambda _: None,
    ) -> None:
        """Begins the answer by ASGI's `send`, and goes on with it after this has returned.

        `on_end` is called when the connection is gone. `gzip`: the client takes a body in gzip, of which each event can
        be read as it arrives. `framed`: the body is in chunks, so that a client who knows no `done` sees that it was
        cut. Who does know comes back without it, and is spared a seventh of what it is sent.
        """
        seconds = self.lifetime if lifetime is None else lifetime
        line = Line(self, source, beat, self._end_after(seconds), Gzip() if gzip else None, framed, on_end)
        headers = [*HEADERS, *(GZIP if gzip else ())]
        with suppress(TimeoutError):
            # Of an earlier answer on this connection there may be much that its client does not read.
            async with asyncio.timeout(self.heartbeat) as patience:
                await send({"type": "http.response.start", "status": 200, "headers": headers})
        hand_over(line)
        if patience.expired():
            line.abort()

    def _end_after(self, seconds: float) -> float:
        # Jittered, so that the viewers of a restarted process do not all come back at once ten minutes later.
        return asyncio.get_running_loop().time() + seconds * random.uniform(0.9, 1.1)  # noqa: S311

    def attend(self, line: Line, at: float) -> None:
        """Looks after `line` at that time of the loop's, or up to a step later."""
        if not self._slots:
            self._reached = max(self._reached, int(asyncio.get_running_loop().time() / self.step))
        slot = max(int(at / self.step), self._reached) + 1
        self._slots.setdefault(slot, []).append(line)
        if self._timer is None:
            self._set_timer()

    def _set_timer(self) -> None:
        self._timer = asyncio.get_running_loop().call_at((self._reached + 1) * self.step, self._look)

    def _look(self) -> None:
        # No slot is passed over, also where the timer comes a little early: then it comes again.
        now = asyncio.get_running_loop().time()
        first, self._reached = self._reached + 1, max(self._reached, int(now / self.step))
        due = [line for slot in range(first, self._reached + 1) for line in self._slots.pop(slot, ())]
        self._timer = None
        if self._slots:
            self._set_timer()
        for line in due:
            at = line.look(now)
            if at is not None:
                self.attend(line, at)
