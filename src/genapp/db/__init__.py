"""Migrations: how the schema gets to where the tables say it is."""

from genapp.db.migrating import migrate

__all__ = ["migrate"]
