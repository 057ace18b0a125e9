"""What uvicorn runs: `genapp.asgi:app`."""

from __future__ import annotations

from genapp import logs
from genapp.settings import Settings
from genapp.web import create_app

settings = Settings()
logs.configure(settings)
app = create_app(settings)
