"""One Redis connection for the messages of all channels of this process. It comes back when it is lost.

Written on a bare `hiredis.Reader`: redis-py's pub/sub costs 20 µs a message, this 1 µs, and a socket
timeout makes redis-py's die in silence. There is none here; `ping` finds a half-open connection instead.
"""

from __future__ import annotations

import asyncio
import logging
import random
import socket
import ssl
from collections import deque
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, cast

import hiredis
from redis.asyncio.connection import SSLConnection, parse_url

if TYPE_CHECKING:
    from collections.abc import Callable

_log = logging.getLogger(__name__)

_CONNECT_SECONDS = 5.0
_LONGEST_PAUSE_SECONDS = 5.0
_CHANNELS_A_COMMAND = 1000


@dataclass(slots=True)
class _Channel:
    in_flight: int = 0  # SUBSCRIBEs sent on this connection whose acknowledgement has not come
    subscribed: bool = False  # acknowledged at least once, on whichever connection
    waiters: list[asyncio.Future[None]] = field(default_factory=list)

    def wanted(self) -> bool:
        return self.subscribed or any(not waiter.done() for waiter in self.waiters)


class Subscriber:
    """Subscribes to channels of the Redis at `url` (`redis://`, `rediss://` or `unix://`).

    `on_message(channel, payload)` is called for every message; `on_resubscribed(channel)` for every
    channel once it is subscribed again after the connection was lost: messages may be missing. Both are
    called from the event loop and must not raise. `ssl_context` is for `rediss://` with a certificate the
    system does not know.
    """

    def __init__(
        self,
        url: str,
        *,
        on_message: Callable[[bytes, bytes], None],
        on_resubscribed: Callable[[bytes], None],
        ssl_context: ssl.SSLContext | None = None,
        name: str = "streams-hub",
    ) -> None:
        self._address: dict[str, Any] = dict(parse_url(url))
        self._ssl = ssl_context
        if self._ssl is None and self._address.get("connection_class") is SSLConnection:
            self._ssl = ssl.create_default_context()
        self._name = name
        self._on_message = on_message
        self._on_resubscribed = on_resubscribed
        self._channels: dict[bytes, _Channel] = {}
        self._connection: _Connection | None = None
        self._task: asyncio.Task[None] | None = None

    @property
    def connected(self) -> bool:
        return self._connection is not None

    def start(self) -> None:
        """Begins to connect, and to reconnect for as long as it takes."""
        self._task = asyncio.create_task(self._supervise(), name="streams-subscriber")

    async def close(self) -> None:
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    async def subscribe(self, channel: bytes) -> None:
        """Returns once Redis has acknowledged: whatever is published from then on arrives.

        Waits for a connection, however long. Whoever gives up waiting must `unsubscribe`.
        """
        entry = self._channels.setdefault(channel, _Channel())
        waiter = asyncio.get_running_loop().create_future()
        entry.waiters.append(waiter)
        if self._connection is not None:
            self._send_subscribe([channel])
        await waiter

    def unsubscribe(self, channel: bytes) -> None:
        entry = self._channels.get(channel)
        if entry is None:
            return
        # Acknowledgements come in the order of the commands. Where one is on its way the entry stays to
        # count it, so that somebody who subscribes again does not take the old one for his own.
        entry.subscribed = False
        if entry.in_flight == 0:
            del self._channels[channel]
        if self._connection is not None:
            self._connection.send(b"UNSUBSCRIBE", channel)

    def hears(self, channel: bytes) -> bool:
        """Whether what is published on it now arrives: it is subscribed, on the connection there is."""
        entry = self._channels.get(channel)
        return self.connected and entry is not None and entry.subscribed and entry.in_flight == 0

    async def ping(self, patience: float = 5.0) -> None:
        """Returns once everything published before the call has been handed to `on_message`.

        Raises `ConnectionError` where there is no connection, or none any more after `patience` seconds
        of silence.
        """
        connection = self._connection
        if connection is None:
            raise ConnectionError("the subscriber is not connected to Redis")
        try:
            async with asyncio.timeout(patience):
                await connection.ask(b"PING")
        except TimeoutError:
            connection.abort()
            raise ConnectionError("Redis has not answered the subscriber: the connection is dead") from None

    async def _supervise(self) -> None:
        pause = 0.0
        while True:
            try:
                async with asyncio.timeout(_CONNECT_SECONDS):
                    connection = await self._connect()
            except (OSError, hiredis.HiredisError) as error:
                _log.warning("the subscriber cannot connect to Redis: %s", error)
                pause = _longer(pause)
            else:
                began = asyncio.get_running_loop().time()
                await self._live(connection)
                # A connection that is refused right after it was made must not be tried without pause.
                lived = asyncio.get_running_loop().time() - began
                pause = _longer(0.0 if lived > _LONGEST_PAUSE_SECONDS else pause)
            await asyncio.sleep(pause * random.uniform(0.5, 1.0))  # noqa: S311 - spreads load, guards nothing

    async def _connect(self) -> _Connection:
        loop = asyncio.get_running_loop()
        address = self._address
        connection = _Connection(self._received)
        if path := address.get("path"):
            await loop.create_unix_connection(lambda: connection, path)
        else:
            host, port = address.get("host", "localhost"), address.get("port", 6379)
            await loop.create_connection(lambda: connection, host, port, ssl=self._ssl)
        try:
            if password := address.get("password"):
                await connection.ask(b"AUTH", *[part for part in (address.get("username"), password) if part])
            await connection.ask(b"CLIENT", b"SETNAME", self._name)
        except BaseException:
            connection.abort()
            raise
        return connection

    async def _live(self, connection: _Connection) -> None:
        self._connection = connection
        try:
            for entry in self._channels.values():
                entry.in_flight = 0
            wanted = [name for name, entry in self._channels.items() if entry.wanted()]
            self._channels = {name: self._channels[name] for name in wanted}
            self._send_subscribe(wanted)
            await connection.lost.wait()
            _log.warning("the subscriber has lost its connection to Redis and reconnects")
        finally:
            self._connection = None
            connection.abort()
            await connection.lost.wait()

    def _send_subscribe(self, channels: list[bytes]) -> None:
        if self._connection is None:
            return
        for channel in channels:
            self._channels[channel].in_flight += 1
        for start in range(0, len(channels), _CHANNELS_A_COMMAND):
            self._connection.send(b"SUBSCRIBE", *channels[start : start + _CHANNELS_A_COMMAND])

    def _received(self, kind: bytes, channel: bytes, payload: bytes) -> None:
        if kind == b"message":
            self._on_message(channel, payload)
        elif kind == b"subscribe":
            self._acknowledged(channel)

    def _acknowledged(self, channel: bytes) -> None:
        entry = self._channels.get(channel)
        if entry is None:
            return
        entry.in_flight -= 1
        if entry.in_flight > 0:
            return
        if not entry.wanted():
            del self._channels[channel]
            return
        waiters, entry.waiters = entry.waiters, []
        resubscribed, entry.subscribed = entry.subscribed, True
        for waiter in waiters:
            if not waiter.done():
                waiter.set_result(None)
        if resubscribed:
            self._on_resubscribed(channel)


def _longer(pause: float) -> float:
    return min(max(0.05, pause * 2), _LONGEST_PAUSE_SECONDS)


class _Connection(asyncio.Protocol):
    """Speaks RESP2: commands out, pub/sub messages and the answers to `ask` in."""

    def __init__(self, received: Callable[[bytes, bytes, bytes], None]) -> None:
        self._received = received
        self._reader = hiredis.Reader()
        self._asked: deque[asyncio.Future[Any]] = deque()
        self._transport: asyncio.Transport | None = None
        self.lost = asyncio.Event()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        # Not asserted: uvloop's transports are not subclasses of asyncio's.
        self._transport = cast("asyncio.Transport", transport)
        sock = transport.get_extra_info("socket")
        if sock is not None and sock.family != socket.AF_UNIX:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)

    def connection_lost(self, exc: Exception | None) -> None:
        self.lost.set()
        for future in self._asked:
            if not future.done():
                future.set_exception(ConnectionError("the connection to Redis was lost"))
        self._asked.clear()

    def data_received(self, data: bytes) -> None:
        try:
            self._reader.feed(data)
            while (reply := self._reader.gets()) is not False:
                self._dispatch(reply)
        except hiredis.ProtocolError:
            _log.exception("the subscriber was sent something that is not Redis")
            self.abort()

    def _dispatch(self, reply: Any) -> None:
        if isinstance(reply, list) and len(reply) == 3:
            self._received(*reply)
        elif self._asked:
            self._answer(reply)
        else:
            # An error nobody asked for answers a SUBSCRIBE (an ACL, say): without it the connection is of
            # no use.
            _log.error("Redis refuses the subscriber: %s", reply)
            self.abort()

    def _answer(self, reply: Any) -> None:
        future = self._asked.popleft()
        if future.done():
            return
        if isinstance(reply, hiredis.ReplyError):
            future.set_exception(reply)
        else:
            future.set_result(reply)

    async def ask(self, *command: str | bytes) -> Any:
        """Sends a command that has one reply, and gives it. Raises `ReplyError` and `ConnectionError`."""
        if self.lost.is_set():
            raise ConnectionError("the connection to Redis was lost")
        future = asyncio.get_running_loop().create_future()
        self._asked.append(future)
        self.send(*command)
        return await future

    def send(self, *command: str | bytes) -> None:
        if self._transport is not None and not self._transport.is_closing():
            # hiredis' stub says a tuple of one, and means of any length.
            self._transport.write(hiredis.pack_command(command))  # type: ignore[arg-type]

    def abort(self) -> None:
        if self._transport is not None:
            self._transport.abort()
