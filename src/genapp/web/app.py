"""The Litestar app: routes, and what wraps them."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from litestar import Litestar, Request
from litestar.datastructures import State
from litestar.di import Provide
from litestar.middleware import DefineMiddleware

from genapp.web import conversations, generations, health
from genapp.web.errors import answer_error
from genapp.web.forms import require_same_origin
from genapp.web.headers import headers_hook
from genapp.web.hosts import Hosts
from genapp.web.parts import Parts, opened
from genapp.web.sessions import SessionMiddleware, Sessions, Visitor
from genapp.web.static import make_static
from genapp.web.subscriptions import subscribe

if TYPE_CHECKING:
    from genapp.settings import Settings

# A character of a form is at most 12 bytes on the wire (four of UTF-8, each as %XX); the rest is for the other fields.
BYTES_PER_CHARACTER = 12
OTHER_FIELDS = 64 * 1024


def give_parts(state: State) -> Parts:
    """The process's parts, for handlers."""
    parts: Parts = state.parts
    return parts


def give_visitor(request: Request[Any, Any, Any]) -> Visitor:
    """Who is asking, for handlers."""
    visitor: Visitor = request.scope["state"]["visitor"]
    return visitor


def create_app(settings: Settings) -> Litestar:
    """Make the app. Its connections are opened when it starts and closed when it stops."""
    sessions = Sessions(settings.secrets)
    app = Litestar(
        route_handlers=[
            conversations.home,
            conversations.conversation,
            generations.create,
            generations.show,
            generations.cancel,
            generations.retry,
            subscribe,
            health.healthz,
            health.readyz,
            health.metrics_page,
            make_static(),
        ],
        state=State({"sessions": sessions}),
        lifespan=[partial(opened, settings=settings)],
        dependencies={
            "parts": Provide(give_parts, sync_to_thread=False),
            "visitor": Provide(give_visitor, sync_to_thread=False),
        },
        guards=[require_same_origin],
        middleware=[DefineMiddleware(SessionMiddleware, sessions=sessions)],
        before_send=[headers_hook(production=settings.env == "production")],
        exception_handlers={Exception: answer_error},
        request_max_body_size=settings.prompt_max_characters * BYTES_PER_CHARACTER + OTHER_FIELDS,
        openapi_config=None,
        logging_config=None,
    )
    if settings.hosts:
        # Litestar's own check sees its routes only, takes a port for a part of the name, and answers in one shape.
        app.asgi_handler = Hosts(app.asgi_handler, settings.hosts)
    return app
