"""Migrations: how the schema gets to where the tables say it is."""

from genapp.db.migrating import known_migrations, migrate

__all__ = ["known_migrations", "migrate"]
