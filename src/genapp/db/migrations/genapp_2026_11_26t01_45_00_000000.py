from piccolo.apps.migrations.auto.migration_manager import MigrationManager
from piccolo.table import Table

ID = "2026-11-26T01:45:00:000000"
VERSION = "1.38.0"
DESCRIPTION = "one open incident a condition, one process that watches"

FORWARDS = (
    "CREATE UNIQUE INDEX incidents_unfinished ON incidents (condition) WHERE closed_at IS NULL",
    "CREATE INDEX incidents_newest ON incidents (opened_at DESC) WHERE opened_at IS NOT NULL",
    "CREATE INDEX notices_of_incident ON notices (incident)",
    "CREATE INDEX notices_due ON notices (channel, created_at) WHERE status = 'pending'",
    "INSERT INTO duties (name, holder, held_until) VALUES ('watch', '', now())",
)

BACKWARDS = (
    "DELETE FROM duties WHERE name = 'watch'",
    "DROP INDEX notices_due, notices_of_incident, incidents_newest, incidents_unfinished",
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
