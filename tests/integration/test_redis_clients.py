"""What happens to commands whose connection is not what it was."""

from __future__ import annotations

import asyncio
import socket
import struct
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import pytest
import uvloop
from redis.exceptions import RedisError

from genapp import redis_clients
from genapp.settings import Settings

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

# SO_LINGER: whether close() sends a reset, or an orderly end.
RESET, END = struct.pack("ii", 1, 0), struct.pack("ii", 0, 0)


@asynccontextmanager
async def way_to(redis_url: str, linger: bytes) -> AsyncIterator[tuple[str, Callable[[], None]]]:
    """A URL that leads to Redis, and what ends all connections on the way."""
    ours: list[asyncio.StreamWriter] = []
    address = urlsplit(redis_url)

    async def carry(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        ours.append(writer)
        from_redis, to_redis = await asyncio.open_connection(address.hostname, address.port)
        await asyncio.gather(pump(reader, to_redis), pump(from_redis, writer))

    def lose() -> None:
        for writer in ours:
            writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
            writer.transport.abort()

    async with await asyncio.start_server(carry, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        host = address.netloc.rpartition(":")[0].rpartition("@")
        yield f"redis://{host[0]}{host[1]}127.0.0.1:{port}{address.path}", lose


async def pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    try:
        while data := await reader.read(65536):
            writer.write(data)
    except OSError:
        pass
    finally:
        writer.close()


@pytest.mark.parametrize("how", ["reset", "ended"])
def test_a_connection_that_was_lost_while_nobody_used_it_is_made_anew(redis_url: str, how: str) -> None:
    async def use() -> None:
        async with way_to(redis_url, RESET if how == "reset" else END) as (url, lose):
            client = redis_clients.bounded(Settings(redis_url=url))
            await client.ping()
            held = await client.connection_pool.get_connection()
            await client.connection_pool.release(held)
            lose()
            while not (held._writer.is_closing() or held._reader.at_eof()):  # type: ignore[union-attr]  # noqa: ASYNC110
                await asyncio.sleep(0)  # it is on its way
            await client.ping()
            await client.aclose()

    # The processes' own loop: it says RuntimeError where asyncio's says nothing.
    uvloop.run(use())


def test_a_connection_that_is_lost_as_it_is_used_is_redis_own_error(redis_url: str) -> None:
    async def use() -> None:
        async with way_to(redis_url, RESET) as (url, _):
            client = redis_clients.bounded(Settings(redis_url=url))
            held = await client.connection_pool.get_connection()
            held._writer.transport.abort()  # type: ignore[union-attr]
            await asyncio.sleep(0)
            with pytest.raises(RedisError):
                await held.send_command("PING")
            await client.connection_pool.release(held)
            await client.aclose()

    uvloop.run(use())
