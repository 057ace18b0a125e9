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
from genapp.web.visitors import Visitor

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence

    from litestar.types import Message, Scope

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
        # To verify two signatures and make a third takes longer than all else it takes to let somebody in. Nothing is
        # remembered of what is not signed well.
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


def read_claim(scope: Scope, sessions: Sessions) -> None:
    """Take note of who the request's cookie says is asking, and that the answer brings a new one where it is due."""
    claim, due = sessions.read(_cookie(scope))
    scope["state"]["claim"] = claim
    enter(scope, claim if due else None)


def cookie_hook(sessions: Sessions) -> Callable[[Message, Scope], Awaitable[None]]:
    """Give a hook for every message sent, also those of errors: the answer to who enters brings their cookie."""

    async def add_cookie(message: Message, scope: Scope) -> None:
        entering: Visitor | None = scope["state"].get("entering")
        if entering is not None and message["type"] == "http.response.start":
            # Lax: a link from elsewhere finds you signed in, a form on another site does not.
            attributes = f"Path=/; Max-Age={LIFETIME}; HttpOnly; SameSite=Lax"
            secure = "; Secure" if _is_secure(scope) else ""
            cookie = f"{_cookie_name(scope)}={sessions.write(entering)}; {attributes}{secure}"
            MutableScopeHeaders(message).add("Set-Cookie", cookie)

    return add_cookie


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
