"""One client's connection: its commands, its signs of life, its end. What it watches is in its subscriptions."""

from __future__ import annotations

import asyncio
import math
import random
from contextlib import ExitStack
from functools import partial
from typing import TYPE_CHECKING, Any

import msgspec

from genapp import metrics
from genapp.errors import GenappError
from genapp.models import new_id
from genapp.streams import Gone, action_cable
from genapp.web.cable import endings
from genapp.web.cable.allowance import Allowance
from genapp.web.cable.channels import GenerationChannel
from genapp.web.cable.client import Client
from genapp.web.errors import as_ours

if TYPE_CHECKING:
    from litestar.types import Receive

    from genapp.streams import Socket
    from genapp.streams.action_cable import Command
    from genapp.web.cable.client import Work
    from genapp.web.parts import Parts
    from genapp.web.visitors import Visitor

# Seconds between two signs of life. @rails/actioncable takes six without any message for a dead server.
BEAT = 3
MAX_SUBSCRIPTIONS = 100
# A client that comes back subscribes to all it had at once, and again every half second until that is confirmed.
COMMANDS_AT_ONCE = 1_000
COMMANDS_PER_SECOND = 50
# Characters. It is repeated in all that is said of a subscription.
LONGEST_IDENTIFIER = 1_000


class _Over(Exception):
    """The connection ends."""


class Connection:
    """Serves one client. `extended`: it speaks AnyCable's protocol."""

    def __init__(self, parts: Parts, visitor: Visitor, socket: Socket, *, address: str | None, extended: bool) -> None:
        self._client = Client(parts, visitor, address, socket, extended, self._start)
        self._socket = socket
        self._commands = EXTENDED_COMMANDS if extended else COMMANDS
        self._subscriptions: dict[str, GenerationChannel] = {}
        self._allowance = Allowance(COMMANDS_AT_ONCE, COMMANDS_PER_SECOND)
        self._tasks = asyncio.TaskGroup()
        self._loop = asyncio.get_running_loop()
        self._over: asyncio.Future[bytes | None] = self._loop.create_future()
        self._beat_timer: asyncio.TimerHandle | None = None

    async def serve(self, receive: Receive) -> None:
        """Do what the client says, until it goes or has to."""
        parts, visitor = self._client.parts, self._client.visitor
        revocations = parts.revocations
        # Jittered, as the lifetimes of SSE connections are.
        lifetime = parts.settings.cable_lifetime * random.uniform(0.9, 1.1)  # noqa: S311
        with ExitStack() as stack:
            stack.enter_context(metrics.connections.labels("websocket").one_more())
            stack.callback(self._loop.call_later(lifetime, self._end, endings.REMOTE).cancel)
            stack.enter_context(
                revocations.holding(visitor.keys, visitor.asked_at, lambda: self._end(endings.UNAUTHORIZED))
            )
            stack.enter_context(parts.hub.until_dismissed(lambda: self._end(endings.SERVER_RESTART)))
            try:
                async with self._tasks:
                    self._start(partial(self._listen, receive))
                    await self._over
                    raise _Over
            except* _Over:
                pass
        await self._socket.close(self._over.result())

    def _end(self, last_words: bytes | None) -> None:
        """End the connection, by a last message or, for a client that has gone, without."""
        if self._beat_timer is not None:
            self._beat_timer.cancel()
        if not self._over.done():
            self._over.set_result(last_words)

    def _start(self, work: Work) -> asyncio.Task[None]:
        """Have something done beside the rest, for as long as the connection is."""
        if self._over.done():
            raise Gone
        return self._tasks.create_task(self._guarded(work))

    async def _guarded(self, work: Work) -> None:
        try:
            await work()
        except Gone:
            self._end(None)
        except Exception as error:
            # The client comes back, and is shown what it has missed: then the part that is away may be there again.
            self._end(endings.ending(as_ours(error)))

    async def _listen(self, receive: Receive) -> None:
        await self._socket.write(action_cable.welcome(new_id().hex if self._client.extended else None))
        self._wait_for_beat()
        while not self._over.done():
            message: Any = await receive()
            if message["type"] == "websocket.disconnect":
                raise Gone
            await self._hear(message.get("text"))
            await asyncio.sleep(0)  # hundreds may be here already, and others wait

    def _beat(self) -> None:
        # Any message is a sign of life, and behind one that is on its way another would only wait.
        if not self._socket.busy:
            self._start(partial(self._socket.write, action_cable.ping()))
        self._wait_for_beat()

    def _wait_for_beat(self) -> None:
        # On tenths of a second, so that the loop wakes up ten times a second for thousands of connections.
        at = math.ceil((self._loop.time() + BEAT) * 10) / 10
        self._beat_timer = self._loop.call_at(at, self._beat)

    async def _hear(self, text: str | None) -> None:
        if not self._allowance.take():
            self._end(endings.TOO_MANY_COMMANDS)
            return
        try:
            command = action_cable.command(text or "")
            if len(command.identifier) > LONGEST_IDENTIFIER:
                raise action_cable.Malformed
            await self._obey(command)
        except action_cable.Malformed:
            self._end(endings.INVALID_REQUEST)

    async def _obey(self, command: Command) -> None:
        do = self._commands.get(command.command)
        if do is None:
            raise action_cable.Malformed
        await do(self, command)

    async def _subscribe(self, command: Command) -> None:
        if command.identifier in self._subscriptions:
            await self._confirm_again(command)
            return
        try:
            subscription = await self._opened(command)
        except _Refused:
            await self._answer(command, "reject_subscription")
            return
        self._subscriptions[command.identifier] = subscription
        await self._answer(command, "confirm_subscription")
        await subscription.begin()

    async def _confirm_again(self, command: Command) -> None:
        # Rails' client asks again for each further subscription of the same name, until it is told. AnyCable's does
        # when it has waited long, and takes a second answer for a mistake, upon which it unsubscribes.
        if not self._client.extended:
            await self._answer(command, "confirm_subscription")

    async def _opened(self, command: Command) -> GenerationChannel:
        if len(self._subscriptions) >= MAX_SUBSCRIPTIONS:
            raise _Refused
        history = command.history if self._client.extended else None
        try:
            return await GenerationChannel.open(self._client, command.identifier, history)
        except GenappError as error:
            if error.status >= 500:
                raise
            raise _Refused from None

    async def _unsubscribe(self, command: Command) -> None:
        subscription = self._subscriptions.pop(command.identifier, None)
        if subscription is not None:
            subscription.close()

    async def _perform(self, command: Command) -> None:
        subscription = self._subscriptions.get(command.identifier)
        if subscription is not None:
            await subscription.perform(command.data)

    async def _resume(self, command: Command) -> None:
        subscription = self._subscriptions.get(command.identifier)
        if subscription is not None:
            await subscription.resume(command.history)
        else:
            await self._answer(command, "reject_history")

    async def _refuse_presence(self, command: Command) -> None:
        told = {"identifier": command.identifier, "type": "presence", "message": {"type": "error"}}
        await self._socket.write(msgspec.json.encode(told))

    async def _ignore(self, command: Command) -> None:
        pass

    async def _answer(self, command: Command, kind: str) -> None:
        await self._socket.write(action_cable.about(command.identifier, kind))


COMMANDS = {
    "subscribe": Connection._subscribe,
    "unsubscribe": Connection._unsubscribe,
    "message": Connection._perform,
}
EXTENDED_COMMANDS = {
    **COMMANDS,
    "history": Connection._resume,
    "presence": Connection._refuse_presence,
    # What others are told (`whisper`, `join`, `leave`): here everybody watches alone.
    **dict.fromkeys(("pong", "whisper", "join", "leave"), Connection._ignore),
}


class _Refused(Exception):
    """A subscription cannot be had."""
