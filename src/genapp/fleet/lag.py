"""How late this process's event loop is: whatever waits for it, a viewer's frame or a page, is as late."""

from __future__ import annotations

import asyncio

from genapp.metrics import event_loop_lag_seconds

EVERY = 0.25


async def sample_lag(kind: str) -> None:
    """Measure how much later than asked for a timer wakes us, until cancelled."""
    loop = asyncio.get_running_loop()
    lag = event_loop_lag_seconds.labels(kind)
    while True:
        due = loop.time() + EVERY
        await asyncio.sleep(EVERY)
        lag.observe(max(0.0, loop.time() - due))
