"""A release's schema, while the release before it serves."""

from __future__ import annotations

import asyncio
import os
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

import asyncpg

from tests.running import GENAPP, eventually

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

BUSY = "SELECT EXISTS (SELECT 1 FROM pg_stat_activity WHERE query LIKE '%CONCURRENTLY%' AND wait_event_type = 'Lock')"
ATTEMPT = """INSERT INTO attempts ("user", number, model, started_at) SELECT id, 1, 'demo:demo', now() FROM users"""
VALID = "SELECT indisvalid FROM pg_index WHERE indexrelid = 'attempts_started'::regclass"


@asynccontextmanager
async def bare(database_url: str) -> AsyncIterator[str]:
    """The URL of a database without our tables."""
    connection = await asyncpg.connect(database_url)
    await connection.execute("CREATE DATABASE migrating")
    path, question, query = database_url.partition("?")
    try:
        yield f"{path.rsplit('/', 1)[0]}/migrating{question}{query}"
    finally:
        await connection.execute("DROP DATABASE migrating WITH (FORCE)")
        await connection.close()


async def migrate(url: str) -> None:
    process = await asyncio.create_subprocess_exec(
        *GENAPP, "migrate", env={**os.environ, "DATABASE_URL": url}, stdout=asyncio.subprocess.PIPE
    )
    said, _ = await process.communicate()
    assert process.returncode == 0, said


async def test_attempts_are_written_while_their_index_is_built_by_one_of_two_and_a_broken_one_is_built_anew(
    database_url: str,
) -> None:
    async with bare(database_url) as url:
        await migrate(url)
        writer, looker = await asyncpg.connect(url), await asyncpg.connect(url)
        await looker.execute("DELETE FROM migration WHERE name = '2026-11-26T01:48:00:000000'")
        await looker.execute("UPDATE pg_index SET indisvalid = false WHERE indexrelid = 'attempts_started'::regclass")
        writing = writer.transaction()
        await writing.start()
        await writer.execute(ATTEMPT)
        both = asyncio.gather(migrate(url), migrate(url))
        await eventually(lambda: looker.fetchval(BUSY))
        await looker.execute(f"SET lock_timeout = '1s'; {ATTEMPT}")
        await writing.commit()
        await both
        assert await looker.fetchval(VALID)
        await writer.close()
        await looker.close()
