"""A response as server-sent events: what a client is told, and how it is written."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any, cast

import msgspec
from litestar import Response
from redis.exceptions import RedisError

from genapp import metrics, streams, views
from genapp.errors import TooMany
from genapp.web.errors import as_ours
from genapp.web.openings import counted
from genapp.web.responses.telling import Message
from genapp.web.subscriptions import restore_finished

if TYPE_CHECKING:
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
    """What `streams.serve` writes: the messages of a viewer as the events of a response.

    Without a viewer it tells what the row says and ends: the whole, or how a response begins.
    """

    def __init__(self, telling: Telling, generation: Generation, viewer: streams.Viewer | None) -> None:
        self._telling = telling
        self._generation = generation
        self._viewer = viewer
        # Written by and by: whoever waits for more may be cancelled, and what was taken must not be lost.
        self._parts = telling.begin()
        self._last = generation.finished
        self._over = False

    @property
    def ended(self) -> bool:
        if self._over or self._telling.over:
            return not self._parts
        dismissed = self._viewer is not None and self._viewer.ended and not self._viewer.finished
        return dismissed and not self._parts

    async def next_parts(self) -> list[bytes]:
        """Wait until there is something to tell."""
        if not self._parts and not self._last and self._viewer is not None:
            events = await self._viewer.next_events()
            self._parts += self._telling.take(
                [decode_message(one) for event in events for one in event.encoded.messages]
            )
            self._last = self._viewer.finished
        if self._last and not self._telling.over:
            self._parts += await self._end()
        self._over = self._viewer is None
        parts, self._parts = self._parts, []
        return parts

    async def _end(self) -> list[bytes]:
        try:
            return self._telling.end(await self._generation.reread())
        except Exception as error:  # it was deleted, or the database is away
            return [self._telling.fail(as_ours(error))]


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
        with metrics.connections.labels("responses").one_more():
            if self._generation.finished:
                await self._serve(receive, send, None)
                return
            try:
                with self._parts.openings.one_more(counted(self._visitor, None)):
                    await self._follow(receive, send)
            except (TooMany, streams.Unavailable, RedisError, OSError) as error:
                if not self._at_once:
                    raise
                logger.warning("a response cannot be followed, its client has to come back: %s", error)
                await self._serve(receive, send, None)

    async def _follow(self, receive: Receive, send: Send) -> None:
        name = views.stream_name(self._generation.id)
        await restore_finished(self._parts, [name])
        async with self._parts.hub.join([(name, None)], "json") as viewer:
            self._at_once = False  # from here on the answer has begun
            with self._parts.revocations.holding(self._visitor.keys, self._visitor.asked_at, viewer.dismiss):
                await self._serve(receive, send, viewer)

    async def _serve(self, receive: Receive, send: Send, viewer: streams.Viewer | None) -> None:
        settings = self._parts.settings
        await streams.serve(
            cast("Any", send),
            cast("Any", receive),
            Following(self._telling, self._generation, viewer),
            beat=BEAT,
            heartbeat=settings.sse_heartbeat,
            lifetime=settings.sse_lifetime,
        )
