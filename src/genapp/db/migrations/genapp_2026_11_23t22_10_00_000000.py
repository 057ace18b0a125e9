from piccolo.apps.migrations.auto.migration_manager import MigrationManager
from piccolo.table import Table

ID = "2026-11-23T22:10:00:000000"
VERSION = "1.38.0"
DESCRIPTION = "an attempt has one row; what a user has spent in 24 hours is found by its index"

FORWARDS = (
    "CREATE UNIQUE INDEX attempts_numbered ON attempts (generation, number)",
    'CREATE INDEX attempts_of_user ON attempts ("user", started_at)',
    # It served the same sum, which was made over generations.
    "DROP INDEX generations_of_user",
)

BACKWARDS = (
    'CREATE INDEX generations_of_user ON generations ("user", created_at)',
    "DROP INDEX attempts_numbered, attempts_of_user",
)


class Anything(Table):
    """Raw SQL has to be run through some table."""


async def apply() -> None:
    for statement in FORWARDS:
        await Anything.raw(statement)


async def revert() -> None:
    for statement in BACKWARDS:
        await Anything.raw(statement)


async def forwards() -> MigrationManager:
    manager = MigrationManager(migration_id=ID, app_name="genapp", description=DESCRIPTION)
    manager.add_raw(apply)
    manager.add_raw_backwards(revert)
    return manager
