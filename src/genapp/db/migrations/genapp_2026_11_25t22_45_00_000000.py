from piccolo.apps.migrations.auto.migration_manager import MigrationManager
from piccolo.table import Table

ID = "2026-11-25T22:45:00:000000"
VERSION = "1.38.0"
DESCRIPTION = "what belongs to a site goes with it"

FORWARDS = (
    "ALTER TABLE users ADD CONSTRAINT users_site FOREIGN KEY (site) REFERENCES sites (id) ON DELETE CASCADE",
    # A site's visitor never becomes an account: who they are is the site's to say.
    "ALTER TABLE users ADD CONSTRAINT users_embedded CHECK (site IS NULL OR email IS NULL)",
    "CREATE INDEX users_of_site ON users (site) WHERE site IS NOT NULL",
    'CREATE INDEX sites_of_user ON sites ("user")',
    "CREATE INDEX sites_origins ON sites USING gin (origins)",
)

BACKWARDS = (
    "DROP INDEX sites_origins, sites_of_user, users_of_site",
    "ALTER TABLE users DROP CONSTRAINT users_embedded",
    "ALTER TABLE users DROP CONSTRAINT users_site",
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
