"""What uvicorn runs: `genapp.asgi:app`, over connections of `Connection` and `WebSocketConnection`."""

from __future__ import annotations

from genapp import logs, sentry, tracing
from genapp.settings import Settings
from genapp.settings.edge import Networks, with_mapped
from genapp.settings.keyless import without_keys
from genapp.web import create_app
from genapp.web.connections import HttpConnection
from genapp.web.websockets import WebSocketConnection

__all__ = ["Connection", "WebSocketConnection", "app"]

# `genapp web` has done this, and better: whoever runs uvicorn themselves has the keys in /proc/<pid>/environ still.
settings = without_keys(Settings())
logs.configure(settings)
sentry.configure(settings, "web")
tracing.configure("web")
app = create_app(settings)


class Connection(HttpConnection):
    """With the patience and the proxies of the settings. On a class, because uvicorn makes the connections itself."""

    header_seconds = settings.header_seconds
    body_seconds = settings.body_seconds
    proxies = Networks(with_mapped(settings.forwarded_allow_ips))
