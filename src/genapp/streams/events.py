"""Frames as bytes. In server-sent events lines end with LF: htmx 4.0.1 takes a CRLF split over two reads for two."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import msgspec

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

HEARTBEAT = b"event: hb\ndata: \n\n"
DONE = b"event: done\ndata: \n\n"

# Bytes that a viewer's connection is given at a time. What it has not sent yet is a copy for this viewer alone: with a
# frame as a whole, 200 viewers who came to the end of a million characters held 200 MB.
PIECE = 65_536


class Encoded(msgspec.Struct, eq=False, gc=False):
    """A frame in one dialect: its messages, and what is made of them once, when the first viewer needs it."""

    messages: tuple[str, ...]
    _payloads: tuple[bytes, ...] | None = None
    _sse: bytes | None = None
    _cursor: str = ""
    _parts: tuple[bytes, ...] = ()

    @property
    def payloads(self) -> tuple[bytes, ...]:
        """The messages in UTF-8, for a WebSocket."""
        if self._payloads is None:
            self._payloads = tuple([message.encode() for message in self.messages])
        return self._payloads

    @property
    def sse(self) -> bytes:
        """The messages as SSE, up to where the id of the last one goes."""
        if self._sse is None:
            # Only the last message gets an id: a viewer cut off between two must get both again.
            fields = ["data: " + message.replace("\n", "\ndata: ") + "\n" for message in self.messages]
            self._sse = "\n".join(fields).encode()
        return self._sse

    def event(self, cursor: str) -> tuple[bytes, ...]:
        """As SSE, in parts: long ones are the same for all viewers. Made once for all that it brings to `cursor`."""
        if self._cursor != cursor or not self._parts:
            said, place = self.sse, b"id: %b\n\n" % cursor.encode()
            self._cursor, self._parts = cursor, (said + place,) if len(said) < PIECE else (said, place)
        return self._parts


class Event(NamedTuple):
    """A frame on its way to one viewer. `cursor` is where the viewer is once it has all of it."""

    cursor: str
    encoded: Encoded

    def sse(self) -> tuple[bytes, ...]:
        """In parts, of which the long ones are the same for all viewers."""
        return self.encoded.event(self.cursor)


def encoded(messages: tuple[str, ...]) -> Encoded:
    """The frame that `messages` make up. They hold no CR."""
    return Encoded(messages)


def pieces(parts: Iterable[bytes | memoryview]) -> Iterator[bytes]:
    """The same bytes: short parts joined, long ones cut, a piece shorter than twice 64 KB."""
    waiting = bytearray()
    for part in parts:
        for start in range(0, len(part), PIECE):
            waiting += part[start : start + PIECE]
            if len(waiting) >= PIECE:
                yield bytes(waiting)
                waiting.clear()
    if waiting:
        yield bytes(waiting)
