"""PostgreSQL, and the schema in it."""

from __future__ import annotations

import statistics
import time
from typing import TYPE_CHECKING, Any

import asyncpg

from genapp import db
from genapp.doctor import clocks
from genapp.doctor.findings import Finding, fail, ok, warn
from genapp.errors import ConfigurationError
from genapp.starting import require_database

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from genapp.settings import Settings

    Connection = asyncpg.Connection[Any]

ANSWER_SECONDS = 5
# The oldest release that is still mended; ours are tested with 18.
OLDEST = 15
# Seconds for a query that asks for nothing. A page makes several, one after the other.
SLOW = 0.02


async def check_database(settings: Settings) -> AsyncIterator[Finding]:
    """Whether it answers, how fast, and whether it is one to write to."""
    try:
        await require_database(settings.database_url)
    except ConfigurationError as error:
        yield fail("database", error.message, "Check DATABASE_URL, and that the server runs and lets this machine in.")
        return
    connection = await asyncpg.connect(settings.database_url, timeout=ANSWER_SECONDS, command_timeout=ANSWER_SECONDS)
    try:
        yield await _answers(connection)
        yield await _room(connection, settings)
        before = time.time()
        theirs = await connection.fetchval("SELECT extract(epoch FROM clock_timestamp())::float8")
        yield clocks.compare("database clock", theirs, before, time.time())
        yield await _schema(connection)
    finally:
        await connection.close()


async def _answers(connection: Connection) -> Finding:
    seconds = []
    for _ in range(5):
        began = time.perf_counter()
        replica = await connection.fetchval("SELECT pg_is_in_recovery()")
        seconds.append(time.perf_counter() - began)
    median = statistics.median(seconds)
    version = connection.get_server_version()
    says = f"PostgreSQL {version.major}.{version.minor} answers in {median * 1000:.1f} ms"
    if replica:
        return fail("database", f"{says}, and is a replica that cannot be written to.", "Give the primary's address.")
    if version.major < OLDEST:
        return warn("database", f"{says}. It is no longer mended by its makers.", f"Upgrade to {OLDEST} or newer.")
    if median > SLOW:
        return warn("database", f"{says}, which each page waits for several times.", "Run the app near the database.")
    return ok("database", says)


async def _room(connection: Connection, settings: Settings) -> Finding:
    most = int(await connection.fetchval("SHOW max_connections"))
    processes = settings.web_concurrency + settings.worker_processes
    wanted = settings.database_pool * processes
    says = f"{wanted} may be wanted by the {processes} processes of these settings, and {most} can be had"
    if wanted > most:
        fix = "Lower GENAPP_DATABASE_POOL, raise max_connections, or put a pooler between."
        return warn("database connections", f"{says}.", fix)
    return ok("database connections", says)


async def _schema(connection: Connection) -> Finding:
    ours = db.known_migrations()
    try:
        rows = await connection.fetch("SELECT name FROM migration WHERE app_name = 'genapp'")
    except asyncpg.UndefinedTableError:
        rows = []
    applied = {row["name"] for row in rows}
    if pending := [one for one in ours if one not in applied]:
        says = f"{len(pending)} of {len(ours)} migrations have not been run."
        return fail("migrations", says, "Run `genapp migrate`.")
    if applied - set(ours):
        says = "The schema is newer than this release, which goes on working with it."
        return warn("migrations", says, "Finish the deploy of the newer release.")
    return ok("migrations", f"all {len(ours)} have been run")
