"""What is no longer allowed, told to every web process at once, so that what it had opened is closed.

The rows are the truth. A process may remember what they said only while it would hear of a change, and looks at the
rows again now and then, since Redis may lose a message.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, Self

from redis.exceptions import RedisError

from genapp.streams import Subscriber

if TYPE_CHECKING:
    import ssl
    from collections.abc import Awaitable, Callable, Collection, Iterator

    from redis.asyncio import Redis

logger = logging.getLogger(__name__)

CHANNEL = "genapp:revocations"
# Seconds between two looks at the rows behind the open connections: one query a process, however many there are.
LOOK_EVERY = 10.0
# Seconds that an answer of the database may be under way while a revocation comes.
REMEMBERED = 60.0

# What lets somebody in, as `session:<id>`, `token:<id>`, `site:<id>`, `user:<id>`, `admin:<id>` or `share:<id>`.
# Several may be needed at once.
Keys = tuple[str, ...]


async def announce(redis: Redis, *keys: str) -> None:
    """Tell every web process that these let nobody in any more. Redis being away is not an error: they will look."""
    if not keys:
        return
    try:
        await redis.publish(CHANNEL, " ".join(keys))
    except (RedisError, OSError) as error:
        logger.warning("a revocation could not be announced, it will be noticed within seconds: %s", error)


class Revocations:
    """What this process has open, by what lets it in. An async context manager.

    `redis` announces, `url` is the same Redis again for the subscription. `void` is asked, for the keys of what is
    open, which of them let nobody in any more.
    """

    def __init__(
        self,
        redis: Redis,
        url: str,
        *,
        void: Callable[[Collection[str]], Awaitable[Collection[str]]],
        ssl_context: ssl.SSLContext | None = None,
        look_every: float = LOOK_EVERY,
    ) -> None:
        self._redis = redis
        self._void = void
        self._look_every = look_every
        self._open: dict[str, set[Callable[[], None]]] = {}
        self._recent: dict[str, float] = {}  # when, by key
        self._deaf_until = 0.0
        self._tasks: list[asyncio.Task[None]] = []
        self._subscriber = Subscriber(
            url,
            on_message=self._received,
            on_resubscribed=self._resubscribed,
            ssl_context=ssl_context,
            name="revocations",
        )

    async def __aenter__(self) -> Self:
        self._subscriber.start()
        self._tasks = [
            asyncio.create_task(self._subscriber.subscribe(CHANNEL.encode())),
            asyncio.create_task(self._keep_looking(), name="revocations"),
        ]
        return self

    async def __aexit__(self, *_: object) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self._subscriber.close()

    @property
    def listening(self) -> bool:
        """Whether a revocation would be heard now: only then may anything be remembered."""
        return self._subscriber.hears(CHANNEL.encode())

    async def revoke(self, *keys: str) -> None:
        """Close what these keys have opened: here at once, in the other processes as soon as they hear of it."""
        self._close(keys)
        await announce(self._redis, *keys)

    def _close(self, keys: Collection[str]) -> None:
        now = time.monotonic()
        for key in keys:
            self._recent[key] = now
            for close in list(self._open.get(key, ())):
                close()

    def any_since(self, moment: float, keys: Collection[str]) -> bool:
        """Whether one of the keys was revoked after `moment` (`time.monotonic()`), as far as that can be told.

        For moments of the last REMEMBERED seconds.
        """
        return moment < self._deaf_until or any(self._recent.get(key, -1.0) >= moment for key in keys)

    def hold(self, keys: Keys, since: float, close: Callable[[], None]) -> None:
        """Have `close` called once a key is revoked, until it is released; at once where one was since `since`."""
        for key in keys:
            self._open.setdefault(key, set()).add(close)
        if self.any_since(since, keys):
            close()

    def release(self, keys: Keys, close: Callable[[], None]) -> None:
        """What was held is closed. What is not held is none of ours."""
        for key in keys:
            held = self._open.get(key)
            if held is not None:
                held.discard(close)
                if not held:
                    del self._open[key]

    @contextmanager
    def holding(self, keys: Keys, since: float, close: Callable[[], None]) -> Iterator[None]:
        """As `hold`, for as long as the block runs."""
        self.hold(keys, since, close)
        try:
            yield
        finally:
            self.release(keys, close)

    def _received(self, _channel: bytes, payload: bytes) -> None:
        self._close(payload.decode(errors="replace").split())

    def _resubscribed(self, _channel: bytes) -> None:
        self._deaf_until = time.monotonic()

    async def _keep_looking(self) -> None:
        while True:
            await asyncio.sleep(self._look_every)
            with contextlib.suppress(ConnectionError):
                await self._subscriber.ping()  # a dead connection is found, and made anew
            self._forget_old()
            if not self._open:
                continue
            try:
                self._close(await self._void(list(self._open)))
            except Exception as error:
                # Streams go on: who could be shut out by the database's outage is everybody.
                logger.warning("whether open connections are still allowed could not be looked up: %s", error)

    def _forget_old(self) -> None:
        old = time.monotonic() - REMEMBERED
        self._recent = {key: at for key, at in self._recent.items() if at > old}
