"""One process of the fleet: it tells Redis what it counts, and may ask for what all have counted."""

from __future__ import annotations

import asyncio
import logging
import os
import secrets
import socket
import time
from dataclasses import replace
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Self

import msgspec
from redis.exceptions import RedisError, ResponseError

from genapp.fleet import fields, reading
from genapp.fleet.lag import sample_lag

if TYPE_CHECKING:
    from collections.abc import Callable

    from redis.asyncio import Redis

    from genapp.fleet.fields import Counted
    from genapp.fleet.reading import Fleet

logger = logging.getLogger(__name__)

# Seconds between two pushes, and so what a killed process may take with it: few, since charts are live.
EVERY = 2.0
# Seconds that a push may hold up who asks, or the end of the process.
PATIENCE = 1.0
# Seconds for which what was read is good for the next who asks: a crowd of scrapers costs what one does.
FRESH = 1.0


class Member:
    """An async context manager; one a process. `kind`: web or worker.

    `look` is called before figures are told, for those that are counted elsewhere and have to be fetched.
    """

    def __init__(self, redis: Redis, kind: str, *, look: Callable[[], None] = lambda: None) -> None:
        self._redis = redis
        self._id = secrets.token_hex(8)
        self._entry = reading.Entry(kind, socket.gethostname(), os.getpid(), version("genapp"), time.time(), [])
        self._add = redis.register_script((Path(__file__).parent / "add.lua").read_text())
        self._number = 1
        self._look = look
        self._pushed: Counted = {}
        self._under_way: Counted | None = None
        self._unknown = False  # Redis has lost what it was told
        self._refused = False
        self._pushing = asyncio.Lock()
        self._ends = False
        self._tasks: list[asyncio.Task[None]] = []
        self._reading: asyncio.Task[Fleet] | None = None
        self._read_at = -FRESH

    async def __aenter__(self) -> Self:
        self._tasks = [asyncio.create_task(self._keep_pushing()), asyncio.create_task(sample_lag(self._entry.kind))]
        return self

    async def __aexit__(self, *_: object) -> None:
        self._ends = True
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self._try_to_push(ends=True)

    async def read(self) -> Fleet:
        """What the whole fleet has counted by now, this process included; see `reading.Fleet`. In two seconds at most.

        Where Redis is away, this process is the only one that is known.
        """
        if self._reading is None or not self._is_fresh(self._reading):
            self._reading = asyncio.create_task(self._read())
        return await asyncio.shield(self._reading)

    async def push(self, *, ends: bool = False) -> None:
        """Tell Redis what has been counted since the last time. Raises its errors.

        What it may or may not have taken is sent again, as it was and under its number, before anything newer.
        """
        async with self._pushing:
            if self._under_way is not None:
                await self._send(self._under_way, ends=ends)
            self._look()
            await self._send(fields.counted(), ends=ends)

    async def _send(self, counted: Counted, *, ends: bool) -> None:
        self._under_way = counted
        entry = b"" if ends else msgspec.json.encode(self._said())
        increments = fields.increments(counted, self._pushed, unknown=self._unknown)
        more = [part for pair in increments for part in pair]
        answer = await self._add(keys=[fields.TOTALS, fields.PROCESSES], args=[self._id, self._number, entry, *more])
        self._unknown = bool(answer)
        self._pushed, self._under_way = counted, None
        self._number += 1

    def _said(self) -> reading.Entry:
        return msgspec.structs.replace(self._entry, gauges=fields.gauges())

    async def _keep_pushing(self) -> None:
        while not self._ends:  # redis-py loses a cancellation now and then
            await self._try_to_push()
            await asyncio.sleep(EVERY)

    async def _try_to_push(self, *, ends: bool = False) -> None:
        try:
            async with asyncio.timeout(PATIENCE):
                await self.push(ends=ends)
        except ResponseError as error:
            # It is there and does not take them: no memory, or a user who may not. Every push would say so.
            if not self._refused:
                logger.warning("Redis does not take the figures, which wait: %s", error)
            self._refused = True
        except (RedisError, OSError):
            pass  # said by whoever cannot do without Redis; what was counted waits here
        except Exception:
            logger.exception("figures could not be told")
        else:
            self._refused = False

    async def _read(self) -> Fleet:
        await self._try_to_push()
        fleet = await reading.read(self._redis)
        self._read_at = time.monotonic()
        if fleet.up["redis"]:
            return fleet
        alone = reading.process(self._id, self._said())
        return replace(fleet, figures={**fleet.figures, **alone.figures}, processes=[alone])

    def _is_fresh(self, task: asyncio.Task[Fleet]) -> bool:
        if not task.done():
            return True
        failed = task.cancelled() or task.exception() is not None
        return not failed and time.monotonic() - self._read_at < FRESH
