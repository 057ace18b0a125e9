"""Who is asking: what a cookie or a token claims, held against the rows."""

from __future__ import annotations

import time
from collections import OrderedDict
from dataclasses import replace
from typing import TYPE_CHECKING
from uuid import UUID

from genapp import models
from genapp.errors import Unauthenticated
from genapp.models import parse_id
from genapp.models.api_token import PREFIX, digest_of
from genapp.models.site import visitor_id
from genapp.web import embed_tokens as tokens

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Hashable

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
        self._fresh: OrderedDict[Hashable, Visitor] = OrderedDict()

    async def by_cookie(self, claim: Visitor) -> Visitor:
        """Who a cookie's claim is: a lapsed stranger where it is an account's whose session has ended."""
        if not claim.known:
            return claim
        found = await self._remembered((claim.user_id, claim.session_id), lambda: self._look_up(claim))
        if found.lapsed or found.csrf_token == claim.csrf_token:
            return found
        # The form token is the claim's: keys may have been rotated since.
        return replace(found, csrf_token=claim.csrf_token)

    async def by_token(self, token: str) -> Visitor:
        """Who an API token belongs to, or an embed token is about. Raises Unauthenticated where it opens nothing."""
        if token.count(".") == 2:
            return await self._remembered(digest_of(token), lambda: self._look_up_embedded(token))
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
        site = next((parse_id(key.removeprefix("site:")) for key in keys if key.startswith("site:")), None)
        return replace(
            stranger,
            user_id=user_id,
            known=True,
            email=standing.email,
            scopes=scopes,
            keys=keys,
            asked_at=now,
            site=site,
        )

    async def _remembered(self, name: Hashable, ask: Callable[[], Awaitable[Visitor]]) -> Visitor:
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
        fresh = fresh and not 0 < visitor.expires_at < time.time()
        return fresh and revocations.listening and not revocations.any_since(visitor.asked_at, visitor.keys)

    async def _look_up(self, claim: Visitor) -> Visitor:
        now = time.monotonic()
        standing = await models.Session.standing(claim.session_id, claim.user_id, seconds=self._session_seconds)
        if standing.email is None and not (claim.claims_account or standing.adopted or standing.deleted):
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

    async def _look_up_embedded(self, token: str) -> Visitor:
        now = time.monotonic()
        site_id, subject = tokens.site_and_subject(token)
        user_id = visitor_id(site_id, subject)
        site = await models.Site.standing(site_id, user_id)
        if site is None:
            raise Unauthenticated(tokens.UNKNOWN)
        claims = tokens.verified(token, site.secret, site.origins)
        return replace(
            self._sessions.stranger(),
            user_id=user_id,
            disabled=site.shut_out,
            scopes=claims.scopes,
            # The owner's too: who is shut out takes their sites along.
            keys=(f"site:{site_id}", f"user:{user_id}", f"user:{site.owner}"),
            asked_at=now,
            site=site_id,
            origin=claims.origin,
            conversation=claims.conversation,
            expires_at=claims.expires_at,
        )
