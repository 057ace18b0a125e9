"""Server-sent events as a browser reads them, and the ops in the messages as htmx and Turbo find them."""

from __future__ import annotations

import re
from typing import NamedTuple


class Event(NamedTuple):
    """One event: what a client is told."""

    id: str
    name: str
    data: str


def read_events(stream: bytes) -> list[Event]:
    """The events of a whole stream (HTML standard, 9.2.6), heartbeats included."""
    events = []
    last_id, name, data = "", "", list[str]()
    for line in re.split("\r\n|\n|\r", stream.decode()):
        key, _, value = line.partition(":")
        value = value.removeprefix(" ")
        match key if line else None:
            case None:
                if data:
                    events.append(Event(last_id, name or "message", "\n".join(data)))
                name, data = "", []
            case "id":
                last_id = value
            case "event":
                name = value
            case "data":
                data.append(value)
            case _:
                raise AssertionError(f"no field of ours: {line!r}")
    return events


class Action(NamedTuple):
    """One op in a message."""

    target: str
    action: str
    content: str


# What names no swap is appended. The end of the message ends the last one.
_PARTIAL = re.compile(
    r"<hx-partial id=([\w-]+)(?: hx-swap=(\w+))?>(.*?)(?:</hx-partial>(?=<hx-partial )|\Z)", re.DOTALL
)
_STREAM = re.compile(
    r'<turbo-stream action="(\w+)" target="([\w-]+)">(?:<template>(.*?)</template>)?</turbo-stream>', re.DOTALL
)


def htmx_actions(message: str) -> list[Action]:
    """The partials of a message, which is nothing else.

    htmx looks for its elements, and for a head and a title, by regular expressions over the whole text.
    """
    found = list(_PARTIAL.finditer(message))
    assert "".join(match[0] for match in found) == message, message
    assert len(re.findall("<hx-", message, re.IGNORECASE)) == len(found), message
    assert len(re.findall("</hx-", message, re.IGNORECASE)) == len(found) - 1, message
    assert not re.search(r"</?(template|turbo-stream|head[\s>])", message, re.IGNORECASE), message
    return [Action(match[1], match[2] or "append", match[3]) for match in found]


def turbo_actions(message: str) -> list[Action]:
    """The stream elements of a message, which is nothing else; each has its one template, or none."""
    found = list(_STREAM.finditer(message))
    assert "".join(match[0] for match in found) == message, message
    for tag in ("<turbo-stream", "</turbo-stream"):
        assert len(re.findall(tag, message, re.IGNORECASE)) == len(found), message
    for tag in ("<template", "</template"):
        expected = sum(match[3] is not None for match in found)
        assert len(re.findall(tag, message, re.IGNORECASE)) == expected, message
    return [Action(match[2], match[1], match[3] or "") for match in found]
