from piccolo.apps.migrations.auto.migration_manager import MigrationManager
from piccolo.table import Table

ID = "2026-11-23T08:45:00:000000"
VERSION = "1.38.0"
DESCRIPTION = "indexes, and the rules that no code path may break"

FORWARDS = (
    # The list of conversations on the home page.
    'CREATE INDEX conversations_recent ON conversations ("user", updated_at DESC)',
    # A conversation's page.
    "CREATE INDEX generations_of_conversation ON generations (conversation, id)",
    # One click, one generation: also for two requests at the same moment.
    'CREATE UNIQUE INDEX generations_idempotency ON generations ("user", idempotency_key)',
    # Counting a user's work in progress, and finding what housekeeping must revive. Partial: finished rows, nearly
    # all of them, cost nothing.
    """CREATE INDEX generations_in_flight ON generations ("user") WHERE status IN ('queued', 'processing')""",
    """CREATE INDEX generations_leases ON generations (lease_expires_at) WHERE status = 'processing'""",
    "CREATE UNIQUE INDEX chunks_in_order ON chunks (generation, attempt, seq)",
    """ALTER TABLE generations ADD CONSTRAINT generations_status
       CHECK (status IN ('queued', 'processing', 'completed', 'failed', 'cancelled'))""",
)

BACKWARDS = (
    "ALTER TABLE generations DROP CONSTRAINT generations_status",
    "DROP INDEX chunks_in_order, generations_leases, generations_in_flight, generations_idempotency, "
    "generations_of_conversation, conversations_recent",
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
