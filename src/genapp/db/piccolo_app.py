"""The tables that Piccolo migrates, and where their migrations are."""

from __future__ import annotations

from pathlib import Path

from piccolo.conf.apps import AppConfig

from genapp.models.database import TABLES

APP_CONFIG = AppConfig(
    app_name="genapp",
    migrations_folder_path=str(Path(__file__).parent / "migrations"),
    table_classes=list(TABLES),
    migration_dependencies=[],
)
