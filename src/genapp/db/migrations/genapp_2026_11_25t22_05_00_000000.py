from piccolo.apps.migrations.auto.migration_manager import MigrationManager
from piccolo.table import Table

ID = "2026-11-25T22:05:00:000000"
VERSION = "1.38.0"
DESCRIPTION = "what is unique about accounts, sessions, tokens, shares and invitations"

FORWARDS = (
    # Addresses are stored in lower case.
    "CREATE UNIQUE INDEX users_email ON users (email)",
    "ALTER TABLE users ADD CONSTRAINT users_role CHECK (role IN ('user', 'admin'))",
    "ALTER TABLE users ADD CONSTRAINT users_password CHECK ((email IS NULL) = (password_hash IS NULL))",
    'CREATE INDEX sessions_of_user ON sessions ("user", seen_at DESC)',
    "CREATE INDEX sessions_expired ON sessions (expires_at)",
    "CREATE UNIQUE INDEX api_tokens_digest ON api_tokens (digest)",
    'CREATE UNIQUE INDEX api_tokens_named ON api_tokens ("user", name)',
    "CREATE UNIQUE INDEX shares_of_conversation ON shares (conversation)",
    "CREATE UNIQUE INDEX shares_token ON shares (token)",
    "CREATE UNIQUE INDEX invitations_digest ON invitations (digest)",
    # The admin area: the newest generations of one status.
    "CREATE INDEX generations_by_status ON generations (status, id)",
)

BACKWARDS = (
    "DROP INDEX generations_by_status, invitations_digest, shares_token, shares_of_conversation, api_tokens_named, "
    "api_tokens_digest, sessions_expired, sessions_of_user, users_email",
    "ALTER TABLE users DROP CONSTRAINT users_role",
    "ALTER TABLE users DROP CONSTRAINT users_password",
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
