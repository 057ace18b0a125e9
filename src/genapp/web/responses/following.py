"""A response as server-sent events: what a client is told, and how it is written."""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING, Any, cast

import msgspec
from litestar import Response
from redis.exceptions import RedisError

from genapp import streams, views
from genapp.errors import TooMany
from genapp.web.connections import hand_over_of
from genapp.web.errors import as_ours
from genapp.web.holding import Holding
from genapp.web.openings import counted
from genapp.web.responses.telling import Message

if TYPE_CHECKING:
    from collections.abc import Callable

    from litestar.types import Receive, Scope, Send

    from genapp.models import Generation
    from genapp.web.parts import Parts
    from genapp.web.responses.telling import Telling
    from genapp.web.visitors import Visitor

logger = logging.getLogger(__name__)

# A comment: the SDK takes every event for JSON.
BEAT = b": hb\n\n"
decode_message = msgspec.json.Decoder(Message).decode


class Following:
    """What a line writes: the messages of a viewer as the events of a response.

    Without a viewer it tells what the row says and ends: the whole, or how a response begins.
    """

    def __init__(self, telling: Telling, generation: Generation, viewer: streams.Viewer | None) -> None:
        self._telling = telling
        self._generation = generation
        self._viewer = viewer
        self._parts = telling.begin()
        self._call: Callable[[], None] | None = None
        self._ending: asyncio.Task[None] | None = None

    @property
    def ended(self) -> bool:
        if self._parts or self._ending is not None:
            return False
        return self._telling.over or self._viewer is None or (self._viewer.ended and not self._viewer.finished)

    def listen(self, call: Callable[[], None] | None) -> None:
        """See `streams.Source`."""
        self._call = call
        if self._viewer is not None:
            self._viewer.listen(call)

    def due_parts(self) -> list[bytes]:
        """See `streams.Source`."""
        viewer = self._viewer
        if viewer is not None and not self._telling.over and self._ending is None:
            events = viewer.due_events()
            self._parts += self._telling.take(
                [decode_message(one) for event in events for one in event.encoded.messages]
            )
        last = self._generation.finished if viewer is None else viewer.finished
        if last and not self._telling.over and self._ending is None:
            # The row has to be asked; what has been told so far need not wait for it.
            self._ending = asyncio.create_task(self._end())
        parts, self._parts = self._parts, []
        return parts

    async def _end(self) -> None:
        try:
            self._parts += self._telling.end(await self._generation.reread())
        except Exception as error:  # it was deleted, or the database is away
            self._parts.append(self._telling.fail(as_ours(error)))
        self._ending = None
        if self._call is not None:
            self._call()


class Followed(Response[None]):
    """The answer that streams a response.

    `at_once`: the request has made it, and is answered well also where it cannot be followed. A client that is told of
    an error sends its request again, and would make another one.
    """

    def __init__(
        self, parts: Parts, visitor: Visitor, telling: Telling, generation: Generation, *, at_once: bool = False
    ) -> None:
        super().__init__(None)
        self._parts = parts
        self._visitor = visitor
        self._telling = telling
        self._generation = generation
        self._at_once = at_once

    def to_asgi_response(self, *_: Any, **__: Any) -> Any:
        """The answer as Litestar runs it."""
        return self._answer

    async def _answer(self, scope: Scope, receive: Receive, send: Send) -> None:
        self._hand_over, self._send = hand_over_of(scope), send
        ended = scope["state"]["exchange"].hand_over()
        if self._generation.finished:
            await self._serve(Holding(self._parts, "responses", (), ended), None)
            return
        try:
            await self._follow(Holding(self._parts, "responses", counted(self._visitor, None), ended))
        except (TooMany, streams.Unavailable, RedisError, OSError) as error:
            if not self._at_once:
                raise
            logger.warning("a response cannot be followed, its client has to come back: %s", error)
            await self._serve(Holding(self._parts, "responses", (), ended), None)

    async def _follow(self, held: Holding) -> None:
        name, visitor = views.stream_name(self._generation.id), self._visitor
        try:
            viewer = await held.seat([(name, None)], "json", visitor.keys, visitor.asked_at)
        except BaseException:
            held.close()
            raise
        await self._serve(held, viewer)

    async def _serve(self, held: Holding, viewer: streams.Viewer | None) -> None:
        try:
            await self._parts.lines.serve(
                cast("Any", self._send),
                self._hand_over,
                Following(self._telling, self._generation, viewer),
                beat=BEAT,
                framed=True,
                on_end=held.close,
            )
        except BaseException:
            held.close()
            raise
