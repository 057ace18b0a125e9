from piccolo.apps.migrations.auto.migration_manager import MigrationManager
from piccolo.columns.column_types import JSONB
from piccolo.columns.indexes import IndexMethod

ID = "2026-11-25T22:39:28:110622"
VERSION = "1.38.0"
DESCRIPTION = "what comes with a prompt"


async def forwards() -> MigrationManager:
    manager = MigrationManager(migration_id=ID, app_name="genapp", description=DESCRIPTION)

    manager.add_column(
        table_class_name="Generation",
        tablename="generations",
        column_name="context",
        db_column_name="context",
        column_class_name="JSONB",
        column_class=JSONB,
        params={
            "default": None,
            "null": True,
            "primary_key": False,
            "unique": False,
            "index": False,
            "index_method": IndexMethod.btree,
            "choices": None,
            "db_column_name": None,
            "secret": False,
        },
        schema=None,
    )

    return manager
