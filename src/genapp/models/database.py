"""The connection to PostgreSQL, shared by all tables of a process."""

from __future__ import annotations

from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from piccolo.engine.postgres import PostgresEngine

from genapp.models.attempt import Attempt
from genapp.models.chunk import Chunk
from genapp.models.conversation import Conversation
from genapp.models.generation import Generation
from genapp.models.user import User

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

TABLES = (User, Conversation, Generation, Attempt, Chunk)


def engine(database_url: str) -> PostgresEngine:
    """Make the engine for a `postgresql://` URL; nothing is connected yet."""
    return PostgresEngine(config={"dsn": database_url, "server_settings": {"application_name": "genapp"}})


@asynccontextmanager
async def connected(database_url: str, *, pool_size: int) -> AsyncIterator[PostgresEngine]:
    """Bind all tables to a pool of at most `pool_size` connections, for as long as the block runs.

    Raises what asyncpg raises where the database cannot be reached.
    """
    database = engine(database_url)
    # One idle connection is enough to start on; the rest open as the load asks for them.
    await database.start_connection_pool(min_size=1, max_size=pool_size, command_timeout=30)
    for table in TABLES:
        table._meta.db = database
    try:
        yield database
    finally:
        await database.close_connection_pool()


async def ping() -> None:
    """Ask the database for nothing; raises what asyncpg raises where it is away."""
    await User.raw("SELECT 1")
