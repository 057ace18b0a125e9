"""Action Cable's protocol on `/cable`: the same streams, from the same hub, for clients that speak it already."""

from genapp.web.cable.routes import ROUTES, connect, make_ticket

__all__ = ["ROUTES", "connect", "make_ticket"]
