"""Tells a client how a response comes about: from the messages of its stream to the events of OpenAI's API."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from genapp.errors import GenappError, Invalid, TextReplaced
from genapp.streams import in_one_line
from genapp.web.errors import openai_details
from genapp.web.responses import numbering
from genapp.web.responses.numbering import PART_ADDED, Place, last_of, number_at, place_at
from genapp.web.responses.resource import Status, item_id, message, part, resource, status_of

if TYPE_CHECKING:
    from collections.abc import Sequence
    from uuid import UUID

    from genapp.models import Generation

ENDS = {"completed": "response.completed", "failed": "response.failed"}


class Message(msgspec.Struct):
    """A message of the dialect `json`."""

    type: str
    content: str = ""
    status: str = ""
    attempt: int | None = None


class Telling:
    """What one client is told of one response, from the event behind `after` on.

    `over` is set with the last event. Raises Invalid for a number that no event can have, and TextReplaced where it is
    of a text that is void.
    """

    def __init__(self, generation: Generation, previous: UUID | None, after: int = numbering.NOTHING_TOLD) -> None:
        self.over = False
        self._generation = generation
        self._previous = previous
        self._after = after  # the number of the last event that the client has
        self._attempt, self._sent = place_at(after)
        self._seen = 0  # characters that the log has said of that attempt's text
        self._behind = False  # the log is an older copy, of an attempt before the one that the client knows
        current = max(1, generation.attempt)
        if self._attempt > current:
            raise Invalid("No event has this number. Leave it out to begin with the first.", field="starting_after")
        if self._attempt < current and self._sent and generation.status not in ("failed", "cancelled"):
            raise TextReplaced(field="starting_after")

    def begin(self) -> list[bytes]:
        """What is so from the first moment on."""
        return self._up_to(numbering.QUEUED)

    def take(self, messages: Sequence[Message]) -> list[bytes]:
        """Tell what the stream has said. All of it is of one attempt: another one begins the log anew."""
        attempt = next((one.attempt for one in messages if one.attempt is not None), None)
        if attempt is not None and not self._enter(attempt):
            return [self.fail(TextReplaced())]
        told: list[bytes] = []
        for one in [] if self._behind else messages:
            if one.status == "processing":
                told += self._up_to(numbering.IN_PROGRESS)
            elif one.type == "snapshot":
                self._seen = 0
                told += self._text(one.content)
            elif one.type == "chunk":
                told += self._text(one.content)
        return told

    def end(self, generation: Generation) -> list[bytes]:
        """Tell the end, as the row has it."""
        self._generation = generation
        if not generation.finished:  # somebody has it tried again already
            return [self.fail(TextReplaced())]
        self.over = True
        status = status_of(generation)
        whole = {"response": resource(generation, self._previous)}
        if generation.status != "completed":
            # What is kept of such an answer may be less than was told, or the text of an earlier attempt that came
            # further: the response in the event says what it is.
            kind = ENDS.get(status, "response.incomplete")
            return self._event(kind, last_of(generation.attempt), whole)
        if not self._enter(generation.attempt):
            return [self.fail(TextReplaced())]
        self._seen = 0
        told = self._up_to(PART_ADDED) + self._text(generation.answer)
        return told + self._closing(generation.answer, status, whole)

    def fail(self, error: GenappError) -> bytes:
        """Say that there is nothing more on this connection, and why. It has the number of the event before it.

        As OpenAI's types have it, and once more as its SDK looks for it: which then raises an APIError. An event of a
        type that its reader does not look for would pass for the end of an answer.
        """
        self.over = True
        details = openai_details(error)
        event = {name: details[name] for name in ("code", "message", "param")}
        return _encoded("error", self._after, {**event, "error": details})

    def _enter(self, attempt: int) -> bool:
        """Whether what the client has is good with the text of this attempt."""
        self._behind = attempt < self._attempt and self._sent > 0
        if attempt > self._attempt:
            if self._sent:
                return False
            self._seen = 0
        if not self._sent:
            self._attempt = attempt
        return True

    def _text(self, content: str) -> list[bytes]:
        """Take the text that follows what has been seen; tell what of it has not been told."""
        start, self._seen = self._seen, self._seen + len(content)
        if self._seen <= self._sent:
            return []
        delta, self._sent = content[self._sent - start :], self._seen
        told = self._up_to(PART_ADDED)
        number = number_at(Place(self._attempt, self._sent))
        fields = {**self._where, "delta": delta, "logprobs": []}
        return told + self._event("response.output_text.delta", number, fields)

    def _closing(self, text: str, status: Status, whole: dict[str, Any]) -> list[bytes]:
        number = number_at(Place(self._attempt, len(text)))
        item = message(self._generation, text, status)
        kinds: list[tuple[str, dict[str, Any]]] = [
            ("response.output_text.done", {**self._where, "text": text, "logprobs": []}),
            ("response.content_part.done", {**self._where, "part": part(text)}),
            ("response.output_item.done", {"output_index": 0, "item": item}),
            (ENDS.get(status, "response.incomplete"), whole),
        ]
        told: list[bytes] = []
        for step, (kind, fields) in enumerate(kinds, 1):
            told += self._event(kind, number + step, fields)
        return told

    def _up_to(self, last: int) -> list[bytes]:
        """The events that come once, as far as this one, without those that the client has."""
        told: list[bytes] = []
        for number in range(self._after + 1, min(last, PART_ADDED) + 1):
            kind, fields = self._once(number)
            told += self._event(kind, number, fields)
        return told

    def _once(self, number: int) -> tuple[str, dict[str, Any]]:
        match number:
            case numbering.CREATED:
                return "response.created", self._then("queued")
            case numbering.QUEUED:
                return "response.queued", self._then("queued")
            case numbering.IN_PROGRESS:
                return "response.in_progress", self._then("in_progress")
            case numbering.ITEM_ADDED:
                item = {**message(self._generation, "", "in_progress"), "status": "in_progress", "content": []}
                return "response.output_item.added", {"output_index": 0, "item": item}
        return "response.content_part.added", {**self._where, "part": part("")}

    def _then(self, status: Status) -> dict[str, Any]:
        return {"response": resource(self._generation, self._previous, status=status)}

    @property
    def _where(self) -> dict[str, Any]:
        return {"item_id": item_id(self._generation), "output_index": 0, "content_index": 0}

    def _event(self, kind: str, number: int, fields: dict[str, Any]) -> list[bytes]:
        if number <= self._after:
            return []
        self._after = number
        return [_encoded(kind, number, fields)]


def _encoded(kind: str, number: int, fields: dict[str, Any]) -> bytes:
    data = msgspec.json.encode({"type": kind, "sequence_number": number, **fields}).decode()
    return f"event: {kind}\ndata: {in_one_line(data)}\n\n".encode()
