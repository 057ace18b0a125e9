"""Who takes part in the histories: a writer as `generating/answer.py` is one, and a client as a browser is one."""

from __future__ import annotations

import asyncio
import contextlib
import copy
import json
from typing import TYPE_CHECKING, Any

from redis.exceptions import RedisError

from genapp.streams import Cursors, Fenced, LogLost, Op, StreamClosed, append, notice, replace, text
from genapp.streams import after as put_after
from genapp.streams import before as put_before
from genapp.streams import remove as take_away
from genapp.streams import update as fill
from tests.integration.streams.screens import Screen, Transcript, written

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from contextlib import AbstractAsyncContextManager

    from genapp.streams import Cursor, Hub, Log, Snapshot, Viewer

    Seed = tuple[str, str]  # a kind of op and a target

STREAMS = ("a", "b")
PAGE = "".join(f'<d id="{stream}"/>' for stream in STREAMS)
TARGETS = ("log", "tail")
ON_TARGETS = {"append": append, "update": fill, "before": put_before, "after": put_after}
KINDS = (*ON_TARGETS, "append", "replace", "remove", "revive", "text", "text", "notice")  # twice: drawn more often


def document(stream: str, screen: Screen | Transcript) -> Any:
    """What is to be seen of `stream`."""
    return screen.element(stream) if isinstance(screen, Screen) else (screen.said, screen.notice)


def replayed(stream: str, snapshot: Snapshot) -> dict[str, Any]:
    """The document in each dialect, from nothing but the log."""
    screen = Screen(PAGE)
    screen.paint(snapshot)
    said = json.loads(next(op.content for op in reversed(snapshot.ops) if op.action == "notice"))
    return {"htmx": document(stream, screen), "json": (said.get("content", snapshot.text), said)}


class Writer:
    """Writes one stream, and knows what its viewers must come to see."""

    def __init__(self, log: Log, stream: str, numbers: Iterator[int]) -> None:
        self._log = log
        self.stream = stream
        self._numbers = numbers
        self._screen = Screen(PAGE)
        self._text = ""
        self._notice: dict[str, Any] = {}
        self.fence = 0
        self.after: Cursor | None = None
        self.ended = False
        self.ends: list[dict[str, Any]] = []

    @property
    def writing(self) -> bool:
        return self.fence > 0 and not self.ended

    def document(self) -> dict[str, Any]:
        return {"htmx": document(self.stream, self._screen), "json": (self._text, self._notice or None)}

    async def begin(self) -> None:
        """The next attempt, whatever became of the one before."""
        self.fence, self.ended, self._text = self.fence + 1, False, ""
        shell = "".join(f'<d id="{self.stream}-{target}"/>' for target in TARGETS)
        self._show([replace(self.stream, f'<d id="{self.stream}" n="{self.fence}">{shell}</d>'), self._status()])
        with self._surviving():
            await self._publish_whole()

    async def write(self, seeds: Sequence[Seed]) -> None:
        frame = []
        for kind, target in seeds:
            ops = self._op(kind, f"{self.stream}-{target}", next(self._numbers))
            self._show(ops)
            frame += ops
        with self._surviving():
            if self.after is None:
                return await self._publish_whole()
            try:
                published = await self._log.publish(self.stream, frame, fence=self.fence, after=self.after)
                self.after = published.cursor
            except LogLost:
                await self._publish_whole()

    def left_behind(self) -> Writer:
        """The same attempt in a process that does not know yet that another has begun."""
        zombie = Writer(self._log, self.stream, self._numbers)
        zombie._screen, zombie._text, zombie._notice = copy.deepcopy(self._screen), self._text, self._notice
        zombie.fence, zombie.after = self.fence, self.after
        return zombie

    async def finish(self) -> None:
        end = {"type": "complete", "content": self._text}
        self._show([append(self.stream, f"<b>end of {self.fence}</b>"), notice(end)])
        self.ended = True
        self.ends.append(self.document())
        with self._surviving():
            await self.mend()

    async def mend(self) -> None:
        """Redis gets again what it has lost: who writes looks every other second, the app for those who have ended."""
        if self.ended:
            with contextlib.suppress(StreamClosed, Fenced):
                await self._log.publish(self.stream, self._whole(), fence=self.fence, reset=True, close=True)
            return
        try:
            if self.after is None:
                raise LogLost
            await self._log.touch(self.stream, fence=self.fence, after=self.after)
        except LogLost:
            await self._publish_whole()

    async def _publish_whole(self) -> None:
        # Two frames, as in answer.py; the first shows less than there is.
        empty = [replace(self.stream, f'<d id="{self.stream}" n="{self.fence}"/>'), self._status()]
        self.after = None
        first = await self._log.publish(self.stream, empty, fence=self.fence, reset=True)
        ops = [*self._whole(), *([text(self._text)] if self._text else [])]
        self.after = (await self._log.publish(self.stream, ops, fence=self.fence, after=first.cursor)).cursor

    @contextlib.contextmanager
    def _surviving(self) -> Iterator[None]:
        try:
            yield
        except RedisError:
            self.after = None

    def _status(self) -> Op:
        return notice({"type": "status", "attempt": self.fence})

    def _whole(self) -> list[Op]:
        return [replace(self.stream, self._screen.element(self.stream)), notice(self._notice)]

    def _op(self, kind: str, target: str, number: int) -> list[Op]:
        word = f'<i n="{number}">{number};</i>'
        if kind == "revive":  # what was removed comes back; no page has an id twice
            return [] if target in self._screen.ids() else [append(self.stream, f'<d id="{target}"/>')]
        if kind == "replace":
            return [replace(target, f'<d id="{target}">{word}</d>')]
        if kind == "remove":
            return [take_away(target)]
        if kind == "text":
            return [text(f"{number};")]
        if kind == "notice":
            return [notice({"type": "status", "note": number})]
        return [ON_TARGETS[kind](target, word)]

    def _show(self, ops: Sequence[Op]) -> None:
        self._screen.apply([op for op in ops if op.target])
        for op in ops:
            if op.action == "text":
                self._text += op.content
            elif op.action == "notice":
                self._notice = json.loads(op.content)


class Client:
    """Follows streams on one connection: reads it at once, or lags; goes, and comes back with its last cursor."""

    def __init__(self, streams: Sequence[str], dialect: str) -> None:
        self.streams = streams
        self.dialect = dialect
        self.screen = Screen(PAGE) if dialect == "htmx" else Transcript()
        self.hub: Hub | None = None
        self.viewer: Viewer | None = None
        self._joined: AbstractAsyncContextManager[Viewer] | None = None
        self._reading: asyncio.Task[None] | None = None
        self._news = asyncio.Event()
        self.ends: dict[str, Any] = {}  # what was to be seen of a stream when its end was given

    @property
    def reading(self) -> bool:
        return self._reading is not None

    def places(self) -> tuple[Cursor | None, ...]:
        return Cursors.parse(self.screen.cursor or "", len(self.streams)).places

    async def join(self, hub: Hub, cursors: str | None = None) -> None:
        places = Cursors.parse(cursors or self.screen.cursor or "", len(self.streams)).places
        self._joined = hub.join(list(zip(self.streams, places, strict=True)), self.dialect)
        self.viewer = await self._joined.__aenter__()
        self.hub = hub
        self.read()

    async def leave(self) -> None:
        await self.lag()
        if self._joined is not None:
            await self._joined.__aexit__(None, None, None)
        self.hub = self._joined = None

    def read(self) -> None:
        self._reading = self._reading or asyncio.create_task(self._read())

    async def lag(self) -> None:
        """Reads nothing any more."""
        if self._reading is not None:
            reading, self._reading = self._reading, None
            if not reading.done():
                reading.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await reading

    async def sees(self, expected: Mapping[str, Any]) -> None:
        """Waits until each stream shows what is `expected`, or the end that the client was given."""
        assert self._reading is not None
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(5):
                while self._wrong(expected) and not self._reading.done():
                    self._news.clear()
                    await self._news.wait()
        if self._reading.done():
            self._reading.result()
        assert not (wrong := self._wrong(expected)), f"{self.dialect} {self.screen.cursor}: shown, expected: {wrong}"
        ended = all(stream in self.ends for stream in self.streams)
        assert self.screen.done == ended, f"{self.dialect} {self.screen.cursor}: done is {self.screen.done}"

    def _wrong(self, expected: Mapping[str, Any]) -> list[tuple[Any, Any]]:
        pairs = [
            (document(stream, self.screen), self.ends.get(stream) or expected[stream][self.dialect])
            for stream in self.streams
            if stream in self.ends or stream in expected
        ]
        return [(shown, wanted) for shown, wanted in pairs if shown != wanted]

    async def _read(self) -> None:
        assert self.viewer is not None
        try:
            while body := await written(self.viewer):
                self.screen.read(body)
                self._require_order()
                for stream, place in zip(self.streams, self.places(), strict=True):
                    if place is not None and place.ended:
                        self.ends.setdefault(stream, document(stream, self.screen))
                self._news.set()
        finally:
            self._news.set()

    def _require_order(self) -> None:
        """Nothing is there twice, and a text grows at its end only."""
        if isinstance(self.screen, Screen):
            words = [element.get("n") for element in self.screen.root.iter("i")]
        else:
            words = [int(word) for word in self.screen.said.split(";")[:-1]]
            assert words == sorted(words), f"out of order: {words}"
        assert len(set(words)) == len(words), f"twice: {words}"
