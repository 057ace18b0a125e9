"""Who says they are asking: a signed cookie that names a user and a session.

What it says is a claim. A guest's is as good as it is signed; an account's is looked up (`access.py`). A visitor
without a (valid) cookie becomes a new guest, whose row is made by their first prompt.
"""

from __future__ import annotations

import time
from dataclasses import replace
from functools import lru_cache
from hashlib import sha256
from typing import TYPE_CHECKING
from uuid import UUID

from itsdangerous import BadData, URLSafeSerializer
from litestar.datastructures import MutableScopeHeaders

from genapp.models import new_id
from genapp.web.policies import Policy, policy_of
from genapp.web.visitors import Visitor

if TYPE_CHECKING:
    from collections.abc import Sequence

    from litestar.types import ASGIApp, Message, Receive, Scope, Send

COOKIE = "genapp_session"
# Browsers take a cookie of this name only over https, for this one host and every path: a neighbouring subdomain, or
# somebody who can alter plain http, cannot plant a session of theirs. Over plain http the name cannot be had.
SECURE_COOKIE = f"__Host-{COOKIE}"
# A year, renewed at each visit that finds it a month old, so that a regular's conversations do not vanish.
LIFETIME = 365 * 86_400
RENEWAL = 30 * 86_400


class Sessions:
    """Signs and reads session cookies and the form tokens bound to them.

    The first secret signs; the rest are still accepted, so that a key can be replaced without logging anyone out.
    """

    def __init__(self, secrets: Sequence[str]) -> None:
        keys = list(reversed(secrets))  # itsdangerous signs with the last
        self._cookies = URLSafeSerializer(keys, salt="session", signer_kwargs={"digest_method": sha256})
        self._newest = URLSafeSerializer(secrets[0], salt="session", signer_kwargs={"digest_method": sha256})
        self._forms = URLSafeSerializer(keys, salt="csrf", signer_kwargs={"digest_method": sha256})
        # To verify two signatures and make a third takes longer than the rest of the guard. Of what is not signed well
        # nothing is remembered.
        self._claim = lru_cache(maxsize=10_000)(self._verified)

    def read(self, cookie: str | None) -> tuple[Visitor, bool]:
        """Give the visitor, and whether the cookie has to be sent (again)."""
        try:
            visitor, issued, newest = self._claim(cookie or "")
        except (BadData, ValueError, TypeError, AttributeError):
            return self.stranger(), True
        age = time.time() - issued
        if age > LIFETIME:
            return self.stranger(), True
        return visitor, age > RENEWAL or not newest

    def _verified(self, cookie: str) -> tuple[Visitor, float, bool]:
        """The visitor, when the cookie was signed, and whether with the newest secret."""
        user, session, issued, *account = self._cookies.loads(cookie)
        visitor = self.visitor(UUID(user), UUID(session), claims_account=bool(account))
        return visitor, float(issued), self._is_newest(cookie)

    def write(self, visitor: Visitor) -> str:
        """Give the cookie's value. An account's says that it is one: it is no guest's once the account is deleted."""
        account = ["account"] if visitor.claims_account else []
        return str(self._cookies.dumps([visitor.user_id.hex, visitor.session_id.hex, int(time.time()), *account]))

    def owns_form(self, visitor: Visitor, token: str) -> bool:
        """Whether a form's token was made for this session."""
        try:
            return bool(self._forms.loads(token) == visitor.session_id.hex)
        except BadData:
            return False

    def stranger(self, *, lapsed: bool = False) -> Visitor:
        """Somebody new."""
        visitor = self.visitor(new_id(), new_id(), claims_account=False)
        return replace(visitor, known=False, lapsed=lapsed)

    def visitor(self, user_id: UUID, session_id: UUID, *, claims_account: bool) -> Visitor:
        """A visitor as far as a cookie says."""
        token = str(self._forms.dumps(session_id.hex))
        return Visitor(user_id, session_id, known=True, csrf_token=token, claims_account=claims_account)

    def _is_newest(self, cookie: str) -> bool:
        try:
            self._newest.loads(cookie)
        except BadData:
            return False
        return True


def enter(scope: Scope, visitor: Visitor | None) -> None:
    """Have the answer give the browser the cookie of `visitor`; with None, no cookie."""
    scope["state"]["entering"] = visitor


class SessionMiddleware:
    """Puts what the cookie claims into the scope, and the cookie on the answer where it is due."""

    def __init__(self, app: ASGIApp, sessions: Sessions) -> None:
        self.app = app
        self.sessions = sessions

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        # What everybody gets the same answer from has no session. A shared cache that keeps a stylesheet would hand the
        # cookie it came with to everybody.
        if policy_of(scope["route_handler"]) is Policy.EVERYONE:
            await self.app(scope, receive, send)
            return
        claim, due = self.sessions.read(_cookie(scope))
        scope["state"]["claim"] = claim
        enter(scope, claim if due else None)

        async def send_with_cookie(message: Message) -> None:
            entering: Visitor | None = scope["state"]["entering"]
            if message["type"] == "http.response.start" and entering is not None:
                MutableScopeHeaders(message).add("Set-Cookie", self._set_cookie(entering, scope))
            await send(message)

        await self.app(scope, receive, send_with_cookie)

    def _set_cookie(self, visitor: Visitor, scope: Scope) -> str:
        # Lax: a link from elsewhere finds you signed in, a form on another site does not.
        attributes = f"Path=/; Max-Age={LIFETIME}; HttpOnly; SameSite=Lax"
        secure = "; Secure" if _is_secure(scope) else ""
        return f"{_cookie_name(scope)}={self.sessions.write(visitor)}; {attributes}{secure}"


def _is_secure(scope: Scope) -> bool:
    return scope["scheme"] in ("https", "wss")


def _cookie_name(scope: Scope) -> str:
    return SECURE_COOKIE if _is_secure(scope) else COOKIE


def _cookie(scope: Scope) -> str | None:
    # Not by http.cookies: it stops at the first cookie that it finds odd, and other scripts set some with JSON in them.
    wanted = _cookie_name(scope)
    for name, value in scope["headers"]:
        if name != b"cookie":
            continue
        for pair in value.decode("latin-1").split(";"):
            key, _, content = pair.strip().partition("=")
            if key == wanted:
                return content
    return None
