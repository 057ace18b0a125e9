"""The Litestar app: routes, and what wraps them."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

import msgspec
from litestar import Litestar, Request
from litestar.datastructures import State
from litestar.di import Provide
from litestar.middleware import DefineMiddleware

from genapp.web import (
    account,
    accounts,
    administering,
    api_tokens,
    cable,
    conversations,
    deleting,
    generations,
    health,
    listing,
    openapi,
    operating,
    sharing,
    webhooks,
)
from genapp.web.authorising import Authorisation
from genapp.web.embed import files, sites
from genapp.web.embed import parts as embed_parts
from genapp.web.errors import answer_error
from genapp.web.forms import Form  # noqa: TC001  Litestar reads the annotations of what it provides
from genapp.web.headers import headers_hook
from genapp.web.hosts import Hosts
from genapp.web.observing import Observed
from genapp.web.origins import CrossOrigin
from genapp.web.parts import Given, Parts, opened
from genapp.web.policies import require_policies
from genapp.web.responses import routes as responses
from genapp.web.sessions import Sessions, cookie_hook
from genapp.web.static import make_static
from genapp.web.subscriptions import subscribe
from genapp.web.visitors import Visitor  # noqa: TC001  the same

if TYPE_CHECKING:
    from litestar.handlers import BaseRouteHandler

    from genapp.settings import Settings

# A character of a form is at most 12 bytes on the wire (four of UTF-8, each as %XX); the rest is for the other fields.
BYTES_PER_CHARACTER = 12
OTHER_FIELDS = 64 * 1024


def give_parts(state: State) -> Parts:
    """The process's parts, for handlers."""
    parts: Parts = state.parts
    return parts


# Each needs the one before: Litestar gives what is needed apart from each other by a task each (170 µs a request).
def give_visitor(request: Request[Any, Any, Any], parts: Given[Parts]) -> Visitor:
    """Who is asking, for handlers. Only `Authorisation` puts it there: where it has not run, this raises."""
    visitor: Visitor = request.scope["state"]["visitor"]
    return visitor


def give_form(request: Request[Any, Any, Any], visitor: Given[Visitor]) -> Form:
    """What was sent, for handlers of what changes something."""
    form: Form = request.scope["state"]["form"]
    return form


def every_route() -> list[BaseRouteHandler]:
    """The handlers of all routes."""
    return [
        *conversations.ROUTES,
        *generations.ROUTES,
        *deleting.ROUTES,
        *listing.ROUTES,
        *accounts.ROUTES,
        *account.ROUTES,
        *api_tokens.ROUTES,
        *sharing.ROUTES,
        *sites.ROUTES,
        *webhooks.ROUTES,
        *embed_parts.ROUTES,
        *files.ROUTES,
        *administering.ROUTES,
        *operating.ROUTES,
        subscribe,
        *cable.ROUTES,
        *health.ROUTES,
        *responses.ROUTES,
        *openapi.ROUTES,
        make_static(),
    ]


def create_app(settings: Settings) -> Litestar:
    """Make the app. Its connections are opened when it starts and closed when it stops."""
    sessions = Sessions(settings.secrets)
    routes = every_route()
    require_policies(routes)
    app = Litestar(
        route_handlers=routes,
        state=State(
            {
                "sessions": sessions,
                "settings": settings,
                "openapi": msgspec.json.encode(openapi.document(routes, settings)),
            }
        ),
        lifespan=[partial(opened, settings=settings)],
        dependencies={
            "parts": Provide(give_parts, sync_to_thread=False),
            "visitor": Provide(give_visitor, sync_to_thread=False),
            "form": Provide(give_form, sync_to_thread=False),
        },
        middleware=[DefineMiddleware(Authorisation, sessions=sessions)],
        before_send=[cookie_hook(sessions), headers_hook(production=settings.env == "production")],
        exception_handlers={Exception: answer_error},
        request_max_body_size=settings.prompt_max_characters * BYTES_PER_CHARACTER + OTHER_FIELDS,
        openapi_config=None,
        logging_config=None,
    )
    app.asgi_handler = CrossOrigin(app.asgi_handler, app.state, routes)
    if settings.hosts:
        # Litestar's own check sees its routes only, takes a port for a part of the name, and answers in one shape.
        app.asgi_handler = Hosts(app.asgi_handler, settings.hosts)
    app.asgi_handler = Observed(app.asgi_handler, log_access=settings.logs_access)
    return app
