"""Who is asking: what a cookie or a token claims, held against the rows."""

from __future__ import annotations

import time
from collections import OrderedDict
from dataclasses import replace
from typing import TYPE_CHECKING
from uuid import UUID

from genapp import models
from genapp.errors import Unauthenticated
from genapp.models.api_token import PREFIX, digest_of

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from genapp.revocations import Revocations
    from genapp.web.sessions import Sessions
    from genapp.web.visitors import Visitor

# Seconds for which the database's word is taken without asking again. Only while a revocation would be heard.
FRESH = 30.0
MOST = 20_000


class Access:
    """Finds out who is asking. Asks the database once in a while, and not for every request."""

    def __init__(self, sessions: Sessions, revocations: Revocations, *, session_seconds: float) -> None:
        self._revocations = revocations
        self._sessions = sessions
        self._session_seconds = session_seconds
        self._fresh: OrderedDict[str, Visitor] = OrderedDict()

    async def by_cookie(self, claim: Visitor) -> Visitor:
        """Who a cookie's claim is: a lapsed stranger where it is an account's whose session has ended."""
        if not claim.known:
            return claim
        found = await self._remembered(f"{claim.user_id}:{claim.session_id}", lambda: self._look_up(claim))
        # The form token is the claim's: keys may have been rotated since.
        return found if found.lapsed else replace(found, csrf_token=claim.csrf_token)

    async def by_token(self, token: str) -> Visitor:
        """Who an API token belongs to. Raises Unauthenticated for one that opens nothing."""
        if not token.startswith(PREFIX):
            raise Unauthenticated("This is not an API token of this site.")
        return await self._remembered(digest_of(token), lambda: self._look_up_token(token))

    async def by_keys(self, user_id: UUID, keys: tuple[str, ...], scopes: frozenset[str]) -> Visitor:
        """Who has been given leave, for something and for a while, by somebody whom these keys let in.

        Raises Unauthenticated where one of them lets nobody in any more.
        """
        now = time.monotonic()
        if await models.void(keys):
            raise Unauthenticated
        standing = await models.Session.standing(None, user_id, seconds=self._session_seconds)
        stranger = self._sessions.stranger()
        return replace(
            stranger, user_id=user_id, known=True, email=standing.email, scopes=scopes, keys=keys, asked_at=now
        )

    async def _remembered(self, name: str, ask: Callable[[], Awaitable[Visitor]]) -> Visitor:
        known = self._fresh.get(name)
        if known is not None and self._still_holds(known):
            return known
        self._fresh.pop(name, None)
        visitor = await ask()
        if visitor.keys and self._still_holds(visitor):
            self._fresh[name] = visitor
            if len(self._fresh) > MOST:
                self._fresh.popitem(last=False)
        return visitor

    def _still_holds(self, visitor: Visitor) -> bool:
        revocations = self._revocations
        fresh = time.monotonic() - visitor.asked_at < FRESH
        return fresh and revocations.listening and not revocations.any_since(visitor.asked_at, visitor.keys)

    async def _look_up(self, claim: Visitor) -> Visitor:
        now = time.monotonic()
        standing = await models.Session.standing(claim.session_id, claim.user_id, seconds=self._session_seconds)
        if standing.email is None and not claim.claims_account:
            keys = (f"guest:{claim.user_id}", f"user:{claim.user_id}")
            return replace(claim, disabled=standing.disabled, keys=keys, asked_at=now)
        if standing.email is None or standing.disabled or not standing.valid:
            return self._sessions.stranger(lapsed=True)
        return replace(
            claim,
            email=standing.email,
            is_admin=standing.is_admin,
            keys=(f"session:{claim.session_id}", f"user:{claim.user_id}"),
            asked_at=now,
        )

    async def _look_up_token(self, token: str) -> Visitor:
        now = time.monotonic()
        found = await models.ApiToken.presented(token)
        if found is None:
            raise Unauthenticated(
                "This API token is unknown, revoked or expired. Make another one on your account's page."
            )
        user_id = UUID(str(found["user"]))
        return replace(
            self._sessions.stranger(),
            user_id=user_id,
            email=str(found["email"]),
            scopes=frozenset(str(found["scopes"]).split()),
            keys=(f"token:{found['id']}", f"user:{user_id}"),
            asked_at=now,
        )
