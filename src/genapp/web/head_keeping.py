"""An answer's head, kept until there is something for it to leave with."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import asyncio

# What comes before a head, where a client asks whether it may send its body.
GO_ON = b"HTTP/1.1 100 "
# How uvicorn ends a head whose body comes in chunks.
CHUNKED = b"transfer-encoding: chunked\r\n\r\n"


def unframed(head: bytes) -> bytes:
    """The head of the same answer, whose body ends with its connection."""
    return head.removesuffix(CHUNKED) + b"\r\n" if head.endswith(CHUNKED) else head


class HeadKeeper:
    """A transport for one answer, whose head leaves with the first of its body.

    Each write is a system call and a packet of its own otherwise, and two of them took a tenth of what it costs to
    accept a viewer. `kept`: the head, until it leaves or somebody takes it.
    """

    __slots__ = ("_has_begun", "_transport", "kept")

    def __init__(self, transport: asyncio.Transport) -> None:
        self._transport = transport
        self._has_begun = False
        self.kept = b""

    def is_closing(self) -> bool:
        return self._transport.is_closing()

    def write(self, data: bytes) -> None:
        if not self._has_begun and not data.startswith(GO_ON):
            self._has_begun, self.kept = True, data
        else:
            self._transport.write(self.take() + data if self.kept else data)

    def take(self) -> bytes:
        """The head, if it is kept: it is for the caller now to write it, or not."""
        head, self.kept = self.kept, b""
        return head

    def flush(self) -> None:
        head = self.take()
        if head and not self._transport.is_closing():
            self._transport.write(head)

    def close(self) -> None:
        self.flush()
        self._transport.close()
