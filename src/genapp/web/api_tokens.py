"""API tokens: made and revoked in the account's page."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from litestar import Request, Response, post

from genapp.errors import GenappError, Invalid
from genapp.models import ApiToken
from genapp.web.account import account_page, done, refused
from genapp.web.forms import Form
from genapp.web.negotiation import shape
from genapp.web.parts import Given, Parts
from genapp.web.policies import Policy, is_for
from genapp.web.visitors import Visitor

AnyRequest = Request[Any, Any, Any]

LONGEST_NAME = 80
# What asks may also read: nothing else could be done with the answers.
SCOPES = {"read": "read", "generate": "read generate"}
DAYS = {"never": None, "30": 30, "90": 90, "365": 365}


@post("/account/tokens", opt=is_for(Policy.ACCOUNT))
async def make(request: AnyRequest, parts: Given[Parts], visitor: Given[Visitor], form: Given[Form]) -> Response[Any]:
    """Make a token, and show it this once."""
    kept = {
        "token_name": form.get("name", ""),
        "scope": form.get("scope", "read"),
        "expires": form.get("expires", "90"),
    }
    try:
        made, token = await ApiToken.make(visitor.user_id, _name(form), _scopes(form), _days(form))
    except GenappError as error:
        return await refused(request, parts, visitor, error, "token", **kept)
    if shape(request) == "json":
        body = {"id": str(made.id), "name": made.name, "token": token, "scopes": made.scopes.split()}
        return Response(body, status_code=201)
    return await account_page(parts, visitor, status=201, new_token=token)


@post("/account/tokens/{token_id:uuid}/revocation", opt=is_for(Policy.ACCOUNT))
async def revoke_token(
    request: AnyRequest, token_id: UUID, parts: Given[Parts], visitor: Given[Visitor]
) -> Response[Any]:
    """End a token, and what it has open."""
    await ApiToken.revoke(token_id, visitor.user_id)
    await parts.revocations.revoke(f"token:{token_id}")
    return done(request, "token")


@post("/account/tokens/revocation", opt=is_for(Policy.ACCOUNT))
async def revoke_all(request: AnyRequest, parts: Given[Parts], visitor: Given[Visitor]) -> Response[Any]:
    """End every token: for who finds one that they do not know."""
    ended = await ApiToken.revoke_all(visitor.user_id)
    await parts.revocations.revoke(*[f"token:{one}" for one in ended])
    return done(request, "tokens")


def _name(form: Form) -> str:
    name = " ".join(form.get("name", "").split())
    if not 0 < len(name) <= LONGEST_NAME:
        raise Invalid(f"Give the token a name, of at most {LONGEST_NAME} characters, to know it by.", field="name")
    return name


def _scopes(form: Form) -> str:
    scopes = SCOPES.get(form.get("scope", "read"))
    if scopes is None:
        raise Invalid(f"A token may be for {' or '.join(SCOPES)}.", field="scope")
    return scopes


def _days(form: Form) -> int | None:
    expires = form.get("expires", "90")
    if expires not in DAYS:
        raise Invalid(f"A token is good for {', '.join(DAYS)} days: choose one of these.", field="expires")
    return DAYS[expires]


ROUTES = (make, revoke_token, revoke_all)
