from piccolo.apps.migrations.auto.migration_manager import MigrationManager
from piccolo.table import Table

ID = "2026-11-25T23:40:00:000000"
VERSION = "1.38.0"
DESCRIPTION = "an adopted guest goes with the account"

FORWARDS = (
    "ALTER TABLE users ADD CONSTRAINT users_adopted FOREIGN KEY (adopted_by) REFERENCES users (id) ON DELETE CASCADE",
    "ALTER TABLE users ADD CONSTRAINT users_adopted_guest CHECK (adopted_by IS NULL OR email IS NULL)",
    "CREATE INDEX users_adopted_by ON users (adopted_by) WHERE adopted_by IS NOT NULL",
)

BACKWARDS = (
    "DROP INDEX users_adopted_by",
    "ALTER TABLE users DROP CONSTRAINT users_adopted_guest",
    "ALTER TABLE users DROP CONSTRAINT users_adopted",
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
