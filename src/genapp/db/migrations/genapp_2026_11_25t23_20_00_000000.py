from piccolo.apps.migrations.auto.migration_manager import MigrationManager
from piccolo.table import Table

ID = "2026-11-25T23:20:00:000000"
VERSION = "1.38.0"
DESCRIPTION = "an index for lists of a user's generations, newest first"


class Anything(Table):
    """Raw SQL has to be run through some table."""


async def apply() -> None:
    await Anything.raw('CREATE INDEX generations_newest ON generations ("user", id DESC)')


async def revert() -> None:
    await Anything.raw("DROP INDEX generations_newest")


async def forwards() -> MigrationManager:
    manager = MigrationManager(migration_id=ID, app_name="genapp", description=DESCRIPTION)
    manager.add_raw(apply)
    manager.add_raw_backwards(revert)
    return manager
