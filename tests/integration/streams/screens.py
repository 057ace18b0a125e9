"""What viewers see: a page for the htmx dialect, a transcript for the json dialect. Written from the specification of
server-sent events and of Turbo's actions, not from our own encoders."""

from __future__ import annotations

import asyncio
import json
import re
import xml.etree.ElementTree as ET
from typing import TYPE_CHECKING, Any, NamedTuple

from genapp.streams import Op

if TYPE_CHECKING:
    from collections.abc import Sequence

    from genapp.streams import Snapshot, Viewer


DONE = b"event: done\ndata: \n\n"


async def written(viewer: Viewer) -> bytes:
    """What a viewer's connection is written when there is something; nothing once it has ended."""
    if viewer.ended:
        return b""
    events = await viewer.next_events()
    body = b"".join([part for event in events for part in event.sse()])
    return body + DONE if viewer.finished else body


class Message(NamedTuple):
    """One server-sent event, as a browser reads it."""

    event: str
    id: str | None
    data: str


def messages(body: bytes) -> list[Message]:
    text = body.decode()
    assert text.endswith("\n\n"), "an event is cut off"
    return [_message(block) for block in text.removesuffix("\n\n").split("\n\n")]


def _message(block: str) -> Message:
    fields = [line.split(": ", 1) for line in block.split("\n")]
    found = dict(fields)
    data = "\n".join(value for name, value in fields if name == "data")
    return Message(found.get("event", ""), found.get("id"), data)


_PARTIAL = re.compile(r'<hx-partial hx-target="#([\w-]+)" hx-swap="(\w+)">(.*?)</hx-partial>', re.DOTALL)
_ACTIONS = {"innerHTML": "update", "outerHTML": "replace", "delete": "remove"}


class Screen:
    """The elements on a page, and Turbo's six actions on them. A missing target is skipped, as browsers do."""

    def __init__(self, html: str = '<d id="log"/><d id="tail"/>') -> None:
        self.root = ET.fromstring(f"<body>{html}</body>")  # noqa: S314 - our own
        self.cursor: str | None = None
        self.done = False

    @property
    def html(self) -> str:
        return ET.tostring(self.root, encoding="unicode").removeprefix("<body>").removesuffix("</body>")

    def element(self, id_: str) -> str:
        found = self.root.find(f".//*[@id='{id_}']")
        return "" if found is None else ET.tostring(found, encoding="unicode")

    def text(self) -> str:
        return "".join(self.root.itertext())

    def ids(self) -> list[str]:
        return [element.get("id", "") for element in self.root.iter() if element.get("id")]

    def apply(self, ops: Sequence[Op]) -> None:
        for op in ops:
            target = self.root.find(f".//*[@id='{op.target}']")
            if target is not None:
                self._act(op, target)

    def _act(self, op: Op, target: ET.Element) -> None:
        nodes = list(ET.fromstring(f"<x>{op.content}</x>"))  # noqa: S314 - our own
        parent = next(element for element in self.root.iter() if target in list(element))
        at = list(parent).index(target)
        if op.action == "append":
            target.extend(nodes)
        elif op.action == "update":
            target[:] = nodes
        elif op.action == "before":
            parent[at:at] = nodes
        elif op.action == "after":
            parent[at + 1 : at + 1] = nodes
        elif op.action in ("replace", "remove"):
            parent[at : at + 1] = nodes

    def read(self, body: bytes) -> None:
        """Shows what came over the wire in the htmx dialect."""
        for message in messages(body):
            self.cursor = message.id or self.cursor
            self.done = self.done or message.event == "done"
            if not message.event:
                self.apply(
                    [Op(_ACTIONS.get(swap, swap), id_, html) for id_, swap, html in _PARTIAL.findall(message.data)]
                )

    def paint(self, snapshot: Snapshot) -> None:
        """Shows what a page embeds at first paint."""
        self.apply([op for op in snapshot.ops if op.target])
        self.cursor = str(snapshot.cursor) if snapshot.cursor else None

    async def watch(self, viewer: Viewer, until: str | None = None) -> None:
        """Shows what the viewer is sent until the text `until` is on the screen, or the viewer is finished."""
        async with asyncio.timeout(5):
            while not viewer.ended and (until is None or until not in self.text()):
                self.read(await written(viewer))


class Transcript:
    """What a program makes of the json dialect: the text so far, and the last notice."""

    def __init__(self) -> None:
        self.said = ""
        self.notice: dict[str, Any] | None = None
        self.cursor: str | None = None
        self.done = False

    def read(self, body: bytes) -> None:
        """Takes what came over the wire in the json dialect."""
        for message in messages(body):
            self.cursor = message.id or self.cursor
            self.done = self.done or message.event == "done"
            if not message.event:
                self._take(json.loads(message.data))

    def _take(self, message: dict[str, Any]) -> None:
        del message["seq"]
        if message["type"] == "chunk":
            self.said += message["content"]
        elif message["type"] == "snapshot":
            self.said = message["content"]
        else:
            self.notice = message
            self.said = message.get("content", self.said)
