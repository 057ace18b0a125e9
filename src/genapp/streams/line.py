"""One viewer's connection, once it has been handed over: what is due is written to it, as far as its client reads."""

from __future__ import annotations

import asyncio
import logging
import random
from typing import TYPE_CHECKING, Any, Protocol

from .events import PIECE, pieces

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from .gzipping import Gzip

_log = logging.getLogger(__name__)

# Bytes that a client may send while it is answered. There is nothing to say: more is an attempt to keep us busy.
_HEARD = 65_536


class Source(Protocol):
    """What is served, such as a `Viewer`."""

    @property
    def ended(self) -> bool: ...

    def due_parts(self) -> list[bytes]:
        """What is to be written now, perhaps nothing. Asked again after each call of what `listen` was given."""
        ...

    def listen(self, call: Callable[[], None] | None) -> None:
        """Has `call` called when there is something to write, or it has ended; None for nobody."""
        ...


class Keeper(Protocol):
    """What a line is one of (`Lines`): it counts what all are sent, and looks after each. Times in seconds."""

    heartbeat: float
    rests_after: float
    step: float
    open: int
    frames: int
    bytes: int

    def attend(self, line: Line, at: float) -> None:
        """Has `line` look at that time of the loop's, or up to a step later."""
        ...


class Line(asyncio.Protocol):
    """One connection. `frames` and `bytes` are what it was sent: the bytes of the body, as compressed."""

    __slots__ = (
        "_ahead", "_beat", "_chunked", "_closing", "_end", "_gzip", "_heard", "_kept_in", "_lines", "_on_end",
        "_paused", "_rest", "_source", "_transport", "_wrote", "bytes", "framed", "frames",
    )  # fmt: skip

    def __init__(
        self,
        lines: Keeper,
        source: Source,
        beat: bytes,
        end: float,
        gzip: Gzip | None,
        framed: bool,
        on_end: Callable[[Line], None],
    ) -> None:
        self.frames = 0
        self.bytes = 0
        self.framed = framed
        self._chunked = False
        self._ahead = b""
        self._kept_in: set[Any] = set()
        self._lines = lines
        self._source = source
        self._beat = beat
        self._end = end
        self._gzip = gzip
        self._on_end = on_end
        self._transport: asyncio.Transport | None = None
        self._rest: Iterator[bytes] | None = None
        self._paused = False
        self._closing = False
        self._heard = 0
        self._wrote = 0.0

    def begin(
        self, transport: asyncio.Transport | None, *, head: bytes, chunked: bool, paused: bool, kept_in: set[Any]
    ) -> None:
        """Takes the connection over, unless it is gone (None).

        `head` is what of the answer's head has not been written: it leaves with a sign of life and what is there
        already. `chunked`: the body is; else it ends with the connection. `paused`: its transport has said so and not
        yet that it is no more. It is in `kept_in`, a server's connections, for as long as it is.
        """
        if transport is None or transport.is_closing():
            self._on_end(self)
            return
        self._transport, self._chunked, self._paused, self._kept_in = transport, chunked, paused, kept_in
        self._lines.open += 1
        kept_in.add(self)
        transport.set_protocol(self)
        self._source.listen(self.pump)
        self._ahead = head + self._on_the_wire(self._beat)
        # Spread, so that those who come together do not all have their heartbeats at the same moment.
        first = self._lines.heartbeat * random.uniform(0.5, 1.0)  # noqa: S311
        self._lines.attend(self, min(self._wrote + first, self._end))
        self.pump()
        self._flush_ahead(transport)

    # -- what the transport says ---------------------------------------------------------------------------

    def connection_lost(self, exc: Exception | None) -> None:
        self._transport = self._rest = self._gzip = None
        self._lines.open -= 1
        self._kept_in.discard(self)
        self._source.listen(None)
        self._on_end(self)

    def data_received(self, data: bytes) -> None:
        self._heard += len(data)
        if self._heard > _HEARD:
            self.abort()

    def pause_writing(self) -> None:
        self._paused = True

    def resume_writing(self) -> None:
        self._paused = False
        self.pump()

    def shutdown(self) -> None:
        """Ends between two events; uvicorn calls it when it stops."""
        self._closing = True
        self.pump()

    # -- what is said to it --------------------------------------------------------------------------------

    def abort(self) -> None:
        """Gives it up, whatever has not been sent."""
        if self._transport is not None:
            self._transport.abort()

    def pump(self) -> None:
        """Writes what is due, as far as the client takes it.

        Called from where frames arrive, for one line after the other: a fault of one is not to reach the rest.
        """
        try:
            self._pump()
        except Exception:
            _log.exception("a connection could not be written to")
            if self._transport is not None:
                self._flush_ahead(self._transport)  # an answer without a head would be asked for elsewhere, and again
            self.abort()

    def _pump(self) -> None:
        while (transport := self._transport) is not None and not self._paused and not transport.is_closing():
            if self._rest is not None:
                piece = next(self._rest, None)
                if piece is not None:
                    self._write(transport, piece)
                    continue
                self._rest = None
            if self._closing:
                self._finish(transport)
                return
            parts = self._source.due_parts()
            self._closing = self._source.ended
            if parts:
                self._take(transport, parts)
            if self._rest is None and not self._closing:
                return  # that was all: nothing comes in between

    def _take(self, transport: asyncio.Transport, parts: list[bytes]) -> None:
        # One alone is a whole event.
        frames = 1 if len(parts) == 1 else sum([part.endswith(b"\n\n") for part in parts])
        self.frames += frames
        self._lines.frames += frames
        if len(parts) == 1 and len(parts[0]) <= PIECE:
            self._write(transport, parts[0])
        else:
            self._rest = pieces(parts)

    def look(self, now: float) -> float | None:
        """Sees to signs of life and to its end; gives when to look again, None when it is over."""
        transport, heartbeat = self._transport, self._lines.heartbeat
        if transport is None:
            return None
        if now >= self._end + heartbeat:
            transport.abort()
            return None
        if now >= self._end:
            self.shutdown()
            return self._end + heartbeat
        silent = now - self._wrote
        if self._gzip is not None and silent >= self._lines.rests_after:
            self._gzip.rest()
        # Half a step early is better than a step late.
        if silent >= heartbeat - self._lines.step / 2:
            if not self._paused:
                self._write(transport, self._beat)
            return min(now + heartbeat, self._end)
        busy = self._gzip is not None and self._gzip.busy
        return min(self._wrote + (self._lines.rests_after if busy else heartbeat), self._end)

    def _write(self, transport: asyncio.Transport, body: bytes) -> None:
        body = self._on_the_wire(body)
        transport.write(self._take_ahead() + body if self._ahead else body)

    def _on_the_wire(self, body: bytes) -> bytes:
        if self._gzip is not None:
            body = self._gzip.feed(body)
        self._count(body)
        self._wrote = asyncio.get_running_loop().time()
        return b"%x\r\n%b\r\n" % (len(body), body) if self._chunked else body

    def _take_ahead(self) -> bytes:
        ahead, self._ahead = self._ahead, b""
        return ahead

    def _flush_ahead(self, transport: asyncio.Transport) -> None:
        if self._ahead and not transport.is_closing():
            transport.write(self._take_ahead())

    def _count(self, body: bytes) -> None:
        self.bytes += len(body)
        self._lines.bytes += len(body)

    def _finish(self, transport: asyncio.Transport) -> None:
        last = self._gzip.end() if self._gzip is not None else b""
        self._count(last)
        if self._chunked:
            last = (b"%x\r\n%b\r\n" % (len(last), last) if last else b"") + b"0\r\n\r\n"
        if last or self._ahead:
            transport.write(self._take_ahead() + last)
        # What a client does not take is given up a heartbeat later.
        self._end = min(self._end, asyncio.get_running_loop().time())
        transport.close()
