"""Being asked to stop, noticed before the server begins to wait."""

from __future__ import annotations

import asyncio
import signal
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from types import FrameType

STOPPING = (signal.SIGINT, signal.SIGTERM)


@contextmanager
def before_stopping(do: Callable[[], None]) -> Iterator[None]:
    """Call `do` on the event loop when the process is asked to stop, then what was to be done about it before.

    uvicorn tells the app that it stops only after every response has ended, and a stream ends only when it is told:
    without this each deploy would wait for its patience to run out, and then cut the streams.
    """
    loop = asyncio.get_running_loop()
    earlier = {number: signal.getsignal(number) for number in STOPPING}

    def handle(number: int, frame: FrameType | None) -> None:
        loop.call_soon_threadsafe(do)
        then = earlier[signal.Signals(number)]
        if callable(then):
            then(number, frame)

    for number in STOPPING:
        signal.signal(number, handle)
    try:
        yield
    finally:
        for number, then in earlier.items():
            signal.signal(number, then)
