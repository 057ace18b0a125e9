"""`genapp migrate`: safe to run from several releases at once, and when there is nothing to do."""

from __future__ import annotations

import asyncio
import contextlib
import importlib
import io
import os
import pkgutil
from typing import TYPE_CHECKING

import asyncpg
from piccolo.apps.migrations.commands.forwards import run_forwards

from genapp.errors import ConfigurationError

if TYPE_CHECKING:
    from piccolo.engine.postgres import PostgresEngine

# Any number will do, as long as nothing else in this database uses it.
LOCK = 7_301_146
# Seconds between two tries to have it.
PAUSE = 0.2


def migrate() -> str:
    """Bring the schema of `DATABASE_URL` up to date; gives Piccolo's own account of it, a line a migration.

    Raises ConfigurationError where the database cannot be reached.
    """
    # Piccolo finds its engine through this name, not through a parameter.
    os.environ["PICCOLO_CONF"] = "genapp.db.piccolo_conf"
    from genapp.db.piccolo_conf import DB  # it reads the environment

    try:
        return asyncio.run(_migrate_alone(DB))
    except (OSError, asyncpg.PostgresError) as error:
        raise ConfigurationError(
            f"The database did not answer ({type(error).__name__}: {error}). Check DATABASE_URL and that it is running."
        ) from None


def known_migrations() -> list[str]:
    """The ids of this release's migrations, in the order in which they are run."""
    from genapp.db import migrations

    names = (module.name for module in pkgutil.iter_modules(migrations.__path__, f"{migrations.__name__}."))
    return sorted(str(importlib.import_module(name).ID) for name in names)


async def _migrate_alone(database: PostgresEngine) -> str:
    connection = await database.get_new_connection()
    try:
        # Two dynos in their release phase, or two `bin/dev`: the second waits and finds nothing left to do. Not within
        # a statement: an index that is built concurrently waits for all those that are under way.
        while not await connection.fetchval("SELECT pg_try_advisory_lock($1)", LOCK):  # noqa: ASYNC110
            await asyncio.sleep(PAUSE)  # nobody in this process could tell
        account = io.StringIO()
        with contextlib.redirect_stdout(account):
            await run_forwards("genapp")
        return account.getvalue()
    finally:
        await connection.close()
