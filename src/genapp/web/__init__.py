"""HTTP: routes, sessions, subscriptions, errors."""

from genapp.web.app import create_app

__all__ = ["create_app"]
