"""What uvicorn runs: `genapp.asgi:app`."""

from __future__ import annotations

from genapp import logs
from genapp.settings import Settings
from genapp.settings.keyless import without_keys
from genapp.web import create_app

# `genapp web` has done this, and better: whoever runs uvicorn themselves has the keys in /proc/<pid>/environ still.
settings = without_keys(Settings())
logs.configure(settings)
app = create_app(settings)
