"""Server-sent events as bytes. Lines end with LF: htmx 4.0.1 takes a CRLF split over two reads for two."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

HEARTBEAT = b"event: hb\ndata: \n\n"
DONE = b"event: done\ndata: \n\n"


@dataclass(frozen=True, slots=True)
class Encoded:
    """A frame in one dialect: its messages, and as SSE, up to where the id of the last one goes."""

    messages: tuple[str, ...]
    sse: bytes


class Event(NamedTuple):
    """A frame on its way to one viewer. `cursor` is where the viewer is once it has all of it."""

    cursor: str
    encoded: Encoded

    def sse(self) -> bytes:
        return b"%bid: %b\n\n" % (self.encoded.sse, self.cursor.encode())


def encoded(messages: tuple[str, ...]) -> Encoded:
    """The frame that `messages` make up. They hold no CR."""
    # Only the last message gets an id: a viewer cut off between two must get both again.
    fields = ["data: " + message.replace("\n", "\ndata: ") + "\n" for message in messages]
    return Encoded(messages, "\n".join(fields).encode())
