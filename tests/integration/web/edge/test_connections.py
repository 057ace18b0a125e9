"""The connection alone, below an app of a few lines: what our app does not use, or not yet."""

from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING, Any, cast

import pytest
import uvicorn
import websockets.asyncio.client as websockets

from genapp.web.connections import HttpConnection
from tests.running import eventually
from tests.written import Written

if TYPE_CHECKING:
    from collections.abc import AsyncIterator


class Hasty(HttpConnection):
    header_seconds = body_seconds = 0.3
    latest: Hasty

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        Hasty.latest, self.written = self, Written(transport)
        super().connection_made(cast("asyncio.Transport", self.written))


async def echo(scope: Any, receive: Any, send: Any) -> None:
    """Answers a request with the headers that it had when it was whole, and a WebSocket with what it says."""
    if scope["type"] == "websocket":
        await send({"type": "websocket.accept"})
        while (message := await receive())["type"] != "websocket.disconnect":
            if text := message.get("text"):
                await send({"type": "websocket.send", "text": text})
        return
    while (await receive()).get("more_body"):
        pass
    body = json.dumps({name.decode(): value.decode() for name, value in scope["headers"]}).encode()
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": body})


@pytest.fixture
async def port() -> AsyncIterator[int]:
    """Where a server with hasty connections listens."""
    config = uvicorn.Config(echo, port=0, http=Hasty, lifespan="off", log_config=None, timeout_graceful_shutdown=1)
    server = uvicorn.Server(config)
    serving = asyncio.create_task(server.serve())

    async def started() -> bool:
        return server.started

    await eventually(started)
    yield int(server.servers[0].sockets[0].getsockname()[1])
    server.should_exit = True
    await serving


async def test_a_websocket_stays_open_for_as_long_as_it_is_used(port: int) -> None:
    async with websockets.connect(f"ws://127.0.0.1:{port}/") as socket:
        await socket.send("one")
        assert await socket.recv() == "one"
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(3 * Hasty.header_seconds):
                await socket.recv()
        await socket.send("two")
        assert await socket.recv() == "two"


async def test_what_is_said_behind_the_body_does_not_pass_for_a_header(port: int) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(b"POST / HTTP/1.1\r\nHost: a\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n")
    writer.write(b"3\r\nabc\r\n0\r\nX-Forwarded-For: 192.0.2.1\r\n\r\n")
    answer = await reader.read()
    writer.close()
    await writer.wait_closed()
    assert b'"transfer-encoding": "chunked"' in answer
    assert b"192.0.2.1" not in answer


async def test_a_head_leaves_in_one_piece_with_its_body(port: int) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    for number in range(2):  # on the same connection
        writer.write(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n")
        await reader.readuntil(b"\r\n0\r\n\r\n")
        piece = Hasty.latest.written.pieces[number]
        assert piece.startswith(b"HTTP/1.1 200 OK\r\n")
        assert piece.endswith(b'{"host": "a"}\r\n0\r\n\r\n')
    writer.close()
    await writer.wait_closed()


async def test_a_head_without_a_body_comes_by_itself(port: int) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    for _ in range(2):
        writer.write(b"HEAD / HTTP/1.1\r\nHost: a\r\n\r\n")
        piece = await reader.read(65_536)
        assert piece.startswith(b"HTTP/1.1 200 OK\r\n")
        assert piece.endswith(b"\r\n\r\n")
    writer.close()
    await writer.wait_closed()


async def test_who_asks_whether_to_send_a_body_is_told_to_go_on(port: int) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(
        b"POST / HTTP/1.1\r\nHost: a\r\nConnection: close\r\nContent-Length: 3\r\nExpect: 100-continue\r\n\r\n"
    )
    assert await reader.read(65_536) == b"HTTP/1.1 100 Continue\r\n\r\n"
    writer.write(b"abc")
    answer = await reader.read()
    assert answer.startswith(b"HTTP/1.1 200 OK\r\n")
    assert b'"content-length": "3"' in answer
    writer.close()
    await writer.wait_closed()
