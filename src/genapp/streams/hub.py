"""The hub: brings the streams that this process's viewers watch from Redis to them.

One subscription connection for all streams, each stream held once for all its viewers, and no queue a
viewer. Whatever goes wrong (a gap in seq, a lost connection, a lost last message, another epoch) has one
answer: the log is read again.
"""

from __future__ import annotations

import asyncio
import logging
import random
from contextlib import asynccontextmanager, contextmanager
from typing import TYPE_CHECKING, Self

from .dialects import DIALECTS
from .errors import Unavailable
from .silence import Silence
from .subscriber import Subscriber
from .view import View, parse_frame
from .viewer import Viewer
from .watched import Delays, Statistics, Watched

if TYPE_CHECKING:
    import ssl
    from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence

    from .cursor import Cursor
    from .dialects import Dialect
    from .log import Log

_log = logging.getLogger(__name__)

_LONGEST_PAUSE_SECONDS = 5.0


class Hub:
    """Serves viewers. An async context manager; one a process.

    `log` reads the logs, `url` is the same Redis again for the subscription (`ssl_context` for
    `rediss://` with a certificate the system does not know). Every `check_interval` seconds the hub makes
    sure that it holds the last frame of each stream, and less often of those that do not move. Joining takes
    at most `patience` seconds.
    `on_silent` is given the streams in view that are open and have not moved for `silence` seconds: their
    writer may have ended without being able to say so.
    """

    def __init__(
        self,
        log: Log,
        url: str,
        *,
        ssl_context: ssl.SSLContext | None = None,
        check_interval: float = 3.0,
        patience: float = 5.0,
        on_silent: Callable[[Sequence[str]], Awaitable[None]] | None = None,
        silence: float = 30.0,
    ) -> None:
        self._log = log
        self._check_interval = check_interval
        self._patience = patience
        self._on_silent = on_silent
        self._silence = Silence(silence)
        self._watched: dict[bytes, Watched] = {}  # by channel
        self._viewers = 0
        self._frames = 0
        self._reads = 0
        self._resyncs = 0
        self._delays = Delays()
        self._dismissed = False
        self._heeding: set[Callable[[], None]] = set()
        self._checking: asyncio.Task[None] | None = None
        self._asking: asyncio.Task[None] | None = None
        self._subscriber = Subscriber(
            url, on_message=self._received, on_resubscribed=self._resubscribed, ssl_context=ssl_context
        )

    async def __aenter__(self) -> Self:
        self._subscriber.start()
        self._checking = asyncio.create_task(self._keep_checking(), name="streams-check")
        return self

    async def __aexit__(self, *_: object) -> None:
        self.dismiss()
        own = [self._checking, self._asking, *[watched.task for watched in self._watched.values()]]
        tasks = [task for task in own if task is not None]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await self._subscriber.close()

    def statistics(self) -> Statistics:
        connected, streams = self._subscriber.connected, len(self._watched)
        return Statistics(connected, streams, self._viewers, self._frames, self._reads, self._resyncs, self._delays)

    def watches(self, stream: str) -> bool:
        """Whether anybody follows a stream in this process."""
        return self._log.channel(stream).encode() in self._watched

    def dismiss(self) -> None:
        """Ends every viewer, present and to come, so that a server can stop: they come back to another."""
        self._dismissed = True
        for watched in self._watched.values():
            for viewer in watched.view.viewers:
                viewer.dismiss()
        for call in list(self._heeding):
            call()

    @contextmanager
    def until_dismissed(self, call: Callable[[], None]) -> Iterator[None]:
        """Has `call` called when viewers are dismissed while the block runs, for who watches nothing at the moment."""
        self._heeding.add(call)
        try:
            if self._dismissed:
                call()
            yield
        finally:
            self._heeding.discard(call)

    async def seat(self, streams: Sequence[tuple[str, Cursor | None]], dialect: str | Dialect) -> Viewer:
        """A viewer of `streams`, each from its cursor on: from its beginning for None and for a stale one.

        Tell when it is gone (`leave`). Raises `KeyError` for a dialect that is not in `DIALECTS`, and `Unavailable`
        where Redis does not answer.
        """
        dialect = DIALECTS[dialect] if isinstance(dialect, str) else dialect
        viewer = Viewer(dialect, tuple([stream for stream, _ in streams]))
        self._viewers += 1
        watched = [self._watch(stream, viewer) for stream in viewer.streams]
        try:
            await self._seat(viewer, watched, [cursor for _, cursor in streams])
        except BaseException:
            self.leave(viewer)
            raise
        if self._dismissed:
            viewer.dismiss()
        return viewer

    def leave(self, viewer: Viewer) -> None:
        """The viewer is gone. To be told once."""
        self._viewers -= 1
        for stream in viewer.streams:
            watched = self._watched.get(self._log.channel(stream).encode())
            if watched is not None:
                self._leave(viewer, watched)

    @asynccontextmanager
    async def join(self, streams: Sequence[tuple[str, Cursor | None]], dialect: str | Dialect) -> AsyncIterator[Viewer]:
        """As `seat`, for as long as the block runs."""
        viewer = await self.seat(streams, dialect)
        try:
            yield viewer
        finally:
            self.leave(viewer)

    async def check(self) -> None:
        """Reads again every log that has gone on without the hub noticing. Raises Redis errors."""
        await self._check(list(self._watched))

    async def _check(self, channels: Sequence[bytes]) -> None:
        before = {channel: self._watched[channel].view.cursor for channel in channels}
        tops = await self._log.tops([self._watched[channel].view.stream for channel in before])
        # Whatever was published before `tops` was answered has been received once the ping is answered:
        # what is missing then is lost, not late.
        await self._subscriber.ping()
        for (channel, known), top in zip(before.items(), tops, strict=True):
            watched = self._watched.get(channel)
            if watched is None or top is None:
                continue
            view = watched.view
            view.compare(top, known)
            if view.rolled_back or top.epoch != view.epoch or top.seq > view.retained.seq:
                self._resync(watched)
        self._ask_about_silence()

    async def _keep_checking(self) -> None:
        while True:
            # Jittered, so that many processes do not ask Redis at the same moment.
            await asyncio.sleep(self._check_interval * random.uniform(0.8, 1.2))  # noqa: S311
            try:
                await self._check([channel for channel, watched in self._watched.items() if watched.is_due()])
            except Exception as error:
                _log.warning("the hub could not check its streams: %s", error)

    def _ask_about_silence(self) -> None:
        if self._on_silent is None or (self._asking is not None and not self._asking.done()):
            return
        views = [watched.view for watched in self._watched.values()]
        places = {view.stream: (view.epoch, view.retained.seq) for view in views if not view.retained.closed}
        if silent := self._silence.silent(places, asyncio.get_running_loop().time()):
            # Not awaited: while the app looks (its database may hang), the checks go on.
            self._asking = asyncio.create_task(_ask(self._on_silent, silent), name="streams-silence")

    def _watch(self, stream: str, viewer: Viewer) -> Watched:
        channel = self._log.channel(stream).encode()
        watched = self._watched.get(channel)
        if watched is None:
            watched = self._watched[channel] = Watched(channel, View(stream))
            watched.task = asyncio.create_task(self._open(watched))
        watched.view.viewers.add(viewer)
        return watched

    async def _seat(self, viewer: Viewer, watched: list[Watched], cursors: list[Cursor | None]) -> None:
        patient_until = asyncio.get_running_loop().time() + self._patience
        for one, cursor in zip(watched, cursors, strict=True):
            # Who comes to what others watch waits for nothing, and is spared what it costs to bound that.
            if not one.is_ready(cursor):
                await self._ready(one, cursor, patient_until)
            viewer.sit(one.view, cursor)

    async def _ready(self, watched: Watched, cursor: Cursor | None, patient_until: float) -> None:
        try:
            async with asyncio.timeout_at(patient_until):
                # Everybody waits for the same task: the second viewer may come while the first one's SUBSCRIBE is
                # under way.
                if watched.task is not None:
                    await asyncio.shield(watched.task)
                if not watched.is_ready(cursor):
                    # A page may have read the log a moment before its last message reaches us.
                    await asyncio.shield(self._read(watched))
        except TimeoutError:
            raise Unavailable("Redis does not answer") from None

    def _leave(self, viewer: Viewer, watched: Watched) -> None:
        watched.view.viewers.discard(viewer)
        if watched.view.viewers:
            return
        del self._watched[watched.channel]
        self._subscriber.unsubscribe(watched.channel)
        if watched.task is not None:
            watched.task.cancel()

    async def _open(self, watched: Watched) -> None:
        await self._subscriber.subscribe(watched.channel)
        await self._bring_up_to_date(watched)

    def _read(self, watched: Watched) -> asyncio.Task[None]:
        """The task after which the log has been read, as of now or later."""
        watched.stale = True
        if watched.task is None:
            watched.task = asyncio.create_task(self._bring_up_to_date(watched))
        return watched.task

    def _resync(self, watched: Watched) -> None:
        self._resyncs += 1
        watched.rounds = 0
        self._read(watched)

    async def _bring_up_to_date(self, watched: Watched) -> None:
        pause = 0.05
        while watched.stale:
            watched.stale = False
            watched.waiting.clear()  # what has come so far is in the log that is read now, or Redis has lost it
            try:
                self._reads += 1
                watched.view.load(await self._log.read(watched.view.stream))
            except Exception as error:
                _log.warning("the hub could not read %s, and tries again: %s", watched.view.stream, error)
                watched.stale = True
                await asyncio.sleep(pause * random.uniform(0.5, 1.0))  # noqa: S311
                pause = min(pause * 2, _LONGEST_PAUSE_SECONDS)
                continue
            waiting, watched.waiting = watched.waiting, []
            for frame in waiting:
                watched.stale |= not watched.view.take(frame)
            watched.view.wake()
        watched.task = None

    def _received(self, channel: bytes, payload: bytes) -> None:
        watched = self._watched.get(channel)
        if watched is None:
            return
        self._frames += 1
        watched.rounds = 0
        try:
            frame = parse_frame(payload)
        except ValueError:
            _log.exception("a message on %r is not a frame", channel)
            return
        if watched.task is not None:
            watched.waiting.append(frame)
        elif watched.view.take(frame):
            watched.view.wake()
            self._delays.note(frame.published_at)
        else:
            self._resync(watched)

    def _resubscribed(self, channel: bytes) -> None:
        if (watched := self._watched.get(channel)) is not None:
            self._resync(watched)


async def _ask(on_silent: Callable[[Sequence[str]], Awaitable[None]], silent: list[str]) -> None:
    try:
        await on_silent(silent)
    except Exception as error:
        _log.warning("the app could not look up streams that stand still: %s", error)
