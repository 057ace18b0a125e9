"""Embed tokens: what a site's server says of somebody who looks at its page. JWTs, signed with the site's secret."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import jwt

from genapp.errors import TokenExpired, Unauthenticated
from genapp.models import parse_id
from genapp.models.api_token import SCOPES

if TYPE_CHECKING:
    from collections.abc import Collection
    from uuid import UUID

# The one way to sign, whatever a token's own header says: `none`, or a public key taken for a secret, are ways in.
ALGORITHM = "HS256"
# Seconds that a token may be good for. Whoever copies it out of a page has it for as long.
LONGEST = 3600
# Seconds that the clocks of two servers may differ by.
LEEWAY = 30
LONGEST_SUBJECT = 200
LONGEST_TOKEN = 4096

UNKNOWN = "This embed token is not one of a site that may embed this one. Check `kid`, and that the site is enabled."


@dataclass(frozen=True, slots=True)
class Claims:
    """What a good token says: who (`subject`, the site's own id), where, what they may do, and until when (Unix)."""

    subject: str
    origin: str
    scopes: frozenset[str]
    conversation: UUID | None
    expires_at: float


def site_and_subject(token: str) -> tuple[UUID, str]:
    """Which site a token claims to be of, and about whom: to find the secret by, and to be believed for nothing else.

    Raises Unauthenticated for what is no token.
    """
    if len(token) > LONGEST_TOKEN:
        raise Unauthenticated("This embed token is too long to be one.")
    try:
        unverified = jwt.decode_complete(token, options={"verify_signature": False})
    except jwt.InvalidTokenError:
        raise Unauthenticated(UNKNOWN) from None
    kid, subject = unverified["header"].get("kid"), unverified["payload"].get("sub")
    site_id = parse_id(kid) if isinstance(kid, str) else None
    if site_id is None or not isinstance(subject, str):
        raise Unauthenticated(UNKNOWN)
    return site_id, subject


def verified(token: str, secret: str, origins: Collection[str]) -> Claims:
    """Give what a token says, once it is known to be signed with the site's secret and good for one of its origins.

    Raises TokenExpired for one that was good, and Unauthenticated with what is wrong for any other.
    """
    try:
        claims = jwt.decode(
            token,
            secret,
            algorithms=[ALGORITHM],
            leeway=LEEWAY,
            options={"require": ["sub", "exp"], "verify_aud": False, "verify_iss": False},
        )
    except jwt.ExpiredSignatureError:
        raise TokenExpired from None
    except jwt.InvalidTokenError as error:
        raise Unauthenticated(f"This embed token is not good: {str(error).rstrip('.').lower()}.") from None
    expires_at = int(claims["exp"])
    if expires_at - time.time() > LONGEST + LEEWAY:
        raise Unauthenticated("This embed token is good for too long. Let `exp` be an hour ahead at most.")
    return Claims(
        _subject(claims["sub"]), _origin(claims, origins), _scopes(claims), _conversation(claims), expires_at + LEEWAY
    )


def _subject(subject: str) -> str:
    if not 0 < len(subject) <= LONGEST_SUBJECT:
        raise Unauthenticated(f"`sub` of an embed token has between 1 and {LONGEST_SUBJECT} characters.")
    return subject


def _origin(claims: dict[str, Any], origins: Collection[str]) -> str:
    origin = claims.get("origin")
    if not isinstance(origin, str) or origin not in origins:
        raise Unauthenticated("`origin` of this embed token is none of the site's origins. Add it, or correct it.")
    return origin


def _scopes(claims: dict[str, Any]) -> frozenset[str]:
    scope = claims.get("scope", "read")
    scopes = frozenset(scope.split()) if isinstance(scope, str) else frozenset()
    if "read" not in scopes or not scopes <= set(SCOPES):
        raise Unauthenticated("`scope` of an embed token is “read” or “read generate”.")
    return scopes


def _conversation(claims: dict[str, Any]) -> UUID | None:
    text = claims.get("conversation")
    if text is None:
        return None
    conversation_id = parse_id(text) if isinstance(text, str) else None
    if conversation_id is None:
        raise Unauthenticated("`conversation` of an embed token is the id of a conversation. Leave it out for all.")
    return conversation_id
