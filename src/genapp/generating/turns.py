"""Few answers begin at once, so that those in progress go on."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

# To begin takes some 5 ms of the event loop, in a dozen pieces. With 200 at once each turn of the loop would hold as
# many pieces, and the first words of the last ones came after 0.4 to 0.6 s rather than 0.1 (p99).
AT_ONCE = 4
# Seconds after which the next one begins all the same: then something else is waited for, such as a silent Redis.
LONGEST = 0.1


class Turns:
    """Whose turn it is to begin. Belongs to the event loop it is first used on."""

    def __init__(self) -> None:
        self._free = asyncio.Semaphore(AT_ONCE)

    async def take(self) -> Callable[[], None]:
        """Wait for a turn; gives what ends it, which may be called again, and calls itself in a while."""
        await self._free.acquire()
        waiting = True

        def end() -> None:
            nonlocal waiting
            if waiting:
                waiting = False
                timer.cancel()
                self._free.release()

        timer = asyncio.get_running_loop().call_later(LONGEST, end)
        return end
