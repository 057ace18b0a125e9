"""Splits a body of server-sent events into the data of each event.

Source: https://html.spec.whatwg.org/multipage/server-sent-events.html#parsing-an-event-stream
Left out, because no vendor uses it: a lone CR as line end, `id`, `retry`, and `event` (both vendors say
the type in the data as well).
"""

from __future__ import annotations

# An event of a whole paragraph has some kilobytes. A body without line ends must not fill the memory.
LINE_LIMIT = 1024 * 1024


class EventTooLongError(Exception):
    """A line is longer than `LINE_LIMIT` bytes."""


class EventSplitter:
    """Bytes in, cut anywhere; the data of every event that is complete out."""

    def __init__(self) -> None:
        self._rest = b""
        self._data: list[bytes] = []

    def feed(self, chunk: bytes) -> list[bytes]:
        """Take the next bytes of the body; gives the data of the events that they complete.

        Raises `EventTooLongError`.
        """
        lines = (self._rest + chunk).split(b"\n")
        self._rest = lines.pop()
        if len(self._rest) > LINE_LIMIT:
            raise EventTooLongError
        events = []
        for line in lines:
            if line.startswith(b"data:"):
                self._data.append(line[5:].strip())
            elif line in (b"", b"\r") and self._data:
                events.append(b"\n".join(self._data))
                self._data = []
        return events

    def end(self) -> list[bytes]:
        """The body is over: gives an event that lacks only its blank line, as some servers leave it."""
        return self.feed(b"\n\n")
