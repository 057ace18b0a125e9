"""What Piccolo's migration commands look for (`PICCOLO_CONF=genapp.db.piccolo_conf`)."""

from __future__ import annotations

from piccolo.conf.apps import AppRegistry

from genapp.models.database import engine
from genapp.settings import Settings

DB = engine(Settings().database_url)
APP_REGISTRY = AppRegistry(apps=["genapp.db.piccolo_app"])
