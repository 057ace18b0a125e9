"""Every route of the app, who may use it, and what it gives to whoever may but asks for what is another's.

The order is that in which an owner can use them all: what ends something comes after what needs it.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from genapp.web.policies import Policy
from tests.integration.web.conftest import PASSWORD

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from litestar import Litestar

NEW_PASSWORD = "eleven quiet lanterns by the mill"
READ = "GET HEAD"
# A route that takes the connection as it is: the streams, which are read by GET, and static files.
RAW = "RAW"


@dataclass(frozen=True)
class Row:
    """A route.

    `outsider`: the statuses for somebody whom the policy lets in, who has nothing to do with the owner of the ids in
    the path. `sent`: what they send. `given`: what the owner sends instead. `shows`: which of the owner's secrets an
    owner is shown there. `socket`: it is for WebSockets, and asked by HTTP it is not there for anybody. `spare`: it is
    about the owner's other conversation, because the first one has been deleted.
    """

    methods: str
    path: str
    policy: Policy
    outsider: frozenset[int] = frozenset({404})
    sent: Mapping[str, str] = field(default_factory=dict)
    given: Mapping[str, str] | None = None
    shows: str = ""
    socket: bool = False
    spare: bool = False

    @property
    def key(self) -> str:
        return f"{self.methods} {self.path}"

    @property
    def unsafe(self) -> bool:
        return self.methods in ("POST", "DELETE")

    @property
    def method(self) -> str:
        return self.methods if self.unsafe else "GET"


def row(methods: str, path: str, policy: Policy, *outsider: int, **more: Any) -> Row:
    return Row(methods, path, policy, frozenset(outsider or {404}), **more)


WRONG = "nobody would have this one"
CONVERSATION = "/conversations/{conversation_id:uuid}"
GENERATION = "/generations/{generation_id:uuid}"
WEBHOOK = "/account/webhooks/{webhook_id:uuid}"
USER = "/admin/users/{user_id:uuid}"
SITE = "/account/sites/{site_id:uuid}"

ROWS = (
    row(READ, "/healthz", Policy.EVERYONE, 200),
    row(READ, "/readyz", Policy.EVERYONE, 200),
    row(READ, "/metrics", Policy.EVERYONE, 200),
    row(READ, "/openapi.json", Policy.EVERYONE, 200),
    row(READ, "/docs/api", Policy.ANYBODY, 200),
    row(RAW, "/static", Policy.EVERYONE, 200),
    row(READ, "/embed.js", Policy.EVERYONE, 200),
    row(READ, "/embed-host.js", Policy.EVERYONE, 200),
    row(READ, "/embed.css", Policy.EVERYONE, 200),
    row(READ, "/embed/frame", Policy.EVERYONE, 200),
    row(READ, "/embed/composer", Policy.EMBED),
    row(READ, "/embed/conversation/{conversation_id:uuid}", Policy.EMBED),
    row(READ, "/embed/generation/{generation_id:uuid}", Policy.EMBED),
    row(READ, "/login", Policy.ANYBODY, 200, 303),
    row(READ, "/signup", Policy.ANYBODY, 200, 303),
    # The owner's address is taken; a site by invitation says no first; who is logged in has an account already.
    row("POST", "/signup", Policy.ANYBODY, 422, 403, 303, sent={"email": "{EMAIL}", "password": PASSWORD}),
    row("POST", "/logout", Policy.ANYBODY, 303, 204),
    row(
        *("POST", "/login", Policy.ANYBODY, 401),
        sent={"email": "{EMAIL}", "password": WRONG},
        given={"email": "{EMAIL}", "password": PASSWORD},
    ),
    row(READ, "/", Policy.READ, 200, shows="prompt"),
    # For people they are on the first page.
    row(READ, "/conversations", Policy.READ, 200, 303),
    row(READ, "/generations", Policy.READ, 200, 303),
    row(READ, CONVERSATION, Policy.READ, shows="prompt"),
    row(
        *("POST", "/generations", Policy.GENERATE),
        sent={"prompt": "[demo: echo] more", "model": "openai:demo-fast", "conversation_id": "{conversation_id}"},
    ),
    row(READ, GENERATION, Policy.READ, shows="prompt"),
    row(RAW, "/streams", Policy.READ),
    # Who comes by a WebSocket is looked at in tests/integration/web/cable.
    row(RAW, "/cable", Policy.READ, socket=True),
    row("POST", "/cable/tickets", Policy.GENERATE, 201),
    row("POST", f"{CONVERSATION}/share", Policy.BROWSER, sent={"expires": "week"}),
    row(READ, "/shared/{token:str}", Policy.ANYBODY, shows="prompt"),
    row(RAW, "/shared/streams", Policy.ANYBODY),
    row("POST", f"{CONVERSATION}/share/revocation", Policy.BROWSER),
    row("POST", f"{GENERATION}/cancellation", Policy.GENERATE),
    row("POST", f"{GENERATION}/retry", Policy.GENERATE),
    row(READ, "/v1/models", Policy.PROGRAM_READ, 200),
    row(READ, "/v1/models/{name:path}", Policy.PROGRAM_READ, 200),
    row(
        *("POST", "/v1/responses", Policy.PROGRAM_GENERATE, 400),
        sent={"input": "[demo: echo] more", "previous_response_id": "{response_id}"},
        given={"input": "[demo: echo] more"},
    ),
    row(READ, "/v1/responses/{response_id:str}", Policy.PROGRAM_READ),
    row("POST", "/v1/responses/{response_id:str}/cancel", Policy.PROGRAM_GENERATE),
    row(READ, "/account", Policy.BROWSER, 200, shows="email"),
    row("GET", "/account/export", Policy.BROWSER, 200, shows="prompt"),
    row(READ, "/account/webhooks", Policy.ACCOUNT, 200, shows="hook"),
    row("POST", "/account/webhooks", Policy.ACCOUNT, 201, 422, sent={"url": "http://127.0.0.1:9/", "failed": "yes"}),
    row(READ, WEBHOOK, Policy.ACCOUNT, shows="hook"),
    row("POST", f"{WEBHOOK}/deliveries/{{delivery_id:uuid}}/retry", Policy.ACCOUNT),
    row("POST", f"{WEBHOOK}/disablement", Policy.ACCOUNT),
    row("POST", f"{WEBHOOK}/enablement", Policy.ACCOUNT),
    row("POST", f"{WEBHOOK}/deletion", Policy.ACCOUNT, sent={"confirm": "yes"}),
    row("DELETE", GENERATION, Policy.GENERATE),
    row("DELETE", CONVERSATION, Policy.GENERATE),
    row("POST", f"{GENERATION}/deletion", Policy.GENERATE, sent={"confirm": "yes"}, spare=True),
    row("POST", f"{CONVERSATION}/deletion", Policy.GENERATE, sent={"confirm": "yes"}, spare=True),
    row("POST", "/account/tokens", Policy.ACCOUNT, 201, 422, sent={"name": "another", "scope": "generate"}),
    row("POST", "/account/tokens/{token_id:uuid}/revocation", Policy.ACCOUNT),
    row("POST", "/account/tokens/revocation", Policy.ACCOUNT, 303, 204),
    row("POST", "/account/sessions/{session_id:uuid}/revocation", Policy.ACCOUNT),
    row("POST", "/account/sessions/revocation", Policy.ACCOUNT, 303, 204),
    row(READ, "/account/sites", Policy.ACCOUNT, 200),
    row("POST", "/account/sites", Policy.ACCOUNT, 201, sent={"name": "more", "origins": "https://more.example"}),
    row("POST", f"{SITE}/secret", Policy.ACCOUNT),
    row("POST", f"{SITE}/origins", Policy.ACCOUNT, sent={"origins": "https://moved.example"}),
    row("POST", f"{SITE}/disablement", Policy.ACCOUNT),
    row("POST", f"{SITE}/enablement", Policy.ACCOUNT),
    row("POST", f"{SITE}/deletion", Policy.ACCOUNT, sent={"confirm": "yes"}),
    row(
        *("POST", "/account/password", Policy.ACCOUNT, 422),
        sent={"current_password": WRONG, "new_password": NEW_PASSWORD},
        given={"current_password": PASSWORD, "new_password": NEW_PASSWORD},
    ),
    row(
        *("POST", "/account/deletion", Policy.BROWSER, 422),
        sent={"password": WRONG},
        given={"password": NEW_PASSWORD, "confirm": "yes"},
    ),
    row(READ, "/admin", Policy.ADMIN, shows="email"),
    row(READ, USER, Policy.ADMIN, shows="email"),
    row("POST", f"{USER}/limits", Policy.ADMIN, sent={"max_in_flight": "1", "tokens_per_day": "1"}),
    row("POST", f"{USER}/promotion", Policy.ADMIN),
    row("POST", f"{USER}/demotion", Policy.ADMIN),
    row(READ, "/admin/generations", Policy.ADMIN, shows="email"),
    row(READ, "/admin" + GENERATION, Policy.ADMIN, shows="prompt"),
    row(RAW, "/admin/streams", Policy.ADMIN),
    row("POST", f"/admin{GENERATION}/cancellation", Policy.ADMIN),
    row(READ, "/admin/operations", Policy.ADMIN),
    row(READ, "/admin/operations/now", Policy.ADMIN),
    row("POST", f"/admin{GENERATION}/retry", Policy.ADMIN),
    row("POST", "/admin/operations/retries", Policy.ADMIN, sent={"code": "unauthorized"}),
    row("POST", f"{USER}/disablement", Policy.ADMIN),
    row("POST", f"{USER}/enablement", Policy.ADMIN),
    row(READ, "/admin/invitations", Policy.ADMIN, shows="invited"),
    row("POST", "/admin/invitations", Policy.ADMIN, sent={"email": "somebody@example.org"}),
    row("POST", "/admin/invitations/{invitation_id:uuid}/revocation", Policy.ADMIN),
)


def routes_of(app: Litestar) -> dict[str, Any]:
    """What the app says of itself: the policy of each route, by method and path. None where it states none."""
    found = {}
    for route in app.routes:
        handlers: Iterable[Any] = getattr(route, "route_handlers", None) or [route.route_handler]  # type: ignore[union-attr]
        for handler in handlers:
            methods = " ".join(sorted(getattr(handler, "http_methods", {RAW})))
            # Litestar's own answer to OPTIONS, which says the methods and asks nobody who they are.
            if methods != "OPTIONS":
                found[f"{methods} {route.path}"] = handler.opt.get("policy")
    return found
