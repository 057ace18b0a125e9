from piccolo.apps.migrations.auto.migration_manager import MigrationManager
from piccolo.table import Table

ID = "2026-11-26T01:48:00:000000"
VERSION = "1.38.0"
DESCRIPTION = "the attempts of the last hour, day and month are found by an index"

# Not on anything that changes when an attempt ends: its row is then written anew without touching an index.
#
# Millions of attempts take it a while, and the release before this one goes on writing them meanwhile. A build that was
# broken off leaves an index behind that is kept up and never used.
FORWARDS = (
    "DROP INDEX CONCURRENTLY IF EXISTS attempts_started",
    "CREATE INDEX CONCURRENTLY attempts_started ON attempts (started_at)",
)

BACKWARDS = ("DROP INDEX CONCURRENTLY IF EXISTS attempts_started",)


class Anything(Table):
    """Raw SQL has to be run through some table."""


async def apply() -> None:
    for statement in FORWARDS:
        await Anything.raw(statement)


async def revert() -> None:
    for statement in BACKWARDS:
        await Anything.raw(statement)


async def forwards() -> MigrationManager:
    manager = MigrationManager(migration_id=ID, app_name="genapp", description=DESCRIPTION, wrap_in_transaction=False)
    manager.add_raw(apply)
    manager.add_raw_backwards(revert)
    return manager
