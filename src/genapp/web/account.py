"""The page of an account: password, sessions, tokens, export, deletion. A guest has the last two."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from litestar import Request, Response, get, post

from genapp import passwords, views
from genapp.errors import GenappError, Invalid
from genapp.models import ApiToken, Session, User, departing
from genapp.web.deleting import forget, require_confirmation
from genapp.web.devices import device_name
from genapp.web.errors import answer_error, headers_of
from genapp.web.exporting import export
from genapp.web.forms import Form
from genapp.web.negotiation import readable, shape
from genapp.web.pages import page, person_of, see_other
from genapp.web.parts import Given, Parts
from genapp.web.policies import Policy, is_for
from genapp.web.sessions import enter
from genapp.web.visitors import Visitor

AnyRequest = Request[Any, Any, Any]

# What is said after a redirect; the address carries a word of ours, never a sentence.
DONE = {
    "password": "Your password is changed, and you are logged out everywhere else. API tokens go on: see below.",
    "session": "That session is over.",
    "sessions": "You are logged out everywhere else.",
    "tokens": "None of your tokens opens anything any more.",
    "token": "That token opens nothing any more.",
}


@readable("/account", opt=is_for(Policy.BROWSER))
async def show(request: AnyRequest, parts: Given[Parts], visitor: Given[Visitor]) -> Response[Any]:
    """What there is of somebody."""
    return await account_page(parts, visitor, done=DONE.get(request.query_params.get("done", "")))


async def account_page(
    parts: Parts, visitor: Visitor, *, error: GenappError | None = None, status: int = 200, **shown: Any
) -> Response[str]:
    """Render the page; `shown` are further fields of `views.AccountPage`."""
    person = person_of(parts.settings, visitor)
    if visitor.guest:
        content = views.AccountPage()
    else:
        user = await User.by_id(visitor.user_id)
        content = views.AccountPage(
            email=user.email,
            created_at=user.created_at,
            sessions=[session_item(one, visitor) for one in await Session.of_user(user.id)],
            tokens=[token_item(one) for one in await ApiToken.of_user(user.id)],
        )
    if error is not None:
        content = replace(content, error=error.sentence, error_field=error.field)
    html = views.account(person, replace(content, **shown))
    return page(html, error.status if error else status, headers_of(error) if error else None)


def session_item(session: Session, visitor: Visitor) -> views.SessionItem:
    """A session as its owner sees it."""
    return views.SessionItem(
        id=str(session.id),
        device=device_name(session.device),
        address=session.address,
        last_seen_at=session.seen_at,
        last_seen_label=views.when(session.seen_at),
        current=session.id == visitor.session_id,
    )


def token_item(token: ApiToken) -> views.TokenItem:
    """A token as its owner sees it."""
    return views.TokenItem(
        id=str(token.id),
        name=token.name,
        prefix=token.prefix,
        scopes=token.scopes.split(),
        created_label=views.when(token.created_at),
        last_used_label=views.when(token.used_at) if token.used_at else "never",
        expires_label=f"{token.expires_at:%-d %B %Y}" if token.expires_at else None,
        expired=token.expires_at is not None and token.expires_at < datetime.now(UTC),
    )


async def refused(
    request: AnyRequest, parts: Parts, visitor: Visitor, error: GenappError, form: str, **shown: Any
) -> Response[Any]:
    """Answer one of the page's forms that was not taken: beside it, as it was filled in."""
    if shape(request) != "page":
        return answer_error(request, error)
    return await account_page(parts, visitor, error=error, error_form=form, **shown)


def done(request: AnyRequest, what: str) -> Response[Any]:
    """Answer a form that was taken."""
    if shape(request) == "json":
        return Response(None, status_code=204)
    return see_other("/account", done=what)


@post("/account/password", opt=is_for(Policy.ACCOUNT))
async def change_password(
    request: AnyRequest, parts: Given[Parts], visitor: Given[Visitor], form: Given[Form]
) -> Response[Any]:
    """Change it, and end every other session: whoever had the old one is out."""
    try:
        user = await _confirmed(form.get("current_password", ""), parts, visitor, field="current_password")
        new = form.get("new_password", "")
        await passwords.require_good(new, user.email or "", field="new_password")
        ended = await user.change_password(await passwords.hashed(new), but=visitor.session_id)
        if ended is None:
            raise Invalid("Your password was changed in another place just now. Reload the page.")
    except GenappError as error:
        return await refused(request, parts, visitor, error, "password")
    await parts.revocations.revoke(*[f"session:{one}" for one in ended])
    return done(request, "password")


async def _confirmed(password: str, parts: Parts, visitor: Visitor, *, field: str = "password") -> User:
    """The account behind a session, once its password was given; each try of it counts."""
    await parts.quotas.admit_confirmation(visitor.user_id)
    user = await User.by_id(visitor.user_id)
    if not await passwords.matches(password, user.password_hash):
        raise Invalid("This is not your password.", field=field)
    return user


@post("/account/sessions/{session_id:uuid}/revocation", opt=is_for(Policy.ACCOUNT))
async def revoke_session(
    request: AnyRequest, session_id: UUID, parts: Given[Parts], visitor: Given[Visitor]
) -> Response[Any]:
    """End one session, and what it has open."""
    await Session.revoke(session_id, visitor.user_id)
    await parts.revocations.revoke(f"session:{session_id}")
    return done(request, "session")


@post("/account/sessions/revocation", opt=is_for(Policy.ACCOUNT))
async def revoke_other_sessions(request: AnyRequest, parts: Given[Parts], visitor: Given[Visitor]) -> Response[Any]:
    """End every session but this one."""
    ended = await Session.revoke_others(visitor.user_id, but=visitor.session_id)
    await parts.revocations.revoke(*[f"session:{one}" for one in ended])
    return done(request, "sessions")


@post("/account/deletion", opt=is_for(Policy.BROWSER))
async def delete(request: AnyRequest, parts: Given[Parts], visitor: Given[Visitor], form: Given[Form]) -> Response[Any]:
    """Delete somebody with everything that is theirs: they are gone at once, and the rest within minutes."""
    try:
        if not visitor.guest:
            await _confirmed(form.get("password", ""), parts, visitor)
        else:
            require_confirmation(form)
        gone = await departing.end_user(visitor.user_id)
    except GenappError as error:
        return await refused(request, parts, visitor, error, "deletion")
    await forget(parts, gone)
    await parts.revocations.revoke(f"user:{visitor.user_id}", f"guest:{visitor.user_id}")
    enter(request.scope, parts.sessions.stranger())
    return Response(None, status_code=204) if shape(request) == "json" else see_other("/login", done="deletion")


# Not HEAD: to say how long it is would be to make it.
@get("/account/export", opt=is_for(Policy.BROWSER))
async def download(parts: Given[Parts], visitor: Given[Visitor]) -> Response[Any]:
    """Everything of somebody's, as a file."""
    return export(parts, visitor)


ROUTES = (show, change_password, revoke_session, revoke_other_sessions, delete, download)
