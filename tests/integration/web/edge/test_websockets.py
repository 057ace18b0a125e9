"""The WebSocket connection alone, below an app of a few lines: what a client cannot make the server keep."""

from __future__ import annotations

import asyncio
import socket
from typing import TYPE_CHECKING, Any

import pytest
import uvicorn
import websockets.asyncio.client as websockets
from websockets.exceptions import ConnectionClosed

from genapp.streams.socket import PIECE
from genapp.web.connections import HttpConnection
from genapp.web.websockets import PIECES_MOST, WebSocketConnection
from tests.running import eventually

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

HANDSHAKE = (
    b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
    b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
)
MOST = 256 * 1024


async def app(scope: Any, receive: Any, send: Any) -> None:
    """Says a long word in pieces for every message."""
    await receive()
    await send({"type": "websocket.accept"})
    while (await receive())["type"] != "websocket.disconnect":
        for more in (True, True, False):
            await send({"type": PIECE, "payload": b"a" * 100, "more": more})
        await send({"type": "websocket.send", "text": "b"})


@pytest.fixture
async def server() -> AsyncIterator[uvicorn.Server]:
    options: dict[str, Any] = {"lifespan": "off", "log_config": None, "timeout_graceful_shutdown": 3}
    server = uvicorn.Server(uvicorn.Config(app, port=0, http=HttpConnection, ws=WebSocketConnection, **options))
    serving = asyncio.create_task(server.serve())

    async def started() -> bool:
        return server.started

    await eventually(started)
    yield server
    server.should_exit = True
    await serving


def port_of(server: uvicorn.Server) -> int:
    return int(server.servers[0].sockets[0].getsockname()[1])


async def test_pieces_arrive_as_one_message_and_the_next_one_by_itself(server: uvicorn.Server) -> None:
    async with websockets.connect(f"ws://127.0.0.1:{port_of(server)}/", proxy=None) as one:
        for _ in range(2):
            await one.send("go")
            assert await one.recv() == "a" * 300
            assert await one.recv() == "b"


async def test_pings_of_a_client_that_does_not_read_are_not_answered_without_end(server: uvicorn.Server) -> None:
    loop = asyncio.get_running_loop()
    with socket.socket() as sock:
        sock.setblocking(False)
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4_096)
        await loop.sock_connect(sock, ("127.0.0.1", port_of(server)))
        await loop.sock_sendall(sock, HANDSHAKE)
        assert b"101" in await loop.sock_recv(sock, 1_024)
        ping = b"\x89\xfd" + bytes(4) + b"x" * 125
        for _ in range(100):
            await loop.sock_sendall(sock, ping * 200)
        sock.shutdown(socket.SHUT_WR)
        (connection,) = server.server_state.connections

        async def paused() -> bool:
            return not connection.writable.is_set()  # type: ignore[union-attr]

        await eventually(paused)
        assert connection.transport.get_write_buffer_size() < MOST  # type: ignore[union-attr]


async def test_a_message_of_endless_pieces_is_given_up(server: uvicorn.Server) -> None:
    async def pieces(number: int) -> AsyncIterator[str]:
        for _ in range(number):
            yield ""

    async with websockets.connect(f"ws://127.0.0.1:{port_of(server)}/", proxy=None) as one:
        await one.send(pieces(PIECES_MOST - 1))
        assert await one.recv() == "a" * 300
        assert await one.recv() == "b"
        await asyncio.gather(one.send(pieces(2 * PIECES_MOST)), return_exceptions=True)
        with pytest.raises(ConnectionClosed) as closed:
            await one.recv()
        assert closed.value.rcvd is not None
        assert closed.value.rcvd.code == 1008


async def test_a_server_that_stops_closes_what_says_no_goodbye_of_its_own(server: uvicorn.Server) -> None:
    async with websockets.connect(f"ws://127.0.0.1:{port_of(server)}/", proxy=None) as one:
        server.should_exit = True
        with pytest.raises(ConnectionClosed) as closed:
            await one.recv()
    assert closed.value.rcvd is not None
    assert closed.value.rcvd.code == 1012
