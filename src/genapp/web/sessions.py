"""Who is asking: a signed cookie that names a user, without a query.

A visitor without a (valid) cookie becomes a new guest. Their row is made by their first prompt.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from hashlib import sha256
from typing import TYPE_CHECKING
from uuid import UUID

from itsdangerous import BadData, URLSafeSerializer
from litestar.datastructures import MutableScopeHeaders

from genapp.models import new_id

if TYPE_CHECKING:
    from collections.abc import Sequence

    from litestar.types import ASGIApp, Message, Receive, Scope, Send

COOKIE = "genapp_session"
# Browsers take a cookie of this name only over https, for this one host and every path: a neighbouring subdomain, or
# somebody who can alter plain http, cannot plant a session of theirs. Over plain http the name cannot be had.
SECURE_COOKIE = f"__Host-{COOKIE}"
# For routes that everybody gets the same answer from. A shared cache that keeps a stylesheet would hand the session
# it came with to everybody.
NO_SESSION = "no_session"
# A year, renewed at each visit that finds it a month old, so that a regular's conversations do not vanish.
LIFETIME = 365 * 86_400
RENEWAL = 30 * 86_400


@dataclass(frozen=True, slots=True)
class Visitor:
    """The user behind a request. `known`: the request brought a valid cookie."""

    user_id: UUID
    session_id: str
    known: bool
    csrf_token: str


class Sessions:
    """Signs and reads session cookies and the form tokens bound to them.

    The first secret signs; the rest are still accepted, so that a key can be replaced without logging anyone out.
    """

    def __init__(self, secrets: Sequence[str]) -> None:
        keys = list(reversed(secrets))  # itsdangerous signs with the last
        self._cookies = URLSafeSerializer(keys, salt="session", signer_kwargs={"digest_method": sha256})
        self._forms = URLSafeSerializer(keys, salt="csrf", signer_kwargs={"digest_method": sha256})

    def read(self, cookie: str | None) -> tuple[Visitor, bool]:
        """Give the visitor, and whether the cookie has to be sent (again)."""
        try:
            user, session_id, issued = self._cookies.loads(cookie or "")
            user_id, age = UUID(user), time.time() - issued
        except (BadData, ValueError, TypeError):
            user_id, age = None, 0.0
        if user_id is None or age > LIFETIME:
            return self._visitor(new_id(), new_id().hex, known=False), True
        return self._visitor(user_id, session_id, known=True), age > RENEWAL

    def write(self, visitor: Visitor) -> str:
        """Give the cookie's value."""
        return str(self._cookies.dumps([visitor.user_id.hex, visitor.session_id, int(time.time())]))

    def owns_form(self, visitor: Visitor, token: str) -> bool:
        """Whether a form's token was made for this session."""
        try:
            return bool(self._forms.loads(token) == visitor.session_id)
        except BadData:
            return False

    def _visitor(self, user_id: UUID, session_id: str, *, known: bool) -> Visitor:
        return Visitor(user_id, session_id, known, str(self._forms.dumps(session_id)))


class SessionMiddleware:
    """Puts the `Visitor` into the scope, and the cookie on the answer where it is due."""

    def __init__(self, app: ASGIApp, sessions: Sessions) -> None:
        self.app = app
        self.sessions = sessions

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["route_handler"].opt.get(NO_SESSION):
            await self.app(scope, receive, send)
            return
        visitor, due = self.sessions.read(_cookie(scope))
        scope["state"]["visitor"] = visitor

        async def send_with_cookie(message: Message) -> None:
            if message["type"] == "http.response.start":
                MutableScopeHeaders(message).add("Set-Cookie", self._set_cookie(visitor, scope))
            await send(message)

        await self.app(scope, receive, send_with_cookie if due else send)

    def _set_cookie(self, visitor: Visitor, scope: Scope) -> str:
        # Lax: a link from elsewhere finds you signed in, a form on another site does not.
        attributes = f"Path=/; Max-Age={LIFETIME}; HttpOnly; SameSite=Lax"
        secure = "; Secure" if _is_secure(scope) else ""
        return f"{cookie_name(scope)}={self.sessions.write(visitor)}; {attributes}{secure}"


def cookie_name(scope: Scope) -> str:
    """The one name under which this request's session comes and goes."""
    return SECURE_COOKIE if _is_secure(scope) else COOKIE


def _is_secure(scope: Scope) -> bool:
    return scope["scheme"] in ("https", "wss")


def _cookie(scope: Scope) -> str | None:
    wanted = cookie_name(scope)
    # Not by http.cookies: it stops at the first cookie that it finds odd, and other scripts set some with JSON in them.
    for name, value in scope["headers"]:
        if name != b"cookie":
            continue
        for pair in value.decode("latin-1").split(";"):
            key, _, content = pair.strip().partition("=")
            if key == wanted:
                return content
    return None
