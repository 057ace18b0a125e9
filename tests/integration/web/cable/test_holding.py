"""What the server holds for its clients, however they behave: little while they are there, nothing afterwards."""

from __future__ import annotations

import asyncio
import gc
import socket
from contextlib import AsyncExitStack, suppress
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import pytest
from websockets.exceptions import ConnectionClosed

from genapp import views
from genapp.streams import notice, text
from genapp.web.cable.connection import Connection
from tests.cable import EXTENDED, PLAIN, Cable, connected, identifier
from tests.integration.web.cable.inside import Inside, served
from tests.running import eventually

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

# Bytes that may wait to be sent to a client that does not read: what the socket takes at once, and the next piece.
WAITING = 4 * 65_536


@pytest.fixture
async def inside(database: None, database_url: str, redis_url: str) -> AsyncIterator[Inside]:
    async with served(database_url, redis_url) as inside:
        yield inside


async def opened(stack: AsyncExitStack, inside: Inside, subprotocol: str = PLAIN, **options: Any) -> Cable:
    cable = await stack.enter_async_context(connected(inside.url, subprotocols=[subprotocol], **options))
    assert (await cable.hear())["type"] == "welcome"
    return cable


async def nothing_is_left(inside: Inside, before: tuple[int, int, int]) -> None:
    async def left() -> bool:
        gc.collect()
        return inside.holds() == before and not [one for one in gc.get_objects() if type(one) is Connection]

    await eventually(left)


async def test_of_ten_thousand_subscriptions_a_hundred_are_taken_and_then_the_client_is_shown_out(
    inside: Inside,
) -> None:
    generation, before = await inside.generation(), inside.holds()
    async with AsyncExitStack() as stack:
        cable = await opened(stack, inside)

        async def flood() -> None:
            with suppress(ConnectionClosed):
                for number in range(10_000):
                    await cable.say("subscribe", identifier(str(generation.id), number=number))

        flooding = asyncio.create_task(flood())
        kinds = []
        while kinds[-1:] != ["disconnect"]:
            message = await cable.hear()
            kinds.append(message.get("type", "message"))
        assert (message["reason"], message["reconnect"]) == ("too_many_commands", False)
        assert kinds.count("confirm_subscription") == 100
        assert kinds.count("reject_subscription") >= 900
        await flooding
    await nothing_is_left(inside, before)


async def test_clients_that_come_and_go_in_every_way_leave_nothing(inside: Inside) -> None:
    generation = await inside.generation()
    log, stream = inside.parts.log, views.stream_name(generation.id)
    await log.publish(stream, [text("a")], reset=True)
    before = inside.holds()
    for round_ in range(20):
        async with AsyncExitStack() as stack:
            cables = [await opened(stack, inside, (PLAIN, EXTENDED)[number % 2]) for number in range(5)]
            for cable in cables:
                for number in range(20):
                    await cable.say("subscribe", identifier(str(generation.id), number=number))
            for number in range(10):
                await cables[0].say("unsubscribe", identifier(str(generation.id), number=number))
            await cables[1].send("no command")
            cables[2].socket.transport.abort()
            if round_ % 2:
                await cables[3].hear()
            await log.publish(stream, [text("b")])
    await nothing_is_left(inside, before)


async def test_who_watches_what_has_ended_watches_nothing_any_more(inside: Inside) -> None:
    generation, before = await inside.generation(), inside.holds()
    async with AsyncExitStack() as stack:
        cable = await opened(stack, inside)
        idle = inside.holds()
        await cable.subscribe(identifier(str(generation.id)))
        await eventually(lambda: watched(inside))
        done = [notice({"type": "complete", "content": "all"})]
        await inside.parts.log.publish(views.stream_name(generation.id), done, reset=True, close=True)
        assert (await cable.told())["content"] == "all"

        async def alone() -> bool:
            return inside.holds() == idle

        await eventually(alone)
        assert (await cable.subscribe(identifier(str(generation.id), again=True)))["type"] == "confirm_subscription"
    await nothing_is_left(inside, before)


@pytest.mark.parametrize(
    ("params", "words"), [({}, 60_000), ({"accumulated": True}, 2_000)], ids=["pieces", "accumulated"]
)
async def test_a_client_that_does_not_read_is_waited_for_with_little_and_gets_the_whole(
    inside: Inside, params: dict[str, Any], words: int
) -> None:
    generation, before = await inside.generation(), inside.holds()
    log, stream = inside.parts.log, views.stream_name(generation.id)
    piece = "wörter € 😀 " * words
    async with AsyncExitStack() as stack:
        slow = [await opened(stack, inside, max_queue=1, sock=narrow(inside)) for _ in range(5)]
        for cable in slow:
            await cable.subscribe(identifier(str(generation.id), **params))
        for number in range(10):
            await log.publish(stream, [text(f"{number} {piece}")], reset=number == 0)
        expected = "".join(f"{number} {piece}" for number in range(10))
        await eventually(lambda: stuck(inside, len(slow)))
        assert max(waiting(inside)) < WAITING
        done = [notice({"type": "complete", "content": "the end"})]
        await log.publish(stream, done, close=True)
        for cable in slow:
            got = ""
            for message in await cable.until("complete"):
                got = message.get("accumulated") or got + message["content"] if message["type"] != "complete" else got
            assert got == expected
    await nothing_is_left(inside, before)


def narrow(inside: Inside) -> socket.socket:
    """A connection to the server that takes little ahead."""
    one = socket.socket()
    one.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 16_384)
    one.connect(("127.0.0.1", urlsplit(inside.url).port))
    return one


async def watched(inside: Inside) -> bool:
    """Whether one viewer watches one stream."""
    return inside.holds()[1:] == (1, 1)


def waiting(inside: Inside) -> list[int]:
    """Bytes that wait to be sent, for each connection."""
    return [one.transport.get_write_buffer_size() for one in inside.server.server_state.connections]  # type: ignore[union-attr]


async def stuck(inside: Inside, number: int) -> bool:
    """Whether so many connections wait for their clients."""
    return sum(size > 0 for size in waiting(inside)) == number


async def test_a_client_that_never_reads_again_can_be_shown_out(inside: Inside) -> None:
    generation = await inside.generation()

    async def alone() -> bool:
        return not inside.server.server_state.connections

    async with AsyncExitStack() as stack:
        cable = await opened(stack, inside, max_queue=1)
        await cable.subscribe(identifier(str(generation.id)))
        for number in range(40):
            piece = [text("x" * 500_000)]
            await inside.parts.log.publish(views.stream_name(generation.id), piece, reset=number == 0)
        await eventually(lambda: stuck(inside, 1))
        inside.parts.hub.dismiss()
        await eventually(alone)


async def test_when_the_server_stops_also_those_who_watch_nothing_are_told_to_come_back(inside: Inside) -> None:
    generation = await inside.generation()
    async with AsyncExitStack() as stack:
        busy, idle = await opened(stack, inside), await opened(stack, inside, EXTENDED)
        await busy.subscribe(identifier(str(generation.id)))
        inside.parts.hub.dismiss()
        for cable in (busy, idle):
            assert await cable.ending() == ("server_restart", True, 1000)


async def test_a_connection_that_has_lived_long_enough_is_to_come_back(
    database: None, database_url: str, redis_url: str
) -> None:
    async with served(database_url, redis_url, GENAPP_CABLE_LIFETIME=1) as inside, AsyncExitStack() as stack:
        assert await (await opened(stack, inside)).ending() == ("remote", True, 1000)


async def test_a_message_that_no_prompt_could_fill_is_not_read(inside: Inside) -> None:
    async with AsyncExitStack() as stack:
        cable = await opened(stack, inside)
        await cable.send('{"command": "' + "x" * 600_000)
        assert (await cable.ending())[2] == 1009
