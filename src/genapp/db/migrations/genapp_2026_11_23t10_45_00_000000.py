from piccolo.apps.migrations.auto.migration_manager import MigrationManager
from piccolo.table import Table

ID = "2026-11-23T10:45:00:000000"
VERSION = "1.38.0"
DESCRIPTION = "an index for what a user has spent in 24 hours"


class Anything(Table):
    """Raw SQL has to be run through some table."""


async def apply() -> None:
    await Anything.raw('CREATE INDEX generations_of_user ON generations ("user", created_at)')


async def revert() -> None:
    await Anything.raw("DROP INDEX generations_of_user")


async def forwards() -> MigrationManager:
    manager = MigrationManager(migration_id=ID, app_name="genapp", description=DESCRIPTION)
    manager.add_raw(apply)
    manager.add_raw_backwards(revert)
    return manager
