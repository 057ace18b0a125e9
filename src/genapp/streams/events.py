"""Server-sent events as bytes. Lines end with LF: htmx 4.0.1 takes a CRLF split over two reads for two."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

HEARTBEAT = b"event: hb\ndata: \n\n"
DONE = b"event: done\ndata: \n\n"

# Bytes that a viewer's connection is given at a time. What it has not sent yet is a copy for this viewer alone: with a
# frame as a whole, 200 viewers who came to the end of a million characters held 200 MB.
_PIECE = 65_536


@dataclass(frozen=True, slots=True)
class Encoded:
    """A frame in one dialect: its messages, and as SSE, up to where the id of the last one goes."""

    messages: tuple[str, ...]
    sse: bytes


class Event(NamedTuple):
    """A frame on its way to one viewer. `cursor` is where the viewer is once it has all of it."""

    cursor: str
    encoded: Encoded

    def sse(self) -> tuple[bytes, bytes]:
        """In two parts, of which the long one is the same for all viewers."""
        return self.encoded.sse, b"id: %b\n\n" % self.cursor.encode()


def encoded(messages: tuple[str, ...]) -> Encoded:
    """The frame that `messages` make up. They hold no CR."""
    # Only the last message gets an id: a viewer cut off between two must get both again.
    fields = ["data: " + message.replace("\n", "\ndata: ") + "\n" for message in messages]
    return Encoded(messages, "\n".join(fields).encode())


def pieces(parts: Iterable[bytes]) -> Iterator[bytes]:
    """The same bytes: short parts joined, long ones cut, a piece shorter than twice 64 KB."""
    waiting = bytearray()
    for part in parts:
        for start in range(0, len(part), _PIECE):
            waiting += part[start : start + _PIECE]
            if len(waiting) >= _PIECE:
                yield bytes(waiting)
                waiting.clear()
    if waiting:
        yield bytes(waiting)
