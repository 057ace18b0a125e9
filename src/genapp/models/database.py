"""The connection to PostgreSQL, shared by all tables of a process."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import asyncpg
from piccolo.engine.postgres import PostgresEngine

from genapp import metrics
from genapp.models.api_token import ApiToken
from genapp.models.attempt import Attempt
from genapp.models.chunk import Chunk
from genapp.models.conversation import Conversation
from genapp.models.delivery import Delivery
from genapp.models.duty import Duty
from genapp.models.generation import Generation
from genapp.models.incident import Incident
from genapp.models.invitation import Invitation
from genapp.models.notice import Notice
from genapp.models.reading import Reading
from genapp.models.session import Session
from genapp.models.share import Share
from genapp.models.site import Site
from genapp.models.user import User
from genapp.models.webhook import Webhook

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Sequence

TABLES = (
    User,
    Session,
    ApiToken,
    Site,
    Invitation,
    Conversation,
    Share,
    Generation,
    Attempt,
    Chunk,
    Webhook,
    Delivery,
    Reading,
    Duty,
    Incident,
    Notice,
)

# Seconds that a query or a transaction may take with all its waiting: for a connection, and for the server. A server
# that takes connections and does not answer held a page for one to four minutes without it (measured).
PATIENCE = 3.0
# Seconds for one answer of the server. After it asyncpg asks the server to stop the query, and for as long again waits
# for that before it ends the connection: PATIENCE and this make the longest that anybody waits.
ANSWER_SECONDS = 2.0

_waits = metrics.database_wait_seconds.labels()


@dataclass(slots=True)
class Held:
    """What Piccolo looks for in a transaction: the connection that its queries go to."""

    connection: Any


@asynccontextmanager
async def bounded() -> AsyncIterator[None]:
    """A bound on all the waiting in the block. Raises `TimeoutError` past it, and asyncpg's errors or an `OSError`."""
    try:
        async with asyncio.timeout(PATIENCE):
            yield
    except TimeoutError as error:
        raise TimeoutError("PostgreSQL does not answer") from error
    except asyncpg.InternalClientError as error:
        # What it says of a connection that is lost on its way back to the pool, with the query's answer already here.
        raise ConnectionError(str(error)) from error


class BoundedEngine(PostgresEngine):
    """Piccolo's engine on its pool, with a bound on every wait."""

    async def _run_in_pool(self, query: str, args: Sequence[Any] | None = None) -> Any:
        async with bounded(), self._acquired() as connection:
            return await connection.fetch(query, *(args or ()))

    @asynccontextmanager
    async def _acquired(self) -> AsyncIterator[Any]:
        """A connection of the pool. That none came is a wait, too."""
        pool = self._pooled()
        with _waits.timed():
            connection = await pool.acquire()
        try:
            yield connection
        finally:
            await pool.release(connection)

    def _pooled(self) -> Any:
        if self.pool is None:
            raise RuntimeError("the engine is not connected")
        return self.pool

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[None]:  # type: ignore[override]
        """A transaction around the block, which holds nothing but queries.

        Not Piccolo's own: it keeps its connection for ever where BEGIN or ROLLBACK is not answered in time.
        """
        async with bounded(), self._acquired() as connection, connection.transaction():
            earlier = self.current_transaction.set(Held(connection))  # type: ignore[arg-type]
            try:
                yield
            finally:
                self.current_transaction.reset(earlier)


def engine(database_url: str) -> PostgresEngine:
    """Make the engine for a `postgresql://` URL, for migrations; nothing is connected yet."""
    return PostgresEngine(config=_config(database_url))


async def pooled_engine(database_url: str, *, pool_size: int) -> BoundedEngine:
    """Make an engine with a pool of at most `pool_size` connections. Raises what asyncpg raises."""
    made = BoundedEngine(config=_config(database_url))
    # One idle connection is enough to start on; the rest open as the load asks for them.
    await made.start_connection_pool(
        min_size=1, max_size=pool_size, timeout=ANSWER_SECONDS, command_timeout=ANSWER_SECONDS, reset=as_it_is
    )
    return made


async def as_it_is(connection: asyncpg.Connection[Any]) -> None:
    """Take a connection back into the pool; what it was left in the middle of, asyncpg has rolled back.

    Nothing of ours leaves settings, locks, cursors or listeners behind. asyncpg would have the server reset all of
    these after each query, which doubled the trips to it.
    """


def _config(database_url: str) -> dict[str, Any]:
    return {"dsn": database_url, "server_settings": {"application_name": "genapp"}}


@asynccontextmanager
async def connected(database_url: str, *, pool_size: int) -> AsyncIterator[PostgresEngine]:
    """Bind all tables to a pool of at most `pool_size` connections, for as long as the block runs.

    Raises what asyncpg raises where the database cannot be reached.
    """
    database = await pooled_engine(database_url, pool_size=pool_size)
    for table in TABLES:
        table._meta.db = database
    try:
        yield database
    finally:
        await database.close_connection_pool()


def is_away(error: Exception) -> bool:
    """Whether an error says that the database cannot be had now, and may be asked again.

    What it will never take is none of it: data that does not fit (class 22 of SQLSTATE), what breaks a rule of the
    schema (23), a statement that is wrong (42), what a trigger refuses (P0).
    """
    if isinstance(error, asyncpg.PostgresError):
        return str(error.sqlstate)[:2] not in ("22", "23", "42", "P0")
    return isinstance(error, OSError | asyncpg.InterfaceError)


async def ping() -> None:
    """Ask the database for nothing; raises what asyncpg raises where it is away."""
    await User.raw("SELECT 1")
