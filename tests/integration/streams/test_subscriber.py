from __future__ import annotations

import asyncio
import logging
import ssl
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import pytest
import trustme

from genapp.streams.subscriber import Subscriber

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator

    from redis.asyncio import Redis

    from tests.integration.streams.seams import Proxy


class Inbox:
    """Collects what a subscriber is told, and lets a test wait for it."""

    def __init__(self) -> None:
        self.messages: asyncio.Queue[tuple[bytes, bytes]] = asyncio.Queue()
        self.resubscribed: asyncio.Queue[bytes] = asyncio.Queue()

    def subscriber(self, url: str, ssl_context: ssl.SSLContext | None = None) -> Subscriber:
        return Subscriber(
            url,
            on_message=lambda channel, payload: self.messages.put_nowait((channel, payload)),
            on_resubscribed=self.resubscribed.put_nowait,
            ssl_context=ssl_context,
        )

    async def next(self) -> tuple[bytes, bytes]:
        return await asyncio.wait_for(self.messages.get(), 5)


class Said(logging.Handler):
    """Lets a test wait for what is said in the log."""

    def __init__(self) -> None:
        super().__init__()
        self.lines: asyncio.Queue[str] = asyncio.Queue()

    def emit(self, record: logging.LogRecord) -> None:
        self.lines.put_nowait(record.getMessage())

    async def wait(self, words: str) -> None:
        async with asyncio.timeout(5):
            while words not in await self.lines.get():
                pass


@pytest.fixture
def said() -> Iterator[Said]:
    handler = Said()
    logger = logging.getLogger("genapp.streams")
    logger.addHandler(handler)
    yield handler
    logger.removeHandler(handler)


@pytest.fixture
def inbox() -> Inbox:
    return Inbox()


@pytest.fixture
async def subscriber(inbox: Inbox, proxied_url: str, proxy: Proxy) -> AsyncIterator[Subscriber]:
    subscriber = inbox.subscriber(proxied_url)
    subscriber.start()
    yield subscriber
    await subscriber.close()


async def test_what_is_published_after_the_acknowledgement_arrives(
    subscriber: Subscriber, inbox: Inbox, redis: Redis
) -> None:
    await subscriber.subscribe(b"c1")
    await subscriber.subscribe(b"c2")
    await redis.publish("c2", b"two")
    await redis.publish("c1", b"\x00\r\n\xff")
    assert [await inbox.next(), await inbox.next()] == [(b"c2", b"two"), (b"c1", b"\x00\r\n\xff")]


async def test_a_message_of_megabytes_arrives_whole(subscriber: Subscriber, inbox: Inbox, redis: Redis) -> None:
    await subscriber.subscribe(b"c")
    await redis.publish("c", b"x" * 3_000_000)
    assert len((await inbox.next())[1]) == 3_000_000


async def test_a_ping_answers_with_and_without_subscriptions(subscriber: Subscriber, inbox: Inbox) -> None:
    await subscriber.subscribe(b"c")
    await subscriber.ping()
    subscriber.unsubscribe(b"c")
    await subscriber.ping()
    await subscriber.ping()


async def test_after_a_ping_everything_published_before_has_arrived(
    subscriber: Subscriber, inbox: Inbox, redis: Redis
) -> None:
    await subscriber.subscribe(b"c")
    for _ in range(100):
        await redis.publish("c", b"x")
    await subscriber.ping()
    assert inbox.messages.qsize() == 100


async def test_a_half_open_connection_is_noticed_and_replaced(
    subscriber: Subscriber, inbox: Inbox, proxy: Proxy, redis: Redis
) -> None:
    await subscriber.subscribe(b"c")
    proxy.hold()
    with pytest.raises(ConnectionError, match="dead"):
        await subscriber.ping(patience=0.05)
    proxy.lose()
    proxy.release()
    assert await asyncio.wait_for(inbox.resubscribed.get(), 5) == b"c"
    await redis.publish("c", b"again")
    assert await inbox.next() == (b"c", b"again")


async def test_a_channel_is_heard_only_while_its_acknowledgement_is_that_of_this_connection(
    redis_url: str, redis: Redis
) -> None:
    again: asyncio.Queue[tuple[bytes, bool, bool]] = asyncio.Queue()

    def resubscribed(channel: bytes) -> None:
        again.put_nowait((channel, subscriber.hears(b"a"), subscriber.hears(b"b")))

    subscriber = Subscriber(redis_url, on_message=lambda _c, _p: None, on_resubscribed=resubscribed, name="hears")
    subscriber.start()
    assert not subscriber.hears(b"a")
    await subscriber.subscribe(b"a")
    assert subscriber.hears(b"a")
    assert not subscriber.hears(b"b")
    await subscriber.subscribe(b"b")
    (client,) = [one["id"] for one in await redis.client_list() if one["name"] == "hears"]
    await redis.client_kill_filter(_id=client)
    async with asyncio.timeout(5):
        told = [await again.get(), await again.get()]
    assert told == [(b"a", True, False), (b"b", True, True)]  # Redis acknowledges them one by one
    subscriber.unsubscribe(b"a")
    assert not subscriber.hears(b"a")
    await subscriber.close()
    assert not subscriber.hears(b"b")


async def test_subscribing_waits_until_redis_is_there(
    subscriber: Subscriber, inbox: Inbox, proxy: Proxy, redis: Redis, said: Said
) -> None:
    proxy.accepting = False
    waiting = asyncio.create_task(subscriber.subscribe(b"c"))
    with pytest.raises(ConnectionError):
        await subscriber.ping()
    await said.wait("cannot connect")
    assert not waiting.done()
    proxy.accepting = True
    await asyncio.wait_for(waiting, 5)
    await redis.publish("c", b"x")
    assert await inbox.next() == (b"c", b"x")
    assert inbox.resubscribed.empty()


async def test_an_old_acknowledgement_is_not_taken_for_a_new_one(
    subscriber: Subscriber, inbox: Inbox, proxy: Proxy, redis: Redis
) -> None:
    await subscriber.subscribe(b"warm")
    proxy.hold()
    first = asyncio.create_task(subscriber.subscribe(b"c"))
    await proxy.holds(b"subscribe")
    first.cancel()
    await asyncio.gather(first, return_exceptions=True)
    ping = asyncio.create_task(subscriber.ping())
    await proxy.holds(b"pong")
    proxy.hold_commands()
    subscriber.unsubscribe(b"c")
    second = asyncio.create_task(subscriber.subscribe(b"c"))
    await proxy.asked(b"UNSUBSCRIBE")
    proxy.release()
    await ping  # the acknowledgement of the first SUBSCRIBE came before, and Redis has not had the second
    assert not second.done()
    proxy.release_commands()
    await asyncio.wait_for(second, 5)
    await redis.publish("c", b"x")
    assert await inbox.next() == (b"c", b"x")


async def test_a_wrong_password_is_said_in_the_log(inbox: Inbox, redis_url: str, said: Said) -> None:
    parts = urlsplit(redis_url)
    if parts.password is None:
        pytest.skip("this Redis has no password")
    subscriber = inbox.subscriber(redis_url.replace(parts.password, "wrong"))
    subscriber.start()
    await said.wait("WRONGPASS")
    assert not subscriber.connected
    await subscriber.close()


async def test_a_self_signed_certificate_works_with_a_context_and_only_then(
    inbox: Inbox, redis_url: str, redis: Redis, tls: ssl.SSLContext, said: Said
) -> None:
    server = await serve_tls(redis_url, tls)
    parts = urlsplit(redis_url)
    login = f"{parts.netloc.rpartition('@')[0]}@" if parts.password else ""
    url = f"rediss://{login}127.0.0.1:{server.sockets[0].getsockname()[1]}/0"
    trusting = ssl.create_default_context()
    trusting.check_hostname, trusting.verify_mode = False, ssl.CERT_NONE
    subscriber = inbox.subscriber(url, trusting)
    subscriber.start()
    await asyncio.wait_for(subscriber.subscribe(b"c"), 5)
    await redis.publish("c", b"secret")
    assert await inbox.next() == (b"c", b"secret")
    await subscriber.close()

    distrustful = inbox.subscriber(url)
    distrustful.start()
    await said.wait("CERTIFICATE_VERIFY_FAILED")
    assert not distrustful.connected
    await distrustful.close()
    server.close()
    await server.wait_closed()


@pytest.fixture
def tls() -> ssl.SSLContext:
    """A server's side of TLS, with a certificate of an authority that nobody knows."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    trustme.CA().issue_cert("redis").configure_cert(context)
    return context


async def serve_tls(redis_url: str, context: ssl.SSLContext) -> asyncio.Server:
    """Redis behind TLS, as hosters offer it."""
    parts = urlsplit(redis_url)

    async def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        redis_reader, redis_writer = await asyncio.open_connection(parts.hostname, parts.port)
        await asyncio.wait(
            [asyncio.create_task(pump(reader, redis_writer)), asyncio.create_task(pump(redis_reader, writer))],
        )

    return await asyncio.start_server(accept, "127.0.0.1", 0, ssl=context)


async def pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    try:
        while data := await reader.read(65536):
            writer.write(data)
    except OSError:
        pass
    finally:
        writer.transport.abort()
