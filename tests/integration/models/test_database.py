"""The pool of connections, on a PostgreSQL that can be frozen."""

from __future__ import annotations

import asyncio
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import asyncpg
import pytest

from genapp import models
from genapp.models.database import ANSWER_SECONDS, PATIENCE, BoundedEngine, pooled_engine
from tests.postgres_server import PostgresServer

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator

CONNECTIONS = 4


@pytest.fixture
def server(tmp_path: Path) -> Iterator[PostgresServer]:
    with tempfile.TemporaryDirectory(prefix="genapp-") as sockets:
        server = PostgresServer(tmp_path, Path(sockets))
        server.start()
        yield server
        server.crash()


@pytest.fixture
async def engine(server: PostgresServer) -> AsyncIterator[BoundedEngine]:
    engine = await pooled_engine(server.url, pool_size=CONNECTIONS)
    yield engine
    assert engine.pool is not None
    engine.pool.terminate()  # to close it would wait for what is still taken


async def use_all(engine: BoundedEngine) -> list[BaseException | None]:
    """A transaction on each connection of the pool, at the same time; gives how each ended."""
    all_there = asyncio.Barrier(CONNECTIONS)

    async def use_one() -> None:
        async with engine.transaction():
            await all_there.wait()

    async with asyncio.timeout(2 * (PATIENCE + ANSWER_SECONDS)):
        return await asyncio.gather(*[use_one() for _ in range(CONNECTIONS)], return_exceptions=True)


async def test_a_server_that_is_silent_for_a_moment_leaves_no_connection_taken(
    server: PostgresServer, engine: BoundedEngine
) -> None:
    assert await use_all(engine) == [None] * CONNECTIONS
    server.freeze()
    asking = asyncio.create_task(use_all(engine))
    # The fault itself: it comes back while the queries that were given up are being taken back.
    await asyncio.sleep(ANSWER_SECONDS + 0.7)
    server.thaw()
    assert all(isinstance(error, TimeoutError) for error in await asking)
    assert await use_all(engine) == [None] * CONNECTIONS


async def test_a_silent_server_keeps_nobody_waiting_however_many_ask(
    server: PostgresServer, engine: BoundedEngine
) -> None:
    server.freeze()
    async with asyncio.timeout(PATIENCE + ANSWER_SECONDS + 1):
        ends = await asyncio.gather(*[use_all(engine) for _ in range(5)])
    assert all(isinstance(error, TimeoutError) for errors in ends for error in errors)
    server.thaw()


async def test_what_the_database_will_never_take_is_not_taken_for_an_outage(database: None) -> None:
    for refused in ("SELECT 1/0", "SELECT no_such_column", "INSERT INTO users (id) VALUES (NULL)"):
        with pytest.raises(asyncpg.PostgresError) as error:
            await models.User.raw(refused)
        assert not models.is_away(error.value)
    with pytest.raises(asyncpg.DataError) as unfit:  # asyncpg does not even send it
        await models.User.raw("SELECT {}::int", 2**40)
    assert not models.is_away(unfit.value)
    assert models.is_away(asyncpg.CannotConnectNowError())
    assert models.is_away(ConnectionRefusedError())
