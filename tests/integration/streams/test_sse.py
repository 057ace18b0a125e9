"""What a browser gets: over a real server where that matters, else straight from `serve`."""

from __future__ import annotations

import asyncio
import time
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

import aiohttp
import pytest
import uvicorn

from genapp.streams import Cursor, Hub, append, replace, serve

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

    from tests.integration.streams.screens import Message, Screen
    from tests.integration.streams.seams import SeamedLog


HEARTBEAT = b"event: hb\ndata: \n\n"


class Client:
    """The server's end of a request, in the hands of the test."""

    def __init__(self) -> None:
        self.sent: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
        self.may_send = asyncio.Event()
        self.may_send.set()
        self.gone = asyncio.Event()
        self.takes = -1  # messages, then it stops reading; endless below 0

    async def send(self, message: Any) -> None:
        if self.takes == self.sent.qsize():
            self.may_send.clear()
        await self.may_send.wait()
        self.sent.put_nowait(message)

    async def receive(self) -> Any:
        await self.gone.wait()
        return {"type": "http.disconnect"}

    async def next(self) -> dict[str, Any]:
        return await asyncio.wait_for(self.sent.get(), 5)

    async def rest(self) -> bytes:
        """Everything up to the end of the response."""
        body = b""
        while True:
            message = await self.next()
            body += message.get("body", b"")
            if message["type"] == "http.response.body" and not message["more_body"]:
                return body


@pytest.fixture
def client() -> Client:
    return Client()


@asynccontextmanager
async def serving(hub: Hub, client: Client, **options: Any) -> AsyncIterator[asyncio.Task[None]]:
    """Serves the stream `s`; whatever task is left behind at the end fails the test."""
    before = asyncio.all_tasks()
    async with hub.join([("s", None)], "htmx") as viewer:
        task = asyncio.create_task(serve(client.send, client.receive, viewer, **options))
        yield task
        client.gone.set()
        client.may_send.set()
        await asyncio.wait_for(task, 5)
    left = asyncio.all_tasks() - before
    assert [task for task in left if task.get_name() != "streams-scripts"] == []  # the log keeps its connection


async def test_an_answer_begins_at_once_with_a_sign_of_life(hub: Hub, client: Client) -> None:
    async with serving(hub, client):
        start, first = await client.next(), await client.next()
    assert start["status"] == 200
    assert dict(start["headers"]) == {
        b"content-type": b"text/event-stream; charset=utf-8",
        b"cache-control": b"no-store",
        b"x-accel-buffering": b"no",
    }
    assert first == {"type": "http.response.body", "body": HEARTBEAT, "more_body": True}


async def test_a_stream_is_served_to_its_end(log: SeamedLog, hub: Hub, client: Client, screen: Screen) -> None:
    async with serving(hub, client) as task:
        await log.publish("s", [append("log", "<i>1;</i>")])
        await log.publish("s", [append("log", "<i>2;</i>")], close=True)
        screen.read(await client.rest())
        await asyncio.wait_for(task, 5)
    assert screen.text() == "1;2;"
    assert screen.done


async def test_a_silent_stream_sends_heartbeats(
    hub: Hub, client: Client, read_messages: Callable[[bytes], list[Message]]
) -> None:
    async with serving(hub, client, heartbeat=0.01):
        await client.next()
        beats = [await client.next() for _ in range(3)]
    assert [read_messages(beat["body"])[0].event for beat in beats] == ["hb"] * 3


async def test_a_connection_ends_cleanly_when_its_time_is_up(log: SeamedLog, hub: Hub, client: Client) -> None:
    async with serving(hub, client, heartbeat=60, lifetime=0.02) as task:
        assert await client.rest() == HEARTBEAT
        await asyncio.wait_for(task, 5)


@pytest.mark.parametrize("taken", [0, 1, 2], ids=["nothing", "the-start", "a-heartbeat"])
async def test_a_client_who_stops_reading_is_given_up_when_its_time_is_up(hub: Hub, client: Client, taken: int) -> None:
    client.takes = taken
    async with serving(hub, client, heartbeat=0.01, lifetime=0.1) as task:
        await asyncio.wait_for(task, 5)
    assert client.sent.qsize() == taken


async def test_a_client_who_goes_is_let_go_at_once(hub: Hub, client: Client) -> None:
    async with serving(hub, client) as task:
        await client.next()
        client.gone.set()
        await asyncio.wait_for(task, 5)


async def test_a_client_who_goes_without_reading_is_let_go_at_once(log: SeamedLog, hub: Hub, client: Client) -> None:
    async with serving(hub, client) as task:
        await client.next()
        await client.next()
        client.may_send.clear()
        await log.publish("s", [append("log", "<i/>")])
        client.gone.set()
        await asyncio.wait_for(task, 5)


async def test_a_client_who_reads_slowly_is_spared_what_is_superseded(
    log: SeamedLog, hub: Hub, client: Client, screen: Screen
) -> None:
    async with serving(hub, client):
        await client.next()
        await client.next()
        client.may_send.clear()
        filler = "x" * 10_000
        for number in range(200):
            await log.publish("s", [replace("tail", f'<d id="tail">{number}{filler}</d>')], close=number == 199)
        client.may_send.set()
        body = await client.rest()
    screen.read(body)
    assert screen.text().startswith("199")
    assert len(body) < 20 * len(filler), "of the 200 that were published"


async def test_a_long_frame_is_handed_over_as_it_is_read_and_arrives_whole(
    log: SeamedLog, hub: Hub, client: Client
) -> None:
    text = "é long " * 150_000
    await log.publish("s", [replace("log", text)], close=True)
    async with serving(hub, client):
        piece = (await client.next(), await client.next(), await client.next())[2]["body"]
        assert len(piece) < 200_000
        assert text in (piece + await client.rest()).decode()


async def test_a_dismissed_viewer_gets_a_proper_end(hub: Hub, client: Client) -> None:
    async with serving(hub, client) as task:
        hub.dismiss()
        assert await client.rest() == HEARTBEAT
        await asyncio.wait_for(task, 5)


@pytest.fixture
async def address(hub: Hub) -> AsyncIterator[tuple[str, int]]:
    """A uvicorn that serves the stream `s`, from the Last-Event-ID on."""

    async def app(scope: Any, receive: Any, send: Any) -> None:
        last_event_id = dict(scope["headers"]).get(b"last-event-id", b"").decode()
        async with hub.join([("s", Cursor.parse(last_event_id))], "htmx") as viewer:
            await serve(send, receive, viewer)

    config = uvicorn.Config(app, port=0, lifespan="off", log_level="critical", loop="none", ws="none")
    server = uvicorn.Server(config)
    config.load()
    server.lifespan = config.lifespan_class(config)
    await server.startup()
    listening = server.servers[0].sockets[0].getsockname()
    ticking = asyncio.create_task(server.main_loop())
    yield listening[:2]
    server.should_exit = True
    await ticking
    hub.dismiss()
    await server.shutdown()


@asynccontextmanager
async def request(address: tuple[str, int], last_event_id: str = "") -> AsyncIterator[aiohttp.StreamReader]:
    url, headers = f"http://{address[0]}:{address[1]}/", {"Last-Event-ID": last_event_id}
    async with aiohttp.ClientSession() as session, session.get(url, headers=headers) as response:
        assert response.status == 200
        yield response.content


async def test_over_http_a_dropped_connection_costs_nothing(
    log: SeamedLog, address: tuple[str, int], screen: Screen, hub: Hub
) -> None:
    await log.publish("s", [append("log", "<i>1;</i>")])
    async with request(address) as reader:
        while "1;" not in screen.text():
            screen.read(await asyncio.wait_for(reader.readuntil(b"\n\n"), 5))
    await log.publish("s", [append("log", "<i>2;</i>")])
    async with request(address, screen.cursor or "") as reader:
        await log.publish("s", [append("log", "<i>3;</i>")], close=True)
        screen.read(await asyncio.wait_for(reader.read(), 5))
    assert screen.text() == "1;2;3;"
    assert screen.done


async def test_over_http_a_client_who_goes_leaves_nothing(log: SeamedLog, address: tuple[str, int], hub: Hub) -> None:
    async with request(address):
        assert hub.statistics().viewers == 1
    deadline = time.monotonic() + 5
    while hub.statistics().streams:
        assert time.monotonic() < deadline
        await hub._subscriber.ping()
