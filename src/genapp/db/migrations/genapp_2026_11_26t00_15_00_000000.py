from piccolo.apps.migrations.auto.migration_manager import MigrationManager
from piccolo.table import Table

ID = "2026-11-26T00:15:00:000000"
VERSION = "1.38.0"
DESCRIPTION = "who is deleted and who is an admin is found by an index"

FORWARDS = (
    "CREATE INDEX users_deleted ON users (id) WHERE deleted_at IS NOT NULL",
    "CREATE INDEX sites_deleted ON sites (id) WHERE deleted_at IS NOT NULL",
    "CREATE INDEX users_admins ON users (id) WHERE role = 'admin'",
)

BACKWARDS = ("DROP INDEX users_admins, sites_deleted, users_deleted",)


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
